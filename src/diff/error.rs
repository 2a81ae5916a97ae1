//! Why there is nothing to compare with.

use crate::source::SourceError;

/// Why there is nothing to compare with.
#[derive(Debug, thiserror::Error)]
pub enum DiffError {
    /// The definition is in no git repository.
    #[error("`{folder}` is in no git repository, so there is no earlier state to compare with")]
    NoRepository {
        /// The folder.
        folder: String,
    },
    /// There is no commit of this name.
    #[error("there is no commit `{revision}`")]
    NoCommit {
        /// What was named.
        revision: String,
        /// Whether the repository has only the newest commits.
        is_shallow: bool,
        /// What may be meant.
        suggestion: Option<String>,
    },
    /// No branch is known that changes are made for.
    #[error("no branch to compare with is known: there is no `main` or `master`")]
    NoBranch {
        /// Whether the repository has only the newest commits.
        is_shallow: bool,
    },
    /// The repository has no commit yet.
    #[error("the git repository has no commit to compare with")]
    NoHead,
    /// Two commits have nothing in common.
    #[error("`{base}` and what is checked out have no commit in common")]
    NothingInCommon {
        /// The other branch.
        base: String,
        /// Whether the repository has only the newest commits.
        is_shallow: bool,
    },
    /// Git cannot do it.
    #[error("cannot read the git repository: {0}")]
    Git(String),
    /// The repository of manifests cannot be had.
    #[error("cannot get the manifests of `{repository}`: {error}")]
    Repository {
        /// The repository.
        repository: String,
        /// Why.
        error: SourceError,
    },
    /// The commit that is compared with cannot be written down.
    #[error("cannot write the commit that is compared with: {0}")]
    Export(SourceError),
    /// There is no such folder.
    #[error("there is no folder `{folder}` to compare with")]
    NoFolder {
        /// The folder.
        folder: String,
    },
}

const SHALLOW: &str = "this clone has only the newest commits: set `fetch-depth: 0` (GitHub), `fetchDepth: 0` (Azure Pipelines) or `GIT_DEPTH: \"0\"` (GitLab), or run `git fetch --unshallow`";

impl DiffError {
    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            DiffError::NoCommit { is_shallow: true, .. }
            | DiffError::NoBranch { is_shallow: true }
            | DiffError::NothingInCommon { is_shallow: true, .. } => Some(SHALLOW.to_owned()),
            DiffError::NoCommit { suggestion: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            DiffError::NoCommit { .. } => Some("fetch it first, or name another one with --base".to_owned()),
            DiffError::NoRepository { .. } => {
                Some("compare with a folder or a repository of manifests: --against PATH".to_owned())
            }
            DiffError::NoBranch { .. } => Some("name a branch or commit with --base".to_owned()),
            DiffError::NothingInCommon { .. } => {
                Some("name a commit of the history of both with --base".to_owned())
            }
            DiffError::NoHead => Some("commit something first, or use --against PATH".to_owned()),
            DiffError::Repository { error, .. } | DiffError::Export(error) => error.hint(),
            DiffError::NoFolder { .. } => Some("name a folder, or a repository as `REPO@BRANCH`".to_owned()),
            DiffError::Git(_) => None,
        }
    }
}
