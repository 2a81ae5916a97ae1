//! The two sides of a diff: their manifests, as far as they can differ.
//!
//! A commit is written into a folder of its own, with what its lockfile names, and
//! rendered as any definition. Of both sides only those components are rendered
//! whose inputs differ: chart or files, values, names and settings. One seed and
//! one moment serve both, so that what is random is the same on both sides.
//!
//! Invariant: nothing in the folder of the definition changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::cause::explain;
use super::commit::{base, install_sources};
use super::published::Published;
use super::resources::File;
use super::unchanged::Unchanged;
use super::{Diff, Only, Pair, Rules, Side, SideFailure, compare_all};
use crate::config::Environment;
use crate::definition::{Drafts, place};
use crate::error::{Error, Failure};
use crate::generate::{Event, GenerateOptions, Prepared, merge, pool};
use crate::hooks::{HookPolicy, Moment};
use crate::output::OutputTree;
use crate::project::{Project, RenderSettings};
use crate::render::{ChartSettings, Renderer, Rendering, World};
use crate::resolve::{ResolvedComponent, ResolvedTree};
use crate::source::{Cache, Network};

/// What `fab diff` may choose.
pub struct DiffOptions {
    /// The folder of the definition; `.` for the working folder.
    pub directory: PathBuf,
    /// The environments; none for all.
    pub environments: Vec<Environment>,
    /// What is compared with.
    pub against: Against,
    /// Clock and randomness of both sides.
    pub world: World,
    /// Which hooks may run.
    pub hooks: HookPolicy,
    /// Where content is kept.
    pub cache: Cache,
    /// What of the network may be used.
    pub network: Network,
    /// The environment variables, which say where credentials are.
    pub variables: Vec<(String, String)>,
}

/// What a definition is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// A commit of its repository.
    Commit(String),
    /// The last commit that it has in common with a branch; without a name, with the default one.
    MergeBase(Option<String>),
    /// A folder of manifests, with a folder for each environment.
    Folder(PathBuf),
    /// A repository of manifests.
    Repository {
        /// The repository.
        url: String,
        /// The branch, in which `{env}` stands for the environment; without it, what the repository points to.
        branch: Option<String>,
    },
}

/// Compares a definition with an earlier state, or with what is published.
///
/// # Errors
///
/// The definition cannot be loaded, or there is nothing to compare with. What cannot be rendered is part of the diff.
pub fn diff(options: &DiffOptions, heard: &(dyn Fn(Event) + Sync)) -> Result<Diff, Vec<Failure>> {
    match &options.against {
        Against::Commit(_) | Against::MergeBase(_) => against_commit(options, heard),
        Against::Folder(_) | Against::Repository { .. } => against_published(options, heard),
    }
}

fn failure(error: impl Into<Error>) -> Vec<Failure> {
    vec![Failure::of_run(error.into())]
}

impl DiffOptions {
    fn generate_options(&self, directory: &Path, environments: Vec<Environment>) -> GenerateOptions {
        GenerateOptions {
            directory: directory.to_owned(),
            output: directory.join("generated"),
            environments,
            charts: ChartSettings { settings: RenderSettings::default(), world: self.world.clone() },
            hooks: self.hooks.clone(),
            keeps_definitions: false,
            compares: true,
            jobs: None,
        }
    }
}

fn against_commit(options: &DiffOptions, heard: &(dyn Fn(Event) + Sync)) -> Result<Diff, Vec<Failure>> {
    let base = base(options).map_err(failure)?;
    let shown = place::typed(&options.directory);
    let known = |directory: &Path| -> Result<Vec<Environment>, Vec<Failure>> {
        Ok(Project::read(directory, &shown).map_err(failure)?.environments(directory, &[]))
    };
    let project = Project::read(&options.directory, &shown).map_err(failure)?;
    let rules = Rules::new(project.noise);
    let before = if base.is_there { known(&base.directory)? } else { Vec::new() };
    let all = wanted(&options.environments, &before, &known(&options.directory)?);
    let of = |side: Only| -> Vec<Environment> {
        let own = all.iter().filter(|(_, only)| only.is_none_or(|only| only == side));
        own.map(|(environment, _)| environment.clone()).collect()
    };
    let head_options = options.generate_options(&options.directory, of(Only::Head));
    let base_options = options.generate_options(&base.directory, of(Only::Base));
    let head = prepared(&head_options, &shown, heard)?;
    let head = head.as_ref().map(Loaded::of).transpose()?;
    let before = match base.is_there {
        true => install_sources(options, &base).and_then(|()| prepared(&base_options, &shown, &|_| {})),
        false => Ok(None),
    };
    let mut diff = Diff {
        base: base.side.clone(),
        head: Side { name: "the working tree".to_owned(), commit: None },
        ..Diff::default()
    };
    match before {
        Ok(before) => {
            let before = before.as_ref().map(Loaded::of).transpose()?;
            diff.fill((&all, &rules), (before.as_ref(), head.as_ref()), heard);
        }
        // Without a base there is nothing to say of any resource.
        Err(failures) => {
            diff.failures =
                failures.into_iter().map(|failure| SideFailure { of_base: true, failure }).collect();
        }
    }
    Ok(diff)
}

