//! JSON as Go writes and reads it. Expected values are those of Go 1.26.

use std::rc::Rc;

use gotmpl::json;
use gotmpl::{List, Map, Object, Type, Value};

#[track_caller]
fn check_encode(value: &Value, want: Result<&str, &str>) {
    let got = json::encode(value);
    assert_eq!(got.as_deref().map_err(String::as_str), want, "value: {value:?}");
}

#[track_caller]
fn check_decode(text: &str, want: Result<&str, &str>) {
    check_decode_into(text, Type::Any, want);
}

#[track_caller]
fn check_decode_into(text: &str, into: Type, want: Result<&str, &str>) {
    let got = json::decode(text.as_bytes(), into).map_err(|err| err.to_string());
    let got = got.and_then(|value| json::encode(&value));
    assert_eq!(got.as_deref().map_err(String::as_str), want, "text: {text:?}");
}

#[test]
fn numbers_have_an_exponent_only_when_very_small_or_large() {
    for (number, want) in [
        (3.0, "3"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (-1.5e300, "-1.5e+300"),
        (1e-6, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (1.5e-10, "1.5e-10"),
        (740_376_814_929_854.2, "740376814929854.2"),
    ] {
        check_encode(&Value::Float64(number), Ok(want));
    }
    check_encode(&Value::Uint64(u64::MAX), Ok("18446744073709551615"));
}

#[test]
fn what_json_lacks_is_an_error() {
    check_encode(&Value::Float64(f64::NAN), Err("json: unsupported value: NaN"));
    check_encode(&Value::Float64(f64::INFINITY), Err("json: unsupported value: +Inf"));
    check_encode(&Value::Float64(f64::NEG_INFINITY), Err("json: unsupported value: -Inf"));
    check_encode(&Value::Complex128(1.0, 1.0), Err("json: unsupported type: complex128"));
}

#[test]
fn html_is_escaped_unless_raw() {
    let text = Value::str("<a href='x'>&\u{2028}\u{1}\t\"\\\u{7f}é");
    check_encode(
        &text,
        Ok(r#""\u003ca href='x'\u003e\u0026\u2028\u0001\t\"\\é""#.replace("\\\\é", "\\\\\u{7f}é").as_str()),
    );
    assert_eq!(json::encode_raw(&text).unwrap(), "\"<a href='x'>&\\u2028\\u0001\\t\\\"\\\\\u{7f}é\"");
}

#[test]
fn broken_utf8_is_replaced_byte_by_byte() {
    check_encode(&Value::str(&b"a\xe2\x82b\xff"[..]), Ok(r#""a\ufffd\ufffdb\ufffd""#));
}

#[test]
fn bytes_are_base64_and_nil_is_null() {
    let bytes = b"hi!".iter().map(|byte| Value::Uint8(*byte)).collect();
    check_encode(&Value::List(List::new(Type::BYTES, bytes)), Ok(r#""aGkh""#));
    check_encode(&Value::List(List::nil(Type::STRINGS)), Ok("null"));
    check_encode(&Value::Map(Map::nil(Type::MAP)), Ok("null"));
}

#[test]
fn keys_are_sorted_and_empties_stay_on_one_line() {
    let value =
        Value::map([("b", Value::list(vec![Value::Int(1), Value::Nil])), ("a", Value::map::<&str>([]))]);
    check_encode(&value, Ok(r#"{"a":{},"b":[1,null]}"#));
    let pretty = "{\n  \"a\": {},\n  \"b\": [\n    1,\n    null\n  ]\n}";
    assert_eq!(json::encode_indented(&value, "  ").unwrap(), pretty);
}

#[test]
fn a_map_that_holds_itself_is_an_error() {
    let map = Map::new();
    map.insert("me", Value::Map(map.clone()));
    let want = "json: unsupported value: encountered a cycle via map[string]interface {}";
    check_encode(&Value::Map(map.clone()), Err(want));
    let serde = serde_json::to_string(&Value::Map(map.clone())).unwrap_err();
    assert_eq!(serde.to_string(), want);
    map.remove(b"me");
}

#[test]
fn depth_alone_is_no_error() {
    let mut deep = Value::list(Vec::new());
    for _ in 0..20_000 {
        deep = Value::list(vec![deep]);
    }
    let text = "[".repeat(20_001) + &"]".repeat(20_001);
    check_encode(&deep, Ok(&text));
    assert_eq!(serde_json::to_string(&deep).unwrap(), text);
}

#[derive(Debug)]
struct Pair;

impl Object for Pair {
    fn go_type(&self) -> Type {
        Type::Opaque("sprig.pair", gotmpl::Kind::Struct)
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Z", Value::Int(1)), ("A", Value::Int(2))]
    }

    fn json(&self) -> Result<Value, String> {
        Ok(Value::map(self.fields()))
    }

    fn equals(&self, _: &dyn Object) -> bool {
        true
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

#[test]
fn a_struct_keeps_the_order_of_its_fields() {
    check_encode(&Value::Object(Rc::new(Pair)), Ok(r#"{"Z":1,"A":2}"#));
}

#[test]
fn numbers_are_read_as_float64() {
    let value = json::decode(b" [1, -0, 1.5E3, 9007199254740993] ", Type::Any).unwrap();
    let list = value.as_list().unwrap();
    assert!(list.items().iter().all(|item| matches!(item, Value::Float64(_))), "{value:?}");
    check_decode("[1, -0, 1.5E3, 9007199254740993]", Ok("[1,-0,1500,9007199254740992]"));
}

#[test]
fn strings_are_unescaped() {
    check_decode(r#""\u00e9\/\n\ud83d\ude00""#, Ok("\"é/\\n😀\""));
    check_decode(r#"["\ud800", "\ud800\u0041", "\udc00"]"#, Ok("[\"\u{fffd}\",\"\u{fffd}A\",\"\u{fffd}\"]"));
}

#[test]
fn later_keys_win() {
    check_decode(r#"{"a":{"x":1},"a":{"y":2}}"#, Ok(r#"{"a":{"y":2}}"#));
}

#[test]
fn syntax_errors_have_the_words_of_go() {
    for (text, want) in [
        ("", "unexpected end of JSON input"),
        ("{\"a\":1", "unexpected end of JSON input"),
        ("x", "invalid character 'x' looking for beginning of value"),
        ("'", "invalid character '\\'' looking for beginning of value"),
        ("é", "invalid character 'Ã' looking for beginning of value"),
        ("{a:1}", "invalid character 'a' looking for beginning of object key string"),
        ("{\"a\" 1}", "invalid character '1' after object key"),
        ("{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair"),
        ("[1 2]", "invalid character '2' after array element"),
        ("1 2", "invalid character '2' after top-level value"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ("trux", "invalid character 'x' in literal true (expecting 'e')"),
        ("tru", "invalid character ' ' in literal true (expecting 'e')"),
        ("1.", "invalid character ' ' after decimal point in numeric literal"),
        ("\"\\", "invalid character ' ' in string escape code"),
        ("-x", "invalid character 'x' in numeric literal"),
        ("01", "invalid character '1' after top-level value"),
        ("1.x", "invalid character 'x' after decimal point in numeric literal"),
        ("1ex", "invalid character 'x' in exponent of numeric literal"),
        ("\"\n\"", "invalid character '\\n' in string literal"),
        ("\"\\x\"", "invalid character 'x' in string escape code"),
        ("\"\\u12x\"", "invalid character 'x' in \\u hexadecimal character escape"),
    ] {
        check_decode(text, Err(want));
    }
    check_decode(&"[".repeat(10_001), Err("invalid character '[' exceeded max depth"));
    let deepest = "[".repeat(10_000) + &"]".repeat(10_000);
    check_decode(&deepest, Ok(&deepest));
}

#[test]
fn the_target_type_is_checked() {
    let map = "json: cannot unmarshal array into Go value of type map[string]interface {}";
    check_decode_into("[1]", Type::MAP, Err(map));
    let list = "json: cannot unmarshal string into Go value of type []interface {}";
    check_decode_into("\"x\"", Type::LIST, Err(list));
    check_decode_into("null", Type::MAP, Ok("null"));
    check_decode_into("{}", Type::MAP, Ok("{}"));
}

#[test]
fn a_number_out_of_range_leaves_the_rest() {
    let err = json::decode(br#"{"a":1e400,"b":2}"#, Type::MAP).unwrap_err();
    assert_eq!(err.message, "json: cannot unmarshal number 1e400 into Go value of type float64");
    check_encode(&err.partial, Ok(r#"{"a":null,"b":2}"#));
}

#[test]
fn serde_reads_numbers_as_float64_and_writes_json_forms() {
    let value: Value = serde_json::from_str(r#"{"b":[1,2.5,"x",null,true]}"#).unwrap();
    check_encode(&value, Ok(r#"{"b":[1,2.5,"x",null,true]}"#));
    let item = value.as_map().unwrap().get(b"b").unwrap().as_list().unwrap().items()[0].clone();
    assert!(matches!(item, Value::Float64(1.0)), "{item:?}");
    let text = Value::str(&b"a\xff\xfe"[..]);
    assert_eq!(serde_json::to_string(&text).unwrap(), "\"a\u{fffd}\u{fffd}\"");
}
