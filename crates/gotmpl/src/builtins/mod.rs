//! The 19 functions that Go's `text/template` brings along.
//!
//! A table of functions may bring its own under the same names, which then count.

mod compare;
mod escape;
mod index;

use crate::exec::{Exec, Operand, assignable, can_be_nil, type_name, zero};
use crate::fmt::{self, TooLong};
use crate::function::{Body, CallError, Function, Reach};
use crate::tree::FunctionId;
use crate::types::{Kind, Type};
use crate::value::{Str, Value};

/// A builtin whose arguments Go takes as `reflect.Value`: anything, no value included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Builtin {
    And,
    Call,
    Eq,
    Ge,
    Gt,
    Index,
    Le,
    Len,
    Lt,
    Ne,
    Not,
    Or,
    Slice,
}

const NAMES: &[(&str, Builtin)] = &[
    ("and", Builtin::And),
    ("call", Builtin::Call),
    ("eq", Builtin::Eq),
    ("ge", Builtin::Ge),
    ("gt", Builtin::Gt),
    ("index", Builtin::Index),
    ("le", Builtin::Le),
    ("len", Builtin::Len),
    ("lt", Builtin::Lt),
    ("ne", Builtin::Ne),
    ("not", Builtin::Not),
    ("or", Builtin::Or),
    ("slice", Builtin::Slice),
];

/// The other builtins, which make text and are functions like any.
static TEXT_FUNCTIONS: &[Function] = &[
    text_function("html", &[], |exec, args| escaped(exec, args, escape::html)),
    text_function("js", &[], |exec, args| escaped(exec, args, escape::js)),
    text_function("print", &[], |exec, args| bounded(exec, fmt::sprint_within(args, exec.room()))),
    text_function("printf", &[Type::String], printf),
    text_function("println", &[], |exec, args| bounded(exec, fmt::sprintln_within(args, exec.room()))),
    text_function("urlquery", &[], |exec, args| escaped(exec, args, escape::url_query)),
];

const fn text_function(name: &'static str, params: &'static [Type], call: Body) -> Function {
    Function { name, params, variadic: Some(Type::Any), returns: Type::String, reach: Reach::Deep, call }
}

/// Finds a builtin by its name.
pub(crate) fn find(name: &str) -> Option<FunctionId> {
    let builtin = NAMES.iter().find(|(known, _)| *known == name);
    if let Some((_, builtin)) = builtin {
        return Some(FunctionId::Builtin(*builtin));
    }
    TEXT_FUNCTIONS.iter().find(|function| function.name == name).map(FunctionId::Text)
}

impl Builtin {
    pub(crate) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, builtin)| *builtin == self).map_or("", |(name, _)| name)
    }

    /// Returns how many arguments it takes, and whether it takes more.
    pub(crate) fn arity(self) -> (usize, bool) {
        match self {
            Builtin::And | Builtin::Or | Builtin::Call | Builtin::Eq | Builtin::Index | Builtin::Slice => {
                (1, true)
            }
            Builtin::Ge | Builtin::Gt | Builtin::Le | Builtin::Lt | Builtin::Ne => (2, false),
            Builtin::Len | Builtin::Not => (1, false),
        }
    }
}

type Result = std::result::Result<Operand, CallError>;

/// Calls a builtin with as many arguments as it takes.
pub(crate) fn call(builtin: Builtin, args: &[Operand]) -> Result {
    let truth = |truth: bool| Ok(Operand::concrete(Value::Bool(truth)));
    match builtin {
        Builtin::And | Builtin::Or | Builtin::Call => {
            unreachable!("they evaluate or call something, so exec does it")
        }
        Builtin::Eq => truth(compare::eq(&args[0], &args[1..])?),
        Builtin::Ge => truth(!compare::lt(&args[0], &args[1])?),
        Builtin::Gt => truth(!compare::le(&args[0], &args[1])?),
        Builtin::Le => truth(compare::le(&args[0], &args[1])?),
        Builtin::Lt => truth(compare::lt(&args[0], &args[1])?),
        Builtin::Ne => truth(!compare::eq(&args[0], &args[1..])?),
        Builtin::Not => truth(!args[0].value.is_true()),
        Builtin::Index => index::index(&args[0], &args[1..]),
        Builtin::Slice => index::slice(&args[0], &args[1..]),
        Builtin::Len => index::len(&args[0]),
    }
}

