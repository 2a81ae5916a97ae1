//! Generates the manifests of a definition: all stages but writing.
//!
//! Everything is loaded and resolved for all environments before the first hook
//! runs or the first chart is rendered, and everything is rendered before the
//! caller writes the first byte. Each stage reports all that is wrong before the
//! next one would start.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::Environment;
use crate::definition::{self, Definition, Drafts, Places, place};
use crate::document::Step;
use crate::error::{Error, Failure, Place, Warning};
use crate::hooks::{HookPolicy, HookRun, Moment};
use crate::output::OutputTree;
use crate::project::Project;
use crate::render::{ChartSettings, Renderer};
use crate::resolve::{ComponentPaths, ResolvedTree, resolve};
use crate::source::vendored;

/// What `fab generate` may choose; everything else is in the definition.
pub struct GenerateOptions {
    /// The folder of the root component; `.` for the working folder.
    pub directory: PathBuf,
    /// The folder that the output is written to, which is never an input.
    pub output: PathBuf,
    /// The environments, an output for each; none for all that the definition has.
    pub environments: Vec<Environment>,
    /// What charts are told, and how they are rendered.
    pub charts: ChartSettings,
    /// Which hooks may run.
    pub hooks: HookPolicy,
    /// Whether the definitions of custom resources that charts bring along are kept, if they are not written.
    pub keeps_definitions: bool,
    /// Whether the output is to be compared with what is there, so that lines which differ in every run matter.
    pub compares: bool,
    /// How many components are rendered at a time; none for as many as there are processors.
    pub jobs: Option<usize>,
}

/// What happens during a run, as it happens.
#[derive(Debug)]
pub enum Event {
    /// Something is odd.
    Warning(Warning),
    /// A hook's command was run.
    Hook(HookRun),
    /// So many components are about to be rendered.
    Rendering(usize),
    /// One of them was.
    Rendered,
}

/// Templates may recurse as deep as Helm allows, a thousand includes; only what is used of a stack takes memory.
const STACK: usize = 1 << 28;

/// Generates the manifests of every environment; `heard` is told what happens.
///
/// # Errors
///
/// All that went wrong.
pub fn generate(
    options: &GenerateOptions,
    heard: &(dyn Fn(Event) + Sync),
) -> Result<Vec<OutputTree>, Vec<Failure>> {
    let prepared = Prepared::new(options, &place::typed(&options.directory), heard)?;
    render(&prepared, &prepared.renderer(), heard)
}

/// Generates once more, with other settings for charts: hooks have run, and do not run again.
///
/// # Errors
///
/// All that went wrong.
pub fn generate_again(options: &GenerateOptions) -> Result<Vec<OutputTree>, Vec<Failure>> {
    let prepared = Prepared::new(options, &place::typed(&options.directory), &|_| {})?;
    render(&prepared, &prepared.renderer().again(), &|_| {})
}

fn render(
    prepared: &Prepared<'_>,
    renderer: &Renderer<'_>,
    heard: &(dyn Fn(Event) + Sync),
) -> Result<Vec<OutputTree>, Vec<Failure>> {
    heard(Event::Rendering(prepared.trees.iter().map(|tree| tree.components.len()).sum()));
    let rendering = pool(prepared.options.jobs)?.install(|| renderer.trees(&prepared.trees, heard));
    once_each(rendering.warnings, heard);
    finish(rendering.failures).map(|()| rendering.outputs)
}

/// A definition that is loaded and resolved, with all that rendering needs.
pub(crate) struct Prepared<'a> {
    options: &'a GenerateOptions,
    shown: String,
    /// What `fab.yaml` says.
    pub(crate) project: Project,
    places: Places,
    /// What each environment makes of it.
    pub(crate) trees: Vec<ResolvedTree>,
}

impl<'a> Prepared<'a> {
    /// Loads and resolves everything; messages name the folder of the definition `shown`.
    pub(crate) fn new(
        options: &'a GenerateOptions,
        shown: &str,
        heard: &(dyn Fn(Event) + Sync),
    ) -> Result<Self, Vec<Failure>> {
        Self::with_drafts(options, shown, &Drafts::new(), heard)
    }

    /// As [`Prepared::new`], with config files as they are to become.
    pub(crate) fn with_drafts(
        options: &'a GenerateOptions,
        shown: &str,
        drafts: &Drafts,
        heard: &(dyn Fn(Event) + Sync),
    ) -> Result<Self, Vec<Failure>> {
        let of_run = |error| vec![Failure::of_run(error)];
        let project = Project::read(&options.directory, shown).map_err(of_run)?;
        once_each(project.warnings.clone(), heard);
        let environments = project.environments(&options.directory, &options.environments);
        check_folders(&environments)?;
        let places = vendored::places(&options.directory, shown).map_err(of_run)?.unwrap_or_default();
        let definition = definition::load_from(&options.directory, shown, &environments, &places);
        let definition = definition.with_drafts(&options.directory, drafts);
        let trees = resolve_all(&definition, &environments, &project, heard)?;
        check_hooks(&trees, &options.hooks.allowing(&project.allowed_hooks))?;
        Ok(Prepared { options, shown: shown.to_owned(), project, places, trees })
    }

