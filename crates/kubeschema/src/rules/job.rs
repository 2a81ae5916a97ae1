//! Jobs: pods that end, and when to run them.

use std::collections::BTreeSet;

use goyaml::Value;

use super::common::{at_least, exactly_one, forbidden, label_selector, named, one_of, required};
use super::pod::{self, Owner};
use super::schedule;
use crate::finding::Findings;
use crate::names;
use crate::view::{as_int, at, field, filled, is_true, items, text};

/// Checks a Job.
pub(crate) fn job<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    check(spec, found);
    let selector = field(spec, "selector");
    match (is_true(spec, "manualSelector"), selector) {
        (true, None) => found.key_error(spec, "selector", "required", "manualSelector needs a selector"),
        (true, Some(_)) => pod::selects_template(spec, found),
        (false, Some(_)) => {
            found.key_error(
                spec,
                "selector",
                "selector",
                "a job makes its own selector unless manualSelector is set",
            );
        }
        (false, None) => {}
    }
}

/// Checks a CronJob.
pub(crate) fn cron_job<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    schedule::check(spec, found);
    let numbers = ["startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"];
    at_least(spec, 0, &numbers, found);
    let Some(template) = field(spec, "jobTemplate") else { return };
    super::metadata::check_template(template, found);
    match field(template, "spec") {
        Some(job) => {
            check(job, found);
            if is_true(job, "manualSelector") {
                forbidden(job, &["manualSelector"], "each job of a CronJob makes its own selector", found);
            }
            if let Some(selector) = field(job, "selector") {
                label_selector(selector, found);
            }
        }
        None => found.key_error(template, "spec", "required", "a job needs a template"),
    }
}

fn check<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    let numbers = [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
        "ttlSecondsAfterFinished",
    ];
    at_least(spec, 0, &numbers, found);
    if let Some(template) = field(spec, "template") {
        pod::template(template, Owner::Job, &[], found);
    }
    let is_indexed = text(spec, "completionMode") == Some("Indexed");
    if is_indexed {
        // Without both, each is one.
        if field(spec, "completions").is_none() && field(spec, "parallelism").is_some() {
            found.key_error(spec, "completions", "required", "completionMode Indexed needs completions");
        }
    } else {
        forbidden(
            spec,
            &["backoffLimitPerIndex", "successPolicy"],
            "it needs completionMode: Indexed",
            found,
        );
    }
    if field(spec, "backoffLimitPerIndex").is_none() {
        forbidden(spec, &["maxFailedIndexes"], "it needs backoffLimitPerIndex", found);
    }
    if let Some(name) = filled(spec, "managedBy")
        && let Some(complaint) = domain_path(name)
    {
        found.key_error(spec, "managedBy", "name", format!("{name:?}: {complaint}"));
    }
    if let Some(policy) = field(spec, "podFailurePolicy") {
        failure_policy(spec, policy, found);
    }
    if let Some(policy) = field(spec, "successPolicy") {
        success_policy(policy, found);
    }
}

/// A name with a domain, as in `example.com/controller`.
pub(crate) fn domain_path(text: &str) -> Option<&'static str> {
    let Some((domain, path)) = text.split_once('/') else {
        return Some("it has no domain, as in example.com/name");
    };
    let is_path = !path.is_empty()
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%:@/".contains(&byte));
    names::dns_subdomain(domain)
        .or_else(|| (!is_path).then_some("behind the domain there is no path of a URL"))
}

fn failure_policy<'a>(spec: &'a Value, policy: &'a Value, found: &mut Findings<'a>) {
    if at(spec, &["template", "spec"]).and_then(|pod| text(pod, "restartPolicy")) == Some("OnFailure") {
        found.error(policy, "restart-policy", "podFailurePolicy needs restartPolicy: Never");
    }
    for rule in items(policy, "rules") {
        one_of(rule, "action", &["FailJob", "FailIndex", "Ignore", "Count"], found);
        if text(rule, "action") == Some("FailIndex") && field(spec, "backoffLimitPerIndex").is_none() {
            found.key_error(rule, "action", "forbidden", "FailIndex needs backoffLimitPerIndex");
        }
        let has_conditions = !items(rule, "onPodConditions").is_empty();
        match (field(rule, "onExitCodes"), has_conditions) {
            (None, false) => {
                found.error(rule, "required", "a rule needs onExitCodes or onPodConditions");
            }
            (Some(_), true) => {
                found.error(rule, "exclusive", "a rule has onExitCodes or onPodConditions, not both");
            }
            (Some(codes), false) => exit_codes(codes, found),
            (None, true) => {}
        }
        for condition in items(rule, "onPodConditions") {
            named(condition, "type", names::qualified_name, found);
            one_of(condition, "status", &["True", "False", "Unknown"], found);
        }
    }
}

fn exit_codes<'a>(codes: &'a Value, found: &mut Findings<'a>) {
    one_of(codes, "operator", &["In", "NotIn"], found);
    let values = items(codes, "values");
    let numbers: Vec<i64> = values.iter().filter_map(as_int).collect();
    if !numbers.is_sorted() {
        found.key_error(codes, "values", "order", "exit codes have to be in ascending order");
    }
    if numbers.iter().collect::<BTreeSet<_>>().len() < numbers.len() {
        found.key_error(codes, "values", "duplicate", "an exit code is in the list twice");
    }
    if text(codes, "operator") == Some("In")
        && let Some(zero) = values.iter().find(|value| as_int(value) == Some(0))
    {
        found.error(zero, "range", "exit code 0 is no failure, so it cannot be one with operator In");
    }
}

fn success_policy<'a>(policy: &'a Value, found: &mut Findings<'a>) {
    required(policy, &["rules"], found);
    for rule in items(policy, "rules") {
        at_least(rule, 1, &["succeededCount"], found);
        if field(rule, "succeededCount").is_none() {
            exactly_one(rule, &["succeededIndexes"], "a rule without succeededCount", found);
        }
    }
}
