//! ConfigMaps and Secrets.

use goyaml::Value;

use crate::finding::Findings;
use crate::names;
use crate::scalar::is_base64;
use crate::view::{entries, field, filled, text};

/// How many bytes the data of one object may have.
const MOST_BYTES: usize = 1 << 20;

/// Checks a ConfigMap.
pub(crate) fn config_map<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    keys(resource, &["data", "binaryData"], found);
    for (key, value) in entries(resource, "data") {
        if field(resource, "binaryData").is_some_and(|binary| binary.get(key).is_some()) {
            found.error(value, "duplicate", format!("{key:?} is in binaryData as well"));
        }
    }
    let plain: usize = entries(resource, "data").map(|(_, value)| value.as_str().map_or(0, str::len)).sum();
    let binary = entries(resource, "binaryData").map(|(_, value)| decoded_length(value)).sum::<usize>();
    size(resource, plain + binary, found);
}

/// Checks a Secret.
pub(crate) fn secret<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    keys(resource, &["data", "stringData"], found);
    let overridden = |key: &str| field(resource, "stringData").is_some_and(|plain| plain.get(key).is_some());
    let binary = entries(resource, "data").filter(|(key, _)| !overridden(key));
    let plain = entries(resource, "stringData").map(|(_, value)| value.as_str().map_or(0, str::len));
    size(
        resource,
        binary.map(|(_, value)| decoded_length(value)).sum::<usize>() + plain.sum::<usize>(),
        found,
    );
    let kind = filled(resource, "type").unwrap_or("Opaque");
    match kind {
        "kubernetes.io/tls" => needs(resource, kind, &["tls.crt", "tls.key"], found),
        "kubernetes.io/ssh-auth" => {
            const KEY: &str = "ssh-privatekey";
            let is_empty = |map: &str| field(resource, map).is_some_and(|map| text(map, KEY) == Some(""));
            needs(resource, kind, &[KEY], found);
            if is_empty("data") || is_empty("stringData") {
                found.key_error(resource, "data", "secret", format!("type {kind} needs a key in {KEY}"));
            }
        }
        "kubernetes.io/dockerconfigjson" => json(resource, kind, ".dockerconfigjson", found),
        "kubernetes.io/dockercfg" => json(resource, kind, ".dockercfg", found),
        "kubernetes.io/basic-auth" if !has(resource, "username") && !has(resource, "password") => {
            found.key_error(resource, "data", "secret", format!("type {kind} needs username or password"));
        }
        "kubernetes.io/service-account-token" => account(resource, kind, found),
        _ => {}
    }
}

fn keys<'a>(resource: &'a Value, maps: &[&str], found: &mut Findings<'a>) {
    for (key, value) in maps.iter().flat_map(|map| entries(resource, map)) {
        if let Some(complaint) = names::config_key(key) {
            found.error(value, "config-key", format!("key {key:?}: {complaint}"));
        }
    }
}

fn size<'a>(resource: &'a Value, bytes: usize, found: &mut Findings<'a>) {
    if bytes > MOST_BYTES {
        found.key_error(resource, "data", "size", format!("{bytes} bytes are more than {MOST_BYTES}"));
    }
}

/// The length of what base64 stands for.
fn decoded_length(value: &Value) -> usize {
    let text = value.as_str().unwrap_or_default();
    let digits = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n' | b'=')).count();
    digits * 3 / 4
}

fn has(resource: &Value, key: &str) -> bool {
    ["data", "stringData"].iter().any(|map| field(resource, map).is_some_and(|map| map.get(key).is_some()))
}

fn needs<'a>(resource: &'a Value, kind: &str, keys: &[&str], found: &mut Findings<'a>) {
    for key in keys.iter().filter(|key| !has(resource, key)) {
        found.key_error(resource, "data", "secret", format!("type {kind} needs the key {key}"));
    }
}

fn json<'a>(resource: &'a Value, kind: &str, key: &str, found: &mut Findings<'a>) {
    needs(resource, kind, &[key], found);
    let plain = field(resource, "stringData").and_then(|map| map.get(key));
    let encoded = field(resource, "data").and_then(|map| map.get(key));
    let content = match (plain, encoded) {
        (Some(plain), _) => plain.as_str().map(|text| text.as_bytes().to_vec()),
        (None, Some(encoded)) => encoded.as_str().filter(|text| is_base64(text)).map(decode),
        (None, None) => None,
    };
    let Some(content) = content else { return };
    // Go reads it into a map, which null leaves empty.
    if serde_json::from_slice::<Option<serde_json::Map<_, _>>>(&content).is_err() {
        let holder = plain.or(encoded).unwrap_or(resource);
        found.error(holder, "secret", format!("type {kind} needs JSON in the key {key}"));
    }
}

/// Decodes text that is base64.
fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

fn account<'a>(resource: &'a Value, kind: &str, found: &mut Findings<'a>) {
    const NAME: &str = "kubernetes.io/service-account.name";
    let annotations = field(resource, "metadata").and_then(|metadata| field(metadata, "annotations"));
    if annotations.and_then(|annotations| text(annotations, NAME)).is_none_or(str::is_empty) {
        found.key_error(resource, "metadata", "secret", format!("type {kind} needs the annotation {NAME}"));
    }
}
