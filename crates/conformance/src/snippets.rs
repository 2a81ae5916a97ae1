//! Kind `snippets`: one template with its values a line, and the text that
//! Helm's engine makes of it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::case::{Case, Expected, LoadError, Verdict, compare};
use crate::jsonl;

/// The Chart.yaml of a snippet that brings none.
const CHART: &str = "apiVersion: v2\nname: c\nversion: 1.2.3\nappVersion: \"4.5.6\"\n\
                     description: conformance chart\ntype: application\n";

/// A line of the file.
#[derive(Deserialize)]
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
    #[serde(default)]
    release: Release,
    #[serde(default)]
    capabilities: Capabilities,
    /// Whether a missing key is an error.
    #[serde(default)]
    strict: bool,
    /// Whether `required` and `fail` are let pass, as `helm lint` does.
    #[serde(default)]
    lint: bool,
    /// The text of `templates/t.yaml`.
    output: Option<String>,
    /// The text of every rendered file.
    outputs: Option<BTreeMap<String, String>>,
    /// The engine's error.
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Release {
    name: String,
    namespace: String,
    revision: i64,
    is_upgrade: bool,
}

impl Default for Release {
    fn default() -> Self {
        Self { name: "rel".to_owned(), namespace: "ns".to_owned(), revision: 1, is_upgrade: false }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Capabilities {
    kube_version: Option<String>,
    api_versions: Vec<String>,
}

/// Reads the snippets of a file.
pub(crate) fn load(path: &Path) -> Result<Vec<Case>, LoadError> {
    Ok(jsonl::read::<Snippet>(path)?.into_iter().map(case).collect())
}

fn case(snippet: Snippet) -> Case {
    Case { id: snippet.id.clone(), group: snippet.group.clone(), run: Box::new(move || run(&snippet)) }
}

fn run(snippet: &Snippet) -> Verdict {
    let rendered = render(snippet).map_err(|error| error.to_string());
    let want = match (&snippet.output, &snippet.outputs, &snippet.error) {
        (Some(output), ..) => Expected::Output(output.clone()),
        (None, Some(outputs), _) => Expected::Output(joined(outputs)),
        (None, None, Some(error)) => Expected::Error(vec![error.clone()]),
        (None, None, None) => return Verdict::Skipped("the case expects nothing".to_owned()),
    };
    let one = snippet.outputs.is_none();
    compare(&want, rendered.map(|mut files| if one { files.remove("c/templates/t.yaml").unwrap_or_default() } else { joined(&files) }))
}

/// All files as one text.
fn joined(files: &BTreeMap<String, String>) -> String {
    files.iter().map(|(path, text)| format!("== {path}\n{text}\n")).collect()
}

fn render(snippet: &Snippet) -> Result<BTreeMap<String, String>, Box<dyn std::error::Error>> {
    let mut capabilities = helm::Capabilities::default();
    if let Some(version) = &snippet.capabilities.kube_version {
        capabilities.kube_version = helm::KubeVersion::parse(version)?;
    }
    capabilities.api_versions.extend_from_slice(&snippet.capabilities.api_versions);
    let values = helm::values::from_yaml(snippet.values.as_deref().unwrap_or_default().as_bytes())?;
    let chart = helm::load_files(files(snippet))?;
    let prepare_options =
        helm::PrepareOptions { skip_schema_validation: false, capabilities: capabilities.clone() };
    let prepared = helm::prepare(&chart, &values, &prepare_options)?;
    let options = helm::RenderOptions {
        engine: &helm::Engine::new(),
        env: &helm::Env::new(std::time::UNIX_EPOCH, [0; 32]),
        release: helm::Release {
            name: snippet.release.name.clone(),
            namespace: snippet.release.namespace.clone(),
            revision: snippet.release.revision,
            is_upgrade: snippet.release.is_upgrade,
        },
        capabilities,
        include_crds: false,
        skip_schema_validation: false,
        mode: match (snippet.strict, snippet.lint) {
            (true, _) => helm::Mode::Strict,
            (false, true) => helm::Mode::Lint,
            (false, false) => helm::Mode::Normal,
        },
    };
    let files = helm::render_templates(&prepared, &options)?;
    Ok(files.into_iter().map(|(path, text)| (path, String::from_utf8_lossy(&text).into_owned())).collect())
}

/// Returns the files of the snippet's chart.
fn files(snippet: &Snippet) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![file("Chart.yaml", snippet.chart.as_deref().unwrap_or(CHART))];
    if let Some(values) = &snippet.chart_values {
        files.push(file("values.yaml", values));
    }
    if let Some(template) = &snippet.template {
        files.push(file("templates/t.yaml", template));
    }
    for (name, text) in &snippet.templates {
        let path = if name.contains('/') { name.clone() } else { format!("templates/{name}") };
        files.push(file(&path, text));
    }
    files.extend(snippet.files.iter().map(|(path, text)| file(path, text)));
    files
}

fn file(path: &str, text: &str) -> (String, Vec<u8>) {
    (path.to_owned(), text.as_bytes().to_vec())
}
