//! Autoscalers and disruption budgets: bounds on how many pods there are.

use goyaml::Value;

use super::common::{at_least, exactly_one, label_selector, named, one_of, required, within};
use super::workload::share;
use crate::finding::Findings;
use crate::names;
use crate::scalar::Quantity;
use crate::schema::describe;
use crate::view::{field, filled, int, items, text};

/// What a metric can be of, and the field that describes it.
const SOURCES: [(&str, &str); 5] = [
    ("Object", "object"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("ContainerResource", "containerResource"),
    ("External", "external"),
];

/// Checks a HorizontalPodAutoscaler.
pub(crate) fn horizontal<'a>(version: &str, spec: &'a Value, found: &mut Findings<'a>) {
    let metrics = items(spec, "metrics");
    bounds(spec, metrics, found);
    if let Some(target) = field(spec, "scaleTargetRef") {
        reference(target, found);
        let version = text(target, "apiVersion").unwrap_or_default();
        // The core group has nothing that can be scaled but the old ReplicationController.
        if !version.contains('/') && text(target, "kind") != Some("ReplicationController") {
            let message = format!("{version:?} names no group, as apps/v1 does");
            found.key_error(target, "apiVersion", "hpa", message);
        }
    }
    if version == "v1" {
        return at_least(spec, 1, &["targetCPUUtilizationPercentage"], found);
    }
    metrics.iter().for_each(|metric| check_metric(metric, found));
    if let Some(behavior) = field(spec, "behavior") {
        for rules in ["scaleUp", "scaleDown"].iter().filter_map(|key| field(behavior, key)) {
            scaling_rules(rules, found);
        }
    }
}

fn bounds<'a>(spec: &'a Value, metrics: &[Value], found: &mut Findings<'a>) {
    let most = int(spec, "maxReplicas");
    let least = int(spec, "minReplicas").unwrap_or(1);
    at_least(spec, 1, &["maxReplicas"], found);
    let scales_to_zero =
        metrics.iter().any(|metric| matches!(text(metric, "type"), Some("Object" | "External")));
    at_least(spec, i64::from(!scales_to_zero), &["minReplicas"], found);
    if let Some(most) = most.filter(|most| *most < least) {
        let message = format!("maxReplicas {most} is less than minReplicas {least}");
        found.key_error(spec, "maxReplicas", "hpa", message);
    }
}

fn reference<'a>(reference: &'a Value, found: &mut Findings<'a>) {
    for key in ["kind", "name"] {
        named(reference, key, names::path_segment, found);
    }
    if let Some(version) = filled(reference, "apiVersion").filter(|version| version.matches('/').count() > 1)
    {
        found.key_error(reference, "apiVersion", "name", format!("{version:?} is not group/version"));
    }
}

fn check_metric<'a>(metric: &'a Value, found: &mut Findings<'a>) {
    let kinds = SOURCES.map(|(kind, _)| kind);
    one_of(metric, "type", &kinds, found);
    let Some((kind, key)) = SOURCES.iter().find(|(kind, _)| text(metric, "type") == Some(*kind)) else {
        return;
    };
    for (_, other) in SOURCES.iter().filter(|(other, _)| other != kind) {
        if field(metric, other).is_some() {
            found.key_error(metric, other, "exclusive", format!("a metric of type {kind} has {key} only"));
        }
    }
    let Some(source) = field(metric, key) else {
        return found.key_error(metric, key, "required", format!("a metric of type {kind} needs {key}"));
    };
    if let Some(of) = field(source, "metric") {
        required(of, &["name"], found);
        named(of, "name", names::path_segment, found);
    }
    if let Some(object) = field(source, "describedObject") {
        reference(object, found);
    }
    if let Some(target) = field(source, "target") {
        check_target(kind, target, found);
    }
}

fn check_target<'a>(kind: &str, target: &'a Value, found: &mut Findings<'a>) {
    one_of(target, "type", &["Utilization", "Value", "AverageValue"], found);
    for key in ["value", "averageValue"] {
        if let Some(amount) =
            field(target, key).filter(|value| Quantity::of(value).is_some_and(|value| value.0 <= 0.0))
        {
            found.error(amount, "range", format!("{} is not more than 0", describe(amount)));
        }
    }
    at_least(target, 1, &["averageUtilization"], found);
    let keys: &[&str] = match kind {
        "Resource" | "ContainerResource" => &["averageUtilization", "averageValue"],
        "Pods" => &["averageValue"],
        _ => &["value", "averageValue"],
    };
    exactly_one(target, keys, "the target", found);
}

fn scaling_rules<'a>(rules: &'a Value, found: &mut Findings<'a>) {
    within(rules, "stabilizationWindowSeconds", &(0..=3600), found);
    one_of(rules, "selectPolicy", &["Max", "Min", "Disabled"], found);
    if field(rules, "policies")
        .is_some_and(|policies| policies.as_sequence().is_some_and(<[Value]>::is_empty))
    {
        found.key_error(rules, "policies", "required", "an empty list leaves no way to scale");
    }
    for policy in items(rules, "policies") {
        one_of(policy, "type", &["Pods", "Percent"], found);
        at_least(policy, 1, &["value"], found);
        within(policy, "periodSeconds", &(1..=1800), found);
    }
}

/// Checks a PodDisruptionBudget.
pub(crate) fn disruption_budget<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    for key in ["minAvailable", "maxUnavailable"] {
        share(spec, key, true, found);
    }
    if field(spec, "minAvailable").is_some() && field(spec, "maxUnavailable").is_some() {
        let message = "a budget has minAvailable or maxUnavailable, not both";
        found.key_error(spec, "maxUnavailable", "exclusive", message);
    }
    if let Some(selector) = field(spec, "selector") {
        label_selector(selector, found);
    }
}

/// Checks a PriorityClass.
pub(crate) fn priority_class<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    const HIGHEST: i64 = 1_000_000_000;
    let is_system = field(resource, "metadata").and_then(|metadata| filled(metadata, "name"));
    if is_system.is_some_and(|name| name.starts_with("system-")) {
        return;
    }
    if let Some(value) = int(resource, "value").filter(|value| *value > HIGHEST) {
        let message = format!("{value} is more than {HIGHEST}, the highest priority of users");
        found.key_error(resource, "value", "range", message);
    }
}
