//! What is said about documents that are wrong. Texts: `sigs.k8s.io/yaml` v1.6.0 with go-yaml v2.4.3.

use goyaml::Value;

#[track_caller]
fn check(yaml: &str, want: &str) {
    let err = goyaml::from_str::<Value>(yaml).expect_err(yaml);
    assert_eq!(err.to_string(), want, "{yaml:?}");
    // Whoever skips all of a document hears the same.
    assert_eq!(goyaml::check(yaml), Err(err), "{yaml:?}");
}

#[test]
fn tokens_that_cannot_be() {
    check("a: b: c", "yaml: mapping values are not allowed in this context");
    check("a: 1\n  b: 2", "yaml: line 2: mapping values are not allowed in this context");
    check("a: - 1", "yaml: block sequence entries are not allowed in this context");
    check("a: ? b", "yaml: mapping keys are not allowed in this context");
    check("a:\n\tb: 1", "yaml: line 2: found character that cannot start any token");
    check("a: @x", "yaml: found character that cannot start any token");
    check("a: 1\nb", "yaml: line 3: could not find expected ':'");
    check("a: x\n\ty\n b:\n\tc", "yaml: line 2: found a tab character that violates indentation");
    check("a: *", "yaml: did not find expected alphabetic or numeric character");
}

#[test]
fn scalars_that_do_not_end() {
    check("a: 'x\n\n", "yaml: line 3: found unexpected end of stream");
    check("a: \"x\n---\n\"", "yaml: line 2: found unexpected document indicator");
    check("\"\\q\"", "yaml: found unknown escape character");
    check("\"\\xg0\"", "yaml: did not find expected hexdecimal number");
    check("\"\\ud800\"", "yaml: found invalid Unicode character escape code");
    check("a: |0\n x", "yaml: found an indentation indicator equal to 0");
    check("a: |x\n y", "yaml: did not find expected comment or line break");
    check("a: |\n \t\n  x", "yaml: line 2: found a tab character where an indentation space is expected");
}

#[test]
fn nodes_that_do_not_fit() {
    check("a:\n  - 1\n b: 2", "yaml: line 2: did not find expected key");
    check("a:\n  - 1\n  b: 2", "yaml: line 2: did not find expected '-' indicator");
    check("[1, 2", "yaml: line 1: did not find expected ',' or ']'");
    check("{a: 1", "yaml: line 1: did not find expected ',' or '}'");
    check("[,]", "yaml: did not find expected node content");
    check("a: !x!y 1", "yaml: found undefined tag handle");
    check("a: *x", "yaml: unknown anchor 'x' referenced");
}

#[test]
fn directives_are_for_version_1_1() {
    check("%YAML 1.2\n---\na", "yaml: found incompatible YAML document");
    check("%YAML 1.1\n%YAML 1.1\n---\na", "yaml: line 1: found duplicate %YAML directive");
    check("%YAML 111.1\n", "yaml: found extremely long version number");
    check("%YAML x\n", "yaml: did not find expected version number");
    check("%YAML 1\n", "yaml: did not find expected digit or '.' character");
    check("%TAG ! a\n%TAG ! a\n---\n", "yaml: line 1: found duplicate %TAG directive");
    check("%TAG x\n", "yaml: did not find expected '!'");
    check("%FOO\n", "yaml: found unknown directive name");
    check("%\n", "yaml: could not find expected directive name");
    check("%YAML 1.1\na", "yaml: line 1: did not find expected <document start>");
    check("!<x y", "yaml: did not find the expected '>'");
    check("!a%zz", "yaml: did not find URI escaped octet");
    check("!a%ff", "yaml: found an incorrect leading UTF-8 octet");
    check("!a%c3%41", "yaml: found an incorrect trailing UTF-8 octet");
    check("!a{", "yaml: did not find expected whitespace or line break");
}

#[test]
fn types_that_do_not_fit_their_tags() {
    check("!!int x", "yaml: cannot decode !!str `x` as a !!int");
    check("!!float 18446744073709551615", "yaml: cannot decode !!int `18446744073709551615` as a !!float");
    check("!!binary '!'", "yaml: !!binary value contains invalid base64 data");
    check("<<: 1", "yaml: map merge requires map or sequence of maps as the value");
}

