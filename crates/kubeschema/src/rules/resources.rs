//! Requests and limits.

use std::collections::BTreeMap;

use goyaml::Value;

use crate::finding::Findings;
use crate::names;
use crate::scalar::Quantity;
use crate::schema::describe;
use crate::view::{entries, field};

/// Checks the resources of a container.
pub(crate) fn check<'a>(resources: &'a Value, found: &mut Findings<'a>) {
    let limits = amounts(resources, "limits", found);
    let requests = amounts(resources, "requests", found);
    for (name, (value, request)) in &requests {
        let limit = limits.get(name).map(|(_, limit)| *limit);
        let message = match limit {
            Some(limit) if !can_overcommit(name) && *request != limit => {
                format!("request and limit of {name} have to be the same")
            }
            Some(limit) if *request > limit => {
                format!("the request for {name}, {}, is above its limit", describe(value))
            }
            None if !can_overcommit(name) => format!("{name} needs a limit, which is the request"),
            _ => continue,
        };
        found.error(value, "resources", message);
    }
    huge_pages(resources, &limits, &requests, found);
}

type Amounts<'a> = BTreeMap<&'a str, (&'a Value, Quantity)>;

fn huge_pages<'a>(
    resources: &'a Value,
    limits: &Amounts<'a>,
    requests: &Amounts<'a>,
    found: &mut Findings<'a>,
) {
    let names = || limits.keys().chain(requests.keys());
    let has_huge = names().any(|name| name.starts_with("hugepages-"));
    if has_huge && !names().any(|name| ["cpu", "memory"].contains(name)) {
        found.error(resources, "resources", "hugepages need a request or limit for cpu or memory as well");
    }
}

fn amounts<'a>(resources: &'a Value, key: &str, found: &mut Findings<'a>) -> Amounts<'a> {
    let mut amounts = BTreeMap::new();
    for (name, value) in entries(resources, key) {
        if let Some(complaint) = name_complaint(name) {
            found.error(value, "resources", format!("resource {name:?}: {complaint}"));
        }
        let Some(amount) = Quantity::of(value) else { continue };
        not_negative(value, amount, found);
        if name.contains('/') && !amount.is_integer() {
            found.error(value, "resources", format!("{name} comes in whole numbers only"));
        }
        amounts.insert(name, (value, amount));
    }
    amounts
}

/// Asks that an amount is not negative.
pub(crate) fn not_negative<'a>(value: &'a Value, amount: Quantity, found: &mut Findings<'a>) {
    if amount.0 < 0.0 {
        found.error(value, "range", format!("{} is less than 0", describe(value)));
    }
}

fn name_complaint(name: &str) -> Option<&'static str> {
    if let Some(complaint) = names::qualified_name(name) {
        return Some(complaint);
    }
    let is_standard =
        ["cpu", "memory", "ephemeral-storage"].contains(&name) || name.starts_with("hugepages-");
    if !name.contains('/') {
        return (!is_standard)
            .then_some("it is neither cpu, memory, ephemeral-storage or hugepages- nor has a domain");
    }
    name.starts_with("requests.").then_some("its domain may not start with requests.")
}

/// Returns whether a container can ask for less than its limit.
fn can_overcommit(name: &str) -> bool {
    let is_native = !name.contains('/') || name.contains("kubernetes.io/");
    is_native && !name.starts_with("hugepages-")
}

/// Checks a quantity field that may not be negative.
pub(crate) fn amount_field<'a>(object: &'a Value, key: &str, found: &mut Findings<'a>) {
    if let Some(value) = field(object, key)
        && let Some(amount) = Quantity::of(value)
    {
        not_negative(value, amount, found);
    }
}
