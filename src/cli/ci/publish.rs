//! `fab ci publish`: what was merged, committed to the manifest repository.
//!
//! What a review would not let pass is not published either, so a merge without a review is no way around it.

use std::io::Write as _;
use std::process::ExitCode;

use tempfile::NamedTempFile;

use super::{CommonArgs, environments};
use crate::cli::findings::Format;
use crate::cli::generate::{outputs, validated};
use crate::cli::lint::linted;
use crate::cli::publish::{generate_options, options, publish_outputs};
use crate::cli::report::Report;
use crate::cli::{Result, Ui, world};
use crate::config::Environment;
use crate::error::Error;
use crate::generate::GenerateOptions;
use crate::hooks::HookPolicy;
use crate::lint::{LintOptions, lint};
use crate::publish::{Override, PublishOptions};

/// Publish what was merged: install --locked, lint, validate, and commit manifests to the manifest repository.
///
/// Nothing is published if there are errors, or if a guard of `fab publish` objects.
#[derive(clap::Args)]
pub(super) struct PublishArgs {
    /// The environments, each on its own: `prod`, or `prod+east` for one of two layers [default: those of FAB_ENVS, or all of `fab.yaml`, or else all that have a config file].
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    #[command(flatten)]
    common: CommonArgs,
    /// Say what would be published, and push nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub(super) fn run(args: &PublishArgs, ui: &mut Ui) -> Result<ExitCode> {
    publish(&args.common, &environments(&args.environments), args.dry_run, ui)
}

/// Publishes as Bedrock's script did.
pub(super) fn as_bedrock(common: &CommonArgs, ui: &mut Ui) -> Result<ExitCode> {
    publish(common, &common.environments_of_bedrock()?, false, ui)
}

fn publish(
    common: &CommonArgs,
    environments: &[Environment],
    dry_run: bool,
    ui: &mut Ui,
) -> Result<ExitCode> {
    let is_locked = common.install(ui)?;
    let found =
        lint(&LintOptions { directory: common.directory.clone(), environments: environments.to_vec() })?;
    let findings = linted(&found);
    ui.prose(&findings.write(Format::Text, Ui::data_is_styled()))?;
    if !found.failures.is_empty() {
        return Err(Report::from(found.failures));
    }
    let (errors, warnings) = findings.count();
    let generate = generate_options(&common.directory, environments.to_vec(), &common.world)?;
    let hooks = HookPolicy { allowed: common.allow_hooks.clone(), ..generate.hooks };
    let generate = GenerateOptions { hooks, ..generate };
    let outputs = outputs(&generate, ui)?;
    let is_valid = validated(&generate, &outputs, ui)?;
    if !is_valid || errors > 0 || common.deny.is_some() && warnings > 0 {
        ui.warning(format_args!("Nothing is published, as there are errors"));
        return Ok(ExitCode::from(1));
    }
    let mut options = options(&common.directory)?;
    options.dry_run = dry_run;
    if !is_locked {
        options.overrides.insert(Override::Unlocked);
    }
    take_bedrocks(&mut options);
    // The file goes with the run.
    let _key = key_in_file(&mut options.variables)?;
    publish_outputs(&options, &outputs, ui)?;
    Ok(ExitCode::SUCCESS)
}

/// The variable with an ssh key, or the file of one.
const KEY: &str = "FAB_GIT_SSH_KEY";
/// The variable with the token for the manifest repository.
const TOKEN: &str = "FAB_GIT_TOKEN";

/// Takes what the variables of Bedrock's script say. Without `REPO` they are those of something else: Jenkins, too,
/// has a `BRANCH_NAME`.
fn take_bedrocks(options: &mut PublishOptions) {
    let Some(repository) = world::variable("REPO") else { return };
    options.repository = Some(repository);
    options.place.branch = world::variable("BRANCH_NAME").or(options.place.branch.take());
    options.message = world::variable("COMMIT_MESSAGE");
    // The script replaced what was there.
    options.overrides.insert(Override::Adopt);
    if let (None, Some(token)) = (world::variable(TOKEN), world::variable("ACCESS_TOKEN_SECRET")) {
        options.variables.push((TOKEN.to_owned(), token));
    }
}

/// Puts a key that is the value of the variable, as the secrets of GitHub are, into a file that only we read.
fn key_in_file(variables: &mut [(String, String)]) -> Result<Option<NamedTempFile>> {
    let key = variables.iter_mut().find(|(name, value)| name == KEY && value.contains("PRIVATE KEY-----"));
    let Some((_, value)) = key else { return Ok(None) };
    let written = NamedTempFile::new().and_then(|mut file| {
        file.write_all(value.trim().as_bytes())?;
        file.write_all(b"\n")?;
        Ok(file)
    });
    let file = written.map_err(|source| Error::Unwritable { path: KEY.to_owned(), source })?;
    *value = file.path().display().to_string();
    Ok(Some(file))
}
