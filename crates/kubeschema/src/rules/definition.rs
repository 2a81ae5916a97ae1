//! CustomResourceDefinitions: names, versions, and schemas that are structural.
//!
//! A structural schema says of every value which type it has, so that unknown
//! fields can be found and defaults filled in.

use goyaml::Value;

use super::admission::{client_config, review_versions};
use super::common::{one_of, required};
use super::expressions::expression_complaint;
use kubecel::Type;

use crate::cel::Extent;
use crate::custom::rules::{RULES, compile, cost};
use crate::custom::{self, Embedded, Patterns};
use crate::finding::Findings;
use crate::names;
use crate::view::{at, entries, field, filled, int, is_true, items, text};

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";
const INT_OR_STRING: &str = "x-kubernetes-int-or-string";
const LIST_TYPE: &str = "x-kubernetes-list-type";
const LIST_KEYS: &str = "x-kubernetes-list-map-keys";
/// What a rule may cost at most, and all of a version together.
const MOST_OF_ONE: u64 = 10_000_000;
const MOST_OF_ALL: u64 = 100_000_000;
const MAP_TYPE: &str = "x-kubernetes-map-type";

/// Checks a CustomResourceDefinition.
pub(crate) fn check<'a>(resource: &'a Value, embedded: Embedded<'_>, found: &mut Findings<'a>) {
    let Some(spec) = field(resource, "spec") else { return };
    names_fit(resource, spec, found);
    one_of(spec, "scope", &["Cluster", "Namespaced"], found);
    if is_true(spec, "preserveUnknownFields") {
        let message = format!("it has to be false; set {PRESERVE} in the schema");
        found.key_error(spec, "preserveUnknownFields", "forbidden", message);
    }
    if let Some(conversion) = field(spec, "conversion") {
        check_conversion(conversion, found);
    }
    versions(spec, embedded, found);
}

fn names_fit<'a>(resource: &'a Value, spec: &'a Value, found: &mut Findings<'a>) {
    let group = text(spec, "group").unwrap_or_default();
    super::common::named(spec, "group", names::dns_subdomain, found);
    if !group.is_empty() && !group.contains('.') {
        found.key_error(spec, "group", "name", format!("{group:?} is no domain with at least one dot"));
    }
    let Some(names) = field(spec, "names") else { return };
    for key in ["plural", "singular"] {
        super::common::named(names, key, names::dns1035_label, found);
    }
    for key in ["kind", "listKind"] {
        super::common::named(names, key, lower_label, found);
    }
    for key in ["shortNames", "categories"] {
        super::common::all_named(names, key, names::dns1035_label, found);
    }
    let (kind, list) = (filled(names, "kind"), filled(names, "listKind"));
    if kind.is_some() && kind == list {
        found.key_error(names, "listKind", "exclusive", "kind and listKind are the same");
    }
    let Some(metadata) = field(resource, "metadata") else { return };
    let name = format!("{}.{group}", text(names, "plural").unwrap_or_default());
    if filled(metadata, "name").is_some_and(|known| known != name) {
        found.key_error(metadata, "name", "name", format!("the name has to be {name}, plural and group"));
    }
    approval(metadata, group, found);
}

fn lower_label(kind: &str) -> Option<&'static str> {
    names::dns1035_label(&kind.to_lowercase())
}

/// Groups of Kubernetes' own domains need a link to who approved them.
fn approval<'a>(metadata: &'a Value, group: &str, found: &mut Findings<'a>) {
    const APPROVED: &str = "api-approved.kubernetes.io";
    let is_own = ["k8s.io", "kubernetes.io"]
        .iter()
        .any(|domain| group == *domain || group.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')));
    let value = field(metadata, "annotations").and_then(|annotations| text(annotations, APPROVED));
    let is_approved = value.is_some_and(|value| value.starts_with("unapproved") || value.contains("://"));
    if is_own && !is_approved {
        found.key_error(
            metadata,
            "annotations",
            "required",
            format!("group {group} needs the annotation {APPROVED}"),
        );
    }
}

fn check_conversion<'a>(conversion: &'a Value, found: &mut Findings<'a>) {
    one_of(conversion, "strategy", &["None", "Webhook"], found);
    let webhook = field(conversion, "webhook");
    match (text(conversion, "strategy"), webhook) {
        (Some("Webhook"), Some(webhook)) => {
            required(webhook, &["clientConfig", "conversionReviewVersions"], found);
            review_versions(webhook, "conversionReviewVersions", found);
            if let Some(config) = field(webhook, "clientConfig") {
                client_config(config, found);
            }
        }
        (Some("Webhook"), None) => {
            found.key_error(conversion, "webhook", "required", "strategy Webhook needs webhook");
        }
        (Some("None"), Some(_)) => {
            found.key_error(conversion, "webhook", "forbidden", "strategy None has no webhook");
        }
        _ => {}
    }
}

