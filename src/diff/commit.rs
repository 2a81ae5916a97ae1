//! The commit that a definition is compared with, written into a folder of its own.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::error::DiffError;
use super::{Against, DiffOptions, Side};
use crate::definition::{Places, load_all, place};
use crate::error::{Error, Failure};
use crate::git::Checkout;
use crate::resolve::input_folder;
use crate::source::{InstallOptions, Renew, SourceError, install, lockfile};

/// The commit that is compared with, in a folder of its own.
pub(super) struct Base {
    /// What messages call it.
    pub(super) side: Side,
    /// The folder of the definition.
    pub(super) directory: PathBuf,
    /// Whether the commit has the definition.
    pub(super) is_there: bool,
    /// The folder goes away with this.
    _scratch: TempDir,
}

/// Finds and writes the commit.
pub(super) fn base(options: &DiffOptions) -> Result<Base, Error> {
    let folder = place::typed(&options.directory);
    let shown = if folder.is_empty() { ".".to_owned() } else { folder };
    let checkout = Checkout::of(&options.directory)
        .map_err(|_| Error::Diff(DiffError::NoRepository { folder: shown }))?;
    let side = base_commit(&checkout, &options.against)?;
    let commit = side.commit.clone().unwrap_or_default();
    let scratch = tempfile::tempdir()
        .map_err(|source| Error::Unwritable { path: "the temporary folder".to_owned(), source })?;
    let below = checkout.path_of(&options.directory.join("component.yaml")).unwrap_or_default();
    let below = below.rsplit_once('/').map_or("", |(folder, _)| folder);
    // The name of a folder is that of a component without one.
    let real = std::fs::canonicalize(&options.directory).ok();
    let name = real.as_deref().and_then(Path::file_name).unwrap_or(std::ffi::OsStr::new("definition"));
    let mut directory = scratch.path().join(name);
    let mut is_there = checkout.export_folder(&commit, below, &directory).map_err(export_error)?;
    is_there &= ["component.yaml", "component.json"].iter().any(|file| directory.join(file).is_file());
    // Local components may be beside the definition, so then all of the commit is needed.
    if is_there && !below.is_empty() && leaves(&directory) {
        let whole = scratch.path().join("whole");
        checkout.export_folder(&commit, "", &whole).map_err(export_error)?;
        directory = whole.join(below);
    }
    let (lock, own) = (directory.join(lockfile::FILE), options.directory.join(lockfile::FILE));
    if is_there && !lock.exists() && own.exists() {
        // Without a lockfile, what is asked for alike is the same.
        std::fs::copy(&own, &lock)
            .map_err(|source| Error::Unwritable { path: lock.display().to_string(), source })?;
    }
    Ok(Base { side, _scratch: scratch, directory, is_there })
}

/// Whether a definition has components outside of its folder.
fn leaves(directory: &Path) -> bool {
    let places = Places::new();
    let definition = load_all(directory, "", &places);
    let mut waiting = vec![&definition.root];
    while let Some(node) = waiting.pop() {
        let Ok(body) = &node.body else { return true };
        let input = input_folder(&node.folder, &body.own.component);
        if [&node.folder, &input].iter().any(|path| path.starts_with("../")) {
            return true;
        }
        waiting.extend(&body.children);
    }
    false
}

fn base_commit(checkout: &Checkout, against: &Against) -> Result<Side, Error> {
    let is_shallow = checkout.is_shallow();
    let side = |name: &str, commit: String| {
        let name = if commit.starts_with(name) {
            commit[..7].to_owned()
        } else {
            format!("{name} at {}", &commit[..7])
        };
        Side { name, commit: Some(commit) }
    };
    let find = |revision: &str| {
        let unknown = || {
            let branches = checkout.branches();
            let names = branches.iter().map(|name| name.strip_prefix("origin/").unwrap_or(name));
            let suggestion = kubeschema::closest(revision, names).map(str::to_owned);
            DiffError::NoCommit { revision: revision.to_owned(), is_shallow, suggestion }
        };
        checkout.commit_of(revision).map_err(git)?.ok_or_else(|| Error::Diff(unknown()))
    };
    let branch = match against {
        Against::Commit(revision) => return Ok(side(revision, find(revision)?)),
        Against::MergeBase(Some(branch)) => branch.clone(),
        _ => checkout.default_branch().ok_or(Error::Diff(DiffError::NoBranch { is_shallow }))?,
    };
    let head = checkout.head().map_err(git)?.ok_or(Error::Diff(DiffError::NoHead))?;
    let base = checkout.merge_base(&head, &find(&branch)?).map_err(git)?;
    let base =
        base.ok_or_else(|| Error::Diff(DiffError::NothingInCommon { base: branch.clone(), is_shallow }))?;
    Ok(side(&branch, base))
}

fn git(err: impl Display) -> Error {
    Error::Diff(DiffError::Git(err.to_string()))
}

fn export_error(error: SourceError) -> Error {
    Error::Diff(DiffError::Export(error))
}

/// Brings what the commit names from elsewhere, as its lockfile has it.
pub(super) fn install_sources(options: &DiffOptions, base: &Base) -> Result<(), Vec<Failure>> {
    let options = InstallOptions {
        directory: base.directory.clone(),
        cache: options.cache.clone(),
        locked: false,
        network: options.network,
        hooks: options.hooks.clone(),
        variables: options.variables.clone(),
        renew: Renew::Nothing,
    };
    install(&options, &|_| {}).map(drop)
}
