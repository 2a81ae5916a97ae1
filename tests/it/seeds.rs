//! Seeds and fixed dates: what charts make up is the same in every run, and stays
//! what it is when something else changes.

use std::collections::BTreeMap;

use crate::hld::Hld;

const DATE: &str = "2026-01-31T12:00:00Z";

/// Every function that draws or asks for the time, one a line; the first value of a line is its name.
const DRAWS: &str = r#"
randAlphaNum: {{ randAlphaNum 20 }}
randAlpha: {{ randAlpha 20 }}
randAscii: {{ randAscii 20 | quote }}
randNumeric: {{ randNumeric 20 }}
randBytes: {{ randBytes 20 }}
randInt: {{ randInt 0 1000000000000 }}
shuffle: {{ shuffle "abcdefghijklmnopqrstuvwxyz" }}
uuidv4: {{ uuidv4 }}
bcrypt: {{ bcrypt "x" }}
htpasswd: {{ htpasswd "a" "x" }}
encryptAES: {{ encryptAES "key" "text" }}
rsa: {{ genPrivateKey "rsa" | b64enc }}
ecdsa: {{ genPrivateKey "ecdsa" | b64enc }}
ed25519: {{ genPrivateKey "ed25519" | b64enc }}
{{- $key := genPrivateKey "ecdsa" }}
{{- $ca := genCA "ca" 30 }}
genCA: {{ $ca | toJson | b64enc }}
genCAWithKey: {{ genCAWithKey "ca" 30 $key | toJson | b64enc }}
genSelfSignedCert: {{ genSelfSignedCert "x" nil nil 30 | toJson | b64enc }}
genSelfSignedCertWithKey: {{ genSelfSignedCertWithKey "x" nil nil 30 $key | toJson | b64enc }}
genSignedCert: {{ genSignedCert "x" nil nil 30 $ca | toJson | b64enc }}
genSignedCertWithKey: {{ genSignedCertWithKey "x" nil nil 30 $ca $key | toJson | b64enc }}
"#;

const TIMES: &str = r#"
now: {{ now | quote }}
date: {{ now | date "2006-01-02T15:04:05" }}
ago: {{ ago (toDate "2006-01-02" "2026-01-31") }}
htmlDate: {{ htmlDate nil }}
"#;

/// A chart with a subchart whose templates make up much.
fn chart() -> Hld {
    Hld::new(&[
        ("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        ("c/templates/draws.yaml", DRAWS),
        ("c/templates/times.yaml", TIMES),
        ("c/templates/a.yaml", "a: {{ randAlphaNum 20 }}\n"),
        ("c/templates/z.yaml", "z: {{ randAlphaNum 20 }}\n"),
        ("c/charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 1.0.0\n"),
        ("c/charts/s/templates/a.yaml", "s: {{ randAlphaNum 20 }}\n"),
        ("c/charts/t/Chart.yaml", "apiVersion: v2\nname: t\nversion: 1.0.0\n"),
        ("c/charts/t/templates/a.yaml", "t: {{ randAlphaNum 20 }}\n"),
    ])
}

/// Renders the chart with a seed and a fixed date.
#[track_caller]
fn render(hld: &Hld, seed: &str, args: &[&str]) -> String {
    let command = [&["template", "--seed-date", DATE], args].concat();
    let run = hld.fab_with(&[("FAB_SEED", seed)], &command);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.stdout
}

fn values(output: &str) -> BTreeMap<&str, &str> {
    output.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": ")).collect()
}

