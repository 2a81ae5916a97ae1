//! The functions that templates call: a table of Go signatures and bodies.
//!
//! Names are resolved when a template is parsed, so an unknown one is a parse
//! error, even in a branch that never runs, as in Go.

use std::collections::HashMap;

use crate::Exec;
use crate::types::Type;
use crate::value::Value;

/// One function: its Go signature, and what it does with checked arguments.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// The name in templates.
    pub name: &'static str,
    /// The types of the fixed parameters.
    pub params: &'static [Type],
    /// The type of each further argument, for a variadic function.
    pub variadic: Option<Type>,
    /// The type of the result; [`Type::Any`] where Go declares an interface.
    pub returns: Type,
    /// The body. Each argument has the type of its parameter; for `Type::Any`
    /// it is whatever was passed, nil included.
    pub call: Body,
}

/// The body of a [`Function`].
pub type Body = fn(&mut Exec<'_>, &[Value]) -> Result<Value, CallError>;

/// Why a function failed: its own message, or the failure of a template that it ran.
#[derive(Debug, Clone)]
pub struct CallError {
    /// What Go's `error` would print, up to the text of `source`.
    pub message: String,
    /// The template error inside, where a function such as `include` ran one. Its
    /// text follows the message, which is empty where Go returns the error as it is.
    pub source: Option<Box<crate::Error>>,
}

impl CallError {
    /// Returns an error with a message of the function's own.
    pub fn new(message: impl Into<String>) -> Self {
        CallError { message: message.into(), source: None }
    }

    /// Returns the failure of a template that a function ran, with nothing added.
    pub fn from_error(error: crate::Error) -> Self {
        CallError { message: String::new(), source: Some(Box::new(error)) }
    }
}

impl<T: Into<String>> From<T> for CallError {
    fn from(message: T) -> Self {
        CallError::new(message)
    }
}

/// A table of functions, by name.
#[derive(Debug, Default, Clone)]
pub struct Functions {
    table: Vec<Function>,
    index: HashMap<&'static str, usize>,
}

impl Functions {
    /// Returns a table of these functions; of two with one name the later counts.
    pub fn new(groups: &[&[Function]]) -> Self {
        let mut functions = Functions::default();
        for function in groups.iter().flat_map(|group| group.iter()) {
            functions.index.insert(function.name, functions.table.len());
            functions.table.push(*function);
        }
        functions
    }

    /// Returns the number under which a name can be called.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// Returns the function with that number.
    pub fn get(&self, number: usize) -> Option<&Function> {
        self.table.get(number)
    }
}
