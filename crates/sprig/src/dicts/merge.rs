//! Merging maps as dario.cat/mergo 1.0.1 does for Sprig.
//!
//! The target is changed in place, and so are the maps within it; a nested map
//! of the source whose key is new to the target becomes shared by both. Without
//! overwriting, the target keeps what is not empty; `false`, 0 and `""` are empty.

use gotmpl::{CallError, Kind, Map, Type, Value, json};

use super::deeper;

/// Who wins where both maps have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conflict {
    /// The target, unless its value is empty.
    Keep,
    /// The source.
    Overwrite,
}

/// Merges the source into the target.
pub(super) fn merge(target: &Map, source: &Map, conflict: Conflict) -> Result<(), CallError> {
    merge_at(target, source, conflict, 0)
}

fn merge_at(target: &Map, source: &Map, conflict: Conflict, depth: usize) -> Result<(), CallError> {
    if depth > json::MAX_DEPTH {
        return Err(CallError::new("merge: value nests too deeply"));
    }
    if target.is_nil() {
        return Ok(());
    }
    let entries: Vec<_> = source.entries().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    for (key, value) in entries {
        let old = target.get(key.as_bytes());
        if takes_source(old.as_ref(), &value, conflict, depth)? {
            check_element(target, source)?;
            target.insert(key, value);
        }
    }
    Ok(())
}

/// Returns whether the source's value replaces the target's, after merging them
/// if both are maps.
fn takes_source(
    old: Option<&Value>,
    new: &Value,
    conflict: Conflict,
    depth: usize,
) -> Result<bool, CallError> {
    let overwrites = conflict == Conflict::Overwrite;
    if matches!(new, Value::Nil) {
        return Ok(overwrites);
    }
    let Some(old) = old else { return Ok(true) };
    match (old.as_map(), new.as_map()) {
        (Some(target), Some(source)) => {
            deeper(|| merge_at(&target, &source, conflict, depth + 1))?;
            // Only after merging: an empty map that got entries is no longer empty.
            return Ok(is_empty(old));
        }
        (None, Some(_)) if !overwrites && old.kind() == Kind::Ptr => {
            return Err(CallError::new("src and dst must be of same type"));
        }
        _ => {}
    }
    Ok(overwrites || is_empty(old))
}

/// Reports a map of strings that would get a value of any type.
fn check_element(target: &Map, source: &Map) -> Result<(), CallError> {
    let (Type::Map(to), Type::Map(from)) = (target.go_type().underlying(), source.go_type().underlying())
    else {
        return Ok(());
    };
    if *to == Type::Any || to == from {
        return Ok(());
    }
    Err(CallError::new(format!(
        "reflect.Value.SetMapIndex: value of type {from} is not assignable to type {to}"
    )))
}

/// Returns whether mergo takes a value as empty: complex numbers and structs never are.
fn is_empty(value: &Value) -> bool {
    match value.kind() {
        Kind::Struct | Kind::Ptr | Kind::Complex128 => false,
        _ => !value.is_true(),
    }
}
