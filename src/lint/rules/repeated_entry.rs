//! F205: an entry that is twice in one list.

use super::{Rule, warned};
use crate::finding::{Finding, Level};
use crate::lint::subject::Subject;

pub(super) const RULE: Rule = Rule {
    code: "F205",
    name: "repeated-entry",
    level: Some(Level::Warning),
    about: "An entry is in its list once",
    help: "Remove one of them",
    explanation: "Two entries of one name that say the same are one component. Entries that differ are an error everywhere.",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    warned(subject, &RULE)
}
