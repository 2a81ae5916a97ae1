//! Looking into values. `null` counts as not there, as it does for the server.

use goyaml::Value;

/// Returns the value of a key, if it is there and not null.
pub(crate) fn field<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.get(key).filter(|value| !value.is_null())
}

/// Returns the value behind several keys.
pub(crate) fn at<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().try_fold(value, |value, key| field(value, key))
}

/// Returns the text of a key.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    field(value, key)?.as_str()
}

/// Returns the text of a key, and none if it is empty.
pub(crate) fn filled<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    text(value, key).filter(|text| !text.is_empty())
}

/// Returns the integer of a key; `2.0` is one.
pub(crate) fn int(value: &Value, key: &str) -> Option<i64> {
    as_int(field(value, key)?)
}

/// Returns a value as an integer; `2.0` is one, as JSON has it.
pub(crate) fn as_int(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(*number as i64),
        _ => None,
    }
}

/// Returns the truth value of a key.
pub(crate) fn is_true(value: &Value, key: &str) -> bool {
    field(value, key).and_then(Value::as_bool) == Some(true)
}

/// Returns the items of a list, or none.
pub(crate) fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    field(value, key).and_then(Value::as_sequence).unwrap_or_default()
}

/// Returns the entries of a map, or none.
pub(crate) fn entries<'a>(
    value: &'a Value,
    key: &str,
) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
    let map = field(value, key).and_then(Value::as_mapping);
    map.into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// Returns whether a value is missing, null, or an empty text, list or map.
pub(crate) fn is_blank(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Sequence(items)) => items.is_empty(),
        Some(Value::Mapping(entries)) => entries.is_empty(),
        Some(Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_)) => false,
    }
}

/// Returns whether lists and maps nest deeper than `limit`.
pub(crate) fn is_deeper(value: &Value, limit: usize) -> bool {
    let mut open = vec![(value, 0)];
    while let Some((value, depth)) = open.pop() {
        if depth > limit {
            return true;
        }
        match value {
            Value::Sequence(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Mapping(entries) => open.extend(entries.values().map(|value| (value, depth + 1))),
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Uint(_)
            | Value::Float(_)
            | Value::String(_) => {}
        }
    }
    false
}
