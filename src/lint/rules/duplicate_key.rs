//! F105: a key that its map has before.

use super::Rule;
use crate::document::{Document, Format};
use crate::error::{Place, Position};
use crate::finding::{Finding, Level};
use crate::lint::subject::Subject;

pub(super) const RULE: Rule = Rule {
    code: "F105",
    name: "duplicate-key",
    level: Some(Level::Error),
    about: "A map has a key once",
    help: "Remove one of the two; the last one counts",
    explanation: "Of two equal keys the last one wins, and what is below the first is lost without a word:\n\n    \
                  config:\n      resources: {limits: {memory: 1Gi}}\n      resources: {requests: {cpu: 1}}    # no \
                  limits",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let components = subject.files.components.iter().map(|file| &file.document);
    let layers = subject.files.layers.iter().map(|layer| &layer.document);
    components.chain(layers).filter(|document| document.format == Format::Yaml).flat_map(in_file).collect()
}

fn in_file(document: &Document) -> Vec<Finding> {
    // A file that cannot be read is an error elsewhere.
    let keys = goyaml::duplicate_keys(&document.text).unwrap_or_default().into_iter();
    let finding = |key: goyaml::DuplicateKey| {
        let position = Position { line: key.location.line, column: key.location.column };
        let place =
            Place { file: document.file.clone(), position: Some(position), text: document.text.clone() };
        RULE.finding(format!("`{}` is set before in the same map, and the last one wins", key.key), place)
    };
    keys.map(finding).collect()
}
