//! F406: what a chart is warned of while it is rendered.

use super::{Rule, code_of};
use crate::finding::{Finding, Level};
use crate::lint::subject::Subject;

pub(super) const RULE: Rule = Rule {
    code: "F406",
    name: "chart-warning",
    level: Some(Level::Warning),
    about: "A chart renders without warnings",
    help: "Correct the value that the warning names, or the chart",
    explanation: "Helm warns of values that are a map where the chart has none, or the other way round, and leaves them out; and a \
                  document of the output that is no map is left out, as Fabrikate does.",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for instance in subject.instances() {
        let warnings = instance.inspection.into_iter().flat_map(|found| &found.warnings);
        for warning in warnings.filter(|warning| code_of(&warning.kind) == Some(RULE.code)) {
            let place = warning.place.clone().unwrap_or_else(|| instance.component.own.place());
            found.push(instance.told(RULE.finding(warning.kind.to_string(), place)));
        }
    }
    found
}
