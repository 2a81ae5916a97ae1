//! Puts a namespace into the resources that have none, where they stand.
//!
//! The text is only added to: comments, order and spelling of everything else
//! stay as the chart wrote them. Kinds that belong to the cluster get no
//! namespace; the items of a list get one each.
//!
//! Invariant: the result differs from the input in the namespaces and in
//! nothing else. It is read back to make sure, so text that cannot be added to
//! (metadata that is an alias) is an error and never something else in disguise.

use std::collections::BTreeSet;
use std::ops::Range;

use goyaml::{Mapping, Value};

use crate::document::{Step, behind_properties, locate};
use crate::error::Error;
use crate::resource;

/// Inserts one namespace.
pub(super) struct Injector<'a> {
    namespace: &'a str,
    /// Group and kind of the cluster-scoped custom resources that the chart itself defines.
    cluster_scoped: BTreeSet<(String, String)>,
}

/// A text to put into a document in place of a range of bytes.
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

impl<'a> Injector<'a> {
    /// Returns an injector for the documents of one chart.
    pub(super) fn new<'d>(namespace: &'a str, documents: impl IntoIterator<Item = &'d Mapping>) -> Self {
        let cluster_scoped = documents.into_iter().filter_map(resource::defined_for_the_cluster).collect();
        Injector { namespace, cluster_scoped }
    }

    /// Returns a document with the namespace in it; `data` is what the document reads as.
    pub(super) fn inject(&self, text: &str, data: &Mapping) -> Result<String, Error> {
        let mut want = Value::Mapping(data.clone());
        let mut edits = Vec::new();
        for steps in self.resources(data) {
            let failed = || Error::Injection { resource: name(data) };
            let metadata = at(&mut want, &steps).ok_or_else(failed)?;
            edits.push(self.edit(text, &steps, metadata).ok_or_else(failed)?);
            metadata.insert("namespace".to_owned(), Value::String(self.namespace.to_owned()));
        }
        if edits.is_empty() {
            return Ok(text.to_owned());
        }
        let injected = apply(text, edits);
        match goyaml::from_str::<Value>(&injected) {
            Ok(got) if got == want => Ok(injected),
            Ok(_) | Err(_) => Err(Error::Injection { resource: name(data) }),
        }
    }

    /// Returns the way to the metadata of every resource that needs a namespace.
    fn resources(&self, data: &Mapping) -> Vec<Vec<Step>> {
        let items = resource::items(data);
        let whole = items.is_none().then(|| (Vec::new(), data));
        let each = items.into_iter().flatten().enumerate().filter_map(|(index, item)| {
            Some((vec![Step::Key("items".to_owned()), Step::Index(index)], item.as_mapping()?))
        });
        let needy = whole.into_iter().chain(each).filter(|(_, resource)| self.needs_namespace(resource));
        needy
            .map(|(mut steps, _)| {
                steps.push(Step::Key("metadata".to_owned()));
                steps
            })
            .collect()
    }

    fn needs_namespace(&self, resource: &Mapping) -> bool {
        let Some(Value::Mapping(metadata)) = resource.get("metadata") else { return false };
        let lacks = matches!(metadata.get("namespace"), None | Some(Value::Null));
        lacks
            && !resource::is_cluster_scoped(resource)
            && !resource::group_and_kind(resource).is_some_and(|id| self.cluster_scoped.contains(&id))
    }

    fn edit(&self, text: &str, metadata_steps: &[Step], metadata: &Mapping) -> Option<Edit> {
        if metadata.contains_key("namespace") {
            let mut steps = metadata_steps.to_vec();
            steps.push(Step::Key("namespace".to_owned()));
            let Range { start, end } = locate(text, &steps)?.value.range;
            // `namespace:` without a value: the place is right behind the colon.
            let blank = if start == end { " " } else { "" };
            return Some(Edit { start, end, text: format!("{blank}{}", self.scalar()) });
        }
        let start = behind_properties(text, locate(text, metadata_steps)?.value.range.start);
        if text[start..].starts_with('{') {
            let json = text[start + 1..].trim_start().starts_with('"');
            let pair = if json {
                format!("\"namespace\":{}", serde_json::Value::from(self.namespace))
            } else {
                format!("namespace: {}", self.scalar())
            };
            let comma = if metadata.is_empty() { "" } else { ", " };
            return Some(Edit { start: start + 1, end: start + 1, text: format!("{pair}{comma}") });
        }
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let indent = " ".repeat(text[line_start..start].chars().count());
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let newline = if text[..line_end].ends_with('\r') { "\r\n" } else { "\n" };
        Some(Edit { start, end: start, text: format!("namespace: {}{newline}{indent}", self.scalar()) })
    }

    /// The namespace as YAML, quoted if it would read as something else.
    fn scalar(&self) -> String {
        let quoted = goyaml::to_string(&Value::String(self.namespace.to_owned()));
        quoted.map_or_else(|_| self.namespace.to_owned(), |text| text.trim_end().to_owned())
    }
}

fn at<'v>(value: &'v mut Value, steps: &[Step]) -> Option<&'v mut Mapping> {
    let mut value = value;
    for step in steps {
        value = match (step, value) {
            (Step::Key(key), Value::Mapping(map)) => map.get_mut(key)?,
            (Step::Index(index), Value::Sequence(items)) => items.get_mut(*index)?,
            _ => return None,
        };
    }
    match value {
        Value::Mapping(map) => Some(map),
        _ => None,
    }
}

fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| edit.start);
    let mut injected = String::with_capacity(text.len() + edits.len() * 40);
    let mut done = 0;
    for edit in edits {
        injected.push_str(&text[done..edit.start]);
        injected.push_str(&edit.text);
        done = edit.end;
    }
    injected.push_str(&text[done..]);
    injected
}

fn name(data: &Mapping) -> String {
    let kind = data.get("kind").and_then(Value::as_str).unwrap_or("a document without a kind");
    let metadata = data.get("metadata").and_then(Value::as_mapping);
    match metadata.and_then(|metadata| metadata.get("name")).and_then(Value::as_str) {
        Some(name) => format!("{kind} `{name}`"),
        None => kind.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let Value::Mapping(data) = goyaml::from_str(text).unwrap() else { panic!("a document is a map") };
        let injected = Injector::new("prod", [&data]).inject(text, &data).unwrap();
        assert_eq!(injected, want);
    }

    #[test]
    fn a_resource_gets_a_namespace_and_keeps_everything_else() {
        check(
            "# Source: x\nkind: Service # web\nmetadata: # about\n  # the name\n  name:   'a'\n  n: 0755\n",
            "# Source: x\nkind: Service # web\nmetadata: # about\n  # the name\n  namespace: prod\n  name:   'a'\n  n: 0755\n",
        );
    }

    #[test]
    fn flow_maps_are_added_to() {
        check("{kind: Pod, metadata: {name: a}}", "{kind: Pod, metadata: {namespace: prod, name: a}}");
        check("{kind: Pod, metadata: {}}", "{kind: Pod, metadata: {namespace: prod}}");
        check(
            r#"{"kind": "Pod", "metadata": {"name": "a"}}"#,
            r#"{"kind": "Pod", "metadata": {"namespace":"prod", "name": "a"}}"#,
        );
    }

    #[test]
    fn an_empty_namespace_field_is_filled_in() {
        check(
            "kind: Pod\nmetadata:\n  namespace:\n  name: a\n",
            "kind: Pod\nmetadata:\n  namespace: prod\n  name: a\n",
        );
        check("kind: Pod\nmetadata:\n  namespace: ~ # x\n", "kind: Pod\nmetadata:\n  namespace: prod # x\n");
        check("kind: Pod\nmetadata: {namespace: null}\n", "kind: Pod\nmetadata: {namespace: prod}\n");
    }

    #[test]
    fn what_has_a_namespace_or_no_metadata_stays() {
        for text in [
            "kind: Pod\nmetadata:\n  namespace: other\n",
            "kind: Pod\nmetadata:\n  namespace: \"\"\n",
            "kind: Pod\nmetadata:\n",
            "kind: Pod\nmetadata: text\n",
            "kind: Pod\n",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn cluster_scoped_kinds_get_none() {
        let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: a\n";
        check(role, role);
        check(
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
        );
    }

    #[test]
    fn a_custom_resource_of_the_cluster_is_known_by_its_definition() {
        let read = |text: &str| match goyaml::from_str(text) {
            Ok(Value::Mapping(map)) => map,
            other => panic!("{other:?}"),
        };
        let definition =
            read("kind: CustomResourceDefinition\nspec: {group: a.io, scope: Cluster, names: {kind: Thing}}");
        let thing = "apiVersion: a.io/v1\nkind: Thing\nmetadata:\n  name: a\n";
        let injector = Injector::new("prod", [&definition]);
        assert_eq!(injector.inject(thing, &read(thing)).unwrap(), thing);
    }

    #[test]
    fn the_items_of_a_list_get_one_each() {
        check(
            "apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n  metadata:\n    name: a\n- apiVersion: v1\n  kind: Namespace\n  metadata:\n    name: b\n- kind: Pod\n  metadata: {name: c}\n",
            "apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n  metadata:\n    namespace: prod\n    name: a\n- apiVersion: v1\n  kind: Namespace\n  metadata:\n    name: b\n- kind: Pod\n  metadata: {namespace: prod, name: c}\n",
        );
    }

    #[test]
    fn carriage_returns_and_anchors_are_kept() {
        check(
            "kind: Pod\r\nmetadata:\r\n  name: a\r\n",
            "kind: Pod\r\nmetadata:\r\n  namespace: prod\r\n  name: a\r\n",
        );
        check(
            "kind: Pod\nmetadata: &m\n  name: a\n",
            "kind: Pod\nmetadata: &m\n  namespace: prod\n  name: a\n",
        );
    }

    #[test]
    fn a_namespace_that_reads_as_a_number_is_quoted() {
        let text = "kind: Pod\nmetadata:\n  name: a\n";
        let Value::Mapping(data) = goyaml::from_str(text).unwrap() else { panic!("a document is a map") };
        let injected = Injector::new("12345", []).inject(text, &data).unwrap();
        assert_eq!(injected, "kind: Pod\nmetadata:\n  namespace: \"12345\"\n  name: a\n");
    }

    #[test]
    fn err_metadata_is_an_alias() {
        let text = "kind: Pod\nspec: &m\n  name: a\nmetadata: *m\n";
        let Value::Mapping(data) = goyaml::from_str(text).unwrap() else { panic!("a document is a map") };
        let error = Injector::new("prod", []).inject(text, &data).unwrap_err();
        assert_eq!(error.to_string(), "cannot insert the namespace into Pod `a`");
    }
}
