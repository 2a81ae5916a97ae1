//! What functions do.
//!
//! A function is chosen by its name and the types of the values that it is called
//! with; whether there is such a one at all was checked before.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::eval::{Ran, Run, RunError};
use crate::value::{Value, parse_duration, parse_timestamp};

mod kubernetes;
mod lists;
mod numbers;
mod texts;
mod times;

pub(crate) use lists::sorted;

/// Calls a function; the first value is what a method is called on.
pub(crate) fn call(run: &Run<'_>, name: &str, args: &[Value]) -> Ran {
    let found = operator(run, name, args)?;
    let found = match found {
        None => convert(run, name, args)?,
        found => found,
    };
    let found = match found {
        None => texts::call(run, name, args)?,
        found => found,
    };
    let found = match found {
        None => lists::call(run, name, args)?,
        found => found,
    };
    let found = match found {
        None => times::call(name, args)?,
        found => found,
    };
    let found = match found {
        None => kubernetes::call(name, args)?,
        found => found,
    };
    found.ok_or_else(|| {
        let types: Vec<&str> = args.iter().map(Value::type_name).collect();
        RunError::Values(format!("{} does not take ({})", name.trim_matches('_'), types.join(", ")))
    })
}

/// None if there is no function of this name for these values.
type Called = Result<Option<Value>, RunError>;

fn wrong(what: impl Into<String>) -> RunError {
    RunError::Values(what.into())
}

fn done(value: Value) -> Called {
    Ok(Some(value))
}

/// Returns a value in the words of a message.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        other => other.type_name().to_owned(),
    }
}

fn operator(run: &Run<'_>, name: &str, args: &[Value]) -> Called {
    let value = match (name, args) {
        ("!_", [Value::Bool(value)]) => Value::Bool(!value),
        ("_==_", [one, other]) => Value::Bool(run.equal(one, other)?),
        ("_!=_", [one, other]) => Value::Bool(!run.equal(one, other)?),
        ("_<_" | "_<=_" | "_>_" | "_>=_", [one, other]) => {
            let is_nan = |value: &Value| matches!(value, Value::Double(number) if number.is_nan());
            match one.order(other) {
                Some(order) => Value::Bool(match name {
                    "_<_" => order == Ordering::Less,
                    "_<=_" => order != Ordering::Greater,
                    "_>_" => order == Ordering::Greater,
                    _ => order != Ordering::Less,
                }),
                None if is_nan(one) || is_nan(other) => Value::Bool(false),
                None => return Ok(None),
            }
        }
        ("_in_", [item, Value::List(items)]) => {
            for known in items.iter() {
                if run.equal(item, known)? {
                    return done(Value::Bool(true));
                }
            }
            Value::Bool(false)
        }
        ("_in_", [key, Value::Map(map)]) => {
            Value::Bool(key.as_key().is_some_and(|key| map.contains_key(&key)))
        }
        ("type", [value]) => Value::Type(value.type_name()),
        ("dyn", [value]) => value.clone(),
        ("hasValue", [Value::Optional(inner)]) => Value::Bool(inner.is_some()),
        ("value", [Value::Optional(inner)]) => match inner {
            Some(value) => (**value).clone(),
            None => return Err(wrong("an optional has no value")),
        },
        ("or", [Value::Optional(one), other @ Value::Optional(_)]) => {
            if one.is_some() {
                args[0].clone()
            } else {
                other.clone()
            }
        }
        ("orValue", [Value::Optional(inner), other]) => {
            inner.as_ref().map_or_else(|| other.clone(), |value| (**value).clone())
        }
        ("optional.of", [value]) => Value::some(value.clone()),
        ("optional.ofNonZeroValue", [value]) if value.is_zero() => Value::Optional(None),
        ("optional.ofNonZeroValue", [value]) => Value::some(value.clone()),
        ("optional.none", []) => Value::Optional(None),
        _ => return numbers::arithmetic(run, name, args),
    };
    done(value)
}

/// The functions that are named as the type that they make.
fn convert(run: &Run<'_>, name: &str, args: &[Value]) -> Called {
    let [value] = args else { return Ok(None) };
    let made = match (name, value) {
        ("bool", Value::Bool(_))
        | ("bytes", Value::Bytes(_))
        | ("duration", Value::Duration(_))
        | ("timestamp", Value::Timestamp(_))
        | ("string", Value::String(_)) => Some(value.clone()),
        ("bool", Value::String(text)) => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(Value::Bool(false)),
            _ => None,
        },
        ("bytes", Value::String(text)) => Some(Value::Bytes(text.as_bytes().into())),
        ("duration", Value::String(text)) => parse_duration(text).map(Value::Duration),
        ("duration", Value::Int(seconds)) => seconds.checked_mul(1_000_000_000).map(Value::Duration),
        ("timestamp", Value::String(text)) => parse_timestamp(text).map(Value::Timestamp),
        ("timestamp", Value::Int(seconds)) => {
            jiff::Timestamp::from_second(*seconds).ok().map(Value::Timestamp)
        }
        ("string", value) => texts::string(run, value)?,
        ("int" | "uint" | "double", value) => numbers::convert(name, value),
        _ => return Ok(None),
    };
    made.map(Some).ok_or_else(|| wrong(format!("{} is no {name}", shown(value))))
}

/// Returns a list of texts.
fn list_of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Value {
    Value::List(Rc::new(texts.into_iter().map(Value::text).collect()))
}
