//! The same definitions as JSON Schemas, for another validator to judge by.
//!
//! Every resource of `testdata/rules` is changed in each of its places in many
//! ways, and both have to agree on which of them fit. What JSON Schema cannot say
//! (quantities, base64, times, items that are there twice) is left out.

use std::collections::BTreeMap;

use goyaml::Value;
use jsonschema::Validator;
use serde_json::{Map, Value as Json, json};

use crate::finding::Findings;
use crate::graph::{Graph, Identity, Need, Shape};
use crate::kind::split;
use crate::minor::Minor;
use crate::schema::NEVER_EMPTY;

/// What JSON Schema can say.
const RULES: [&str; 5] = ["type", "unknown-field", "required", "enum", "integer"];

const RESOURCES: [&str; 8] = [
    include_str!("../../testdata/rules/cluster.yaml"),
    include_str!("../../testdata/rules/config.yaml"),
    include_str!("../../testdata/rules/custom.yaml"),
    include_str!("../../testdata/rules/metadata.yaml"),
    include_str!("../../testdata/rules/network.yaml"),
    include_str!("../../testdata/rules/pods.yaml"),
    include_str!("../../testdata/rules/schema.yaml"),
    include_str!("../../testdata/rules/workloads.yaml"),
];

/// Writes definitions as JSON Schemas, each only once.
struct Writer<'g> {
    graph: &'g Graph,
    minor: Minor,
    written: BTreeMap<String, Json>,
}

impl Writer<'_> {
    /// In `status`, neither enums nor required fields count.
    fn definition(&mut self, number: usize, is_status: bool) -> Json {
        let name = format!("{number}{}", if is_status { "s" } else { "" });
        let reference = json!({"$ref": format!("#/$defs/{name}")});
        if self.written.contains_key(&name) {
            return reference;
        }
        self.written.insert(name.clone(), Json::Null);
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for field in self.graph.definition(number).fields(self.minor) {
            let shape = self.shape(&field.shape, is_status || field.name == "status");
            let need = if is_status { Need::Optional } else { field.need };
            let schema = match need {
                Need::Optional => shape,
                Need::Present => json!({"allOf": [shape, {"not": {"type": "null"}}]}),
                Need::NotEmpty => {
                    json!({"allOf": [shape, {"not": {"type": "null"}}], "minLength": 1, "minItems": 1})
                }
            };
            if need != Need::Optional {
                required.push(field.name);
            }
            let schema = match field.shape {
                Shape::OneOf(_) if NEVER_EMPTY.contains(&field.name) && !is_status => {
                    json!({"allOf": [schema, {"not": {"const": ""}}]})
                }
                _ => schema,
            };
            properties.insert(field.name.to_owned(), schema);
        }
        let object = json!({
            "type": ["object", "null"], "properties": properties, "required": required, "additionalProperties": false,
        });
        self.written.insert(name, object);
        reference
    }

    fn shape(&mut self, shape: &Shape, is_status: bool) -> Json {
        match shape {
            Shape::Any => json!(true),
            Shape::AnyObject => json!({"type": ["object", "null"]}),
            Shape::OneOf(values) if !is_status => {
                json!({"type": ["string", "null"], "anyOf": [{"enum": values}, {"enum": ["", null]}]})
            }
            Shape::Text | Shape::OneOf(_) | Shape::Base64 | Shape::Time | Shape::MicroTime => {
                json!({"type": ["string", "null"]})
            }
            Shape::Int32 => json!({"type": ["integer", "null"], "minimum": i32::MIN, "maximum": i32::MAX}),
            Shape::Int64 => json!({"type": ["integer", "null"], "minimum": i64::MIN, "maximum": i64::MAX}),
            Shape::Number => json!({"type": ["number", "null"]}),
            Shape::Bool => json!({"type": ["boolean", "null"]}),
            Shape::Quantity => json!({"type": ["number", "string", "null"]}),
            Shape::IntOrString => {
                json!({"type": ["integer", "string", "null"], "minimum": i32::MIN, "maximum": i32::MAX})
            }
            Shape::Definition(number) => self.definition(*number, is_status),
            Shape::Map(inner) => {
                json!({"type": ["object", "null"], "additionalProperties": self.shape(inner, is_status)})
            }
            Shape::List(identity, item) => {
                let item = self.shape(item, is_status);
                json!({"type": ["array", "null"], "items": {"allOf": [item, told_apart(identity)]}})
            }
        }
    }
}

