//! F202: config for a component that does not exist.

use super::{Rule, warned};
use crate::finding::{Finding, Level};
use crate::lint::subject::Subject;

pub(super) const RULE: Rule = Rule {
    code: "F202",
    name: "unknown-component",
    level: Some(Level::Error),
    about: "Config is for a component that exists",
    help: "Correct the name, or remove the config",
    explanation: "Config below `subcomponents` is found by the name of the entry in the component file. Under another name it is nobody's, and the component is generated without it:\n\n    subcomponents:\n      ngnix:            # the entry is called nginx\n        config: {replicas: 3}",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    warned(subject, &RULE)
}
