//! `fab status`: what is published of each environment, and what clusters have of it.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::history::{entry_in_json, hold_in_json};
use super::publish::TargetArgs;
use super::report::Report;
use super::table::{Format, Table};
use super::{Result, Ui, world};
use crate::cluster::Clusters;
use crate::config::Environment;
use crate::publish::{Applied, EntryKind, Standing, Status, StatusOptions, Statuses, short, status};

/// Show what is published of each environment, and what Flux and Argo CD have applied of it.
#[derive(clap::Args)]
pub(super) struct StatusArgs {
    /// The environments, each on its own: `prod`, or `prod+east` for one of two layers [default: all of `fab.yaml`, or else all that have a config file].
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    #[command(flatten)]
    target: TargetArgs,
    /// Ask the cluster of this kubeconfig, too.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Ask the cluster of this context, too; may be given several times. Without --kubeconfig, it is one of `KUBECONFIG` or `~/.kube/config`.
    #[arg(long, value_name = "NAME")]
    context: Vec<String>,
    /// How it is printed.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output_format: Format,
    /// Exit with 1 if an environment is not published, or a cluster that is asked does not have the newest of it, or is not ready with it.
    #[arg(long)]
    exit_code: bool,
}

/// Runs the command.
pub(super) fn run(args: &StatusArgs, ui: &mut Ui) -> Result<ExitCode> {
    let asks = args.kubeconfig.is_some() || !args.context.is_empty();
    let clusters = Clusters { kubeconfig: args.kubeconfig.clone(), contexts: args.context.clone() };
    let all = status(&StatusOptions {
        directory: args.target.directory.clone(),
        environments: args.environments.iter().map(|name| Environment::new([name])).collect(),
        repository: args.target.repository.clone(),
        place: args.target.place(),
        cache: world::cache()?,
        variables: world::variables(),
        clusters: asks.then_some(clusters),
    })?;
    match args.output_format {
        Format::Table => ui.prose(&tables(&all, asks))?,
        Format::Json => ui.data(format!("{:#}\n", in_json(&all)))?,
    }
    for status in &all.environments {
        if let Some(near) = &status.suggestion {
            let name = &status.environment;
            ui.status(format_args!("`{name}` is not published; did you mean `{near}`?"));
        }
    }
    let is_settled = all.environments.iter().all(|status| status.is_settled(asks));
    for cluster in &all.clusters {
        if cluster.agents.is_empty() && cluster.errors.is_empty() {
            ui.status(format_args!("{} has neither Flux nor Argo CD", cluster.context));
        }
    }
    let errors: Vec<_> = all.clusters.into_iter().flat_map(|cluster| cluster.errors).collect();
    if !errors.is_empty() {
        return Err(Report::from(errors));
    }
    Ok(if args.exit_code && !is_settled { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn tables(all: &Statuses, asks: bool) -> String {
    let width = Ui::data_width();
    let mut text = published(&all.environments).render(width);
    if asks {
        text.push('\n');
        let is_complete = all.clusters.iter().all(|cluster| cluster.errors.is_empty());
        text.push_str(&applied(&all.environments, is_complete).render(width));
    }
    text
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

/// Tells what clusters have; if some did not tell all, what is not there may be.
fn applied(all: &[Status], is_complete: bool) -> Table<7> {
    let headings = ["ENVIRONMENT", "CLUSTER", "APPLIED BY", "SOURCE", "MANIFESTS", "NEWEST", "STATE"];
    let mut table = Table::new(headings, 6);
    for status in all {
        for Applied { context, applier, source, behind } in &status.applied {
            let part = match applier.path == status.path {
                true => String::new(),
                false => format!(" ({})", applier.path),
            };
            let newest = match behind {
                Some(0) => "yes".to_owned(),
                Some(behind) => format!("{behind} behind"),
                None if applier.revision.is_empty() => String::new(),
                None => "not on the branch".to_owned(),
            };
            let state = match applier.message.as_str() {
                "" => applier.state.name().to_owned(),
                message => format!("{}: {message}", applier.state.name()),
            };
            table.push([
                status.environment.clone(),
                context.clone(),
                format!("{} {}/{}{part}", applier.kind, applier.namespace, applier.name),
                source.as_ref().map(|(commit, _)| short(commit).to_owned()).unwrap_or_default(),
                applier.revision.chars().take(7).collect(),
                newest,
                state,
            ]);
        }
        if status.applied.is_empty() {
            let mut row = [const { String::new() }; 7];
            row[0].clone_from(&status.environment);
            row[6] = if is_complete { "not applied" } else { "unknown" }.to_owned();
            table.push(row);
        }
    }
    table
}

/// The number of this form, which grows if a program that reads it has to change.
const VERSION: u32 = 1;

fn in_json(all: &Statuses) -> Value {
    let environment = |status: &Status| {
        json!({
            "environment": status.environment,
            "branch": status.branch,
            "path": status.path,
            "published": status.standing.as_ref().map(standing_in_json),
            "proposed": status.proposed,
            "applied": status.applied.iter().map(applied_in_json).collect::<Vec<_>>(),
        })
    };
    let clusters = all.clusters.iter().map(|cluster| {
        let errors: Vec<String> = cluster.errors.iter().map(ToString::to_string).collect();
        json!({"context": cluster.context, "agents": cluster.agents, "errors": errors})
    });
    json!({
        "version": VERSION,
        "environments": all.environments.iter().map(environment).collect::<Vec<_>>(),
        "clusters": clusters.collect::<Vec<_>>(),
    })
}

fn standing_in_json(Standing { newest, up_to_date_with, hold }: &Standing) -> Value {
    let mut standing = entry_in_json(newest);
    standing["upToDateWith"] = json!(up_to_date_with);
    standing["hold"] = json!(hold.as_ref().map(hold_in_json));
    standing
}

fn applied_in_json(applied: &Applied) -> Value {
    let Applied { context, applier, source, behind } = applied;
    json!({
        "context": context,
        "kind": applier.kind,
        "namespace": applier.namespace,
        "name": applier.name,
        "path": applier.path,
        "manifests": applier.revision,
        "source": source.as_ref().map(|(commit, _)| commit),
        "subject": source.as_ref().map(|(_, subject)| subject),
        "behind": behind,
        "state": applier.state.name().replace(' ', "-"),
        "message": applier.message,
    })
}
