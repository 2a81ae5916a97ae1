//! F405: a config file that SOPS encrypted, which nobody decrypts.

use super::Rule;
use crate::document::Step;
use crate::finding::{Finding, Level};
use crate::lint::subject::{Subject, is_encrypted, path};

pub(super) const RULE: Rule = Rule {
    code: "F405",
    name: "encrypted-config",
    level: Some(Level::Warning),
    about: "Config files can be read as they are",
    help: "Keep secrets out of config: encrypt manifests, which pass through as they are, or decrypt the file before",
    explanation: "`fab` passes manifests that SOPS encrypted on as they are, and Flux or another tool decrypts them in the cluster. The values \
                  of a config file go through templates, so an encrypted one puts ciphertext into them.",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let layers = subject.files.layers.iter().filter(|layer| is_encrypted(&layer.document));
    let finding = |layer: &&crate::config::Layer| {
        let steps = [Step::Key("sops".to_owned())];
        let message = "the file is encrypted with SOPS, and its values reach the templates as they are";
        Finding { path: path(&steps), ..RULE.finding(message, layer.document.place(&steps)) }
    };
    layers.map(finding).collect()
}
