//! `fab lint`: what each rule finds and lets be, and how it is told, left out and repaired.

use crate::hld::Hld;
use crate::root;

const APP: (&str, &str) = ("component.yaml", "name: app\ntype: helm\npath: chart\n");
const CHART: (&str, &str) = ("chart/Chart.yaml", "apiVersion: v2\nname: probe\nversion: 0.1.0\n");
const VALUES: (&str, &str) = (
    "chart/values.yaml",
    "image: {tag: \"1\"}\nreplicas: 1\nflag: false\nhosts: []\ningress: {enabled: false}\n",
);
const TEMPLATE: (&str, &str) = (
    "chart/templates/map.yaml",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  tag: {{ .Values.image.tag | quote }}\n  replicas: \"{{ .Values.replicas }}\"\n  flag: \"{{ .Values.flag }}\"\n  hosts: {{ toJson .Values.hosts | quote }}\n{{- if .Values.ingress.enabled }}\n  host: {{ .Values.ingress.host }}\n{{- end }}\n",
);
const STATIC: (&str, &str) = ("component.yaml", "name: app\ntype: static\npath: m\n");
const MAP: (&str, &str) = ("m/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
const PARENT: (&str, &str) =
    ("component.yaml", "name: shop\nsubcomponents:\n- {name: web, type: static, path: m}\n");

type Files<'a> = &'a [(&'a str, &'a str)];

fn chart(files: Files<'_>) -> Hld {
    Hld::new(&[&[APP, CHART, VALUES, TEMPLATE], files].concat())
}

/// Lints, and returns what is found by a rule, each finding as `file:line:column: message`.
fn found(hld: &Hld, code: &str) -> Vec<String> {
    let args = ["lint", "--output-format", "json"];
    let run = hld.fab(&args);
    let list: serde_json::Value =
        serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}{}", run.stdout, run.stderr));
    let list = list.as_array().unwrap().iter().filter(|finding| finding["code"] == code);
    let text = |finding: &serde_json::Value| {
        let file = finding["file"].as_str().unwrap();
        let message = finding["message"].as_str().unwrap();
        match (&finding["line"], &finding["column"]) {
            (serde_json::Value::Null, _) => format!("{file}: {message}"),
            (line, column) => format!("{file}:{line}:{column}: {message}"),
        }
    };
    list.map(text).collect()
}

/// A rule finds exactly this.
#[track_caller]
fn check(code: &str, hld: &Hld, want: &[&str]) {
    assert_eq!(found(hld, code), want, "{code}");
}

#[test]
fn f101_a_value_that_nobody_reads() {
    let hld = chart(&[(
        "config/prod.yaml",
        "config:\n  image:\n    tga: v2\n  other: {a: 1, b: 2}\n  replicas: 2\n",
    )]);
    check(
        "F101",
        &hld,
        &[
            "config/prod.yaml:3:5: `image.tga` is read by no template",
            "config/prod.yaml:4:3: `other` is read by no template, with the 2 values in it",
        ],
    );
    let run = hld.ok(&["lint"]);
    assert!(run.stdout.contains("help: did you mean `image.tag`?"), "{}", run.stdout);
    // What is misspelt would mostly win over another layer.
    let common = ("config/common.yaml", "config: {replicas: 2}\n");
    let run = chart(&[common, ("config/prod.yaml", "config: {replicsa: 3}\n")]).ok(&["lint"]);
    assert!(run.stdout.contains("help: did you mean `replicas`?"), "{}", run.stdout);
    // Read in another environment, as a whole, or only if something else is on.
    check("F101", &chart(&[("config/prod.yaml", "config: {hosts: [a], ingress: {host: a}}\n")]), &[]);
    let of_environment =
        ("chart/templates/more.yaml", "{{- if .Values.flag }}\na: {{ .Values.only }}\n{{- end }}\n");
    let both = [
        of_environment,
        ("config/common.yaml", "config: {only: x}\n"),
        ("config/prod.yaml", "config: {flag: true}\n"),
        ("config/qa.yaml", "{}\n"),
    ];
    check("F101", &chart(&both), &[]);
    let hld = Hld::new(&[STATIC, MAP, ("config/prod.yaml", "config: {a: 1}\n")]);
    check(
        "F101",
        &hld,
        &["config/prod.yaml:1:10: `a` is not read: a component of type `static` has no templates"],
    );
}

