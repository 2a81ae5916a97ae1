//! Kind `why`: lines of ten of the packed charts, each traced to the line of a template.
//!
//! That the line is right is seen by changing it: what stands in it gets a mark, and the
//! line of the output has to have the mark then. Where a chart does not render with the
//! mark, since it looks at its own output, nothing can be said.

use std::path::Path;
use std::sync::Arc;

use goyaml::Mapping;
use helm::{Chart, File, RenderOptions, RenderedLine, Site};

use crate::case::{Case, LoadError, Verdict};
use crate::charts::{self, ChartCase};

/// How many charts, and how many lines of each.
const CHARTS: usize = 10;
const LINES: usize = 20;

/// Reads the cases of a folder of charts: the first one of each of the charts that renders, evenly spread.
pub(crate) fn load(folder: &Path) -> Result<Vec<Case>, LoadError> {
    let mut renders: Vec<ChartCase> = Vec::new();
    for case in charts::read(folder)? {
        if case.exit == 0 && renders.last().is_none_or(|last| last.chart != case.chart) {
            renders.push(case);
        }
    }
    let every = (renders.len() / CHARTS).max(1);
    let chosen = renders.into_iter().step_by(every).take(CHARTS).map(Arc::new);
    let cases = chosen.flat_map(|case| (0..LINES).map(move |number| (Arc::clone(&case), number)));
    Ok(cases.map(|(case, number)| one(folder, case, number)).collect())
}

fn one(folder: &Path, case: Arc<ChartCase>, number: usize) -> Case {
    let folder = folder.to_owned();
    let (id, group) = (format!("{}/{number}", case.id()), case.id().to_owned());
    let run = move || {
        let checked =
            case.with_chart(&folder, |chart, values, options| Ok(check(chart, values, options, number)));
        checked.unwrap_or_else(Verdict::Skipped)
    };
    Case { id, group, run: Box::new(run) }
}

fn check(chart: &Chart, values: &Mapping, options: &RenderOptions<'_>, number: usize) -> Verdict {
    let failed =
        |reason: String, text: &str| Verdict::Failed { reason, want: text.to_owned(), got: String::new() };
    let rendered = match helm::template(chart, values, options) {
        Ok(rendered) => rendered,
        Err(err) => return Verdict::Skipped(err.to_string()),
    };
    let documents: Vec<(&str, Vec<&str>)> = rendered
        .manifests
        .iter()
        .map(|manifest| (manifest.path.as_str(), manifest.content.lines().collect()))
        .collect();
    let all = documents
        .iter()
        .flat_map(|(path, document)| (0..document.len()).map(move |line| (path, document, line)));
    let all: Vec<_> = all.filter(|(_, document, line)| !document[*line].trim().is_empty()).collect();
    if all.is_empty() {
        return Verdict::Skipped("it renders to nothing".to_owned());
    }
    // A fixed choice that looks random: a step of a generator from the number.
    let random = (number as u64 + 1).wrapping_mul(6_364_136_223_846_793_005) >> 33;
    let (path, document, line) = all[usize::try_from(random).unwrap_or(number) % all.len()];
    let wanted = RenderedLine { path, document, line };
    let text = document[line];
    let sites = helm::blame(&[wanted], chart, values, options).pop().unwrap_or_default().sites;
    let Some(site) = sites.first() else { return failed(format!("{path}: no template line: {text}"), text) };
    match mark_shows((chart, values, options), site, &wanted) {
        Ok(true) => Verdict::Passed,
        Ok(false) => failed(format!("{path}: {}:{} does not make: {text}", site.path, site.line), text),
        Err(reason) => Verdict::Skipped(format!("{}:{} cannot be changed: {reason}", site.path, site.line)),
    }
}

const MARK: &str = "ZZMARK";

/// Marks a line of a template, and returns whether the line of the output has the mark then.
fn mark_shows(
    (chart, values, options): (&Chart, &Mapping, &RenderOptions<'_>),
    site: &Site,
    wanted: &RenderedLine<'_>,
) -> Result<bool, String> {
    let render = |chart: &Chart| {
        let prepare =
            helm::PrepareOptions { capabilities: options.capabilities.clone(), ..Default::default() };
        let prepared = helm::prepare(chart, values, &prepare).map_err(|err| err.to_string())?;
        let mut files = helm::render_templates(&prepared, options).map_err(|err| err.to_string())?;
        files.remove(wanted.path).ok_or_else(|| "the file is not rendered".to_owned())
    };
    let before = String::from_utf8_lossy(&render(chart)?).into_owned();
    let at = wanted.find_in(&before.lines().collect::<Vec<_>>()).ok_or("the line is not in the file")?;
    let mut changed = chart.clone();
    let lines = site.text.split_inclusive('\n').enumerate();
    let text = lines.map(|(at, line)| if at + 1 == site.line { marked(line) } else { line.to_owned() });
    replace(&mut changed, &site.path, text.collect::<String>().into())
        .ok_or("the template is not in the chart")?;
    let after = render(&changed)?;
    let after = String::from_utf8_lossy(&after).into_owned();
    Ok(after.lines().nth(at).is_some_and(|line| line.contains(MARK)))
}

/// Marks all that a line of a template prints: each line of its expressions, and its end.
fn marked(line: &str) -> String {
    let content = line.trim_end();
    let mut out = String::new();
    let mut rest = content;
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((action, after)) = behind.split_once("}}") else { break };
        out.push_str(before);
        out.push_str("{{");
        let body = action.trim_end_matches('-').trim_end();
        let words = body.trim_start_matches('-').trim_start();
        let is_control = [
            "if ",
            "else",
            "end",
            "range ",
            "with ",
            "define ",
            "block ",
            "template ",
            "/*",
            "$",
            "break",
            "continue",
        ];
        if is_control.iter().any(|start| words.starts_with(start))
            && (!words.starts_with('$') || words.contains('='))
        {
            out.push_str(action);
        } else {
            let end = if action.ends_with('-') { " -" } else { " " };
            out.push_str(&format!("{body} | toString | replace \"\\n\" \"{MARK}\\n\"{end}"));
        }
        out.push_str("}}");
        rest = after;
    }
    out.push_str(rest);
    out.push_str(MARK);
    out.push_str(&line[content.len()..]);
    out
}

/// Replaces a template by its path in a chart.
fn replace(chart: &mut Chart, path: &str, text: Vec<u8>) -> Option<()> {
    if let Some((name, rest)) = path.strip_prefix("charts/").and_then(|path| path.split_once('/')) {
        let aliased =
            chart.metadata.dependencies.iter().flatten().find(|dependency| dependency.alias == name);
        let name = aliased.map_or(name.to_owned(), |dependency| dependency.name.clone());
        let subchart = chart.dependencies.iter_mut().find(|subchart| subchart.name() == name)?;
        return replace(subchart, rest, text);
    }
    let mut templates: Vec<File> = chart.templates.to_vec();
    templates.iter_mut().find(|file| file.path == path)?.data = text.into();
    chart.templates = templates.into();
    Some(())
}

#[cfg(test)]
mod tests {
    use super::marked;

    #[test]
    fn what_a_line_prints_gets_a_mark() {
        assert_eq!(marked("a: b\n"), "a: bZZMARK\n");
        assert_eq!(marked("{{- if .x }}a{{ end }}\n"), "{{- if .x }}a{{ end }}ZZMARK\n");
        assert_eq!(
            marked("a: {{ .x -}}\n"),
            "a: {{ .x | toString | replace \"\\n\" \"ZZMARK\\n\" -}}ZZMARK\n"
        );
    }
}