fn versions<'a>(spec: &'a Value, embedded: Embedded<'_>, found: &mut Findings<'a>) {
    let versions = items(spec, "versions");
    let stored = versions.iter().filter(|version| is_true(version, "storage")).count();
    if stored != 1 {
        found.key_error(
            spec,
            "versions",
            "crd",
            format!("{stored} versions have storage: true; it has to be one"),
        );
    }
    for (index, version) in versions.iter().enumerate() {
        super::common::named(version, "name", names::dns1035_label, found);
        let name = text(version, "name");
        if versions[..index].iter().any(|other| text(other, "name") == name) {
            found.key_error(version, "name", "duplicate", "another version has the same name");
        }
        if field(version, "deprecationWarning").is_some() && !is_true(version, "deprecated") {
            found.key_error(version, "deprecationWarning", "forbidden", "the version is not deprecated");
        }
        items(version, "additionalPrinterColumns").iter().for_each(|column| printer_column(column, found));
        scale(version, found);
        let Some(schema) = at(version, &["schema", "openAPIV3Schema"]) else {
            found.key_error(version, "schema", "required", "a version needs a schema");
            continue;
        };
        root(schema, found);
        selectable(version, schema, found);
        let mut patterns = Patterns::new();
        custom::collect_patterns(schema, &mut patterns);
        let before = found.count_errors();
        let mut structural = Structural { embedded, patterns: &patterns, found, cost: 0, count: Some(1) };
        structural.node(schema, Place::Root);
        let cost = structural.cost;
        // Of rules that cannot be compiled, costs say nothing.
        if cost > MOST_OF_ALL && found.count_errors() == before {
            found.error(schema, "cost", too_costly("all rules together", cost, MOST_OF_ALL));
        }
    }
}

fn printer_column<'a>(column: &'a Value, found: &mut Findings<'a>) {
    one_of(column, "type", &["boolean", "date", "integer", "number", "string"], found);
    if let Some(path) = filled(column, "jsonPath").filter(|path| !path.starts_with('.')) {
        found.key_error(column, "jsonPath", "path", format!("{path:?} has to start with '.'"));
    }
}

fn scale<'a>(version: &'a Value, found: &mut Findings<'a>) {
    let Some(scale) = at(version, &["subresources", "scale"]) else { return };
    let paths: [(&str, &[&str]); 3] = [
        ("specReplicasPath", &[".spec."]),
        ("statusReplicasPath", &[".status."]),
        ("labelSelectorPath", &[".spec.", ".status."]),
    ];
    for (key, starts) in paths {
        if let Some(path) =
            filled(scale, key).filter(|path| !starts.iter().any(|start| path.starts_with(start)))
        {
            found.key_error(
                scale,
                key,
                "path",
                format!("{path:?} has to start with {}", starts.join(" or ")),
            );
        }
    }
}

/// A field to select by has to be in the schema and of a scalar type.
fn selectable<'a>(version: &'a Value, schema: &Value, found: &mut Findings<'a>) {
    for selected in items(version, "selectableFields") {
        let Some(path) = filled(selected, "jsonPath") else { continue };
        let keys: Vec<&str> = path.split('.').skip(1).collect();
        let target = keys.iter().try_fold(schema, |schema, key| at(schema, &["properties", key]));
        let kind = target.and_then(|schema| text(schema, "type")).unwrap_or_default();
        let is_field = path.starts_with('.') && keys.first() != Some(&"metadata");
        if !is_field || !["string", "boolean", "integer"].contains(&kind) {
            let message = format!("{path:?} leads to no string, boolean or integer of the schema");
            found.key_error(selected, "jsonPath", "path", message);
        }
    }
}

