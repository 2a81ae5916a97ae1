//! `fab diff`: what a change of a definition changes in its manifests.

use std::path::Path;

use git2::{IndexAddOption, Repository, Signature};

use crate::hld::Hld;

const ROOT: (&str, &str) = (
    "component.yaml",
    "name: shop\nsubcomponents:\n- {name: api, type: helm, path: chart}\n- {name: web, type: static, path: web}\n",
);
const CHART: [(&str, &str); 3] = [
    ("chart/Chart.yaml", "apiVersion: v2\nname: service\nversion: 1.2.0\n"),
    ("chart/values.yaml", "image: {repository: registry.example.com/shop, tag: 1.4.1}\nreplicas: 2\n"),
    (
        "chart/templates/all.yaml",
        "apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      containers:
      - name: app
        image: \"{{ .Values.image.repository }}/{{ .Release.Name }}:{{ .Values.image.tag }}\"
",
    ),
];
const WEB: (&str, &str) = (
    "web/web.yaml",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n  run.sh: |\n    set -e\n    echo one\n    exec web\n",
);
const ENVIRONMENTS: [(&str, &str); 2] = [
    ("config/prod.yaml", "subcomponents:\n  api:\n    config:\n      image: {tag: 1.4.1}\n"),
    ("config/staging.yaml", "{}\n"),
];

/// A definition that is committed on `main`.
fn shop(files: &[(&str, &str)]) -> Hld {
    let hld = Hld::new(&[&[ROOT, WEB], &CHART[..], &ENVIRONMENTS[..], files].concat());
    commit(&hld.path(""));
    hld
}

/// Commits all that there is.
pub(crate) fn commit(folder: &Path) {
    let mut options = git2::RepositoryInitOptions::new();
    options.initial_head("main");
    let repository = Repository::init_opts(folder, &options).unwrap();
    let mut index = repository.index().unwrap();
    index.add_all(["*"], IndexAddOption::DEFAULT, None).unwrap();
    index.write().unwrap();
    let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
    let who = Signature::now("Ada", "ada@example.com").unwrap();
    let parent = repository.head().ok().map(|head| head.peel_to_commit().unwrap());
    let parents: Vec<_> = parent.iter().collect();
    repository.commit(Some("HEAD"), &who, &who, "all", &tree, &parents).unwrap();
}

