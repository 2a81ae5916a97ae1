//! `fab explain`: where the values of a component come from.

use std::path::PathBuf;
use std::process::ExitCode;

use goyaml::Value;
use serde_json::{Value as Json, json};

use super::list::place_in_json;
use super::report;
use super::table::{Format, Table};
use super::{Result, Ui};
use crate::config::Environment;
use crate::definition::Generator;
use crate::error::Place;
use crate::explain::{ExplainOptions, Explanation, explain};
use crate::origin::{Origin, SetIn, Setting, Through};

/// Tell which file sets each value of a component, and what that overrides.
///
/// Without `--all`, the values that config files set or take away. A list that several files share is shown item by item.
#[derive(clap::Args)]
pub(super) struct ExplainArgs {
    /// The environment: `prod`, or `prod+east` for one of two layers.
    #[arg(value_name = "ENV")]
    environment: String,
    /// The component by its path, such as `infra/ingress`, or by its name if no other one has it.
    #[arg(value_name = "COMPONENT")]
    component: String,
    /// The value, such as `image.tag`, or all that is below it; `hosts[0]` is an item of a list.
    #[arg(value_name = "KEY")]
    key: Option<String>,
    /// Tell of values that only the chart sets, too.
    #[arg(long)]
    all: bool,
    /// Folder of the definition.
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// How values are printed.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output_format: Format,
}

