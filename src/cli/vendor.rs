//! `fab vendor`: puts what a definition names from elsewhere into its repository.

use std::process::ExitCode;

use super::install::{SourcesArgs, Summary, with_events};
use super::{Result, Ui, world};
use crate::source::vendor;

/// Write what a definition names from elsewhere into the folder `vendor`, so that a clone alone generates.
#[derive(clap::Args)]
pub(super) struct VendorArgs {
    #[command(flatten)]
    sources: SourcesArgs,
}

/// Runs the command.
pub(super) fn run(args: &VendorArgs, ui: &mut Ui) -> Result<ExitCode> {
    let start = world::now();
    let options = args.sources.options()?;
    let installed = with_events(ui, |heard| vendor(&options, heard))?;
    ui.status(format_args!("{}", Summary { verb: "Vendored", installed: &installed, took: start.elapsed() }));
    Ok(ExitCode::SUCCESS)
}
