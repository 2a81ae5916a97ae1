//! F204: a method that means nothing.

use super::{Rule, warned};
use crate::finding::{Finding, Level};
use crate::lint::subject::Subject;

pub(super) const RULE: Rule = Rule {
    code: "F204",
    name: "unknown-method",
    level: Some(Level::Error),
    about: "A method is git, helm, http or local",
    help: "Correct the method",
    explanation: "A method that nobody knows counts as `local`, so nothing is fetched for the component:\n\n    - name: web\n      method: gti\n      source: https://git.example.com/web",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    warned(subject, &RULE)
}
