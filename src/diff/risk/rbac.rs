//! Whether a role or binding gives more than before.

use goyaml::Value;

use super::{Risk, RiskLevel};

/// Returns what a role or a binding newly gives.
pub(super) fn widening(kind: &str, before: Option<&Value>, after: &Value) -> Vec<Risk> {
    let messages = match kind {
        "Role" | "ClusterRole" => rules(before, after),
        "RoleBinding" | "ClusterRoleBinding" => subjects(before, after),
        _ => Vec::new(),
    };
    messages.into_iter().map(|message| Risk { level: RiskLevel::High, rule: "rbac", message }).collect()
}

fn texts<'a>(rule: &'a Value, field: &str) -> Vec<&'a str> {
    let items = rule.get(field).and_then(Value::as_sequence).unwrap_or_default();
    items.iter().filter_map(Value::as_str).collect()
}

fn list<'a>(value: Option<&'a Value>, field: &str) -> &'a [Value] {
    value.and_then(|value| value.get(field)).and_then(Value::as_sequence).unwrap_or_default()
}

/// What is allowed: a verb on a resource of a group, or on a path.
struct Grant<'a> {
    verb: &'a str,
    group: &'a str,
    resource: &'a str,
    names: Vec<&'a str>,
}

fn grants(rule: &Value) -> Vec<Grant<'_>> {
    let mut grants = Vec::new();
    for verb in texts(rule, "verbs") {
        for resource in texts(rule, "resources") {
            for group in texts(rule, "apiGroups") {
                grants.push(Grant { verb, group, resource, names: texts(rule, "resourceNames") });
            }
        }
        for path in texts(rule, "nonResourceURLs") {
            grants.push(Grant { verb, group: "", resource: path, names: Vec::new() });
        }
    }
    grants
}

impl Grant<'_> {
    fn covers(&self, other: &Grant<'_>) -> bool {
        let covers = |own: &str, other: &str| own == "*" || own == other;
        let names = self.names.is_empty()
            || !other.names.is_empty() && other.names.iter().all(|name| self.names.contains(name));
        covers(self.verb, other.verb)
            && covers(self.group, other.group)
            && covers(self.resource, other.resource)
            && names
    }
}

fn rules(before: Option<&Value>, after: &Value) -> Vec<String> {
    let old: Vec<Grant<'_>> = list(before, "rules").iter().flat_map(grants).collect();
    let mut found = Vec::new();
    for rule in list(Some(after), "rules") {
        let new = grants(rule);
        let more: Vec<&Grant<'_>> =
            new.iter().filter(|grant| !old.iter().any(|known| known.covers(grant))).collect();
        // A new role is told by what it takes whole.
        let is_wide = |grant: &&&Grant<'_>| before.is_some() || grant.verb == "*" || grant.resource == "*";
        let mut verbs: Vec<&str> = Vec::new();
        let mut resources: Vec<&str> = Vec::new();
        for grant in more.iter().filter(is_wide) {
            if !verbs.contains(&grant.verb) {
                verbs.push(grant.verb);
            }
            if !resources.contains(&grant.resource) {
                resources.push(grant.resource);
            }
        }
        if !verbs.is_empty() {
            found.push(format!("it newly allows `{}` on `{}`", verbs.join(","), resources.join(",")));
        }
    }
    found
}

fn subjects(before: Option<&Value>, after: &Value) -> Vec<String> {
    let old = list(before, "subjects");
    let role = |value: Option<&Value>| {
        value.and_then(|value| value.get("roleRef")?.get("name")?.as_str().map(str::to_owned))
    };
    let name = role(Some(after)).unwrap_or_default();
    let is_new_role = role(before) != Some(name.clone());
    let mut found = Vec::new();
    for subject in
        list(Some(after), "subjects").iter().filter(|subject| is_new_role || !old.contains(subject))
    {
        let text = |field: &str| subject.get(field).and_then(Value::as_str).unwrap_or_default();
        if before.is_some() || name == "cluster-admin" {
            // Accounts of other namespaces may have the same name.
            let namespace = match text("namespace") {
                "" => String::new(),
                namespace => format!("{namespace}/"),
            };
            found.push(format!("{} `{namespace}{}` newly has the role `{name}`", text("kind"), text("name")));
        }
    }
    found
}
