//! Types, and how they go together.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The type of a value, as far as it is known before an expression runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Any value; what is done with it is judged when the expression runs.
    Dyn,
    /// The type of `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A signed integer of 64 bits.
    Int,
    /// An unsigned integer of 64 bits.
    Uint,
    /// A floating-point number of 64 bits.
    Double,
    /// A text.
    String,
    /// A sequence of bytes.
    Bytes,
    /// A span of time.
    Duration,
    /// A moment.
    Timestamp,
    /// The type of a type.
    Type,
    /// A list of items of one type.
    List(Arc<Type>),
    /// A map from one type to another.
    Map(Arc<(Type, Type)>),
    /// An object with fields that are known.
    Object(Arc<Object>),
    /// A value that may be missing.
    Optional(Arc<Type>),
    /// A type of Kubernetes, which only its own functions take.
    Opaque(&'static str),
}

/// The fields of an object.
#[derive(Debug, PartialEq)]
pub struct Object {
    /// What messages call it.
    pub name: String,
    /// The fields, by the names that expressions use.
    pub fields: BTreeMap<String, Type>,
}

impl Type {
    /// Returns the type of a list.
    pub fn list(item: Type) -> Type {
        Type::List(Arc::new(item))
    }

    /// Returns the type of a map.
    pub fn map(key: Type, value: Type) -> Type {
        Type::Map(Arc::new((key, value)))
    }

    /// Returns the type of an object.
    pub fn object(name: &str, fields: BTreeMap<String, Type>) -> Type {
        Type::Object(Arc::new(Object { name: name.to_owned(), fields }))
    }

    /// Whether `null` may stand for a value of this type.
    fn takes_null(&self) -> bool {
        matches!(
            self,
            Type::Dyn
                | Type::Null
                | Type::Duration
                | Type::Timestamp
                | Type::Object(_)
                | Type::Optional(_)
                | Type::Opaque(_)
        )
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Dyn => "dyn",
            Type::Null => "null",
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Uint => "uint",
            Type::Double => "double",
            Type::String => "string",
            Type::Bytes => "bytes",
            Type::Duration => "duration",
            Type::Timestamp => "timestamp",
            Type::Type => "type",
            Type::List(item) => return write!(f, "list({item})"),
            Type::Map(both) => return write!(f, "map({}, {})", both.0, both.1),
            Type::Optional(inner) => return write!(f, "optional({inner})"),
            Type::Object(object) => &object.name,
            Type::Opaque(name) => name,
        })
    }
}

/// Whether values of two types can be values of one; where either is not known, they can.
pub(crate) fn agree(one: &Type, other: &Type) -> bool {
    match (one, other) {
        (Type::Dyn, _) | (_, Type::Dyn) => true,
        (Type::Null, other) | (other, Type::Null) => other.takes_null(),
        (Type::List(one), Type::List(other)) | (Type::Optional(one), Type::Optional(other)) => {
            agree(one, other)
        }
        (Type::Map(one), Type::Map(other)) => agree(&one.0, &other.0) && agree(&one.1, &other.1),
        (Type::Object(one), Type::Object(other)) => Arc::ptr_eq(one, other) || one == other,
        (one, other) => one == other,
    }
}

/// Returns the type of what has one type or the other.
pub(crate) fn join(one: &Type, other: &Type) -> Type {
    match (one, other) {
        (Type::Null, other) | (other, Type::Null) if other.takes_null() => other.clone(),
        (one, other) if one == other => one.clone(),
        (Type::List(one), Type::List(other)) => Type::list(join(one, other)),
        (Type::Map(one), Type::Map(other)) => Type::map(join(&one.0, &other.0), join(&one.1, &other.1)),
        (Type::Optional(one), Type::Optional(other)) => Type::Optional(Arc::new(join(one, other))),
        _ => Type::Dyn,
    }
}

/// A type as functions declare it; `A` and `B` stand for any type, the same throughout a call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    A,
    B,
    Dyn,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Duration,
    Timestamp,
    Type,
    List(&'static Form),
    Map(&'static Form, &'static Form),
    Optional(&'static Form),
    Opaque(&'static str),
}

/// What `A` and `B` stand for in a call.
#[derive(Debug, Default)]
pub(crate) struct Meant {
    a: Option<Type>,
    b: Option<Type>,
}

impl Meant {
    /// Whether an argument of type `given` is of this form.
    pub(crate) fn fits(&mut self, form: Form, given: &Type) -> bool {
        let plain = match form {
            Form::A => return fit(&mut self.a, given),
            Form::B => return fit(&mut self.b, given),
            Form::List(item) => {
                return match given {
                    Type::List(given) => self.fits(*item, given),
                    given => *given == Type::Dyn && self.fits(*item, &Type::Dyn),
                };
            }
            Form::Map(key, value) => {
                return match given {
                    Type::Map(given) => self.fits(*key, &given.0) && self.fits(*value, &given.1),
                    given => {
                        *given == Type::Dyn && self.fits(*key, &Type::Dyn) && self.fits(*value, &Type::Dyn)
                    }
                };
            }
            Form::Optional(inner) => {
                return match given {
                    Type::Optional(given) => self.fits(*inner, given),
                    given => matches!(given, Type::Dyn | Type::Null) && self.fits(*inner, &Type::Dyn),
                };
            }
            plain => self.of(plain),
        };
        agree(&plain, given)
    }

    /// Returns the type of this form.
    pub(crate) fn of(&self, form: Form) -> Type {
        match form {
            Form::A => self.a.clone().unwrap_or(Type::Dyn),
            Form::B => self.b.clone().unwrap_or(Type::Dyn),
            Form::Dyn => Type::Dyn,
            Form::Bool => Type::Bool,
            Form::Int => Type::Int,
            Form::Uint => Type::Uint,
            Form::Double => Type::Double,
            Form::Text => Type::String,
            Form::Bytes => Type::Bytes,
            Form::Duration => Type::Duration,
            Form::Timestamp => Type::Timestamp,
            Form::Type => Type::Type,
            Form::List(item) => Type::list(self.of(*item)),
            Form::Map(key, value) => Type::map(self.of(*key), self.of(*value)),
            Form::Optional(inner) => Type::Optional(Arc::new(self.of(*inner))),
            Form::Opaque(name) => Type::Opaque(name),
        }
    }
}

fn fit(meant: &mut Option<Type>, given: &Type) -> bool {
    match meant {
        Some(known) if agree(known, given) => {
            *known = join(known, given);
            true
        }
        Some(_) => false,
        None => {
            *meant = Some(given.clone());
            true
        }
    }
}
