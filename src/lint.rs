//! What is odd or wrong in a definition, before anything is generated of it.
//!
//! A rule is a file of its own: its code, its texts and its check. Rules look at a
//! `Subject`, which is gathered once; what the loader and the
//! renderer warn of is found there and nowhere else, and a rule puts it under a code.
//!
//! Two rules hold for what is reported. It is in order of files and lines, whatever
//! thread found it, and what is found alike in several environments is one finding.
//!
//! Invariant: no hook runs, nothing is fetched, and only `--fix` changes a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use helm::Seed;
use kubeschema::closest;
use rayon::prelude::*;

use crate::config::Environment;
use crate::definition::{self, Generator, place};
use crate::error::{Error, Failure, Place, Warning, WarningKind};
use crate::finding::Finding;
use crate::generate::pool;
use crate::hooks::{HookPolicy, Moment};
use crate::project::{Project, RenderSettings, RenderingSettings};
use crate::render::{ChartSettings, Inspection, Renderer, World};
use crate::resolve::{ComponentPaths, ResolvedComponent, ResolvedTree, resolve};
use crate::source::{lockfile, vendored};

mod fix;
mod ignore;
mod rule;
mod rules;
pub(crate) mod settings;
mod subject;

pub use fix::{Repair, repair};
pub use rule::Rule;
pub(crate) use rules::{RULES, may_be_secret};
pub use settings::LintSettings;
use subject::{Files, Subject};

/// What `fab lint` may choose.
#[derive(Debug)]
pub struct LintOptions {
    /// The folder of the root component; `.` for the working folder.
    pub directory: PathBuf,
    /// The environments; none for all that the definition has.
    pub environments: Vec<Environment>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Lint {
    /// The findings, in order of files and lines.
    pub findings: Vec<Finding>,
    /// The paths of the components that were looked at.
    pub components: Vec<String>,
    /// The environments.
    pub environments: Vec<String>,
    /// What could not be looked at.
    pub failures: Vec<Failure>,
    /// What was not looked at, as it needs a hook.
    pub warnings: Vec<Warning>,
}

/// Returns all rules in the order of their codes.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().map(|(rule, _)| rule)
}

/// Returns the rule of a code or name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.is_called(name))
}

/// Returns the rule that may be meant by a name that is none's.
pub(crate) fn near_rule(name: &str) -> Option<String> {
    closest(name, rules().flat_map(|rule| [rule.code, rule.name])).map(str::to_owned)
}

/// Lints a definition. What cannot be looked at is a failure beside the findings in the rest.
///
/// # Errors
///
/// What is wrong with the definition as a whole.
pub fn lint(options: &LintOptions) -> Result<Lint, Vec<Failure>> {
    let whole = |error: Error| vec![Failure::of_run(error)];
    let shown = place::typed(&options.directory);
    let project = Project::read(&options.directory, &shown).map_err(whole)?;
    let wanted = project.environments(&options.directory, &options.environments);
    let mut environments = wanted.clone();
    environments.extend(project.environments(&options.directory, &[]));
    let mut known = BTreeSet::new();
    environments.retain(|environment| known.insert(environment.to_string()));
    let places = vendored::places(&options.directory, &shown).map_err(whole)?.unwrap_or_default();
    let definition = definition::load_from(&options.directory, &shown, &environments, &places);

    let is_wanted: Vec<bool> = (0..environments.len()).map(|at| at < wanted.len()).collect();
    let mut lint = Lint { environments: wanted.iter().map(ToString::to_string).collect(), ..Lint::default() };
    let mut warnings: Vec<(Warning, Option<String>)> = project.warnings.iter().map(of_file).collect();
    let unknown = project.rendering.warn_unknown(&ComponentPaths::of(&definition));
    warnings.extend(unknown.iter().map(of_file));
    let mut trees = Vec::new();
    for (environment, is_wanted) in environments.iter().zip(&is_wanted) {
        let resolution = resolve(&definition, environment);
        trees.push(resolution.tree);
        if *is_wanted {
            let name = Some(environment.to_string());
            lint.failures.extend(resolution.failures);
            warnings.extend(resolution.warnings.into_iter().map(|warning| (warning, name.clone())));
        }
    }

    let settings = ChartSettings { settings: RenderSettings::default(), world: world() };
    let output = options.directory.join("generated");
    let renderer = Renderer::new(
        (&options.directory, &shown, &places),
        &output,
        (&settings, &project.rendering),
        (true, false),
    );
    let inspections = lint.inspect(&renderer, &project.rendering, &trees, &is_wanted)?;
    let has_lockfile = options.directory.join(lockfile::FILE).exists();
    let lockfile = lockfile::Lockfile::read(&options.directory, &shown).map_err(whole)?;
    let layers: BTreeSet<&str> = wanted.iter().flat_map(Environment::layers).collect();
    let subject = Subject {
        directory: &options.directory,
        project: &project,
        definition: &definition,
        lockfile: has_lockfile.then_some(lockfile),
        trees: &trees,
        wanted: is_wanted,
        inspections,
        warnings,
        files: Files::of(&definition, &layers),
    };
    lint.components = subject.instances().map(|instance| instance.component.path.clone()).collect();
    lint.components.sort();
    lint.components.dedup();
    lint.findings = findings(&subject);
    Ok(lint)
}

