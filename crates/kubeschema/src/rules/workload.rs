//! Controllers that keep pods running, and how they replace them.

use goyaml::Value;

use super::common::{at_least, forbidden, named};
use super::pod::{self, Owner};
use super::storage;
use crate::finding::Findings;
use crate::names;
use crate::schema::describe;
use crate::view::{as_int, field, filled, int, is_blank, items, text};

/// Checks a Deployment.
pub(crate) fn deployment<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    at_least(
        spec,
        0,
        &["replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"],
        found,
    );
    pods(spec, found);
    let ready = int(spec, "minReadySeconds").unwrap_or(0);
    let deadline = int(spec, "progressDeadlineSeconds").unwrap_or(600);
    if deadline <= ready {
        let message = format!("{deadline} has to be more than minReadySeconds, which is {ready}");
        found.key_error(spec, "progressDeadlineSeconds", "range", message);
    }
    let Some(strategy) = field(spec, "strategy") else { return };
    if text(strategy, "type") == Some("Recreate") {
        return forbidden(strategy, &["rollingUpdate"], "strategy Recreate replaces all pods at once", found);
    }
    let Some(update) = field(strategy, "rollingUpdate") else { return };
    let unavailable = share(update, "maxUnavailable", true, found).unwrap_or(25);
    let surge = share(update, "maxSurge", false, found).unwrap_or(25);
    if unavailable == 0 && surge == 0 {
        let message = "maxUnavailable and maxSurge are both 0, so no pod could ever be replaced";
        found.key_error(update, "maxUnavailable", "strategy", message);
    }
}

/// Checks a DaemonSet.
pub(crate) fn daemon_set<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    at_least(spec, 0, &["minReadySeconds", "revisionHistoryLimit"], found);
    pods(spec, found);
    let Some(strategy) = field(spec, "updateStrategy") else { return };
    let Some(update) = field(strategy, "rollingUpdate") else { return };
    if text(strategy, "type") == Some("OnDelete") {
        return;
    }
    let unavailable = share(update, "maxUnavailable", true, found).unwrap_or(1);
    let surge = share(update, "maxSurge", true, found).unwrap_or(0);
    let message = match (unavailable, surge) {
        (0, 0) => "maxUnavailable and maxSurge are both 0, so no pod could ever be replaced",
        (1.., 1..) => "maxSurge needs maxUnavailable: 0",
        _ => return,
    };
    found.key_error(update, "maxUnavailable", "strategy", message);
}

/// Checks a StatefulSet.
pub(crate) fn stateful_set<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    at_least(spec, 0, &["replicas", "minReadySeconds", "revisionHistoryLimit"], found);
    named(spec, "serviceName", names::dns_label, found);
    let claims = items(spec, "volumeClaimTemplates");
    pod::selects_template(spec, found);
    if let Some(template) = field(spec, "template") {
        pod::template(template, Owner::Controller, claims, found);
    }
    claims
        .iter()
        .filter_map(|claim| field(claim, "spec"))
        .for_each(|claim| storage::claim_spec(claim, found));
    for metadata in claims.iter().filter_map(|claim| field(claim, "metadata")) {
        // A volume of the pods has the name of the claim.
        super::common::required(metadata, &["name"], found);
        named(metadata, "name", names::dns_label, found);
    }
    for claim in claims.iter().filter(|claim| field(claim, "spec").is_none()) {
        found.key_error(claim, "spec", "required", "a claim needs access modes and storage");
    }
    if let Some(ordinals) = field(spec, "ordinals") {
        at_least(ordinals, 0, &["start"], found);
    }
    if let Some(policy) = field(spec, "persistentVolumeClaimRetentionPolicy") {
        for key in ["whenDeleted", "whenScaled"] {
            super::common::one_of(policy, key, &["Retain", "Delete"], found);
        }
    }
    let Some(strategy) = field(spec, "updateStrategy") else { return };
    let Some(update) = field(strategy, "rollingUpdate") else { return };
    if text(strategy, "type") == Some("OnDelete") {
        return forbidden(strategy, &["rollingUpdate"], "the update strategy is OnDelete", found);
    }
    at_least(update, 0, &["partition"], found);
}

/// Checks a ReplicaSet.
pub(crate) fn replica_set<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    at_least(spec, 0, &["replicas", "minReadySeconds"], found);
    pods(spec, found);
    if field(spec, "template").is_none() {
        found.key_error(spec, "template", "required", "a ReplicaSet needs a template");
    }
}

/// Checks a ReplicationController, whose selector is a map of labels, by default the template's.
pub(crate) fn replication_controller<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    at_least(spec, 0, &["replicas", "minReadySeconds"], found);
    let Some(template) = field(spec, "template") else {
        return found.key_error(spec, "template", "required", "a ReplicationController needs a template");
    };
    pod::template(template, Owner::Controller, &[], found);
    let labels = field(template, "metadata").and_then(|metadata| field(metadata, "labels"));
    match field(spec, "selector").filter(|selector| !is_blank(Some(selector))) {
        None if labels.is_none_or(|labels| is_blank(Some(labels))) => {
            found.key_error(
                spec,
                "selector",
                "required",
                "there is neither a selector nor a label in the template",
            );
        }
        None => {}
        Some(selector) => {
            let pairs = selector.as_mapping().into_iter().flatten();
            let label = |key: &str| labels.and_then(|labels| filled(labels, key));
            let matches = pairs.into_iter().all(|(key, value)| {
                let value = value.as_str().unwrap_or_default();
                label(key).unwrap_or_default() == value
            });
            if !matches {
                found.error(selector, "selector", "the selector does not select the labels of the template");
            }
        }
    }
}

fn pods<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    pod::selects_template(spec, found);
    if let Some(template) = field(spec, "template") {
        pod::template(template, Owner::Controller, &[], found);
    }
}

/// Checks a number of pods or a percentage of them, and returns the number before `%`.
pub(crate) fn share<'a>(
    object: &'a Value,
    key: &str,
    up_to_all: bool,
    found: &mut Findings<'a>,
) -> Option<i64> {
    let value = field(object, key)?;
    let Some(text) = value.as_str() else {
        at_least(object, 0, &[key], found);
        return as_int(value);
    };
    let digits = text.strip_suffix('%').filter(|digits| !digits.is_empty());
    let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let Some(percent) = digits.and_then(|digits| digits.parse::<i64>().ok()) else {
        let message = format!("{} is neither a number nor a percentage such as 25%", describe(value));
        found.error(value, "percent", message);
        return None;
    };
    if up_to_all && percent > 100 {
        found.error(value, "percent", format!("{percent}% is more than 100%"));
    }
    Some(percent)
}
