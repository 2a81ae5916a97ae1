//! Which components are listed, and what is said of them.

use std::fs;

use super::*;
use crate::inventory::picture::{dot, mermaid};

fn definition(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    folder
}

fn listing(files: &[(&str, &str)], environments: &[&str]) -> Listing {
    let folder = definition(files);
    let environments = environments.iter().map(|name| Environment::new([name])).collect();
    list(&ListOptions { directory: folder.path().to_owned(), environments }).unwrap()
}

/// Compares the path and state of each component; places without the folder.
#[track_caller]
fn check(files: &[(&str, &str)], want: &[&str]) {
    let listing = listing(files, &["prod"]);
    let state = |state: &State| match state {
        State::Enabled(Some(place)) => format!("enabled {}", short(place)),
        State::Disabled(Some(place)) => format!("disabled {}", short(place)),
        State::DisabledWith(path) => format!("disabled with {path}"),
        other => format!("{other:?}"),
    };
    let components = listing.environments[0].components.iter();
    let got: Vec<String> =
        components.map(|component| format!("{}: {}", component.path, state(&component.state))).collect();
    assert_eq!(got, want);
}

fn short(place: &Place) -> String {
    let place = place.to_string();
    place.rsplit_once("config/").map(|(_, rest)| rest.to_owned()).unwrap()
}

const TREE: [(&str, &str); 3] = [
    (
        "component.yaml",
        "name: root\nsubcomponents:\n- name: infra\n  source: ./infra\n- name: web\n  type: helm\n",
    ),
    ("infra/component.yaml", "name: infra\nsubcomponents:\n- name: dns\n  type: static\n  path: dns\n"),
    ("config/common.yaml", "subcomponents:\n  infra:\n    disabled: true\n"),
];

#[test]
fn what_is_disabled_is_listed_with_all_below_it() {
    check(
        &TREE,
        &[
            "root: Enabled(None)",
            "infra: disabled common.yaml:3:5",
            "infra/dns: disabled with infra",
            "web: Enabled(None)",
        ],
    );
}

#[test]
fn the_strongest_file_that_says_so_is_named() {
    let prod = ("config/prod.yaml", "subcomponents:\n  infra:\n    disabled: false\n");
    check(
        &[&TREE[..], &[prod]].concat(),
        &[
            "root: Enabled(None)",
            "infra: enabled prod.yaml:3:5",
            "infra/dns: Enabled(None)",
            "web: Enabled(None)",
        ],
    );
    let mentions = ("config/prod.yaml", "subcomponents:\n  infra:\n    namespace: x\n");
    check(
        &[&TREE[..], &[mentions]].concat(),
        &[
            "root: Enabled(None)",
            "infra: disabled common.yaml:3:5",
            "infra/dns: disabled with infra",
            "web: Enabled(None)",
        ],
    );
}

#[test]
fn what_is_not_installed_is_no_failure() {
    let files = [(
        "component.yaml",
        "name: root\nsubcomponents:\n- name: a\n  method: git\n  source: https://h.example/a\n- name: b\n  source: ./b\n",
    )];
    check(&files, &["root: Enabled(None)", "a: NotInstalled", "b: Unreadable"]);
    let failures = listing(&files, &["prod"]).failures;
    assert_eq!(failures.iter().map(|failure| failure.component.as_str()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn a_source_has_what_was_asked_and_what_is_pinned() {
    let lock = "version: 1\nsources:\n\
        - {method: git, source: 'https://h.example/a', branch: main, commit: 22cd3bc0b85295c65ca8f67ccb928afaf7d2e07f, tree: 4b825dc642cb6eb9a060e54bf8d69288fbee4904}\n\
        - {method: helm, source: 'https://c.example', path: redis, version: ^18, resolved: 18.1.0, digest: 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'}\n";
    let files = [
        ("fab.lock", lock),
        (
            "component.yaml",
            "name: root\nsubcomponents:\n\
             - {name: a, method: git, source: 'https://me:secret@h.example/a', branch: main, path: x}\n\
             - {name: b, type: helm, method: helm, source: 'https://c.example', path: redis, version: ^18}\n\
             - {name: c, type: helm, method: helm, source: 'oci://c.example/d/redis', version: 1.0.0}\n\
             - {name: d, type: static, method: http, source: 'https://h.example/d.yaml'}\n",
        ),
    ];
    let listing = listing(&files, &["prod"]);
    let sources = listing.environments[0].components.iter().flat_map(|component| &component.sources);
    let shown: Vec<String> =
        sources.map(|source| format!("{}: {}", source.address(), source.version())).collect();
    let want = [
        "https://h.example/a x: 22cd3bc (main)",
        "https://c.example redis: 18.1.0 (^18)",
        "oci://c.example/d redis: 1.0.0 (not locked)",
        "https://h.example/d.yaml: not locked",
    ];
    assert_eq!(shown, want);
}

#[test]
fn a_picture_takes_any_name() {
    let name = r#"a"b\c#d<e>`&"#;
    let component = format!("name: '{name}'\n");
    let environments = listing(&[("component.yaml", &component)], &["prod"]).environments;
    assert_eq!(
        mermaid(&environments),
        "flowchart LR\n  c0[\"a#34;b#92;c#35;d#60;e#62;#96;#38;<br/>component\"]\n"
    );
    assert_eq!(
        dot(&environments),
        "digraph components {\n  rankdir=LR\n  node [shape=box]\n  c0 [label=\"a\\\"b\\\\c#d<e>`&\\ncomponent\"]\n}\n"
    );
}

#[test]
fn several_environments_have_a_box_each() {
    let environments = listing(&TREE, &["prod", "qa"]).environments;
    let (mermaid, dot) = (mermaid(&environments), dot(&environments));
    assert!(mermaid.contains("  subgraph e1[\"qa\"]\n    c4[\"root<br/>component\"]\n"), "{mermaid}");
    assert!(mermaid.ends_with("  class c1,c2,c5,c6 disabled\n"), "{mermaid}");
    assert_eq!(mermaid.matches("\n  end\n").count(), 2, "{mermaid}");
    assert!(
        dot.contains("  subgraph cluster_1 {\n    label=\"qa\"\n    c4 [label=\"root\\ncomponent\"]\n"),
        "{dot}"
    );
    assert_eq!(dot.matches('{').count(), dot.matches('}').count(), "{dot}");
}
