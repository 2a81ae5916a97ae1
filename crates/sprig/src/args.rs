//! Rows of the function tables, and access to arguments that were checked.
//!
//! Before a body runs, its arguments have been converted to the types of its
//! row. The accessors rely on that: for a value of another type, which cannot
//! come, they give that type's zero value.

use gotmpl::{Body, CallError, Function, List, Map, Reach, Str, Type, Value};

/// What a body returns.
pub(crate) type Outcome = Result<Value, CallError>;

/// Go's text for a use of nil where something is needed.
pub(crate) const NIL_POINTER: &str = "runtime error: invalid memory address or nil pointer dereference";

/// Returns a row for a function with a fixed number of parameters.
pub(crate) const fn function(
    name: &'static str,
    params: &'static [Type],
    returns: Type,
    call: Body,
) -> Function {
    Function { name, params, variadic: None, returns, reach: Reach::Shallow, call }
}

/// Returns a row for a function whose last parameter repeats.
pub(crate) const fn variadic(
    name: &'static str,
    params: (&'static [Type], Type),
    returns: Type,
    call: Body,
) -> Function {
    Function { name, params: params.0, variadic: Some(params.1), returns, reach: Reach::Shallow, call }
}

/// Returns the row of a function that looks at all that its arguments hold.
pub(crate) const fn deep(row: Function) -> Function {
    Function { reach: Reach::Deep, ..row }
}

pub(crate) fn any(args: &[Value], at: usize) -> &Value {
    args.get(at).unwrap_or(&Value::Nil)
}

pub(crate) fn bytes(args: &[Value], at: usize) -> &[u8] {
    match any(args, at) {
        Value::Str(text) => text.as_bytes(),
        _ => b"",
    }
}

pub(crate) fn string(args: &[Value], at: usize) -> Str {
    any(args, at).as_str().cloned().unwrap_or_else(|| Str::from(""))
}

pub(crate) fn int(args: &[Value], at: usize) -> i64 {
    match any(args, at) {
        Value::Int(number) | Value::Int64(number) => *number,
        _ => 0,
    }
}

pub(crate) fn float(args: &[Value], at: usize) -> f64 {
    match any(args, at) {
        Value::Float64(number) => *number,
        _ => 0.0,
    }
}

pub(crate) fn truth(args: &[Value], at: usize) -> bool {
    matches!(any(args, at), Value::Bool(true))
}

pub(crate) fn map(args: &[Value], at: usize) -> Map {
    any(args, at).as_map().unwrap_or_default()
}

/// Returns the arguments of the repeated parameter, which starts at `at`.
pub(crate) fn rest(args: &[Value], at: usize) -> &[Value] {
    args.get(at..).unwrap_or_default()
}

/// Returns a `[]interface {}` of these items.
pub(crate) fn list(items: Vec<Value>) -> Value {
    Value::list(items)
}

/// Returns the nil `[]interface {}`.
pub(crate) fn nil_list() -> Value {
    Value::List(List::nil(Type::LIST))
}
