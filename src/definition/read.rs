//! Reads a component file into a [`Component`].

use std::path::Path;
use std::sync::Arc;

use goyaml::Value;

use super::fields::{Fields, scalar_text};
use super::{Component, ComponentFile, Generator, Hooks, Method};
use crate::document::{Document, Step};
use crate::error::{Error, Warning, WarningKind};
use crate::schema::{self, Field, Shape, Table};
use kubeschema::closest;

/// What a component file may say.
pub(crate) static COMPONENT: Table =
    Table::new("component", "A component and those below it.", &COMPONENT_FIELDS);

/// The fields of a component, in the order in which they are written.
pub(crate) const FIELDS: [&str; 12] = schema::names(&COMPONENT_FIELDS);

static COMPONENT_FIELDS: [Field; 12] = [
    Field::new(
        "name",
        Shape::Text,
        "Name of the output file, key in the parent's `subcomponents:` config, and release name of a chart.",
    ),
    Field::new(
        "type",
        Shape::OneOf(&Generator::NAMES),
        "How it becomes manifests; `component` if nothing is said.",
    ),
    Field::new(
        "generator",
        Shape::OneOf(&Generator::NAMES),
        "Deprecated: the old name of `type`, over which it wins.",
    ),
    Field::new("hooks", Shape::Fields(&HOOKS), "Commands to run around its installation and generation."),
    Field::new(
        "source",
        Shape::Text,
        "Where it comes from: a git URL, a chart repository, a file by http, or a folder.",
    ),
    Field::new("method", Shape::Method, "How it is fetched; `local` if nothing is said."),
    Field::new(
        "path",
        Shape::Text,
        "Folder inside the source, or below the component's own folder; of a chart repository, the chart.",
    ),
    Field::new("version", Shape::Text, "Commit, tag, or a chart's version or range of versions."),
    Field::new("branch", Shape::Text, "Branch, or a tag."),
    Field::new("sha256", Shape::Text, "SHA-256 that a file by http has to have."),
    Field::new("repositories", Shape::Unread, "Deprecated: has no effect."),
    Field::new("subcomponents", Shape::List(&COMPONENT), "The components below it."),
];

static HOOKS: Table = Table::new(
    "hooks",
    "Commands that a component runs, by when.",
    &[
        Field::new("before-install", Shape::Texts, "Commands to run before it is installed."),
        Field::new("after-install", Shape::Texts, "Commands to run after it is installed."),
        Field::new("before-generate", Shape::Texts, "Commands to run before it is rendered."),
        Field::new(
            "after-generate",
            Shape::Texts,
            "Commands to run after it is rendered, before anything is written.",
        ),
    ],
);

/// What people write into a component file that belongs into a config file.
const SETTINGS: [&str; 5] = ["config", "namespace", "injectNamespace", "disabled", "values"];

/// Reads the component file of a folder, which messages call `shown`; returns nothing if it has none.
pub(super) fn component_file(folder: &Path, shown: &str) -> Result<Option<ComponentFile>, Error> {
    let Some((document, value)) = Document::read(folder, shown, "component")? else {
        return Ok(None);
    };
    let mut warnings = Vec::new();
    let component = Arc::new(component(&document, Vec::new(), &value, &mut warnings)?);
    Ok(Some(ComponentFile { document, component, warnings }))
}

fn component(
    document: &Document,
    steps: Vec<Step>,
    value: &Value,
    warnings: &mut Vec<Warning>,
) -> Result<Component, Error> {
    let fields = Fields::new(document, steps, value)?;
    fields.warn_unknown(COMPONENT.names().chain(SETTINGS), warnings);
    warn_of_settings(&fields, warnings);
    let text = |name| fields.text(name).map(Option::unwrap_or_default);
    if fields.get("repositories").is_some() {
        let instead = "use `method: helm`, with the repository in `source` and the chart in `path`";
        warnings
            .push(fields.warning("repositories", WarningKind::Deprecated { field: "repositories", instead }));
    }
    Ok(Component {
        name: text("name")?,
        generator: generator(&fields, warnings)?,
        method: method(&fields, warnings)?,
        source: text("source")?,
        path: text("path")?,
        version: text("version")?,
        branch: text("branch")?,
        sha256: text("sha256")?,
        hooks: hooks(&fields, warnings)?,
        subcomponents: subcomponents(&fields, warnings)?,
        steps: fields.steps,
    })
}

