//! Reads a config file into a [`Layer`].
//!
//! Unknown fields are not errors, as Fabrikate ignores them. They are told of,
//! since a typo here means a component without its settings.

use std::path::Path;

use goyaml::{Mapping, Value};

use super::merge::Conflict;
use super::{COMMON, Config, Layer, ValuesFile, merge};
use crate::definition::fields::{Fields, scalar_text, wrong_type};
use crate::definition::{Remote, place};
use crate::document::{Document, Step};
use crate::edit::path;
use crate::error::{Error, Warning};
use crate::schema::{self, Field, Shape, Table};

/// What a config file may say.
pub(crate) static CONFIG: Table =
    Table::new("config", "Config of a component and of those below it.", &CONFIG_FIELDS);

/// The fields of a config file, in the order in which they are written.
pub(crate) const FIELDS: [&str; 8] = schema::names(&CONFIG_FIELDS);

static CONFIG_FIELDS: [Field; 8] = [
    Field::new("namespace", Shape::Text, "Namespace of the component. It is not inherited."),
    Field::new(
        "injectNamespace",
        Shape::Flag,
        "Whether the namespace is put into every resource of a chart that has none.",
    ),
    Field::new("disabled", Shape::Flag, "Leaves the subcomponent out, with all that is below it."),
    Field::new("unset", Shape::Texts, "Paths below `config` that lower layers have no say about."),
    Field::new(
        "replace",
        Shape::Texts,
        "Paths whose values in this file replace those of lower layers, lists and maps too.",
    ),
    Field::new(
        "valuesFiles",
        Shape::Texts,
        "Files of values, read as if they stood in `config`, below what does.",
    ),
    Field::new(
        "config",
        Shape::Values,
        "Values of the component: a chart's values, or the data of templates.",
    ),
    Field::new(
        "subcomponents",
        Shape::Named(&CONFIG),
        "The same for each subcomponent, by the name of its entry.",
    ),
];

/// Returns the names of the config files of the component in a folder, without `common`, in order.
///
/// A folder that cannot be read has none: the names are for suggestions and for runs over all environments.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = walkdir::WalkDir::new(folder.join("config"))
        .min_depth(1)
        .max_depth(1)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_str()?;
            let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".json"))?;
            (stem != COMMON).then(|| stem.to_owned())
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Reads the config file called `layer` of the component in a folder, which messages call `shown`; returns nothing if there
/// is no such file.
pub(crate) fn layer(folder: Folder<'_>, layer: &str) -> Result<Option<Layer>, Error> {
    let name = place::join(&["config", layer]);
    match Document::read(folder.on_disk, &folder.shown(""), &name)? {
        Some((document, value)) => layer_of(folder, layer, (document, &value)).map(Some),
        None => Ok(None),
    }
}

/// Reads a config file whose text is known, as it would be in a folder.
pub(crate) fn layer_of(
    folder: Folder<'_>,
    layer: &str,
    (document, value): (Document, &Value),
) -> Result<Layer, Error> {
    let mut beside = Beside::default();
    let config = config(folder, &document, Vec::new(), value, &mut beside)?;
    let Beside { warnings, values_files } = beside;
    Ok(Layer { name: layer.to_owned(), document, config, values_files, warnings })
}

/// The folder of a component.
#[derive(Clone, Copy)]
pub(crate) struct Folder<'a> {
    /// Where it is.
    pub(crate) on_disk: &'a Path,
    /// The folder of the root as messages call it, and this one below that.
    pub(crate) root_shown: &'a str,
    /// Its path from the root.
    pub(crate) path: &'a str,
    /// Where it came from, if it was installed.
    pub(crate) remote: Option<&'a Remote>,
}

impl Folder<'_> {
    /// Returns a path below it as the user would type it.
    fn shown(&self, path: &str) -> String {
        place::show(self.root_shown, &place::join(&[self.path, path]))
    }
}

/// What is read of a config file beside its config.
#[derive(Default)]
struct Beside {
    warnings: Vec<Warning>,
    values_files: Vec<ValuesFile>,
}

fn config(
    folder: Folder<'_>,
    document: &Document,
    steps: Vec<Step>,
    value: &Value,
    beside: &mut Beside,
) -> Result<Config, Error> {
    let fields = Fields::new(document, steps, value)?;
    fields.warn_unknown(CONFIG.names(), &mut beside.warnings);
    let mut overridden = paths(&fields, "unset")?;
    overridden.extend(paths(&fields, "replace")?);
    let mut read = Config {
        namespace: fields.text("namespace")?,
        inject_namespace: fields.flag("injectNamespace")?,
        disabled: fields.flag("disabled")?,
        values: values(folder, &fields, &mut beside.values_files)?,
        overridden,
        ..Config::default()
    };
    for (name, below) in fields.map("subcomponents")?.into_iter().flatten() {
        let mut steps = fields.steps_to("subcomponents");
        steps.push(Step::Key(name.clone()));
        read.subcomponents.insert(name.clone(), config(folder, document, steps, below, beside)?);
    }
    Ok(read)
}

