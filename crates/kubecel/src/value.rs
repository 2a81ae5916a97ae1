//! Values of a running expression.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;

use jiff::Timestamp;

use crate::url::Url;

/// A value of an expression.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An unsigned integer.
    Uint(u64),
    /// A floating-point number.
    Double(f64),
    /// A text.
    String(Rc<str>),
    /// A sequence of bytes.
    Bytes(Rc<[u8]>),
    /// A span of time, in nanoseconds.
    Duration(i64),
    /// A moment.
    Timestamp(Timestamp),
    /// A type, by its name.
    Type(&'static str),
    /// A list.
    List(Rc<Vec<Value>>),
    /// A map, or an object.
    Map(Rc<Map>),
    /// A value that may be missing.
    Optional(Option<Rc<Value>>),
    /// An address in the web.
    Url(Rc<Url>),
    /// An address in a network.
    Ip(IpAddr),
    /// A range of addresses: one of them, and how many bits all have in common.
    Cidr(IpAddr, u8),
    /// A quantity, in billionths.
    Quantity(i128),
    /// A semantic version.
    Semver(Rc<semver::Version>),
    /// A format that texts may have, by its name.
    Format(&'static str),
}

/// A map, or an object with its fields.
pub type Map = BTreeMap<Key, Value>;

/// A key of a map.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// `true` or `false`
    Bool(bool),
    /// An integer, signed or not.
    Int(i128),
    /// A text.
    String(Rc<str>),
}

impl Value {
    /// Returns a text.
    pub fn text(text: &str) -> Value {
        Value::String(text.into())
    }

    /// Returns a list.
    pub fn list(items: Vec<Value>) -> Value {
        Value::List(Rc::new(items))
    }

    /// Returns a map.
    pub fn map(entries: Map) -> Value {
        Value::Map(Rc::new(entries))
    }

    pub(crate) fn some(value: Value) -> Value {
        Value::Optional(Some(Rc::new(value)))
    }

    /// Returns the key of a map that this value is.
    pub(crate) fn as_key(&self) -> Option<Key> {
        match self {
            Value::Bool(value) => Some(Key::Bool(*value)),
            Value::Int(number) => Some(Key::Int((*number).into())),
            Value::Uint(number) => Some(Key::Int((*number).into())),
            // A whole number is the same as an integer.
            Value::Double(number) if number.fract() == 0.0 && number.abs() < 9e18 => {
                Some(Key::Int(*number as i128))
            }
            Value::String(text) => Some(Key::String(Rc::clone(text))),
            _ => None,
        }
    }

    /// Returns the name of its type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null_type",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Uint(_) => "uint",
            Value::Double(_) => "double",
            Value::String(_) => "string",
            Value::Bytes(_) => "bytes",
            Value::Duration(_) => "google.protobuf.Duration",
            Value::Timestamp(_) => "google.protobuf.Timestamp",
            Value::Type(_) => "type",
            Value::List(_) => "list",
            Value::Map(_) => "map",
            Value::Optional(_) => "optional_type",
            Value::Url(_) => "kubernetes.URL",
            Value::Ip(_) => "net.IP",
            Value::Cidr(..) => "net.CIDR",
            Value::Quantity(_) => "kubernetes.Quantity",
            Value::Semver(_) => "kubernetes.Semver",
            Value::Format(_) => "kubernetes.NamedFormat",
        }
    }

    /// Whether it is what a variable of its type is to begin with.
    pub(crate) fn is_zero(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Bool(value) => !value,
            Value::Int(number) => *number == 0,
            Value::Uint(number) => *number == 0,
            Value::Double(number) => *number == 0.0,
            Value::String(text) => text.is_empty(),
            Value::Bytes(bytes) => bytes.is_empty(),
            Value::Duration(nanos) => *nanos == 0,
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
            Value::Optional(inner) => inner.is_none(),
            _ => false,
        }
    }

    /// Compares two values that have an order.
    pub(crate) fn order(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
            (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
            (Value::Bytes(one), Value::Bytes(other)) => Some(one.cmp(other)),
            (Value::Duration(one), Value::Duration(other)) => Some(one.cmp(other)),
            (Value::Timestamp(one), Value::Timestamp(other)) => Some(one.cmp(other)),
            (one, other) => numbers(one, other),
        }
    }
}

/// Compares numbers, whatever their types.
fn numbers(one: &Value, other: &Value) -> Option<Ordering> {
    let whole = |value: &Value| match value {
        Value::Int(number) => Some(i128::from(*number)),
        Value::Uint(number) => Some(i128::from(*number)),
        _ => None,
    };
    let broken = |value: &Value| match value {
        Value::Double(number) => Some(*number),
        other => whole(other).map(|number| number as f64),
    };
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => broken(one)?.partial_cmp(&broken(other)?),
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(one), Value::Bool(other)) => one == other,
            (Value::String(one), Value::String(other)) => one == other,
            (Value::Bytes(one), Value::Bytes(other)) => one == other,
            (Value::Duration(one), Value::Duration(other)) => one == other,
            (Value::Timestamp(one), Value::Timestamp(other)) => one == other,
            (Value::Type(one), Value::Type(other)) | (Value::Format(one), Value::Format(other)) => {
                one == other
            }
            (Value::List(one), Value::List(other)) => one == other,
            (Value::Map(one), Value::Map(other)) => one == other,
            (Value::Optional(one), Value::Optional(other)) => one == other,
            (Value::Url(one), Value::Url(other)) => one == other,
            (Value::Ip(one), Value::Ip(other)) => one == other,
            (Value::Cidr(one, bits), Value::Cidr(other, others)) => one == other && bits == others,
            (Value::Quantity(one), Value::Quantity(other)) => one == other,
            (Value::Semver(one), Value::Semver(other)) => one == other,
            (one, other) => numbers(one, other) == Some(Ordering::Equal),
        }
    }
}

/// Reads a duration as Go writes it, as in `1h30m`; in nanoseconds.
pub fn parse_duration(text: &str) -> Option<i64> {
    let (is_negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: f64 = 0.0;
    let mut whole: i128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|end| *end > 0)?;
        let (number, unit) = rest.split_at(end);
        let end = unit.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(unit.len());
        let (unit, left) = unit.split_at(end);
        let nanos: i64 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        match number.split_once('.') {
            None => whole = whole.checked_add(number.parse::<i128>().ok()?.checked_mul(nanos.into())?)?,
            Some(_) => total += number.parse::<f64>().ok()? * nanos as f64,
        }
        rest = left;
    }
    let all = whole.checked_add(total.round() as i128)?;
    i64::try_from(if is_negative { -all } else { all }).ok()
}

/// Reads a moment as RFC 3339 writes it.
pub fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let has_form = bytes.get(10).is_some_and(|byte| *byte == b'T')
        && text.ends_with(|c: char| c == 'Z' || c.is_ascii_digit());
    // The last moments of the year 9999 are taken for the last that there is here.
    let parsed = || text.parse().ok().or_else(|| text.starts_with("9999-12-3").then_some(Timestamp::MAX));
    has_form.then(parsed).flatten()
}
