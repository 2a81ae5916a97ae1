//! What a change leaves of a text, written down by hand.

use super::*;

const FIELDS: [&str; 5] = ["namespace", "injectNamespace", "disabled", "config", "subcomponents"];

/// Reads `a.b.0` as a path.
fn path(text: &str) -> Vec<PathSegment<'_>> {
    text.split('.').map(|part| part.parse().map_or(PathSegment::Key(part), PathSegment::Index)).collect()
}

fn style(json: bool) -> EditStyle<'static> {
    EditStyle { json, fields: &FIELDS }
}

/// Sets a value that is given as YAML.
fn set(text: &str, at: &str, value: &str) -> Result<String, EditError> {
    let value: Value = crate::from_str(value).unwrap();
    set_in_text(text, &path(at), &value, style(text.starts_with('{') && text.contains('"')))
}

#[track_caller]
fn check(text: &str, at: &str, value: &str, want: &str) {
    assert_eq!(set(text, at, value).as_deref(), Ok(want), "{text:?}");
}

#[track_caller]
fn check_unset(text: &str, at: &str, want: &str) {
    let json = text.starts_with('{') && text.contains('"');
    assert_eq!(unset_in_text(text, &path(at), style(json)).as_deref(), Ok(want), "{text:?}");
}

/// Sets something new and takes it away again, which gives back the text.
#[track_caller]
fn check_there_and_back(text: &str, at: &str, there: &str) {
    check(text, at, "'1'", there);
    check_unset(there, at, text);
}

#[test]
fn a_value_is_replaced_alone() {
    check("a: 1 # one\nb: 2\n", "a", "x", "a: x # one\nb: 2\n");
    check("a:    1\nb: 2", "b", "3", "a:    1\nb: 3");
    check("a:\r\n  b: 1 # c\r\n\r\n# end\r\n", "a.b", "'2'", "a:\r\n  b: \"2\" # c\r\n\r\n# end\r\n");
    check("a: [1, 2, 3]\n", "a.1", "x", "a: [1, x, 3]\n");
    check("a:\n- 1\n- 2 # two\n", "a.1", "x", "a:\n- 1\n- x # two\n");
    check("- a: 1\n  b: 2\n", "0.b", "3", "- a: 1\n  b: 3\n");
    check("? a\n: 1\n? b\n: 2\n", "a", "3", "? a\n: 3\n? b\n: 2\n");
    check("\u{feff}a: 1\n", "a", "2", "\u{feff}a: 2\n");
    check("a: 1\n---\na: 1\n", "a", "2", "a: 2\n---\na: 1\n");
    check("a: folded\n  text # c\nb: 1\n", "a", "x", "a: x # c\nb: 1\n");
    check("a: |\n  one\n  two\n\nb: 1\n", "a", "x", "a: x\n\nb: 1\n");
    check("a: &x 1\nb: 2\n", "a", "3", "a: &x 3\nb: 2\n");
    check("a: !!str 1\nb: 2\n", "a", "x", "a: x\nb: 2\n");
    check("a: &x 1\nb: *x\n", "b", "3", "a: &x 1\nb: 3\n");
}

#[test]
fn quotes_stay_as_they_are() {
    check("a: 'x'\n", "a", "w", "a: 'w'\n");
    check("a: \"x\"\n", "a", "w", "a: \"w\"\n");
    check("a: x\n", "a", "'1'", "a: \"1\"\n");
    check("a: 'x'\n", "a", "\"\\t\"", "a: \"\\t\"\n");
    check("a: '1'\n", "a", "1", "a: 1\n");
}

#[test]
fn what_another_reader_takes_for_something_else_is_quoted() {
    for text in [
        "12e5",
        "1e400",
        "0o17",
        "0x1F",
        "1_000",
        "0b1",
        "007",
        "1.",
        ".5",
        "1:30",
        "yes",
        "on",
        "n",
        "null",
        "~",
        "=",
        "<<",
        "2020-01-02",
        "2001-12-14 21:59:43.10 -5",
        "0xFFFFFFFFFFFFFFFFFFFF",
        "+1",
        "-0.0",
        ".inf",
        "",
        "123456789012345678901",
    ] {
        let value = Value::from(text);
        let got = set_in_text("a: x\n", &path("a"), &value, style(false)).unwrap();
        assert_eq!(got, format!("a: \"{text}\"\n"));
    }
    for text in ["1.2.3", "v1", "2020-01-02x", "a.b", "e5", "0xg", "x:", "1-2"] {
        let value = Value::from(text);
        let got = set_in_text("a: x\n", &path("a"), &value, style(false)).unwrap();
        let quotes = if text.ends_with(':') { "'" } else { "" };
        assert_eq!(got, format!("a: {quotes}{text}{quotes}\n"));
    }
}

