//! F106: a list that is joined with the list of another config file.

use goyaml::{Mapping, Value};

use super::type_change::each_pair;
use super::{Rule, dotted};
use crate::finding::Finding;
use crate::lint::subject::Subject;

pub(super) const RULE: Rule = Rule {
    code: "F106",
    name: "joined-list",
    level: None,
    about: "A list is set in one layer only",
    help: "Name the key under `replace` in the stronger file if its list should be all",
    explanation: "As in Fabrikate, lists of several layers are joined, the stronger one first:\n\n    # \
                  config/common.yaml\n    config: {hosts: [dev.example.com]}\n    # config/prod.yaml\n    config: \
                  {hosts: [example.com]}    # example.com and dev.example.com\n\n`replace: [hosts]` in \
                  config/prod.yaml makes its list all there is. Many definitions join lists on purpose, so the rule is off \
                  unless `fab.yaml` sets its level.",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    each_pair(subject, &mut |instance, (say, higher), (other, lower)| {
        let overridden = say.config().map_or(&[][..], |config| &config.overridden);
        compare(higher, lower, &mut Vec::new(), &mut |keys, one, two| {
            if overridden.iter().any(|path| keys.starts_with(path)) {
                return;
            }
            let other = other.place_of_value(keys);
            let message = format!(
                "`{}` has {} here, and the {two} of {other} behind them",
                dotted(keys),
                if one == 1 { "1 item".to_owned() } else { format!("{one} items") },
            );
            let hint = format!("`replace: [{}]` in this file makes these all", dotted(keys));
            found.push(Finding { hint: Some(hint), ..instance.finding(&RULE, say, keys, message) });
        });
    });
    found
}

fn compare(
    higher: &Mapping,
    lower: &Mapping,
    keys: &mut Vec<String>,
    report: &mut dyn FnMut(&[String], usize, usize),
) {
    for (key, value) in higher {
        keys.push(key.clone());
        match (value, lower.get(key)) {
            (Value::Mapping(higher), Some(Value::Mapping(lower))) => compare(higher, lower, keys, report),
            (Value::Sequence(one), Some(Value::Sequence(two))) if !one.is_empty() && !two.is_empty() => {
                report(keys, one.len(), two.len());
            }
            _ => {}
        }
        keys.pop();
    }
}
