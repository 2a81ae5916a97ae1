//! F208: a config file that no environment reads, or an environment without one.

use std::collections::BTreeSet;
use std::fs;

use kubeschema::closest;

use super::{Rule, warned};
use crate::config::load::names;
use crate::definition::place;
use crate::error::Place;
use crate::finding::{Finding, Level};
use crate::lint::subject::Subject;

pub(super) const RULE: Rule = Rule {
    code: "F208",
    name: "unknown-environment",
    level: Some(Level::Warning),
    about: "A config file is read by an environment, and an environment has a config file",
    help: "Rename the file or the environment, or list the environment in fab.yaml",
    explanation: "A config file is found by its name alone. Under another name nothing is read, and the environment is made without \
                  it and without a word:\n\n    config/prod.yaml\n    web/config/prd.yaml      # for prod, web has no \
                  config\n    web/config/prod.yml      # config files end in .yaml or .json\n\nWithout `environments` in \
                  fab.yaml, only names that are nearly those of an environment are told of: any other may be \
                  named on the command line.",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = warned(subject, &RULE);
    let known: BTreeSet<&str> = subject.trees.iter().flat_map(|tree| tree.environment.layers()).collect();
    let is_closed = !subject.project.rendering.environments().is_empty();
    for folder in &subject.files.config_folders {
        let on_disk = subject.directory.join(folder);
        for name in names(&on_disk).into_iter().filter(|name| !known.contains(name.as_str())) {
            let near = closest(&name, known.iter().copied());
            if near.is_none() && !is_closed {
                continue;
            }
            let end = if on_disk.join(format!("config/{name}.yaml")).exists() { "yaml" } else { "json" };
            let message = format!("no environment reads the config file `{name}.{end}`");
            let hint = near.map(|near| format!("did you mean `{near}.{end}`?"));
            found.push(Finding {
                hint,
                ..RULE.finding(message, at(subject, folder, &format!("{name}.{end}")))
            });
        }
        found.extend(misnamed(subject, folder));
    }
    found
}

fn at(subject: &Subject<'_>, folder: &str, file: &str) -> Place {
    Place::file(subject.definition.show(&place::join(&[folder, "config", file])))
}

/// Finds config files that end in what config files do not end in.
fn misnamed(subject: &Subject<'_>, folder: &str) -> Vec<Finding> {
    // A folder that is not there has no files.
    let entries = fs::read_dir(subject.directory.join(folder).join("config")).into_iter().flatten().flatten();
    let mut files: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    files.retain(|file| file.ends_with(".yml"));
    files.sort();
    let finding = |file: String| {
        let hint = Some(format!("rename it to `{}.yaml`", file.trim_end_matches(".yml")));
        let message = format!("`{file}` is not read: config files end in .yaml or .json");
        Finding { hint, ..RULE.finding(message, at(subject, folder, &file)) }
    };
    files.into_iter().map(finding).collect()
}
