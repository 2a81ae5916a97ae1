//! Which values the templates of a chart read, and which given ones nobody reads.
//!
//! Reads are marked while the chart is rendered; what decides about dependencies
//! (conditions and tags) counts as read, too. A value that seems unread is taken away
//! and the chart rendered again: only if nothing changes does nobody read it. So a
//! value is never called unread that has an effect.

use std::collections::BTreeSet;

use gotmpl::{Passing, Read, Reads};
use goyaml::{Mapping, Value};

use crate::Error;
use crate::chart::Chart;
use crate::diagnosis::Tables;
use crate::engine::Recorders;
use crate::prepare::prepare;
use crate::render::{RenderOptions, Rendered, finish, template};
use crate::values::leaves;

/// What became of the values of a release.
#[derive(Debug)]
pub struct Usage {
    /// What the chart renders to.
    pub rendered: Rendered,
    /// What was read, in order.
    pub read: Vec<ReadValue>,
    /// The keys of the given values that nobody reads, in order.
    pub unread: Vec<Vec<String>>,
}

/// A value that a template read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadValue {
    /// The keys that lead to it in the values of the release; those of a subchart are below its name.
    pub keys: Vec<String>,
    /// Whether it is a table all of which was read.
    pub whole: bool,
    /// Whether it is set, by the user or by a default.
    pub is_set: bool,
}

/// Renders a chart as [`template`] does and tells which values were read.
///
/// # Errors
///
/// Whatever makes Helm fail.
pub fn usage(chart: &Chart, values: &Mapping, options: &RenderOptions<'_>) -> Result<Usage, Error> {
    options.release.check_name()?;
    let prepared = prepare(chart, values, &options.prepare())?;
    let tables = Tables::of(&prepared.values);
    let reads = Reads::new(passing);
    let rendered = finish(&prepared, options, Recorders { reads: Some(&reads), ..Recorders::default() })?;
    let marks =
        Marks { reads: &reads, tables: &tables, deciding: deciding(chart, &[]), chart: &prepared.chart };
    let mut unread = leaves(values);
    unread.retain(|keys| !marks.is_read(keys));
    let unread = without_effect(
        unread,
        &|values| template(chart, values, options).is_ok_and(|other| other.to_bytes() == rendered.to_bytes()),
        values,
    );
    Ok(Usage { read: marks.read(), unread, rendered })
}

/// What the functions of charts do with the tables that they are given; most may look at everything.
fn passing(function: &str) -> Passing {
    match function {
        "include" | "tpl" | "dict" | "list" | "tuple" | "set" | "append" | "prepend" | "kindOf"
        | "kindIs" | "typeOf" | "typeIs" | "typeIsLike" => Passing::Reference,
        "get" | "hasKey" | "index" | "dig" | "pluck" | "unset" => Passing::Keys,
        "default" | "coalesce" | "ternary" | "empty" | "not" | "required" | "all" | "any" => Passing::Truth,
        _ => Passing::Whole,
    }
}

/// Returns the keys of values that decide which dependencies a chart, at `path`, and those in it have.
fn deciding(chart: &Chart, path: &[String]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for dependency in chart.metadata.dependencies.iter().flatten() {
        let conditions = dependency.condition.split(',').map(|condition| {
            path.iter().cloned().chain(condition.trim().split('.').map(str::to_owned)).collect()
        });
        all.extend(conditions);
        all.extend(dependency.tags.iter().flatten().map(|tag| vec!["tags".to_owned(), tag.clone()]));
        let name = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
        if let Some(subchart) = chart.dependencies.iter().find(|subchart| subchart.name() == dependency.name)
        {
            all.extend(deciding(subchart, &[path, std::slice::from_ref(name)].concat()));
        }
    }
    all
}

/// Returns those of the keys without which nothing changes.
fn without_effect(
    keys: Vec<Vec<String>>,
    is_same: &dyn Fn(&Mapping) -> bool,
    values: &Mapping,
) -> Vec<Vec<String>> {
    let without = |keys: &[Vec<String>]| {
        let mut values = values.clone();
        keys.iter().for_each(|keys| remove(&mut values, keys));
        is_same(&values)
    };
    if keys.is_empty() || without(&keys) {
        return keys;
    }
    keys.into_iter().filter(|keys| without(std::slice::from_ref(keys))).collect()
}

