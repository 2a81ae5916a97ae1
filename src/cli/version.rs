//! `fab version`: what `fab --version` prints.

use std::process::ExitCode;

use super::{Result, Ui};

/// Print the version.
#[derive(clap::Args)]
pub(super) struct VersionArgs {
    /// Ignored, as Fabrikate does.
    #[arg(hide = true)]
    ignored: Vec<String>,
}

/// Runs the command.
pub(super) fn run(_args: &VersionArgs, ui: &mut Ui) -> Result<ExitCode> {
    ui.data(format_args!("fab {}\n", env!("CARGO_PKG_VERSION")))?;
    Ok(ExitCode::SUCCESS)
}
