//! F207: a name that Kubernetes would not take.

use super::Rule;
use crate::document::Step;
use crate::finding::{Finding, Level};
use crate::lint::subject::{Subject, each_config, path};

pub(super) const RULE: Rule = Rule {
    code: "F207",
    name: "invalid-name",
    level: Some(Level::Warning),
    about: "Names are DNS labels: lowercase letters, digits and `-`, at most 63",
    help: "Use lowercase letters, digits and `-`, with a letter or digit first and last, and at most 63 of them",
    explanation: "The name of a component is the name of its release, and charts make names of resources of it; a namespace \
                  is a name in the cluster. Kubernetes takes DNS labels (RFC 1123) only:\n\n    - name: Shop_Web    # \
                  shop-web",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let entries = subject.files.entries.iter().filter(|entry| {
        let name = &entry.component.name;
        !name.is_empty() && !is_label(name)
    });
    let mut found: Vec<Finding> = entries
        .map(|entry| {
            let steps = [entry.component.steps.as_slice(), &[Step::Key("name".to_owned())]].concat();
            let message = format!("`{}` is no DNS label", entry.component.name);
            Finding { path: path(&steps), ..RULE.finding(message, entry.place_of("name")) }
        })
        .collect();
    for layer in &subject.files.layers {
        each_config(&layer.config, &mut |config, steps| {
            let Some(namespace) =
                config.namespace.as_ref().filter(|name| !name.is_empty() && !is_label(name))
            else {
                return;
            };
            let steps = [steps, &[Step::Key("namespace".to_owned())]].concat();
            let message = format!("the namespace `{namespace}` is no DNS label");
            let finding = RULE.finding(message, layer.document.place(&steps));
            found.push(Finding { path: path(&steps), ..finding });
        });
    }
    found
}

fn is_label(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.len() <= 63 && name.bytes().all(is_inner) && !name.starts_with('-') && !name.ends_with('-')
}