/// What an item needs to be told apart from others.
fn told_apart(identity: &Identity) -> Json {
    match identity {
        Identity::Value => json!({"not": {"type": "null"}}),
        Identity::Keys(keys) if keys.iter().all(|(_, default)| default.is_none()) => {
            let named: Vec<Json> = keys.iter().map(|(key, _)| json!({"required": [key]})).collect();
            json!({"anyOf": named})
        }
        Identity::Place | Identity::Keys(_) => json!(true),
    }
}

fn validator(graph: &Graph, definition: usize, minor: Minor) -> Validator {
    let mut writer = Writer { graph, minor, written: BTreeMap::new() };
    let root = writer.definition(definition, false);
    let schema = json!({"$defs": writer.written, "allOf": [root, {"type": "object"}]});
    jsonschema::validator_for(&schema).unwrap()
}

/// Returns the resource with every change in every place, the changes of a place in a row.
fn changed(value: &Value) -> Vec<Value> {
    let odd = [
        Value::Null,
        Value::Bool(true),
        Value::Int(-1),
        Value::Int(3_000_000_000),
        Value::Float(1.5),
        Value::Float(2.0),
        Value::from(""),
        Value::from("x"),
        Value::from(vec![]),
        Value::from(vec![Value::from("x")]),
        Value::from(vec![Value::Null]),
        Value::Mapping([("x".to_owned(), Value::Int(1))].into()),
        Value::Mapping([].into()),
    ];
    let mut all: Vec<Value> = odd.to_vec();
    match value {
        Value::Mapping(entries) => {
            for (key, inner) in entries {
                let mut without = entries.clone();
                without.remove(key);
                all.push(Value::Mapping(without));
                all.extend(changed(inner).into_iter().map(|inner| {
                    let mut entries = entries.clone();
                    entries.insert(key.clone(), inner);
                    Value::Mapping(entries)
                }));
            }
        }
        Value::Sequence(items) => {
            for (at, inner) in items.iter().enumerate() {
                all.extend(changed(inner).into_iter().map(|inner| {
                    let mut items = items.clone();
                    items[at] = inner;
                    Value::Sequence(items)
                }));
            }
        }
        _ => {}
    }
    all
}

#[test]
fn another_validator_agrees() {
    let (graph, minor) = (Graph::embedded(), Minor::new(36).unwrap());
    let mut validators: BTreeMap<usize, Validator> = BTreeMap::new();
    let (mut fitting, mut others) = (0, 0);
    for text in RESOURCES {
        for document in goyaml::documents(text).unwrap() {
            let resource: Value = goyaml::from_str(document.text).unwrap();
            let text = |key: &str| resource.get(key).and_then(Value::as_str).unwrap_or_default();
            let (group, version) = split(text("apiVersion"));
            let kind = graph.kind(group, version, text("kind")).filter(|kind| kind.is_served(minor));
            let Some(definition) = kind.and_then(|kind| kind.definition) else { continue };
            let validator =
                validators.entry(definition).or_insert_with(|| validator(&graph, definition, minor));
            for resource in [resource.clone()].into_iter().chain(changed(&resource)) {
                let mut found = Findings::new(&resource);
                super::check(&graph, definition, minor, &resource, &mut found);
                let found = found.finish();
                let ours: Vec<_> = found.iter().filter(|finding| RULES.contains(&finding.rule)).collect();
                let fits = validator.is_valid(&serde_json::to_value(&resource).unwrap());
                assert_eq!(fits, ours.is_empty(), "{resource:?}\n{ours:#?}");
                *if fits { &mut fitting } else { &mut others } += 1;
            }
        }
    }
    assert!(fitting > 1_000 && others > 1_000, "{fitting} {others}");
}
