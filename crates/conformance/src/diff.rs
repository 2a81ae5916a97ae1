//! Kind `diff`: the outputs of a chart for two sets of values, one after another.
//!
//! The recorded output of Helm is what is compared, so nothing is rendered. Three
//! things have to hold: the edits make the second tree of the first, what is the
//! same has none, and Markdown keeps to its budget with all fences and folds closed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use fabrikate::diff::compare::apply;
use fabrikate::diff::resources::{File, Identity, read};
use fabrikate::diff::{Action, Diff, Noise, Pair, Rules, compare_all, file, markdown};
use goyaml::Value;
use serde::Deserialize;

use crate::case::{Case, LoadError, Verdict};
use crate::jsonl;

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(Noise::default()));

/// What of a line of `cases.jsonl` counts here.
#[derive(Deserialize)]
struct Output {
    id: String,
    chart: String,
    exit: i32,
    golden: Option<PathBuf>,
}

/// Reads the cases of a folder of kind `charts`.
pub(crate) fn load(path: &Path) -> Result<Vec<Case>, LoadError> {
    let outputs: Vec<Output> = jsonl::read(&path.join("cases.jsonl"))?;
    let outputs: Vec<Output> =
        outputs.into_iter().filter(|output| output.exit == 0 && output.golden.is_some()).collect();
    let folder: Arc<Path> = path.into();
    let pairs = outputs.windows(2).filter(|pair| pair[0].chart == pair[1].chart);
    Ok(pairs.map(|pair| case(&folder, &pair[0], &pair[1])).collect())
}

fn case(folder: &Arc<Path>, before: &Output, after: &Output) -> Case {
    let golden = |output: &Output| folder.join(output.golden.as_deref().unwrap_or(Path::new("")));
    let (before_file, after_file) = (golden(before), golden(after));
    Case {
        id: format!("{} {}", before.id, after.id),
        group: "charts".to_owned(),
        run: Box::new(move || {
            let (before, after) = match (fs::read_to_string(&before_file), fs::read_to_string(&after_file)) {
                (Ok(before), Ok(after)) => (before, after),
                (Err(err), _) | (_, Err(err)) => {
                    return Verdict::Skipped(format!("the golden cannot be read: {err}"));
                }
            };
            verdict(&before, &after)
        }),
    }
}

type Tree = BTreeMap<Identity, Value>;

fn tree(files: &[File]) -> Tree {
    read(files).into_iter().map(|resource| (resource.id, resource.value)).collect()
}

fn verdict(before: &str, after: &str) -> Verdict {
    let pair = Pair {
        name: "prod".to_owned(),
        base: vec![file("all.yaml", before)],
        head: vec![file("all.yaml", after)],
        ..Pair::default()
    };
    let (old, new) = (tree(&pair.base), tree(&pair.head));
    let diff = Diff { environments: compare_all(&[pair], &RULES), ..Diff::default() };
    let failed = |reason: String| Verdict::Failed { reason, want: format!("{new:#?}"), got: String::new() };
    match patched(&diff, old.clone()) {
        Err(reason) => return failed(reason),
        Ok(tree) if tree != new => {
            return Verdict::Failed {
                reason: "the edits make another tree".to_owned(),
                want: format!("{new:#?}"),
                got: format!("{tree:#?}"),
            };
        }
        Ok(_) => {}
    }
    if diff.is_empty() != (old == new) {
        return failed("what is the same differs, or the other way round".to_owned());
    }
    for budget in [500, 5_000, 60_000] {
        let markdown = markdown(&diff, budget);
        let fences = markdown.lines().filter(|line| line.starts_with("```")).count();
        let count = |text: &str| markdown.lines().filter(|line| line.starts_with(text)).count();
        if markdown.len() > budget || fences % 2 != 0 || count("<details>") != count("</details>") {
            return Verdict::Failed {
                reason: format!("Markdown of {budget} bytes is {}", markdown.len()),
                want: String::new(),
                got: markdown,
            };
        }
    }
    Verdict::Passed
}

/// Makes the new tree of the old one by the diff.
fn patched(diff: &Diff, mut tree: Tree) -> Result<Tree, String> {
    for resource in diff.environments.iter().flat_map(|environment| &environment.resources) {
        let known = resource.was.as_ref().unwrap_or(&resource.id);
        let old = tree.remove(known);
        let new = match resource.action {
            Action::Add => resource.value.clone(),
            Action::Remove => continue,
            Action::Change | Action::Rename => match old {
                Some(old) => Some(apply(&old, &resource.edits)?),
                None => None,
            },
        };
        tree.insert(resource.id.clone(), new.ok_or_else(|| format!("there is no {known}"))?);
    }
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_that_make_the_second_tree_pass() {
        let text = |value: &str| {
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{a: {value}}}\n")
        };
        assert_eq!(verdict(&text("x"), &text("y")), Verdict::Passed);
        assert_eq!(verdict(&text("x"), &text("x")), Verdict::Passed);
    }
}
