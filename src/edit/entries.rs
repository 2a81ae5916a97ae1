//! `fab add` and `fab remove`: entries of a component file.
//!
//! What an entry says is as Fabrikate writes it; the entries that are there stay
//! where they are, and a new one goes before the first with a greater name.

use std::path::{Path, PathBuf};

use goyaml::{Mapping, Value};
use kubeschema::closest;

use super::file::{Edited, Open};
use crate::config::{self, COMMON};
use crate::definition::{FIELDS, place};
use crate::document::Step;
use crate::error::Error;

/// What `fab add` may choose.
#[derive(Debug, Clone, Default)]
pub struct AddOptions {
    /// The folder of the component that gets the entry.
    pub directory: PathBuf,
    /// The name of a component file that has to be made.
    pub folder_name: String,
    /// The name of the entry.
    pub name: String,
    /// Its fields; empty ones are left out.
    pub fields: Vec<(&'static str, String)>,
}

/// What `fab remove` may choose.
#[derive(Debug, Clone, Default)]
pub struct RemoveOptions {
    /// The folder of the component that has the entries.
    pub directory: PathBuf,
    /// The names of the entries.
    pub names: Vec<String>,
    /// Whether their config and what was installed for them goes too.
    pub purge: bool,
}

/// What removing entries comes to.
#[derive(Debug)]
pub struct Removed {
    /// The component file, and the config files that change.
    pub files: Vec<Edited>,
    /// What was installed, below the folder of the component.
    pub folders: Vec<String>,
    /// Names that there are not, each with what may be meant.
    pub unknown: Vec<(String, Option<String>)>,
}

const LIST: &str = "subcomponents";

/// Works out what a component file becomes with an entry; one of that name is replaced.
///
/// # Errors
///
/// The file cannot be read or changed.
pub fn add(options: &AddOptions) -> Result<Edited, Error> {
    let shown = place::typed(&options.directory);
    let mut file = Open::read(&options.directory, &shown, "component")?;
    if !file.exists() {
        file.set(&[key("name")], &Value::from(options.folder_name.as_str()), &FIELDS)?;
    }
    let fields = options.fields.iter().filter(|(_, text)| !text.is_empty());
    let mut entry: Mapping =
        fields.map(|(field, text)| ((*field).to_owned(), Value::from(text.as_str()))).collect();
    entry.insert("name".to_owned(), Value::from(options.name.as_str()));
    let names = names(&file);
    let mut same = names.iter().enumerate().filter(|(_, name)| **name == options.name).map(|(at, _)| at);
    match same.next() {
        Some(at) => {
            // Of several entries of one name Fabrikate keeps one.
            for at in same.collect::<Vec<_>>().into_iter().rev() {
                file.unset(&item(at))?;
            }
            replace(&mut file, at, &entry)?;
        }
        None => {
            let greater = names.iter().position(|name| *name > options.name);
            let entry = Value::Mapping(entry);
            match file.get(&[key(LIST)]) {
                Some(Value::Sequence(items)) => {
                    let at = greater.unwrap_or(items.len());
                    file.insert(&[key(LIST)], at, &entry, &FIELDS)?;
                }
                _ => file.set(&item(0), &entry, &FIELDS)?,
            }
        }
    }
    Ok(file.close())
}

/// Makes an entry say something else, field by field.
fn replace(file: &mut Open, at: usize, entry: &Mapping) -> Result<(), Error> {
    let old: Vec<String> = match file.get(&item(at)) {
        Some(Value::Mapping(old)) => old.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let steps = |field: &str| [item(at), vec![key(field)]].concat();
    for (field, value) in entry {
        if !says(file, &steps(field), value) {
            file.set(&steps(field), value, &FIELDS)?;
        }
    }
    for field in old.iter().filter(|field| !entry.contains_key(*field)) {
        file.unset(&steps(field))?;
    }
    Ok(())
}

/// Whether a field has a text already, be it without quotes.
fn says(file: &Open, steps: &[Step], value: &Value) -> bool {
    file.get(steps) == Some(value) || value.as_str().is_some() && file.scalar(steps) == value.as_str()
}

/// Works out what a component file becomes without some entries.
///
/// # Errors
///
/// There is no component file, or it cannot be read or changed.
pub fn remove(options: &RemoveOptions) -> Result<Removed, Error> {
    let shown = place::typed(&options.directory);
    let mut file = Open::read(&options.directory, &shown, "component")?;
    if !file.exists() {
        let folder = if shown.is_empty() { ".".to_owned() } else { shown };
        return Err(Error::NoComponent { folder, place: None });
    }
    let known = names(&file);
    let (mut unknown, mut folders) = (Vec::new(), Vec::new());
    for name in &options.names {
        if !known.contains(name) {
            let suggestion = closest(name, known.iter().map(String::as_str)).map(str::to_owned);
            unknown.push((name.clone(), suggestion));
        }
        if options.purge && known.contains(name) {
            folders.extend(installed(&options.directory, name));
        }
        while let Some(at) = names(&file).iter().position(|other| other == name) {
            let is_last = names(&file).len() == 1;
            file.unset(&if is_last { vec![key(LIST)] } else { item(at) })?;
        }
    }
    let mut files = vec![file.close()];
    if options.purge {
        for layer in config::load::names(&options.directory).iter().map(String::as_str).chain([COMMON]) {
            let mut file = Open::read(&options.directory, &shown, &format!("config/{layer}"))?;
            for name in options.names.iter().filter(|name| known.contains(name)) {
                file.unset(&[key(LIST), key(name)])?;
            }
            files.extend(file.exists().then(|| file.close()).filter(Edited::is_changed));
        }
    }
    Ok(Removed { files, folders, unknown })
}

/// Returns the folders that hold what was installed for an entry.
fn installed(directory: &Path, name: &str) -> Vec<String> {
    let name = place::clean(name.trim_start_matches('/'));
    if name.is_empty() || !place::stays_inside(&name) {
        return Vec::new();
    }
    let folders = ["components", "helm_repos"].map(|folder| place::join(&[folder, &name]));
    folders.into_iter().filter(|folder| directory.join(folder).is_dir()).collect()
}

/// Returns the names of the entries.
fn names(file: &Open) -> Vec<String> {
    let Some(Value::Sequence(items)) = file.get(&[key(LIST)]) else { return Vec::new() };
    let name = |at: usize| match file.get(&[item(at), vec![key("name")]].concat()) {
        Some(Value::String(name)) => name.clone(),
        Some(_) => file.scalar(&[item(at), vec![key("name")]].concat()).unwrap_or_default().to_owned(),
        None => String::new(),
    };
    (0..items.len()).map(name).collect()
}

fn key(name: &str) -> Step {
    Step::Key(name.to_owned())
}

fn item(at: usize) -> Vec<Step> {
    vec![key(LIST), Step::Index(at)]
}
