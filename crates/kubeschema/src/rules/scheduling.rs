//! Where a pod may run: node selectors, affinity, tolerations, topology.

use goyaml::Value;

use super::common::{all_named, at_least, label_selector, named, one_of, operands, within};
use super::metadata::check_labels;
use crate::finding::Findings;
use crate::names;
use crate::schema::describe;
use crate::view::{field, filled, int, items, text};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Checks what a pod's spec says of where to run.
pub(crate) fn check<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    check_labels(spec, "nodeSelector", found);
    items(spec, "tolerations").iter().for_each(|toleration| tolerates(toleration, found));
    items(spec, "topologySpreadConstraints").iter().for_each(|constraint| spread(constraint, found));
    let Some(affinity) = field(spec, "affinity") else { return };
    if let Some(nodes) = field(affinity, "nodeAffinity") {
        node_affinity(nodes, found);
    }
    for key in ["podAffinity", "podAntiAffinity"] {
        if let Some(pods) = field(affinity, key) {
            pod_affinity(pods, found);
        }
    }
}

/// Checks one toleration.
pub(crate) fn tolerates<'a>(toleration: &'a Value, found: &mut Findings<'a>) {
    named(toleration, "key", names::qualified_name, found);
    let operator = filled(toleration, "operator").unwrap_or("Equal");
    let value = filled(toleration, "value");
    match operator {
        "Exists" if value.is_some() => {
            found.key_error(toleration, "value", "forbidden", "operator Exists takes no value");
        }
        "Equal" => {
            if let Some(complaint) = value.and_then(names::label_value) {
                found.key_error(toleration, "value", "label", complaint);
            }
        }
        "Gt" | "Lt" => {
            let message = format!("operator {operator} depends on a feature that is off");
            found.key_error(toleration, "operator", "enum", message);
        }
        _ => {}
    }
    if filled(toleration, "key").is_none() && operator != "Exists" {
        let message = "a toleration without key tolerates all taints, and its operator has to be Exists";
        found.key_error(toleration, "operator", "toleration", message);
    }
    if field(toleration, "tolerationSeconds").is_some() && text(toleration, "effect") != Some("NoExecute") {
        let message = "tolerationSeconds needs the effect NoExecute";
        found.key_error(toleration, "effect", "toleration", message);
    }
}

fn spread<'a>(constraint: &'a Value, found: &mut Findings<'a>) {
    at_least(constraint, 1, &["maxSkew", "minDomains"], found);
    if int(constraint, "minDomains").is_some()
        && text(constraint, "whenUnsatisfiable") == Some("ScheduleAnyway")
    {
        found.key_error(
            constraint,
            "minDomains",
            "forbidden",
            "minDomains needs whenUnsatisfiable: DoNotSchedule",
        );
    }
    if let Some(selector) = field(constraint, "labelSelector") {
        label_selector(selector, found);
    }
    match_label_keys(constraint, "matchLabelKeys", found);
}

/// Keys that are looked up in the pod's labels cannot be selected by value as well.
fn match_label_keys<'a>(holder: &'a Value, key: &str, found: &mut Findings<'a>) {
    all_named(holder, key, names::qualified_name, found);
    if !items(holder, key).is_empty() && field(holder, "labelSelector").is_none() {
        found.key_error(holder, key, "forbidden", format!("{key} needs a labelSelector"));
    }
}

fn node_affinity<'a>(affinity: &'a Value, found: &mut Findings<'a>) {
    if let Some(selector) = field(affinity, REQUIRED) {
        items(selector, "nodeSelectorTerms").iter().for_each(|term| required_term(term, found));
    }
    for preferred in items(affinity, PREFERRED) {
        within(preferred, "weight", &(1..=100), found);
        if let Some(term) = field(preferred, "preference") {
            node_term(term, found);
        }
    }
}

/// Checks one term of a node selector.
pub(crate) fn node_term<'a>(term: &'a Value, found: &mut Findings<'a>) {
    for requirement in items(term, "matchExpressions") {
        named(requirement, "key", names::qualified_name, found);
        node_requirement(requirement, found);
    }
    for requirement in items(term, "matchFields") {
        let key = text(requirement, "key").unwrap_or_default();
        if !key.is_empty() && key != "metadata.name" {
            let message = format!("{key:?} is no field of a node to select by; only metadata.name is");
            found.key_error(requirement, "key", "enum", message);
        }
        let values = items(requirement, "values");
        if values.len() != 1 {
            found.key_error(requirement, "values", "range", "a field is compared with one value");
        }
    }
}

/// Checks a term that a node has to fit: it is compared with what labels can be.
pub(crate) fn required_term<'a>(term: &'a Value, found: &mut Findings<'a>) {
    node_term(term, found);
    for value in items(term, "matchExpressions").iter().flat_map(|one| items(one, "values")) {
        if let Some(complaint) = value.as_str().and_then(names::label_value) {
            found.error(value, "label", format!("{}: {complaint}", describe(value)));
        }
    }
}

fn node_requirement<'a>(requirement: &'a Value, found: &mut Findings<'a>) {
    one_of(requirement, "operator", &["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"], found);
    let operator = text(requirement, "operator").unwrap_or_default();
    operands(requirement, operator, &["In", "NotIn"], found);
    if ["Gt", "Lt"].contains(&operator) {
        let values = items(requirement, "values");
        if values.len() != 1 {
            found.key_error(requirement, "values", "range", format!("operator {operator} takes one value"));
        }
    }
}

fn pod_affinity<'a>(affinity: &'a Value, found: &mut Findings<'a>) {
    items(affinity, REQUIRED).iter().for_each(|term| pod_term(term, found));
    for preferred in items(affinity, PREFERRED) {
        within(preferred, "weight", &(1..=100), found);
        if let Some(term) = field(preferred, "podAffinityTerm") {
            pod_term(term, found);
        }
    }
}

fn pod_term<'a>(term: &'a Value, found: &mut Findings<'a>) {
    named(term, "topologyKey", names::qualified_name, found);
    all_named(term, "namespaces", names::dns_label, found);
    for key in ["labelSelector", "namespaceSelector"] {
        if let Some(selector) = field(term, key) {
            label_selector(selector, found);
        }
    }
    for key in ["matchLabelKeys", "mismatchLabelKeys"] {
        match_label_keys(term, key, found);
    }
}

/// Checks a taint of a node.
pub(crate) fn taint<'a>(taint: &'a Value, found: &mut Findings<'a>) {
    named(taint, "key", names::qualified_name, found);
    if let Some(complaint) = filled(taint, "value").and_then(names::label_value) {
        found.key_error(taint, "value", "label", complaint);
    }
}
