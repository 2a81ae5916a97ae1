//! The hosts of code, where a change is reviewed: GitHub, GitLab and Azure DevOps, as a service or a server of one's own.
//!
//! A pull request has one comment of ours for each topic, found by a mark in its first line that readers do not see and
//! by who wrote it. It is edited in place: one that is posted anew notifies everybody, and one that is deleted takes
//! the thread below it along.
//!
//! Invariant: what is posted is decided by looking at what is there, so a request whose answer was lost is repeated
//! without a second comment. The token goes to the host's own address and into no text.

mod api;
mod comment;
mod detect;
mod error;

use url::Url;

pub use comment::{Comment, Outcome, comment, requests};
pub use detect::{base_branch, pull_request, run_url};
pub use error::HostError;

use crate::source::credentials::{Env, Secret};
use crate::source::http::{Http, HttpOptions, Proxies};

/// A kind of host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// GitHub, or GitHub Enterprise.
    GitHub,
    /// GitLab.
    GitLab,
    /// Azure DevOps Services, or Server.
    AzureDevOps,
}

/// A pull request, which GitLab calls a merge request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// The kind of its host.
    pub host: Host,
    /// Where the host answers programs: GitHub's `https://api.github.com`, GitLab's `…/api/v4`, the collection of Azure
    /// DevOps.
    pub api: Url,
    /// The project of Azure DevOps; empty for others, and where the repository is named by its identifier.
    pub project: String,
    /// The repository: `owner/name`, or in GitLab and Azure DevOps the name or identifier.
    pub repository: String,
    /// Its number.
    pub number: u64,
}

impl Host {
    /// Returns what people call it.
    pub fn name(self) -> &'static str {
        match self {
            Host::GitHub => "GitHub",
            Host::GitLab => "GitLab",
            Host::AzureDevOps => "Azure DevOps",
        }
    }

    /// Returns how many bytes a comment should have at most: somewhat less than the host takes, and not more than anybody
    /// reads.
    pub fn budget(self) -> usize {
        match self {
            Host::GitHub => 60_000,
            Host::GitLab => 200_000,
            Host::AzureDevOps => 140_000,
        }
    }

    /// Returns how many characters a comment may have: what the hosts document.
    fn limit(self) -> usize {
        match self {
            Host::GitHub => 65_536,
            Host::GitLab => 1_000_000,
            Host::AzureDevOps => 150_000,
        }
    }

    /// Returns the token of a host: that of `FAB_HOST_TOKEN`, or of the variable that programs for this host share.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn token(self, env: Env<'_>) -> Result<Secret, HostError> {
        let own: &[&str] = match self {
            Host::GitHub => &["GITHUB_TOKEN", "GH_TOKEN"],
            Host::GitLab => &["GITLAB_TOKEN"],
            Host::AzureDevOps => &["SYSTEM_ACCESSTOKEN", "AZURE_DEVOPS_EXT_PAT"],
        };
        let found = ["FAB_HOST_TOKEN"].iter().chain(own).find_map(|name| env(name));
        // A file that a secret was read from ends with a line.
        let found = found.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty());
        found.map(Secret::new).ok_or(HostError::NoToken { host: self })
    }
}

/// Returns a client for hosts, which goes through the proxies of the environment.
///
/// # Errors
///
/// The environment names a proxy that is none.
pub fn client(env: Env<'_>) -> Result<Http, HostError> {
    let proxies = Proxies::from_env(env).map_err(HostError::Proxy)?;
    Http::new(HttpOptions { proxies, ..HttpOptions::default() }).map_err(HostError::Http)
}
