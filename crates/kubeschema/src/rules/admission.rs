//! Webhooks and policies that decide on other resources.

use std::collections::BTreeSet;

use goyaml::Value;

use super::common::{PORTS, exactly_one, label_selector, named, one_of, required, within};
use super::expressions;
use crate::finding::Findings;
use crate::names;
use crate::schema::describe;
use crate::view::{field, filled, is_blank, items, text};

/// Checks a ValidatingWebhookConfiguration or MutatingWebhookConfiguration.
pub(crate) fn webhooks<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    for webhook in items(resource, "webhooks") {
        if let Some(name) = filled(webhook, "name") {
            let is_short = name.split('.').count() < 3;
            let complaint = names::dns_subdomain(name)
                .or(is_short.then_some("it has to be a domain with at least three parts"));
            if let Some(complaint) = complaint {
                found.key_error(webhook, "name", "name", format!("{name:?}: {complaint}"));
            }
        }
        one_of(webhook, "sideEffects", &["None", "NoneOnDryRun"], found);
        one_of(webhook, "reinvocationPolicy", &["Never", "IfNeeded"], found);
        within(webhook, "timeoutSeconds", &(1..=30), found);
        review_versions(webhook, "admissionReviewVersions", found);
        items(webhook, "rules").iter().for_each(|rule| check_rule(rule, found));
        selectors(webhook, found);
        match_conditions(webhook, found);
        expressions::match_conditions(webhook, found);
        if let Some(config) = field(webhook, "clientConfig") {
            client_config(config, found);
        }
    }
}

fn selectors<'a>(holder: &'a Value, found: &mut Findings<'a>) {
    for key in ["namespaceSelector", "objectSelector"] {
        if let Some(selector) = field(holder, key) {
            label_selector(selector, found);
        }
    }
}

/// Asks for a version of reviews that the server speaks.
pub(crate) fn review_versions<'a>(holder: &'a Value, key: &str, found: &mut Findings<'a>) {
    let versions = items(holder, key);
    let mut seen = BTreeSet::new();
    for version in versions {
        let name = version.as_str().unwrap_or_default();
        if !seen.insert(name) {
            found.error(version, "duplicate", format!("{name:?} is in the list twice"));
        }
    }
    if !versions.is_empty() && !seen.contains("v1") && !seen.contains("v1beta1") {
        found.key_error(holder, key, "required", "the server speaks v1 and v1beta1 only");
    }
}

fn check_rule<'a>(rule: &'a Value, found: &mut Findings<'a>) {
    const OPERATIONS: [&str; 5] = ["*", "CREATE", "UPDATE", "DELETE", "CONNECT"];
    required(rule, &["operations", "apiGroups", "apiVersions", "resources"], found);
    for key in ["operations", "apiGroups", "apiVersions"] {
        let values = items(rule, key);
        if values.len() > 1 && values.iter().any(|value| value.as_str() == Some("*")) {
            found.key_error(rule, key, "exclusive", "'*' stands for all, so it stands alone");
        }
    }
    for key in ["operations", "apiVersions", "resources"] {
        for value in items(rule, key).iter().filter(|value| is_blank(Some(value))) {
            found.error(value, "required", format!("an item of {key} is empty"));
        }
    }
    for operation in items(rule, "operations") {
        if operation.as_str().is_some_and(|name| !name.is_empty() && !OPERATIONS.contains(&name)) {
            let message = format!("{} is not one of {}", describe(operation), OPERATIONS.join(", "));
            found.error(operation, "enum", message);
        }
    }
    wildcards(rule, found);
}

fn wildcards<'a>(rule: &'a Value, found: &mut Findings<'a>) {
    let resources = items(rule, "resources");
    let has = |wanted: &str| resources.iter().any(|resource| resource.as_str() == Some(wanted));
    for (resource, name) in resources.iter().filter_map(|resource| Some((resource, resource.as_str()?))) {
        if has("*/*") && name != "*/*" {
            found.error(resource, "exclusive", "'*/*' stands for all, so it stands alone");
        } else if has("*") && name != "*" && !name.contains('/') {
            found.error(resource, "exclusive", "'*' stands for all resources without subresources");
        }
    }
}

