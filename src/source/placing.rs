//! Puts content of the cache into its place in a definition.
//!
//! A place is a folder that belongs to one component's source as a whole. What
//! is in it and not in the content goes away, what is there as wanted is left
//! alone, and anything else is replaced by a complete new folder. Sources of a
//! component that is itself installed are places within a place; the outermost
//! one is then made as a whole.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::cache::{self, EntryKind, Item};
use crate::error::Error;
use crate::replacement::{Replacement, unreadable, unwritable};

/// What is to be at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// A folder.
    Folder,
    /// The content of a file of the cache, with its size.
    File(PathBuf, u64),
    /// A symbolic link with its target.
    Link(PathBuf),
}

/// What is to be in a folder, by path.
pub(crate) type Tree = BTreeMap<String, Content>;

/// How files get into their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// As hard links where that is possible.
    Link,
    /// As copies, which may be written to: hooks do so.
    Copy,
}

/// Returns what an item puts into its place.
pub(crate) fn tree_of(item: &Item) -> Tree {
    let content = |path: &str, kind: &EntryKind| match kind {
        EntryKind::Folder => Content::Folder,
        EntryKind::File(size) => Content::File(item.folder.join(path), *size),
        EntryKind::Link(target) => Content::Link(target.clone()),
    };
    item.entries.iter().map(|entry| (entry.path.clone(), content(&entry.path, &entry.kind))).collect()
}

/// Makes `folder` of `tree` have exactly what `inner` has.
pub(crate) fn insert(tree: &mut Tree, folder: &str, inner: Tree) {
    let above = std::iter::successors(Some(folder), |way| way.rsplit_once('/').map(|(above, _)| above));
    for way in above {
        // A link on the way would put the files elsewhere.
        tree.insert(way.to_owned(), Content::Folder);
    }
    let below = format!("{folder}/");
    tree.retain(|path, _| !path.starts_with(&below));
    tree.extend(inner.into_iter().map(|(path, content)| (below.clone() + &path, content)));
}

/// Joins the trees of places so that each that is within another becomes part of it.
pub(crate) fn outermost(places: BTreeMap<String, Tree>) -> BTreeMap<String, Tree> {
    let mut outer: BTreeMap<String, Tree> = BTreeMap::new();
    // In this order a place comes after those that it is in.
    for (folder, tree) in places {
        let around = outer.iter_mut().find_map(|(around, outer)| {
            let inner = folder.strip_prefix(around.as_str())?.strip_prefix('/')?;
            Some((outer, inner))
        });
        match around {
            Some((outer, inner)) => insert(outer, inner, tree),
            None => {
                outer.insert(folder, tree);
            }
        }
    }
    outer
}

/// Puts trees into their places below `root`, those that are not there already; returns how many there were. All new
/// folders are complete before the first one replaces an old one.
pub(crate) fn place(
    root: &Path,
    places: &BTreeMap<String, Tree>,
    transfer: Transfer,
) -> Result<usize, Vec<(String, Error)>> {
    let (mut ready, mut failures) = (Vec::new(), Vec::new());
    for (folder, tree) in places {
        match replacement(tree, &root.join(folder), transfer) {
            Ok(Some(new)) => ready.push((folder, new)),
            Ok(None) => {}
            Err(error) => failures.push((folder.clone(), error)),
        }
    }
    if !failures.is_empty() {
        return Err(failures);
    }
    let count = ready.len();
    for (folder, new) in ready {
        new.swap().map_err(|error| vec![(folder.clone(), error)])?;
    }
    Ok(count)
}

/// Builds what is to replace a folder; nothing if it is as wanted.
fn replacement(tree: &Tree, target: &Path, transfer: Transfer) -> Result<Option<Replacement>, Error> {
    Replacement::settle(target)?;
    if is_there(tree, target) {
        return Ok(None);
    }
    let new = Replacement::new(target)?;
    build(tree, &new.folder(), transfer)?;
    Ok(Some(new))
}

/// Whether a folder has exactly the content of a tree.
fn is_there(tree: &Tree, folder: &Path) -> bool {
    let mut found = 0;
    // What cannot be read is not as wanted; building it anew will tell why.
    let same = walkdir::WalkDir::new(folder).min_depth(1).into_iter().all(|entry| {
        found += 1;
        entry.is_ok_and(|entry| {
            let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            let segments: Vec<_> = relative.iter().map(|segment| segment.to_string_lossy()).collect();
            tree.get(&segments.join("/")).is_some_and(|content| is_same(content, &entry))
        })
    });
    same && found == tree.len() && fs::symlink_metadata(folder).is_ok_and(|meta| meta.is_dir())
}

