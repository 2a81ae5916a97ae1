//! Resources against JSON Schemas in files, as kubeconform (0.8) reads them.
//!
//! A schema is of draft 4 unless it says otherwise, and formats that nobody knows
//! allow everything. References lead to files beside it; what is not below the
//! folder of the location is not there.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex};

use goyaml::Value;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, Retrieve, Uri, ValidationError, Validator};
use kubeschema::{Finding, KeyPath, Level, Segment};
use serde_json::Value as Json;

/// How large a schema may be, with all that it refers to.
const LARGEST: u64 = 32 << 20;

/// Where schemas lie for each other: the root of their location.
const BASE: &str = "schemas:///";

/// A JSON Schema, ready for use.
#[derive(Debug)]
pub(super) struct JsonSchema {
    /// The file, as the user would type it.
    pub(super) file: String,
    source: Json,
    validator: Validator,
}

/// A file that is there and is no schema.
#[derive(Debug, Clone)]
pub(super) struct Unusable {
    /// The file, as the user would type it.
    pub(super) file: String,
    /// Why it cannot be used.
    pub(super) problem: String,
}

impl JsonSchema {
    /// Reads the schema in a file below `root`; none if there is no such file.
    pub(super) fn read(root: &Path, file: &Path) -> Option<Result<Arc<Self>, Unusable>> {
        if !file.is_file() {
            return None;
        }
        let shown = super::files::shown(file);
        let read = read_json(file, LARGEST).and_then(|(source, size)| {
            let validator = compile(&source, root, file, LARGEST - size)?;
            Ok(Arc::new(Self { file: shown.clone(), source, validator }))
        });
        Some(read.map_err(|problem| Unusable { file: shown, problem }))
    }

    /// Whether the schema itself says that it is for a kind.
    pub(super) fn is_for(&self, api_version: &str, kind: &str) -> bool {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let named = self.source.get("x-kubernetes-group-version-kind").and_then(Json::as_array);
        named.into_iter().flatten().any(|named| {
            let is = |key: &str, wanted: &str| named.get(key).and_then(Json::as_str).unwrap_or("") == wanted;
            is("group", group) && is("version", version) && is("kind", kind)
        })
    }

    /// Returns what the schema has against a resource. Of a secret one, no values are shown.
    pub(super) fn check(&self, resource: &Value, is_secret: bool) -> Vec<Finding> {
        let instance = json(resource);
        let errors = self.validator.iter_errors(&instance);
        let mut findings: Vec<Finding> =
            errors.flat_map(|error| self.findings(&error, resource, is_secret)).collect();
        let mut known = BTreeSet::new();
        findings.retain(|finding| known.insert((finding.path.0.clone(), finding.rule)));
        findings
    }

    fn findings(&self, error: &ValidationError<'_>, resource: &Value, is_secret: bool) -> Vec<Finding> {
        let place = key_path(error.instance_path().as_str(), resource);
        let finding = |rule, key: Option<&str>, message| {
            let key = key.map(|key| Segment::Key(key.to_owned()));
            let path = KeyPath(place.iter().cloned().chain(key).collect());
            Finding { level: Level::Error, rule, path, message }
        };
        let value = if is_secret { "the value".to_owned() } else { shorten(error.instance()) };
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                let unknown = |name: &String| {
                    let near = self.closest(error, name);
                    let near = near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
                    finding("unknown-field", Some(name), format!("unknown field {name:?}{near}"))
                };
                unexpected.iter().map(unknown).collect()
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                vec![finding("required", Some(name), format!("required field {name:?} is missing"))]
            }
            kind => {
                let rule = match kind {
                    ValidationErrorKind::Type { .. } => "type",
                    ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => "enum",
                    _ => "schema",
                };
                vec![finding(rule, None, cut(&error.masked_with(value).to_string(), 300))]
            }
        }
    }

    /// Returns the property that may be meant by one that is not allowed.
    fn closest<'a>(&'a self, error: &ValidationError<'_>, name: &str) -> Option<&'a str> {
        let (object, _) = error.schema_path().as_str().rsplit_once('/')?;
        let properties = self.source.pointer(object)?.get("properties")?.as_object()?;
        kubeschema::closest(name, properties.keys().map(String::as_str))
    }
}