#[test]
fn f101_values_of_templates_in_handlebars() {
    let app = ("component.yaml", "name: app\ntype: handlebars\npath: t\n");
    let template = (
        "t/map.yaml.hbs",
        "{{#if on}}\nkind: {{name}}\n{{/if}}\nitems: [{{#each list}}{{this}},{{/each}}]\n",
    );
    let config = ("config/prod.yaml", "config:\n  on: false\n  name: x\n  list: [a]\n  liste: [b]\n");
    check(
        "F101",
        &Hld::new(&[app, template, config]),
        &["config/prod.yaml:5:3: `liste` is read by no template"],
    );
}

#[test]
fn f102_a_value_that_has_no_effect_as_things_are() {
    let config = ("config/prod.yaml", "config:\n  ingress:\n    host: a.example\n");
    check("F102", &chart(&[config]), &[]);
    let on = ("fab.yaml", "lint: {rules: {idle-config-key: warning}}\n");
    let want = "config/prod.yaml:3:5: `ingress.host` has no effect as things are";
    check("F102", &chart(&[config, on]), &[want]);
    let enabled = ("config/qa.yaml", "config: {ingress: {enabled: true, host: b.example}}\n");
    check("F102", &chart(&[enabled, on]), &[]);
}

#[test]
fn f103_a_value_of_another_type_in_a_stronger_layer() {
    let common = ("config/common.yaml", "config:\n  replicas: 1\n  image: {tag: \"2\"}\n");
    let prod = ("config/prod.yaml", "config:\n  replicas: \"3\"\n  image: none\n");
    check(
        "F103",
        &chart(&[common, prod]),
        &[
            "config/prod.yaml:2:3: `replicas` is a text here, and a number in config/common.yaml:2:3",
            "config/prod.yaml:3:3: `image` is a text here, and a map in config/common.yaml:3:3",
        ],
    );
    let prod = ("config/prod.yaml", "config: {replicas: 3, image: null}\n");
    check("F103", &chart(&[common, prod]), &[]);
}

#[test]
fn f104_a_value_that_is_not_what_it_seems() {
    let config = (
        "config/prod.yaml",
        "config:\n  image:\n    tag: 1.10\n  country: no\n  flag: yes\n  replicas: 1e3\n  hosts: [on, \"off\"]\n",
    );
    let hld = chart(&[config]);
    check(
        "F104",
        &hld,
        &[
            "config/prod.yaml:3:5: `image.tag: 1.10` means 1.1",
            "config/prod.yaml:4:3: `country: no` means false",
            "config/prod.yaml:7:11: `hosts: on` means true",
        ],
    );
    hld.fab(&["lint", "--fix"]);
    assert!(hld.read("config/prod.yaml").starts_with("config:\n  image:\n    tag: \"1.10\"\n"));
}

#[test]
fn f105_a_key_that_is_there_twice() {
    let hld = chart(&[("config/prod.yaml", "config:\n  replicas: 1\n  flag: true\n  replicas: 2\n")]);
    check(
        "F105",
        &hld,
        &["config/prod.yaml:4:3: `replicas` is set before in the same map, and the last one wins"],
    );
    hld.fab(&["lint"]).exited(1, &["lint"]);
    check("F105", &chart(&[("config/prod.yaml", "config: {replicas: 1, image: {replicas: 1}}\n")]), &[]);
}

#[test]
fn f106_a_list_that_is_joined() {
    let on = ("fab.yaml", "lint: {rules: {F106: warning}}\n");
    let common = ("config/common.yaml", "config: {hosts: [a, b]}\n");
    let prod = ("config/prod.yaml", "config: {hosts: [c]}\n");
    check(
        "F106",
        &chart(&[on, common, prod]),
        &["config/prod.yaml:1:10: `hosts` has 1 item here, and the 2 of config/common.yaml:1:10 behind them"],
    );
    check("F106", &chart(&[common, prod]), &[]);
    let prod = ("config/prod.yaml", "config: {hosts: [c]}\nreplace: [hosts]\n");
    check("F106", &chart(&[on, common, prod]), &[]);
}

