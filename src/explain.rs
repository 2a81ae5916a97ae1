//! Where the values of a component come from: every one with the place that set it
//! and with what that place overrides.
//!
//! Nothing but the component's own chart is loaded, for its defaults; it is rendered only
//! if one value is asked for, to see where that is read. A chart that is not there or does not take the values leaves the config files to
//! speak for themselves.

use std::path::PathBuf;
use std::sync::Arc;

use kubeschema::closest;

use crate::config::Environment;
use crate::definition::Generator;
use crate::document::{Step, value_at};
use crate::edit::path;
use crate::error::{Error, Failure, Place, Warning, WarningKind};
use crate::generate::pool;
use crate::insight::near_path;
use crate::inventory::settings::choose;
use crate::inventory::{Loaded, load, whole_run};
use crate::origin::{Origins, SetIn, Setting, Through};
use crate::render::{ChartSettings, Renderer, World};
use crate::resolve::{ResolvedComponent, walk};

/// What to explain.
pub struct ExplainOptions {
    /// The folder of the root component.
    pub directory: PathBuf,
    /// The environment.
    pub environment: Environment,
    /// The component by its path, or by its name if it is the only one of that name.
    pub component: String,
    /// The keys of a value, such as `image.tag` or `hosts[0]`; none for all values.
    pub key: Option<String>,
    /// Whether values count that nobody but the chart sets.
    pub defaults: bool,
}

/// The values of a component and where they come from.
#[derive(Debug)]
pub struct Explanation {
    /// The environment.
    pub environment: String,
    /// The path of the component.
    pub component: String,
    /// How it becomes manifests.
    pub generator: Generator,
    /// The values, in order of their keys.
    pub settings: Vec<Setting>,
    /// Where templates of its chart read the value that is asked for; none if that is not known.
    pub read_at: Option<Vec<Place>>,
    /// Why the defaults of its chart are not known.
    pub without_defaults: Option<Arc<Error>>,
    /// What is odd.
    pub warnings: Vec<Warning>,
}

/// Finds out where the values of a component come from.
///
/// # Errors
///
/// There is no such environment, component or value, or something is wrong with the component.
pub fn explain(options: &ExplainOptions) -> Result<Explanation, Vec<Failure>> {
    let loaded = load(&options.directory, std::slice::from_ref(&options.environment))?;
    let Loaded { definition, environments, project, places, mut warnings } = loaded;
    let environment = environments.first().unwrap_or(&options.environment);
    let (mut resolution, visits) = walk(&definition, environment);
    // A file that cannot be read may set anything; a component that is not there sets nothing of another one.
    let is_broken = |failure: &Failure| !matches!(*failure.error, Error::NotInstalled { .. });
    if resolution.failures.iter().any(is_broken) {
        return Err(resolution.failures);
    }
    let listed = project.rendering.environments();
    let is_listed = environment.names().iter().all(|name| listed.contains(name));
    check_environment(&resolution.warnings, is_listed).map_err(|error| vec![whole_run(error)])?;
    let at = choose(&mut resolution, &visits, environment, Some(&options.component))?;
    let resolved = visits[at].resolved.and_then(|at| resolution.tree.components.get(at));
    let Some(component) = resolved else { return Err(resolution.failures) };
    warnings.append(&mut resolution.warnings);
    let charts = ChartSettings { settings: Default::default(), world: World::still() };
    let renderer = Renderer::new(
        (&options.directory, &definition.shown, &places),
        &options.directory.join("generated"),
        (&charts, &project.rendering),
        (false, false),
    );
    let failed = |error: Error| vec![Failure::of(&component.path, error)];
    let (origins, without_defaults) = origins(&renderer, component).map_err(failed)?;
    let steps = options.key.as_deref().and_then(path::parse);
    let read_at = steps.as_ref().and_then(|steps| {
        let pool = pool(Some(1)).ok()?;
        let reads = pool.install(|| renderer.reads(component, environment))?;
        Some(read_at(&reads, steps))
    });
    let settings = wanted(&origins, options, (component, environment)).map_err(|error| match error {
        Error::NoValue { key, component, environment, suggestion, .. } => {
            let read_at = read_at.iter().flatten().next().cloned().map(Box::new);
            vec![whole_run(Error::NoValue { key, component, environment, suggestion, read_at })]
        }
        error => failed(error),
    })?;
    Ok(Explanation {
        environment: environment.to_string(),
        component: component.path.clone(),
        generator: component.own.component.generator.clone(),
        settings,
        read_at,
        without_defaults,
        warnings,
    })
}

/// Returns the places where the value is read, a part of it, or all of what it is in.
fn read_at(reads: &[(Vec<Step>, Place)], steps: &[Step]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for (path, place) in reads {
        // On the way to a value, what it is in is looked up at the same place.
        let is_way = || {
            reads.iter().any(|(other, at)| at == place && other.len() > path.len() && other.starts_with(path))
        };
        let concerns = path.starts_with(steps) || steps.starts_with(path) && !is_way();
        if concerns && !places.contains(place) {
            places.push(place.clone());
        }
    }
    places
}

