//! Functions that ask for types, and that compare by them.

use gotmpl::Type::{Any, Bool, String as Text};
use gotmpl::{Function, Value};

use crate::args::{any, bytes, deep, function};

pub(crate) const FUNCTIONS: &[Function] = &[
    function("typeOf", &[Any], Text, |_, args| Ok(Value::str(type_of(any(args, 0))))),
    function("typeIs", &[Text, Any], Bool, |_, args| {
        Ok(Value::Bool(bytes(args, 0) == type_of(any(args, 1)).as_bytes()))
    }),
    function("typeIsLike", &[Text, Any], Bool, |_, args| {
        let of = type_of(any(args, 1));
        let pointed = of.strip_prefix('*').unwrap_or(&of);
        Ok(Value::Bool(bytes(args, 0) == of.as_bytes() || bytes(args, 0) == pointed.as_bytes()))
    }),
    function("kindOf", &[Any], Text, |_, args| Ok(Value::str(any(args, 0).kind().name()))),
    function("kindIs", &[Text, Any], Bool, |_, args| {
        Ok(Value::Bool(any(args, 1).kind().name().as_bytes() == bytes(args, 0)))
    }),
    deep(function("deepEqual", &[Any, Any], Bool, |_, args| {
        Ok(Value::Bool(any(args, 0).deep_equal(any(args, 1))))
    })),
];

fn type_of(value: &Value) -> String {
    value.go_type().map_or_else(|| "<nil>".to_owned(), |of| of.to_string())
}
