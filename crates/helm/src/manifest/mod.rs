//! Turns rendered files into manifests: cuts them into documents, takes the
//! hooks out and sorts both by kind.
//!
//! The input order is that of the paths, then the place in the file; the order
//! of kinds is that in which Helm 4.2 installs them, unknown kinds last by name.
//! Sorting is stable, and a hook's weight has no part in it.
//!
//! Invariant: a manifest is one valid YAML document (or a comment), with its
//! bytes as they were rendered.

mod head;
mod split;

use std::collections::BTreeMap;

use head::Head;
pub(crate) use split::split_documents;

use crate::Error;

/// How many documents a chart may render to. Charts that are meant well have hundreds.
const MAX_DOCUMENTS: usize = 200_000;

/// One rendered document.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The template that it came from, below the chart's name.
    pub path: String,
    /// The document, as rendered.
    pub content: String,
    /// Its `kind`, empty if it has none.
    pub kind: String,
}

/// A document that is a hook.
#[derive(Debug, Clone, PartialEq)]
pub struct Hook {
    /// The document itself.
    pub manifest: Manifest,
    /// When it runs.
    pub events: Vec<HookEvent>,
}

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookEvent {
    /// `pre-install`
    PreInstall,
    /// `post-install`
    PostInstall,
    /// `pre-delete`
    PreDelete,
    /// `post-delete`
    PostDelete,
    /// `pre-upgrade`
    PreUpgrade,
    /// `post-upgrade`
    PostUpgrade,
    /// `pre-rollback`
    PreRollback,
    /// `post-rollback`
    PostRollback,
    /// `test`, or `test-success` of Helm 2
    Test,
}

/// The documents of a chart in the order in which `helm template` prints them.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    pub(crate) manifests: Vec<Manifest>,
    pub(crate) hooks: Vec<Hook>,
}

impl Hook {
    /// Returns whether it runs for `helm test`.
    pub fn is_test(&self) -> bool {
        self.events.contains(&HookEvent::Test)
    }
}

impl HookEvent {
    fn from_name(name: &str) -> Option<HookEvent> {
        Some(match name {
            "pre-install" => HookEvent::PreInstall,
            "post-install" => HookEvent::PostInstall,
            "pre-delete" => HookEvent::PreDelete,
            "post-delete" => HookEvent::PostDelete,
            "pre-upgrade" => HookEvent::PreUpgrade,
            "post-upgrade" => HookEvent::PostUpgrade,
            "pre-rollback" => HookEvent::PreRollback,
            "post-rollback" => HookEvent::PostRollback,
            "test" | "test-success" => HookEvent::Test,
            _ => return None,
        })
    }
}

/// Cuts and sorts rendered files.
///
/// # Errors
///
/// The first document, in input order, that is not valid YAML or has no head.
pub(crate) fn sort_files(files: BTreeMap<String, Vec<u8>>) -> Result<Sorted, Error> {
    let mut sorted = Sorted::default();
    for (path, content) in &files {
        if let Err(message) = sort_file(path, content, &mut sorted) {
            return Err(Error::Manifest { path: path.clone(), message, files, hooks: sorted.hooks });
        }
    }
    sorted.manifests.sort_by(|a, b| kind_rank(&a.kind).cmp(&kind_rank(&b.kind)));
    sorted.hooks.sort_by(|a, b| kind_rank(&a.manifest.kind).cmp(&kind_rank(&b.manifest.kind)));
    Ok(sorted)
}

fn sort_file(path: &str, content: &[u8], sorted: &mut Sorted) -> Result<(), String> {
    let text = std::str::from_utf8(content).map_err(|_| not_utf8(content))?;
    for document in split_documents(text) {
        if sorted.manifests.len() + sorted.hooks.len() == MAX_DOCUMENTS {
            return Err(format!("exceeded maximum number of documents of a chart ({MAX_DOCUMENTS})"));
        }
        let head = Head::read(document)?;
        let manifest = Manifest { path: path.to_owned(), content: document.to_owned(), kind: head.kind };
        match head.annotations.get("helm.sh/hook") {
            None => sorted.manifests.push(manifest),
            Some(names) => sorted.hooks.extend(hook(manifest, names)),
        }
    }
    Ok(())
}

