//! How data is written. Expected texts: `sigs.k8s.io/yaml` v1.6.0 `JSONToYAML` with go-yaml v2.4.3,
//! and yaml.v3 v3.0.4 with an indentation of two.

use std::collections::BTreeMap;

use goyaml::Value;
use serde::Serialize;

/// Reads JSON, or YAML, and checks how it is written.
#[track_caller]
fn check(json: &str, want: &str) {
    let value: Value = goyaml::from_str(json).unwrap_or_else(|err| panic!("{json:?}: {err}"));
    assert_eq!(goyaml::to_string(&value).as_deref(), Ok(want), "{json:?}");
}

#[track_caller]
fn check_pretty(json: &str, want: &str) {
    let value: Value = goyaml::from_str(json).unwrap_or_else(|err| panic!("{json:?}: {err}"));
    assert_eq!(goyaml::to_string_pretty(&value).as_deref(), Ok(want), "{json:?}");
}

#[track_caller]
fn check_text(text: &str, want: &str) {
    let data = BTreeMap::from([("k", text)]);
    assert_eq!(goyaml::to_string(&data), Ok(format!("k: {want}\n")), "{text:?}");
}

#[test]
fn lists_in_maps_are_not_indented() {
    check(
        r#"{"a": [1, {"b": [2]}, [3, [4]], [], {}], "c": {"d": {}}}"#,
        "a:\n- 1\n- b:\n  - 2\n- - 3\n  - - 4\n- []\n- {}\nc:\n  d: {}\n",
    );
    check_pretty(
        r#"{"a": [1, {"b": [2]}, [3, [4]], [], {}], "c": {"d": {}}}"#,
        "a:\n  - 1\n  - b:\n      - 2\n  - - 3\n    - - 4\n  - []\n  - {}\nc:\n  d: {}\n",
    );
}

#[test]
fn root_may_be_anything() {
    check("null", "null\n");
    check("[]", "[]\n");
    check("\"\"", "\"\"\n");
    check("\"a\\nb\"", "|-\n  a\n  b\n");
    check("[a]", "- a\n");
}

#[test]
fn numbers_go_through_json() {
    check(
        "[1.0, 1e6, 1234567.5, 1e20, 1e21, 1.5e-7, -0.0, 18446744073709551615]",
        "- 1\n- 1000000\n- 1.2345675e+06\n- 1e+20\n- 1e+21\n- 1.5e-07\n- 0\n- 18446744073709551615\n",
    );
    check_pretty("[1.0, 1e6, 1e21, -0.0]", "- 1\n- 1e+06\n- 1e+21\n- -0\n");
}

#[test]
fn texts_that_look_like_something_else_are_quoted() {
    for text in [
        "yes",
        "N",
        "~",
        "",
        "null",
        "1",
        "0x1F",
        "1_000",
        "1e3",
        ".5",
        ".inf",
        "2001-01-01",
        "1:30",
        "+1:30.5",
    ] {
        check_text(text, &format!("{text:?}"));
    }
    for text in ["1:60", "0x", "0o8", "=", "<<", ".", "1.2.3", "-Infinity", "nulls", "2001-13-01", "1e400"] {
        check_text(text, text);
    }
}

#[test]
fn indicators_ask_for_single_quotes() {
    for text in [
        "- a", "?", "a: b", "a #b", "#", "[", "{}", "*a", "&a", "!a", "%a", "@a", "`a", "|", ">", "---",
        "a:", " a", "a ",
    ] {
        check_text(text, &format!("'{text}'"));
    }
    check_text("'it's'", "'''it''s'''");
    for text in ["-a", "?a", ":a", "a#b", "a:b", "a,b", "é", "a'b\"c"] {
        check_text(text, text);
    }
}

