//! Keeps what was fetched, by its digest, for all definitions of a user.
//!
//! An item is a folder. It is filled in a place of its own and gets its name by
//! one rename, so a name is there only once its content is complete: a run that
//! was killed leaves nothing that another one would trust. Any number of
//! processes may use a cache at once; who comes second finds the item there.
//!
//! Files are hard links in the definitions that use them. They are read-only,
//! and all have one time: one that was written to nevertheless has another, and
//! its item is fetched anew.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use super::SourceError;
use super::http::hex;
use crate::replacement::in_use;

/// A folder with content by digest.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
    now: SystemTime,
}

/// A file or folder of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Path below the item, with `/`.
    pub(crate) path: String,
    /// What it is.
    pub(crate) kind: EntryKind,
}

/// What an entry of an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A folder.
    Folder,
    /// A file with its size.
    File(u64),
    /// A symbolic link with its target.
    Link(PathBuf),
}

/// A complete item.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// The folder with its content.
    pub(crate) folder: PathBuf,
    /// What is in it; a folder comes before what is inside.
    pub(crate) entries: Vec<Entry>,
}

/// How much a command took out of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Removed {
    /// Items.
    pub items: usize,
    /// Bytes of their files.
    pub bytes: u64,
}

/// The time of every file in the cache: 2001-09-09, 01:46:40 UTC.
const STAMP: Duration = Duration::from_secs(1_000_000_000);

/// The layout of the folder; another one gets another name.
const LAYOUT: &str = "v1";

impl Cache {
    /// Makes a cache of a folder, which need not exist; what is used from it is used `now`.
    pub fn new(folder: &Path, now: SystemTime) -> Self {
        Cache { root: folder.join(LAYOUT), now }
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.root
    }

    /// Returns an item if it is there as it was stored.
    pub(crate) fn item(&self, key: &str) -> Result<Option<Item>, SourceError> {
        let folder = self.place(key);
        // A file that was written to has another time.
        match entries(&folder, is_stamped) {
            Ok(Some(entries)) => {
                // When it was used last, for `prune`; that it cannot be noted is no reason to fail.
                let used = fs::FileTimes::new().set_accessed(self.now);
                let _ = File::open(&folder).and_then(|file| file.set_times(used));
                Ok(Some(Item { folder, entries }))
            }
            Ok(None) => {
                self.discard(&folder)?;
                Ok(None)
            }
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(SourceError::Io { action: format!("read `{}`", folder.display()), source }),
        }
    }

    /// Stores an item that `fill` writes into a folder; returns the item that is there if another run was faster.
    pub(crate) fn store(
        &self,
        key: &str,
        fill: impl FnOnce(&Path) -> Result<(), SourceError>,
    ) -> Result<Item, SourceError> {
        let scratch = self.scratch()?;
        let content = scratch.folder().join("content");
        make_folders(&content)?;
        fill(&content)?;
        seal(&content).map_err(|source| io_error("write to", &content, source))?;
        let place = self.place(key);
        make_folders(place.parent().unwrap_or(&self.root))?;
        if let Err(source) = fs::rename(&content, &place)
            && !place.is_dir()
        {
            return Err(io_error("write", &place, source));
        }
        let changed = || SourceError::Io {
            action: format!("use `{}`", place.display()),
            source: io::Error::other("another process changed it"),
        };
        self.item(key)?.ok_or_else(changed)
    }

    /// Remembers a fact by name, such as the tree of a commit, in place of what was remembered before. What is used
    /// without another look must never change.
    pub(crate) fn remember(&self, name: &str, text: &str) -> Result<(), SourceError> {
        let scratch = self.scratch()?;
        let file = scratch.folder().join("fact");
        let place = self.root.join("facts").join(name);
        make_folders(place.parent().unwrap_or(&self.root))?;
        fs::write(&file, text)
            .and_then(|()| fs::rename(&file, &place))
            .map_err(|source| io_error("write", &place, source))
    }

