//! Runs templates over data.

use std::any::Any;
use std::sync::Arc;

use crate::function::CallError;
use crate::value::Value;

/// A parsed text: its body and its defines. It knows no name of its own, so that
/// one text that is found under several names (a library chart in each subchart)
/// is parsed once; a set of templates gives it the name under which it is added,
/// and parse errors learn it when they are shown. It can cross threads.
#[derive(Debug)]
pub struct Parsed {}

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

    /// Runs a parsed text over `data`, with its defines laid over the templates of
    /// this execution until it is done: what a function such as Helm's `tpl` does.
    /// Every look-up by name meanwhile, in older templates too, sees the new defines
    /// first, as in a clone of the set to which the text was added under `name`.
    pub fn execute_parsed(&mut self, _name: &str, _parsed: &Arc<Parsed>, _data: Value) -> Result<Vec<u8>, CallError> {
        Err(CallError::new("no templates"))
    }

    /// Takes `bytes` from the budget for output and memory, before a function
    /// makes something that large.
    pub fn charge(&mut self, _bytes: usize) -> Result<(), CallError> {
        Ok(())
    }
}
