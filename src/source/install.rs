//! Installs a definition: load what is known, fetch what that asks for, until
//! nothing is unknown; then put everything into its place.
//!
//! What was fetched is read from the cache until it is in its place, so all of
//! the tree is known and has been fetched before the first file of the
//! definition changes. Only hooks break that up: they may make what is below
//! their component, so with them installing goes level by level, as Fabrikate
//! does.
//!
//! Invariant: a run that fails has changed nothing, but for what its hooks did
//! and what they had to find in place.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::allow::Allow;
use super::cache::{Cache, Item};
use super::fetch::{CONTENT, Fetched, Fetcher, Form, Network};
use super::http::Progress;
use super::lockfile::Lockfile;
use super::placing::{self, Transfer, Tree};
use super::plan::{Known, Plan, Step, StepId, Want, dependency_error, plan, source_error};
use super::subcharts::{self, Needs, Surroundings};
use super::{Asked, Resolved, SourceError, tokens, vendored};
use crate::definition::{self, Definition, Places, place};
use crate::error::{Error, Failure, Warning};
use crate::hooks::{HookPolicy, HookRun, Moment};
use crate::project::Project;
use kubeschema::closest;

mod newer;
mod preview;
mod vendor;

pub use newer::outdated;
pub use preview::{Planned, Preview, preview};
pub use vendor::vendor;

/// What `fab install` may choose; everything else is in the definition.
pub struct InstallOptions {
    /// The folder of the root component.
    pub directory: PathBuf,
    /// Where content is kept.
    pub cache: Cache,
    /// Whether the lockfile has to have everything already.
    pub locked: bool,
    /// What of the network may be used.
    pub network: Network,
    /// Which hooks may run.
    pub hooks: HookPolicy,
    /// The environment variables, which say where credentials are.
    pub variables: Vec<(String, String)>,
    /// Whose entries of the lockfile do not count.
    pub renew: Renew,
}

/// What is resolved anew although the lockfile has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renew {
    /// Nothing.
    Nothing,
    /// Everything.
    All,
    /// The sources of these components, by name or path.
    Components(Vec<String>),
}

/// What happens during an installation, as it happens.
#[derive(Debug)]
pub enum InstallEvent {
    /// Something is odd.
    Warning(Warning),
    /// A source is being fetched.
    Fetching {
        /// What was asked for.
        asked: Asked,
        /// How much of it has arrived.
        progress: Progress,
    },
    /// A source was fetched.
    Fetched {
        /// What was asked for.
        asked: Asked,
        /// What it was resolved to.
        resolved: Resolved,
    },
    /// A hook's command was run.
    Hook(HookRun),
}

/// What an installation did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Installed {
    /// The components that have a source.
    pub components: usize,
    /// The different sources.
    pub sources: usize,
    /// The sources that were fetched; the others were in the cache.
    pub fetched: usize,
    /// How many bytes were fetched.
    pub bytes: u64,
    /// The places that were not as they should be.
    pub placed: usize,
    /// Whether the sources are in the definition's own repository.
    pub vendored: bool,
    /// The sources that are resolved to something else than the lockfile said.
    pub changes: Vec<Change>,
}

/// A source that was resolved to something new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What is asked for.
    pub asked: Asked,
    /// What it was; none if it is new.
    pub from: Option<Resolved>,
    /// What it is; none if it is not needed any more.
    pub to: Option<Resolved>,
}

/// How many sources are fetched at once: servers answer slowly, and take no time of this machine.
const AT_ONCE: usize = 8;

/// Installs a definition; `heard` is told what happens.
///
/// # Errors
///
/// All that went wrong.
pub fn install(
    options: &InstallOptions,
    heard: &(dyn Fn(InstallEvent) + Sync),
) -> Result<Installed, Vec<Failure>> {
    // Two runs in one definition take turns, where folders can be locked.
    let turn = File::open(&options.directory).and_then(|folder| folder.lock().map(|()| folder));
    let shown = place::typed(&options.directory);
    let vendored =
        vendored::places(&options.directory, &shown).map_err(|error| vec![Failure::of_run(error)])?;
    if let Some(places) = vendored {
        return vendor::install_vendored(options, heard, &places);
    }
    let mut run = Run::new(options, heard)?;
    run.all()?;
    let lockfile = run.lockfile();
    let changes = changes(&run.old, &lockfile);
    if !options.locked {
        lockfile.write(&options.directory).map_err(|error| vec![Failure::of_run(error)])?;
    }
    drop(turn);
    Ok(run.installed(changes))
}

