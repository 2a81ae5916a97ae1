//! F304: a command that a component from elsewhere would run on this machine.

use super::Rule;
use crate::finding::{Finding, Level};
use crate::lint::subject::Subject;

pub(super) const RULE: Rule = Rule {
    code: "F304",
    name: "remote-hook",
    level: Some(Level::Warning),
    about: "Components from elsewhere bring no hooks, but for sources that are allowed to",
    help: "Read the hook, then allow the source under `hooks.allow` in fab.yaml, or leave the component",
    explanation: "A hook is a command that runs on the machine of whoever generates, with their rights. Hooks of components \
                  from elsewhere run only if the source is allowed:\n\n    # fab.yaml\n    hooks:\n      allow: \
                  [https://git.example.com/web]",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (entry, remote) in &subject.files.remote {
        let hooks = &entry.component.hooks;
        let all = [
            ("before-install", &hooks.before_install),
            ("after-install", &hooks.after_install),
            ("before-generate", &hooks.before_generate),
            ("after-generate", &hooks.after_generate),
        ];
        let Some((hook, _)) = all.into_iter().find(|(_, commands)| !commands.is_empty()) else { continue };
        if !subject.project.allowed_hooks.contains(&remote.source) {
            let message = format!(
                "`{}` from {} has {hook} hooks, and the source is not allowed to run any",
                entry.component.name, remote.source
            );
            found.push(RULE.finding(message, entry.place_of("hooks")));
        }
    }
    found
}
