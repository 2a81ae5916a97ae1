//! Cuts rendered text into documents.
//!
//! Helm splits wherever a line begins with `---`, whatever follows: charts rely
//! on it (`---apiVersion: v1`), and a block scalar that holds such a line is cut
//! too (helm 4.2, `SplitManifests`).

/// Returns the documents of a text without the white space before each; those
/// of white space only are left out.
pub(crate) fn split_documents(text: &str) -> impl Iterator<Item = &str> {
    pieces(text.trim_start()).map(str::trim_start).filter(|document| !document.is_empty())
}

/// The text between separators, which are `---` at the start of a line and the
/// blanks and tabs after it.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    let mut at_line_start = true;
    std::iter::from_fn(move || {
        let current = rest?;
        let Some(start) = find_separator(current, at_line_start) else {
            rest = None;
            return Some(current);
        };
        // What follows the dashes is in the middle of a line.
        at_line_start = false;
        rest = Some(current[start + 3..].trim_start_matches([' ', '\t']));
        Some(&current[..start])
    })
}

fn find_separator(text: &str, at_line_start: bool) -> Option<usize> {
    if at_line_start && text.starts_with("---") {
        return Some(0);
    }
    memchr::memmem::find(text.as_bytes(), b"\n---").map(|newline| newline + 1)
}

#[cfg(test)]
mod tests {
    use super::split_documents;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        assert_eq!(split_documents(text).collect::<Vec<_>>(), want, "text: {text:?}");
    }

    #[test]
    fn separator_lines_cut() {
        check("a: 1\n---\nb: 2\n", &["a: 1\n", "b: 2\n"]);
        check("---\na: 1\n---  \t\nb: 2", &["a: 1\n", "b: 2"]);
    }

    #[test]
    fn text_behind_the_dashes_begins_the_document() {
        check("---apiVersion: v1\n--- # c\nx: 1\n", &["apiVersion: v1\n", "# c\nx: 1\n"]);
        check("a: 1\n------\nb: 2", &["a: 1\n", "---\nb: 2"]);
        check("--- ---\nb", &["---\nb"]);
    }

    #[test]
    fn blank_documents_vanish() {
        check("\n \n---\n\n---\n  a: 1\n\n", &["a: 1\n\n"]);
        check("", &[]);
        check("# only\n", &["# only\n"]);
    }
}