    /// Returns what is remembered by a name.
    pub(crate) fn fact(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.root.join("facts").join(name)).ok()
    }

    /// Waits until no other process fetches the same; the claim ends when it is dropped.
    pub(crate) fn claim(&self, name: &str) -> Result<File, SourceError> {
        let folder = self.root.join("claims");
        make_folders(&folder)?;
        let path = folder.join(name);
        File::create(&path)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|source| io_error("lock", &path, source))
    }

    /// Returns where the clone of a manifest repository is, which need not be there, and a claim on it.
    pub(crate) fn clone_of(&self, address: &str) -> Result<(PathBuf, File), SourceError> {
        let name = hex(&Sha256::digest(address)[..16]);
        let claim = self.claim(&format!("clone-{name}"))?;
        let folder = self.root.join("clones").join(name);
        make_folders(&folder)?;
        // When it was used last, for `prune`; that it cannot be noted is no reason to fail.
        let used = fs::FileTimes::new().set_accessed(self.now);
        let _ = File::open(&folder).and_then(|file| file.set_times(used));
        Ok((folder, claim))
    }

    /// Makes an empty folder to work in, which vanishes with the result.
    pub(crate) fn scratch(&self) -> Result<Scratch, SourceError> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let folder = self.root.join("tmp");
        make_folders(&folder)?;
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let folder = folder.join(format!("{}-{count}", std::process::id()));
            match fs::create_dir(&folder) {
                Ok(()) => {
                    let lock = crate::replacement::lock(&folder);
                    return Ok(Scratch { folder, _lock: lock });
                }
                // A dead process of the same number left it.
                Err(err) if err.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(io_error("write", &folder, source)),
            }
        }
    }

    /// Removes everything.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn clean(&self) -> Result<Removed, SourceError> {
        let mut removed = Removed::default();
        let clones = children(&self.root.join("clones"))?;
        for folder in children(&self.root.join("items"))?.into_iter().chain(clones) {
            removed.add(&folder);
        }
        match fs::remove_dir_all(&self.root) {
            Err(err) if err.kind() != io::ErrorKind::NotFound => Err(io_error("remove", &self.root, err)),
            _ => Ok(removed),
        }
    }

    /// Removes the items that were not used for so long, and what dead runs left.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn prune(&self, unused: Duration) -> Result<Removed, SourceError> {
        let since = self.now.checked_sub(unused).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut removed = Removed::default();
        let clones = children(&self.root.join("clones"))?;
        for folder in children(&self.root.join("items"))?.into_iter().chain(clones) {
            let used = fs::metadata(&folder).and_then(|meta| meta.accessed());
            if used.is_ok_and(|used| used < since) {
                removed.add(&folder);
                self.discard(&folder)?;
            }
        }
        // One that was just made is not locked yet.
        let made = self.now.checked_sub(Duration::from_secs(3600)).unwrap_or(SystemTime::UNIX_EPOCH);
        for folder in children(&self.root.join("tmp"))? {
            let old = fs::metadata(&folder).and_then(|meta| meta.modified()).is_ok_and(|time| time < made);
            if old && !in_use(&folder) {
                removed.add(&folder);
                fs::remove_dir_all(&folder).map_err(|source| io_error("remove", &folder, source))?;
            }
        }
        Ok(removed)
    }

    fn place(&self, key: &str) -> PathBuf {
        self.root.join("items").join(key)
    }

    /// Takes an item away at once, and then to pieces.
    fn discard(&self, folder: &Path) -> Result<(), SourceError> {
        let scratch = self.scratch()?;
        match fs::rename(folder, scratch.folder().join("old")) {
            Err(err) if err.kind() != io::ErrorKind::NotFound => Err(io_error("remove", folder, err)),
            _ => Ok(()),
        }
    }
}

impl Removed {
    fn add(&mut self, folder: &Path) {
        self.items += 1;
        let files = walkdir::WalkDir::new(folder).into_iter().flatten();
        self.bytes += files
            .filter_map(|entry| entry.metadata().ok())
            .filter(fs::Metadata::is_file)
            .map(|meta| meta.len())
            .sum::<u64>();
    }
}

/// A folder to work in.
pub(crate) struct Scratch {
    folder: PathBuf,
    /// Tells `prune` that it is in use.
    _lock: Option<File>,
}

impl Scratch {
    /// Returns the folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Useless from now on; `prune` takes what stays.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Lists what is directly in a folder, which need not exist.
fn children(folder: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(io_error("read", folder, source)),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    paths.collect::<io::Result<_>>().map_err(|source| io_error("read", folder, source))
}

fn make_folders(folder: &Path) -> Result<(), SourceError> {
    fs::create_dir_all(folder).map_err(|source| io_error("write", folder, source))
}

fn io_error(action: &str, path: &Path, source: io::Error) -> SourceError {
    SourceError::Io { action: format!("{action} `{}`", path.display()), source }
}

impl Item {
    /// Returns what is in a folder outside of the cache, as if it were an item.
    pub(crate) fn of_folder(folder: &Path) -> io::Result<Self> {
        let entries = entries(folder, |_| true)?.unwrap_or_default();
        Ok(Item { folder: folder.to_owned(), entries })
    }
}

/// Lists a folder; none if one of its files is not as it should be.
fn entries(folder: &Path, is_right: impl Fn(&fs::Metadata) -> bool) -> io::Result<Option<Vec<Entry>>> {
    let mut all = Vec::new();
    for entry in walkdir::WalkDir::new(folder).min_depth(1).sort_by_file_name() {
        let entry = entry?;
        let meta = entry.metadata()?;
        let kind = if meta.is_dir() {
            EntryKind::Folder
        } else if meta.is_symlink() {
            EntryKind::Link(fs::read_link(entry.path())?)
        } else if is_right(&meta) {
            EntryKind::File(meta.len())
        } else {
            return Ok(None);
        };
        let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let segments: Vec<_> = relative.iter().map(|segment| segment.to_string_lossy()).collect();
        all.push(Entry { path: segments.join("/"), kind });
    }
    Ok(Some(all))
}

/// Gives the files of a folder the time that they have to keep, and makes them read-only.
fn seal(folder: &Path) -> io::Result<()> {
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry?;
        if entry.file_type().is_file() {
            stamp(entry.path())?;
            let mut permissions = entry.metadata()?.permissions();
            permissions.set_readonly(true);
            fs::set_permissions(entry.path(), permissions)?;
        }
    }
    Ok(())
}

