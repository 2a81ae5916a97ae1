//! `eq`, `ne`, `lt`, `le`, `gt`, `ge`: basic kinds only, and no conversions but
//! between signed and unsigned integers.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::exec::{Operand, type_name};
use crate::fmt;
use crate::function::CallError;
use crate::types::Kind;
use crate::value::Value;

use super::is_nil;

type Result<T> = std::result::Result<T, CallError>;

/// A value of a basic kind.
enum Basic<'v> {
    Bool(bool),
    Complex(f64, f64),
    Float(f64),
    Int(i64),
    Uint(u64),
    Text(&'v [u8]),
}

fn basic(value: &Value) -> Option<Basic<'_>> {
    Some(match value {
        Value::Bool(truth) => Basic::Bool(*truth),
        Value::Int(n) | Value::Int64(n) => Basic::Int(*n),
        Value::Uint8(n) => Basic::Uint(u64::from(*n)),
        Value::Uint32(n) => Basic::Uint(u64::from(*n)),
        Value::Uint64(n) => Basic::Uint(*n),
        Value::Float64(x) => Basic::Float(*x),
        Value::Complex128(re, im) => Basic::Complex(*re, *im),
        Value::Str(text) => Basic::Text(text.as_bytes()),
        Value::Nil | Value::List(_) | Value::Map(_) => return None,
        // A defined type over an integer, such as `time.Month`.
        Value::Object(object) => match object.plain()? {
            Value::Int(n) | Value::Int64(n) => Basic::Int(n),
            _ => return None,
        },
    })
}

/// Compares integers whatever their signs.
fn compare_mixed(int: i64, uint: u64) -> Ordering {
    u64::try_from(int).map_or(Ordering::Less, |int| int.cmp(&uint))
}

fn incompatible(left: &Value, right: &Value) -> CallError {
    let (left, right) = (type_name(left), type_name(right));
    CallError::new(format!("incompatible types for comparison: {left} and {right}"))
}

/// Returns whether the first equals one of the others. It stops at the first that
/// does, so wrong types after it are not seen.
pub(super) fn eq(first: &Operand, others: &[Operand]) -> Result<bool> {
    if others.is_empty() {
        return Err(CallError::new("missing argument for comparison"));
    }
    for other in others {
        if equal(&first.value, &other.value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(left: &Value, right: &Value) -> Result<bool> {
    Ok(match (basic(left), basic(right)) {
        (Some(Basic::Bool(a)), Some(Basic::Bool(b))) => a == b,
        (Some(Basic::Complex(a, b)), Some(Basic::Complex(c, d))) => a == c && b == d,
        (Some(Basic::Float(a)), Some(Basic::Float(b))) => a == b,
        (Some(Basic::Int(a)), Some(Basic::Int(b))) => a == b,
        (Some(Basic::Uint(a)), Some(Basic::Uint(b))) => a == b,
        (Some(Basic::Text(a)), Some(Basic::Text(b))) => a == b,
        (Some(Basic::Int(a)), Some(Basic::Uint(b))) | (Some(Basic::Uint(b)), Some(Basic::Int(a))) => {
            compare_mixed(a, b).is_eq()
        }
        (None, None) => equal_others(left, right)?,
        _ if matches!(left, Value::Nil) || matches!(right, Value::Nil) => false,
        _ => return Err(incompatible(left, right)),
    })
}

/// Compares what has no basic kind: nil, lists, maps, objects.
fn equal_others(left: &Value, right: &Value) -> Result<bool> {
    let comparable = left.kind() == right.kind() || matches!(left, Value::Nil) || matches!(right, Value::Nil);
    if !comparable {
        // Go's arguments are in this odd order: value, type, type, value.
        let left_text = fmt::sprintf(b"%s", std::slice::from_ref(left));
        let left_text = String::from_utf8_lossy(&left_text).into_owned();
        return Err(CallError::new(format!(
            "non-comparable types {left_text}: {}, {}: {}",
            type_name(left),
            type_name(right),
            fmt::display(right).to_text()
        )));
    }
    if is_nil(left) || is_nil(right) {
        return Ok(is_nil(left) == is_nil(right));
    }
    match (left, right) {
        (Value::Object(a), Value::Object(b)) if right.kind() == Kind::Ptr => Ok(Rc::ptr_eq(a, b)),
        (Value::Object(a), Value::Object(b)) if right.kind() == Kind::Struct => {
            Ok(a.go_type() == b.go_type() && a.equals(b.as_ref()))
        }
        _ => {
            let text = fmt::sprintf(b"%s", std::slice::from_ref(right));
            let text = String::from_utf8_lossy(&text).into_owned();
            Err(CallError::new(format!("non-comparable type {text}: {}", type_name(right))))
        }
    }
}

/// Returns whether the first is less than the second.
pub(super) fn lt(left: &Operand, right: &Operand) -> Result<bool> {
    let wrong = || CallError::new("invalid type for comparison");
    let a = basic(&left.value).ok_or_else(wrong)?;
    let b = basic(&right.value).ok_or_else(wrong)?;
    match (a, b) {
        (Basic::Bool(_), Basic::Bool(_)) | (Basic::Complex(..), Basic::Complex(..)) => Err(wrong()),
        (Basic::Float(a), Basic::Float(b)) => Ok(a < b),
        (Basic::Int(a), Basic::Int(b)) => Ok(a < b),
        (Basic::Uint(a), Basic::Uint(b)) => Ok(a < b),
        (Basic::Text(a), Basic::Text(b)) => Ok(a < b),
        (Basic::Int(a), Basic::Uint(b)) => Ok(compare_mixed(a, b).is_lt()),
        (Basic::Uint(a), Basic::Int(b)) => Ok(compare_mixed(b, a).is_gt()),
        _ => Err(incompatible(&left.value, &right.value)),
    }
}

/// Returns whether the first is less than or equal to the second.
pub(super) fn le(left: &Operand, right: &Operand) -> Result<bool> {
    Ok(lt(left, right)? || equal(&left.value, &right.value)?)
}
