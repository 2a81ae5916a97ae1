//! Values as tables that can be shared, the form in which Helm merges them.
//!
//! Go's maps are references, and Helm's merging lets a chart and its subcharts
//! hold the same table; a later merge into one is then seen by the other. Plain
//! values cannot express that, so they become [`Map`]s here.
//!
//! Invariant: no table nests deeper than [`MAX_DEPTH`]; hostile imports can make
//! tables that hold themselves, on which Helm itself dies.

use gotmpl::{Map, Str, Value};
use goyaml::Mapping;

const MAX_DEPTH: usize = 1000;

/// A table that holds itself, or very nearly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("values nest deeper than {MAX_DEPTH} levels")]
pub struct TooDeep;

/// Returns a table of its own with these entries.
pub(crate) fn to_map(from: &Mapping) -> Map {
    let map = Map::new();
    for (key, value) in from {
        map.insert(key.as_str(), to_value(value));
    }
    map
}

/// Returns a table of its own with these entries, and without nulls in it or in tables below it.
pub(crate) fn to_map_without_nulls(from: &Mapping) -> Map {
    let map = Map::new();
    for (key, value) in from {
        match value {
            goyaml::Value::Null => {}
            goyaml::Value::Mapping(inner) => {
                map.insert(key.as_str(), Value::Map(to_map_without_nulls(inner)));
            }
            other => map.insert(key.as_str(), to_value(other)),
        }
    }
    map
}

/// Returns the value in the form that templates see.
pub(crate) fn to_value(from: &goyaml::Value) -> Value {
    match from {
        goyaml::Value::Null => Value::Nil,
        goyaml::Value::Bool(truth) => Value::Bool(*truth),
        goyaml::Value::Int(number) => Value::Int64(*number),
        goyaml::Value::Uint(number) => Value::Uint64(*number),
        goyaml::Value::Float(number) => Value::Float64(*number),
        goyaml::Value::String(text) => Value::str(text.as_str()),
        goyaml::Value::Sequence(items) => Value::list(items.iter().map(to_value).collect()),
        goyaml::Value::Mapping(map) => Value::Map(to_map(map)),
    }
}

/// Returns the entries as plain values.
pub(crate) fn to_mapping(from: &Map) -> Result<Mapping, TooDeep> {
    mapping_below(from, MAX_DEPTH)
}

fn mapping_below(from: &Map, levels: usize) -> Result<Mapping, TooDeep> {
    let levels = levels.checked_sub(1).ok_or(TooDeep)?;
    from.entries()
        .iter()
        .map(|(key, value)| Ok((key.to_text().into_owned(), plain(value, levels)?)))
        .collect()
}

fn plain(from: &Value, levels: usize) -> Result<goyaml::Value, TooDeep> {
    Ok(match from {
        Value::Bool(truth) => goyaml::Value::Bool(*truth),
        Value::Int(number) | Value::Int64(number) => goyaml::Value::Int(*number),
        Value::Uint8(number) => goyaml::Value::Uint(u64::from(*number)),
        Value::Uint32(number) => goyaml::Value::Uint(u64::from(*number)),
        Value::Uint64(number) => goyaml::Value::Uint(*number),
        Value::Float64(number) => goyaml::Value::Float(*number),
        Value::Str(text) => goyaml::Value::String(text.to_text().into_owned()),
        Value::List(list) => {
            let levels = levels.checked_sub(1).ok_or(TooDeep)?;
            let items: Result<_, _> = list.items().iter().map(|item| plain(item, levels)).collect();
            goyaml::Value::Sequence(items?)
        }
        Value::Map(map) => goyaml::Value::Mapping(mapping_below(map, levels)?),
        // Values have no complex numbers and no objects.
        Value::Nil | Value::Complex128(..) | Value::Object(_) => goyaml::Value::Null,
    })
}

/// Returns a copy that shares no table with the original.
pub(crate) fn deep_copy(from: &Map) -> Result<Map, TooDeep> {
    copy_below(from, MAX_DEPTH)
}

fn copy_below(from: &Map, levels: usize) -> Result<Map, TooDeep> {
    let levels = levels.checked_sub(1).ok_or(TooDeep)?;
    let copy = Map::new();
    for (key, value) in from.entries().iter() {
        copy.insert(key.clone(), copy_value(value, levels)?);
    }
    Ok(copy)
}

fn copy_value(from: &Value, levels: usize) -> Result<Value, TooDeep> {
    match from {
        Value::Map(map) => copy_below(map, levels).map(Value::Map),
        Value::List(list) => {
            let levels = levels.checked_sub(1).ok_or(TooDeep)?;
            let items: Result<_, _> = list.items().iter().map(|item| copy_value(item, levels)).collect();
            items.map(Value::list)
        }
        other => Ok(other.clone()),
    }
}

/// Returns a copy that shares the tables below it.
pub(crate) fn shallow_copy(from: &Map) -> Map {
    let copy = Map::new();
    for (key, value) in snapshot(from) {
        copy.insert(key, value);
    }
    copy
}

/// Returns the entries as they are, so that the table can be changed meanwhile.
pub(crate) fn snapshot(of: &Map) -> Vec<(Str, Value)> {
    of.entries().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Returns the table at a dotted path, or the part of the path that is none.
pub(crate) fn lookup<'p>(within: &Map, path: &'p str) -> Result<Map, &'p str> {
    path.split('.').try_fold(within.clone(), |table, part| match table.get(part.as_bytes()) {
        Some(Value::Map(next)) => Ok(next),
        _ => Err(part),
    })
}

/// Returns what is at a dotted path, unless it is a table.
pub(crate) fn lookup_value(within: &Map, path: &str) -> Option<Value> {
    let (table, key) = match path.rsplit_once('.') {
        Some((parent, key)) => (lookup(within, parent).ok()?, key),
        None => (within.clone(), path),
    };
    table.get(key.as_bytes()).filter(|value| !matches!(value, Value::Map(_)))
}