/// Compares a definition with itself with other config files, which is the side that is compared.
///
/// # Errors
///
/// It cannot be loaded with them, or without. What cannot be rendered is part of the diff.
pub(crate) fn diff_drafts(
    options: &GenerateOptions,
    drafts: &Drafts,
    heard: &(dyn Fn(Event) + Sync),
) -> Result<Diff, Vec<Failure>> {
    let shown = place::typed(&options.directory);
    let before = Prepared::new(options, &shown, &|_| {})?;
    let head = Prepared::with_drafts(options, &shown, drafts, heard)?;
    let (before, head) = (Loaded::of(&before)?, Loaded::of(&head)?);
    let all: Vec<(Environment, Option<Only>)> =
        options.environments.iter().map(|environment| (environment.clone(), None)).collect();
    let side = |name: &str| Side { name: name.to_owned(), commit: None };
    let mut diff =
        Diff { base: side("the working tree"), head: side("the working tree with it"), ..Diff::default() };
    diff.fill((&all, &Rules::new(head.prepared.project.noise.clone())), (Some(&before), Some(&head)), heard);
    Ok(diff)
}

impl Diff {
    /// Renders both sides and compares them.
    fn fill(
        &mut self,
        (environments, rules): (&[(Environment, Option<Only>)], &Rules),
        (before, head): (Option<&Loaded<'_>>, Option<&Loaded<'_>>),
        heard: &(dyn Fn(Event) + Sync),
    ) {
        let (pairs, failures) = render_both(environments, before, head, heard);
        self.failures = failures;
        self.environments = compare_all(&pairs, rules);
        if let (Some(before), Some(head)) = (before, head) {
            explain(self, &pairs, (before, head), rules);
        }
    }
}

/// Returns the environments to compare, each with the side that has it if only one has.
fn wanted(
    named: &[Environment],
    before: &[Environment],
    now: &[Environment],
) -> Vec<(Environment, Option<Only>)> {
    let has = |known: &[Environment], environment: &Environment| {
        known.iter().any(|one| one.names() == environment.names())
            || environment.names().iter().all(|name| known.iter().any(|one| one.names() == [name.clone()]))
    };
    let all: Vec<Environment> = match named {
        [] => {
            let gone = before.iter().filter(|one| !has(now, one));
            now.iter().chain(gone).cloned().collect()
        }
        named => named.to_vec(),
    };
    let only = |environment: &Environment| match (has(before, environment), has(now, environment)) {
        (false, true) => Some(Only::Head),
        (true, false) => Some(Only::Base),
        // Nobody lists an environment that is named only here.
        (true, true) | (false, false) => None,
    };
    all.into_iter().map(|environment| (environment.clone(), only(&environment))).collect()
}

/// A side that is loaded and resolved.
pub(super) struct Loaded<'a> {
    pub(super) prepared: &'a Prepared<'a>,
    pub(super) renderer: Renderer<'a>,
    pool: rayon::ThreadPool,
}

impl<'a> Loaded<'a> {
    fn of(prepared: &'a Prepared<'a>) -> Result<Self, Vec<Failure>> {
        Ok(Loaded { prepared, renderer: prepared.renderer(), pool: pool(prepared.options().jobs)? })
    }

    /// Returns the output files of an environment, each with the component that writes it.
    fn outputs(&self, environment: &Environment) -> BTreeMap<&str, &str> {
        let trees = self.prepared.trees.iter().filter(|tree| tree.environment == *environment);
        let components = trees.flat_map(|tree| &tree.components);
        components.map(|one| (one.output.as_str(), one.path.as_str())).collect()
    }

    fn has_hooks(&self) -> bool {
        let mut components = self.prepared.trees.iter().flat_map(|tree| &tree.components);
        components.any(|component| component.hooked().has_any(Moment::GENERATE))
    }

    /// Renders one component, which may be changed; nothing if that fails.
    pub(super) fn text(&self, environment: &str, component: ResolvedComponent) -> Option<String> {
        let tree = self.prepared.trees.iter().find(|tree| tree.environment.to_string() == environment)?;
        let tree = ResolvedTree { environment: tree.environment.clone(), components: vec![component] };
        let rendering = self.pool.install(|| self.renderer.trees(&[tree], &|_| {}));
        let output = rendering.outputs.into_iter().next()?;
        let (_, manifest) = output.files.into_iter().next()?;
        Some(String::from_utf8_lossy(&manifest.text).into_owned())
    }

