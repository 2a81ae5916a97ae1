//! `unset`, `replace` and `valuesFiles` of config files.

use crate::hld::{CHART, Hld};

const COMPONENT: &str =
    "name: root\nsubcomponents:\n- {name: app, type: helm, path: ./chart}\n- {name: sub, path: ./sub}\n";
const SUB: &str = "name: sub\nsubcomponents:\n- {name: db, type: helm, path: ../chart}\n";

/// Generates for `prod` and compares the values of a chart.
#[track_caller]
fn check(files: &[(&str, &str)], output: &str, want: &str) {
    let hld = hld(files);
    hld.fab(&["generate", "prod"]).exited(0, &["generate", "prod"]);
    let text = hld.read(&format!("generated/prod/{output}"));
    let values = text.lines().find_map(|line| line.trim().strip_prefix("values: ")).unwrap();
    assert_eq!(values, want.replace('"', "\\\"").replacen('{', "\"{", 1) + "\"");
}

fn hld(files: &[(&str, &str)]) -> Hld {
    let hld = Hld::new(&[("component.yaml", COMPONENT), ("sub/component.yaml", SUB)]);
    for (path, text) in CHART.iter().chain(files) {
        hld.write(path, text);
    }
    hld
}

/// Settings of the chart `app` of the root.
fn app(settings: &str) -> String {
    format!("subcomponents:\n  app: {settings}\n")
}

#[test]
fn unset_and_replace_silence_the_lower_layers() {
    let common = app("{config: {hosts: [a], image: {tag: '1', name: x}, size: 3}}");
    let prod = app("{unset: [size, image.name], replace: [hosts], config: {hosts: [b]}}");
    let files = [("config/common.yaml", common.as_str()), ("config/prod.yaml", prod.as_str())];
    check(&files, "app.yaml", r#"{"hosts":["b"],"image":{"tag":"1"}}"#);
}

#[test]
fn a_parent_silences_the_files_of_the_component() {
    let root = "subcomponents:\n  sub:\n    subcomponents:\n      db: {replace: ['\"a.b\"'], config: {\"a.b\": [1]}}\n";
    let own = "subcomponents:\n  db: {config: {\"a.b\": [2], c: 3}}\n";
    check(
        &[("config/common.yaml", root), ("sub/config/prod.yaml", own)],
        "sub/db.yaml",
        r#"{"a.b":[1],"c":3}"#,
    );
}

#[test]
fn values_files_are_below_config_and_over_lower_layers() {
    let common = app("{config: {a: common, l: [3], z: 1}}");
    let prod = app("{valuesFiles: [values.yaml, ./values-prod.yaml], config: {b: own, l: [1]}}");
    let files = [
        ("config/common.yaml", common.as_str()),
        ("config/prod.yaml", prod.as_str()),
        ("values.yaml", "a: first\nb: first\nm: {x: 1, y: 1}\nl: [9]\n"),
        ("values-prod.yaml", "a: second\nm: {y: 2}\nl: [2]\n"),
    ];
    check(&files, "app.yaml", r#"{"a":"second","b":"own","l":[1,2,3],"m":{"x":1,"y":2},"z":1}"#);
}

#[test]
fn set_writes_them() {
    let common = app("{config: {hosts: [a], size: 3}}");
    let hld = hld(&[("config/common.yaml", &common)]);
    let args = [
        "set",
        "--environment",
        "prod",
        "--subcomponent",
        "app",
        "--replace",
        "--json",
        "hosts=[\"b\"]",
        "--unset",
        "size",
    ];
    hld.fab(&args).exited(0, &args);
    let want = "subcomponents:\n  app:\n    unset:\n    - size\n    replace:\n    - hosts\n    config:\n      hosts:\n      - b\n";
    assert_eq!(hld.read("config/prod.yaml"), want);
    hld.fab(&args).exited(0, &args).says(&["Nothing to change"]);
    hld.fab(&["generate", "prod"]).exited(0, &[]);
    assert!(hld.read("generated/prod/app.yaml").contains(r#"{\"hosts\":[\"b\"]}"#));
}

#[track_caller]
fn check_error(prod: &str, words: &[&str]) {
    let hld = hld(&[("config/prod.yaml", prod), ("values.yaml", "a: {x: 1}\n"), ("list.yaml", "- 1\n")]);
    hld.fab(&["generate", "prod"]).exited(2, &["generate", "prod"]).says(words);
}

#[test]
fn err_what_they_say_makes_no_sense() {
    check_error(&app("{unset: ['a[0]']}"), &["`a[0]` has to be a path of keys", "config/prod.yaml:2:"]);
    check_error(&app("{unset: a}"), &["`unset` must be a list, not a string"]);
    check_error(&app("{valuesFiles: [none.yaml]}"), &["cannot read `none.yaml`"]);
    check_error(&app("{valuesFiles: [list.yaml]}"), &["the file must be a map, not a list", "list.yaml:1:1"]);
    check_error(
        &app("{valuesFiles: [values.yaml], config: {a: [1]}}"),
        &["`a` is a list here", "values.yaml:1:1"],
    );
}
