//! Functions that choose between values: by emptiness, by a condition, or by failing.

use gotmpl::Type::{Any, Bool, String as Text};
use gotmpl::{CallError, Function, Kind, Value};

use crate::args::{any, function, rest, string, truth, variadic};

pub(crate) const FUNCTIONS: &[Function] =
    &[
        variadic("default", (&[Any], Any), Any, |_, args| {
            let given = rest(args, 1).first().filter(|given| !is_empty(given));
            Ok(given.unwrap_or(any(args, 0)).clone())
        }),
        function("empty", &[Any], Bool, |_, args| Ok(Value::Bool(is_empty(any(args, 0))))),
        variadic("coalesce", (&[], Any), Any, |_, args| {
            Ok(args.iter().find(|arg| !is_empty(arg)).cloned().unwrap_or(Value::Nil))
        }),
        variadic("all", (&[], Any), Bool, |_, args| Ok(Value::Bool(!args.iter().any(is_empty)))),
        variadic("any", (&[], Any), Bool, |_, args| Ok(Value::Bool(!args.iter().all(is_empty)))),
        function("ternary", &[Any, Any, Bool], Any, |_, args| {
            Ok(any(args, usize::from(!truth(args, 2))).clone())
        }),
        function("fail", &[Text], Text, |_, args| Err(CallError::new(string(args, 0).to_text()))),
    ];

/// Returns whether Sprig's `empty` holds: zero, false, nil or of no length.
/// Structs are never empty, whatever is in them.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value.kind() {
        Kind::Struct | Kind::Ptr => false,
        _ => !value.is_true(),
    }
}
