//! What there is to know of a component beside its text: who reads its values, and
//! which of them nobody does.
//!
//! Invariant: a value that is called unread can be taken away, and the component
//! renders to the same.

use std::sync::Arc;

use goyaml::{Mapping, Value};
use helm::values::leaves;
use helm::{Chart, ReadValue};

use super::Text;
use crate::error::Warning;
use crate::output::Varying;
use crate::resource::Secret;

/// What is odd about what a component renders to, and what becomes of its values.
pub(crate) struct Inspection {
    /// What is odd.
    pub(crate) warnings: Vec<Warning>,
    /// The lines that are different in every run.
    pub(crate) varying: Vec<Varying>,
    /// The Secrets in the manifest.
    pub(crate) secrets: Vec<Secret>,
    /// The manifests that are taken as they are, each with its path as the user would type it.
    pub(crate) files: Vec<(String, Arc<str>)>,
    /// The keys of the values that nobody reads.
    pub(crate) unread: Vec<Vec<String>>,
    /// The values that were read, as far as that is recorded.
    pub(crate) read: Vec<ReadValue>,
    /// Who reads values.
    pub(crate) reader: ValuesReader,
}

/// Who reads the values of a component.
pub(crate) enum ValuesReader {
    /// Nobody: it has no templates.
    Nobody,
    /// A chart.
    Chart(Box<Chart>),
    /// Templates of handlebars, by their texts.
    Templates(Vec<Arc<str>>),
}

impl Inspection {
    /// Makes one of a component all of whose values are read.
    pub(super) fn of(text: Text, reader: ValuesReader) -> Self {
        let Text { text, resources: _, warnings, varying, definitions: _ } = text;
        let (files, unread, read) = (Vec::new(), Vec::new(), Vec::new());
        let secrets = Secret::all_in(&String::from_utf8_lossy(&text));
        Inspection { warnings, varying, secrets, files, unread, read, reader }
    }

    /// Makes one of a component that reads no values.
    pub(super) fn without_reader(text: Text, values: &Mapping) -> Self {
        Inspection { unread: leaves(values), ..Inspection::of(text, ValuesReader::Nobody) }
    }
}

impl ValuesReader {
    /// Returns the default that a chart has for a value.
    pub(crate) fn default(&self, keys: &[String]) -> Option<&Value> {
        match self {
            ValuesReader::Chart(chart) => default_of(chart, keys),
            ValuesReader::Nobody | ValuesReader::Templates(_) => None,
        }
    }

    /// Returns whether a value may be read under other circumstances: a default is there, or a text of a template
    /// has the last of the keys as a word.
    pub(crate) fn knows(&self, keys: &[String]) -> bool {
        let Some(key) = keys.last() else { return true };
        match self {
            ValuesReader::Nobody => false,
            ValuesReader::Chart(chart) => self.default(keys).is_some() || chart_mentions(chart, key),
            ValuesReader::Templates(texts) => texts.iter().any(|text| mentions(text, key)),
        }
    }
}

fn default_of<'c>(chart: &'c Chart, keys: &[String]) -> Option<&'c Value> {
    let (first, rest) = keys.split_first()?;
    let own = || rest.iter().try_fold(chart.values.get(first)?, |value, key| value.get(key));
    let of_subchart = || {
        let aliased = chart.metadata.dependencies.iter().flatten().find(|one| one.alias == *first);
        let name = aliased.map_or(first.as_str(), |one| one.name.as_str());
        default_of(chart.dependencies.iter().find(|one| one.name() == name)?, rest)
    };
    own().or_else(of_subchart)
}

fn chart_mentions(chart: &Chart, key: &str) -> bool {
    let in_templates = chart.templates.iter().any(|file| mentions(&String::from_utf8_lossy(&file.data), key));
    in_templates || chart.dependencies.iter().any(|below| chart_mentions(below, key))
}

/// Returns whether a text has a word.
fn mentions(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(is_part);
        let after = text[at + word.len()..].chars().next().is_some_and(is_part);
        !before && !after
    })
}

/// Returns the keys of the values without which, and with others in place of which, nothing changes.
pub(super) fn without_effect(values: &Mapping, is_same: &dyn Fn(&Mapping) -> bool) -> Vec<Vec<String>> {
    let mut keys = leaves(values);
    let probes =
        [None, Some(Value::Bool(true)), Some(Value::from("probe")), Some(Value::Sequence(Vec::new()))];
    keys.retain(|keys| {
        probes.iter().all(|probe| {
            let mut values = values.clone();
            replace(&mut values, keys, probe.as_ref());
            is_same(&values)
        })
    });
    keys
}

/// Puts something in the place of a value, or takes it away.
fn replace(values: &mut Mapping, keys: &[String], with: Option<&Value>) {
    match (keys, with) {
        ([last], Some(value)) => drop(values.insert(last.clone(), value.clone())),
        ([last], None) => drop(values.remove(last)),
        ([first, rest @ ..], _) => {
            if let Some(Value::Mapping(inner)) = values.get_mut(first) {
                replace(inner, rest, with);
            }
        }
        ([], _) => {}
    }
}
