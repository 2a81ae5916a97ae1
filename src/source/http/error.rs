//! What can go wrong between here and a server.
//!
//! Invariant: no text holds a credential. URLs are printed without user
//! information and query, where signatures and tokens are.

use std::io;
use std::time::Duration;

use url::Url;

/// A request that failed.
#[derive(Debug, thiserror::Error)]
#[error("{url}: {kind}")]
pub struct HttpError {
    /// What was asked for, fit to be printed.
    pub url: String,
    /// Why it failed.
    pub kind: HttpErrorKind,
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpErrorKind {
    /// The URL is none that can be fetched.
    #[error("{0}")]
    Url(String),
    /// The list of allowed sources does not have it.
    #[error("this source is not allowed")]
    NotAllowed,
    /// The server wants to know who asks, or does not let them.
    #[error("{}", denied(*.status, *.with_credential))]
    Denied {
        /// 401, 403 or 407.
        status: u16,
        /// Whether a credential was sent.
        with_credential: bool,
        /// How the server wants to be asked (`WWW-Authenticate`).
        challenges: Vec<String>,
    },
    /// There is nothing there.
    #[error("not found ({0})")]
    NotFound(u16),
    /// The server answers with an error.
    #[error("the server answered {status}")]
    Status {
        /// The status.
        status: u16,
        /// How long the server wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// No such host.
    #[error("no host of this name is known")]
    HostNotFound,
    /// The server cannot be reached.
    #[error("cannot connect: {0}")]
    Connect(io::Error),
    /// The connection ended early.
    #[error("the connection was cut after {received} bytes")]
    Cut {
        /// How much had arrived.
        received: u64,
    },
    /// Nothing arrived for too long.
    #[error("timed out ({0})")]
    Timeout(String),
    /// The connection is not to be trusted.
    #[error("TLS: {0}")]
    Tls(String),
    /// The proxy does not let it through.
    #[error("proxy: {0}")]
    Proxy(String),
    /// There is too much of it.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// Redirected again and again.
    #[error("redirected too often")]
    TooManyRedirects,
    /// A redirect that leaves encryption.
    #[error("redirected from https to {0}")]
    Downgrade(String),
    /// An answer that is no HTTP.
    #[error("{0}")]
    Protocol(String),
    /// A certificate or key that cannot be used.
    #[error("{place}: {reason}")]
    Certificate {
        /// The file, or where else it is.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// The disk does not take it.
    #[error("cannot store the download: {0}")]
    Disk(io::Error),
}

fn denied(status: u16, with_credential: bool) -> String {
    match (status, with_credential) {
        (407, _) => "the proxy wants credentials (407)".to_owned(),
        (_, true) => format!("the credentials were refused ({status})"),
        (_, false) => format!("credentials are needed ({status})"),
    }
}

impl HttpError {
    pub(crate) fn new(url: &Url, kind: HttpErrorKind) -> Self {
        Self { url: shown(url), kind }
    }

    /// Returns what the user can do about it, if that can be said.
    pub fn hint(&self) -> Option<String> {
        self.kind.hint().map(str::to_owned)
    }

    /// Returns whether trying again may help.
    pub(super) fn is_transient(&self) -> bool {
        self.kind.is_transient()
    }
}

impl HttpErrorKind {
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Cut { .. } | Self::Timeout(_) => true,
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            Self::Url(_)
            | Self::NotAllowed
            | Self::Denied { .. }
            | Self::NotFound(_)
            | Self::HostNotFound
            | Self::Tls(_)
            | Self::Proxy(_)
            | Self::TooLarge { .. }
            | Self::TooManyRedirects
            | Self::Downgrade(_)
            | Self::Protocol(_)
            | Self::Certificate { .. }
            | Self::Disk(_) => false,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotAllowed => Some("add it to `sources.allow` in fab.yaml if you trust it"),
            Self::Denied { status: 407, .. } | Self::Proxy(_) => {
                Some("check HTTPS_PROXY, HTTP_PROXY and NO_PROXY")
            }
            Self::Denied { with_credential: true, .. } => {
                Some("check that the token is valid and may read this source")
            }
            Self::Denied { with_credential: false, .. } => Some(
                "name a token in access.yaml, set FAB_TOKEN_HOST (as in FAB_TOKEN_CHARTS_EXAMPLE_COM), or log in with netrc or docker",
            ),
            Self::NotFound(_) => {
                Some("check the URL; private sources also answer so to who is not logged in")
            }
            Self::HostNotFound | Self::Connect(_) => {
                Some("check the URL; behind a proxy, set HTTPS_PROXY and NO_PROXY")
            }
            Self::Tls(text) if text.contains("UnknownIssuer") => {
                Some("if this is your own certificate authority, name its certificate in SSL_CERT_FILE")
            }
            Self::Tls(text) if text.contains("Expired") => {
                Some("the server's certificate has to be renewed, or this machine's clock is wrong")
            }
            Self::Downgrade(_) => Some("name the final URL if you accept it"),
            Self::Url(_)
            | Self::Status { .. }
            | Self::Cut { .. }
            | Self::Timeout(_)
            | Self::Tls(_)
            | Self::TooLarge { .. }
            | Self::TooManyRedirects
            | Self::Protocol(_)
            | Self::Certificate { .. }
            | Self::Disk(_) => None,
        }
    }
}

/// Prints a URL without what may be secret in it.
pub(crate) fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    // Both fail only for URLs that cannot have user information.
    let _ = shown.set_password(None);
    let _ = shown.set_username("");
    shown.to_string()
}

/// Tells what kind of failure this is.
pub(super) fn classify(error: ureq::Error, received: u64) -> HttpErrorKind {
    match error {
        ureq::Error::Io(error) => classify_io(error, received),
        ureq::Error::Timeout(timeout) => HttpErrorKind::Timeout(timeout.to_string()),
        ureq::Error::HostNotFound => HttpErrorKind::HostNotFound,
        ureq::Error::ConnectionFailed => HttpErrorKind::Connect(io::Error::other("no address answers")),
        ureq::Error::Tls(text) => HttpErrorKind::Tls(text.to_owned()),
        ureq::Error::Rustls(error) => HttpErrorKind::Tls(error.to_string()),
        ureq::Error::ConnectProxyFailed(text) => HttpErrorKind::Proxy(text),
        ureq::Error::InvalidProxyUrl => HttpErrorKind::Proxy("its URL is not valid".to_owned()),
        ureq::Error::BadUri(text) => HttpErrorKind::Url(text),
        other => HttpErrorKind::Protocol(other.to_string()),
    }
}

/// As [`classify`], for an error of reading a body.
pub(super) fn classify_io(error: io::Error, received: u64) -> HttpErrorKind {
    use io::ErrorKind;
    if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<ureq::Error>) {
        let inner = error.into_inner().and_then(|inner| inner.downcast::<ureq::Error>().ok());
        return inner.map_or(HttpErrorKind::Cut { received }, |inner| classify(*inner, received));
    }
    match error.kind() {
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe => HttpErrorKind::Cut { received },
        ErrorKind::TimedOut | ErrorKind::WouldBlock => HttpErrorKind::Timeout("waiting for data".to_owned()),
        ErrorKind::InvalidData => HttpErrorKind::Tls(error.to_string()),
        _ => HttpErrorKind::Connect(error),
    }
}
