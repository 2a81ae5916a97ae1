//! Kind `snippets`: one template with its values a line, and the text that
//! Helm's engine makes of it.

use std::collections::BTreeMap;
use std::path::Path;

use helm::{Engine, Mode, PrepareOptions, RenderOptions};
use serde::Deserialize;

use crate::case::{Case, Expected, LoadError, compare};
use crate::{jsonl, reference};

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
    /// Templates by name.
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

#[derive(Clone, Deserialize)]
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
    Case {
        id: snippet.id.clone(),
        group: snippet.group.clone(),
        run: Box::new(move || {
            compare(&snippet.expected(), snippet.render().map(|files| snippet.shown(&files)))
        }),
    }
}

/// The file of the chart that a snippet with one template is.
const FILE: &str = "templates/t.yaml";

impl Snippet {
    fn expected(&self) -> Expected {
        match (&self.error, &self.output, &self.outputs) {
            (Some(error), ..) => Expected::Error(vec![error.clone()]),
            (None, Some(output), _) => Expected::Output(output.clone().into()),
            (None, None, outputs) => {
                let outputs = outputs.iter().flatten();
                Expected::Output(joined(outputs.map(|(path, text)| (path.as_str(), text.as_bytes()))))
            }
        }
    }

    /// Of what was rendered, what the snippet is about.
    fn shown(&self, files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
        let shown = match self.outputs {
            // The chart may have another name than usual.
            None => {
                let file =
                    files.iter().find(|(path, _)| path.split_once('/').is_some_and(|(_, path)| path == FILE));
                file.map(|(_, text)| text.clone()).unwrap_or_default()
            }
            Some(_) => joined(files.iter().map(|(path, text)| (path.as_str(), text.as_slice()))),
        };
        // The recorded text went through Go's JSON, which replaces each byte that is no text.
        let chunks = shown.utf8_chunks();
        let texts = chunks.map(|chunk| chunk.valid().to_owned() + &"\u{fffd}".repeat(chunk.invalid().len()));
        texts.collect::<String>().into_bytes()
    }

    fn render(&self) -> Result<BTreeMap<String, Vec<u8>>, String> {
        let chart = helm::load_files(self.chart_files()).map_err(|err| err.to_string())?;
        let values = self.values.as_deref().unwrap_or_default().as_bytes();
        let values = helm::values::from_yaml(values).map_err(|err| err.to_string())?;
        let Capabilities { kube_version, api_versions } = &self.capabilities;
        let capabilities =
            reference::capabilities(kube_version.as_deref(), api_versions).map_err(|err| err.to_string())?;
        let prepare = PrepareOptions { skip_schema_validation: false, capabilities: capabilities.clone() };
        let prepared = helm::prepare_as_is(&chart, &values, &prepare).map_err(|err| err.to_string())?;
        let options = RenderOptions {
            engine: &Engine::new(),
            env: &reference::env(),
            release: self.release.clone().into(),
            capabilities,
            include_crds: false,
            skip_schema_validation: false,
            mode: match (self.strict, self.lint) {
                (true, _) => Mode::Strict,
                (false, true) => Mode::Lint,
                (false, false) => Mode::Normal,
            },
        };
        helm::render_templates(&prepared, &options).map_err(|err| err.to_string())
    }

    fn chart_files(&self) -> Vec<(String, Vec<u8>)> {
        let chart = self.chart.as_deref().unwrap_or(CHART);
        let mut files = vec![("Chart.yaml".to_owned(), chart.into())];
        files.extend(self.chart_values.iter().map(|text| ("values.yaml".to_owned(), text.as_bytes().into())));
        files
            .extend(self.template.iter().map(|text| ("templates/t.yaml".to_owned(), text.as_bytes().into())));
        files.extend(self.templates.iter().map(|(name, text)| (template_path(name), text.as_bytes().into())));
        files.extend(self.files.iter().map(|(path, text)| (path.clone(), text.as_bytes().into())));
        files
    }
}

/// Where a template of that name is in the chart: a path of the chart is what
/// it says, anything else is below `templates/`.
fn template_path(name: &str) -> String {
    let whole = ["templates/", "charts/"].iter().any(|folder| name.starts_with(folder));
    if whole { name.to_owned() } else { format!("templates/{name}") }
}

/// Several files as one text.
fn joined<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    files.flat_map(|(path, text)| [path.as_bytes(), b":\n", text, b"\n"].concat()).collect()
}

impl From<Release> for helm::Release {
    fn from(release: Release) -> Self {
        let Release { name, namespace, revision, is_upgrade } = release;
        Self { name, namespace, revision, is_upgrade }
    }
}
