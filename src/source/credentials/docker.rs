//! What `docker login` and `helm registry login` leave behind: `config.json`,
//! and the programs that it names (`docker-credential-NAME`).

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::{Credential, Secret};
use crate::source::SourceError;

/// A `config.json`.
#[derive(Debug, Clone, Default)]
pub struct DockerConfig {
    file: PathBuf,
    content: Content,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Content {
    auths: BTreeMap<String, Entry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: String,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// What is known for a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    /// A user and a password.
    Credential(Credential),
    /// A token that the registry's token server exchanges for others.
    Identity(Secret),
}

/// What a credential program answers.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Username")]
    username: String,
    #[serde(rename = "Secret")]
    secret: String,
}

impl DockerConfig {
    /// Reads the file, if there is one.
    pub fn read(file: &Path) -> Result<Option<Self>, SourceError> {
        let text = match fs::read(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(SourceError::Io { action: format!("read {}", file.display()), source });
            }
        };
        let content = serde_json::from_slice(&text).map_err(|error| {
            // The text of the error may quote what is in the file.
            let message = format!("no JSON of the expected form at line {}", error.line());
            SourceError::Malformed { what: file.display().to_string(), message }
        })?;
        Ok(Some(Self { file: file.to_owned(), content }))
    }

    /// Returns what the file has for a registry, which is a host with its port.
    pub fn credential(&self, registry: &str) -> Result<Option<Registered>, SourceError> {
        let keys = keys(registry);
        let helper = keys.iter().find_map(|key| self.content.cred_helpers.get(key));
        let store = Some(&self.content.creds_store).filter(|store| !store.is_empty());
        if let Some(helper) = helper.or(store) {
            for key in &keys {
                if let Some(found) = self.ask(helper, key)? {
                    return Ok(Some(found));
                }
            }
        }
        let is_it = |named: &str| keys.iter().any(|key| key == named) || host(named) == registry;
        let entry = self.content.auths.iter().find(|(named, _)| is_it(named)).map(|(_, entry)| entry);
        Ok(entry.and_then(Entry::registered))
    }

    /// Asks a program for a registry's credential; that it has none is no error.
    fn ask(&self, helper: &str, registry: &str) -> Result<Option<Registered>, SourceError> {
        let program = format!("docker-credential-{helper}");
        let failed = |source: io::Error| SourceError::Io {
            action: format!("run {program}, which {} names", self.file.display()),
            source,
        };
        if helper.contains(['/', '\\']) {
            return Err(failed(io::Error::other("its name is a path")));
        }
        let mut child = Command::new(&program)
            .arg("get")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that has its answer without reading closes its end.
            let _ = stdin.write_all(registry.as_bytes());
        }
        let output = child.wait_with_output().map_err(failed)?;
        if !output.status.success() {
            return Ok(None);
        }
        let answer: Answer = serde_json::from_slice(&output.stdout).map_err(|_| SourceError::Malformed {
            what: format!("the answer of {program}"),
            message: "it has no Username and Secret".to_owned(),
        })?;
        Ok((!answer.secret.is_empty()).then(|| registered(answer.username, answer.secret)))
    }
}

impl Entry {
    fn registered(&self) -> Option<Registered> {
        if !self.identitytoken.is_empty() {
            return Some(Registered::Identity(Secret::new(self.identitytoken.as_str())));
        }
        if !self.auth.is_empty() {
            let pair = STANDARD.decode(self.auth.trim()).ok()?;
            let pair = String::from_utf8(pair).ok()?;
            let (user, password) = pair.split_once(':')?;
            // Docker pads what it encodes with zeros.
            return Some(registered(user.to_owned(), password.trim_end_matches('\0').to_owned()));
        }
        let is_set = !self.username.is_empty() && !self.password.is_empty();
        is_set.then(|| registered(self.username.clone(), self.password.clone()))
    }
}

/// The user `<token>` says that the secret is a token to be exchanged.
fn registered(user: String, secret: String) -> Registered {
    if user == "<token>" {
        Registered::Identity(Secret::new(secret))
    } else {
        Registered::Credential(Credential::Basic { user, password: Secret::new(secret) })
    }
}

/// Returns the names by which a registry may be known; Docker's own has an old one.
fn keys(registry: &str) -> Vec<String> {
    match registry {
        "docker.io" | "registry-1.docker.io" | "index.docker.io" => {
            vec!["https://index.docker.io/v1/".to_owned(), "docker.io".to_owned(), registry.to_owned()]
        }
        _ => vec![registry.to_owned()],
    }
}

/// Returns host and port of a name such as `https://registry.example.com/v1/`.
fn host(named: &str) -> &str {
    let rest = named.split_once("://").map_or(named, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}
