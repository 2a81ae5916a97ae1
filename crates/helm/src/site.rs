//! Where in the files of a chart an error happened.
//!
//! A document that was rendered to something that is no YAML has its place in the
//! rendered text, as the template's lines are not those that the reader saw.
//!
//! Go's errors name templates by their path below the chart's name; a user opens
//! files. The innermost template of an error's chain is where it began, unless
//! its text is not that of a file: what `tpl` renders goes by the name of the
//! file that calls it.

use crate::chart::Chart;
use crate::error::Error;

/// A place in a template of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Path of the template in the chart's folder.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The text of the template.
    pub text: String,
}

impl Error {
    /// Returns where in the files of `chart` the error happened; none if in no template of it.
    pub fn site(&self, chart: &Chart) -> Option<Site> {
        let source = match self {
            Error::Template { source, .. } => source,
            Error::Manifest { path, files, .. } => return rendered_site(path, files.get(path)?),
            _ => return None,
        };
        let mut site = None;
        let mut link = Some(source);
        while let Some(error) = link {
            site = link_site(chart, error).or(site);
            link = error.inner();
        }
        site
    }
}

/// Finds the first document of a rendered file that is no YAML.
fn rendered_site(path: &str, rendered: &[u8]) -> Option<Site> {
    let text = String::from_utf8_lossy(rendered).into_owned();
    let mut start = 0;
    for end in text.match_indices("\n---").map(|(at, _)| at + 1).chain([text.len()]) {
        if let Err(error) = goyaml::check(&text[start..end]) {
            let line = text[..start].matches('\n').count() + error.line()?;
            let column = error.column()?;
            let path = path.split_once('/').map_or(path, |(_, path)| path);
            return Some(Site { path: format!("{path} (rendered)"), line, column, text });
        }
        start = end;
    }
    None
}

fn link_site(chart: &Chart, error: &gotmpl::Error) -> Option<Site> {
    let site = position_site(chart, error.position()?)?;
    let found = site.text.lines().nth(site.line - 1)?;
    (found.trim_end() == error.source_line().trim_end()).then_some(site)
}

/// Returns the line of a template that wrote a piece of output; none for what `tpl` rendered.
pub(crate) fn origin_site(chart: &Chart, origin: &gotmpl::Origin) -> Option<Site> {
    let site = position_site(chart, &origin.position)?;
    let found = site.text.lines().nth(site.line - 1)?;
    let column = found.len() - found.trim_start().len() + 1;
    Some(Site { column, ..site })
}

/// Returns the place of a position in the templates of a chart; none if it is in no file.
pub(crate) fn position_site(chart: &Chart, position: &gotmpl::Position) -> Option<Site> {
    let file = position.file.to_text();
    let (_, path) = file.split_once('/')?;
    let text = template_text(chart, path)?;
    let line = usize::try_from(position.line).ok()?;
    let found = text.lines().nth(line.checked_sub(1)?)?;
    let bytes = position.column.and_then(|column| usize::try_from(column).ok()).unwrap_or(0);
    let column = found.char_indices().take_while(|(at, _)| *at < bytes).count() + 1;
    Some(Site { path: path.to_owned(), line, column, text })
}

impl Chart {
    /// Returns the text of a file by its path below the chart's folder, where `charts/x/` leads into a subchart.
    pub fn text_of(&self, path: &str) -> Option<String> {
        template_text(self, path)
    }

    /// Returns where defaults of this chart or of one in it set the value that `keys` lead to; those that count
    /// before others come first.
    pub fn default_site(&self, keys: &[String]) -> Option<Site> {
        // Globals of a chart win over those of the charts in it.
        let global = keys.iter().skip(1).position(|key| key == "global").map(|at| &keys[at + 1..]);
        let of_parent = global.and_then(|keys| self.own_default(keys));
        of_parent.or_else(|| self.own_default(keys)).or_else(|| {
            let (name, rest) = keys.split_first().filter(|(_, rest)| !rest.is_empty())?;
            let site = self.subchart(name)?.default_site(rest)?;
            Some(Site { path: format!("charts/{name}/{}", site.path), ..site })
        })
    }

    fn own_default(&self, keys: &[String]) -> Option<Site> {
        let text = String::from_utf8_lossy(&self.values_text);
        let path: Vec<_> = keys.iter().map(|key| goyaml::PathSegment::Key(key)).collect();
        let span = goyaml::locate(&text, &path)?;
        let start = span.key.unwrap_or(span.value);
        let (line, column) = (start.line, start.column);
        Some(Site { path: "values.yaml".to_owned(), line, column, text: text.into_owned() })
    }

    /// Finds the chart in `charts/` that goes by a name, which may be an alias.
    pub(crate) fn subchart(&self, name: &str) -> Option<&Chart> {
        let aliased = self.metadata.dependencies.iter().flatten().find(|dependency| dependency.alias == name);
        let name = aliased.map_or(name, |dependency| dependency.name.as_str());
        self.dependencies.iter().find(|subchart| subchart.name() == name)
    }
}

/// Finds a template or another file by its path in a chart, where `charts/x/` leads into a subchart.
fn template_text(chart: &Chart, path: &str) -> Option<String> {
    if let Some((name, rest)) = path.strip_prefix("charts/").and_then(|path| path.split_once('/')) {
        return template_text(chart.subchart(name)?, rest);
    }
    let file = chart.templates.iter().chain(chart.files.iter()).find(|file| file.path == path)?;
    Some(String::from_utf8_lossy(&file.data).into_owned())
}