/// A warning about a file has to do with no environment.
fn of_file(warning: &Warning) -> (Warning, Option<String>) {
    (warning.clone(), None)
}

/// Clock and randomness that are the same in every run, and yet nobody's choice.
fn world() -> World {
    const NEW_YEAR_2026: Duration = Duration::from_secs(1_767_225_600);
    World {
        now: SystemTime::UNIX_EPOCH + NEW_YEAR_2026,
        zone: "UTC".to_owned(),
        seed: Seed::from([0; 32]),
        fixed: Vec::new(),
    }
}

/// What became of the components of each tree; none if one could not be rendered.
type Inspections = Vec<Vec<Option<Arc<Inspection>>>>;

/// Finds for each component of each tree the first that is the same chart with the same values, so that it is
/// rendered once.
fn firsts(trees: &[ResolvedTree], rendering: &RenderingSettings) -> Vec<Vec<(usize, usize)>> {
    let mut known: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    let settings =
        |at: usize, component: &ResolvedComponent| rendering.of(&trees[at].environment, &component.path);
    let is_alike = |(tree, at): (usize, usize), (other_tree, other_at): (usize, usize)| {
        let (one, other) = (&trees[tree].components[at], &trees[other_tree].components[other_at]);
        let is_chart = one.own.component.generator == Generator::Helm;
        is_chart
            && (&one.input, one.name(), &one.namespace) == (&other.input, other.name(), &other.namespace)
            && (&one.values, one.inject_namespace) == (&other.values, other.inject_namespace)
            && settings(tree, one) == settings(other_tree, other)
    };
    let mut firsts = Vec::new();
    for (tree, components) in trees.iter().map(|tree| &tree.components).enumerate() {
        let mut of_tree = Vec::new();
        for (at, component) in components.iter().enumerate() {
            let of_path = known.entry(&component.path).or_default();
            let first = of_path.iter().copied().find(|first| is_alike(*first, (tree, at)));
            of_tree.push(first.unwrap_or_else(|| {
                of_path.push((tree, at));
                (tree, at)
            }));
        }
        firsts.push(of_tree);
    }
    firsts
}

