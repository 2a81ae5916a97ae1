//! The functions that templates call: a table of Go signatures and bodies.
//!
//! Names are resolved when a template is parsed, so an unknown one is a parse
//! error, even in a branch that never runs, as in Go.

use foldhash::HashMap;

use std::rc::Rc;

use crate::Exec;
use crate::types::{Kind, Type};
use crate::value::{Object, Value};

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
    /// How much of its arguments it looks at, which the budget of an execution must know.
    pub reach: Reach,
    /// The body. Each argument has the type of its parameter; for `Type::Any`
    /// it is whatever was passed, nil included.
    pub call: Body,
}

/// How much of its arguments a [`Function`] looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Texts, and the entries of lists and maps.
    Shallow,
    /// All that lists and maps hold, at any depth: it compares, copies or writes them.
    Deep,
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

/// A function among the data, which templates can `call`.
///
/// ```
/// use gotmpl::{Exec, Function, FunctionValue, Functions, Options, Parsed, Templates, Type, Value};
///
/// let twice = Function {
///     name: "twice",
///     params: &[Type::String],
///     variadic: None,
///     returns: Type::String,
///     reach: gotmpl::Reach::Shallow,
///     call: |_, args| Ok(Value::str(gotmpl::fmt::sprintf(b"%[1]s%[1]s", args))),
/// };
/// let functions = Functions::default();
/// let mut templates = Templates::new("set");
/// templates.add(&Parsed::new("t", b"{{ call .twice `ho` }}", &functions)?);
/// let data = Value::map([("twice", FunctionValue::new("func(string) string", twice))]);
/// assert_eq!(Exec::new(&templates, &functions, Options::default()).run("t", data)?, b"hoho");
/// # Ok::<(), gotmpl::Error>(())
/// ```
#[derive(Debug)]
pub struct FunctionValue {
    go_type: &'static str,
    function: Function,
}

impl FunctionValue {
    /// Returns the value for a function, of the Go type of that name.
    #[expect(clippy::new_ret_no_self, reason = "only as a value is it of any use")]
    pub fn new(go_type: &'static str, function: Function) -> Value {
        Value::Object(Rc::new(FunctionValue { go_type, function }))
    }
}

impl Object for FunctionValue {
    fn go_type(&self) -> Type {
        Type::Opaque(self.go_type, Kind::Func)
    }

    fn function(&self) -> Option<&Function> {
        Some(&self.function)
    }

    /// Functions are equal to nothing, not even to themselves.
    fn equals(&self, _other: &dyn Object) -> bool {
        false
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
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
