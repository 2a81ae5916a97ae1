//! What the config files say of one component, merged: the settings that it is
//! rendered with, in the form of a config file.
//!
//! A component that holds others has theirs below `subcomponents`, each with what
//! its own config files add, so that the settings of the root are those of the
//! whole environment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use goyaml::Mapping;
use kubeschema::closest;
use serde::Serialize;

use super::{Loaded, load, whole_run};
use crate::config::Environment;
use crate::error::{Error, Failure, Warning};
use crate::resolve::{Resolution, Visit, component_path, walk};

/// Whose settings to show.
pub struct ShowOptions {
    /// The folder of the root component.
    pub directory: PathBuf,
    /// The environment.
    pub environment: Environment,
    /// The component by its path, or by its name if it is the only one of that name; none for the root.
    pub component: Option<String>,
}

/// The settings of a component, as a config file has them.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// The namespace that it is installed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Whether resources without a namespace get this one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub inject_namespace: bool,
    /// Whether it is left out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// The values for its chart or templates.
    #[serde(skip_serializing_if = "Mapping::is_empty")]
    pub config: Mapping,
    /// The settings of its subcomponents, by the names of their entries.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub subcomponents: BTreeMap<String, Settings>,
}

/// Returns the settings of a component, and what is odd about the definition.
///
/// # Errors
///
/// There is no such component, or it is disabled, or something is wrong with it or with what is below it.
pub fn show(options: &ShowOptions) -> Result<(Settings, Vec<Warning>), Vec<Failure>> {
    let Loaded { definition, environments, mut warnings, .. } =
        load(&options.directory, std::slice::from_ref(&options.environment))?;
    let environment = environments.first().unwrap_or(&options.environment);
    let (mut resolution, visits) = walk(&definition, environment);
    let at = choose(&mut resolution, &visits, environment, options.component.as_deref())?;
    warnings.append(&mut resolution.warnings);
    Ok((settings(&mut resolution, &visits[at..]).0, warnings))
}

/// Chooses the component that is called so, or else the root: it has to be part of the environment, and fine with all
/// that is below it. Returns which of the visits it is.
pub(crate) fn choose(
    resolution: &mut Resolution,
    visits: &[Visit<'_>],
    environment: &Environment,
    component: Option<&str>,
) -> Result<usize, Vec<Failure>> {
    let all: Vec<(&Visit<'_>, String)> = visits
        .iter()
        .map(|visit| (visit, component_path(visit.node, visit.node.body.as_ref().ok())))
        .collect();
    let at = match component {
        Some(name) => find(&all, name, environment).map_err(|error| vec![whole_run(error)])?,
        None => 0,
    };
    let (visit, path) = &all[at];
    if visit.is_disabled {
        let place = visit.switch.as_ref().map(|say| say.place_of("disabled"));
        let (name, environment) = (path.clone(), environment.to_string());
        return Err(vec![whole_run(Error::ComponentDisabled { name, environment, place })]);
    }
    let is_below = |failure: &Failure| {
        let below = failure.component.strip_prefix(path.as_str());
        visit.level == 0 || below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let failures: Vec<Failure> = resolution.failures.drain(..).filter(is_below).collect();
    if failures.is_empty() { Ok(at) } else { Err(failures) }
}

/// Finds the component that is meant.
fn find(all: &[(&Visit<'_>, String)], wanted: &str, environment: &Environment) -> Result<usize, Error> {
    let wanted = wanted.trim_matches('/');
    if let Some(at) = all.iter().position(|(_, path)| path == wanted) {
        return Ok(at);
    }
    let name = |path: &str| path.rsplit_once('/').map_or(path, |(_, name)| name).to_owned();
    let named: Vec<usize> = (0..all.len()).filter(|&at| name(&all[at].1) == wanted).collect();
    match named.as_slice() {
        [at] => Ok(*at),
        [] => {
            let names: Vec<String> = all.iter().map(|(_, path)| name(path)).collect();
            let paths = all.iter().map(|(_, path)| path.as_str());
            let near = closest(wanted, paths.clone()).map(str::to_owned).or_else(|| {
                let near = closest(wanted, names.iter().map(String::as_str))?;
                names.iter().position(|name| name == near).map(|at| all[at].1.clone())
            });
            Err(Error::UnknownComponent {
                name: wanted.to_owned(),
                environment: environment.to_string(),
                suggestion: near,
            })
        }
        several => Err(Error::AmbiguousComponent {
            name: wanted.to_owned(),
            paths: several.iter().map(|&at| all[at].1.clone()).collect(),
        }),
    }
}

/// Returns the settings of the first of these components with what is below it, and how many components that are.
fn settings(resolution: &mut Resolution, visits: &[Visit<'_>]) -> (Settings, usize) {
    let Some((first, rest)) = visits.split_first() else { return (Settings::default(), 0) };
    let mut all = Settings { disabled: first.is_disabled, ..Settings::default() };
    if let Some(component) = first.resolved.map(|at| &mut resolution.tree.components[at]) {
        all.namespace = component.namespace.take();
        all.inject_namespace = component.inject_namespace;
        all.config = std::mem::take(&mut component.values);
    }
    let mut count = 0;
    while let Some(next) = rest.get(count).filter(|next| next.level > first.level) {
        let name = next.node.entry.as_ref().map_or_else(String::new, |entry| entry.component.name.clone());
        let (below, size) = settings(resolution, &rest[count..]);
        all.subcomponents.insert(name, below);
        count += size;
    }
    (all, count + 1)
}
