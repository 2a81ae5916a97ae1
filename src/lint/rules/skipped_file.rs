//! F206: a file among manifests that is none by its name.

use super::{Rule, code_of};
use crate::error::{Place, WarningKind};
use crate::finding::{Finding, Level};
use crate::lint::subject::Subject;

pub(super) const RULE: Rule = Rule {
    code: "F206",
    name: "skipped-file",
    level: Some(Level::Warning),
    about: "A folder of manifests has nothing else in it",
    help: "Rename the file so that it ends in .yaml, .yml or .json, or move it elsewhere",
    explanation: "A static component takes the files of its folder that end in `.yaml`, `.yml` or `.json`. Any other file is \
                  left out of the output. Files that are there for people, such as README.md, are not told of, nor are hidden ones.",
};

/// The ends of the names of files that are there for people.
const DOCUMENTS: [&str; 6] = [".md", ".txt", ".rst", ".adoc", "LICENSE", "OWNERS"];

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for instance in subject.instances().filter(|instance| instance.component.remote.is_none()) {
        for warning in instance.inspection.iter().flat_map(|found| &found.warnings) {
            let WarningKind::SkippedFile { file } = &warning.kind else { continue };
            let name = file.rsplit('/').next().unwrap_or(file);
            let is_hidden = file.split('/').any(|part| part.starts_with('.') && part.len() > 2);
            if !is_hidden && !DOCUMENTS.iter().any(|end| name.ends_with(end)) {
                debug_assert_eq!(code_of(&warning.kind), Some(RULE.code));
                found.push(instance.told(RULE.finding(warning.kind.to_string(), Place::file(file))));
            }
        }
    }
    found
}
