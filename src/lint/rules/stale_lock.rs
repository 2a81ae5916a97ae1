//! F303: a lockfile that does not have what the definition asks for.

use super::Rule;
use crate::finding::{Finding, Level};
use crate::lint::subject::Subject;
use crate::source::plan::asked_by;

pub(super) const RULE: Rule = Rule {
    code: "F303",
    name: "stale-lock",
    level: Some(Level::Error),
    about: "fab.lock has an entry for every source",
    help: "Run `fab install` and commit fab.lock",
    explanation: "An entry of `fab.lock` counts for exactly what was asked for. Whoever changes a version in a component \
                  file gets a new entry by `fab install`; until then `fab install --locked` fails, in a pipeline for one.",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(lockfile) = &subject.lockfile else { return Vec::new() };
    let entries = subject.files.entries.iter();
    let missing = entries.flat_map(|entry| {
        let asked = asked_by(&entry.component).into_iter().filter(|asked| lockfile.get(asked).is_none());
        asked.map(move |asked| RULE.finding(format!("fab.lock has no entry for {asked}"), entry.place()))
    });
    missing.collect()
}
