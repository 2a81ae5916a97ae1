//! Values with what Go's `reflect` knows beside them: whether their static type is
//! an interface. Error texts and the rules for nil depend on it.

use crate::types::Type;
use crate::value::{List, Map, Value};

/// A value in the middle of an evaluation.
///
/// Nil that is no interface is the zero `reflect.Value`: no value at all.
#[derive(Debug, Clone)]
pub(crate) struct Operand {
    pub(crate) value: Value,
    pub(crate) interface: bool,
}

impl Operand {
    /// No value: what a pipeline gives for nil.
    pub(crate) const INVALID: Operand = Operand { value: Value::Nil, interface: false };

    /// Returns a value of its own type.
    pub(crate) fn concrete(value: Value) -> Self {
        Operand { value, interface: false }
    }

    /// Returns a value out of a container or function that declares this type.
    pub(crate) fn of(value: Value, declared: Type) -> Self {
        Operand { value, interface: declared == Type::Any }
    }

    pub(crate) fn is_invalid(&self) -> bool {
        matches!(self.value, Value::Nil) && !self.interface
    }

    pub(crate) fn is_nil_interface(&self) -> bool {
        matches!(self.value, Value::Nil) && self.interface
    }

    /// Returns the thing inside of an interface.
    pub(crate) fn elem(self) -> Self {
        Operand { interface: false, ..self }
    }

    /// Returns the name of the static type.
    pub(crate) fn type_name(&self) -> String {
        if self.interface { Type::Any.to_string() } else { type_name(&self.value) }
    }
}

/// Returns the name of a value's type.
pub(crate) fn type_name(value: &Value) -> String {
    value.go_type().map_or_else(|| "<nil>".to_owned(), |go_type| go_type.to_string())
}

/// Returns whether nil can be passed for the type.
pub(crate) fn can_be_nil(go_type: Type) -> bool {
    use crate::types::Kind;
    matches!(go_type.kind(), Kind::Interface | Kind::Map | Kind::Slice | Kind::Ptr | Kind::Func)
}

/// Returns the zero value of a type, as `reflect.Zero`.
pub(crate) fn zero(go_type: Type) -> Value {
    match go_type {
        Type::Any | Type::Opaque(..) => Value::Nil,
        Type::Bool => Value::Bool(false),
        Type::Int => Value::Int(0),
        Type::Int64 => Value::Int64(0),
        Type::Uint8 => Value::Uint8(0),
        Type::Uint32 => Value::Uint32(0),
        Type::Uint64 => Value::Uint64(0),
        Type::Float64 => Value::Float64(0.0),
        Type::Complex128 => Value::Complex128(0.0, 0.0),
        Type::String => Value::str(""),
        Type::Slice(_) => Value::List(List::nil(go_type)),
        Type::Map(_) => Value::Map(Map::nil(go_type)),
        Type::Named(named) => match zero(named.underlying) {
            Value::List(_) => Value::List(List::nil(go_type)),
            Value::Map(_) => Value::Map(Map::nil(go_type)),
            plain => plain,
        },
    }
}

/// Returns the type of a list's items or a map's values.
pub(crate) fn element_type(container: Type) -> Type {
    match container.underlying() {
        Type::Slice(of) | Type::Map(of) => *of,
        _ => Type::Any,
    }
}

/// Returns whether Go lets a value of one type be passed for the other.
pub(crate) fn assignable(from: Type, to: Type) -> bool {
    let named = |go_type| matches!(go_type, Type::Named(_) | Type::Opaque(..));
    to == Type::Any
        || from == to
        || (!named(from) || !named(to))
            && from.underlying() == to.underlying()
            && matches!(to.underlying(), Type::Slice(_) | Type::Map(_))
}
