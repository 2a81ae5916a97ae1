//! Helm's functions that need the engine: `include`, `tpl`, `required`, `fail`,
//! and those that would look outside and do not.

use std::cell::RefCell;
use std::collections::BTreeMap;

use gotmpl::{CallError, Exec, Function, Reach, Str, Type, Value};

use super::error_text::mark_message;
use crate::render::Mode;

/// How often a template may be running when it is included once more (helm 4.2,
/// `recursionMaxNums`).
const MAX_INCLUDES: usize = 1000;

/// The functions, some of which replace Sprig's.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "include",
        params: &[Type::String, Type::Any],
        variadic: None,
        returns: Type::String,
        reach: Reach::Shallow,
        call: include,
    },
    Function {
        name: "tpl",
        params: &[Type::String, Type::Any],
        variadic: None,
        returns: Type::String,
        reach: Reach::Shallow,
        call: tpl,
    },
    Function {
        name: "required",
        params: &[Type::String, Type::Any],
        variadic: None,
        returns: Type::Any,
        reach: Reach::Shallow,
        call: required,
    },
    Function {
        name: "fail",
        params: &[Type::String],
        variadic: None,
        returns: Type::String,
        reach: Reach::Shallow,
        call: fail,
    },
    // Without a cluster there is nothing to find, and no error either.
    Function {
        name: "lookup",
        params: &[Type::String, Type::String, Type::String, Type::String],
        variadic: None,
        returns: Type::MAP,
        reach: Reach::Shallow,
        call: |_, _| Ok(Value::Map(gotmpl::Map::new())),
    },
    Function {
        name: "getHostByName",
        params: &[Type::String],
        variadic: None,
        returns: Type::String,
        reach: Reach::Shallow,
        call: |_, _| Ok(Value::str("")),
    },
];

/// What the functions of one rendering share.
pub(super) struct State {
    /// How strictly templates are taken.
    pub(super) mode: Mode,
    /// Parses what `tpl` gets.
    pub(super) engine: super::Engine,
    /// How many times each template is being included right now.
    pub(super) included: RefCell<BTreeMap<Str, usize>>,
}

fn state<'a>(exec: &Exec<'a>) -> Result<&'a State, CallError> {
    exec.extension::<State>().ok_or_else(|| CallError::new("no chart is being rendered"))
}

fn string(args: &[Value], number: usize) -> Str {
    args.get(number).and_then(Value::as_str).cloned().unwrap_or_else(|| Str::from(""))
}

fn data(args: &[Value]) -> Value {
    args.get(1).cloned().unwrap_or(Value::Nil)
}

fn include(exec: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    let state = state(exec)?;
    let name = string(args, 0);
    let text = name.to_text();
    {
        let mut included = state.included.borrow_mut();
        let running = included.entry(name.clone()).or_default();
        // Helm checks before it counts, so that one more than the limit runs.
        if *running > MAX_INCLUDES {
            return Err(CallError::new(format!(
                "rendering template has a nested reference name: {text}: unable to execute template"
            )));
        }
        *running += 1;
    }
    let result = exec.execute(&text, data(args));
    if let Some(running) = state.included.borrow_mut().get_mut(&name) {
        *running -= 1;
    }
    result.map(Value::Str)
}

fn tpl(exec: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    let text = string(args, 0);
    exec.work(text.len() as u64)?;
    let quoted = || gotmpl::strconv::quote(text.as_bytes());
    let parsed = state(exec)?
        .engine
        .parse(super::ROOT_NAME, text.as_bytes())
        .map_err(|error| CallError::new(format!("cannot parse template {}: {error}", quoted())))?;
    match exec.execute_text(&parsed, data(args)) {
        Ok(out) => Ok(Value::Str(super::without_no_value(out.as_bytes()).map_or(out, Str::from))),
        Err(error) => Err(CallError {
            message: format!("error during tpl function execution for {}: {}", quoted(), error.message),
            source: error.source,
        }),
    }
}

fn required(exec: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    let value = data(args);
    let missing = match &value {
        Value::Nil => true,
        Value::Str(text) => text.is_empty(),
        _ => false,
    };
    if !missing {
        return Ok(value);
    }
    if state(exec)?.mode == Mode::Lint {
        return Ok(Value::str(""));
    }
    Err(CallError::new(mark_message(&string(args, 0).to_text())))
}

fn fail(exec: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    if state(exec)?.mode == Mode::Lint {
        return Ok(Value::str(""));
    }
    Err(CallError::new(mark_message(&string(args, 0).to_text())))
}
