//! Kind `validation`: a manifest and what a real API server said to it.
//!
//! Three files: `faults.jsonl` is refused, `valid.jsonl` is accepted, and
//! `charts.jsonl` names documents of the golden files of kind `charts`. The
//! verdict is compared, not the text. Where the server silently wraps an
//! integer, `advice` says that an error is wanted all the same. What depends on
//! the state of the cluster is not compared.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use kubeschema::{Level, Minor, Schemas};
use serde::Deserialize;

use crate::case::{Case, LoadError, Verdict};
use crate::jsonl;

/// The server's minor.
const SERVER: u32 = 36;

/// The file of documents that are named and not written out.
const CHARTS: &str = "charts.jsonl";

/// A line of `faults.jsonl` or `valid.jsonl`.
#[derive(Deserialize)]
struct Manifest {
    id: String,
    group: String,
    verdict: String,
    message: String,
    manifest: String,
    #[serde(default)]
    advice: Option<String>,
    #[serde(default)]
    stateful: bool,
    /// The definitions that its kind needs.
    #[serde(default)]
    crds: Vec<String>,
}

/// A line of `charts.jsonl`.
#[derive(Deserialize)]
struct ChartDocument {
    id: String,
    kind: String,
    verdict: String,
    message: String,
    source: PathBuf,
    /// Which of the documents that are not empty.
    doc: usize,
    /// The text, if it was refused.
    manifest: Option<String>,
}

/// Reads the cases of a folder, or of one of its files.
pub(crate) fn load(path: &Path) -> Result<Vec<Case>, LoadError> {
    let schemas = Arc::new(OnceLock::new());
    if !path.is_dir() {
        return load_file(path, &schemas);
    }
    let mut cases = Vec::new();
    for file in ["faults.jsonl", "valid.jsonl", CHARTS] {
        cases.extend(load_file(&path.join(file), &schemas)?);
    }
    Ok(cases)
}

fn load_file(path: &Path, schemas: &Shared) -> Result<Vec<Case>, LoadError> {
    if path.file_name().is_none_or(|name| name != CHARTS) {
        let manifests = jsonl::read::<Manifest>(path)?;
        return Ok(manifests.into_iter().map(|manifest| manifest.into_case(schemas)).collect());
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut goldens = HashMap::new();
    let documents = jsonl::read::<ChartDocument>(path)?.into_iter();
    documents.map(|document| document.into_case(folder, schemas, &mut goldens)).collect()
}

type Shared = Arc<OnceLock<Schemas>>;

impl Manifest {
    fn into_case(self, schemas: &Shared) -> Case {
        let schemas = Arc::clone(schemas);
        let is_refused = self.verdict == "reject" || self.advice.is_some();
        let group = format!("{} {}", if is_refused { "refused" } else { "accepted" }, self.group);
        let run = move || {
            if self.stateful {
                return Verdict::Skipped("it depends on the state of the cluster".to_owned());
            }
            if self.crds.is_empty() {
                let schemas = schemas.get_or_init(Schemas::embedded);
                return compare(schemas, &self.manifest, is_refused, &self.message);
            }
            let mut schemas = Schemas::embedded();
            for definition in &self.crds {
                match goyaml::from_str(definition) {
                    Ok(definition) => schemas.define(&definition),
                    Err(err) => return Verdict::Skipped(format!("a definition cannot be read: {err}")),
                }
            }
            compare(&schemas, &self.manifest, is_refused, &self.message)
        };
        Case { id: self.id.clone(), group, run: Box::new(run) }
    }
}

impl ChartDocument {
    fn into_case(
        self,
        folder: &Path,
        schemas: &Shared,
        goldens: &mut HashMap<PathBuf, Vec<String>>,
    ) -> Result<Case, LoadError> {
        let schemas = Arc::clone(schemas);
        let is_refused = self.verdict == "reject";
        let text = match &self.manifest {
            Some(text) => text.clone(),
            None => {
                let documents = golden(folder, &self.source, goldens)?;
                documents.get(self.doc).cloned().unwrap_or_default()
            }
        };
        let group = format!("{} in charts: {}", if is_refused { "refused" } else { "accepted" }, self.kind);
        let run = move || compare(schemas.get_or_init(Schemas::embedded), &text, is_refused, &self.message);
        Ok(Case { id: self.id.clone(), group, run: Box::new(run) })
    }
}

/// Returns the documents of a golden file that are not empty.
fn golden<'g>(
    folder: &Path,
    source: &Path,
    goldens: &'g mut HashMap<PathBuf, Vec<String>>,
) -> Result<&'g [String], LoadError> {
    if !goldens.contains_key(source) {
        let path = folder.join("../charts/golden").join(source);
        let text = fs::read_to_string(&path).map_err(|source| LoadError::Read { path, source })?;
        let documents = goyaml::documents(&text).unwrap_or_default();
        let filled = documents.iter().filter(|document| !document.is_empty);
        goldens.insert(source.to_owned(), filled.map(|document| document.text.to_owned()).collect());
    }
    Ok(&goldens[source])
}

fn compare(schemas: &Schemas, text: &str, is_refused: bool, message: &str) -> Verdict {
    let minor = Minor::new(SERVER).expect("the server's minor is covered");
    let findings = schemas.check_text(text, minor);
    let errors: Vec<String> = findings
        .iter()
        .filter(|finding| finding.level == Level::Error)
        .map(|finding| format!("{}: {} [{}]", finding.path, finding.message, finding.rule))
        .collect();
    match (is_refused, errors.first()) {
        (true, Some(_)) => Verdict::FailedAlike { same_text: None },
        (false, None) => Verdict::Passed,
        (true, None) => Verdict::Failed {
            reason: format!("not found: {}", message.chars().take(300).collect::<String>()),
            want: format!("{message}\n"),
            got: format!("{text}\n"),
        },
        (false, Some(error)) => Verdict::Failed {
            reason: format!("false alarm: {error}"),
            want: String::new(),
            got: errors.join("\n"),
        },
    }
}
