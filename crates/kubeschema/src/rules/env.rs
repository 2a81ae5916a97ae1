//! Environment variables and where they come from.

use goyaml::Value;

use super::common::{exactly_one, named, required};
use crate::finding::Findings;
use crate::names;
use crate::scalar::Quantity;
use crate::schema::describe;
use crate::view::{field, filled, is_blank, items};

/// What a variable can come from.
const SOURCES: [&str; 5] = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];

/// The fields of a pod that a variable can have.
const FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Checks `env` and `envFrom` of a container.
pub(crate) fn check<'a>(container: &'a Value, found: &mut Findings<'a>) {
    for variable in items(container, "env") {
        named(variable, "name", names::env_name, found);
        if let Some(source) = field(variable, "valueFrom") {
            if filled(variable, "value").is_some() {
                found.key_error(
                    variable,
                    "valueFrom",
                    "exclusive",
                    "a variable has value or valueFrom, not both",
                );
            }
            check_source(source, found);
        }
    }
    for group in items(container, "envFrom") {
        named(group, "prefix", names::env_name, found);
        if let Some(key) = exactly_one(group, &["configMapRef", "secretRef"], "envFrom", found)
            && let Some(reference) = field(group, key)
        {
            required(reference, &["name"], found);
            named(reference, "name", names::dns_subdomain, found);
        }
    }
}

fn check_source<'a>(source: &'a Value, found: &mut Findings<'a>) {
    let Some(kind) = exactly_one(source, &SOURCES, "valueFrom", found) else { return };
    let Some(reference) = field(source, kind) else { return };
    match kind {
        "fieldRef" => field_ref(reference, &FIELDS, false, found),
        "resourceFieldRef" => resource_ref(reference, found),
        "configMapKeyRef" | "secretKeyRef" => {
            named(reference, "key", names::config_key, found);
            named(reference, "name", names::dns_subdomain, found);
        }
        _ => {}
    }
}

/// Checks a reference to a field of the pod; whole maps are for volumes.
pub(crate) fn field_ref<'a>(reference: &'a Value, fields: &[&str], maps: bool, found: &mut Findings<'a>) {
    if let Some(version) = filled(reference, "apiVersion").filter(|version| *version != "v1") {
        found.key_error(
            reference,
            "apiVersion",
            "env",
            format!("{version:?} is no version of a pod; it is v1"),
        );
    }
    let Some(path) = filled(reference, "fieldPath") else { return };
    let subscript = path
        .strip_prefix("metadata.labels['")
        .or_else(|| path.strip_prefix("metadata.annotations['"))
        .and_then(|rest| rest.strip_suffix("']"));
    match subscript {
        Some(key) => {
            let key =
                if path.starts_with("metadata.annotations") { key.to_lowercase() } else { key.to_owned() };
            if let Some(complaint) = names::qualified_name(&key) {
                found.key_error(reference, "fieldPath", "env", format!("{key:?}: {complaint}"));
            }
        }
        None if fields.contains(&path) => {}
        None if maps && ["metadata.labels", "metadata.annotations"].contains(&path) => {}
        None => {
            let mut message = format!("a pod's field {path:?} cannot be had");
            if let Some(near) = crate::closest(path, fields.iter().copied()) {
                message += &format!("; did you mean {near:?}?");
            }
            found.key_error(reference, "fieldPath", "env", message);
        }
    }
}

/// Checks a reference to a container's limit or request.
pub(crate) fn resource_ref<'a>(reference: &'a Value, found: &mut Findings<'a>) {
    let Some(resource) = filled(reference, "resource") else { return };
    let name = resource.strip_prefix("limits.").or_else(|| resource.strip_prefix("requests."));
    let is_known = name.is_some_and(|name| {
        ["cpu", "memory", "ephemeral-storage"].contains(&name) || name.starts_with("hugepages-")
    });
    if !is_known {
        let message =
            format!("{resource:?} is not limits. or requests. with cpu, memory or ephemeral-storage");
        return found.key_error(reference, "resource", "env", message);
    }
    let Some(divisor) = field(reference, "divisor").filter(|divisor| !is_blank(Some(divisor))) else {
        return;
    };
    let units: &[&str] = if name == Some("cpu") {
        &["1m", "1"]
    } else {
        &["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"]
    };
    let value = Quantity::of(divisor);
    let is_fine = value
        .is_none_or(|value| value.0 == 0.0 || units.iter().any(|unit| Quantity::parse(unit) == Some(value)));
    if !is_fine {
        let message = format!("divisor {} is not one of {}", describe(divisor), units.join(", "));
        found.key_error(reference, "divisor", "env", message);
    }
}

/// Checks a reference to a field from a file of a volume.
pub(crate) fn volume_file<'a>(file: &'a Value, found: &mut Findings<'a>) {
    const VOLUME_FIELDS: [&str; 3] = ["metadata.name", "metadata.namespace", "metadata.uid"];
    match exactly_one(file, &["fieldRef", "resourceFieldRef"], "a file", found) {
        Some("fieldRef") => {
            if let Some(reference) = field(file, "fieldRef") {
                field_ref(reference, &VOLUME_FIELDS, true, found);
            }
        }
        Some(_) => {
            if let Some(reference) = field(file, "resourceFieldRef") {
                required(reference, &["containerName"], found);
                resource_ref(reference, found);
            }
        }
        None => {}
    }
}
