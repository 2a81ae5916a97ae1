//! Helm's functions that read and write YAML, JSON and TOML.
//!
//! Those without `must` never fail: writing gives nothing (or, for TOML, the
//! error's text), reading a map with the key `Error`.

use gotmpl::{CallError, Exec, Function, Map, Reach, Type, Value};

use super::{pretty, toml};

/// Helm's own conversions, some of which replace Sprig's.
pub(super) const FUNCTIONS: &[Function] = &[
    writer("toYaml", |_, args| Ok(Value::str(to_yaml(argument(args))))),
    writer("mustToYaml", |_, args| match goyaml::to_string(argument(args)) {
        Ok(text) => Ok(Value::str(without_newline(text))),
        Err(error) => Err(CallError::new(error.marshal_text())),
    }),
    writer("toYamlPretty", |_, args| {
        // What yaml.v3 cannot write is a panic, which Helm does not catch.
        let text = goyaml::to_string_pretty(&pretty::Pretty(argument(args)));
        Ok(Value::str(without_newline(text.map_err(|error| CallError::new(error.to_string()))?)))
    }),
    writer("toJson", |_, args| Ok(Value::str(gotmpl::json::encode(argument(args)).unwrap_or_default()))),
    writer("mustToJson", |_, args| Ok(Value::str(gotmpl::json::encode(argument(args))?))),
    writer("toToml", |_, args| Ok(Value::str(encode_toml(args)?.unwrap_or_else(|error| error)))),
    writer("mustToToml", |_, args| Ok(Value::str(encode_toml(args)??))),
    reader("fromYaml", Type::MAP, |exec, args| Ok(map_or_error(from_yaml(text(exec, args)?)))),
    reader("fromYamlArray", Type::LIST, |exec, args| Ok(list_or_error(from_yaml(text(exec, args)?)))),
    reader("fromJson", Type::MAP, |exec, args| Ok(json_map(text(exec, args)?))),
    reader("fromJsonArray", Type::LIST, |exec, args| Ok(json_list(text(exec, args)?))),
    reader("fromToml", Type::MAP, |exec, args| {
        Ok(toml::decode(text(exec, args)?).unwrap_or_else(|error| error_map(&error)))
    }),
];

const fn writer(name: &'static str, call: gotmpl::Body) -> Function {
    Function { name, params: &[Type::Any], variadic: None, returns: Type::String, reach: Reach::Deep, call }
}

const fn reader(name: &'static str, returns: Type, call: gotmpl::Body) -> Function {
    Function { name, params: &[Type::String], variadic: None, returns, reach: Reach::Shallow, call }
}

fn argument(args: &[Value]) -> &Value {
    args.first().unwrap_or(&Value::Nil)
}

/// Returns what `toYaml` does: nothing for what cannot be written, and no newline at the end.
pub(crate) fn to_yaml(value: &Value) -> String {
    // Helm swallows the error, whatever it is.
    goyaml::to_string(value).map(without_newline).unwrap_or_default()
}

fn without_newline(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
    }
    text
}

/// The outer error is a panic inside the library, which even `toToml` does not catch.
fn encode_toml(args: &[Value]) -> Result<Result<String, String>, CallError> {
    match argument(args) {
        Value::Nil => Err(CallError::new("reflect: call of reflect.Value.Type on zero Value")),
        value => Ok(toml::encode(value)),
    }
}

fn from_yaml(text: &[u8]) -> Result<Value, String> {
    goyaml::from_slice(text).map_err(|error| error.unmarshal_text())
}

/// A wrong type is noted beside what could be decoded, as Go fills the map first.
fn json_map(text: &[u8]) -> Value {
    gotmpl::json::decode(text, Type::MAP).unwrap_or_else(|error| {
        let map = error.partial.as_map().filter(|map| !map.is_nil()).unwrap_or_default();
        map.insert("Error", Value::str(error.message));
        Value::Map(map)
    })
}

fn json_list(text: &[u8]) -> Value {
    gotmpl::json::decode(text, Type::LIST)
        .unwrap_or_else(|error| Value::list(vec![Value::str(error.message)]))
}

/// Returns the text to be read, after charging the work: a character may be a value.
fn text<'a>(exec: &mut Exec<'_>, args: &'a [Value]) -> Result<&'a [u8], CallError> {
    let text = argument(args).as_str().map(gotmpl::Str::as_bytes).unwrap_or_default();
    exec.work(2 * text.len() as u64)?;
    Ok(text)
}

fn map_or_error(read: Result<Value, String>) -> Value {
    match read {
        // A null leaves the empty map that Helm decodes into.
        Ok(Value::Nil) => Value::Map(Map::new()),
        Ok(map @ Value::Map(_)) => map,
        Ok(other) => error_map(&mismatch(&other, "map[string]interface {}")),
        Err(error) => error_map(&error),
    }
}

fn error_map(error: &str) -> Value {
    Value::map([("Error", Value::str(error))])
}

fn list_or_error(read: Result<Value, String>) -> Value {
    match read {
        Ok(Value::Nil) => Value::list(Vec::new()),
        Ok(list @ Value::List(_)) => list,
        Ok(other) => Value::list(vec![Value::str(mismatch(&other, "[]interface {}"))]),
        Err(error) => Value::list(vec![Value::str(error)]),
    }
}

fn mismatch(found: &Value, wanted: &str) -> String {
    let found = match found {
        Value::Bool(_) => "bool",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        _ => "number",
    };
    format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go value of type {wanted}"
    )
}

/// Returns a YAML value as it comes through JSON: every number is a float64.
pub(crate) fn json_value(value: &goyaml::Value) -> Value {
    match value {
        goyaml::Value::Null => Value::Nil,
        goyaml::Value::Bool(truth) => Value::Bool(*truth),
        goyaml::Value::Int(number) => Value::Float64(*number as f64),
        goyaml::Value::Uint(number) => Value::Float64(*number as f64),
        goyaml::Value::Float(number) => Value::Float64(*number),
        goyaml::Value::String(text) => Value::str(text.as_str()),
        goyaml::Value::Sequence(items) => Value::list(items.iter().map(json_value).collect()),
        goyaml::Value::Mapping(entries) => {
            Value::map(entries.iter().map(|(key, value)| (key.as_str(), json_value(value))))
        }
    }
}
