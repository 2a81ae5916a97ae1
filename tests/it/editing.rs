//! `fab set`, `add` and `remove`: what becomes of the files of a definition.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::hld::{Hld, Run};
use crate::site::Site;

const COMMON: &str = "config/common.yaml";

/// Runs `fab` over one file and compares what becomes of it.
#[track_caller]
fn check(file: &str, before: &str, args: &[&str], after: &str) -> Run {
    let hld = Hld::new(&[(file, before)]);
    let run = hld.fab(args);
    assert_eq!((run.code, hld.read(file).as_str()), (0, after), "{args:?}: {}", run.stderr);
    run
}

/// Runs `fab`, which fails with these words and leaves the file.
#[track_caller]
fn check_error(file: &str, before: &str, args: &[&str], words: &[&str]) {
    let hld = Hld::new(&[(file, before)]);
    let run = hld.fab(args);
    assert_eq!((run.code, hld.read(file).as_str()), (2, before), "{args:?}: {}", run.stderr);
    for words in words {
        assert!(run.stderr.contains(words), "{words:?} is not in {}", run.stderr);
    }
    assert_eq!(hld.files(""), [file]);
}

#[test]
fn set_changes_only_the_value() {
    let before = "# ours\nsubcomponents:\n    app: # the shop\n        config:\n            image:\n                tag: '1.0' # by the pipeline\n            replicas: 2\n";
    let after = before.replace("'1.0'", "'1.1'");
    check(COMMON, before, &["set", "--subcomponent", "app", "image.tag=1.1"], &after);
}

#[test]
fn set_makes_what_is_not_there() {
    let hld = Hld::new(&[]);
    hld.fab(&["set", "--environment", "prod", "--environment", "eu/west", "a.b[0].c=x", "--json", "m=3"])
        .exited(0, &[]);
    for file in ["config/prod.yaml", "config/eu/west.yaml"] {
        assert_eq!(hld.read(file), "config:\n  a:\n    b:\n    - c: x\n  m: 3\n");
    }
}

#[test]
fn set_makes_maps_where_fabrikate_panics() {
    check(COMMON, "config:\nnamespace: x\n", &["set", "b=2"], "config:\n  b: \"2\"\nnamespace: x\n");
    let before = "subcomponents:\n  app:\n    namespace: x\n";
    check(
        COMMON,
        before,
        &["set", "--subcomponent", "app", "b=2"],
        &format!("{before}    config:\n      b: \"2\"\n"),
    );
    let before = "subcomponents:\n  app:\n    config:\n      x: 1\n";
    let after = format!("{before}    subcomponents:\n      db:\n        config:\n          b: \"2\"\n");
    check(COMMON, before, &["set", "--subcomponent", "app.db", "b=2"], &after);
}

#[test]
fn set_takes_any_value() {
    check(COMMON, "", &["set", "a=b=c"], "config:\n  a: b=c\n");
    check(
        COMMON,
        "",
        &["set", "sha=12e5", "--string", "v=0o17"],
        "config:\n  sha: \"12e5\"\n  v: \"0o17\"\n",
    );
    let json = r#"l=[1, "2", {"b": null, "a": 1.5}]"#;
    check(COMMON, "", &["set", "--json", json], "config:\n  l:\n  - 1\n  - \"2\"\n  - a: 1.5\n    b: null\n");
}

#[test]
fn set_knows_namespaces_and_switches() {
    let args = ["set", "--subcomponent", "app", "--namespace", "shop", "--disabled"];
    check(COMMON, "", &args, "subcomponents:\n  app:\n    namespace: shop\n    disabled: true\n");
    let before = "subcomponents:\n  app: {disabled: true} # later\n";
    let args = ["set", "--subcomponent", "app", "--disabled=false"];
    check(COMMON, before, &args, "subcomponents:\n  app: {disabled: false} # later\n");
    check(COMMON, "namespace: x\nconfig: {}\n", &["set", "--namespace", ""], "config: {}\n");
}

#[test]
fn unset_takes_empty_maps_along() {
    let before = "namespace: x\nconfig:\n  a:\n    b:\n      c: 1\n  d: 1\n";
    check(COMMON, before, &["set", "--unset", "a.b.c"], "namespace: x\nconfig:\n  d: 1\n");
    check(COMMON, before, &["set", "--unset", "a", "--unset", "d"], "namespace: x\n");
    check(COMMON, before, &["set", "--unset", "nothing.here"], before);
}

