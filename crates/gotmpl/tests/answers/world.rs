//! The data and functions that the recorded templates run with: one value of each
//! kind, a struct with methods, function values, iterators.

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;

use gotmpl::{
    CallError, Exec, Function, FunctionValue, Functions, Kind, List, Map, MissingKey, Object, Options,
    Parsed, Reach, Sequence, Templates, Type, Value, fmt,
};

/// Returns what a template prints over [`data`], or the error.
pub(crate) fn render(template: &str, missing_key: MissingKey) -> Result<String, String> {
    let functions = Functions::new(&[FUNCTIONS]);
    let mut templates = Templates::new("t");
    templates.add(&Parsed::new("t", template.as_bytes(), &functions).map_err(|err| err.to_string())?);
    let options = Options { missing_key, ..Options::default() };
    let text = Exec::new(&templates, &functions, options).run("t", data()).map_err(|err| err.to_string())?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

type Outcome = Result<Value, CallError>;

/// `type U struct { V string; hidden int }`, by pointer.
#[derive(Debug)]
struct Thing;

impl Object for Thing {
    fn go_type(&self) -> Type {
        Type::Opaque("*main.U", Kind::Ptr)
    }

    fn field(&self, name: &str) -> Option<Value> {
        (name == "V").then(|| Value::str("v"))
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("V", Value::str("v")), ("hidden", Value::Int(0))]
    }

    fn has_method(&self, name: &str) -> bool {
        self.method_signature(name).is_some()
    }

    fn method_signature(&self, name: &str) -> Option<(&'static [Type], bool, Type)> {
        match name {
            "TrueFalse" | "Fail" => Some((&[Type::Bool], false, Type::String)),
            "Me" => Some((&[], false, self.go_type())),
            "Join" => Some((&[Type::String, Type::String], true, Type::String)),
            "Any" => Some((&[Type::Any], false, Type::String)),
            "Num" => Some((&[Type::Uint8], false, Type::Uint8)),
            _ => None,
        }
    }

    fn call_method(&self, name: &str, args: &[Value]) -> Outcome {
        match (name, args) {
            ("TrueFalse", [Value::Bool(true)]) => Ok(Value::str("true")),
            ("TrueFalse", _) => Ok(Value::str("")),
            ("Fail", [Value::Bool(true)]) => Err(CallError::new("my error")),
            ("Fail", _) => Ok(Value::str("fine")),
            ("Me", _) => Ok(Value::Object(Rc::new(Thing))),
            ("Join", [separator, parts @ ..]) => {
                Ok(Value::str("v".to_owned() + &join(parts, &text(separator))))
            }
            ("Any", _) => Ok(Value::str(fmt::sprintf(b"Any: %v", args))),
            (_, [only]) => Ok(only.clone()),
            _ => Err(CallError::new("no such method")),
        }
    }

    fn equals(&self, _other: &dyn Object) -> bool {
        true
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `iter.Seq[int]`, which counts.
#[derive(Debug)]
struct Count(i64);

impl Object for Count {
    fn go_type(&self) -> Type {
        Type::Opaque("iter.Seq[int]", Kind::Func)
    }

    fn sequence(&self) -> Option<Sequence> {
        Some(Sequence::Values(Box::new((0..self.0).map(Value::Int))))
    }

    fn equals(&self, _other: &dyn Object) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `iter.Seq2[string,int]`
#[derive(Debug)]
struct Letters;

impl Object for Letters {
    fn go_type(&self) -> Type {
        Type::Opaque("iter.Seq2[string,int]", Kind::Func)
    }

    fn sequence(&self) -> Option<Sequence> {
        let pairs = ["p", "q"].into_iter().zip(0..);
        Some(Sequence::Pairs(Box::new(pairs.map(|(letter, at)| (Value::str(letter), Value::Int(at))))))
    }

    fn equals(&self, _other: &dyn Object) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn text(value: &Value) -> String {
    fmt::display(value).to_text().into_owned()
}

fn join(parts: &[Value], separator: &str) -> String {
    parts.iter().map(text).collect::<Vec<_>>().join(separator)
}

fn function(
    name: &'static str,
    (params, variadic): (&'static [Type], Option<Type>),
    returns: Type,
    call: gotmpl::Body,
) -> Value {
    let go_type = match name {
        "Binary" => "func(string, string) string",
        "Variadic" => "func(...string) string",
        "VarInt" => "func(int, ...string) string",
        "NilOK" => "func(map[string]interface {}) bool",
        "Num8" => "func(uint8) uint8",
        "AnyF" => "func(interface {}) string",
        _ => "func(bool) (string, error)",
    };
    FunctionValue::new(go_type, Function { name, params, variadic, returns, reach: Reach::Shallow, call })
}

fn function_values() -> Vec<(&'static str, Value)> {
    const TEXT: Type = Type::String;
    let one = |name, param, returns, call| (name, function(name, (param, None), returns, call));
    vec![
        (
            "Binary",
            function("Binary", (&[TEXT, TEXT], None), TEXT, |_, args| {
                Ok(Value::str(fmt::sprintf(b"[%s=%s]", args)))
            }),
        ),
        (
            "Variadic",
            function("Variadic", (&[], Some(TEXT)), TEXT, |_, args| {
                Ok(Value::str(format!("<{}>", join(args, "+"))))
            }),
        ),
        (
            "VarInt",
            function("VarInt", (&[Type::Int], Some(TEXT)), TEXT, |_, args| {
                Ok(Value::str(format!("{}=<{}>", text(&args[0]), join(&args[1..], "+"))))
            }),
        ),
        one("NilOK", &[Type::MAP], Type::Bool, |_, args| {
            Ok(Value::Bool(args[0].as_map().is_some_and(|map| map.is_nil())))
        }),
        one("Num8", &[Type::Uint8], Type::Uint8, |_, args| Ok(args[0].clone())),
        one("AnyF", &[Type::Any], TEXT, |_, args| Ok(Value::str(fmt::sprintf(b"%T", args)))),
        one("ErrF", &[Type::Bool], TEXT, |_, args| match args[0] {
            Value::Bool(true) => Err(CallError::new("oops")),
            _ => Ok(Value::str("bla")),
        }),
    ]
}

fn ints(entries: &[(&str, i64)]) -> BTreeMap<gotmpl::Str, Value> {
    entries.iter().map(|(key, value)| ((*key).into(), Value::Int(*value))).collect()
}

fn data() -> Value {
    const COUNTS: Type = Type::Map(&Type::Int);
    let counts = |entries: &[(&str, i64)]| Value::Map(Map::with_entries(COUNTS, ints(entries)));
    let numbers = |numbers: &[i64]| {
        Value::List(List::new(Type::INTS, numbers.iter().copied().map(Value::Int).collect()))
    };
    let mut entries = vec![
        ("T", Value::Bool(true)),
        ("FF", Value::Bool(false)),
        ("I", Value::Int(17)),
        ("I64", Value::Int64(-9)),
        ("U8", Value::Uint8(200)),
        ("U32", Value::Uint32(7)),
        ("U64", Value::Uint64(1 << 63)),
        ("X", Value::str("x")),
        ("S", Value::str("xyz")),
        ("E", Value::str("")),
        ("F0", Value::Float64(0.0)),
        ("F", Value::Float64(1.5)),
        ("C0", Value::Complex128(0.0, 0.0)),
        ("C", Value::Complex128(1.0, 2.0)),
        ("SI", numbers(&[3, 4, 5])),
        ("SIEmpty", numbers(&[])),
        ("SINil", Value::List(List::nil(Type::INTS))),
        ("SB", Value::List(List::new(Type::Slice(&Type::Bool), vec![Value::Bool(true), Value::Bool(false)]))),
        ("SS", Value::strings(["a", "b"])),
        ("MSI", counts(&[("one", 1), ("two", 2), ("three", 3)])),
        ("MSIone", counts(&[("one", 1)])),
        ("MSIEmpty", counts(&[])),
        ("MSINil", Value::Map(Map::nil(COUNTS))),
        (
            "MSS",
            Value::Map(Map::with_entries(Type::STRING_MAP, BTreeMap::from([("a".into(), Value::str("b"))]))),
        ),
        (
            "SMSI",
            Value::List(List::new(
                Type::Slice(&COUNTS),
                vec![counts(&[("one", 1), ("two", 2)]), counts(&[("eleven", 11), ("twelve", 12)])],
            )),
        ),
        ("N", Value::Nil),
        (
            "L",
            Value::list(vec![
                Value::str("a"),
                Value::Int(1),
                Value::Nil,
                Value::list(vec![Value::Float64(2.5)]),
            ]),
        ),
        ("M", Value::map([("a", Value::map([("b", Value::str("deep"))])), ("n", Value::Nil)])),
        ("B", Value::List(List::bytes("hi"))),
        ("U", Value::Object(Rc::new(Thing))),
        ("Seq", Value::Object(Rc::new(Count(3)))),
        ("Seq0", Value::Object(Rc::new(Count(0)))),
        ("Seq2", Value::Object(Rc::new(Letters))),
    ];
    entries.extend(function_values());
    Value::map(entries)
}

const fn row(
    name: &'static str,
    params: &'static [Type],
    variadic: Option<Type>,
    returns: Type,
    call: gotmpl::Body,
) -> Function {
    Function { name, params, variadic, returns, reach: Reach::Shallow, call }
}

/// Returns its only argument.
fn same(_: &mut Exec<'_>, args: &[Value]) -> Outcome {
    Ok(args[0].clone())
}

fn length(_: &mut Exec<'_>, args: &[Value]) -> Outcome {
    let list = args[0].as_list().map(|list| list.len());
    let length = list.or_else(|| args[0].as_map().map(|map| map.len())).unwrap_or_default();
    Ok(Value::Int(i64::try_from(length).unwrap_or_default()))
}

fn make_map(_: &mut Exec<'_>, args: &[Value]) -> Outcome {
    let entries = args.chunks_exact(2).map(|pair| (text(&pair[0]).into(), pair[1].clone())).collect();
    Ok(Value::Map(Map::with_entries(Type::STRING_MAP, entries)))
}

const FUNCTIONS: &[Function] = &[
    row("add", &[], Some(Type::Int), Type::Int, |_, args| {
        let number = |value: &Value| if let Value::Int(number) = value { *number } else { 0 };
        Ok(Value::Int(args.iter().map(number).sum()))
    }),
    row("echo", &[Type::Any], None, Type::Any, same),
    row("makemap", &[], Some(Type::String), Type::STRING_MAP, make_map),
    row("three", &[], None, Type::Map(&Type::Int), |_, _| {
        Ok(Value::Map(Map::with_entries(Type::Map(&Type::Int), ints(&[("three", 3)]))))
    }),
    row("oneArg", &[Type::String], None, Type::String, |_, args| {
        Ok(Value::str(fmt::sprintf(b"oneArg=%s", args)))
    }),
    row("twoArgs", &[Type::String, Type::String], None, Type::String, |_, args| {
        Ok(Value::str(fmt::sprintf(b"twoArgs=%s%s", args)))
    }),
    row("dddArg", &[Type::Int], Some(Type::String), Type::String, |_, args| {
        Ok(Value::str(format!("{} [{}]\n", text(&args[0]), join(&args[1..], " "))))
    }),
    row("int5", &[], None, Type::Int, |_, _| Ok(Value::Int(5))),
    row("die", &[], None, Type::Bool, |_, _| Err(CallError::new("die"))),
    row("f64", &[Type::Float64], None, Type::Float64, same),
    row("u64", &[Type::Uint64], None, Type::Uint64, same),
    row("u8", &[Type::Uint8], None, Type::Uint8, same),
    row("truth", &[Type::Bool], None, Type::Bool, same),
    row("lst", &[Type::LIST], None, Type::Int, length),
    row("strs", &[Type::STRINGS], None, Type::Int, length),
    row("dict", &[Type::MAP], None, Type::Int, length),
    row("cplx", &[Type::Complex128], None, Type::Complex128, same),
];
