//! Quotas and default limits of a namespace.

use std::collections::BTreeSet;

use goyaml::Value;

use super::common::{forbidden, named, one_of, operands};
use super::resources::not_negative;
use crate::finding::Findings;
use crate::names;
use crate::scalar::Quantity;
use crate::schema::describe;
use crate::view::{at, entries, field, items, text};

/// Resources that are counted by number.
const COUNTED: [&str; 9] = [
    "pods",
    "services",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

/// Resources that are summed up.
const SUMMED: [&str; 10] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];

const SCOPES: [&str; 7] = [
    "BestEffort",
    "CrossNamespacePodAffinity",
    "NotBestEffort",
    "NotTerminating",
    "PriorityClass",
    "Terminating",
    "VolumeAttributesClass",
];

/// Checks a ResourceQuota.
pub(crate) fn quota<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    for (name, value) in entries(spec, "hard") {
        if let Some(complaint) = quota_name(name) {
            found.error(value, "resources", format!("resource {name:?}: {complaint}"));
        }
        let Some(amount) = Quantity::of(value) else { continue };
        not_negative(value, amount, found);
        if (COUNTED.contains(&name) || name.starts_with("count/")) && !amount.is_integer() {
            found.error(value, "resources", format!("{name} comes in whole numbers only"));
        }
    }
    scopes(spec, found);
    selected(spec, found);
    let Some(selector) = field(spec, "scopeSelector") else { return };
    for requirement in items(selector, "matchExpressions") {
        one_of(requirement, "operator", &["In", "NotIn", "Exists", "DoesNotExist"], found);
        operands(requirement, text(requirement, "operator").unwrap_or_default(), &["In", "NotIn"], found);
    }
}

fn quota_name(name: &str) -> Option<&'static str> {
    let starts = ["hugepages-", "requests.hugepages-", "limits.hugepages-"];
    let is_known = COUNTED.contains(&name)
        || SUMMED.contains(&name)
        || starts.iter().any(|start| name.starts_with(start));
    names::qualified_name(name)
        .or_else(|| (!name.contains('/') && !is_known).then_some("it is no resource that a quota can be for"))
}

fn scopes<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    let scopes = items(spec, "scopes");
    for scope in scopes.iter().filter(|scope| !scope.as_str().is_some_and(|name| SCOPES.contains(&name))) {
        found.error(scope, "enum", format!("{} is not one of {}", describe(scope), SCOPES.join(", ")));
    }
    let has = |name: &str| scopes.iter().any(|scope| scope.as_str() == Some(name));
    for (one, other) in [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")] {
        if has(one) && has(other) {
            found.key_error(spec, "scopes", "exclusive", format!("{one} and {other} exclude each other"));
        }
    }
    // A scope selects pods, so a quota with one limits only what pods use.
    let selects_pods = ["NotBestEffort", "Terminating", "NotTerminating"].iter().any(|scope| has(scope));
    for (name, value) in entries(spec, "hard").filter(|(name, _)| *name != "pods") {
        let is_other = COUNTED.contains(&name) || name == "requests.storage";
        let is_known = is_other || SUMMED.contains(&name);
        if (has("BestEffort") && is_known) || (selects_pods && is_other) {
            found.error(value, "exclusive", format!("{name} is not a resource that the scopes select"));
        }
    }
}

/// What a selector of scopes selects is what is limited.
fn selected<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    const CLAIMS: [&str; 2] = ["persistentvolumeclaims", "requests.storage"];
    let requirements = field(spec, "scopeSelector").map(|selector| items(selector, "matchExpressions"));
    for requirement in requirements.unwrap_or_default() {
        let scope = text(requirement, "scopeName").unwrap_or_default();
        let is_selected = |name: &str| match scope {
            "BestEffort" => name == "pods",
            "VolumeAttributesClass" => CLAIMS.contains(&name),
            _ => name == "pods" || SUMMED.contains(&name) && name != "requests.storage",
        };
        let known = entries(spec, "hard").map(|(name, _)| name);
        let mut known = known.filter(|name| COUNTED.contains(name) || SUMMED.contains(name));
        if let Some(other) = known.find(|name| SCOPES.contains(&scope) && !is_selected(name)) {
            let message = format!("{scope} selects nothing that uses {other}");
            found.key_error(requirement, "scopeName", "exclusive", message);
        }
    }
}

/// Checks a LimitRange.
pub(crate) fn limit_range<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    let mut seen = BTreeSet::new();
    for limit in items(spec, "limits") {
        let kind = text(limit, "type").unwrap_or_default();
        if !seen.insert(kind) {
            found.key_error(limit, "type", "duplicate", format!("another limit is for {kind}"));
        }
        let is_known = ["Pod", "Container", "PersistentVolumeClaim"].contains(&kind);
        if !is_known && !kind.contains('/') && !kind.is_empty() {
            let message = format!("{kind:?} is not one of Pod, Container, PersistentVolumeClaim");
            found.key_error(limit, "type", "enum", message);
        }
        named(limit, "type", names::qualified_name, found);
        if kind == "Pod" {
            forbidden(limit, &["default", "defaultRequest"], "defaults are for containers", found);
        }
        let has_storage = ["min", "max"].iter().any(|bound| at(limit, &[bound, "storage"]).is_some());
        if kind == "PersistentVolumeClaim" && !has_storage {
            found.error(limit, "required", "a claim needs a min or max of storage");
        }
        order(limit, found);
        ratios(limit, found);
        for (name, value) in BOUNDS.iter().flat_map(|key| entries(limit, key)) {
            resource_name(kind, name, value, found);
        }
    }
}

/// The amounts of a limit, each at most the next.
const BOUNDS: [&str; 4] = ["min", "defaultRequest", "default", "max"];

fn order<'a>(limit: &'a Value, found: &mut Findings<'a>) {
    for (index, higher) in BOUNDS.iter().enumerate() {
        for (name, value) in entries(limit, higher) {
            let Some(high) = Quantity::of(value) else { continue };
            for lower in &BOUNDS[..index] {
                let low = at(limit, &[lower, name]);
                if let Some(low) = low.filter(|low| Quantity::of(low).is_some_and(|low| low > high)) {
                    let message =
                        format!("{higher} of {name} is less than {lower}, which is {}", describe(low));
                    found.error(value, "range", message);
                }
            }
        }
    }
}

fn ratios<'a>(limit: &'a Value, found: &mut Findings<'a>) {
    for (name, value) in entries(limit, "maxLimitRequestRatio") {
        let Some(ratio) = Quantity::of(value) else { continue };
        if ratio.0 < 1.0 {
            let message = "a limit is never less than its request, so the ratio is at least 1";
            found.error(value, "range", message);
        }
        let bounds = ["max", "min"].map(|bound| at(limit, &[bound, name]).and_then(Quantity::of));
        if let [Some(max), Some(min)] = bounds
            && min.0 > 0.0
            && ratio.0 > max.0 / min.0
        {
            found.error(value, "range", format!("the ratio is more than max / min of {name}"));
        }
    }
}

fn resource_name<'a>(kind: &str, name: &str, value: &'a Value, found: &mut Findings<'a>) {
    let is_fine = name.contains('/')
        || ["cpu", "memory", "ephemeral-storage"].contains(&name)
        || name.starts_with("hugepages-");
    if ["Pod", "Container"].contains(&kind) && !is_fine {
        let message = format!("{name:?} is neither cpu, memory, ephemeral-storage nor has a domain");
        found.error(value, "resources", message);
    }
}
