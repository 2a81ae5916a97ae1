//! What Sprig itself answers. The files in `testdata` hold calls, each followed by
//! what Sprig 3.3.0 printed in Go 1.26 with `TZ=UTC` (`=`, as a JSON string) or by
//! the error (`!`).

use std::time::{Duration, SystemTime};

use gotmpl::{Exec, Functions, MissingKey, Options, Parsed, Templates, Value};
use sprig::{Env, Patterns, Source};

fn env() -> Env {
    Env::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000), [1; 32])
}

fn render(template: &str, env: &Env) -> Result<String, String> {
    let functions = Functions::new(&[sprig::FUNCTIONS]);
    let mut templates = Templates::new("t");
    templates.add(&Parsed::new("t", template.as_bytes(), &functions).map_err(|err| err.to_string())?);
    let options = Options {
        missing_key: MissingKey::Zero,
        extensions: &[env, &Patterns::default()],
        ..Options::default()
    };
    let data = Value::map::<&str>([]);
    let text = Exec::new(&templates, &functions, options).run("t", data).map_err(|err| err.to_string())?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[track_caller]
fn check(area: &str) {
    let path = format!("{}/testdata/{area}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the file of the area is there");
    let env = env();
    let mut wrong = Vec::new();
    for case in text.trim_end().split("\n\n") {
        let (template, answer) = case.split_once('\n').expect("an answer follows each call");
        let want = match answer.split_once(' ') {
            Some(("=", text)) => Ok(serde_json::from_str(text).expect("an answer is a JSON string")),
            Some(("!", error)) => Err(error.to_owned()),
            _ => panic!("no answer for {template}"),
        };
        let got = render(template, &env);
        if got != want {
            wrong.push(format!("{template}\n got {got:?}\nwant {want:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn strings_are_cut_searched_and_quoted_as_in_go() {
    check("strings");
}

#[test]
fn lists_are_new_ones_and_compared_by_type() {
    check("lists");
}

#[test]
fn dicts_are_merged_as_mergo_does() {
    check("dicts");
}

#[test]
fn emptiness_and_types_are_those_of_reflect() {
    check("defaults");
}

#[test]
fn numbers_are_converted_silently() {
    check("numbers");
}

#[test]
fn encodings_print_their_errors_or_fail_with_them() {
    check("encoding");
}

#[test]
fn paths_and_urls_are_those_of_go() {
    check("paths");
}

#[test]
fn patterns_are_those_of_re2() {
    check("regex");
}

#[test]
fn versions_and_constraints_are_those_of_masterminds() {
    check("semver");
}

#[test]
fn dates_and_durations_are_those_of_go() {
    check("dates");
}

#[test]
fn keys_are_read_in_every_format_that_go_reads() {
    check("keys");
}

#[test]
fn a_seed_makes_a_run_repeatable() {
    let template = r#"{{ randAlphaNum 9 }} {{ randInt 3 5 }} {{ uuidv4 }} {{ shuffle "abcdef" }} {{ randBytes 4 }}
        {{ bcrypt "x" }} {{ genPrivateKey "ecdsa" }} {{ (genSelfSignedCertWithKey "a" nil nil 1 (genPrivateKey "ed25519")).Cert }}"#;
    let first = render(template, &env());
    assert_eq!(first, render(template, &env()));
    assert_ne!(first, render(template, &Env::new(SystemTime::UNIX_EPOCH, [2; 32])));
}

#[test]
fn what_depends_on_the_moment_or_on_chance_is_recorded() {
    let env = env();
    render(r#"{{ date "2006" 0 }}{{ upper "x" }}"#, &env).unwrap();
    assert!(env.take_uses().is_empty());
    let template = "{{ randAlpha 3 }}{{ now }}{{ randAlpha 3 }}\n{{ date `2006` `x` }}{{ randAlpha 3 }}{{ htpasswd `a` `b` }}";
    render(template, &env).unwrap();
    let uses = env.take_uses();
    let shown: Vec<_> = uses.iter().map(|one| (one.function, one.position.as_ref().unwrap().line)).collect();
    assert_eq!(shown, [("now", 1), ("randAlpha", 1), ("date", 2), ("randAlpha", 2), ("htpasswd", 2)]);
    assert_eq!(uses[1].made.len(), 2, "both texts of the line");
    assert!(env.take_uses().is_empty(), "they are told of once");
}

#[test]
fn what_is_fixed_is_not_recorded() {
    let template = "{{ randAlpha 3 }}{{ now }}";
    let functions = |env: &Env| {
        render(template, env).unwrap();
        env.take_uses().iter().map(|one| one.function).collect::<Vec<_>>()
    };
    assert_eq!(functions(&env().with_fixed(Source::Clock)), ["randAlpha"]);
    assert_eq!(functions(&env().with_fixed(Source::Randomness)), ["now"]);
}

#[test]
fn one_use_can_get_other_answers() {
    let template = "{{ randAlpha 9 }}\n{{ randAlpha 9 }}\n{{ now | date `2006-01-02T15:04:05` }}";
    let env = env();
    let first = render(template, &env).unwrap();
    for (number, one) in env.take_uses().iter().enumerate() {
        let second = render(template, &env.differing_at([one])).unwrap();
        let differ: Vec<bool> = first.lines().zip(second.lines()).map(|(a, b)| a != b).collect();
        assert_eq!(differ, [0, 1, 2].map(|line| line == number), "{first}\n{second}");
    }
}

#[test]
fn the_local_zone_is_the_callers() {
    let env = env().in_zone("Europe/Berlin").unwrap();
    let text =
        render(r#"{{ date "15:04 MST" 0 }} {{ toDate "2006-01-02" "2023-07-01" }} {{ now.Location }}"#, &env);
    assert_eq!(text.unwrap(), "01:00 CET 2023-07-01 00:00:00 +0200 CEST Europe/Berlin");
    let moved =
        r#"{{ (toDate "2006-01-02T15:04:05Z07:00" "2023-07-01T00:00:00Z").UTC.Local.Format "15:04 MST" }}"#;
    assert_eq!(render(moved, &env).unwrap(), "02:00 CEST");
    assert!(env.in_zone("Nowhere/Else").is_none());
}

#[test]
fn random_values_have_the_shape_that_was_asked_for() {
    let checks = r#"{{ regexMatch "^[a-zA-Z]{50}$" (randAlpha 50) }} {{ regexMatch "^[0-9]{50}$" (randNumeric 50) }} {{
        regexMatch "^[ -~]{50}$" (randAscii 50) }} {{ regexMatch "^[0-9a-zA-Z]{50}$" (randAlphaNum 50) }} {{
        regexMatch "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$" uuidv4 }} {{
        randBytes 5 | b64dec | len }} {{ randAlpha -1 | len }} {{ randInt 4 5 }}"#;
    assert_eq!(render(checks, &env()).unwrap(), "true true true true true 5 0 4");
    let error = render("{{ randInt 5 5 }}", &env()).unwrap_err();
    assert!(error.ends_with("error calling randInt: invalid argument to Intn"), "{error}");
}

#[test]
fn a_signed_certificate_names_its_authority() {
    let template = r#"{{ $ca := genCAWithKey "root" 1 (genPrivateKey "ed25519") }}{{
        $leaf := genSignedCertWithKey "leaf" (list "10.0.0.1") (list "a.b") 1 $ca (genPrivateKey "ecdsa") }}{{
        $leaf.Cert | contains "BEGIN CERTIFICATE" }} {{ $leaf.Key | contains "BEGIN EC PRIVATE KEY" }} {{
        (buildCustomCert (b64enc $leaf.Cert) (b64enc $leaf.Key)).Cert | eq $leaf.Cert }} {{
        genSignedCertWithKey "x" nil nil 1 (genCAWithKey "y" 1 (genPrivateKey "ecdsa")) (genPrivateKey "ecdsa") | kindOf }}"#;
    assert_eq!(render(template, &env()).unwrap(), "true true true struct");
    let other_key = r#"{{ $a := genPrivateKey "ecdsa" }}{{ genSignedCert "x" nil nil 1 (genSelfSignedCertWithKey "x" nil nil 1 "bad") }}"#;
    let error = render(other_key, &env()).unwrap_err();
    assert!(error.ends_with("parsing private key: no PEM data in input"), "{error}");
}

#[test]
fn large_results_are_taken_from_the_budget() {
    for template in [
        r#"{{ repeat 9000000000000 "ab" }}"#,
        "{{ until 9000000000000 }}",
        "{{ seq 9000000000000 }}",
        "{{ randAlphaNum 9000000000000 }}",
        "{{ randBytes 9000000000000 }}",
        r#"{{ indent 9000000000000 "x" }}"#,
        r#"{{ nindent 9000000000000 "x" }}"#,
    ] {
        assert!(render(template, &env()).is_err(), "template: {template}");
    }
}

#[test]
fn a_dict_that_holds_itself_does_no_harm() {
    for call in
        ["deepCopy $d", "merge $d (deepCopy (dict \"me\" $d))", "toJson $d", "merge (dict \"me\" (dict)) $d"]
    {
        let template = format!(
            "{{{{ $d := dict }}}}{{{{ $_ := set $d \"me\" $d }}}}{{{{ $x := {call} }}}}done{{{{ $_ := unset $d \"me\" }}}}"
        );
        let outcome = render(&template, &env());
        assert!(outcome.as_deref().is_ok_and(|text| text == "done") || outcome.is_err(), "{call}");
    }
}

#[test]
fn patterns_are_the_same_when_they_are_kept() {
    let twice = r#"{{ range until 2 }}{{ regexFind "a+" "baa" }} {{ regexMatch "(" "x" }} {{ end }}"#;
    assert_eq!(render(twice, &env()).unwrap(), "aa false aa false ");
}

#[test]
fn every_function_is_there_once() {
    let mut names: Vec<&str> = sprig::FUNCTIONS.iter().map(|function| function.name).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!((names.len(), all), (209, 209));
    assert!(!names.contains(&"env") && !names.contains(&"expandenv"));
}
