//! Questions that many rules ask: of numbers, texts, and which fields go together.

use std::ops::RangeInclusive;

use goyaml::Value;

use crate::finding::Findings;
use crate::names::{self, Complaint};
use crate::schema::describe;
use crate::view::{as_int, entries, field, filled, int, is_blank, items, text};

/// The numbers of ports.
pub(crate) const PORTS: RangeInclusive<i64> = 1..=65535;

/// Asks for fields that are there and not empty.
pub(crate) fn required<'a>(object: &'a Value, keys: &[&str], found: &mut Findings<'a>) {
    for key in keys.iter().filter(|key| is_blank(object.get(key))) {
        found.key_error(object, key, "required", format!("required field {key:?} is missing or empty"));
    }
}

/// Asks that integers are not below a bound, where they are set.
pub(crate) fn at_least<'a>(object: &'a Value, least: i64, keys: &[&str], found: &mut Findings<'a>) {
    for key in keys {
        if let Some(number) = int(object, key).filter(|number| *number < least) {
            found.key_error(object, key, "range", format!("{number} is less than {least}"));
        }
    }
}

/// Asks that an integer is in a range, where it is set.
pub(crate) fn within<'a>(
    object: &'a Value,
    key: &str,
    range: &RangeInclusive<i64>,
    found: &mut Findings<'a>,
) {
    if let Some(number) = int(object, key).filter(|number| !range.contains(number)) {
        let message = format!("{number} is not from {} to {}", range.start(), range.end());
        found.key_error(object, key, "range", message);
    }
}

/// Asks that a text has a form, where it is set and not empty.
pub(crate) fn named<'a>(
    object: &'a Value,
    key: &str,
    form: fn(&str) -> Option<Complaint>,
    found: &mut Findings<'a>,
) {
    if let Some(name) = filled(object, key)
        && let Some(complaint) = form(name)
    {
        found.key_error(object, key, "name", format!("{name:?}: {complaint}"));
    }
}

/// Asks that the texts of a list have a form.
pub(crate) fn all_named<'a>(
    object: &'a Value,
    key: &str,
    form: fn(&str) -> Option<Complaint>,
    found: &mut Findings<'a>,
) {
    for item in items(object, key) {
        let name = item.as_str().unwrap_or_default();
        if let Some(complaint) = form(name).filter(|_| item.is_null() || item.as_str().is_some()) {
            found.error(item, "name", format!("{name:?}: {complaint}"));
        }
    }
}

/// Asks that a text is one of those, where it is set and not empty.
pub(crate) fn one_of<'a>(object: &'a Value, key: &str, values: &[&str], found: &mut Findings<'a>) {
    if let Some(value) = filled(object, key).filter(|value| !values.contains(value)) {
        found.key_error(object, key, "enum", format!("{value:?} is not one of {}", values.join(", ")));
    }
}

/// Asks that one of these fields is set and no other, and returns it.
pub(crate) fn exactly_one<'a, 'k>(
    object: &'a Value,
    keys: &[&'k str],
    what: &str,
    found: &mut Findings<'a>,
) -> Option<&'k str> {
    let set: Vec<&str> = keys.iter().copied().filter(|key| field(object, key).is_some()).collect();
    match set[..] {
        [] => found.error(object, "required", format!("{what} needs one of {}", keys.join(", "))),
        [_] => {}
        [first, second, ..] => {
            found.key_error(
                object,
                second,
                "exclusive",
                format!("{what} has {first} already, and can have one only"),
            );
        }
    }
    set.first().copied()
}

/// Forbids fields, for a reason.
pub(crate) fn forbidden<'a>(object: &'a Value, keys: &[&str], reason: &str, found: &mut Findings<'a>) {
    for key in keys.iter().filter(|key| field(object, key).is_some()) {
        found.key_error(object, key, "forbidden", format!("{key} may not be set: {reason}"));
    }
}

