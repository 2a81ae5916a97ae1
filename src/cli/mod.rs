//! The command line: arguments in, exit code out.
//!
//! A command is one file: its arguments become the options of one library
//! call, and what that returns is printed. Commands decide nothing, and they
//! print through `Ui` only: data on stdout, messages on stderr.
//!
//! Exit codes are 0 (fine), 1 (findings: differences, violations) and 2
//! (error). `fab template` exits as helm does, with 1 for every error.
//!
//! Invariant: nothing of the library depends on this module.

mod access;
mod add;
mod cache;
mod changes;
mod ci;
mod comment;
mod completions;
mod diff;
mod explain;
mod find;
mod findings;
mod generate;
mod helm_flags;
mod history;
mod init;
mod install;
mod lint;
mod list;
mod man;
mod outdated;
mod promote;
mod publish;
mod remove;
mod report;
mod schema;
mod set;
mod show;
mod status;
mod table;
mod template;
mod ui;
mod update;
mod validate;
mod vendor;
mod version;
mod why;
mod world;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use report::Report;
use ui::{Ui, UiArgs};

/// What a command ends in: its exit code, or all that went wrong.
type Result<T> = std::result::Result<T, Report>;

/// Kubernetes manifests for GitOps, from components and per-environment config.
#[derive(Parser)]
#[command(name = "fab", bin_name = "fab", version, propagate_version = false)]
struct Args {
    #[command(flatten)]
    ui: UiArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Init(init::InitArgs),
    Install(install::InstallArgs),
    Update(update::UpdateArgs),
    Outdated(outdated::OutdatedArgs),
    Vendor(vendor::VendorArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Explain(explain::ExplainArgs),
    Why(why::WhyArgs),
    Add(Box<add::AddArgs>),
    Remove(Box<remove::RemoveArgs>),
    Set(Box<set::SetArgs>),
    Find(find::FindArgs),
    Generate(Box<generate::GenerateArgs>),
    Template(Box<template::TemplateArgs>),
    Validate(Box<validate::ValidateArgs>),
    Diff(Box<diff::DiffArgs>),
    Lint(lint::LintArgs),
    Publish(Box<publish::PublishArgs>),
    Ci(Box<ci::CiArgs>),
    Promote(Box<promote::PromoteArgs>),
    Status(Box<status::StatusArgs>),
    History(Box<history::HistoryArgs>),
    Rollback(Box<history::RollbackArgs>),
    Resume(Box<history::ResumeArgs>),
    Verify(Box<history::VerifyArgs>),
    Cache(cache::CacheArgs),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
    Version(version::VersionArgs),
}

impl Command {
    fn run(&self, ui: &mut Ui) -> Result<ExitCode> {
        match self {
            Self::Init(args) => init::run(args, ui),
            Self::Install(args) => install::run(args, ui),
            Self::Update(args) => update::run(args, ui),
            Self::Outdated(args) => outdated::run(args, ui),
            Self::Vendor(args) => vendor::run(args, ui),
            Self::List(args) => list::run(args, ui),
            Self::Show(args) => show::run(args, ui),
            Self::Explain(args) => explain::run(args, ui),
            Self::Why(args) => why::run(args, ui),
            Self::Add(args) => add::run(args, ui),
            Self::Remove(args) => remove::run(args, ui),
            Self::Set(args) => set::run(args, ui),
            Self::Find(args) => find::run(args, ui),
            Self::Generate(args) => generate::run(args, ui),
            Self::Template(args) => template::run(args, ui),
            Self::Validate(args) => validate::run(args, ui),
            Self::Diff(args) => diff::run(args, ui),
            Self::Lint(args) => lint::run(args, ui),
            Self::Publish(args) => publish::run(args, ui),
            Self::Ci(args) => ci::run(args, ui),
            Self::Promote(args) => promote::run(args, ui),
            Self::Status(args) => status::run(args, ui),
            Self::History(args) => history::run(args, ui),
            Self::Rollback(args) => history::run_rollback(args, ui),
            Self::Resume(args) => history::run_resume(args, ui),
            Self::Verify(args) => history::run_verify(args, ui),
            Self::Cache(args) => cache::run(args, ui),
            Self::Schema(args) => schema::run(args, ui),
            Self::Completions(args) => completions::run(args, ui),
            Self::Man(args) => man::run(args, ui),
            Self::Version(args) => version::run(args, ui),
        }
    }
}

/// Returns the command line; the flags of `fab template` are like helm's.
fn command() -> clap::Command {
    Args::command().mut_subcommand("template", helm_flags::with_switches)
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let line: Vec<OsString> = std::env::args_os().collect();
    if let Some(code) = completions::complete(&line) {
        return code;
    }
    let failure = ExitCode::from(failure_code(&line));
    let parsed = command().try_get_matches_from(&line).and_then(|matches| Args::from_arg_matches(&matches));
    let args = match parsed {
        Ok(args) => args,
        Err(err) => {
            let asked = matches!(err.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            if !asked && failure_code(&line) == HELMS_FAILURE {
                return Ui::new(&UiArgs::default())
                    .fail_as_helm(format_args!("{}", helm_flags::usage_error(&err)));
            }
            // Nobody is left to tell that the help could not be printed.
            let _ = err.print();
            return if asked { ExitCode::SUCCESS } else { failure };
        }
    };
    let mut ui = Ui::new(&args.ui);
    let result = match &args.command {
        Some(command) => command.run(&mut ui),
        None => print_help(&mut ui),
    };
    result.unwrap_or_else(|report| {
        ui.report(&report);
        report.code()
    })
}

/// Prints what `fab --help` prints: without a command that is an answer, as in
/// Fabrikate, and no error.
fn print_help(ui: &mut Ui) -> Result<ExitCode> {
    ui.data(command().render_long_help())?;
    Ok(ExitCode::SUCCESS)
}

/// What helm exits with, whatever went wrong.
const HELMS_FAILURE: u8 = 1;

/// The exit code of an error: `fab template` stands in for helm in scripts.
fn failure_code(line: &[OsString]) -> u8 {
    let command = line.iter().skip(1).find(|arg| !arg.as_encoded_bytes().starts_with(b"-"));
    if command.is_some_and(|command| command == "template") { HELMS_FAILURE } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        command().debug_assert();
    }

    #[test]
    fn template_fails_with_helms_exit_code() {
        let code = |line: &[&str]| failure_code(&line.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(code(&["fab", "template", "x", "."]), 1);
        assert_eq!(code(&["fab", "-v", "template"]), 1);
        assert_eq!(code(&["fab", "generate", "template"]), 2);
        assert_eq!(code(&["fab"]), 2);
    }
}
