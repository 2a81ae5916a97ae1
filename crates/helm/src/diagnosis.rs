//! What can be said of a failed rendering beyond Helm's words: which lines of which
//! templates made a text that is no YAML, and which value a template missed.
//!
//! Nothing is recorded while charts render. Once one has failed, it is rendered
//! again with recorders: the same values, moment and seed lead to the same failure.

use gotmpl::{Lines, Map, Passing, Reads, Value};
use goyaml::Mapping;

use crate::chart::Chart;
use crate::engine::Recorders;
use crate::error::Error;
use crate::prepare::{PrepareError, prepare};
use crate::render::{RenderOptions, finish};
use crate::site::Site;
use crate::trace::sites;

/// What is known of a failure.
#[derive(Debug, Clone, Default)]
pub struct Diagnosis {
    /// Where it happened.
    pub site: Option<Site>,
    /// What wrote the line of that place, if it is in rendered text: the line of a template, then those that
    /// included it.
    pub trail: Vec<Site>,
    /// The value that a template could not do without.
    pub missing: Option<Missing>,
    /// The values that a schema does not take, by the keys that lead to them.
    pub refused: Vec<Vec<String>>,
}

/// A value that is not there, or is not what a template takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The keys that lead to it in the values of the release; those of a subchart are below its name.
    pub keys: Vec<String>,
    /// What is there.
    pub found: Found,
    /// The other keys of the table that it would be in.
    pub siblings: Vec<String>,
}

/// What a template found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing: the key is not set.
    Nothing,
    /// A null.
    Null,
    /// An empty text.
    EmptyText,
    /// A value of this kind.
    Other(&'static str),
}

/// Finds out what can be known of a failure of [`crate::template`] with the same arguments.
pub fn diagnose(error: &Error, chart: &Chart, values: &Mapping, options: &RenderOptions<'_>) -> Diagnosis {
    let site = error.site(chart);
    let (mut trail, mut missing, mut refused) = (Vec::new(), None, Vec::new());
    match (error, &site) {
        (Error::Prepare(PrepareError::Schema(error)), _) => refused = error.refused().to_vec(),
        (Error::Manifest { path, .. }, Some(site)) => {
            trail = trace(path, last_written(site), chart, values, options);
        }
        (Error::Template { source, .. }, _) if is_about_a_value(source.innermost()) => {
            missing = find_missing(source.innermost(), chart, values, options);
        }
        _ => {}
    }
    Diagnosis { site, trail, missing, refused }
}

/// Returns the number of the line of a place, or of the last one before it that is not blank: what is not closed
/// is missed at the end.
fn last_written(site: &Site) -> usize {
    let lines = site.text.lines().enumerate().take(site.line);
    lines.filter(|(_, line)| !line.trim().is_empty()).last().map_or(site.line, |(at, _)| at + 1)
}

/// Returns the lines of templates that made a line of a rendered file.
fn trace(path: &str, line: usize, chart: &Chart, values: &Mapping, options: &RenderOptions<'_>) -> Vec<Site> {
    let Ok(prepared) = prepare(chart, values, &options.prepare()) else { return Vec::new() };
    let lines = Lines::of([path]);
    // It fails as it did before.
    let _ = finish(&prepared, options, Recorders { lines: Some(&lines), ..Recorders::default() });
    sites(chart, &lines.trail(path, line))
}

/// Returns whether the failure is one of a value that is not there or of another kind than is wanted.
fn is_about_a_value(error: &gotmpl::Error) -> bool {
    const STARTS: [&str; 8] = [
        "nil pointer evaluating",
        "can't evaluate field",
        "wrong type for value",
        "invalid value; expected",
        "range can't iterate over",
        "error calling required: ",
        "error calling index: ",
        "error calling len: ",
    ];
    STARTS.iter().any(|start| error.message().starts_with(start))
}

fn find_missing(
    error: &gotmpl::Error,
    chart: &Chart,
    values: &Mapping,
    options: &RenderOptions<'_>,
) -> Option<Missing> {
    let prepared = prepare(chart, values, &options.prepare()).ok()?;
    let tables = Tables::of(&prepared.values);
    let reads = Reads::new(|_| Passing::Reference);
    // It fails as it did before.
    let _ = finish(&prepared, options, Recorders { reads: Some(&reads), ..Recorders::default() });
    let (table, key) = reads.last()?;
    let key = key.to_text().into_owned();
    // The field that was looked up last need not be what the failure is about.
    if !action(error).contains(&format!(".{key}")) {
        return None;
    }
    let mut keys = tables.path(&table)?.to_vec();
    let found = found(table.get(key.as_bytes()).as_ref())?;
    let entries = table.entries();
    let siblings = entries.keys().filter(|sibling| sibling.as_bytes() != key.as_bytes());
    let siblings = siblings.map(|sibling| sibling.to_text().into_owned()).collect();
    keys.push(key);
    Some(Missing { keys, found, siblings })
}

/// Returns the part of the line of an error between `{{` and `}}`, as far as it is on that line.
fn action(error: &gotmpl::Error) -> &str {
    let line = error.source_line();
    let column = error.position().and_then(|position| position.column);
    let column = column.and_then(|column| usize::try_from(column).ok()).unwrap_or(0);
    let start = line.get(..column).and_then(|before| before.rfind("{{")).unwrap_or(0);
    let end = line.get(column..).and_then(|after| after.find("}}")).map_or(line.len(), |end| column + end);
    line.get(start..end).unwrap_or_default()
}

fn found(value: Option<&Value>) -> Option<Found> {
    Some(match value {
        None => Found::Nothing,
        Some(Value::Nil) => Found::Null,
        Some(Value::Str(text)) if text.is_empty() => Found::EmptyText,
        Some(Value::Str(_)) => Found::Other("text"),
        Some(Value::Bool(_)) => Found::Other("a boolean"),
        Some(Value::Int(_) | Value::Int64(_) | Value::Float64(_)) => Found::Other("a number"),
        Some(Value::List(_)) => Found::Other("a list"),
        Some(Value::Map(_)) => Found::Other("a map"),
        Some(
            Value::Uint8(_) | Value::Uint32(_) | Value::Uint64(_) | Value::Complex128(..) | Value::Object(_),
        ) => return None,
    })
}

/// The tables of the values before templates change them, each with the keys that lead to it.
pub(crate) struct Tables(Vec<(Vec<String>, Map)>);

impl Tables {
    /// Collects the tables of the values of a release, those nearest to the top first.
    pub(crate) fn of(values: &Map) -> Self {
        let mut tables = vec![(Vec::new(), values.clone())];
        let mut next = 0;
        while let Some((path, table)) = tables.get(next).cloned() {
            next += 1;
            for (key, value) in table.entries().iter() {
                if let Value::Map(inner) = value {
                    let mut path = path.clone();
                    path.push(key.to_text().into_owned());
                    tables.push((path, inner.clone()));
                }
            }
        }
        Tables(tables)
    }

    /// Returns all of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[String], &Map)> {
        self.0.iter().map(|(path, table)| (path.as_slice(), table))
    }

    /// Returns the keys that lead to a table, the shortest way there is.
    pub(crate) fn path(&self, wanted: &Map) -> Option<&[String]> {
        self.iter().find(|(_, table)| table.is_same(wanted)).map(|(path, _)| path)
    }
}
