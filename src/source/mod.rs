//! Brings everything that a definition names onto this machine and pins it, so
//! that `generate` needs no network and gives the same on any machine.
//!
//! What a component asks for ([`Asked`]) is resolved to something that cannot
//! change ([`Resolved`]), which is what `fab.lock` records. Content goes into a
//! cache by its digest and from there to its place in the definition.
//!
//! The methods are modules of their own that know neither lock nor cache: they
//! take plain arguments and give bytes or a folder with its digest.

use std::fmt;

pub mod allow;
pub mod archive;
pub mod cache;
pub mod chart_dependencies;
pub mod charts;
pub mod credentials;
pub mod error;
mod fetch;
pub mod find;
mod git;
pub mod helm_config;
pub mod helm_repo;
pub mod http;
mod install;
pub mod lockfile;
pub mod oci;
mod outdated;
mod placing;
pub(crate) mod plan;
mod subcharts;
mod tokens;
pub(crate) mod url;
pub(crate) mod vendored;

pub use cache::Cache;
pub use error::SourceError;
pub use fetch::Network;
pub(crate) use fetch::{cached_archive, clone_definition, fetch_archive, fetch_tree, login, ssh_keys};
pub use install::{
    Change, InstallEvent, InstallOptions, Installed, Planned, Preview, Renew, install, outdated, preview,
    resolve_anew, vendor,
};
pub use outdated::Outdated;
pub use url::SourceUrl;

/// What a component asks for: the fields of its entry that say what to fetch, whoever names it and wherever it goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asked {
    /// A git repository.
    Git {
        /// The repository.
        url: SourceUrl,
        /// The branch, or a tag; none for what the repository points to.
        branch: Option<String>,
        /// A commit or tag, which wins over the branch.
        version: Option<String>,
    },
    /// A chart of a repository with an index, or of an OCI registry (`oci://host/folder`).
    Chart {
        /// The repository, without the chart.
        repository: SourceUrl,
        /// The chart.
        chart: String,
        /// A version or a range of versions; none for the newest.
        version: Option<String>,
    },
    /// A file by http.
    File {
        /// The file.
        url: SourceUrl,
        /// The digest that it has to have, in hex.
        sha256: Option<String>,
    },
}

/// What was asked for as something that cannot change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// A commit.
    Git {
        /// Its hash, in hex.
        commit: String,
        /// The hash of its tree, in hex: equal trees are equal content.
        tree: String,
    },
    /// A version of a chart.
    Chart {
        /// The version.
        version: String,
        /// `sha256:…` of the archive, or of the manifest in a registry.
        digest: String,
    },
    /// The content of a file.
    File {
        /// `sha256:…` of it.
        digest: String,
    },
}

impl Asked {
    /// Returns where it is asked for.
    pub fn source(&self) -> &SourceUrl {
        match self {
            Asked::Git { url, .. } | Asked::File { url, .. } => url,
            Asked::Chart { repository, .. } => repository,
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Asked::Git { url, branch, version } => {
                write!(f, "git {url}")?;
                named(f, "branch", branch.as_deref())?;
                named(f, "version", version.as_deref())
            }
            Asked::Chart { repository, chart, version } => {
                write!(f, "helm {repository} path {chart}")?;
                named(f, "version", version.as_deref())
            }
            Asked::File { url, sha256 } => {
                write!(f, "http {url}")?;
                named(f, "sha256", sha256.as_deref())
            }
        }
    }
}

fn named(f: &mut fmt::Formatter<'_>, name: &str, value: Option<&str>) -> fmt::Result {
    value.map_or(Ok(()), |value| write!(f, " {name} {value}"))
}

impl fmt::Display for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Resolved::Git { commit, .. } => f.write_str(commit),
            Resolved::Chart { version, digest } => write!(f, "{version} {digest}"),
            Resolved::File { digest } => f.write_str(digest),
        }
    }
}
