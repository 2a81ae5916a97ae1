//! Manifests and definitions on disk.
//!
//! Invariant: files come in byte order of their paths, so that the findings do not
//! depend on the machine.

use std::fs;
use std::path::{Path, PathBuf};

use goyaml::Value;
use walkdir::WalkDir;

use super::locations::{self, Locations};
use super::policy::{self, Policy};
use super::{Input, ValidateOptions, definitions_in};
use crate::definition::place;
use crate::error::{Error, Place, Position};
use crate::project::Project;

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

/// Returns where schemas are, and the CustomResourceDefinitions that are not part of the manifests.
pub(super) fn schemas(
    options: &ValidateOptions,
    project: &Project,
    directory: &str,
) -> Result<(Locations, Vec<Value>), Error> {
    let (given, from) = match options.schema_locations.as_slice() {
        [] => (project.schema_locations.as_slice(), options.directory.as_path()),
        given => (given, Path::new("")),
    };
    let mut locations = Locations::read(given, from)?;
    let mut definitions = Vec::new();
    let own = options.directory.join(SCHEMAS);
    if own.is_dir() {
        let name = |file: &Path| {
            let below = file.strip_prefix(&options.directory).unwrap_or(file);
            place::show(directory, &shown(below))
        };
        definitions.extend(definitions_below(&own, &name)?);
        locations.add_folder(own);
    }
    for path in locations::with_definitions(given, from) {
        definitions.extend(definitions_below(&path, &shown)?);
    }
    Ok((locations, definitions))
}

/// Reads the CustomResourceDefinitions in a folder or file.
fn definitions_below(path: &Path, name: &dyn Fn(&Path) -> String) -> Result<Vec<Value>, Error> {
    let mut definitions = Vec::new();
    for file in files(path)? {
        let text = read(&file)?;
        // Collections of JSON schemas are large, and read when they are needed.
        if file.extension().is_some_and(|extension| extension == "json")
            && !text.contains("CustomResourceDefinition")
        {
            continue;
        }
        definitions.extend(definitions_in(&text).map_err(|err| {
            let position = Position { line: err.line().unwrap_or(1), column: err.column().unwrap_or(1) };
            let place = Place { file: name(&file), position: Some(position), text: text.as_str().into() };
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
        let name = entry.file_name().as_encoded_bytes();
        // Of `kubernetes-json-schema`, only files that are asked for are read.
        let is_collection =
            [&b"-standalone"[..], b"-standalone-strict"].iter().any(|end| name.ends_with(end));
        entry.depth() == 0 || !name.starts_with(b".") && !is_collection
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

pub(super) fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
