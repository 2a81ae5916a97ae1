//! `fab.lock`: what every source of a definition was resolved to.
//!
//! One flat list, one entry a source, in a fixed order: made to be read in a
//! diff and by bots. What was asked for comes first, under the names that
//! component files use, then what it became. An entry counts only for exactly
//! what it says was asked, so whoever changes a version in a component file gets
//! a new entry. Nothing in it depends on the machine, and there are no secrets.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Asked, Resolved, SourceUrl};
use crate::error::{Error, Place, Position};
use crate::schema::{Field, Shape, Table};

/// Name of the file, beside the root's component file.
pub const FILE: &str = "fab.lock";

const HEADING: &str = "# What `fab install` resolved every source to. Commit it; `fab update` renews it.\n";

/// What sources were resolved to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lockfile {
    entries: BTreeMap<Asked, Resolved>,
}

/// What the file says.
pub(crate) static LOCK: Table = Table {
    name: "lock",
    about: "What every source of a definition was resolved to.",
    fields: &[
        Field::new("version", Shape::Number, "The version of this format: 1."),
        Field::new("sources", Shape::List(&SOURCE), "The sources."),
    ],
    required: &["version", "sources"],
};

static SOURCE: Table = Table {
    name: "source",
    about: "A source: what was asked for, and what it became.",
    fields: &[
        Field::new("method", Shape::Written, "How it is fetched: git, helm or http."),
        Field::new("source", Shape::Written, "Its address, without user and password."),
        Field::new("path", Shape::Written, "The chart, for `method: helm`."),
        Field::new("branch", Shape::Written, "The branch that was asked for."),
        Field::new("version", Shape::Written, "The version that was asked for."),
        Field::new("sha256", Shape::Written, "The SHA-256 that was asked for."),
        Field::new("resolved", Shape::Written, "The version of a chart."),
        Field::new("commit", Shape::Written, "The commit."),
        Field::new("tree", Shape::Written, "The hash of all files of the commit."),
        Field::new("digest", Shape::Written, "The digest of a chart or file."),
    ],
    required: &["method", "source"],
};

/// The file as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    sources: Vec<Entry>,
}

/// An entry as it is written.
#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Entry {
    method: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tree: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

impl Lockfile {
    /// Reads the file of a definition; one that is not there is empty. `shown` is the folder as messages name it.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not a lockfile of this version.
    pub fn read(root: &Path, shown: &str) -> Result<Self, Error> {
        let file = crate::definition::place::show(shown, FILE);
        let text = match fs::read_to_string(root.join(FILE)) {
            Ok(text) => text,
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Lockfile::default()),
            Err(source) => return Err(Error::Unreadable { file, source }),
        };
        Lockfile::parse(&text).map_err(|(message, position)| {
            let place = Place { file, position, text: text.into() };
            Error::Syntax { place, message }
        })
    }

    fn parse(text: &str) -> Result<Self, (String, Option<Position>)> {
        let document: Document = serde_yaml::from_str(text).map_err(|err| {
            let position =
                err.location().map(|location| Position { line: location.line(), column: location.column() });
            (err.to_string(), position)
        })?;
        if document.version != 1 {
            return Err((format!("version {} is not known to this fab", document.version), None));
        }
        let mut entries = BTreeMap::new();
        for entry in document.sources {
            let source = entry.source.clone();
            let (asked, resolved) =
                entry.split().ok_or_else(|| (format!("the entry of `{source}` is incomplete"), None))?;
            // Such is what is left of two branches that were merged by hand.
            let before = entries.insert(asked, resolved.clone());
            if before.is_some_and(|before| before != resolved) {
                return Err((format!("there are two different entries of `{source}`"), None));
            }
        }
        Ok(Lockfile { entries })
    }

    /// Returns the text of the file.
    pub fn to_text(&self) -> String {
        let sources = self.entries.iter().map(|(asked, resolved)| Entry::join(asked, resolved)).collect();
        let document = Document { version: 1, sources };
        let yaml = serde_yaml::to_string(&document).expect("texts and a number are YAML");
        format!("{HEADING}{yaml}")
    }

    /// Writes the file of a definition, if it says something else or is not there; one without entries is removed. A
    /// definition without remote sources has none.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&self, root: &Path) -> Result<(), Error> {
        let path = root.join(FILE);
        let unwritable = |source| crate::replacement::unwritable(&path, source);
        if self.entries.is_empty() {
            return match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => Err(unwritable(source)),
                _ => Ok(()),
            };
        }
        let text = self.to_text();
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            return Ok(());
        }
        let new = root.join(format!(".{FILE}.fab-new-{}", std::process::id()));
        let written = fs::write(&new, text).and_then(|()| fs::rename(&new, &path));
        written.map_err(|source| {
            // What was written of it is of no use.
            let _ = fs::remove_file(&new);
            unwritable(source)
        })
    }

    /// Returns what a source was resolved to.
    pub fn get(&self, asked: &Asked) -> Option<&Resolved> {
        self.entries.get(asked)
    }

    /// Records what a source was resolved to.
    pub fn insert(&mut self, asked: Asked, resolved: Resolved) {
        self.entries.insert(asked, resolved);
    }

    /// Returns the entries in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&Asked, &Resolved)> {
        self.entries.iter()
    }
}

