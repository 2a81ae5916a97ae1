//! Manifests and definitions on disk.
//!
//! Invariant: files come in byte order of their paths, so that the findings do not
//! depend on the machine.

use std::fs;
use std::path::{Path, PathBuf};

use goyaml::Value;
use walkdir::WalkDir;

use super::policy::{self, Policy};
use super::{Input, ValidateOptions, definitions_in};
use crate::definition::place;
use crate::error::{Error, Place, Position};

/// The folder of definitions beside the root's component file.
const SCHEMAS: &str = "schemas";

/// The folder of policies there.
const POLICIES: &str = "policies";

/// Reads the manifests below a folder, or one file. Hidden files and those of other kinds by
/// their name are none.
///
/// # Errors
///
/// A file or folder cannot be read.
pub fn manifests(path: &Path) -> Result<Vec<Input>, Error> {
    let mut inputs = Vec::new();
    for file in files(path)? {
        inputs.push(Input {
            environment: String::new(),
            component: String::new(),
            file: place::clean(&shown(&file)),
            text: read(&file)?.into(),
        });
    }
    Ok(inputs)
}

/// Reads the policies that are not in `fab.yaml`.
pub(super) fn policies(options: &ValidateOptions, directory: &str) -> Result<Vec<Policy>, Error> {
    let folder = options.directory.join(POLICIES);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    policy::in_folder(&folder, &place::show(directory, POLICIES))
}

/// Reads the CustomResourceDefinitions that are not part of the manifests.
pub(super) fn definitions(options: &ValidateOptions, directory: &str) -> Result<Vec<Value>, Error> {
    let own = options.directory.join(SCHEMAS);
    let folder = match &options.schemas {
        Some(folder) => folder,
        None if own.is_dir() => &own,
        None => return Ok(Vec::new()),
    };
    let mut definitions = Vec::new();
    for file in files(folder)? {
        let text = read(&file)?;
        definitions.extend(definitions_in(&text).map_err(|err| {
            let position = Position { line: err.line().unwrap_or(1), column: err.column().unwrap_or(1) };
            let name = file.strip_prefix(&options.directory).ok().filter(|_| options.schemas.is_none());
            let name = name.map_or_else(|| shown(&file), |path| place::show(directory, &shown(path)));
            let place = Place { file: name, position: Some(position), text: text.as_str().into() };
            Error::Syntax { place, message: err.to_string() }
        })?);
    }
    Ok(definitions)
}

pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let is_visible = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
    };
    let mut files = Vec::new();
    for entry in WalkDir::new(path).follow_links(true).into_iter().filter_entry(is_visible) {
        let entry = entry.map_err(|err| {
            let file = err.path().map_or_else(|| shown(path), shown);
            Error::Unreadable { file, source: err.into() }
        })?;
        let extension = entry.path().extension().and_then(|extension| extension.to_str());
        if entry.file_type().is_file() && matches!(extension, Some("yaml" | "yml" | "json")) {
            files.push(entry.into_path());
        }
    }
    files.sort();
    Ok(files)
}

pub(super) fn read(file: &Path) -> Result<String, Error> {
    let bytes = fs::read(file).map_err(|source| Error::Unreadable { file: shown(file), source })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
