//! `fab.yaml`: what a repository says about `fab` itself, beside the root's
//! component file. There need not be one.
//!
//! It is what the owner of a definition trusts, so only that of the root counts:
//! one that came along with a component is not read.

use std::path::Path;

use goyaml::Value;
use kubeschema::Segment;

pub use self::catalog::Catalog;
pub use self::rendering::{RenderSettings, RenderingSettings, moment};
use crate::config::{self, Environment};
use crate::definition::fields::{Fields, scalar_text};
use crate::diff::Noise;
use crate::document::{Document, Step};
use crate::error::{Error, Warning};
use crate::lint::settings::{LINT, LintSettings};
use crate::publish::{PUBLISH, PublishSettings};
use crate::schema::{Field, Shape, Table};
use crate::source::allow::Allow;
use crate::validate::{POLICY, Policy};

mod catalog;
mod rendering;

/// What `fab.yaml` says.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// The sources whose components may run hooks.
    pub allowed_hooks: Vec<String>,
    /// The sources that may be asked for.
    pub allowed_sources: Allow,
    /// Where schemas of custom resources are.
    pub schema_locations: Vec<String>,
    /// The kinds whose resources are fine without a schema.
    pub without_schema: Vec<String>,
    /// The rules that every resource has to keep.
    pub policies: Vec<Policy>,
    /// Whether Flux replaces variables in what it applies.
    pub flux_substitution: bool,
    /// How bad findings of `fab lint` are, and which are left out.
    pub lint: LintSettings,
    /// What `fab diff` counts and does not show.
    pub noise: Noise,
    /// The repositories to look for components and charts in.
    pub catalog: Vec<Catalog>,
    /// Where manifests are published.
    pub publish: PublishSettings,
    /// Its environments, and how charts are rendered.
    pub rendering: RenderingSettings,
    /// What is odd about the file.
    pub warnings: Vec<Warning>,
}

/// What `fab.yaml` may say.
pub(crate) static PROJECT: Table = Table::new(
    "fab",
    "What a repository says about fab itself.",
    &[
        Field::new("catalog", Shape::List(&catalog::CATALOG), "The repositories that `fab find` searches."),
        Field::new(
            "defaults",
            Shape::Fields(&rendering::DEFAULTS),
            "How charts are rendered where an environment does not say it.",
        ),
        Field::new("diff", Shape::Fields(&DIFF), "What `fab diff` shows."),
        Field::new(
            "environments",
            Shape::Named(&rendering::ENVIRONMENT),
            "All environments of the definition, by name. Without any, those with a config file are.",
        ),
        Field::new("hooks", Shape::Fields(&HOOKS), "Who may run hooks."),
        Field::new("lint", Shape::Fields(&LINT), "What `fab lint` looks for."),
        Field::new("publish", Shape::Fields(&PUBLISH), "Where manifests are published."),
        Field::new("sources", Shape::Fields(&SOURCES), "What may be fetched."),
        Field::new("validate", Shape::Fields(&VALIDATE), "What `fab validate` takes."),
    ],
);

static DIFF: Table = Table::new(
    "diff",
    "What `fab diff` shows.",
    &[Field::new(
        "noise",
        Shape::Texts,
        "Paths of what says little, which is counted and not shown: `**.labels.build`. `!` takes one back that is known.",
    )],
);

static HOOKS: Table = Table::new(
    "hooks",
    "Who may run hooks.",
    &[Field::new("allow", Shape::Texts, "The sources whose components may run hooks.")],
);

static SOURCES: Table = Table::new(
    "sources",
    "What may be fetched.",
    &[Field::new(
        "allow",
        Shape::Texts,
        "The only sources that may be asked, each the beginning of an address or a host.",
    )],
);

static VALIDATE: Table = Table::new(
    "validate",
    "What `fab validate` takes.",
    &[
        Field::new("flux-substitution", Shape::Flag, "Whether Flux replaces variables in what it applies."),
        Field::new("policies", Shape::List(&POLICY), "The rules that resources have to keep."),
        Field::new(
            "schema-locations",
            Shape::Texts,
            "Where schemas of custom resources are besides `schemas/`: folders, files, or templates as kubeconform has them.",
        ),
        Field::new("without-schema", Shape::Texts, "Kinds whose resources are taken without a schema."),
    ],
);

