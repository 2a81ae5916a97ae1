//! F401: a function whose result is another one in every run.

use super::Rule;
use super::random_secret::{Random, randoms};
use crate::finding::{Finding, Level};
use crate::lint::subject::Subject;

pub(super) const RULE: Rule = Rule {
    code: "F401",
    name: "random-output",
    level: Some(Level::Warning),
    about: "The same definition makes the same output",
    help: "Set the value that the function stands in for, or fix it by `--seed` or `seedDate`",
    explanation: "A chart that asks for randomness or for the time makes another output in every run: each commit to \
                  the manifest repository changes it, and what is deployed restarts:\n\n    annotations: {rollme: {{ randAlphaNum 5 }}}\n\n\
                  Most charts have a value for it. `fab generate --seed` and `seedDate` in fab.yaml keep what cannot be set. \
                  Randomness that reaches a Secret is F402.",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    randoms(subject)
        .into_iter()
        .filter(|random| random.secret.is_none())
        .map(|random| finding(&random))
        .collect()
}

fn finding(random: &Random<'_>) -> Finding {
    let message = format!("`{}` makes the output differ in every run", random.function);
    let hint = Some(format!("set the value that it stands in for; {} would keep it", random.remedy));
    Finding { hint, ..random.instance.told(RULE.finding(message, random.place.clone())) }
}
