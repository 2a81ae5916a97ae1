//! `fab find`: charts and components by name.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::report::{self, Report};
use super::table::{Format, Table};
use super::{Result, Ui, world};
use crate::source::Network;
use crate::source::find::{FindOptions, Found, Search, find};

/// Find charts and components in the catalog of `fab.yaml`, the chart repositories of the definition and those of helm.
///
/// Prints what has all words in its name or description, and the line that adds it. Exits with 1 if nothing is found.
#[derive(clap::Args)]
pub(super) struct FindArgs {
    /// What to look for; without a word, all there is.
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// Folder of the definition.
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Do not use the network: search what repositories had when they were searched last.
    #[arg(long)]
    offline: bool,
    /// How what is found is printed.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output_format: Format,
}

/// Runs the command.
pub(super) fn run(args: &FindArgs, ui: &mut Ui) -> Result<ExitCode> {
    let search = find(&FindOptions {
        directory: args.directory.clone(),
        words: args.words.clone(),
        cache: world::cache()?,
        network: if args.offline { Network::Offline } else { Network::Online },
        variables: world::variables(),
    })?;
    report::warnings_once(&search.warnings, ui);
    ui.data(match args.output_format {
        Format::Table => table(&search.found),
        Format::Json => format!("{:#}\n", search.found.iter().map(in_json).collect::<Value>()),
    })?;
    if search.found.is_empty() {
        tell_of_nothing(&search, args, ui);
    }
    if !search.failures.is_empty() {
        return Err(Report::from(search.failures));
    }
    Ok(ExitCode::from(u8::from(search.found.is_empty())))
}

fn tell_of_nothing(search: &Search, args: &FindArgs, ui: &mut Ui) {
    let near = search.near.as_ref().map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
    let searched = search.searched - search.failures.len();
    let repositories = if searched == 1 { "repository" } else { "repositories" };
    ui.status(format_args!("Found no `{}` in {searched} {repositories}{near}", args.words.join(" ")));
}

/// Writes what was found in columns, and below that a line for each that adds it.
fn table(found: &[Found]) -> String {
    if found.is_empty() {
        return String::new();
    }
    let mut table = Table::new(["NAME", "TYPE", "VERSION", "SOURCE", "DESCRIPTION"], 4);
    for found in found {
        let offer = &found.offer;
        let path = if found.method == "git" && !offer.path.is_empty() {
            format!(" {}", offer.path)
        } else {
            String::new()
        };
        table.push([
            offer.name.clone(),
            kind(found).to_owned(),
            version(found),
            format!("{}{path}", found.source),
            offer.description.clone(),
        ]);
    }
    let lines: String = found.iter().map(|found| format!("{}\n", line(found))).collect();
    format!("{}\n{lines}", table.render(Ui::data_width()))
}

fn kind(found: &Found) -> &'static str {
    if found.offer.is_chart { "helm" } else { "component" }
}

/// Returns the version of a chart; of a component, what its repository is asked for.
fn version(found: &Found) -> String {
    let asked = || found.version.as_deref().or(found.branch.as_deref()).unwrap_or_default();
    let version = if found.offer.version.is_empty() { asked() } else { &found.offer.version };
    let is_commit = version.len() == 40 && version.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_commit { version[..7].to_owned() } else { version.to_owned() }
}

/// Returns the command that adds it, as a shell takes it.
fn line(found: &Found) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,=".contains(c);
    let quoted = |argument: &str| match argument.chars().all(plain) && !argument.is_empty() {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    };
    let arguments: Vec<String> = found.add().into_iter().map(quoted).collect();
    format!("fab {}", arguments.join(" "))
}

fn in_json(found: &Found) -> Value {
    json!({
        "name": found.offer.name,
        "type": kind(found),
        "method": found.method,
        "source": found.source.to_string(),
        "path": found.offer.path,
        "branch": found.branch,
        "version": found.version,
        "chartVersion": if found.offer.is_chart { Some(&found.offer.version) } else { None },
        "description": found.offer.description,
        "add": line(found),
    })
}
