//! Kind `snippets`: one template with its values a line, and the text that
//! Helm's engine makes of it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::case::{Case, LoadError, Verdict};
use crate::jsonl;

/// A line of the file.
#[derive(Deserialize)]
#[expect(dead_code, reason = "read once the helm crate renders")]
struct Snippet {
    id: String,
    group: String,
    /// Text of `templates/t.yaml`.
    template: Option<String>,
    /// Templates by name; one without `/` is in `templates/`.
    #[serde(default)]
    templates: BTreeMap<String, String>,
    /// What the user passes with `-f`.
    values: Option<String>,
    /// The chart's own `values.yaml`.
    chart_values: Option<String>,
    /// The chart's `Chart.yaml`.
    chart: Option<String>,
    /// Other files of the chart.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// The text of `templates/t.yaml`.
    output: Option<String>,
    /// The engine's error.
    error: Option<String>,
}

/// Reads the snippets of a file.
pub(crate) fn load(path: &Path) -> Result<Vec<Case>, LoadError> {
    Ok(jsonl::read::<Snippet>(path)?.into_iter().map(case).collect())
}

fn case(snippet: Snippet) -> Case {
    let run = || Verdict::Skipped("the helm crate renders no templates yet".to_owned());
    Case { id: snippet.id, group: snippet.group, run: Box::new(run) }
}
