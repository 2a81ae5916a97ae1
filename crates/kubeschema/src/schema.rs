//! Checks a resource against the schema of its kind.
//!
//! This is what the server does first, when it reads an applied object: unknown
//! fields, wrong types, keys of lists that are maps. Then what it does when it
//! turns the object into its own types: quantities, base64, times, integers.
//! Enums and required fields, which the server checks last, are here too,
//! because the schema names them.

use std::collections::BTreeSet;

use goyaml::{Mapping, Value};

use crate::finding::Findings;
use crate::graph::{Definition, Field, Graph, Identity, Need, Shape};
use crate::minor::Minor;
use crate::view::{as_int, is_blank};
use crate::{closest, scalar};

#[cfg(test)]
mod oracle;

/// Enumerations for which the server takes an empty text as a value, and not as one that is missing. In
/// Kubernetes' own types they are pointers, which are filled in only if they are nil.
const NEVER_EMPTY: [&str; 22] = [
    "cachingMode",
    "completionMode",
    "failurePolicy",
    "fsGroupChangePolicy",
    "internalTrafficPolicy",
    "ipFamilyPolicy",
    "matchPolicy",
    "mountPropagation",
    "nodeAffinityPolicy",
    "nodeTaintsPolicy",
    "parameterNotFoundAction",
    "pathType",
    "podReplacementPolicy",
    "preemptionPolicy",
    "procMount",
    "reinvocationPolicy",
    "sideEffects",
    "stopSignal",
    "supplementalGroupsPolicy",
    "unhealthyPodEvictionPolicy",
    "volumeBindingMode",
    "volumeMode",
];

/// Checks a resource against a definition.
pub(crate) fn check<'a>(
    graph: &Graph,
    definition: usize,
    minor: Minor,
    resource: &'a Value,
    found: &mut Findings<'a>,
) {
    Check { graph, minor, found, is_status: false }.object(resource, graph.definition(definition));
}

struct Check<'g, 'f, 'a> {
    graph: &'g Graph,
    minor: Minor,
    found: &'f mut Findings<'a>,
    /// In `status`, which the server throws away before it looks at values.
    is_status: bool,
}

impl<'a> Check<'_, '_, 'a> {
    fn value(&mut self, value: &'a Value, shape: &Shape) {
        match (shape, value) {
            (Shape::Any, _) | (_, Value::Null) => {}
            (Shape::AnyObject, _) => self.any_object(value),
            (Shape::Definition(number), _) => self.object(value, self.graph.definition(*number)),
            (Shape::Map(inner), _) => self.map(value, inner),
            (Shape::List(identity, item), _) => self.list(value, identity, item),
            (Shape::Bool, Value::Bool(_)) => {}
            (Shape::Bool, _) => self.wrong_type(value, "true or false"),
            (Shape::Int32, _) => self.integer(value, 32),
            (Shape::Int64, _) => self.integer(value, 64),
            (Shape::Number, Value::Int(_) | Value::Uint(_) | Value::Float(_)) => {}
            (Shape::Number, _) => self.wrong_type(value, "a number"),
            (Shape::Quantity, _) => self.quantity(value),
            (Shape::IntOrString, _) => self.int_or_string(value),
            (
                Shape::Text | Shape::OneOf(_) | Shape::Base64 | Shape::Time | Shape::MicroTime,
                Value::String(text),
            ) => {
                self.text(value, text, shape);
            }
            (Shape::Text | Shape::OneOf(_) | Shape::Base64 | Shape::Time | Shape::MicroTime, _) => {
                self.wrong_type(value, "a string");
            }
        }
    }

    fn wrong_type(&mut self, value: &'a Value, want: &str) {
        let mut message = format!("expected {want}, found {}", describe(value));
        if want == "a string" && !matches!(value, Value::Sequence(_) | Value::Mapping(_)) {
            message += "; quote it";
        }
        self.found.error(value, "type", message);
    }

    fn any_object(&mut self, value: &'a Value) {
        if value.as_mapping().is_none() {
            self.wrong_type(value, "a map");
        }
    }

    fn map(&mut self, value: &'a Value, inner: &Shape) {
        match value {
            Value::Mapping(entries) => entries.values().for_each(|value| self.value(value, inner)),
            _ => self.wrong_type(value, "a map"),
        }
    }

    fn object(&mut self, value: &'a Value, definition: &Definition) {
        let Value::Mapping(entries) = value else { return self.wrong_type(value, "a map") };
        for (name, inner) in entries {
            match definition.field(name, self.minor) {
                Some(field) => self.field(inner, field),
                None => self.unknown(value, name, definition),
            }
        }
        if !self.is_status {
            self.required(value, entries, definition);
        }
    }

    fn field(&mut self, value: &'a Value, field: &Field) {
        let outer = self.is_status;
        self.is_status |= field.name == "status";
        self.value(value, &field.shape);
        if let (Shape::OneOf(values), Value::String(text)) = (&field.shape, value)
            && text.is_empty()
            && NEVER_EMPTY.contains(&field.name)
            && !self.is_status
        {
            self.found.error(value, "enum", format!("an empty text is not one of {}", values.join(", ")));
        }
        self.is_status = outer;
    }

    fn unknown(&mut self, object: &'a Value, name: &str, definition: &Definition) {
        let mut message = format!("unknown field {name:?}");
        if let Some((first, last)) = definition.minors_with(name).bounds() {
            message += &if self.minor < first {
                format!(": it comes with Kubernetes {first}")
            } else {
                format!(": the last Kubernetes with it is {last}")
            };
        } else if let Some(near) = closest(name, definition.fields(self.minor).map(|field| field.name)) {
            message += &format!("; did you mean {near:?}?");
        }
        self.found.key_error(object, name, "unknown-field", message);
    }