fn warn_of_settings(fields: &Fields<'_>, warnings: &mut Vec<Warning>) {
    for field in SETTINGS.into_iter().filter(|field| fields.get(field).is_some()) {
        warnings.push(fields.warning(field, WarningKind::SettingInComponent { field: field.to_owned() }));
    }
}

/// Reads `type`, over which its old name `generator` wins, as in Fabrikate.
fn generator(fields: &Fields<'_>, warnings: &mut Vec<Warning>) -> Result<Generator, Error> {
    let named = fields.text("type")?.unwrap_or_default();
    match fields.text("generator")? {
        Some(old) if !old.is_empty() => {
            let kind = WarningKind::Deprecated { field: "generator", instead: "use `type`" };
            warnings.push(fields.warning("generator", kind));
            Ok(Generator::new(&old))
        }
        _ => Ok(Generator::new(&named)),
    }
}

/// Reads `method`; only `http` is known in any case, and what is not known is local.
fn method(fields: &Fields<'_>, warnings: &mut Vec<Warning>) -> Result<Method, Error> {
    let name = fields.text("method")?.unwrap_or_default();
    Ok(match name.as_str() {
        "git" => Method::Git,
        "helm" => Method::Helm,
        "" | "local" => Method::Local,
        name if name.eq_ignore_ascii_case("http") => Method::Http,
        name => {
            let suggestion = closest(name, Method::NAMES).map(str::to_owned);
            let kind = WarningKind::UnknownMethod { name: name.to_owned(), suggestion };
            warnings.push(fields.warning("method", kind));
            Method::Local
        }
    })
}

fn hooks(fields: &Fields<'_>, warnings: &mut Vec<Warning>) -> Result<Hooks, Error> {
    let Some(map) = fields.map("hooks")? else { return Ok(Hooks::default()) };
    let value = fields.get("hooks").unwrap_or(&Value::Null);
    let hooks = Fields::new(fields.document, fields.steps_to("hooks"), value)?;
    // Every list is read, so that one of the wrong type is an error under any name.
    for name in map.keys() {
        commands(&hooks, name)?;
        if !HOOKS.names().any(|known| known == name) {
            let suggestion = closest(name, HOOKS.names()).map(str::to_owned);
            warnings.push(hooks.warning(name, WarningKind::UnknownHook { name: name.clone(), suggestion }));
        }
    }
    Ok(Hooks {
        before_generate: commands(&hooks, "before-generate")?,
        after_generate: commands(&hooks, "after-generate")?,
        before_install: commands(&hooks, "before-install")?,
        after_install: commands(&hooks, "after-install")?,
    })
}

fn commands(hooks: &Fields<'_>, name: &str) -> Result<Vec<String>, Error> {
    let items = hooks.list(name)?.unwrap_or_default();
    let steps = hooks.steps_to(name);
    items
        .iter()
        .enumerate()
        .map(|(at, item)| scalar_text(hooks.document, &item_steps(&steps, at), item))
        .collect()
}

fn subcomponents(fields: &Fields<'_>, warnings: &mut Vec<Warning>) -> Result<Vec<Arc<Component>>, Error> {
    let items = fields.list("subcomponents")?.unwrap_or_default();
    let steps = fields.steps_to("subcomponents");
    let read = |(at, item)| component(fields.document, item_steps(&steps, at), item, warnings).map(Arc::new);
    items.iter().enumerate().map(read).collect()
}

fn item_steps(list: &[Step], index: usize) -> Vec<Step> {
    let mut steps = list.to_vec();
    steps.push(Step::Index(index));
    steps
}