#[test]
fn f107_a_null_that_takes_nothing_away() {
    let common = ("config/common.yaml", "config:\n  replicas: 2\n");
    let hld = chart(&[common, ("config/prod.yaml", "config:\n  replicas: null\n  flag: true\n")]);
    let want = "config/prod.yaml:2:3: null does nothing: `replicas` is set at config/common.yaml:2:3";
    check("F107", &hld, &[want]);
    hld.ok(&["lint", "--fix"]).says(&["Repaired 1 finding in 1 file"]);
    assert_eq!(hld.read("config/prod.yaml"), "config:\n  flag: true\n");
    // A component that no stronger layer mentions keeps its nulls, and a default of the chart goes.
    let parent = ("component.yaml", "name: shop\nsubcomponents:\n- {name: app, type: helm, path: chart}\n");
    let config = ("config/prod.yaml", "subcomponents: {app: {config: {flag: null}}}\n");
    check("F107", &Hld::new(&[parent, CHART, VALUES, TEMPLATE, config]), &[]);
}

#[test]
fn f201_a_field_that_nobody_knows() {
    let hld = Hld::new(&[
        ("component.yaml", "name: app\ntype: static\npath: m\nsouce: x\n"),
        MAP,
        ("config/prod.yaml", "confg: {}\n"),
        ("fab.yaml", "lint: {rules: {dead-confg-key: off}}\n"),
    ]);
    check(
        "F201",
        &hld,
        &[
            "component.yaml:4:1: unknown field `souce`; did you mean `source`?",
            "config/prod.yaml:1:1: unknown field `confg`; did you mean `config`?",
            "fab.yaml:1:16: unknown field `dead-confg-key`; did you mean `dead-config-key`?",
        ],
    );
    check("F201", &Hld::new(&[STATIC, MAP, ("config/prod.yaml", "{}\n")]), &[]);
}

#[test]
fn f202_config_for_a_component_that_is_not_there() {
    let hld = Hld::new(&[
        PARENT,
        MAP,
        ("config/prod.yaml", "subcomponents:\n  wbe: {namespace: a}\n"),
        ("fab.yaml", "defaults: {components: {shop/web: {kubeVersion: 1.31.0}}}\n"),
    ]);
    check(
        "F202",
        &hld,
        &[
            "config/prod.yaml:2:3: there is no subcomponent `wbe`; did you mean `web`?",
            "fab.yaml:1:25: there is no component `shop/web`; did you mean `web`?",
        ],
    );
    check(
        "F202",
        &Hld::new(&[PARENT, MAP, ("config/prod.yaml", "subcomponents: {web: {namespace: a}}\n")]),
        &[],
    );
}

#[test]
fn f203_a_field_that_is_deprecated() {
    let hld = Hld::new(&[("component.yaml", "name: app\ngenerator: static\npath: m\n"), MAP]);
    check("F203", &hld, &["component.yaml:2:1: `generator` is deprecated: use `type`"]);
    check("F203", &Hld::new(&[STATIC, MAP]), &[]);
}

#[test]
fn f204_a_method_that_means_nothing() {
    let hld = Hld::new(&[("component.yaml", "name: app\ntype: static\nmethod: gti\npath: m\n"), MAP]);
    check("F204", &hld, &["component.yaml:3:1: unknown method `gti`, taken as `local`; did you mean `git`?"]);
    let hld = Hld::new(&[("component.yaml", "name: app\ntype: static\nmethod: local\npath: m\n"), MAP]);
    check("F204", &hld, &[]);
}

#[test]
fn f205_an_entry_that_is_there_twice() {
    let entry = "- {name: web, type: static, path: m}\n";
    let hld = Hld::new(&[("component.yaml", &format!("name: shop\nsubcomponents:\n{entry}{entry}")), MAP]);
    check(
        "F205",
        &hld,
        &[
            "component.yaml:4:3: there are two subcomponents `web` here; as they are the same, one is left out",
        ],
    );
    check("F205", &Hld::new(&[PARENT, MAP]), &[]);
}

