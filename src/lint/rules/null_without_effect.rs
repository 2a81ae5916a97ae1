//! F107: a null that takes nothing away.

use goyaml::{Mapping, Value};

use super::{Rule, dotted};
use crate::finding::{Finding, Fix, Level};
use crate::lint::subject::{OwnConfig, Subject};

pub(super) const RULE: Rule = Rule {
    code: "F107",
    name: "null-without-effect",
    level: Some(Level::Warning),
    about: "A null in config takes something away",
    help: "Name the key under `unset` to take away what weaker layers set, or remove the null",
    explanation: "A null takes the default of a chart away, but nothing that another layer sets: there it counts as not \
                  written. And one in a weaker layer is lost where a stronger one speaks of the same map:\n\n    # \
                  config/common.yaml\n    config: {tolerations: [{operator: Exists}]}\n    # config/prod.yaml\n    \
                  config: {tolerations: null}    # prod has the tolerations of common\n    unset: [tolerations]         \
                  # this takes them away",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for config in subject.configs().iter().filter(|config| config.is_wanted()) {
        let mut nulls = Vec::new();
        collect(config.values, &mut Vec::new(), &mut nulls);
        let lost = nulls.into_iter().filter(|keys| !has_effect(config, keys));
        found.extend(lost.map(|keys| finding(config, &keys)));
    }
    found
}

fn collect(values: &Mapping, keys: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    for (key, value) in values {
        keys.push(key.clone());
        match value {
            Value::Null => found.push(keys.clone()),
            Value::Mapping(inner) => collect(inner, keys, found),
            _ => {}
        }
        keys.pop();
    }
}

/// Returns whether the null is there when layers are merged, in some environment.
fn has_effect(config: &OwnConfig<'_>, keys: &[String]) -> bool {
    let merged = config.instances.iter().map(|instance| value(&instance.component.values, keys));
    merged.into_iter().any(|merged| matches!(merged, Some(Value::Null)))
}

/// Returns the value that keys lead to.
pub(super) fn value<'v>(values: &'v Mapping, keys: &[String]) -> Option<&'v Value> {
    let (first, rest) = keys.split_first()?;
    rest.iter().try_fold(values.get(first)?, |value, key| value.get(key))
}

fn finding(config: &OwnConfig<'_>, keys: &[String]) -> Finding {
    let name = dotted(keys);
    let set_by =
        config.instances.iter().filter(|one| one.is_wanted).find_map(|one| one.component.setter(keys));
    let (message, hint) = match set_by {
        Some(place) => (
            format!("null does nothing: `{name}` is set at {place}"),
            format!("`unset: [{name}]` in this file takes away what weaker layers set"),
        ),
        None => (
            format!("null does nothing: `{name}` is not set, and the null is lost in merging"),
            "to take a default of the chart away, the null has to be in the strongest layer that has the map"
                .to_owned(),
        ),
    };
    Finding { hint: Some(hint), fix: Some(Fix::Remove), ..config.finding(&RULE, keys, message) }
}