/// Runs the command.
pub(super) fn run(args: &ExplainArgs, ui: &mut Ui) -> Result<ExitCode> {
    let explanation = explain(&ExplainOptions {
        directory: args.directory.clone(),
        environment: Environment::new([&args.environment]),
        component: args.component.clone(),
        key: args.key.clone(),
        defaults: args.all,
    })?;
    report::warnings_once(&explanation.warnings, ui);
    if let Some(error) = &explanation.without_defaults {
        ui.warning(format_args!("warning: the defaults of the chart are not known: {error}"));
    }
    ui.data(match args.output_format {
        Format::Table if explanation.settings.is_empty() => String::new(),
        Format::Table => table(&explanation.settings).render(Ui::data_width()) + &read_at(&explanation),
        Format::Json => format!("{:#}\n", in_json(&explanation)),
    })?;
    if explanation.settings.is_empty() {
        ui.status(format_args!("{}", nothing(&explanation)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Lists the lines that read the value that is asked for.
fn read_at(Explanation { read_at, .. }: &Explanation) -> String {
    let Some(places) = read_at else { return String::new() };
    if places.is_empty() {
        return "\nNo template reads it in this environment\n".to_owned();
    }
    let line = |place: &Place| {
        let line =
            place.position.and_then(|position| report::line(&place.text, position)).unwrap_or_default();
        format!("  {place}: {}\n", line.trim())
    };
    format!("\nRead at\n{}", places.iter().map(line).collect::<String>())
}

fn nothing(Explanation { component, environment, generator, .. }: &Explanation) -> String {
    let hint = if *generator == Generator::Helm { "; --all shows the defaults of its chart" } else { "" };
    format!("No config file sets a value of `{component}` in {environment}{hint}")
}

/// Where values go on for longer than that, they are cut unless they are alone.
const ROOM: usize = 60;

/// Returns a row for each value, and one for each place that it overrides.
pub(super) fn table(settings: &[Setting]) -> Table<4> {
    let mut table = Table::new(["KEY", "VALUE", "SET BY", "OVERRIDES"], 1);
    let is_alone = settings.len() == 1;
    for setting in settings {
        let key = setting.key();
        let value = |value: &Value| cut(flow(value), is_alone);
        let overrides: Vec<String> = setting.overrides.iter().map(overridden).collect();
        let mut rows = match (setting.set_by.as_slice(), &setting.value) {
            ([_, _, ..], Some(_)) => {
                let items = setting.set_by.iter().enumerate().map(|(at, origin)| {
                    [
                        format!("{key}[{at}]"),
                        origin.value.as_ref().map_or_else(String::new, value),
                        set_by(origin),
                    ]
                });
                items.collect()
            }
            (origins, Some(all)) => vec![[key, value(all), origins.first().map_or_else(String::new, set_by)]],
            ([], None) => vec![[key, "(not set)".to_owned(), String::new()]],
            (origins, None) => {
                vec![[key, "(removed)".to_owned(), origins.first().map_or_else(String::new, set_by)]]
            }
        };
        rows.resize(rows.len().max(overrides.len()), Default::default());
        let overrides = overrides.into_iter().chain(std::iter::repeat(String::new()));
        for ([key, value, set_by], overrides) in rows.into_iter().zip(overrides) {
            table.push([key, value, set_by, overrides]);
        }
    }
    table
}

fn set_by(origin: &Origin) -> String {
    let how = match (&origin.value, origin.through) {
        (None, _) => " (unset)",
        (Some(_), Some(Through::Global)) => " (global)",
        (Some(_), Some(Through::Import)) => " (import)",
        (Some(Value::Null), None) => " (null)",
        (Some(_), None) => "",
    };
    format!("{}{how}", origin.place)
}

fn overridden(origin: &Origin) -> String {
    let value = origin.value.as_ref().map_or_else(String::new, |value| cut(flow(value), false));
    format!("{} = {value}", set_by(origin))
}

pub(super) fn cut(text: String, is_alone: bool) -> String {
    if is_alone || text.chars().count() <= ROOM {
        return text;
    }
    text.chars().take(ROOM - 1).chain(['…']).collect()
}

/// Writes a value in one line.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::Sequence(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Mapping(map) => {
            let entries = map.iter().map(|(key, value)| format!("{key}: {}", flow(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        scalar => {
            let text = goyaml::to_string(scalar).unwrap_or_default();
            let text = text.trim_end();
            match scalar.as_str() {
                Some(string) if text.contains('\n') => Json::from(string).to_string(),
                _ => text.to_owned(),
            }
        }
    }
}

/// The number of this form, which grows if a program that reads it has to change.
const VERSION: u32 = 1;

fn in_json(explanation: &Explanation) -> Json {
    json!({
        "version": VERSION,
        "environment": explanation.environment,
        "component": explanation.component,
        "type": explanation.generator.name(),
        "readAt": explanation.read_at.as_ref().map(|places| places.iter().map(place_in_json).collect::<Vec<_>>()),
        "values": explanation.settings.iter().map(setting_in_json).collect::<Vec<_>>(),
    })
}

/// Returns a value as other programs get it: what it is, and where it is set.
pub(super) fn setting_in_json(setting: &Setting) -> Json {
    json!({
        "key": setting.key(),
        "value": setting.value,
        "removed": setting.value.is_none(),
        "setBy": setting.set_by.iter().map(origin_in_json).collect::<Vec<_>>(),
        "overrides": setting.overrides.iter().map(origin_in_json).collect::<Vec<_>>(),
    })
}

fn origin_in_json(origin: &Origin) -> Json {
    let (layer, name, above, chart) = match &origin.layer {
        SetIn::Config { name, above } => ("config", Some(name), Some(above), None),
        SetIn::ValuesFile { name, above } => ("values-file", Some(name), Some(above), None),
        SetIn::Default(names) if names.is_empty() => ("chart", None, None, None),
        SetIn::Default(names) => ("subchart", None, None, Some(names.join("."))),
    };
    let through = origin.through.map(|through| match through {
        Through::Global => "global",
        Through::Import => "import",
    });
    let mut all = json!({
        "layer": layer,
        "environment": name,
        "componentsAbove": above,
        "subchart": chart,
        "through": through,
        "value": origin.value,
        "unset": origin.value.is_none(),
    });
    if let (Json::Object(all), Json::Object(place)) = (&mut all, place_in_json(&origin.place)) {
        all.extend(place);
    }
    all
}
