//! Pairs of manifests before and after: how the diff reads, that it stays within its
//! budget, and that its edits make the new tree of the old one.
//!
//! A pair is a file of `testdata/diff`: the manifests before, a line of `=====`, and
//! those after. Its snapshots are the diff as text and as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use fabrikate::diff::compare::apply;
use fabrikate::diff::resources::{File, Identity, read};
use fabrikate::diff::{
    Action, Diff, Form, Noise, Pair, Rules, Side, compare_all, file, html, json, markdown, text,
};
use goyaml::Value;

use crate::root;

/// Reading the schemas takes a while.
static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(Noise::default()));

/// Reads files of one side: `# FILE: path` begins another one.
fn side(text: &str) -> Vec<File> {
    let mut files: Vec<(String, String)> = vec![("all.yaml".to_owned(), String::new())];
    for line in text.lines() {
        match line.strip_prefix("# FILE: ") {
            Some(path) => files.push((path.to_owned(), String::new())),
            None => {
                let (_, text) = files.last_mut().unwrap();
                let _ = writeln!(text, "{line}");
            }
        }
    }
    files.iter().map(|(path, text)| file(path, text)).collect()
}

fn pair(text: &str) -> Pair {
    let (before, after) = text.split_once("=====\n").unwrap();
    Pair { name: "prod".to_owned(), only: None, base: side(before), head: side(after) }
}

fn diff(pairs: &[Pair]) -> Diff {
    let side = |name: &str| Side { name: name.to_owned(), commit: None };
    let environments = compare_all(pairs, &RULES);
    Diff { base: side("before"), head: side("after"), environments, ..Diff::default() }
}

type Tree = BTreeMap<Identity, Value>;

fn tree(files: &[File]) -> Tree {
    read(files).into_iter().map(|resource| (resource.id, resource.value)).collect()
}

/// Makes the new tree of the old one by the diff.
fn patched(diff: &Diff, mut tree: Tree) -> Tree {
    for resource in &diff.environments[0].resources {
        let old = tree.remove(resource.was.as_ref().unwrap_or(&resource.id));
        let new = match resource.action {
            Action::Add => resource.value.clone().unwrap(),
            Action::Remove => continue,
            Action::Change | Action::Rename => apply(&old.unwrap(), &resource.edits).unwrap(),
        };
        tree.insert(resource.id.clone(), new);
    }
    tree
}

#[track_caller]
fn check_complete(pair: Pair) -> Diff {
    let (old, new) = (tree(&pair.base), tree(&pair.head));
    let diff = diff(&[pair]);
    assert_eq!(patched(&diff, old), new);
    diff
}

#[test]
fn every_pair_reads_as_reviewed_and_is_complete() {
    insta::glob!(root().join("testdata/diff"), "*.yaml", |path| {
        let input = std::fs::read_to_string(path).unwrap();
        let diff = check_complete(pair(&input));
        let (text, markdown) = (text(&diff, Form { is_styled: false }), markdown(&diff, 60_000));
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{text}\n----------\n{markdown}").replace(env!("CARGO_PKG_VERSION"), "VERSION"));
        });
    });
}

/// Returns manifests with so many changes: some alike, most of them each its own.
fn many(count: usize) -> Pair {
    let text = |version: usize| -> String {
        (0..count)
            .map(|at| {
                let data = if at % 10 == 0 { version } else { at * version };
                format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{at}}}\ndata: {{a: \"{data}\", b: \"```{at}\"}}\n")
            })
            .collect()
    };
    Pair { name: "prod".to_owned(), only: None, base: side(&text(1)), head: side(&text(2)) }
}

/// Markdown has no open fence or fold, and says what it leaves out.
#[track_caller]
fn check_closed(markdown: &str) {
    let fences = markdown.lines().filter(|line| line.starts_with("```")).count();
    assert_eq!(fences % 2, 0, "{markdown}");
    let count = |text: &str| markdown.matches(text).count();
    assert_eq!(count("<details>"), count("</details>"));
}

#[test]
fn five_thousand_changes_fit_every_budget() {
    let diff = check_complete(many(5_000));
    for budget in [0, 20, 100, 300, 1_000, 4_000, 60_000, 140_000, 900_000] {
        let markdown = markdown(&diff, budget);
        assert!(markdown.len() <= budget, "{} of {budget}", markdown.len());
        check_closed(&markdown);
        if (1_000..900_000).contains(&budget) {
            assert!(markdown.contains(" more in `prod`: "), "{markdown}");
        }
    }
    let page = html(&diff);
    assert!(page.matches("<details").count() > 4_000);
    assert_eq!(json(&diff)["total"]["change"], 5_000);
}

#[test]
fn the_same_diff_gives_the_same_bytes() {
    let all = || {
        let diff = diff(&[many(50)]);
        [text(&diff, Form { is_styled: true }), markdown(&diff, 9_000), html(&diff), json(&diff).to_string()]
    };
    assert_eq!(all(), all());
}

#[test]
fn the_page_has_nothing_from_elsewhere_and_no_markup_of_values() {
    let evil = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: \"<script>alert(1)</script>\"}\n=====\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: \"</pre><img src=x>\"}\n";
    let page = html(&diff(&[pair(evil)]));
    assert!(!page.contains("<img") && !page.contains("<script>alert"), "{page}");
    assert!(!page.contains("http://") && !page.contains("https://"), "{page}");
}
