//! Runs templates over data.

use std::any::Any;

use crate::function::CallError;
use crate::value::Value;

/// A running execution: what a function can ask of it.
pub struct Exec<'a> {
    extensions: &'a [&'a dyn Any],
}

impl<'a> Exec<'a> {
    /// Returns the extension of that type which the caller gave: a clock, a
    /// source of randomness, the state of an embedding engine.
    pub fn extension<T: 'static>(&self) -> Option<&'a T> {
        self.extensions.iter().find_map(|extension| extension.downcast_ref())
    }

    /// Runs the template of that name over `data` and returns what it wrote.
    pub fn execute(&mut self, _name: &str, _data: Value) -> Result<Vec<u8>, CallError> {
        Err(CallError::new("no templates"))
    }

    /// Takes `bytes` from the budget for output and memory, before a function
    /// makes something that large.
    pub fn charge(&mut self, _bytes: usize) -> Result<(), CallError> {
        Ok(())
    }
}