#[test]
fn f206_a_file_that_is_left_out() {
    let files = [STATIC, MAP, ("m/extra.yaml.bak", ""), ("m/README.md", ""), ("m/.gitkeep", "")];
    check(
        "F206",
        &Hld::new(&files),
        &["m/extra.yaml.bak: skipped `m/extra.yaml.bak`: it does not end in .yaml, .yml or .json"],
    );
}

#[test]
fn f207_a_name_that_is_no_label() {
    let hld = Hld::new(&[
        ("component.yaml", "name: shop\nsubcomponents:\n- {name: Shop_Web, type: static, path: m}\n"),
        MAP,
        ("config/prod.yaml", "subcomponents:\n  Shop_Web: {namespace: my.space}\n"),
    ]);
    check(
        "F207",
        &hld,
        &[
            "component.yaml:3:4: `Shop_Web` is no DNS label",
            "config/prod.yaml:2:14: the namespace `my.space` is no DNS label",
        ],
    );
    check("F207", &Hld::new(&[PARENT, MAP]), &[]);
}

#[test]
fn f208_a_config_file_that_no_environment_reads() {
    let web = [
        ("component.yaml", "name: shop\nsubcomponents:\n- {name: web, source: ./web}\n"),
        ("web/component.yaml", "name: web\ntype: static\npath: m\n"),
        ("web/m/map.yaml", MAP.1),
        ("config/prod.yaml", "{}\n"),
    ];
    let hld = |files: Files<'_>| Hld::new(&[&web, files].concat());
    let want = "web/config/prdo.yaml: no environment reads the config file `prdo.yaml`";
    check("F208", &hld(&[("web/config/prdo.yaml", "{}\n")]), &[want]);
    let want = "web/config/prod.yml: `prod.yml` is not read: config files end in .yaml or .json";
    check("F208", &hld(&[("web/config/prod.yml", "{}\n")]), &[want]);
    // Any other name may be one for the command line, unless all environments are listed.
    check("F208", &hld(&[("web/config/azure.yaml", "{}\n")]), &[]);
    let listed = ("fab.yaml", "environments: {prod: {}, quality: {}}\n");
    check(
        "F208",
        &hld(&[("web/config/azure.yaml", "{}\n"), listed]),
        &[
            "fab.yaml: no component has a config file for `quality`",
            "web/config/azure.yaml: no environment reads the config file `azure.yaml`",
        ],
    );
}

/// A definition with one source, which is not installed.
fn source(fields: &str, files: Files<'_>) -> Hld {
    let component = format!("name: shop\nsubcomponents:\n- name: web\n{fields}");
    Hld::new(&[&[("component.yaml", component.as_str())], files].concat())
}

#[test]
fn f301_a_source_that_is_not_pinned() {
    let git = |rest: &str| source(&format!("  method: git\n  source: https://git.example/web\n{rest}"), &[]);
    check("F301", &git(""), &["component.yaml:5:3: the source of `web` is not pinned: it has no version"]);
    check(
        "F301",
        &git("  branch: main\n"),
        &["component.yaml:6:3: the source of `web` is not pinned: it follows the branch `main`"],
    );
    check("F301", &git("  version: v1.2.0\n"), &[]);
    let chart = |rest: &str| {
        source(
            &format!("  type: helm\n  method: helm\n  source: https://charts.example\n  path: web\n{rest}"),
            &[],
        )
    };
    check(
        "F301",
        &chart("  version: ^1.2.0\n"),
        &["component.yaml:8:3: the source of `web` is not pinned: `^1.2.0` is a range of versions"],
    );
    check("F301", &chart("  version: 1.2.0\n"), &[]);
    let file = "  type: static\n  method: http\n  source: https://example.com/a.yaml\n";
    check(
        "F301",
        &source(file, &[]),
        &["component.yaml:6:3: the source of `web` is not pinned: it has no `sha256`"],
    );
    let lock = "version: 1\nsources:\n- method: git\n  source: https://git.example/web\n  commit: 0123456789012345678901234567890123456789\n  tree: 0123456789012345678901234567890123456789\n";
    check("F301", &source("  method: git\n  source: https://git.example/web\n", &[("fab.lock", lock)]), &[]);
}

