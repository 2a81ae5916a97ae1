//! The Kustomizations of Flux, with the sources that they name.
//!
//! A Kustomization is ready with what it saw last, so one whose source does not work counts as failed: it would never
//! see anything newer.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Applier, ApplierState, Cluster, ClusterError, Follows, Kind, items, line, text};
use crate::definition::place;
use crate::source::SourceUrl;

const KUSTOMIZATIONS: Kind =
    Kind { group: "kustomize.toolkit.fluxcd.io", version: "v1", plural: "kustomizations" };

/// The kinds of sources that are read.
const SOURCES: [(&str, Kind); 2] = [
    ("GitRepository", Kind { group: "source.toolkit.fluxcd.io", version: "v1", plural: "gitrepositories" }),
    ("OCIRepository", Kind { group: "source.toolkit.fluxcd.io", version: "v1", plural: "ocirepositories" }),
];

/// The branch of a GitRepository that names none (source-controller v1).
const DEFAULT_BRANCH: &str = "master";

/// Where `flux push artifact` writes what an artifact was made of.
const ARTIFACT: [&str; 2] = [
    "/status/artifact/metadata/org.opencontainers.image.source",
    "/status/artifact/metadata/org.opencontainers.image.revision",
];

/// A source by its kind, namespace and name.
type Key = (String, String, String);

struct Source {
    repository: SourceUrl,
    follows: Follows,
    state: ApplierState,
    message: String,
}

/// Returns the Kustomizations of a cluster that knows any.
pub(super) fn appliers(cluster: &Cluster) -> Result<Option<Vec<Applier>>, ClusterError> {
    let mut found = Vec::new();
    if !cluster.list(&KUSTOMIZATIONS, &mut |object| found.push((key(object), applier(object))))? {
        return Ok(None);
    }
    let mut sources: BTreeMap<Key, Source> = BTreeMap::new();
    for (kind, resource) in &SOURCES {
        // Rights to what nobody names are not needed.
        if found.iter().any(|((named, ..), _)| named == kind) {
            cluster.list(resource, &mut |object| {
                let place = |field: &str| text(object, field).to_owned();
                let key = ((*kind).to_owned(), place("/metadata/namespace"), place("/metadata/name"));
                sources.insert(key, source(kind, object));
            })?;
        }
    }
    let with_source = |(key, applier): (Key, Applier)| Some(sources.get(&key)?.complete(applier, &key));
    Ok(Some(found.into_iter().filter_map(with_source).collect()))
}

/// Returns the source that a Kustomization names.
fn key(object: &Value) -> Key {
    let named = text(object, "/spec/sourceRef/namespace");
    let namespace = if named.is_empty() { text(object, "/metadata/namespace") } else { named };
    let field = |place| text(object, place).to_owned();
    (field("/spec/sourceRef/kind"), namespace.to_owned(), field("/spec/sourceRef/name"))
}

/// Reads a Kustomization, without what its source says.
fn applier(object: &Value) -> Applier {
    let origin = text(object, "/status/lastAppliedOriginRevision");
    let applied = text(object, "/status/lastAppliedRevision");
    let (state, message) = state(object);
    Applier {
        kind: "Kustomization",
        namespace: text(object, "/metadata/namespace").to_owned(),
        name: text(object, "/metadata/name").to_owned(),
        repository: SourceUrl::new(""),
        follows: Follows::Other,
        path: place::clean(text(object, "/spec/path").trim_matches('/')),
        // That of an artifact is a digest, and its origin the commit.
        revision: commit(if origin.is_empty() { applied } else { origin }).to_owned(),
        state,
        message,
    }
}

fn source(kind: &str, object: &Value) -> Source {
    let (state, message) = state(object);
    let [made_of, revision] = ARTIFACT.map(|place| text(object, place));
    let (repository, follows) = match kind {
        "OCIRepository" => {
            let branch = revision.split_once('@').map_or("", |(branch, _)| branch);
            (made_of, Follows::Branch(branch.to_owned()))
        }
        _ => (text(object, "/spec/url"), follows(object)),
    };
    Source { repository: SourceUrl::new(repository), follows, state, message }
}

/// Returns what a GitRepository follows; the first of these that it names counts (source-controller v1).
fn follows(object: &Value) -> Follows {
    let field = |name: &str| text(object, &format!("/spec/ref/{name}"));
    match (field("commit"), field("name"), field("semver"), field("tag"), field("branch")) {
        ("", "", "", "", "") => Follows::Branch(DEFAULT_BRANCH.to_owned()),
        ("", "", "", "", branch) => Follows::Branch(branch.to_owned()),
        ("", "", ..) => Follows::Other,
        ("", name, ..) => match name.strip_prefix("refs/heads/") {
            Some(branch) => Follows::Branch(branch.to_owned()),
            None => Follows::Other,
        },
        (commit, ..) => Follows::Commit(commit.to_owned()),
    }
}

impl Source {
    /// Returns a Kustomization with what its source says.
    fn complete(&self, applier: Applier, (kind, namespace, name): &Key) -> Applier {
        let is_behind = matches!(applier.state, ApplierState::Ready | ApplierState::Progressing)
            && matches!(self.state, ApplierState::Failed | ApplierState::Suspended);
        let (state, message) = match (is_behind, self.message.as_str()) {
            (false, _) => (applier.state, applier.message),
            (true, "") => (self.state, format!("{kind} {namespace}/{name}")),
            (true, said) => (self.state, format!("{kind} {namespace}/{name}: {said}")),
        };
        Applier {
            repository: self.repository.clone(),
            follows: self.follows.clone(),
            state,
            message,
            ..applier
        }
    }
}

/// Returns how an object of Flux stands, by its condition `Ready`.
fn state(object: &Value) -> (ApplierState, String) {
    let ready = items(object, "/status/conditions").find(|condition| text(condition, "/type") == "Ready");
    let status = ready.map_or("", |ready| text(ready, "/status"));
    let number = |place: &str| object.pointer(place).and_then(Value::as_i64).unwrap_or_default();
    let is_seen = number("/status/observedGeneration") >= number("/metadata/generation");
    let is_suspended = object.pointer("/spec/suspend").and_then(Value::as_bool).unwrap_or(false);
    let state = match (is_suspended, status) {
        (true, _) => ApplierState::Suspended,
        (false, "True") if is_seen => ApplierState::Ready,
        (false, "False") => ApplierState::Failed,
        (false, _) => ApplierState::Progressing,
    };
    let message = ready.map(|ready| line(text(ready, "/message"))).unwrap_or_default();
    // That of one that works says which revision was applied.
    (state, if status == "True" { String::new() } else { message })
}

/// Returns the commit of `main@sha1:1f2e…`, or of `main/1f2e…` as Flux wrote it before 2.0.
fn commit(revision: &str) -> &str {
    revision.rsplit([':', '/']).next().unwrap_or_default()
}