fn match_conditions<'a>(holder: &'a Value, found: &mut Findings<'a>) {
    for condition in items(holder, "matchConditions") {
        required(condition, &["name", "expression"], found);
        named(condition, "name", names::qualified_name, found);
    }
}

/// Checks how a webhook is reached.
pub(crate) fn client_config<'a>(config: &'a Value, found: &mut Findings<'a>) {
    let target = exactly_one(config, &["url", "service"], "a webhook", found);
    if target == Some("url") {
        let url = text(config, "url").unwrap_or_default();
        if let Some(complaint) = url_complaint(url) {
            found.key_error(config, "url", "url", format!("{url:?}: {complaint}"));
        }
    } else if let Some(service) = field(config, "service") {
        within(service, "port", &PORTS, found);
        if let Some(complaint) = filled(service, "path").and_then(path_complaint) {
            found.key_error(service, "path", "path", complaint);
        }
    }
}

fn url_complaint(url: &str) -> Option<&'static str> {
    let Some(rest) = url.strip_prefix("https://") else { return Some("it has to start with https://") };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let complaints = [
        (host.is_empty(), "it has no host"),
        (host.contains('@'), "it may not name a user"),
        (rest.contains('#'), "it may not have a fragment"),
        (rest.contains('?'), "it may not have a query"),
    ];
    complaints.iter().find(|(is_wrong, _)| *is_wrong).map(|(_, complaint)| *complaint)
}

fn path_complaint(path: &str) -> Option<String> {
    if path == "/" {
        return None;
    }
    let Some(rest) = path.strip_prefix('/') else { return Some(format!("{path:?} has to start with '/'")) };
    let mut parts = rest.strip_suffix('/').unwrap_or(rest).split('/');
    parts.find_map(|part| match part {
        "" => Some(format!("{path:?} has an empty part")),
        part => names::dns_subdomain(part).map(|complaint| format!("{part:?} in {path:?}: {complaint}")),
    })
}

/// Checks a ValidatingAdmissionPolicy or MutatingAdmissionPolicy.
pub(crate) fn policy<'a>(spec: &'a Value, is_mutating: bool, found: &mut Findings<'a>) {
    match field(spec, "matchConstraints") {
        Some(constraints) => {
            required(constraints, &["resourceRules"], found);
            match_resources(constraints, found);
        }
        None => found.key_error(spec, "matchConstraints", "required", "a policy has to say what it is for"),
    }
    if let Some(kind) = field(spec, "paramKind") {
        required(kind, &["apiVersion", "kind"], found);
    }
    match_conditions(spec, found);
    expressions::policy(spec, found);
    for variable in items(spec, "variables") {
        required(variable, &["name", "expression"], found);
        if let Some(name) = filled(variable, "name").filter(|name| !is_identifier(name)) {
            found.key_error(variable, "name", "name", format!("{name:?} is no identifier"));
        }
    }
    if is_mutating {
        required(spec, &["mutations", "reinvocationPolicy"], found);
        items(spec, "mutations").iter().for_each(|mutation| check_mutation(mutation, found));
    } else {
        if items(spec, "validations").is_empty() && items(spec, "auditAnnotations").is_empty() {
            let message = "a policy needs validations or auditAnnotations";
            found.key_error(spec, "validations", "required", message);
        }
        items(spec, "validations").iter().for_each(|validation| check_validation(validation, found));
        for annotation in items(spec, "auditAnnotations") {
            named(annotation, "key", names::qualified_name, found);
        }
    }
}

fn is_identifier(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit())
}

