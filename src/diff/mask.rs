//! What of a resource is secret. Such data are compared like all others, and
//! shown to nobody.

use goyaml::Value;

use super::ResourceDiff;
use super::path::Path;

/// The fields of a Secret that hold data.
const DATA: [&str; 2] = ["data", "stringData"];
/// The annotation in which `kubectl` keeps all of a resource.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl ResourceDiff {
    /// Returns whether what is at a path is secret.
    pub fn masks(&self, path: &Path) -> bool {
        let is_data = || DATA.iter().any(|field| path.starts_with(&[field]));
        let is_copy = || path.starts_with(&["metadata", "annotations", LAST_APPLIED]);
        self.is_secret && (path.0.is_empty() || is_data() || is_copy())
    }

    /// Returns a value of the whole resource without what is secret.
    pub fn masked(&self, value: &Value) -> Value {
        let mut value = value.clone();
        if !self.is_secret {
            return value;
        }
        let Some(map) = value.as_mapping_mut() else { return masked() };
        for field in DATA {
            match map.get_mut(field) {
                Some(Value::Mapping(entries)) => entries.values_mut().for_each(|entry| *entry = masked()),
                Some(other) => *other = masked(),
                None => {}
            }
        }
        let metadata = map.get_mut("metadata").and_then(Value::as_mapping_mut);
        let annotations =
            metadata.and_then(|metadata| metadata.get_mut("annotations")).and_then(Value::as_mapping_mut);
        if let Some(copy) = annotations.and_then(|annotations| annotations.get_mut(LAST_APPLIED)) {
            *copy = masked();
        }
        value
    }
}

fn masked() -> Value {
    Value::String("(secret)".to_owned())
}
