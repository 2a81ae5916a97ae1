//! Resources as expressions in CEL see them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goyaml::Value;
use kubecel::{Bound, Key, Map, Type, Value as Cel};

use crate::view::{at, entries, field, is_true, text};

/// How many steps an expression may take for one value. A server has a limit as well.
pub(crate) const BUDGET: u64 = 1_000_000;

/// Words that are no names in expressions, and how fields of that name are written.
const RESERVED: [&str; 18] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
];

/// Fields that every resource has, whatever its schema says.
const OWN: [&str; 2] = ["apiVersion", "kind"];

/// Returns how expressions write a field; some cannot be written.
fn escaped(name: &str) -> Option<String> {
    if RESERVED.contains(&name) {
        return Some(format!("__{name}__"));
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(is_name) {
        return None;
    }
    let name = name.replace("__", "__underscores__");
    Some(name.replace('.', "__dot__").replace('-', "__dash__").replace('/', "__slash__"))
}

/// Returns the type that a schema makes of a value; some values cannot be seen.
pub(crate) fn type_of(schema: &Value, is_resource: bool) -> Option<Type> {
    if is_true(schema, "x-kubernetes-int-or-string") {
        return Some(Type::Dyn);
    }
    Some(match text(schema, "type")? {
        "array" => Type::list(inner_type(field(schema, "items")?)?),
        "object" => {
            match field(schema, "additionalProperties").filter(|inner| inner.as_mapping().is_some()) {
                Some(inner) => Type::map(Type::String, inner_type(inner)?),
                None => object_type(schema, is_resource),
            }
        }
        "string" => match text(schema, "format").unwrap_or_default() {
            "byte" => Type::Bytes,
            "duration" => Type::Duration,
            "date" | "date-time" => Type::Timestamp,
            _ => Type::String,
        },
        "boolean" => Type::Bool,
        "number" => Type::Double,
        "integer" => Type::Int,
        _ => return None,
    })
}

fn inner_type(schema: &Value) -> Option<Type> {
    type_of(schema, is_true(schema, "x-kubernetes-embedded-resource"))
}

fn object_type(schema: &Value, is_resource: bool) -> Type {
    let mut fields = BTreeMap::new();
    for (name, property) in entries(schema, "properties") {
        let (Some(known), Some(kind)) = (escaped(name), inner_type(property)) else { continue };
        if RESERVED.contains(&name) {
            fields.insert(name.to_owned(), kind.clone());
        }
        fields.insert(known, kind);
    }
    if is_resource {
        fields.extend(OWN.map(|name| (name.to_owned(), Type::String)));
        let names = ["name", "generateName"].map(|name| (name.to_owned(), Type::String));
        fields.insert("metadata".to_owned(), Type::object("metadata", names.into_iter().collect()));
    }
    Type::object("the object", fields)
}

/// The largest request that a server takes.
const LARGEST: u64 = 3 << 20;

/// How large values of a schema may be, and how small written out.
pub(crate) struct Extent {
    pub(crate) bound: Bound,
    least: u64,
}

impl Extent {
    fn scalar(least: u64, most: u64) -> Self {
        Extent { bound: Bound { most, ..Bound::default() }, least }
    }

    /// How many such values a request may have at most.
    pub(crate) fn count(&self) -> u64 {
        LARGEST / (self.least + 1)
    }
}

/// Returns how large values of a schema may be; none if it cannot be seen.
///
/// So a server estimates it (`SchemaDeclType` of 1.36) where the schema does not say it.
pub(crate) fn extent_of(schema: &Value, is_resource: bool) -> Option<Extent> {
    let limit = |key: &str| crate::view::int(schema, key).map(|limit| limit.max(0).unsigned_abs());
    if is_true(schema, "x-kubernetes-int-or-string") {
        return Some(Extent::scalar(
            1,
            limit("maxLength").map_or(LARGEST - 2, |most| most.saturating_mul(4)),
        ));
    }
    Some(match text(schema, "type")? {
        "array" => {
            let item = inner_extent(field(schema, "items")?)?;
            let most = limit("maxItems").unwrap_or((LARGEST - 2) / (item.least + 1));
            let bound = Bound { most, item: Some(Box::new(item.bound)), ..Bound::default() };
            Extent { bound, least: 2 }
        }
        "object" => {
            match field(schema, "additionalProperties").filter(|inner| inner.as_mapping().is_some()) {
                Some(inner) => {
                    let value = inner_extent(inner)?;
                    let most = limit("maxProperties").unwrap_or((LARGEST - 2) / (value.least + 6));
                    let (key, item) = (Some(Box::default()), Some(Box::new(value.bound)));
                    Extent { bound: Bound { most, key, item, ..Bound::default() }, least: 2 }
                }
                None => object_extent(schema, is_resource),
            }
        }
        "string" => match text(schema, "format").unwrap_or_default() {
            "byte" => Extent::scalar(2, limit("maxLength").unwrap_or(LARGEST - 2)),
            "duration" => Extent::scalar(3, 32),
            "date" => Extent::scalar(12, 12),
            "date-time" => Extent::scalar(21, 32),
            _ => {
                let values = crate::view::items(schema, "enum").iter().filter_map(Value::as_str);
                let longest = values.map(|text| text.len() as u64).max();
                let most = limit("maxLength").map(|most| most.saturating_mul(4));
                Extent::scalar(2, most.or(longest).unwrap_or(LARGEST - 2))
            }
        },
        "boolean" => Extent::scalar(4, 0),
        "number" | "integer" => Extent::scalar(1, 0),
        _ => return None,
    })
}

fn inner_extent(schema: &Value) -> Option<Extent> {
    extent_of(schema, is_true(schema, "x-kubernetes-embedded-resource"))
}

fn object_extent(schema: &Value, is_resource: bool) -> Extent {
    let required = crate::view::items(schema, "required");
    let (mut bound, mut least) = (Bound::default(), 2);
    for (name, property) in entries(schema, "properties") {
        let Some(inner) = inner_extent(property) else { continue };
        if required.iter().any(|one| one.as_str() == Some(name)) && field(property, "default").is_none() {
            least += name.len() as u64 + inner.least + 4;
        }
        if let Some(known) = escaped(name) {
            bound.fields.insert(known, inner.bound);
        }
    }
    if is_resource {
        let any_text = || Bound { most: LARGEST - 2, ..Bound::default() };
        bound.fields.extend(OWN.map(|name| (name.to_owned(), any_text())));
        let names = ["name", "generateName"].map(|name| (name.to_owned(), any_text()));
        let metadata = Bound { fields: names.into_iter().collect(), ..Bound::default() };
        bound.fields.insert("metadata".to_owned(), metadata);
    }
    Extent { bound, least }
}

/// Returns a value as its schema has it, with defaults; none if it cannot be seen.
pub(crate) fn value_of(value: &Value, schema: &Value, is_resource: bool) -> Option<Cel> {
    if value.is_null() {
        return is_true(schema, "nullable").then_some(Cel::Null);
    }
    if is_true(schema, "x-kubernetes-int-or-string") {
        return Some(untyped(value));
    }
    Some(match (text(schema, "type")?, value) {
        ("array", Value::Sequence(list)) => {
            let item = field(schema, "items")?;
            Cel::list(list.iter().filter_map(|value| inner_value(value, item)).collect())
        }
        ("object", Value::Mapping(map)) => {
            match field(schema, "additionalProperties").filter(|inner| inner.as_mapping().is_some()) {
                Some(inner) => {
                    let entry = |(key, value): (&String, &Value)| {
                        Some((Key::String(key.as_str().into()), inner_value(value, inner)?))
                    };
                    Cel::map(map.iter().filter_map(entry).collect())
                }
                None => object_value(value, schema, is_resource),
            }
        }
        ("string", Value::String(written)) => match text(schema, "format").unwrap_or_default() {
            "byte" => Cel::Bytes(STANDARD.decode(written).ok()?.into()),
            "duration" => Cel::Duration(kubecel::parse_duration(written)?),
            "date" => Cel::Timestamp(kubecel::parse_timestamp(&format!("{written}T00:00:00Z"))?),
            "date-time" => Cel::Timestamp(kubecel::parse_timestamp(written)?),
            _ => Cel::text(written),
        },
        ("number", value) => Cel::Double(value.as_f64()?),
        ("integer", value) => Cel::Int(crate::view::as_int(value)?),
        ("boolean", Value::Bool(value)) => Cel::Bool(*value),
        _ => return None,
    })
}

fn inner_value(value: &Value, schema: &Value) -> Option<Cel> {
    value_of(value, schema, is_true(schema, "x-kubernetes-embedded-resource"))
}

fn object_value(object: &Value, schema: &Value, is_resource: bool) -> Cel {
    let mut fields = Map::new();
    for (name, property) in entries(schema, "properties") {
        let given = object.get(name).filter(|value| !value.is_null() || is_true(property, "nullable"));
        let value = given.or_else(|| field(property, "default"));
        let value = value.and_then(|value| inner_value(value, property));
        let (Some(known), Some(value)) = (escaped(name), value) else { continue };
        if RESERVED.contains(&name) {
            fields.insert(Key::String(name.into()), value.clone());
        }
        fields.insert(Key::String(known.into()), value);
    }
    if is_resource {
        let texts = OWN.iter().filter_map(|name| Some((*name, text(object, name)?)));
        fields.extend(texts.map(|(name, text)| (Key::String(name.into()), Cel::text(text))));
        let names = ["name", "generateName"];
        let names = names.iter().filter_map(|name| Some((*name, at(object, &["metadata", name])?.as_str()?)));
        let names = names.map(|(name, text)| (Key::String(name.into()), Cel::text(text)));
        fields.insert(Key::String("metadata".into()), Cel::map(names.collect()));
    }
    Cel::map(fields)
}

/// Returns a value of which no schema is known.
pub(crate) fn untyped(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(value) => Cel::Bool(*value),
        Value::Int(number) => Cel::Int(*number),
        Value::Uint(number) => Cel::Uint(*number),
        Value::Float(number) => Cel::Double(*number),
        Value::String(text) => Cel::text(text),
        Value::Sequence(items) => Cel::list(items.iter().map(untyped).collect()),
        Value::Mapping(map) => Cel::map(
            map.iter().map(|(key, value)| (Key::String(key.as_str().into()), untyped(value))).collect(),
        ),
    }
}

