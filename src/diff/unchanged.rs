//! Which components are the same on both sides, so that nobody has to render
//! them: those with the same files, values, names and settings.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use super::sides::Loaded;
use crate::resolve::{ResolvedComponent, ResolvedTree};

/// The components that are the same on both sides: an environment, and an output file in it.
#[derive(Debug, Default)]
pub(super) struct Unchanged(BTreeSet<(String, String)>);

impl Unchanged {
    /// Compares the components of two sides.
    pub(super) fn of(base: &Loaded<'_>, head: &Loaded<'_>) -> Self {
        let mut candidates = Vec::new();
        for (old, new) in pairs(&base.prepared.trees, &head.prepared.trees) {
            let settings = |side: &Loaded<'_>, component: &ResolvedComponent| {
                side.prepared.project.rendering.of(&new.environment, &component.path)
            };
            let before: BTreeMap<&str, &ResolvedComponent> =
                old.components.iter().map(|component| (component.output.as_str(), component)).collect();
            for after in &new.components {
                let Some(before) = before.get(after.output.as_str()) else { continue };
                if is_alike(before, after) && settings(base, before) == settings(head, after) {
                    let folders = (base.renderer.on_disk(&before.input), head.renderer.on_disk(&after.input));
                    candidates.push((folders, (new.environment.to_string(), after.output.clone())));
                }
            }
        }
        let folders: BTreeSet<&(PathBuf, PathBuf)> = candidates.iter().map(|(folders, _)| folders).collect();
        let folders: Vec<&(PathBuf, PathBuf)> = folders.into_iter().collect();
        let same: BTreeSet<&(PathBuf, PathBuf)> =
            folders.into_par_iter().filter(|(base, head)| is_same_tree(base, head)).collect();
        let same: BTreeSet<(PathBuf, PathBuf)> = same.into_iter().cloned().collect();
        let unchanged = candidates.into_iter().filter(|(folders, _)| same.contains(folders));
        Unchanged(unchanged.map(|(_, name)| name).collect())
    }

    fn has(&self, tree: &ResolvedTree, component: &ResolvedComponent) -> bool {
        !self.0.is_empty() && self.0.contains(&(tree.environment.to_string(), component.output.clone()))
    }

    /// Returns a tree with the components that are not the same.
    pub(super) fn rest(&self, tree: &ResolvedTree) -> ResolvedTree {
        let components = tree.components.iter().filter(|component| !self.has(tree, component));
        ResolvedTree { environment: tree.environment.clone(), components: components.cloned().collect() }
    }

    /// Counts the components that are not the same.
    pub(super) fn count_rest(&self, trees: &[ResolvedTree]) -> usize {
        let all = trees.iter().flat_map(|tree| tree.components.iter().map(move |one| (tree, one)));
        all.filter(|(tree, component)| !self.has(tree, component)).count()
    }
}

/// Returns the trees of the same environment.
pub(super) fn pairs<'a>(
    base: &'a [ResolvedTree],
    head: &'a [ResolvedTree],
) -> impl Iterator<Item = (&'a ResolvedTree, &'a ResolvedTree)> {
    let is_of = |old: &ResolvedTree, new: &ResolvedTree| old.environment.names() == new.environment.names();
    head.iter().filter_map(move |new| Some((base.iter().find(|old| is_of(old, new))?, new)))
}

/// Whether two components differ in nothing but their files and settings.
fn is_alike(old: &ResolvedComponent, new: &ResolvedComponent) -> bool {
    old.path == new.path
        && old.name() == new.name()
        && old.own.component.generator == new.own.component.generator
        && old.namespace == new.namespace
        && old.inject_namespace == new.inject_namespace
        && old.values == new.values
}

/// Whether two folders have the same files, or two files the same bytes. What cannot be read is different.
pub(super) fn is_same_tree(one: &Path, other: &Path) -> bool {
    one == other || differing(one, other, 1).is_ok_and(|files| files.is_empty())
}

/// Returns the files in which two folders differ, at most so many.
pub(super) fn differing(one: &Path, other: &Path, most: usize) -> io::Result<Vec<String>> {
    let (old, new) = (files(one)?, files(other)?);
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut found = Vec::new();
    for name in names {
        let is_same = match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) => is_same_file(old, new)?,
            _ => false,
        };
        if !is_same {
            found.push(name.clone());
        }
        if found.len() == most {
            break;
        }
    }
    Ok(found)
}

fn is_same_file(one: &Path, other: &Path) -> io::Result<bool> {
    Ok(fs::metadata(one)?.len() == fs::metadata(other)?.len() && fs::read(one)? == fs::read(other)?)
}

/// Returns the files below a folder by their paths there.
fn files(folder: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    for entry in WalkDir::new(folder).follow_links(true) {
        let entry = entry?;
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            found.insert(name.to_string_lossy().replace('\\', "/"), entry.into_path());
        }
    }
    Ok(found)
}
