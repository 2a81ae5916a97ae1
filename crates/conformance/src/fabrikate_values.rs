//! Kind `fabrikate-values`: a definition a line, and the values and namespaces
//! that Fabrikate handed to helm for it.
//!
//! Values are compared as data, with all numbers as floats, as Helm reads them.
//! A few lines come out otherwise on purpose, because `fab` fixes bugs of
//! Fabrikate; they are listed below, counted on neither side, and fail if they
//! come out as recorded after all.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use fabrikate::config::Environment;
use fabrikate::definition::{self, Generator};
use fabrikate::resolve::{ResolvedTree, resolve};
use goyaml::Value;
use serde::Deserialize;

use crate::case::{Case, LoadError, Verdict};
use crate::jsonl;

/// A line of the file.
#[derive(Clone, Deserialize)]
pub(crate) struct ValuesCase {
    /// Text files by path.
    pub(crate) files: BTreeMap<String, String>,
    /// `fab generate ENV…`
    argv: Vec<String>,
    exit: i32,
    /// By name of the component; none if the definition is refused.
    helm: Option<BTreeMap<String, Handed>>,
}

/// What a chart was given.
#[derive(Clone, Deserialize, PartialEq)]
struct Handed {
    namespace: String,
    /// The values file.
    values: String,
}

/// Reads the cases of a file, or of `merge.jsonl` and `emit.jsonl` in a folder.
pub(crate) fn load(path: &Path) -> Result<Vec<Case>, LoadError> {
    let files: Vec<PathBuf> =
        if path.is_dir() { FILES.map(|name| path.join(name)).into() } else { vec![path.to_owned()] };
    let mut cases = Vec::new();
    for file in files {
        let group = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for (index, case) in jsonl::read::<ValuesCase>(&file)?.into_iter().enumerate() {
            let line = index + 1;
            let changed = CHANGED.iter().find(|(name, lines, _)| *name == group && lines.contains(&line));
            let reason = changed.map(|(_, _, reason)| *reason);
            let run = move || verdict(&case, reason);
            cases.push(Case { id: format!("{group}/{line}"), group: group.clone(), run: Box::new(run) });
        }
    }
    Ok(cases)
}

/// The files of a folder.
const FILES: [&str; 2] = ["merge.jsonl", "emit.jsonl"];

/// Lines that come out otherwise on purpose: file, lines, reason.
const CHANGED: [(&str, &[usize], &str); 2] = [
    (
        "merge",
        &[7, 19, 62, 95, 130, 144, 211, 220, 221, 252, 263, 275, 287, 288, 289, 307, 309],
        "bug 3: a lower `disabled: true` is not lost when a higher file mentions the component",
    ),
    (
        "emit",
        &[
            2, 8, 15, 22, 38, 44, 51, 63, 69, 74, 78, 84, 145, 164, 191, 196, 200, 220, 230, 243, 245, 273,
            283, 284, 288, 291, 302,
        ],
        "bug 10: text that reads as a number, and the key `<<`, stay text on the way to the chart",
    ),
];

fn verdict(case: &ValuesCase, changed: Option<&str>) -> Verdict {
    let compared = compare(case);
    match (compared, changed) {
        (Verdict::Failed { .. }, Some(reason)) => Verdict::Skipped(reason.to_owned()),
        (Verdict::Passed | Verdict::FailedAlike { .. }, Some(_)) => Verdict::Failed {
            reason: "listed as changed on purpose, but it comes out as recorded".to_owned(),
            want: String::new(),
            got: String::new(),
        },
        (verdict, _) => verdict,
    }
}

fn compare(case: &ValuesCase) -> Verdict {
    let failed = |reason: String| Verdict::Failed { reason, want: String::new(), got: String::new() };
    let tree = match resolved(case) {
        Ok(tree) => tree,
        Err(_) if case.exit != 0 => return Verdict::FailedAlike { same_text: None },
        Err(text) => return failed(format!("failed: {text}")),
    };
    let Some(want) = case.helm.as_ref().filter(|_| case.exit == 0) else {
        return failed("did not fail".to_owned());
    };
    let want = want.iter().map(|(name, handed)| {
        let values = goyaml::from_str(&handed.values).map_err(|err| err.to_string())?;
        Ok((name.clone(), (handed.namespace.clone(), floats(values))))
    });
    match want.collect::<Result<BTreeMap<_, _>, String>>() {
        Ok(want) if want == handed(&tree) => Verdict::Passed,
        Ok(want) => Verdict::Failed {
            reason: "other values".to_owned(),
            want: format!("{want:#?}\n"),
            got: format!("{:#?}\n", handed(&tree)),
        },
        Err(err) => failed(format!("the recorded values cannot be read: {err}")),
    }
}

/// Resolves the definition, which is in a folder that is gone then.
pub(crate) fn resolved(case: &ValuesCase) -> Result<ResolvedTree, String> {
    let folder = tempfile::tempdir().map_err(|err| err.to_string())?;
    for (path, text) in &case.files {
        let file = folder.path().join(path);
        let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&file, text));
        written.map_err(|err| format!("{path}: {err}"))?;
    }
    let environment = Environment::new(case.argv.iter().skip(2));
    let definition = definition::load(folder.path(), "", std::slice::from_ref(&environment));
    let resolution = resolve(&definition, &environment);
    match resolution.failures.first() {
        None => Ok(resolution.tree),
        Some(failure) => Err(failure.error.to_string()),
    }
}

/// The namespace and values of every chart, by name of its component.
fn handed(tree: &ResolvedTree) -> BTreeMap<String, (String, Value)> {
    let charts =
        tree.components.iter().filter(|component| component.own.component.generator == Generator::Helm);
    let handed = charts.map(|component| {
        let namespace = component.namespace.clone().unwrap_or_else(|| "default".to_owned());
        (component.name().to_owned(), (namespace, floats(Value::Mapping(component.values.clone()))))
    });
    handed.collect()
}

/// Makes all numbers floats, as Helm does with values.
fn floats(value: Value) -> Value {
    match value {
        Value::Int(number) => Value::Float(number as f64),
        Value::Uint(number) => Value::Float(number as f64),
        Value::Sequence(items) => Value::Sequence(items.into_iter().map(floats).collect()),
        Value::Mapping(map) => {
            Value::Mapping(map.into_iter().map(|(key, value)| (key, floats(value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Float(_) | Value::String(_) => value,
    }
}
