//! Methods of Go types as tables: a method is one row.
//!
//! A type gives its table in a function `find_method` and takes the rest of
//! [`gotmpl::Object`] from [`object_methods`].

use gotmpl::{Type, Value};

use crate::args::Outcome;

/// One method: its Go signature, and what it does with checked arguments.
pub(crate) struct Method<T> {
    name: &'static str,
    pub(crate) params: &'static [Type],
    pub(crate) returns: Type,
    /// The results of a method that templates cannot call, as it has several.
    several: &'static [Type],
    pub(crate) call: fn(&T, &[Value]) -> Outcome,
}

/// Returns a row.
pub(crate) const fn method<T>(
    name: &'static str,
    params: &'static [Type],
    returns: Type,
    call: fn(&T, &[Value]) -> Outcome,
) -> Method<T> {
    Method { name, params, returns, several: &[], call }
}

/// Returns a row for a method with several results.
pub(crate) const fn several<T>(name: &'static str, results: &'static [Type]) -> Method<T> {
    Method { name, params: &[], returns: Type::Any, several: results, call: |_, _| Ok(Value::Nil) }
}

/// Finds a method in a table.
pub(crate) fn find<T>(table: &'static [Method<T>], name: &str) -> Option<&'static Method<T>> {
    table.iter().find(|method| method.name == name)
}

impl<T> Method<T> {
    /// Returns why templates cannot call the method, in Go's words.
    pub(crate) fn refusal(&self) -> Option<String> {
        let name = self.name;
        match self.several {
            [] => None,
            [_, second] => Some(format!(
                "invalid function signature for {name}: second return value should be error; is {second}"
            )),
            many => Some(format!("function {name} has {} return values; should be 1 or 2", many.len())),
        }
    }
}

/// Writes what [`gotmpl::Object`] asks of methods, for a type with `find_method`.
macro_rules! object_methods {
    () => {
        fn has_method(&self, name: &str) -> bool {
            self.find_method(name).is_some()
        }

        fn method_signature(&self, name: &str) -> Option<(&'static [gotmpl::Type], bool, gotmpl::Type)> {
            self.find_method(name).map(|method| (method.params, false, method.returns))
        }

        fn method_refusal(&self, name: &str) -> Option<String> {
            self.find_method(name).and_then($crate::method::Method::refusal)
        }

        fn call_method(&self, name: &str, args: &[gotmpl::Value]) -> $crate::args::Outcome {
            match self.find_method(name) {
                Some(method) => (method.call)(self, args),
                None => Err(gotmpl::CallError::new(format!("no method {name}"))),
            }
        }
    };
}

pub(crate) use object_methods;