/// Resolves what the options renew without installing anything; returns what would change in the lockfile.
///
/// # Errors
///
/// All that went wrong.
pub fn resolve_anew(
    options: &InstallOptions,
    heard: &(dyn Fn(InstallEvent) + Sync),
) -> Result<Vec<Change>, Vec<Failure>> {
    let mut run = Run::new(options, heard)?;
    let plan = run.know()?;
    run.check_names(&plan)?;
    Ok(changes(&run.old, &run.lockfile()))
}

/// What goes into places by their folders, and what goes into charts by theirs.
type Trees = (BTreeMap<String, Tree>, Vec<(PathBuf, Tree)>);

struct Run<'a> {
    options: &'a InstallOptions,
    heard: &'a (dyn Fn(InstallEvent) + Sync),
    shown: String,
    hooks: HookPolicy,
    allow: Allow,
    fetcher: Fetcher<'a>,
    pool: rayon::ThreadPool,
    old: Lockfile,
    fetched: BTreeMap<Asked, Fetched>,
    /// The dependencies of charts.
    subcharts: BTreeMap<Asked, Fetched>,
    /// What the charts of components need, by the path and level of the component.
    needs: BTreeMap<StepId, Needs>,
    /// What is fetched and not in its place.
    places: Places,
    /// The places whose content is that of this run.
    known: BTreeSet<String>,
    /// The components that are installed.
    done: BTreeSet<StepId>,
    /// The files that were warned of.
    ignored: BTreeSet<String>,
    /// The components that have a source, by path.
    components: BTreeSet<String>,
    placed: usize,
}

impl<'a> Run<'a> {
    fn new(
        options: &'a InstallOptions,
        heard: &'a (dyn Fn(InstallEvent) + Sync),
    ) -> Result<Self, Vec<Failure>> {
        let shown = place::typed(&options.directory);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(AT_ONCE).build();
        let project =
            Project::read(&options.directory, &shown).map_err(|error| vec![Failure::of_run(error)])?;
        project.warnings.into_iter().for_each(|warning| heard(InstallEvent::Warning(warning)));
        Ok(Run {
            options,
            heard,
            hooks: options.hooks.allowing(&project.allowed_hooks),
            fetcher: Fetcher::new(
                &options.cache,
                options.network,
                &options.variables,
                project.allowed_sources.clone(),
            ),
            allow: project.allowed_sources,
            pool: pool.map_err(|err| vec![Failure::of_run(Error::Threads(err))])?,
            old: Lockfile::read(&options.directory, &shown).map_err(|error| vec![Failure::of_run(error)])?,
            shown,
            fetched: BTreeMap::new(),
            subcharts: BTreeMap::new(),
            needs: BTreeMap::new(),
            places: Places::new(),
            known: BTreeSet::new(),
            done: BTreeSet::new(),
            ignored: BTreeSet::new(),
            components: BTreeSet::new(),
            placed: 0,
        })
    }

    fn all(&mut self) -> Result<(), Vec<Failure>> {
        loop {
            let plan = self.know()?;
            self.check_names(&plan)?;
            self.check_hooks(&plan)?;
            let waiting: Vec<&Step> =
                plan.steps.iter().filter(|step| !self.done.contains(&step.id())).collect();
            let Some(level) = waiting.iter().map(|step| step.level).min() else { return Ok(()) };
            if !waiting.iter().any(|step| step.hooked().has_any(Moment::INSTALL)) {
                return self.place(&waiting, Transfer::Link);
            }
            for step in waiting.into_iter().filter(|step| step.level == level) {
                self.step(step)?;
            }
        }
    }

