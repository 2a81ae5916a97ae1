//! Checks values against the `values.schema.json` of a chart and of its subcharts.
//!
//! The `jsonschema` crate decides what is valid; the words are those of the Go
//! library that Helm uses (santhosh-tekuri/jsonschema v6), see `report`.
//!
//! Invariant: nothing is fetched. A reference to the web or to another file is an
//! error, one to a `urn:` allows everything (as in Helm).

mod formats;
mod pattern;
mod report;

use std::fmt::Write as _;
use std::sync::OnceLock;

use bytes::Bytes;
use gotmpl::strconv::quote;
use gotmpl::{Map, Value};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Retrieve, Uri, Validator};
use serde_json::Value as Json;

use crate::chart::Chart;

/// The `values.schema.json` of a chart. It is compiled once, when it is first used.
#[derive(Debug)]
pub struct Schema {
    text: Bytes,
    compiled: OnceLock<Result<Compiled, String>>,
}

#[derive(Debug)]
struct Compiled {
    source: Json,
    validator: Validator,
}

/// What the schemas of a chart and its subcharts have against the values, as Helm
/// prints it: for each chart its name and a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct SchemaError {
    text: String,
    refused: Vec<Vec<String>>,
}

impl SchemaError {
    /// Returns the keys that lead to the values that are not taken, those of a subchart below its name.
    pub fn refused(&self) -> &[Vec<String>] {
        &self.refused
    }
}

/// What the schemas have against the values so far.
#[derive(Default)]
struct Complaints {
    text: String,
    refused: Vec<Vec<String>>,
}

/// Where Helm pretends that a schema lies; relative references start from here.
const BASE: &str = "file:///values.schema.json";

impl Schema {
    pub(crate) fn new(text: Bytes) -> Self {
        Schema { text, compiled: OnceLock::new() }
    }

    /// Returns the content of the file.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Returns what the schema has against the values, if anything.
    fn complaint(&self, values: &Json) -> Option<Complaints> {
        match self.compiled.get_or_init(|| compile(&self.text)) {
            Err(message) => Some(Complaints { text: message.clone(), refused: Vec::new() }),
            Ok(Compiled { validator, .. }) if validator.is_valid(values) => None,
            Ok(Compiled { source, validator }) => {
                let errors: Vec<_> = validator.iter_errors(values).collect();
                let text = report::lines(&errors, source) + "\n";
                Some(Complaints { text, refused: errors.iter().flat_map(report::refused).collect() })
            }
        }
    }
}

/// Checks the coalesced values of a chart and of everything below it.
pub(crate) fn validate(chart: &Chart, values: &Map) -> Result<(), SchemaError> {
    if !has_schema(chart) {
        return Ok(());
    }
    let mut all = Complaints::default();
    complain(chart, &[], &to_json(&Value::Map(values.clone())), &mut all);
    let Complaints { text, refused } = all;
    if text.is_empty() { Ok(()) } else { Err(SchemaError { text, refused }) }
}

fn has_schema(chart: &Chart) -> bool {
    chart.schema.is_some() || chart.dependencies.iter().any(has_schema)
}

fn complain(chart: &Chart, names: &[String], values: &Json, all: &mut Complaints) {
    let complaint = chart.schema.as_ref().and_then(|schema| schema.complaint(values));
    if let Some(Complaints { text, refused }) = complaint {
        write!(all.text, "{}:\n{text}", chart.name()).expect("writing to a string cannot fail");
        all.refused.extend(refused.iter().map(|keys| [names, keys].concat()));
    }
    for subchart in &chart.dependencies {
        if let Some(values) = values.get(subchart.name()) {
            complain(subchart, &[names, &[subchart.name().to_owned()]].concat(), values, all);
        }
    }
}

/// Returns the schema ready for use, or what Helm says about it.
fn compile(text: &[u8]) -> Result<Compiled, String> {
    let source = match serde_json::from_slice(text) {
        Ok(source) => source,
        Err(_) => read_as_go(text)?,
    };
    let options = jsonschema::options()
        .with_base_uri(BASE)
        .with_retriever(Offline)
        .with_keyword(pattern::KEYWORD, pattern::compile)
        // Names are matched without look-around, in linear time, as in Go.
        .with_pattern_options(jsonschema::PatternOptions::regex());
    let compilable = pattern::with_go_patterns(&source);
    match formats::add(options).build(&compilable) {
        Ok(validator) => Ok(Compiled { source: compilable, validator }),
        Err(error) => Err(compile_error(&source, error.kind())),
    }
}

