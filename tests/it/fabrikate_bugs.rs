//! Where Fabrikate is wrong and `fab` differs on purpose, as `docs/compatibility.md` states it: one test for each
//! recorded case, by its name.

use crate::hld::{CHART, Hld};
use crate::site::Site;

const APP: (&str, &str) =
    ("component.yaml", "name: root\nsubcomponents:\n- name: app\n  type: helm\n  path: ./chart\n");

fn with_chart(files: &[(&str, &str)]) -> Hld {
    Hld::new(&[&CHART, files].concat())
}

#[track_caller]
fn check_app(files: &[(&str, &str)], args: &[&str], output: &str, contains: &[&str]) {
    let hld = with_chart(&[&[APP], files].concat());
    hld.ok(args);
    let text = hld.read(output);
    for part in contains {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

#[test]
fn component_child_named_as_parent() {
    let hld = Hld::new(&[
        (
            "component.yaml",
            "name: app\ntype: static\npath: a\nsubcomponents:\n- {name: app, type: static, path: b}\n",
        ),
        ("a/a.yaml", "a: 1\n"),
        ("b/b.yaml", "b: 1\n"),
    ]);
    hld.fails(
        &["generate"],
        2,
        &["`app.yaml` is written by two components", "component.yaml:5:3", "rename one"],
    );
}

#[test]
fn component_name_dotdot() {
    let hld = Hld::new(&[
        ("component.yaml", "name: root\nsubcomponents:\n- {name: ../../out, source: ./c}\n"),
        ("c/component.yaml", "name: c\n"),
    ]);
    hld.fails(&["generate"], 2, &["the name `../../out` leads out of its folder", "component.yaml:3:4"]);
    let hld = Hld::new(&[("component.yaml", "name: ../out\n")]);
    hld.fails(&["generate"], 2, &["the name `../out` cannot be the name of a file"]);
}

#[test]
fn component_name_slash() {
    let hld = Hld::new(&[
        ("component.yaml", "name: root\nsubcomponents:\n- {name: a/b, type: static, path: m}\n"),
        ("m/a.yaml", "a: 1\n"),
        ("generated/common/root.yaml", "old"),
    ]);
    hld.fails(&["generate"], 2, &["the name `a/b` cannot be the name of a file"]);
    assert_eq!(hld.read("generated/common/root.yaml"), "old", "the old output stays");
}

#[test]
fn component_same_name_siblings() {
    let hld = Hld::new(&[
        (
            "component.yaml",
            "name: root\nsubcomponents:\n- {name: a, type: static, path: x}\n- {name: a, type: static, path: y}\n",
        ),
        ("x/x.yaml", "x: 1\n"),
        ("y/y.yaml", "y: 1\n"),
    ]);
    hld.fails(
        &["generate"],
        2,
        &["two subcomponents `a`", "component.yaml:4:3", "the other one is at component.yaml:3:3"],
    );
}

#[test]
fn config_leak_same_name_siblings() {
    let hld = Hld::new(&[
        (
            "component.yaml",
            "name: root\nsubcomponents:\n- {name: p, source: ./p1}\n- {name: p, source: ./p2}\n",
        ),
        ("p1/component.yaml", "name: p1\n"),
        ("p2/component.yaml", "name: p2\n"),
    ]);
    hld.fails(&["generate"], 2, &["two subcomponents `p`"]);
}

#[test]
fn component_self_reference() {
    let hld = Hld::new(&[("component.yaml", "name: root\nsubcomponents:\n- name: again\n")]);
    hld.fails(&["generate"], 2, &["a component contains itself: . → .", "component.yaml:3:3"]);
    let hld = Hld::new(&[
        ("component.yaml", "name: root\nsubcomponents:\n- {name: a, source: ./a}\n"),
        ("a/component.yaml", "name: a\nsubcomponents:\n- {name: b, source: ../b}\n"),
        ("b/component.yaml", "name: b\nsubcomponents:\n- {name: a, source: ../a}\n"),
    ]);
    hld.fails(&["generate"], 2, &["a component contains itself: a → b → a", "b/component.yaml:3:3"]);
}

#[test]
fn component_unknown_type() {
    let hld =
        Hld::new(&[("component.yaml", "name: root\nsubcomponents:\n- name: a\n  type: Helm\n  path: m\n")]);
    hld.fails(&["generate"], 2, &["unknown type `Helm`", "component.yaml:4:3", "did you mean `helm`?"]);
    let hld = Hld::new(&[("component.yaml", "name: root\ntype: kustomize\n")]);
    hld.fails(&["generate"], 2, &["unknown type `kustomize`", "the types are"]);
}

#[test]
fn config_unknown_fields() {
    let hld = with_chart(&[
        APP,
        ("config/common.yaml", "subcomponent: {}\nsubcomponents:\n  ap: {config: {a: 1}}\n"),
    ]);
    let run = hld.ok(&["generate"]);
    let warnings = [
        "config/common.yaml:1:1: unknown field `subcomponent`; did you mean `subcomponents`?",
        "config/common.yaml:3:3: there is no subcomponent `ap`; did you mean `app`?",
    ];
    for warning in warnings {
        assert!(run.stderr.contains(warning), "{warning:?} is not in:\n{}", run.stderr);
    }
}

#[test]
fn disabled_common_but_env_has_config() {
    let hld = with_chart(&[
        APP,
        ("config/common.yaml", "subcomponents: {app: {disabled: true}}\n"),
        ("config/prod.yaml", "subcomponents: {app: {config: {a: 1}}}\n"),
    ]);
    hld.ok(&["generate", "prod"]);
    assert_eq!(hld.files("generated/prod"), ["root.yaml"]);
}

#[test]
fn env_common_explicit() {
    let common = [("config/common.yaml", "subcomponents: {app: {config: {l: [1]}}}\n")];
    check_app(&common, &["generate", "common"], "generated/common/app.yaml", &[r#"{\"l\":[1]}"#]);
    check_app(&common, &["generate", "prod", "prod"], "generated/prod-prod/app.yaml", &[r#"{\"l\":[1]}"#]);
}

#[test]
fn env_traversal() {
    let hld = Hld::new(&[("component.yaml", "name: root\n"), ("keep/important.txt", "x")]);
    for name in ["../keep", "..", ".", "a/../..", "/../keep"] {
        hld.fails(&["generate", name], 2, &["leads out of the output folder"]);
    }
    assert_eq!(hld.read("keep/important.txt"), "x");
}

#[test]
fn generate_secret_in_verbose_log() {
    let hld =
        with_chart(&[APP, ("config/common.yaml", "subcomponents: {app: {config: {password: s3cr3t}}}\n")]);
    let run = hld.ok(&["-v", "generate"]);
    assert!(!run.stderr.contains("s3cr3t") && !run.stdout.contains("s3cr3t"), "{}", run.stderr);
}

#[test]
fn helm_name_dash() {
    let hld = with_chart(&[(
        "component.yaml",
        "name: root\nsubcomponents:\n- {name: --debug, type: helm, path: chart}\n",
    )]);
    hld.fails(&["generate"], 2, &["invalid release name"]);
}

#[test]
fn helm_stderr_in_manifest() {
    // The chart is deprecated, which helm says on stderr.
    let hld = with_chart(&[
        APP,
        ("chart/Chart.yaml", "apiVersion: v2\nname: probe\nversion: 0.1.0\ndeprecated: true\n"),
    ]);
    let run = hld.ok(&["generate"]);
    assert!(run.stderr.contains("deprecated"), "{}", run.stderr);
    assert!(hld.read("generated/common/app.yaml").starts_with("---\n---\n# Source: probe/"));
}

#[test]
fn hooks_run_on_unparsable_component() {
    let hld = Hld::new(&[
        (
            "component.yaml",
            "name: root\nhooks: {before-generate: [touch ran]}\nsubcomponents:\n- {name: a, source: ./a}\n",
        ),
        ("a/component.yaml", "name: a\nsubcomponents: 5\n"),
    ]);
    hld.fails(&["generate"], 2, &["`subcomponents` must be a list, not a number", "a/component.yaml:2:1"]);
    assert!(!hld.path("ran").exists(), "no hook runs before everything is loaded");
}

/// A definition with one component from git.
fn with_clone(entry: &str) -> Site {
    let entry = format!("{{name: c, method: git, source: REMOTES/comp{entry}}}");
    let site = Site::new(&[]);
    site.write("component.yaml", &format!("name: root\nsubcomponents:\n- {entry}\n"));
    site.repository("comp")
        .commit(&[("component.yaml", "name: c\ntype: static\npath: m\n"), ("m/a.yaml", "a: 1\n")]);
    site
}

#[test]
fn install_disabled() {
    let site = Site::new(&[
        ("component.yaml", "name: root\nsubcomponents:\n- {name: c, method: git, source: REMOTES/nosuch}\n"),
        ("config/common.yaml", "subcomponents:\n  c: {disabled: true}\n"),
    ]);
    site.ok(&["install"]);
    assert_eq!(site.installed(), [] as [&str; 0]);
}

#[test]
fn install_leftovers() {
    let site = with_clone("");
    site.ok(&["install"]);
    assert_eq!(site.installed(), ["components/c/component.yaml", "components/c/m/a.yaml"]);
    let left = |folder: &str| std::fs::read_dir(site.all().join(folder)).unwrap().count();
    assert_eq!((left("tmp"), left("cache/v1/tmp")), (0, 0));
}

#[test]
fn install_no_helm() {
    let site = with_clone("");
    let output = site.command(&["install"]).env("PATH", "/nonexistent").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(site.read("components/c/m/a.yaml"), "a: 1\n");
}

#[test]
fn ns_inject() {
    check_app(
        &[
            ("config/common.yaml", "subcomponents: {app: {namespace: shop, injectNamespace: true}}\n"),
            (
                "chart/templates/more.yaml",
                "kind: ClusterRole # rights\napiVersion: rbac.authorization.k8s.io/v1\nmetadata: {name: r}\n---\n\
                 kind: List\napiVersion: v1\nitems:\n- kind: Pod\n  metadata:\n    name: p # a pod\n",
            ),
        ],
        &["generate"],
        "generated/common/app.yaml",
        &[
            "metadata:\n  namespace: shop\n  name: app\n",
            "kind: ClusterRole # rights\napiVersion: rbac.authorization.k8s.io/v1\nmetadata: {name: r}\n",
            "- kind: Pod\n  metadata:\n    namespace: shop\n    name: p # a pod\n",
        ],
    );
}

#[test]
fn ns_inject_high_ns_low() {
    check_app(
        &[
            ("config/prod.yaml", "subcomponents: {app: {injectNamespace: true}}\n"),
            ("config/common.yaml", "subcomponents: {app: {namespace: shop}}\n"),
        ],
        &["generate", "prod"],
        "generated/prod/app.yaml",
        &["namespace: shop"],
    );
}

#[test]
fn ns_precedence_env_over_common() {
    check_app(
        &[
            ("config/prod.yaml", "subcomponents: {app: {namespace: high}}\n"),
            ("config/common.yaml", "subcomponents: {app: {namespace: low, injectNamespace: true}}\n"),
        ],
        &["generate", "prod"],
        "generated/prod/app.yaml",
        &["namespace: high"],
    );
}

#[test]
fn set_sha_like_number() {
    // What `set` writes is text and reaches the chart as text.
    check_app(
        &[("config/common.json", r#"{"subcomponents": {"app": {"config": {"tag": "12e5"}}}}"#)],
        &["generate"],
        "generated/common/app.yaml",
        &[r#"{\"tag\":\"12e5\"}"#],
    );
}

#[test]
fn static_method_git() {
    let component = "name: root\nsubcomponents:\n- {name: kv, type: static, method: git, source: https://e.invalid/x, path: m}\n";
    let hld = Hld::new(&[("component.yaml", component), ("m/a.yaml", "mine: 1\n")]);
    hld.fails(&["generate"], 2, &["`kv` is not installed: there is no `components/kv/m`", "fab install"]);
    hld.write("components/kv/m/a.yaml", "cloned: 1\n");
    hld.ok(&["generate"]);
    assert_eq!(hld.read("generated/common/kv.yaml"), "---\ncloned: 1\n\n");
}

#[test]
fn static_nested_dir() {
    let hld = Hld::new(&[
        ("component.yaml", "name: st\ntype: static\npath: m\n"),
        ("m/b.yaml", "b: 1\n"),
        ("m/a/z.yaml", "z: 1\n"),
        ("m/a.yaml", "a: 1\n"),
    ]);
    hld.ok(&["generate"]);
    assert_eq!(hld.read("generated/common/st.yaml"), "---\na: 1\n\n---\nz: 1\n\n---\nb: 1\n\n");
}

#[test]
fn static_no_path() {
    let hld = Hld::new(&[
        ("component.yaml", "name: root\ntype: static\n"),
        ("config/common.yaml", "{}\n"),
        ("a.yaml", "a: 1\n"),
    ]);
    for _ in 0..2 {
        hld.ok(&["generate"]);
        assert_eq!(hld.read("generated/common/root.yaml"), "---\na: 1\n\n");
    }
}

#[test]
fn static_non_yaml() {
    let hld = Hld::new(&[
        ("component.yaml", "name: st\ntype: static\npath: m\n"),
        ("m/README.md", "# read\n"),
        ("m/.hidden", "x\n"),
        ("m/b.yml", "b: 1\n"),
        ("m/c.json", "{}\n"),
    ]);
    let run = hld.ok(&["generate"]);
    assert_eq!(hld.read("generated/common/st.yaml"), "---\nb: 1\n\n---\n{}\n\n");
    assert!(
        run.stderr.contains("skipped `m/README.md`") && run.stderr.contains("skipped `m/.hidden`"),
        "{}",
        run.stderr
    );
}

#[test]
fn validate_fails() {
    let hld = Hld::new(&[
        ("component.yaml", "name: st\ntype: static\npath: m\n"),
        ("m/a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {}\n"),
    ]);
    let run = hld.fab(&["generate", "--validate"]).exited(1, &["generate", "--validate"]);
    assert!(run.stdout.contains("error: name is missing\n --> common/st.yaml:4:1"), "{}", run.stdout);
    assert!(!hld.path("generated").exists(), "nothing is written");
}

#[test]
fn validate_ok_and_no_kubectl() {
    // Nothing but `fab` is needed, and files without resources are fine.
    let hld = with_chart(&[APP]);
    let run = hld.ok(&["generate", "--validate"]);
    assert!(run.stderr.contains("0 errors, 0 warnings"), "{}", run.stderr);
}
