//! What `helm repo add` leaves behind: `repositories.yaml` in helm's config home.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::SourceError;
use super::credentials::{Credential, Env};
use super::http::{Pem, TlsOptions};

/// A repository that has a name.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    /// The name, as in `NAME/chart`.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Who asks.
    pub credential: Option<Credential>,
    /// Whether the credential goes along to other hosts that archives are on.
    pub pass_credential: bool,
    /// Certificates for it.
    pub tls: TlsOptions,
    /// The index that helm fetched last; there need not be one.
    pub index: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    repositories: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[derive(Default)]
struct Entry {
    name: String,
    url: String,
    username: String,
    password: String,
    cert_file: String,
    key_file: String,
    ca_file: String,
    #[serde(rename = "insecure_skip_tls_verify")]
    insecure: bool,
    #[serde(rename = "pass_credentials_all")]
    pass_credential: bool,
}

/// Returns where helm keeps its configuration.
pub(super) fn config_home(env: Env<'_>) -> Option<PathBuf> {
    if let Some(home) = env("HELM_CONFIG_HOME") {
        return Some(home.into());
    }
    if let Some(config) = env("XDG_CONFIG_HOME") {
        return Some(Path::new(&config).join("helm"));
    }
    let below = if cfg!(target_os = "macos") { "Library/Preferences/helm" } else { ".config/helm" };
    Some(Path::new(&env("HOME")?).join(below))
}

/// Reads the repositories that helm knows by a name; none if there is no file.
pub fn repositories(env: Env<'_>) -> Result<Vec<Repository>, SourceError> {
    let file = env("HELM_REPOSITORY_CONFIG").map(PathBuf::from);
    let file = file.or_else(|| Some(config_home(env)?.join("repositories.yaml")));
    let mut repositories = file.map_or_else(|| Ok(Vec::new()), |file| read(&file))?;
    if let Some(cache) = repository_cache(env) {
        for repository in &mut repositories {
            repository.index = Some(cache.join(format!("{}-index.yaml", repository.name)));
        }
    }
    Ok(repositories)
}

/// Returns where helm keeps the indexes of repositories.
fn repository_cache(env: Env<'_>) -> Option<PathBuf> {
    if let Some(cache) = env("HELM_REPOSITORY_CACHE") {
        return Some(cache.into());
    }
    let home = env("HELM_CACHE_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(&env("XDG_CACHE_HOME")?).join("helm")));
    let below = if cfg!(target_os = "macos") { "Library/Caches/helm" } else { ".cache/helm" };
    Some(home.or_else(|| Some(Path::new(&env("HOME")?).join(below)))?.join("repository"))
}

fn read(file: &Path) -> Result<Vec<Repository>, SourceError> {
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(SourceError::Io { action: format!("read {}", file.display()), source }),
    };
    let content: Content = goyaml::from_slice(&text).map_err(|error| SourceError::Malformed {
        what: file.display().to_string(),
        message: error.to_string(),
    })?;
    Ok(content.repositories.unwrap_or_default().into_iter().map(Repository::from).collect())
}

impl From<Entry> for Repository {
    fn from(entry: Entry) -> Self {
        let path = |text: String| Some(text).filter(|text| !text.is_empty()).map(PathBuf::from);
        let credential = (!entry.username.is_empty() && !entry.password.is_empty())
            .then(|| Credential::basic(entry.username, entry.password));
        Self {
            name: entry.name,
            url: entry.url,
            credential,
            pass_credential: entry.pass_credential,
            tls: TlsOptions {
                ca: path(entry.ca_file).map(Pem::File),
                client: path(entry.cert_file).map(Pem::File).zip(path(entry.key_file).map(Pem::File)),
                insecure: entry.insecure,
            },
            index: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_read_as_helm_writes_them() {
        let folder = tempfile::tempdir().expect("there is room");
        let file = folder.path().join("repositories.yaml");
        let text = "apiVersion: \"\"\ngenerated: \"0001-01-01T00:00:00Z\"\nrepositories:\n- caFile: /ca.pem\n  certFile: \"\"\n  insecure_skip_tls_verify: true\n  keyFile: \"\"\n  name: a\n  pass_credentials_all: true\n  password: s3cret\n  url: https://a.example/charts\n  username: me\n- name: b\n  url: https://b.example\n";
        fs::write(&file, text).expect("there is room");
        let env = |name: &str| (name == "HELM_REPOSITORY_CONFIG").then(|| file.display().to_string());
        let [a, b] = &repositories(&env).expect("it is fine")[..] else { panic!("there are two") };
        assert_eq!((a.name.as_str(), a.url.as_str()), ("a", "https://a.example/charts"));
        assert_eq!(a.credential, Some(Credential::basic("me", "s3cret")));
        assert_eq!(
            (a.tls.ca.as_ref(), a.tls.insecure, a.pass_credential),
            (Some(&Pem::File("/ca.pem".into())), true, true)
        );
        assert_eq!((b.credential.as_ref(), b.pass_credential), (None, false));
        assert!(!format!("{a:?}").contains("s3cret"));
    }

    #[test]
    fn no_file_is_no_repositories() {
        let env = |name: &str| (name == "HOME").then(|| "/nonexistent".to_owned());
        assert!(repositories(&env).expect("it is fine").is_empty());
    }
}
