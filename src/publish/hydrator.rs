//! What is told of the source of manifests, in the words that Argo CD's hydrator
//! uses and GitOps Promoter reads: `hydrator.metadata`, notes, and the references
//! that trailers of a source commit name.
//!
//! Argo CD takes addresses and hashes that Promoter refuses; those are left out.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimeParser;
use serde::Serialize;
use std::collections::BTreeMap;

use super::settings::person;
use crate::git::{Person, SourceCommit};

/// Name of the file, in the folder of an environment.
pub(super) const FILE: &str = "hydrator.metadata";

const TRAILER: &str = "Argocd-reference-commit-";

/// What a source commit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    /// The first paragraph, in one line.
    pub(super) subject: String,
    /// The rest without trailers of Argo CD's.
    pub(super) body: String,
    /// The commit that those name.
    pub(super) reference: Option<Reference>,
}

/// A commit of another repository that is the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Reference {
    /// Who wrote it, as Go prints addresses.
    #[serde(skip_serializing_if = "String::is_empty")]
    author: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    date: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    subject: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    body: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    sha: String,
    #[serde(rename = "repoURL", skip_serializing_if = "String::is_empty")]
    repository: String,
    /// Who wrote it.
    #[serde(skip)]
    pub(super) person: Option<Person>,
}

impl Text {
    /// Reads the message of a commit.
    pub(super) fn of(message: &str) -> Self {
        let (subject, rest) = message.trim_start().split_once("\n\n").unwrap_or((message.trim(), ""));
        let (mut body, mut reference) = (String::new(), Reference::default());
        for line in rest.lines() {
            if !reference.read(line) {
                body.push_str(line);
                body.push('\n');
            }
        }
        let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_said = reference != Reference::default();
        Text { subject, body, reference: is_said.then_some(reference) }
    }
}

impl Reference {
    /// Reads a line of a message; returns whether it is a trailer that counts. The last one of a name does.
    fn read(&mut self, line: &str) -> bool {
        let Some((key, value)) = line.strip_prefix(TRAILER).and_then(|line| line.split_once(": ")) else {
            return false;
        };
        let value = value.trim();
        match key {
            "author" => match person(value) {
                Some(person) => {
                    self.author = address(&person);
                    self.person = Some(person);
                    true
                }
                None => false,
            },
            "sha" if is_short_hash(value) => {
                // Promoter's status takes whole hashes only.
                let whole = if value.len() == 40 { value } else { "" };
                whole.clone_into(&mut self.sha);
                true
            }
            "subject" => {
                value.clone_into(&mut self.subject);
                true
            }
            "body" => match serde_json::from_str::<String>(value) {
                Ok(body) => {
                    self.body = body;
                    true
                }
                Err(_) => false,
            },
            "repourl" if url::Url::parse(value).is_ok() => {
                let is_web = value.starts_with("https://") || value.starts_with("http://");
                self.repository = if is_web { shown(value) } else { String::new() };
                true
            }
            "date" if is_date(value) => {
                value.clone_into(&mut self.date);
                true
            }
            _ => false,
        }
    }
}

/// Returns an address without its secrets.
fn shown(url: &str) -> String {
    crate::source::SourceUrl::new(url).to_string()
}

fn is_short_hash(text: &str) -> bool {
    (5..=40).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_date(text: &str) -> bool {
    const PARSER: DateTimeParser = DateTimeParser::new();
    text.contains('T') && PARSER.parse_timestamp(text).is_ok_and(|moment| moment > Timestamp::MIN)
}

/// Prints a name and address as Go's `mail.Address` does (Go 1.26).
fn address(person: &Person) -> String {
    let Person { name, email } = person;
    let is_plain = |c: char| c == ' ' || c.is_ascii_graphic();
    if name.chars().all(is_plain) {
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        return format!("\"{quoted}\" <{email}>");
    }
    let mut word = String::from("=?utf-8?q?");
    for byte in name.bytes() {
        match byte {
            b' ' => word.push('_'),
            byte if byte.is_ascii_alphanumeric() || b"!*+-/".contains(&byte) => word.push(char::from(byte)),
            byte => word.push_str(&format!("={byte:02X}")),
        }
    }
    format!("{word}?= <{email}>")
}

#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(rename = "repoURL", skip_serializing_if = "str::is_empty")]
    repository: &'a str,
    #[serde(rename = "drySha")]
    dry_sha: String,
    author: String,
    date: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    subject: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    body: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<Referenced<'a>>,
}

