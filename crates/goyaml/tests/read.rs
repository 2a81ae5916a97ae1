//! What a document means. Expected values: `sigs.k8s.io/yaml` v1.6.0 `YAMLToJSON` with go-yaml v2.4.3.

use goyaml::Value;

#[track_caller]
fn check(yaml: &str, want: &str) {
    let value: Value = goyaml::from_str(yaml).unwrap_or_else(|err| panic!("{yaml:?}: {err}"));
    assert_eq!(serde_json::to_string(&value).expect("values are JSON"), want, "{yaml:?}");
}

#[test]
fn short_booleans_are_booleans_also_as_keys() {
    check("[y, Yes, on, N, no, OFF, TRUE, tRue]", r#"[true,true,true,false,false,false,true,"tRue"]"#);
    check("n: 5\nyes: 6", r#"{"false":5,"true":6}"#);
}

#[test]
fn integers_have_four_bases_and_underscores() {
    check("[0777, 0o17, 0x1F, 0b101, 1_000, +1, -0, 08]", "[511,15,31,5,1000,1,0,8.0]");
    check("[0b-1, 0x, 0b2, 1__0_, _1]", r#"[-1,"0x","0b2",10,"_1"]"#);
    check("[9223372036854775807, 9223372036854775808]", "[9223372036854775807,9223372036854775808]");
    check("-9223372036854775808", "-9223372036854775808");
    check("18446744073709551616", "1.8446744073709552e+19");
}

#[test]
fn floats_are_decimal() {
    check(
        "[1.5, .5, 1., -1e3, 1e400, .5_0, ._5, 1.2.3]",
        r#"[1.5,0.5,1.0,-1000.0,"1e400",0.5,"._5","1.2.3"]"#,
    );
}

#[test]
fn base_60_and_timestamps_stay_text() {
    check(
        "[1:30, 2001-12-14, 2001-12-14t21:59:43.10-05:00]",
        r#"["1:30","2001-12-14","2001-12-14t21:59:43.10-05:00"]"#,
    );
}

#[test]
fn nothing_and_tilde_are_null() {
    check("", "null");
    check("# only a comment", "null");
    check("a:\nb: ~\nc: Null\nd: ''\n", r#"{"a":null,"b":null,"c":null,"d":""}"#);
}

#[test]
fn tags_decide_the_type() {
    check(
        "a: !!str 5\nb: !custom 5\nc: ! 12\nd: !!int \"5\"\ne: !!float 3\n",
        r#"{"a":"5","b":"5","c":"12","d":5,"e":3.0}"#,
    );
    check("a: !!binary aGk=\nb: !!binary /w==\n", r#"{"a":"hi","b":"�"}"#);
    check("!!map {a: !<tag:yaml.org,2002:bool> yes}", r#"{"a":true}"#);
    check("%TAG !e! tag:yaml.org,2002:\n---\n!e!str 1\n", r#""1""#);
}

#[test]
fn keys_become_text() {
    check(
        "1: a\n1.5: b\n1e3: c\n0.1234567891: d\ntrue: e\n2001-01-01: f\n",
        r#"{"0.12345679":"d","1":"a","1.5":"b","1000":"c","2001-01-01":"f","true":"e"}"#,
    );
    check("{.nan: 1, -.inf: 2}", r#"{"-.inf":2,".nan":1}"#);
}

#[test]
fn literal_keys_are_what_is_written() {
    let value: Value =
        goyaml::from_str_with_literal_keys("y: yes\n0x1F: 0x1F\n~: a\n!!int 07: b\n'q': c\n<<: {n: 1}")
            .unwrap();
    assert_eq!(
        serde_json::to_string(&value).unwrap(),
        r#"{"":"a","07":"b","0x1F":31,"n":1,"q":"c","y":true}"#
    );
}

#[test]
fn last_of_equal_keys_wins() {
    check("a: 1\nb: 2\na: 3\n", r#"{"a":3,"b":2}"#);
}

#[test]
fn merge_keys_apply_where_they_stand() {
    check(
        "m: &x {a: 1, b: 1}\no: {b: 2, <<: *x}\nz: {<<: *x, b: 2}\n",
        r#"{"m":{"a":1,"b":1},"o":{"a":1,"b":1},"z":{"a":1,"b":2}}"#,
    );
    check(
        "m: &x {a: 1}\no: &y {a: 2, b: 2}\nz: {<<: [*x, *y]}\n",
        r#"{"m":{"a":1},"o":{"a":2,"b":2},"z":{"a":1,"b":2}}"#,
    );
    check("{\"<<\": 1}", r#"{"<<":1}"#);
    check("[<<]", r#"["<<"]"#);
}

#[test]
fn lines_fold() {
    check("a: one\n  two\n\n  three\n", r#"{"a":"one two\nthree"}"#);
    check("\"a \\\n   b\n\n  c\\n\"", r#""a b\nc\n""#);
    check("'it''s\n  so'", r#""it's so""#);
    check("a: >\n  one\n  two\n\n    kept\n  three\n\n", r#"{"a":"one two\n\n  kept\nthree\n"}"#);
    check("a: |2-\n   x\n  y\n\n", r#"{"a":" x\ny"}"#);
    check("a: |+\n  x\n\nb: |", r#"{"a":"x\n\n","b":""}"#);
}

#[test]
fn all_line_breaks_of_yaml_1_1_count() {
    check("a: 1\u{85}b: 2\u{2028}c: 3\r\nd: 4\re: 5", r#"{"a":1,"b":2,"c":3,"d":4,"e":5}"#);
    check("a: |\n  x\u{2028}  y\u{85}  z\n", "{\"a\":\"x\u{2028}y\\nz\\n\"}");
}

#[test]
fn escapes_are_yamls() {
    check(
        r#""\x41\u00e9\U0001F389\N\_\L\P\e\0\ ""#,
        "\"A\u{e9}\u{1f389}\u{85}\u{a0}\u{2028}\u{2029}\\u001b\\u0000 \"",
    );
}

#[test]
fn flow_collections_have_their_corners() {
    check("[a, b: c, ? d : e, ]", r#"["a",{"b":"c"},{"d":"e"}]"#);
    check("{a, b: , ? c, 'd':e}", r#"{"a":null,"b":null,"c":null,"d":"e"}"#);
    check("[a:b, http://x]", r#"["a:b","http://x"]"#);
    // go-yaml has the map before it sees that it would be a key, and drops the rest.
    check("{}: 1", "{}");
}

#[test]
fn tabs_may_separate_but_not_indent() {
    check("a:\t1\t# c\nb: [\t2]\t\n", r#"{"a":1,"b":[2]}"#);
}

#[test]
fn rest_of_the_stream_is_not_read() {
    check("a: 1\n---\nb: [", r#"{"a":1}"#);
    check("  a: 1\nb: 2\n", r#"{"a":1}"#);
}

#[test]
fn json_is_yaml() {
    check(r#"{"a": [1, 2.50, true, null, "A\n"]}"#, r#"{"a":[1,2.5,true,null,"A\n"]}"#);
}

#[test]
fn encodings_are_told_by_their_mark() {
    let utf16: Vec<u8> = "\u{feff}a: \u{e9}\u{1f389}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let value: Value = goyaml::from_slice(&utf16).unwrap();
    assert_eq!(value.get("a").and_then(Value::as_str), Some("\u{e9}\u{1f389}"));
    let value: Value = goyaml::from_slice(b"\xef\xbb\xbfa: 1").unwrap();
    assert_eq!(value.get("a").and_then(Value::as_i64), Some(1));
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Head {
    kind: String,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Debug, PartialEq, Default, serde::Deserialize)]
struct Metadata {
    #[serde(default)]
    name: String,
    #[serde(default)]
    annotations: std::collections::BTreeMap<String, String>,
}

#[test]
fn numbers_become_text_where_text_is_wanted() {
    let head: Head =
        goyaml::from_str("kind: 5\nmetadata:\n  annotations: {a: yes, b: 1.50, c: 1e20}\n").unwrap();
    assert_eq!(head.kind, "5");
    let annotations: Vec<_> = head.metadata.annotations.values().map(String::as_str).collect();
    assert_eq!(annotations, ["true", "1.5", "1e+20"]);
}

#[test]
fn null_leaves_the_zero_value() {
    let head: Head = goyaml::from_str("kind:\nmetadata: {name: ~, annotations: }\n").unwrap();
    assert_eq!(head, Head { kind: String::new(), metadata: Metadata::default() });
}

#[test]
fn fields_may_be_repeated() {
    let head: Head = goyaml::from_str("kind: A\nkind: B\n").unwrap();
    assert_eq!(head.kind, "B");
}

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Method {
    Git,
    Http { url: String },
}

#[test]
fn enums_are_names_or_maps_of_one() {
    let methods: Vec<Method> = goyaml::from_str("[git, http: {url: x}]").unwrap();
    assert_eq!(methods, [Method::Git, Method::Http { url: "x".into() }]);
}

#[test]
fn whole_floats_are_integers_where_these_are_wanted() {
    assert_eq!(goyaml::from_str::<Vec<u16>>("[80.0, 8e1]").unwrap(), [80, 80]);
}
