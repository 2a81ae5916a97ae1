//! Manifests that were generated before: a folder as `fab generate` writes it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::error::PublishError;
use crate::config::Environment;
use crate::error::Error;
use crate::output::{Manifest, OutputTree};
use crate::render::count_documents;
use crate::replacement::unreadable;

/// Reads the manifests of environments from the folders that they have below `folder`.
///
/// # Errors
///
/// An environment has no folder there, or a file cannot be read.
pub fn read_manifests(folder: &Path, environments: &[Environment]) -> Result<Vec<OutputTree>, Error> {
    environments.iter().map(|environment| read(folder, environment)).collect()
}

fn read(folder: &Path, environment: &Environment) -> Result<OutputTree, Error> {
    let root = folder.join(environment.folder());
    if !root.is_dir() {
        let folder = root.display().to_string();
        return Err(PublishError::NoManifests { folder }.into());
    }
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(&root) {
        let entry = entry.map_err(|err| unreadable(&root, err.into()))?;
        if !entry.file_type().is_file() {
            continue;
        }
        let path = entry.path().strip_prefix(&root).unwrap_or(entry.path());
        let path = path.to_string_lossy().replace('\\', "/");
        let text = fs::read(entry.path()).map_err(|source| unreadable(entry.path(), source))?;
        let component = path.rsplit_once('.').map_or(path.as_str(), |(stem, _)| stem).to_owned();
        let resources = count_documents(&text);
        files.insert(path, Manifest { component, text, resources, varying: Vec::new() });
    }
    Ok(OutputTree {
        environment: environment.to_string(),
        folder: environment.folder(),
        files,
        definitions: Vec::new(),
    })
}
