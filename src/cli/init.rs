//! `fab init`: begins a definition.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Result, Ui};
use crate::init::{ENVIRONMENTS, InitOptions, Initialized, default_name, existing_component, init};

/// Begin a definition that generates at once, or add environments to one.
///
/// Files that are there already are kept. On a terminal, asks for what is not given.
#[derive(clap::Args)]
pub(super) struct InitArgs {
    /// Folder of the definition.
    #[arg(value_name = "PATH", default_value = ".")]
    directory: PathBuf,
    /// Name of the root component [default: that of the folder].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// An environment; may be given several times [default: dev,prod].
    #[arg(long = "env", value_name = "ENV", value_delimiter = ',')]
    environments: Vec<String>,
    /// Overwrite files that are there.
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub(super) fn run(args: &InitArgs, ui: &mut Ui) -> Result<ExitCode> {
    let options = args.options(ui)?;
    let made = init(&options)?;
    tell(&made, &options, ui);
    Ok(ExitCode::SUCCESS)
}

impl InitArgs {
    /// Returns what is given, and asks for the rest of a new definition.
    fn options(&self, ui: &mut Ui) -> Result<InitOptions> {
        let (mut name, mut environments) = (self.name.clone(), self.environments.clone());
        let is_new = self.force || existing_component(&self.directory).is_none();
        if is_new && name.is_none() {
            name = ui.ask("Name", &default_name(&self.directory))?;
        }
        if is_new && environments.is_empty() {
            let answer = ui.ask("Environments", &ENVIRONMENTS.join(" "))?.unwrap_or_default();
            let names = answer.split([' ', ',']).filter(|name| !name.is_empty());
            environments = names.map(str::to_owned).collect();
        }
        Ok(InitOptions { directory: self.directory.clone(), name, environments, force: self.force })
    }
}

fn tell(made: &Initialized, options: &InitOptions, ui: &mut Ui) {
    for file in &made.written {
        ui.status(format_args!("Wrote {file}"));
    }
    for file in &made.kept {
        ui.status(format_args!("Kept {file}, which was there"));
    }
    for name in &made.unlisted {
        ui.warning(format_args!("warning: `{name}` is not among the `environments` of fab.yaml"));
    }
    if made.repository {
        ui.status(format_args!("Made a git repository"));
    }
    let folder = options.directory.display().to_string();
    let folder = if folder == "." { String::new() } else { format!(" -C {folder}") };
    ui.status(format_args!("Next: `fab generate --each{folder}`"));
}
