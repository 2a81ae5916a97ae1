//! `fab add`: an entry in the list of subcomponents.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::changes::ChangeArgs;
use super::install::{self, with_events};
use super::report::Report;
use super::{Result, Ui};
use crate::edit::{AddOptions, add, verify};
use crate::source::Resolved;

/// Add a subcomponent, or replace the one of that name.
#[derive(clap::Args)]
pub(super) struct AddArgs {
    /// Name of the subcomponent.
    name: String,
    /// Where it comes from: a git or chart repository, a file's address, a folder.
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// How it comes here: git, helm, http or local.
    #[arg(long, value_name = "METHOD", default_value = "git")]
    method: String,
    /// The branch, with method git.
    #[arg(long, value_name = "BRANCH", default_value = "master")]
    branch: String,
    /// The folder in the source, or the name of the chart.
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// What it is: component, helm, static or handlebars.
    #[arg(long = "type", value_name = "TYPE", default_value = "component")]
    kind: String,
    /// The commit, tag or chart version.
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Ask the source whether it has that, and write nothing if not.
    #[arg(long)]
    verify: bool,
    /// Ask the source, and pin what it has now: the newest chart version in the range, or the commit.
    #[arg(long)]
    pin: bool,
    #[command(flatten)]
    changes: ChangeArgs,
}

/// Runs the command.
pub(super) fn run(args: &AddArgs, ui: &mut Ui) -> Result<ExitCode> {
    let mut options = args.options();
    if args.verify || args.pin {
        let found = with_events(ui, |heard| {
            verify(&options, install::options(&args.changes.directory)?, heard).map_err(Report::from)
        })?;
        let version = match found {
            Some(Resolved::Git { commit, .. }) => Some(commit),
            Some(Resolved::Chart { version, .. }) => Some(version),
            Some(Resolved::File { .. }) | None => None,
        };
        if args.pin
            && let Some(version) = version
        {
            ui.status(format_args!("Pinned {} at {version}", args.name));
            options.fields.retain(|(field, _)| *field != "version");
            options.fields.push(("version", version));
        }
    }
    let edit =
        |directory: &Path| Ok(vec![add(&AddOptions { directory: directory.to_owned(), ..options.clone() })?]);
    args.changes.run(&edit, &format!("Add {}", args.name), ui)
}

impl AddArgs {
    fn options(&self) -> AddOptions {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        // Fabrikate leaves the branch out where nothing is cloned.
        let has_branch = self.method == "git";
        AddOptions {
            directory: self.changes.directory.clone(),
            folder_name: folder_name(&self.changes.directory),
            name: self.name.clone(),
            fields: vec![
                ("type", self.kind.clone()),
                ("source", text(&self.source)),
                ("method", self.method.clone()),
                ("path", text(&self.path)),
                ("version", text(&self.version)),
                ("branch", if has_branch { self.branch.clone() } else { String::new() }),
            ],
        }
    }
}

/// Returns the name of a folder, which a component made in it gets.
fn folder_name(folder: &Path) -> String {
    let full: PathBuf = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    full.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
