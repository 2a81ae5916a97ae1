//! Kind `charts`: a folder of packed public charts, cases that render them,
//! and the golden output of `helm template`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use goyaml::Mapping;
use helm::values::Overrides;
use helm::{Chart, Engine, Mode, Release, RenderOptions};
use serde::Deserialize;

use crate::case::{Case, Expected, LoadError, Verdict, compare};
use crate::{jsonl, reference};

/// A line of `cases.jsonl`.
#[derive(Deserialize)]
pub(crate) struct ChartCase {
    /// `CHART--CASE`.
    id: String,
    /// Folder of the packed chart.
    charts_dir: PathBuf,
    /// File of the packed chart.
    pub(crate) chart: PathBuf,
    release: String,
    namespace: String,
    kube_version: String,
    api_versions: Vec<String>,
    include_crds: bool,
    /// Other flags of `helm template`.
    flags: Vec<String>,
    values: Option<PathBuf>,
    pub(crate) exit: i32,
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
pub(crate) fn load(folder: &Path, rendering: Rendering) -> Result<Vec<Case>, LoadError> {
    Ok(read(folder)?.into_iter().map(|case| case.into_case(folder, rendering)).collect())
}

/// Reads what a folder says of its cases.
pub(crate) fn read(folder: &Path) -> Result<Vec<ChartCase>, LoadError> {
    jsonl::read::<ChartCase>(&folder.join("cases.jsonl"))
}

/// How charts are rendered.
#[derive(Clone, Copy)]
pub(crate) enum Rendering {
    /// As always.
    Plain,
    /// With everything recorded that explains a line, which changes nothing and takes its time.
    Tracked,
}

impl ChartCase {
    fn into_case(self, folder: &Path, rendering: Rendering) -> Case {
        let folder = folder.to_owned();
        let group = self.group().to_owned();
        Case { id: self.id.clone(), group, run: Box::new(move || self.run(&folder, rendering)) }
    }

    /// Returns the name of the case.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Returns whether it is rendered with a file of values, and as Helm could.
    pub(crate) fn has_values(&self) -> bool {
        self.values.is_some() && self.exit == 0
    }

    /// The sort of case: the first word after the chart's name.
    pub(crate) fn group(&self) -> &str {
        let case = self.id.rsplit("--").next().unwrap_or(&self.id);
        case.split('-').next().unwrap_or(case)
    }

    fn run(&self, folder: &Path, rendering: Rendering) -> Verdict {
        if let Some(Volatile::Reason(reason)) = &self.volatile_lines {
            return Verdict::Skipped(format!("differs between two runs of helm: {reason}"));
        }
        if let Some(flag) = self.flags.iter().find(|flag| *flag != SKIP_SCHEMA) {
            return Verdict::Skipped(format!("no such flag here: {flag}"));
        }
        let want = match self.expected(folder) {
            Ok(want) => want,
            Err(err) => return Verdict::Skipped(format!("the golden cannot be read: {err}")),
        };
        let render = match rendering {
            Rendering::Plain => helm::template,
            Rendering::Tracked => helm::template_tracked,
        };
        let got = self.with_chart(folder, |chart, values, options| {
            render(chart, values, options).map(|rendered| rendered.to_bytes()).map_err(|err| err.to_string())
        });
        match &self.volatile_lines {
            Some(Volatile::Lines(lines)) => {
                compare(&want.without(lines), got.map(|text| without(&text, lines)))
            }
            Some(Volatile::Reason(_)) | None => compare(&want, got),
        }
    }

    fn expected(&self, folder: &Path) -> std::io::Result<Expected> {
        match &self.golden {
            Some(golden) if self.exit == 0 => Ok(Expected::Output(fs::read(folder.join(golden))?)),
            _ => {
                let text = self.error.iter().filter(|_| !self.error_varies);
                Ok(Expected::Error(text.map(|text| reference::error_text(text)).collect()))
            }
        }
    }

    /// Calls `with` with the chart, its values and how it is rendered.
    pub(crate) fn with_chart<T>(
        &self,
        folder: &Path,
        with: impl FnOnce(&Chart, &Mapping, &RenderOptions<'_>) -> Result<T, String>,
    ) -> Result<T, String> {
        let chart =
            helm::load(&folder.join(&self.charts_dir).join(&self.chart)).map_err(|err| err.to_string())?;
        let files = self.values.iter().map(|values| folder.join(values).to_string_lossy().into_owned());
        let overrides = Overrides { files: files.collect(), ..Overrides::default() };
        let values = overrides.merge(&helm::load::read_file).map_err(|err| err.to_string())?;
        let options = RenderOptions {
            engine: &Engine::new(),
            env: &reference::env(),
            release: Release::new(&self.release, &self.namespace),
            capabilities: reference::capabilities(Some(&self.kube_version), &self.api_versions)
                .map_err(|err| err.to_string())?,
            include_crds: self.include_crds,
            skip_schema_validation: self.flags.iter().any(|flag| flag == SKIP_SCHEMA),
            mode: Mode::Normal,
        };
        with(&chart, &values, &options)
    }
}

/// The one flag of `helm template` that the cases use beside their fields.
const SKIP_SCHEMA: &str = "--skip-schema-validation";

impl Expected {
    /// What is expected apart from some lines.
    fn without(&self, lines: &BTreeSet<usize>) -> Self {
        match self {
            Self::Output(text) => Self::Output(without(text, lines)),
            Self::Error(texts) => Self::Error(texts.clone()),
        }
    }
}

/// A text with those lines, counted from 1, emptied: that there is a line
/// still counts.
fn without(text: &[u8], lines: &BTreeSet<usize>) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    for (index, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        kept.extend_from_slice(if lines.contains(&(index + 1)) { b"\n" } else { line });
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volatile_lines_are_left_out_but_counted() {
        let without =
            |text: &str, lines: &[usize]| without(text.as_bytes(), &lines.iter().copied().collect());
        assert_eq!(without("a\nb\nc", &[2]), b"a\n\nc");
        assert_ne!(without("a\nb\nc\n", &[2]), without("a\nc\n", &[2]));
    }

    #[test]
    fn cases_are_grouped_by_the_word_after_the_chart() {
        let line = r#"{"id": "a-b--ci-x", "charts_dir": "", "chart": "", "release": "", "namespace": "", "kube_version": "",
            "api_versions": [], "include_crds": false, "flags": [], "values": null, "exit": 0, "golden": null, "error": null,
            "volatile_lines": "line count differs"}"#;
        let case: ChartCase = serde_json::from_str(line).unwrap();
        assert_eq!(case.group(), "ci");
        let skipped = Verdict::Skipped("differs between two runs of helm: line count differs".to_owned());
        assert_eq!(case.run(Path::new("."), Rendering::Plain), skipped);
    }
}
