//! `fab publish`: the manifests of a definition, committed to the repository that
//! clusters are reconciled from.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use super::generate::{counted, outputs, validated};
use super::world::WorldArgs;
use super::{Result, Ui, world};
use crate::config::Environment;
use crate::definition::place;
use crate::generate::GenerateOptions;
use crate::hooks::HookPolicy;
use crate::output::OutputTree;
use crate::project::{Project, RenderSettings};
use crate::publish::{
    Changes, Counts, Fate, Leftover, Override, PlaceSettings, PublishEvent, PublishOptions, Published,
    PublishedEnvironment, Verdict, percent, publish, read_manifests, short,
};
use crate::render::ChartSettings;

/// Publish manifests: commit them to the manifest repository, from which clusters are reconciled.
///
/// Only files that fab wrote are touched; `fab.owned` beside them lists these. Nothing is pushed if a guard objects.
#[derive(clap::Args)]
pub(super) struct PublishArgs {
    /// The environments, each on its own: `prod`, or `prod+east` for one of two layers [default: all of `fab.yaml`, or else all that have a config file].
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    #[command(flatten)]
    target: TargetArgs,
    /// Publish these manifests, a folder as `fab generate` writes it, in place of what the definition generates now.
    #[arg(long, value_name = "DIR")]
    manifests: Option<PathBuf>,
    /// What is said of the change [default: the message of the source commit].
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
    /// Say what would be published, and push nothing.
    #[arg(long)]
    dry_run: bool,
    /// Allow the hooks of components from this source.
    #[arg(long, value_name = "SOURCE")]
    allow_hooks: Vec<String>,
    #[command(flatten)]
    guards: GuardArgs,
    #[command(flatten)]
    world: WorldArgs,
}

/// The definition, and where its manifests are.
#[derive(clap::Args)]
pub(super) struct TargetArgs {
    /// Folder of the definition, in a clone of its repository.
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    pub(super) directory: PathBuf,
    /// The manifest repository [default: `publish.repository` of fab.yaml].
    #[arg(long, value_name = "URL")]
    pub(super) repository: Option<String>,
    /// Its branch; `{env}` in it is the environment's folder [default: as fab.yaml says, or `main`].
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// Folder of the environment in it, `.` for the top [default: as fab.yaml says, or the environment's name].
    #[arg(long, value_name = "DIR")]
    path: Option<String>,
    /// Write to a branch that ends in `-next`, for tools that promote it.
    #[arg(long)]
    propose: bool,
}

/// Guards that do not count.
#[derive(clap::Args)]
#[command(next_help_heading = "Guards")]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag")]
struct GuardArgs {
    /// Take over files in the way that fab did not write: they go or are replaced.
    #[arg(long)]
    adopt: bool,
    /// Remove environments that are published and not part of the definition any more.
    #[arg(long)]
    prune_environments: bool,
    /// Allow any share of an environment's resources to be deleted, or up to this one in percent.
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, require_equals = true, default_missing_value = "100",
          value_parser = share)]
    allow_deletions: Option<u8>,
    /// Publish although the definition has changes that are not committed.
    #[arg(long)]
    allow_dirty: bool,
    /// Publish although the output is another one in every run.
    #[arg(long)]
    allow_random: bool,
    /// Publish although a newer source commit is published, or one that has nothing to do with this.
    #[arg(long)]
    force_older: bool,
}

fn share(text: &str) -> std::result::Result<u8, &'static str> {
    percent(text).ok_or("it has to be a share in percent")
}

/// Runs the command.
pub(super) fn run(args: &PublishArgs, ui: &mut Ui) -> Result<ExitCode> {
    let options = args.options()?;
    let outputs = args.outputs(ui)?;
    let Some(outputs) = outputs else { return Ok(ExitCode::from(1)) };
    publish_outputs(&options, &outputs, ui)?;
    Ok(ExitCode::SUCCESS)
}

/// Publishes manifests, and prints what happens and what it came to.
pub(super) fn publish_outputs(options: &PublishOptions, outputs: &[OutputTree], ui: &mut Ui) -> Result<()> {
    let shared = Mutex::new(&mut *ui);
    let heard = |event: PublishEvent| {
        let ui = &mut *shared.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            PublishEvent::Pushing { branch, commit: Some(commit) } => {
                ui.detail(format_args!("{branch}: pushing {}", short(&commit)));
            }
            PublishEvent::Pushing { branch, commit: None } => {
                ui.detail(format_args!("{branch}: pushing a note"));
            }
            PublishEvent::Again { branch, attempt, pause } => ui.detail(format_args!(
                "{branch}: somebody was faster, or the server broke off; attempt {} in {} ms",
                attempt + 1,
                pause.as_millis()
            )),
            PublishEvent::OrderByDate { environment, published } => ui.warning(format_args!(
                "{environment}: the published commit {published} is not in this clone, so dates tell which is newer; clone with all history"
            )),
        }
    };
    let published = publish(options, outputs, &heard)?;
    tell(&published, options.dry_run, ui);
    if published.failures.is_empty() { Ok(()) } else { Err(published.failures.into()) }
}