fn is_same(content: &Content, entry: &walkdir::DirEntry) -> bool {
    match content {
        Content::Folder => entry.file_type().is_dir(),
        Content::File(from, size) => {
            let meta = entry.metadata().ok().filter(|meta| meta.is_file() && meta.len() == *size);
            meta.is_some_and(|meta| cache::is_stamped(&meta) && is_same_file(from, entry.path(), &meta))
        }
        Content::Link(target) => fs::read_link(entry.path()).is_ok_and(|found| found == *target),
    }
}

/// Whether a file is a link to one of the cache, or has its text. That it has the time of the cache says only that it
/// was not written to.
#[cfg(unix)]
fn is_same_file(cached: &Path, file: &Path, meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let executable = |meta: &fs::Metadata| meta.mode() & 0o111;
    fs::metadata(cached).is_ok_and(|cached_meta| {
        (cached_meta.dev(), cached_meta.ino()) == (meta.dev(), meta.ino())
            || executable(&cached_meta) == executable(meta) && has_same_text(cached, file)
    })
}

#[cfg(not(unix))]
fn is_same_file(cached: &Path, file: &Path, _meta: &fs::Metadata) -> bool {
    has_same_text(cached, file)
}

fn has_same_text(one: &Path, two: &Path) -> bool {
    matches!((fs::read(one), fs::read(two)), (Ok(one), Ok(two)) if one == two)
}

fn build(tree: &Tree, folder: &Path, transfer: Transfer) -> Result<(), Error> {
    for (path, content) in tree {
        let target = folder.join(path);
        match content {
            Content::Folder => fs::create_dir(&target).map_err(|source| unwritable(&target, source))?,
            Content::File(from, _) => put(from, &target, transfer)?,
            Content::Link(to) => link(to, &target).map_err(|source| unwritable(&target, source))?,
        }
    }
    Ok(())
}

fn put(from: &Path, target: &Path, transfer: Transfer) -> Result<(), Error> {
    if transfer == Transfer::Link && fs::hard_link(from, target).is_ok() {
        return Ok(());
    }
    // Where the file system can share content, this is a reflink.
    fs::copy(from, target).map_err(|source| {
        let missing = source.kind() == io::ErrorKind::NotFound;
        if missing { unreadable(from, source) } else { unwritable(target, source) }
    })?;
    make_writable(target).and_then(|()| cache::stamp(target)).map_err(|source| unwritable(target, source))
}

#[cfg(unix)]
fn make_writable(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(file)?.permissions().mode();
    fs::set_permissions(file, fs::Permissions::from_mode(mode | 0o200))
}

#[cfg(not(unix))]
fn make_writable(file: &Path) -> io::Result<()> {
    let mut permissions = fs::metadata(file)?.permissions();
    permissions.set_readonly(false);
    fs::set_permissions(file, permissions)
}

#[cfg(unix)]
fn link(target: &Path, file: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, file)
}