#[test]
fn special_characters_ask_for_double_quotes() {
    check_text("a\tb", r#""a\tb""#);
    check_text("\u{1f389}", r#""\U0001F389""#);
    check_text("\0\x1b\r", r#""\0\e\r""#);
    check_text("\u{feff}a b", r#""\uFEFF\x61\x20\x62""#);
    check_text("\u{a0}\u{e000}", "\u{a0}\u{e000}");
    check_text("a \nb", r#""a \nb""#);
    check_text("a\u{2028}b", "'a\u{2028}  b'");
}

#[test]
fn lines_become_literal_blocks() {
    check_text("a\nb\n", "|\n  a\n  b");
    check_text("a\nb", "|-\n  a\n  b");
    check(r#"{"k": "a\n\n", "l": 1}"#, "k: |+\n  a\n\nl: 1\n");
    check(r#"{"k": "\n", "l": 1}"#, "k: |2+\n\nl: 1\n");
    check_text(" a\nb\n", "|2\n   a\n  b");
    check_text("a\n\n  b\n", "|\n  a\n\n    b");
    check_text("a\n\tb", r#""a\n\tb""#);
    check_pretty(r#"{"k": "a\n\tb"}"#, "k: |-\n  a\n  \tb\n");
}

#[test]
fn long_lines_fold_behind_column_80() {
    let words = "abcd ".repeat(20);
    let words = words.trim_end();
    let (first, second) = (words[..79].trim_end(), &words[80..]);
    check(&format!("{{\"k\": \"{words}\"}}"), &format!("k: {first}\n  {second}\n"));
    check_pretty(&format!("{{\"k\": \"{words}\"}}"), &format!("k: {words}\n"));
    check(&format!("{{\"k\": \"{words}:\"}}"), &format!("k: '{first}\n  {second}:'\n"));
    check(&format!("{{\"k\": \"{words}\\t\"}}"), &format!("k: \"{first}\n  {second}\\t\"\n"));
    // Two spaces are kept together, but not in double quotes.
    let gap = format!("{}  x", "a".repeat(90));
    check(&format!("{{\"k\": \"{gap}\"}}"), &format!("k: {gap}\n"));
    check(&format!("{{\"k\": \"{gap}\\t\"}}"), &format!("k: \"{}\n  \\ x\\t\"\n", "a".repeat(90)));
}

#[test]
fn keys_sort_as_people_do() {
    check(
        r#"{"a10": 0, "a9": 0, "A": 0, "b": 0, "_": 0, "10": 0, "9": 0}"#,
        "_: 0\n\"9\": 0\n\"10\": 0\nA: 0\na9: 0\na10: 0\nb: 0\n",
    );
    check(
        r#"{"v1.10": 0, "v1.9": 0, "a/b": 0, "a-b": 0, "ab": 0, "a": 0}"#,
        "a: 0\na-b: 0\na/b: 0\nab: 0\nv1.9: 0\nv1.10: 0\n",
    );
    check(r#"{"1": 0, "01": 0, "日": 0, "é": 0, "z": 0}"#, "\"1\": 0\n\"01\": 0\nz: 0\né: 0\n日: 0\n");
    // A vowel sign is no letter, a Thai digit is a digit.
    check(r#"{"aä": 0, "aি": 0, "a๒": 0, "a๑0": 0}"#, "aি: 0\na๒: 0\na๑0: 0\naä: 0\n");
    check(r#"{"x1y": 0, "x12": 0}"#, "x12: 0\nx1y: 0\n");
    check_pretty(r#"{"x1y": 0, "x12": 0}"#, "x1y: 0\nx12: 0\n");
}

#[test]
fn moved_entries_keep_their_indentation() {
    check(
        r#"[{"b10": {"y10": "l\nm\n", "y9": [1]}, "b9": {}}]"#,
        "- b9: {}\n  b10:\n    y9:\n    - 1\n    y10: |\n      l\n      m\n",
    );
}

#[test]
fn long_keys_are_explicit() {
    let (short, long) = ("k".repeat(128), "k".repeat(129));
    check(&format!("{{\"{short}\": 1}}"), &format!("{short}: 1\n"));
    check(&format!("{{\"{long}\": {{\"a\": [1]}}}}"), &format!("? {long}\n: a:\n  - 1\n"));
    check(&format!("[{{\"{long}\": [1, 2]}}]"), &format!("- ? {long}\n  : - 1\n    - 2\n"));
    check(r#"{"a\nb": 1}"#, "? |-\n  a\n  b\n: 1\n");
}

#[test]
fn keys_are_quoted_as_values_are() {
    check(
        r#"{"yes": 1, "": 2, "a: b": 3, "1": 4, "\t": 5}"#,
        "\"\": 2\n\"\\t\": 5\n\"1\": 4\n'a: b': 3\n\"yes\": 1\n",
    );
}

#[test]
fn json_on_the_way_has_its_limits() {
    let text = |value: &str| goyaml::to_string(value).map_err(|err| err.marshal_text());
    let control = Err("yaml: control characters are not allowed".to_owned());
    assert_eq!(text("\x7f"), control);
    assert_eq!(text("\u{9f}"), control);
    assert_eq!(text("\u{ffff}"), control);
    assert_eq!(text("\x01").as_deref(), Ok("\"\\x01\"\n"));
    // Inside JSON's double quotes a NEL is a line break that folds.
    assert_eq!(text("a \u{85} b").as_deref(), Ok("a b\n"));
    assert_eq!(text("a\u{85}\u{85}b").as_deref(), Ok("|-\n  a\n  b\n"));
    assert!(text("a\u{85}--- b").is_err());
    let key = |len: usize| goyaml::to_string(&BTreeMap::from([("k".repeat(len), 1)]));
    assert!(key(1022).is_ok());
    assert_eq!(key(1023).unwrap_err().to_string(), "yaml: did not find expected ',' or '}'");
    assert!(goyaml::to_string(&BTreeMap::from([("a\u{85}b", 1)])).is_err());
    let err = goyaml::to_string(&f64::NAN).unwrap_err();
    assert_eq!(err.marshal_text(), "error marshaling into JSON: json: unsupported value: NaN");
    assert_eq!(goyaml::to_string_pretty(&[f64::NAN, f64::NEG_INFINITY]).as_deref(), Ok("- .nan\n- -.inf\n"));
}

#[test]
fn text_need_not_be_utf_8() {
    let text = |len: usize| vec![0xC3; len];
    let value = |bytes: &[u8]| goyaml::to_string_pretty(&[goyaml::GoText(bytes)]).unwrap();
    assert_eq!(value(b"yes"), "- \"yes\"\n");
    assert_eq!(value(&text(1)), "- !!binary ww==\n");
    let line = "w8PD".repeat(17) + "w8";
    assert_eq!(value(&text(51)), format!("- !!binary {}\n", "w8PD".repeat(17)));
    assert_eq!(value(&text(53)), format!("- !!binary |\n  {line}\n  M=\n"));
    assert_eq!(goyaml::to_string(&[goyaml::GoText(&text(2))]).unwrap(), "- \u{fffd}\u{fffd}\n");
    let keys = |keys: &[Vec<u8>]| {
        let map: BTreeMap<_, _> = keys.iter().map(|key| (Key(key), 1)).collect();
        goyaml::to_string_pretty(&map).unwrap()
    };
    assert_eq!(keys(&[b"a".to_vec(), text(1), b"~".to_vec()]), "\"~\": 1\n!!binary ww==: 1\na: 1\n");
    assert_eq!(keys(&[text(53)]), format!("? !!binary |\n  {line}\n  M=\n: 1\n"));
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a>(&'a [u8]);

impl serde::Serialize for Key<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        goyaml::GoText(self.0).serialize(serializer)
    }
}

struct Fields;

impl serde::Serialize for Fields {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            [("b", "2020-01-02T00:00:00Z"), ("a", "1")].map(|(key, text)| (key, goyaml::GoTime(text))),
        )
    }
}

#[test]
fn structs_keep_their_order_and_times_have_no_quotes_in_v3() {
    let value = goyaml::GoStruct(Fields);
    assert_eq!(goyaml::to_string_pretty(&value).unwrap(), "b: 2020-01-02T00:00:00Z\na: 1\n");
    assert_eq!(goyaml::to_string(&value).unwrap(), "a: \"1\"\nb: \"2020-01-02T00:00:00Z\"\n");
}

#[derive(serde::Serialize)]
struct Everything {
    unit: (),
    option: Option<u8>,
    letter: char,
    tuple: (u64, f32),
    variant: Method,
    nested: Method,
    pair: Method,
    fields: Method,
}

#[derive(serde::Serialize)]
enum Method {
    Unit,
    One(i8),
    Two(i8, i8),
    Fields { x: bool },
}

#[test]
fn serde_types_have_their_json_form() {
    let data = Everything {
        unit: (),
        option: None,
        letter: 'y',
        tuple: (u64::MAX, 0.1),
        variant: Method::Unit,
        nested: Method::One(1),
        pair: Method::Two(1, 2),
        fields: Method::Fields { x: true },
    };
    let want = "fields:\n  Fields:\n    x: true\nletter: \"y\"\nnested:\n  One: 1\noption: null\npair:\n  Two:\n  - 1\n  - 2\ntuple:\n- 18446744073709551615\n- 0.1\nunit: null\nvariant: Unit\n";
    assert_eq!(goyaml::to_string(&data).as_deref(), Ok(want));
}

struct Bytes(&'static [u8]);

impl serde::Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

#[test]
fn bytes_are_base64_in_json_and_numbers_in_yaml_v3() {
    assert_eq!(goyaml::to_string(&Bytes(b"hi\xff")).as_deref(), Ok("aGn/\n"));
    assert_eq!(goyaml::to_string(&Bytes(b"")).as_deref(), Ok("\"\"\n"));
    let data = BTreeMap::from([("k", Bytes(b"hi"))]);
    assert_eq!(goyaml::to_string_pretty(&data).as_deref(), Ok("k:\n  - 104\n  - 105\n"));
}

#[test]
fn map_keys_must_be_text_or_integers() {
    assert_eq!(goyaml::to_string(&BTreeMap::from([(10, 1), (9, 1)])).as_deref(), Ok("\"9\": 1\n\"10\": 1\n"));
    assert!(goyaml::to_string(&BTreeMap::from([([1], 1)])).is_err());
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| goyaml::to_string(&Levels(depth)).map_err(|err| err.to_string());
    assert_eq!(nested(10_000), Ok("- ".repeat(10_000) + "null\n"));
    assert_eq!(nested(10_001), Err("yaml: exceeded max depth of 10000".to_owned()));
}

/// Lists in each other.
struct Levels(usize);

impl Serialize for Levels {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0 => serializer.serialize_unit(),
            levels => serializer.collect_seq([Levels(levels - 1)]),
        }
    }
}
