//! Kind `charts`: a folder of packed public charts, cases that render them,
//! and the golden output of `helm template`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::case::{Case, LoadError, Verdict};
use crate::jsonl;

/// A line of `cases.jsonl`.
#[derive(Deserialize)]
#[expect(dead_code, reason = "read once the helm crate renders")]
struct ChartCase {
    /// `CHART--CASE`.
    id: String,
    /// Folder of the packed chart.
    charts_dir: PathBuf,
    /// File of the packed chart.
    chart: PathBuf,
    release: String,
    namespace: String,
    kube_version: String,
    api_versions: Vec<String>,
    include_crds: bool,
    /// Other flags of `helm template`.
    flags: Vec<String>,
    values: Option<PathBuf>,
    exit: i32,
    golden: Option<PathBuf>,
    error: Option<String>,
    /// Whether the lines of the error come in no fixed order.
    #[serde(default)]
    error_varies: bool,
}

/// Reads the cases of a folder.
pub(crate) fn load(path: &Path) -> Result<Vec<Case>, LoadError> {
    Ok(jsonl::read::<ChartCase>(&path.join("cases.jsonl"))?.into_iter().map(case).collect())
}

fn case(chart: ChartCase) -> Case {
    let group = group(&chart.id).to_owned();
    let run = || Verdict::Skipped("the helm crate renders no charts yet".to_owned());
    Case { id: chart.id, group, run: Box::new(run) }
}

/// The sort of case: the first word after the chart's name.
fn group(id: &str) -> &str {
    let (_, case) = id.split_once("--").unwrap_or((id, id));
    case.split('-').next().unwrap_or(case)
}
