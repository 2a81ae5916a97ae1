//! Writes the tree of a commit, blob by blob.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use git2::{ObjectType, Oid, Repository};

use crate::source::SourceError;

/// Files and folders of one tree; the largest repositories have some hundred thousand.
const MAX_ENTRIES: usize = 1_000_000;
/// Bytes of one tree.
const MAX_BYTES: u64 = 8 << 30;

/// Writes a tree into an empty folder.
pub(super) fn write(repository: &Repository, tree: &str, folder: &Path) -> Result<(), SourceError> {
    let id = Oid::from_str(tree).map_err(|err| malformed("", &err))?;
    TreeWriter { repository, left: MAX_ENTRIES, bytes: MAX_BYTES }.folder(id, folder, "")
}

struct TreeWriter<'a> {
    repository: &'a Repository,
    left: usize,
    bytes: u64,
}

impl TreeWriter<'_> {
    fn folder(&mut self, tree: Oid, folder: &Path, path: &str) -> Result<(), SourceError> {
        let tree = self.repository.find_tree(tree).map_err(|err| malformed(path, &err))?;
        for entry in &tree {
            let name = entry.name().map_err(|_| unsafe_path(path, "has a file whose name is no UTF-8"))?;
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            self.left = self.left.checked_sub(1).ok_or_else(|| too_large("1000000 files"))?;
            if !is_safe(name) {
                return Err(unsafe_path(&path, "has a name that is not safe to write"));
            }
            let target = folder.join(name);
            match (entry.kind(), entry.filemode()) {
                (Some(ObjectType::Tree), _) => {
                    make_folder(&target)?;
                    self.folder(entry.id(), &target, &path)?;
                }
                (Some(ObjectType::Blob), mode) => self.blob(entry.id(), mode, &target, &path)?,
                // A submodule, which is an empty folder in a clone, too.
                _ => make_folder(&target)?,
            }
        }
        Ok(())
    }

    fn blob(&mut self, id: Oid, mode: i32, target: &Path, path: &str) -> Result<(), SourceError> {
        let blob = self.repository.find_blob(id).map_err(|err| malformed(path, &err))?;
        let size = blob.content().len() as u64;
        self.bytes = self.bytes.checked_sub(size).ok_or_else(|| too_large("8 GiB"))?;
        if mode == LINK {
            let text = std::str::from_utf8(blob.content()).unwrap_or_default();
            // A link out of the tree is left out: it is not in a clone that is somewhere else either.
            return if stays_inside(text, path) { link(text, target) } else { Ok(()) };
        }
        write_file(target, blob.content(), mode & 0o111 != 0)
    }
}

const LINK: i32 = 0o120_000;

/// Whether a file may have this name on every system.
fn is_safe(name: &str) -> bool {
    let other_meaning = matches!(name, "" | "." | "..") || name.eq_ignore_ascii_case(".git");
    let separators: &[char] = if cfg!(windows) { &['/', '\0', '\\', ':'] } else { &['/', '\0'] };
    !other_meaning && !name.contains(separators)
}

/// Whether a link at `path` leads to something inside. The folder that it is in is a real one, so `..` at its start
/// are counted; behind another name they may follow a link, and are refused.
fn stays_inside(target: &str, path: &str) -> bool {
    let depth = path.matches('/').count();
    let segments = || target.split('/').filter(|segment| !matches!(*segment, "" | "."));
    let up = segments().take_while(|segment| *segment == "..").count();
    !target.is_empty()
        && !target.starts_with('/')
        && !target.contains(['\0', '\\'])
        && up <= depth
        && segments().skip(up).all(|segment| segment != "..")
}

fn make_folder(folder: &Path) -> Result<(), SourceError> {
    fs::create_dir(folder).map_err(|source| write_error(folder, source))
}

fn write_file(target: &Path, content: &[u8], executable: bool) -> Result<(), SourceError> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(if executable { 0o755 } else { 0o644 });
    }
    #[cfg(not(unix))]
    let _ = executable;
    let written = options.open(target).and_then(|mut file| file.write_all(content));
    written.map_err(|source| write_error(target, source))
}

#[cfg(unix)]
fn link(text: &str, target: &Path) -> Result<(), SourceError> {
    std::os::unix::fs::symlink(text, target).map_err(|source| write_error(target, source))
}

/// A checkout that cannot make links leaves a file with the target as its text, as git does.
#[cfg(not(unix))]
fn link(text: &str, target: &Path) -> Result<(), SourceError> {
    write_file(target, text.as_bytes(), false)
}

fn write_error(path: &Path, source: io::Error) -> SourceError {
    SourceError::Io { action: format!("write `{}`", path.display()), source }
}

fn malformed(path: &str, err: &git2::Error) -> SourceError {
    let what = if path.is_empty() { "the tree".to_owned() } else { format!("`{path}`") };
    SourceError::Malformed { what, message: err.message().to_owned() }
}

fn unsafe_path(path: &str, problem: &str) -> SourceError {
    SourceError::Unsafe { path: path.to_owned(), problem: problem.to_owned() }
}

fn too_large(limit: &str) -> SourceError {
    SourceError::TooLarge { what: "the tree".to_owned(), limit: limit.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_link(path: &str, target: &str, inside: bool) {
        assert_eq!(stays_inside(target, path), inside, "{path} -> {target}");
    }

    #[test]
    fn a_link_out_of_the_tree_is_seen() {
        check_link("a", "b", true);
        check_link("x/a", "../b", true);
        check_link("x/y/a", "../../b/c", true);
        check_link("a", "./b/./c", true);
        check_link("a", "../b", false);
        check_link("x/a", "../../b", false);
        check_link("a", "/etc/passwd", false);
        check_link("a", "", false);
    }

    #[test]
    fn a_link_may_not_go_up_behind_another_name() {
        // `b` may be a link to a folder that is less deep.
        check_link("x/a", "b/../../c", false);
        check_link("x/a", "b/..", false);
    }

    #[test]
    fn names_that_mean_something_else_are_refused() {
        assert!(is_safe("a.yaml") && is_safe(".gitignore") && is_safe("..a") && is_safe("a b"));
        assert!(!is_safe("..") && !is_safe(".GIT") && !is_safe("") && !is_safe("a/b") && !is_safe("."));
    }
}
