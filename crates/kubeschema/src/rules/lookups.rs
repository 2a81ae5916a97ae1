//! What the containers of a pod refer to in the pod itself, besides volumes that are mounted: claims for devices,
//! volumes that are devices or hold variables; and what its operating system and its restarts do not allow.

use std::collections::BTreeSet;

use goyaml::Value;

use super::common::{forbidden, one_of};
use super::pod::Owner;
use crate::finding::Findings;
use crate::names;
use crate::view::{at, field, filled, is_true, items, text};

/// Checks the spec of a pod.
pub(crate) fn check<'a>(spec: &'a Value, owner: Owner, found: &mut Findings<'a>) {
    for key in ["containers", "initContainers"] {
        for container in items(spec, key) {
            files(spec, container, found);
            claims(spec, container, found);
            devices(spec, container, found);
            resizing(spec, container, key == "initContainers", found);
            for_system(spec, container, found);
        }
    }
    if owner == Owner::Nobody
        && filled(spec, "nodeName").is_some()
        && !items(spec, "schedulingGates").is_empty()
    {
        let message = "a pod with schedulingGates is not on a node";
        found.key_error(spec, "nodeName", "forbidden", message);
    }
    host_name(spec, found);
}

fn named<'v>(list: &'v [Value], name: &str) -> Option<&'v Value> {
    list.iter().find(|one| text(one, "name") == Some(name))
}

/// Returns whether a volume comes from one of these; none is an emptyDir.
fn is_from(volume: &Value, kinds: &[&str]) -> bool {
    let entries = volume.as_mapping().into_iter().flatten();
    let source =
        entries.filter(|(_, value)| !value.is_null()).map(|(key, _)| key.as_str()).find(|key| *key != "name");
    kinds.contains(&source.unwrap_or("emptyDir"))
}

fn files<'a>(spec: &'a Value, container: &'a Value, found: &mut Findings<'a>) {
    for variable in items(container, "env") {
        let Some(reference) = at(variable, &["valueFrom", "fileKeyRef"]) else { continue };
        let Some(name) = filled(reference, "volumeName") else { continue };
        let message = match named(items(spec, "volumes"), name) {
            None => format!("the pod has no volume {name:?}"),
            Some(volume) if !is_from(volume, &["emptyDir"]) => format!("volume {name:?} is no emptyDir"),
            Some(_) => continue,
        };
        found.key_error(reference, "volumeName", "volume-ref", message);
    }
}

fn claims<'a>(spec: &'a Value, container: &'a Value, found: &mut Findings<'a>) {
    let Some(resources) = field(container, "resources") else { return };
    for claim in items(resources, "claims") {
        if let Some(name) =
            filled(claim, "name").filter(|name| named(items(spec, "resourceClaims"), name).is_none())
        {
            found.key_error(
                claim,
                "name",
                "claim-ref",
                format!("the pod has no claim {name:?} in resourceClaims"),
            );
        }
        super::common::named(claim, "request", names::dns_label, found);
    }
}

/// Only claims can be devices, and a device is at a path of its own.
fn devices<'a>(spec: &'a Value, container: &'a Value, found: &mut Findings<'a>) {
    let mounts: BTreeSet<&str> =
        items(container, "volumeMounts").iter().filter_map(|mount| filled(mount, "mountPath")).collect();
    for device in items(container, "volumeDevices") {
        let volume = filled(device, "name").and_then(|name| named(items(spec, "volumes"), name));
        if volume.is_some_and(|volume| !is_from(volume, &["persistentVolumeClaim", "ephemeral"])) {
            found.key_error(device, "name", "volume-ref", "only a claim can be a device");
        }
        if let Some(path) = filled(device, "devicePath").filter(|path| mounts.contains(path)) {
            found.key_error(device, "devicePath", "exclusive", format!("a volume is mounted at {path}"));
        }
    }
}

fn resizing<'a>(spec: &'a Value, container: &'a Value, is_init: bool, found: &mut Findings<'a>) {
    for policy in items(container, "resizePolicy") {
        one_of(policy, "restartPolicy", &["NotRequired", "RestartContainer"], found);
        one_of(policy, "resourceName", &["cpu", "memory"], found);
    }
    let ends = is_init && text(container, "restartPolicy") != Some("Always");
    let reason = match text(spec, "restartPolicy") {
        Some("Never") => "the pod is never restarted",
        _ if ends => "an init container ends",
        _ => return,
    };
    for policy in items(container, "resizePolicy")
        .iter()
        .filter(|one| text(one, "restartPolicy") == Some("RestartContainer"))
    {
        found.key_error(policy, "restartPolicy", "forbidden", format!("it has to be NotRequired: {reason}"));
    }
}

fn for_system<'a>(spec: &'a Value, container: &'a Value, found: &mut Findings<'a>) {
    const LINUX: [&str; 10] = [
        "allowPrivilegeEscalation",
        "appArmorProfile",
        "capabilities",
        "privileged",
        "procMount",
        "readOnlyRootFilesystem",
        "runAsGroup",
        "runAsUser",
        "seLinuxOptions",
        "seccompProfile",
    ];
    let Some(security) = field(container, "securityContext") else { return };
    match at(spec, &["os", "name"]).and_then(Value::as_str) {
        Some("windows") => forbidden(security, &LINUX, "the pod is for windows", found),
        Some("linux") => forbidden(security, &["windowsOptions"], "the pod is for linux", found),
        _ => {}
    }
}

fn host_name<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    let Some(name) = text(spec, "hostnameOverride") else { return };
    for key in ["setHostnameAsFQDN", "hostNetwork"].iter().filter(|key| is_true(spec, key)) {
        found.key_error(spec, "hostnameOverride", "exclusive", format!("{key} excludes it"));
    }
    if name.len() > 64 {
        found.key_error(spec, "hostnameOverride", "name", "it is longer than 64 characters");
    } else if let Some(complaint) = names::dns_subdomain(name) {
        found.key_error(spec, "hostnameOverride", "name", format!("{name:?}: {complaint}"));
    }
}