#[test]
fn f302_a_source_over_plain_http() {
    let git = |source_: &str| source(&format!("  method: git\n  source: {source_}\n  version: v1\n"), &[]);
    check(
        "F302",
        &git("http://git.example/web"),
        &["component.yaml:5:3: the source of `web` is not encrypted: http://git.example/web"],
    );
    check("F302", &git("https://git.example/web"), &[]);
}

#[test]
fn f303_a_lockfile_that_does_not_fit() {
    let fields = "  method: git\n  source: https://git.example/web\n  version: v1\n";
    let lock = |version: &str| {
        format!(
            "version: 1\nsources:\n- method: git\n  source: https://git.example/web\n  version: {version}\n  commit: 0123456789012345678901234567890123456789\n  tree: 0123456789012345678901234567890123456789\n"
        )
    };
    check(
        "F303",
        &source(fields, &[("fab.lock", &lock("v0"))]),
        &["component.yaml:3:3: fab.lock has no entry for git https://git.example/web version v1"],
    );
    check("F303", &source(fields, &[("fab.lock", &lock("v1"))]), &[]);
    check("F303", &source(fields, &[]), &[]);
}

#[test]
fn f304_hooks_that_came_from_elsewhere() {
    let root = "name: shop\nsubcomponents:\n- {name: web, method: git, source: https://git.example/web, version: v1}\n";
    let web = "name: web\ntype: static\npath: m\nhooks: {before-install: [curl x]}\n";
    let files = [
        ("component.yaml", root),
        ("components/web/component.yaml", web),
        ("components/web/m/map.yaml", MAP.1),
    ];
    check(
        "F304",
        &Hld::new(&files),
        &[
            "components/web/component.yaml:4:1: `web` from https://git.example/web has before-install hooks, and the source is not allowed to run any",
        ],
    );
    let allowed = ("fab.yaml", "hooks: {allow: [https://git.example/web]}\n");
    check("F304", &Hld::new(&[&files[..], &[allowed]].concat()), &[]);
}

const RANDOM: (&str, &str) = (
    "chart/templates/random.yaml",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: r}\ndata:\n  a: {{ randAlphaNum 10 }}\n",
);
const RANDOM_SECRET: (&str, &str) = (
    "chart/templates/secret.yaml",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  a: {{ randAlphaNum 10 | b64enc }}\n",
);

#[test]
fn f401_output_that_differs_in_every_run() {
    let want = "chart/templates/random.yaml:5:22: `randAlphaNum` makes the output differ in every run";
    check("F401", &chart(&[RANDOM, RANDOM_SECRET]), &[want]);
    check("F401", &chart(&[]), &[]);
}

#[test]
fn f402_a_secret_that_differs_in_every_run() {
    let want = "chart/templates/secret.yaml:5:22: `randAlphaNum` makes the Secret s another one in every run";
    check("F402", &chart(&[RANDOM, RANDOM_SECRET]), &[want]);
    check("F402", &chart(&[RANDOM]), &[]);
}

#[test]
fn f403_a_secret_in_plain_text() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData:\n  password: hunter2\n";
    let hld = Hld::new(&[STATIC, ("m/db.yaml", secret)]);
    check("F403", &hld, &["m/db.yaml:2:1: the Secret db is in plain text"]);
    assert!(!hld.ok(&["lint"]).stdout.contains("hunter2"));
    let hld = chart(&[("chart/templates/db.yaml", secret)]);
    check("F403", &hld, &["component.yaml:1:1: the output has the Secret db in plain text"]);
    let encrypted = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData:\n  password: ENC[AES256_GCM,data:x]\nsops: {mac: x}\n";
    let reference = secret.replace("hunter2", "${DB_PASSWORD}");
    for fine in [encrypted, &reference, &secret.replace("hunter2", "\"\"")] {
        let hld = Hld::new(&[STATIC, ("m/db.yaml", fine)]);
        check("F403", &hld, &[]);
        hld.ok(&["generate", "prod"]);
        assert_eq!(hld.read("generated/prod/app.yaml"), format!("---\n{fine}\n"), "passed through untouched");
    }
}