#[test]
fn keys_that_json_has_not() {
    check("a: {{ x }}", r#"yaml: invalid map key: map[interface {}]interface {}{"x":interface {}(nil)}"#);
    check("{[1, b]: 1}", r#"yaml: invalid map key: []interface {}{1, "b"}"#);
    check(
        "{{b: 1, a: 2, 3: 4, 1: 2, yes: 0, .5: ~}: x}",
        r#"yaml: invalid map key: map[interface {}]interface {}{"a":2, "b":1, 1:2, 3:4, 0.5:interface {}(nil), true:0}"#,
    );
    check("~: 1\n~: x", r#"unsupported map key of type: %!s(<nil>), key: <nil>, value: "x""#);
    check(
        "~: \"a\u{300}b\\u0301\"",
        "unsupported map key of type: %!s(<nil>), key: <nil>, value: \"a\u{300}b\u{301}\"",
    );
    check(
        "~: !!binary gIHvv70=",
        r#"unsupported map key of type: %!s(<nil>), key: <nil>, value: "\x80\x81�""#,
    );
    check(
        "9223372036854775808: a",
        r#"unsupported map key of type: uint64, key: 0x8000000000000000, value: "a""#,
    );
}

#[test]
fn numbers_that_json_has_not() {
    check("a: .inf", "json: unsupported value: +Inf");
    check("[-.Inf]", "json: unsupported value: -Inf");
    check(".nan", "json: unsupported value: NaN");
}

#[test]
fn earliest_step_reports() {
    check("a: .inf\nb: *x", "yaml: unknown anchor 'x' referenced");
    check("a: .inf\n~: 1\nb: !!int x", "yaml: cannot decode !!str `x` as a !!int");
}

#[test]
fn characters_that_yaml_has_not() {
    check("a: x\x07", "yaml: control characters are not allowed");
    check("a: [\x7f", "yaml: control characters are not allowed");
    let bytes = |bytes: &[u8]| goyaml::from_slice::<Value>(bytes).unwrap_err().to_string();
    assert_eq!(bytes(b"a: \xff"), "yaml: invalid leading UTF-8 octet");
    assert_eq!(bytes(b"a: \xc3("), "yaml: invalid trailing UTF-8 octet");
    assert_eq!(bytes(b"a: \xe2\x80"), "yaml: incomplete UTF-8 octet sequence");
    assert_eq!(bytes(b"a: \xc0\x80"), "yaml: invalid length of a UTF-8 sequence");
    assert_eq!(bytes(b"a: \xed\xa0\x80"), "yaml: invalid Unicode character");
    assert_eq!(bytes(b"\xff\xfea\x00b"), "yaml: incomplete UTF-16 character");
    assert_eq!(bytes(b"\xfe\xff\xdc\x00"), "yaml: unexpected low surrogate area");
    assert_eq!(bytes(b"\xfe\xff\xd8\x00\x00a"), "yaml: expected low surrogate area");
    assert_eq!(bytes(b"\xfe\xff\xd8\x00"), "yaml: incomplete UTF-16 surrogate pair");
}

/// go-yaml decodes 512 bytes at a time and stops reading behind the first document.
#[test]
fn bad_character_behind_the_first_document_counts_in_its_chunk_only() {
    let tail = |len: usize| format!("a: 1\n---\n{}\x01", "#".repeat(len));
    check(&tail(400), "yaml: control characters are not allowed");
    assert!(goyaml::check(&tail(2000)).is_ok());
    // A character that the input cuts short waits for a chunk that never comes.
    assert!(goyaml::from_slice::<Value>(b"a: 1\n---\nb: 2\n---\n\xe2\x80").is_ok());
    assert!(goyaml::from_slice::<Value>(b"\xff\xfea\0\n\0-\0-\0-\0\n\0b\0 \0 \0 \0 \0x").is_ok());
}

#[test]
fn aliases_cannot_explode() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let item = format!("*a{}, ", level - 1).repeat(9);
        bomb.push_str(&format!("a{level}: &a{level} [{item}]\n"));
    }
    check(&bomb, "yaml: document contains excessive aliasing");
    check("a: &a [*a, !!int x]", "yaml: anchor 'a' value contains itself");
    check("{? &a [*a] : 1}", "yaml: anchor 'a' value contains itself");
    check("a: &a [!!int x, *a]", "yaml: cannot decode !!str `x` as a !!int");
    check("a: &a [*a]", "yaml: anchor 'a' value contains itself");
    check("a: &a {<<: *a}", "yaml: anchor 'a' value contains itself");
}

#[test]
fn depth_is_bounded() {
    check(&"[".repeat(100_000), "yaml: exceeded max depth of 10000");
    check(&"- ".repeat(100_000), "yaml: exceeded max depth of 10000");
    let nested = |open: &str, close: &str, times: usize| open.repeat(times) + "x" + &close.repeat(times);
    check(&nested("{a: ", "}", 10_001), "yaml: exceeded max depth of 10000");
    // go-yaml counts lines and brackets apart, JSON all of them.
    let err = goyaml::check(&("- ".repeat(6000) + &nested("[", "]", 6000))).unwrap_err();
    let want = "error unmarshaling JSON: while decoding JSON: invalid character '[' exceeded max depth";
    assert_eq!(err.unmarshal_text(), want);
    check(&nested("[a: ", "]", 6000), "invalid character '[' exceeded max depth");
}

#[test]
fn ten_thousand_levels_can_be_read() {
    let nested = |open: &str, close: &str, times: usize| open.repeat(times) + "x" + &close.repeat(times);
    for text in [nested("[", "]", 10_000), nested("{a: ", "}", 10_000), nested("- ", "", 10_000)] {
        assert_eq!(goyaml::check(&text), Ok(()));
    }
    // A `Value` is for programs that recurse, so it stops earlier.
    assert!(goyaml::from_str::<Value>(&nested("[", "]", 500)).is_ok());
    let err = goyaml::from_str::<Value>(&nested("[", "]", 501)).unwrap_err();
    assert_eq!(err.to_string(), "exceeded max depth of 500");
}

#[test]
fn an_excerpt_shows_the_place() {
    let excerpt = |text: &str| format!("{:#}", goyaml::from_str::<Value>(text).unwrap_err());
    assert_eq!(
        excerpt("a:\n\té: b: c\n"),
        "yaml: line 2: found character that cannot start any token\n --> 2:1\n  |\n2 | \té: b: c\n  | ^",
    );
    assert_eq!(
        excerpt("\u{feff}é:\r\n  - 1\r\n b: 2\r\n"),
        "yaml: line 2: did not find expected key\n --> 3:2\n  |\n3 |  b: 2\n  |  ^",
    );
    assert_eq!(
        excerpt("x: 1\nn: {{ z }}"),
        "yaml: invalid map key: map[interface {}]interface {}{\"z\":interface {}(nil)}\n --> 2:5\n  |\n2 | n: {{ z }}\n  |     ^",
    );
    // What go-yaml's reader finds has no place.
    assert_eq!(excerpt("\u{1}"), "yaml: control characters are not allowed");
}

#[test]
fn true_position_is_known() {
    let err = goyaml::from_str::<Value>("é:\n  - 1\n b: 2\n").unwrap_err();
    assert_eq!(err.to_string(), "yaml: line 2: did not find expected key");
    assert_eq!((err.line(), err.column(), err.offset()), (Some(3), Some(2), Some(11)));
    let err = goyaml::from_str::<Value>("\u{feff}a: [").unwrap_err();
    assert_eq!(err.offset(), Some(7));
}

#[derive(Debug, serde::Deserialize)]
#[serde(expecting = "main.Head")]
#[expect(dead_code, reason = "only errors are looked at")]
struct Head {
    kind: String,
    ports: Vec<u16>,
}

#[test]
fn types_of_the_target_are_told() {
    let text = |yaml: &str| goyaml::from_str::<Head>(yaml).unwrap_err();
    let err = text("just text");
    assert_eq!(err.to_string(), "json: cannot unmarshal string into Go value of type main.Head");
    assert_eq!(
        err.unmarshal_text(),
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go value of type main.Head"
    );
    assert_eq!(
        text("kind: x\nports: [-1]").to_string(),
        "json: cannot unmarshal number -1 into Go value of type u16"
    );
    assert_eq!(
        text("kind: x\nports: 1").to_string(),
        "json: cannot unmarshal number into Go value of type a sequence"
    );
    assert_eq!(text("ports: []").to_string(), "missing field `kind`");
    let err = text("kind: x\nports: [80, x]");
    assert_eq!((err.line(), err.column()), (Some(2), Some(13)));
    assert_eq!(
        text("kind: [").unmarshal_text(),
        "error converting YAML to JSON: yaml: line 1: did not find expected node content"
    );
}
