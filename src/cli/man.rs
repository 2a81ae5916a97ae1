//! `fab man`: manual pages of what `--help` says.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap_mangen::Man;

use super::{Result, Ui};
use crate::error::Error;

/// Print the manual page, or write those of all commands into a folder.
#[derive(clap::Args)]
pub(super) struct ManArgs {
    /// Folder to write a page for each command to: `man1` of a folder in MANPATH.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: &ManArgs, ui: &mut Ui) -> Result<ExitCode> {
    let command = super::command();
    match &args.output {
        Some(folder) => {
            let written = fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
            written.map_err(|source| Error::Unwritable { path: folder.display().to_string(), source })?;
            ui.status(format_args!("Wrote the manual pages to {}", folder.display()));
        }
        None => {
            let mut page = Vec::new();
            Man::new(command).render(&mut page)?;
            ui.bytes(&page)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
