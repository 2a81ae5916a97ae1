//! `fab show`: the settings of a component, merged from all config files.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use super::report;
use super::{Result, Ui};
use crate::config::Environment;
use crate::inventory::settings::{ShowOptions, show};

/// Print the merged config of a component, with that of the components below it.
#[derive(clap::Args)]
pub(super) struct ShowArgs {
    /// The environment: `prod`, or `prod+east` for one of two layers.
    #[arg(value_name = "ENV")]
    environment: String,
    /// The component by its path, such as `infra/ingress`, or by its name if no other one has it [default: the root].
    #[arg(value_name = "COMPONENT")]
    component: Option<String>,
    /// Folder of the definition.
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// How config is printed.
    #[arg(long, value_name = "FORMAT", default_value = "yaml")]
    output_format: Format,
}

/// The forms of output.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    // A config file.
    Yaml,
    // The same in JSON.
    Json,
}

/// Runs the command.
pub(super) fn run(args: &ShowArgs, ui: &mut Ui) -> Result<ExitCode> {
    let options = ShowOptions {
        directory: args.directory.clone(),
        environment: Environment::new([&args.environment]),
        component: args.component.clone(),
    };
    let (settings, warnings) = show(&options)?;
    report::warnings_once(&warnings, ui);
    ui.data(match args.output_format {
        Format::Yaml => goyaml::to_string(&settings).expect("settings have no keys but texts"),
        Format::Json => {
            serde_json::to_string_pretty(&settings).expect("settings have no keys but texts") + "\n"
        }
    })?;
    Ok(ExitCode::SUCCESS)
}
