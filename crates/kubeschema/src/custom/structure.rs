//! The structure of a custom resource: what server-side apply reads first.

use std::collections::BTreeSet;

use goyaml::Value;

use crate::finding::Findings;
use crate::graph::Graph;
use crate::minor::Minor;
use crate::schema::{describe, exact};
use crate::view::{entries, field, is_true, items, text};
use crate::{closest, schema};

/// What is needed for the metadata of resources inside resources.
#[derive(Clone, Copy)]
pub(crate) struct Embedded<'g> {
    pub(crate) graph: &'g Graph,
    pub(crate) minor: Minor,
}

/// Fields of every resource, which a schema need not name.
const OWN: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Checks a whole resource.
pub(crate) fn check_root<'a>(
    resource: &'a Value,
    schema: &Value,
    embedded: Embedded<'_>,
    found: &mut Findings<'a>,
) {
    if resource.as_mapping().is_some() {
        Structure { embedded, found, is_open: false, is_default: false }.fields(resource, schema, &OWN);
    }
}

/// Checks the default of a schema.
pub(crate) fn check<'a>(value: &'a Value, schema: &Value, embedded: Embedded<'_>, found: &mut Findings<'a>) {
    Structure { embedded, found, is_open: false, is_default: true }.value(value, schema);
}

struct Structure<'g, 'f, 'a> {
    embedded: Embedded<'g>,
    found: &'f mut Findings<'a>,
    /// In an object that keeps unknown fields, which those in it then do as well.
    is_open: bool,
    /// In a default, whose unknown fields would not be there any more once it is filled in.
    is_default: bool,
}

impl<'a> Structure<'_, '_, 'a> {
    fn value(&mut self, value: &'a Value, schema: &Value) {
        let wrong = match (text(schema, "type").unwrap_or_default(), value) {
            (_, Value::Null) => return,
            ("object", Value::Mapping(_)) => return self.object(value, schema),
            ("array", Value::Sequence(items)) => return self.list(items, schema),
            ("object", _) => "a map",
            ("array", _) => "a list",
            ("string", Value::String(_)) | ("boolean", Value::Bool(_)) => return,
            ("string", _) => "a string",
            ("boolean", _) => "true or false",
            ("integer" | "number", Value::Int(_) | Value::Uint(_) | Value::Float(_)) => return,
            ("integer" | "number", _) => "a number",
            _ => return,
        };
        let hint = if wrong == "a string" && !matches!(value, Value::Sequence(_) | Value::Mapping(_)) {
            "; quote it"
        } else {
            ""
        };
        self.found.error(value, "type", format!("expected {wrong}, found {}{hint}", describe(value)));
    }

    fn object(&mut self, value: &'a Value, schema: &Value) {
        if !is_true(schema, "x-kubernetes-embedded-resource") {
            return self.fields(value, schema, &[]);
        }
        if let Some(metadata) = field(value, "metadata") {
            let Embedded { graph, minor } = self.embedded;
            schema::check(graph, graph.object_meta(), minor, metadata, self.found);
        }
        self.fields(value, schema, &OWN);
    }

    fn fields(&mut self, object: &'a Value, schema: &Value, own: &[&str]) {
        let properties = field(schema, "properties");
        let additional = field(schema, "additionalProperties");
        // An object of which nothing is said may have any field.
        let outer = self.is_open;
        self.is_open |= is_true(schema, "x-kubernetes-preserve-unknown-fields");
        let is_open = self.is_open
            || (own.is_empty() && properties.is_none() && additional.is_none() && !self.is_default)
            || additional.and_then(Value::as_bool) == Some(true);
        for (name, value) in object.as_mapping().into_iter().flatten() {
            let known = properties.and_then(|properties| field(properties, name));
            if own.contains(&name.as_str()) {
                continue;
            }
            match known.or(additional.filter(|schema| schema.as_mapping().is_some())) {
                Some(schema) => self.value(value, schema),
                None if is_open => {}
                None => self.unknown(object, name, schema),
            }
        }
        self.is_open = outer;
    }

    fn unknown(&mut self, object: &'a Value, name: &str, schema: &Value) {
        let mut message = format!("unknown field {name:?}");
        if let Some(near) = closest(name, entries(schema, "properties").map(|(name, _)| name)) {
            message += &format!("; did you mean {near:?}?");
        }
        self.found.key_error(object, name, "unknown-field", message);
    }

    fn list(&mut self, list: &'a [Value], schema: &Value) {
        if let Some(item) = field(schema, "items") {
            list.iter().for_each(|value| self.value(value, item));
        }
        let keys: Vec<&str> = match text(schema, "x-kubernetes-list-type") {
            Some("set") => Vec::new(),
            Some("map") => {
                items(schema, "x-kubernetes-list-map-keys").iter().filter_map(Value::as_str).collect()
            }
            _ => return,
        };
        let mut seen = BTreeSet::new();
        for item in list {
            let Some(identity) = self.identity(item, schema, &keys) else { continue };
            if !seen.insert(identity.clone()) {
                let message = format!("another item is {identity} as well");
                self.found.error(item, "duplicate", message);
            }
        }
    }

    /// What tells an item from others, in words; the item itself if there are no keys.
    fn identity(&mut self, item: &'a Value, schema: &Value, keys: &[&str]) -> Option<String> {
        if keys.is_empty() {
            return (!matches!(item, Value::Mapping(_) | Value::Sequence(_))).then(|| exact(item));
        }
        item.as_mapping()?;
        let properties = field(schema, "items").and_then(|items| field(items, "properties"));
        let default =
            |key: &str| properties.and_then(|all| field(all, key)).and_then(|own| field(own, "default"));
        let value = |key: &str| item.get(key).or_else(|| default(key));
        if keys.iter().all(|key| value(key).is_none()) {
            let message = format!("the list's items are told apart by {}", keys.join(" and "));
            self.found.error(item, "required", message);
            return None;
        }
        let parts = keys.iter().map(|key| format!("{key} {}", value(key).map_or("null".to_owned(), exact)));
        Some(parts.collect::<Vec<_>>().join(" and "))
    }
}
