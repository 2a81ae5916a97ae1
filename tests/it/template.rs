//! What `fab template` prints for a chart that helm renders half, or writes to files.
//! Expected text is that of helm 4.2.4.

use std::path::Path;
use std::process::{Command, Output};

/// Makes a chart `c` with one template in a folder.
fn chart(template: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("c/templates")).unwrap();
    std::fs::write(folder.path().join("c/Chart.yaml"), "apiVersion: v2\nname: c\nversion: 0.1.0\n").unwrap();
    std::fs::write(folder.path().join("c/templates/a.yaml"), template).unwrap();
    folder
}

fn run(folder: &Path, flags: &[&str]) -> Output {
    let mut fab = Command::new(env!("CARGO_BIN_EXE_fab"));
    fab.current_dir(folder).args(["template", "r", "./c"]).args(flags).output().unwrap()
}

/// Checks what is printed of a chart that fails.
#[track_caller]
fn check_failure(template: &str, flags: &[&str], want: &str) {
    let output = run(chart(template).path(), flags);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), want);
}

const HOOK: &str = "kind: H\nmetadata: {annotations: {helm.sh/hook: test}}\n";
const SOURCE: &str = "---\n# Source: c/templates/a.yaml\n";

#[test]
fn debug_shows_the_files_and_the_hooks_before_the_one_that_is_no_yaml() {
    let template = format!("kind: A\n---\n{HOOK}---\na: b: c\n");
    let files = format!("{SOURCE}{template}");
    check_failure(&template, &["--debug"], &format!("{files}{SOURCE}{HOOK}\n"));
    check_failure(&template, &["--debug", "--skip-tests"], &files);
    let shown = format!("{SOURCE}kind: A\n\n{SOURCE}{HOOK}\n\n");
    check_failure(&template, &["--debug", "-s", "templates/a.yaml"], &shown);
    check_failure(&template, &["--debug", "-s", "templates/x.yaml"], "");
    check_failure(&template, &[], "");
    check_failure("{{ .Values.a.b.c }}", &["--debug"], "\n");
}

#[test]
fn a_chart_that_would_use_up_the_memory_is_an_error() {
    let folder = chart("a: 1\nb: {{ until 1000000000 | len }}\n");
    let output = run(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    let place = "template: c/templates/a.yaml:2:6: executing \"c/templates/a.yaml\" at <until 1000000000>";
    assert!(message.contains(place.trim_start_matches("template: ")), "{message}");
    assert!(message.contains("exceeded maximum size (67108864 bytes)"), "{message}");
}

#[test]
fn show_only_finds_nothing_after_files_were_written() {
    let folder = chart(&format!("kind: A\n---\n{HOOK}"));
    let output = run(folder.path(), &["--output-dir", "out", "-s", "templates/a.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "wrote out/c/templates/a.yaml\n".repeat(2));
    let message = "Error: could not find template templates/a.yaml in chart\n";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), message);
    let written = std::fs::read_to_string(folder.path().join("out/c/templates/a.yaml")).unwrap();
    assert_eq!(written, format!("{SOURCE}kind: A\n\n{SOURCE}{HOOK}\n"));
}
