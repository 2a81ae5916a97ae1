//! Completion in shells, which know the names of environments and components.
//!
//! `fab completions` prints a script for the shell, which asks `fab` itself what
//! may stand at the cursor: with [`VARIABLE`] set, the rest of the command line is
//! what somebody is typing. An argument is completed by the name of its value, so
//! every ENV and COMPONENT of any command is.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use clap_complete::env::{CompleteEnv, Shells};
use clap_complete::{ArgValueCompleter, CompletionCandidate};

use super::{Result, Ui};
use crate::inventory::{ListOptions, list};

/// Print the script that completes `fab` in a shell.
///
/// In bash: `source <(fab completions bash)`, the same in zsh, and in fish `fab completions fish | source`.
#[derive(clap::Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

/// The variable that says for which shell the command line is to be completed.
const VARIABLE: &str = "FAB_COMPLETE";

/// Runs the command.
pub(super) fn run(args: &CompletionsArgs, ui: &mut Ui) -> Result<ExitCode> {
    let name = match args.shell {
        Shell::Bash => "bash",
        Shell::Elvish => "elvish",
        Shell::Fish => "fish",
        Shell::Powershell => "powershell",
        Shell::Zsh => "zsh",
    };
    let shells = Shells::builtins();
    let completer = shells.completer(name).expect("every shell of the arguments is one of these");
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, "fab", "fab", "fab", &mut script)?;
    ui.bytes(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Completes a command line, if that is what this process is for; returns whether it was.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub(super) fn complete(line: &[OsString]) -> Option<ExitCode> {
    std::env::var_os(VARIABLE)?;
    let folder = folder(line);
    let complete = CompleteEnv::with_factory(|| with_names(super::command(), &folder))
        .var(VARIABLE)
        .bin("fab")
        .completer("fab");
    match complete.try_complete(line, std::env::current_dir().ok().as_deref()) {
        Ok(true) => Some(ExitCode::SUCCESS),
        Ok(false) => None,
        // The shell shows nothing of it.
        Err(_) => Some(ExitCode::FAILURE),
    }
}

/// Returns the folder of the definition that a command line is about.
fn folder(line: &[OsString]) -> PathBuf {
    let named = line.windows(2).rev().find(|pair| pair[0] == "-C" || pair[0] == "--directory");
    let named = named.map(|pair| PathBuf::from(&pair[1])).filter(|folder| folder.is_dir());
    named.unwrap_or_else(|| PathBuf::from("."))
}

/// Returns a command whose arguments know the names in a definition.
fn with_names(command: clap::Command, folder: &Path) -> clap::Command {
    let folder = folder.to_owned();
    let command = command.mut_args(|argument| {
        let folder = folder.clone();
        let names = match argument.get_value_names() {
            Some([name]) if name == "ENV" => environments,
            Some([name]) if name == "COMPONENT" => components,
            _ => return argument,
        };
        argument.add(ArgValueCompleter::new(move |typed: &OsStr| candidates(&names(&folder), typed)))
    });
    command.mut_subcommands(|command| with_names(command, &folder))
}

/// Returns the names that what is typed may become: `qa+we` becomes `qa+west`.
fn candidates(names: &[String], typed: &OsStr) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str() else { return Vec::new() };
    let (before, last) = typed.split_at(typed.rfind('+').map_or(0, |at| at + 1));
    let names = names.iter().filter(|name| name.starts_with(last));
    names.map(|name| CompletionCandidate::new(format!("{before}{name}"))).collect()
}

/// Returns the names of the environments of a definition; none if it cannot be read.
fn environments(folder: &Path) -> Vec<String> {
    let listing = list(&ListOptions { directory: folder.to_owned(), environments: Vec::new() });
    let environments = listing.into_iter().flat_map(|listing| listing.environments);
    environments.map(|inventory| inventory.environment.to_string()).collect()
}

/// Returns the paths of the components of a definition; none if it cannot be read.
fn components(folder: &Path) -> Vec<String> {
    let listing = list(&ListOptions { directory: folder.to_owned(), environments: Vec::new() });
    let environments = listing.into_iter().flat_map(|listing| listing.environments);
    let components = environments.flat_map(|inventory| inventory.components);
    let mut paths: Vec<String> = components.map(|component| component.path).collect();
    paths.sort();
    paths.dedup();
    paths
}
