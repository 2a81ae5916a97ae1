//! Writes the manifests of an environment to disk, all or nothing.
//!
//! The folder of an environment belongs to `fab` entirely. A complete new tree
//! replaces it, in which unchanged files are hard links to the old ones, so they
//! keep their times.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use walkdir::WalkDir;

use crate::error::{Error, Place};
use crate::replacement::{Replacement, exists, unreadable, unwritable};

/// The text of one output file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Path of the component that it is of.
    pub component: String,
    /// The text, which need not be UTF-8: static files are taken as they are.
    pub text: Vec<u8>,
    /// How many resources it holds.
    pub resources: usize,
    /// Lines that are different in every run, if the output is to be compared.
    pub varying: Vec<Varying>,
}

/// Lines of a manifest that depend on the moment or on randomness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Varying {
    /// The lines, from 1.
    pub lines: BTreeSet<usize>,
    /// The function that asked for it.
    pub function: &'static str,
    /// Where the function is called.
    pub place: Place,
}

/// The manifests of one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputTree {
    /// The environment, as messages name it.
    pub environment: String,
    /// The folder of the environment below the output folder.
    pub folder: String,
    /// The files by their path in that folder.
    pub files: BTreeMap<String, Manifest>,
    /// Texts with definitions of custom resources that come with it and are not written, if they are asked for.
    pub definitions: Vec<String>,
}

/// How a file on disk differs from the tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// It has another text.
    Changed(String),
    /// It is not on disk.
    Missing(String),
    /// It is on disk only.
    Extra(String),
}

/// A line that differs, but would in every run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCompared {
    /// The path in the folder of the environment.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The function that made it.
    pub function: &'static str,
    /// Where the function is called.
    pub place: Place,
}

/// What a comparison with the disk shows, in order of paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The files that differ.
    pub differences: Vec<Difference>,
    /// The lines that say nothing about whether a file is up to date.
    pub not_compared: Vec<NotCompared>,
}

impl Manifest {
    /// Returns the lines in which another text differs, if all of them differ in every run.
    fn differs_by_chance(&self, path: &str, other: &[u8]) -> Option<Vec<NotCompared>> {
        let lines = |text: &'_ [u8]| text.split(|byte| *byte == b'\n').count();
        if self.varying.is_empty() || lines(&self.text) != lines(other) {
            return None;
        }
        let pairs = self.text.split(|byte| *byte == b'\n').zip(other.split(|byte| *byte == b'\n'));
        let different = pairs.enumerate().filter(|(_, (ours, theirs))| ours != theirs).map(|(at, _)| at + 1);
        let by_chance = |line: usize| {
            let varying = self.varying.iter().find(|varying| varying.lines.contains(&line))?;
            let (function, place) = (varying.function, varying.place.clone());
            Some(NotCompared { path: path.to_owned(), line, function, place })
        };
        different.map(by_chance).collect()
    }
}

impl Difference {
    /// Returns the path in the folder of the environment.
    pub fn path(&self) -> &str {
        match self {
            Difference::Changed(path) | Difference::Missing(path) | Difference::Extra(path) => path,
        }
    }
}

impl OutputTree {
    /// Returns how many resources there are in all manifests.
    pub fn resources(&self) -> usize {
        self.files.values().map(|manifest| manifest.resources).sum()
    }

    /// Compares the tree with what is on disk below `output`, in order of paths.
    pub fn compare(&self, output: &Path) -> Result<Comparison, Error> {
        let target = output.join(&self.folder);
        let Comparison { mut differences, mut not_compared } = Comparison::default();
        for (path, manifest) in &self.files {
            match fs::read(target.join(path)) {
                Ok(text) if text == manifest.text => {}
                Ok(text) => match manifest.differs_by_chance(path, &text) {
                    Some(lines) => not_compared.extend(lines),
                    None => differences.push(Difference::Changed(path.clone())),
                },
                Err(err) if is_absent(&err) => differences.push(Difference::Missing(path.clone())),
                Err(source) => return Err(unreadable(&target.join(path), source)),
            }
        }
        let extra = files_below(&target)?.into_iter().filter(|path| !self.files.contains_key(path));
        differences.extend(extra.map(Difference::Extra));
        differences.sort_by(|one, two| one.path().cmp(two.path()));
        Ok(Comparison { differences, not_compared })
    }

    /// Writes the tree below `output` in place of what is there.
    pub fn write(&self, output: &Path) -> Result<(), Error> {
        let target = output.join(&self.folder);
        let replacement = Replacement::new(&target)?;
        self.build(&replacement.folder(), &target)?;
        replacement.swap()
    }

    /// Builds the complete tree in `fresh`.
    fn build(&self, fresh: &Path, old: &Path) -> Result<(), Error> {
        for (path, manifest) in &self.files {
            let file = fresh.join(path);
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder).map_err(|source| unwritable(folder, source))?;
            }
            if !link_unchanged(&old.join(path), &file, &manifest.text) {
                fs::write(&file, &manifest.text).map_err(|source| unwritable(&file, source))?;
            }
        }
        Ok(())
    }
}