#[test]
fn a_dry_run_shows_the_difference() {
    let before = "config:\n  a: 1\n  b: 2\n";
    let run = check(COMMON, before, &["set", "--dry-run", "b=3"], before);
    let want = "--- a/config/common.yaml\n+++ b/config/common.yaml\n@@ -1,3 +1,3 @@\n config:\n   a: 1\n-  b: 2\n+  b: \"3\"\n";
    assert_eq!(run.stdout, want);
}

#[test]
fn a_file_keeps_its_permissions_and_link() {
    let hld = Hld::new(&[("shared.yaml", "config: {a: 1}\n"), ("config/", "")]);
    std::os::unix::fs::symlink("../shared.yaml", hld.path(COMMON)).unwrap();
    fs::set_permissions(hld.path("shared.yaml"), fs::Permissions::from_mode(0o640)).unwrap();
    hld.fab(&["set", "a=2"]).exited(0, &[]);
    assert_eq!(hld.read("shared.yaml"), "config: {a: \"2\"}\n");
    assert!(hld.path(COMMON).is_symlink());
    assert_eq!(fs::metadata(hld.path("shared.yaml")).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn err_a_file_that_cannot_be_changed_stays() {
    check_error(
        COMMON,
        "config: [\n",
        &["set", "a=1"],
        &["config/common.yaml", "did not find expected node content"],
    );
    check_error("component.yaml", "name: precious\nsubcomponents: [\n", &["add", "n"], &["component.yaml"]);
    check_error(
        "component.yaml",
        "name: precious\nsubcomponents: [\n",
        &["remove", "n"],
        &["component.yaml"],
    );
    let hld = Hld::new(&[(COMMON, "config: {a: 1}\n"), ("config/prod.yaml", "config: {a: 1}\n")]);
    fs::set_permissions(hld.path("config/prod.yaml"), fs::Permissions::from_mode(0o444)).unwrap();
    let run = hld.fab(&["set", "--environment", "common", "--environment", "prod", "a=2"]);
    run.exited(2, &[]).says(&["cannot write `config/prod.yaml`", "read-only"]);
    assert_eq!(hld.read(COMMON), "config: {a: 1}\n");
}

#[test]
fn err_a_path_that_leads_nowhere() {
    check_error(
        COMMON,
        "config:\n  a: 1\n",
        &["set", "x=1", "a.b=2"],
        &["`config.a` is a number, so there can be no `config.a.b`", "common.yaml:2:3"],
    );
    check_error(
        COMMON,
        "config:\n  a: [1]\n",
        &["set", "a[3]=2"],
        &["`config.a` has 1 items, so there can be no `config.a[3]`"],
    );
    check_error(COMMON, "config:\n  a: &x {b: 1}\n  c: *x\n", &["set", "c.b=2"], &["`config.c` is an alias"]);
    check_error(
        COMMON,
        "config:\n  a: &x {b: 1}\n  c: *x\n",
        &["set", "a.b=2"],
        &["`config.a.b` cannot be changed in the text", "by hand"],
    );
    check_error(
        COMMON,
        "config:\n  a: {b: 1}\n",
        &["set", "--no-new-config-keys", "a.b=2", "a.c=2"],
        &["`config.a.c` is not in `config/common.yaml`"],
    );
}

#[test]
fn err_arguments_that_say_nothing() {
    check_error(COMMON, "", &["set"], &["PATH=VALUE"]);
    check_error(COMMON, "", &["set", "abc"], &["`abc`: it has to be path=value"]);
    check_error(COMMON, "", &["set", "=x"], &["`=x`"]);
    check_error(COMMON, "", &["set", "a=1", "--json", "b=x"], &["`b=x`: the value is not JSON"]);
    check_error(COMMON, "", &["set", "--environment", "../x", "a=1"], &["`../x` leads out"]);
    let layers = ["set", "--environment", "qa+west", "a=1"];
    check_error(COMMON, "", &layers, &["`qa+west` is an environment of several config files"]);
    check_error(COMMON, "", &["set", "--file", "nope.yaml"], &["cannot read `nope.yaml`"]);
    check_error(COMMON, "", &["remove", "a"], &["there is no component.yaml"]);
}

const COMPONENT: &str = "# our platform\nname: root\nsubcomponents:\n# metrics\n- name: grafana\n  source: 'https://example.com/charts' # moved\n  method: helm\n  path: grafana\n\n- name: web\n  path: ./web\n";

#[test]
fn add_leaves_the_other_entries_alone() {
    let entry =
        "- name: kafka\n  type: helm\n  source: https://example.com/kafka\n  method: git\n  branch: master\n";
    let after = COMPONENT.replace("\n\n- name: web", &format!("\n{entry}\n- name: web"));
    let args = ["add", "kafka", "--type", "helm", "--source", "https://example.com/kafka"];
    check("component.yaml", COMPONENT, &args, &after);
    check("component.yaml", &after, &args, &after);
    check("component.yaml", &after, &["remove", "kafka"], COMPONENT);
}

#[test]
fn add_replaces_an_entry_field_by_field() {
    let args = [
        "add",
        "grafana",
        "--type",
        "helm",
        "--source",
        "https://example.com/charts",
        "--method",
        "helm",
        "--path",
        "grafana",
        "--version",
        "7",
    ];
    let after = COMPONENT
        .replace("- name: grafana\n", "- name: grafana\n  type: helm\n")
        .replace("path: grafana\n", "path: grafana\n  version: \"7\"\n");
    check("component.yaml", COMPONENT, &args, &after);
}

#[test]
fn remove_takes_several_and_the_list_with_the_last() {
    let run = check(
        "component.yaml",
        COMPONENT,
        &["remove", "web", "grafana", "grafna"],
        "# our platform\nname: root\n\n",
    );
    run.says(&["there is no subcomponent `grafna`; did you mean `grafana`?"]);
}

#[test]
fn remove_purges_config_and_what_was_installed() {
    let files = [
        ("component.yaml", COMPONENT),
        (COMMON, "# all\nsubcomponents:\n  grafana: {config: {a: 1}}\n  web: {config: {a: 1}}\n"),
        ("config/prod.yaml", "namespace: x\nsubcomponents:\n  grafana: {config: {a: 2}}\n"),
        ("helm_repos/grafana/Chart.yaml", "name: grafana\n"),
        ("helm_repos/web/Chart.yaml", "name: web\n"),
    ];
    let hld = Hld::new(&files);
    let run = hld.fab(&["remove", "--purge", "--dry-run", "grafana"]).exited(0, &[]);
    run.says(&[
        "Would change config/common.yaml",
        "Would change config/prod.yaml",
        "Would remove helm_repos/grafana",
    ]);
    assert_eq!(hld.read("component.yaml"), COMPONENT);
    hld.fab(&["remove", "--purge", "grafana"]).exited(0, &[]).says(&["Removing helm_repos/grafana"]);
    assert_eq!(hld.read(COMMON), "# all\nsubcomponents:\n  web: {config: {a: 1}}\n");
    assert_eq!(hld.read("config/prod.yaml"), "namespace: x\n");
    assert_eq!(hld.files("helm_repos"), ["web/Chart.yaml"]);
    hld.fab(&["remove", "--purge", "../grafana", ".."]).exited(0, &[]);
    assert_eq!(hld.files("helm_repos"), ["web/Chart.yaml"]);
}

#[test]
fn add_verifies_and_pins_sources() {
    let site = Site::new(&[("component.yaml", "name: root\n"), ("web/component.yaml", "name: web\n")]);
    let commit = site.repository("comp").commit(&[(
        "component.yaml",
        "name: comp\nsubcomponents:\n- {name: x, method: git, source: nowhere}\n",
    )]);
    let source = site.all().join("remotes/comp").display().to_string();
    site.ok(&["add", "comp", "--source", &source, "--branch", "main", "--pin"])
        .says(&[&format!("Pinned comp at {commit}")]);
    assert!(site.read("component.yaml").contains(&format!("  version: {commit}\n  branch: main\n")));
    site.ok(&["add", "web", "--path", "./web", "--method", "local", "--verify"]);
    let before = site.read("component.yaml");
    let args = ["add", "other", "--source", &source, "--branch", "mian", "--verify"];
    site.fails(&args, 2, &["cannot install", "there is no branch `mian`", "there is `main`"]);
    site.fails(
        &["add", "other", "--path", "./wbe", "--method", "local", "--verify"],
        2,
        &["there is no `wbe`", "did you mean `web`?"],
    );
    assert_eq!(site.read("component.yaml"), before);
}

#[test]
fn add_pins_the_newest_version_of_a_chart() {
    let server = crate::remote_charts::repository();
    let site = Site::new(&[("component.yaml", "name: root\n")]);
    let source = server.url("/charts");
    let add = |version: &str, path: &str| {
        [
            "add",
            "web",
            "--type",
            "helm",
            "--method",
            "helm",
            "--source",
            &source,
            "--path",
            path,
            "--version",
            version,
            "--pin",
        ]
        .map(str::to_owned)
    };
    let run = |args: [String; 13]| site.fab(&args.iter().map(String::as_str).collect::<Vec<_>>());
    run(add("", "web")).exited(0, &[]).says(&["Pinned web at "]);
    run(add("", "wbe")).exited(2, &[]).says(&["there is no chart `wbe`", "there is `web`"]);
}
