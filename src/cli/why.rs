//! `fab why`: what made a line of a manifest.

use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::{Value as Json, json};

use super::explain::{setting_in_json, table};
use super::generate::counted;
use super::list::place_in_json;
use super::report;
use super::world::WorldArgs;
use super::{Result, Ui};
use crate::definition::Generator;
use crate::error::Place;
use crate::origin::Setting;
use crate::render::ChartSettings;
use crate::why::{Line, Source, Template, Why, WhyOptions, why};

/// Tell what made a line of a generated manifest: the line of the template, and where the values come from that it read.
///
/// The component is rendered again, without its hooks. Lines that would be other ones now are told of.
#[derive(clap::Args)]
pub(super) struct WhyArgs {
    /// The manifest and the line in it, or the first and the last one: `generated/prod/web.yaml:7`, `…:7-9`.
    #[arg(value_name = "FILE:LINE", value_parser = file_and_lines)]
    at: At,
    /// Folder of the definition.
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Folder that the manifests were written to [default: generated, in the folder of the definition].
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// How lines are explained.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output_format: Format,
    #[command(flatten)]
    world: WorldArgs,
}

/// The forms of output.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    // For people.
    Text,
    // An object with a list of lines.
    Json,
}

/// Lines of a file.
#[derive(Clone)]
struct At {
    file: PathBuf,
    lines: RangeInclusive<usize>,
}

/// Reads `FILE:LINE`, `FILE:FIRST-LAST` or, as terminals and editors have it, `FILE:LINE:COLUMN`.
fn file_and_lines(text: &str) -> std::result::Result<At, String> {
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0);
    let lines = |text: &str| match text.split_once('-') {
        Some((first, last)) => Some(number(first)?..=number(last)?),
        None => number(text).map(|line| line..=line),
    };
    let (mut file, mut line) = text.rsplit_once(':').ok_or("a line is missing, as in `FILE:7`")?;
    if let Some((before, before_line)) = file.rsplit_once(':')
        && lines(before_line).is_some()
    {
        (file, line) = (before, before_line);
    }
    let lines = lines(line).ok_or_else(|| format!("`{line}` is no line, as in `FILE:7` or `FILE:7-9`"))?;
    Ok(At { file: PathBuf::from(file), lines })
}

