//! Functions on maps. Maps are references: `set`, `unset` and the merges change
//! them for everyone who holds them.

use std::collections::BTreeMap;

use gotmpl::Type::{Any, Bool, String as Text};
use gotmpl::{CallError, Exec, Function, Map, Str, Type, Value};

use crate::args::{Outcome, any, bytes, deep, function, list, map, rest, string, variadic};
use crate::text::strval;

mod copy;
mod merge;

use merge::{Conflict, merge};

const MAP: Type = Type::MAP;

/// Runs a step into a nested value, on more stack if little is left.
fn deeper<T>(step: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, step)
}

pub(crate) const FUNCTIONS: &[Function] = &[
    variadic("dict", (&[], Any), MAP, dict),
    function("get", &[MAP, Text], Any, |_, args| {
        Ok(map(args, 0).get(bytes(args, 1)).unwrap_or_else(|| Value::str("")))
    }),
    function("set", &[MAP, Text, Any], MAP, |_, args| set(args)),
    function("unset", &[MAP, Text], MAP, |_, args| {
        map(args, 0).remove(bytes(args, 1));
        Ok(Value::Map(map(args, 0)))
    }),
    function("hasKey", &[MAP, Text], Bool, |_, args| Ok(Value::Bool(map(args, 0).contains(bytes(args, 1))))),
    variadic("pluck", (&[Text], MAP), Type::LIST, |_, args| {
        let values = (1..args.len()).filter_map(|at| map(args, at).get(bytes(args, 0)));
        Ok(list(values.collect()))
    }),
    variadic("keys", (&[], MAP), Type::STRINGS, |_, args| Ok(keys(args))),
    function("values", &[MAP], Type::LIST, |_, args| {
        Ok(list(map(args, 0).entries().values().cloned().collect()))
    }),
    variadic("pick", (&[MAP], Text), MAP, |_, args| Ok(pick(&map(args, 0), rest(args, 1)))),
    variadic("omit", (&[MAP], Text), MAP, |_, args| Ok(omit(&map(args, 0), rest(args, 1)))),
    deep(variadic("merge", (&[MAP], MAP), Any, |_, args| {
        Ok(merged(args, Conflict::Keep).unwrap_or_else(|_| Value::str("")))
    })),
    deep(variadic("mustMerge", (&[MAP], MAP), Any, |_, args| merged(args, Conflict::Keep))),
    deep(variadic("mergeOverwrite", (&[MAP], MAP), Any, |_, args| {
        Ok(merged(args, Conflict::Overwrite).unwrap_or_else(|_| Value::str("")))
    })),
    deep(variadic("mustMergeOverwrite", (&[MAP], MAP), Any, |_, args| merged(args, Conflict::Overwrite))),
    variadic("dig", (&[], Any), Any, |_, args| dig(args)),
    deep(function("deepCopy", &[Any], Any, |_, args| copy::deep_copy(any(args, 0)))),
    deep(function("mustDeepCopy", &[Any], Any, |_, args| copy::deep_copy(any(args, 0)))),
];

fn dict(exec: &mut Exec<'_>, args: &[Value]) -> Outcome {
    let mut entries = BTreeMap::new();
    for pair in args.chunks(2) {
        // A key without a value gets an empty string.
        let value = pair.get(1).cloned().unwrap_or_else(|| Value::str(""));
        if pair[0].as_str().is_none() {
            exec.look_into(&pair[..1])?;
        }
        entries.insert(strval(&pair[0]), value);
    }
    Ok(Value::Map(Map::with_entries(MAP, entries)))
}

fn set(args: &[Value]) -> Outcome {
    let target = map(args, 0);
    if target.is_nil() {
        return Err(CallError::new("assignment to entry in nil map"));
    }
    target.insert(string(args, 1), any(args, 2).clone());
    Ok(Value::Map(target))
}

/// Returns the keys of all the maps, one after the other. Go's order is random;
/// here it is sorted.
fn keys(maps: &[Value]) -> Value {
    let maps = maps.iter().filter_map(Value::as_map);
    let keys: Vec<Str> = maps.flat_map(|map| map.entries().keys().cloned().collect::<Vec<_>>()).collect();
    Value::strings(keys)
}

fn pick(from: &Map, keys: &[Value]) -> Value {
    let entry = |key: &Value| key.as_str().and_then(|key| Some((key.clone(), from.get(key.as_bytes())?)));
    Value::Map(Map::with_entries(MAP, keys.iter().filter_map(entry).collect()))
}

fn omit(from: &Map, keys: &[Value]) -> Value {
    let entries = from.entries();
    let kept = entries.iter().filter(|(key, _)| !keys.iter().any(|dropped| dropped.as_str() == Some(key)));
    Value::Map(Map::with_entries(MAP, kept.map(|(key, value)| (key.clone(), value.clone())).collect()))
}

fn merged(maps: &[Value], conflict: Conflict) -> Outcome {
    let target = map(maps, 0);
    let target = if target.is_nil() && maps.len() > 1 { Map::new() } else { target };
    for source in rest(maps, 1).iter().filter_map(Value::as_map) {
        merge(&target, &source, conflict)?;
    }
    Ok(Value::Map(target))
}

/// Looks up a path in nested maps: keys, a default, and the map. What is not a
/// plain map on the way is an error, as Go's type assertion panics.
fn dig(args: &[Value]) -> Outcome {
    let [path @ .., default, root] = args else { return Err(too_few_to_dig()) };
    if path.is_empty() {
        return Err(too_few_to_dig());
    }
    let mut map = plain_map(root)?;
    let keys = path.iter().map(text_key).collect::<Result<Vec<_>, _>>()?;
    for (number, key) in keys.iter().enumerate() {
        let Some(step) = map.get(key.as_bytes()) else { return Ok(default.clone()) };
        if number + 1 == keys.len() {
            return Ok(step);
        }
        map = plain_map(&step)?;
    }
    Ok(default.clone())
}

fn too_few_to_dig() -> CallError {
    CallError::new("dig needs at least three arguments")
}

fn plain_map(value: &Value) -> Result<Map, CallError> {
    match value {
        Value::Map(map) if map.go_type() == MAP => Ok(map.clone()),
        other => Err(not_the_type(other, MAP)),
    }
}

fn text_key(value: &Value) -> Result<&Str, CallError> {
    value.as_str().ok_or_else(|| not_the_type(value, Text))
}

/// Returns the error of a failed type assertion.
fn not_the_type(value: &Value, wanted: Type) -> CallError {
    let found = value.go_type().map_or_else(|| "nil".to_owned(), |of| of.to_string());
    CallError::new(format!("interface conversion: interface {{}} is {found}, not {wanted}"))
}
