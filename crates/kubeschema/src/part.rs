//! What schemas say of the parts of a resource: which fields are there, and what
//! tells the items of a list apart.

use crate::Schemas;
use crate::graph::{Definition, Graph, Identity, Shape};
use crate::kind::split;

/// A part of a resource of one of Kubernetes' own kinds, as its schema has it.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    graph: &'a Graph,
    shape: Described<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Described<'a> {
    Object(&'a Definition),
    Other(&'a Shape),
}

/// What tells the items of a list apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKeys<'a> {
    /// Their places.
    Place,
    /// The items themselves.
    Value,
    /// These fields, each with what it is if it is left out.
    Fields(&'a [(&'static str, Option<&'static str>)]),
}

impl Schemas {
    /// Returns what is known of resources of a kind, as a whole.
    pub fn part(&self, api_version: &str, kind: &str) -> Option<Part<'_>> {
        let (group, version) = split(api_version);
        let definition = self.graph.kind(group, version, kind)?.definition?;
        Some(Part { graph: &self.graph, shape: Described::Object(self.graph.definition(definition)) })
    }
}

impl<'a> Part<'a> {
    fn of(graph: &'a Graph, shape: &'a Shape) -> Self {
        let shape = match shape {
            Shape::Definition(number) => Described::Object(graph.definition(*number)),
            _ => Described::Other(shape),
        };
        Part { graph, shape }
    }

    /// Returns the value of a key, as the latest minor has it that knows the key.
    pub fn field(self, name: &str) -> Option<Part<'a>> {
        match self.shape {
            Described::Object(definition) => {
                Some(Part::of(self.graph, &definition.latest_field(name)?.shape))
            }
            Described::Other(Shape::Map(inner)) => Some(Part::of(self.graph, inner)),
            Described::Other(_) => None,
        }
    }

    /// Returns the items of a list, and what tells them apart.
    pub fn items(self) -> Option<(ListKeys<'a>, Part<'a>)> {
        let Described::Other(Shape::List(identity, item)) = self.shape else { return None };
        let keys = match identity {
            Identity::Place => ListKeys::Place,
            Identity::Value => ListKeys::Value,
            Identity::Keys(keys) => ListKeys::Fields(keys),
        };
        Some((keys, Part::of(self.graph, item)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: (&str, &str), path: &[&str], want: Option<ListKeys<'_>>) {
        let schemas = Schemas::embedded();
        let step = |part: Part<'static>, name: &&str| match *name {
            "[]" => part.items().map(|(_, item)| item),
            name => part.field(name),
        };
        let schemas: &'static Schemas = Box::leak(Box::new(schemas));
        let part = path.iter().try_fold(schemas.part(kind.0, kind.1).unwrap(), step);
        assert_eq!(part.and_then(Part::items).map(|(keys, _)| keys), want, "{path:?}");
    }

    #[test]
    fn items_are_told_apart_by_kubernetes_merge_keys() {
        let deployment = ("apps/v1", "Deployment");
        let containers = ["spec", "template", "spec", "containers"];
        check(deployment, &containers, Some(ListKeys::Fields(&[("name", Some(""))])));
        let ports = [&containers[..], &["[]", "ports"]].concat();
        check(
            deployment,
            &ports,
            Some(ListKeys::Fields(&[("containerPort", None), ("protocol", Some("TCP"))])),
        );
        check(deployment, &[&containers[..], &["[]", "args"]].concat(), Some(ListKeys::Place));
        check(deployment, &["metadata", "finalizers"], Some(ListKeys::Value));
        check(deployment, &["spec", "nonsense"], None);
        check(("v1", "ConfigMap"), &["data", "a"], None);
    }
}
