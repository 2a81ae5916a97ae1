//! `fab outdated`: what there is that is newer than what is installed.

use std::path::PathBuf;
use std::process::ExitCode;

use super::install::{options, with_events};
use super::{Result, Ui};
use crate::source::{Outdated, Resolved, outdated};

/// List sources that have something newer, and change nothing.
#[derive(clap::Args)]
pub(super) struct OutdatedArgs {
    /// Folder of the definition.
    #[arg(value_name = "PATH", default_value = ".")]
    directory: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &OutdatedArgs, ui: &mut Ui) -> Result<ExitCode> {
    let options = options(&args.directory)?;
    let found = with_events(ui, |heard| outdated(&options, heard))?;
    ui.data(found.iter().map(|outdated| format!("{}\n", line(outdated))).collect::<String>())?;
    if found.is_empty() {
        ui.status(format_args!("Nothing is newer"));
    }
    Ok(ExitCode::SUCCESS)
}

fn line(outdated: &Outdated) -> String {
    let Outdated { component, asked, current, newest } = outdated;
    let current = match current {
        Resolved::Git { commit, .. } => commit,
        Resolved::Chart { version, .. } => version,
        Resolved::File { digest } => digest,
    };
    format!("{component}: {asked}: {current} -> {newest}")
}
