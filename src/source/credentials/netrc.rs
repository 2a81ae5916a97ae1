//! `~/.netrc`, as curl and git read it: words, with `machine` and `default`.

use std::fs;
use std::io;
use std::path::Path;

use super::{Credential, Secret};
use crate::source::SourceError;

/// The entries of a netrc file.
#[derive(Debug, Clone, Default)]
pub struct Netrc {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Default)]
struct Entry {
    /// None for `default`.
    machine: Option<String>,
    login: String,
    password: Option<Secret>,
}

impl Netrc {
    /// Reads the file; none is empty.
    pub fn read(file: &Path) -> Result<Self, SourceError> {
        match fs::read_to_string(file) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(SourceError::Io { action: format!("read {}", file.display()), source }),
        }
    }

    fn parse(text: &str) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let mut words = words(line).into_iter();
            while let Some(word) = words.next() {
                match (word.as_str(), entries.last_mut()) {
                    ("machine", _) => entries.push(Entry { machine: words.next(), ..Entry::default() }),
                    ("default", _) => entries.push(Entry::default()),
                    ("login", Some(entry)) => entry.login = words.next().unwrap_or_default(),
                    ("password", Some(entry)) => entry.password = words.next().map(Secret::new),
                    ("account", Some(_)) => drop(words.next()),
                    // A macro lasts until an empty line.
                    ("macdef", _) => {
                        while lines.next().is_some_and(|line| !line.trim().is_empty()) {}
                        break;
                    }
                    _ => {}
                }
            }
        }
        Self { entries }
    }

    /// Returns what the file has for a host.
    pub fn credential(&self, host: &str) -> Option<Credential> {
        let is_it = |entry: &&Entry| {
            entry.machine.as_deref().is_none_or(|machine| machine.eq_ignore_ascii_case(host))
        };
        let entry = self.entries.iter().find(is_it)?;
        let password = entry.password.clone()?;
        Some(Credential::Basic { user: entry.login.clone(), password })
    }
}

/// Splits a line into words; quotes keep blanks together, `#` begins a remark.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let mut word = String::new();
        let quoted = rest.starts_with('"');
        let mut chars = rest.chars();
        if quoted {
            chars.next();
        }
        while let Some(c) = chars.clone().next() {
            if (quoted && c == '"') || (!quoted && c.is_whitespace()) {
                break;
            }
            chars.next();
            word.push(if c == '\\' && quoted { chars.next().unwrap_or(c) } else { c });
        }
        if quoted {
            chars.next();
        }
        words.push(word);
        rest = chars.as_str().trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, host: &str, want: Option<(&str, &str)>) {
        let want = want.map(|(user, password)| Credential::basic(user, password));
        assert_eq!(Netrc::parse(text).credential(host), want, "{text:?} {host}");
    }

    #[test]
    fn a_machine_has_a_login_and_a_password() {
        let text = "machine a.example login me password s3cret\nmachine b.example\n  login you\n  password \"a b\\\"c\" # no\n";
        check(text, "a.example", Some(("me", "s3cret")));
        check(text, "A.EXAMPLE", Some(("me", "s3cret")));
        check(text, "b.example", Some(("you", "a b\"c")));
        check(text, "c.example", None);
    }

    #[test]
    fn default_counts_for_every_host_after_it() {
        check("machine a login x password y default login d password e", "b", Some(("d", "e")));
        check("machine a login x password y default login d password e", "a", Some(("x", "y")));
    }

    #[test]
    fn a_macro_is_no_entry() {
        check(
            "macdef init\nmachine a login x password y\n\nmachine a login u password v",
            "a",
            Some(("u", "v")),
        );
    }

    #[test]
    fn an_entry_without_a_password_is_none() {
        check("machine a login x", "a", None);
    }
}
