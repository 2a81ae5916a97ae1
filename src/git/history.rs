//! The commits of the repository that the user works in, to compare with.
//!
//! Nothing of the working tree, the index or the branches is touched.

use std::fs;
use std::path::Path;

use git2::{ErrorCode, Oid};

use super::checkout::{Checkout, Result};
use super::tree;
use crate::source::SourceError;

impl Checkout {
    /// Finds the commit of a revision: what git calls one, or else a branch of the remote `origin`.
    pub(crate) fn commit_of(&self, revision: &str) -> Result<Option<String>> {
        for name in [revision.to_owned(), format!("refs/remotes/origin/{revision}")] {
            match self.repository().revparse_single(&name) {
                Ok(object) => return Ok(Some(object.peel_to_commit()?.id().to_string())),
                Err(err) if matches!(err.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => {}
                Err(err) => return Err(err),
            }
        }
        Ok(None)
    }

    /// Returns the branch that changes are made for: what the remote `origin` points to, or one that is called as such
    /// branches are.
    pub(crate) fn default_branch(&self) -> Option<String> {
        let head = self.repository().find_reference("refs/remotes/origin/HEAD").ok();
        let target = head.and_then(|head| Some(head.symbolic_target().ok()??.to_owned()));
        let target = target.and_then(|name| name.strip_prefix("refs/remotes/").map(str::to_owned));
        let usual = ["origin/main", "origin/master", "main", "master"].map(str::to_owned);
        let mut candidates = target.into_iter().chain(usual);
        candidates.find(|name| self.repository().revparse_single(name).is_ok())
    }

    /// Returns the last commit that two have in common.
    pub(crate) fn merge_base(&self, one: &str, other: &str) -> Result<Option<String>> {
        match self.repository().merge_base(Oid::from_str(one)?, Oid::from_str(other)?) {
            Ok(id) => Ok(Some(id.to_string())),
            Err(err) if err.code() == ErrorCode::NotFound => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// Returns whether the repository has only the newest commits.
    pub(crate) fn is_shallow(&self) -> bool {
        self.repository().is_shallow()
    }

    /// Returns the names of the branches, those of the remotes too.
    pub(crate) fn branches(&self) -> Vec<String> {
        // Names that cannot be read are none to suggest.
        let Ok(branches) = self.repository().branches(None) else { return Vec::new() };
        branches.flatten().filter_map(|(branch, _)| Some(branch.name().ok()??.to_owned())).collect()
    }

    /// Writes a folder of a commit into an empty folder; returns whether the commit has it.
    pub(crate) fn export_folder(
        &self,
        commit: &str,
        folder: &str,
        target: &Path,
    ) -> std::result::Result<bool, SourceError> {
        let failed = |err: git2::Error| super::io_error("read the commit", err.message());
        let id = Oid::from_str(commit).map_err(failed)?;
        let tree = self.repository().find_commit(id).and_then(|commit| commit.tree()).map_err(failed)?;
        let tree = match folder {
            "" => tree.id(),
            folder => match tree.get_path(Path::new(folder)) {
                Ok(entry) => entry.id(),
                Err(err) if err.code() == ErrorCode::NotFound => return Ok(false),
                Err(err) => return Err(failed(err)),
            },
        };
        let made = fs::create_dir_all(target);
        made.map_err(|source| SourceError::Io { action: format!("make `{}`", target.display()), source })?;
        tree::write(self.repository(), &tree.to_string(), target)?;
        Ok(true)
    }
}