impl Lint {
    /// Renders the components of all trees; fails only for the environments that are asked for.
    fn inspect(
        &mut self,
        renderer: &Renderer<'_>,
        rendering: &RenderingSettings,
        trees: &[ResolvedTree],
        is_wanted: &[bool],
    ) -> Result<Inspections, Vec<Failure>> {
        let firsts = firsts(trees, rendering);
        let outcomes: Vec<Vec<_>> = pool(None)?.install(|| {
            let of_tree = |(tree, resolved): (usize, &ResolvedTree)| {
                let components = resolved.components.par_iter().enumerate();
                let inspect = |(at, component): (usize, &ResolvedComponent)| {
                    let is_looked_at = firsts[tree][at] == (tree, at) && !has_hooks(component);
                    is_looked_at.then(|| renderer.inspect(component, &resolved.environment).map(Arc::new))
                };
                components.map(inspect).collect()
            };
            trees.par_iter().enumerate().map(of_tree).collect()
        });
        let mut inspections = Vec::new();
        for ((tree, firsts), is_wanted) in trees.iter().zip(firsts).zip(is_wanted) {
            let environment = tree.environment.to_string();
            let mut of_tree = Vec::new();
            for (component, (first_tree, first)) in tree.components.iter().zip(firsts) {
                let outcome = &outcomes[first_tree][first];
                match outcome {
                    Some(Err(errors)) if *is_wanted => {
                        errors.iter().for_each(|error| self.fail(component, &environment, Arc::clone(error)));
                    }
                    None if *is_wanted => self.skip(component),
                    Some(_) | None => {}
                }
                of_tree.push(outcome.as_ref().and_then(|outcome| outcome.as_ref().ok().cloned()));
            }
            inspections.push(of_tree);
        }
        Ok(inspections)
    }

    fn fail(&mut self, component: &ResolvedComponent, environment: &str, error: Arc<Error>) {
        let environments = vec![environment.to_owned()];
        let failure = Failure { component: component.path.clone(), environments, error };
        match self.failures.iter_mut().find(|known| known.is_like(&failure)) {
            Some(known) => known.environments.extend(failure.environments),
            None => self.failures.push(failure),
        }
    }

    /// Tells of a component whose hooks would have to run before it is looked at.
    fn skip(&mut self, component: &ResolvedComponent) {
        let refused = component.hooked().check(Moment::GENERATE, &HookPolicy::default());
        let place = refused.err().and_then(|error| error.place().cloned());
        let kind = WarningKind::NotLinted { component: component.path.clone() };
        let warning = Warning { place, kind };
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

fn has_hooks(component: &ResolvedComponent) -> bool {
    component.hooked().has_any(Moment::GENERATE)
}

/// Asks all rules that are not off.
fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let settings = &subject.project.lint;
    let mut found: Vec<Finding> = Vec::new();
    for (rule, check) in RULES {
        let Some(level) = settings.level(rule) else { continue };
        let findings = check(subject).into_iter();
        let findings = findings.filter(|finding| !is_left_out(subject, rule, &finding.place));
        found.extend(findings.map(|finding| Finding { level, ..finding }));
    }
    for finding in &mut found {
        if rules::SECRETIVE.contains(&finding.rule.code) {
            finding.place.text = Arc::from("");
        }
    }
    let order = |finding: &Finding| {
        let position = finding.place.position.map(|position| (position.line, position.column));
        (finding.place.file.clone(), position, finding.rule.code, finding.message.clone())
    };
    found.sort_by_cached_key(order);
    merged(found)
}

fn is_left_out(subject: &Subject<'_>, rule: &Rule, place: &Place) -> bool {
    let shown = &subject.definition.shown;
    let below = place.file.strip_prefix(shown.as_str()).unwrap_or(&place.file).trim_start_matches('/');
    subject.project.lint.ignores(rule.code, below) || ignore::is_ignored(rule.code, place)
}

/// Makes one finding of what is the same in several environments.
fn merged(findings: Vec<Finding>) -> Vec<Finding> {
    let mut merged: Vec<Finding> = Vec::new();
    for finding in findings {
        let is_like = |known: &&mut Finding| {
            (&known.place, &known.rule, &known.message) == (&finding.place, &finding.rule, &finding.message)
        };
        match merged.last_mut().filter(is_like) {
            Some(known) => {
                let new = finding.environments.into_iter();
                let new: Vec<String> = new.filter(|name| !known.environments.contains(name)).collect();
                known.environments.extend(new);
            }
            None => merged.push(finding),
        }
    }
    merged
}
