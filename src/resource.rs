//! Kubernetes resources in the output: what they are called, and where they live.

use std::fmt;
use std::ops::Range;

use goyaml::{Mapping, Value};

/// What tells a resource from all others of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceId {
    /// Group and version: `apps/v1`.
    pub api_version: String,
    /// Kind: `Deployment`.
    pub kind: String,
    /// Namespace, if the resource names one.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

impl ResourceId {
    /// Reads the identity of a resource; says what is wrong with a document that is none.
    pub fn of(document: &Mapping) -> Result<Self, String> {
        let metadata = match document.get("metadata") {
            Some(Value::Mapping(metadata)) => metadata,
            Some(_) => return Err("`metadata` is not a map".to_owned()),
            None => return Err("there is no `metadata`".to_owned()),
        };
        let namespace = text(metadata, "namespace", "metadata.namespace").ok();
        let name = text(metadata, "name", "metadata.name")
            .or_else(|problem| text(metadata, "generateName", "metadata.name").map_err(|_| problem))?;
        Ok(ResourceId {
            api_version: text(document, "apiVersion", "apiVersion")?,
            kind: text(document, "kind", "kind")?,
            namespace,
            name,
        })
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

fn text(map: &Mapping, key: &str, shown: &str) -> Result<String, String> {
    match map.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(Value::Null) | None => Err(format!("there is no `{shown}`")),
        Some(Value::String(_)) => Err(format!("`{shown}` is empty")),
        Some(other) => Err(format!("`{shown}` is {}, not a string", other.kind())),
    }
}

/// A Secret in a text.
pub(crate) struct Secret {
    /// Its name.
    pub(crate) name: String,
    /// Its lines, from 1.
    pub(crate) lines: Range<usize>,
    /// It.
    pub(crate) value: Value,
}

impl Secret {
    /// Finds the Secrets in a text.
    pub(crate) fn all_in(text: &str) -> Vec<Secret> {
        let may_be_one = |(_, document): &(usize, &str)| document.contains("Secret");
        let secret = |(first, document): (usize, &str)| {
            let value: Value = goyaml::from_str(document).ok()?;
            let is_secret = value.get("kind").and_then(Value::as_str) == Some("Secret");
            let name =
                value.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Value::as_str);
            let name = name.unwrap_or_default().to_owned();
            is_secret.then(|| Secret { name, lines: first..first + document.lines().count(), value })
        };
        documents(text).into_iter().filter(may_be_one).filter_map(secret).collect()
    }
}

/// Group and kind of what Kubernetes itself has one of per cluster, by group; also what older releases had.
const CLUSTER_SCOPED: [(&str, &[&str]); 19] = [
    ("", &["ComponentStatus", "Namespace", "Node", "PersistentVolume"]),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("auditregistration.k8s.io", &["AuditSink"]),
    ("authentication.k8s.io", &["SelfSubjectReview", "TokenReview"]),
    ("authorization.k8s.io", &["SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"]),
    ("certificates.k8s.io", &["CertificateSigningRequest", "ClusterTrustBundle"]),
    ("extensions", &["PodSecurityPolicy", "ThirdPartyResource"]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("internal.apiserver.k8s.io", &["StorageVersion"]),
    ("networking.k8s.io", &["IPAddress", "IngressClass", "ServiceCIDR"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("policy", &["PodSecurityPolicy"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    ("resource.k8s.io", &["DeviceClass", "DeviceTaintRule", "ResourcePoolStatusRequest", "ResourceSlice"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    (
        "storage.k8s.io",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"],
    ),
    ("storagemigration.k8s.io", &["StorageVersionMigration"]),
];

/// Returns whether a resource is of a kind that belongs to the cluster and has no namespace.
pub fn is_cluster_scoped(resource: &Mapping) -> bool {
    let Some((group, kind)) = group_and_kind(resource) else { return false };
    let known = CLUSTER_SCOPED.iter().find(|(known, _)| *known == group);
    known.is_some_and(|(_, kinds)| kinds.contains(&kind.as_str()))
}

/// Returns the group and kind of a resource.
pub(crate) fn group_and_kind(resource: &Mapping) -> Option<(String, String)> {
    let kind = resource.get("kind")?.as_str()?;
    let version = resource.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    Some((version.rsplit_once('/').map_or("", |(group, _)| group).to_owned(), kind.to_owned()))
}

/// Returns the group and kind that a definition of a cluster-scoped custom resource defines.
pub(crate) fn defined_for_the_cluster(definition: &Mapping) -> Option<(String, String)> {
    if definition.get("kind")?.as_str()? != "CustomResourceDefinition" {
        return None;
    }
    let spec = definition.get("spec")?.as_mapping()?;
    let kind = spec.get("names")?.as_mapping()?.get("kind")?.as_str()?;
    let for_cluster = spec.get("scope")?.as_str()? == "Cluster";
    for_cluster.then(|| Some((spec.get("group")?.as_str()?.to_owned(), kind.to_owned())))?
}

/// Returns the items of a list of resources; nothing if the resource is no list.
pub(crate) fn items(resource: &Mapping) -> Option<&[Value]> {
    let is_list = resource.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
    resource.get("items").filter(|_| is_list)?.as_sequence()
}

/// Cuts a stream into documents, each with the number of its first line.
pub(crate) fn documents(text: &str) -> Vec<(usize, &str)> {
    let mut documents = Vec::new();
    let (mut start, mut first_line, mut at) = (0, 1, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let is_separator = line
            .strip_prefix("---")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']));
        if is_separator && at > start {
            documents.push((first_line, &text[start..at]));
            (start, first_line) = (at, number + 1);
        }
        at += line.len();
    }
    documents.push((first_line, &text[start..]));
    documents
}
