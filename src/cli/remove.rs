//! `fab remove`: entries out of the list of subcomponents.

use std::path::Path;
use std::process::ExitCode;

use super::changes::ChangeArgs;
use super::{Result, Ui};
use crate::edit::{RemoveOptions, remove};

/// Remove subcomponents.
#[derive(clap::Args)]
pub(super) struct RemoveArgs {
    /// Names of the subcomponents.
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    #[command(flatten)]
    changes: ChangeArgs,
}

/// Runs the command.
pub(super) fn run(args: &RemoveArgs, ui: &mut Ui) -> Result<ExitCode> {
    let options = RemoveOptions { directory: args.changes.directory.clone(), names: args.names.clone() };
    let removed = remove(&options)?;
    for (name, suggestion) in &removed.unknown {
        let hint = suggestion.as_ref().map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        ui.warning(format_args!("there is no subcomponent `{name}`{hint}"));
    }
    let edit = |directory: &Path| {
        Ok(vec![remove(&RemoveOptions { directory: directory.to_owned(), ..options.clone() })?.file])
    };
    args.changes.run(&edit, &format!("Remove {}", args.names.join(", ")), ui)
}
