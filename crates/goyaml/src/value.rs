//! A YAML document as data.

use std::collections::BTreeMap;

/// A map with text keys, in byte order.
pub type Mapping = BTreeMap<String, Value>;

/// A YAML value as Go's YAML 1.1 reader types it; it can cross threads.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// `null`, `~` or nothing.
    #[default]
    Null,
    /// A truth value, in any of YAML 1.1's spellings.
    Bool(bool),
    /// An integer that fits `i64`.
    Int(i64),
    /// An integer that fits `u64` only.
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(String),
    /// A list.
    Sequence(Vec<Value>),
    /// A map.
    Mapping(Mapping),
}
