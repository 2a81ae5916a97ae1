//! F101: a value that no template reads, and that none would.

use super::idle_config_key::{DeadKey, Knowledge, dead_keys};
use super::{Rule, dotted};
use crate::finding::{Finding, Fix, Level};
use crate::lint::subject::Subject;

pub(super) const RULE: Rule = Rule {
    code: "F101",
    name: "dead-config-key",
    level: Some(Level::Warning),
    about: "A value in config is read by a template",
    help: "Correct the key, or remove it: without it the output is the same",
    explanation: "The value is set, and no template of the component reads it in any environment. A read of all of a map counts, by \
                  `toYaml`, `range` or `with` for one; so does a condition or tag of a dependency. Before it is \
                  called dead, it was taken away, and the output stayed the same. Mostly it is a typo:\n\n    \
                  config:\n      replicaCout: 3    # the chart reads replicaCount\n\nWhat a chart knows and does \
                  not read as things are is F102, idle-config-key. `--fix` removes keys for which nothing else may be meant.",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let configs = subject.configs();
    let dead = configs.iter().flat_map(dead_keys).filter(|dead| dead.knowledge != Knowledge::Known);
    dead.map(|dead| finding(&dead)).collect()
}

fn finding(dead: &DeadKey<'_>) -> Finding {
    let name = dotted(&dead.keys);
    let message = match dead.knowledge {
        Knowledge::NoReader => {
            let generator = dead.config.instances[0].component.own.component.generator.name();
            format!("`{name}` is not read: a component of type `{generator}` has no templates")
        }
        Knowledge::Unknown | Knowledge::Known if dead.count > 1 => {
            format!("`{name}` is read by no template, with the {} values in it", dead.count)
        }
        Knowledge::Unknown | Knowledge::Known => format!("`{name}` is read by no template"),
    };
    let is_removed = dead.suggestion.is_none() && dead.is_in_file();
    Finding {
        fix: is_removed.then_some(Fix::Remove),
        hint: dead.suggestion.as_ref().map(|near| format!("did you mean `{near}`?")),
        ..dead.config.finding(&RULE, &dead.keys, message)
    }
}