    /// Returns what was chosen.
    pub(crate) fn options(&self) -> &'a GenerateOptions {
        self.options
    }

    /// Returns what renders components of this definition.
    pub(crate) fn renderer(&self) -> Renderer<'_> {
        Renderer::new(
            (&self.options.directory, &self.shown, &self.places),
            &self.options.output,
            (&self.options.charts, &self.project.rendering),
            (self.options.compares, self.options.keeps_definitions),
        )
    }
}

/// A line of the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputLine {
    /// The environment, as messages name it.
    pub environment: String,
    /// Path of the component.
    pub component: String,
    /// The text of the file.
    pub text: Arc<str>,
    /// The number of the line, from 1.
    pub line: usize,
}

/// What made a line of the output.
#[derive(Debug, Clone, Default)]
pub struct Blame {
    /// The lines of templates, the last one first.
    pub trail: Vec<Place>,
    /// Which values were read for it, and where they are set.
    pub notes: Vec<String>,
    /// The ways to the values that were read for it, in those of the component.
    pub reads: Vec<Vec<Step>>,
    /// What it depends on: the lines with the `if`, `with` and `range` around it, the innermost first, and what they
    /// read.
    pub because: Vec<(Place, Vec<Vec<Step>>)>,
}

/// Finds out what made lines of the output of [`generate`] with the same options, as far as charts did.
/// Nothing is recorded while generating, so those are rendered again.
pub fn blame(options: &GenerateOptions, wanted: &[OutputLine]) -> Vec<Blame> {
    let mut found = vec![Blame::default(); wanted.len()];
    let Ok(prepared) = Prepared::new(options, &place::typed(&options.directory), &|_| {}) else {
        return found;
    };
    let Ok(pool) = pool(options.jobs) else { return found };
    let renderer = prepared.renderer();
    let components =
        prepared.trees.iter().flat_map(|tree| tree.components.iter().map(move |one| (tree, one)));
    for (tree, component) in components {
        let environment = tree.environment.to_string();
        let is_of = |line: &OutputLine| line.environment == environment && line.component == component.path;
        let own: Vec<usize> = (0..wanted.len()).filter(|at| is_of(&wanted[*at])).collect();
        let lines: Vec<&OutputLine> = own.iter().map(|at| &wanted[*at]).collect();
        if !lines.is_empty() {
            let blames = pool.install(|| renderer.blame(component, &tree.environment, &lines));
            own.into_iter().zip(blames).for_each(|(at, blame)| found[at] = blame);
        }
    }
    found
}

/// Makes the threads that render.
pub(crate) fn pool(jobs: Option<usize>) -> Result<rayon::ThreadPool, Vec<Failure>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs.unwrap_or(0)).stack_size(STACK);
    pool.build().map_err(|err| vec![Failure::of_run(Error::Threads(err))])
}

/// An environment's folder is replaced whole, so it has to be below the output folder.
fn check_folders(environments: &[Environment]) -> Result<(), Vec<Failure>> {
    let leaves = |path: &str| !place::stays_inside(&place::clean(path.trim_start_matches('/')));
    let failures = environments.iter().filter_map(|environment| {
        let folder = place::clean(&environment.folder());
        let bad = leaves(&folder) || folder.is_empty() || environment.named().any(leaves);
        bad.then(|| Failure::of_run(Error::EnvironmentLeaves { name: environment.to_string() }))
    });
    finish(failures.collect())
}

fn resolve_all(
    definition: &Definition,
    environments: &[Environment],
    project: &Project,
    heard: &(dyn Fn(Event) + Sync),
) -> Result<Vec<ResolvedTree>, Vec<Failure>> {
    let mut warnings = project.rendering.warn_unknown(&ComponentPaths::of(definition));
    let (mut trees, mut failures) = (Vec::new(), Vec::new());
    for environment in environments {
        let resolution = resolve(definition, environment);
        trees.push(resolution.tree);
        failures.extend(resolution.failures);
        warnings.extend(resolution.warnings);
    }
    once_each(warnings, heard);
    finish(failures).map(|()| trees)
}

fn check_hooks(trees: &[ResolvedTree], policy: &HookPolicy) -> Result<(), Vec<Failure>> {
    let failures = trees.iter().flat_map(|tree| {
        tree.components.iter().filter_map(|component| {
            let error = component.hooked().check(Moment::GENERATE, policy).err()?;
            Some(Failure {
                component: component.path.clone(),
                environments: vec![tree.environment.to_string()],
                error: error.into(),
            })
        })
    });
    finish(failures.collect())
}

/// Passes on each warning once, however many environments it came up in.
fn once_each(warnings: Vec<Warning>, heard: &(dyn Fn(Event) + Sync)) {
    let mut told: Vec<Warning> = Vec::new();
    for warning in warnings {
        if !told.contains(&warning) {
            told.push(warning.clone());
            heard(Event::Warning(warning));
        }
    }
}

/// Fails if there are failures.
fn finish(failures: Vec<Failure>) -> Result<(), Vec<Failure>> {
    let merged = merge(failures);
    if merged.is_empty() { Ok(()) } else { Err(merged) }
}

/// Makes one failure of what failed alike in several environments.
pub(crate) fn merge(failures: Vec<Failure>) -> Vec<Failure> {
    let mut merged: Vec<Failure> = Vec::new();
    for failure in failures {
        match merged.iter_mut().find(|known| known.is_like(&failure)) {
            Some(known) => {
                known.environments.extend(failure.environments);
                known.environments.dedup();
            }
            None => merged.push(failure),
        }
    }
    merged
}
