//! `.Files`: the files of a chart that are no templates.

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use gotmpl::{CallError, List, Map, NamedType, Object, Str, Type, Value};

use super::glob::Glob;
use crate::chart::File;
use crate::manifest::base_name;

/// `engine.files`, a map from paths to `[]byte` with methods.
#[derive(Debug)]
struct Files(BTreeMap<Rc<str>, Bytes>);

static FILES: NamedType = NamedType { name: "engine.files", underlying: Type::Map(&Type::BYTES) };

/// Returns the object for the files of a chart; of two with one path the last counts.
pub(super) fn object(files: &[File]) -> Value {
    let files = files.iter().map(|file| (file.path.as_str().into(), file.data.clone()));
    Value::Object(Rc::new(Files(files.collect())))
}

impl Files {
    fn get(&self, path: &Str) -> Str {
        let file = path.as_text().and_then(|path| self.0.get(path));
        file.map_or_else(|| Str::from(""), |data| Str::from(&data[..]))
    }

    fn glob(&self, pattern: &str) -> Files {
        let glob = Glob::new(pattern);
        let matching = self.0.iter().filter(|(path, _)| glob.matches(path));
        Files(matching.map(|(path, data)| (path.clone(), data.clone())).collect())
    }

    /// Returns the files as the data of a ConfigMap or Secret: by base name, of two
    /// with one name the last in path order (Helm's is random).
    fn as_data(&self, encode: impl Fn(&[u8]) -> Value) -> Value {
        let entries = self.0.iter().map(|(path, data)| (base_name(path).into(), encode(data)));
        let map = Map::with_entries(Type::STRING_MAP, entries.collect());
        Value::str(crate::engine::to_yaml(&Value::Map(map)))
    }

    fn lines(&self, path: &Str) -> Result<Value, CallError> {
        let Some(data) = path.as_text().and_then(|path| self.0.get(path)) else {
            return Ok(Value::strings::<&str>([]));
        };
        let Some(last) = data.last() else {
            // Helm 4.2 looks at the last byte without asking whether there is one.
            return Err(CallError::new("runtime error: index out of range [-1]"));
        };
        let text = if *last == b'\n' { &data[..data.len() - 1] } else { data };
        Ok(Value::strings(text.split(|byte| *byte == b'\n')))
    }
}

fn bytes(data: impl Into<Str>) -> Value {
    Value::List(List::bytes(data))
}

impl Object for Files {
    fn go_type(&self) -> Type {
        Type::Named(&FILES)
    }

    fn has_method(&self, name: &str) -> bool {
        self.method_signature(name).is_some()
    }

    fn method_signature(&self, name: &str) -> Option<(&'static [Type], bool, Type)> {
        match name {
            "Get" => Some((&[Type::String], false, Type::String)),
            "GetBytes" => Some((&[Type::String], false, Type::BYTES)),
            "Glob" => Some((&[Type::String], false, Type::Named(&FILES))),
            "Lines" => Some((&[Type::String], false, Type::STRINGS)),
            "AsConfig" | "AsSecrets" => Some((&[], false, Type::String)),
            _ => None,
        }
    }

    fn call_method(&self, name: &str, args: &[Value]) -> Result<Value, CallError> {
        let empty = Str::from("");
        let argument = args.first().and_then(Value::as_str).unwrap_or(&empty);
        match name {
            "Get" => Ok(Value::Str(self.get(argument))),
            "GetBytes" => Ok(bytes(self.get(argument))),
            "Glob" => Ok(Value::Object(Rc::new(self.glob(&argument.to_text())))),
            "Lines" => self.lines(argument),
            "AsConfig" => Ok(self.as_data(|data| Value::str(data))),
            "AsSecrets" => Ok(self.as_data(|data| Value::str(STANDARD.encode(data)))),
            other => Err(CallError::new(format!("no method {other}"))),
        }
    }

    fn plain(&self) -> Option<Value> {
        let entries = self.0.iter().map(|(path, data)| (Str::from(&**path), bytes(&data[..])));
        Some(Value::Map(Map::with_entries(Type::Map(&Type::BYTES), entries.collect())))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Files>().is_some_and(|other| self.0 == other.0)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
