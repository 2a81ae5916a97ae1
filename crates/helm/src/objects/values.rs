//! Helm's `common.Values`: a map with a name of its own and a few methods.
//!
//! It can be passed where `map[string]interface {}` is asked for, but is not of
//! that type: functions that look at the type take another way.

use std::any::Any;
use std::rc::Rc;

use gotmpl::{CallError, Kind, Map, NamedType, Object, Type, Value};

/// A `common.Values`; the map may be known to others as a plain one.
#[derive(Debug)]
pub(crate) struct Values(Map);

static VALUES: NamedType = NamedType { name: "common.Values", underlying: Type::MAP };

impl Values {
    /// Returns the map as a value of this type.
    pub(crate) fn value(map: Map) -> Value {
        Value::Object(Rc::new(Values(map)))
    }

    /// Returns the value at a dotted path; tables do not count.
    fn path_value(&self, path: &str) -> Result<Value, String> {
        if path.is_empty() {
            return Err("YAML path cannot be empty".to_owned());
        }
        let (parent, key) = match path.rsplit_once('.') {
            Some((parent, key)) => (table(&self.0, parent), key),
            None => (Some(self.0.clone()), path),
        };
        match parent.and_then(|parent| parent.get(key.as_bytes())) {
            None | Some(Value::Map(_)) => Err(format!("{key:?} is not a value")),
            Some(value) => Ok(value),
        }
    }

    fn yaml(&self) -> Result<Value, CallError> {
        match goyaml::to_string(&Value::Map(self.0.clone())) {
            Ok(text) => Ok(Value::str(text)),
            Err(error) => Err(CallError::new(error.to_string())),
        }
    }
}

/// Returns the table at a dotted path.
pub(crate) fn table(map: &Map, path: &str) -> Option<Map> {
    path.split('.').try_fold(map.clone(), |table, name| lookup(&table, name).ok())
}

fn lookup(map: &Map, name: &str) -> Result<Map, String> {
    match map.get(name.as_bytes()) {
        Some(Value::Map(table)) if table.go_type() == Type::MAP => Ok(table),
        Some(value) if value.as_object::<Values>().is_some() => Ok(value.as_map().unwrap_or_default()),
        _ => Err(format!("{name:?} is not a table")),
    }
}

impl Object for Values {
    fn go_type(&self) -> Type {
        Type::Named(&VALUES)
    }

    fn has_method(&self, name: &str) -> bool {
        self.method_signature(name).is_some()
    }

    fn method_signature(&self, name: &str) -> Option<(&'static [Type], bool, Type)> {
        match name {
            "AsMap" => Some((&[], false, Type::MAP)),
            "YAML" => Some((&[], false, Type::String)),
            "Table" => Some((&[Type::String], false, Type::Named(&VALUES))),
            "PathValue" => Some((&[Type::String], false, Type::Any)),
            // No template can come by a writer.
            "Encode" => Some((&[Type::Opaque("io.Writer", Kind::Interface)], false, Type::Any)),
            _ => None,
        }
    }

    fn call_method(&self, name: &str, args: &[Value]) -> Result<Value, CallError> {
        let text = args.first().and_then(Value::as_str).map(|text| text.to_text()).unwrap_or_default();
        match name {
            "AsMap" => Ok(Value::Map(if self.0.is_empty() { Map::new() } else { self.0.clone() })),
            "YAML" => self.yaml(),
            "Table" => {
                let table = text.split('.').try_fold(self.0.clone(), |table, name| lookup(&table, name))?;
                Ok(Values::value(table))
            }
            "PathValue" => Ok(self.path_value(&text)?),
            other => Err(CallError::new(format!("no method {other}"))),
        }
    }

    fn plain(&self) -> Option<Value> {
        Some(Value::Map(self.0.clone()))
    }

    fn with_plain(&self, plain: Value) -> Option<Rc<dyn Object>> {
        Some(Rc::new(Values(plain.as_map()?)))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other
            .as_any()
            .downcast_ref::<Values>()
            .is_some_and(|other| Value::Map(self.0.clone()).deep_equal(&Value::Map(other.0.clone())))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
