//! `fab status`: what is published of each environment.

use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::publish::{TargetArgs, short};
use super::table::Table;
use super::{Result, Ui, world};
use crate::config::Environment;
use crate::publish::{EntryKind, Hold, Standing, Status, StatusOptions, status};

/// Show what is published of each environment.
#[derive(clap::Args)]
pub(super) struct StatusArgs {
    /// The environments, each on its own: `prod`, or `prod+east` for one of two layers [default: all of `fab.yaml`, or else all that have a config file].
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    #[command(flatten)]
    target: TargetArgs,
    /// How it is printed.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output_format: Format,
}

/// The forms of output.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    // Lines with columns.
    Table,
    // An object for each environment.
    Json,
}

/// Runs the command.
pub(super) fn run(args: &StatusArgs, ui: &mut Ui) -> Result<ExitCode> {
    let all = status(&StatusOptions {
        directory: args.target.directory.clone(),
        environments: args.environments.iter().map(|name| Environment::new([name])).collect(),
        repository: args.target.repository.clone(),
        place: args.target.place(),
        cache: world::cache()?,
        variables: world::variables(),
    })?;
    ui.data(match args.output_format {
        Format::Table => published(&all).render(Ui::data_width()),
        Format::Json => format!("{:#}\n", in_json(&all)),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn published(all: &[Status]) -> Table<6> {
    let mut table = Table::new(["ENVIRONMENT", "SOURCE", "MANIFESTS", "DATE", "STATE", "SUBJECT"], 5);
    for status in all {
        let entry = status.standing.as_ref().map(|standing| &standing.newest);
        let column = |text: Option<&str>| text.unwrap_or_default().to_owned();
        table.push([
            status.environment.clone(),
            column(entry.map(|entry| short(&entry.source))),
            column(entry.map(|entry| short(&entry.commit))),
            column(entry.map(|entry| entry.date.as_str())),
            state(status),
            column(entry.map(|entry| entry.subject.as_str())),
        ]);
    }
    table
}

/// Says in words how an environment stands.
fn state(status: &Status) -> String {
    let proposed = status.proposed.as_deref().map(|commit| format!("{} is proposed", short(commit)));
    let Some(Standing { newest, up_to_date_with, hold }) = &status.standing else {
        return ["not published".to_owned()].into_iter().chain(proposed).collect::<Vec<_>>().join("; ");
    };
    let what = match newest.kind {
        EntryKind::Publish => "published",
        EntryKind::Rollback => "rolled back",
        EntryKind::ByHand => "changed by hand",
    };
    let newer = up_to_date_with.as_deref().map(|commit| format!("up to date with {}", short(commit)));
    let held = hold.as_ref().map(|hold| match hold.reason.as_str() {
        "" => "held".to_owned(),
        reason => format!("held: {reason}"),
    });
    [Some(what.to_owned()), newer, proposed, held].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn in_json(all: &[Status]) -> Value {
    let environment = |status: &Status| {
        json!({
            "environment": status.environment,
            "branch": status.branch,
            "path": status.path,
            "published": status.standing.as_ref().map(standing_in_json),
            "proposed": status.proposed,
        })
    };
    json!({"environments": all.iter().map(environment).collect::<Vec<_>>()})
}

fn standing_in_json(standing: &Standing) -> Value {
    let Standing { newest, up_to_date_with, hold } = standing;
    let hold_in_json = |hold: &Hold| json!({"reason": hold.reason, "by": hold.by, "since": hold.since, "rolledBackFrom": hold.from});
    json!({
        "kind": match newest.kind {
            EntryKind::Publish => "publish",
            EntryKind::Rollback => "rollback",
            EntryKind::ByHand => "by-hand",
        },
        "source": newest.source,
        "subject": newest.subject,
        "author": newest.author,
        "manifests": newest.commit,
        "date": newest.date,
        "upToDateWith": up_to_date_with,
        "hold": hold.as_ref().map(hold_in_json),
    })
}
