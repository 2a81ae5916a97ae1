//! `fab set`: values, namespaces and switches in config files.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use goyaml::{Mapping, Value};
use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::file::{Edited, Open};
use super::flatten::flatten;
use super::path;
use crate::config::{COMMON, FIELDS};
use crate::definition::{Drafts, place};
use crate::document::Step;
use crate::error::Error;

/// A value for a path below `config`.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    steps: Vec<Step>,
    value: Value,
}

/// What `fab set` may choose.
#[derive(Debug, Clone, Default)]
pub struct SetOptions {
    /// The folder of the component.
    pub directory: PathBuf,
    /// The config files; none for `common`.
    pub environments: Vec<String>,
    /// The subcomponent that the settings are for, as a path; none for the component itself.
    pub subcomponent: Option<String>,
    /// The values, the later ones over the earlier.
    pub assignments: Vec<Assignment>,
    /// Paths whose values are taken away.
    pub unset: Vec<String>,
    /// Whether the paths also replace, or take away, what lower layers have.
    pub replaces: bool,
    /// The namespace; an empty one is none.
    pub namespace: Option<String>,
    /// Whether the component is left out.
    pub disabled: Option<bool>,
    /// Whether every key has to be there already.
    pub keys_must_exist: bool,
}

impl Assignment {
    /// Reads `path=text`.
    ///
    /// # Errors
    ///
    /// There is no `=`, or no path.
    pub fn text(argument: &str) -> Result<Self, Error> {
        let (steps, value) = split(argument)?;
        Ok(Self { steps, value: Value::from(value) })
    }

    /// Reads `path=JSON`.
    ///
    /// # Errors
    ///
    /// There is no `=`, no path, or no JSON.
    pub fn json(argument: &str) -> Result<Self, Error> {
        let (steps, text) = split(argument)?;
        let value: serde_json::Value = serde_json::from_str(text).map_err(|err| {
            let problem = format!("the value is not JSON: {err}");
            Error::BadAssignment { argument: argument.to_owned(), problem }
        })?;
        Ok(Self { steps, value: from_json(value) })
    }

    /// Reads a file of values, all of which become texts.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is no map.
    pub fn of_file(file: &Path) -> Result<Vec<Self>, Error> {
        let shown = place::typed(file);
        let text = std::fs::read_to_string(file)
            .map_err(|source| Error::Unreadable { file: shown.clone(), source })?;
        let map: Option<Mapping> = goyaml::from_str_with_literal_keys(&text).map_err(|err| {
            Error::Syntax { place: crate::error::Place::file(shown), message: err.to_string() }
        })?;
        let pairs = flatten(&map.unwrap_or_default()).into_iter();
        Ok(pairs
            .filter_map(|(path, text)| Some(Self { steps: path::parse(&path)?, value: Value::String(text) }))
            .collect())
    }
}

fn split(argument: &str) -> Result<(Vec<Step>, &str), Error> {
    path::parse_assignment(argument).ok_or_else(|| Error::BadAssignment {
        argument: argument.to_owned(),
        problem: "it has to be path=value".to_owned(),
    })
}

fn parse_path(text: &str) -> Result<Vec<Step>, Error> {
    path::parse(text).ok_or_else(|| Error::BadAssignment {
        argument: text.to_owned(),
        problem: "it has to be a path".to_owned(),
    })
}

/// Works out what the config files of a component become.
///
/// # Errors
///
/// A file cannot be read or changed, or an option makes no sense.
pub fn set(options: &SetOptions) -> Result<Vec<Edited>, Error> {
    let shown = place::typed(&options.directory);
    in_each(&options.environments, |name| set_in(options, &shown, name))
}

/// Makes a change in the config of each environment, or in the common one.
pub(super) fn in_each(
    environments: &[String],
    change: impl Fn(&str) -> Result<Edited, Error>,
) -> Result<Vec<Edited>, Error> {
    let mut names: Vec<&str> = environments.iter().map(String::as_str).collect();
    if names.is_empty() {
        names.push(COMMON);
    }
    names.dedup();
    names.into_iter().map(change).collect()
}

