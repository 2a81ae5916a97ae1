//! What of a change is dangerous: what is lost, what the API server will refuse,
//! what gets more power.

use goyaml::Value;

use super::Action;
use super::compare::{Change, Edit};
use super::resources::Resource;

pub(super) mod immutable;
mod rbac;

/// Something dangerous about a change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Risk {
    /// How dangerous it is.
    pub level: RiskLevel,
    /// What kind of danger it is, in a word: `deletion`, `immutable`.
    pub rule: &'static str,
    /// What it is.
    pub message: String,
}

/// How dangerous something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RiskLevel {
    /// Data may be lost, applying will fail, or something gets power.
    High,
    /// It is worth a look.
    Low,
}

/// Returns what is dangerous about what becomes of a resource, of which there is one side at least.
pub fn risks(action: Action, old: Option<&Resource>, new: Option<&Resource>, edits: &[Edit]) -> Vec<Risk> {
    let mut found = Found(Vec::new());
    if let Some(old) = old.filter(|_| action != Action::Change) {
        found.deletion(old);
    }
    if let (Some(old), Some(new), Action::Change) = (old, new, action) {
        found.changed_kind(new, edits);
        found.immutable(old, new, edits);
        found.selectors(new, edits);
        found.replicas(edits);
    }
    if let Some(new) = new {
        let (before, after) = (old.map(|old| &old.value), &new.value);
        found.0.extend(rbac::widening(&new.id.kind, before, after));
        found.host_access(before, after);
        found.images(before, after);
    }
    found.0.sort();
    found.0.dedup();
    found.0
}

struct Found(Vec<Risk>);

/// Kinds whose removal takes more along than themselves.
const DELETIONS: [(&str, &str); 7] = [
    ("PersistentVolumeClaim", "its data may be lost"),
    ("PersistentVolume", "its data may be lost"),
    ("Namespace", "everything in it is removed"),
    ("CustomResourceDefinition", "all of its resources are removed"),
    ("StatefulSet", "its claims stay or go as its retention policy says"),
    ("StorageClass", "claims that name it stay unbound"),
    ("PriorityClass", "pods that name it are not admitted"),
];

impl Found {
    fn high(&mut self, rule: &'static str, message: String) {
        self.0.push(Risk { level: RiskLevel::High, rule, message });
    }

    fn low(&mut self, rule: &'static str, message: String) {
        self.0.push(Risk { level: RiskLevel::Low, rule, message });
    }

    fn deletion(&mut self, old: &Resource) {
        let kind = old.id.kind.as_str();
        // That another kind is removed is said already.
        if let Some((_, what)) = DELETIONS.iter().find(|(known, _)| *known == kind) {
            self.high("deletion", format!("{kind} is removed: {what}"));
        }
    }

    fn changed_kind(&mut self, new: &Resource, edits: &[Edit]) {
        let kind = new.id.kind.as_str();
        let is_kind = matches!(kind, "PersistentVolumeClaim" | "CustomResourceDefinition" | "Namespace");
        let is_real = |edit: &&Edit| edit.fold.is_none() && !edit.path.starts_with(&["metadata"]);
        if is_kind && edits.iter().any(|edit| is_real(&edit)) {
            self.low("kind", format!("{kind} is changed"));
        }
        for edit in edits.iter().filter(|_| kind == "CustomResourceDefinition") {
            if edit.path.is(&["spec", "versions", "*"]) && matches!(edit.change, Change::Remove { .. }) {
                self.high("version", format!("a version is removed: `{}`", edit.path));
            }
        }
    }

    fn immutable(&mut self, old: &Resource, new: &Resource, edits: &[Edit]) {
        for message in edits.iter().filter_map(|edit| immutable::refusal(old, new, edit)) {
            self.high("immutable", message);
        }
    }