/// What the YAML reader says of bytes that are no text.
fn not_utf8(content: &[u8]) -> String {
    match goyaml::from_slice::<goyaml::Value>(content) {
        Err(error) => error.unmarshal_text(),
        Ok(_) => "error converting YAML to JSON: yaml: invalid UTF-8".to_owned(),
    }
}

/// Returns the hook, none if it names an event that Helm does not know: then the
/// document is left out altogether.
fn hook(manifest: Manifest, names: &str) -> Option<Hook> {
    let events = names.split(',').map(|name| HookEvent::from_name(&name.trim().to_lowercase()));
    Some(Hook { manifest, events: events.collect::<Option<_>>()? })
}

/// Returns where a kind sorts: known ones by their place, the others after them by name.
fn kind_rank(kind: &str) -> (usize, &str) {
    match INSTALL_ORDER.iter().position(|known| *known == kind) {
        Some(place) => (place, ""),
        None => (INSTALL_ORDER.len(), kind),
    }
}

pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

const INSTALL_ORDER: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn sort(files: &[(&str, &str)]) -> Result<Sorted, Error> {
        sort_files(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect())
    }

    #[track_caller]
    fn check_kinds(text: &str, want: &[&str]) {
        let sorted = sort(&[("t.yaml", text)]).expect("it is valid");
        let kinds: Vec<&str> = sorted.manifests.iter().map(|manifest| manifest.kind.as_str()).collect();
        assert_eq!(kinds, want, "text: {text}");
    }

    #[test]
    fn known_kinds_come_in_order_of_installation_and_others_after_them_by_name() {
        check_kinds(
            "kind: Zebra\n---\nkind: Deployment\n---\nkind: Ape\n---\nkind: Namespace\n---\n# none\n",
            &["Namespace", "Deployment", "", "Ape", "Zebra"],
        );
    }

    #[test]
    fn documents_of_one_kind_keep_the_order_of_their_files() {
        let sorted =
            sort(&[("b", "kind: A\nb: 1"), ("a", "kind: A\na: 1\n---\nkind: A\na: 2")]).expect("it is valid");
        let texts: Vec<&str> = sorted.manifests.iter().map(|manifest| manifest.content.as_str()).collect();
        assert_eq!(texts, ["kind: A\na: 1\n", "kind: A\na: 2", "kind: A\nb: 1"]);
    }

    #[test]
    fn field_names_match_whatever_their_case_and_scalars_become_text() {
        check_kinds("KIND: Upper", &["Upper"]);
        check_kinds("kind: 5", &["5"]);
        check_kinds("kind: 1e7", &["1e+07"]);
        check_kinds("kind: yes", &["true"]);
        check_kinds("metadata:", &[""]);
    }

    #[track_caller]
    fn check_events(annotation: &str, want: Option<&[HookEvent]>) {
        let text = format!("metadata: {{annotations: {{helm.sh/hook: {annotation}}}}}");
        let sorted = sort(&[("t.yaml", &text)]).expect("it is valid");
        assert!(sorted.manifests.is_empty());
        assert_eq!(sorted.hooks.first().map(|hook| hook.events.as_slice()), want, "annotation: {annotation}");
    }

    #[test]
    fn a_hook_with_an_unknown_event_vanishes() {
        check_events("\"pre-install, Post-Upgrade\"", Some(&[HookEvent::PreInstall, HookEvent::PostUpgrade]));
        check_events("test-success", Some(&[HookEvent::Test]));
        check_events("\"pre-install,never\"", None);
        check_events("true", None);
    }

    #[test]
    fn the_first_bad_file_is_reported() {
        let error = sort(&[("b", "x"), ("a", "kind: [1]")]).expect_err("it is not valid").to_string();
        assert_eq!(
            error,
            "YAML parse error on a: error unmarshaling JSON: while decoding JSON: json: \
             cannot unmarshal array into Go struct field SimpleHead.kind of type string"
        );
    }
}