#[test]
fn the_same_seed_and_date_give_the_same_bytes_in_every_process() {
    let hld = chart();
    let first = render(&hld, "secret", &["r", "c"]);
    assert_eq!(first, render(&hld, "secret", &["r", "c"]));
    let flags = hld.ok(&["template", "r", "c", "--seed", "secret", "--seed-date", "1769860800"]);
    assert_eq!(flags.stdout, first, "flags say the same as variables");
    let other = render(&hld, "other", &["r", "c"]);
    let (first, other) = (values(&first), values(&other));
    assert_eq!(first.len(), 28, "{first:?}");
    for (name, value) in &first {
        let is_time = TIMES.contains(&format!("{name}: "));
        assert_eq!(other[name] == *value, is_time, "{name}");
    }
    assert_eq!(first["now"], r#""2026-01-31 12:00:00 +0000 UTC m=+0.000000000""#);
    assert_eq!((first["ago"], first["htmlDate"]), ("12h0m0s", "2026-01-31"));
}

#[test]
fn what_one_template_makes_up_does_not_depend_on_others() {
    let hld = chart();
    let before = render(&hld, "secret", &["r", "c"]);
    hld.write("c/templates/a.yaml", "new: {{ uuidv4 }}\na: {{ randAlphaNum 20 }}\n");
    hld.write("c/templates/zz.yaml", "zz: {{ genPrivateKey \"ed25519\" | b64enc }}\n");
    hld.write("c/charts/s/templates/zz.yaml", "szz: {{ uuidv4 }}\n");
    let after = render(&hld, "secret", &["r", "c"]);
    let (before, after) = (values(&before), values(&after));
    for (name, value) in before.iter().filter(|(name, _)| **name != "a") {
        assert_eq!(after[name], *value, "{name}");
    }
    let names = ["a", "z", "s", "t"];
    let mut all = names.map(|name| before[name]);
    all.sort_unstable();
    assert!(all.windows(2).all(|pair| pair[0] != pair[1]), "each template draws its own: {all:?}");
}

#[test]
fn every_release_has_values_of_its_own() {
    let hld = chart();
    let value = |args: &[&str]| {
        let args = [args, &["-s", "templates/z.yaml"]].concat();
        values(&render(&hld, "secret", &args))["z"].to_owned()
    };
    let first = value(&["r", "c"]);
    assert_eq!(first, value(&["r", "c", "-n", "default", "--set", "a=b"]));
    assert_ne!(first, value(&["r2", "c"]));
    assert_ne!(first, value(&["r", "c", "-n", "other"]));
}

#[test]
fn a_tree_is_the_same_with_any_number_of_threads() {
    let mut component = "name: root\nsubcomponents:\n".to_owned();
    for number in 0..8 {
        component += &format!("- {{name: r{number}, type: helm, source: ./c, method: local, path: c}}\n");
    }
    let hld = chart();
    hld.write("component.yaml", &component);
    hld.write("c/templates/draws.yaml", "");
    let generate = |jobs: &str, seed: &str| {
        let variables = [("FAB_SEED", seed), ("SOURCE_DATE_EPOCH", "1769860800")];
        let run = hld.fab_with(&variables, &["generate", "--jobs", jobs, "--each", "prod", "qa"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        hld.files("generated").iter().map(|file| hld.read(&format!("generated/{file}"))).collect::<Vec<_>>()
    };
    let one = generate("1", "secret");
    assert_eq!(one, generate("4", "secret"));
    assert_ne!(one, generate("4", "other"));
    let mut drawn: Vec<&str> = one.iter().filter_map(|text| values(text).get("z").copied()).collect();
    assert_eq!(drawn.len(), 16);
    drawn.sort_unstable();
    drawn.dedup();
    assert_eq!(drawn.len(), 16, "every release of every environment draws its own");
}

#[test]
fn seeds_are_never_printed() {
    let hld = chart();
    hld.write("c/templates/a.yaml", "{{ fail (randAlpha 5) }}");
    for args in [&["template", "r", "c", "--debug"][..], &["template", "--bogus"], &["-v", "generate", "x"]] {
        let flagged = [args, &["--seed", "s3cret"]].concat();
        for run in [hld.fab_with(&[("FAB_SEED", "s3cret")], args), hld.fab(&flagged)] {
            assert!(!run.stderr.contains("s3cret") && !run.stdout.contains("s3cret"), "{}", run.stderr);
        }
    }
    let help = hld.fab_with(&[("FAB_SEED", "s3cret")], &["template", "--help"]);
    assert!(help.stdout.contains("FAB_SEED") && !help.stdout.contains("s3cret"), "{}", help.stdout);
}

#[test]
fn an_empty_seed_and_a_date_that_is_none_are_errors() {
    let hld = chart();
    hld.fails(&["template", "c", "--seed", ""], 1, &["Error: flag needs an argument: --seed"]);
    let wrong = "invalid value 'noon' for '--seed-date <DATE>': neither a date such as 2026-01-31T12:00:00Z";
    let as_helm = "Error: invalid argument \"noon\" for \"--seed-date\" flag: neither a date such as 2026-01-31T12:00:00Z";
    hld.fails(&["template", "c", "--seed-date", "noon"], 1, &[as_helm]);
    hld.fails(&["generate", "--seed-date", "noon"], 2, &[wrong]);
    let run = hld.fab_with(&[("SOURCE_DATE_EPOCH", "soon")], &["template", "c"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
}
