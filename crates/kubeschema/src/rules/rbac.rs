//! Roles and who has them.

use goyaml::Value;

use super::common::{label_selector, named, one_of, required};
use crate::finding::Findings;
use crate::names;
use crate::view::{field, filled, items, text};

const GROUP: &str = "rbac.authorization.k8s.io";

/// Checks a Role or ClusterRole.
pub(crate) fn role<'a>(resource: &'a Value, in_cluster: bool, found: &mut Findings<'a>) {
    for rule in items(resource, "rules") {
        let urls = items(rule, "nonResourceURLs");
        let names_resources =
            ["apiGroups", "resources", "resourceNames"].iter().any(|key| !items(rule, key).is_empty());
        if urls.is_empty() {
            required(rule, &["apiGroups", "resources"], found);
        } else if !in_cluster {
            found.key_error(
                rule,
                "nonResourceURLs",
                "rbac",
                "URLs belong to the cluster: they need a ClusterRole",
            );
        } else if names_resources {
            found.key_error(rule, "nonResourceURLs", "rbac", "a rule is for resources or for URLs, not both");
        }
    }
    let Some(aggregation) = field(resource, "aggregationRule") else { return };
    required(aggregation, &["clusterRoleSelectors"], found);
    for selector in items(aggregation, "clusterRoleSelectors") {
        label_selector(selector, found);
    }
}

/// Checks a RoleBinding or ClusterRoleBinding.
pub(crate) fn binding<'a>(resource: &'a Value, in_cluster: bool, found: &mut Findings<'a>) {
    if let Some(role) = field(resource, "roleRef") {
        one_of(role, "apiGroup", &[GROUP], found);
        let kinds: &[&str] = if in_cluster { &["ClusterRole"] } else { &["Role", "ClusterRole"] };
        one_of(role, "kind", kinds, found);
        named(role, "name", names::path_segment, found);
    }
    items(resource, "subjects").iter().for_each(|subject| check_subject(subject, in_cluster, found));
}

fn check_subject<'a>(subject: &'a Value, in_cluster: bool, found: &mut Findings<'a>) {
    one_of(subject, "kind", &["ServiceAccount", "User", "Group"], found);
    if text(subject, "kind") == Some("ServiceAccount") {
        named(subject, "name", names::dns_subdomain, found);
        if let Some(group) = filled(subject, "apiGroup") {
            let message = format!("{group:?}: a ServiceAccount is in the core group, \"\"");
            found.key_error(subject, "apiGroup", "rbac", message);
        }
        if in_cluster {
            required(subject, &["namespace"], found);
        }
    } else if ["User", "Group"].contains(&text(subject, "kind").unwrap_or_default()) {
        one_of(subject, "apiGroup", &[GROUP], found);
    }
}
