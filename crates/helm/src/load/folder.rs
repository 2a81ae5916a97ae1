//! The files of a chart folder, in the order in which Helm walks it.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::{LoadError, MAX_FILE, without_mark};
use crate::chart::File;
use crate::ignore::IgnoreRules;

/// Reads every file that `.helmignore` leaves, depth first and in byte order of names.
pub(super) fn read(folder: &Path) -> Result<Vec<File>, LoadError> {
    let root = fs::canonicalize(folder).map_err(|source| LoadError::io("lstat", folder, source))?;
    let rules = ignore_rules(folder)?;
    let mut walk = Walk { rules, around: vec![root.clone()], root, files: Vec::new() };
    walk.folder(folder, "")?;
    Ok(walk.files)
}

fn ignore_rules(folder: &Path) -> Result<IgnoreRules, LoadError> {
    let path = folder.join(".helmignore");
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(source) => return Err(LoadError::io("open", &path, source)),
    };
    Ok(IgnoreRules::parse(&String::from_utf8_lossy(&text))?)
}

struct Walk {
    rules: IgnoreRules,
    root: PathBuf,
    /// The folders that are being walked, links resolved.
    around: Vec<PathBuf>,
    files: Vec<File>,
}

impl Walk {
    /// Walks a folder; `prefix` is its path within the chart, with a final `/`.
    fn folder(&mut self, folder: &Path, prefix: &str) -> Result<(), LoadError> {
        let failed = |source| LoadError::io("open", folder, source);
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            names.push(entry.map_err(failed)?.file_name());
        }
        names.sort_unstable();
        for name in names {
            let path = folder.join(&name);
            self.visit(&path, &format!("{prefix}{}", name.to_string_lossy()))?;
        }
        Ok(())
    }

    fn visit(&mut self, path: &Path, name: &str) -> Result<(), LoadError> {
        let failed = |source| LoadError::io("lstat", path, source);
        let found = fs::symlink_metadata(path).map_err(failed)?;
        let is_link = found.is_symlink();
        let resolved = if is_link {
            let broken =
                |source| LoadError::BrokenLink { path: path.to_owned(), missing: missing(path), source };
            Some(fs::canonicalize(path).map_err(broken)?)
        } else {
            None
        };
        let found = if is_link { fs::metadata(path).map_err(failed)? } else { found };
        if self.rules.ignores(name, found.is_dir()) {
            return Ok(());
        }
        if let Some(target) = resolved.as_ref().filter(|target| !target.starts_with(&self.root)) {
            return Err(LoadError::LinkOutside { link: path.to_owned(), target: target.clone() });
        }
        if found.is_dir() {
            return self.subfolder(path, name, resolved);
        }
        if !found.is_file() {
            return Err(LoadError::Irregular(path.to_owned()));
        }
        if found.len() > MAX_FILE {
            let name = resolved.as_deref().unwrap_or(path).file_name().unwrap_or_default();
            let name = name.to_string_lossy().into_owned();
            return Err(LoadError::FileTooLarge { name, limit: MAX_FILE });
        }
        let data = fs::read(path).map_err(|source| LoadError::io("error reading", path, source))?;
        self.files.push(File { path: name.to_owned(), data: without_mark(data.into()) });
        Ok(())
    }

    fn subfolder(&mut self, path: &Path, name: &str, resolved: Option<PathBuf>) -> Result<(), LoadError> {
        let is_cycle = |target: &PathBuf| self.around.iter().any(|folder| folder.starts_with(target));
        if resolved.as_ref().is_some_and(is_cycle) {
            return Err(LoadError::LinkCycle(path.to_owned()));
        }
        let here = match (resolved, self.around.last()) {
            (Some(target), _) => target,
            (None, Some(parent)) => parent.join(path.file_name().unwrap_or_default()),
            (None, None) => path.to_owned(),
        };
        self.around.push(here);
        self.folder(path, &format!("{name}/"))?;
        self.around.pop();
        Ok(())
    }
}

/// Returns where the way to a link's target ends.
fn missing(link: &Path) -> PathBuf {
    let target = fs::read_link(link).unwrap_or_default();
    let mut reached = PathBuf::new();
    for part in link.with_file_name(target).components() {
        match part {
            Component::ParentDir => drop(reached.pop()),
            part => reached.push(part),
        }
        if fs::symlink_metadata(&reached).is_err() {
            break;
        }
    }
    reached
}
