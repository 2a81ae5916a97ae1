//! The pod: what its containers share.

use std::collections::BTreeSet;

use goyaml::Value;

use super::common::{all_named, forbidden, ip, label_selector, named, one_of, required, within};
use super::{container, lookups, scheduling, security, volume};
use crate::finding::Findings;
use crate::names;
use crate::view::{field, filled, int, is_blank, is_true, items, text};

/// Who makes the pod; it decides what the pod may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Nobody: the resource is the pod.
    Nobody,
    /// A template that nothing runs.
    Template,
    /// A controller that keeps pods running.
    Controller,
    /// A job, which ends.
    Job,
}

/// Checks the spec of a pod. Volume claims of a StatefulSet count as volumes.
pub(crate) fn check<'a>(spec: &'a Value, owner: Owner, claims: &'a [Value], found: &mut Findings<'a>) {
    restart_policy(spec, owner, found);
    names_of_others(spec, found);
    dns(spec, found);
    host(spec, found);
    deadline(spec, owner, found);
    let volumes = volume::check(spec, claims, found);
    container::check_all(spec, owner, &volumes, found);
    scheduling::check(spec, found);
    if let Some(security) = field(spec, "securityContext") {
        security::pod(security, found);
    }
    operating_system(spec, found);
    lookups::check(spec, owner, found);
    if owner != Owner::Nobody {
        forbidden(spec, &["ephemeralContainers"], "a template starts with none", found);
    }
}

fn restart_policy<'a>(spec: &'a Value, owner: Owner, found: &mut Findings<'a>) {
    match (owner, filled(spec, "restartPolicy")) {
        (Owner::Controller, Some(policy)) if policy != "Always" => {
            let message = format!("{policy:?}: a controller restarts its pods, so only Always will do");
            found.key_error(spec, "restartPolicy", "restart-policy", message);
        }
        (Owner::Job, None | Some("Always")) => {
            let message = "the pods of a job end, so restartPolicy has to be OnFailure or Never";
            found.key_error(spec, "restartPolicy", "restart-policy", message);
        }
        _ => {}
    }
}

fn names_of_others<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    for key in ["nodeName", "serviceAccountName", "serviceAccount", "priorityClassName", "runtimeClassName"] {
        named(spec, key, names::dns_subdomain, found);
    }
    for key in ["hostname", "subdomain"] {
        named(spec, key, names::dns_label, found);
    }
    for gate in items(spec, "readinessGates") {
        named(gate, "conditionType", names::qualified_name, found);
    }
    for gate in items(spec, "schedulingGates") {
        named(gate, "name", names::qualified_name, found);
    }
    for claim in items(spec, "resourceClaims") {
        named(claim, "name", names::dns_label, found);
        let sources = ["resourceClaimName", "resourceClaimTemplateName"];
        super::common::exactly_one(claim, &sources, "a claim", found);
    }
}

fn dns<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    let config = field(spec, "dnsConfig");
    let servers = config.map(|config| items(config, "nameservers")).unwrap_or_default();
    if text(spec, "dnsPolicy") == Some("None") && servers.is_empty() {
        found.key_error(spec, "dnsConfig", "required", "dnsPolicy None needs a nameserver");
    }
    let Some(config) = config else { return };
    servers.iter().for_each(|server| ip(server, found));
    if servers.len() > 3 {
        found.key_error(config, "nameservers", "range", "at most three nameservers are taken");
    }
    for domain in items(config, "searches") {
        // "." stands for the root, and a final dot is fine.
        let name = domain.as_str().map(|name| name.strip_suffix('.').unwrap_or(name)).unwrap_or_default();
        let complaint = names::dns_subdomain(&name.replace('_', "-")).filter(|_| !name.is_empty());
        if let Some(complaint) = complaint {
            found.error(domain, "name", format!("search domain {name:?}: {complaint}"));
        }
    }
    items(config, "options").iter().for_each(|option| required(option, &["name"], found));
}