/// Asks that a port is a number in range or the name of a port.
pub(crate) fn port<'a>(object: &'a Value, key: &str, found: &mut Findings<'a>) {
    match field(object, key) {
        Some(Value::String(name)) => {
            if let Some(complaint) = names::port_name(name) {
                found.key_error(object, key, "port", format!("port name {name:?}: {complaint}"));
            }
        }
        Some(value) if as_int(value).is_some_and(|number| !PORTS.contains(&number)) => {
            found.key_error(object, key, "port", format!("port {} is not from 1 to 65535", describe(value)));
        }
        _ => {}
    }
}

/// Asks that a path stays below where it starts: relative and without `..`.
pub(crate) fn descending_path<'a>(object: &'a Value, key: &str, found: &mut Findings<'a>) {
    let Some(path) = filled(object, key) else { return };
    if path.starts_with('/') {
        found.key_error(object, key, "path", format!("{path:?} has to be relative"));
    }
    backsteps(object, key, found);
}

/// Asks that a path has no `..`.
pub(crate) fn backsteps<'a>(object: &'a Value, key: &str, found: &mut Findings<'a>) {
    if let Some(path) = filled(object, key).filter(|path| path.split('/').any(|part| part == "..")) {
        found.key_error(object, key, "path", format!("{path:?} has '..'"));
    }
}

/// Asks that a text is an IP address as Kubernetes takes them: without leading zeros.
pub(crate) fn ip<'a>(value: &'a Value, found: &mut Findings<'a>) {
    if let Some(text) = value.as_str().filter(|text| text.parse::<std::net::IpAddr>().is_err()) {
        found.error(value, "ip", format!("{text:?} is not an IP address"));
    }
}

/// Checks a label selector.
pub(crate) fn label_selector<'a>(selector: &'a Value, found: &mut Findings<'a>) {
    super::metadata::check_labels(selector, "matchLabels", found);
    for requirement in items(selector, "matchExpressions") {
        named(requirement, "key", names::qualified_name, found);
        let operator = text(requirement, "operator").unwrap_or_default();
        operands(requirement, operator, &["In", "NotIn"], found);
        for value in items(requirement, "values") {
            if let Some(complaint) = value.as_str().and_then(names::label_value) {
                found.error(value, "label", format!("{}: {complaint}", describe(value)));
            }
        }
        if field(requirement, "operator").is_some() {
            one_of(requirement, "operator", &["In", "NotIn", "Exists", "DoesNotExist"], found);
        }
    }
}

/// Asks that a requirement has values if its operator compares with any.
pub(crate) fn operands<'a>(
    requirement: &'a Value,
    operator: &str,
    comparing: &[&str],
    found: &mut Findings<'a>,
) {
    let has_values = !items(requirement, "values").is_empty();
    if comparing.contains(&operator) && !has_values {
        found.key_error(requirement, "values", "required", format!("operator {operator} needs values"));
    }
    if ["Exists", "DoesNotExist"].contains(&operator) && has_values {
        found.key_error(requirement, "values", "forbidden", format!("operator {operator} takes no values"));
    }
}

/// Returns whether a selector selects labels; none if the selector cannot be understood.
pub(crate) fn selects(selector: &Value, labels: Option<&Value>) -> bool {
    // A null is the empty value.
    let label = |key: &str| Some(labels?.get(key)?.as_str().unwrap_or_default());
    let pairs = entries(selector, "matchLabels");
    let pairs = pairs.into_iter().all(|(key, value)| label(key) == Some(value.as_str().unwrap_or_default()));
    pairs
        && items(selector, "matchExpressions").iter().all(|requirement| {
            let value = text(requirement, "key").and_then(label);
            let values = items(requirement, "values");
            let is_in = value.is_some_and(|value| values.iter().any(|known| known.as_str() == Some(value)));
            match text(requirement, "operator") {
                Some("In") => is_in,
                Some("NotIn") => !is_in,
                Some("Exists") => value.is_some(),
                Some("DoesNotExist") => value.is_none(),
                // Reported where the operator is.
                _ => true,
            }
        })
}