fn compile_error(source: &Json, kind: &ValidationErrorKind) -> String {
    use jsonschema::ReferencingError as Reference;
    match kind {
        ValidationErrorKind::Referencing(Reference::PointerToNowhere { pointer }) => {
            format!("json-pointer in {} not found", quote(format!("{BASE}#{pointer}").as_bytes()))
        }
        ValidationErrorKind::Referencing(Reference::NoSuchAnchor { anchor }) => format!(
            "anchor in {} not found in schema {}",
            quote(format!("{BASE}#{anchor}").as_bytes()),
            quote(BASE.as_bytes())
        ),
        ValidationErrorKind::Referencing(
            Reference::Unretrievable { uri, .. } | Reference::UnknownSpecification { specification: uri },
        ) => {
            let uri = uri.split('#').next().unwrap_or_default();
            format!("failing loading {}: {}", quote(uri.as_bytes()), refusal(uri))
        }
        ValidationErrorKind::Referencing(error) => error.to_string(),
        _ => metaschema_complaint(source),
    }
}

/// Returns what the schema of schemas has against a schema.
fn metaschema_complaint(source: &Json) -> String {
    let head = format!("{} is not valid against metaschema: ", quote(format!("{BASE}#").as_bytes()));
    let meta = metaschema(source);
    let failed = format!("{head}jsonschema validation failed with '{meta}#'");
    // What depends on what in draft 4: errors do not tell, but the schema does.
    let dependencies = serde_json::json!({
        "dependencies": { "exclusiveMaximum": ["maximum"], "exclusiveMinimum": ["minimum"] }
    });
    // Later drafts do not check formats, but Go's library does in schemas.
    let options = formats::add(jsonschema::options()).should_validate_formats(true);
    match options.build(&serde_json::json!({ "$schema": meta, "$ref": meta })) {
        Ok(validator) => {
            let errors: Vec<_> = validator.iter_errors(source).collect();
            format!("{failed}\n{}", report::lines_below(1, &errors, &dependencies))
        }
        Err(_) => failed,
    }
}

/// Returns the schema of the draft that a schema names, the latest if it names none.
fn metaschema(source: &Json) -> &'static str {
    const DRAFTS: [(&str, &str); 4] = [
        ("draft-04", "http://json-schema.org/draft-04/schema"),
        ("draft-06", "http://json-schema.org/draft-06/schema"),
        ("draft-07", "http://json-schema.org/draft-07/schema"),
        ("draft/2019-09", "https://json-schema.org/draft/2019-09/schema"),
    ];
    let declared = source.get("$schema").and_then(Json::as_str).unwrap_or_default();
    let known = DRAFTS.iter().find(|(name, _)| declared.contains(name));
    known.map_or("https://json-schema.org/draft/2020-12/schema", |(_, uri)| uri)
}

/// Reads JSON as Go does, which takes more than serde, or returns Go's error.
fn read_as_go(text: &[u8]) -> Result<Json, String> {
    let read = gotmpl::json::decode(text, gotmpl::Type::Any);
    read.map(|value| to_json(&value)).map_err(|error| match error.message.as_str() {
        "unexpected end of JSON input" if text.trim_ascii().is_empty() => "EOF".to_owned(),
        "unexpected end of JSON input" => "unexpected EOF".to_owned(),
        other if other.ends_with("after top-level value") => {
            "invalid character after top-level value".to_owned()
        }
        other => other.to_owned(),
    })
}

/// Follows no reference out of the schema.
struct Offline;

/// Returns why nothing is loaded from there.
fn refusal(uri: &str) -> String {
    match uri.split_once(':') {
        Some(("http" | "https", _)) => "references to the web are not followed".to_owned(),
        // Helm would look in the root of the file system, not in the chart.
        Some(("file", path)) => {
            format!("open {}: no such file or directory", path.strip_prefix("//").unwrap_or(path))
        }
        _ => format!("no URLLoader registered for {}", quote(uri.as_bytes())),
    }
}

impl Retrieve for Offline {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Json, Box<dyn std::error::Error + Send + Sync>> {
        if uri.scheme().as_str() == "urn" { Ok(Json::Bool(true)) } else { Err(refusal(uri.as_str()).into()) }
    }
}

/// Takes values over as JSON. A float without fraction is an integer, in all drafts.
fn to_json(value: &Value) -> Json {
    /// Beyond this, not every integer is a float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Int(number) | Value::Int64(number) => Json::from(*number),
        Value::Uint8(number) => Json::from(*number),
        Value::Uint32(number) => Json::from(*number),
        Value::Uint64(number) => Json::from(*number),
        Value::Float64(number) if number.fract() == 0.0 && number.abs() <= EXACT => {
            Json::from(*number as i64)
        }
        Value::Float64(number) => Json::from(*number),
        Value::Str(text) => Json::from(text.to_text()),
        Value::List(list) => list.items().iter().map(to_json).collect(),
        Value::Map(map) => {
            map.entries().iter().map(|(key, value)| (key.to_text().into_owned(), to_json(value))).collect()
        }
        Value::Nil | Value::Complex128(..) | Value::Object(_) => Json::Null,
    }
}

#[cfg(test)]
mod tests;
