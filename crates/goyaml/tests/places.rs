//! Documents and values in the text.

use goyaml::PathSegment::{Index, Key};
use goyaml::{PathSegment, documents, locate};

#[track_caller]
fn check_documents(stream: &str, want: &[(&str, &str, bool)]) {
    let documents = documents(stream).expect(stream);
    let got: Vec<_> = documents
        .iter()
        .map(|document| (document.text, &document.text[document.content.clone()], document.is_empty))
        .collect();
    assert_eq!(got, want, "{stream:?}");
    let joined: String = documents.iter().map(|document| document.text).collect();
    assert_eq!(joined, stream);
}

#[test]
fn documents_keep_every_byte() {
    check_documents("a: 1\n", &[("a: 1\n", "a: 1\n", false)]);
    check_documents(
        "# head\n---\na: 1 # one\n\n# tail\n--- # two\n- x\n...\n---\n",
        &[
            ("# head\n---\na: 1 # one\n\n# tail\n", "\na: 1 # one\n\n# tail\n", false),
            ("--- # two\n- x\n...\n", " # two\n- x\n", false),
            ("---\n", "\n", true),
        ],
    );
    check_documents("\u{feff}a\n---\nb", &[("\u{feff}a\n", "\u{feff}a\n", false), ("---\nb", "\nb", false)]);
}

#[test]
fn markers_inside_scalars_do_not_cut() {
    check_documents(
        "a: |\n  ---\nb: '\n  --- x'\n",
        &[("a: |\n  ---\nb: '\n  --- x'\n", "a: |\n  ---\nb: '\n  --- x'\n", false)],
    );
}

#[test]
fn directives_belong_to_their_document() {
    check_documents(
        "a\n...\n%YAML 1.1\n---\nb\n",
        &[("a\n...\n", "a\n", false), ("%YAML 1.1\n---\nb\n", "\nb\n", false)],
    );
}

#[test]
fn documents_with_nothing_in_them_are_empty() {
    assert_eq!(documents("").unwrap(), []);
    assert_eq!(documents("# c\n").unwrap(), []);
    check_documents("--- # c\n---\n~\n", &[("--- # c\n", " # c\n", true), ("---\n~\n", "\n~\n", false)]);
}

#[test]
fn lines_count_from_the_stream() {
    let lines: Vec<_> =
        documents("a\n---\nb\n---\nc").unwrap().iter().map(|document| document.line).collect();
    assert_eq!(lines, [0, 1, 3]);
}

#[test]
fn streams_that_go_cannot_parse_have_no_documents() {
    let err = documents("a: 1\n---\nb: [\n").unwrap_err();
    assert_eq!(err.to_string(), "yaml: line 3: did not find expected node content");
}

#[track_caller]
fn check_place(text: &str, path: &[PathSegment<'_>], want: Option<(&str, &str, usize, usize)>) {
    let got = locate(text, path).map(|span| {
        let key = span.key.map_or("", |key| &text[key.range]);
        (key, &text[span.value.range.clone()], span.value.line, span.value.column)
    });
    assert_eq!(got, want, "{path:?}");
}

const TEXT: &str = "\
# comment
é: {b: [1, 'two'], \"c\": }
list:
- name: x
  text: |
    lines
    more
- 5
1: one
alias: &a {k: v}
other: *a
merged: {<<: *a}
twice: 1
twice: 2
";

#[test]
fn values_are_found_by_their_path() {
    check_place(TEXT, &[Key("é")], Some(("é", "{b: [1, 'two'], \"c\": }", 2, 4)));
    check_place(TEXT, &[Key("é"), Key("b"), Index(1)], Some(("", "'two'", 2, 12)));
    check_place(TEXT, &[Key("é"), Key("c")], Some(("\"c\"", "", 2, 25)));
    check_place(
        TEXT,
        &[Key("list"), Index(0), Key("text")],
        Some(("text", "|\n    lines\n    more\n", 5, 9)),
    );
    check_place(TEXT, &[Key("list"), Index(1)], Some(("", "5", 8, 3)));
    check_place(TEXT, &[Key("1")], Some(("1", "one", 9, 4)));
    check_place(TEXT, &[], Some(("", &TEXT[10..TEXT.len() - 1], 2, 1)));
}

#[test]
fn aliases_lead_to_their_anchors() {
    check_place(TEXT, &[Key("other"), Key("k")], Some(("k", "v", 10, 15)));
    check_place(TEXT, &[Key("merged"), Key("k")], Some(("k", "v", 10, 15)));
}

#[test]
fn last_of_equal_keys_is_found() {
    check_place(TEXT, &[Key("twice")], Some(("twice", "2", 14, 8)));
}

#[test]
fn what_is_not_there_is_not_found() {
    check_place(TEXT, &[Key("nope")], None);
    check_place(TEXT, &[Key("list"), Index(2)], None);
    check_place(TEXT, &[Key("list"), Key("name")], None);
    check_place("a: [", &[Key("a")], None);
}
