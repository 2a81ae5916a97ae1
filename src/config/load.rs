//! Reads a config file into a [`Layer`].
//!
//! Unknown fields are not errors, as Fabrikate ignores them. They are told of,
//! since a typo here means a component without its settings.

use std::path::Path;

use goyaml::Value;

use super::{COMMON, Config, Layer};
use crate::definition::fields::Fields;
use crate::definition::place;
use crate::document::{Document, Step};
use crate::error::{Error, Warning};
use crate::schema::{self, Field, Shape, Table};

/// What a config file may say.
pub(crate) static CONFIG: Table =
    Table::new("config", "Config of a component and of those below it.", &CONFIG_FIELDS);

/// The fields of a config file, in the order in which they are written.
pub(crate) const FIELDS: [&str; 5] = schema::names(&CONFIG_FIELDS);

static CONFIG_FIELDS: [Field; 5] = [
    Field::new("namespace", Shape::Text, "Namespace of the component. It is not inherited."),
    Field::new(
        "injectNamespace",
        Shape::Flag,
        "Whether the namespace is put into every resource of a chart that has none.",
    ),
    Field::new("disabled", Shape::Flag, "Leaves the subcomponent out, with all that is below it."),
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

/// Reads the config file `name` of the component in a folder, which messages call `shown`; returns nothing if there
/// is no such file.
pub(crate) fn layer(folder: &Path, shown: &str, name: &str) -> Result<Option<Layer>, Error> {
    let Some((document, value)) = Document::read(folder, shown, &place::join(&["config", name]))? else {
        return Ok(None);
    };
    let mut warnings = Vec::new();
    let config = config(&document, Vec::new(), &value, &mut warnings)?;
    Ok(Some(Layer { document, config, warnings }))
}

fn config(
    document: &Document,
    steps: Vec<Step>,
    value: &Value,
    warnings: &mut Vec<Warning>,
) -> Result<Config, Error> {
    let fields = Fields::new(document, steps, value)?;
    fields.warn_unknown(CONFIG.names(), warnings);
    let mut read = Config {
        namespace: fields.text("namespace")?,
        inject_namespace: fields.flag("injectNamespace")?,
        disabled: fields.flag("disabled")?,
        values: fields.map("config")?.cloned(),
        ..Config::default()
    };
    for (name, below) in fields.map("subcomponents")?.into_iter().flatten() {
        let mut steps = fields.steps_to("subcomponents");
        steps.push(Step::Key(name.clone()));
        read.subcomponents.insert(name.clone(), config(document, steps, below, warnings)?);
    }
    Ok(read)
}