/// What holds for the root: it is an object, and its metadata is that of all resources.
fn root<'a>(schema: &'a Value, found: &mut Findings<'a>) {
    match filled(schema, "type") {
        None => found.key_error(schema, "type", "crd", "the root needs type: object"),
        Some("object") => {}
        Some(_) => found.key_error(schema, "type", "crd", "a resource is an object"),
    }
    if field(schema, "additionalProperties").is_some() {
        found.key_error(schema, "additionalProperties", "crd", "the root of a resource has fixed fields");
    }
    for (key, kind) in [("apiVersion", "string"), ("kind", "string"), ("metadata", "object")] {
        if let Some(property) = at(schema, &["properties", key])
            && filled(property, "type") != Some(kind)
        {
            found.key_error(property, "type", "crd", format!("{key} has to be of type {kind}"));
        }
    }
    let Some(metadata) = at(schema, &["properties", "metadata"]) else { return };
    for (key, value) in metadata.as_mapping().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        if !["type", "description", "properties"].contains(&key.as_str()) {
            found.error(value, "crd", "of metadata, a schema can restrict name and generateName only");
        }
    }
    for (_, value) in
        entries(metadata, "properties").filter(|(key, _)| !["name", "generateName"].contains(key))
    {
        found.error(value, "crd", "of metadata, a schema can restrict name and generateName only");
    }
}

/// Where in a schema a node is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Property,
    Items,
}

struct Structural<'g, 'f, 'a> {
    embedded: Embedded<'g>,
    patterns: &'g Patterns,
    found: &'f mut Findings<'a>,
    /// What the rules so far cost at worst.
    cost: u64,
    /// How many values of the schema there may be at most, as far as limits of lists and maps say it.
    count: Option<u64>,
}

impl<'a> Structural<'_, '_, 'a> {
    fn node(&mut self, schema: &'a Value, place: Place) {
        self.has_type(schema, place);
        self.extensions(schema);
        self.lists(schema);
        self.value_rules(schema, place);
        if field(schema, "properties").is_some() && field(schema, "additionalProperties").is_some() {
            let message = "properties and additionalProperties exclude each other";
            self.found.key_error(schema, "additionalProperties", "crd", message);
        }
        for key in ["allOf", "anyOf", "oneOf"] {
            items(schema, key).iter().for_each(|part| self.alternative(part, schema));
        }
        if let Some(part) = field(schema, "not") {
            self.alternative(part, schema);
        }
        let outer = self.count;
        self.count = outer.zip(most_of(schema)).map(|(count, most)| count.saturating_mul(most));
        for (_, property) in entries(schema, "properties") {
            self.node(property, Place::Property);
        }
        for key in ["items", "additionalProperties"] {
            if let Some(inner) = field(schema, key).filter(|inner| inner.as_mapping().is_some()) {
                self.node(inner, Place::Items);
            }
        }
        self.count = outer;
        self.default(schema);
    }

    fn has_type(&mut self, schema: &'a Value, place: Place) {
        match filled(schema, "type") {
            Some(kind) if !TYPES.contains(&kind) => {
                let message = format!("{kind:?} is not one of {}", TYPES.join(", "));
                self.found.key_error(schema, "type", "crd", message);
            }
            None if place != Place::Root && !is_true(schema, INT_OR_STRING) && !is_true(schema, PRESERVE) => {
                self.found.key_error(
                    schema,
                    "type",
                    "crd",
                    "a structural schema says the type of every value",
                );
            }
            _ => {}
        }
        if text(schema, "type") == Some("array") && field(schema, "items").is_none() {
            self.found.key_error(schema, "items", "crd", "an array needs items");
        }
    }

    fn extensions(&mut self, schema: &'a Value) {
        if field(schema, PRESERVE).and_then(Value::as_bool) == Some(false) {
            self.found.key_error(schema, PRESERVE, "crd", "it is true or not there");
        }
        if is_true(schema, "uniqueItems") {
            self.found.key_error(
                schema,
                "uniqueItems",
                "crd",
                format!("it is not allowed; use {LIST_TYPE}: set"),
            );
        }
        for key in ["$ref", "id", "$schema"].iter().filter(|key| filled(schema, key).is_some()) {
            self.found.key_error(schema, key, "crd", "a schema stands for itself, so it is not allowed");
        }
        if let Some(pattern) =
            filled(schema, "pattern").filter(|pattern| !self.patterns.contains_key(*pattern))
        {
            self.found.key_error(
                schema,
                "pattern",
                "crd",
                format!("{pattern:?} is not a regular expression of Go"),
            );
        }
    }