impl Project {
    /// Reads the file in a folder, which messages call `shown`; one that is not there says nothing.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or has a value of the wrong type.
    pub fn read(folder: &Path, shown: &str) -> Result<Self, Error> {
        let mut project = Project::default();
        let Some((document, value)) = Document::read(folder, shown, "fab")? else { return Ok(project) };
        let fields = Fields::new(&document, Vec::new(), &value)?;
        fields.warn_unknown(PROJECT.names(), &mut project.warnings);
        let hooks = section(&fields, "hooks", &HOOKS, &mut project.warnings)?;
        project.allowed_hooks = texts(&hooks, "allow")?;
        let sources = section(&fields, "sources", &SOURCES, &mut project.warnings)?;
        let patterns = texts(&sources, "allow")?;
        project.allowed_sources = Allow::parse(patterns.iter().map(String::as_str)).map_err(|error| {
            let place = document.place(&sources.steps_to("allow"));
            Error::Syntax { place, message: error.to_string() }
        })?;
        let validate = section(&fields, "validate", &VALIDATE, &mut project.warnings)?;
        project.schema_locations = texts(&validate, "schema-locations")?;
        project.without_schema = texts(&validate, "without-schema")?;
        project.flux_substitution = validate.flag("flux-substitution")?.unwrap_or(false);
        project.policies = policies(&validate)?;
        project.lint = LintSettings::read(
            &section(&fields, "lint", &LINT, &mut project.warnings)?,
            &mut project.warnings,
        )?;
        let diff = section(&fields, "diff", &DIFF, &mut project.warnings)?;
        project.noise = Noise::with(&texts(&diff, "noise")?).map_err(|(at, problem)| {
            let steps = [diff.steps_to("noise"), vec![Step::Index(at)]].concat();
            Error::Syntax { place: document.place(&steps), message: format!("this is no path: {problem}") }
        })?;
        project.catalog = catalog::read(&fields, &mut project.warnings)?;
        project.publish = PublishSettings::read(&fields, &mut project.warnings)?;
        project.rendering = RenderingSettings::read(&fields, &mut project.warnings)?;
        Ok(project)
    }

    /// Returns the environments of a run with their layers: those that are wanted, or else all of the definition in a
    /// folder. These are the ones that are listed here; if none is, those that have a config file; `common` alone if
    /// none has.
    pub fn environments(&self, folder: &Path, wanted: &[Environment]) -> Vec<Environment> {
        let known = || {
            let listed = self.rendering.environments();
            let names = if listed.is_empty() { config::load::names(folder) } else { listed };
            names.iter().map(|name| Environment::new([name])).collect()
        };
        let wanted: Vec<Environment> = if wanted.is_empty() { known() } else { wanted.to_vec() };
        let wanted = if wanted.is_empty() { vec![Environment::new([config::COMMON])] } else { wanted };
        wanted.into_iter().map(|environment| self.rendering.layered(environment)).collect()
    }
}

fn policies(fields: &Fields<'_>) -> Result<Vec<Policy>, Error> {
    let steps = fields.steps_to("policies");
    let read = |(at, item): (usize, &Value)| {
        Policy::read(item, &|path| {
            let inner = path.iter().map(|segment| match segment {
                Segment::Key(key) => Step::Key(key.clone()),
                Segment::Index(at) => Step::Index(*at),
            });
            let steps: Vec<Step> = steps.iter().cloned().chain([Step::Index(at)]).chain(inner).collect();
            fields.document.place(&steps)
        })
    };
    fields.list("policies")?.unwrap_or_default().iter().enumerate().map(read).collect()
}

pub(crate) fn section<'a>(
    fields: &Fields<'a>,
    name: &str,
    known: &Table,
    warnings: &mut Vec<Warning>,
) -> Result<Fields<'a>, Error> {
    let value = fields.get(name).unwrap_or(&Value::Null);
    let section = Fields::new(fields.document, fields.steps_to(name), value)?;
    section.warn_unknown(known.names(), warnings);
    Ok(section)
}

pub(crate) fn texts(fields: &Fields<'_>, name: &str) -> Result<Vec<String>, Error> {
    let steps = fields.steps_to(name);
    let text = |(at, item): (usize, &Value)| {
        let steps: Vec<Step> = steps.iter().cloned().chain([Step::Index(at)]).collect();
        scalar_text(fields.document, &steps, item)
    };
    fields.list(name)?.unwrap_or_default().iter().enumerate().map(text).collect()
}