fn host<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    if is_true(spec, "hostPID") && is_true(spec, "shareProcessNamespace") {
        let message = "pods with hostPID cannot share a process namespace of their own";
        found.key_error(spec, "shareProcessNamespace", "exclusive", message);
    }
    if field(spec, "hostUsers").and_then(Value::as_bool) == Some(false) {
        for key in ["hostNetwork", "hostPID", "hostIPC"].iter().filter(|key| is_true(spec, key)) {
            found.key_error(spec, key, "forbidden", format!("{key} needs the users of the host"));
        }
    }
    for alias in items(spec, "hostAliases") {
        if let Some(address) = field(alias, "ip").filter(|address| !is_blank(Some(address))) {
            ip(address, found);
        }
        all_named(alias, "hostnames", names::dns_subdomain, found);
    }
    host_ports(spec, found);
}

/// Two containers cannot listen on one port of the host.
fn host_ports<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    let is_host_network = is_true(spec, "hostNetwork");
    host_ports_of(items(spec, "containers"), is_host_network, found);
    // Init containers run one by one.
    for container in items(spec, "initContainers") {
        host_ports_of(std::slice::from_ref(container), false, found);
    }
}

fn host_ports_of<'a>(containers: &'a [Value], is_host_network: bool, found: &mut Findings<'a>) {
    let mut seen = BTreeSet::new();
    for port in containers.iter().flat_map(|container| items(container, "ports")) {
        let (container, host) = (int(port, "containerPort"), int(port, "hostPort").filter(|port| *port != 0));
        if is_host_network && host.is_some_and(|host| Some(host) != container) {
            let message = "with hostNetwork, hostPort and containerPort are the same";
            found.key_error(port, "hostPort", "port", message);
        }
        let Some(number) = host.or(container.filter(|_| is_host_network)) else { continue };
        let protocol = filled(port, "protocol").unwrap_or("TCP");
        if !seen.insert((number, protocol, text(port, "hostIP").unwrap_or_default())) {
            found.error(
                port,
                "port",
                format!("port {number}/{protocol} of the host is taken by another port"),
            );
        }
    }
}

fn deadline<'a>(spec: &'a Value, owner: Owner, found: &mut Findings<'a>) {
    if owner == Owner::Controller {
        forbidden(spec, &["activeDeadlineSeconds"], "a controller keeps its pods running", found);
    }
    within(spec, "activeDeadlineSeconds", &(1..=i64::from(i32::MAX)), found);
}

fn operating_system<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    let Some(os) = field(spec, "os") else { return };
    one_of(os, "name", &["linux", "windows"], found);
    let security = field(spec, "securityContext");
    let reason = match (text(os, "name"), security) {
        (Some("windows"), _) => "the pod is for windows",
        (Some("linux"), Some(security)) => {
            return forbidden(security, &["windowsOptions"], "the pod is for linux", found);
        }
        _ => return,
    };
    forbidden(spec, &["hostUsers"], reason, found);
    forbidden(spec, &["hostPID", "hostIPC", "shareProcessNamespace"], reason, found);
    const LINUX: [&str; 11] = [
        "appArmorProfile",
        "fsGroup",
        "fsGroupChangePolicy",
        "runAsGroup",
        "runAsUser",
        "seLinuxChangePolicy",
        "seLinuxOptions",
        "seccompProfile",
        "supplementalGroups",
        "supplementalGroupsPolicy",
        "sysctls",
    ];
    if let Some(security) = security {
        forbidden(security, &LINUX, reason, found);
    }
}

/// Checks a pod template: its labels and its spec.
pub(crate) fn template<'a>(template: &'a Value, owner: Owner, claims: &'a [Value], found: &mut Findings<'a>) {
    super::metadata::check_template(template, found);
    match field(template, "spec") {
        Some(spec) => check(spec, owner, claims, found),
        None => found.key_error(template, "spec", "required", "a pod needs containers"),
    }
}

/// Checks a selector that a controller finds its pods with.
pub(crate) fn selects_template<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    let Some(selector) = field(spec, "selector") else { return };
    label_selector(selector, found);
    if is_blank(selector.get("matchLabels")) && is_blank(selector.get("matchExpressions")) {
        return found.error(selector, "selector", "an empty selector would select every pod");
    }
    let Some(template) = field(spec, "template") else { return };
    let labels = field(template, "metadata").and_then(|metadata| field(metadata, "labels"));
    if !super::common::selects(selector, labels) {
        let message = "the selector does not select the labels of the template";
        found.key_error(spec, "selector", "selector", message);
    }
}
