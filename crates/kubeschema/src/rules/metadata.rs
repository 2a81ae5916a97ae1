//! Names, labels, annotations, owners and finalizers of every kind.

use goyaml::Value;

use crate::finding::Findings;
use crate::kind::{Kind, Scope};
use crate::names::{self, Complaint};
use crate::view::{entries, field, filled, is_true, items, text};

/// Finalizers that need no domain.
const STANDARD_FINALIZERS: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];

/// Checks the metadata of a resource.
pub(crate) fn check<'a>(kind: &Kind, resource: &'a Value, found: &mut Findings<'a>) {
    check_named(name_rule(kind), kind.scope, resource, found);
    let finalizers = field(resource, "metadata").map(|metadata| items(metadata, "finalizers"));
    finalizers.into_iter().flatten().for_each(|finalizer| check_finalizer(finalizer, found));
}

/// Checks the metadata of a resource whose name has a form.
pub(crate) fn check_named<'a>(
    form: fn(&str) -> Option<Complaint>,
    scope: Option<Scope>,
    resource: &'a Value,
    found: &mut Findings<'a>,
) {
    let Some(metadata) = field(resource, "metadata") else { return };
    if let Some(name) = filled(metadata, "name")
        && let Some(complaint) = form(name)
    {
        found.key_error(metadata, "name", "name", format!("name {name:?}: {complaint}"));
    }
    // The server looks for a namespace, and none can have such a name; in the cluster it is ignored.
    if let Some(name) = filled(metadata, "namespace").filter(|_| scope == Some(Scope::Namespace))
        && let Some(complaint) = names::dns_label(name)
    {
        found.key_error(metadata, "namespace", "name", format!("namespace {name:?}: {complaint}"));
    }
    check_labels(metadata, "labels", found);
    check_annotations(metadata, found);
    owners(metadata, found);
    if !items(metadata, "managedFields").is_empty() {
        found.key_error(
            metadata,
            "managedFields",
            "metadata",
            "managedFields may not be set in what is applied",
        );
    }
}

/// Checks the finalizers of a custom resource, which need no domain.
pub(crate) fn check_custom_finalizers<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    let Some(metadata) = field(resource, "metadata") else { return };
    for finalizer in items(metadata, "finalizers") {
        let name = finalizer.as_str().unwrap_or_default();
        if let Some(complaint) = names::qualified_name(name) {
            found.error(finalizer, "metadata", format!("finalizer {name:?}: {complaint}"));
        } else if !name.contains('/') && !STANDARD_FINALIZERS.contains(&name) {
            let message =
                format!("finalizer {name:?} has no domain, as in example.com/{name}; the server warns of it");
            found.warning(finalizer, "metadata", message);
        }
    }
}

/// Checks the metadata of a resource inside another.
pub(crate) fn check_embedded<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    check_named(names::dns_subdomain, None, resource, found);
}

/// Returns the rule for names of a kind.
fn name_rule(kind: &Kind) -> fn(&str) -> Option<Complaint> {
    match (kind.group, kind.name) {
        ("rbac.authorization.k8s.io", _) => names::path_segment,
        ("" | "apps" | "batch", "Namespace" | "Service" | "StatefulSet") => names::dns_label,
        ("batch", "CronJob") => cron_job_name,
        ("batch", "Job") => job_name,
        ("networking.k8s.io", "IPAddress") => ip_name,
        ("scheduling.k8s.io", "PriorityClass") => priority_class_name,
        // Kubernetes has never checked these.
        ("policy", "PodDisruptionBudget")
        | ("certificates.k8s.io", "CertificateSigningRequest")
        | ("" | "events.k8s.io", "Event") => names::path_segment,
        // Checked against the spec, by their own rules.
        ("apiregistration.k8s.io", "APIService") | ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            names::path_segment
        }
        // These names have a form of their own, as `signer:name`.
        ("certificates.k8s.io", "ClusterTrustBundle") => names::path_segment,
        _ => names::dns_subdomain,
    }
}

fn cron_job_name(name: &str) -> Option<Complaint> {
    // The controller appends eleven characters to name the jobs.
    names::dns_subdomain(name).or_else(|| {
        (name.len() > 52).then_some("it is longer than 52 characters, and a job's name needs 11 more")
    })
}

fn job_name(name: &str) -> Option<Complaint> {
    // The name becomes the value of a label.
    names::dns_subdomain(name).or_else(|| (name.len() > 63).then_some("it is longer than 63 characters"))
}