fn remove(values: &mut Mapping, keys: &[String]) {
    match keys {
        [] => {}
        [last] => _ = values.remove(last),
        [first, rest @ ..] => {
            if let Some(Value::Mapping(inner)) = values.get_mut(first) {
                remove(inner, rest);
            }
        }
    }
}

struct Marks<'a> {
    reads: &'a Reads,
    tables: &'a Tables,
    deciding: Vec<Vec<String>>,
    /// The chart with the subcharts that are rendered, under the keys of their values.
    chart: &'a Chart,
}

impl Marks<'_> {
    /// Returns whether somebody read the value that the keys lead to.
    fn is_read(&self, keys: &[String]) -> bool {
        self.deciding.iter().any(|deciding| deciding == keys)
            || self.is_read_at(keys)
            || self.copies_of_global(keys).any(|copy| self.is_read_at(&copy))
    }

    fn is_read_at(&self, keys: &[String]) -> bool {
        let subcharts = self.subcharts_along(keys);
        for (depth, key) in keys.iter().enumerate() {
            // Nobody needs to read the table of a subchart for that to see its values.
            let is_passed_on = depth < subcharts;
            let Some(read) = self.read_of(&keys[..depth]) else {
                if is_passed_on {
                    continue;
                }
                // Beyond a list or a text that stands where the user has a table; whoever read that read all.
                return depth > 0 && !self.tables.iter().any(|(path, _)| path == &keys[..depth]);
            };
            if is_whole(&read) {
                return true;
            }
            if !is_passed_on && !read.keys.iter().any(|known| known.as_bytes() == key.as_bytes()) {
                return false;
            }
        }
        true
    }

    /// Returns how many of the first keys are those of a subchart, of a subchart of that, and so on.
    fn subcharts_along(&self, keys: &[String]) -> usize {
        let step = |chart: &mut &'_ Chart, key: &String| {
            *chart = chart.dependencies.iter().find(|subchart| subchart.name() == key)?;
            Some(())
        };
        keys.iter().scan(self.chart, step).count()
    }

    fn read_of(&self, path: &[String]) -> Option<Read> {
        let (_, table) = self.tables.iter().find(|(known, _)| *known == path)?;
        self.reads.of(table)
    }

    /// Returns where else a global value can be read: charts copy those of their parents.
    fn copies_of_global<'k>(&'k self, keys: &'k [String]) -> impl Iterator<Item = Vec<String>> + 'k {
        let at = keys.iter().position(|key| key == "global");
        at.into_iter().flat_map(move |at| {
            let tables = self.tables.iter().filter(move |(path, _)| {
                path.len() > at + 1 && path.starts_with(&keys[..at]) && path.last() == Some(&keys[at])
            });
            tables.map(move |(path, _)| [path, &keys[at + 1..]].concat())
        })
    }

    /// Returns everything that was read; of a table that was read as a whole, only that.
    fn read(&self) -> Vec<ReadValue> {
        let mut wholes: Vec<&[String]> = Vec::new();
        let mut all = BTreeSet::new();
        // Tables nearer to the top come first.
        for (path, table) in self.tables.iter() {
            let Some(read) = self.reads.of(table) else { continue };
            if wholes.iter().any(|whole| path.starts_with(whole)) {
                continue;
            }
            if is_whole(&read) {
                wholes.push(path);
                all.insert(ReadValue { keys: path.to_vec(), whole: true, is_set: true });
                continue;
            }
            let holds_values =
                |key: &gotmpl::Str| !matches!(table.get(key.as_bytes()), Some(gotmpl::Value::Map(_)));
            for key in read.keys.iter().filter(|key| holds_values(key)) {
                let keys = path.iter().cloned().chain([key.to_text().into_owned()]).collect();
                all.insert(ReadValue { keys, whole: false, is_set: table.contains(key.as_bytes()) });
            }
        }
        all.into_iter().collect()
    }
}

/// Returns whether all of a table counts as read. Whoever asks only if it is empty depends on all of its keys
/// together.
fn is_whole(read: &Read) -> bool {
    read.whole || read.truth && read.keys.is_empty()
}
