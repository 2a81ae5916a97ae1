//! Expressions that mean harm: each ends soon, with an error.

use kubecel::{Program, RunError};

#[track_caller]
fn check(source: &str, want: Result<RunError, &str>) {
    let shown: String = source.chars().take(60).collect();
    match (Program::compile(source, &[]), want) {
        (Ok(program), Ok(want)) => assert_eq!(program.run(&[], 100_000), Err(want), "{shown}"),
        (Err(err), Err(want)) => assert_eq!(err.to_string(), want, "{shown}"),
        (compiled, want) => panic!("{shown}: wanted {want:?}, found {:?}", compiled.map(|_| ())),
    }
}

/// Puts an expression into the `@` of a text, so many times.
fn nested(times: usize, of: &str, innermost: &str) -> String {
    (0..times).fold(innermost.to_owned(), |inner, _| of.replace('@', &inner))
}

#[test]
fn loops_in_loops_use_up_the_budget() {
    check(&nested(9, "[1,2,3,4,5,6,7,8,9,0].all(x, @)", "true"), Ok(RunError::Budget));
}

#[test]
fn texts_and_lists_that_double_use_up_the_budget() {
    check(&nested(20, "optional.of(@).optMap(x, x + x).value()", "'0123456789'"), Ok(RunError::Budget));
    check(&nested(20, "[@].map(x, x + x)[0]", "[1, 2, 3, 4, 5]"), Ok(RunError::Budget));
}

#[test]
fn a_value_that_has_itself_in_many_places_is_not_compared_for_ever() {
    let shared = nested(20, "[@].map(x, [x, x])[0]", "[1]");
    check(&format!("{shared} == {shared}"), Ok(RunError::Budget));
}

#[test]
fn deep_nesting_is_refused() {
    let deep = "it is nested more than 250 levels deep";
    for (open, close) in [("(", ")"), ("[", "]"), ("{1:", "}"), ("size(", ")"), ("!(", ")")] {
        check(&format!("{}1{}", open.repeat(50_000 / open.len()), close.repeat(9_000)), Err(deep));
    }
    check(&format!("1{}", ".a".repeat(9_000)), Err(deep));
    check(&format!("1{}", " + 1".repeat(9_000)), Err(deep));
    check(&format!("1{}", "[0]".repeat(9_000)), Err(deep));
}

#[test]
fn long_chains_are_fine() {
    let chain = format!("true{}", " && true".repeat(9_000));
    assert!(Program::compile(&chain, &[]).unwrap().run(&[], 100_000).is_ok());
    assert!(Program::compile(&format!("{}true", "!".repeat(9_000)), &[]).is_ok());
}

#[test]
fn an_expression_has_a_limited_length() {
    check(&" ".repeat(200_000), Err("an expression has at most 100000 characters"));
}

#[test]
fn what_is_no_expression_is_an_error() {
    for source in [
        "",
        ".",
        "'",
        "\"\\",
        "0x",
        "1e",
        "a.",
        "b'\\377\\400'",
        "'\\ud800'",
        "{",
        "has(",
        "\u{0}",
        "é",
        "1.5u",
    ] {
        assert!(Program::compile(source, &[]).is_err(), "{source:?}");
    }
}