    /// Renders all but what is unchanged.
    fn render(&self, unchanged: &Unchanged, heard: &(dyn Fn(Event) + Sync)) -> Rendering {
        let trees: Vec<ResolvedTree> = self.prepared.trees.iter().map(|tree| unchanged.rest(tree)).collect();
        self.pool.install(|| self.renderer.trees(&trees, heard))
    }
}

/// Loads and resolves a side; nothing if it has none of the environments, which for others means all.
fn prepared<'a>(
    options: &'a GenerateOptions,
    shown: &str,
    heard: &(dyn Fn(Event) + Sync),
) -> Result<Option<Prepared<'a>>, Vec<Failure>> {
    if options.environments.is_empty() {
        return Ok(None);
    }
    Prepared::new(options, shown, heard).map(Some)
}

/// Renders what may differ of both sides.
fn render_both(
    environments: &[(Environment, Option<Only>)],
    base: Option<&Loaded<'_>>,
    head: Option<&Loaded<'_>>,
    heard: &(dyn Fn(Event) + Sync),
) -> (Vec<Pair>, Vec<SideFailure>) {
    let unchanged = match (base, head) {
        // What hooks make is known to nobody.
        (Some(base), Some(head)) if !base.has_hooks() && !head.has_hooks() => Unchanged::of(base, head),
        _ => Unchanged::default(),
    };
    let count = |side: Option<&Loaded<'_>>| side.map_or(0, |side| unchanged.count_rest(&side.prepared.trees));
    heard(Event::Rendering(count(base) + count(head)));
    let steps = |event: Event| {
        if matches!(event, Event::Rendered | Event::Hook(_)) {
            heard(event);
        }
    };
    let render = |side: Option<&Loaded<'_>>| side.map(|side| side.render(&unchanged, &steps));
    let (base, head) = (render(base), render(head));
    for warning in head.iter().flat_map(|side| &side.warnings) {
        heard(Event::Warning(warning.clone()));
    }
    let mut failures = Vec::new();
    for (of_base, side) in [(true, &base), (false, &head)] {
        let own = side.iter().flat_map(|side| merge(side.failures.clone()));
        failures.extend(own.map(|failure| SideFailure { of_base, failure }));
    }
    let mut pairs: Vec<Pair> =
        environments.iter().map(|(environment, only)| Pair::new(environment, *only)).collect();
    for (of_base, side) in [(true, base), (false, head)] {
        for output in side.into_iter().flat_map(|side| side.outputs) {
            let Some(pair) = pairs.iter_mut().find(|pair| pair.name == output.environment) else { continue };
            let files = files_of(output).filter(|file| !has_failed(&failures, &pair.name, &file.component));
            if of_base { pair.base.extend(files) } else { pair.head.extend(files) }
        }
    }
    (pairs, failures)
}

/// Whether a component could not be rendered on one of the sides, and so is compared on none.
fn has_failed(failures: &[SideFailure], environment: &str, component: &str) -> bool {
    failures.iter().any(|SideFailure { failure, .. }| {
        failure.component == component && failure.environments.iter().any(|name| name == environment)
    })
}

fn files_of(output: OutputTree) -> impl Iterator<Item = File> {
    output.files.into_iter().map(|(path, manifest)| File {
        component: manifest.component,
        path,
        text: String::from_utf8_lossy(&manifest.text).into(),
        varying: manifest.varying,
    })
}

fn against_published(options: &DiffOptions, heard: &(dyn Fn(Event) + Sync)) -> Result<Diff, Vec<Failure>> {
    let shown = place::typed(&options.directory);
    let project = Project::read(&options.directory, &shown).map_err(failure)?;
    let environments = project.environments(&options.directory, &options.environments);
    let published = Published::new(options, &environments).map_err(failure)?;
    let generate_options = options.generate_options(&options.directory, environments.clone());
    let prepared = Prepared::new(&generate_options, &shown, heard)?;
    let head = Loaded::of(&prepared)?;
    let all: Vec<(Environment, Option<Only>)> =
        environments.iter().map(|environment| (environment.clone(), None)).collect();
    let (mut pairs, failures) = render_both(&all, None, Some(&head), heard);
    for (pair, environment) in pairs.iter_mut().zip(&environments) {
        match published.files(environment).map_err(failure)? {
            Some(files) => pair.base = files,
            None => pair.only = Some(Only::Head),
        }
        // Who wrote a published file is known from who would write it now.
        let outputs = head.outputs(environment);
        for file in &mut pair.base {
            file.component = outputs.get(file.path.as_str()).copied().unwrap_or_default().to_owned();
        }
        pair.base.retain(|file| !has_failed(&failures, &pair.name, &file.component));
    }
    Ok(Diff {
        base: published.side,
        head: Side { name: "the working tree".to_owned(), commit: None },
        environments: compare_all(&pairs, &Rules::new(project.noise)),
        failures,
        causes: Vec::new(),
    })
}
