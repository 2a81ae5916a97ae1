//! What `fab` says to somebody who made a mistake.
//!
//! Each case starts from a small definition that is right, and breaks it.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A definition with a chart, static manifests and templates.
const RIGHT: [(&str, &str); 10] = [
    (
        "component.yaml",
        "name: shop\nsubcomponents:\n- name: web\n  type: helm\n  path: ./charts/web\n\
         - name: jobs\n  type: handlebars\n  path: ./jobs\n- name: policies\n  type: static\n  path: ./policies\n",
    ),
    (
        "config/common.yaml",
        "subcomponents:\n  web:\n    config:\n      image: {tag: 1.4.0}\n  jobs:\n    config: {schedule: daily}\n",
    ),
    ("config/prod.yaml", "subcomponents:\n  web:\n    config:\n      replicas: 3\n"),
    ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
    ("charts/web/values.yaml", "replicas: 1\n"),
    ("charts/web/templates/_a.tpl", "{{ define \"a\" }}{{ include \"b\" . }}{{ end }}\n"),
    ("charts/web/templates/_b.tpl", "{{ define \"b\" }}\n  {{- include \"c\" . }}\n{{- end }}\n"),
    ("charts/web/templates/_c.tpl", "{{ define \"c\" }}v{{ .Values.image.tag }}{{ end }}\n"),
    (
        "charts/web/templates/cm.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  version: {{ include \"a\" . }}\n",
    ),
    ("jobs/job.yaml.hbs", "kind: Job\nmetadata: {name: {{schedule}}}\n"),
];

/// Breaks the definition by writing files (or removing those without a text),
/// runs `fab`, and compares the exit code and everything printed.
#[track_caller]
fn check(name: &str, broken: &[(&str, Option<&str>)], arguments: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("policies")).unwrap();
    for (path, text) in RIGHT.map(|(path, text)| (path, Some(text))).iter().chain(broken) {
        write(&folder.path().join(path), *text);
    }
    let output =
        Command::new(env!("CARGO_BIN_EXE_fab")).args(arguments).current_dir(folder.path()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    let shown = format!("$ fab {}\n{text}exit {}\n", arguments.join(" "), output.status.code().unwrap());
    insta::with_settings!({ filters => [(r"\d+ ms", "… ms")], omit_expression => true }, {
        insta::assert_snapshot!(name, shown);
    });
}