fn match_resources<'a>(constraints: &'a Value, found: &mut Findings<'a>) {
    selectors(constraints, found);
    for key in ["resourceRules", "excludeResourceRules"] {
        items(constraints, key).iter().for_each(|rule| check_rule(rule, found));
    }
}

fn check_validation<'a>(validation: &'a Value, found: &mut Findings<'a>) {
    const REASONS: [&str; 4] = ["Unauthorized", "Forbidden", "Invalid", "RequestEntityTooLarge"];
    one_of(validation, "reason", &REASONS, found);
    if let Some(expression) = text(validation, "expression").filter(|text| !text.is_empty())
        && expression.trim().is_empty()
    {
        found.key_error(validation, "expression", "required", "the expression is empty");
    }
    if text(validation, "message").is_some_and(|message| message.trim().contains(['\n', '\r'])) {
        found.key_error(validation, "message", "text", "a message has one line");
    }
}

fn check_mutation<'a>(mutation: &'a Value, found: &mut Findings<'a>) {
    let kinds = [("ApplyConfiguration", "applyConfiguration"), ("JSONPatch", "jsonPatch")];
    let kind = text(mutation, "patchType").unwrap_or_default();
    one_of(mutation, "patchType", &kinds.map(|(kind, _)| kind), found);
    for (name, key) in kinds {
        match (name == kind, field(mutation, key)) {
            (true, Some(patch)) => required(patch, &["expression"], found),
            (true, None) => {
                found.key_error(mutation, key, "required", format!("patchType {kind} needs {key}"));
            }
            (false, Some(_)) => {
                found.key_error(mutation, key, "exclusive", format!("patchType {kind} takes no {key}"));
            }
            (false, None) => {}
        }
    }
}

/// Checks a ValidatingAdmissionPolicyBinding or MutatingAdmissionPolicyBinding.
pub(crate) fn binding<'a>(spec: &'a Value, is_mutating: bool, found: &mut Findings<'a>) {
    required(spec, &["policyName"], found);
    named(spec, "policyName", names::dns_subdomain, found);
    if !is_mutating {
        let has =
            |name: &str| items(spec, "validationActions").iter().any(|action| action.as_str() == Some(name));
        if has("Deny") && has("Warn") {
            let message = "Deny and Warn would say the same twice";
            found.key_error(spec, "validationActions", "exclusive", message);
        }
    }
    if let Some(resources) = field(spec, "matchResources") {
        match_resources(resources, found);
    }
    let Some(parameters) = field(spec, "paramRef") else { return };
    exactly_one(parameters, &["name", "selector"], "paramRef", found);
    required(parameters, &["parameterNotFoundAction"], found);
    one_of(parameters, "parameterNotFoundAction", &["Allow", "Deny"], found);
}

/// Checks an APIService.
pub(crate) fn api_service<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    let Some(spec) = field(resource, "spec") else { return };
    let group = text(spec, "group").unwrap_or_default();
    let version = text(spec, "version").unwrap_or_default();
    let name = format!("{version}.{group}");
    let metadata = field(resource, "metadata");
    if let Some(metadata) =
        metadata.filter(|metadata| filled(metadata, "name").is_some_and(|known| known != name))
    {
        found.key_error(metadata, "name", "name", format!("the name has to be {name}, version and group"));
    }
    if group.is_empty() && version != "v1" {
        found.key_error(spec, "group", "required", "only v1 is without a group");
    }
    within(spec, "groupPriorityMinimum", &(1..=20000), found);
    within(spec, "versionPriority", &(1..=1000), found);
    if let Some(service) = field(spec, "service") {
        required(service, &["name", "namespace"], found);
        within(service, "port", &PORTS, found);
    }
    if !is_blank(spec.get("caBundle")) && crate::view::is_true(spec, "insecureSkipTLSVerify") {
        let message = "there is a caBundle to verify with";
        found.key_error(spec, "insecureSkipTLSVerify", "exclusive", message);
    }
}
