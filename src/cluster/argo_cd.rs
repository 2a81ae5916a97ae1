//! The Applications of Argo CD, those of several sources once for each.

use serde_json::Value;

use super::{Applier, ApplierState, Cluster, ClusterError, Follows, Kind, items, line, text};
use crate::definition::place;
use crate::source::SourceUrl;

const APPLICATIONS: Kind = Kind { group: "argoproj.io", version: "v1alpha1", plural: "applications" };

/// Returns the Applications of a cluster that knows any.
pub(super) fn appliers(cluster: &Cluster) -> Result<Option<Vec<Applier>>, ClusterError> {
    let mut found = Vec::new();
    let knows = cluster.list(&APPLICATIONS, &mut |object| found.extend(of_application(object)))?;
    Ok(knows.then_some(found))
}

fn of_application(object: &Value) -> Vec<Applier> {
    let several: Vec<&Value> = items(object, "/spec/sources").collect();
    // One that has several does not look at the one.
    let sources = match several.is_empty() {
        true => object.pointer("/spec/source").map(|source| (source, None)).into_iter().collect(),
        false => several.iter().enumerate().map(|(at, source)| (*source, Some(at))).collect::<Vec<_>>(),
    };
    let (state, message) = state(object);
    // What a chart is, or what is only referred to, is no folder.
    let is_folder = |source: &Value| text(source, "/chart").is_empty() && source.get("path").is_some();
    let applier = |(source, at): (&Value, Option<usize>)| Applier {
        kind: "Application",
        namespace: text(object, "/metadata/namespace").to_owned(),
        name: text(object, "/metadata/name").to_owned(),
        repository: SourceUrl::new(text(source, "/repoURL")),
        follows: follows(text(source, "/targetRevision")),
        path: place::clean(text(source, "/path").trim_matches('/')),
        revision: applied(object, at).to_owned(),
        state,
        message: message.clone(),
    };
    sources.into_iter().filter(|(source, _)| is_folder(source)).map(applier).collect()
}

fn follows(revision: &str) -> Follows {
    let is_commit = revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    match revision.strip_prefix("refs/heads/").unwrap_or(revision) {
        "" | "HEAD" => Follows::Head,
        commit if is_commit => Follows::Commit(commit.to_owned()),
        branch => Follows::Branch(branch.to_owned()),
    }
}

/// Returns the commit that was applied last: the one that the cluster was compared with if it has all of that, or else
/// that of the last sync.
fn applied(object: &Value, at: Option<usize>) -> &str {
    let field = match at {
        Some(at) => format!("/revisions/{at}"),
        None => "/revision".to_owned(),
    };
    if text(object, "/status/sync/status") == "Synced" {
        return text(object, &format!("/status/sync{field}"));
    }
    items(object, "/status/history").next_back().map_or("", |last| text(last, &field))
}

/// Returns how an Application stands: what keeps it from working first, then whether it is at it, then its health.
fn state(object: &Value) -> (ApplierState, String) {
    let mut conditions = items(object, "/status/conditions");
    if let Some(error) = conditions.rfind(|condition| text(condition, "/type").ends_with("Error")) {
        return (ApplierState::Failed, line(text(error, "/message")));
    }
    let sync = text(object, "/status/sync/status");
    let operation = || line(text(object, "/status/operationState/message"));
    match (text(object, "/status/operationState/phase"), sync) {
        ("Failed" | "Error", "OutOfSync" | "Unknown") => return (ApplierState::Failed, operation()),
        ("Running" | "Terminating", _) => return (ApplierState::Progressing, operation()),
        _ => {}
    }
    let health = text(object, "/status/health/status");
    match health {
        "Missing" if sync == "OutOfSync" => (ApplierState::OutOfSync, String::new()),
        "Degraded" | "Missing" => {
            let said = line(text(object, "/status/health/message"));
            let said = if said.is_empty() { unhealthy(object, health) } else { said };
            (ApplierState::Failed, [health, &said].join(": ").trim_end_matches(": ").to_owned())
        }
        _ if sync == "OutOfSync" => (ApplierState::OutOfSync, String::new()),
        "Suspended" => (ApplierState::Suspended, line(text(object, "/status/health/message"))),
        "Progressing" => (ApplierState::Progressing, line(text(object, "/status/health/message"))),
        "Healthy" if sync == "Synced" => (ApplierState::Ready, String::new()),
        _ => (ApplierState::Unknown, String::new()),
    }
}

/// Names the first resource that is as bad as the whole.
fn unhealthy(object: &Value, health: &str) -> String {
    let found = items(object, "/status/resources").find(|one| text(one, "/health/status") == health);
    let Some(found) = found else { return String::new() };
    let [kind, namespace, name, said] =
        ["/kind", "/namespace", "/name", "/health/message"].map(|place| text(found, place));
    line(&format!("{kind} {namespace}/{name} {said}"))
}
