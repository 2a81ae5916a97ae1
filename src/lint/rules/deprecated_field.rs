//! F203: a field that is deprecated.

use super::{Rule, warned};
use crate::finding::{Finding, Level};
use crate::lint::subject::Subject;

pub(super) const RULE: Rule = Rule {
    code: "F203",
    name: "deprecated-field",
    level: Some(Level::Warning),
    about: "Files do not use fields that are deprecated",
    help: "Write what the message says instead",
    explanation: "Old fields work as they did in Fabrikate, and some of them did nothing there already:\n\n    generator: helm     # the name of this field is `type`",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    warned(subject, &RULE)
}