#[test]
fn f404_a_secret_in_config() {
    let config = "config:\n  image: {tag: \"2\"}\n  db:\n    password: hunter2\n    existingSecret: db\n";
    let hld = chart(&[("config/prod.yaml", config)]);
    check("F404", &hld, &["config/prod.yaml:4:5: `db.password` is a secret in plain text, as its key says"]);
    let run = hld.ok(&["lint", "--output-format", "sarif"]);
    assert!(run.stdout.contains("F404") && !run.stdout.contains("hunter2"), "{}", run.stdout);
    let config = config.replace("hunter2", "${DB_PASSWORD}");
    check("F404", &chart(&[("config/prod.yaml", &config)]), &[]);
}

#[test]
fn f405_a_config_file_that_is_encrypted() {
    let config = "config:\n  password: ENC[AES256_GCM,data:x,type:str]\nsops:\n  mac: ENC[x]\n";
    let hld = chart(&[("config/prod.yaml", config)]);
    let want = "config/prod.yaml:3:1: the file is encrypted with SOPS, and its values reach the templates as they are";
    check("F405", &hld, &[want]);
    for other in ["F201", "F404"] {
        check(other, &hld, &[]);
    }
    check("F405", &chart(&[]), &[]);
}

#[test]
fn f406_what_a_chart_is_warned_of() {
    let config = ("config/prod.yaml", "config: {replicas: {a: 1}}\n");
    let warned = found(&chart(&[config]), "F406");
    assert!(warned.len() == 1 && warned[0].contains("replicas"), "{warned:?}");
    check("F406", &chart(&[]), &[]);
}

#[test]
fn every_rule_has_a_case_and_a_row_in_the_documentation() {
    let hld = Hld::new(&[STATIC, MAP]);
    let list = hld.ok(&["lint", "--rules"]).stdout;
    let cases = std::fs::read_to_string(root().join("tests/it/lint.rs")).unwrap();
    let document = std::fs::read_to_string(root().join("docs/lint.md")).unwrap();
    let mut count = 0;
    for line in list.lines().skip(1) {
        let mut cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        let mut cell = || cells.next().unwrap();
        let (code, name, level, about) = (cell(), cell(), cell(), cell());
        let test = format!("fn {}_", code.to_lowercase());
        assert!(cases.contains(&test), "no test begins with {test}");
        let row = format!("| {code} | `{name}` | {level} | {about} |");
        assert!(document.contains(&row), "docs/lint.md has no row\n{row}");
        let explained = hld.ok(&["lint", "--explain", code]).stdout;
        assert_eq!(explained, hld.ok(&["lint", "--explain", name]).stdout);
        assert!(explained.starts_with(&format!("{code} {name} ({level})\n\n{about}.\n\n")), "{explained}");
        count += 1;
    }
    let rows = document.lines().filter(|line| line.starts_with("| F")).count();
    assert_eq!(rows, count, "docs/lint.md has other rows");
    hld.fails(&["lint", "--explain", "F999"], 2, &["there is no rule `F999`"]);
}

#[test]
fn a_finding_names_rule_line_component_and_environments() {
    let hld = chart(&[
        ("config/common.yaml", "config:\n  image:\n    tga: v2\n"),
        ("config/prod.yaml", "{}\n"),
        ("config/qa.yaml", "{}\n"),
    ]);
    let run = hld.ok(&["lint"]);
    let want = "warning[F101 dead-config-key]: `image.tga` is read by no template
 --> config/common.yaml:3:5
  |
3 |     tga: v2
  |     ^^^
  |
  = note: in component `app`, for prod, qa
  = help: did you mean `image.tag`?

";
    assert_eq!(run.stdout, want);
    run.says(&["Checked 1 component in 2 environments: 0 errors, 1 warning"]);
    hld.fab(&["lint", "--deny", "warnings"]).exited(1, &["--deny"]);
    // What is dead for an environment that is not asked for has nothing to do with this one.
    hld.write("config/qa.yaml", "config: {image: {tgb: v2}}\n");
    let run = hld.ok(&["lint", "prod"]);
    assert!(run.stdout.contains("for prod\n") && !run.stdout.contains("tgb"), "{}", run.stdout);
}

