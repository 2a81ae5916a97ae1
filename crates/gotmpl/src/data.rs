//! Lets values cross to other formats through serde, with the conversions that
//! Go's `encoding/json` makes on the way: every number read is a float64, an
//! object is written as its JSON form, and text is made valid UTF-8.
//!
//! `[]byte` is written as bytes, so that a format can choose its own form.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::json;
use crate::types::Type;
use crate::value::{List, Map, Str, Value};

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Nested { value: self, outer: None, depth: 0 }.serialize(serializer)
    }
}

/// A value, and the lists, maps and objects that it lies in.
struct Nested<'a> {
    value: &'a Value,
    outer: Option<&'a Nested<'a>>,
    depth: usize,
}

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Nil => serializer.serialize_unit(),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Int(n) | Value::Int64(n) => serializer.serialize_i64(*n),
            Value::Uint8(n) => serializer.serialize_u8(*n),
            Value::Uint32(n) => serializer.serialize_u32(*n),
            Value::Uint64(n) => serializer.serialize_u64(*n),
            Value::Float64(n) if n.is_finite() => serializer.serialize_f64(*n),
            Value::Float64(n) => Err(S::Error::custom(json::unsupported_float(*n))),
            Value::Complex128(..) => Err(S::Error::custom("json: unsupported type: complex128")),
            Value::Str(text) => serialize_text(text, serializer),
            Value::List(list) => crate::deeper(|| self.serialize_list(list, serializer)),
            Value::Map(map) => crate::deeper(|| self.serialize_map(map, serializer)),
            Value::Object(object) => {
                let plain = object.json().map_err(S::Error::custom)?;
                self.inner(&plain).serialize(serializer)
            }
        }
    }
}

impl Nested<'_> {
    fn inner<'s>(&'s self, value: &'s Value) -> Nested<'s> {
        Nested { value, outer: Some(self), depth: self.depth + 1 }
    }

    /// Checks that the value does not lie in itself.
    ///
    /// Go looks at each level from [`json::CYCLE_DEPTH`] on, and names the type of the
    /// first that comes again, which is the one at that depth. Looking more and more
    /// rarely finds the same, without a walk for each level.
    fn check_cycle<E: serde::ser::Error>(&self) -> Result<(), E> {
        if !self.depth.checked_sub(json::CYCLE_DEPTH).is_some_and(usize::is_power_of_two) {
            return Ok(());
        }
        let address = |value: &Value| match value {
            Value::List(list) => Some(list.address()),
            Value::Map(map) => Some(map.address()),
            _ => None,
        };
        let own = address(self.value);
        let outer = |nested: &&Nested<'_>| nested.depth >= json::CYCLE_DEPTH;
        let mut inside = false;
        let mut first = self;
        while let Some(nested) = first.outer.filter(outer) {
            inside |= address(nested.value) == own;
            first = nested;
        }
        match first.value.go_type() {
            Some(of) if inside => Err(E::custom(json::cycle(of))),
            _ => Ok(()),
        }
    }

    fn serialize_list<S: Serializer>(&self, list: &List, serializer: S) -> Result<S::Ok, S::Error> {
        if list.is_nil() {
            return serializer.serialize_unit();
        }
        if list.go_type().underlying() == Type::BYTES {
            return serializer.serialize_bytes(json::bytes(list).as_bytes());
        }
        self.check_cycle()?;
        let mut sequence = serializer.serialize_seq(Some(list.len()))?;
        for value in list.items().iter() {
            sequence.serialize_element(&self.inner(value))?;
        }
        sequence.end()
    }

    fn serialize_map<S: Serializer>(&self, map: &Map, serializer: S) -> Result<S::Ok, S::Error> {
        if map.is_nil() {
            return serializer.serialize_unit();
        }
        self.check_cycle()?;
        let mut entries = serializer.serialize_map(Some(map.len()))?;
        for (key, value) in map.entries().iter() {
            entries.serialize_entry(&Key(key), &self.inner(value))?;
        }
        entries.end()
    }
}

struct Key<'a>(&'a Str);

impl Serialize for Key<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_text(self.0, serializer)
    }
}

fn serialize_text<S: Serializer>(text: &Str, serializer: S) -> Result<S::Ok, S::Error> {
    match text.as_text() {
        Some(text) => serializer.serialize_str(text),
        None => serializer.serialize_str(&json::lossy(text.as_bytes())),
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can express")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Float64(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Float64(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float64(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::str(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::str(text))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value::str(bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::list(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some((key, value)) = access.next_entry::<String, Value>()? {
            entries.insert(Str::from(key), value);
        }
        Ok(Value::Map(Map::with_entries(Type::MAP, entries)))
    }
}
