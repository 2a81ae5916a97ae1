//! `fab history`, `fab rollback`, `fab resume` and `fab verify`: what was
//! published of an environment, and back to it.

use std::process::ExitCode;

use serde_json::{Value as Json, json};

use super::generate::counted;
use super::publish::TargetArgs;
use super::report::Line;
use super::table::{Format, Table};
use super::world::WorldArgs;
use super::{Result, Ui, world};
use crate::hooks::HookPolicy;
use crate::publish::{Back, Counts, Entry, Hold, Target, history, resume, rollback, short, verify};

/// Show what was published of an environment: when, from which source commit, by whom, and how many files changed.
#[derive(clap::Args)]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    of: OfArgs,
    /// Show this many at most.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// How publishes are printed.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output_format: Format,
}

/// Publish again what was published before, and hold the environment there.
///
/// The manifests are taken as they were recorded, in one new commit. `fab publish` leaves the environment alone until `fab resume`.
#[derive(clap::Args)]
pub(super) struct RollbackArgs {
    #[command(flatten)]
    of: OfArgs,
    /// To this source commit, or this one of the manifest repository.
    #[arg(long, value_name = "COMMIT", conflicts_with = "steps")]
    to: Option<String>,
    /// This many publishes back.
    #[arg(long, value_name = "N", default_value_t = 1)]
    steps: usize,
    /// Why; whoever publishes is told.
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

/// Let an environment be published again after a rollback.
#[derive(clap::Args)]
pub(super) struct ResumeArgs {
    #[command(flatten)]
    of: OfArgs,
}

/// Render an environment again from the source commit that it is published from, and compare byte for byte.
#[derive(clap::Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    of: OfArgs,
    /// Allow the hooks of components from this source.
    #[arg(long, value_name = "SOURCE")]
    allow_hooks: Vec<String>,
    #[command(flatten)]
    world: WorldArgs,
}

/// An environment in its manifest repository.
#[derive(clap::Args)]
pub(super) struct OfArgs {
    /// The environment: `prod`, or `prod+east` for one of two layers.
    #[arg(value_name = "ENV")]
    environment: String,
    #[command(flatten)]
    target: TargetArgs,
}

impl OfArgs {
    fn target(&self) -> Result<Target> {
        Ok(Target {
            directory: self.target.directory.clone(),
            environment: self.environment.clone(),
            repository: self.target.repository.clone(),
            place: self.target.place(),
            cache: world::cache()?,
            variables: world::variables(),
            now: world::wall_clock(),
            pauses: world::pauses()?,
        })
    }
}

/// Runs `fab history`.
pub(super) fn run(args: &HistoryArgs, ui: &mut Ui) -> Result<ExitCode> {
    let history = history(&args.of.target()?)?;
    let entries = &history.entries[..args.limit.min(history.entries.len())];
    let environment = &args.of.environment;
    ui.data(match args.output_format {
        Format::Table => table(entries).render(Ui::data_width()),
        Format::Json => {
            let entries: Vec<Json> = entries.iter().map(entry_in_json).collect();
            let hold = history.hold.as_ref().map(hold_in_json);
            format!(
                "{:#}\n",
                json!({"version": VERSION, "environment": environment, "hold": hold, "publishes": entries})
            )
        }
    })?;
    if let Some(hold) = &history.hold {
        ui.status(format_args!("{}", Held { environment, hold }));
    }
    Ok(ExitCode::SUCCESS)
}

fn table(entries: &[Entry]) -> Table<7> {
    let headings = ["DATE", "SOURCE", "MANIFESTS", "WHAT", "FILES", "BY", "SUBJECT"];
    let mut table = Table::new(headings, 6);
    for Entry { commit, date, by, kind, source, subject, author, files, .. } in entries {
        let Counts { added, changed, removed } = files;
        let name = author.split('<').next().unwrap_or_default().trim();
        table.push([
            date.clone(),
            short(source).to_owned(),
            short(commit).to_owned(),
            kind.name().to_owned(),
            format!("+{added} ~{changed} -{removed}"),
            if name.is_empty() { by.clone() } else { name.to_owned() },
            subject.clone(),
        ]);
    }
    table
}

