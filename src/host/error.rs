//! Why a host does not do what it is asked for, and who has to allow what.

use super::{Host, PullRequest};
use crate::source::http::{HttpError, ProxyError};

/// Something that a host cannot be asked for, or refuses.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Nothing says which pull request is meant.
    #[error("{}", no_pull_request(.ci.as_deref()))]
    NoPullRequest {
        /// The system that this runs in, if it is a known one.
        ci: Option<&'static str>,
    },
    /// An address is none of a pull request.
    #[error("`{0}` is no address of a pull request of GitHub, GitLab or Azure DevOps")]
    NotAPullRequest(String),
    /// There is no token.
    #[error("there is no token for {}", .host.name())]
    NoToken {
        /// The host.
        host: Host,
    },
    /// The comment is longer than the host takes.
    #[error("a comment of {characters} characters is more than {} takes ({})", .host.name(), .host.limit())]
    TooLong {
        /// The host.
        host: Host,
        /// How many characters it has.
        characters: usize,
    },
    /// The host does not let us.
    #[error("{} refused the token for {what} ({status}){}", .host.name(), said(.message))]
    Denied {
        /// The host.
        host: Host,
        /// What was asked for.
        what: String,
        /// 401 or 403.
        status: u16,
        /// What the host says.
        message: String,
    },
    /// The host does not know it, or does not tell us.
    #[error("{} knows no {what}, or not for this token ({status}){}", .host.name(), said(.message))]
    Unknown {
        /// The host.
        host: Host,
        /// What was asked for.
        what: String,
        /// 404 or 410.
        status: u16,
        /// What the host says.
        message: String,
    },
    /// The host refuses for another reason.
    #[error("{} answered {status} for {what}{}", .host.name(), said(.message))]
    Refused {
        /// The host.
        host: Host,
        /// What was asked for.
        what: String,
        /// The status.
        status: u16,
        /// What the host says.
        message: String,
    },
    /// The host answers something else than its documentation says.
    #[error("{} answered {what} with something else than comments", .host.name())]
    Garbled {
        /// The host.
        host: Host,
        /// What was asked for.
        what: String,
    },
    /// The host cannot be reached.
    #[error(transparent)]
    Http(HttpError),
    /// The environment names a proxy that is none.
    #[error(transparent)]
    Proxy(ProxyError),
}

fn no_pull_request(ci: Option<&str>) -> String {
    match ci {
        Some(ci) => format!("this run of {ci} is not one of a pull request"),
        None => "nothing says which pull request is meant".to_owned(),
    }
}

/// What the host says, after ours.
fn said(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

impl HostError {
    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            HostError::NoPullRequest { .. } => {
                "name it: `--pr https://github.com/ORG/REPO/pull/1`, or `--pr 1` for a number in this repository"
            }
            HostError::NotAPullRequest(_) => {
                "give the address that a browser shows: `…/pull/1`, `…/-/merge_requests/1`, `…/_git/REPO/pullrequest/1`"
            }
            HostError::NoToken { host } => return Some(how_to_give(*host).to_owned()),
            HostError::TooLong { .. } => "give `--max-bytes` less",
            HostError::Denied { host, status: 401, .. } => return Some(how_to_renew(*host).to_owned()),
            HostError::Denied { host, .. } | HostError::Unknown { host, .. } => {
                return Some(what_to_permit(*host).to_owned());
            }
            HostError::Refused { .. } | HostError::Garbled { .. } => return None,
            HostError::Http(error) => return error.hint(),
            HostError::Proxy(_) => "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY",
        };
        Some(text.to_owned())
    }
}

fn how_to_give(host: Host) -> &'static str {
    match host {
        Host::GitHub => "set FAB_HOST_TOKEN: in a workflow, `env: {FAB_HOST_TOKEN: \"${{ github.token }}\"}`",
        Host::GitLab => {
            "set FAB_HOST_TOKEN to a project access token with the scope `api`, in a masked variable"
        }
        Host::AzureDevOps => {
            "set FAB_HOST_TOKEN: in a pipeline, `env: {FAB_HOST_TOKEN: $(System.AccessToken)}`"
        }
    }
}

fn how_to_renew(host: Host) -> &'static str {
    match host {
        Host::GitHub => "the token is not valid, or no longer: see what FAB_HOST_TOKEN holds",
        Host::GitLab => {
            "the token has expired or is a job token, which cannot write: FAB_HOST_TOKEN has to be a project access token with the scope `api`"
        }
        Host::AzureDevOps => {
            "the token has expired or is none of this organization: FAB_HOST_TOKEN has to be $(System.AccessToken), or a personal access token with the scope `Code (read & write)`"
        }
    }
}

fn what_to_permit(host: Host) -> &'static str {
    match host {
        Host::GitHub => {
            "the token needs `pull-requests: write`: say so in the `permissions` of the job; a run for a fork has no such token"
        }
        Host::GitLab => {
            "the token needs the scope `api` and the role Reporter in the project of the merge request"
        }
        Host::AzureDevOps => {
            "the build service needs `Contribute to pull requests` on this repository: project settings, Repositories, Security"
        }
    }
}

/// A pull request as messages name it.
pub(super) fn named(pull_request: &PullRequest) -> String {
    let PullRequest { project, repository, number, .. } = pull_request;
    let slash = if project.is_empty() { "" } else { "/" };
    match pull_request.host {
        Host::GitLab => format!("merge request {number} of {repository}"),
        Host::GitHub | Host::AzureDevOps => format!("pull request {number} of {project}{slash}{repository}"),
    }
}