#[cfg(not(unix))]
fn link(_target: &Path, _file: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Definition(tempfile::TempDir);

    impl Definition {
        fn new(files: &[(&str, &str)]) -> Self {
            let definition = Definition(tempfile::tempdir().unwrap());
            for (path, text) in files {
                let file = definition.0.path().join(path);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, text).unwrap();
            }
            definition
        }

        /// A tree of files as the cache has them.
        fn tree(&self, files: &[(&str, &str)]) -> Tree {
            let mut tree = Tree::new();
            for (path, text) in files {
                let from = self.0.path().join(format!("{}.cached", path.replace('/', "_")));
                fs::write(&from, text).unwrap();
                cache::stamp(&from).unwrap();
                for (at, _) in path.match_indices('/') {
                    tree.insert(path[..at].to_owned(), Content::Folder);
                }
                tree.insert((*path).to_owned(), Content::File(from, text.len() as u64));
            }
            tree
        }

        #[track_caller]
        fn check(&self, place_at: &str, tree: &Tree, placed: usize, want: &[&str]) {
            let places = BTreeMap::from([(place_at.to_owned(), tree.clone())]);
            for transfer in [Transfer::Link, Transfer::Copy] {
                let count = place(self.0.path(), &places, transfer).unwrap();
                // The second time all is there.
                assert_eq!(count, if transfer == Transfer::Link { placed } else { 0 });
            }
            let mut files = Vec::new();
            let folder = self.0.path().join("components");
            for entry in walkdir::WalkDir::new(&folder).sort_by_file_name() {
                let entry = entry.unwrap();
                if !entry.file_type().is_dir() {
                    files.push(entry.path().strip_prefix(&folder).unwrap().to_str().unwrap().to_owned());
                }
            }
            assert_eq!(files, want);
        }
    }

    #[test]
    fn a_place_gets_the_content_and_nothing_else() {
        let definition = Definition::new(&[("components/c/mine.txt", ""), ("components/other/x", "")]);
        let tree = definition.tree(&[("component.yaml", "name: c"), ("m/a.yaml", "a: 1")]);
        definition.check("components/c", &tree, 1, &["c/component.yaml", "c/m/a.yaml", "other/x"]);
    }

    #[test]
    fn a_file_that_was_edited_is_replaced() {
        let definition = Definition::new(&[("components/c/a.yaml", "a: 2")]);
        let tree = definition.tree(&[("a.yaml", "a: 1")]);
        definition.check("components/c", &tree, 1, &["c/a.yaml"]);
        let text = fs::read_to_string(definition.0.path().join("components/c/a.yaml")).unwrap();
        assert_eq!(text, "a: 1");
    }

    #[test]
    fn another_version_of_the_same_size_is_not_there_yet() {
        let definition = Definition::new(&[]);
        let one = definition.tree(&[("a.yaml", "a: 1")]);
        let two = definition.tree(&[("sub/../a.yaml", "a: 2")]);
        let two = Tree::from([("a.yaml".to_owned(), two["sub/../a.yaml"].clone())]);
        definition.check("components/c", &one, 1, &["c/a.yaml"]);
        definition.check("components/c", &two, 1, &["c/a.yaml"]);
    }

    #[test]
    fn a_place_within_a_place_is_made_with_it() {
        let definition = Definition::new(&[]);
        let outer = definition.tree(&[("component.yaml", "n"), ("components/x/old.yaml", "")]);
        let inner = definition.tree(&[("new.yaml", "x")]);
        let places = BTreeMap::from([("c/n".to_owned(), outer), ("c/n/components/x".to_owned(), inner)]);
        let joined = outermost(places);
        let paths: Vec<&str> = joined["c/n"].keys().map(String::as_str).collect();
        assert_eq!(joined.len(), 1);
        assert_eq!(paths, ["component.yaml", "components", "components/x", "components/x/new.yaml"]);
    }

    #[test]
    fn a_place_within_a_place_does_not_follow_its_links() {
        let mut outer = Tree::from([("components".to_owned(), Content::Link(PathBuf::from("m")))]);
        insert(&mut outer, "components/x", Tree::new());
        assert_eq!(outer["components"], Content::Folder);
    }

    #[test]
    fn a_copy_can_be_written_to() {
        let definition = Definition::new(&[]);
        let tree = definition.tree(&[("a.yaml", "a: 1")]);
        let places = BTreeMap::from([("components/c".to_owned(), tree)]);
        place(definition.0.path(), &places, Transfer::Copy).unwrap();
        fs::write(definition.0.path().join("components/c/a.yaml"), "a: 2").unwrap();
        assert_eq!(fs::read_to_string(definition.0.path().join("a.yaml.cached")).unwrap(), "a: 1");
    }

    #[test]
    fn err_nothing_is_replaced_if_one_place_cannot_be_made() {
        let definition = Definition::new(&[("components/a/old", "")]);
        let good = definition.tree(&[("new", "")]);
        let missing = Content::File(definition.0.path().join("nowhere"), 0);
        let bad = Tree::from([("x".to_owned(), missing)]);
        let places = BTreeMap::from([("components/a".to_owned(), good), ("components/b".to_owned(), bad)]);
        let failures = place(definition.0.path(), &places, Transfer::Link).unwrap_err();
        assert_eq!(failures[0].0, "components/b");
        assert!(matches!(failures[0].1, Error::Unreadable { .. }));
        assert!(definition.0.path().join("components/a/old").exists());
        assert!(!definition.0.path().join("components/b").exists());
    }
}
