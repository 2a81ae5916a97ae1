//! CEL, the expression language of rules and policies, as a Kubernetes API server
//! (1.36) reads it: with its functions and types, and judged before it runs.
//!
//! ```
//! use kubecel::{Program, Type, Value};
//!
//! let program = Program::compile("name.startsWith('web-')", &[("name", Type::String)]).unwrap();
//! assert_eq!(program.result(), &Type::Bool);
//! assert_eq!(program.run(&[("name", Value::text("web-1"))], 1_000).unwrap(), Value::Bool(true));
//!
//! let error = Program::compile("nam.size() > 1", &[("name", Type::String)]).unwrap_err();
//! assert_eq!(error.to_string(), "nothing is called \"nam\"");
//! ```
//!
//! Invariant: no expression makes a program of its own use crash, hang or fill the
//! memory. A tree has a limited depth, and every step, every byte that is made and
//! every comparison is paid from a budget.

mod ast;
mod calls;
mod check;
mod cost;
mod eval;
mod functions;
mod lex;
mod parse;
mod pattern;
mod template;
mod types;
mod url;
mod value;

pub use cost::{Bound, worst_cost};
pub use eval::RunError;
pub use pattern::go_regex;
pub use types::{Object, Type};
pub use value::{Key, Map, Value, parse_duration, parse_timestamp};

use std::collections::BTreeMap;
use std::fmt;

use regex::Regex;

/// An expression that can be run.
#[derive(Debug, Clone)]
pub struct Program {
    node: ast::Node,
    result: Type,
    patterns: BTreeMap<String, Regex>,
}

impl Program {
    /// Reads an expression and checks it against the variables that it may use.
    ///
    /// # Errors
    ///
    /// It is no expression, uses what is not known, or its types do not go together.
    pub fn compile(text: &str, variables: &[(&str, Type)]) -> Result<Self, CompileError> {
        let node = parse::parse(text)?;
        let checked = check::check(text, &node, variables)?;
        Ok(Self { node, result: checked.result, patterns: checked.patterns })
    }

    /// Returns the type of what it comes to.
    pub fn result(&self) -> &Type {
        &self.result
    }

    /// Whether it uses a variable of this name.
    pub fn uses(&self, name: &str) -> bool {
        let mut is_used = false;
        self.node.walk(&mut |node| is_used |= matches!(&node.kind, ast::Kind::Name(used) if used == name));
        is_used
    }

    /// Runs it.
    ///
    /// # Errors
    ///
    /// Values do not go together, or the budget of steps is used up.
    pub fn run(&self, variables: &[(&str, Value)], budget: u64) -> Result<Value, RunError> {
        eval::run(&self.node, &self.patterns, variables, budget)
    }
}

/// Goes a level deeper, with more stack if little is left: threads have little to begin with.
fn grow<T>(deeper: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, deeper)
}

/// Why an expression cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}")]
pub struct CompileError {
    /// The line, from one.
    pub line: usize,
    /// The column in characters, from one.
    pub column: usize,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wrong {
    /// It cannot be read.
    Syntax(String),
    /// A variable or function is not known.
    Unknown(String),
    /// A field is not in a type.
    NoField(String, String),
    /// Types do not go together.
    Types(String),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::Syntax(what) | Wrong::Types(what) => f.write_str(what),
            Wrong::Unknown(name) => write!(f, "nothing is called {name:?}"),
            Wrong::NoField(field, object) => write!(f, "{object} has no field {field:?}"),
        }
    }
}

impl CompileError {
    fn new(text: &str, at: usize, wrong: Wrong) -> Self {
        let before = &text[..at];
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        Self { line, column: before[start..].chars().count() + 1, wrong }
    }
}
