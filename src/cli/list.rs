//! `fab list`: the components of a definition, as a tree with where each comes
//! from, as data, or as a picture.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::report::{self, Report};
use super::table::Table;
use super::{Result, Ui};
use crate::config::Environment;
use crate::error::Place;
use crate::inventory::picture::{dot, mermaid};
use crate::inventory::{Inventory, ListOptions, Listed, ListedSource, Listing, State, list};
use crate::source::{Asked, Resolved};

/// List the components of a definition: types, sources, pinned versions, namespaces, and which are disabled.
#[derive(clap::Args)]
pub(super) struct ListArgs {
    /// The environments, each on its own: `prod`, or `prod+east` for one of two layers [default: all of `fab.yaml`, or else all that have a config file].
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    /// Folder of the definition.
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// How components are printed.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output_format: Format,
}

/// The forms of output.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    // A tree with columns.
    Table,
    // An object for each environment.
    Json,
    // A flowchart, which forges show in Markdown.
    Mermaid,
    // A graph for Graphviz.
    Dot,
}

/// Runs the command.
pub(super) fn run(args: &ListArgs, ui: &mut Ui) -> Result<ExitCode> {
    let environments = args.environments.iter().map(|name| Environment::new([name])).collect();
    let options = ListOptions { directory: args.directory.clone(), environments };
    let Listing { environments, failures, warnings } = list(&options)?;
    report::warnings_once(&warnings, ui);
    ui.data(match args.output_format {
        Format::Table => tables(&environments),
        Format::Json => in_json(&environments),
        Format::Mermaid => mermaid(&environments),
        Format::Dot => dot(&environments),
    })?;
    let absent = |component: &Listed| component.state == State::NotInstalled;
    if environments.iter().any(|environment| environment.components.iter().any(absent)) {
        ui.status(format_args!(
            "What is below components that are not installed is not known; run `fab install`"
        ));
    }
    if failures.is_empty() { Ok(ExitCode::SUCCESS) } else { Err(Report::from(failures)) }
}

/// Writes a table for each environment, under its name if there are several.
fn tables(environments: &[Inventory]) -> String {
    let table = |inventory: &Inventory| {
        let heading = format!("{}:\n", inventory.environment);
        let heading = if environments.len() > 1 { heading } else { String::new() };
        heading + &table(&inventory.components).render(Ui::data_width())
    };
    environments.iter().map(table).collect::<Vec<_>>().join("\n")
}

fn table(components: &[Listed]) -> Table<6> {
    let mut table = Table::new(["COMPONENT", "TYPE", "SOURCE", "VERSION", "NAMESPACE", "STATE"], 2);
    let branches = branches(&components.iter().map(|component| component.level).collect::<Vec<_>>());
    for (at, (component, branch)) in components.iter().zip(branches).enumerate() {
        let (first, others) = component.sources.split_at(component.sources.len().min(1));
        let source = first.first().map_or_else(|| component.folder.clone(), ListedSource::address);
        table.push([
            format!("{branch}{}", component.name),
            component.generator.name().to_owned(),
            source,
            first.first().map_or_else(String::new, ListedSource::version),
            component.namespace.clone().unwrap_or_default(),
            state(&component.state),
        ]);
        let is_above = components.get(at + 1).is_some_and(|next| next.level > component.level);
        let goes_on = branch.replace("├─", "│ ").replace("└─", "  ") + if is_above { "│" } else { "" };
        for other in others {
            let none = String::new;
            table.push([goes_on.clone(), none(), other.address(), other.version(), none(), none()]);
        }
    }
    table
}

fn state(state: &State) -> String {
    match state {
        State::Enabled(None) => "enabled".to_owned(),
        State::Enabled(Some(place)) => format!("enabled by {place}"),
        State::Disabled(None) => "disabled".to_owned(),
        State::Disabled(Some(place)) => format!("disabled by {place}"),
        State::DisabledWith(path) => format!("disabled with {path}"),
        State::NotInstalled => "not installed".to_owned(),
        State::Unreadable => "unreadable".to_owned(),
    }
}

