//! Who asks: where a user name, password or token for a source comes from.
//!
//! The first place that has one wins: `access.yaml`, the URL itself, a variable
//! for the host (`FAB_TOKEN_CHARTS_EXAMPLE_COM`), netrc, and for registries the
//! files of docker and helm with the programs that they name. Nothing found
//! means that the source is asked for anonymously.
//!
//! Invariant: a secret is never part of a text that is shown. [`Secret`] prints
//! as `***`, errors name where a credential was looked for and not what it is,
//! and a program that is asked for one gets the host and nothing else.

mod access;
mod docker;
mod helper;
mod netrc;

use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

pub use access::{Access, AccessError};
pub use docker::{DockerConfig, Registered};
pub use helper::{ProgramError, ask_git_helper};
pub use netrc::Netrc;

use super::SourceError;
use super::error::token_variable;

/// Variables with which `fab` itself writes: comments, and commits with their signatures. They are for nobody else, be
/// it a source or a hook.
pub(crate) const OF_WRITERS: [&str; 5] =
    ["FAB_HOST_TOKEN", "FAB_GIT_TOKEN", "FAB_GIT_SSH_KEY", "FAB_SIGNING_KEY", "FAB_SIGNING_KEY_PASSPHRASE"];

/// A text that is used and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text for a secret from here on.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text, for sending it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What a server is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A user with a password, or a token in its place.
    Basic {
        /// The user.
        user: String,
        /// The password or token.
        password: Secret,
    },
    /// A token of its own kind.
    Bearer(Secret),
}

impl Credential {
    /// Makes a credential of a user and a password.
    pub fn basic(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Basic { user: user.into(), password: Secret::new(password) }
    }

    /// Makes a credential of what a variable holds: `user:password`, or a token.
    ///
    /// Servers that take tokens take them as a password and do not look at the user, with two exceptions that
    /// want a name of their own choice.
    pub fn from_variable(value: &str, host: &str) -> Self {
        match value.split_once(':') {
            Some((user, password)) => Self::basic(user, password),
            None if host == "github.com" || host.ends_with(".github.com") => {
                Self::basic("x-access-token", value)
            }
            None => Self::basic("oauth2", value),
        }
    }

    /// Returns the value of the header `Authorization`.
    pub(super) fn header(&self) -> String {
        match self {
            Self::Basic { user, password } => {
                format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.reveal())))
            }
            Self::Bearer(token) => format!("Bearer {}", token.reveal()),
        }
    }
}

/// Splits user and password off a URL, so that it can be shown and stored.
pub fn split_credential(url: &Url) -> (Url, Option<Credential>) {
    let mut plain = url.clone();
    let has_none = url.username().is_empty() && url.password().is_none();
    if has_none || plain.set_username("").is_err() || plain.set_password(None).is_err() {
        return (plain, None);
    }
    let user = decoded(url.username());
    (plain, Some(Credential::basic(user, url.password().map(decoded).unwrap_or_default())))
}

/// Returns a part of a URL as it was before it was escaped.
pub(crate) fn decoded(text: &str) -> String {
    let pair = url::form_urlencoded::parse(text.replace('+', "%2B").as_bytes())
        .next()
        .map(|(key, _)| key.into_owned());
    pair.unwrap_or_default()
}

/// An environment variable by its name.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Everything that may hold a credential for this user.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// What `access.yaml` of local components says.
    pub access: Access,
    /// Tokens of hosts, from variables that were set when this was made.
    hosts: HostTokens,
    /// `~/.netrc`.
    pub netrc: Netrc,
    /// Files of helm and docker, the first one wins.
    pub registries: Vec<DockerConfig>,
}

/// Variables that hold a token of one host.
#[derive(Clone, Default)]
struct HostTokens(Vec<(String, Secret)>);

impl fmt::Debug for HostTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// The beginning of a variable that holds the token of one host.
const HOST_TOKEN: &str = "FAB_TOKEN_";

impl Credentials {
    /// Looks at the places where this user's credentials are; variables are `name` and value of all that are set.
    ///
    /// A file that is not there is none; one that cannot be read is an error.
    pub fn of_user(variables: &[(String, String)]) -> Result<Self, SourceError> {
        let env = |name: &str| {
            let found = variables.iter().find(|(known, value)| known == name && !value.is_empty());
            found.map(|(_, value)| value.clone())
        };
        let tokens =
            variables.iter().filter(|(name, value)| name.starts_with(HOST_TOKEN) && !value.is_empty());
        let hosts = tokens.map(|(name, value)| (name.clone(), Secret::new(value.as_str()))).collect();
        let mut registries = Vec::new();
        for file in registry_files(&env) {
            registries.extend(DockerConfig::read(&file)?);
        }
        let netrc = match netrc_file(&env) {
            Some(file) => Netrc::read(&file)?,
            None => Netrc::default(),
        };
        Ok(Self { access: Access::default(), hosts: HostTokens(hosts), netrc, registries })
    }

