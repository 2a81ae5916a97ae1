//! Why a cluster does not tell what it has, and what to do about it.
//!
//! Invariant: no text holds a credential. What a kubeconfig or a program says is told by the name of its field.

use std::io;

use super::line;
use crate::source::http::{HttpError, HttpErrorKind, ProxyError};

/// Something about a cluster that cannot be found out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// No file says which clusters there are.
    #[error("there is no kubeconfig{}", in_files(.files))]
    NoKubeconfig {
        /// Where one was looked for.
        files: Vec<String>,
    },
    /// A kubeconfig cannot be read.
    #[error("cannot read `{file}`: {source}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// A kubeconfig is no YAML.
    #[error("`{file}` is no YAML{}", in_line(*.line))]
    Malformed {
        /// The file.
        file: String,
        /// Where that was noticed. What is there may be a secret.
        line: Option<usize>,
    },
    /// Nothing says which cluster is meant.
    #[error("the kubeconfig has no `current-context`")]
    NoContext,
    /// A kubeconfig does not have what is named.
    #[error("the kubeconfig has no {kind} `{name}`")]
    Missing {
        /// `context`, `cluster` or `user`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// A field of a kubeconfig cannot be used.
    #[error("the kubeconfig's {kind} `{name}`: `{field}` {problem}")]
    Field {
        /// `context`, `cluster` or `user`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The field.
        field: &'static str,
        /// What is wrong with it, in words.
        problem: FieldProblem,
    },
    /// A program that logs in does not do it.
    #[error("the program `{program}`, which logs `{user}` in, {problem}")]
    Program {
        /// The program.
        program: String,
        /// The user of the kubeconfig.
        user: String,
        /// What is wrong.
        problem: ProgramProblem,
        /// What the kubeconfig says about how to get it.
        hint: String,
    },
    /// Its certificate has another name, which cannot be asked for through a proxy.
    #[error("{context}: `tls-server-name` cannot be used through a proxy")]
    ServerNameWithProxy {
        /// The context.
        context: String,
    },
    /// The name of its certificate cannot be one.
    #[error("{context}: `tls-server-name` is no name of a host")]
    NoAddress {
        /// The context.
        context: String,
    },
    /// It cannot be reached.
    #[error("{context}: {error}")]
    Http {
        /// The context.
        context: String,
        /// Why.
        error: HttpError,
    },
    /// A certificate or key cannot be used.
    #[error(transparent)]
    Certificate(#[from] HttpError),
    /// A proxy is none.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// It does not know who asks.
    #[error("{context}: the cluster does not know who asks (401)")]
    Unknown {
        /// The context.
        context: String,
    },
    /// It does not let the user see something.
    #[error("{context}: the user may not list {what} in all namespaces (403){}", said(.message))]
    Denied {
        /// The context.
        context: String,
        /// The kind of objects.
        what: String,
        /// What the cluster says.
        message: String,
    },
    /// It refuses for another reason.
    #[error("{context}: the cluster answered {status}{}", said(.message))]
    Refused {
        /// The context.
        context: String,
        /// The status.
        status: u16,
        /// What the cluster says.
        message: String,
    },
    /// What answers is no cluster.
    #[error("{context}: the answer is none of a Kubernetes API server")]
    Garbled {
        /// The context.
        context: String,
    },
    /// It has more than anybody reads.
    #[error("{context}: there are too many {what}")]
    TooMany {
        /// The context.
        context: String,
        /// The kind of objects.
        what: String,
    },
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// It is not there.
    #[error("is missing")]
    Missing,
    /// It has another type.
    #[error("is of another type")]
    Type,
    /// It is not encoded as it should be.
    #[error("is no base64")]
    Base64,
    /// It is no address.
    #[error("is no address of the web")]
    Address,
    /// It is a way to log in that is not known.
    #[error("is not supported")]
    Unsupported,
}

/// What is wrong with a program that logs in.
#[derive(Debug, thiserror::Error)]
pub enum ProgramProblem {
    /// It cannot be run.
    #[error("cannot be run: {0}")]
    Start(io::Error),
    /// It fails.
    #[error("failed ({0})")]
    Failed(std::process::ExitStatus),
    /// It prints something else.
    #[error("did not answer with an ExecCredential of the version that the kubeconfig names")]
    Garbled,
    /// It prints no credentials.
    #[error("answered with neither a token nor a certificate with its key")]
    Empty,
    /// It wants to ask somebody.
    #[error("needs somebody to talk to (`interactiveMode: Always`)")]
    Interactive,
}

fn in_files(files: &[String]) -> String {
    let files: Vec<String> = files.iter().map(|file| format!("`{file}`")).collect();
    if files.is_empty() { String::new() } else { format!(" in {}", files.join(", ")) }
}

fn in_line(line: Option<usize>) -> String {
    line.map(|line| format!(": see line {line}")).unwrap_or_default()
}

/// What a cluster says, after ours.
fn said(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

impl ClusterError {
    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            ClusterError::NoKubeconfig { .. } => "name it with --kubeconfig".to_owned(),
            ClusterError::NoContext => "name a context with --context".to_owned(),
            ClusterError::Missing { kind: "context", known, .. } if !known.is_empty() => {
                format!("it has {}", known.join(", "))
            }
            ClusterError::Program { hint, problem: ProgramProblem::Start(_), .. } if !hint.is_empty() => {
                line(hint)
            }
            ClusterError::Program { problem: ProgramProblem::Interactive, .. } => {
                "log in with it first, and use a kubeconfig with what it gives".to_owned()
            }
            ClusterError::Unknown { context } => {
                format!("log in again; `kubectl --context {context} auth whoami` tells who asks")
            }
            ClusterError::Denied { what, .. } => {
                let (plural, group) = what.split_once('.').unwrap_or((what, ""));
                format!("a ClusterRole with `list` on `{plural}` of the API group `{group}` is enough")
            }
            ClusterError::Http { error: HttpError { kind: HttpErrorKind::Tls(text), .. }, .. }
                if text.contains("UnknownIssuer") =>
            {
                "the kubeconfig's `certificate-authority` has not signed the certificate of the server"
                    .to_owned()
            }
            ClusterError::Http { error, .. } | ClusterError::Certificate(error) => return error.hint(),
            ClusterError::Proxy(_) => "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY".to_owned(),
            ClusterError::Unreadable { .. }
            | ClusterError::Malformed { .. }
            | ClusterError::Missing { .. }
            | ClusterError::Field { .. }
            | ClusterError::Program { .. }
            | ClusterError::ServerNameWithProxy { .. }
            | ClusterError::NoAddress { .. }
            | ClusterError::Refused { .. }
            | ClusterError::Garbled { .. }
            | ClusterError::TooMany { .. } => return None,
        })
    }
}
