//! `fab schema`: what editors check files with.

use std::process::ExitCode;

use clap::ValueEnum;

use super::{Result, Ui};
use crate::schema::FileKind;

/// Print the JSON Schema of a kind of file, for editors.
#[derive(clap::Args)]
pub(super) struct SchemaArgs {
    /// The kind of file.
    #[arg(value_name = "FILE")]
    kind: Kind,
}

/// The kinds of files.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// component.yaml.
    Component,
    /// config/ENVIRONMENT.yaml.
    Config,
    /// fab.yaml.
    Fab,
    /// fab.lock.
    Lock,
}

/// Runs the command.
pub(super) fn run(args: &SchemaArgs, ui: &mut Ui) -> Result<ExitCode> {
    let kind = match args.kind {
        Kind::Component => FileKind::Component,
        Kind::Config => FileKind::Config,
        Kind::Fab => FileKind::Fab,
        Kind::Lock => FileKind::Lock,
    };
    ui.data(format_args!("{:#}\n", kind.schema()))?;
    Ok(ExitCode::SUCCESS)
}
