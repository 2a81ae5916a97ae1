//! Fills the types of `Chart.yaml` as Go's `encoding/json` would.
//!
//! Helm reads YAML through JSON into structs. That decides what is accepted: keys
//! of any case, numbers and bools where text is wanted, unknown keys ignored, null
//! for nothing; and it decides the words of an error. A second file
//! (`requirements.yaml`) is read over the first.

use std::collections::BTreeMap;

use gotmpl::strconv::format_float;
use goyaml::Value;

use crate::metadata::{Dependency, Draft, Maintainer, Metadata};
use crate::values::numbers_to_floats;

/// A value of the wrong kind. The texts are those of Go's `encoding/json`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The document as a whole.
    #[error("json: cannot unmarshal {found} into Go value of type {wanted}")]
    Root {
        /// JSON's name of what is there.
        found: &'static str,
        /// Go's name of what is wanted.
        wanted: &'static str,
    },
    /// A field.
    #[error("json: cannot unmarshal {found} into Go struct field {structure}.{path} of type {wanted}")]
    Field {
        /// JSON's name of what is there.
        found: &'static str,
        /// Go's name of the struct that the field is of.
        structure: &'static str,
        /// Path to the field.
        path: String,
        /// Go's name of what is wanted.
        wanted: &'static str,
    },
    /// `generated` of a lock file.
    #[error("parsing time {0}")]
    Time(String),
}

impl DecodeError {
    /// Values are a map, and this is none.
    pub(crate) fn no_map(found: &Value) -> Self {
        DecodeError::Root { found: kind(found), wanted: "map[string]interface {}" }
    }
}

/// Where a value goes: struct, path of its parents (with a final dot), and field.
#[derive(Clone, Copy)]
struct Place<'a> {
    structure: &'static str,
    parents: &'a str,
    field: &'static str,
}

impl Place<'_> {
    fn mismatch(self, found: &Value, wanted: &'static str) -> DecodeError {
        let Place { structure, parents, field } = self;
        DecodeError::Field { found: kind(found), structure, path: format!("{parents}{field}"), wanted }
    }
}

/// Reads the only field that is needed to choose the format of a chart.
pub(crate) fn api_version(document: &Value) -> Result<String, DecodeError> {
    let mut version = String::new();
    each_field(document, "loader.chartBase", &["apiVersion"], |field, value| {
        text(&mut version, value, Place { structure: "chartBase", parents: "", field })
    })?;
    Ok(version)
}

/// Reads `Chart.yaml`, or `requirements.yaml` over it.
pub(crate) fn metadata(into: &mut Draft, document: &Value) -> Result<(), DecodeError> {
    each_field(document, "v2.Metadata", &METADATA, |field, value| {
        let place = Place { structure: "Metadata", parents: "", field };
        let Metadata { sources, keywords, annotations, deprecated, .. } = &mut into.metadata;
        match field {
            "sources" => texts(sources, value, place),
            "keywords" => texts(keywords, value, place),
            "annotations" => pairs(annotations, value, place),
            "deprecated" => truth(deprecated, value, place),
            "maintainers" => items(&mut into.maintainers, value, place, "[]*v2.Maintainer", |item, value| {
                maintainer(item, value, place)
            }),
            "dependencies" => {
                items(&mut into.dependencies, value, place, "[]*v2.Dependency", |item, value| {
                    dependency(item, value, place)
                })
            }
            _ => text(metadata_text(&mut into.metadata, field), value, place),
        }
    })
}

const METADATA: [&str; 17] = [
    "name",
    "home",
    "sources",
    "version",
    "description",
    "keywords",
    "maintainers",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "deprecated",
    "annotations",
    "kubeVersion",
    "dependencies",
    "type",
];