/// Returns what may be used in expressions of webhooks and policies.
pub(crate) fn request_variables() -> Vec<(&'static str, Type)> {
    let object = |name: &str, fields: &[(&str, Type)]| {
        Type::object(name, fields.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone())).collect())
    };
    let texts = |name: &str, fields: [&str; 3]| object(name, &fields.map(|field| (field, Type::String)));
    let kind = texts("kind", ["group", "version", "kind"]);
    let resource = texts("resource", ["group", "version", "resource"]);
    let groups = Type::list(Type::String);
    let user = object(
        "userInfo",
        &[
            ("username", Type::String),
            ("uid", Type::String),
            ("groups", groups.clone()),
            ("extra", Type::map(Type::String, groups)),
        ],
    );
    let request = object(
        "request",
        &[
            ("kind", kind.clone()),
            ("resource", resource.clone()),
            ("subResource", Type::String),
            ("requestKind", kind),
            ("requestResource", resource),
            ("requestSubResource", Type::String),
            ("name", Type::String),
            ("namespace", Type::String),
            ("operation", Type::String),
            ("userInfo", user),
            ("dryRun", Type::Bool),
            ("options", Type::Dyn),
        ],
    );
    vec![
        ("object", Type::Dyn),
        ("oldObject", Type::Dyn),
        ("request", request),
        ("authorizer", Type::Opaque("authorizer")),
        ("authorizer.requestResource", Type::Opaque("resource check")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custom::rules::cost;

    /// A schema, and rules for its values with what `cel.Compile` of `apiextensions-apiserver` v0.36.1 estimates.
    const COSTS: &str = include_str!("../testdata/costs.txt");

    #[test]
    fn rules_cost_what_a_server_says() {
        let (schema, rules) = COSTS.split_once('\n').unwrap();
        let schema: Value = goyaml::from_str(schema).unwrap();
        let (kind, extent) = (type_of(&schema, false).unwrap(), extent_of(&schema, false).unwrap());
        let mut wrong = Vec::new();
        for (want, rule) in rules.lines().filter_map(|line| line.split_once('\t')) {
            let got = cost(rule, &kind, false, &extent.bound);
            if got.to_string() != want {
                wrong.push(format!("{rule}: {got}, and the server says {want}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