/// Runs the command.
pub(super) fn run(args: &WhyArgs, ui: &mut Ui) -> Result<ExitCode> {
    let why = why(&WhyOptions {
        directory: args.directory.clone(),
        output: args.output.clone().unwrap_or_else(|| args.directory.join("generated")),
        file: args.at.file.clone(),
        lines: args.at.lines.clone(),
        charts: ChartSettings { settings: Default::default(), world: args.world.read()? },
    })?;
    report::warnings_once(&why.warnings, ui);
    if why.outdated > 0 {
        let (file, lines) = (args.at.file.display(), counted(why.outdated, "line"));
        ui.warning(format_args!("warning: {file}: {lines} would be generated otherwise now"));
    }
    if let Some(hook) = why.hook {
        ui.warning(format_args!("warning: the component has {hook} hooks, which were not run"));
    }
    let file = args.at.file.to_string_lossy().replace('\\', "/");
    let texts = || why.lines.iter().map(|line| text(&file, &why, line)).collect::<Vec<_>>();
    ui.data(match args.output_format {
        Format::Text => texts().join("\n"),
        Format::Json => format!("{:#}\n", in_json(&file, &why)),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn text(file: &str, why: &Why, line: &Line) -> String {
    let mut text = format!("{file}:{}: {}\n", line.number, line.text);
    if let Some(would_be) = &line.would_be {
        add(&mut text, &format!("it would be generated as: {would_be}"));
    }
    match &line.source {
        Source::Template(template) => add_template(&mut text, why, template),
        Source::File(place) => add_places(&mut text, &of(why), std::slice::from_ref(place)),
        Source::Own(reason) => add(&mut text, &format!("written by fab: {reason}")),
        Source::Nowhere => add(&mut text, "it would not be generated now; run `fab generate`"),
        Source::Unknown => add(&mut text, &format!("{}, from a line that cannot be found", of(why))),
    }
    text
}

fn of(Why { component, environment, generator, input, .. }: &Why) -> String {
    let what = match generator {
        Generator::Helm => "chart",
        Generator::Handlebars => "templates in",
        Generator::Static | Generator::Component | Generator::Unknown(_) => "manifests in",
    };
    format!("component `{component}` for {environment}, {what} {input}")
}

fn add_template(text: &mut String, why: &Why, template: &Template) {
    add_places(text, &of(why), &template.trail);
    if !template.values.is_empty() {
        text.push_str("reads\n");
        indented(text, &table(&template.values).render(Ui::data_width()));
    }
    for (place, values) in &template.because {
        add_places(text, "is there because of", std::slice::from_ref(place));
        if !values.is_empty() {
            indented(text, &table(values).render(Ui::data_width()));
        }
    }
}

fn add(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn add_places(text: &mut String, title: &str, places: &[Place]) {
    writeln!(text, "{title}").expect("writing to a string cannot fail");
    for place in places {
        let line = place.position.and_then(|position| report::line(&place.text, position));
        let line = line.map_or_else(String::new, |line| format!(": {}", line.trim()));
        let file = match place.position {
            Some(position) => format!("{}:{}", place.file, position.line),
            None => place.file.clone(),
        };
        indented(text, &format!("{file}{line}\n"));
    }
}

fn indented(text: &mut String, lines: &str) {
    for line in lines.lines() {
        writeln!(text, "  {line}").expect("writing to a string cannot fail");
    }
}

/// The number of this form, which grows if a program that reads it has to change.
const VERSION: u32 = 1;

fn in_json(file: &str, why: &Why) -> Json {
    json!({
        "version": VERSION,
        "environment": why.environment,
        "component": why.component,
        "type": why.generator.name(),
        "input": why.input,
        "file": file,
        "lines": why.lines.iter().map(line_in_json).collect::<Vec<_>>(),
    })
}

fn line_in_json(line: &Line) -> Json {
    let (source, at, template, reason) = match &line.source {
        Source::Template(template) => ("template", template.trail.as_slice(), Some(template), None),
        Source::File(place) => ("file", std::slice::from_ref(place), None, None),
        Source::Own(reason) => ("fab", &[][..], None, Some(reason)),
        Source::Nowhere => ("nowhere", &[][..], None, None),
        Source::Unknown => ("unknown", &[][..], None, None),
    };
    let in_json = |values: &[Setting]| values.iter().map(setting_in_json).collect::<Vec<_>>();
    let because = template.into_iter().flat_map(|template| &template.because);
    let because =
        because.map(|(place, values)| json!({ "at": place_in_json(place), "values": in_json(values) }));
    json!({
        "line": line.number,
        "text": line.text,
        "wouldBe": line.would_be,
        "source": source,
        "reason": reason,
        "at": at.iter().map(place_in_json).collect::<Vec<_>>(),
        "values": template.map_or_else(Vec::new, |template| in_json(&template.values)),
        "because": because.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<(&str, usize, usize)>) {
        let got = file_and_lines(text).ok();
        let got = got.map(|at| (at.file.to_string_lossy().into_owned(), *at.lines.start(), *at.lines.end()));
        assert_eq!(got, want.map(|(file, first, last)| (file.to_owned(), first, last)), "{text}");
    }

    #[test]
    fn lines_follow_the_file() {
        check("a/b.yaml:7", Some(("a/b.yaml", 7, 7)));
        check("b.yaml:7-9", Some(("b.yaml", 7, 9)));
        check("b.yaml:7:3", Some(("b.yaml", 7, 7)));
        check("c:b.yaml:7", Some(("c:b.yaml", 7, 7)));
        check("b.yaml", None);
        check("b.yaml:0", None);
        check("b.yaml:x", None);
    }
}
