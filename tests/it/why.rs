//! `fab why`: what made a line of a generated manifest.

use crate::hld::Hld;

/// A chart with an include, a condition and a variable; static manifests; handlebars templates.
const FILES: [(&str, &str); 11] = [
    (
        "component.yaml",
        "name: shop\nsubcomponents:\n- name: web\n  type: helm\n  path: web\n- name: docs\n  type: static\n  path: docs\n- name: jobs\n  type: handlebars\n  path: jobs\n",
    ),
    (
        "config/prod.yaml",
        "subcomponents:\n  web:\n    namespace: shop\n    injectNamespace: true\n    config:\n      image: {tag: \"2.1\"}\n      debug: {on: true}\n      hosts: [a.example.com, b.example.com]\n  jobs:\n    config: {jobs: [{name: backup}, {name: report}]}\n",
    ),
    ("docs/a.yaml", "kind: A\nx: 1\n"),
    ("docs/b.yaml", "kind: B\ny: 2\n"),
    (
        "jobs/jobs.yaml.hbs",
        "{{#each jobs}}\n{{#unless @first}}\n---\n{{/unless}}\nkind: Job\nmetadata:\n  name: {{name}}\n{{/each}}\n",
    ),
    ("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n"),
    ("web/values.yaml", "image:\n  repository: example/web\n  tag: latest\n"),
    (
        "web/templates/_helpers.tpl",
        "{{- define \"web.labels\" -}}\napp: web\ntag: {{ .Values.image.tag | quote }}\n{{- end }}\n",
    ),
    (
        "web/templates/a.yaml",
        "kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: web\n  labels:\n    {{- include \"web.labels\" . | nindent 4 }}\ndata:\n{{- $repository := .Values.image.repository }}\n  image: {{ $repository }}:1\n  {{- if .Values.debug.on }}\n  debug: enabled\n  {{- end }}\n  {{- range .Values.hosts }}\n  {{ . }}: host\n  {{- end }}\n",
    ),
    (
        "web/crds/c.yaml",
        "kind: CustomResourceDefinition\napiVersion: apiextensions.k8s.io/v1\nmetadata:\n  name: c\n",
    ),
    ("fab.yaml", "defaults: {includeCrds: true}\n"),
];

/// Generates, then compares what is printed of the line of a file that has this text.
#[track_caller]
fn check(name: &str, file: &str, text: &str) {
    let hld = Hld::new(&FILES);
    hld.ok(&["generate", "prod"]);
    let manifest = hld.read(file);
    let line = manifest.lines().position(|line| line == text);
    let line = line.unwrap_or_else(|| panic!("no line {text:?} in:\n{manifest}")) + 1;
    let argument = format!("{file}:{line}");
    let arguments = ["why", argument.as_str()];
    let shown = hld.fab(&arguments).session(&arguments);
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, shown) });
}

#[test]
fn a_line_of_a_chart_has_its_template_and_the_values_that_were_read() {
    check("why-include", "generated/prod/web.yaml", "    tag: \"2.1\"");
    check("why-variable", "generated/prod/web.yaml", "  image: example/web:1");
    check("why-condition", "generated/prod/web.yaml", "  debug: enabled");
    check("why-range", "generated/prod/web.yaml", "  b.example.com: host");
    check("why-text", "generated/prod/web.yaml", "    app: web");
}

#[test]
fn lines_that_fab_writes_are_told_to_be_its_own() {
    check("why-namespace", "generated/prod/web.yaml", "  namespace: shop");
    check("why-comment", "generated/prod/web.yaml", "# Source: web/templates/a.yaml");
    check("why-separator", "generated/prod/docs.yaml", "---");
}

#[test]
fn lines_of_files_have_the_line_of_the_file() {
    check("why-static", "generated/prod/docs.yaml", "y: 2");
    check("why-crd", "generated/prod/web.yaml", "  name: c");
    check("why-handlebars", "generated/prod/jobs.yaml", "  name: report");
}

#[test]
fn other_programs_get_all_that_is_told_in_json() {
    let hld = Hld::new(&FILES);
    hld.ok(&["generate", "prod"]);
    let manifest = hld.read("generated/prod/web.yaml");
    let line = manifest.lines().position(|line| line == "  debug: enabled").unwrap() + 1;
    let run = hld.ok(&["why", &format!("generated/prod/web.yaml:{line}"), "--output-format", "json"]);
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!("why-json", run.stdout) });
}

#[test]
fn a_file_that_is_not_up_to_date_is_told_of() {
    let hld = Hld::new(&FILES);
    hld.ok(&["generate", "prod"]);
    let manifest = hld.read("generated/prod/web.yaml");
    let line = manifest.lines().position(|line| line == "  image: example/web:1").unwrap() + 1;
    hld.write("generated/prod/web.yaml", &manifest.replace("example/web:1", "example/web:0"));
    let run = hld.ok(&["why", &format!("generated/prod/web.yaml:{line}")]);
    assert!(run.stdout.contains("it would be generated as:   image: example/web:1"), "{}", run.stdout);
    assert!(run.stdout.contains("image.repository  example/web"), "{}", run.stdout);
    run.says(&["1 line would be generated otherwise now"]);
}

#[test]
fn err_what_is_no_line_of_a_manifest() {
    let hld = Hld::new(&FILES);
    hld.ok(&["generate", "prod"]);
    hld.fails(&["why", "generated/prod/web.yaml:999"], 2, &["it has the lines 1 to"]);
    hld.fails(
        &["why", "generated/prod/wbe.yaml:1"],
        2,
        &["there is no `generated/prod/wbe.yaml`", "did you mean `generated/prod/web.yaml`?"],
    );
    hld.fails(&["why", "config/prod.yaml:1"], 2, &["it is not below the output folder `generated`"]);
    hld.write("generated/prod/other.yaml", "a: 1\n");
    hld.fails(&["why", "generated/prod/other.yaml:1"], 2, &["no component writes it in prod"]);
    hld.fails(&["why", "generated/prod/web.yaml"], 2, &["a line is missing, as in `FILE:7`"]);
}

#[test]
fn a_schema_that_does_not_take_a_value_names_what_set_it() {
    let hld = Hld::new(&FILES);
    hld.write(
        "web/values.schema.json",
        r#"{"properties": {"image": {"properties": {"tag": {"type": "number"}}}}}"#,
    );
    hld.fails(
        &["generate", "prod"],
        2,
        &["got string, want number", "`image.tag` is set at config/prod.yaml:6:15"],
    );
}

#[test]
fn a_value_that_is_asked_for_is_shown_with_the_lines_that_read_it() {
    let hld = Hld::new(&FILES);
    let run = hld.ok(&["explain", "prod", "web", "image.tag"]);
    assert!(
        run.stdout
            .contains("Read at\n  web/templates/_helpers.tpl:3:16: tag: {{ .Values.image.tag | quote }}\n"),
        "{}",
        run.stdout
    );
    hld.write("config/prod.yaml", "subcomponents:\n  web:\n    config:\n      imgae: {tag: \"2.1\"}\n");
    let run = hld.ok(&["explain", "prod", "web", "imgae"]);
    assert!(run.stdout.contains("No template reads it in this environment"), "{}", run.stdout);
    hld.fails(
        &["explain", "prod", "web", "debug.on"],
        2,
        &["is not set in prod, and is read here", "web/templates/a.yaml:10"],
    );
}
