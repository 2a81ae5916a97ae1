//! The head of a document: the few fields that sorting looks at.
//!
//! Helm decodes each document into a struct of those fields by way of JSON, so
//! a document that is no map, or has a list where a name belongs, is an error
//! with the words of Go's `encoding/json`; a number or a truth value there
//! becomes text, as `sigs.k8s.io/yaml` 1.6 does for a string field.
//!
//! Invariant: a head is read from valid YAML only; whatever else the document
//! holds has been parsed by then.

use std::collections::BTreeMap;
use std::fmt;

use goyaml::{Mapping, Value};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::decode::kind;

/// What sorting needs to know of a document.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Head {
    /// `kind`, empty if there is none.
    pub(super) kind: String,
    /// `metadata.annotations`, as text.
    pub(super) annotations: BTreeMap<String, String>,
}

/// The fields of Helm's `SimpleHead`; Go matches their names without regard to case.
#[derive(Clone, Copy, PartialEq)]
enum Field {
    ApiVersion,
    Kind,
    Metadata,
}

const FIELDS: [(&str, Field); 3] =
    [("apiVersion", Field::ApiVersion), ("kind", Field::Kind), ("metadata", Field::Metadata)];

impl Head {
    /// Reads the head of a document.
    ///
    /// # Errors
    ///
    /// What is wrong with the YAML, or what `encoding/json` says of the first value
    /// that has the wrong type.
    pub(super) fn read(document: &str) -> Result<Head, String> {
        if let Ok(Fields(fields)) = goyaml::from_str(document) {
            return Head::of(&Value::Mapping(fields));
        }
        let document = goyaml::from_str(document).map_err(|error| error.unmarshal_text())?;
        Head::of(&document)
    }

    fn of(document: &Value) -> Result<Head, String> {
        let mut head = Head::default();
        match document {
            Value::Null => Ok(head),
            Value::Mapping(entries) => {
                for (key, value) in entries {
                    head.read_field(key, value)?;
                }
                Ok(head)
            }
            other => Err(mismatch(other, "value of type util.SimpleHead")),
        }
    }

    fn read_field(&mut self, key: &str, value: &Value) -> Result<(), String> {
        let Some((name, field)) = FIELDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) else {
            return Ok(());
        };
        if *field == Field::Metadata {
            return self.read_metadata(value);
        }
        let text = text(value, || format!("struct field SimpleHead.{name}"))?;
        if let (Field::Kind, Some(kind)) = (field, text) {
            self.kind = kind;
        }
        Ok(())
    }

    fn read_metadata(&mut self, metadata: &Value) -> Result<(), String> {
        const GO_TYPE: &str = "struct { Name string \"json:\\\"name\\\"\"; \
             Annotations map[string]string \"json:\\\"annotations\\\"\" }";
        let entries = match metadata {
            Value::Mapping(entries) => entries,
            // A null makes the pointer to the struct nil again.
            Value::Null => {
                self.annotations.clear();
                return Ok(());
            }
            other => {
                return Err(mismatch(other, &format!("struct field SimpleHead.metadata of type {GO_TYPE}")));
            }
        };
        for (key, value) in entries {
            if key.eq_ignore_ascii_case("name") {
                text(value, || "struct field .metadata.name".to_owned())?;
            } else if key.eq_ignore_ascii_case("annotations") {
                self.read_annotations(value)?;
            }
        }
        Ok(())
    }

    fn read_annotations(&mut self, annotations: &Value) -> Result<(), String> {
        let entries = match annotations {
            Value::Mapping(entries) => entries,
            Value::Null => {
                self.annotations.clear();
                return Ok(());
            }
            other => {
                return Err(mismatch(other, "struct field .metadata.annotations of type map[string]string"));
            }
        };
        for (key, value) in entries {
            let text = text(value, || "struct field .metadata.annotations".to_owned())?;
            self.annotations.insert(key.clone(), text.unwrap_or_default());
        }
        Ok(())
    }
}

/// The fields of a map that may be a head's; of all others nothing is kept.
struct Fields(Mapping);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Fields, A::Error> {
        let mut fields = Mapping::new();
        while let Some(key) = access.next_key::<String>()? {
            if FIELDS.iter().any(|(name, _)| name.eq_ignore_ascii_case(&key)) {
                fields.insert(key, access.next_value()?);
            } else {
                access.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Fields(fields))
    }
}

/// Returns the text of a scalar for a string field, none for null.
fn text(value: &Value, field: impl Fn() -> String) -> Result<Option<String>, String> {
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Float(number) => float_text(*number),
        Value::Sequence(_) | Value::Mapping(_) => {
            return Err(mismatch(value, &format!("{} of type string", field())));
        }
    }))
}

/// A number in place of text is written with the digits of a float32 (sigs.k8s.io/yaml 1.6).
fn float_text(number: f64) -> String {
    let shortest = (number as f32).to_string().parse().unwrap_or(number);
    gotmpl::strconv::format_float(shortest, b'g', None)
}

fn mismatch(value: &Value, target: &str) -> String {
    let found = kind(value);
    format!("error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go {target}")
}
