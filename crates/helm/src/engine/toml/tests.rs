//! Documents, and what BurntSushi's library 1.6 makes of them.

use gotmpl::Value;

use super::{decode, encode};

#[track_caller]
fn check(text: &str, json: &str) {
    let read = decode(text.as_bytes()).and_then(|value| gotmpl::json::encode(&value));
    assert_eq!(read.as_deref(), Ok(json));
}

#[track_caller]
fn check_error(text: &str, message: &str) {
    assert_eq!(decode(text.as_bytes()).err().as_deref(), Some(message));
}

#[track_caller]
fn check_written(value: &Value, text: &str) {
    assert_eq!(encode(value).as_deref(), Ok(text));
}

#[test]
fn documents_are_read() {
    check("a = 1\nb = \"x\"\n[t]\nk = [1, 2]\n", r#"{"a":1,"b":"x","t":{"k":[1,2]}}"#);
    check("a.b.c = 1", r#"{"a":{"b":{"c":1}}}"#);
    check("[[x]]\na=1\n[[x]]\na=2", r#"{"x":[{"a":1},{"a":2}]}"#);
    check("a = {b = 1, c = [\"d\"],}", r#"{"a":{"b":1,"c":["d"]}}"#);
    check("s = \"\"\"\nx \\\n   y\"\"\"", r#"{"s":"x y"}"#);
    check("s = \"\"\"a\"\"b\"\"\"\"\"", r#"{"s":"a\"\"b\"\""}"#);
    check("s = '''\nraw\\n'''", r#"{"s":"raw\\n"}"#);
    check("s = \"\\u00e9\\x41\\U0001F389\\t\"", r#"{"s":"éA🎉\t"}"#);
    check("a = 1_000\nb = 0x1f\nc = 0o17\nd = 0b11\ne = +5", r#"{"a":1000,"b":31,"c":15,"d":3,"e":5}"#);
    check("a = 1e3\nb = -0.0\nc = 6.5e-1", r#"{"a":1000,"b":-0,"c":0.65}"#);
    check("[a.b]\nx = 1\n[a]\ny = 2", r#"{"a":{"b":{"x":1},"y":2}}"#);
    check("a = [\n  1, # one\n  2,\n]", r#"{"a":[1,2]}"#);
    check("\"a b\" = 1\n'c' = 2\n\"\" = 3", r#"{"":3,"a b":1,"c":2}"#);
    check("\u{feff}a = true # c\r\nb = false", r#"{"a":true,"b":false}"#);
    check(
        "a = 1979-05-27\nb = 07:32:00\nc = 1979-05-27T07:32:00\nd = 1979-05-27 07:32:00.5Z\ne = 1979-05-27T00:32:00-07:00",
        r#"{"a":"1979-05-27T00:00:00Z","b":"0000-01-01T07:32:00Z","c":"1979-05-27T07:32:00Z","d":"1979-05-27T07:32:00.5Z","e":"1979-05-27T00:32:00-07:00"}"#,
    );
    check("x = 1\n[t]\na = {b.c = 1, b = 2}", r#"{"t":{"a":{"b":{"c":1}}},"x":1}"#);
}

#[test]
fn errors_name_the_line_and_the_last_key() {
    check_error("bad", "toml: line 1: unexpected EOF; expected key separator '='");
    check_error("a = ", "toml: line 1 (last key \"a\"): unexpected EOF; expected value");
    check_error("a = 1\na = 2", "toml: line 2 (last key \"a\"): Key 'a' has already been defined.");
    check_error("[a]\n[a]", "toml: line 2: Key 'a' has already been defined.");
    check_error("a = 1\n[a.b]", "toml: line 2: Key 'a' was already created as a hash.");
    check_error("[[a]]\n[a]", "toml: line 2: Key 'a' has already been defined.");
    check_error("a = {b = 1, b = 2}", "toml: line 1 (last key \"a.b\"): Key 'a.b' has already been defined.");
    check_error(
        "a = [1 2]",
        "toml: line 1 (last key \"a\"): expected a comma (',') or array terminator (']'), but got '2'",
    );
    check_error(
        "a = {b = 1",
        "toml: line 1 (last key \"a.b\"): expected a comma or an inline table terminator '}', but got end of file instead",
    );
    check_error("= 1", "toml: line 1: unexpected '=': key name appears blank");
    check_error(".a = 1", "toml: line 1: unexpected '.': keys cannot start with a '.'");
    check_error("a. = 1", "toml: line 1: unexpected '='");
    check_error("[]", "toml: line 1: unexpected end of table name (table names cannot be empty)");
    check_error("[a", "toml: line 1: expected '.' or ']' to end table name, but got '\\x00' instead");
    check_error(
        "[a]]",
        "toml: line 1 (last key \"a\"): expected a top-level item to end with a newline, comment, or EOF, but got ']' instead",
    );
    check_error(
        "a = 1 b = 2",
        "toml: line 1: expected a top-level item to end with a newline, comment, or EOF, but got 'b' instead",
    );
    check_error("a = \"x", "toml: line 1 (last key \"a\"): unexpected EOF; expected '\"'");
    check_error("a = \"x\ny\"", "toml: line 1 (last key \"a\"): strings cannot contain newlines");
    check_error("a = \"\"\"x", "toml: line 1 (last key \"a\"): unexpected EOF; expected '\"\"\"'");
    check_error("a = \"\\z\"", "toml: line 1 (last key \"a\"): invalid escape in string '\\z'");
    check_error(
        "a = \"\\ud800\"",
        "toml: line 1 (last key \"a\"): Escaped character '\\ud800' is not valid UTF-8.",
    );
    check_error(
        "a = \"\\u12\"",
        "toml: line 1 (last key \"a\"): expected four hexadecimal digits after '\\u', but got \"\\\\u12\\\"\" instead",
    );
    check_error(
        "a = 01",
        "toml: line 1 (last key \"a\"): Invalid integer \"01\": cannot have leading zeroes",
    );
    check_error(
        "a = 1__0",
        "toml: line 1 (last key \"a\"): Invalid integer \"1__0\": underscores must be surrounded by digits",
    );
    check_error(
        "a = 1.",
        "toml: line 1 (last key \"a\"): Invalid float \"1.\": '.' must be followed by one or more digits",
    );
    check_error("a = 1.5.2", "toml: line 1 (last key \"a\"): Invalid float value: \"1.5.2\"");
    check_error(
        "a = 99999999999999999999",
        "toml: line 1 (last key \"a\"): 99999999999999999999 is out of range for int64",
    );
    check_error("a = 1e400", "toml: line 1 (last key \"a\"): 1e400 is out of range for float64");
    check_error("a = 0x", "toml: line 1 (last key \"a\"): not a hexadecimal number: '0x\0'");
    check_error("a = -0x1", "toml: line 1 (last key \"a\"): cannot use sign with non-decimal numbers: '-0x'");
    check_error("a = .5", "toml: line 1 (last key \"a\"): floats must start with a digit, not '.'");
    check_error("a = tru", "toml: line 1 (last key \"a\"): expected value but found \"tru\" instead");
    check_error(
        "a = infx",
        "toml: line 1: expected a top-level item to end with a newline, comment, or EOF, but got 'x' instead",
    );
    check_error("a = 2024-02-30", "toml: line 1 (last key \"a\"): invalid datetime: \"2024-02-30\"");
    check_error("a = 1:30", "toml: line 1 (last key \"a\"): invalid datetime: \"1:30\"");
    check_error(
        "\na = \u{1}",
        "toml: line 2 (last key \"a\"): TOML files cannot contain control characters: '0x01'",
    );
    check_error("a = [,]", "toml: line 1 (last key \"a\"): unexpected comma");
    check_error("a = 1\n[[a]]", "toml: line 2: Key 'a' was already created and cannot be used as an array.");
    check_error("a = 1\n\n\"b\nc\" = 2", "toml: line 3: strings cannot contain newlines");
    check_error("a\n= 1", "toml: line 1: expected '.' or '=', but got '\\n' instead");
    check_error("[t]\nx.y = ?", "toml: line 2 (last key \"t.x.y\"): expected value but found '?' instead");
    assert_eq!(
        decode(b"a = \xff").err().as_deref(),
        Some("toml: line 1 (last key \"a\"): invalid UTF-8 byte: 0xff")
    );
    check_error(
        "a\0",
        "toml: line 1: files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8",
    );
}

#[test]
fn nesting_is_bounded() {
    let text = format!("a = {}", "[".repeat(100_000));
    assert!(decode(text.as_bytes()).is_err());
}

#[test]
fn dates_are_written_as_they_were_read() {
    let text = "a = 1979-05-27\nb = 07:32:00\nc = 1979-05-27T07:32:00\nd = 1979-05-27T07:32:00.5Z\n";
    check_written(&decode(text.as_bytes()).expect("the text is TOML"), text);
}

#[test]
fn an_empty_list_at_the_top_is_written() {
    check_written(&Value::List(gotmpl::List::nil(gotmpl::Type::LIST)), "[]");
}

#[test]
fn what_holds_itself_is_an_error() {
    let map = gotmpl::Map::new();
    map.insert("me", Value::Map(map.clone()));
    let want = Err("toml: value nests too deeply");
    assert_eq!(encode(&Value::Map(map.clone())).as_ref().map(String::as_str).map_err(String::as_str), want);
    let inline = Value::map([("a", Value::list(vec![Value::Int(1), Value::Map(map.clone())]))]);
    assert_eq!(encode(&inline).as_ref().map(String::as_str).map_err(String::as_str), want);
    map.remove(b"me");
    let mut deep = Value::list(Vec::new());
    for _ in 0..2000 {
        deep = Value::list(vec![deep]);
    }
    let deep = Value::map([("a", deep)]);
    assert_eq!(encode(&deep).as_ref().map(String::as_str).map_err(String::as_str), want);
}