/// Reads a list of paths below `config`.
fn paths(fields: &Fields<'_>, name: &str) -> Result<Vec<Vec<String>>, Error> {
    let read = |(at, text): (usize, String)| {
        let keys = path::parse(&text).unwrap_or_default().into_iter().map(|step| match step {
            Step::Key(key) => Some(key),
            Step::Index(_) => None,
        });
        keys.collect::<Option<Vec<String>>>().filter(|keys| !keys.is_empty()).ok_or_else(|| {
            let steps = [fields.steps_to(name), vec![Step::Index(at)]].concat();
            let message = format!("`{text}` has to be a path of keys, such as `image.tag`");
            Error::Syntax { place: fields.document.place(&steps), message }
        })
    };
    texts(fields, name)?.into_iter().enumerate().map(read).collect()
}

fn texts(fields: &Fields<'_>, name: &str) -> Result<Vec<String>, Error> {
    let items = fields.list(name)?.unwrap_or_default().iter().enumerate();
    let text = |(at, item)| {
        scalar_text(fields.document, &[fields.steps_to(name), vec![Step::Index(at)]].concat(), item)
    };
    items.map(text).collect()
}

/// Returns what `config` says, and below it what the files of values say.
fn values(
    folder: Folder<'_>,
    fields: &Fields<'_>,
    read: &mut Vec<ValuesFile>,
) -> Result<Option<Mapping>, Error> {
    let own = fields.map("config")?.cloned();
    let names = subcomponents(&fields.steps_to("config"));
    let mut all = Vec::new();
    for (at, file) in texts(fields, "valuesFiles")?.iter().enumerate() {
        let steps = [fields.steps_to("valuesFiles"), vec![Step::Index(at)]].concat();
        let (document, values) = values_file(folder, file, fields.document, &steps)?;
        all.push(values);
        read.push(ValuesFile { names: names.clone(), document });
    }
    let (values, conflicts) = joined(own, all);
    if let (Some(conflict), Some(last)) = (conflicts.into_iter().next(), read.last()) {
        let keys: Vec<Step> = conflict.keys.iter().cloned().map(Step::Key).collect();
        return Err(Error::MergeConflict {
            place: Box::new(fields.document.place(&[fields.steps_to("config"), keys.clone()].concat())),
            other: Box::new(last.document.place(&keys)),
            key: conflict.keys.join("."),
            higher: conflict.higher,
            lower: conflict.lower,
        });
    }
    Ok(values)
}

/// Returns the names of the subcomponents that steps lead through.
fn subcomponents(steps: &[Step]) -> Vec<String> {
    let name = |pair: &[Step]| match pair {
        [_, Step::Key(name)] => Some(name.clone()),
        _ => None,
    };
    steps.chunks(2).filter_map(name).collect()
}

/// Joins what a config file says with what its files of values say, in their order. Those are to each other as helm's
/// are: the last one wins, and its lists replace.
pub(crate) fn joined(own: Option<Mapping>, files: Vec<Mapping>) -> (Option<Mapping>, Vec<Conflict>) {
    if files.is_empty() {
        return (own, Vec::new());
    }
    let mut lower = Mapping::new();
    files.into_iter().for_each(|values| replace_all(&mut lower, values));
    let mut all = Config { values: Some(own.unwrap_or_default()), ..Config::default() };
    let conflicts = merge::merge(&mut all, &Config { values: Some(lower), ..Config::default() });
    (all.values, conflicts)
}

/// Reads a file of values, by its path from the component's folder. That of an installed component stays inside.
fn values_file(
    folder: Folder<'_>,
    file: &str,
    named_in: &Document,
    steps: &[Step],
) -> Result<(Document, Mapping), Error> {
    let path = place::join(&[folder.path, file]);
    if let Some(remote) = folder.remote
        && !place::is_below(&path, &remote.folder)
    {
        let source_name = remote.source.clone();
        return Err(Error::PathLeaves {
            place: named_in.place(steps),
            path: folder.shown(file),
            source_name,
        });
    }
    let (document, value) = Document::read_file(&folder.on_disk.join(file), folder.shown(file))?;
    match value {
        Value::Mapping(map) => Ok((document, map)),
        Value::Null => Ok((document, Mapping::new())),
        other => Err(wrong_type(&document, &[], "a map", &other)),
    }
}

/// Puts values over others; maps are merged, and all else is replaced.
fn replace_all(lower: &mut Mapping, higher: Mapping) {
    for (key, value) in higher {
        match (lower.get_mut(&key), value) {
            (Some(Value::Mapping(lower)), Value::Mapping(higher)) => replace_all(lower, higher),
            (_, value) => {
                lower.insert(key, value);
            }
        }
    }
}
