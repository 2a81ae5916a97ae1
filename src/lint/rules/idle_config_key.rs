//! F102: a value that the chart knows, and that has no effect as things are.
//!
//! The dead keys of F101 are found here, too: both ask the same of every value.

use helm::values::leaves;

use super::null_without_effect::value;
use super::{Rule, dotted};
use crate::finding::Finding;
use crate::insight::near_path;
use crate::lint::subject::{OwnConfig, Subject};
use crate::render::ValuesReader;

pub(super) const RULE: Rule = Rule {
    code: "F102",
    name: "idle-config-key",
    level: None,
    about: "A value in config has an effect in some environment",
    help: "Turn on what it belongs to, or remove it: without it the output is the same",
    explanation: "The chart knows the value, but no template reads it in any environment, mostly since what it belongs to \
                  is turned off:\n\n    config:\n      ingress:\n        enabled: false\n        host: shop.example.com    \
                  # nobody reads it\n\nThat may be on purpose, so the rule is off unless `fab.yaml` sets its level. \
                  A value that the chart does not know is F101, dead-config-key.",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let configs = subject.configs();
    let idle = configs.iter().flat_map(dead_keys).filter(|dead| dead.knowledge == Knowledge::Known);
    let finding = |dead: DeadKey<'_>| {
        let message = format!("`{}` has no effect as things are", dotted(&dead.keys));
        dead.config.finding(&RULE, &dead.keys, message)
    };
    idle.map(finding).collect()
}

/// What is known of a value that nobody reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Knowledge {
    /// It would be read under other circumstances.
    Known,
    /// Nothing hints at that.
    Unknown,
    /// The component has no templates.
    NoReader,
}

/// A value, or a map of values, that nobody reads in any environment.
pub(super) struct DeadKey<'a> {
    /// Where it is set.
    pub(super) config: &'a OwnConfig<'a>,
    /// The keys that lead to it.
    pub(super) keys: Vec<String>,
    /// How many values are in it.
    pub(super) count: usize,
    /// What is known of it.
    pub(super) knowledge: Knowledge,
    /// What may be meant.
    pub(super) suggestion: Option<String>,
}

impl DeadKey<'_> {
    /// Returns whether it is in the config file itself, and not in one of `valuesFiles`.
    pub(super) fn is_in_file(&self) -> bool {
        let say = self.config.say;
        say.layer().document.has_value(&say.steps_to(&self.keys))
    }
}

/// Finds the values that nobody reads; of a map of which nothing is read, the map.
pub(super) fn dead_keys<'a>(config: &'a OwnConfig<'a>) -> Vec<DeadKey<'a>> {
    if !config.is_wanted() {
        return Vec::new();
    }
    let all = leaves(config.values);
    let is_dead = |keys: &Vec<String>| {
        let found = config.instances.iter().map(|instance| instance.inspection);
        found.into_iter().all(|found| found.is_some_and(|found| found.unread.contains(keys)))
    };
    let (dead, alive): (Vec<Vec<String>>, Vec<Vec<String>>) = all.into_iter().partition(is_dead);
    let mut found: Vec<DeadKey<'_>> = Vec::new();
    for leaf in dead {
        if let Some(last) = found.last_mut().filter(|last| leaf.starts_with(&last.keys)) {
            last.count += 1;
            continue;
        }
        let is_whole = |depth: &usize| {
            let above = &leaf[..*depth];
            !alive.iter().any(|keys| keys.starts_with(above)) && !is_read_through(config, above)
        };
        let depth = (1..leaf.len()).find(is_whole).unwrap_or(leaf.len());
        let suggestion = suggestion(config, &leaf);
        let keys = leaf[..depth].to_vec();
        found.push(DeadKey { config, count: 1, knowledge: knowledge(config, &keys), suggestion, keys });
    }
    found
}

/// Returns whether something is read in a map, or the chart has a default for it.
fn is_read_through(config: &OwnConfig<'_>, above: &[String]) -> bool {
    let mut found = config.instances.iter().filter_map(|instance| instance.inspection);
    config.default(above).is_some()
        || found.any(|found| found.read.iter().any(|read| read.keys.starts_with(above)))
}

fn knowledge(config: &OwnConfig<'_>, keys: &[String]) -> Knowledge {
    let found = config.instances.iter().filter_map(|instance| instance.inspection);
    let known = found.map(|found| match &found.reader {
        ValuesReader::Nobody => Knowledge::NoReader,
        reader if reader.knows(keys) => Knowledge::Known,
        ValuesReader::Chart(_) | ValuesReader::Templates(_) => Knowledge::Unknown,
    });
    known.min().unwrap_or(Knowledge::Known)
}

/// Returns a value that is read and that this file does not set. That another layer sets it makes it the more likely:
/// what is misspelt is mostly there to win over that.
fn suggestion(config: &OwnConfig<'_>, keys: &[String]) -> Option<String> {
    config.instances.iter().find_map(|instance| {
        let read = instance.inspection?.read.iter().filter(|read| !read.whole);
        let free = read.filter(|read| value(config.values, &read.keys).is_none());
        near_path(keys, &free.map(|read| read.keys.as_slice()).collect::<Vec<_>>())
    })
}