type Text = std::result::Result<Value, CallError>;

fn escaped(exec: &mut Exec<'_>, args: &[Value], escape: fn(&[u8]) -> Vec<u8>) -> Text {
    match escape::argument_text(args, exec.room()) {
        Ok(plain) => Ok(Value::str(escape(&plain))),
        Err(_) => Err(exec.too_long()),
    }
}

/// Returns text that was made within what is left of the budget.
fn bounded(exec: &mut Exec<'_>, printed: std::result::Result<Vec<u8>, TooLong>) -> Text {
    match printed {
        Ok(bytes) => Ok(Value::str(bytes)),
        Err(_) => Err(exec.too_long()),
    }
}

fn printf(exec: &mut Exec<'_>, args: &[Value]) -> Text {
    let format = args.first().and_then(Value::as_str).map(Str::as_bytes).unwrap_or_default();
    let rest = args.get(1..).unwrap_or_default();
    bounded(exec, fmt::sprintf_within(format, rest, exec.room()))
}

/// Calls a value that is a function. `callee` is its text, which is empty if it was piped.
pub(crate) fn call_value(exec: &mut Exec<'_>, callee: String, args: &[Operand]) -> Result {
    let (called, args) = args.split_first().ok_or_else(|| CallError::new("call of nil"))?;
    let callee = match &called.value {
        Value::Nil => return Err(CallError::new("call of nil")),
        Value::Str(text) if callee.is_empty() => text.to_text().into_owned(),
        _ if callee.is_empty() => format!("<{} Value>", called.type_name()),
        _ => callee,
    };
    let function = match &called.value {
        Value::Object(object) => object.function(),
        _ => None,
    };
    let Some(function) = function else {
        return Err(CallError::new(format!("non-function {callee} of type {}", type_name(&called.value))));
    };
    let (wanted, got) = (function.params.len(), args.len());
    if function.variadic.is_some() && got < wanted {
        return Err(CallError::new(format!(
            "wrong number of args for {callee}: got {got} want at least {wanted}"
        )));
    }
    if function.variadic.is_none() && got != wanted {
        return Err(CallError::new(format!("wrong number of args for {callee}: got {got} want {wanted}")));
    }
    let types = function.params.iter().copied().chain(function.variadic.into_iter().cycle());
    let mut values = Vec::with_capacity(got);
    for (at, (arg, wanted)) in args.iter().zip(types).enumerate() {
        let value = passed(&arg.value, wanted).map_err(|error| format!("arg {at}: {error}"))?;
        values.push(value);
    }
    Ok(Operand::of(exec.call(function, &values)?, function.returns))
}

/// Returns a value as `call` and methods pass it: between integers it is converted.
fn passed(value: &Value, wanted: Type) -> std::result::Result<Value, String> {
    let Some(found) = value.go_type() else {
        if can_be_nil(wanted) {
            return Ok(zero(wanted));
        }
        return Err(format!("value is nil; should be of type {wanted}"));
    };
    if assignable(found, wanted) {
        return Ok(value.clone());
    }
    let bits = match value {
        Value::Int(n) | Value::Int64(n) => Some(n.cast_unsigned()),
        Value::Uint8(n) => Some(u64::from(*n)),
        Value::Uint32(n) => Some(u64::from(*n)),
        Value::Uint64(n) => Some(*n),
        _ => None,
    };
    let converted = bits.and_then(|bits| {
        // The smaller types keep the lower bits.
        Some(match wanted {
            Type::Int => Value::Int(bits.cast_signed()),
            Type::Int64 => Value::Int64(bits.cast_signed()),
            Type::Uint8 => Value::Uint8(bits.to_le_bytes()[0]),
            Type::Uint32 => Value::Uint32((bits & 0xffff_ffff) as u32),
            Type::Uint64 => Value::Uint64(bits),
            _ => return None,
        })
    });
    converted.ok_or_else(|| format!("value has type {found}; should be {wanted}"))
}

/// Returns whether the kind is one that `reflect` can tell to be nil.
fn is_nil(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::List(list) => list.is_nil(),
        Value::Map(map) => map.is_nil(),
        Value::Object(object) if matches!(object.go_type().kind(), Kind::Map | Kind::Slice) => {
            object.plain().is_none_or(|plain| is_nil(&plain))
        }
        _ => false,
    }
}