    /// Fetches until nothing more is known of the definition than before.
    fn know(&mut self) -> Result<Plan, Vec<Failure>> {
        loop {
            let definition = definition::load_all(&self.options.directory, &self.shown, &self.places);
            let known =
                Known { place: &|place| self.known.contains(place), step: &|step| self.done.contains(step) };
            let mut plan = plan(&definition, &known, &self.allow);
            plan.failures.extend(self.read_tokens(&definition));
            let wants = plan.steps.iter().flat_map(|step| &step.wants);
            let missing: Vec<&Want> = wants.filter(|want| !self.known.contains(&want.place)).collect();
            if missing.is_empty() {
                let mut failures = std::mem::take(&mut plan.failures);
                if failures.is_empty() {
                    failures = self.fetch_subcharts(&plan);
                }
                return if failures.is_empty() { Ok(plan) } else { Err(failures) };
            }
            let failures = self.fetch(&missing, Form::Files);
            if !failures.is_empty() {
                plan.failures.extend(failures);
                return Err(plan.failures);
            }
            for want in missing {
                let folder = self.fetched[&want.asked].item.folder.clone();
                self.places.insert(want.place.clone(), folder);
                self.known.insert(want.place.clone());
                self.components.insert(want.component.clone());
            }
        }
    }

    /// Reads which tokens the local components name; returns what is wrong with that.
    fn read_tokens(&mut self, definition: &Definition) -> Vec<Failure> {
        let variables = &self.options.variables;
        let env = |name: &str| {
            let found = variables.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone())
        };
        let tokens = tokens::read(definition, &self.options.directory, &self.places, &env);
        for (file, warning) in tokens.ignored {
            if self.ignored.insert(file) {
                (self.heard)(InstallEvent::Warning(warning));
            }
        }
        self.fetcher.set_access(tokens.access);
        tokens.failures
    }

    /// Finds out which dependencies the charts of a plan need, and fetches them.
    fn fetch_subcharts(&mut self, plan: &Plan) -> Vec<Failure> {
        let mut failures = Vec::new();
        let mut wants: Vec<Want> = Vec::new();
        for step in plan.steps.iter().filter(|step| !self.done.contains(&step.id())) {
            match self.needs_of(step) {
                Ok(None) => {}
                Ok(Some(needs)) => {
                    wants.extend(needs.wants(step));
                    self.components.insert(step.path.clone());
                    self.needs.insert(step.id(), needs);
                }
                Err(failure) => failures.push(failure),
            }
        }
        failures.extend(self.fetch(&wants.iter().collect::<Vec<_>>(), Form::Archive));
        failures
    }

    /// Finds out what the chart of a component needs, if that is at hand.
    fn needs_of(&self, step: &Step) -> Result<Option<Needs>, Failure> {
        let surroundings = Surroundings {
            root: &self.options.directory,
            places: &self.places,
            repository: &|name| self.fetcher.repository_url(name),
            is_ours: &|asked| self.old.get(asked).is_some() || self.subcharts.contains_key(asked),
        };
        surroundings.needs(step).map_err(|error| {
            let folder = place::chart_folder(&step.folder, &step.own.component);
            Failure::of(&step.path, dependency_error(&step.own, &folder, error))
        })
    }

    /// Fetches the sources that were not fetched yet, each once, all at once.
    fn fetch(&mut self, wants: &[&Want], form: Form) -> Vec<Failure> {
        let done = match form {
            Form::Files => &self.fetched,
            Form::Archive => &self.subcharts,
        };
        let mut first: BTreeMap<&Asked, &Want> = BTreeMap::new();
        for want in wants.iter().filter(|want| !done.contains_key(&want.asked)) {
            first.entry(&want.asked).or_insert(want);
        }
        let wants: Vec<&Want> = first.into_values().collect();
        let fetcher = &self.fetcher;
        let heard = self.heard;
        let fetch_one = |want: &&Want| {
            let locked = self.locked(want);
            if locked.is_none() && self.options.locked {
                return Err(SourceError::NotLocked);
            }
            let told = |progress| heard(InstallEvent::Fetching { asked: want.asked.clone(), progress });
            let fetched = fetcher.fetch(&want.asked, form, locked, &told)?;
            if fetched.bytes.is_some() {
                let (asked, resolved) = (want.asked.clone(), fetched.resolved.clone());
                heard(InstallEvent::Fetched { asked, resolved });
            }
            Ok(fetched)
        };
        let results: Vec<Result<Fetched, SourceError>> =
            self.pool.install(|| wants.par_iter().map(fetch_one).collect());
        let mut failures = Vec::new();
        for (want, result) in wants.into_iter().zip(results) {
            match result {
                Ok(fetched) => {
                    let done = match form {
                        Form::Files => &mut self.fetched,
                        Form::Archive => &mut self.subcharts,
                    };
                    done.insert(want.asked.clone(), fetched);
                }
                Err(error) => {
                    let error = match form {
                        Form::Files => source_error(&want.entry, error),
                        Form::Archive => dependency_error(&want.entry, want.asked.source().as_str(), error),
                    };
                    failures.push(Failure::of(&want.component, error));
                }
            }
        }
        failures
    }

    /// Returns what a source is locked to, if that counts.
    fn locked(&self, want: &Want) -> Option<&Resolved> {
        let renewed = match &self.options.renew {
            Renew::Nothing => false,
            Renew::All => true,
            Renew::Components(names) => {
                names.iter().any(|name| *name == want.component || *name == want.entry.component.name)
            }
        };
        if renewed { None } else { self.old.get(&want.asked) }
    }

    /// Checks that every component exists that is to be renewed.
    fn check_names(&self, plan: &Plan) -> Result<(), Vec<Failure>> {
        let Renew::Components(names) = &self.options.renew else { return Ok(()) };
        let wants: Vec<&Want> = plan.steps.iter().flat_map(|step| &step.wants).collect();
        let known = || wants.iter().flat_map(|want| [want.component.as_str(), &want.entry.component.name]);
        let unknown = names.iter().filter(|name| !known().any(|known| known == *name));
        let failures: Vec<Failure> = unknown
            .map(|name| {
                let suggestion = closest(name, known()).map(str::to_owned);
                Failure::of_run(Error::NothingToUpdate { name: name.clone(), suggestion })
            })
            .collect();
        if failures.is_empty() { Ok(()) } else { Err(failures) }
    }

    fn check_hooks(&self, plan: &Plan) -> Result<(), Vec<Failure>> {
        let steps = plan.steps.iter().filter(|step| !step.replaced);
        let failures: Vec<Failure> = steps
            .filter_map(|step| {
                let error = step.hooked().check(Moment::INSTALL, &self.hooks).err()?;
                Some(Failure::of(&step.path, error))
            })
            .collect();
        if failures.is_empty() { Ok(()) } else { Err(failures) }
    }

    /// Installs one component with its hooks, which may write to what is in place.
    fn step(&mut self, step: &Step) -> Result<(), Vec<Failure>> {
        self.hook(step, Moment::BeforeInstall)?;
        self.place(&[step], Transfer::Copy)?;
        self.hook(step, Moment::AfterInstall)?;
        self.done.insert(step.id());
        Ok(())
    }

    fn hook(&self, step: &Step, moment: Moment) -> Result<(), Vec<Failure>> {
        if step.replaced {
            return Ok(());
        }
        let ran = step.hooked().run(moment, &self.options.directory.join(&step.folder), &|run| {
            (self.heard)(InstallEvent::Hook(run));
        });
        ran.map_err(|error| vec![Failure::of(&step.path, error)])
    }

    fn installed(&self, changes: Vec<Change>) -> Installed {
        Installed {
            components: self.components.len(),
            sources: self.all_fetched().count(),
            fetched: self.all_fetched().filter(|(_, fetched)| fetched.bytes.is_some()).count(),
            bytes: self.all_fetched().filter_map(|(_, fetched)| fetched.bytes).sum(),
            placed: self.placed,
            vendored: false,
            changes,
        }
    }

    /// Puts what components want, and what their charts need, into its place.
    fn place(&mut self, steps: &[&Step], transfer: Transfer) -> Result<(), Vec<Failure>> {
        let (trees, beside) = self.trees(steps)?;
        let placed = placing::place(&self.options.directory, &trees, transfer).map_err(|failures| {
            let failure = |(_, error)| Failure::of_run(error);
            failures.into_iter().map(failure).collect::<Vec<_>>()
        })?;
        self.placed += placed;
        self.place_beside(beside)?;
        for want in steps.iter().flat_map(|step| &step.wants) {
            // From here on it is read where it is, as hooks may have changed it.
            self.places.remove(&want.place);
        }
        Ok(())
    }

    /// Returns what goes into places, and what charts need that are in none.
    fn trees(&mut self, steps: &[&Step]) -> Result<Trees, Vec<Failure>> {
        let wants: Vec<&Want> = steps.iter().flat_map(|step| &step.wants).collect();
        let trees: Vec<(String, Tree)> = wants
            .par_iter()
            .map(|want| (want.place.clone(), tree_of(want, &self.fetched[&want.asked].item)))
            .collect();
        let mut places = placing::outermost(trees.into_iter().collect());
        let mut beside: Vec<(PathBuf, Tree)> = Vec::new();
        for step in steps {
            let Some(needs) = self.needs.remove(&step.id()) else { continue };
            let archives = self.archives(&needs).map_err(|error| {
                vec![Failure::of(&step.path, dependency_error(&step.own, &needs.folder, error))]
            })?;
            let around = places.iter_mut().find(|(folder, _)| place::is_below(&needs.folder, folder));
            match around {
                Some((folder, tree)) => {
                    let chart = needs.folder[folder.len()..].trim_start_matches('/');
                    subcharts::insert(tree, chart, &archives);
                }
                None => beside.push((self.options.directory.join(&needs.folder), archives)),
            }
        }
        Ok((places, beside))
    }

    /// Puts what charts need into those of the definition itself.
    fn place_beside(&mut self, beside: Vec<(PathBuf, Tree)>) -> Result<(), Vec<Failure>> {
        for (chart, archives) in beside {
            let changed =
                subcharts::write(&chart, &archives).map_err(|error| vec![Failure::of_run(error)])?;
            self.placed += usize::from(changed);
        }
        Ok(())
    }

    /// Returns the archives of what a chart needs.
    fn archives(&self, needs: &Needs) -> Result<Tree, SourceError> {
        let fetched = needs.asked.iter().map(|asked| self.subcharts[asked].item.clone());
        let packed = needs
            .folders
            .iter()
            .map(|(name, version, folder)| subcharts::pack(&self.options.cache, name, version, folder));
        let items = fetched.map(Ok).chain(packed).collect::<Result<Vec<Item>, _>>()?;
        Ok(subcharts::archives(items.iter()))
    }

    fn all_fetched(&self) -> impl Iterator<Item = (&Asked, &Fetched)> {
        self.fetched.iter().chain(&self.subcharts)
    }

    fn lockfile(&self) -> Lockfile {
        let mut lockfile = Lockfile::default();
        for (asked, fetched) in self.all_fetched() {
            lockfile.insert(asked.clone(), fetched.resolved.clone());
        }
        lockfile
    }
}

fn changes(old: &Lockfile, new: &Lockfile) -> Vec<Change> {
    let gone = old.iter().filter(|(asked, _)| new.get(asked).is_none());
    let gone = gone.map(|(asked, from)| Change { asked: asked.clone(), from: Some(from.clone()), to: None });
    let changed = new.iter().filter(|(asked, to)| old.get(asked) != Some(to));
    let changed = changed.map(|(asked, to)| Change {
        asked: asked.clone(),
        from: old.get(asked).cloned(),
        to: Some(to.clone()),
    });
    let mut all: Vec<Change> = gone.chain(changed).collect();
    all.sort_by(|one, two| one.asked.cmp(&two.asked));
    all
}

/// Returns what a source puts into its place. A file gets the name of its component, as in Fabrikate.
fn tree_of(want: &Want, item: &Item) -> Tree {
    let mut tree = placing::tree_of(item);
    let is_file = matches!(&want.asked, Asked::File { url, .. } if !url.is_archive());
    if is_file && let Some(content) = tree.remove(CONTENT) {
        let name = want.place.rsplit('/').next().unwrap_or(&want.place);
        tree.insert(format!("{name}.yaml"), content);
    }
    tree
}
