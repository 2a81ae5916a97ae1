//! `fab update`: resolves sources anew, within what their components ask for.

use std::path::PathBuf;
use std::process::ExitCode;

use super::install::{options, with_events};
use super::{Result, Ui};
use crate::hooks::HookPolicy;
use crate::source::{Change, InstallOptions, Renew, install, resolve_anew};

/// Resolve sources anew, install them, and record them in fab.lock.
#[derive(clap::Args)]
pub(super) struct UpdateArgs {
    /// The components whose sources are resolved, by name or path; all if there are none.
    #[arg(value_name = "COMPONENT")]
    names: Vec<String>,
    /// Folder of the definition.
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Print what would change in fab.lock, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Allow the hooks of components from this source.
    #[arg(long, value_name = "SOURCE")]
    allow_hooks: Vec<String>,
}

/// Runs the command.
pub(super) fn run(args: &UpdateArgs, ui: &mut Ui) -> Result<ExitCode> {
    let options = InstallOptions {
        hooks: HookPolicy { run: true, allowed: args.allow_hooks.clone() },
        renew: match args.names.as_slice() {
            [] => Renew::All,
            names => Renew::Components(names.to_vec()),
        },
        ..options(&args.directory)?
    };
    let changes = with_events(ui, |heard| {
        if args.dry_run {
            resolve_anew(&options, heard)
        } else {
            install(&options, heard).map(|installed| installed.changes)
        }
    })?;
    ui.data(changes.iter().map(|change| format!("{}\n", line(change))).collect::<String>())?;
    if changes.is_empty() {
        ui.status(format_args!("Nothing has changed"));
    }
    Ok(ExitCode::SUCCESS)
}

fn line(change: &Change) -> String {
    let Change { asked, from, to } = change;
    match (from, to) {
        (Some(from), Some(to)) => format!("{asked}: {from} -> {to}"),
        (None, Some(to)) => format!("{asked}: new, {to}"),
        (Some(_), None) => format!("{asked}: not needed any more"),
        (None, None) => asked.to_string(),
    }
}
