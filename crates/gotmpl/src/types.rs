//! The Go types that templates can tell apart.
//!
//! They matter in signatures (argument checks), in names that templates print
//! (`%T`, `typeOf`, error texts), and for the kinds that functions branch on.

use std::fmt;

/// A Go type, as `reflect.Type` would name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `interface {}`
    Any,
    /// `bool`
    Bool,
    /// `int`, 64 bits wide
    Int,
    /// `int64`
    Int64,
    /// `uint8`, what indexing a string gives
    Uint8,
    /// `uint32`
    Uint32,
    /// `uint64`
    Uint64,
    /// `float64`
    Float64,
    /// `complex128`
    Complex128,
    /// `string`
    String,
    /// `[]T`
    Slice(&'static Type),
    /// `map[string]T`
    Map(&'static Type),
    /// A defined type such as `common.Values`, with its own methods.
    Named(&'static NamedType),
    /// A type known by name only, such as `time.Time` or `*semver.Version`.
    Opaque(&'static str, Kind),
}

/// A defined Go type over a plain one: `type Values map[string]interface{}`.
#[derive(Debug, PartialEq, Eq)]
pub struct NamedType {
    /// Package and name, as `%T` prints them.
    pub name: &'static str,
    /// What it is made of.
    pub underlying: Type,
}

/// Go's `reflect.Kind`, as far as templates meet it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The zero `reflect.Value`.
    Invalid,
    /// A truth value.
    Bool,
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `uint8`
    Uint8,
    /// `uint32`
    Uint32,
    /// `uint64`
    Uint64,
    /// `float64`
    Float64,
    /// `complex128`
    Complex128,
    /// Bytes, usually UTF-8.
    String,
    /// A list.
    Slice,
    /// A map with string keys.
    Map,
    /// A struct by value.
    Struct,
    /// A pointer, to a struct in practice.
    Ptr,
    /// A function value.
    Func,
    /// An interface that may hold anything.
    Interface,
}

impl Type {
    /// `[]interface {}`
    pub const LIST: Type = Type::Slice(&Type::Any);
    /// `[]string`
    pub const STRINGS: Type = Type::Slice(&Type::String);
    /// `[]int`
    pub const INTS: Type = Type::Slice(&Type::Int);
    /// `[]uint8`, which `fmt` and JSON treat as bytes
    pub const BYTES: Type = Type::Slice(&Type::Uint8);
    /// `map[string]interface {}`
    pub const MAP: Type = Type::Map(&Type::Any);
    /// `map[string]string`
    pub const STRING_MAP: Type = Type::Map(&Type::String);

    /// Returns the kind that `reflect` reports.
    pub fn kind(self) -> Kind {
        match self {
            Type::Any => Kind::Interface,
            Type::Bool => Kind::Bool,
            Type::Int => Kind::Int,
            Type::Int64 => Kind::Int64,
            Type::Uint8 => Kind::Uint8,
            Type::Uint32 => Kind::Uint32,
            Type::Uint64 => Kind::Uint64,
            Type::Float64 => Kind::Float64,
            Type::Complex128 => Kind::Complex128,
            Type::String => Kind::String,
            Type::Slice(_) => Kind::Slice,
            Type::Map(_) => Kind::Map,
            Type::Named(named) => named.underlying.kind(),
            Type::Opaque(_, kind) => kind,
        }
    }

    /// Returns the type below a defined one, itself otherwise.
    pub fn underlying(self) -> Type {
        match self {
            Type::Named(named) => named.underlying.underlying(),
            plain => plain,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Any => f.write_str("interface {}"),
            Type::Bool => f.write_str("bool"),
            Type::Int => f.write_str("int"),
            Type::Int64 => f.write_str("int64"),
            Type::Uint8 => f.write_str("uint8"),
            Type::Uint32 => f.write_str("uint32"),
            Type::Uint64 => f.write_str("uint64"),
            Type::Float64 => f.write_str("float64"),
            Type::Complex128 => f.write_str("complex128"),
            Type::String => f.write_str("string"),
            Type::Slice(element) => write!(f, "[]{element}"),
            Type::Map(element) => write!(f, "map[string]{element}"),
            Type::Named(named) => f.write_str(named.name),
            Type::Opaque(name, _) => f.write_str(name),
        }
    }
}

impl Kind {
    /// Returns the name that `reflect.Kind.String` gives.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Invalid => "invalid",
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Int64 => "int64",
            Kind::Uint8 => "uint8",
            Kind::Uint32 => "uint32",
            Kind::Uint64 => "uint64",
            Kind::Float64 => "float64",
            Kind::Complex128 => "complex128",
            Kind::String => "string",
            Kind::Slice => "slice",
            Kind::Map => "map",
            Kind::Struct => "struct",
            Kind::Ptr => "ptr",
            Kind::Func => "func",
            Kind::Interface => "interface",
        }
    }
}
