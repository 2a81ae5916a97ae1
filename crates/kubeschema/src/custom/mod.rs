//! Custom resources: kinds that a CustomResourceDefinition adds.
//!
//! The server reads them in two steps, and so does this. First the structure:
//! unknown fields, types, lists that are maps or sets. Then the values: what
//! OpenAPI says of numbers, texts and lengths. If all of that is fine, rules in CEL
//! are run.

use std::collections::{BTreeMap, HashMap};

use goyaml::Value;
use regex::Regex;

use crate::finding::Findings;
use crate::kind::Scope;
use crate::rules::metadata;
use crate::view::{at, field, is_true, items, text};
use crate::{names, schema};
use rules::Rules;

mod format;
pub(crate) mod rules;
mod structure;
mod values;

pub use format::is_duration;
pub(crate) use structure::{Embedded, check as check_structure};
pub(crate) use values::check as check_values;

/// The compiled patterns of schemas; one that Go cannot compile is not there.
pub(crate) type Patterns = HashMap<String, Regex>;

/// The kinds that definitions add.
#[derive(Debug, Default)]
pub(crate) struct CustomKinds {
    /// By group, kind and version.
    kinds: BTreeMap<(String, String, String), CustomKind>,
    patterns: Patterns,
}

/// A kind in one version.
#[derive(Debug)]
pub(crate) struct CustomKind {
    scope: Scope,
    schema: Value,
    rules: Option<Rules>,
    /// Whether status is apart, so that what an apply says of it is dropped.
    has_status: bool,
}

impl CustomKinds {
    /// Adds the kinds of a CustomResourceDefinition.
    pub(crate) fn define(&mut self, definition: &Value) {
        let Some(spec) = field(definition, "spec") else { return };
        let kind = at(spec, &["names", "kind"]).and_then(Value::as_str);
        let (Some(group), Some(kind)) = (text(spec, "group"), kind) else { return };
        let scope = if text(spec, "scope") == Some("Cluster") { Scope::Cluster } else { Scope::Namespace };
        let served = items(spec, "versions").iter().filter(|version| is_true(version, "served"));
        for version in served {
            let Some(name) = text(version, "name") else { continue };
            let schema = at(version, &["schema", "openAPIV3Schema"]).cloned().unwrap_or_default();
            collect_patterns(&schema, &mut self.patterns);
            let has_status = at(version, &["subresources", "status"]).is_some();
            let key = (group.to_owned(), kind.to_owned(), name.to_owned());
            let rules = Rules::compile(&schema, true);
            self.kinds.insert(key, CustomKind { scope, schema, rules, has_status });
        }
    }

    /// Returns a kind by its name.
    pub(crate) fn kind(&self, group: &str, version: &str, kind: &str) -> Option<&CustomKind> {
        self.kinds.get(&(group.to_owned(), kind.to_owned(), version.to_owned()))
    }

    /// Returns the versions of a kind.
    pub(crate) fn versions(&self, group: &str, kind: &str) -> Vec<&str> {
        let named = self.kinds.keys().filter(|(known, name, _)| known == group && name == kind);
        named.map(|(_, _, version)| version.as_str()).collect()
    }

    /// Checks a resource of a custom kind.
    pub(crate) fn check<'a>(
        &self,
        kind: &CustomKind,
        embedded: Embedded<'_>,
        resource: &'a Value,
        found: &mut Findings<'a>,
    ) {
        check_metadata(resource, Some(kind.scope), embedded, found);
        structure::check_root(resource, &kind.schema, embedded, found);
        values::check_root(resource, &kind.schema, kind.has_status, &self.patterns, found);
        if let Some(rules) = kind.rules.as_ref().filter(|_| !found.has_errors()) {
            rules.check_root(resource, &kind.schema, kind.has_status, found);
        }
    }
}

/// Checks what resources have whose kind is not Kubernetes' own.
pub(crate) fn check_metadata<'a>(
    resource: &'a Value,
    scope: Option<Scope>,
    Embedded { graph, minor }: Embedded<'_>,
    found: &mut Findings<'a>,
) {
    if let Some(metadata) = field(resource, "metadata") {
        schema::check(graph, graph.object_meta(), minor, metadata, found);
    }
    metadata::check_named(names::dns_subdomain, scope, resource, found);
    metadata::check_custom_finalizers(resource, found);
}

/// Compiles every pattern in a schema.
pub(crate) fn collect_patterns(schema: &Value, patterns: &mut Patterns) {
    match schema {
        Value::Mapping(entries) => {
            for (key, value) in entries {
                if let ("pattern", Value::String(pattern)) = (key.as_str(), value)
                    && !patterns.contains_key(pattern)
                    && let Ok(regex) = kubecel::go_regex(pattern)
                {
                    patterns.insert(pattern.clone(), regex);
                }
                collect_patterns(value, patterns);
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| collect_patterns(item, patterns)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_cannot_read_is_left_out() {
        let schema = goyaml::from_str("{pattern: '(?=x)y', items: {pattern: '^a'}}").unwrap();
        let mut patterns = Patterns::new();
        collect_patterns(&schema, &mut patterns);
        assert_eq!(patterns.keys().collect::<Vec<_>>(), ["^a"]);
    }
}