/// Returns the lines of the tree that lead to each component, from their levels.
fn branches(levels: &[usize]) -> Vec<String> {
    // Whether a level goes on below the line that is being drawn, so the last line comes first.
    let mut goes_on: Vec<bool> = Vec::new();
    let mut lines: Vec<String> = levels
        .iter()
        .rev()
        .map(|&level| {
            goes_on.resize(level + 1, false);
            let has_next = std::mem::replace(&mut goes_on[level], true);
            let above = goes_on[..level].iter().skip(1);
            let above: String = above.map(|&goes_on| if goes_on { "│  " } else { "   " }).collect();
            match (level, has_next) {
                (0, _) => String::new(),
                (_, true) => above + "├─ ",
                (_, false) => above + "└─ ",
            }
        })
        .collect();
    lines.reverse();
    lines
}

fn in_json(environments: &[Inventory]) -> String {
    let environment = |inventory: &Inventory| {
        let components: Vec<Value> = inventory.components.iter().map(component_in_json).collect();
        json!({"environment": inventory.environment.to_string(), "components": components})
    };
    let environments: Vec<Value> = environments.iter().map(environment).collect();
    format!("{:#}\n", json!({"environments": environments}))
}

fn component_in_json(component: &Listed) -> Value {
    let (enabled, state, place, with) = match &component.state {
        State::Enabled(place) => (true, "enabled", place.as_ref(), None),
        State::Disabled(place) => (false, "disabled", place.as_ref(), None),
        State::DisabledWith(path) => (false, "disabled", None, Some(path)),
        State::NotInstalled => (true, "not-installed", None, None),
        State::Unreadable => (true, "unreadable", None, None),
    };
    json!({
        "path": component.path,
        "name": component.name,
        "level": component.level,
        "type": component.generator.name(),
        "folder": component.folder,
        "sources": component.sources.iter().map(source_in_json).collect::<Vec<_>>(),
        "namespace": component.namespace,
        "enabled": enabled,
        "state": state,
        "setBy": place.map(place_in_json),
        "disabledWith": with,
    })
}

/// Returns a place as data.
pub(super) fn place_in_json(place: &Place) -> Value {
    let position = place.position;
    json!({
        "file": place.file,
        "line": position.map(|position| position.line),
        "column": position.map(|position| position.column),
    })
}

fn source_in_json(source: &ListedSource) -> Value {
    let (method, chart, branch, version) = match &source.asked {
        Asked::Git { branch, version, .. } => ("git", None, branch.as_ref(), version.as_ref()),
        Asked::Chart { chart, version, .. } => ("helm", Some(chart), None, version.as_ref()),
        Asked::File { .. } => ("http", None, None, None),
    };
    let pinned = source.pinned.as_ref().map(|pinned| match pinned {
        Resolved::Git { commit, tree } => json!({"commit": commit, "tree": tree}),
        Resolved::Chart { version, digest } => json!({"version": version, "digest": digest}),
        Resolved::File { digest } => json!({"digest": digest}),
    });
    json!({
        "method": method,
        "source": source.asked.source().to_string(),
        "path": chart.unwrap_or(&source.path),
        "branch": branch,
        "version": version,
        "pinned": pinned,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(levels: &[usize], want: &[&str]) {
        assert_eq!(branches(levels), want);
    }

    #[test]
    fn a_branch_ends_with_its_last_component() {
        check(&[0], &[""]);
        check(&[0, 1, 2, 2, 1, 2], &["", "├─ ", "│  ├─ ", "│  └─ ", "└─ ", "   └─ "]);
        check(&[0, 1, 2, 3, 1], &["", "├─ ", "│  └─ ", "│     └─ ", "└─ "]);
    }
}
