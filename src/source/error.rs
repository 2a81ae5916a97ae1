//! Why a source cannot be had, and what to try.
//!
//! One variant for each thing that a user can act on, whatever the method. No
//! text of these holds a credential: addresses go in by [`SourceUrl`], which
//! leaves user and password out.
//!
//! [`SourceUrl`]: super::SourceUrl

use std::io;

use super::http::HttpError;
use crate::signing::SigningError;

/// Why a source cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// What is asked for does not exist there.
    #[error("there is no {what}")]
    NotFound {
        /// What, in words: "branch `dev`", "version 2.x of chart `redis`", "repository".
        what: String,
        /// Names that are there and look like it.
        near: Vec<String>,
    },
    /// The server wants other credentials, or some.
    #[error("{host} refuses access")]
    Unauthorized {
        /// The host.
        host: String,
        /// Where credentials for it were found, in words; none if there were none.
        credentials: Option<String>,
    },
    /// The certificate or host key of the server is not trusted.
    #[error("{host} cannot be trusted: {message}")]
    Untrusted {
        /// The host.
        host: String,
        /// What the library says.
        message: String,
    },
    /// The server cannot be reached, or broke off; trying again may help.
    #[error("{host} cannot be reached: {message}")]
    Unreachable {
        /// The host.
        host: String,
        /// What the library says.
        message: String,
    },
    /// The server answers with an error.
    #[error("{host} answers with status {status}")]
    Status {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The content is not what it was.
    #[error("the content has changed: {found} instead of {wanted}")]
    DigestMismatch {
        /// The digest that is asked for or locked, `sha256:…`.
        wanted: String,
        /// The digest of what is there.
        found: String,
    },
    /// The content is not what its own server says that it is.
    #[error("the content is {found}, and the server states {wanted}")]
    NotAsStated {
        /// The digest that an index, a manifest or an address states, `sha256:…`.
        wanted: String,
        /// The digest of what is there.
        found: String,
    },
    /// The content is not what the component asks for.
    #[error("the content is {found}, and `sha256` asks for {wanted}")]
    OtherContent {
        /// The digest that is asked for, `sha256:…`.
        wanted: String,
        /// The digest of what is there.
        found: String,
    },
    /// The project does not allow this source.
    #[error("{0} is none of the sources that fab.yaml allows")]
    NotAllowed(String),
    /// What the server sends cannot be understood.
    #[error("{what} cannot be read: {message}")]
    Malformed {
        /// What, in words: "the index of the repository".
        what: String,
        /// What is wrong with it.
        message: String,
    },
    /// A file of an archive or tree would be written where it may not.
    #[error("`{path}` {problem}")]
    Unsafe {
        /// The path of the entry.
        path: String,
        /// Why it is refused: "leads out of its folder".
        problem: String,
    },
    /// More or larger than is allowed.
    #[error("{what} is larger than {limit}")]
    TooLarge {
        /// What, in words.
        what: String,
        /// The limit, in words.
        limit: String,
    },
    /// The network would be needed and may not be used.
    #[error("it is not in the cache, and the network is not used with --offline")]
    Offline,
    /// The lockfile does not have it and may not be changed.
    #[error("fab.lock has no entry for it, and --locked does not add one")]
    NotLocked,
    /// Sources are vendored, and this one is not.
    #[error("it is not in the folder `vendor`, as the other sources are")]
    NotVendored,
    /// What is asked for cannot be fetched by this method.
    #[error("{0}")]
    Unsupported(String),
    /// A request by HTTP fails.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A commit cannot be signed.
    #[error(transparent)]
    Unsigned(#[from] SigningError),
    /// Something on this machine fails.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was to be done, in words: "write `components/x`".
        action: String,
        /// Why it fails.
        source: io::Error,
    },
}

impl SourceError {
    /// Returns what to try, if that can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            SourceError::NotFound { what, near } if near.is_empty() && what.starts_with("repository `") => {
                Some("see whether its name is right; servers also answer so to who may not read it".into())
            }
            SourceError::NotFound { near, .. } if !near.is_empty() => {
                let names: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
                Some(format!("there is {}", names.join(", ")))
            }
            SourceError::Unauthorized { host, credentials: None } => Some(format!(
                "if it is not public, give a token for it in {}, or a key to the ssh agent",
                token_variable(host)
            )),
            SourceError::Unauthorized { credentials: Some(from), .. } => {
                Some(format!("the credentials are from {from}: see that they are valid and may read it"))
            }
            SourceError::Untrusted { .. } => Some(
                "add its certificate authority by SSL_CERT_FILE, or its host key to ~/.ssh/known_hosts"
                    .into(),
            ),
            SourceError::Unreachable { .. } => Some(
                "see whether the name is right and a proxy is needed (HTTPS_PROXY), and try again".into(),
            ),
            SourceError::DigestMismatch { .. } => {
                Some("see what has changed; `fab update` takes it into fab.lock".into())
            }
            SourceError::NotAsStated { .. } => {
                Some("somebody on the way has changed it, or the server is wrong: tell who runs it".into())
            }
            SourceError::OtherContent { .. } => Some(
                "see what has changed, and write the new digest into the component if it is right".into(),
            ),
            SourceError::NotAllowed(_) => {
                Some("add it to `sources.allow` in fab.yaml if you trust it".into())
            }
            SourceError::Http(error) => error.hint(),
            SourceError::Unsigned(error) => error.hint(),
            SourceError::Offline => Some("run `fab install` with the network once".into()),
            SourceError::NotVendored => Some("run `fab vendor` and commit the folder".into()),
            SourceError::NotLocked => Some("run `fab install` and commit fab.lock".into()),
            SourceError::NotFound { .. }
            | SourceError::Status { .. }
            | SourceError::Malformed { .. }
            | SourceError::Unsafe { .. }
            | SourceError::TooLarge { .. }
            | SourceError::Unsupported(_)
            | SourceError::Io { .. } => None,
        }
    }

    /// Returns whether the same request may succeed when it is made again.
    pub fn is_transient(&self) -> bool {
        match self {
            SourceError::Unreachable { .. } => true,
            SourceError::Status { status, .. } => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
            SourceError::NotFound { .. }
            | SourceError::Unauthorized { .. }
            | SourceError::Untrusted { .. }
            | SourceError::DigestMismatch { .. }
            | SourceError::NotAsStated { .. }
            | SourceError::OtherContent { .. }
            | SourceError::NotAllowed(_)
            | SourceError::Malformed { .. }
            | SourceError::Unsafe { .. }
            | SourceError::TooLarge { .. }
            | SourceError::Offline
            | SourceError::NotLocked
            | SourceError::NotVendored
            | SourceError::Unsupported(_)
            | SourceError::Http(_)
            | SourceError::Unsigned(_)
            | SourceError::Io { .. } => false,
        }
    }
}

/// Returns the environment variable that holds the token of a host: the host in capitals, with `_` for every dot, dash
/// and colon.
pub(super) fn token_variable(host: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("FAB_TOKEN_{}", host.chars().map(letter).collect::<String>())
}