fn set_in(options: &SetOptions, shown: &str, name: &str) -> Result<Edited, Error> {
    let name = check_environment(name)?;
    let mut file = Open::read(&options.directory, shown, &format!("config/{name}"))?;
    let component = component(options)?;
    for Assignment { steps, value } in &options.assignments {
        let steps = below(&component, steps);
        if options.keys_must_exist && file.get(&steps).is_none() {
            return Err(Error::NewKey { key: path::show(&steps), file: file.shown().to_owned() });
        }
        put(&mut file, &steps, value)?;
    }
    for text in &options.unset {
        file.unset(&below(&component, &parse_path(text)?))?;
    }
    if options.replaces {
        override_lower(&mut file, options, &component)?;
    }
    if let Some(namespace) = &options.namespace {
        let steps = field(&component, "namespace");
        match namespace.as_str() {
            "" => file.unset(&steps)?,
            name => put(&mut file, &steps, &Value::from(name))?,
        }
    }
    if let Some(disabled) = options.disabled {
        put(&mut file, &field(&component, "disabled"), &Value::Bool(disabled))?;
    }
    Ok(file.close())
}

/// Returns the name of a config file, which has to be one in the folder of these.
pub(super) fn check_environment(name: &str) -> Result<&str, Error> {
    let name = if name.is_empty() { COMMON } else { name };
    let clean = place::clean(name);
    if name.starts_with('/') || !place::stays_inside(&clean) || clean.is_empty() {
        return Err(Error::EnvironmentLeaves { name: name.to_owned() });
    }
    if name.contains('+') {
        return Err(Error::SeveralLayers { name: name.to_owned() });
    }
    Ok(name)
}

/// Writes down that lower layers have no say about the paths.
fn override_lower(file: &mut Open, options: &SetOptions, component: &[Step]) -> Result<(), Error> {
    let replaced = options.assignments.iter().map(|assignment| ("replace", path::show(&assignment.steps)));
    let unset = options.unset.iter().map(|path| ("unset", path.clone()));
    for (list, path) in replaced.chain(unset) {
        add_path(file, field(component, list), path)?;
    }
    Ok(())
}

/// Adds a path to a list of paths that does not have it.
fn add_path(file: &mut Open, mut list: Vec<Step>, path: String) -> Result<(), Error> {
    let path = Value::String(path);
    let known = file.get(&list).and_then(Value::as_sequence).unwrap_or_default();
    if known.contains(&path) {
        return Ok(());
    }
    list.push(Step::Index(known.len()));
    put(file, &list, &path)
}

/// A value for a config file somewhere in a definition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placed {
    /// The folder of the component that has the file, from the root.
    pub(crate) folder: String,
    /// The name of the file.
    pub(crate) layer: String,
    /// The subcomponents in it that lead to the component with the value.
    pub(crate) names: Vec<String>,
    /// The way to the value below `config`.
    pub(crate) steps: Vec<Step>,
    /// The value.
    pub(crate) value: Value,
    /// Whether lower layers have no say about it.
    pub(crate) replaces: bool,
}

impl Placed {
    /// Returns the folder and the name of the file.
    pub(crate) fn file(&self) -> (String, String) {
        (self.folder.clone(), self.layer.clone())
    }
}

/// Works out what the config files of a definition become with values.
pub(crate) fn set_placed(directory: &Path, values: &[Placed]) -> Result<(Vec<Edited>, Drafts), Error> {
    let shown = place::typed(directory);
    let mut files: BTreeMap<(&str, &str), Open> = BTreeMap::new();
    for Placed { folder, layer, names, steps, value, replaces } in values {
        let file = match files.entry((folder, layer)) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(free) => {
                let name = format!("config/{}", check_environment(layer)?);
                free.insert(Open::read(&directory.join(folder), &place::show(&shown, folder), &name)?)
            }
        };
        let component = component_steps(names);
        let way = below(&component, steps);
        match (file.get(&way), value) {
            (Some(Value::Sequence(old)), Value::Sequence(new)) => put_items(file, &way, &old.clone(), new)?,
            _ => put(file, &way, value)?,
        }
        if *replaces {
            add_path(file, field(&component, "replace"), path::show(steps))?;
        }
    }
    let draft = |((folder, layer), open): (&(&str, &str), &Open)| {
        (((*folder).to_owned(), (*layer).to_owned()), open.document().share())
    };
    let drafts = files.iter().map(draft).collect();
    Ok((files.into_values().map(Open::close).collect(), drafts))
}