#[test]
fn texts_of_several_lines_are_blocks() {
    check("a:\n    b: x # c\n", "a.b", "\"one\\ntwo\\n\"", "a:\n    b: | # c\n        one\n        two\n");
    check("a: x\n", "a", "\"one\\n\\ntwo\"", "a: |-\n  one\n\n  two\n");
    check("a: x\n", "a", "\"one\\n\\n\"", "a: |+\n  one\n\n");
    check("a: x\nb: 1\n", "a", "\" one\\ntwo\"", "a: |2-\n   one\n  two\nb: 1\n");
    check("- x\n", "0", "\"one\\ntwo\"", "- |-\n  one\n  two\n");
    check("a: x\r\nb: 1\r\n", "a", "\"one\\ntwo\"", "a: |-\r\n  one\r\n  two\r\nb: 1\r\n");
    check("a: x", "a", "\"one\\ntwo\\n\"", "a: \"one\\ntwo\\n\"");
    check("a: x\n", "a", "\"one\\u2028two\\n\"", "a: \"one\\Ltwo\\n\"\n");
    check("{a: x}\n", "a", "\"one\\ntwo\"", "{a: \"one\\ntwo\"}\n");
}

#[test]
fn a_new_key_goes_where_it_belongs() {
    check_there_and_back("config:\n  a: 1\n  c: 3\n", "config.b", "config:\n  a: 1\n  b: \"1\"\n  c: 3\n");
    check_there_and_back("config:\n  z: 1\n  c: 3\n", "config.b", "config:\n  z: 1\n  c: 3\n  b: \"1\"\n");
    check_there_and_back(
        "# top\nconfig:\n  # about c\n  c: 3 # three\n  # end\n\nsubcomponents: {}\n",
        "config.b",
        "# top\nconfig:\n  b: \"1\"\n  # about c\n  c: 3 # three\n  # end\n\nsubcomponents: {}\n",
    );
    check_there_and_back(
        "# top\nconfig:\n  a: 1\n",
        "namespace",
        "# top\nnamespace: \"1\"\nconfig:\n  a: 1\n",
    );
    check_there_and_back(
        "namespace: x\nsubcomponents: {}\n",
        "config.a",
        "namespace: x\nconfig:\n  a: \"1\"\nsubcomponents: {}\n",
    );
    check_there_and_back(
        "config:\n  a:\n    x: 1\n  m: |\n    text\n\nz: 1\n",
        "config.n",
        "config:\n  a:\n    x: 1\n  m: |\n    text\n  \"n\": \"1\"\n\nz: 1\n",
    );
    check_there_and_back(
        "config:\r\n    a:\r\n        b: 1\r\n",
        "config.b.c",
        "config:\r\n    a:\r\n        b: 1\r\n    b:\r\n        c: \"1\"\r\n",
    );
    check_there_and_back("a: 1", "b", "a: 1\nb: \"1\"");
    check_there_and_back("a: 1\n...\n", "b", "a: 1\nb: \"1\"\n...\n");
    check_there_and_back("a: 1\n--- \nb: 2\n", "b", "a: 1\nb: \"1\"\n--- \nb: 2\n");
    check_there_and_back("m: |\n  a\n  b", "n", "\"n\": \"1\"\nm: |\n  a\n  b");
    check_there_and_back("m: |+\n  a\n\n", "n", "m: |+\n  a\n\n\"n\": \"1\"\n");
    check_there_and_back("\"x.y\":\n  'b': 1\n", "z", "\"x.y\":\n  'b': 1\nz: \"1\"\n");
    check_there_and_back("- a: 1\n  c: 2\n", "0.b", "- a: 1\n  b: \"1\"\n  c: 2\n");
    check_there_and_back("- b: 1\n", "0.a", "- b: 1\n  a: \"1\"\n");
}

