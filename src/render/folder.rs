//! The folder of manifests or templates that a component names.
//!
//! Invariant: files come in byte order of their relative paths, so that the
//! output does not depend on the machine. What `fab` itself keeps or makes in
//! the folder is not among them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::Renderer;
use crate::definition::{Method, place};
use crate::error::Error;
use crate::resolve::ResolvedComponent;

/// What `fab` itself keeps in the folder of a component.
const OWN_FILES: [&str; 5] = ["component.yaml", "component.json", "access.yaml", "fab.lock", "fab.yaml"];
const OWN_FOLDERS: [&str; 3] = ["config", "components", "helm_repos"];

/// The input folder of a component.
pub(super) struct Folder<'a> {
    renderer: &'a Renderer<'a>,
    component: &'a ResolvedComponent,
    path: PathBuf,
}

impl<'a> Folder<'a> {
    /// Finds the folder.
    pub(super) fn of(renderer: &'a Renderer<'a>, component: &'a ResolvedComponent) -> Result<Self, Error> {
        let path = renderer.on_disk(&component.input);
        let folder = Folder { renderer, component, path };
        if folder.path.is_dir() { Ok(folder) } else { Err(folder.missing()) }
    }

    fn missing(&self) -> Error {
        let (own, folder) = (&self.component.own, self.renderer.show(&self.component.input));
        match own.component.method {
            Method::Http | Method::Git if !own.component.source.is_empty() => {
                Error::NotInstalled { name: own.component.name.clone(), folder, place: Some(own.place()) }
            }
            Method::Http | Method::Git | Method::Helm | Method::Local => {
                Error::NoFolder { folder, place: own.place_of("path") }
            }
        }
    }

    /// Lists the files below the folder; a hidden folder counts as one hidden file.
    pub(super) fn files(&self) -> Result<Vec<String>, Error> {
        let own = self.component.input == self.component.folder;
        let output = self.renderer.output_below(&self.path);
        let mut files = Vec::new();
        let mut walk = WalkDir::new(&self.path).min_depth(1).follow_links(true).into_iter();
        while let Some(entry) = walk.next() {
            let entry = entry.map_err(|err| self.unlisted(err))?;
            let skipped =
                own && entry.depth() == 1 && is_own(&entry) || output.as_deref() == Some(entry.path());
            let hidden = is_hidden(Path::new(entry.file_name()));
            let is_folder = entry.file_type().is_dir();
            if is_folder && (skipped || hidden) {
                walk.skip_current_dir();
            }
            if !skipped && (hidden || !is_folder) {
                files.push(self.relative(entry.path()));
            }
        }
        files.sort();
        Ok(files)
    }

    /// Reads a file by its path in the folder.
    pub(super) fn read(&self, file: &str) -> Result<Vec<u8>, Error> {
        fs::read(self.path.join(file)).map_err(|source| Error::Unreadable { file: self.show(file), source })
    }

    /// Returns the path of a file in the folder as the user would type it.
    pub(super) fn show(&self, file: &str) -> String {
        self.renderer.show(&place::join(&[&self.component.input, file]))
    }

    fn relative(&self, path: &Path) -> String {
        let relative = path.strip_prefix(&self.path).unwrap_or(path);
        let segments: Vec<_> = relative.iter().map(|segment| segment.to_string_lossy()).collect();
        segments.join("/")
    }

    fn unlisted(&self, err: walkdir::Error) -> Error {
        let file = self.show(&err.path().map(|path| self.relative(path)).unwrap_or_default());
        Error::Unreadable { file, source: err.into() }
    }
}

/// Returns whether a file is hidden, or in a hidden folder.
pub(super) fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn is_own(entry: &DirEntry) -> bool {
    let names: &[&str] = if entry.file_type().is_dir() { &OWN_FOLDERS } else { &OWN_FILES };
    names.iter().any(|name| entry.file_name() == OsStr::new(name))
}
