//! What users get from values files and the `--set` family. Expected values are
//! those of helm 4.2.4 (`helm template` with `{{ toJson .Values }}`).

use super::*;
use crate::values::table::to_map;

fn json(values: &Mapping) -> String {
    gotmpl::json::encode(&gotmpl::Value::Map(to_map(values))).unwrap()
}

/// Checks what options (name and argument each) make, as JSON.
#[track_caller]
fn check(options: &[(&str, &str)], want: Result<&str, &str>) {
    let mut overrides = Overrides::default();
    for (option, argument) in options {
        let list = match *option {
            "-f" => &mut overrides.files,
            "--set" => &mut overrides.set,
            "--set-string" => &mut overrides.set_string,
            "--set-literal" => &mut overrides.set_literal,
            "--set-json" => &mut overrides.set_json,
            "--set-file" => &mut overrides.set_file,
            other => panic!("no option {other}"),
        };
        list.push((*argument).to_owned());
    }
    let read = |path: &str| match path {
        "absent" => Err("open absent: no such file or directory".to_owned()),
        content => Ok(content.as_bytes().to_vec()),
    };
    let got = overrides.merge(&read).map(|values| json(&values)).map_err(|error| error.to_string());
    assert_eq!(got.as_deref().map_err(String::as_str), want, "{options:?}");
}

#[track_caller]
fn set(argument: &str, want: Result<&str, &str>) {
    let want = want.map_err(|message| format!("failed parsing --set data: {message}"));
    check(&[("--set", argument)], want.as_ref().map(|json| *json).map_err(String::as_str));
}

