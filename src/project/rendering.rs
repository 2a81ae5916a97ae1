//! How charts are rendered: settings of `fab.yaml` for an environment, and for a
//! component of it.
//!
//! ```yaml
//! defaults:
//!   kubeVersion: 1.31.0
//! environments:
//!   prod-west:
//!     layers: [west, prod]
//!     includeCrds: true
//!     components:
//!       infra/ingress: { includeCrds: false }
//! ```
//!
//! Each setting is the strongest one said: of the component in the environment, of
//! the component in `defaults`, of the environment, of `defaults`.

use std::collections::BTreeMap;
use std::time::SystemTime;

use goyaml::Value;
use helm::{Capabilities, KubeVersion};
use jiff::Timestamp;

use super::texts;
use crate::config::Environment;
use crate::definition::fields::Fields;
use crate::error::{Error, Place, Warning, WarningKind};
use crate::resolve::ComponentPaths;
use crate::schema::{Field, Shape, Table};

/// How a chart is rendered; what is not said is up to weaker settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RenderSettings {
    /// The Kubernetes version that it sees.
    pub kube_version: Option<KubeVersion>,
    /// The API versions that it sees besides the usual ones.
    pub api_versions: Option<Vec<String>>,
    /// Whether the files in `crds/` are part of the output.
    pub include_crds: Option<bool>,
    /// The moment that it sees as now.
    pub seed_date: Option<SystemTime>,
}

impl RenderSettings {
    /// Returns these settings, and weaker ones for what they do not say.
    #[must_use]
    pub fn or(self, weaker: &Self) -> Self {
        RenderSettings {
            kube_version: self.kube_version.or_else(|| weaker.kube_version.clone()),
            api_versions: self.api_versions.or_else(|| weaker.api_versions.clone()),
            include_crds: self.include_crds.or(weaker.include_crds),
            seed_date: self.seed_date.or(weaker.seed_date),
        }
    }

    /// Returns what the target cluster offers.
    pub fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        if let Some(version) = &self.kube_version {
            capabilities.kube_version = version.clone();
        }
        capabilities.api_versions.extend_from_slice(self.api_versions.as_deref().unwrap_or_default());
        capabilities
    }

    fn read(fields: &Fields<'_>) -> Result<Self, Error> {
        let api_versions = fields.list("apiVersions")?.map(|_| texts(fields, "apiVersions"));
        Ok(RenderSettings {
            kube_version: parsed(fields, "kubeVersion", KubeVersion::parse)?,
            api_versions: api_versions.transpose()?,
            include_crds: fields.flag("includeCrds")?,
            seed_date: parsed(fields, "seedDate", moment)?,
        })
    }
}

/// The environments of a project and how charts are rendered in each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RenderingSettings {
    defaults: Section,
    environments: BTreeMap<String, Section>,
}

/// What is said for an environment, or for all.
#[derive(Debug, Clone, Default, PartialEq)]
struct Section {
    layers: Option<Vec<String>>,
    settings: RenderSettings,
    components: BTreeMap<String, OfComponent>,
}

/// What is said for one component.
#[derive(Debug, Clone, PartialEq)]
struct OfComponent {
    settings: RenderSettings,
    place: Place,
}

const API_VERSIONS: Field =
    Field::new("apiVersions", Shape::Texts, "The API versions that charts see besides the usual ones.");
const INCLUDE_CRDS: Field =
    Field::new("includeCrds", Shape::Flag, "Whether the files in `crds/` of charts are part of the output.");
const KUBE_VERSION: Field =
    Field::new("kubeVersion", Shape::Text, "The Kubernetes version that charts see: `1.31.2`.");
const SEED_DATE: Field = Field::new(
    "seedDate",
    Shape::Text,
    "The moment that charts see as now: `2026-01-31T12:00:00Z`, or seconds since 1970.",
);
const COMPONENTS: Field = Field::new(
    "components",
    Shape::Named(&SETTINGS),
    "The same for single components, by their paths in the tree of components: `infra/ingress`.",
);
const LAYERS: Field = Field::new(
    "layers",
    Shape::Texts,
    "The config layers, the strongest first, in place of the one of the environment's name. `common` is always the last.",
);

static SETTINGS: Table = Table::new(
    "settings",
    "How the chart of a component is rendered.",
    &[API_VERSIONS, INCLUDE_CRDS, KUBE_VERSION, SEED_DATE],
);
pub(super) static DEFAULTS: Table = Table::new(
    "defaults",
    "How charts are rendered.",
    &[API_VERSIONS, COMPONENTS, INCLUDE_CRDS, KUBE_VERSION, SEED_DATE],
);
pub(super) static ENVIRONMENT: Table = Table::new(
    "environment",
    "An environment, and how charts are rendered in it.",
    &[API_VERSIONS, COMPONENTS, INCLUDE_CRDS, KUBE_VERSION, LAYERS, SEED_DATE],
);

impl RenderingSettings {
    pub(super) fn read(fields: &Fields<'_>, warnings: &mut Vec<Warning>) -> Result<Self, Error> {
        let null = Value::Null;
        let defaults = fields.get("defaults").unwrap_or(&null);
        let defaults = Fields::new(fields.document, fields.steps_to("defaults"), defaults)?;
        Ok(RenderingSettings {
            defaults: Section::read(&defaults, &DEFAULTS, warnings)?,
            environments: each(fields, "environments", |environment| {
                Section::read(environment, &ENVIRONMENT, warnings)
            })?,
        })
    }

