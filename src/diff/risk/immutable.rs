//! What of a resource an update cannot change, so that applying a manifest fails.
//!
//! The rules are those of the update validation of Kubernetes 1.36
//! (`pkg/apis/*/validation`, and that of `apiextensions-apiserver`), for its own
//! kinds. Where it depends on what the cluster has filled in, nothing is said:
//! what is told here fails for sure.

use goyaml::Value;
use kubeschema::quantity;

use crate::diff::compare::{Change, Edit};
use crate::diff::path::Path;
use crate::diff::resources::Resource;

type Keys = &'static [&'static str];

/// What of a kind is fixed; `*` stands for an item of a list.
enum Fixed {
    /// These fields.
    These(&'static [Keys]),
    /// The specification, but for these fields.
    SpecBut(&'static [Keys]),
}

const APPS: &str = "apps";
const CORE: &str = "";
const RBAC: &str = "rbac.authorization.k8s.io";
const RESOURCE: &str = "resource.k8s.io";
const STORAGE: &str = "storage.k8s.io";

/// By group and kind. Services, and what may be marked as immutable, have rules of their own.
const FIXED: [(&str, &str, Fixed); 28] = [
    (APPS, "ControllerRevision", Fixed::These(&[&["data"]])),
    (APPS, "DaemonSet", Fixed::These(&[&["spec", "selector"]])),
    (APPS, "Deployment", Fixed::These(&[&["spec", "selector"]])),
    (APPS, "ReplicaSet", Fixed::These(&[&["spec", "selector"]])),
    (
        APPS,
        "StatefulSet",
        Fixed::SpecBut(&[
            &["spec", "replicas"],
            &["spec", "ordinals"],
            &["spec", "template"],
            &["spec", "updateStrategy"],
            &["spec", "revisionHistoryLimit"],
            &["spec", "persistentVolumeClaimRetentionPolicy"],
            &["spec", "minReadySeconds"],
            // What type it is, is not kept.
            &["spec", "volumeClaimTemplates", "*", "apiVersion"],
            &["spec", "volumeClaimTemplates", "*", "kind"],
        ]),
    ),
    ("batch", "Job", Fixed::These(&JOB)),
    (
        CORE,
        "PersistentVolumeClaim",
        Fixed::SpecBut(&[
            &["spec", "resources", "requests", "storage"],
            &["spec", "volumeAttributesClassName"],
        ]),
    ),
    (CORE, "PersistentVolume", Fixed::These(&VOLUME)),
    (
        CORE,
        "Pod",
        Fixed::SpecBut(&[
            &["spec", "containers", "*", "image"],
            &["spec", "initContainers", "*", "image"],
            &["spec", "activeDeadlineSeconds"],
            &["spec", "tolerations"],
            &["spec", "schedulingGates"],
        ]),
    ),
    (CORE, "ResourceQuota", Fixed::These(&[&["spec", "scopes"]])),
    (CORE, "Secret", Fixed::These(&[&["type"]])),
    (
        STORAGE,
        "StorageClass",
        Fixed::These(&[&["provisioner"], &["parameters"], &["reclaimPolicy"], &["volumeBindingMode"]]),
    ),
    (STORAGE, "CSIDriver", Fixed::These(&[&["spec", "attachRequired"], &["spec", "volumeLifecycleModes"]])),
    (STORAGE, "CSIStorageCapacity", Fixed::These(&[&["nodeTopology"], &["storageClassName"]])),
    (STORAGE, "VolumeAttachment", Fixed::SpecBut(&[])),
    (STORAGE, "VolumeAttributesClass", Fixed::These(&[&["driverName"], &["parameters"]])),
    (RBAC, "RoleBinding", Fixed::These(&[&["roleRef"]])),
    (RBAC, "ClusterRoleBinding", Fixed::These(&[&["roleRef"]])),
    ("networking.k8s.io", "IngressClass", Fixed::These(&[&["spec", "controller"]])),
    ("networking.k8s.io", "IPAddress", Fixed::These(&[&["spec", "parentRef"]])),
    ("discovery.k8s.io", "EndpointSlice", Fixed::These(&[&["addressType"]])),
    ("node.k8s.io", "RuntimeClass", Fixed::These(&[&["handler"]])),
    ("scheduling.k8s.io", "PriorityClass", Fixed::These(&[&["value"], &["preemptionPolicy"]])),
    ("certificates.k8s.io", "ClusterTrustBundle", Fixed::These(&[&["spec", "signerName"]])),
    (RESOURCE, "ResourceClaim", Fixed::SpecBut(&[])),
    (RESOURCE, "ResourceClaimTemplate", Fixed::SpecBut(&[])),
    ("storagemigration.k8s.io", "StorageVersionMigration", Fixed::SpecBut(&[])),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        Fixed::These(&[
            &["spec", "group"],
            &["spec", "scope"],
            &["spec", "names", "kind"],
            &["spec", "names", "plural"],
        ]),
    ),
];

const JOB: [Keys; 8] = [
    &["spec", "selector"],
    &["spec", "template"],
    &["spec", "completions"],
    &["spec", "completionMode"],
    &["spec", "podFailurePolicy"],
    &["spec", "backoffLimitPerIndex"],
    &["spec", "successPolicy"],
    &["spec", "managedBy"],
];

/// What can change of the template of a suspended Job that has not begun.
const SUSPENDED_JOB: [Keys; 8] = [
    &["spec", "template", "metadata", "labels"],
    &["spec", "template", "metadata", "annotations"],
    &["spec", "template", "spec", "affinity", "nodeAffinity"],
    &["spec", "template", "spec", "nodeSelector"],
    &["spec", "template", "spec", "tolerations"],
    &["spec", "template", "spec", "schedulingGates"],
    &["spec", "template", "spec", "containers", "*", "resources"],
    &["spec", "template", "spec", "initContainers", "*", "resources"],
];

/// The sources of a volume, and what else of it is fixed.
const VOLUME: [Keys; 24] = [
    &["spec", "awsElasticBlockStore"],
    &["spec", "azureDisk"],
    &["spec", "azureFile"],
    &["spec", "cephfs"],
    &["spec", "cinder"],
    &["spec", "csi"],
    &["spec", "fc"],
    &["spec", "flexVolume"],
    &["spec", "flocker"],
    &["spec", "gcePersistentDisk"],
    &["spec", "glusterfs"],
    &["spec", "hostPath"],
    &["spec", "iscsi"],
    &["spec", "local"],
    &["spec", "nfs"],
    &["spec", "photonPersistentDisk"],
    &["spec", "portworxVolume"],
    &["spec", "quobyte"],
    &["spec", "rbd"],
    &["spec", "scaleIO"],
    &["spec", "storageos"],
    &["spec", "vsphereVolume"],
    &["spec", "volumeMode"],
    &["spec", "nodeAffinity"],
];

/// What a field is where it is left out, so that writing it or not is the same.
const DEFAULTS: [(&str, Keys, &str); 12] = [
    ("StatefulSet", &["spec", "podManagementPolicy"], "OrderedReady"),
    ("StatefulSet", &["spec", "volumeClaimTemplates", "*", "spec", "volumeMode"], "Filesystem"),
    ("Job", &["spec", "completionMode"], "NonIndexed"),
    ("Job", &["spec", "managedBy"], "kubernetes.io/job-controller"),
    ("PersistentVolumeClaim", &["spec", "volumeMode"], "Filesystem"),
    ("PersistentVolume", &["spec", "volumeMode"], "Filesystem"),
    ("Secret", &["type"], "Opaque"),
    ("StorageClass", &["reclaimPolicy"], "Delete"),
    ("StorageClass", &["volumeBindingMode"], "Immediate"),
    ("PriorityClass", &["preemptionPolicy"], "PreemptLowerPriority"),
    ("RoleBinding", &["roleRef", "apiGroup"], RBAC),
    ("ClusterRoleBinding", &["roleRef", "apiGroup"], RBAC),
];

/// Fields that may be set where they are not, or that a cluster may have set to the same by itself.
const SETTABLE: [(&str, Keys); 5] = [
    ("PersistentVolumeClaim", &["spec", "storageClassName"]),
    ("PersistentVolumeClaim", &["spec", "volumeName"]),
    ("PersistentVolume", &["spec", "nodeAffinity"]),
    ("PersistentVolume", &["spec", "csi", "controllerExpandSecretRef"]),
    // One that is left out counts as 1, unless `parallelism` is there.
    ("Job", &["spec", "completions"]),
];

/// Says why an edit of a resource is refused, if it is.
pub(in crate::diff) fn refusal(old: &Resource, new: &Resource, edit: &Edit) -> Option<String> {
    let path = &edit.path;
    if matches!(edit.change, Change::Order { matters: false, .. }) || is_made_anew(new) {
        return None;
    }
    let kind = (new.id.group.as_str(), new.id.kind.as_str());
    if kind == (CORE, "PersistentVolumeClaim") && is_less(old, new, path) {
        return Some(format!("`{path}` cannot become less, so applying fails"));
    }
    let is_refused = match kind {
        (CORE, "Service") => service(old, new, edit),
        (CORE, "ConfigMap" | "Secret") if is_immutable(old) => {
            ["data", "stringData", "binaryData", "immutable", "type"]
                .iter()
                .any(|key| path.starts_with(&[key]))
        }
        _ => is_fixed(old, new, edit),
    };
    is_refused.then(|| format!("`{path}` cannot change, so applying fails"))
}

/// Returns whether whoever applies it removes it first, as its annotations ask for.
fn is_made_anew(new: &Resource) -> bool {
    let annotation = |name: &str| new.value.get("metadata")?.get("annotations")?.get(name)?.as_str();
    let forces = |options: &str| options.split(',').any(|option| option.trim() == "Force=true");
    annotation("argocd.argoproj.io/hook").is_some()
        || annotation("argocd.argoproj.io/sync-options").is_some_and(forces)
        || annotation("kustomize.toolkit.fluxcd.io/force").is_some_and(|text| text == "enabled")
}

fn is_immutable(resource: &Resource) -> bool {
    resource.value.get("immutable").and_then(Value::as_bool) == Some(true)
}

fn is_fixed(old: &Resource, new: &Resource, edit: &Edit) -> bool {
    let (path, group, kind) = (&edit.path, &new.id.group, new.id.kind.as_str());
    let is_known = |(of, name, _): &&(&str, &str, Fixed)| of == group && *name == kind;
    let Some((_, _, fixed)) = FIXED.iter().find(is_known) else { return false };
    let is_in_fixed = match fixed {
        Fixed::These(fields) => fields.iter().any(|field| path.starts_with(field)),
        Fixed::SpecBut(fields) => {
            path.starts_with(&["spec"]) && !fields.iter().any(|field| meet(path, field))
        }
    };
    // A class of a volume's attributes can become another one, and not none.
    let loses_class = path.is(&["spec", "volumeAttributesClassName"])
        && kind.starts_with("PersistentVolume")
        && is_removed(edit);
    if !is_in_fixed {
        return loses_class;
    }
    let (is_indexed, is_suspended) = match kind {
        "Job" => (
            spec(new, "completionMode").and_then(Value::as_str) == Some("Indexed"),
            spec(old, "suspend").and_then(Value::as_bool) == Some(true),
        ),
        _ => (false, false),
    };
    let can_change = is_indexed && path.is(&["spec", "completions"])
        || is_suspended && SUSPENDED_JOB.iter().any(|field| meet(path, field));
    !can_change && !is_default(kind, edit) && !is_settable(kind, edit)
}

fn is_removed(edit: &Edit) -> bool {
    matches!(edit.change, Change::Remove { .. })
}

/// Returns whether one of them leads through the other.
fn meet(path: &Path, field: &[&str]) -> bool {
    path.starts_with(&field[..field.len().min(path.0.len())])
}

fn is_default(kind: &str, edit: &Edit) -> bool {
    let (Change::Add { value, .. } | Change::Remove { value }) = &edit.change else { return false };
    let is = |(of, field, default): &(&str, Keys, &str)| {
        *of == kind && edit.path.is(field) && value.as_str() == Some(default)
    };
    DEFAULTS.iter().any(is)
}

fn is_settable(kind: &str, edit: &Edit) -> bool {
    matches!(edit.change, Change::Add { .. })
        && SETTABLE.iter().any(|(of, field)| *of == kind && edit.path.is(field))
}

/// Returns whether a claim asks for less storage than before.
fn is_less(old: &Resource, new: &Resource, path: &Path) -> bool {
    let size = |of: &Resource| quantity(spec(of, "resources")?.get("requests")?.get("storage")?);
    path.is(&["spec", "resources", "requests", "storage"])
        && size(old).zip(size(new)).is_some_and(|(old, new)| new < old)
}

fn spec<'a>(of: &'a Resource, field: &str) -> Option<&'a Value> {
    of.value.get("spec")?.get(field)
}