/// Gives a file the time that all files of the cache have.
pub(crate) fn stamp(file: &Path) -> io::Result<()> {
    File::options().write(true).open(file)?.set_modified(SystemTime::UNIX_EPOCH + STAMP)
}

/// Whether a file has the time that it was given by [`stamp`].
pub(crate) fn is_stamped(meta: &fs::Metadata) -> bool {
    meta.modified().is_ok_and(|time| time == SystemTime::UNIX_EPOCH + STAMP)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000));
        (folder, cache)
    }

    fn write(folder: &Path) -> Result<(), SourceError> {
        fs::create_dir(folder.join("d")).unwrap();
        fs::write(folder.join("d/a.yaml"), "a: 1").unwrap();
        Ok(())
    }

    #[test]
    fn an_item_is_there_once_it_is_stored() {
        let (_folder, cache) = cache();
        assert!(cache.item("tree-1").unwrap().is_none());
        let item = cache.store("tree-1", write).unwrap();
        let want = [
            Entry { path: "d".to_owned(), kind: EntryKind::Folder },
            Entry { path: "d/a.yaml".to_owned(), kind: EntryKind::File(4) },
        ];
        assert_eq!(item.entries, want);
        assert_eq!(cache.item("tree-1").unwrap().unwrap().entries, want);
        assert!(fs::metadata(item.folder.join("d/a.yaml")).unwrap().permissions().readonly());
    }

    #[test]
    fn an_item_that_fails_is_not_there() {
        let (_folder, cache) = cache();
        cache
            .store("tree-1", |folder| {
                write(folder)?;
                Err(SourceError::Offline)
            })
            .unwrap_err();
        assert!(cache.item("tree-1").unwrap().is_none());
        assert_eq!(children(&cache.root.join("tmp")).unwrap(), [] as [PathBuf; 0]);
    }

    #[test]
    fn a_file_that_was_written_to_ends_its_item() {
        let (_folder, cache) = cache();
        let file = cache.store("tree-1", write).unwrap().folder.join("d/a.yaml");
        fs::remove_file(&file).unwrap();
        fs::write(&file, "b: 2").unwrap();
        assert!(cache.item("tree-1").unwrap().is_none());
        assert!(!file.exists());
    }

    #[test]
    fn who_comes_second_finds_the_item() {
        let (_folder, cache) = cache();
        let second = || {
            cache.store("tree-1", |folder| {
                cache.store("tree-1", write)?;
                write(folder)
            })
        };
        assert_eq!(second().unwrap().entries.len(), 2);
    }

    #[test]
    fn prune_takes_what_was_not_used() {
        let (_folder, mut cache) = cache();
        cache.store("tree-1", write).unwrap();
        let day = Duration::from_secs(86_400);
        cache.now += day;
        assert_eq!(cache.prune(2 * day).unwrap(), Removed::default());
        cache.now += 2 * day;
        assert_eq!(cache.prune(2 * day).unwrap(), Removed { items: 1, bytes: 4 });
        assert!(cache.item("tree-1").unwrap().is_none());
    }

    #[test]
    fn clean_takes_all() {
        let (_folder, cache) = cache();
        assert_eq!(cache.clean().unwrap(), Removed::default());
        cache.store("tree-1", write).unwrap();
        assert_eq!(cache.clean().unwrap(), Removed { items: 1, bytes: 4 });
        assert!(!cache.root.exists());
    }

    #[test]
    fn a_fact_is_remembered() {
        let (_folder, cache) = cache();
        assert_eq!(cache.fact("commit-1"), None);
        cache.remember("commit-1", "tree").unwrap();
        assert_eq!(cache.fact("commit-1").as_deref(), Some("tree"));
    }
}
