//! `fab list` and `fab show`: what they print of a definition.

use crate::hld::Hld;

/// A definition with every kind of source, and with something that an environment leaves out.
const FILES: [(&str, &str); 7] = [
    (
        "component.yaml",
        "name: platform\nsubcomponents:\n- name: infra\n  source: ./infra\n- name: shop\n  method: git\n  \
         source: https://git.example.com/shop\n  version: v1.4.0\n  path: deploy\n- name: crds\n  type: static\n  \
         method: http\n  source: https://example.com/crds.yaml\n",
    ),
    (
        "infra/component.yaml",
        "name: infra\nsubcomponents:\n- name: redis\n  type: helm\n  method: helm\n  source: https://charts.example.com\n  \
         path: redis\n  version: ^18\n- name: web\n  type: static\n  path: web\n- name: dns\n  source: ./dns\n",
    ),
    ("infra/dns/component.yaml", "name: dns\nsubcomponents:\n- name: web\n  type: static\n  path: web\n"),
    (
        "infra/config/common.yaml",
        "subcomponents:\n  redis:\n    namespace: data\n    config: {size: 1Gi, tags: [a]}\n",
    ),
    (
        "config/prod.yaml",
        "subcomponents:\n  infra:\n    subcomponents:\n      redis:\n        config: {size: 8Gi, tags: [b]}\n        \
         injectNamespace: true\n      dns:\n        disabled: true\n",
    ),
    ("config/dev.yaml", "{}\n"),
    (
        "fab.lock",
        "version: 1\nsources:\n- method: helm\n  source: https://charts.example.com\n  path: redis\n  version: ^18\n  \
         resolved: 18.1.0\n  digest: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
    ),
];

/// Compares all that is printed.
#[track_caller]
fn check(name: &str, arguments: &[&str]) {
    let shown = Hld::new(&FILES).fab(arguments).session(arguments);
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, shown) });
}

#[test]
fn a_table_shows_the_tree() {
    check("table", &["list", "prod"]);
}

#[test]
fn without_a_name_all_environments_are_listed() {
    let run = Hld::new(&FILES).ok(&["list"]);
    assert!(
        run.stdout.starts_with("dev:\nCOMPONENT") && run.stdout.contains("\n\nprod:\nCOMPONENT"),
        "{}",
        run.stdout
    );
}

#[test]
fn data_has_every_field() {
    check("json", &["list", "prod", "--output-format", "json"]);
}

#[test]
fn pictures_are_drawn() {
    check("mermaid", &["list", "prod", "--output-format", "mermaid"]);
    check("dot", &["list", "prod", "--output-format", "dot"]);
}

#[test]
fn the_settings_of_a_component_are_those_of_all_files() {
    check("show", &["show", "prod", "infra/redis"]);
    check("show-json", &["show", "prod", "redis", "--output-format", "json"]);
}

#[test]
fn the_settings_of_a_component_have_those_below_it() {
    check("show-below", &["show", "prod", "infra"]);
}

#[test]
fn err_there_is_no_such_component() {
    let hld = Hld::new(&FILES);
    hld.fails(
        &["show", "prod", "infra/rediss"],
        2,
        &["there is no component `infra/rediss` in prod", "did you mean `infra/redis`?"],
    );
    hld.fails(&["show", "prod", "redsi"], 2, &["did you mean `infra/redis`?"]);
    hld.fails(&["show", "prod", "qwertz"], 2, &["`fab list prod` names them all"]);
    hld.fails(&["show", "dev", "web"], 2, &["there are 2 components `web`", "`infra/web`, `infra/dns/web`"]);
}

#[test]
fn err_a_disabled_component_has_no_settings() {
    Hld::new(&FILES).fails(
        &["show", "prod", "dns"],
        2,
        &["the component `infra/dns` is disabled in prod", "config/prod.yaml:8:9"],
    );
}

#[test]
fn err_what_is_below_has_to_be_there() {
    Hld::new(&FILES).fails(&["show", "prod"], 2, &["`shop` is not installed", "run `fab install`"]);
}
