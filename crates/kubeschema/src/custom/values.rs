//! The values of a custom resource: what OpenAPI says of them.

use goyaml::Value;

use super::{Patterns, format};
use crate::closest;
use crate::finding::Findings;
use crate::names;
use crate::rules::metadata;
use crate::schema::{describe, shorten};
use crate::view::{as_int, field, int, is_true, items, text};

/// Checks a whole resource. Of metadata, a schema can restrict the name only.
pub(crate) fn check_root<'a>(
    resource: &'a Value,
    schema: &Value,
    has_status: bool,
    patterns: &Patterns,
    found: &mut Findings<'a>,
) {
    let mut values = Values { patterns, found: Some(found), errors: 0, is_default: false };
    values.requirements(resource, schema);
    for (name, value) in resource.as_mapping().into_iter().flatten() {
        let Some(property) = field(schema, "properties").and_then(|all| field(all, name)) else { continue };
        match name.as_str() {
            "apiVersion" | "kind" => {}
            "status" if has_status => {}
            "metadata" => {
                let inner = field(property, "properties").and_then(|all| field(all, "name"));
                if let (Some(inner), Some(name)) = (inner, field(value, "name")) {
                    values.check(name, inner);
                }
            }
            _ => values.check(value, property),
        }
    }
    values.alternatives(resource, schema);
}

/// Checks the default of a schema. Into it, no other defaults are filled.
pub(crate) fn check<'a>(value: &'a Value, schema: &Value, patterns: &Patterns, found: &mut Findings<'a>) {
    Values { patterns, found: Some(found), errors: 0, is_default: true }.check(value, schema);
}

struct Values<'p, 'f, 'a> {
    patterns: &'p Patterns,
    /// None where the question is only whether there is an error.
    found: Option<&'f mut Findings<'a>>,
    errors: usize,
    is_default: bool,
}

/// The keys that bound how much of something there may be.
struct Bounds {
    least: &'static str,
    most: &'static str,
    of: &'static str,
}

impl<'a> Values<'_, '_, 'a> {
    fn error(&mut self, at: &'a Value, message: impl FnOnce() -> String) {
        self.errors += 1;
        if let Some(found) = &mut self.found {
            found.error(at, "schema", message());
        }
    }

    fn key_error(&mut self, at: &'a Value, key: &str, rule: &'static str, message: impl FnOnce() -> String) {
        self.errors += 1;
        if let Some(found) = &mut self.found {
            found.key_error(at, key, rule, message());
        }
    }

    fn fits(&self, value: &'a Value, schema: &Value) -> bool {
        let mut values =
            Values { patterns: self.patterns, found: None, errors: 0, is_default: self.is_default };
        values.check(value, schema);
        values.errors == 0
    }

    fn check(&mut self, value: &'a Value, schema: &Value) {
        if value.is_null() {
            return self.null(value, schema);
        }
        self.kind(value, schema);
        self.one_of_values(value, schema);
        match value {
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => self.number(value, schema),
            Value::String(text) => self.text(value, text, schema),
            Value::Sequence(list) => self.list(value, list, schema),
            Value::Mapping(_) => self.object(value, schema),
            Value::Null | Value::Bool(_) => {}
        }
        self.alternatives(value, schema);
    }

    /// A null stands for itself if it may, and else for the default.
    fn null(&mut self, value: &'a Value, schema: &Value) {
        let is_typed = field(schema, "type").is_some() || is_true(schema, "x-kubernetes-int-or-string");
        if is_typed && !is_true(schema, "nullable") && field(schema, "default").is_none() {
            self.error(value, || "null is not allowed here".to_owned());
        }
    }

