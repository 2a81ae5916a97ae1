//! What the Kubernetes API server accepts, told offline.
//!
//! The server checks an applied object in stages: does it have the form of a
//! resource, is its kind served, do fields and types fit the schema, and do the
//! values make sense together. So does [`Schemas::check`], for any of ten minors,
//! and it reports what every stage finds, not the first.
//!
//! What a real server (1.36) refuses in a server-side apply is an error; what it
//! takes is none, but for integers that it silently wraps. What depends on the
//! state of a cluster is left out.
//!
//! ```
//! use kubeschema::{Minor, Schemas};
//!
//! let schemas = Schemas::embedded();
//! let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndta: {b: c}\n";
//! let findings = schemas.check_text(text, Minor::LAST);
//! assert_eq!(findings[0].message, "unknown field \"dta\"; did you mean \"data\"?");
//! assert_eq!(findings[0].path.to_string(), "dta");
//! ```

mod cel;
mod custom;
mod finding;
mod graph;
mod identity;
mod kind;
mod minor;
mod names;
mod part;
mod rules;
mod scalar;
mod schema;
mod suggest;
mod view;

use goyaml::Value;

pub use custom::is_duration;
pub use finding::{Finding, KeyPath, Level, Segment};
pub use kind::{Kind, Scope};
pub use minor::Minor;
pub use part::{ListKeys, Part};
pub use scalar::{is_time, quantity};
pub use suggest::closest;

/// Returns a resource as expressions in CEL see it when no schema says more.
pub fn cel_value(resource: &Value) -> kubecel::Value {
    cel::untyped(resource)
}

use custom::{CustomKinds, Embedded};
use finding::Findings;
use graph::Graph;
use kind::{Absence, absence, split};

/// How deep a resource may nest. The checks recurse, and no resource comes near.
const MAX_DEPTH: usize = 500;

/// The schemas of all minors, and those of custom resources.
#[derive(Debug)]
pub struct Schemas {
    graph: Graph,
    custom: CustomKinds,
}

impl Schemas {
    /// Reads the schemas that are part of the program. Do it once: it takes a while.
    pub fn embedded() -> Self {
        Self { graph: Graph::embedded(), custom: CustomKinds::default() }
    }

    /// Adds the kinds of a CustomResourceDefinition; any other resource adds none.
    pub fn define(&mut self, resource: &Value) {
        if view::text(resource, "kind") == Some("CustomResourceDefinition") {
            self.custom.define(resource);
        }
    }

    /// Returns what is known of one of Kubernetes' own kinds, in whichever minors it is served.
    pub fn kind(&self, api_version: &str, kind: &str) -> Option<&Kind> {
        let (group, version) = split(api_version);
        self.graph.kind(group, version, kind)
    }

    /// Checks the text of one resource, its YAML included.
    pub fn check_text(&self, text: &str, minor: Minor) -> Vec<Finding> {
        let error = |rule, message| Finding { level: Level::Error, rule, path: KeyPath::default(), message };
        let (resource, oddities) = match goyaml::from_str_with_oddities::<Value>(text) {
            Ok(read) => read,
            Err(err) => return vec![error("yaml", err.to_string())],
        };
        let again = oddities.duplicate_keys.iter().map(|key| {
            error("duplicate-key", format!("line {}: key {:?} is set before", key.location.line, key.key))
        });
        let mut findings: Vec<Finding> = again.collect();
        findings.extend(self.check(&resource, minor));
        findings
    }

    /// Checks one resource.
    pub fn check(&self, resource: &Value, minor: Minor) -> Vec<Finding> {
        let mut found = Findings::new(resource);
        if view::is_deeper(resource, MAX_DEPTH) {
            found.error(resource, "depth", format!("more than {MAX_DEPTH} levels of lists and maps"));
            return found.finish();
        }
        self.check_kind(resource, minor, &mut found);
        found.finish()
    }

    /// Checks what every resource has, whatever its kind: that it is one, its name, labels and so on.
    pub fn check_metadata(&self, resource: &Value, minor: Minor) -> Vec<Finding> {
        let mut found = Findings::new(resource);
        let is_resource =
            !view::is_deeper(resource, MAX_DEPTH) && identity::check(resource, &mut found).is_some();
        if is_resource {
            custom::check_metadata(resource, None, Embedded { graph: &self.graph, minor }, &mut found);
        }
        found.finish()
    }

    fn check_kind<'a>(&self, resource: &'a Value, minor: Minor, found: &mut Findings<'a>) {
        let Some((api_version, kind)) = identity::check(resource, found) else { return };
        let embedded = Embedded { graph: &self.graph, minor };
        let (group, version) = split(api_version);
        let known = self.graph.kind(group, version, kind).filter(|known| known.is_served(minor));
        if let Some((known, definition)) = known.and_then(|known| Some((known, known.definition?))) {
            schema::check(&self.graph, definition, minor, resource, found);
            rules::check(known, embedded, resource, found);
            if let Some(message) = known.deprecation(minor) {
                found.warning(resource, "deprecated-api", message);
            }
        } else if let Some(custom) = self.custom.kind(group, version, kind) {
            self.custom.check(custom, embedded, resource, found);
        } else {
            let (rule, message) = self.absence(api_version, kind, minor);
            found.key_error(resource, "kind", rule, message);
        }
    }

    /// Says why there is no schema for a kind.
    fn absence(&self, api_version: &str, kind: &str, minor: Minor) -> (&'static str, String) {
        let versions = self.custom.versions(split(api_version).0, kind);
        if !versions.is_empty() {
            let message = format!("{kind} has no version {api_version:?}, only {}", versions.join(", "));
            return ("unknown-kind", message);
        }
        let (absence, message) = absence(&self.graph, api_version, kind, minor);
        match absence {
            Absence::OtherMinor => ("removed-api", message),
            Absence::Unknown => ("unknown-kind", message),
            Absence::Foreign => ("no-schema", message),
        }
    }
}

/// Runs the README's example with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