/// Says what became of the environments.
fn tell(published: &Published, dry_run: bool, ui: &mut Ui) {
    for PublishedEnvironment { environment, branch, path, verdict } in &published.environments {
        let place = if path.is_empty() { branch.clone() } else { format!("{branch}, folder {path}") };
        match verdict {
            Verdict::Published { commit, changes } => {
                for file in &changes.taken {
                    ui.status(format_args!("{environment}: takes over `{file}`"));
                }
                for file in &changes.restored {
                    ui.warning(format_args!("{environment}: `{file}` was changed by somebody else"));
                }
                let done = if dry_run { "Would publish" } else { "Published" };
                let commit = commit.as_deref().map(short).unwrap_or_default();
                let commit = if commit.is_empty() { String::new() } else { format!(" as {commit}") };
                ui.status(format_args!("{done} {environment} to {place}{commit}: {}", Summary(changes)));
            }
            Verdict::Unchanged => ui.status(format_args!("{environment} is up to date on {place}")),
            Verdict::Superseded { by } => ui.status(format_args!(
                "{environment}: superseded, as the newer commit {} is published; nothing was done",
                short(by)
            )),
            Verdict::Held { reason } => {
                let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
                ui.warning(format_args!(
                    "{environment} is held{reason} and was not published; `fab resume {environment}` ends that"
                ));
            }
        }
    }
    for Leftover { place, fate } in &published.leftovers {
        match fate {
            Fate::Removed => {
                let done = if dry_run { "Would remove" } else { "Removed" };
                ui.status(format_args!("{done} `{place}`, which is no environment any more"));
            }
            Fate::Stays => ui.warning(format_args!(
                "`{place}` is published and no environment any more; --prune-environments removes it"
            )),
            Fate::Held => ui.warning(format_args!(
                "`{place}` is no environment any more, and is held after a rollback; it stays"
            )),
        }
    }
}

/// What changed, in words.
struct Summary<'a>(&'a Changes);

impl std::fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Counts { added, changed, removed } = self.0.files;
        let files = added + changed + removed;
        let Counts { added, changed, removed } = self.0.resources;
        write!(
            f,
            "{}; resources: {added} added, {changed} changed, {removed} removed",
            counted(files, "file")
        )
    }
}

impl TargetArgs {
    /// Returns where manifests are, as far as the arguments say it.
    pub(super) fn place(&self) -> PlaceSettings {
        PlaceSettings {
            branch: self.branch.clone(),
            path: self.path.clone(),
            propose: self.propose.then_some(true),
        }
    }
}

/// Returns how manifests are published if nobody says more.
pub(super) fn options(directory: &Path) -> Result<PublishOptions> {
    Ok(PublishOptions {
        directory: directory.to_owned(),
        repository: None,
        place: PlaceSettings::default(),
        overrides: BTreeSet::new(),
        max_deletions: None,
        message: None,
        dry_run: false,
        cache: world::cache()?,
        variables: world::variables(),
        now: world::wall_clock(),
        pauses: world::pauses()?,
    })
}

/// Returns how manifests are generated to be published.
pub(super) fn generate_options(
    directory: &Path,
    environments: Vec<Environment>,
    world: &WorldArgs,
) -> Result<GenerateOptions> {
    let settings =
        RenderSettings { kube_version: None, api_versions: None, include_crds: None, seed_date: None };
    Ok(GenerateOptions {
        directory: directory.to_owned(),
        output: directory.join("generated"),
        environments,
        charts: ChartSettings { settings, world: world.read()? },
        hooks: HookPolicy { run: true, allowed: Vec::new() },
        keeps_definitions: true,
        // Lines that differ in every run are looked for.
        compares: true,
        jobs: None,
    })
}

impl PublishArgs {
    fn options(&self) -> Result<PublishOptions> {
        let guards = [
            (self.guards.adopt, Override::Adopt),
            (self.guards.prune_environments, Override::Prune),
            (self.guards.allow_dirty, Override::Dirty),
            (self.guards.allow_random, Override::Random),
            (self.guards.force_older, Override::Older),
        ];
        Ok(PublishOptions {
            repository: self.target.repository.clone(),
            place: self.target.place(),
            overrides: guards.into_iter().filter(|(given, _)| *given).map(|(_, guard)| guard).collect(),
            max_deletions: self.guards.allow_deletions,
            message: self.message.clone(),
            dry_run: self.dry_run,
            ..options(&self.target.directory)?
        })
    }

    /// Returns the manifests, if they are valid.
    fn outputs(&self, ui: &mut Ui) -> Result<Option<Vec<OutputTree>>> {
        let directory = &self.target.directory;
        let named = self.environments.iter().map(|name| Environment::new([name])).collect();
        let options = generate_options(directory, named, &self.world)?;
        let hooks = HookPolicy { allowed: self.allow_hooks.clone(), ..options.hooks };
        let options = GenerateOptions { hooks, ..options };
        let outputs = match &self.manifests {
            Some(folder) => {
                let project = Project::read(directory, &place::typed(directory))?;
                read_manifests(folder, &project.environments(directory, &options.environments))?
            }
            None => outputs(&options, ui)?,
        };
        Ok(validated(&options, &outputs, ui)?.then_some(outputs))
    }
}
