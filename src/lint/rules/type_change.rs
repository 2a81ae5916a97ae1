//! F103: a value that is of one type in a config file, and of another in the file that it wins over.

use goyaml::{Mapping, Value};

use super::{Rule, dotted};
use crate::finding::{Finding, Level};
use crate::lint::subject::{Instance, Subject};
use crate::resolve::Say;

pub(super) const RULE: Rule = Rule {
    code: "F103",
    name: "type-change",
    level: Some(Level::Warning),
    about: "A value has one type in all layers",
    help: "Write it as the other layer does, in quotes or without them",
    explanation: "A chart that expects a number fails for a text, or compares the two and finds them different; and a text \
                  or number that wins over a map takes all of it away:\n\n    # config/common.yaml\n    config: \
                  {port: 8080}\n    # config/prod.yaml\n    config: {port: \"8081\"}\n\nA map or list over anything else \
                  is an error everywhere.",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    each_pair(subject, &mut |instance, (say, higher), (other, lower)| {
        compare(higher, lower, &mut Vec::new(), &mut |keys, one, two| {
            let other = other.place_of_value(keys);
            let message = format!("`{}` is {one} here, and {two} in {other}", dotted(keys));
            found.push(instance.finding(&RULE, say, keys, message));
        });
    });
    found
}

/// What a config file says, and the values that it has.
pub(super) type Said<'a> = (&'a Say, &'a Mapping);

/// Calls `seen` with each config file of the user's that has a say on a component, and each that it is stronger than.
pub(super) fn each_pair(subject: &Subject<'_>, seen: &mut dyn FnMut(Instance<'_>, Said<'_>, Said<'_>)) {
    for instance in subject.instances() {
        let says = instance.component.layers.iter();
        let says: Vec<Said<'_>> =
            says.filter_map(|say| Some((say, say.config()?.values.as_ref()?))).collect();
        for (at, said) in says.iter().enumerate().filter(|(_, (say, _))| subject.is_own(say.file())) {
            says[at + 1..].iter().for_each(|other| seen(instance, *said, *other));
        }
    }
}

fn compare(
    higher: &Mapping,
    lower: &Mapping,
    keys: &mut Vec<String>,
    report: &mut dyn FnMut(&[String], &'static str, &'static str),
) {
    for (key, value) in higher {
        let Some(other) = lower.get(key) else { continue };
        keys.push(key.clone());
        match (value, other) {
            (Value::Mapping(higher), Value::Mapping(lower)) => compare(higher, lower, keys, report),
            // Merging fails for these.
            (Value::Mapping(_) | Value::Sequence(_), _) => {}
            (value, other) => {
                if let (Some(one), Some(two)) = (kind(value), kind(other))
                    && one != two
                {
                    report(keys, one, two);
                }
            }
        }
        keys.pop();
    }
}

/// Returns what a value is; a number is one, whole or not.
fn kind(value: &Value) -> Option<&'static str> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some("true or false"),
        Value::Int(_) | Value::Uint(_) | Value::Float(_) => Some("a number"),
        Value::String(_) => Some("a text"),
        Value::Sequence(_) => Some("a list"),
        Value::Mapping(_) => Some("a map"),
    }
}
