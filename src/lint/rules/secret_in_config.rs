//! F404: a password, token or key in a config file.
//!
//! Two things give a secret away: the name of its key, and how it is written. Neither is
//! proof, so what is known to be something else is left out: digests, certificates,
//! addresses, references to secrets that are elsewhere.

use goyaml::Value;

use super::Rule;
use crate::document::Step;
use crate::finding::{Finding, Level};
use crate::lint::subject::{Subject, each_config, is_encrypted, path};

pub(super) const RULE: Rule = Rule {
    code: "F404",
    name: "secret-in-config",
    level: Some(Level::Warning),
    about: "Config has no passwords, tokens and keys",
    help: "Keep it in a Secret that something else makes, and name that; change it, as git keeps what was committed",
    explanation: "A text is taken for a secret if its key says so (`password`, `token`, `apiKey` and the like), if it begins as \
                  well-known tokens do, or if it is long and as random as keys are:\n\n    config:\n      db:\n        \
                  password: hunter2             # existingSecret: db\n\nThe text is not shown. Files that SOPS encrypted, references (`${DB_PASSWORD}`, \
                  `ref+vault://…`), digests, certificates and addresses are none.",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for layer in subject.files.layers.iter().filter(|layer| !is_encrypted(&layer.document)) {
        each_config(&layer.config, &mut |config, steps| {
            let mut steps = [steps, &[Step::Key("config".to_owned())]].concat();
            let above = steps.len();
            for (key, value) in config.values.iter().flatten() {
                steps.push(Step::Key(key.clone()));
                in_value(value, key, &mut steps, &mut |steps, why| {
                    let keys = crate::edit::path::show(&steps[above..]);
                    let finding = RULE.finding(format!("`{keys}` {why}"), layer.document.place(steps));
                    found.push(Finding { path: path(steps), ..finding });
                });
                steps.pop();
            }
        });
    }
    found
}

/// Returns whether a value, or something in it, may be a secret.
pub(crate) fn may_be_secret(key: &str, value: &Value) -> bool {
    let mut found = false;
    in_value(value, key, &mut Vec::new(), &mut |_, _| found = true);
    found
}

fn in_value(value: &Value, key: &str, steps: &mut Vec<Step>, report: &mut dyn FnMut(&[Step], &'static str)) {
    match value {
        Value::Mapping(map) => {
            for (key, value) in map {
                steps.push(Step::Key(key.clone()));
                in_value(value, key, steps, report);
                steps.pop();
            }
        }
        Value::Sequence(items) => {
            for (at, item) in items.iter().enumerate() {
                steps.push(Step::Index(at));
                in_value(item, key, steps, report);
                steps.pop();
            }
        }
        Value::String(text) => {
            if let Some(why) = suspicion(key, text) {
                report(steps, why);
            }
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_) => {}
    }
}

/// The ends of keys that hold secrets, without `_` and `-`.
const SECRET_KEYS: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "secretkey",
    "apikey",
    "accesskey",
    "privatekey",
    "clientsecret",
    "authtoken",
    "accesstoken",
    "bearertoken",
    "apitoken",
    "secretaccesskey",
    "encryptionkey",
];

/// How well-known tokens and keys begin.
const TOKENS: [&str; 16] = [
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "sk_live_",
    "rk_live_",
    "AIza",
    "SG.",
    "npm_",
    "dop_v1_",
    "hvs.",
];

/// Parts of keys that hold something that only looks random.
const HARMLESS: [&str; 22] = [
    "tag",
    "version",
    "digest",
    "sha",
    "hash",
    "checksum",
    "commit",
    "revision",
    "fingerprint",
    "thumbprint",
    "image",
    "cert",
    "cabundle",
    "public",
    "uuid",
    "guid",
    "email",
    "url",
    "host",
    "path",
    "secretname",
    "existingsecret",
];

/// Returns why a text may be a secret.
fn suspicion(key: &str, text: &str) -> Option<&'static str> {
    let text = text.trim();
    if text.is_empty() || is_reference(text) {
        return None;
    }
    let name: String = key.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_ascii_lowercase();
    let is_word = text.bytes().all(|byte| byte.is_ascii_graphic());
    if TOKENS.iter().any(|start| text.starts_with(start)) && is_word && text.len() >= 16 {
        return Some("is written as a well-known kind of token");
    }
    if text.starts_with("-----BEGIN") && text.contains("PRIVATE KEY-----") {
        return Some("is a private key");
    }
    if SECRET_KEYS.iter().any(|end| name.ends_with(end)) && is_word {
        return Some("is a secret in plain text, as its key says");
    }
    let is_harmless = HARMLESS.iter().any(|part| name.contains(part));
    (!is_harmless && is_random(text)).then_some("is as random as keys and tokens are")
}

/// Returns whether a text only says where a secret is, or is encrypted.
pub(super) fn is_reference(text: &str) -> bool {
    let text = text.trim();
    let starts = ["ENC[", "vault:", "ref+", "secretref", "op://", "<", "$(", "arn:", "/"];
    text.contains("${") || text.contains("{{") || starts.iter().any(|start| text.starts_with(start))
}

/// Returns whether a text has the length and the mixture of characters that keys have.
fn is_random(text: &str) -> bool {
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-');
    if text.len() < 24 || !text.bytes().all(is_key) {
        return false;
    }
    let has = |kind: fn(&u8) -> bool| text.bytes().filter(&kind).count();
    let (upper, lower, digits) =
        (has(u8::is_ascii_uppercase), has(u8::is_ascii_lowercase), has(u8::is_ascii_digit));
    let is_hex = text.len() >= 32
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && digits > 4
        && upper + lower > 4;
    if is_hex {
        return entropy(text) >= 3.0;
    }
    // Words that are joined by `-` or `/` have few of these.
    let certificate = text.starts_with("LS0tLS1CRUdJTiBDRVJ");
    upper > 2 && lower > 2 && digits > 2 && entropy(text) >= 4.2 && !certificate
}

/// Returns how many bits a character of a text carries.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let length = text.len() as f64;
    let share = |count: &u32| f64::from(*count) / length;
    -counts.iter().filter(|count| **count > 0).map(share).map(|share| share * share.log2()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::suspicion;

    #[track_caller]
    fn check(key: &str, text: &str, want: bool) {
        assert_eq!(suspicion(key, text).is_some(), want, "{key}: {text}");
    }

    #[test]
    fn keys_and_forms_give_secrets_away() {
        check("password", "hunter2", true);
        check("DB_PASSWORD", "hunter2", true);
        check("x", concat!("gh", "p_0123456789abcdefABCDEF0123456789abcd"), true);
        check("x", concat!("-----BEGIN RSA ", "PRIVATE KEY-----\nMII\n"), true);
        check("signature", "hS7Wq2LmZr9Tb4XvKc8NpYd3JfGe6AuB", true);
        check("salt", "9f86d081884c7d659a2feaa0c55ad015", true);
    }

    #[test]
    fn references_and_what_only_looks_random_are_fine() {
        check("password", "", false);
        check("password", "${DB_PASSWORD}", false);
        check("password", "ENC[AES256_GCM,data:x]", false);
        check("adminPassword", "<path:vault/data/x#password>", false);
        check("passwordSecretName", "db-credentials", false);
        check("existingSecret", "db", false);
        check("commit", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", false);
        check("digest", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", false);
        check("repository", "registry.example.com/platform/some-image-name", false);
        check("name", "a-rather-long-name-of-a-thing-with-2-numbers-3", false);
        check("description", "Words with blanks and 12345 are no password at all", false);
    }
}
