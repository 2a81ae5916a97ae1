//! What the API server refuses to change, as the update validation of Kubernetes 1.36 has it.

use super::{check, check_change, of};

/// A change of a kind from one specification to another is refused.
#[track_caller]
fn refused(kind: &str, old: &str, new: &str) {
    check_change(kind, &format!("spec: {{{old}}}"), &format!("spec: {{{new}}}"), &["!immutable"]);
}

/// A change of a kind from one specification to another passes.
#[track_caller]
fn passes(kind: &str, old: &str, new: &str) {
    check_change(kind, &format!("spec: {{{old}}}"), &format!("spec: {{{new}}}"), &[]);
}

#[test]
fn selectors_of_workloads_are_fixed() {
    for kind in ["Deployment", "DaemonSet"] {
        refused(kind, "selector: {matchLabels: {a: b}}", "selector: {matchLabels: {a: b, c: d}}");
        passes(kind, "paused: true", "paused: false");
    }
    check_change(
        "PodDisruptionBudget",
        "spec: {selector: {matchLabels: {a: b}}}",
        "spec: {selector: {matchLabels: {a: c}}}",
        &["!selector"],
    );
}

#[test]
fn a_stateful_set_has_a_few_fields_that_change() {
    refused("StatefulSet", "serviceName: a", "serviceName: b");
    refused("StatefulSet", "podManagementPolicy: Parallel", "");
    passes("StatefulSet", "", "podManagementPolicy: OrderedReady");
    passes("StatefulSet", "replicas: 1, minReadySeconds: 1", "replicas: 2, ordinals: {start: 1}");
    let claims = |rest: &str| format!("volumeClaimTemplates: [{{metadata: {{name: a}}{rest}}}]");
    passes("StatefulSet", &claims(""), &claims(", apiVersion: v1, kind: PersistentVolumeClaim"));
    refused("StatefulSet", &claims(""), &claims(", spec: {storageClassName: a}"));
}

#[test]
fn a_job_is_fixed_but_for_how_it_runs() {
    refused("Job", "template: {metadata: {labels: {a: b}}}", "template: {metadata: {labels: {a: c}}}");
    refused("Job", "completions: 1", "completions: 2");
    passes("Job", "completionMode: Indexed, completions: 1", "completionMode: Indexed, completions: 2");
    passes("Job", "", "completionMode: NonIndexed");
    passes("Job", "parallelism: 1, backoffLimit: 1", "parallelism: 2, backoffLimit: 2, suspend: true");
    let suspended = |rest: &str| format!("suspend: true, template: {{spec: {{{rest}}}}}");
    passes("Job", &suspended(""), &suspended("nodeSelector: {a: b}"));
    refused("Job", &suspended(""), &suspended("serviceAccountName: a"));
}

#[test]
fn what_is_made_anew_can_change() {
    let job = |annotation: &str, image: &str| {
        let text = format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: a, annotations: {{{annotation}}}}}\nspec: {{template: {{spec: {{restartPolicy: {image}}}}}}}"
        );
        text
    };
    for annotation in [
        "argocd.argoproj.io/hook: PreSync",
        "argocd.argoproj.io/sync-options: 'Prune=false,Force=true'",
        "kustomize.toolkit.fluxcd.io/force: enabled",
    ] {
        check(&job(annotation, "a"), &job(annotation, "b"), &[]);
    }
    check(&job("a: b", "a"), &job("a: b", "b"), &["!immutable"]);
}

#[test]
fn another_groups_kind_of_the_same_name_is_not_meant() {
    let job = |name: &str| {
        format!(
            "apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nmetadata: {{name: a}}\nspec: {{template: {name}}}"
        )
    };
    check(&job("a"), &job("b"), &[]);
}

