//! Checks values against the `values.schema.json` of a chart and of its subcharts.
//!
//! The `jsonschema` crate decides what is valid; the words are those of the Go
//! library that Helm uses (santhosh-tekuri/jsonschema v6), see `report`.
//!
//! Invariant: nothing is fetched. A reference to the web or to another file is an
//! error, one to a `urn:` allows everything (as in Helm).

mod formats;
mod report;

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use gotmpl::strconv::quote;
use gotmpl::{Map, Value};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Retrieve, Uri, Validator};
use serde_json::Value as Json;

use crate::chart::Chart;

/// The `values.schema.json` of a chart. It is compiled once, when it is first used.
#[derive(Debug)]
pub struct Schema {
    text: Arc<[u8]>,
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
#[error("{0}")]
pub struct SchemaError(String);

/// Where Helm pretends that a schema lies; relative references start from here.
const BASE: &str = "file:///values.schema.json";

impl Schema {
    pub(crate) fn new(text: Arc<[u8]>) -> Self {
        Schema { text, compiled: OnceLock::new() }
    }

    /// Returns the content of the file.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Returns what the schema has against the values, if anything.
    fn complaint(&self, values: &Json) -> Option<String> {
        match self.compiled.get_or_init(|| compile(&self.text)) {
            Err(message) => Some(message.clone()),
            Ok(Compiled { validator, .. }) if validator.is_valid(values) => None,
            Ok(Compiled { source, validator }) => {
                let errors: Vec<_> = validator.iter_errors(values).collect();
                Some(report::lines(&errors, source) + "\n")
            }
        }
    }
}

/// Checks the coalesced values of a chart and of everything below it.
pub(crate) fn validate(chart: &Chart, values: &Map) -> Result<(), SchemaError> {
    if !has_schema(chart) {
        return Ok(());
    }
    let mut complaints = String::new();
    complain(chart, &to_json(&Value::Map(values.clone())), &mut complaints);
    if complaints.is_empty() { Ok(()) } else { Err(SchemaError(complaints)) }
}

fn has_schema(chart: &Chart) -> bool {
    chart.schema.is_some() || chart.dependencies.iter().any(has_schema)
}

fn complain(chart: &Chart, values: &Json, complaints: &mut String) {
    let complaint = chart.schema.as_ref().and_then(|schema| schema.complaint(values));
    if let Some(complaint) = complaint {
        write!(complaints, "{}:\n{complaint}", chart.name()).expect("writing to a string cannot fail");
    }
    for subchart in &chart.dependencies {
        if let Some(values) = values.get(subchart.name()) {
            complain(subchart, values, complaints);
        }
    }
}

/// Returns the schema ready for use, or what Helm says about it.
fn compile(text: &[u8]) -> Result<Compiled, String> {
    let source: Json = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let options = jsonschema::options()
        .with_base_uri(BASE)
        .with_retriever(Offline)
        // Go's regular expressions: no look-around, linear time.
        .with_pattern_options(jsonschema::PatternOptions::regex());
    match formats::add(options).build(&source) {
        Ok(validator) => Ok(Compiled { source, validator }),
        Err(error) => Err(compile_error(&source, error.kind())),
    }
}

fn compile_error(source: &Json, kind: &ValidationErrorKind) -> String {
    use jsonschema::ReferencingError as Reference;
    match kind {
        ValidationErrorKind::Referencing(Reference::PointerToNowhere { pointer }) => {
            format!("json-pointer in {} not found", quote(format!("{BASE}#{pointer}").as_bytes()))
        }
        ValidationErrorKind::Referencing(Reference::Unretrievable { uri, source }) => {
            format!("failing loading {}: {source}", quote(uri.as_bytes()))
        }
        ValidationErrorKind::Referencing(Reference::UnknownSpecification { specification }) => {
            format!("failing loading {}: {Refused}", quote(specification.as_bytes()))
        }
        ValidationErrorKind::Referencing(error) => error.to_string(),
        _ => metaschema_complaint(source),
    }
}

/// Returns what the schema of schemas has against a schema.
fn metaschema_complaint(source: &Json) -> String {
    let head = format!("{} is not valid against metaschema: ", quote(format!("{BASE}#").as_bytes()));
    let declared = source.get("$schema").and_then(Json::as_str);
    let meta = declared.unwrap_or("https://json-schema.org/draft/2020-12/schema").trim_end_matches('#');
    let failed = format!("{head}jsonschema validation failed with '{meta}#'");
    match jsonschema::meta::validator_for(source) {
        Ok(validator) => {
            let errors: Vec<_> = validator.iter_errors(source).collect();
            format!("{failed}\n{}", report::lines(&errors, source))
        }
        Err(_) => failed,
    }
}

/// Follows no reference out of the schema.
struct Offline;

/// What is said of a reference that would have to be fetched.
#[derive(Debug, thiserror::Error)]
#[error("references to the web and to other files are not followed")]
struct Refused;

impl Retrieve for Offline {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Json, Box<dyn std::error::Error + Send + Sync>> {
        if uri.scheme().as_str() == "urn" { Ok(Json::Bool(true)) } else { Err(Box::new(Refused)) }
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
