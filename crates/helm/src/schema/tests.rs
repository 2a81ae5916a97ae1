//! Messages are those of helm 4.2.4 for the same schema and values.

use crate::load::load_files;
use crate::prepare::{PrepareError, PrepareOptions, prepare};

fn complain(schema: &str, values: &str) -> Option<String> {
    let chart_yaml = b"apiVersion: v2\nname: c\nversion: 1.0.0\n".to_vec();
    let files = vec![("Chart.yaml".to_owned(), chart_yaml), ("values.schema.json".to_owned(), schema.into())];
    let values = crate::values::from_yaml(values.as_bytes()).unwrap();
    match prepare(&load_files(files).unwrap(), &values, &PrepareOptions::default()) {
        Ok(_) => None,
        Err(PrepareError::Schema(error)) => Some(error.to_string()),
        Err(other) => panic!("{other}"),
    }
}

/// Checks the lines after the chart's name.
#[track_caller]
fn check(schema: &str, values: &str, want: &[&str]) {
    let got = complain(schema, values);
    let got = got.as_deref().map(|text| text.strip_prefix("c:\n").unwrap().lines().collect::<Vec<_>>());
    assert_eq!(got.unwrap_or_default(), want, "{schema} on {values}");
}

/// Checks the messages for a property `a` with a schema of its own.
#[track_caller]
fn check_a(schema: &str, value: &str, want: &[&str]) {
    check(&format!(r#"{{"properties":{{"a":{schema}}}}}"#), &format!("a: {value}"), want);
}

#[test]
fn scalars() {
    check_a(r#"{"type":"integer"}"#, "x", &["- at '/a': got string, want integer"]);
    check_a(r#"{"type":["string","null"]}"#, "1", &["- at '/a': got number, want null or string"]);
    check_a(r#"{"type":"integer"}"#, "1.5", &["- at '/a': got number, want integer"]);
    check_a(r#"{"type":"integer","const":1}"#, "1.0", &[]);
    check_a(r#"{"const":"it's \"q\""}"#, "q", &[r#"- at '/a': value must be 'it\'s "q"'"#]);
    check_a(r#"{"enum":["x",1,null]}"#, "q", &["- at '/a': value must be one of 'x', 1, <nil>"]);
    check_a(r#"{"enum":["x"]}"#, "q", &["- at '/a': value must be 'x'"]);
    check_a(r#"{"enum":["x",{}]}"#, "q", &["- at '/a': 'enum' failed"]);
    check_a(r#"{"pattern":"^b"}"#, "x", &["- at '/a': 'x' does not match pattern '^b'"]);
    check_a("false", "1", &["- at '/a': false schema"]);
    check_a(r#"{"not":{"type":"number"}}"#, "1", &["- at '/a': 'not' failed"]);
}

#[test]
fn numbers_are_printed_in_english() {
    let minimum = r#"{"minimum":5000000}"#;
    check_a(minimum, "1234567.25", &["- at '/a': minimum: got 1.23456725×10⁰⁶, want 5×10⁰⁶"]);
    check_a(r#"{"minimum":5}"#, "0.00001234", &["- at '/a': minimum: got 1.234×10⁻⁰⁵, want 5"]);
    check_a(r#"{"maximum":5}"#, "123456.5", &["- at '/a': maximum: got 123,456.5, want 5"]);
    check_a(r#"{"minLength":5000}"#, "x", &["- at '/a': minLength: got 1, want 5,000"]);
    check_a(r#"{"exclusiveMaximum":5}"#, "5", &["- at '/a': exclusiveMaximum: got 5, want 5"]);
    check_a(r#"{"multipleOf":2}"#, "1", &["- at '/a': multipleOf: got 1, want 2"]);
}

#[test]
fn maps() {
    check(r#"{"required":["a","b"]}"#, "{}", &["- at '': missing properties 'a', 'b'"]);
    check(r#"{"required":["a"]}"#, "{}", &["- at '': missing property 'a'"]);
    let closed = r#"{"properties":{"a":{}},"additionalProperties":false}"#;
    check(closed, "{a: 1, z: 1}", &["- at '': additional properties 'z' not allowed"]);
    check(r#"{"additionalProperties":{"type":"string"}}"#, "z: 1", &["- at '/z': got number, want string"]);
    check(
        r#"{"patternProperties":{"^z":{"type":"string"}}}"#,
        "z: 1",
        &["- at '/z': got number, want string"],
    );
    check(r#"{"properties":{"b":{}},"unevaluatedProperties":false}"#, "a: 1", &["- at '/a': false schema"]);
    check(r#"{"minProperties":2}"#, "a: 1", &["- at '': minProperties: got 1, want 2"]);
    let names = r#"{"propertyNames":{"pattern":"^[a-z]+$"}}"#;
    let want = ["- at '': invalid propertyName 'X1'", "  - at '': 'X1' does not match pattern '^[a-z]+$'"];
    check_a(names, "{X1: 1}", &want);
    check(
        r#"{"properties":{"a/b~c":{"type":"string"}}}"#,
        "a/b~c: 1",
        &["- at '/a~1b~0c': got number, want string"],
    );
}

#[test]
fn properties_that_need_others() {
    let want = ["- at '': properties 'b', 'c' required, if 'a' exists"];
    check(r#"{"dependentRequired":{"a":["b","c"]}}"#, "a: 1", &want);
    let draft7 = r#"{"$schema":"http://json-schema.org/draft-07/schema#","dependencies":{"a":["b","c"]}}"#;
    check(draft7, "a: 1", &want);
    let schemas = r#"{"dependentSchemas":{"a":{"required":["q"]}}}"#;
    check(schemas, "a: 1", &["- at '': missing property 'q'"]);
}

#[test]
fn lists() {
    let list = r#"{"items":{"type":"string"},"maxItems":1,"minItems":9,"uniqueItems":true}"#;
    let want = [
        "- at '/a': minItems: got 2, want 9",
        "- at '/a': maxItems: got 2, want 1",
        "- at '/a': items at 0 and 1 are equal",
        "- at '/a/0': got number, want string",
        "- at '/a/1': got number, want string",
    ];
    check_a(list, "[1, 1]", &want);
    let tuple = r#"{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":
        {"items":[{"type":"string"}],"additionalItems":false}}}"#;
    let want = ["- at '/a/0': got number, want string", "- at '/a': last 1 additionalItem(s) not allowed"];
    check(tuple, "a: [1, 1]", &want);
}

#[test]
fn a_wrong_type_hides_all_else() {
    check_a(r#"{"type":"string","minimum":5}"#, "1", &["- at '/a': got number, want string"]);
}

#[test]
fn several_failures_of_one_schema_are_a_group_unless_alone_at_the_top() {
    let two = r#"{"minimum":5,"multipleOf":2}"#;
    check_a(two, "1", &["- at '/a': minimum: got 1, want 5", "- at '/a': multipleOf: got 1, want 2"]);
    let group = [
        "- at '/a': validation failed",
        "  - at '/a': minimum: got 1, want 5",
        "  - at '/a': multipleOf: got 1, want 2",
    ];
    let both = format!(r#"{{"required":["b"],"properties":{{"a":{two}}}}}"#);
    check(&both, "a: 1", &[&["- at '': missing property 'b'"], &group[..]].concat());
    let by_reference = format!(r##"{{"properties":{{"a":{{"$ref":"#/$defs/x"}}}},"$defs":{{"x":{two}}}}}"##);
    check(&by_reference, "a: 1", &group);
}

#[test]
fn a_reference_takes_the_place_of_the_only_group_below_it() {
    let schema = r##"{"required":["z"],"properties":{"a":{"$ref":"#/$defs/x"}},
        "$defs":{"x":{"properties":{"b":{"minimum":5,"multipleOf":2}}}}}"##;
    let want = [
        "- at '': missing property 'z'",
        "- at '/a': validation failed",
        "  - at '/a/b': minimum: got 1, want 5",
        "  - at '/a/b': multipleOf: got 1, want 2",
    ];
    check(schema, "a: {b: 1}", &want);
}

#[test]
fn alternatives_list_what_failed_in_each() {
    let any = r#"{"anyOf":[{"type":"string"},{"minimum":5,"multipleOf":2}]}"#;
    let want = [
        "- at '/a': 'anyOf' failed",
        "  - at '/a': got number, want string",
        "  - at '/a': validation failed",
        "    - at '/a': minimum: got 1, want 5",
        "    - at '/a': multipleOf: got 1, want 2",
    ];
    check_a(any, "1", &want);
    let one = r#"{"oneOf":[{"type":"string"},{"type":"boolean"}]}"#;
    let want = [
        "- at '/a': 'oneOf' failed, none matched",
        "  - at '/a': got number, want string",
        "  - at '/a': got number, want boolean",
    ];
    check_a(one, "1", &want);
    let two = r#"{"oneOf":[{"type":"number"},{"minimum":0},{"type":"string"}]}"#;
    check_a(two, "1", &["- at '/a': 'oneOf' failed, subschemas 0, 1 matched"]);
    let all = r#"{"allOf":[{"required":["x"]},{"required":["q"],"minProperties":7}]}"#;
    let want = [
        "- at '': 'allOf' failed",
        "  - at '': missing property 'x'",
        "  - at '': validation failed",
        "    - at '': minProperties: got 1, want 7",
        "    - at '': missing property 'q'",
    ];
    check(all, "a: 1", &want);
}

#[test]
fn conditions() {
    let schema =
        r#"{"if":{"properties":{"a":{"const":1}}},"then":{"required":["b"]},"else":{"required":["c"]}}"#;
    check(schema, "a: 1", &["- at '': missing property 'b'"]);
    check(schema, "a: 2", &["- at '': missing property 'c'"]);
}

#[test]
fn formats_are_checked_in_the_drafts_where_helm_does() {
    let schema = |draft: &str, format: &str| {
        format!(r#"{{"$schema":"{draft}","properties":{{"a":{{"format":"{format}"}}}}}}"#)
    };
    let (old, new) =
        ("http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema");
    for format in ["email", "uuid", "duration", "semver", "date"] {
        assert!(complain(&schema(old, format), "a: x").is_some(), "{format}");
        check(&schema(new, format), "a: x", &[]);
    }
    for (format, good) in
        [("uuid", "12345678-1234-1234-1234-123456789abc"), ("duration", "P1DT2H"), ("duration", "P4W")]
    {
        check(&schema(old, format), &format!("a: {good}"), &[]);
    }
}

#[test]
fn references_within_a_schema_are_followed_and_others_are_not() {
    let anchor = r##"{"properties":{"a":{"$ref":"#foo"}},"$defs":{"x":{"$anchor":"foo","type":"string"}}}"##;
    check(anchor, "a: 1", &["- at '/a': got number, want string"]);
    let urn = r#"{"properties":{"a":{"$ref":"urn:x:y"},"b":{"type":"string"}}}"#;
    check(urn, "{a: 1, b: 1}", &["- at '/b': got number, want string"]);
    for (target, found, why) in [
        ("http://127.0.0.1:1/x.json", "http://127.0.0.1:1/x.json", "references to the web are not followed"),
        ("x.json#/a", "file:///x.json", "open /x.json: no such file or directory"),
        ("foo:x.json", "foo:x.json", "no URLLoader registered for \"foo:x.json\""),
    ] {
        let want = format!("failing loading {found:?}: {why}");
        check_a(&format!(r#"{{"$ref":"{target}"}}"#), "1", &[&want]);
    }
    let anchor = r##"{"$ref":"#foo"}"##;
    let want =
        r##"anchor in "file:///values.schema.json#foo" not found in schema "file:///values.schema.json""##;
    check_a(anchor, "1", &[want]);
    let missing = r##"{"$ref":"#/$defs/nope"}"##;
    check_a(missing, "1", &[r##"json-pointer in "file:///values.schema.json#/$defs/nope" not found"##]);
}

#[test]
fn err_schemas_that_are_none() {
    let want = [
        "\"file:///values.schema.json#\" is not valid against metaschema: jsonschema validation failed with \
         'https://json-schema.org/draft/2020-12/schema#'",
        "- at '': 'allOf' failed",
        "  - at '/type': 'anyOf' failed",
        "    - at '/type': value must be one of 'array', 'boolean', 'integer', 'null', 'number', 'object', 'string'",
        "    - at '/type': got string, want array",
    ];
    check(r#"{"type":"strin"}"#, "a: 1", &want);
    let draft = r#""$schema":"https://json-schema.org/draft-07/schema""#;
    let want = [
        "\"file:///values.schema.json#\" is not valid against metaschema: jsonschema validation failed with \
         'http://json-schema.org/draft-07/schema#'",
        "- at '/pattern': '[' is not valid regex: error parsing regexp: missing closing ]: `[`",
    ];
    check(&format!(r#"{{{draft},"pattern":"["}}"#), "a: 1", &want);
}

#[test]
fn err_schemas_that_are_no_json() {
    for (schema, want) in [
        ("", "EOF"),
        ("{", "unexpected EOF"),
        ("{bad", "invalid character 'b' looking for beginning of object key string"),
        ("{\"a\" {}}", "invalid character '{' after object key"),
        ("[1:2]", "invalid character ':' after array element"),
        ("{} {}", "invalid character after top-level value"),
    ] {
        check(schema, "a: 1", &[want]);
    }
    // Go reads a surrogate without its other half.
    check(r#"{"title":"\ud800","type":"string"}"#, "a: 1", &["- at '': got object, want string"]);
}

#[test]
fn schemas_of_subcharts_check_their_tables() {
    let chart = |name: &str| format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n").into_bytes();
    let schema = br#"{"properties":{"a":{"type":"integer"}}}"#.to_vec();
    let files = vec![
        ("Chart.yaml".to_owned(), chart("c")),
        ("values.schema.json".to_owned(), schema.clone()),
        ("charts/s/Chart.yaml".to_owned(), chart("s")),
        ("charts/s/values.schema.json".to_owned(), schema),
    ];
    let chart = load_files(files).unwrap();
    let values = crate::values::from_yaml(b"{a: x, s: {a: z}}").unwrap();
    let error = prepare(&chart, &values, &PrepareOptions::default()).unwrap_err();
    let want = "values don't meet the specifications of the schema(s) in the following chart(s):\n\
                c:\n- at '/a': got string, want integer\ns:\n- at '/a': got string, want integer\n";
    assert_eq!(error.to_string(), want);
    let skip = PrepareOptions { skip_schema_validation: true, ..PrepareOptions::default() };
    assert!(prepare(&chart, &values, &skip).is_ok());
}

#[test]
fn patterns_are_those_of_go() {
    for (pattern, good, bad) in [
        (r"^[\\w-\\.]+$", "a.b-c", "a b"),
        (r"(?i)^abc$", "ABC", "abd"),
        (r"\\Aa\\z", "a", "ab"),
        (r"^[[:alpha:]]+$", "ab", "1"),
        (r"^{x}$", "{x}", "x"),
    ] {
        let schema =
            format!(r#"{{"$schema":"http://json-schema.org/draft-07/schema#","pattern":"{pattern}"}}"#);
        let schema =
            format!(r#"{{"properties":{{"a":{schema},"pattern":{{"default":{{"pattern":"["}}}}}}}}"#);
        check(&schema, &format!("a: '{good}'"), &[]);
        let want = format!("- at '/a': '{bad}' does not match pattern '{pattern}'");
        check(&schema, &format!("a: '{bad}'"), &[&want]);
    }
    // The quotes are put on before Go's are taken off.
    check_a(r#"{"pattern":"x\\\\"}"#, r"'\'", &[r"- at '/a': '\' does not match pattern 'x\\\'"]);
}
