//! `fab vendor`: puts what a definition names from elsewhere into its repository.

use std::path::PathBuf;
use std::process::ExitCode;

use super::install::{Summary, with_events};
use super::{Result, Ui, world};
use crate::hooks::HookPolicy;
use crate::source::{InstallOptions, Network, Renew, vendor};

/// Write what a definition names from elsewhere into the folder `vendor`, so that a clone alone generates.
#[derive(clap::Args)]
pub(super) struct VendorArgs {
    /// Folder of the definition.
    #[arg(value_name = "PATH", default_value = ".")]
    directory: PathBuf,
    /// Fail if fab.lock does not have everything already.
    #[arg(long)]
    locked: bool,
    /// Do not use the network: what is not in the cache is an error.
    #[arg(long)]
    offline: bool,
}

/// Runs the command.
pub(super) fn run(args: &VendorArgs, ui: &mut Ui) -> Result<ExitCode> {
    let options = InstallOptions {
        directory: args.directory.clone(),
        cache: world::cache()?,
        locked: args.locked,
        network: if args.offline { Network::Offline } else { Network::Online },
        hooks: HookPolicy { run: true, allowed: Vec::new() },
        variables: world::variables(),
        renew: Renew::Nothing,
    };
    let start = world::now();
    let installed = with_events(ui, |heard| vendor(&options, heard))?;
    ui.status(format_args!("{}", Summary { verb: "Vendored", installed: &installed, took: start.elapsed() }));
    Ok(ExitCode::SUCCESS)
}
