//! Kind `charts`: a folder of packed public charts, cases that render them,
//! and the golden output of `helm template`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use crate::case::{self, Case, Expected, LoadError, Verdict};
use crate::jsonl;

/// A line of `cases.jsonl`.
#[derive(Deserialize)]
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
    /// What of the golden differs from run to run.
    volatile_lines: Option<Volatile>,
}

/// What differs between two runs of Helm itself.
#[derive(Deserialize)]
#[serde(untagged)]
enum Volatile {
    /// These lines, counted from 1.
    Lines(BTreeSet<usize>),
    /// More than single lines, for this reason.
    Reason(String),
}

/// Reads the cases of a folder.
pub(crate) fn load(path: &Path) -> Result<Vec<Case>, LoadError> {
    let folder: Arc<Path> = path.into();
    let cases = jsonl::read::<ChartCase>(&path.join("cases.jsonl"))?;
    Ok(cases.into_iter().map(|chart| case(chart, folder.clone())).collect())
}

fn case(chart: ChartCase, folder: Arc<Path>) -> Case {
    Case {
        id: chart.id.clone(),
        group: group(&chart.id).to_owned(),
        run: Box::new(move || run(&chart, &folder)),
    }
}

/// The sort of case: the first word after the chart's name.
fn group(id: &str) -> &str {
    let (_, case) = id.split_once("--").unwrap_or((id, id));
    case.split('-').next().unwrap_or(case)
}

fn run(chart: &ChartCase, folder: &Path) -> Verdict {
    if let Some(flag) = chart.flags.iter().find(|flag| *flag != "--skip-schema-validation") {
        return Verdict::Skipped(format!("no idea of {flag}"));
    }
    let got = render(chart, folder).map_err(|error| error.to_string());
    let none = BTreeSet::new();
    let volatile = match &chart.volatile_lines {
        None => &none,
        Some(Volatile::Lines(lines)) => lines,
        Some(Volatile::Reason(reason)) => return Verdict::Skipped(reason.clone()),
    };
    let want = match (&chart.golden, &chart.error) {
        (Some(golden), _) if chart.exit == 0 => match fs::read(folder.join(golden)) {
            Ok(text) => Expected::Output(without_lines(&String::from_utf8_lossy(&text), volatile)),
            Err(error) => return Verdict::Skipped(format!("{}: {error}", golden.display())),
        },
        (_, Some(error)) if !chart.error_varies => Expected::Error(vec![error_text(error)]),
        _ => Expected::Error(Vec::new()),
    };
    case::compare(&want, got.map(|text| without_lines(&text, volatile)))
}

fn render(chart: &ChartCase, folder: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let mut capabilities = helm::Capabilities::default();
    capabilities.kube_version = helm::KubeVersion::parse(&chart.kube_version)?;
    capabilities.api_versions.extend_from_slice(&chart.api_versions);
    let values = match &chart.values {
        Some(path) => helm::values::from_yaml(&fs::read(folder.join(path))?)?,
        None => helm::values::from_yaml(b"")?,
    };
    let loaded = helm::load(&folder.join(&chart.charts_dir).join(&chart.chart))?;
    let options = helm::RenderOptions {
        engine: &helm::Engine::new(),
        env: &helm::Env::new(std::time::UNIX_EPOCH, [0; 32]),
        release: helm::Release::new(chart.release.as_str(), chart.namespace.as_str()),
        capabilities,
        include_crds: chart.include_crds,
        skip_schema_validation: chart.flags.iter().any(|flag| flag == "--skip-schema-validation"),
        mode: helm::Mode::Normal,
    };
    Ok(helm::template(&loaded, &values, &options)?.to_text())
}

/// Returns Helm's message of what it printed.
fn error_text(stderr: &str) -> String {
    let text = stderr.split_once("Error: ").map_or(stderr, |(_, text)| text);
    let text = text.trim_end();
    text.strip_suffix("\n\nUse --debug flag to render out invalid YAML").unwrap_or(text).to_owned()
}

/// Leaves lines out, counted from 1.
fn without_lines(text: &str, volatile: &BTreeSet<usize>) -> String {
    if volatile.is_empty() {
        return text.to_owned();
    }
    let lines = text.split_inclusive('\n').enumerate();
    lines.filter(|(number, _)| !volatile.contains(&(number + 1))).map(|(_, line)| line).collect()
}