/// Changes a value of a config file. Its own fields come in their order, keys below `config` in that of their names.
pub(super) fn put(file: &mut Open, steps: &[Step], value: &Value) -> Result<(), Error> {
    let there = (0..=steps.len())
        .rev()
        .find(|&depth| file.get(&steps[..depth]).is_some_and(|value| !value.is_null()));
    let is_of_component = steps[..there.unwrap_or(0)]
        .chunks(2)
        .all(|pair| pair.len() == 2 && is_key(&pair[0], "subcomponents"));
    file.set(steps, value, if is_of_component { &FIELDS } else { &[] })
}

fn is_key(step: &Step, name: &str) -> bool {
    matches!(step, Step::Key(key) if key == name)
}

/// Makes one list of another one, item by item, so that items which stay keep their comments.
fn put_items(file: &mut Open, list: &[Step], old: &[Value], new: &[Value]) -> Result<(), Error> {
    let texts = |items: &[Value]| items.iter().map(|item| format!("{item:?}")).collect::<Vec<_>>();
    let changes = capture_diff_slices(Algorithm::Myers, &texts(old), &texts(new));
    // From the end, so that the indexes of what is to come stay.
    for change in changes.iter().rev().filter(|change| change.tag() != DiffTag::Equal) {
        let (old, wanted) = (change.old_range(), change.new_range());
        let item = |at: usize| [list, &[Step::Index(at)]].concat();
        let both = old.len().min(wanted.len());
        for at in (old.start + both..old.end).rev() {
            file.unset(&item(at))?;
        }
        for at in (wanted.start + both..wanted.end).rev() {
            file.insert(list, old.start + both, &new[at], &[])?;
        }
        for (at, value) in old.zip(&new[wanted]) {
            put(file, &item(at), value)?;
        }
    }
    Ok(())
}

/// Returns the steps to the settings of a subcomponent.
fn component(options: &SetOptions) -> Result<Vec<Step>, Error> {
    let Some(path) = options.subcomponent.as_deref().filter(|path| !path.is_empty()) else {
        return Ok(Vec::new());
    };
    let names = parse_path(path)?;
    Ok(names.into_iter().flat_map(|name| [Step::Key("subcomponents".to_owned()), name]).collect())
}

fn component_steps(names: &[String]) -> Vec<Step> {
    names.iter().flat_map(|name| ["subcomponents", name]).map(|key| Step::Key(key.to_owned())).collect()
}

fn field(component: &[Step], name: &str) -> Vec<Step> {
    let mut steps = component.to_vec();
    steps.push(Step::Key(name.to_owned()));
    steps
}

fn below(component: &[Step], path: &[Step]) -> Vec<Step> {
    let mut steps = field(component, "config");
    steps.extend_from_slice(path);
    steps
}

/// Reads a JSON value as YAML has it: whole numbers are integers.
fn from_json(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Bool(flag),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::Int(number),
            (None, Some(number)) => Value::Uint(number),
            (None, None) => Value::Float(number.as_f64().unwrap_or(f64::MAX)),
        },
        serde_json::Value::String(text) => Value::String(text),
        serde_json::Value::Array(items) => Value::Sequence(items.into_iter().map(from_json).collect()),
        serde_json::Value::Object(map) => {
            Value::Mapping(map.into_iter().map(|(key, value)| (key, from_json(value))).collect())
        }
    }
}