#[test]
fn brackets_keep_their_form() {
    check_there_and_back("a: {b: 1} # c\n", "a.z", "a: {b: 1, z: \"1\"} # c\n");
    check_there_and_back("a: {c: 1}\n", "a.b", "a: {b: \"1\", c: 1}\n");
    check_there_and_back("a: { b: 1 }\n", "a.z", "a: { b: 1, z: \"1\" }\n");
    check("a: {b: 1, }\n", "a.z", "'1'", "a: {b: 1, z: \"1\" }\n");
    check_there_and_back("a: {\n  b: 1,\n  c: 2\n}\n", "a.d", "a: {\n  b: 1,\n  c: 2,\n  d: \"1\"\n}\n");
    check("a: {b: 1}\n", "a.b", "{c: [x, y z]}", "a: {b: {c: [x, \"y z\"]}}\n");
    check("a: {b, c: 1}\n", "a.b", "x", "a: {b: x, c: 1}\n");
    check("a: {b: 1}\n", "a.c.d", "x", "a: {b: 1, c: {d: x}}\n");
    check("a: [{b: 1}, 2]\n", "a.0.c", "x", "a: [{b: 1, c: x}, 2]\n");
    check("a: [1]\n", "a.1", "x", "a: [1, x]\n");
    check("a: {b: '1', c: \"2\"}\n", "a.b", "x", "a: {b: 'x', c: \"2\"}\n");
    check_unset("a: {b: 1, c: 2}\n", "a.b", "a: {c: 2}\n");
    check_unset("a: [1, 2, 3]\n", "a.1", "a: [1, 3]\n");
    check_unset("a: [1]\n", "a.0", "a: []\n");
    check_unset("a: {b: {c: 1}, d: 1}\n", "a.b.c", "a: {d: 1}\n");
}

#[test]
fn json_stays_json() {
    check_there_and_back("{\"a\":{\"b\":1}}", "a.c", "{\"a\":{\"b\":1,\"c\":\"1\"}}");
    check_there_and_back(
        "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n",
        "a.c",
        "{\n  \"a\": {\n    \"b\": 1,\n    \"c\": \"1\"\n  }\n}\n",
    );
    check_there_and_back("{\n\t\"a\": 1\n}\n", "b", "{\n\t\"a\": 1,\n\t\"b\": \"1\"\n}\n");
    check(
        "{\n  \"a\": {}\n}\n",
        "a.b.c",
        "x",
        "{\n  \"a\": {\n    \"b\": {\n      \"c\": \"x\"\n    }\n  }\n}\n",
    );
    check("{\"a\": \"x\"}", "a", "\"<\\\"\\n\\u2028>\"", "{\"a\": \"<\\\"\\n\\u2028>\"}");
    check("{\"a\": {\"b\": 1}}\n", "config.x", "true", "{\"a\": {\"b\": 1}, \"config\": {\"x\": true}}\n");
}

#[test]
fn nothing_becomes_something() {
    check("", "config.a.b", "'1'", "config:\n  a:\n    b: \"1\"\n");
    check("# only this", "a", "x", "# only this\na: x");
    check("# only this\n", "a", "x", "# only this\na: x\n");
    check("---\n", "a", "x", "---\na: x\n");
    check("--- # c\n", "a", "x", "--- # c\na: x\n");
    check("{}\n", "a.b", "x", "a:\n  b: x\n");
    check("~\n", "a", "x", "a: x\n");
    check("config:\nnamespace: x\n", "config.b", "'2'", "config:\n  b: \"2\"\nnamespace: x\n");
    check("config: # c\nnamespace: x\n", "config.b", "'2'", "config: # c\n  b: \"2\"\nnamespace: x\n");
    check("config: {} # c\n", "config.b", "'2'", "config: # c\n  b: \"2\"\n");
    check("config: null\n", "config.b", "'2'", "config:\n  b: \"2\"\n");
    check("config:", "config.b", "'2'", "config:\n  b: \"2\"");
    check("a:\n- \n- 1\n", "a.0.b", "x", "a:\n- b: x \n- 1\n");
    check("a:\n-\n- 1\n", "a.0", "x", "a:\n- x\n- 1\n");
    check("a: []\n", "a.0.b", "x", "a:\n- b: x\n");
    check(
        "x:\n  - 1\na:\n",
        "a",
        "[[1, 2], {}, {b: 1, c: [2]}]",
        "x:\n  - 1\na:\n  - - 1\n    - 2\n  - {}\n  - b: 1\n    c:\n      - 2\n",
    );
}

#[test]
fn one_kind_of_value_becomes_another() {
    check("a:\n  # inner\n  b: 1\n  c: 2 # end\nd: 1\n", "a", "x", "a: x\nd: 1\n");
    check("a: # note\n  b: 1\nd: 1\n", "a", "x", "a: x # note\nd: 1\n");
    check("a: 1 # c\nd: 1\n", "a", "{b: 1}", "a: # c\n  b: 1\nd: 1\n");
    check("a:\n- 1\n- 2\nb: 1\n", "a", "{x: 1}", "a:\n  x: 1\nb: 1\n");
    check("- a: 1\n  b: 2\n- 1\n", "0", "x", "- x\n- 1\n");
    check("- x # c\n- 1\n", "0", "{a: 1, b: 2}", "- a: 1\n  b: 2 # c\n- 1\n");
}

