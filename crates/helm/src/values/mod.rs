//! Values before they meet a chart: from files, and from the `--set` family.
//!
//! Two rules decide what a template sees later. Every number that comes from
//! YAML or JSON is a `float64`, because Helm reads YAML through JSON; only `--set`
//! makes integers. And nulls survive here: what they delete is decided when
//! values and chart defaults are coalesced.

pub(crate) mod coalesce;
mod set;
mod setter;
pub(crate) mod table;
#[cfg(test)]
mod tests;

use std::ops::Range;

use goyaml::{Mapping, Value};

use crate::decode::DecodeError;

pub use set::{IndexError, SetError};
use set::{Reading, assign};
pub use setter::Setter;

/// The values that a user gives for a release, in Helm's order of precedence:
/// a later field wins over an earlier one, a later item over an earlier one.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--values`: paths of YAML files.
    pub files: Vec<String>,
    /// `--set-json`: `key=JSON`, or a whole JSON object.
    pub set_json: Vec<String>,
    /// `--set`
    pub set: Vec<String>,
    /// `--set-string`
    pub set_string: Vec<String>,
    /// `--set-file`: `key=PATH`.
    pub set_file: Vec<String>,
    /// `--set-literal`
    pub set_literal: Vec<String>,
}

/// Returns the keys of everything in values that is no table, or an empty one.
pub fn leaves(values: &Mapping) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    collect_leaves(values, &mut Vec::new(), &mut found);
    found
}

fn collect_leaves(values: &Mapping, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    for (key, value) in values {
        path.push(key.clone());
        match value {
            Value::Mapping(inner) if !inner.is_empty() => collect_leaves(inner, path, found),
            // A null takes a default away, which need not be read to have an effect.
            Value::Null => {}
            _ => found.push(path.clone()),
        }
        path.pop();
    }
}

/// A values document that cannot be read. The texts are those of Helm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    /// Something other than a comment follows `---` on its line.
    #[error("error reading yaml document: invalid Yaml document separator: {0}")]
    Separator(String),
    /// A document is no YAML.
    #[error("cannot unmarshal yaml document: {}", .0.unmarshal_text())]
    Document(goyaml::Error),
    /// A document is a list or a scalar.
    #[error("cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: {0}")]
    NoMap(DecodeError),
}

/// Values that cannot be merged. The texts are those of Helm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValuesError {
    /// A file cannot be read.
    #[error("{0}")]
    Read(String),
    /// A file cannot be parsed.
    #[error("failed to parse {path}: {source}")]
    Yaml {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: YamlError,
    },
    /// `--set-json {…}` is no JSON object.
    #[error("failed parsing --set-json data JSON: {0}")]
    JsonObject(String),
    /// `--set-json` cannot be read.
    #[error("failed parsing --set-json data {text}")]
    Json {
        /// The argument.
        text: String,
        /// What is wrong with it; Helm does not say.
        source: SetError,
    },
    /// Another option of the `--set` family cannot be read.
    #[error("failed parsing {option} data: {source}")]
    Set {
        /// The option.
        option: &'static str,
        /// What is wrong with it.
        source: SetError,
    },
}