/// Links a new file to the old one if that is a plain file with this text.
fn link_unchanged(old: &Path, new: &Path, text: &[u8]) -> bool {
    let same_size =
        fs::symlink_metadata(old).is_ok_and(|meta| meta.is_file() && meta.len() == text.len() as u64);
    same_size && fs::read(old).is_ok_and(|old_text| old_text == text) && fs::hard_link(old, new).is_ok()
}

/// Lists the files below a folder by their relative paths; a folder that is not there has none.
fn files_below(folder: &Path) -> Result<Vec<String>, Error> {
    if !exists(folder) {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in WalkDir::new(folder) {
        let entry = entry.map_err(|err| {
            let path = err.path().unwrap_or(folder).to_owned();
            unreadable(&path, err.into())
        })?;
        if entry.file_type().is_dir() {
            continue;
        }
        if let Ok(relative) = entry.path().strip_prefix(folder) {
            let segments: Vec<_> = relative.iter().map(|segment| segment.to_string_lossy()).collect();
            files.push(segments.join("/"));
        }
    }
    Ok(files)
}

fn is_absent(err: &io::Error) -> bool {
    matches!(err.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::replacement::lock;

    fn tree(files: &[(&str, &str)]) -> OutputTree {
        let manifest = |text: &str| Manifest {
            component: "c".into(),
            text: text.into(),
            resources: 0,
            varying: Vec::new(),
        };
        let files = files.iter().map(|&(path, text)| (path.to_owned(), manifest(text))).collect();
        OutputTree { environment: "prod".into(), folder: "prod".into(), files, definitions: Vec::new() }
    }

    #[track_caller]
    fn check(output: &Path, want: &[(&str, &str)]) {
        assert_eq!(tree(want).compare(output).unwrap(), Comparison::default(), "files of the environment");
        let names: Vec<String> = files_below(output).unwrap();
        let in_env = names.iter().filter(|name| name.starts_with("prod/")).count();
        assert_eq!((in_env, names.len()), (want.len(), want.len()), "nothing is left beside it: {names:?}");
    }

    #[test]
    fn a_tree_replaces_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        tree(&[("a.yaml", "1"), ("x/b.yaml", "2")]).write(dir.path()).unwrap();
        check(dir.path(), &[("a.yaml", "1"), ("x/b.yaml", "2")]);
        tree(&[("a.yaml", "3"), ("c.yaml", "")]).write(dir.path()).unwrap();
        check(dir.path(), &[("a.yaml", "3"), ("c.yaml", "")]);
    }

    #[test]
    fn an_unchanged_file_keeps_its_time() {
        let dir = tempfile::tempdir().unwrap();
        tree(&[("a.yaml", "1"), ("b.yaml", "2")]).write(dir.path()).unwrap();
        let file = File::options().write(true).open(dir.path().join("prod/a.yaml")).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
        tree(&[("a.yaml", "1"), ("b.yaml", "3")]).write(dir.path()).unwrap();
        let time = fs::metadata(dir.path().join("prod/a.yaml")).unwrap().modified().unwrap();
        assert_eq!(time, std::time::UNIX_EPOCH);
    }

    #[test]
    fn a_difference_is_changed_missing_or_extra() {
        let dir = tempfile::tempdir().unwrap();
        tree(&[("a.yaml", "1"), ("b.yaml", "2"), ("d/e.yaml", "5")]).write(dir.path()).unwrap();
        let differences =
            tree(&[("a.yaml", "1"), ("b.yaml", "3"), ("c.yaml", "4")]).compare(dir.path()).unwrap();
        let want = [
            Difference::Changed("b.yaml".into()),
            Difference::Missing("c.yaml".into()),
            Difference::Extra("d/e.yaml".into()),
        ];
        assert_eq!(differences.differences, want);
    }

    #[test]
    fn other_environments_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("qa")).unwrap();
        fs::write(dir.path().join("qa/a.yaml"), "qa").unwrap();
        tree(&[("a.yaml", "1")]).write(dir.path()).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("qa/a.yaml")).unwrap(), "qa");
    }

    #[test]
    fn a_tree_that_a_dead_run_left_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join(".prod.fab-new-1/x")).unwrap();
        tree(&[("a.yaml", "1")]).write(dir.path()).unwrap();
        assert!(!dir.path().join(".prod.fab-new-1").exists());
    }

    #[test]
    fn a_tree_that_a_living_run_builds_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let other = dir.path().join(".prod.fab-new-1");
        fs::create_dir(&other).unwrap();
        let lock = lock(&other);
        tree(&[("a.yaml", "1")]).write(dir.path()).unwrap();
        assert_eq!(other.exists(), lock.is_some());
    }

    #[test]
    fn a_run_that_died_between_two_renames_is_completed() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".prod.fab-old")).unwrap();
        fs::write(dir.path().join(".prod.fab-old/a.yaml"), "old").unwrap();
        fs::write(dir.path().join(".prod.fab-old/b.yaml"), "old").unwrap();
        tree(&[("a.yaml", "new")]).write(dir.path()).unwrap();
        check(dir.path(), &[("a.yaml", "new")]);
    }

    #[test]
    fn err_the_output_folder_is_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let output = dir.path().join("generated");
        fs::write(&output, "").unwrap();
        let error = tree(&[("a.yaml", "1")]).write(&output).unwrap_err();
        assert!(matches!(error, Error::Unwritable { .. }), "{error}");
    }
}