    fn required(&mut self, object: &'a Value, entries: &Mapping, definition: &Definition) {
        for field in definition.fields(self.minor) {
            let value = entries.get(field.name);
            let is_missing = match field.need {
                Need::Optional => false,
                Need::Present => value.is_none_or(Value::is_null),
                // An empty map can be fine where a missing one is not.
                Need::NotEmpty => is_blank(value) && !matches!(value, Some(Value::Mapping(_))),
            };
            if is_missing {
                let message = format!("required field {:?} is missing or empty", field.name);
                self.found.key_error(object, field.name, "required", message);
            }
        }
    }

    fn list(&mut self, value: &'a Value, identity: &Identity, item: &Shape) {
        let Value::Sequence(items) = value else { return self.wrong_type(value, "a list") };
        items.iter().for_each(|value| self.value(value, item));
        match identity {
            Identity::Place => {}
            Identity::Value => self.distinct(items),
            Identity::Keys(keys) => self.distinct_keys(items, keys),
        }
    }

    fn distinct(&mut self, items: &'a [Value]) {
        let mut seen = BTreeSet::new();
        for item in items {
            if item.is_null() {
                self.found.error(item, "type", "a set cannot hold null");
            } else if !seen.insert(exact(item)) {
                self.found.error(item, "duplicate", format!("{} is in the list twice", describe(item)));
            }
        }
    }

    fn distinct_keys(&mut self, items: &'a [Value], keys: &[(&str, Option<&str>)]) {
        let mut seen = BTreeSet::new();
        for item in items.iter().filter(|item| item.as_mapping().is_some()) {
            // A key that is null or left out is one too, as long as there is another.
            let parts: Vec<Option<String>> = keys
                .iter()
                .map(|(key, default)| {
                    item.get(key).map(exact).or_else(|| default.map(|text| format!("{text:?}")))
                })
                .collect();
            let named: Vec<String> = keys
                .iter()
                .zip(&parts)
                .map(|((key, _), value)| format!("{key} {}", value.as_deref().unwrap_or("null")))
                .collect();
            let named = named.join(" and ");
            if parts.iter().all(Option::is_none) {
                let names: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
                let message = format!("the list's items are told apart by {}", names.join(" and "));
                self.found.key_error(item, names[0], "required", message);
            } else if !seen.insert(parts) {
                self.found.error(item, "duplicate", format!("another item has the same {named}"));
            }
        }
    }

    fn text(&mut self, value: &'a Value, text: &str, shape: &Shape) {
        match shape {
            Shape::OneOf(values) if !text.is_empty() && !values.contains(&text) && !self.is_status => {
                let mut message = format!("{text:?} is not one of {}", values.join(", "));
                if let Some(near) = closest(text, values.iter().copied()) {
                    message += &format!("; did you mean {near:?}?");
                }
                self.found.error(value, "enum", message);
            }
            Shape::Base64 if !scalar::is_base64(text) => {
                // It may be a secret.
                self.found.error(value, "base64", "the text is not base64");
            }
            Shape::Time if !scalar::is_time(text) => {
                self.found.error(value, "time", format!("{} is not a time as in RFC 3339", shorten(text)));
            }
            Shape::MicroTime if !scalar::is_micro_time(text) => {
                let message = format!("{} is not a time as in 2006-01-02T15:04:05.000000Z", shorten(text));
                self.found.error(value, "time", message);
            }
            _ => {}
        }
    }

    fn integer(&mut self, value: &'a Value, bits: u32) {
        let fits = match (value, as_int(value)) {
            (_, Some(number)) => bits == 64 || i32::try_from(number).is_ok(),
            (Value::Uint(_), None) => false,
            (Value::Float(number), None) if number.fract() == 0.0 => false,
            (Value::Float(_), None) => return self.wrong_type(value, "an integer"),
            _ => return self.wrong_type(value, "an integer"),
        };
        if !fits {
            let wrapped =
                wrapped(value, bits).map_or("wrap it".to_owned(), |number| format!("make {number} of it"));
            let message = format!(
                "{} does not fit an integer of {bits} bits; the server would {wrapped}",
                describe(value)
            );
            self.found.error(value, "integer", message);
        }
    }

    fn quantity(&mut self, value: &'a Value) {
        match value {
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => {}
            Value::String(text) if scalar::is_quantity(text) => {}
            Value::String(text) => {
                let message = format!("{} is not a quantity such as 100m, 1.5 or 2Gi", shorten(text));
                self.found.error(value, "quantity", message);
            }
            _ => self.wrong_type(value, "a quantity"),
        }
    }

    fn int_or_string(&mut self, value: &'a Value) {
        match value {
            Value::String(_) => {}
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => self.integer(value, 32),
            _ => self.wrong_type(value, "an integer or a string"),
        }
    }
}

/// What is left of an integer that is too large: server-side apply keeps the low bits and says nothing.
fn wrapped(value: &Value, bits: u32) -> Option<i64> {
    let number = match value {
        Value::Int(number) => *number,
        Value::Uint(number) => *number as i64,
        _ => return None,
    };
    Some(if bits == 32 { i64::from(number as i32) } else { number })
}

/// A value in a message.
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::String(text) => shorten(text),
        Value::Sequence(_) => "a list".to_owned(),
        Value::Mapping(_) => "a map".to_owned(),
    }
}

/// A value as text that no other value has.
pub(crate) fn exact(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Sequence(_) | Value::Mapping(_) => format!("{value:?}"),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_) => describe(value),
    }
}

/// Text in a message, quoted and cut.
pub(crate) fn shorten(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
