//! The message of a commit in the manifest repository: what the source commit
//! said, which components changed, and trailers for programs.

use super::hydrator::Text;
use crate::git::{Person, SourceCommit};

/// How many characters a subject has at most.
const SUBJECT: usize = 72;
/// How many components are named.
const NAMED: usize = 20;

/// Returns what a commit is called in subjects and tables: the first seven digits.
pub fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

/// Returns the subject that the manifests of a source commit get, as Argo CD's hydrator writes it.
pub(super) fn subject(commit: &str, subject: &str) -> String {
    let mut text = format!("{}: {}", short(commit), without_skips(subject).trim());
    if text.chars().count() > SUBJECT {
        text = text.chars().take(SUBJECT - 1).collect::<String>().trim_end().to_owned() + "…";
    }
    text
}

/// Takes out what would keep pipelines from running on the commit.
fn without_skips(text: &str) -> String {
    let mut text = text.to_owned();
    for mark in ["skip ci", "ci skip", "no ci", "skip actions", "actions skip", "skip azurepipelines"] {
        let whole = format!("[{mark}]");
        while let Some(at) = text.to_ascii_lowercase().find(&whole) {
            text.replace_range(at..at + whole.len(), "");
        }
    }
    text
}

/// Returns what is said of the source commit besides its subject: its body, and which components changed.
pub(super) fn body(text: &Text, changed: &[(String, Vec<String>)]) -> String {
    let mut paragraphs = Vec::new();
    let body = without_skips(text.body.trim());
    if !body.is_empty() {
        paragraphs.push(body);
    }
    let lines = changed.iter().filter(|(_, components)| !components.is_empty());
    let lines: Vec<String> = lines
        .map(|(environment, components)| {
            let more = components.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let named = components.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            format!("Changed in {environment}: {named}{more}")
        })
        .collect();
    if !lines.is_empty() {
        paragraphs.push(lines.join("\n"));
    }
    paragraphs.join("\n\n")
}

/// Returns a message of a subject, paragraphs, and trailers.
pub(super) fn message(subject: &str, body: &str, trailers: &[(&str, String)]) -> String {
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let trailers = trailers.iter().filter(|(_, value)| !value.trim().is_empty());
    let trailers: String = trailers.map(|(name, value)| format!("{name}: {}\n", line(value))).collect();
    let body = if body.is_empty() { String::new() } else { format!("{body}\n\n") };
    format!("{subject}\n\n{body}{trailers}")
}

/// Returns the trailers for those who wrote what is published.
pub(super) fn authors(commit: &SourceCommit, text: &Text) -> Vec<(&'static str, String)> {
    let reference = text.reference.as_ref().and_then(|reference| reference.person.as_ref());
    let people = reference.into_iter().chain([&commit.author]);
    let trailer = |Person { name, email }: &Person| ("Co-authored-by", format!("{name} <{email}>"));
    let mut trailers: Vec<(&str, String)> = people.map(trailer).collect();
    trailers.dedup();
    trailers
}

/// Returns the value of a trailer of a message, of the last one of its name.
pub(super) fn trailer<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    let last = message.trim_end().rsplit("\n\n").next().unwrap_or_default();
    let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix(": ");
    last.lines().rev().find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "88e9b82334b63a581de543496c7404330a838733";

    #[track_caller]
    fn check_subject(text: &str, want: &str) {
        assert_eq!(subject(COMMIT, text), want);
    }

    #[test]
    fn a_commit_is_called_by_its_first_digits_and_what_is_none_as_it_is() {
        assert_eq!(short(COMMIT), "88e9b82");
        assert_eq!(short("88e"), "88e");
        assert_eq!(short("ääää"), "ääää");
    }

    #[test]
    fn a_subject_names_the_source_commit() {
        check_subject("shop: image 1.4.2", "88e9b82: shop: image 1.4.2");
        check_subject("shop [skip ci]", "88e9b82: shop");
        check_subject("[CI Skip] a [skip ci]b", "88e9b82: a b");
        let long = subject(COMMIT, &"ä".repeat(100));
        assert_eq!((long.chars().count(), long.chars().last()), (72, Some('…')));
    }

    #[test]
    fn trailers_are_the_last_paragraph() {
        let text =
            message("s", "b", &[("A", "1\n2".to_owned()), ("B", String::new()), ("C", "3".to_owned())]);
        assert_eq!(text, "s\n\nb\n\nA: 1 2\nC: 3\n");
        assert_eq!((trailer(&text, "C"), trailer(&text, "B")), (Some("3"), None));
    }
}