fn write(path: &Path, text: Option<&str>) {
    match text {
        Some(text) => {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        None => fs::remove_file(path).unwrap(),
    }
}

const PROD: &[&str] = &["generate", "prod"];

#[test]
fn nothing_is_wrong() {
    check("right", &[], PROD);
}

#[test]
fn a_typo_in_a_component_file() {
    let text = RIGHT[0].1.replace("subcomponents:", "subcomponent:");
    check("component-typo", &[("component.yaml", Some(&text))], PROD);
    let text = RIGHT[0].1.replace("type: helm", "type: hlem");
    check("component-type", &[("component.yaml", Some(&text))], PROD);
}

#[test]
fn a_missing_chart() {
    let text = RIGHT[0].1.replace("./charts/web", "./charts/wbe");
    check("missing-chart", &[("component.yaml", Some(&text))], PROD);
    check("no-chart-yaml", &[("charts/web/Chart.yaml", None)], PROD);
}

#[test]
fn a_template_fails_three_includes_deep() {
    let text = RIGHT[7].1.replace(".Values.image.tag", ".Values.picture.tag");
    check("template-error", &[("charts/web/templates/_c.tpl", Some(&text))], PROD);
    check(
        "template-syntax",
        &[("charts/web/templates/_c.tpl", Some("{{ define \"c\" }}\n{{ if }}\n"))],
        PROD,
    );
}

#[test]
fn a_value_that_is_not_there() {
    let text = "{{ define \"c\" }}v{{ .Values.image.tga.x }}{{ end }}\n";
    check("value-typo", &[("charts/web/templates/_c.tpl", Some(text))], PROD);
    let text = "{{ define \"c\" }}v{{ .Values.imge.tag }}{{ end }}\n";
    check("table-typo", &[("charts/web/templates/_c.tpl", Some(text))], PROD);
    let text = "{{ define \"c\" }}{{ range .Values.replicas.x }}{{ end }}{{ end }}\n";
    check("wrong-kind", &[("charts/web/templates/_c.tpl", Some(text))], PROD);
    let text = "{{ define \"c\" }}{{ required \"set it\" .Values.replica }}{{ end }}\n";
    check("required", &[("charts/web/templates/_c.tpl", Some(text))], PROD);
}

#[test]
fn where_a_value_can_be_set_that_nothing_sets() {
    let common = "subcomponents: {shop: {subcomponents: {web: {config: {image: {tag: 1}}}}}}\n";
    let nested = [
        ("component.yaml", Some("name: top\nsubcomponents:\n- {name: shop, path: ./shop}\n")),
        (
            "shop/component.yaml",
            Some("name: shop\nsubcomponents:\n- {name: web, type: helm, path: ../charts/web}\n"),
        ),
        ("config/common.yaml", Some(common)),
        ("config/prod.yaml", Some("namespace: x\n")),
    ];
    let broken = |text| [&nested[..], &[("charts/web/templates/_c.tpl", Some(text))]].concat();
    check("set-in-strongest", &broken("{{ define \"c\" }}{{ .Values.picture.tag }}{{ end }}"), PROD);
    check("set-beside", &broken("{{ define \"c\" }}{{ .Values.image.digest.x }}{{ end }}"), PROD);
    let null = [("charts/web/values.yaml", Some("picture:\n"))];
    let text = "{{ define \"c\" }}{{ required \"set it\" .Values.picture }}{{ end }}";
    check("set-null", &[&broken(text)[..], &null].concat(), PROD);
    let nothing = [("config/common.yaml", None), ("config/prod.yaml", None)];
    check("set-in-new-file", &[&broken(text)[..], &nothing].concat(), PROD);
}

#[test]
fn where_a_value_of_a_subchart_can_be_set() {
    let sub = [
        ("charts/web/charts/db/Chart.yaml", Some("apiVersion: v2\nname: db\nversion: 1.0.0\n")),
        ("charts/web/charts/db/templates/a.yaml", Some("a: {{ .Values.disk.size }}\n")),
    ];
    check("set-subchart", &sub, PROD);
    let global = [("charts/web/charts/db/templates/a.yaml", Some("a: {{ .Values.global.disk.size }}\n"))];
    check("set-global", &[&sub[..], &global].concat(), PROD);
}

#[test]
fn output_that_is_no_yaml_comes_from_a_template() {
    let text = "kind: ConfigMap\ndata:\n  {{- include \"a\" . | nindent 2 }}\n";
    check(
        "included-output",
        &[
            ("charts/web/templates/cm.yaml", Some(text)),
            ("charts/web/templates/_c.tpl", Some("{{ define \"c\" }}\nversion: 1\nname: a: b\n{{ end }}\n")),
        ],
        PROD,
    );
}

#[test]
fn values_that_differ_in_every_run() {
    let text = "kind: Secret\nmetadata: {name: x}\nstringData:\n  password: {{ randAlphaNum 12 }}\n  \
        given: {{ default (randAlphaNum 12) .Values.image.tag }}\n  year: {{ now | date \"2006\" }}\n";
    let chart = [("charts/web/templates/secret.yaml", Some(text))];
    check("chance", &chart, PROD);
    check("chance-quiet", &chart, &["generate", "prod", "-q"]);
    check("chance-seed", &chart, &["generate", "prod", "--seed", "s"]);
    check("chance-fixed", &chart, &["generate", "prod", "--seed", "s", "--seed-date", "0"]);
}

const WEB: &[&str] = &["template", "rel", "charts/web", "-f", "given.yaml"];

#[test]
fn what_template_says_beyond_helm() {
    let given = ("given.yaml", Some("image: {tag: 1.4.0, pullPolicy: Always}\nreplica: 2\n"));
    let template = |text| ("charts/web/templates/_c.tpl", Some(text));
    check("template-value", &[given, template("{{ define \"c\" }}{{ .Values.imag.tag }}{{ end }}")], WEB);
    check(
        "template-kind",
        &[given, template("{{ define \"c\" }}{{ .Values.image.tag.x }}{{ end }}")],
        &[WEB, &["--set", "image.tag=x"]].concat(),
    );
    check("template-yaml", &[given, template("{{ define \"c\" }}a: b: c{{ end }}")], WEB);
    check(
        "template-chance",
        &[given, template("{{ define \"c\" }}{{ uuidv4 | sha256sum | trunc 0 }}{{ end }}")],
        WEB,
    );
    check("template-missing", &[], &["template", "./charts/wbe"]);
    let schema = r#"{"properties": {"image": {"properties": {"tag": {"type": "number"}}}}}"#;
    check("template-schema", &[given, ("charts/web/values.schema.json", Some(schema))], WEB);
}

#[test]
fn which_values_are_read() {
    let given = ("given.yaml", Some("image: {tag: 1.4.0, pullPolicy: Always}\nreplica: 2\nextra: {a: 1}\n"));
    let text = "kind: A\nversion: {{ include \"a\" . }}\nreplicas: {{ .Values.replicas }}\n\
        extra: {{ toYaml .Values.extra | nindent 2 }}\nname: {{ .Values.nameOverride | default \"x\" }}\n";
    check(
        "explain-values",
        &[given, ("charts/web/templates/cm.yaml", Some(text))],
        &[WEB, &["--explain-values", "--set", "image.pullSecret=x"]].concat(),
    );
    check(
        "explain-all-read",
        &[("given.yaml", Some("image: {tag: 1}\n"))],
        &[WEB, &["--explain-values"]].concat(),
    );
}

#[test]
fn flags_that_are_refused() {
    for flag in ["--validate", "--password=x", "--post-renderer=x"] {
        check(&format!("template{flag}"), &[], &["template", "charts/web", flag]);
    }
}

#[test]
fn yaml_that_cannot_be_read() {
    let text = "subcomponents:\n  web:\n    config:\n      replicas: 3\n     image: x\n";
    check("config-yaml", &[("config/prod.yaml", Some(text))], PROD);
    check(
        "chart-output",
        &[("charts/web/templates/cm.yaml", Some("a: b\n c: {{ .Values.replicas }}\n"))],
        PROD,
    );
}

#[test]
fn a_name_that_is_not_set() {
    check(
        "handlebars-name",
        &[("jobs/job.yaml.hbs", Some("kind: Job\nmetadata: {name: {{shcedule}}}\n"))],
        PROD,
    );
    let jobs = |text| {
        let config =
            "subcomponents:\n  jobs:\n    config:\n      image: {tag: 1.4.0}\n      hosts: [{nam: a}]\n";
        [("config/common.yaml", Some(config)), ("jobs/job.yaml.hbs", Some(text))]
    };
    check("handlebars-below", &jobs("a: {{image.tga}}\n"), PROD);
    check("handlebars-unlike", &jobs("a: {{quote image.repository}}\n"), PROD);
    check("handlebars-item", &jobs("a:\n{{#each hosts}}\n- {{name}}\n{{/each}}\n"), PROD);
}

#[test]
fn all_failures_are_told() {
    let typo = RIGHT[0].1.replace("./charts/web", "./charts/wbe");
    check("several", &[("component.yaml", Some(&typo)), ("jobs/job.yaml.hbs", Some("a: {{nope}}\n"))], PROD);
}

#[test]
fn names_that_nothing_has() {
    check("environment", &[], &["generate", "prd"]);
    let text = "subcomponents:\n  wbe: {config: {replicas: 3}}\n  web: {confg: {replicas: 3}}\n";
    check("config-names", &[("config/prod.yaml", Some(text))], PROD);
}

#[test]
fn arguments_that_fab_does_not_have() {
    check("command", &[], &["genrate"]);
    check("flag", &[], &["generate", "prod", "--chek"]);
    check("no-definition", &[], &["generate", "prod", "-C", "jobs"]);
}