/// Runs `fab diff` in no pipeline; it has to end in this exit code and print exactly this on stdout.
#[track_caller]
fn check(hld: &Hld, args: &[&str], code: i32, stdout: &str) {
    let args = [&["diff"], args].concat();
    let none =
        ["GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "CHANGE_TARGET"].map(|name| (name, ""));
    let run = hld.fab_with(&none, &args).exited(code, &args);
    assert_eq!(run.stdout.trim_end(), stdout.trim_end(), "{}", run.stderr);
}

#[test]
fn nothing_changed_is_no_difference() {
    let hld = shop(&[]);
    check(&hld, &[], 0, "no changes");
    check(&hld, &["--exit-code"], 0, "no changes");
}

#[test]
fn a_changed_tag_is_one_line_of_one_resource() {
    let hld = shop(&[]);
    hld.write("config/prod.yaml", "subcomponents:\n  api:\n    config:\n      image: {tag: 1.4.2}\n");
    let want = "~ Deployment api in prod
    because of image.tag 1.4.1 → 1.4.2 (config/prod.yaml:4)
    spec.template.spec.containers[app].image
      - registry.example.com/shop/api:1.4.1
      + registry.example.com/shop/api:1.4.2

0 to add, 1 to change, 0 to remove in prod
";
    check(&hld, &[], 0, want);
    check(&hld, &["--exit-code"], 1, want);
    check(&hld, &["staging"], 0, "no changes");
}

#[test]
fn the_base_is_rendered_without_touching_the_working_tree() {
    let hld = shop(&[]);
    hld.write("web/web.yaml", &WEB.1.replace("echo one", "echo two"));
    let before = hld.files("");
    check(
        &hld,
        &["prod", "--stat"],
        0,
        "prod: 0 to add, 1 to change, 0 to remove\n0 to add, 1 to change, 0 to remove in prod",
    );
    assert_eq!(hld.files(""), before);
}

#[test]
fn a_folder_of_manifests_is_compared_with() {
    let hld = shop(&[]);
    hld.ok(&["generate", "prod"]);
    check(&hld, &["prod", "--against", "generated"], 0, "no changes");
    hld.write("generated/prod/web.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old}\n");
    let want = "- ConfigMap old in prod

+ ConfigMap web in prod

1 to add, 0 to change, 1 to remove in prod
";
    check(&hld, &["prod", "--against", "generated"], 0, want);
}

#[test]
fn a_branch_of_a_repository_of_manifests_is_compared_with() {
    let hld = shop(&[]);
    hld.ok(&["generate", "prod"]);
    let cache = hld.path("cache");
    let published = Hld::new(&[]);
    for file in hld.files("generated/prod") {
        published.write(&file, &hld.read(&format!("generated/prod/{file}")));
    }
    commit(&published.path(""));
    hld.write("config/prod.yaml", "subcomponents:\n  api:\n    config:\n      image: {tag: 1.4.2}\n");
    let against = format!("file://{}@main", published.path("").display());
    let args = ["diff", "prod", "--stat", "--against", &against];
    let variables = [("FAB_CACHE_DIR", cache.to_str().unwrap())];
    let run = hld.fab_with(&variables, &args).exited(0, &args);
    assert!(run.stdout.ends_with("0 to add, 1 to change, 0 to remove in prod\n"), "{}", run.stdout);
    let offline = [&args[..], &["--offline"]].concat();
    hld.fab_with(&variables, &offline).exited(2, &offline).says(&["cannot get the manifests of"]);
}

#[test]
fn a_side_that_does_not_render_is_told_and_not_compared() {
    let hld = shop(&[]);
    hld.write("chart/templates/all.yaml", "{{ fail \"no\" }}\n");
    hld.write("web/web.yaml", &WEB.1.replace("echo one", "echo two"));
    let args = ["diff", "prod", "--stat"];
    let run = hld.fab(&args).exited(2, &args).says(&["no", "in component `api`"]);
    assert!(run.stdout.contains("prod: 0 to add, 1 to change, 0 to remove"), "{}", run.stdout);
}

#[test]
fn an_environment_that_is_new_is_all_new() {
    let hld = shop(&[]);
    hld.write("config/qa.yaml", "{}\n");
    check(
        &hld,
        &["--stat"],
        0,
        "prod: 0 to add, 0 to change, 0 to remove\nqa: 2 to add, 0 to change, 0 to remove\nstaging: 0 to add, 0 to change, 0 to remove\nqa is new\n2 to add, 0 to change, 0 to remove in qa",
    );
}

/// A chart with a Secret, a version label and a checksum, beside the one that is there.
const SECRET: [(&str, &str); 4] = [
    (
        "component.yaml",
        "name: shop\nsubcomponents:\n- {name: db, type: helm, path: db}\n- {name: web, type: static, path: web}\n",
    ),
    ("db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 1.0.0\n"),
    ("db/values.yaml", "password: old-password\nport: 1\n"),
    (
        "db/templates/all.yaml",
        "apiVersion: v1
kind: Secret
metadata:
  name: db
  labels: {helm.sh/chart: db-{{ .Chart.Version }}}
stringData: {password: {{ .Values.password }}}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: db
  annotations: {checksum/secret: {{ .Values.password | sha256sum }}}
data:
  port: {{ .Values.port | quote }}
",
    ),
];

fn config_of_db(password: &str, port: u32) -> String {
    format!("subcomponents:\n  db:\n    config:\n      password: {password}\n      port: {port}\n")
}

#[test]
fn secret_data_are_in_no_form_of_the_diff() {
    let hld = shop(&[&SECRET[..], &[("config/prod.yaml", &config_of_db("old-password", 1))]].concat());
    hld.write("config/prod.yaml", &config_of_db("new-password", 1));
    let want = "~ Secret db in prod
    because of password (config/prod.yaml:4)
    stringData.password
      ~ (secret, changed)

1 resource changed only in labels, checksums or order
0 to add, 1 to change, 0 to remove in prod";
    check(&hld, &["prod"], 0, want);
    hld.write(
        "db/templates/more.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: more}\nstringData: {a: new-password}\n",
    );
    for format in ["text", "markdown", "json", "html"] {
        let run = hld.ok(&["diff", "prod", "--output-format", format]);
        assert!(!run.stdout.contains("-password"), "{format}: {}", run.stdout);
        assert!(run.stdout.contains("password"), "{format}: {}", run.stdout);
    }
}

#[test]
fn of_several_reasons_each_has_what_is_due_to_it() {
    let hld = shop(&[&SECRET[..], &[("config/prod.yaml", &config_of_db("old-password", 1))]].concat());
    hld.write("config/prod.yaml", &config_of_db("new-password", 2));
    hld.write("db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 1.0.1\n");
    let want = "~ Secret db in prod
    because of password (config/prod.yaml:4)
    stringData.password
      ~ (secret, changed)

~ ConfigMap db in prod
    because of port 1 → 2 (config/prod.yaml:5)
    data.port
      - \"1\"
      + \"2\"

0 to add, 2 to change, 0 to remove in prod";
    check(&hld, &["prod"], 0, want);
}

#[test]
fn what_says_little_is_named_in_fab_yaml() {
    let hld = shop(&[("fab.yaml", "diff:\n  noise: ['spec.replicas', '!**.labels.chart']\n")]);
    hld.write(
        "chart/values.yaml",
        "image: {repository: registry.example.com/shop, tag: 1.4.1}\nreplicas: 3\n",
    );
    let want =
        "1 resource changed only in labels, checksums or order\n0 to add, 0 to change, 0 to remove in prod";
    check(&hld, &["prod"], 0, want);
    check(&hld, &["prod", "--exit-code"], 1, want);
    hld.write("fab.yaml", "diff:\n  noise: ['a[']\n");
    hld.fails(&["diff"], 2, &["fab.yaml:2:11", "this is no path: `[` has no `]`"]);
}

#[test]
fn what_is_random_is_no_difference() {
    let hld = shop(&[(
        "chart/templates/random.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: random}\ndata:\n  r: {{ randAlphaNum 8 }}\n",
    )]);
    hld.ok(&["generate", "prod"]);
    let want = "1 resource with values that differ in every run\nno changes";
    check(&hld, &["prod", "--against", "generated", "--exit-code"], 0, want);
    hld.write(
        "chart/values.yaml",
        "image: {repository: registry.example.com/shop, tag: 1.4.1}\nreplicas: 3\n",
    );
    let run = hld.ok(&["diff", "prod"]);
    assert!(run.stdout.ends_with("\n\n0 to add, 1 to change, 0 to remove in prod\n"), "{}", run.stdout);
}

#[test]
fn a_base_that_does_not_render_is_told_and_not_compared() {
    let hld = shop(&[("chart/templates/all.yaml", "{{ fail \"no\" }}\n")]);
    hld.write("chart/templates/all.yaml", CHART[2].1);
    let args = ["diff", "prod"];
    let run = hld.fab(&args).exited(0, &args).says(&["the base cannot be rendered", "in component `api`"]);
    assert!(
        run.stdout.contains("the base cannot be rendered `api` for prod, so it is not compared"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.ends_with("no changes\n"), "{}", run.stdout);
    let args = ["diff", "prod", "--exit-code"];
    hld.fab(&args).exited(2, &args);
}

#[test]
fn images_are_listed() {
    let hld = shop(&[]);
    hld.write("config/prod.yaml", "subcomponents:\n  api:\n    config:\n      image: {tag: 1.4.2}\n");
    check(&hld, &["--images"], 0, "~ registry.example.com/shop/api 1.4.1 -> 1.4.2  (prod)");
    check(&hld, &["staging", "--images"], 0, "no changes of images");
}

#[test]
fn a_component_outside_of_the_definition_is_rendered_as_it_was() {
    let root = "name: shop\nsubcomponents:\n- {name: web, type: static, path: ../web}\n";
    let hld = Hld::new(&[("hld/component.yaml", root), ("hld/config/prod.yaml", "{}\n"), WEB]);
    commit(&hld.path(""));
    hld.write("web/web.yaml", &WEB.1.replace("echo one", "echo two"));
    check(
        &hld,
        &["-C", "hld", "--stat"],
        0,
        "prod: 0 to add, 1 to change, 0 to remove\n0 to add, 1 to change, 0 to remove in prod",
    );
}

#[test]
fn err_there_is_nothing_to_compare_with() {
    let hld = Hld::new(&[ROOT, WEB]);
    hld.fails(&["diff"], 2, &["is in no git repository", "--against PATH"]);
    hld.fails(&["diff", "--against", "nowhere"], 2, &["there is no folder `nowhere`"]);
    let hld = shop(&[]);
    hld.fails(&["diff", "--base", "mian"], 2, &["there is no commit `mian`", "did you mean `main`?"]);
}