fn metadata_text<'m>(metadata: &'m mut Metadata, field: &str) -> &'m mut String {
    match field {
        "home" => &mut metadata.home,
        "version" => &mut metadata.version,
        "description" => &mut metadata.description,
        "icon" => &mut metadata.icon,
        "apiVersion" => &mut metadata.api_version,
        "condition" => &mut metadata.condition,
        "tags" => &mut metadata.tags,
        "appVersion" => &mut metadata.app_version,
        "kubeVersion" => &mut metadata.kube_version,
        "type" => &mut metadata.kind,
        _ => &mut metadata.name,
    }
}

fn maintainer(into: &mut Maintainer, value: &Value, list: Place<'_>) -> Result<(), DecodeError> {
    let parents = format!("{}{}.", list.parents, list.field);
    if !matches!(value, Value::Mapping(_)) {
        return Err(list.mismatch(value, "v2.Maintainer"));
    }
    each_field(value, "v2.Maintainer", &["name", "email", "url"], |field, value| {
        let place = Place { structure: "Maintainer", parents: &parents, field };
        let into = match field {
            "email" => &mut into.email,
            "url" => &mut into.url,
            _ => &mut into.name,
        };
        text(into, value, place)
    })
}

const DEPENDENCY: [&str; 8] =
    ["name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"];

fn dependency(into: &mut Dependency, value: &Value, list: Place<'_>) -> Result<(), DecodeError> {
    let parents = format!("{}{}.", list.parents, list.field);
    if !matches!(value, Value::Mapping(_)) {
        return Err(list.mismatch(value, "v2.Dependency"));
    }
    each_field(value, "v2.Dependency", &DEPENDENCY, |field, value| {
        let place = Place { structure: "Dependency", parents: &parents, field };
        let into = match field {
            "tags" => return texts(&mut into.tags, value, place),
            "enabled" => return truth(&mut into.enabled, value, place),
            "import-values" => return anything(&mut into.import_values, value, place),
            "version" => &mut into.version,
            "repository" => &mut into.repository,
            "condition" => &mut into.condition,
            "alias" => &mut into.alias,
            _ => &mut into.name,
        };
        text(into, value, place)
    })
}

/// Checks `Chart.lock`. Nothing in it matters for rendering, but a broken one is an error.
pub(crate) fn lock(document: &Value) -> Result<(), DecodeError> {
    let mut ignored = String::new();
    let mut dependencies = None;
    each_field(document, "v2.Lock", &["generated", "digest", "dependencies"], |field, value| {
        let place = Place { structure: "Lock", parents: "", field };
        match (field, value) {
            ("generated", Value::Null) => Ok(()),
            ("generated", Value::String(time)) if is_time(time) => Ok(()),
            ("generated", Value::String(time)) => Err(DecodeError::Time(format!("{time:?}"))),
            ("generated", _) => Err(DecodeError::Time("as a JSON string: not a string".to_owned())),
            ("dependencies", list) => {
                items(&mut dependencies, list, place, "[]*v2.Dependency", |item, value| {
                    dependency(item, value, place)
                })
            }
            _ => text(&mut ignored, value, place),
        }
    })
}

/// Returns whether the text is a time by RFC 3339, as Go's `time.Time` wants it.
fn is_time(text: &str) -> bool {
    let mut bytes = text.bytes();
    let head = b"dddd-dd-ddTdd:dd:dd".iter().all(|shape| match (shape, bytes.next()) {
        (b'd', Some(byte)) => byte.is_ascii_digit(),
        (sign, Some(byte)) => *sign == byte,
        (_, None) => false,
    });
    let rest = text.get(19..).unwrap_or_default();
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let zone = rest.as_bytes();
    let is_offset = zone.len() == 6 && matches!(zone[0], b'+' | b'-') && zone[3] == b':';
    head && (rest == "Z" || is_offset)
}

