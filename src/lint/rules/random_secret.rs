//! F402: a Secret that is another one in every run.

use std::collections::BTreeSet;

use super::Rule;
use crate::error::{Place, WarningKind};
use crate::finding::{Finding, Level};
use crate::lint::subject::{Instance, Subject};
use crate::resource::Secret;

pub(super) const RULE: Rule = Rule {
    code: "F402",
    name: "random-secret",
    level: Some(Level::Warning),
    about: "A Secret keeps what it holds",
    help: "Set the value in config by reference to a Secret that exists, or fix it by `--seed`",
    explanation: "A chart that makes up a password makes another one in every run. Helm keeps the one that is in the \
                  cluster; of manifests in git nobody does, so each deployment changes the password under what \
                  uses it:\n\n    password: {{ randAlphaNum 16 | b64enc }}\n\nMost charts take the name of a Secret that \
                  exists, as in `existingSecret`.",
};

/// A function of a chart whose result is another one in every run.
pub(super) struct Random<'a> {
    /// The component.
    pub(super) instance: Instance<'a>,
    /// The function.
    pub(super) function: &'static str,
    /// The options that keep it.
    pub(super) remedy: &'static str,
    /// Where it is called.
    pub(super) place: &'a Place,
    /// The Secret that it reaches.
    pub(super) secret: Option<String>,
}

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let finding = |random: Random<'_>| {
        let message =
            format!("`{}` makes the Secret {} another one in every run", random.function, random.secret?);
        let hint = Some(format!(
            "name a Secret that exists, if the chart takes one; {} would keep it",
            random.remedy
        ));
        Some(Finding { hint, ..random.instance.told(RULE.finding(message, random.place.clone())) })
    };
    randoms(subject).into_iter().filter_map(finding).collect()
}

/// Returns the calls whose results are part of the output.
pub(super) fn randoms<'a>(subject: &'a Subject<'_>) -> Vec<Random<'a>> {
    let mut found = Vec::new();
    for instance in subject.instances() {
        let Some(inspection) = instance.inspection else { continue };
        for warning in &inspection.warnings {
            let WarningKind::Chance { function, remedy } = warning.kind else { continue };
            let Some(place) = &warning.place else { continue };
            let of_call = inspection.varying.iter().filter(|varying| varying.place == *place);
            let lines: BTreeSet<usize> = of_call.flat_map(|varying| varying.lines.clone()).collect();
            let is_reached = |secret: &&Secret| lines.range(secret.lines.clone()).next().is_some();
            let secret = inspection.secrets.iter().find(is_reached).map(|secret| secret.name.clone());
            found.push(Random { instance, function, remedy, place, secret });
        }
    }
    found
}