/// The number of this form, which grows if a program that reads it has to change.
const VERSION: u32 = 1;

/// Returns a publish as other programs get it.
pub(super) fn entry_in_json(entry: &Entry) -> Json {
    let Counts { added, changed, removed } = entry.files;
    json!({
        "kind": entry.kind.name().replace(' ', "-"),
        "source": entry.source,
        "subject": entry.subject,
        "author": entry.author,
        "manifests": entry.commit,
        "by": entry.by,
        "date": entry.date,
        "files": {"added": added, "changed": changed, "removed": removed},
    })
}

/// Returns a hold as other programs get it.
pub(super) fn hold_in_json(hold: &Hold) -> Json {
    json!({"reason": hold.reason, "by": hold.by, "since": hold.since, "rolledBackFrom": hold.from})
}

/// Says that an environment is held.
struct Held<'a> {
    environment: &'a str,
    hold: &'a Hold,
}

impl std::fmt::Display for Held<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Hold { reason, by, since, .. } = self.hold;
        write!(f, "{} is held since {since} by {by}", self.environment)?;
        if reason.is_empty() { Ok(()) } else { write!(f, ": {reason}") }
    }
}

/// Runs `fab rollback`.
pub(super) fn run_rollback(args: &RollbackArgs, ui: &mut Ui) -> Result<ExitCode> {
    let back = args.to.clone().map_or(Back::Steps(args.steps), Back::To);
    let done = rollback(&args.of.target()?, &back, &args.reason)?;
    let environment = &args.of.environment;
    ui.status(format_args!(
        "Rolled back {environment} to {} ({}) as {}; it is held until `fab resume {environment}`",
        short(&done.to.source),
        done.to.subject,
        short(&done.commit),
    ));
    if done.from != done.to.source && !done.from.is_empty() {
        ui.status(format_args!("Now take the change back in the definition:"));
        ui.data(format!("git revert --no-edit {}..{}\n", done.to.source, done.from))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs `fab resume`.
pub(super) fn run_resume(args: &ResumeArgs, ui: &mut Ui) -> Result<ExitCode> {
    let environment = &args.of.environment;
    match resume(&args.of.target()?)? {
        Some((commit, _)) => ui.status(format_args!(
            "Resumed {environment} as {}; `fab publish {environment}` publishes it again",
            short(&commit)
        )),
        None => ui.status(format_args!("{environment} is not held")),
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs `fab verify`.
pub(super) fn run_verify(args: &VerifyArgs, ui: &mut Ui) -> Result<ExitCode> {
    let hooks = HookPolicy { run: true, allowed: args.allow_hooks.clone() };
    let warnings = std::sync::Mutex::new(Vec::new());
    let heard = |warning| warnings.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(warning);
    let verified = verify(&args.of.target()?, (args.world.read()?, &hooks), &heard)?;
    for warning in warnings.into_inner().unwrap_or_default() {
        ui.status(format_args!("{}", Line(&warning)));
    }
    let text: String = verified.different.iter().map(|(what, path)| format!("{what} {path}\n")).collect();
    ui.data(text)?;
    let environment = &args.of.environment;
    let source = short(&verified.source);
    if verified.different.is_empty() {
        let files = counted(verified.same, "file");
        ui.status(format_args!("{environment} is as {source} renders: {files} are the same"));
        return Ok(ExitCode::SUCCESS);
    }
    let files = counted(verified.different.len(), "file");
    let version = &verified.version;
    let other = !version.is_empty() && version != env!("CARGO_PKG_VERSION");
    let other = if other { format!("; it was published by fab {version}") } else { String::new() };
    ui.status(format_args!("{environment} is not as {source} renders: {files} differ{other}"));
    Ok(ExitCode::from(1))
}