    /// Returns the credential for a source: as it is named in `access.yaml`, and as a URL.
    pub fn for_source(&self, source: &str, url: &Url) -> Option<Credential> {
        self.found_for_source(source, url).map(|(credential, _)| credential)
    }

    /// As [`Credentials::for_source`], with words for where the credential is from.
    pub fn found_for_source(&self, source: &str, url: &Url) -> Option<(Credential, String)> {
        if let Some(token) = self.access.token(source) {
            let host = url.host_str().unwrap_or_default();
            let from = "the variable that access.yaml names".to_owned();
            return Some((Credential::from_variable(token.reveal(), host), from));
        }
        self.found_for_url(url)
    }

    /// Returns the credential for a URL, from what is known of its host.
    pub fn for_url(&self, url: &Url) -> Option<Credential> {
        self.found_for_url(url).map(|(credential, _)| credential)
    }

    fn found_for_url(&self, url: &Url) -> Option<(Credential, String)> {
        if let (_, Some(credential)) = split_credential(url) {
            return Some((credential, "the address in the component file".to_owned()));
        }
        let host = url.host_str()?;
        if let Some((name, token)) = self.host_token(host, url.port()) {
            return Some((Credential::from_variable(token.reveal(), host), name.to_owned()));
        }
        self.netrc.credential(host).map(|credential| (credential, "netrc".to_owned()))
    }

    /// Returns the credential for a repository of a registry; `access.yaml` may name it or anything above it.
    pub fn for_registry(&self, registry: &Url, repository: &str) -> Result<Option<Registered>, SourceError> {
        let host = registry.host_str().unwrap_or_default();
        let whole = format!("oci://{}/{repository}", authority(registry));
        let above = std::iter::successors(Some(whole.as_str()), |source| {
            source.rsplit_once('/').map(|(above, _)| above).filter(|above| !above.ends_with('/'))
        });
        if let Some(token) = above.filter_map(|source| self.access.token(source)).next() {
            return Ok(Some(Registered::Credential(Credential::from_variable(token.reveal(), host))));
        }
        if let Some((_, token)) = self.host_token(host, registry.port()) {
            return Ok(Some(Registered::Credential(Credential::from_variable(token.reveal(), host))));
        }
        for config in &self.registries {
            if let Some(found) = config.credential(&authority(registry))? {
                return Ok(Some(found));
            }
        }
        Ok(self.netrc.credential(host).map(Registered::Credential))
    }

    fn host_token(&self, host: &str, port: Option<u16>) -> Option<(&str, &Secret)> {
        let with_port = port.map(|port| token_variable(&format!("{host}:{port}")));
        let names = with_port.into_iter().chain([token_variable(host)]);
        names.into_iter().find_map(|name| {
            let (name, token) = self.hosts.0.iter().find(|(known, _)| *known == name)?;
            Some((name.as_str(), token))
        })
    }
}

/// Returns host and port of a URL as registries are named.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn home(env: Env<'_>) -> Option<PathBuf> {
    env("HOME").or_else(|| env("USERPROFILE")).map(PathBuf::from)
}

fn netrc_file(env: Env<'_>) -> Option<PathBuf> {
    env("NETRC").map(PathBuf::from).or_else(|| Some(home(env)?.join(".netrc")))
}

/// Returns where helm and docker keep what they log in with.
fn registry_files(env: Env<'_>) -> Vec<PathBuf> {
    let helm = env("HELM_REGISTRY_CONFIG").map(PathBuf::from).or_else(|| {
        let config = super::helm_config::config_home(env)?;
        Some(config.join("registry/config.json"))
    });
    let docker = env("DOCKER_CONFIG").map(PathBuf::from).or_else(|| Some(home(env)?.join(".docker")));
    let podman = env("REGISTRY_AUTH_FILE").map(PathBuf::from);
    let podman = podman.or_else(|| Some(PathBuf::from(env("XDG_RUNTIME_DIR")?).join("containers/auth.json")));
    [helm, docker.map(|folder| folder.join("config.json")), podman].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
