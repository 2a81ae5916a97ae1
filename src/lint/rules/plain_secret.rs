//! F403: a Secret whose content anybody can read who can read the repository.

use std::sync::Arc;

use goyaml::Value;

use super::Rule;
use super::secret_in_config::is_reference;
use crate::error::{Place, Position};
use crate::finding::{Finding, Level};
use crate::lint::subject::{Instance, Subject};
use crate::resource::Secret;

pub(super) const RULE: Rule = Rule {
    code: "F403",
    name: "plain-secret",
    level: Some(Level::Warning),
    about: "Secrets are not part of the output in plain text",
    help: "Encrypt the file with SOPS, or make the Secret from a SealedSecret, an ExternalSecret or the like",
    explanation: "What is generated is committed, and base64 is no encryption: whoever reads the repository has what the \
                  Secret holds, for as long as its history is kept. A manifest that SOPS encrypted passes through as it is, and is fine; so is \
                  a Secret without data, or with nothing but references such as `${DB_PASSWORD}` and `<path:vault/db#password>`.",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    subject.instances().flat_map(in_component).collect()
}

fn in_component(instance: Instance<'_>) -> Vec<Finding> {
    let Some(inspection) = instance.inspection else { return Vec::new() };
    if !inspection.files.is_empty() {
        let in_file = |(file, text): &(String, Arc<str>)| in_manifest(instance, file, text);
        return inspection.files.iter().flat_map(in_file).collect();
    }
    let made_up = |secret: &Secret| {
        let mut lines = inspection.varying.iter().flat_map(|varying| &varying.lines);
        lines.any(|line| secret.lines.contains(line))
    };
    let plain = inspection.secrets.iter().filter(|secret| is_plain(&secret.value) && !made_up(secret));
    let mut names: Vec<&str> = plain.map(|secret| secret.name.as_str()).collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Vec::new();
    }
    let what = if names.len() == 1 { "the Secret" } else { "the Secrets" };
    let message = format!("the output has {what} {} in plain text", names.join(", "));
    vec![instance.told(RULE.finding(message, instance.component.own.place()))]
}

fn in_manifest(instance: Instance<'_>, file: &str, text: &Arc<str>) -> Vec<Finding> {
    let plain = Secret::all_in(text).into_iter().filter(|secret| is_plain(&secret.value));
    let finding = |secret: Secret| {
        let lines = text.lines().enumerate().skip(secret.lines.start - 1);
        let line = lines
            .into_iter()
            .find(|(_, line)| line.starts_with("kind:"))
            .map_or(secret.lines.start, |(at, _)| at + 1);
        let position = Some(Position { line, column: 1 });
        let place = Place { file: file.to_owned(), position, text: Arc::clone(text) };
        instance.told(RULE.finding(format!("the Secret {} is in plain text", secret.name), place))
    };
    plain.map(finding).collect()
}

/// Returns whether a Secret holds something that is not encrypted and leads to nothing else.
fn is_plain(secret: &Value) -> bool {
    let is_encrypted = secret.get("sops").is_some();
    let held = ["data", "stringData"].into_iter().filter_map(|field| secret.get(field)?.as_mapping());
    let mut texts = held.flat_map(|map| map.values()).filter_map(Value::as_str);
    !is_encrypted && texts.any(|text| !text.trim().is_empty() && !is_reference(text))
}
