//! Arithmetic, which fails where a number would not fit.

use jiff::SignedDuration;

use super::{Called, done, wrong};
use crate::eval::Run;
use crate::value::Value;

pub(super) fn arithmetic(run: &Run<'_>, name: &str, args: &[Value]) -> Called {
    let value = match (name, args) {
        ("-_", [Value::Int(number)]) => number.checked_neg().map(Value::Int),
        ("-_", [Value::Double(number)]) => Some(Value::Double(-number)),
        ("_+_", [Value::String(one), Value::String(other)]) => {
            run.pay((one.len() + other.len()) / 10)?;
            Some(Value::String(format!("{one}{other}").into()))
        }
        ("_+_", [Value::Bytes(one), Value::Bytes(other)]) => {
            run.pay((one.len() + other.len()) / 10)?;
            Some(Value::Bytes([&**one, &**other].concat().into()))
        }
        ("_+_", [Value::List(one), Value::List(other)]) => {
            run.pay(one.len() + other.len())?;
            Some(Value::list(one.iter().chain(other.iter()).cloned().collect()))
        }
        (_, [Value::Int(one), Value::Int(other)]) => return integers(name, *one, *other),
        (_, [Value::Uint(one), Value::Uint(other)]) => return unsigned(name, *one, *other),
        ("_+_", [Value::Double(one), Value::Double(other)]) => Some(Value::Double(one + other)),
        ("_-_", [Value::Double(one), Value::Double(other)]) => Some(Value::Double(one - other)),
        ("_*_", [Value::Double(one), Value::Double(other)]) => Some(Value::Double(one * other)),
        ("_/_", [Value::Double(one), Value::Double(other)]) => Some(Value::Double(one / other)),
        ("_+_", [Value::Duration(one), Value::Duration(other)]) => {
            one.checked_add(*other).map(Value::Duration)
        }
        ("_-_", [Value::Duration(one), Value::Duration(other)]) => {
            one.checked_sub(*other).map(Value::Duration)
        }
        ("_+_", [Value::Timestamp(time), Value::Duration(span)])
        | ("_+_", [Value::Duration(span), Value::Timestamp(time)]) => {
            time.checked_add(SignedDuration::from_nanos(*span)).ok().map(Value::Timestamp)
        }
        ("_-_", [Value::Timestamp(time), Value::Duration(span)]) => {
            time.checked_sub(SignedDuration::from_nanos(*span)).ok().map(Value::Timestamp)
        }
        ("_-_", [Value::Timestamp(one), Value::Timestamp(other)]) => {
            i64::try_from(one.as_nanosecond() - other.as_nanosecond()).ok().map(Value::Duration)
        }
        _ => return Ok(None),
    };
    value.map(Some).ok_or_else(overflow)
}

fn overflow() -> crate::RunError {
    wrong("the result does not fit")
}

fn integers(name: &str, one: i64, other: i64) -> Called {
    if other == 0 && matches!(name, "_/_" | "_%_") {
        return Err(wrong("division by zero"));
    }
    let value = match name {
        "_+_" => one.checked_add(other),
        "_-_" => one.checked_sub(other),
        "_*_" => one.checked_mul(other),
        "_/_" => one.checked_div(other),
        "_%_" => one.checked_rem(other),
        _ => return Ok(None),
    };
    done(Value::Int(value.ok_or_else(overflow)?))
}

fn unsigned(name: &str, one: u64, other: u64) -> Called {
    if other == 0 && matches!(name, "_/_" | "_%_") {
        return Err(wrong("division by zero"));
    }
    let value = match name {
        "_+_" => one.checked_add(other),
        "_-_" => one.checked_sub(other),
        "_*_" => one.checked_mul(other),
        "_/_" => one.checked_div(other),
        "_%_" => one.checked_rem(other),
        _ => return Ok(None),
    };
    done(Value::Uint(value.ok_or_else(overflow)?))
}

/// Converts to `int`, `uint` or `double`, if the value is one.
pub(super) fn convert(name: &str, value: &Value) -> Option<Value> {
    match name {
        "int" => match value {
            Value::Int(number) => Some(*number),
            Value::Uint(number) => i64::try_from(*number).ok(),
            Value::Double(number) if number.abs() < 9_223_372_036_854_775_807.0 => Some(*number as i64),
            Value::String(text) => text.parse().ok(),
            Value::Duration(nanos) => Some(*nanos),
            Value::Timestamp(time) => Some(time.as_second()),
            _ => None,
        }
        .map(Value::Int),
        "uint" => match value {
            Value::Uint(number) => Some(*number),
            Value::Int(number) => u64::try_from(*number).ok(),
            Value::Double(number) if *number >= 0.0 && *number < 18_446_744_073_709_551_615.0 => {
                Some(*number as u64)
            }
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
        .map(Value::Uint),
        _ => match value {
            Value::Double(number) => Some(*number),
            Value::Int(number) => Some(*number as f64),
            Value::Uint(number) => Some(*number as f64),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
        .map(Value::Double),
    }
}
