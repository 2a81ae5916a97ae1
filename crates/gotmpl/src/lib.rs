//! Go's `text/template`: the language that Helm charts are written in.
//!
//! A [`Value`] is what a template can see: Go's kinds, with Go's sharing (maps
//! are references, slices behave as values). A [`Function`] is a row of a table:
//! its Go signature decides how arguments are checked and converted before it
//! is called, so that wrong ones fail with Go's own words.
//!
//! ```
//! use gotmpl::{CallError, Exec, Function, Functions, Options, Parsed, Reach, Templates, Type, Value};
//!
//! fn shout(_: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
//!     Ok(Value::str(format!("{}!", gotmpl::fmt::display(&args[0]).to_text().to_uppercase())))
//! }
//!
//! let shout = Function {
//!     name: "shout",
//!     params: &[Type::String],
//!     variadic: None,
//!     returns: Type::String,
//!     reach: Reach::Shallow,
//!     call: shout,
//! };
//! let functions = Functions::new(&[&[shout]]);
//! let mut templates = Templates::new("set");
//! templates.add(&Parsed::new("t", b"{{ range .names }}{{ shout . }} {{ end }}", &functions)?);
//!
//! let data = Value::map([("names", Value::strings(["ada", "bob"]))]);
//! let output = Exec::new(&templates, &functions, Options::default()).run("t", data)?;
//! assert_eq!(output, b"ADA! BOB! ");
//!
//! // Wrong arguments fail as in Go, here because 5 is no string.
//! templates.add(&Parsed::new("wrong", b"{{ shout 5 }}", &functions)?);
//! let error = Exec::new(&templates, &functions, Options::default()).run("wrong", Value::Nil).unwrap_err();
//! assert_eq!(error.to_string(), r#"template: wrong:1:9: executing "wrong" at <5>: expected string; found 5"#);
//! # Ok::<(), gotmpl::Error>(())
//! ```
//!
//! Invariant: templates reach nothing but their data and their functions. No
//! clock, environment, file or randomness is read here; a function that needs
//! one finds it among the extensions that the caller gave.

mod builtins;
mod data;
mod error;
mod exec;
pub mod fmt;
mod function;
pub mod json;
mod lex;
mod parse;
mod record;
pub mod strconv;
mod templates;
mod tree;
mod types;
mod value;

pub use error::{Error, Position};
pub use exec::{Exec, Limits, MissingKey, Options};
pub use function::{Body, CallError, Function, FunctionValue, Functions, Reach};
pub use parse::Parsed;
pub use record::{Lines, Origin, Passing, Read, Reads};
pub use templates::Templates;
pub use types::{Kind, NamedType, Type};
pub use value::{List, Map, Object, Sequence, Str, Value};

/// What nests (lists of nodes, pipelines, values) runs on a stack that continues on
/// the heap when less than this is left of it.
const STACK_MARGIN: usize = 128 * 1024;
const STACK_STEP: usize = 4 * 1024 * 1024;

/// Goes a level deeper into something that may nest without end, on a new stack if
/// little is left of this one.
pub fn deeper<T>(step: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(STACK_MARGIN, STACK_STEP, step)
}

/// Runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