#[test]
fn set_types_bools_nulls_and_integers_only() {
    set("a=1,b=x", Ok(r#"{"a":1,"b":"x"}"#));
    set("a=TRUE,b=False,c=Null", Ok(r#"{"a":true,"b":false,"c":null}"#));
    set("a=0,b=00,c=0x1,d=05", Ok(r#"{"a":0,"b":"00","c":"0x1","d":"05"}"#));
    set("a=-5,b=+5,c=-0", Ok(r#"{"a":-5,"b":5,"c":0}"#));
    set("a=1.5,b=1e3,c=9223372036854775808", Ok(r#"{"a":"1.5","b":"1e3","c":"9223372036854775808"}"#));
    let mut values = Mapping::new();
    assign("a=7", Reading::Typed, &mut values).unwrap();
    assert_eq!(values["a"], Value::Int(7), "integers of --set are int64, those of YAML float64");
}

#[test]
fn set_reads_maps_lists_and_escapes() {
    set("a.b.c=true", Ok(r#"{"a":{"b":{"c":true}}}"#));
    set("a={1,x,true}", Ok(r#"{"a":[1,"x",true]}"#));
    set("a={1,2},b=3", Ok(r#"{"a":[1,2],"b":3}"#));
    set("a={1}b=2", Ok(r#"{"a":[1],"b":2}"#));
    set("a={}", Ok(r#"{"a":[""]}"#));
    set(r"a={\{x\}}", Ok(r#"{"a":["{x}"]}"#));
    set(r"a\.b=1\,2", Ok(r#"{"a.b":"1,2"}"#));
    set("a=b=c", Ok(r#"{"a":"b=c"}"#));
    set("a = 1 , b=2", Ok(r#"{" b":2,"a ":" 1 "}"#));
    set(r"a=é\é,b.ü=1", Ok(r#"{"a":"éé","b":{"ü":1}}"#));
}

#[test]
fn set_grows_lists_with_nulls() {
    set("a[2]=x", Ok(r#"{"a":[null,null,"x"]}"#));
    set("a[0].b=1,a[0].c=2", Ok(r#"{"a":[{"b":1,"c":2}]}"#));
    set("a[0][1]=x", Ok(r#"{"a":[[null,"x"]]}"#));
    set("a[0]=1,a[1]=2,a[0]=3", Ok(r#"{"a":[3,2]}"#));
    check(&[("--set", "a[1].b=1,a[0]=x"), ("--set", "a[0].c=1")], Ok(r#"{"a":[{"c":1},{"b":1}]}"#));
    check(&[("--set", "a={1,2}"), ("--set", "a[1]=9")], Ok(r#"{"a":[1,9]}"#));
}

#[test]
fn set_takes_the_end_of_the_text_for_success() {
    set("", Ok("{}"));
    set("a=", Ok(r#"{"a":""}"#));
    set("a=,b=1", Ok(r#"{"a":"","b":1}"#));
    set(r"a=\", Ok(r#"{"a":""}"#));
    set("a.", Ok("{}"));
    set("a[0]", Ok(r#"{"a":[]}"#));
    set("a[0", Ok("{}"));
    set("a[0]=", Ok(r#"{"a":[""]}"#));
    set("a[0].b=", Ok(r#"{"a":[]}"#));
    set("a[0][0]=", Ok(r#"{"a":[[""]]}"#));
    set("a[0][0", Ok(r#"{"a":[]}"#));
    check(&[("--set", "a.b=1"), ("--set", "a.")], Ok(r#"{"a":{"b":1}}"#));
}

#[test]
fn set_ignores_empty_keys() {
    set("=x", Ok("{}"));
    set(".a=x", Ok("{}"));
    set("[0]=1", Ok("{}"));
}

#[test]
fn err_set_with_keys_without_values() {
    set("a", Err(r#"key "a" has no value"#));
    set("a,b", Err(r#"key "a" has no value (cannot end with ,)"#));
    set(",", Err(r#"key "" has no value (cannot end with ,)"#));
    set("a.b.=1", Err(r#"key map "b" has no value"#));
    set("a={x,{y},z}", Err(r#"key "z}" has no value"#));
    set("a={1", Err("list must terminate with '}'"));
}

#[test]
fn err_set_with_bad_indices() {
    set("a[x]=1", Err(r#"error parsing index: strconv.Atoi: parsing "x": invalid syntax"#));
    let long = "99999999999999999999";
    let message = format!(r#"error parsing index: strconv.Atoi: parsing "{long}": value out of range"#);
    set(&format!("a[{long}]=1"), Err(&message));
    set("a[0]xy=1", Err("unexpected data at end of array index: ['x' 'y']"));
    set("a[-1]=1", Err("negative -1 index not allowed"));
    set("a[65537]=1", Err("index of 65537 is greater than maximum supported index of 65536"));
}

#[test]
fn err_set_on_a_key_of_another_kind() {
    let message = |found: &str, wanted: &str| {
        format!(
            "failed parsing --set data: unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}"
        )
    };
    let (map, list) = ("map[string]interface {}", "[]interface {}");
    check(&[("--set", "a=x"), ("--set", "a.b=1")], Err(&message("string", map)));
    check(&[("--set", "a=x"), ("--set", "a[0]=1")], Err(&message("string", list)));
    check(&[("--set", "a.b=1"), ("--set", "a[0]=1")], Err(&message(map, list)));
    check(&[("--set", "a=null"), ("--set", "a.b=1")], Err(&message("nil", map)));
    check(&[("-f", "a: 1"), ("--set", "a.b=1")], Err(&message("float64", map)));
}

#[test]
fn err_set_without_end() {
    let deep = vec!["a"; 32].join(".") + "=1";
    set(&deep, Err("value name nested level is greater than maximum supported nested level of 30"));
    let wide = format!("a{}=1", "[0]".repeat(100_000));
    set(&wide, Err("more than 1000 indices in a row"));
}

#[test]
fn set_string_types_nothing() {
    check(&[("--set-string", "a=1,b=true,c={1,2},d=")], Ok(r#"{"a":"1","b":"true","c":["1","2"],"d":""}"#));
}

#[test]
fn set_literal_knows_no_escapes_and_no_lists() {
    check(&[("--set-literal", r"a=1,b={x}\,")], Ok(r#"{"a":"1,b={x}\\,"}"#));
    check(&[("--set-literal", "a.b[1]=x")], Ok(r#"{"a":{"b":[null,"x"]}}"#));
    check(&[("--set-literal", r"a\.b=1")], Ok(r#"{"a\\":{"b":"1"}}"#));
    check(&[("--set-literal", "a")], Err(r#"failed parsing --set-literal data: key "a" has no value"#));
}

#[test]
fn set_json_reads_values_or_one_object() {
    check(&[("--set-json", r#"a=[1,{"b":null}],b=2 , c="x""#)], Ok(r#"{" c":"x","a":[1,{"b":null}],"b":2}"#));
    check(&[("--set-json", "a=,b=1")], Ok(r#"{"a":null,"b":1}"#));
    check(&[("--set-json", "a=1 b=2")], Ok(r#"{"a":1,"b":2}"#));
    check(&[("--set-json", "a[1]=true")], Ok(r#"{"a":[null,true]}"#));
    check(&[("--set-json", "a=9007199254740993")], Ok(r#"{"a":9007199254740992}"#));
    check(&[("-f", "a: {x: 1}"), ("--set-json", r#"{"a":{"y":2}}"#)], Ok(r#"{"a":{"x":1,"y":2}}"#));
}

#[test]
fn err_set_json_without_json() {
    check(&[("--set-json", r#"{"a":1"#)], Err(r#"failed parsing --set-json data JSON: {"a":1"#));
    check(&[("--set-json", "a={x}")], Err("failed parsing --set-json data a={x}"));
    check(&[("--set-json", "a=01")], Err("failed parsing --set-json data a=01"));
    check(&[("--set-json", "a=1e400")], Err("failed parsing --set-json data a=1e400"));
}

#[test]
fn set_file_reads_files() {
    check(&[("--set-file", "a=content")], Ok(r#"{"a":"content"}"#));
    check(
        &[("--set-file", "a=absent")],
        Err("failed parsing --set-file data: open absent: no such file or directory"),
    );
}

#[test]
fn later_options_win_over_earlier_ones_and_files() {
    check(
        &[
            ("--set-literal", "e=literal"),
            ("--set-string", "d=string,e=string"),
            ("--set", "c=set,d=set"),
            ("--set-json", r#"b="json""#),
            ("-f", "{a: file, b: file, c: file}"),
        ],
        Ok(r#"{"a":"file","b":"json","c":"set","d":"string","e":"literal"}"#),
    );
    check(&[("-f", "a: {x: 1, z: 1}"), ("-f", "a: {z: 2}")], Ok(r#"{"a":{"x":1,"z":2}}"#));
    check(&[("-f", "a: {x: 1}"), ("-f", "a: 1")], Ok(r#"{"a":1}"#));
}

#[test]
fn numbers_of_files_are_floats_and_nulls_stay() {
    let values = from_yaml(b"a: 1\nb: [0x10, 18446744073709551615]\nc: ~\n").unwrap();
    let list = vec![Value::Float(16.0), Value::Float(18_446_744_073_709_551_615.0)];
    assert_eq!(values["a"], Value::Float(1.0));
    assert_eq!(values["b"], Value::Sequence(list));
    assert_eq!(values["c"], Value::Null);
}

#[test]
fn documents_of_a_file_are_merged() {
    check(&[("-f", "---\na: 1\nb: 1\n--- # more\nb: 2\n---\n")], Ok(r#"{"a":1,"b":2}"#));
    check(&[("-f", "")], Ok("{}"));
    check(&[("-f", "# nothing\n")], Ok("{}"));
}

#[test]
fn every_line_of_a_file_ends_in_a_newline_alone() {
    check(&[("-f", "a: |\n  x\r\n  y")], Ok(r#"{"a":"x\ny\n"}"#));
}

#[test]
fn err_files_that_are_no_map_of_values() {
    check(&[("-f", "absent")], Err("open absent: no such file or directory"));
    check(
        &[("-f", "[a]")],
        Err("failed to parse [a]: cannot unmarshal yaml document: error unmarshaling JSON: \
             while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}"),
    );
    check(
        &[("-f", "a: 1\n--- x\n")],
        Err("failed to parse a: 1\n--- x\n: error reading yaml document: invalid Yaml document separator: x"),
    );
    check(
        &[("-f", "a: [\n")],
        Err("failed to parse a: [\n: cannot unmarshal yaml document: error converting YAML to JSON: \
             yaml: line 1: did not find expected node content"),
    );
}
