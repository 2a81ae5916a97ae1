//! `.Files`: the files of a chart that are no templates.

use std::any::Any;
use std::cell::OnceCell;
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
struct Files {
    by_path: BTreeMap<Rc<str>, Rc<Content>>,
    /// The map, once somebody has asked for it.
    plain: OnceCell<Value>,
}

/// The bytes of a file.
#[derive(Debug)]
struct Content {
    data: Bytes,
    /// The same as a Go string, once somebody has asked for it.
    text: OnceCell<Str>,
}

static FILES: NamedType = NamedType { name: "engine.files", underlying: Type::Map(&Type::BYTES) };

/// Returns the object for the files of a chart; of two with one path the last counts.
pub(super) fn object(files: &[File]) -> Value {
    let content = |file: &File| Rc::new(Content { data: file.data.clone(), text: OnceCell::new() });
    let files = files.iter().map(|file| (file.path.as_str().into(), content(file)));
    Value::Object(Rc::new(Files::new(files.collect())))
}

impl Content {
    fn text(&self) -> Str {
        self.text.get_or_init(|| Str::from(&self.data[..])).clone()
    }
}

impl Files {
    fn new(by_path: BTreeMap<Rc<str>, Rc<Content>>) -> Self {
        Files { by_path, plain: OnceCell::new() }
    }

    fn get(&self, path: &Str) -> Str {
        let file = path.as_text().and_then(|path| self.by_path.get(path));
        file.map_or_else(|| Str::from(""), |file| file.text())
    }

    fn glob(&self, pattern: &str) -> Files {
        let glob = Glob::new(pattern);
        let matching = self.by_path.iter().filter(|(path, _)| glob.matches(path));
        Files::new(matching.map(|(path, file)| (path.clone(), file.clone())).collect())
    }

    /// Returns the files as the data of a ConfigMap or Secret: by base name, of two
    /// with one name the last in path order (Helm's is random).
    fn as_data(&self, encode: impl Fn(&Content) -> Value) -> Value {
        let entries = self.by_path.iter().map(|(path, file)| (base_name(path).into(), encode(file)));
        let map = Map::with_entries(Type::STRING_MAP, entries.collect());
        Value::str(crate::engine::to_yaml(&Value::Map(map)))
    }

    fn lines(&self, path: &Str) -> Result<Value, CallError> {
        let Some(file) = path.as_text().and_then(|path| self.by_path.get(path)) else {
            return Ok(Value::strings::<&str>([]));
        };
        let data = &file.data;
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
            "AsConfig" => Ok(self.as_data(|file| Value::Str(file.text()))),
            "AsSecrets" => Ok(self.as_data(|file| Value::str(STANDARD.encode(&file.data)))),
            other => Err(CallError::new(format!("no method {other}"))),
        }
    }

    fn extent(&self) -> usize {
        self.by_path.len()
    }

    fn plain(&self) -> Option<Value> {
        let plain = self.plain.get_or_init(|| {
            let entries = self.by_path.iter().map(|(path, file)| (Str::from(&**path), bytes(file.text())));
            Value::Map(Map::with_entries(Type::Map(&Type::BYTES), entries.collect()))
        });
        Some(plain.clone())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Files>().is_some_and(|other| {
            let data = |files: &Files| {
                files.by_path.iter().map(|(path, file)| (path.clone(), file.data.clone())).collect::<Vec<_>>()
            };
            data(self) == data(other)
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
