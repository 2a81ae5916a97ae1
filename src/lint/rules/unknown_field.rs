//! F201: a field of a component file, a config file or `fab.yaml` that nobody reads.

use super::{Rule, warned};
use crate::finding::{Finding, Level};
use crate::lint::subject::{Subject, is_encrypted};

pub(super) const RULE: Rule = Rule {
    code: "F201",
    name: "unknown-field",
    level: Some(Level::Error),
    about: "Files have only fields that fab knows",
    help: "Correct the name, or remove the field",
    explanation: "A field that no file of the kind has is not read, so a typo here means a component without its source or its settings:\n\n    subcomponents:\n    - name: web\n      souce: https://git.example.com/web\n\n`fab schema` prints what files may say, for editors.",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let encrypted = subject.files.layers.iter().filter(|layer| is_encrypted(&layer.document));
    let encrypted: Vec<&str> = encrypted.map(|layer| layer.document.file.as_str()).collect();
    // What SOPS adds to a file is told of by a rule of its own.
    let is_of_sops = |finding: &Finding| {
        encrypted.contains(&&*finding.place.file) && finding.message.starts_with("unknown field `sops`")
    };
    warned(subject, &RULE).into_iter().filter(|finding| !is_of_sops(finding)).collect()
}