/// An environment without any file is a slip of the pen, unless `fab.yaml` knows it.
pub(crate) fn check_environment(warnings: &[Warning], is_listed: bool) -> Result<(), Error> {
    let unknown = warnings.iter().find_map(|warning| match &warning.kind {
        WarningKind::NoConfigFile { name, suggestion } => Some((name.clone(), suggestion.clone())),
        WarningKind::ComponentAsEnvironment { name } => Some((name.clone(), None)),
        _ => None,
    });
    match unknown {
        Some((name, suggestion)) if !is_listed => Err(Error::UnknownEnvironment { name, suggestion }),
        _ => Ok(()),
    }
}

/// Returns the origins of a component's values, and why those of its chart are not among them.
pub(crate) fn origins(
    renderer: &Renderer<'_>,
    component: &ResolvedComponent,
) -> Result<(Origins, Option<Arc<Error>>), Error> {
    let of_config = |error| Ok((Origins::of(component, None)?, error));
    let chart = match renderer.chart(component) {
        Some(Ok(chart)) => chart,
        Some(Err(error)) => return of_config(Some(error)),
        None => return of_config(None),
    };
    match Origins::of(component, Some((&chart, &renderer.show(&component.input)))) {
        Err(error @ Error::Chart { .. }) => of_config(Some(Arc::new(error))),
        origins => Ok((origins?, None)),
    }
}

/// Returns the settings that are asked for, located.
fn wanted(
    origins: &Origins,
    options: &ExplainOptions,
    (component, environment): (&ResolvedComponent, &Environment),
) -> Result<Vec<Setting>, Error> {
    let mut settings = origins.settings()?;
    let Some(key) = options.key.as_deref().filter(|key| !key.is_empty()) else {
        settings.retain(|setting| !is_copy(setting) && (options.defaults || is_of_user(setting)));
        origins.locate(&mut settings);
        return Ok(settings);
    };
    let steps = path::parse(key).unwrap_or_default();
    let found = select(origins, &settings, &steps);
    if found.is_empty() {
        let keys: Vec<String> = steps.iter().map(step_text).collect();
        let known: Vec<Vec<String>> = settings.iter().map(|setting| setting.keys.clone()).collect();
        return Err(Error::NoValue {
            key: key.to_owned(),
            component: component.path.clone(),
            environment: environment.to_string(),
            suggestion: near(&keys, &known),
            read_at: None,
        });
    }
    Ok(found)
}

/// Returns the settings that steps lead to or to above of, located; a part of a list has one of its own.
pub(crate) fn select(origins: &Origins, settings: &[Setting], steps: &[Step]) -> Vec<Setting> {
    if let Some(item) = item(origins, settings, steps) {
        return vec![item];
    }
    let keys: Vec<String> = steps.iter().map(step_text).collect();
    let below = settings.iter().filter(|setting| setting.keys.starts_with(&keys));
    let mut found: Vec<Setting> = below.cloned().collect();
    origins.locate(&mut found);
    found
}

fn step_text(step: &Step) -> String {
    match step {
        Step::Key(key) => key.clone(),
        Step::Index(at) => at.to_string(),
    }
}

/// Returns the item of a list, or what is in it, that steps lead to.
fn item(origins: &Origins, settings: &[Setting], steps: &[Step]) -> Option<Setting> {
    let at = steps.iter().position(|step| matches!(step, Step::Index(_)))?;
    let keys: Vec<String> = steps[..at].iter().map(step_text).collect();
    let (Step::Index(index), below) = (&steps[at], &steps[at + 1..]) else { return None };
    let list = settings.iter().find(|setting| setting.keys == keys)?;
    let value = list.value.as_ref()?.as_sequence()?.get(*index)?;
    let value = value_at(value, below)?;
    let (origin, within) = match list.set_by.as_slice() {
        [only] => (only, &steps[at..]),
        several => (several.get(*index)?, below),
    };
    let set_by = origins.part_of(origin, within, value.clone());
    let part = steps[at..].to_vec();
    Some(Setting { keys, part, value: Some(value.clone()), set_by: vec![set_by], overrides: Vec::new() })
}

/// Whether somebody but the chart has a say.
fn is_of_user(setting: &Setting) -> bool {
    setting.set_by.iter().any(|origin| !matches!(origin.layer, SetIn::Default(_)))
}

/// Whether it is a global as a subchart sees it.
fn is_copy(setting: &Setting) -> bool {
    setting.set_by.iter().all(|origin| origin.through == Some(Through::Global))
}

/// Returns a key that may be meant: one that differs in one part, or has the same last part elsewhere.
fn near(keys: &[String], known: &[Vec<String>]) -> Option<String> {
    // A part of the way to a value is a key, too.
    let all: Vec<&[String]> = known.iter().filter_map(|known| known.get(..keys.len())).collect();
    let elsewhere = || {
        let last = keys.last()?;
        known.iter().find(|known| known.last() == Some(last)).map(Vec::as_slice)
    };
    let alike = || {
        let dotted: Vec<String> = known.iter().map(|keys| shown(keys)).collect();
        closest(&shown(keys), dotted.iter().map(String::as_str)).map(str::to_owned)
    };
    near_path(keys, &all).or_else(|| elsewhere().map(shown)).or_else(alike)
}

/// Returns keys as they are typed.
fn shown(keys: &[String]) -> String {
    path::show(&keys.iter().cloned().map(Step::Key).collect::<Vec<_>>())
}
