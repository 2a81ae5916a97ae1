//! `fab remove`: entries out of the list of subcomponents.

use std::path::Path;
use std::process::ExitCode;

use super::changes::ChangeArgs;
use super::{Result, Ui};
use crate::edit::{RemoveOptions, remove};
use crate::error::Error;

/// Remove subcomponents.
#[derive(clap::Args)]
pub(super) struct RemoveArgs {
    /// Names of the subcomponents.
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    /// Remove their settings in config files and what was installed for them, too; both are listed.
    #[arg(long)]
    purge: bool,
    #[command(flatten)]
    changes: ChangeArgs,
}

/// Runs the command.
pub(super) fn run(args: &RemoveArgs, ui: &mut Ui) -> Result<ExitCode> {
    let options = RemoveOptions {
        directory: args.changes.directory.clone(),
        names: args.names.clone(),
        purge: args.purge,
    };
    let removed = remove(&options)?;
    for (name, suggestion) in &removed.unknown {
        let hint = suggestion.as_ref().map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        ui.warning(format_args!("there is no subcomponent `{name}`{hint}"));
    }
    let edit = |directory: &Path| {
        Ok(remove(&RemoveOptions { directory: directory.to_owned(), ..options.clone() })?.files)
    };
    let code = args.changes.run(&edit, &format!("Remove {}", args.names.join(", ")), ui)?;
    for folder in &removed.folders {
        if args.changes.dry_run {
            ui.status(format_args!("Would remove {folder}"));
        } else {
            ui.status(format_args!("Removing {folder}"));
            let path = args.changes.directory.join(folder);
            let unwritable = |source| Error::Unwritable { path: folder.clone(), source };
            std::fs::remove_dir_all(path).map_err(unwritable)?;
        }
    }
    Ok(code)
}
