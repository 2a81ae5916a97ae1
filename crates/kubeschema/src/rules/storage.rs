//! Claims, volumes, storage classes and drivers.

use std::collections::BTreeSet;

use goyaml::Value;

use super::common::{at_least, backsteps, label_selector, named, one_of, required};
use super::scheduling;
use crate::finding::Findings;
use crate::names;
use crate::scalar::Quantity;
use crate::schema::describe;
use crate::view::{entries, field, filled, is_blank, items, text};

/// Fields of a PersistentVolume's spec that are no source of it.
const NO_SOURCES: [&str; 9] = [
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

/// Checks the spec of a claim.
pub(crate) fn claim_spec<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    required(spec, &["accessModes"], found);
    access_modes(spec, found);
    let requests = field(spec, "resources").and_then(|resources| field(resources, "requests"));
    match requests.and_then(|requests| requests.get("storage")) {
        Some(size) => positive(size, found),
        None => found.key_error(spec, "resources", "required", "a claim has to request storage"),
    }
    named(spec, "storageClassName", names::dns_subdomain, found);
    named(spec, "volumeAttributesClassName", names::dns_subdomain, found);
    if let Some(selector) = field(spec, "selector") {
        label_selector(selector, found);
    }
    for source in ["dataSource", "dataSourceRef"].iter().filter_map(|key| field(spec, key)) {
        required(source, &["name"], found);
    }
}

fn access_modes<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    let modes = items(spec, "accessModes");
    for mode in modes.iter().filter(|mode| is_blank(Some(mode))) {
        found.error(mode, "enum", "an access mode is empty");
    }
    let is_alone = |mode: &Value| mode.as_str() == Some("ReadWriteOncePod");
    if modes.iter().any(is_alone) && !modes.iter().all(is_alone) {
        found.key_error(spec, "accessModes", "exclusive", "ReadWriteOncePod stands alone");
    }
}

fn positive<'a>(size: &'a Value, found: &mut Findings<'a>) {
    if size.is_null() || Quantity::of(size).is_some_and(|amount| amount.0 <= 0.0) {
        found.error(size, "range", format!("{} is not more than 0", describe(size)));
    }
}

/// Checks a PersistentVolume.
pub(crate) fn volume<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    required(spec, &["accessModes", "capacity"], found);
    access_modes(spec, found);
    for (name, size) in entries(spec, "capacity") {
        if name == "storage" {
            positive(size, found);
        } else {
            found.error(size, "resources", format!("a volume has storage, and no {name}"));
        }
    }
    named(spec, "storageClassName", names::dns_subdomain, found);
    let keys = spec.as_mapping().into_iter().flatten().map(|(key, _)| key.as_str());
    let sources: Vec<&str> =
        keys.filter(|key| !NO_SOURCES.contains(key) && field(spec, key).is_some()).collect();
    match sources[..] {
        [] => found.error(spec, "required", "a volume needs a source, such as csi or nfs"),
        [one] => source(spec, one, found),
        [_, second, ..] => found.key_error(spec, second, "exclusive", "a volume has one source only"),
    }
    if let Some(affinity) = field(spec, "nodeAffinity") {
        required(affinity, &["required"], found);
    }
    let affinity = field(spec, "nodeAffinity").and_then(|affinity| field(affinity, "required"));
    for term in affinity.map(|affinity| items(affinity, "nodeSelectorTerms")).unwrap_or_default() {
        scheduling::required_term(term, found);
    }
}

fn source<'a>(spec: &'a Value, kind: &str, found: &mut Findings<'a>) {
    let Some(source) = field(spec, kind) else { return };
    backsteps(source, "path", found);
    match kind {
        "local" if field(spec, "nodeAffinity").is_none() => {
            let message = "a local volume needs to say on which node it is";
            found.key_error(spec, "nodeAffinity", "required", message);
        }
        "csi" => named(source, "driver", names::dns_subdomain, found),
        "hostPath" => {
            let is_root = text(source, "path") == Some("/");
            if is_root && text(spec, "persistentVolumeReclaimPolicy") == Some("Recycle") {
                let message = "Recycle would delete all of the host";
                found.key_error(spec, "persistentVolumeReclaimPolicy", "forbidden", message);
            }
        }
        "nfs" => {
            if let Some(path) = filled(source, "path").filter(|path| !path.starts_with('/')) {
                found.key_error(source, "path", "path", format!("{path:?} has to start with '/'"));
            }
        }
        _ => {}
    }
}

/// Checks a StorageClass.
pub(crate) fn class<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    if let Some(name) = filled(resource, "provisioner")
        && let Some(complaint) = names::qualified_name(&name.to_lowercase())
    {
        found.key_error(resource, "provisioner", "name", format!("{name:?}: {complaint}"));
    }
    one_of(resource, "reclaimPolicy", &["Delete", "Retain"], found);
    for (_, value) in entries(resource, "parameters").filter(|(key, _)| key.is_empty()) {
        found.error(value, "required", "the name of a parameter is empty");
    }
    let topologies = items(resource, "allowedTopologies");
    for (index, topology) in topologies.iter().enumerate() {
        let is_empty = items(topology, "matchLabelExpressions").is_empty();
        if is_empty || topologies[..index].contains(topology) {
            found.error(topology, "duplicate", "the topology is empty or in the list twice");
        }
        let mut seen = BTreeSet::new();
        for requirement in items(topology, "matchLabelExpressions") {
            named(requirement, "key", names::qualified_name, found);
            if let Some(key) = filled(requirement, "key").filter(|key| !seen.insert(*key)) {
                found.key_error(requirement, "key", "duplicate", format!("{key} is required twice"));
            }
            distinct(items(requirement, "values"), found);
        }
    }
}

fn distinct<'a>(values: &'a [Value], found: &mut Findings<'a>) {
    let mut seen = BTreeSet::new();
    for value in values {
        if value.as_str().is_some_and(|text| !seen.insert(text)) {
            found.error(value, "duplicate", format!("{} is in the list twice", describe(value)));
        }
    }
}

/// Checks a CSIDriver.
pub(crate) fn driver<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    one_of(spec, "fsGroupPolicy", &["ReadWriteOnceWithFSType", "File", "None"], found);
    for mode in items(spec, "volumeLifecycleModes") {
        if mode.as_str().is_some_and(|text| !["Persistent", "Ephemeral"].contains(&text)) {
            let message = format!("{} is not one of Persistent, Ephemeral", describe(mode));
            found.error(mode, "enum", message);
        }
    }
    let mut seen = BTreeSet::new();
    for request in items(spec, "tokenRequests") {
        if !seen.insert(text(request, "audience").unwrap_or_default()) {
            found.key_error(request, "audience", "duplicate", "another token has the same audience");
        }
        at_least(request, 600, &["expirationSeconds"], found);
    }
}

/// Checks a CSIStorageCapacity.
pub(crate) fn capacity<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    named(resource, "storageClassName", names::dns_subdomain, found);
    if let Some(topology) = field(resource, "nodeTopology") {
        label_selector(topology, found);
    }
    for key in ["capacity", "maximumVolumeSize"] {
        super::resources::amount_field(resource, key, found);
    }
}
