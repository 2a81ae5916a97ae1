//! Compares component and config files as data.
//!
//! Fabrikate writes the whole file anew: sorted, without what says nothing, and
//! with `type: component` at the root. What is compared is what remains: entries
//! by name, settings without those that are the same as none. All numbers are
//! floats, as Fabrikate's own JSON reader has them.

use goyaml::{Mapping, Value};

use super::tree::Node;

/// Whether two files at a path say the same.
pub(super) fn same(path: &str, want: Option<&Node>, got: Option<&Node>) -> bool {
    let (Some(Node::File(want)), Some(Node::File(got))) = (want, got) else { return false };
    same_texts(path, want, got)
}

/// Whether two texts of the file at a path say the same.
pub(crate) fn same_texts(path: &str, want: &[u8], got: &[u8]) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (Some(mut want), Some(mut got)) = (read(want), read(got)) else { return false };
    let trim: fn(&mut Mapping) = match name {
        "component.yaml" | "component.json" => trim_component,
        _ if folder == "config" || folder.ends_with("/config") => trim_config,
        _ => return false,
    };
    trim(&mut want);
    trim(&mut got);
    same_values(&Value::Mapping(want), &Value::Mapping(got))
}

fn read(text: &[u8]) -> Option<Mapping> {
    let text = std::str::from_utf8(text).ok()?;
    let map: Option<Mapping> = goyaml::from_str_with_literal_keys(text).ok()?;
    Some(map.unwrap_or_default())
}

fn trim_component(component: &mut Mapping) {
    if component.get("type").and_then(Value::as_str) == Some("component") {
        component.remove("type");
    }
    if let Some(Value::Sequence(items)) = component.get_mut("subcomponents") {
        items.sort_by_key(|item| item.get("name").and_then(Value::as_str).map(str::to_owned));
    }
}

fn trim_config(config: &mut Mapping) {
    for (_, below) in config.get_mut("subcomponents").and_then(Value::as_mapping_mut).into_iter().flatten() {
        match below {
            Value::Mapping(below) => trim_config(below),
            Value::Null => *below = Value::Mapping(Mapping::new()),
            _ => {}
        }
    }
    let says_nothing = |(name, value): (&String, &mut Value)| match name.as_str() {
        "disabled" | "injectNamespace" => *value == Value::Bool(false),
        "config" | "subcomponents" => value.is_null() || value.as_mapping().is_some_and(Mapping::is_empty),
        "namespace" => value.as_str() == Some(""),
        _ => false,
    };
    config.retain(|name, value| !says_nothing((name, value)));
}

fn same_values(want: &Value, got: &Value) -> bool {
    match (want, got) {
        (Value::Mapping(want), Value::Mapping(got)) => {
            want.len() == got.len()
                && want.iter().zip(got).all(|((a, want), (b, got))| a == b && same_values(want, got))
        }
        (Value::Sequence(want), Value::Sequence(got)) => {
            want.len() == got.len() && want.iter().zip(got).all(|(want, got)| same_values(want, got))
        }
        // Fabrikate's own reader takes `1e3`, which it writes without quotes, for text.
        (Value::Float(_) | Value::Int(_), Value::String(got)) => got.parse().ok() == want.as_f64(),
        _ => want == got || want.as_f64().is_some() && want.as_f64() == got.as_f64(),
    }
}
