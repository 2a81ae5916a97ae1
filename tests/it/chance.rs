//! What is different in every run, beside `generate --check`.

use crate::hld::Hld;

const SECRET: &str = "kind: Secret\nmetadata: {name: x}\nstringData:\n  password: {{ randAlphaNum 12 }}\n  \
    hash: {{ randAlphaNum 12 | sha256sum }}\n  user: {{ .Values.user }}\n  at: {{ now | unixEpoch | quote }}\n";

fn hld() -> Hld {
    let hld = Hld::new(&[
        ("component.yaml", "name: web\ntype: helm\npath: ./chart\n"),
        ("config/common.yaml", "config: {user: ada}\n"),
        ("chart/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        ("chart/templates/secret.yaml", SECRET),
    ]);
    hld.ok(&["generate", "prod", "-q"]);
    hld
}

#[test]
fn lines_that_differ_in_every_run_are_no_difference() {
    let hld = hld();
    let run = hld.ok(&["generate", "prod", "--check"]);
    assert_eq!(run.stdout, "");
    for line in [
        "generated/prod/web.yaml:7: not compared: `randAlphaNum` at chart/templates/secret.yaml:4:29 differs in every run",
        "generated/prod/web.yaml:8: not compared: `randAlphaNum` at chart/templates/secret.yaml:5:25 differs in every run",
    ] {
        assert!(run.stderr.contains(line), "{}", run.stderr);
    }
    assert!(run.stderr.contains("generated/prod is up to date"), "{}", run.stderr);
}

#[test]
fn another_line_that_differs_is_a_difference() {
    let hld = hld();
    hld.write("config/common.yaml", "config: {user: bob}\n");
    let run = hld.fab(&["generate", "prod", "--check"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, "changed generated/prod/web.yaml\n"), "{}", run.stderr);
    assert!(run.stderr.contains("1 file is not up to date"), "{}", run.stderr);
}

#[test]
fn what_is_seeded_is_compared() {
    let hld = hld();
    let seeded = ["--seed", "s", "--seed-date", "0"];
    hld.ok(&[&["generate", "prod"][..], &seeded].concat());
    let run = hld.ok(&[&["generate", "prod", "--check"][..], &seeded].concat());
    assert!(!run.stderr.contains("not compared"), "{}", run.stderr);
    let other = hld.fab(&["generate", "prod", "--check", "--seed", "t", "--seed-date", "0"]);
    assert_eq!(other.code, 1, "another seed makes another tree");
}