#[test]
fn a_part_is_taken_away() {
    check_unset("a: 1\n# about b\nb: 2 # two\nc: 3\n", "b", "a: 1\n# about b\nc: 3\n");
    check_unset("a:\n  b:\n    c: 1\nd: 1\n", "a.b.c", "d: 1\n");
    check_unset("a:\n  b:\n    c: 1\n    e: 1\nd: 1\n", "a.b.c", "a:\n  b:\n    e: 1\nd: 1\n");
    check_unset("# c\na: 1\n", "a", "# c\n");
    check_unset("a: 1\n", "b", "a: 1\n");
    check_unset("a:\n- b: 1\n  c: 2\n- d: 1\n", "a.0.b", "a:\n- c: 2\n- d: 1\n");
    check_unset("a:\n- b: 1\n- d: 1\n", "a.0.b", "a:\n- {}\n- d: 1\n");
    check_unset("a:\n  - x\n  - y\n", "a.1", "a:\n  - x\n");
    check_unset("a:\n  - x\n", "a.0", "a: []\n");
    check_unset("a: |\n  x\n\n  y\nb: 1\n", "a", "b: 1\n");
    check_unset("a: 1\nb: |+\n  x\n\nc: 1\n", "b", "a: 1\nc: 1\n");
}

#[test]
fn an_item_is_put_into_a_list() {
    let insert = |text: &str, at: usize| {
        let item: Value = crate::from_str("{name: b, path: ./b}").unwrap();
        insert_in_text(text, &path("subcomponents"), at, &item, style(false)).unwrap()
    };
    assert_eq!(
        insert("subcomponents:\n# about a\n- name: a\n\n# about c\n- name: c\n  hooks:\n    x: [y]\n", 1),
        "subcomponents:\n# about a\n- name: a\n- name: b\n  path: ./b\n\n# about c\n- name: c\n  hooks:\n    x: [y]\n"
    );
    assert_eq!(
        insert("subcomponents:\n  # about c\n  - name: c\n", 0),
        "subcomponents:\n  - name: b\n    path: ./b\n  # about c\n  - name: c\n"
    );
    assert_eq!(
        insert("subcomponents: [{name: c}]\n", 0),
        "subcomponents: [{name: b, path: ./b}, {name: c}]\n"
    );
    assert_eq!(insert("subcomponents: []\n", 0), "subcomponents:\n- name: b\n  path: ./b\n");
}

#[test]
fn merged_keys_are_overridden_behind_the_merge() {
    let text = "x: &x {b: 1, z: 1}\na:\n  <<: *x\n";
    check(text, "a.b", "2", "x: &x {b: 1, z: 1}\na:\n  <<: *x\n  b: 2\n");
}

#[track_caller]
fn check_error(text: &str, at: &str, want: &EditError) {
    assert_eq!(set(text, at, "x").as_ref(), Err(want), "{text:?}");
}

#[test]
fn err_the_text_would_mean_something_else() {
    check_error("a: &x 1\nb: *x\n", "a", &EditError::Layout);
    check_error("a: &x {k: 1}\nb: *x\n", "a.k", &EditError::Layout);
    check_error("a: &x {k: 1}\nb: *x\n", "b.k", &EditError::Alias { depth: 1 });
    check_error("x: &x {b: 1}\na:\n  b: 2\n  <<: *x\n", "a.b", &EditError::Layout);
    check_error("a: [b: 1]\n", "a.0.c", &EditError::Layout);
}

#[test]
fn err_the_path_leads_nowhere() {
    check_error("a: 1\n", "a.b", &EditError::NoPart { depth: 1, found: "a number" });
    check_error("a: [1]\n", "a.b", &EditError::NoPart { depth: 1, found: "a list" });
    check_error("a: {b: x}\n", "a.b.0", &EditError::NoPart { depth: 2, found: "a string" });
    check_error("a: [1]\n", "a.2", &EditError::NoItem { depth: 1, len: 1 });
    check_error("a: 1\n", "b.1", &EditError::NoItem { depth: 1, len: 0 });
    assert!(matches!(set("a: [", "a", "x"), Err(EditError::Read(_))));
}
