//! The 18 functions that Go's `text/template` brings along.
//!
//! A table of functions may bring its own under the same names, which then count.

mod compare;
mod escape;
mod index;

use crate::exec::{Exec, Operand};
use crate::fmt;
use crate::function::CallError;
use crate::types::{Kind, Type};
use crate::value::{Str, Value};

/// A builtin function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Builtin {
    And,
    Call,
    Eq,
    Ge,
    Gt,
    Html,
    Index,
    Js,
    Le,
    Len,
    Lt,
    Ne,
    Not,
    Or,
    Print,
    Printf,
    Println,
    Slice,
    Urlquery,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Param {
    /// A value of that type.
    Typed(Type),
    /// A `reflect.Value`: anything, no value included.
    Reflect,
}

const NAMES: &[(&str, Builtin)] = &[
    ("and", Builtin::And),
    ("call", Builtin::Call),
    ("eq", Builtin::Eq),
    ("ge", Builtin::Ge),
    ("gt", Builtin::Gt),
    ("html", Builtin::Html),
    ("index", Builtin::Index),
    ("js", Builtin::Js),
    ("le", Builtin::Le),
    ("len", Builtin::Len),
    ("lt", Builtin::Lt),
    ("ne", Builtin::Ne),
    ("not", Builtin::Not),
    ("or", Builtin::Or),
    ("print", Builtin::Print),
    ("printf", Builtin::Printf),
    ("println", Builtin::Println),
    ("slice", Builtin::Slice),
    ("urlquery", Builtin::Urlquery),
];

impl Builtin {
    pub(crate) fn find(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, builtin)| *builtin)
    }

    pub(crate) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, builtin)| *builtin == self).map_or("", |(name, _)| name)
    }

    /// Returns what the fixed parameters take, and what any further arguments.
    pub(crate) fn params(self) -> (&'static [Param], Option<Param>) {
        const ANY: Option<Param> = Some(Param::Typed(Type::Any));
        match self {
            Builtin::And | Builtin::Or | Builtin::Call | Builtin::Eq | Builtin::Index | Builtin::Slice => {
                (&[Param::Reflect], Some(Param::Reflect))
            }
            Builtin::Ge | Builtin::Gt | Builtin::Le | Builtin::Lt | Builtin::Ne => {
                (&[Param::Reflect, Param::Reflect], None)
            }
            Builtin::Len | Builtin::Not => (&[Param::Reflect], None),
            Builtin::Html | Builtin::Js | Builtin::Print | Builtin::Println | Builtin::Urlquery => (&[], ANY),
            Builtin::Printf => (&[Param::Typed(Type::String)], ANY),
        }
    }
}

type Result = std::result::Result<Operand, CallError>;

/// Calls a builtin with checked arguments. `callee` is the text of what `call` calls.
pub(crate) fn call(exec: &mut Exec<'_>, builtin: Builtin, args: &[Operand], callee: String) -> Result {
    let truth = |truth: bool| Ok(Operand::concrete(Value::Bool(truth)));
    match builtin {
        Builtin::And | Builtin::Or => {
            unreachable!("they do not evaluate all their arguments, so exec does it")
        }
        Builtin::Call => call_value(&args[0], callee),
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
        Builtin::Html => text(exec, escape::html(&escape::argument_text(&values(args)))),
        Builtin::Js => text(exec, escape::js(&escape::argument_text(&values(args)))),
        Builtin::Urlquery => text(exec, escape::url_query(&escape::argument_text(&values(args)))),
        Builtin::Print => text(exec, fmt::sprint(&values(args))),
        Builtin::Println => text(exec, fmt::sprintln(&values(args))),
        Builtin::Printf => printf(exec, args),
    }
}

fn values(args: &[Operand]) -> Vec<Value> {
    args.iter().map(|arg| arg.value.clone()).collect()
}

fn text(exec: &mut Exec<'_>, bytes: Vec<u8>) -> Result {
    exec.charge(bytes.len())?;
    Ok(Operand::concrete(Value::Str(Str::from(bytes))))
}

fn printf(exec: &mut Exec<'_>, args: &[Operand]) -> Result {
    let format = match &args[0].value {
        Value::Str(format) => format.clone(),
        _ => Str::from(""),
    };
    match fmt::sprintf_within(format.as_bytes(), &values(&args[1..]), exec.bytes_left()) {
        Ok(bytes) => text(exec, bytes),
        Err(partial) => text(exec, partial).and_then(|_| Err(CallError::new("text is too long"))),
    }
}

/// Calls a value that is a function. There are none among values, so this can only
/// say what the value is instead.
fn call_value(function: &Operand, callee: String) -> Result {
    if let Value::Nil = function.value {
        return Err(CallError::new("call of nil"));
    }
    let callee = match &function.value {
        Value::Str(text) if callee.is_empty() => text.to_text().into_owned(),
        _ if callee.is_empty() => format!("<{} Value>", function.type_name()),
        _ => callee,
    };
    Err(CallError::new(format!("non-function {callee} of type {}", crate::exec::type_name(&function.value))))
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