#[derive(Serialize)]
struct Referenced<'a> {
    commit: &'a Reference,
}

/// Returns the text of `hydrator.metadata`.
pub(super) fn metadata(repository: &str, commit: &SourceCommit, text: &Text) -> String {
    let Person { name, email } = &commit.author;
    let metadata = Metadata {
        repository,
        dry_sha: commit.id.to_string(),
        author: format!("{name} <{email}>"),
        date: &commit.date,
        subject: &text.subject,
        body: &text.body,
        references: text.reference.iter().map(|commit| Referenced { commit }).collect(),
    };
    let json = serde_json::to_string_pretty(&metadata).expect("texts are JSON");
    json + "\n"
}

/// What a `hydrator.metadata` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Recorded {
    /// The source commit.
    pub(super) commit: String,
    /// Who wrote it.
    pub(super) author: String,
    /// When.
    pub(super) date: String,
    /// Its first paragraph.
    pub(super) subject: String,
    /// Its repository.
    pub(super) repository: String,
}

impl Recorded {
    /// Reads the file; nothing of one that names no commit.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_slice(text).ok()?;
        let field =
            |name: &str| value.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        let commit = whole_hash(&field("drySha"))?;
        Some(Recorded {
            commit,
            author: field("author"),
            date: field("date"),
            subject: field("subject"),
            repository: field("repoURL"),
        })
    }
}

/// Returns a text that is the whole hash of a commit.
pub(super) fn whole_hash(text: &str) -> Option<String> {
    let is_whole = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_whole.then(|| text.to_owned())
}

/// A note on a commit of the manifest repository: for which source commit it is up to date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Note {
    /// That of the branch, which Promoter reads.
    pub(super) dry_sha: Option<String>,
    /// Those of folders, where several environments share a branch.
    pub(super) paths: BTreeMap<String, String>,
}