fn compile(source: &Json, root: &Path, file: &Path, left: u64) -> Result<Validator, String> {
    let below = file.strip_prefix(root).unwrap_or(file);
    let base: String = below.to_string_lossy().bytes().map(uri_char).collect();
    let files = Neighbours { root: root.to_owned(), left: Mutex::new(left) };
    let options = jsonschema::options()
        .with_base_uri(format!("{BASE}{base}"))
        .with_retriever(files)
        .with_format("duration", kubeschema::is_duration)
        // As in Go: without look-around, in linear time.
        .with_pattern_options(PatternOptions::regex());
    // Only a draft that is not named is chosen for it.
    let options = if source.get("$schema").is_some() { options } else { options.with_draft(Draft::Draft4) };
    options.build(source).map_err(|error| error.to_string())
}

/// Writes a byte of a path as it is written in a URI.
fn uri_char(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    }
}

/// The other files of a location, as far as a schema may still read.
struct Neighbours {
    root: PathBuf,
    left: Mutex<u64>,
}

impl Retrieve for Neighbours {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Json, Box<dyn std::error::Error + Send + Sync>> {
        let Some(path) = uri.as_str().strip_prefix(BASE) else {
            return Err("only files beside the schema are read".into());
        };
        let path = PathBuf::from(decoded(path.split(['?', '#']).next().unwrap_or_default()));
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err("it leads out of the folder".into());
        }
        // The working folder has an empty name.
        let root = fs::canonicalize(Path::new(".").join(&self.root))?;
        let file = fs::canonicalize(root.join(path))?;
        if !file.starts_with(root) {
            return Err("it leads out of the folder".into());
        }
        let mut left = self.left.lock().expect("nothing panics while it is held");
        let (json, size) = read_json(&file, *left)?;
        *left -= size;
        Ok(json)
    }
}

/// Reads `%2F` and the like.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let code = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let code = code.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Reads a file that is not larger than that; returns how large it is, too.
fn read_json(file: &Path, largest: u64) -> Result<(Json, u64), String> {
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(|err| err.to_string())?;
    opened.take(largest + 1).read_to_end(&mut bytes).map_err(|err| err.to_string())?;
    let size = bytes.len() as u64;
    if size > largest {
        return Err(format!("with what it refers to, it is larger than {} MiB", LARGEST >> 20));
    }
    let json: Json = serde_json::from_slice(&bytes).map_err(|err| err.to_string())?;
    if json.is_object() || json.is_boolean() { Ok((json, size)) } else { Err("it is no schema".to_owned()) }
}

/// Takes a resource over as JSON. A float without fraction is an integer, in all drafts.
fn json(value: &Value) -> Json {
    /// Beyond this, not every integer is a float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => Json::from(*truth),
        Value::Int(number) => Json::from(*number),
        Value::Uint(number) => Json::from(*number),
        Value::Float(number) if number.fract() == 0.0 && number.abs() <= EXACT => Json::from(*number as i64),
        Value::Float(number) => Json::from(*number),
        Value::String(text) => Json::from(text.as_str()),
        Value::Sequence(items) => items.iter().map(json).collect(),
        Value::Mapping(map) => map.iter().map(|(key, value)| (key.clone(), json(value))).collect(),
    }
}

/// Returns what a JSON pointer leads to in a resource.
fn key_path(pointer: &str, resource: &Value) -> Vec<Segment> {
    let mut value = Some(resource);
    let step = |part: &str| {
        let key = part.replace("~1", "/").replace("~0", "~");
        let index = key.parse().ok().filter(|_| value.is_some_and(|value| value.as_sequence().is_some()));
        let (inner, segment) = match index {
            Some(at) => (
                value.and_then(|value| value.as_sequence()).and_then(|items| items.get(at)),
                Segment::Index(at),
            ),
            None => (value.and_then(|value| value.get(&key)), Segment::Key(key)),
        };
        value = inner;
        segment
    };
    pointer.split('/').skip(1).map(step).collect()
}

/// A value in a message.
fn shorten(value: &Json) -> String {
    match value {
        Json::Object(_) => "this map".to_owned(),
        Json::Array(_) => "this list".to_owned(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => cut(&value.to_string(), 80),
    }
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
