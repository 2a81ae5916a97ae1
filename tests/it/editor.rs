//! What editors, shells and `man` are given: schemas, completions, pages.

use std::path::Path;

use crate::hld::Hld;

const FILES: [(&str, &str); 4] = [
    (
        "hld/component.yaml",
        "name: platform\nsubcomponents:\n- name: infra\n  source: ./infra\n- {name: web, type: static, path: web}\n",
    ),
    ("hld/infra/component.yaml", "name: infra\nsubcomponents:\n- {name: dns, type: static, path: dns}\n"),
    ("hld/config/prod.yaml", "{}\n"),
    ("hld/config/preview.yaml", "subcomponents:\n  infra: {disabled: true}\n"),
];

/// Compares what the last word of a command line may become.
#[track_caller]
fn check(line: &[&str], want: &[&str]) {
    let hld = Hld::new(&FILES);
    let line = [&["--", "fab"], line].concat();
    let run = hld.fab_with(&[("FAB_COMPLETE", "fish")], &line).exited(0, &line);
    let words: Vec<&str> = run.stdout.lines().map(|line| line.split('\t').next().unwrap()).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.starts_with('-')).collect();
    assert_eq!(words, want, "{line:?}");
}

#[test]
fn environments_are_completed() {
    check(&["list", "-C", "hld", ""], &["preview", "prod"]);
    check(&["generate", "--directory", "hld", "pro"], &["prod"]);
    check(&["validate", "-C", "hld", "prod+pre"], &["prod+preview"]);
    check(&["list", "-C", "gone", ""], &[]);
}

#[test]
fn components_are_completed() {
    check(&["show", "-C", "hld", "prod", ""], &["infra", "infra/dns", "platform", "web"]);
    check(&["show", "-C", "hld", "prod", "infra/"], &["infra/dns"]);
}

#[test]
fn commands_are_completed() {
    check(&["gen"], &["generate"]);
}

#[test]
fn a_shell_gets_a_script_that_asks_fab() {
    let hld = Hld::new(&[]);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = hld.ok(&["completions", shell]).stdout;
        assert!(script.contains("FAB_COMPLETE"), "{shell}: {script}");
        assert!(!script.contains(env!("CARGO_MANIFEST_DIR")), "{shell} does not know this machine: {script}");
    }
}

#[test]
fn files_of_a_new_definition_name_schemas_that_are_there() {
    let hld = Hld::new(&[]);
    hld.ok(&["init"]);
    let mut named = Vec::new();
    for file in hld.files("").iter().filter(|file| file.ends_with(".yaml")) {
        let text = hld.read(file);
        let schema = text.lines().next().unwrap().strip_prefix("# yaml-language-server: $schema=").unwrap();
        let folder = Path::new(file).parent().unwrap();
        let path = folder.join(schema).to_str().unwrap().replace("config/../", "");
        let kind = path.strip_prefix(".fab/").unwrap().strip_suffix(".schema.json").unwrap().to_owned();
        assert_eq!(hld.read(&path), hld.ok(&["schema", &kind]).stdout, "{file}");
        named.push(kind);
    }
    named.sort();
    named.dedup();
    assert_eq!(named, ["component", "config", "fab"]);
    hld.ok(&["init", "--env", "qa"]);
    assert!(
        hld.read("config/qa.yaml")
            .starts_with("# yaml-language-server: $schema=../.fab/config.schema.json\n")
    );
}

#[test]
fn every_command_has_a_manual_page() {
    let hld = Hld::new(&[]);
    assert!(hld.ok(&["man"]).stdout.contains(".TH fab 1"), "the page of fab itself");
    hld.ok(&["man", "-o", "man1"]).says(&["Wrote the manual pages to man1"]);
    let pages = hld.files("man1");
    for page in ["fab.1", "fab-generate.1", "fab-list.1", "fab-cache-prune.1"] {
        assert!(pages.iter().any(|known| known == page), "{page} is not among {pages:?}");
    }
}
