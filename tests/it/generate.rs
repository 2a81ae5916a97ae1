//! `fab generate`: exit codes, messages, hooks, and what is written when.

use crate::hld::{CHART, Hld};

const STATIC: [(&str, &str); 2] =
    [("component.yaml", "name: st\ntype: static\npath: m\n"), ("m/a.yaml", "apiVersion: v1\nkind: A\n")];

#[test]
fn the_last_line_tells_what_was_made() {
    let hld = Hld::new(&STATIC);
    let run = hld.ok(&["generate"]);
    assert!(
        run.stderr.starts_with("Generated 1 manifest (1 resource) for common in generated/common ("),
        "{}",
        run.stderr
    );
    assert_eq!(run.stdout, "");
}

#[test]
fn quiet_says_nothing() {
    assert_eq!(Hld::new(&STATIC).ok(&["-q", "generate"]).stderr, "");
}

#[test]
fn an_environment_without_a_file_is_told_of() {
    let hld = Hld::new(&[&STATIC[..], &[("config/prod.yaml", "{}\n")]].concat());
    let run = hld.ok(&["generate", "prd"]);
    assert!(
        run.stderr.contains("no component has a config file for `prd`; did you mean `prod`?"),
        "{}",
        run.stderr
    );
}

#[test]
fn directory_and_output_are_chosen() {
    let hld = Hld::new(&[("hld/component.yaml", "name: root\n")]);
    hld.ok(&["generate", "-C", "hld"]);
    assert_eq!(hld.files("hld/generated"), ["common/root.yaml"]);
    hld.ok(&["generate", "-C", "hld", "-o", "out", "prod"]);
    assert_eq!(hld.files("out"), ["prod/root.yaml"]);
}

#[test]
fn check_lists_what_is_not_up_to_date() {
    let hld = Hld::new(&STATIC);
    let run = hld.fab(&["generate", "--check"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, "missing generated/common/st.yaml\n"));
    assert!(!hld.path("generated").exists(), "nothing is written");
    hld.ok(&["generate"]);
    hld.ok(&["generate", "--check"]);
    hld.write("m/a.yaml", "apiVersion: v1\nkind: B\n");
    hld.write("generated/common/x.yaml", "");
    let run = hld.fab(&["generate", "--check"]);
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (1, "changed generated/common/st.yaml\nextra generated/common/x.yaml\n")
    );
}

#[test]
fn each_makes_an_output_of_every_environment() {
    let hld = Hld::new(
        &[&STATIC[..], &[("config/prod.yaml", ""), ("config/qa.json", "{}"), ("config/common.yaml", "")]]
            .concat(),
    );
    hld.ok(&["generate", "--each"]);
    assert_eq!(hld.files("generated"), ["prod/st.yaml", "qa/st.yaml"]);
    hld.ok(&["generate", "--each", "qa+prod", "prod"]);
    assert_eq!(hld.files("generated"), ["prod/st.yaml", "qa-prod/st.yaml", "qa/st.yaml"]);
}

#[test]
fn all_failures_are_told_with_component_and_environment() {
    let hld = Hld::new(&[
        (
            "component.yaml",
            "name: root\nsubcomponents:\n- {name: a, type: statik, path: x}\n- {name: b, source: ./b}\n",
        ),
        ("config/prod.yaml", "subcomponents:\n  b:\n    config: {k: {x: 1}}\n"),
        ("config/common.yaml", "subcomponents:\n  b:\n    config:\n      k: text\n"),
    ]);
    hld.fails(
        &["generate", "prod"],
        2,
        &[
            "unknown type `statik`",
            "did you mean `static`?",
            "there is no component.yaml or component.json in `b`",
            "in component `b`, for prod",
            "`k` is a map here, which cannot be merged with a string in config/common.yaml:4:7",
            "config/prod.yaml:3:14",
        ],
    );
}

#[test]
fn a_failure_leaves_the_old_output() {
    let hld = Hld::new(&STATIC);
    hld.ok(&["generate"]);
    hld.write("component.yaml", "name: st\ntype: static\npath: gone\n");
    hld.fails(&["generate"], 2, &["`gone` is not a folder", "component.yaml:3:1"]);
    assert_eq!(hld.files("generated"), ["common/st.yaml"]);
}

#[test]
fn a_template_error_has_its_place_in_the_chart() {
    let hld = Hld::new(&[
        CHART[0],
        ("component.yaml", "name: root\nsubcomponents:\n- {name: app, type: helm, path: chart}\n"),
        ("chart/templates/a.yaml", "a: {{ include \"one\" . }}\n"),
        (
            "chart/templates/_helpers.tpl",
            "{{ define \"one\" }}{{ include \"two\" . }}{{ end }}\n{{ define \"two\" }}\n  {{ .Values.a.b.c }}\n{{ end }}\n",
        ),
    ]);
    hld.fails(
        &["generate"],
        2,
        &["chart/templates/_helpers.tpl:3:", "in component `app`, for common", "{{ .Values.a.b.c }}"],
    );
}

#[test]
fn what_is_no_yaml_in_a_chart_has_its_place() {
    let hld = Hld::new(&[
        CHART[0],
        ("component.yaml", "name: root\nsubcomponents:\n- {name: app, type: helm, path: chart}\n"),
        (
            "chart/templates/a.yaml",
            "{{- if true }}\nkind: A\nspec:\n  a: 1\n b: {{ .Release.Name }}\n{{- end }}\n",
        ),
    ]);
    hld.fails(&["generate"], 2, &["chart/templates/a.yaml (rendered):5:2", " b: app"]);
    hld.write("chart/values.yaml", "a: 1\nb: c: d\n");
    hld.fails(&["generate"], 2, &["chart/values.yaml:2:5", "b: c: d"]);
}

