//! `index`, `slice` and `len`.

use crate::exec::{Operand, element_type, type_name, zero};
use crate::function::CallError;
use crate::types::{Kind, Type};
use crate::value::{List, Map, Str, Value};

type Result = std::result::Result<Operand, CallError>;

/// What `reflect` says when it is asked for the type of no value. Go's `len` asks.
const TYPE_OF_NOTHING: &str = "reflect: call of reflect.Value.Type on zero Value";

/// Returns the list or map inside of an object that is made of one.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(object) => object.plain().unwrap_or_else(|| value.clone()),
        _ => value.clone(),
    }
}

/// Returns the type that an error names: pointers are followed.
fn pointed_name(value: &Value) -> String {
    let name = type_name(value);
    if value.kind() == Kind::Ptr { name.trim_start_matches('*').to_owned() } else { name }
}

/// Returns `x[1][2][3]` for `index x 1 2 3`.
pub(super) fn index(item: &Operand, indexes: &[Operand]) -> Result {
    if matches!(item.value, Value::Nil) {
        return Err(CallError::new("index of untyped nil"));
    }
    let mut item = item.clone().elem();
    for index in indexes {
        item = match plain(&item.value) {
            Value::Nil => return Err(CallError::new("index of nil pointer")),
            Value::List(list) => list_item(&list, &index.value)?,
            Value::Map(map) => map_item(&map, &index.value)?,
            Value::Str(text) => {
                let at = position(&index.value, text.len())?;
                match text.as_bytes().get(at) {
                    Some(&byte) => Operand::concrete(Value::Uint8(byte)),
                    None => return Err(CallError::new("reflect: string index out of range")),
                }
            }
            other => {
                return Err(CallError::new(format!("can't index item of type {}", pointed_name(&other))));
            }
        };
    }
    Ok(item)
}

fn list_item(list: &List, index: &Value) -> Result {
    // Go accepts the length itself, and then reflect panics.
    let at = position(index, list.len())?;
    match list.items().get(at) {
        Some(item) => Ok(Operand::of(item.clone(), element_type(list.go_type()))),
        None => Err(CallError::new("reflect: slice index out of range")),
    }
}

fn map_item(map: &Map, index: &Value) -> Result {
    let key = match index {
        Value::Str(key) => key,
        Value::Nil => return Err(CallError::new("value is nil; should be of type string")),
        _ => {
            return Err(CallError::new(format!("value has type {}; should be string", type_name(index))));
        }
    };
    let of = element_type(map.go_type());
    Ok(Operand::of(map.get(key.as_bytes()).unwrap_or_else(|| zero(of)), of))
}

/// Checks an index, which may be as large as the length.
fn position(index: &Value, length: usize) -> std::result::Result<usize, CallError> {
    let at = match index {
        Value::Int(n) | Value::Int64(n) => *n,
        Value::Uint8(n) => i64::from(*n),
        Value::Uint32(n) => i64::from(*n),
        Value::Uint64(n) => n.cast_signed(),
        Value::Nil => return Err(CallError::new("cannot index slice/array with nil")),
        _ => {
            let name = type_name(index);
            return Err(CallError::new(format!("cannot index slice/array with type {name}")));
        }
    };
    match usize::try_from(at) {
        Ok(found) if found <= length => Ok(found),
        _ => Err(CallError::new(format!("index out of range: {at}"))),
    }
}

/// Returns `x[1:2]` for `slice x 1 2`.
pub(super) fn slice(item: &Operand, indexes: &[Operand]) -> Result {
    if matches!(item.value, Value::Nil) {
        return Err(CallError::new("slice of untyped nil"));
    }
    if indexes.len() > 3 {
        return Err(CallError::new(format!("too many slice indexes: {}", indexes.len())));
    }
    let sliced = &item.value;
    let item = plain(sliced);
    let length = match &item {
        Value::Str(_) if indexes.len() == 3 => return Err(CallError::new("cannot 3-index slice a string")),
        Value::Str(text) => text.len(),
        Value::List(list) => list.len(),
        _ => return Err(CallError::new(format!("can't slice item of type {}", pointed_name(sliced)))),
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        // Unlike `index`, Go's `slice` does not look into interfaces.
        if index.interface {
            return Err(CallError::new("cannot index slice/array with type interface {}"));
        }
        *bound = position(&index.value, length)?;
    }
    let [start, end, capacity] = bounds;
    if start > end {
        return Err(CallError::new(format!("invalid slice index: {start} > {end}")));
    }
    if end > capacity {
        return Err(CallError::new(format!("invalid slice index: {end} > {capacity}")));
    }
    let part = match item {
        Value::Str(text) => Value::Str(Str::from(&text.as_bytes()[start..end])),
        Value::List(list) => Value::List(List::new(list.go_type(), list.items()[start..end].to_vec())),
        other => other,
    };
    Ok(Operand::concrete(part))
}

/// Returns the number of items, entries or bytes.
pub(super) fn len(item: &Operand) -> Result {
    if item.is_nil_interface() {
        return Err(CallError::new("len of nil pointer"));
    }
    let length = match plain(&item.value) {
        Value::Nil => return Err(CallError::new(TYPE_OF_NOTHING)),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::Str(text) => text.len(),
        _ => return Err(CallError::new(format!("len of type {}", pointed_name(&item.value)))),
    };
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    Ok(Operand::of(Value::Int(length), Type::Int))
}