#[test]
fn levels_and_files_are_set_in_fab_yaml() {
    let config = ("config/prod.yaml", "config: {image: {tga: v2}}\n");
    let with = |settings: &str| chart(&[config, ("fab.yaml", settings)]);
    with("lint: {rules: {dead-config-key: error}}\n").fab(&["lint"]).exited(1, &["error"]);
    check("F101", &with("lint: {rules: {F101: off}}\n"), &[]);
    check("F101", &with("lint: {ignore: [{paths: [config/*.yaml]}]}\n"), &[]);
    check("F101", &with("lint: {ignore: [{paths: ['**/prod.yaml'], rules: [F101]}]}\n"), &[]);
    let left = "config/prod.yaml:1:18: `image.tga` is read by no template";
    check("F101", &with("lint: {ignore: [{paths: [config/*.yaml], rules: [F105]}]}\n"), &[left]);
    check("F101", &with("lint: {ignore: [{paths: ['*.yaml']}]}\n"), &[left]);
    let wrong = |settings: &str, want: &str| with(settings).fails(&["lint"], 2, &[want]);
    wrong("lint: {rules: {F101: loud}}\n", "a level is `off`, `warning` or `error`, and not `loud`");
    wrong("lint: {ignore: [{paths: [a], rules: [dead-key]}]}\n", "there is no rule `dead-key`");
    wrong("lint: {ignore: [{paths: ['[']}]}\n", "fab.yaml:1:");
}

#[test]
fn a_comment_leaves_a_finding_out() {
    check("F101", &chart(&[("config/prod.yaml", "config:\n  tga: v2 # fab:ignore F101\n")]), &[]);
    check(
        "F101",
        &chart(&[("config/prod.yaml", "config:\n  # fab:ignore dead-config-key\n  tga: v2\n")]),
        &[],
    );
    check("F404", &chart(&[("config/prod.yaml", "config:\n  password: a # fab:ignore F404\n")]), &[]);
}

#[test]
fn what_is_repaired_changes_nothing_else() {
    let text = "# The config of prod.\nconfig:\n  replicas:   2   # two\n\n  unknown: {a: 1} # nobody knows\n  image: {tga: v2}\n";
    let hld = chart(&[("config/prod.yaml", text)]);
    hld.ok(&["generate", "prod"]);
    let before = hld.read("generated/prod/app.yaml");
    let run = hld.ok(&["lint", "--fix"]);
    run.says(&["Repaired 1 finding in 1 file"]);
    assert_eq!(hld.read("config/prod.yaml"), text.replace("  unknown: {a: 1} # nobody knows\n", ""));
    hld.ok(&["generate", "prod"]);
    assert_eq!(hld.read("generated/prod/app.yaml"), before);
    // What may be a typo is left to the user.
    check("F101", &hld, &["config/prod.yaml:5:11: `image.tga` is read by no template"]);
}

#[test]
fn hooks_do_not_run_and_what_cannot_be_rendered_is_told() {
    let hld = Hld::new(&[
        ("component.yaml", "name: app\ntype: static\npath: m\nhooks: {before-generate: [touch ran]}\n"),
        MAP,
        ("config/prod.yaml", "confg: {}\n"),
    ]);
    let run = hld.fab(&["lint"]).exited(1, &["lint"]);
    run.says(&["warning: component.yaml:4:9: `app` has hooks, which were not run"]);
    assert!(!hld.path("ran").exists());
    let hld =
        chart(&[("chart/templates/bad.yaml", "{{ fail \"no\" }}\n"), ("config/prod.yaml", "confg: {}\n")]);
    let run = hld.fab(&["lint"]).exited(2, &["lint"]);
    assert!(run.stdout.contains("unknown field `confg`"), "{}", run.stdout);
    run.says(&["in component `app`, for prod"]);
}

#[test]
fn what_is_installed_is_not_the_users_to_change() {
    let root = "name: shop\nsubcomponents:\n- {name: web, method: git, source: https://git.example/web, version: v1}\n";
    let files = [
        ("component.yaml", root),
        ("components/web/component.yaml", "name: web\ntype: static\npath: m\nfoo: 1\n"),
        ("components/web/m/map.yaml", MAP.1),
        ("components/web/config/common.yaml", "config: {dead: 1}\nbar: 2\n"),
    ];
    let run = Hld::new(&files).ok(&["lint", "--output-format", "json"]);
    assert_eq!(run.stdout.trim(), "[]");
}