impl Entry {
    fn join(asked: &Asked, resolved: &Resolved) -> Self {
        let mut entry = match asked.clone() {
            Asked::Git { url, branch, version } => {
                Entry { method: "git".into(), source: url.to_string(), branch, version, ..Entry::default() }
            }
            Asked::Chart { repository, chart, version } => Entry {
                method: "helm".into(),
                source: repository.to_string(),
                path: Some(chart),
                version,
                ..Entry::default()
            },
            Asked::File { url, sha256 } => {
                Entry { method: "http".into(), source: url.to_string(), sha256, ..Entry::default() }
            }
        };
        match resolved.clone() {
            Resolved::Git { commit, tree } => {
                entry.commit = Some(commit);
                entry.tree = Some(tree);
            }
            Resolved::Chart { version, digest } => {
                entry.resolved = Some(version);
                entry.digest = Some(digest);
            }
            Resolved::File { digest } => entry.digest = Some(digest),
        }
        entry
    }

    fn split(self) -> Option<(Asked, Resolved)> {
        let url = SourceUrl::new(&self.source);
        match self.method.as_str() {
            "git" => Some((
                Asked::Git { url, branch: self.branch, version: self.version },
                Resolved::Git {
                    commit: self.commit.filter(|hash| is_hash(hash))?,
                    tree: self.tree.filter(|hash| is_hash(hash))?,
                },
            )),
            "helm" => Some((
                Asked::Chart { repository: url, chart: self.path?, version: self.version },
                Resolved::Chart {
                    version: self.resolved?,
                    digest: self.digest.filter(|digest| is_digest(digest))?,
                },
            )),
            "http" => Some((
                Asked::File { url, sha256: self.sha256 },
                Resolved::File { digest: self.digest.filter(|digest| is_digest(digest))? },
            )),
            _ => None,
        }
    }
}

