//! What Go itself answers. The files in `testdata/answers` hold templates, each
//! followed by what Go 1.26 printed over the data of [`world`] (`=`, as a JSON string)
//! or by its error (`!`). A newline in a template is written as `⏎`.

mod world;

use gotmpl::MissingKey;

#[track_caller]
fn check(area: &str, missing_key: MissingKey) {
    let path = format!("{}/testdata/answers/{area}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the file of the area is there");
    for case in text.trim_end_matches('\n').split("\n\n") {
        let (template, answer) = case.split_once('\n').expect("an answer follows each template");
        let want = match answer.split_once(' ') {
            Some(("=", text)) => Ok(serde_json::from_str(text).expect("an answer is a JSON string")),
            Some(("!", error)) => Err(error.to_owned()),
            _ => panic!("no answer for {template}"),
        };
        let template = template.replace('⏎', "\n");
        assert_eq!(world::render(&template, missing_key), want, "template: {template}");
    }
}

#[test]
fn values_are_read_typed_and_converted() {
    check("values", MissingKey::Invalid);
}

#[test]
fn methods_and_function_values_are_called() {
    check("calls", MissingKey::Invalid);
}

#[test]
fn branches_loops_and_templates_have_their_scopes() {
    check("control", MissingKey::Invalid);
}

#[test]
fn builtins_check_their_arguments() {
    check("builtins", MissingKey::Invalid);
}

#[test]
fn every_verb_prints_every_kind() {
    check("printf", MissingKey::Invalid);
}

#[test]
fn what_is_no_template_is_told_at_its_line() {
    check("parse", MissingKey::Invalid);
}

#[test]
fn a_missing_key_can_be_a_zero_value() {
    check("missing_key_zero", MissingKey::Zero);
}

#[test]
fn a_missing_key_can_be_an_error() {
    check("missing_key_error", MissingKey::Error);
}
