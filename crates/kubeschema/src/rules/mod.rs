//! What the server checks beyond the schema: do the values make sense together.
//!
//! A rule is a function that looks at one part of a resource and reports what
//! is wrong there. It says nothing of what has the wrong type or is missing
//! where the schema says so: that is reported already.
//!
//! The facts are those of `pkg/apis/*/validation` of Kubernetes 1.36.

mod admission;
mod autoscaling;
mod cluster;
mod common;
mod config;
mod container;
mod definition;
mod devices;
mod env;
mod expressions;
mod job;
mod lookups;
pub(crate) mod metadata;
mod network;
mod pod;
mod probe;
mod quota;
mod rbac;
mod resources;
mod schedule;
mod scheduling;
mod security;
mod service;
mod storage;
mod volume;
mod workload;

use goyaml::Value;

use crate::custom::Embedded;
use crate::finding::Findings;
use crate::kind::Kind;
use crate::view::field;
use pod::Owner;

/// The kinds that are nothing without a spec, though their schemas do not say it.
const NEED_SPEC: [(&str, &str); 10] = [
    ("", "Pod"),
    ("", "ReplicationController"),
    ("", "PersistentVolumeClaim"),
    ("", "PersistentVolume"),
    ("apps", "Deployment"),
    ("apps", "DaemonSet"),
    ("apps", "StatefulSet"),
    ("apps", "ReplicaSet"),
    ("batch", "Job"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
];

/// Checks a resource of a kind.
pub(crate) fn check<'a>(kind: &Kind, embedded: Embedded<'_>, resource: &'a Value, found: &mut Findings<'a>) {
    metadata::check(kind, resource, found);
    if kind.name == "CustomResourceDefinition" {
        return definition::check(resource, embedded, found);
    }
    check_whole(kind, resource, found);
    if NEED_SPEC.contains(&(kind.group, kind.name)) && field(resource, "spec").is_none() {
        found.key_error(resource, "spec", "required", format!("a {} needs a spec", kind.name));
    }
    if let Some(spec) = field(resource, "spec") {
        check_spec(kind, spec, found);
    }
}

/// The rules of kinds that have no spec, or for which more than that counts.
fn check_whole<'a>(kind: &Kind, resource: &'a Value, found: &mut Findings<'a>) {
    match (kind.group, kind.name) {
        ("", "ConfigMap") => config::config_map(resource, found),
        ("", "Secret") => config::secret(resource, found),
        ("", "Namespace") => metadata::namespace(resource, found),
        ("", "Service") => service::whole(resource, found),
        ("", "Endpoints") => service::endpoints(resource, found),
        ("", "PodTemplate") => match field(resource, "template") {
            Some(template) => pod::template(template, Owner::Template, &[], found),
            None => found.key_error(resource, "template", "required", "a PodTemplate needs a template"),
        },
        ("discovery.k8s.io", "EndpointSlice") => service::endpoint_slice(resource, found),
        ("networking.k8s.io", "Ingress") => network::ingress(resource, found),
        ("networking.k8s.io", "IngressClass") => network::ingress_class(resource, found),
        ("networking.k8s.io", "ServiceCIDR") => cluster::service_cidr(resource, found),
        ("rbac.authorization.k8s.io", "Role") => rbac::role(resource, false, found),
        ("rbac.authorization.k8s.io", "ClusterRole") => rbac::role(resource, true, found),
        ("rbac.authorization.k8s.io", "RoleBinding") => rbac::binding(resource, false, found),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding") => rbac::binding(resource, true, found),
        ("scheduling.k8s.io", "PriorityClass") => autoscaling::priority_class(resource, found),
        ("storage.k8s.io", "StorageClass") => storage::class(resource, found),
        ("storage.k8s.io", "CSIStorageCapacity") => storage::capacity(resource, found),
        ("node.k8s.io", "RuntimeClass") => cluster::runtime_class(resource, found),
        ("apiregistration.k8s.io", "APIService") => admission::api_service(resource, found),
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
        ) => admission::webhooks(resource, found),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema") => cluster::flow_schema(resource, found),
        _ => {}
    }
}

/// The rules of kinds for which the spec is all that counts.
fn check_spec<'a>(kind: &Kind, spec: &'a Value, found: &mut Findings<'a>) {
    match (kind.group, kind.name) {
        ("", "Pod") => pod::check(spec, Owner::Nobody, &[], found),
        ("", "ReplicationController") => workload::replication_controller(spec, found),
        ("", "Service") => service::service(spec, found),
        ("", "PersistentVolumeClaim") => storage::claim_spec(spec, found),
        ("", "PersistentVolume") => storage::volume(spec, found),
        ("", "ResourceQuota") => quota::quota(spec, found),
        ("", "LimitRange") => quota::limit_range(spec, found),
        ("", "Node") => cluster::node(spec, found),
        ("apps", "Deployment") => workload::deployment(spec, found),
        ("apps", "DaemonSet") => workload::daemon_set(spec, found),
        ("apps", "StatefulSet") => workload::stateful_set(spec, found),
        ("apps", "ReplicaSet") => workload::replica_set(spec, found),
        ("batch", "Job") => job::job(spec, found),
        ("batch", "CronJob") => job::cron_job(spec, found),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaling::horizontal(kind.version, spec, found),
        ("policy", "PodDisruptionBudget") => autoscaling::disruption_budget(spec, found),
        ("networking.k8s.io", "NetworkPolicy") => network::policy(spec, found),
        ("storage.k8s.io", "CSIDriver") => storage::driver(spec, found),
        ("resource.k8s.io", "ResourceClaim") => devices::claim(kind.version, spec, found),
        ("resource.k8s.io", "ResourceClaimTemplate") => {
            if let Some(inner) = field(spec, "spec") {
                devices::claim(kind.version, inner, found);
            }
        }
        ("coordination.k8s.io", "Lease") => cluster::lease(spec, found),
        ("certificates.k8s.io", "CertificateSigningRequest") => cluster::signing_request(spec, found),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration") => {
            cluster::priority_level(spec, found);
        }
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy") => {
            admission::policy(spec, false, found);
        }
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy") => admission::policy(spec, true, found),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding") => {
            admission::binding(spec, false, found);
        }
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding") => {
            admission::binding(spec, true, found);
        }
        _ => {}
    }
}

/// Returns whether text is a range of addresses.
pub(crate) fn is_cidr(text: &str) -> bool {
    network::cidr(text).is_ok()
}