impl Note {
    /// Reads a note; one that is none of these says nothing.
    pub(super) fn parse(text: &str) -> Self {
        let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return Note::default() };
        let hash = |value: &serde_json::Value| value.as_str().and_then(whole_hash);
        let paths = value.get("paths").and_then(|paths| paths.as_object());
        let paths = paths.into_iter().flatten();
        Note {
            dry_sha: value.get("drySha").and_then(hash),
            paths: paths.filter_map(|(path, value)| Some((path.clone(), hash(value)?))).collect(),
        }
    }

    /// Returns its text.
    pub(super) fn to_text(&self) -> String {
        let mut value = serde_json::Map::new();
        if let Some(sha) = &self.dry_sha {
            value.insert("drySha".to_owned(), sha.clone().into());
        }
        if !self.paths.is_empty() {
            let paths = self.paths.iter().map(|(path, sha)| (path.clone(), sha.clone().into()));
            value.insert("paths".to_owned(), serde_json::Value::Object(paths.collect()));
        }
        format!("{}\n", serde_json::Value::Object(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "shop: image 1.4.2\n\nRolls out the checkout fix.\n\nArgocd-reference-commit-author: Bo Lind <bo@example.com>\nArgocd-reference-commit-sha: 5f2c0d9e8b7a6c5d4e3f2a1b0c9d8e7f6a5b4c3d\nArgocd-reference-commit-subject: checkout: round half up\nArgocd-reference-commit-body: \"Fixes #41\\n\\nSigned-off-by: Bo Lind <bo@example.com>\"\nArgocd-reference-commit-repourl: https://git.example.com/shop/checkout\nArgocd-reference-commit-date: 2026-11-23T09:41:07+01:00\n";

    fn commit(message: &str) -> SourceCommit {
        SourceCommit {
            id: crate::git::Id::from_str("88e9b82334b63a581de543496c7404330a838733").unwrap(),
            author: Person { name: "Ada Park".to_owned(), email: "ada@example.com".to_owned() },
            date: "2026-11-23T10:00:00+01:00".to_owned(),
            committed: 0,
            message: message.to_owned(),
        }
    }

    /// As Argo CD's own hydrator writes it.
    #[test]
    fn metadata_are_those_of_argo_cd() {
        let want = r#"{
  "repoURL": "https://git.example.com/shop/hld",
  "drySha": "88e9b82334b63a581de543496c7404330a838733",
  "author": "Ada Park <ada@example.com>",
  "date": "2026-11-23T10:00:00+01:00",
  "subject": "shop: image 1.4.2",
  "body": "Rolls out the checkout fix.\n\n",
  "references": [
    {
      "commit": {
        "author": "\"Bo Lind\" <bo@example.com>",
        "date": "2026-11-23T09:41:07+01:00",
        "subject": "checkout: round half up",
        "body": "Fixes #41\n\nSigned-off-by: Bo Lind <bo@example.com>",
        "sha": "5f2c0d9e8b7a6c5d4e3f2a1b0c9d8e7f6a5b4c3d",
        "repoURL": "https://git.example.com/shop/checkout"
      }
    }
  ]
}
"#;
        let commit = commit(MESSAGE);
        assert_eq!(metadata("https://git.example.com/shop/hld", &commit, &Text::of(MESSAGE)), want);
        assert_eq!(Recorded::parse(want.as_bytes()).unwrap().commit, commit.id.to_string());
    }

    #[track_caller]
    fn check_reference(trailer: &str, want: Option<&str>) {
        let text = Text::of(&format!("x\n\n{TRAILER}{trailer}\n"));
        let got = text.reference.map(|reference| serde_json::to_string(&reference).unwrap());
        assert_eq!(got.as_deref(), want, "{trailer}");
        let stays = if want.is_none() { format!("{TRAILER}{trailer}\n") } else { String::new() };
        assert_eq!(text.body, stays, "{trailer}");
    }

    #[test]
    fn trailers_that_are_wrong_stay_in_the_body() {
        check_reference("sha: 5F2C0", None);
        check_reference("sha: 5f2", None);
        check_reference("author: Bo", None);
        check_reference("date: today", None);
        check_reference("body: Fixes", None);
        check_reference("other: x", None);
        check_reference("date: 2026-11-23T09:41:07Z", Some(r#"{"date":"2026-11-23T09:41:07Z"}"#));
        check_reference("subject: a", Some(r#"{"subject":"a"}"#));
        check_reference("author: Åsa B <a@b>", Some(r#"{"author":"=?utf-8?q?=C3=85sa_B?= <a@b>"}"#));
        check_reference("repourl: https://u:p@h/x", Some(r#"{"repoURL":"https://h/x"}"#));
    }

    #[test]
    fn what_promoter_refuses_is_left_out() {
        let text = Text::of(&format!("x\n\n{TRAILER}sha: 5f2c0d\n{TRAILER}repourl: ssh://git@h/x\n"));
        assert_eq!((text.body.as_str(), text.reference), ("", None));
    }

    #[test]
    fn a_note_is_read_as_it_was_written() {
        let sha = "88e9b82334b63a581de543496c7404330a838733".to_owned();
        let alone = Note { dry_sha: Some(sha.clone()), paths: BTreeMap::new() };
        assert_eq!(alone.to_text(), format!("{{\"drySha\":\"{sha}\"}}\n"));
        let shared = Note { dry_sha: Some(sha.clone()), paths: [("prod".to_owned(), sha)].into() };
        for note in [alone, shared] {
            assert_eq!(Note::parse(&note.to_text()), note);
        }
        assert_eq!(Note::parse("x"), Note::default());
    }
}
