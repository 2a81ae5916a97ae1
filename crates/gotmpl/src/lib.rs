//! Go's `text/template`: the language that Helm charts are written in.
//!
//! A [`Value`] is what a template can see: Go's kinds, with Go's sharing (maps
//! are references, slices behave as values). A [`Function`] is a row of a table:
//! its Go signature decides how arguments are checked and converted before it
//! is called, so that wrong ones fail with Go's own words.
//!
//! Invariant: templates reach nothing but their data and their functions. No
//! clock, environment, file or randomness is read here; a function that needs
//! one finds it among the extensions that the caller gave.

mod data;
mod error;
mod exec;
pub mod fmt;
mod function;
pub mod json;
pub mod strconv;
mod types;
mod value;

pub use error::Error;
pub use exec::{Exec, Parsed};
pub use function::{Body, CallError, Function, Functions};
pub use types::{Kind, NamedType, Type};
pub use value::{List, Map, Object, Str, Value};
