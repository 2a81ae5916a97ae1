//! Deep copies, as mitchellh/copystructure 1.2.0 makes them: maps and lists are
//! copied with their types, all else is taken over. A version, whose fields Go
//! cannot reach, becomes 0.0.0.

use gotmpl::{CallError, List, Map, Value, json};

use super::deeper;
use crate::args::Outcome;
use crate::semver;

/// Returns a copy that shares no map and no list with the original.
pub(super) fn deep_copy(value: &Value) -> Outcome {
    if matches!(value, Value::Nil) {
        return Err(CallError::new("reflect: call of reflect.Value.Type on zero Value"));
    }
    copy(value, 0)
}

/// Copies a value that lies so deep. Go overflows its stack on a map that holds
/// itself; here the depth is bounded.
fn copy(value: &Value, depth: usize) -> Outcome {
    if depth > json::MAX_DEPTH {
        return Err(CallError::new("deepCopy error: value nests too deeply"));
    }
    match value {
        Value::List(list) if !list.is_nil() => {
            if let Some(bytes) = list.packed_bytes() {
                return Ok(Value::List(List::bytes(bytes)));
            }
            let items =
                list.items().iter().map(|item| deeper(|| copy(item, depth + 1))).collect::<Result<_, _>>()?;
            Ok(Value::List(List::new(list.go_type(), items)))
        }
        Value::Map(map) if !map.is_nil() => {
            let entries = map.entries();
            let copied =
                entries.iter().map(|(key, value)| Ok((key.clone(), deeper(|| copy(value, depth + 1))?)));
            Ok(Value::Map(Map::with_entries(map.go_type(), copied.collect::<Result<_, CallError>>()?)))
        }
        Value::Object(object) => {
            let plain = object.plain().map(|plain| copy(&plain, depth + 1)).transpose()?;
            let copied = plain.and_then(|plain| object.with_plain(plain)).map(Value::Object);
            Ok(copied.or_else(|| semver::zero_like(value)).unwrap_or_else(|| value.clone()))
        }
        other => Ok(other.clone()),
    }
}