    /// Types that the structure leaves open: floats for integers, and integers or strings.
    fn kind(&mut self, value: &'a Value, schema: &Value) {
        let is_whole = || as_int(value).is_some() || matches!(value, Value::Uint(_));
        let kind = text(schema, "type").unwrap_or_default();
        if is_true(schema, "x-kubernetes-int-or-string") {
            if !is_whole() && value.as_str().is_none() {
                let message = || format!("expected an integer or a string, found {}", describe(value));
                self.error(value, message);
            }
            return;
        }
        let is_number = matches!(value, Value::Int(_) | Value::Uint(_) | Value::Float(_));
        let fits = match kind {
            "integer" => is_whole() || (self.found.is_some() && !is_number),
            // The structure reports these; an alternative has to ask itself.
            "string" => self.found.is_some() || value.as_str().is_some(),
            "boolean" => self.found.is_some() || value.as_bool().is_some(),
            "object" => self.found.is_some() || value.as_mapping().is_some(),
            "array" => self.found.is_some() || value.as_sequence().is_some(),
            "number" => self.found.is_some() || is_number,
            _ => true,
        };
        if !fits {
            self.error(value, || format!("expected a value of type {kind}, found {}", describe(value)));
        }
        let range = match (kind, text(schema, "format")) {
            ("integer", Some("int32")) => i64::from(i32::MIN)..=i64::from(i32::MAX),
            ("integer", _) => i64::MIN..=i64::MAX,
            _ => return,
        };
        let is_huge = matches!(value, Value::Uint(_));
        if is_huge || as_int(value).is_some_and(|number| !range.contains(&number)) {
            self.error(value, || format!("{} does not fit the integer", describe(value)));
        }
    }

    fn one_of_values(&mut self, value: &'a Value, schema: &Value) {
        let values = items(schema, "enum");
        let same =
            |known: &Value| known == value || known.as_f64().is_some_and(|one| Some(one) == value.as_f64());
        if values.is_empty() || values.iter().any(same) {
            return;
        }
        self.errors += 1;
        let Some(found) = &mut self.found else { return };
        let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        let all: Vec<String> = values.iter().map(describe).collect();
        let mut message = format!("{} is not one of {}", describe(value), all.join(", "));
        if let Some(near) = value.as_str().and_then(|text| closest(text, texts)) {
            message += &format!("; did you mean {near:?}?");
        }
        found.error(value, "enum", message);
    }

    fn number(&mut self, value: &'a Value, schema: &Value) {
        let bound = |key: &str| field(schema, key).and_then(Value::as_f64);
        let Some(number) = value.as_f64() else { return };
        if let Some(least) = bound("minimum") {
            let is_open = is_true(schema, "exclusiveMinimum");
            if number < least || (is_open && number == least) {
                self.error(value, || {
                    format!("{number} is not {}{least}", if is_open { "more than " } else { "at least " })
                });
            }
        }
        if let Some(most) = bound("maximum") {
            let is_open = is_true(schema, "exclusiveMaximum");
            if number > most || (is_open && number == most) {
                self.error(value, || {
                    format!("{number} is not {}{most}", if is_open { "less than " } else { "at most " })
                });
            }
        }
        if let Some(factor) = bound("multipleOf")
            && (factor <= 0.0 || (number / factor).fract() != 0.0)
        {
            self.error(value, || format!("{number} is not a multiple of {factor}"));
        }
    }

    fn text(&mut self, value: &'a Value, text: &'a str, schema: &Value) {
        let length = || i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        if let Some(least) = int(schema, "minLength").filter(|least| length() < *least) {
            self.error(value, || format!("{} is shorter than {least} characters", shorten(text)));
        }
        if let Some(most) = int(schema, "maxLength").filter(|most| length() > *most) {
            self.error(value, || format!("{} is longer than {most} characters", shorten(text)));
        }
        let pattern = field(schema, "pattern").and_then(Value::as_str);
        if let Some(pattern) = pattern
            && self.patterns.get(pattern).is_some_and(|regex| !regex.is_match(text))
        {
            self.error(value, || format!("{} does not match {pattern}", shorten(text)));
        }
        if let Some(name) = field(schema, "format").and_then(Value::as_str)
            && !format::fits(name, text)
        {
            self.error(value, || format!("{} is not of format {name}", shorten(text)));
        }
    }

