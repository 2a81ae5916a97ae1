//! Containers: image, ports, mounts, and what runs in them.

use std::collections::BTreeSet;

use goyaml::Value;

use super::common::{PORTS, backsteps, descending_path, forbidden, named, one_of, required, within};
use super::pod::Owner;
use super::{env, probe, resources, security};
use crate::finding::Findings;
use crate::names;
use crate::view::{field, filled, int, is_true, items, text};

/// Checks all containers of a pod.
pub(crate) fn check_all<'a>(
    spec: &'a Value,
    owner: Owner,
    volumes: &BTreeSet<&str>,
    found: &mut Findings<'a>,
) {
    let grace = int(spec, "terminationGracePeriodSeconds").unwrap_or(30);
    let reason = "an init container ends, unless its restartPolicy is Always";
    for container in items(spec, "initContainers") {
        check(container, owner, volumes, found);
        if text(container, "restartPolicy") == Some("Always") {
            probe::container(container, grace, found);
        } else {
            forbidden(
                container,
                &["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"],
                reason,
                found,
            );
        }
    }
    let first = items(spec, "initContainers").iter().filter_map(|container| filled(container, "name"));
    let first: BTreeSet<&str> = first.collect();
    for container in items(spec, "containers") {
        if let Some(name) = filled(container, "name").filter(|name| first.contains(name)) {
            found.key_error(
                container,
                "name",
                "duplicate",
                format!("an init container is named {name:?} as well"),
            );
        }
        check(container, owner, volumes, found);
        probe::container(container, grace, found);
    }
}

fn check<'a>(container: &'a Value, owner: Owner, volumes: &BTreeSet<&str>, found: &mut Findings<'a>) {
    named(container, "name", names::dns_label, found);
    required(container, &["image"], found);
    if let Some(image) =
        text(container, "image").filter(|image| owner == Owner::Nobody && image.trim() != *image)
    {
        found.key_error(container, "image", "name", format!("{image:?} has blanks around it"));
    }
    one_of(container, "restartPolicy", &["Always", "OnFailure", "Never"], found);
    restart_rules(container, found);
    ports(container, found);
    env::check(container, found);
    mounts(container, volumes, found);
    devices(container, volumes, found);
    if let Some(resources) = field(container, "resources") {
        resources::check(resources, found);
    }
    if let Some(security) = field(container, "securityContext") {
        security::container(security, found);
    }
}

fn restart_rules<'a>(container: &'a Value, found: &mut Findings<'a>) {
    let rules = items(container, "restartPolicyRules");
    if !rules.is_empty() && filled(container, "restartPolicy").is_none() {
        found.key_error(container, "restartPolicy", "required", "restartPolicyRules need a restartPolicy");
    }
    for rule in rules {
        required(rule, &["exitCodes"], found);
    }
}

fn ports<'a>(container: &'a Value, found: &mut Findings<'a>) {
    let mut seen = BTreeSet::new();
    for port in items(container, "ports") {
        named(port, "name", names::port_name, found);
        if let Some(name) = filled(port, "name").filter(|name| !seen.insert(*name)) {
            found.key_error(port, "name", "duplicate", format!("another port is named {name:?}"));
        }
        within(port, "containerPort", &PORTS, found);
        within(port, "hostPort", &(0..=*PORTS.end()), found);
    }
}

fn mounts<'a>(container: &'a Value, volumes: &BTreeSet<&str>, found: &mut Findings<'a>) {
    let is_privileged =
        field(container, "securityContext").is_some_and(|security| is_true(security, "privileged"));
    for mount in items(container, "volumeMounts") {
        known_volume(mount, volumes, found);
        descending_path(mount, "subPath", found);
        descending_path(mount, "subPathExpr", found);
        if filled(mount, "subPath").is_some() && filled(mount, "subPathExpr").is_some() {
            found.key_error(mount, "subPathExpr", "exclusive", "subPath and subPathExpr exclude each other");
        }
        if text(mount, "mountPropagation") == Some("Bidirectional") && !is_privileged {
            let message = "Bidirectional is for privileged containers only";
            found.key_error(mount, "mountPropagation", "forbidden", message);
        }
        recursive_read_only(mount, found);
    }
}

fn recursive_read_only<'a>(mount: &'a Value, found: &mut Findings<'a>) {
    one_of(mount, "recursiveReadOnly", &["Disabled", "IfPossible", "Enabled"], found);
    if matches!(text(mount, "recursiveReadOnly"), Some("IfPossible" | "Enabled"))
        && !is_true(mount, "readOnly")
    {
        found.key_error(mount, "recursiveReadOnly", "forbidden", "recursiveReadOnly needs readOnly: true");
    }
}

fn devices<'a>(container: &'a Value, volumes: &BTreeSet<&str>, found: &mut Findings<'a>) {
    let mounted: BTreeSet<&str> =
        items(container, "volumeMounts").iter().filter_map(|mount| filled(mount, "name")).collect();
    for device in items(container, "volumeDevices") {
        known_volume(device, volumes, found);
        backsteps(device, "devicePath", found);
        if let Some(name) = filled(device, "name").filter(|name| mounted.contains(name)) {
            found.key_error(device, "name", "exclusive", format!("volume {name:?} is mounted already"));
        }
    }
}

fn known_volume<'a>(mount: &'a Value, volumes: &BTreeSet<&str>, found: &mut Findings<'a>) {
    if let Some(name) = filled(mount, "name").filter(|name| !volumes.contains(name)) {
        let mut message = format!("the pod has no volume {name:?}");
        if let Some(near) = crate::closest(name, volumes.iter().copied()) {
            message += &format!("; did you mean {near:?}?");
        }
        found.key_error(mount, "name", "volume-ref", message);
    }
}