fn ip_name(name: &str) -> Option<Complaint> {
    let address: Option<std::net::IpAddr> = name.parse().ok();
    let is_canonical = address.is_some_and(|address| address.to_string() == name);
    (!is_canonical).then_some("it has to be an IP address in its short form")
}

fn priority_class_name(name: &str) -> Option<Complaint> {
    let is_reserved =
        name.starts_with("system-") && name != "system-cluster-critical" && name != "system-node-critical";
    names::dns_subdomain(name).or_else(|| is_reserved.then_some("'system-' is for Kubernetes' own"))
}

/// Checks a map of labels.
pub(crate) fn check_labels<'a>(holder: &'a Value, key: &str, found: &mut Findings<'a>) {
    for (name, value) in entries(holder, key) {
        if let Some(complaint) = names::qualified_name(name) {
            found.error(value, "label", format!("label {name:?}: {complaint}"));
        }
        if let Some(text) = value.as_str()
            && let Some(complaint) = names::label_value(text)
        {
            found.error(value, "label", format!("value {text:?} of label {name:?}: {complaint}"));
        }
    }
}

fn check_annotations<'a>(metadata: &'a Value, found: &mut Findings<'a>) {
    const MOST_BYTES: usize = 256 << 10;
    let mut bytes = 0;
    for (name, value) in entries(metadata, "annotations") {
        bytes += name.len() + value.as_str().map_or(0, str::len);
        if let Some(complaint) = names::qualified_name(&name.to_lowercase()) {
            found.error(value, "annotation", format!("annotation {name:?}: {complaint}"));
        }
    }
    if bytes > MOST_BYTES {
        let message = format!("annotations have {bytes} bytes, and at most {MOST_BYTES} are taken");
        found.key_error(metadata, "annotations", "annotation", message);
    }
}

/// Checks the labels and annotations of a template's metadata.
pub(crate) fn check_template<'a>(template: &'a Value, found: &mut Findings<'a>) {
    if let Some(metadata) = field(template, "metadata") {
        check_labels(metadata, "labels", found);
        check_annotations(metadata, found);
    }
}

fn owners<'a>(metadata: &'a Value, found: &mut Findings<'a>) {
    let owners = items(metadata, "ownerReferences");
    for owner in owners {
        for key in ["apiVersion", "kind", "name", "uid"] {
            if filled(owner, key).is_none() {
                found.key_error(owner, key, "required", format!("an owner needs {key}"));
            }
        }
    }
    if let [_, second, ..] =
        owners.iter().filter(|owner| is_true(owner, "controller")).collect::<Vec<_>>()[..]
    {
        found.error(second, "metadata", "only one owner can be the controller");
    }
}

/// Checks the name of a finalizer of one of Kubernetes' own kinds.
pub(crate) fn check_finalizer<'a>(finalizer: &'a Value, found: &mut Findings<'a>) {
    let name = finalizer.as_str().unwrap_or_default();
    if let Some(complaint) = names::qualified_name(name) {
        found.error(finalizer, "metadata", format!("finalizer {name:?}: {complaint}"));
    } else if !name.contains('/') && !STANDARD_FINALIZERS.contains(&name) {
        found.error(
            finalizer,
            "metadata",
            format!("finalizer {name:?} has no domain, as in example.com/{name}"),
        );
    }
}

/// Checks what a Namespace says of itself.
pub(crate) fn namespace<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    const PREFIX: &str = "pod-security.kubernetes.io/";
    if let Some(spec) = field(resource, "spec") {
        items(spec, "finalizers").iter().for_each(|finalizer| check_finalizer(finalizer, found));
    }
    let Some(metadata) = field(resource, "metadata") else { return };
    for mode in ["enforce", "audit", "warn"] {
        let Some(labels) = field(metadata, "labels") else { return };
        let (level, version) = (format!("{PREFIX}{mode}"), format!("{PREFIX}{mode}-version"));
        if let Some(value) =
            text(labels, &level).filter(|value| !["privileged", "baseline", "restricted"].contains(value))
        {
            found.key_error(
                labels,
                &level,
                "label",
                format!("{value:?} is not one of privileged, baseline, restricted"),
            );
        }
        if let Some(value) = text(labels, &version).filter(|value| !is_version(value)) {
            found.key_error(
                labels,
                &version,
                "label",
                format!("{value:?} is neither latest nor a version as v1.30"),
            );
        }
    }
}

fn is_version(text: &str) -> bool {
    let minor = text.strip_prefix("v1.");
    text == "latest"
        || minor
            .is_some_and(|minor| minor == "0" || (minor.parse::<u32>().is_ok() && !minor.starts_with('0')))
}
