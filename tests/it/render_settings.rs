//! What `fab.yaml` says of environments, and what charts see of it.

use crate::hld::Hld;

/// Two charts that show what they see of the cluster.
const FILES: [(&str, &str); 10] = [
    (
        "component.yaml",
        "name: site\nsubcomponents:\n- {name: web, path: ./web, type: helm}\n- {name: db, path: ./db, type: helm}\n",
    ),
    (
        "config/common.yaml",
        "subcomponents: {web: {config: {from: [common]}}, db: {config: {from: [common]}}}\n",
    ),
    ("config/prod.yaml", "subcomponents: {web: {config: {from: [prod]}}}\n"),
    ("config/west.yaml", "subcomponents: {web: {config: {from: [west]}}}\n"),
    ("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
    ("web/crds/a.yaml", "kind: CustomResourceDefinition\n"),
    ("web/templates/a.yaml", SEEN),
    ("db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 1.0.0\n"),
    ("db/crds/a.yaml", "kind: CustomResourceDefinition\n"),
    ("db/templates/a.yaml", SEEN),
];

const SEEN: &str = r#"sees: {{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.APIVersions.Has "a/v1" }} {{ now | date "2006-01-02" }} {{ .Values.from }}
"#;

/// Generates the definition with a `fab.yaml`, and compares what the charts saw.
#[track_caller]
fn check(settings: &str, args: &[&str], want: &[(&str, &str)]) {
    let hld = Hld::new(&FILES);
    hld.write("fab.yaml", settings);
    hld.ok(&[&["generate", "--seed-date", "0"], args].concat());
    compare(&hld, want);
}

#[track_caller]
fn compare(hld: &Hld, want: &[(&str, &str)]) {
    let seen = |file: &str| {
        let text = hld.read(&format!("generated/{file}.yaml"));
        let line = text.lines().find_map(|line| line.strip_prefix("sees: ")).unwrap_or_default().to_owned();
        let crds = if text.contains("CustomResourceDefinition") { " crds" } else { "" };
        line + crds
    };
    for (file, want) in want {
        assert_eq!(seen(file), *want, "{file}");
    }
}

#[test]
fn settings_of_an_environment_are_what_its_charts_see() {
    check(
        "environments: {prod: {kubeVersion: 1.30, apiVersions: [a/v1], includeCrds: true}}\n",
        &["prod"],
        &[
            ("prod/web", "v1.30 true 1970-01-01 [prod common] crds"),
            ("prod/db", "v1.30 true 1970-01-01 [common] crds"),
        ],
    );
}

#[test]
fn components_count_before_environments_and_those_before_defaults() {
    check(
        "defaults: {kubeVersion: 1.29.0, apiVersions: [a/v1], components: {db: {includeCrds: false}}}\n\
         environments: {prod: {kubeVersion: 1.30.0, includeCrds: true, components: {web: {kubeVersion: 1.31.0}}}}\n",
        &["prod"],
        &[
            ("prod/web", "v1.31.0 true 1970-01-01 [prod common] crds"),
            ("prod/db", "v1.30.0 true 1970-01-01 [common]"),
        ],
    );
}

#[test]
fn flags_count_before_the_file() {
    check(
        "defaults: {kubeVersion: 1.29.0, apiVersions: [a/v1], seedDate: 2026-01-31T12:00:00Z}\n",
        &["prod", "--kube-version", "1.33.1", "--api-versions", "b/v1"],
        &[("prod/web", "v1.33.1 false 1970-01-01 [prod common]")],
    );
}

#[test]
fn a_seed_date_is_what_charts_see_as_now() {
    let hld = Hld::new(&FILES);
    hld.write("fab.yaml", "environments: {prod: {kubeVersion: 1.30.0, seedDate: 2026-01-31T12:00:00Z}}\n");
    hld.ok(&["generate", "prod"]);
    compare(&hld, &[("prod/web", "v1.30.0 false 2026-01-31 [prod common]")]);
}

#[test]
fn an_environment_is_made_of_the_layers_that_are_listed() {
    let settings = "environments: {prod-west: {layers: [west, prod], kubeVersion: 1.30.0}, qa: {layers: [], kubeVersion: 1.31.0}}\n";
    let want = [
        ("prod-west/web", "v1.30.0 false 1970-01-01 [west prod common]"),
        ("qa/web", "v1.31.0 false 1970-01-01 [common]"),
    ];
    check(settings, &["--each"], &want);
    check(settings, &["prod-west"], &want[..1]);
}

#[test]
fn one_of_several_names_has_what_is_said_for_each() {
    check(
        "environments: {prod: {kubeVersion: 1.30.0}, west: {kubeVersion: 1.31.0, apiVersions: [a/v1]}}\n",
        &["west", "prod"],
        &[("west-prod/web", "v1.31.0 true 1970-01-01 [west prod common]")],
    );
}

#[track_caller]
fn check_fails(settings: &str, texts: &[&str]) {
    let hld = Hld::new(&FILES);
    hld.write("fab.yaml", settings);
    hld.fails(&["generate", "prod"], 2, texts);
}

#[test]
fn what_cannot_be_meant_is_an_error_with_its_place() {
    check_fails("defaults:\n  kubeVersion: latest\n", &["kubeVersion: latest", "fab.yaml:2:3"]);
    check_fails("defaults:\n  seedDate: soon\n", &["neither a date", "fab.yaml:2:3"]);
    check_fails("defaults:\n  includeCrds: 1\n", &["true or false", "fab.yaml:2:3"]);
    check_fails("environments: [prod]\n", &["a map", "fab.yaml:1:1"]);
    check_fails("environments: {prod: {layers: prod}}\n", &["a list", "fab.yaml:1:23"]);
}

#[test]
fn settings_of_components_that_nobody_has_are_warned_of() {
    let hld = Hld::new(&FILES);
    hld.write(
        "fab.yaml",
        "defaults: {components: {wep: {}, db: {}}}\nenvironments: {qa: {components: {infra/web: {}}}}\n",
    );
    hld.ok(&["generate", "prod"]).says(&[
        "there is no component `wep`; did you mean `web`?",
        "fab.yaml:1:25",
        "there is no component `infra/web`; did you mean `web`?",
        "fab.yaml:2:34",
    ]);
}

#[test]
fn a_component_is_no_environment() {
    let run = Hld::new(&FILES).ok(&["generate", "prod", "web/"]);
    run.says(&["`web/` is a component, and what is generated are environments"]);
}

#[test]
fn unknown_settings_are_warned_of() {
    let hld = Hld::new(&FILES);
    hld.write("fab.yaml", "environments: {prod: {kubeversion: 1.30.0}}\n");
    hld.ok(&["generate", "prod"]).says(&["unknown field `kubeversion`; did you mean `kubeVersion`?"]);
}