/// Addresses and families of a Service can be added behind the first and taken away, and the first one stays.
fn service(old: &Resource, new: &Resource, edit: &Edit) -> bool {
    fn text<'a>(of: &'a Resource, field: &str) -> Option<&'a str> {
        spec(of, field)?.as_str()
    }
    let sides = [old, new];
    if sides.iter().any(|side| text(side, "type") == Some("ExternalName")) {
        return false;
    }
    let is_headless = |side: &&Resource| text(side, "clusterIP") == Some("None");
    let is_replaced = matches!(edit.change, Change::Replace { .. });
    let path = &edit.path;
    if path.is(&["spec", "clusterIP"]) {
        // One with no address in its manifest has been given one; taking it out of the manifest keeps it.
        is_replaced || matches!(edit.change, Change::Add { .. }) && is_headless(&new)
    } else if path.starts_with(&["spec", "clusterIPs"]) {
        has_other_first(old, new, "clusterIPs")
    } else if path.starts_with(&["spec", "ipFamilies"]) {
        !sides.iter().any(is_headless) && has_other_first(old, new, "ipFamilies")
    } else if path.is(&["spec", "loadBalancerClass"]) {
        sides.iter().all(|side| text(side, "type") == Some("LoadBalancer"))
    } else {
        path.is(&["spec", "healthCheckNodePort"]) && is_replaced
    }
}

/// Returns whether two lists differ in what they begin with, or being as long in anything.
fn has_other_first(old: &Resource, new: &Resource, field: &str) -> bool {
    let list = |side| spec(side, field).and_then(Value::as_sequence).unwrap_or_default();
    let (old, new) = (list(old), list(new));
    match (old, new) {
        ([], _) | (_, []) => false,
        ([old_first, ..], [new_first, ..]) => old_first != new_first || old.len() == new.len() && old != new,
    }
}