/// A hash becomes part of a path in the cache.
fn is_hash(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && is_hash(hex))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const COMMIT: &str = "22cd3bc0b85295c65ca8f67ccb928afaf7d2e07f";
    const TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn all() -> Lockfile {
        let mut lockfile = Lockfile::default();
        let digest = format!("sha256:{SHA256}");
        lockfile.insert(
            Asked::File { url: SourceUrl::new("https://h.example/x.yaml"), sha256: None },
            Resolved::File { digest: digest.clone() },
        );
        lockfile.insert(
            Asked::Chart {
                repository: SourceUrl::new("https://me:secret@charts.example.com"),
                chart: "redis".to_owned(),
                version: Some("^18".to_owned()),
            },
            Resolved::Chart { version: "18.1.0".to_owned(), digest },
        );
        lockfile.insert(
            Asked::Git {
                url: SourceUrl::new("https://git.example.com/x/infra"),
                branch: Some("main".to_owned()),
                version: None,
            },
            Resolved::Git { commit: COMMIT.to_owned(), tree: TREE.to_owned() },
        );
        lockfile
    }

    #[test]
    fn entries_are_in_order_and_without_secrets() {
        let want = format!(
            "{HEADING}version: 1\nsources:\n\
             - method: git\n  source: https://git.example.com/x/infra\n  branch: main\n  commit: {COMMIT}\n  tree: {TREE}\n\
             - method: helm\n  source: https://charts.example.com\n  path: redis\n  version: ^18\n  resolved: 18.1.0\n  digest: sha256:{SHA256}\n\
             - method: http\n  source: https://h.example/x.yaml\n  digest: sha256:{SHA256}\n"
        );
        assert_eq!(all().to_text(), want);
        assert_eq!(Lockfile::parse(&want).unwrap(), all());
    }

    #[test]
    fn the_schema_has_the_fields_of_the_file() {
        let names = |value: serde_json::Value| -> BTreeSet<String> {
            value.as_object().unwrap().keys().cloned().collect()
        };
        let some = || Some(String::new());
        let entry = Entry {
            method: String::new(),
            source: String::new(),
            path: some(),
            branch: some(),
            version: some(),
            sha256: some(),
            resolved: some(),
            commit: some(),
            tree: some(),
            digest: some(),
        };
        let document = Document { version: 1, sources: Vec::new() };
        let table = |table: &Table| table.names().map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(table(&SOURCE), names(serde_json::to_value(entry).unwrap()));
        assert_eq!(table(&LOCK), names(serde_json::to_value(document).unwrap()));
    }

    #[test]
    fn an_unchanged_file_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        all().write(folder.path()).unwrap();
        let written = || fs::metadata(folder.path().join(FILE)).unwrap().modified().unwrap();
        let first = written();
        all().write(folder.path()).unwrap();
        assert_eq!(written(), first);
        assert_eq!(Lockfile::read(folder.path(), "").unwrap(), all());
    }

    #[test]
    fn without_entries_there_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        all().write(folder.path()).unwrap();
        Lockfile::default().write(folder.path()).unwrap();
        assert!(!folder.path().join(FILE).exists());
        Lockfile::default().write(folder.path()).unwrap();
    }

    #[track_caller]
    fn check_error(text: &str, want: &str) {
        assert_eq!(Lockfile::parse(text).unwrap_err().0, want);
    }

    #[test]
    fn err_the_file_is_no_lockfile() {
        check_error("version: 2\nsources: []\n", "version 2 is not known to this fab");
        check_error(
            "version: 1\nsources:\n- {method: git, source: x, commit: ../../y, tree: z}\n",
            "the entry of `x` is incomplete",
        );
        check_error("version: 1\nsources:\n- {method: http, source: x}\n", "the entry of `x` is incomplete");
        let entry = |digest: &str| format!("- {{method: http, source: x, digest: 'sha256:{digest}'}}\n");
        let twice = |other: &str| format!("version: 1\nsources:\n{}{}", entry(SHA256), entry(other));
        check_error(&twice(&"0".repeat(64)), "there are two different entries of `x`");
        check_error(&twice(&SHA256.to_uppercase()), "the entry of `x` is incomplete");
        assert_eq!(Lockfile::parse(&twice(SHA256)).unwrap().iter().count(), 1);
        assert!(
            Lockfile::parse("version: 1\nsource: []\n").unwrap_err().0.contains("unknown field `source`")
        );
        assert!(Lockfile::parse("<<<<<<< HEAD\n").is_err());
    }
}
