//! `fab explain`: which file sets a value, and what that overrides.

use crate::hld::Hld;

/// A chart with a subchart below two levels of components, with something from every kind of file.
const FILES: [(&str, &str); 12] = [
    (
        "component.yaml",
        "name: shop\nsubcomponents:\n- name: web\n  source: ./web\n- name: docs\n  type: static\n  path: docs\n- name: old\n  type: static\n  path: docs\n",
    ),
    ("docs/a.yaml", "kind: A\n"),
    (
        "config/prod.yaml",
        "subcomponents:\n  web:\n    subcomponents:\n      app:\n        config:\n          image: {tag: \"2.1\"}\n          hosts: [shop.example.com]\n          global: {region: eu}\n          redis:\n            password: null\n  old:\n    disabled: true\n",
    ),
    (
        "config/common.yaml",
        "subcomponents:\n  web:\n    subcomponents:\n      app:\n        unset: [debug]\n        config:\n          image:\n            tag: \"2.0\"\n",
    ),
    ("web/component.yaml", "name: web\nsubcomponents:\n- name: app\n  type: helm\n  path: ../chart\n"),
    (
        "web/config/common.yaml",
        "subcomponents:\n  app:\n    valuesFiles: [values/app.yaml]\n    config:\n      debug: true\n      image:\n        tag: \"1.9\"\n      hosts: [www.example.com]\n      ports: []\n",
    ),
    ("web/values/app.yaml", "image:\n  repository: example/app\nhosts: [intern.example.com]\n"),
    (
        "chart/Chart.yaml",
        "apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies:\n- name: cache\n  alias: redis\n  version: 0.1.0\n  condition: redis.enabled\n  import-values: [data]\n",
    ),
    (
        "chart/values.yaml",
        "image:\n  tag: latest\n  pullPolicy: Always\nhosts: [localhost]\nports: []\nredis:\n  enabled: true\n  port: 6379\n",
    ),
    ("chart/charts/cache/Chart.yaml", "apiVersion: v2\nname: cache\nversion: 0.1.0\n"),
    (
        "chart/charts/cache/values.yaml",
        "port: 1\npassword: secret\nglobal: {region: us}\nexports:\n  data:\n    cacheHost: redis\n",
    ),
    (
        "chart/templates/a.yaml",
        "kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  image: {{ .Values.image.repository }}:{{ .Values.image.tag }}\n",
    ),
];

/// Compares all that is printed.
#[track_caller]
fn check(name: &str, arguments: &[&str]) {
    let shown = Hld::new(&FILES).fab(arguments).session(arguments);
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, shown) });
}

#[test]
fn every_value_of_the_user_has_its_file() {
    check("explain", &["explain", "prod", "app"]);
}

#[test]
fn defaults_of_charts_and_what_subcharts_lend_are_told_on_request() {
    check("explain-all", &["explain", "prod", "web/app", "--all"]);
}

#[test]
fn a_value_has_a_row_for_each_file_that_it_overrides() {
    check("explain-key", &["explain", "prod", "app", "image.tag"]);
    check("explain-item", &["explain", "prod", "app", "hosts[1]"]);
    check("explain-global", &["explain", "prod", "app", "redis.global"]);
}

#[test]
fn data_has_every_field() {
    check("explain-json", &["explain", "prod", "app", "hosts", "--output-format", "json"]);
}

#[test]
fn err_names_that_are_none_have_near_ones() {
    check("explain-no-key", &["explain", "prod", "app", "imag.tag"]);
    check("explain-no-component", &["explain", "prod", "wbe"]);
    check("explain-no-environment", &["explain", "prdo", "app"]);
    check("explain-disabled", &["explain", "prod", "old"]);
}

#[test]
fn a_component_without_values_says_so() {
    check("explain-nothing", &["explain", "prod", "docs"]);
}

#[test]
fn without_its_chart_a_component_has_its_config() {
    let hld = Hld::new(&FILES);
    std::fs::remove_dir_all(hld.path("chart")).unwrap();
    let run = hld.ok(&["explain", "prod", "app", "image"]);
    assert!(run.stdout.contains("config/common.yaml:8:13 = \"2.0\""), "{}", run.stdout);
    run.says(&["warning: the defaults of the chart are not known: there is no chart at `chart`"]);
}

#[test]
fn a_config_file_that_cannot_be_read_is_an_error() {
    let hld = Hld::new(&FILES);
    hld.write("config/prod.yaml", "subcomponents: {app: {config: [1]}}\n");
    hld.fails(&["explain", "prod", "app"], 2, &["`config` must be a map, not a list"]);
}
