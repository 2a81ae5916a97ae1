//! `fab ci`: what a pipeline runs, in one command.
//!
//! `fab ci pr` reviews a pull request, `fab ci publish` publishes what was merged. Alone it is what Bedrock's `build.sh`
//! was: a review without a comment where `VERIFY_ONLY` is set, else publishing. The variables of that script count
//! where `REPO` is set, without which it published nothing.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::findings::Denied;
use super::install::{Summary, options, with_events};
use super::world::WorldArgs;
use super::{Result, Ui, world};
use crate::config::Environment;
use crate::definition::place;
use crate::generate::GenerateOptions;
use crate::hooks::HookPolicy;
use crate::project::{Project, RenderSettings};
use crate::render::ChartSettings;
use crate::replacement;
use crate::source::{clone_definition, install, lockfile};

mod pr;
mod publish;
mod review;

/// Review a pull request, or publish what was merged: all that a pipeline runs.
///
/// Without a command, does as Bedrock's build.sh: reviews without a comment if VERIFY_ONLY is set, and else publishes.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct CiArgs {
    #[command(subcommand)]
    step: Option<Step>,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(clap::Subcommand)]
enum Step {
    Pr(Box<pr::PrArgs>),
    Publish(publish::PublishArgs),
}

/// What the commands have in common.
#[derive(Clone, clap::Args)]
struct CommonArgs {
    /// Folder of the definition.
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Exit with 1 for warnings, too.
    #[arg(long, value_name = "LEVEL")]
    deny: Option<Denied>,
    /// Allow the hooks of components from this source.
    #[arg(long, value_name = "SOURCE")]
    allow_hooks: Vec<String>,
    #[command(flatten)]
    world: WorldArgs,
}

/// Runs the command.
pub(super) fn run(args: &CiArgs, ui: &mut Ui) -> Result<ExitCode> {
    match &args.step {
        Some(Step::Pr(args)) => pr::run(args, ui),
        Some(Step::Publish(args)) => publish::run(args, ui),
        None => as_bedrock(&args.common, ui),
    }
}

/// Does as Bedrock's script: in a clone of the definition, if a variable has its address.
fn as_bedrock(common: &CommonArgs, ui: &mut Ui) -> Result<ExitCode> {
    let mut common = common.clone();
    let folder =
        tempfile::tempdir().map_err(|source| replacement::unwritable(Path::new("the clone"), source))?;
    if let Some(address) = world::variable(DEFINITION) {
        clone_definition(&address, folder.path(), &world::variables())?;
        common.directory = folder.path().join(&common.directory);
    }
    let is_review = world::variable(VERIFY).is_some();
    if is_review { pr::verify(&common, ui) } else { publish::as_bedrock(&common, ui) }
}

/// The variable with the repository of a definition that is not checked out.
const DEFINITION: &str = "HLD_PATH";

/// The variable that asks for a review only.
const VERIFY: &str = "VERIFY_ONLY";

/// The variable that lists environments: items with a comma between them, the layers of one with blanks.
const ENVIRONMENTS: &str = "FAB_ENVS";

/// Returns the environments that are named: by arguments, or else by the variable; none for those of the definition.
fn environments(given: &[String]) -> Vec<Environment> {
    if !given.is_empty() {
        return given.iter().map(|name| Environment::new([name])).collect();
    }
    let listed = world::variable(ENVIRONMENTS).unwrap_or_default();
    let items = listed.split(',').map(str::split_whitespace).map(Iterator::collect::<Vec<_>>);
    items.filter(|layers| !layers.is_empty()).map(Environment::new).collect()
}

impl CommonArgs {
    /// Returns the environments of `fab ci` alone. Without a list anywhere that is `prod`, as in Bedrock.
    fn environments_of_bedrock(&self) -> Result<Vec<Environment>> {
        let named = environments(&[]);
        let project = Project::read(&self.directory, &place::typed(&self.directory))?;
        let is_listed = !named.is_empty() || !project.rendering.environments().is_empty();
        Ok(if is_listed { named } else { vec![Environment::new(["prod"])] })
    }

    /// Installs what the lockfile has. Without one, whatever is there now, with a warning. Returns whether there was one.
    fn install(&self, ui: &mut Ui) -> Result<bool> {
        let lock = self.directory.join(lockfile::FILE);
        let has_lock = lock.exists();
        let mut options = options(&self.directory)?;
        options.locked = has_lock;
        options.hooks.allowed.clone_from(&self.allow_hooks);
        let start = world::now();
        let installed = with_events(ui, |heard| install(&options, heard))?;
        let took = start.elapsed();
        ui.status(format_args!("{}", Summary { verb: "Installed", installed: &installed, took }));
        if !has_lock && lock.exists() {
            ui.warning(format_args!(
                "warning: there is no fab.lock, so another run may install something else: run `fab install` and commit it"
            ));
        }
        Ok(has_lock)
    }

    fn generate_options(&self, environments: &[Environment], runs_hooks: bool) -> Result<GenerateOptions> {
        Ok(GenerateOptions {
            directory: self.directory.clone(),
            output: self.directory.join("generated"),
            environments: environments.to_vec(),
            charts: ChartSettings { settings: RenderSettings::default(), world: self.world.read()? },
            hooks: HookPolicy { run: runs_hooks, allowed: self.allow_hooks.clone() },
            keeps_definitions: true,
            compares: false,
            jobs: None,
        })
    }
}