    fn lists(&mut self, schema: &'a Value) {
        let kind = filled(schema, LIST_TYPE);
        let keys = items(schema, LIST_KEYS);
        if let Some(kind) = kind {
            if !["atomic", "set", "map"].contains(&kind) {
                let message = format!("{kind:?} is not one of atomic, set, map");
                return self.found.key_error(schema, LIST_TYPE, "crd", message);
            }
            if text(schema, "type") != Some("array") {
                self.found.key_error(schema, "type", "crd", format!("{LIST_TYPE} needs type: array"));
            }
        }
        match kind {
            Some("map") => self.map_list(schema, keys),
            Some("set") => self.set(schema),
            _ => {}
        }
        if kind != Some("map") && !keys.is_empty() {
            self.found.key_error(schema, LIST_KEYS, "crd", format!("it needs {LIST_TYPE}: map"));
        }
        if let Some(kind) = filled(schema, MAP_TYPE).filter(|kind| !["atomic", "granular"].contains(kind)) {
            self.found.key_error(schema, MAP_TYPE, "crd", format!("{kind:?} is not one of atomic, granular"));
        }
        if field(schema, MAP_TYPE).is_some() && text(schema, "type") != Some("object") {
            self.found.key_error(schema, "type", "crd", format!("{MAP_TYPE} needs type: object"));
        }
    }

    fn map_list(&mut self, schema: &'a Value, keys: &'a [Value]) {
        if keys.is_empty() {
            return self.found.key_error(schema, LIST_KEYS, "crd", format!("{LIST_TYPE}: map needs it"));
        }
        let Some(item) = field(schema, "items") else { return };
        if text(item, "type") != Some("object") {
            self.found.key_error(
                item,
                "type",
                "crd",
                format!("items of {LIST_TYPE}: map are of type object"),
            );
        }
        let required = items(item, "required");
        for key in keys {
            let Some(name) = key.as_str() else { continue };
            let Some(property) = at(item, &["properties", name]) else {
                self.found.error(key, "crd", format!("the items have no property {name:?}"));
                continue;
            };
            if ["array", "object"].contains(&text(property, "type").unwrap_or_default()) {
                self.found.error(key, "crd", format!("{name:?} is no scalar, so it tells no items apart"));
            }
            let is_required = required.iter().any(|one| one.as_str() == Some(name));
            if !is_required && field(property, "default").is_none() {
                self.found.error(key, "crd", format!("{name:?} has to be required or have a default"));
            }
        }
    }

    fn set(&mut self, schema: &'a Value) {
        let Some(item) = field(schema, "items") else { return };
        let (key, kind) = match text(item, "type") {
            Some("object") => (MAP_TYPE, text(item, MAP_TYPE)),
            Some("array") => (LIST_TYPE, Some(text(item, LIST_TYPE).unwrap_or("atomic"))),
            _ => return,
        };
        if kind != Some("atomic") {
            self.found.key_error(
                item,
                key,
                "crd",
                "items of a set are compared as a whole, so it has to be atomic",
            );
        }
    }

    fn value_rules(&mut self, schema: &'a Value, place: Place) {
        let rules = items(schema, RULES);
        if rules.is_empty() {
            return;
        }
        let is_resource = place == Place::Root || is_true(schema, "x-kubernetes-embedded-resource");
        let kind = crate::cel::type_of(schema, is_resource);
        let extent = crate::cel::extent_of(schema, is_resource);
        for rule in rules {
            let before = self.found.count_errors();
            value_rule(rule, kind.as_ref(), self.found);
            if let (Some(kind), Some(extent)) = (&kind, &extent)
                && self.found.count_errors() == before
            {
                self.rule_cost(rule, kind, extent);
            }
        }
    }

    /// A server takes no rule that could take too long.
    fn rule_cost(&mut self, rule: &'a Value, kind: &Type, extent: &Extent) {
        let is_optional = is_true(rule, "optionalOldSelf");
        let count = self.count.unwrap_or_else(|| extent.count());
        for (key, times) in [("rule", count), ("messageExpression", 1)] {
            let Some(source) = filled(rule, key) else { continue };
            let cost = cost(source, kind, is_optional, &extent.bound).saturating_mul(times);
            self.cost = self.cost.saturating_add(cost);
            if cost > MOST_OF_ONE {
                self.found.key_error(rule, key, "cost", too_costly("it", cost, MOST_OF_ONE));
            }
        }
    }

