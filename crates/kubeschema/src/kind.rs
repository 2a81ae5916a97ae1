//! Kinds of resources, and what to say of one that a minor does not serve.

use crate::closest;
use crate::graph::Graph;
use crate::minor::{Minor, Minors};

/// A kind of resource in one version of its group.
#[derive(Debug)]
pub struct Kind {
    /// Empty for the core group.
    pub group: &'static str,
    /// As in `v1`.
    pub version: &'static str,
    /// As in `Deployment`.
    pub name: &'static str,
    /// Where its resources live; none if no server that was asked had the kind.
    pub scope: Option<Scope>,
    /// The name in URLs and RBAC rules, empty if not known.
    pub plural: &'static str,
    pub(crate) definition: Option<usize>,
    pub(crate) minors: Minors,
    /// The minor from which on it is deprecated.
    pub deprecated: Option<u32>,
    /// The minor from which on it is not served any more.
    pub removed: Option<u32>,
    /// `group/version/kind` to use instead, or empty.
    pub replacement: &'static str,
}

/// Where resources of a kind live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// In a namespace.
    Namespace,
    /// In the cluster.
    Cluster,
}

impl Kind {
    /// Returns whether servers of this minor have it.
    pub fn is_served(&self, minor: Minor) -> bool {
        self.minors.contains(minor)
    }

    /// Returns the `apiVersion`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Returns what to say of a deprecated kind.
    pub(crate) fn deprecation(&self, minor: Minor) -> Option<String> {
        let since = self.deprecated.filter(|since| *since <= minor.number())?;
        let mut text = format!("{} {} is deprecated since 1.{since}", self.api_version(), self.name);
        if let Some(removed) = self.removed {
            text += &format!(" and goes in 1.{removed}");
        }
        Some(text + &self.instead())
    }

    fn instead(&self) -> String {
        if self.replacement.is_empty() { String::new() } else { format!("; use {}", self.replacement) }
    }
}

/// Splits an `apiVersion` into group and version.
pub(crate) fn split(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// Why a kind is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absence {
    /// It was, or it will be.
    OtherMinor,
    /// The group is Kubernetes' own and has no such kind.
    Unknown,
    /// Nothing is known of the group.
    Foreign,
}

/// Says why a minor does not serve a kind.
pub(crate) fn absence(graph: &Graph, api_version: &str, kind: &str, minor: Minor) -> (Absence, String) {
    let (group, version) = split(api_version);
    if let Some(known) = graph.kind(group, version, kind) {
        return (Absence::OtherMinor, other_minor(known, minor));
    }
    let mut text = format!("no kind {kind:?} in version {api_version:?} in Kubernetes {minor}");
    let served = || graph.kinds().iter().filter(|known| known.is_served(minor));
    let named = served().filter(|known| known.name.eq_ignore_ascii_case(kind));
    // The stable version is the one to recommend: it is the shortest.
    if let Some(known) = named.min_by_key(|known| known.version.len()) {
        text += &format!("; it is {} {}", known.api_version(), known.name);
        return (Absence::Unknown, text);
    }
    if !served().any(|known| known.group == group) {
        return (Absence::Foreign, text);
    }
    let names = served().filter(|known| known.group == group && known.version == version);
    if let Some(name) = closest(kind, names.map(|known| known.name)) {
        text += &format!("; did you mean {name:?}?");
    }
    (Absence::Unknown, text)
}

fn other_minor(known: &Kind, minor: Minor) -> String {
    let name = format!("{} {}", known.api_version(), known.name);
    match (known.removed, known.minors.bounds()) {
        (Some(removed), _) if removed <= minor.number() => {
            format!("{name} is not served since Kubernetes 1.{removed}{}", known.instead())
        }
        (_, Some((first, _))) if minor < first => format!("{name} is not served before Kubernetes {first}"),
        _ => format!("{name} is not served in Kubernetes {minor}{}", known.instead()),
    }
}