#[test]
fn a_chart_that_is_not_there_is_told_with_its_field() {
    let hld = Hld::new(&[(
        "component.yaml",
        "name: root\nsubcomponents:\n- name: app\n  type: helm\n  path: ./chrt\n",
    )]);
    hld.fails(&["generate"], 2, &["there is no chart at `chrt`", "component.yaml:5:3"]);
}

#[test]
fn hooks_are_not_given_what_fab_writes_with() {
    let hook = "name: root\nhooks:\n  before-generate: ['env > seen']\n";
    let hld = Hld::new(&[("component.yaml", hook)]);
    let writers = [
        "FAB_HOST_TOKEN",
        "FAB_GIT_TOKEN",
        "FAB_GIT_SSH_KEY",
        "FAB_SIGNING_KEY",
        "FAB_SIGNING_KEY_PASSPHRASE",
    ];
    let variables = [&writers.map(|name| (name, "s3cret"))[..], &[("MINE", "kept")]].concat();
    hld.fab_with(&variables, &["generate"]).exited(0, &["generate"]);
    let seen = hld.read("seen");
    assert!(seen.contains("MINE=kept\n") && !seen.contains("s3cret"), "{seen}");
}

const HOOKED: &str = "name: root\nhooks:\n  before-generate: [echo hello; echo root >> log]\n  after-generate: [echo after >> log]\nsubcomponents:\n- {name: c, source: ./c}\n";

#[test]
fn hooks_run_from_the_top_and_are_heard_with_v() {
    let hld = Hld::new(&[
        ("component.yaml", HOOKED),
        ("c/component.yaml", "name: c\nhooks: {before-generate: [echo child >> ../log]}\n"),
    ]);
    let run = hld.ok(&["-v", "generate"]);
    assert_eq!(hld.read("log"), "root\nafter\nchild\n");
    assert!(run.stderr.contains("hello"), "{}", run.stderr);
    assert!(!hld.ok(&["generate"]).stderr.contains("hello"));
}

#[test]
fn a_failing_hook_tells_its_output_and_ends_the_run() {
    let hld = Hld::new(&[(
        "component.yaml",
        "name: root\nhooks:\n  before-generate: ['echo out; echo err >&2; exit 3', touch later]\n",
    )]);
    hld.fails(
        &["generate"],
        2,
        &["hook before-generate failed (exit status: 3)", "out", "err", "component.yaml:3:3"],
    );
    assert!(!hld.path("later").exists() && !hld.path("generated").exists());
}

#[test]
fn hooks_from_elsewhere_need_to_be_allowed() {
    let hld = Hld::new(&[
        (
            "component.yaml",
            "name: root\nsubcomponents:\n- {name: c, method: git, source: https://e.invalid/c}\n",
        ),
        (
            "components/c/component.yaml",
            "name: c\nhooks: {before-generate: [touch ran], before-install: [touch no]}\n",
        ),
    ]);
    hld.fails(
        &["generate"],
        2,
        &["a component from `https://e.invalid/c` is not allowed", "--allow-hooks https://e.invalid/c"],
    );
    hld.ok(&["generate", "--allow-hooks", "https://e.invalid/c"]);
    assert!(hld.path("components/c/ran").exists() && !hld.path("components/c/no").exists());
}

#[test]
fn check_runs_no_hooks_unless_asked_to() {
    let hld = Hld::new(&[("component.yaml", "name: root\nhooks: {before-generate: [touch ran]}\n")]);
    hld.fails(&["generate", "--check"], 2, &["has before-generate hooks, which were not run", "--run-hooks"]);
    assert!(!hld.path("ran").exists());
    assert_eq!(hld.fab(&["generate", "--check", "--run-hooks"]).code, 1);
    assert!(hld.path("ran").exists());
}

#[test]
fn handlebars_components_are_rendered() {
    let hld = Hld::new(&[
        ("component.yaml", "name: root\nsubcomponents:\n- {name: hb, type: handlebars, path: t}\n"),
        ("t/a.yaml.hbs", "kind: ConfigMap\nname: {{fab.component}}-{{who}}\nns: {{fab.namespace}}\n"),
        ("config/common.yaml", "subcomponents: {hb: {namespace: shop, config: {who: you}}}\n"),
    ]);
    hld.ok(&["generate"]);
    assert_eq!(hld.read("generated/common/hb.yaml"), "---\nkind: ConfigMap\nname: hb-you\nns: shop\n\n");
    hld.write("t/a.yaml.hbs", "name: {{woh}}\n");
    hld.fails(
        &["generate"],
        2,
        &["`woh` is not set", "t/a.yaml.hbs:1:", "did you mean `who` (config/common.yaml:1:"],
    );
}

#[test]
fn any_number_of_threads_gives_the_same() {
    let entries: String = (0..20).map(|n| format!("- {{name: app{n}, type: helm, path: chart}}\n")).collect();
    let hld = Hld::new(&CHART);
    hld.write("component.yaml", &format!("name: root\nsubcomponents:\n{entries}"));
    hld.write(
        "chart/templates/random.yaml",
        "kind: A\nmetadata: {name: a}\ndata: {n: {{ .Release.Name }}}\n",
    );
    hld.ok(&["generate", "--jobs", "1"]);
    hld.ok(&["generate", "--check", "--jobs", "8"]);
}
