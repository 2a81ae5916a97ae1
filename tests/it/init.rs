//! `fab init`: a definition that generates at once, and what it leaves alone.

use crate::hld::Hld;

const WRITTEN: [&str; 11] = [
    ".fab/component.schema.json",
    ".fab/config.schema.json",
    ".fab/fab.schema.json",
    ".gitignore",
    "README.md",
    "component.yaml",
    "config/common.yaml",
    "config/dev.yaml",
    "config/prod.yaml",
    "fab.yaml",
    "hello/hello.yaml.hbs",
];

fn files(hld: &Hld, folder: &str) -> Vec<String> {
    hld.files(folder).into_iter().filter(|path| !path.starts_with(".git/")).collect()
}

#[test]
fn a_new_definition_generates_at_once() {
    let hld = Hld::new(&[]);
    let run = hld.ok(&["init", "platform"]);
    assert_eq!(run.stdout, "");
    run.says(&[
        "Wrote component.yaml\n",
        "Made a git repository\n",
        "Next: `fab generate --each -C platform`\n",
    ]);
    assert_eq!(files(&hld, "platform"), WRITTEN);
    assert!(hld.path("platform/.git/HEAD").exists());
    let generated = hld.ok(&["generate", "--each", "-C", "platform"]);
    assert!(!generated.stderr.contains("warning"), "{}", generated.stderr);
    assert_eq!(
        hld.files("platform/generated"),
        ["dev/hello.yaml", "dev/platform.yaml", "prod/hello.yaml", "prod/platform.yaml"]
    );
    let want = "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: hello\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hello\n  namespace: hello\ndata:\n  \
                environment: \"dev\"\n  greeting: \"Hello from dev\"\n\n";
    assert_eq!(hld.read("platform/generated/dev/hello.yaml"), want);
    hld.ok(&["validate", "-C", "platform", "--deny", "warnings"]);
}

#[test]
fn names_and_environments_are_chosen() {
    let hld = Hld::new(&[]);
    hld.ok(&["init", "--name", "1.5", "--env", "qa,on", "--env", "live"])
        .says(&["Next: `fab generate --each`\n"]);
    let run = hld.ok(&["generate", "--each"]);
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    assert_eq!(
        hld.files("generated"),
        ["live/1.5.yaml", "live/hello.yaml", "on/1.5.yaml", "on/hello.yaml", "qa/1.5.yaml", "qa/hello.yaml"]
    );
    assert!(hld.read("generated/on/hello.yaml").contains("greeting: \"Hello from on\""));
}

#[test]
fn a_folder_with_other_files_keeps_them() {
    let hld = Hld::new(&[("README.md", "mine\n"), ("src/main.go", "package main\n")]);
    hld.ok(&["init"]).says(&["Kept README.md, which was there\n", "Wrote component.yaml\n"]);
    assert_eq!(hld.read("README.md"), "mine\n");
    hld.ok(&["generate", "prod"]);
}

#[test]
fn an_existing_definition_is_left_alone() {
    let hld = Hld::new(&[("component.yaml", "name: mine\n"), ("fab.yaml", "environments:\n  prod: {}\n")]);
    hld.fails(&["init"], 2, &["there is a definition already: `component.yaml`", "`--env NAME` adds"]);
    hld.fails(&["init", "--name", "x", "--env", "qa"], 2, &["there is a definition already"]);
    assert_eq!(hld.files(""), ["component.yaml", "fab.yaml"]);
    hld.ok(&["init", "--env", "qa"])
        .says(&["Wrote config/qa.yaml\n", "warning: `qa` is not among the `environments` of fab.yaml\n"]);
    assert_eq!(hld.files(""), ["component.yaml", "config/qa.yaml", "fab.yaml"]);
    hld.ok(&["generate", "qa"]);
    hld.ok(&["init", "--force"]);
    assert!(hld.read("component.yaml").contains("- name: hello\n"));
}

#[test]
fn err_a_name_is_no_path() {
    let hld = Hld::new(&[]);
    let hint = "use letters, digits";
    hld.fails(&["init", "--env", "../up"], 2, &["`../up` cannot be the name of an environment", hint]);
    hld.fails(&["init", "--name", "a/b"], 2, &["`a/b` cannot be the name of a component", hint]);
    assert_eq!(hld.files(""), [""; 0]);
}
