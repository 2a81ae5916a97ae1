//! Values as yaml.v3 sees them, which does not go through JSON as `toYaml` does.
//!
//! Nil lists and maps are empty, numbers need not be finite, text need not be
//! UTF-8, `[]byte` is a list of numbers, and a struct has its exported fields in
//! order, in lower case.

use std::rc::Rc;

use gotmpl::{List, Map, Object, Str, Type, Value};
use goyaml::{GoStruct, GoText, GoTime};
use serde::ser::{Error, Serialize, Serializer};

/// A value for yaml.v3's encoder.
pub(super) struct Pretty<'a>(pub(super) &'a Value);

impl Serialize for Pretty<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Float64(number) => serializer.serialize_f64(*number),
            Value::Complex128(..) => Err(cannot_marshal(Type::Complex128)),
            Value::Str(text) => GoText(text.as_bytes()).serialize(serializer),
            Value::List(list) => gotmpl::deeper(|| list_of(list, serializer)),
            Value::Map(map) => gotmpl::deeper(|| map_of(map, serializer)),
            Value::Object(object) => object_of(object, serializer),
            Value::Nil
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Int64(_)
            | Value::Uint8(_)
            | Value::Uint32(_)
            | Value::Uint64(_) => self.0.serialize(serializer),
        }
    }
}

fn list_of<S: Serializer>(list: &List, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(list.items().iter().map(Pretty))
}

fn map_of<S: Serializer>(map: &Map, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(map.entries().iter().map(|(key, value)| (Key(key), Pretty(value))))
}

/// A key, which need not be UTF-8.
struct Key<'a>(&'a Str);

impl Serialize for Key<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        GoText(self.0.as_bytes()).serialize(serializer)
    }
}

/// Writes a value by its type's own rule, in the order in which yaml.v3 asks for one.
fn object_of<S: Serializer>(object: &Rc<dyn Object>, serializer: S) -> Result<S::Ok, S::Error> {
    if object.is_nil() {
        return serializer.serialize_none();
    }
    // None of these methods fails.
    let call = |method: &str, args: &[Value]| object.call_method(method, args).unwrap_or(Value::Nil);
    let of = object.go_type().to_string();
    if of == "time.Time" {
        let text = call("Format", &[Value::str("2006-01-02T15:04:05.999999999Z07:00")]);
        return GoTime(text.as_str().and_then(Str::as_text).unwrap_or_default()).serialize(serializer);
    }
    if of == "time.Duration" {
        return Pretty(&call("String", &[])).serialize(serializer);
    }
    if object.has_method("MarshalText") {
        let text = call("MarshalText", &[]).as_list().and_then(|bytes| bytes.to_bytes());
        return GoText(text.as_ref().map_or(b"", Str::as_bytes)).serialize(serializer);
    }
    if let Some(plain) = object.plain() {
        return Pretty(&plain).serialize(serializer);
    }
    if object.function().is_some() {
        return Err(cannot_marshal(object.go_type()));
    }
    let fields = object.fields();
    let exported = fields.iter().filter(|(name, _)| name.starts_with(char::is_uppercase));
    let entries: Vec<_> = exported.map(|(name, value)| (name.to_lowercase(), value)).collect();
    GoStruct(Fields(&entries)).serialize(serializer)
}

/// The fields of a struct under the names that yaml.v3 gives them.
struct Fields<'a>(&'a [(String, &'a Value)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, Pretty(value))))
    }
}

fn cannot_marshal<E: Error>(of: Type) -> E {
    E::custom(format_args!("cannot marshal type: {of}"))
}