/// Calls the function for every key that is one of the fields, in byte order of the keys.
fn each_field(
    document: &Value,
    wanted: &'static str,
    fields: &[&'static str],
    mut fill: impl FnMut(&'static str, &Value) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let map = match document {
        Value::Null => return Ok(()),
        Value::Mapping(map) => map,
        other => return Err(DecodeError::Root { found: kind(other), wanted }),
    };
    for (key, value) in map {
        let exact = fields.iter().find(|field| *field == key);
        if let Some(field) = exact.or_else(|| fields.iter().find(|field| field.eq_ignore_ascii_case(key))) {
            fill(field, value)?;
        }
    }
    Ok(())
}

fn text(into: &mut String, value: &Value, place: Place<'_>) -> Result<(), DecodeError> {
    match value {
        Value::Null => {}
        Value::Bool(truth) => *into = truth.to_string(),
        Value::Int(number) => *into = number.to_string(),
        Value::Uint(number) => *into = number.to_string(),
        Value::Float(number) => *into = short_float(*number),
        Value::String(text) => into.clone_from(text),
        Value::Sequence(_) | Value::Mapping(_) => return Err(place.mismatch(value, "string")),
    }
    Ok(())
}

/// Returns a number as sigs.k8s.io/yaml puts it into a string field: the shortest
/// digits that identify it as a *32-bit* float.
fn short_float(number: f64) -> String {
    let digits = format!("{:e}", number as f32);
    format_float(digits.parse().unwrap_or(number), b'g', None)
}

fn truth(into: &mut bool, value: &Value, place: Place<'_>) -> Result<(), DecodeError> {
    match value {
        Value::Null => {}
        Value::Bool(truth) => *into = *truth,
        other => return Err(place.mismatch(other, "bool")),
    }
    Ok(())
}

fn texts(into: &mut Option<Vec<String>>, value: &Value, place: Place<'_>) -> Result<(), DecodeError> {
    list(into, value, place, "[]string", |item, value| text(item, value, place))
}

fn anything(into: &mut Option<Vec<Value>>, value: &Value, place: Place<'_>) -> Result<(), DecodeError> {
    list(into, value, place, "[]interface {}", |item, value| {
        item.clone_from(value);
        numbers_to_floats(item);
        Ok(())
    })
}

/// Fills a list of pointers, in which null stays nothing.
fn items<T: Default>(
    into: &mut Option<Vec<Option<T>>>,
    value: &Value,
    place: Place<'_>,
    wanted: &'static str,
    fill: impl Fn(&mut T, &Value) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    list(into, value, place, wanted, |item, value| {
        if *value == Value::Null {
            *item = None;
            return Ok(());
        }
        fill(item.get_or_insert_default(), value)
    })
}

/// Fills a list over what is in it, as Go does.
fn list<T: Default>(
    into: &mut Option<Vec<T>>,
    value: &Value,
    place: Place<'_>,
    wanted: &'static str,
    fill: impl Fn(&mut T, &Value) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let values = match value {
        Value::Null => {
            *into = None;
            return Ok(());
        }
        Value::Sequence(values) => values,
        other => return Err(place.mismatch(other, wanted)),
    };
    let list = into.get_or_insert_default();
    list.resize_with(values.len(), T::default);
    list.iter_mut().zip(values).try_for_each(|(item, value)| fill(item, value))
}

fn pairs(
    into: &mut Option<BTreeMap<String, String>>,
    value: &Value,
    place: Place<'_>,
) -> Result<(), DecodeError> {
    let map = match value {
        Value::Null => {
            *into = None;
            return Ok(());
        }
        Value::Mapping(map) => map,
        other => return Err(place.mismatch(other, "map[string]string")),
    };
    let pairs = into.get_or_insert_default();
    for (key, value) in map {
        let mut content = String::new();
        text(&mut content, value, place)?;
        pairs.insert(key.clone(), content);
    }
    Ok(())
}

/// Returns what `encoding/json` calls a value of that kind in its errors.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Uint(_) | Value::Float(_) => "number",
        Value::String(_) => "string",
        Value::Sequence(_) => "array",
        Value::Mapping(_) => "object",
    }
}
