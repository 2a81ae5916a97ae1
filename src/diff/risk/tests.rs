//! What is dangerous, told by its rule.

use kubeschema::Schemas;

use super::*;
use crate::diff::compare::compare;
use crate::diff::{file, resources};

mod immutable;

fn resource(text: &str) -> Option<Resource> {
    resources::read(&[file("f.yaml", text)]).pop()
}

/// Compares two texts of a resource, of which one may be empty; these rules, with `!` for high ones, have to be told.
#[track_caller]
fn check(old: &str, new: &str, want: &[&str]) {
    let (old, new) = (resource(old), resource(new));
    let action = match (&old, &new) {
        (Some(_), Some(_)) => Action::Change,
        (None, _) => Action::Add,
        (_, None) => Action::Remove,
    };
    let schemas = Schemas::embedded();
    let edits = match (&old, &new) {
        (Some(old), Some(new)) => {
            compare(&old.value, &new.value, schemas.part(&new.api_version, &new.id.kind))
        }
        _ => Vec::new(),
    };
    let found = risks(action, old.as_ref(), new.as_ref(), &edits);
    let found: Vec<String> = found
        .iter()
        .map(|risk| format!("{}{}", if risk.level == RiskLevel::High { "!" } else { "" }, risk.rule))
        .collect();
    assert_eq!(found, want);
}

fn of(kind: &str, rest: &str) -> String {
    let version = match kind {
        "Deployment" | "DaemonSet" | "StatefulSet" => "apps/v1",
        "StorageClass" | "CSIDriver" => "storage.k8s.io/v1",
        "PriorityClass" => "scheduling.k8s.io/v1",
        "PodDisruptionBudget" => "policy/v1",
        "Ingress" => "networking.k8s.io/v1",
        "Role" | "ClusterRole" | "RoleBinding" => "rbac.authorization.k8s.io/v1",
        "Job" => "batch/v1",
        "CustomResourceDefinition" => "apiextensions.k8s.io/v1",
        _ => "v1",
    };
    format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\n{rest}\n")
}

#[track_caller]
fn check_change(kind: &str, old: &str, new: &str, want: &[&str]) {
    check(&of(kind, old), &of(kind, new), want);
}

#[test]
fn removing_what_holds_data_is_dangerous() {
    for kind in ["PersistentVolumeClaim", "Namespace", "CustomResourceDefinition"] {
        check(&of(kind, ""), "", &["!deletion"]);
    }
    check(&of("ConfigMap", ""), "", &[]);
}

#[test]
fn selectors_and_zero_replicas_are_told() {
    check_change("Service", "spec: {selector: {a: b}}", "spec: {selector: {a: c}}", &["!selector"]);
    check_change("Deployment", "spec: {replicas: 3}", "spec: {replicas: 0}", &["!replicas"]);
}

#[test]
fn a_role_that_allows_more_is_told() {
    let role = |verbs: &str| format!("rules: [{{apiGroups: [''], resources: [pods], verbs: [{verbs}]}}]");
    check_change("Role", &role("get"), &role("get, delete"), &["!rbac"]);
    check_change("Role", &role("get, delete"), &role("get"), &[]);
    check_change("Role", &role("'*'"), &role("get"), &[]);
    check("", &of("Role", &role("get")), &[]);
    check("", &of("Role", &role("'*'")), &["!rbac"]);
    let binding = |users: &str| format!("roleRef: {{name: a}}\nsubjects: [{users}]");
    check_change(
        "RoleBinding",
        &binding("{kind: User, name: x}"),
        &binding("{kind: User, name: x}, {kind: User, name: y}"),
        &["!rbac"],
    );
}

#[test]
fn access_to_the_host_is_told_where_it_is_new() {
    let pod = |rest: &str| format!("spec: {{template: {{spec: {{containers: [{{name: c}}], {rest}}}}}}}");
    check_change("Deployment", &pod(""), &pod("hostNetwork: true"), &["!host"]);
    check_change("Deployment", &pod("hostPID: true"), &pod("hostPID: true, x: 1"), &[]);
    check_change("Deployment", &pod(""), &pod("volumes: [{name: v, hostPath: {path: /}}]"), &["!host"]);
}

#[test]
fn a_new_image_without_a_digest_is_worth_a_look() {
    let pod =
        |image: &str| format!("spec: {{template: {{spec: {{containers: [{{name: c, image: {image}}}]}}}}}}");
    check_change("Deployment", &pod("a:1"), &pod("a:2"), &["image"]);
    check_change("Deployment", &pod("a:1"), &pod("a@sha256:00"), &[]);
}