    fn list(&mut self, value: &'a Value, list: &'a [Value], schema: &Value) {
        let bounds = Bounds { least: "minItems", most: "maxItems", of: "items" };
        self.count(value, list.len(), schema, bounds);
        if let Some(item) = field(schema, "items").filter(|item| item.as_mapping().is_some()) {
            list.iter().for_each(|value| self.check(value, item));
        }
    }

    fn count(&mut self, value: &'a Value, count: usize, schema: &Value, Bounds { least, most, of }: Bounds) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        if let Some(least) = int(schema, least).filter(|least| count < *least) {
            self.error(value, || format!("there are {count} {of}, and at least {least} are needed"));
        }
        if let Some(most) = int(schema, most).filter(|most| count > *most) {
            self.error(value, || format!("there are {count} {of}, and at most {most} are allowed"));
        }
    }

    fn object(&mut self, value: &'a Value, schema: &Value) {
        self.requirements(value, schema);
        let properties = field(schema, "properties");
        let additional = field(schema, "additionalProperties").filter(|schema| schema.as_mapping().is_some());
        let is_embedded = is_true(schema, "x-kubernetes-embedded-resource");
        for (name, value) in value.as_mapping().into_iter().flatten() {
            let known = properties.and_then(|properties| field(properties, name)).or(additional);
            if let Some(schema) = known.filter(|_| !(is_embedded && name == "metadata")) {
                self.check(value, schema);
            }
        }
        if is_embedded {
            self.embedded(value);
        }
    }

    fn requirements(&mut self, object: &'a Value, schema: &Value) {
        let bounds = Bounds { least: "minProperties", most: "maxProperties", of: "fields" };
        self.count(object, object.as_mapping().into_iter().flatten().count(), schema, bounds);
        for name in items(schema, "required").iter().filter_map(Value::as_str) {
            let property = field(schema, "properties").and_then(|all| field(all, name));
            let has_default = property.is_some_and(|property| field(property, "default").is_some());
            if object.get(name).is_none() && (!has_default || self.is_default) {
                self.key_error(object, name, "required", || format!("required field {name:?} is missing"));
            }
        }
    }

    /// A resource inside a resource has to be one.
    fn embedded(&mut self, value: &'a Value) {
        let version = text(value, "apiVersion").unwrap_or_default();
        let kind = text(value, "kind").unwrap_or_default();
        for (key, text) in [("apiVersion", version), ("kind", kind)] {
            if text.is_empty() {
                self.key_error(value, key, "required", || format!("a resource needs {key}"));
            }
        }
        if version.matches('/').count() > 1 {
            self.key_error(value, "apiVersion", "name", || format!("{version:?} is not group/version"));
        }
        if !kind.is_empty()
            && let Some(complaint) = names::dns1035_label(&kind.to_lowercase())
        {
            self.key_error(value, "kind", "name", || format!("{kind:?}: {complaint}"));
        }
        if let Some(found) = &mut self.found {
            metadata::check_embedded(value, found);
        }
    }

    fn alternatives(&mut self, value: &'a Value, schema: &Value) {
        for part in items(schema, "allOf") {
            self.check(value, part);
        }
        let any = items(schema, "anyOf");
        if !any.is_empty() && !any.iter().any(|part| self.fits(value, part)) {
            self.error(value, || format!("{} fits none of the {} alternatives", describe(value), any.len()));
        }
        let one = items(schema, "oneOf");
        let fitting = one.iter().filter(|part| self.fits(value, part)).count();
        if !one.is_empty() && fitting != 1 {
            self.error(value, || {
                format!("{} fits {fitting} of the {} alternatives, not one", describe(value), one.len())
            });
        }
        if let Some(part) = field(schema, "not")
            && self.fits(value, part)
        {
            self.error(value, || format!("{} is just what is not allowed", describe(value)));
        }
    }
}