#[test]
fn the_first_address_of_a_service_stays() {
    refused("Service", "clusterIP: 10.0.0.1", "clusterIP: None");
    // It has been given an address.
    refused("Service", "", "clusterIP: None");
    passes("Service", "clusterIP: None", "");
    passes("Service", "", "clusterIP: 10.0.0.1");
    passes("Service", "type: ExternalName", "clusterIP: None");
    refused("Service", "clusterIPs: [10.0.0.1]", "clusterIPs: [10.0.0.2]");
    passes("Service", "clusterIPs: [10.0.0.1]", "clusterIPs: [10.0.0.1, 'fd00::1']");
    refused("Service", "ipFamilies: [IPv4]", "ipFamilies: [IPv6]");
    passes("Service", "ipFamilies: [IPv4]", "ipFamilies: [IPv4, IPv6]");
    passes("Service", "ipFamilies: [IPv4], clusterIP: None", "ipFamilies: [IPv6], clusterIP: None");
    refused("Service", "type: LoadBalancer", "type: LoadBalancer, loadBalancerClass: a/b");
    passes("Service", "type: ClusterIP", "type: LoadBalancer, loadBalancerClass: a/b");
}

#[test]
fn a_claim_only_grows() {
    let size = |size: &str| format!("spec: {{resources: {{requests: {{storage: {size}}}}}}}");
    let check = |old: &str, new: &str, want: &[&str]| check_change("PersistentVolumeClaim", old, new, want);
    check(&size("1Gi"), &size("2Gi"), &["kind"]);
    check(&size("1Gi"), &size("900Mi"), &["!immutable", "kind"]);
    check("spec: {volumeMode: Block}", "spec: {volumeMode: Filesystem}", &["!immutable", "kind"]);
    check("spec: {}", "spec: {volumeMode: Filesystem}", &["kind"]);
    check("spec: {}", "spec: {storageClassName: a}", &["kind"]);
    check("spec: {storageClassName: a}", "spec: {}", &["!immutable", "kind"]);
    let class = |name: &str| format!("spec: {{volumeAttributesClassName: {name}}}");
    check(&class("a"), &class("b"), &["kind"]);
    check(&class("a"), "spec: {}", &["!immutable", "kind"]);
}

#[test]
fn where_a_volume_is_stays() {
    refused("PersistentVolume", "nfs: {server: a}", "nfs: {server: b}");
    refused("PersistentVolume", "azureFile: {shareName: a}", "azureFile: {shareName: b}");
    refused("PersistentVolume", "nodeAffinity: {required: a}", "nodeAffinity: {required: b}");
    passes("PersistentVolume", "", "nodeAffinity: {required: a}");
    passes("PersistentVolume", "csi: {driver: a}", "csi: {driver: a, controllerExpandSecretRef: {name: b}}");
    passes("PersistentVolume", "capacity: {storage: 1Gi}", "capacity: {storage: 2Gi}");
}

#[test]
fn what_was_immutable_stays_so() {
    let map = |immutable: &str, data: &str| format!("{immutable}\ndata: {{a: {data}}}");
    for kind in ["ConfigMap", "Secret"] {
        check_change(kind, &map("immutable: true", "b"), &map("immutable: true", "c"), &["!immutable"]);
        check_change(kind, &map("immutable: true", "b"), &map("", "b"), &["!immutable"]);
        // What becomes immutable can change once more.
        check_change(kind, &map("", "b"), &map("immutable: true", "c"), &[]);
        check_change(kind, &map("", "b"), &map("", "c"), &[]);
    }
    check_change("Secret", "type: Opaque", "type: kubernetes.io/tls", &["!immutable"]);
    check_change("Secret", "", "type: Opaque", &[]);
}

#[test]
fn classes_bindings_and_definitions_have_fixed_fields() {
    check_change("RoleBinding", "roleRef: {name: a}", "roleRef: {name: b}", &["!immutable"]);
    check_change(
        "RoleBinding",
        "roleRef: {name: a}",
        "roleRef: {name: a, apiGroup: rbac.authorization.k8s.io}",
        &[],
    );
    check_change("StorageClass", "parameters: {a: b}", "parameters: {a: c}", &["!immutable"]);
    check_change("StorageClass", "allowVolumeExpansion: false", "allowVolumeExpansion: true", &[]);
    check_change("PriorityClass", "value: 1", "value: 2", &["!immutable"]);
    refused("CSIDriver", "attachRequired: true", "attachRequired: false");
    check_change(
        "CustomResourceDefinition",
        "spec: {scope: Cluster}",
        "spec: {scope: Namespaced}",
        &["!immutable", "kind"],
    );
    refused("ResourceQuota", "scopes: [Terminating]", "scopes: [BestEffort]");
    passes("Ingress", "ingressClassName: a", "ingressClassName: b");
    check(&of("Namespace", ""), &of("Namespace", "x: y"), &["kind"]);
}