    /// Alternatives restrict values; what a value is stands outside of them.
    fn alternative(&mut self, part: &'a Value, outer: &Value) {
        const STRUCTURE: [&str; 5] = ["type", "description", "default", "additionalProperties", "nullable"];
        // The one exception spells out what an integer or string is.
        let is_int_or_string = is_true(outer, INT_OR_STRING);
        for key in STRUCTURE.iter().filter(|key| field(part, key).is_some()) {
            if !(is_int_or_string && *key == "type") {
                self.found.key_error(part, key, "crd", format!("{key} has to be outside of alternatives"));
            }
        }
        for (name, inner) in entries(part, "properties") {
            match at(outer, &["properties", name]) {
                Some(outer) => self.alternative(inner, outer),
                None if field(outer, "additionalProperties").is_some() => {}
                None => {
                    let message =
                        format!("{name:?} has to be a property outside of the alternatives as well");
                    self.found.error(inner, "crd", message);
                }
            }
        }
        if let (Some(inner), Some(outer)) = (field(part, "items"), field(outer, "items")) {
            self.alternative(inner, outer);
        }
        for key in ["allOf", "anyOf", "oneOf"] {
            items(part, key).iter().for_each(|inner| self.alternative(inner, outer));
        }
        if let Some(inner) = field(part, "not") {
            self.alternative(inner, outer);
        }
    }

    /// A default has to fit its own schema.
    fn default(&mut self, schema: &'a Value) {
        let Some(default) = field(schema, "default") else { return };
        custom::check_structure(default, schema, self.embedded, self.found);
        custom::check_values(default, schema, self.patterns, self.found);
    }
}

/// How many times there may be at most what is in a value; none if nothing says it.
fn most_of(schema: &Value) -> Option<u64> {
    let limit = |key: &str| int(schema, key).map(|limit| limit.max(0).unsigned_abs());
    match text(schema, "type") {
        Some("object") if field(schema, "additionalProperties").is_some() => limit("maxProperties"),
        Some("array") => limit("maxItems"),
        _ => Some(1),
    }
}

/// Says that rules take too long, as a server does.
fn too_costly(what: &str, cost: u64, most: u64) -> String {
    let factor = cost as f64 / most as f64;
    let factor = if factor > 100.0 { "more than 100".to_owned() } else { format!("{factor:.2}") };
    format!(
        "{what} may cost {factor} times what a server allows; simplify, or limit with maxItems, maxProperties \
         and maxLength what it looks at"
    )
}

/// Checks a rule in CEL about values of a type.
fn value_rule<'a>(rule: &'a Value, kind: Option<&Type>, found: &mut Findings<'a>) {
    let is_blank = |key: &str| text(rule, key).is_some_and(|text| !text.is_empty() && text.trim().is_empty());
    if text(rule, "rule").is_none_or(|text| text.trim().is_empty()) {
        return found.key_error(rule, "rule", "required", "a rule is an expression");
    }
    for key in ["message", "messageExpression"].into_iter().filter(|key| is_blank(key)) {
        found.key_error(rule, key, "text", format!("{key} is only blanks"));
    }
    if let Some(message) = text(rule, "message").filter(|message| message.trim().contains('\n')) {
        found.key_error(rule, "message", "text", format!("{message:?} has more than one line"));
    }
    if text(rule, "rule").is_some_and(|text| text.trim().contains('\n')) && filled(rule, "message").is_none()
    {
        found.key_error(rule, "message", "required", "a rule of several lines needs a message");
    }
    let reasons = ["FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate"];
    one_of(rule, "reason", &reasons, found);
    let Some(kind) = kind else { return };
    let is_optional = is_true(rule, "optionalOldSelf");
    let source = text(rule, "rule").unwrap_or_default();
    match compile(source, kind, is_optional) {
        Err(err) => found.key_error(rule, "rule", "cel", expression_complaint(source, &err)),
        Ok(program) if *program.result() != Type::Bool => {
            let message = format!("a rule comes to true or false, and this to {}", program.result());
            found.key_error(rule, "rule", "cel", message);
        }
        Ok(program) if field(rule, "optionalOldSelf").is_some() && !program.uses("oldSelf") => {
            found.key_error(rule, "optionalOldSelf", "forbidden", "the rule does not use oldSelf");
        }
        Ok(_) => {}
    }
    let Some(source) = filled(rule, "messageExpression").filter(|text| !text.trim().is_empty()) else {
        return;
    };
    match compile(source, kind, is_optional) {
        Err(err) => found.key_error(rule, "messageExpression", "cel", expression_complaint(source, &err)),
        Ok(program) if *program.result() != Type::String => {
            let message = format!("a message is a string, and this comes to {}", program.result());
            found.key_error(rule, "messageExpression", "cel", message);
        }
        Ok(_) => {}
    }
}