    fn selectors(&mut self, new: &Resource, edits: &[Edit]) {
        let selectors: &[&[&str]] = match new.id.kind.as_str() {
            "Service" | "ReplicationController" => &[&["spec", "selector"]],
            "NetworkPolicy" => &[&["spec", "podSelector"]],
            "PodDisruptionBudget" | "ServiceMonitor" | "PodMonitor" => &[&["spec", "selector"]],
            _ => return,
        };
        for edit in edits {
            if selectors.iter().any(|selector| edit.path.starts_with(selector)) {
                self.high("selector", format!("`{}` decides which pods are meant", edit.path));
            }
        }
    }

    fn replicas(&mut self, edits: &[Edit]) {
        for edit in edits.iter().filter(|edit| edit.path.is(&["spec", "replicas"])) {
            if matches!(
                &edit.change,
                Change::Replace { to: Value::Int(0), .. } | Change::Add { value: Value::Int(0), .. }
            ) {
                self.high("replicas", "it is scaled to 0".to_owned());
            }
        }
    }

    /// What reaches out of a container, unless it did before.
    fn host_access(&mut self, before: Option<&Value>, after: &Value) {
        let old = before.map(accesses).unwrap_or_default();
        for access in accesses(after) {
            if !old.contains(&access) {
                self.high("host", access);
            }
        }
    }

    fn images(&mut self, before: Option<&Value>, after: &Value) {
        let old = before.map(images).unwrap_or_default();
        for image in images(after) {
            if !old.contains(&image) && !image.contains("@sha256:") {
                self.low("image", format!("`{image}` names no digest"));
            }
        }
    }
}

/// Returns the specifications of pods in a resource, wherever they are.
fn pod_specs<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Mapping(map) => {
            if matches!(map.get("containers"), Some(Value::Sequence(_))) {
                found.push(value);
            }
            map.values().for_each(|inner| pod_specs(inner, found));
        }
        Value::Sequence(items) => items.iter().for_each(|item| pod_specs(item, found)),
        _ => {}
    }
}

fn containers(spec: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    lists.into_iter().filter_map(|list| spec.get(list)?.as_sequence()).flatten()
}

/// Returns the images of containers.
pub(crate) fn images(value: &Value) -> Vec<String> {
    let mut specs = Vec::new();
    pod_specs(value, &mut specs);
    let all = specs.into_iter().flat_map(containers);
    all.filter_map(|container| container.get("image")?.as_str().map(str::to_owned)).collect()
}

/// Says how pods reach out of their containers.
fn accesses(value: &Value) -> Vec<String> {
    let mut specs = Vec::new();
    pod_specs(value, &mut specs);
    let mut found = Vec::new();
    for spec in specs {
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            if is_on(spec.get(field)) {
                found.push(format!("`{field}` is on"));
            }
        }
        for volume in spec.get("volumes").and_then(Value::as_sequence).unwrap_or_default() {
            if let Some(path) =
                volume.get("hostPath").and_then(|path| path.get("path")).and_then(Value::as_str)
            {
                found.push(format!("`{path}` of the node is mounted"));
            }
        }
        for container in containers(spec) {
            let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
            let security = container.get("securityContext");
            for field in ["privileged", "allowPrivilegeEscalation"] {
                if is_on(security.and_then(|security| security.get(field))) {
                    found.push(format!("`{field}` is on in container `{name}`"));
                }
            }
            let added = security.and_then(|security| security.get("capabilities")?.get("add")?.as_sequence());
            for capability in added.unwrap_or_default().iter().filter_map(Value::as_str) {
                found.push(format!("container `{name}` has the capability `{capability}`"));
            }
            for port in container.get("ports").and_then(Value::as_sequence).unwrap_or_default() {
                if let Some(number) = port.get("hostPort").and_then(Value::as_i64).filter(|port| *port > 0) {
                    found.push(format!("container `{name}` listens on port {number} of the node"));
                }
            }
        }
    }
    found
}

fn is_on(value: Option<&Value>) -> bool {
    value.and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests;
