//! Replaces a folder with a new one, all or nothing.
//!
//! The new folder is built beside the old one and then put in its place: by an
//! atomic exchange where the system has one, else by two renames.
//!
//! Invariant: at every moment the folder is the old tree or the new one. Where
//! two renames are needed there is a moment without either; a run that dies in
//! it leaves the old tree beside, and the next run puts it back first.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A new folder beside the one that it is to replace. Dropped, it vanishes.
pub(crate) struct Replacement {
    target: PathBuf,
    parent: PathBuf,
    /// What the names of all folders start with that a run may make beside the target.
    prefix: String,
    /// Tells other runs that the new folder is in use.
    _lock: Option<File>,
}

impl Replacement {
    /// Makes an empty folder beside `target`, after removing what dead runs left there.
    pub(crate) fn new(target: &Path) -> Result<Self, Error> {
        let parent = target.parent().unwrap_or(target).to_owned();
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let mut new =
            Replacement { target: target.to_owned(), parent, prefix: format!(".{name}.fab-"), _lock: None };
        fs::create_dir_all(&new.parent).map_err(|source| unwritable(&new.parent, source))?;
        new.recover()?;
        new.remove_stale()?;
        let folder = new.folder();
        fs::create_dir(&folder).map_err(|source| unwritable(&folder, source))?;
        new._lock = lock(&folder);
        Ok(new)
    }

    /// Puts right what a run left that died while it replaced `target`.
    pub(crate) fn settle(target: &Path) -> Result<(), Error> {
        let replacement = Self::of(target);
        if !exists(&replacement.parent) {
            return Ok(());
        }
        replacement.recover()?;
        replacement.remove_stale()
    }

    fn of(target: &Path) -> Self {
        let parent = target.parent().unwrap_or(target).to_owned();
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        Replacement { target: target.to_owned(), parent, prefix: format!(".{name}.fab-"), _lock: None }
    }

    /// Returns the new folder.
    pub(crate) fn folder(&self) -> PathBuf {
        self.parent.join(format!("{}new-{}", self.prefix, std::process::id()))
    }

    /// Puts the new folder in the place of the old one, which is then removed.
    pub(crate) fn swap(self) -> Result<(), Error> {
        let (new, target) = (self.folder(), &self.target);
        if !exists(target) {
            return fs::rename(&new, target).map_err(|source| unwritable(target, source));
        }
        let old = if exchange(&new, target) {
            new
        } else {
            let aside = self.aside();
            fs::rename(target, &aside).map_err(|source| unwritable(target, source))?;
            fs::rename(&new, target).map_err(|source| unwritable(target, source))?;
            aside
        };
        let removed = if old.is_dir() { fs::remove_dir_all(&old) } else { fs::remove_file(&old) };
        removed.map_err(|source| unwritable(&old, source))
    }

    /// Returns where the old tree is between two renames.
    fn aside(&self) -> PathBuf {
        self.parent.join(format!("{}old", self.prefix))
    }

    /// Puts back the old tree of a run that died between its two renames.
    fn recover(&self) -> Result<(), Error> {
        let aside = self.aside();
        if !exists(&self.target) && exists(&aside) {
            fs::rename(&aside, &self.target).map_err(|source| unwritable(&self.target, source))?;
        }
        Ok(())
    }

    /// Removes the trees that dead runs left.
    fn remove_stale(&self) -> Result<(), Error> {
        let entries = fs::read_dir(&self.parent).map_err(|source| unreadable(&self.parent, source))?;
        for entry in entries {
            let entry = entry.map_err(|source| unreadable(&self.parent, source))?;
            let ours = entry.file_name().to_string_lossy().starts_with(&self.prefix);
            if ours && !in_use(&entry.path()) {
                fs::remove_dir_all(entry.path()).map_err(|source| unwritable(&entry.path(), source))?;
            }
        }
        Ok(())
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        // The tree is useless now; what made the run fail is what gets reported.
        let _ = fs::remove_dir_all(self.folder());
    }
}

/// Exchanges two folders atomically; returns false where that is not to be had.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(one: &Path, two: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, two, RenameFlags::EXCHANGE).is_ok()
}

/// Exchanges two folders atomically; returns false where that is not to be had.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(_one: &Path, _two: &Path) -> bool {
    false
}

/// Locks a folder for as long as the file lives; nothing where folders cannot be opened.
pub(crate) fn lock(folder: &Path) -> Option<File> {
    let file = File::open(folder).ok()?;
    file.try_lock().is_ok().then_some(file)
}

/// Returns whether a living run builds in a folder.
pub(crate) fn in_use(folder: &Path) -> bool {
    File::open(folder).is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)))
}

pub(crate) fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

pub(crate) fn unwritable(path: &Path, source: std::io::Error) -> Error {
    Error::Unwritable { path: path.display().to_string(), source }
}

pub(crate) fn unreadable(path: &Path, source: std::io::Error) -> Error {
    Error::Unreadable { file: path.display().to_string(), source }
}
