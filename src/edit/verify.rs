//! Whether the source of a new entry exists, and what it has.
//!
//! The source is resolved as `fab install` would resolve it, in a definition
//! that has nothing but that entry: with the same credentials, rules about
//! sources and suggestions. A local one only has to be there.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use goyaml::{Mapping, Value};
use kubeschema::closest;

use super::entries::AddOptions;
use crate::definition::place;
use crate::error::{Error, Failure};
use crate::source::{InstallEvent, InstallOptions, Resolved, resolve_anew};

/// Returns what the source of an entry is resolved to; nothing for a local one.
///
/// # Errors
///
/// The source does not have what is asked for, or cannot be asked.
pub fn verify(
    entry: &AddOptions,
    options: InstallOptions,
    heard: &(dyn Fn(InstallEvent) + Sync),
) -> Result<Option<Resolved>, Vec<Failure>> {
    let field = |name: &str| {
        let found = entry.fields.iter().find(|(field, _)| *field == name);
        found.map(|(_, text)| text.as_str()).unwrap_or_default()
    };
    let is_remote = !field("source").is_empty() && matches!(field("method"), "git" | "helm" | "http");
    if !is_remote {
        let path = place::join(&[field("source"), field("path")]);
        return check_there(&entry.directory, &path).map(|()| None).map_err(|error| vec![failure(error)]);
    }
    let scratch = alone(entry).map_err(|source| {
        vec![failure(Error::Unwritable { path: "the temporary folder".to_owned(), source })]
    })?;
    let options = InstallOptions { directory: scratch.path().to_owned(), ..options };
    let changes = resolve_anew(&options, heard).map_err(without_places)?;
    Ok(changes.into_iter().find_map(|change| change.to))
}

/// Makes a definition that has the entry alone, with the rules of the one that gets it. What would have a component
/// file is taken for manifests, so that nothing below it is looked at.
fn alone(entry: &AddOptions) -> std::io::Result<tempfile::TempDir> {
    let scratch = tempfile::tempdir()?;
    for rules in ["fab.yaml", "fab.json", "access.yaml"] {
        let file = entry.directory.join(rules);
        if file.exists() {
            fs::copy(file, scratch.path().join(rules))?;
        }
    }
    let fields = entry.fields.iter().filter(|(_, text)| !text.is_empty());
    let mut map: Mapping =
        fields.map(|(field, text)| ((*field).to_owned(), Value::from(text.as_str()))).collect();
    if map.get("type").and_then(Value::as_str) != Some("helm") {
        map.insert("type".to_owned(), Value::from("static"));
    }
    map.insert("name".to_owned(), Value::from(entry.name.as_str()));
    let root = Mapping::from([
        ("name".to_owned(), Value::from("root")),
        ("subcomponents".to_owned(), Value::Sequence(vec![Value::Mapping(map)])),
    ]);
    let text = goyaml::to_string(&Value::Mapping(root)).map_err(std::io::Error::other)?;
    fs::write(scratch.path().join("component.yaml"), text)?;
    Ok(scratch)
}

fn check_there(directory: &Path, path: &str) -> Result<(), Error> {
    if directory.join(path).exists() {
        return Ok(());
    }
    let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
    let beside = fs::read_dir(directory.join(above)).into_iter().flatten().flatten();
    let names: Vec<String> = beside.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let suggestion = closest(name, names.iter().map(String::as_str)).map(|name| place::join(&[above, name]));
    Err(Error::NotThere { path: path.to_owned(), suggestion })
}

/// The entry is in no file of the user's yet.
fn without_places(failures: Vec<Failure>) -> Vec<Failure> {
    let without_place = |failure: Failure| {
        let error = match Arc::try_unwrap(failure.error) {
            Ok(Error::Source { method, source_name, error, .. }) => {
                Arc::new(Error::Source { method, source_name, place: None, error })
            }
            Ok(other) => Arc::new(other),
            Err(shared) => shared,
        };
        Failure { component: String::new(), environments: Vec::new(), error }
    };
    failures.into_iter().map(without_place).collect()
}

fn failure(error: Error) -> Failure {
    Failure { component: String::new(), environments: Vec::new(), error: error.into() }
}