    /// Warns of the components that have settings and are nowhere in a definition.
    pub(crate) fn warn_unknown(&self, paths: &ComponentPaths) -> Vec<Warning> {
        let sections = self.environments.values().chain([&self.defaults]);
        let unknown = sections.flat_map(|section| &section.components).filter(|(path, _)| !paths.has(path));
        let warning = |(path, component): (&String, &OfComponent)| Warning {
            place: Some(component.place.clone()),
            kind: WarningKind::UnknownComponent { path: path.clone(), suggestion: paths.near(path) },
        };
        unknown.map(warning).collect()
    }

    /// Returns the names of the environments that are listed, in order.
    pub fn environments(&self) -> Vec<String> {
        self.environments.keys().cloned().collect()
    }

    /// Returns an environment with the layers that are listed for it, or for each of its names.
    pub fn layered(&self, environment: Environment) -> Environment {
        let listed = |name: &str| self.environments.get(name)?.layers.clone();
        let layers = listed(&environment.to_string()).unwrap_or_else(|| {
            let each = environment.names().iter();
            each.flat_map(|name| listed(name).unwrap_or_else(|| vec![name.clone()])).collect()
        });
        environment.with_layers(layers)
    }

    /// Returns how the chart of a component, such as `infra/ingress`, is rendered in an environment. One of several
    /// names, `qa+west`, has what is said for it, then for `qa`, then for `west`.
    pub fn of(&self, environment: &Environment, component: &str) -> RenderSettings {
        let whole = environment.to_string();
        let names = environment.names().iter().filter(|name| **name != whole);
        let sections: Vec<&Section> = [&whole]
            .into_iter()
            .chain(names)
            .filter_map(|name| self.environments.get(name))
            .chain([&self.defaults])
            .collect();
        let of_component = sections.iter().filter_map(|section| section.components.get(component));
        let of_component = of_component.map(|component| &component.settings);
        let general = sections.iter().map(|section| &section.settings);
        of_component.chain(general).fold(RenderSettings::default(), RenderSettings::or)
    }
}

impl Section {
    fn read(fields: &Fields<'_>, known: &Table, warnings: &mut Vec<Warning>) -> Result<Self, Error> {
        fields.warn_unknown(known.names(), warnings);
        Ok(Section {
            layers: fields.list("layers")?.map(|_| texts(fields, "layers")).transpose()?,
            settings: RenderSettings::read(fields)?,
            components: each(fields, "components", |component| {
                component.warn_unknown(SETTINGS.names(), warnings);
                let place = component.document.place(&component.steps);
                Ok(OfComponent { settings: RenderSettings::read(component)?, place })
            })?,
        })
    }
}

/// Reads a map whose keys are names of the user's.
fn each<T>(
    fields: &Fields<'_>,
    name: &str,
    mut read: impl FnMut(&Fields<'_>) -> Result<T, Error>,
) -> Result<BTreeMap<String, T>, Error> {
    let entries = fields.map(name)?.into_iter().flatten();
    let map = Fields::new(fields.document, fields.steps_to(name), fields.get(name).unwrap_or(&Value::Null))?;
    let entry = |(key, value): (&String, &Value)| {
        Ok((key.clone(), read(&Fields::new(map.document, map.steps_to(key), value)?)?))
    };
    entries.map(entry).collect()
}

/// Reads a field that has a grammar of its own.
fn parsed<T, E: ToString>(
    fields: &Fields<'_>,
    name: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, Error> {
    let Some(text) = fields.text(name)? else { return Ok(None) };
    let parsed = parse(&text).map_err(|error| Error::Syntax {
        place: fields.document.place(&fields.steps_to(name)),
        message: format!("`{name}: {text}`: {}", error.to_string()),
    });
    parsed.map(Some)
}

/// Reads a moment: a date of RFC 3339 or seconds since 1970.
///
/// # Errors
///
/// It is neither, or too far away.
pub fn moment(text: &str) -> Result<SystemTime, &'static str> {
    let moment = match text.parse() {
        Ok(seconds) => Timestamp::from_second(seconds),
        Err(_) => text.parse(),
    };
    let wanted = "neither a date such as 2026-01-31T12:00:00Z nor seconds since 1970";
    moment.and_then(SystemTime::try_from).map_err(|_| wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<i64, ()>) {
        let moment = moment(text).map_err(|_| ());
        let seconds = moment.map(|moment| Timestamp::try_from(moment).expect("it was one").as_second());
        assert_eq!(seconds, want, "{text}");
    }

    #[test]
    fn dates_are_rfc_3339_or_seconds() {
        check("0", Ok(0));
        check("-1", Ok(-1));
        check("1700000000", Ok(1_700_000_000));
        check("2023-11-14T22:13:20Z", Ok(1_700_000_000));
        check("2023-11-14T23:13:20.5+01:00", Ok(1_700_000_000));
    }

    #[test]
    fn nothing_else_is_a_date() {
        for text in ["", "now", "2023-11-14", "2023-11-14T22:13:20", "1e9", "99999999999999999"] {
            check(text, Err(()));
        }
    }
}
