//! What is set up once in a cluster: nodes, leases, runtimes, fair queuing.

use goyaml::Value;

use super::common::{at_least, forbidden, named, one_of, required, within};
use super::{metadata, scheduling};
use crate::finding::Findings;
use crate::names;
use crate::scalar::Quantity;
use crate::view::{entries, field, filled, int, is_true, items, text};

/// Checks a Node.
pub(crate) fn node<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    items(spec, "taints").iter().for_each(|taint| scheduling::taint(taint, found));
}

/// Checks a RuntimeClass.
pub(crate) fn runtime_class<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    named(resource, "handler", names::dns_label, found);
    if let Some(overhead) = field(resource, "overhead") {
        for (_, value) in entries(overhead, "podFixed") {
            if let Some(amount) = Quantity::of(value) {
                super::resources::not_negative(value, amount, found);
            }
        }
    }
    let Some(scheduling) = field(resource, "scheduling") else { return };
    metadata::check_labels(scheduling, "nodeSelector", found);
    let tolerations = items(scheduling, "tolerations");
    for (index, toleration) in tolerations.iter().enumerate() {
        scheduling::tolerates(toleration, found);
        if tolerations[..index].contains(toleration) {
            found.error(toleration, "duplicate", "the toleration is in the list twice");
        }
    }
}

/// Checks a Lease.
pub(crate) fn lease<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    at_least(spec, 1, &["leaseDurationSeconds"], found);
    at_least(spec, 0, &["leaseTransitions"], found);
}

/// The bits that are there to deal hands of queues by.
const MOST_BITS: f64 = 60.0;

/// Checks a FlowSchema.
pub(crate) fn flow_schema<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    let Some(spec) = field(resource, "spec") else {
        return found.key_error(resource, "spec", "required", "a schema has to name a priority level");
    };
    within(spec, "matchingPrecedence", &(0..=10000), found);
    let name = field(resource, "metadata").and_then(|metadata| text(metadata, "name"));
    if int(spec, "matchingPrecedence") == Some(1) && name != Some("exempt") {
        found.key_error(spec, "matchingPrecedence", "range", "precedence 1 is for the schema named exempt");
    }
    if let Some(level) = field(spec, "priorityLevelConfiguration") {
        named(level, "name", names::dns_subdomain, found);
    }
    if let Some(method) = field(spec, "distinguisherMethod") {
        one_of(method, "type", &["ByNamespace", "ByUser"], found);
    }
    for rule in items(spec, "rules") {
        if items(rule, "resourceRules").is_empty() && items(rule, "nonResourceRules").is_empty() {
            found.error(rule, "required", "a rule needs resourceRules or nonResourceRules");
        }
        items(rule, "subjects").iter().for_each(|subject| flow_subject(subject, found));
        items(rule, "resourceRules").iter().for_each(|rule| flow_resources(rule, found));
        for url in items(rule, "nonResourceRules").iter().flat_map(|rule| items(rule, "nonResourceURLs")) {
            if url.as_str().is_some_and(|url| url != "*" && !url.starts_with('/')) {
                found.error(url, "url", "a URL starts with '/'");
            }
        }
    }
}

fn flow_subject<'a>(subject: &'a Value, found: &mut Findings<'a>) {
    let kinds = [("User", "user"), ("Group", "group"), ("ServiceAccount", "serviceAccount")];
    one_of(subject, "kind", &kinds.map(|(kind, _)| kind), found);
    for (kind, key) in kinds {
        if text(subject, "kind") == Some(kind) {
            required(subject, &[key], found);
        } else {
            forbidden(subject, &[key], "the subject is of another kind", found);
        }
    }
    if let Some(account) = field(subject, "serviceAccount") {
        let any = |key: &str| text(account, key) == Some("*");
        if !any("name") {
            named(account, "name", names::dns_subdomain, found);
        }
        named(account, "namespace", names::dns_label, found);
    }
}

fn flow_resources<'a>(rule: &'a Value, found: &mut Findings<'a>) {
    const VERBS: [&str; 9] =
        ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];
    if !is_true(rule, "clusterScope") && items(rule, "namespaces").is_empty() {
        found.key_error(rule, "namespaces", "required", "a rule without clusterScope needs a namespace");
    }
    for verb in items(rule, "verbs") {
        if verb.as_str().is_some_and(|verb| verb != "*" && !VERBS.contains(&verb)) {
            found.error(verb, "enum", format!("not one of {}", VERBS.join(", ")));
        }
    }
}

/// Checks a PriorityLevelConfiguration.
pub(crate) fn priority_level<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    one_of(spec, "type", &["Limited", "Exempt"], found);
    match text(spec, "type") {
        Some("Limited") => {
            required(spec, &["limited"], found);
            forbidden(spec, &["exempt"], "the type is Limited", found);
        }
        Some("Exempt") => forbidden(spec, &["limited"], "the type is Exempt", found),
        _ => {}
    }
    let Some(limited) = field(spec, "limited") else { return };
    at_least(limited, 0, &["nominalConcurrencyShares", "borrowingLimitPercent"], found);
    within(limited, "lendablePercent", &(0..=100), found);
    let Some(response) = field(limited, "limitResponse") else {
        return found.key_error(
            limited,
            "limitResponse",
            "required",
            "it says what becomes of what is too much",
        );
    };
    one_of(response, "type", &["Queue", "Reject"], found);
    match text(response, "type") {
        Some("Reject") => forbidden(response, &["queuing"], "the type is Reject", found),
        Some("Queue") => required(response, &["queuing"], found),
        _ => {}
    }
    let Some(queuing) = field(response, "queuing") else { return };
    at_least(queuing, 1, &["queues", "handSize", "queueLengthLimit"], found);
    let (queues, hand) = (int(queuing, "queues").unwrap_or(64), int(queuing, "handSize").unwrap_or(8));
    if hand > queues {
        let message = format!("a hand of {hand} is more than {queues} queues");
        found.key_error(queuing, "handSize", "range", message);
    } else if hand > 0 && (queues as f64).log2() * hand as f64 > MOST_BITS {
        let message =
            format!("to deal hands of {hand} from {queues} queues takes more than {MOST_BITS} bits");
        found.key_error(queuing, "handSize", "range", message);
    }
}

/// Checks a CertificateSigningRequest.
pub(crate) fn signing_request<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    required(spec, &["usages"], found);
    if let Some(name) = filled(spec, "signerName").filter(|name| !name.contains('/')) {
        let message = format!("{name:?} has no domain, as in example.com/name");
        found.key_error(spec, "signerName", "name", message);
    }
    at_least(spec, 600, &["expirationSeconds"], found);
}

/// Checks a ServiceCIDR.
pub(crate) fn service_cidr<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    let Some(spec) = field(resource, "spec") else {
        return found.key_error(resource, "spec", "required", "at least one range is needed");
    };
    required(spec, &["cidrs"], found);
    for range in items(spec, "cidrs") {
        if let Some(complaint) = range.as_str().and_then(|text| super::network::cidr(text).err()) {
            found.error(range, "cidr", complaint);
        }
    }
}
