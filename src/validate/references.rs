//! What resources refer to and nothing renders: it may be in the cluster already,
//! so this is a warning.
//!
//! A name that a custom resource or the arguments of a container mention is taken as
//! that of something which an operator makes.

use std::collections::{BTreeMap, BTreeSet};

use goyaml::Value;
use kubeschema::Segment;

use crate::resource::ResourceId;

/// Something that a resource refers to.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) kind: &'static str,
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    /// Where it is in the resource.
    pub(super) path: Vec<Segment>,
}

/// Where names are: the objects, the key in them, and what it names.
type Places = [(&'static str, &'static str, &'static str)];

const POD: &Places = &[
    ("", "serviceAccountName", "ServiceAccount"),
    ("imagePullSecrets[]", "name", "Secret"),
    ("volumes[].configMap", "name", "ConfigMap"),
    ("volumes[].secret", "secretName", "Secret"),
    ("volumes[].persistentVolumeClaim", "claimName", "PersistentVolumeClaim"),
    ("volumes[].projected.sources[].configMap", "name", "ConfigMap"),
    ("volumes[].projected.sources[].secret", "name", "Secret"),
];

const CONTAINER: &Places = &[
    ("envFrom[].configMapRef", "name", "ConfigMap"),
    ("envFrom[].secretRef", "name", "Secret"),
    ("env[].valueFrom.configMapKeyRef", "name", "ConfigMap"),
    ("env[].valueFrom.secretKeyRef", "name", "Secret"),
];

const INGRESS: &Places = &[
    ("spec.defaultBackend.service", "name", "Service"),
    ("spec.rules[].http.paths[].backend.service", "name", "Service"),
];

/// What is in every cluster, or in every namespace.
const ALWAYS: [(&str, &str); 6] = [
    ("Namespace", "default"),
    ("Namespace", "kube-system"),
    ("Namespace", "kube-public"),
    ("Namespace", "kube-node-lease"),
    ("ServiceAccount", "default"),
    ("ConfigMap", "kube-root-ca.crt"),
];

/// Returns what a resource refers to.
pub(super) fn of(id: &ResourceId, resource: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    let namespace = id.namespace.as_ref();
    if let Some(namespace) = namespace {
        let path = ["metadata", "namespace"].map(|key| Segment::Key(key.to_owned())).to_vec();
        found.push(Reference { kind: "Namespace", namespace: None, name: namespace.clone(), path });
    }
    let mut look = |root: &str, places: &Places| {
        for (holder, key, kind) in places {
            let pattern: Vec<&str> = [root, holder].into_iter().filter(|part| !part.is_empty()).collect();
            each(resource, &pattern.join("."), &mut |object, path| {
                let is_optional = object.get("optional").and_then(Value::as_bool) == Some(true);
                let name =
                    object.get(key).and_then(Value::as_str).filter(|name| !name.is_empty() && !is_optional);
                let Some(name) = name else { return };
                let path = path.iter().cloned().chain([Segment::Key((*key).to_owned())]).collect();
                found.push(Reference { kind, namespace: namespace.cloned(), name: name.to_owned(), path });
            });
        }
    };
    if let Some(pod) = pod_of(&id.kind) {
        look(pod, POD);
        for containers in ["containers[]", "initContainers[]"] {
            look(&format!("{pod}.{containers}"), CONTAINER);
        }
    }
    if id.kind == "Ingress" {
        look("", INGRESS);
    }
    found
}

fn pod_of(kind: &str) -> Option<&'static str> {
    match kind {
        "Pod" => Some("spec"),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job" => {
            Some("spec.template.spec")
        }
        "CronJob" => Some("spec.jobTemplate.spec.template.spec"),
        _ => None,
    }
}

/// Calls `seen` with every value that a pattern leads to, as in `spec.rules[].http`, and where it is.
fn each(value: &Value, pattern: &str, seen: &mut dyn FnMut(&Value, &[Segment])) {
    fn go(value: &Value, parts: &[&str], path: &mut Vec<Segment>, seen: &mut dyn FnMut(&Value, &[Segment])) {
        let Some((part, rest)) = parts.split_first() else { return seen(value, path) };
        let key = part.trim_end_matches("[]");
        let Some(value) = value.get(key) else { return };
        path.push(Segment::Key(key.to_owned()));
        if key.len() == part.len() {
            go(value, rest, path, seen);
        } else {
            for (at, item) in value.as_sequence().unwrap_or_default().iter().enumerate() {
                path.push(Segment::Index(at));
                go(item, rest, path, seen);
                path.pop();
            }
        }
        path.pop();
    }
    let parts: Vec<&str> = pattern.split('.').filter(|part| !part.is_empty()).collect();
    go(value, &parts, &mut Vec::new(), seen);
}

/// Returns the names that a resource mentions and that something may be made under.
pub(super) fn mentions(id: &ResourceId, resource: &Value, is_custom: bool) -> Vec<String> {
    let mut found = Vec::new();
    if is_custom {
        texts(resource, &mut found);
    } else if let Some(pod) = pod_of(&id.kind) {
        for containers in ["containers[]", "initContainers[]"] {
            each(resource, &format!("{pod}.{containers}"), &mut |container, _| {
                for key in ["args", "command", "env"] {
                    container.get(key).iter().for_each(|value| texts(value, &mut found));
                }
            });
        }
    }
    found
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            found.push(text.clone());
            found.extend(text.rsplit_once('=').map(|(_, name)| name.to_owned()));
        }
        // What another field takes from something makes nothing.
        Value::Mapping(map) => {
            map.iter().filter(|(key, _)| *key != "valueFrom").for_each(|(_, value)| texts(value, found));
        }
        Value::Sequence(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_) => {}
    }
}

/// What an environment renders and mentions.
#[derive(Default)]
pub(super) struct Known {
    /// By kind and name, the namespaces.
    rendered: BTreeMap<(String, String), BTreeSet<Option<String>>>,
    mentioned: BTreeSet<String>,
}

impl Known {
    pub(super) fn add(&mut self, id: &ResourceId) {
        let key = (id.kind.clone(), id.name.clone());
        self.rendered.entry(key).or_default().insert(id.namespace.clone());
    }

    pub(super) fn mention(&mut self, names: &[String]) {
        self.mentioned.extend(names.iter().cloned());
    }

    /// Whether something is rendered, or made by an operator. Who applies resources without a namespace may
    /// put them into any.
    pub(super) fn has(&self, reference: &Reference) -> bool {
        let Reference { kind, namespace, name, .. } = reference;
        let rendered = self.rendered.get(&((*kind).to_owned(), name.clone()));
        let is_rendered =
            rendered.is_some_and(|all| namespace.is_none() || all.contains(&None) || all.contains(namespace));
        is_rendered
            || ALWAYS.contains(&(*kind, name.as_str()))
            || (*kind != "Namespace" && self.mentioned.contains(name))
    }
}
