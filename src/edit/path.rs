//! The paths that people type: `image.tag`, `"a.b".c`, `hosts[0].name`.
//!
//! Fabrikate splits them with Go's CSV reader at dots: quotes keep a dot, and a
//! quote in the middle of a name is a quote. Lists have indexes, as far as these
//! are outside of quotes.

use crate::document::Step;

/// Splits a path; none of an empty one.
pub(crate) fn parse(text: &str) -> Option<Vec<Step>> {
    match read(text, None) {
        (steps, "") if !text.is_empty() => Some(steps),
        _ => None,
    }
}

/// Splits a path from what comes behind the first `=` outside of quotes.
pub(crate) fn parse_assignment(text: &str) -> Option<(Vec<Step>, &str)> {
    let (steps, rest) = read(text, Some('='));
    let value = rest.strip_prefix('=')?;
    (!text.starts_with('=')).then_some((steps, value))
}

/// Reads fields up to an end character or the end.
fn read(text: &str, end: Option<char>) -> (Vec<Step>, &str) {
    let mut steps = Vec::new();
    let mut rest = text;
    loop {
        rest = field(rest, end, &mut steps);
        match rest.strip_prefix('.') {
            Some(next) => rest = next,
            None => return (steps, rest),
        }
    }
}

/// Reads one field and returns what is behind it.
fn field<'t>(text: &'t str, end: Option<char>, steps: &mut Vec<Step>) -> &'t str {
    let ends = |c: char| c == '.' || Some(c) == end;
    let Some(quoted) = text.strip_prefix('"') else {
        let at = text.find(ends).unwrap_or(text.len());
        push_indexed(&text[..at], steps);
        return &text[at..];
    };
    let mut name = String::new();
    let mut rest = quoted;
    while let Some((before, behind)) = rest.split_once('"') {
        name.push_str(before);
        match behind.chars().next() {
            Some('"') => {
                name.push('"');
                rest = &behind[1..];
            }
            Some('[') if index(behind).is_some() => {
                steps.push(Step::Key(name));
                let at = behind.find(ends).unwrap_or(behind.len());
                push_indexes(&behind[..at], steps);
                return &behind[at..];
            }
            Some(c) if !ends(c) => {
                name.push('"');
                rest = behind;
            }
            _ => {
                steps.push(Step::Key(name));
                return behind;
            }
        }
    }
    // As in Go, the quotes of the last field need not be closed.
    name.push_str(rest);
    steps.push(Step::Key(name));
    ""
}

/// Adds a name that may have indexes behind it.
fn push_indexed(text: &str, steps: &mut Vec<Step>) {
    let at = text.find('[').filter(|at| {
        let mut rest = &text[*at..];
        while let Some((_, behind)) = index(rest) {
            rest = behind;
        }
        rest.is_empty()
    });
    let at = at.unwrap_or(text.len());
    if at > 0 || text.is_empty() || steps.is_empty() {
        steps.push(Step::Key(text[..at].to_owned()));
    }
    push_indexes(&text[at..], steps);
}

fn push_indexes(text: &str, steps: &mut Vec<Step>) {
    let mut rest = text;
    while let Some((at, behind)) = index(rest) {
        steps.push(Step::Index(at));
        rest = behind;
    }
}

/// Reads `[0]` and returns what is behind it.
fn index(text: &str) -> Option<(usize, &str)> {
    let (digits, behind) = text.strip_prefix('[')?.split_once(']')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    Some((digits.parse().ok().filter(|_| is_number)?, behind))
}

/// Returns a path as it is typed.
pub(crate) fn show(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Key(key) => {
                let is_plain = !key.is_empty() && !key.contains(['.', '"', '=', '[']);
                let dot = if text.is_empty() { "" } else { "." };
                match is_plain {
                    true => text.push_str(&format!("{dot}{key}")),
                    false => text.push_str(&format!("{dot}\"{}\"", key.replace('"', "\"\""))),
                }
            }
            Step::Index(at) => text.push_str(&format!("[{at}]")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(names: &[&str]) -> Vec<Step> {
        let step = |name: &&str| match name.strip_prefix('#') {
            Some(at) => Step::Index(at.parse().unwrap()),
            None => Step::Key((*name).to_owned()),
        };
        names.iter().map(step).collect()
    }

    #[track_caller]
    fn check(path: &str, want: &[&str]) {
        assert_eq!(parse(path), Some(steps(want)), "{path}");
        assert_eq!(parse(&show(&steps(want))), Some(steps(want)), "{path}");
    }

    #[test]
    fn a_path_is_split_at_dots() {
        check("a", &["a"]);
        check("a.b-1.c d", &["a", "b-1", "c d"]);
        check("a..b", &["a", "", "b"]);
        check("a.", &["a", ""]);
    }

    #[test]
    fn quotes_keep_dots() {
        check("\"a.b\".c", &["a.b", "c"]);
        check("x.\"y.z\"", &["x", "y.z"]);
        check("\"say \"\"hi\"\"\".x", &["say \"hi\"", "x"]);
        check("\"a\"b.c\"", &["a\"b.c"]);
        check("a\"b\".c", &["a\"b\"", "c"]);
        check("\"open.x", &["open.x"]);
        check("\"a.b\"[1]", &["a.b", "#1"]);
        check("\"a[0]\"", &["a[0]"]);
    }

    #[test]
    fn lists_have_indexes() {
        check("a.b[0].c", &["a", "b", "#0", "c"]);
        check("a[1][2]", &["a", "#1", "#2"]);
        check("a.[3]", &["a", "#3"]);
        check("a[x]", &["a[x]"]);
        check("a[1]x", &["a[1]x"]);
    }

    #[test]
    fn a_value_starts_behind_the_first_equals_sign() {
        assert_eq!(parse_assignment("a.b=c=d"), Some((steps(&["a", "b"]), "c=d")));
        assert_eq!(parse_assignment("\"a=b\".c="), Some((steps(&["a=b", "c"]), "")));
        assert_eq!(parse_assignment("q=\"x\""), Some((steps(&["q"]), "\"x\"")));
        assert_eq!(parse_assignment("abc"), None);
        assert_eq!(parse_assignment("=x"), None);
        assert_eq!(parse(""), None);
    }
}
