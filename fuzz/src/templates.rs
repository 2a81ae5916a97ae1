//! Templates: any text parses or fails, and whatever parses runs to an end.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use gotmpl::{
    CallError, Exec, Function, Functions, Limits, List, Map, Options, Parsed, Reach, Templates, Type, Value,
};

/// What takes seconds a call by design: keys and hashes.
const SLOW: &[&str] = &[
    "bcrypt",
    "buildCustomCert",
    "derivePassword",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "htpasswd",
];

const OWN: &[Function] = &[
    Function {
        name: "include",
        params: &[Type::String, Type::Any],
        variadic: None,
        returns: Type::String,
        reach: Reach::Shallow,
        call: include,
    },
    Function {
        name: "tpl",
        params: &[Type::String, Type::Any],
        variadic: None,
        returns: Type::String,
        reach: Reach::Shallow,
        call: tpl,
    },
    Function {
        name: "toYaml",
        params: &[Type::Any],
        variadic: None,
        returns: Type::String,
        reach: Reach::Deep,
        call: to_yaml,
    },
    Function {
        name: "fromYaml",
        params: &[Type::String],
        variadic: None,
        returns: Type::Any,
        reach: Reach::Shallow,
        call: from_yaml,
    },
];

/// No text makes the parser panic, and an error names a line of the text.
pub fn tmpl_lex_parse(text: &[u8]) {
    let Err(error) = Parsed::new("t", text, &functions()) else { return };
    let lines = text.split(|&byte| byte == b'\n').count();
    let position = error.position().expect("an error of a text has a place in it");
    assert!((1..=lines).contains(&(position.line as usize)), "{error}: {lines} lines");
    // The excerpt, too, comes for any text.
    assert!(format!("{error:#}").starts_with(&error.to_string()));
}

/// What parses runs to an end, within its limits, and does the same again.
pub fn tmpl_exec(text: &[u8]) {
    let functions = functions();
    let Ok(parsed) = Parsed::new("t", text, &functions) else { return };
    let mut templates = Templates::new("set");
    templates.add(&parsed);
    let first = run(&templates, &functions);
    assert_eq!(first, run(&templates, &functions));
}

fn run(templates: &Templates, functions: &Functions) -> Result<Vec<u8>, String> {
    let env = sprig::Env::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000), [7; 32]);
    let patterns = sprig::Patterns::default();
    let limits = Limits { steps: 20_000, depth: 100, bytes: 1 << 18, largest: 1 << 18, output: 1 << 18 };
    let options = Options { limits, extensions: &[&env, &patterns], ..Options::default() };
    let output = Exec::new(templates, functions, options).run("t", data());
    output.map_err(|error| format!("{error:#}"))
}

fn functions() -> Functions {
    let quick: Vec<Function> =
        sprig::FUNCTIONS.iter().filter(|function| !SLOW.contains(&function.name)).copied().collect();
    Functions::new(&[&quick, OWN])
}

/// A value of every kind that a template can be given.
fn data() -> Value {
    let strings = Map::with_entries(Type::STRING_MAP, BTreeMap::from([("k".into(), Value::str("v"))]));
    let inner = Value::map([("a", Value::Int(1)), ("b", Value::map([("c", Value::str("deep"))]))]);
    Value::map([
        ("b", Value::Bool(true)),
        ("i", Value::Int(-3)),
        ("l", Value::Int64(i64::MIN)),
        ("y", Value::Uint8(255)),
        ("w", Value::Uint32(u32::MAX)),
        ("u", Value::Uint64(u64::MAX)),
        ("f", Value::Float64(2.5)),
        ("g", Value::Float64(f64::NAN)),
        ("c", Value::Complex128(1.0, -0.0)),
        ("s", Value::str("text, \u{e9}\n")),
        ("r", Value::str(&b"\xff\x00raw"[..])),
        ("n", Value::Nil),
        ("L", Value::list(vec![Value::str("a"), Value::Int(1), Value::Nil, inner.clone()])),
        ("S", Value::strings(["x", "y", "z"])),
        ("N", Value::List(List::nil(Type::STRINGS))),
        ("B", Value::List(List::bytes("bytes"))),
        ("m", inner),
        ("M", Value::Map(strings)),
        ("Z", Value::Map(Map::nil(Type::MAP))),
    ])
}

fn include(exec: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    let name = args[0].as_str().map(|name| name.to_text().into_owned()).unwrap_or_default();
    exec.execute(&name, args[1].clone()).map(Value::str)
}

fn tpl(exec: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    let text = args[0].as_str().cloned().unwrap_or_else(|| "".into());
    let parsed = Parsed::new("inner", text.as_bytes(), exec.functions()).map_err(CallError::from_error)?;
    exec.execute_text(&parsed, args[1].clone()).map(Value::str)
}

fn to_yaml(_: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    goyaml::to_string(&args[0]).map(Value::str).map_err(|error| CallError::new(error.marshal_text()))
}

fn from_yaml(_: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    let text = args[0].as_str().map(|text| text.to_text().into_owned()).unwrap_or_default();
    goyaml::from_str(&text).map_err(|error| CallError::new(error.unmarshal_text()))
}