impl Overrides {
    /// Merges everything into one map, as `helm template` does. Files are read by the
    /// caller's function, which fails with the text to show.
    pub fn merge(&self, read: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Result<Mapping, ValuesError> {
        let mut merged = Mapping::new();
        for path in &self.files {
            let text = read(path).map_err(ValuesError::Read)?;
            let values =
                from_yaml(&text).map_err(|source| ValuesError::Yaml { path: path.clone(), source })?;
            merge(&mut merged, values);
        }
        for text in &self.set_json {
            set_json(text, &mut merged)?;
        }
        for (option, texts, reading) in [
            ("--set", &self.set, Reading::Typed),
            ("--set-string", &self.set_string, Reading::Text),
            ("--set-file", &self.set_file, Reading::File(read)),
            ("--set-literal", &self.set_literal, Reading::Literal),
        ] {
            for text in texts {
                assign(text, reading, &mut merged).map_err(|source| ValuesError::Set { option, source })?;
            }
        }
        Ok(merged)
    }
}

fn set_json(text: &str, into: &mut Mapping) -> Result<(), ValuesError> {
    if !text.trim_start().starts_with('{') {
        return assign(text, Reading::Json, into)
            .map_err(|source| ValuesError::Json { text: text.to_owned(), source });
    }
    match serde_json::from_str(text).map(from_json) {
        Ok(Value::Mapping(values)) => {
            merge(into, values);
            Ok(())
        }
        _ => Err(ValuesError::JsonObject(text.to_owned())),
    }
}

/// Reads a values file as Helm 4 does: its documents are merged, the last one wins.
pub fn from_yaml(text: &[u8]) -> Result<Mapping, YamlError> {
    let text = end_lines(text);
    let mut merged = Mapping::new();
    for document in documents(&text)? {
        let values = goyaml::from_slice(&text[document]).map_err(YamlError::Document)?;
        match values {
            Value::Mapping(values) if merged.is_empty() => merged = values,
            Value::Mapping(values) => merge(&mut merged, values),
            Value::Null => {}
            other => return Err(YamlError::NoMap(DecodeError::no_map(&other))),
        }
    }
    merged.values_mut().for_each(numbers_to_floats);
    Ok(merged)
}

/// Merges maps deeply; the second wins.
pub fn merge(into: &mut Mapping, from: Mapping) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Mapping(into)), Value::Mapping(from)) => merge(into, from),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Ends every line with `\n` alone, the last one too: Kubernetes' line reader does,
/// and it shows in block scalars.
fn end_lines(text: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let has_returns = memchr::memmem::find(text, b"\r\n").is_some();
    if !has_returns && (text.is_empty() || text.ends_with(b"\n")) {
        return text.into();
    }
    let mut out = Vec::with_capacity(text.len() + 1);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let Some(content) = line.strip_suffix(b"\n") else {
            out.extend_from_slice(line);
            continue;
        };
        out.extend_from_slice(content.strip_suffix(b"\r").unwrap_or(content));
        out.push(b'\n');
    }
    if !out.ends_with(b"\n") {
        out.push(b'\n');
    }
    out.into()
}

/// Splits at lines that start with `---`. One that has no document before it stays
/// in the document that follows.
fn documents(text: &[u8]) -> Result<Vec<Range<usize>>, YamlError> {
    let mut documents = Vec::new();
    let mut start = 0;
    let first = text.starts_with(b"---").then_some(0);
    for at in first.into_iter().chain(memchr::memmem::find_iter(text, b"\n---").map(|newline| newline + 1)) {
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length + 1);
        let rest = String::from_utf8_lossy(&text[at + 3..end]);
        let rest = rest.trim();
        if !rest.is_empty() && !rest.starts_with('#') {
            return Err(YamlError::Separator(rest.to_owned()));
        }
        if at > start {
            documents.push(start..at);
            start = end;
        }
    }
    if text.len() > start {
        documents.push(start..text.len());
    }
    Ok(documents)
}

/// Makes every number what JSON's reader makes of it in Go.
pub fn numbers_to_floats(value: &mut Value) {
    match value {
        Value::Int(number) => *value = Value::Float(*number as f64),
        Value::Uint(number) => *value = Value::Float(*number as f64),
        Value::Sequence(items) => items.iter_mut().for_each(numbers_to_floats),
        Value::Mapping(map) => map.values_mut().for_each(numbers_to_floats),
        Value::Null | Value::Bool(_) | Value::Float(_) | Value::String(_) => {}
    }
}

/// Takes JSON over, every number as a float.
fn from_json(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(truth),
        serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::INFINITY)),
        serde_json::Value::String(text) => Value::String(text),
        serde_json::Value::Array(items) => Value::Sequence(items.into_iter().map(from_json).collect()),
        serde_json::Value::Object(map) => {
            Value::Mapping(map.into_iter().map(|(key, value)| (key, from_json(value))).collect())
        }
    }
}
