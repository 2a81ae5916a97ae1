//! Chart and values in, the output of `helm template` out.
//!
//! The order is Helm's: templates are rendered, notes taken out, the rest cut
//! into documents and sorted by kind; hooks follow all manifests, files of
//! `crds/` come first and are printed as they are.

use std::collections::BTreeMap;

use bytes::Bytes;
use goyaml::Mapping;

use crate::chance::Chance;
use crate::chart::Chart;
use crate::engine::{self, Engine, Recorders};
use crate::manifest::{self, Hook, Manifest};
use crate::pattern::Pattern;
use crate::prepare::{PrepareOptions, Prepared, prepare};
use crate::{Capabilities, Error, Release};

/// What rendering may choose.
#[derive(Clone)]
pub struct RenderOptions<'a> {
    /// The templates parsed so far, shared by all renderings of a run.
    pub engine: &'a Engine,
    /// Clock and randomness.
    pub env: &'a sprig::Env,
    /// What the chart sees as `.Release`.
    pub release: Release,
    /// What the chart sees as `.Capabilities`.
    pub capabilities: Capabilities,
    /// Whether the files in `crds/` are part of the output.
    pub include_crds: bool,
    /// Whether `values.schema.json` files are ignored.
    pub skip_schema_validation: bool,
    /// What an absent key and a missing requirement mean.
    pub mode: Mode,
}

impl RenderOptions<'_> {
    /// Returns what preparing may choose.
    pub(crate) fn prepare(&self) -> PrepareOptions {
        PrepareOptions {
            skip_schema_validation: self.skip_schema_validation,
            capabilities: self.capabilities.clone(),
        }
    }
}

/// How strictly templates are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// As `helm template` does: an absent key is nothing.
    #[default]
    Normal,
    /// An absent key is an error.
    Strict,
    /// As `helm lint` does: `required` and `fail` let pass.
    Lint,
}

/// What a chart renders to.
#[derive(Debug, Default)]
pub struct Rendered {
    /// The files in `crds/` of the chart and its subcharts, if asked for.
    pub crds: Vec<Crd>,
    /// The documents by kind.
    pub manifests: Vec<Manifest>,
    /// The hooks by kind.
    pub hooks: Vec<Hook>,
    /// What Helm logs meanwhile.
    pub warnings: Vec<String>,
    /// Where templates asked for the moment or for randomness; see [`crate::reached`].
    pub chances: Vec<Chance>,
}

/// A file of a `crds/` folder; it is no template and never cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crd {
    /// Its path below the chart's name.
    pub path: String,
    /// Its bytes.
    pub content: Bytes,
}

/// Renders the templates of a prepared chart and returns each file's text by its
/// path, as Helm's `engine.Render` does. Files that only hold defines are left out.
///
/// # Errors
///
/// The first template that cannot be parsed or fails, in Helm's order.
pub fn render_templates(
    prepared: &Prepared,
    options: &RenderOptions<'_>,
) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    engine::render(prepared, options, Recorders::default()).map(|output| output.files)
}

/// Does what `helm template` does with a loaded chart and the user's values.
///
/// # Errors
///
/// Whatever makes Helm fail.
pub fn template(chart: &Chart, values: &Mapping, options: &RenderOptions<'_>) -> Result<Rendered, Error> {
    options.release.check_name()?;
    let prepared = prepare(chart, values, &options.prepare())?;
    finish(&prepared, options, Recorders::default())
}

/// Renders a prepared chart, with recorders if somebody wants to know more than the text.
pub(crate) fn finish(
    prepared: &Prepared,
    options: &RenderOptions<'_>,
    recorders: Recorders<'_>,
) -> Result<Rendered, Error> {
    let mut output = engine::render(prepared, options, recorders)?;
    output.chances.retain(|chance| !is_notes(&chance.path));
    let mut rendered = sort(output.files)?;
    rendered.warnings = prepared.warnings.clone();
    rendered.chances = output.chances;
    if options.include_crds {
        add_crds(&prepared.chart, prepared.chart.name(), &mut rendered.crds);
    }
    Ok(rendered)
}

/// Cuts rendered files into documents and sorts them by kind; notes are left out.
///
/// # Errors
///
/// The first document that is not valid YAML, or no object.
pub fn sort(mut files: BTreeMap<String, Vec<u8>>) -> Result<Rendered, Error> {
    // Notes are rendered, so that their errors count, but are no manifest.
    files.retain(|path, _| !is_notes(path));
    let sorted = manifest::sort_files(files)?;
    Ok(Rendered { manifests: sorted.manifests, hooks: sorted.hooks, ..Rendered::default() })
}

fn is_notes(path: &str) -> bool {
    path.ends_with("NOTES.txt")
}

fn add_crds(chart: &Chart, path: &str, crds: &mut Vec<Crd>) {
    crds.extend(
        chart.crds().map(|file| Crd { path: format!("{path}/{}", file.path), content: file.data.clone() }),
    );
    for child in &chart.dependencies {
        add_crds(child, &format!("{path}/charts/{}", child.name()), crds);
    }
}

impl Rendered {
    /// Returns the bytes that `helm template` prints.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut manifests = Vec::new();
        for crd in &self.crds {
            write_document(&mut manifests, &crd.path, &crd.content);
        }
        for manifest in &self.manifests {
            write_document(&mut manifests, &manifest.path, manifest.content.as_bytes());
        }
        let mut out = trim(&manifests).to_vec();
        out.push(b'\n');
        for hook in &self.hooks {
            write_document(&mut out, &hook.manifest.path, hook.manifest.content.as_bytes());
        }
        out
    }

    /// Returns what `helm template --show-only` prints: the documents of the files
    /// that match, in the order of the patterns. Patterns are below the chart's folder.
    ///
    /// # Errors
    ///
    /// The first pattern that no printed document's path matches.
    pub fn show_only(&self, patterns: &[String]) -> Result<String, Error> {
        show_only(&self.to_text(), patterns)
    }

    /// Returns [`Rendered::to_bytes`] as text, with U+FFFD where a file in `crds/` is not UTF-8.
    pub fn to_text(&self) -> String {
        String::from_utf8(self.to_bytes())
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

/// Returns the documents of a printed text whose files match, in the order of the patterns.
///
/// # Errors
///
/// The first pattern that no document's path matches.
pub fn show_only(text: &str, patterns: &[String]) -> Result<String, Error> {
    let documents: Vec<(&str, &str)> = manifest::split_documents(text)
        .filter_map(|document| Some((source_path(document)?, document)))
        .collect();
    let mut out = String::new();
    for pattern in patterns {
        // A pattern that is not well-formed matches nothing, as in Helm.
        let matcher = Pattern::parse(pattern).ok();
        let mut matching = documents
            .iter()
            .filter(|(path, _)| matcher.as_ref().is_some_and(|matcher| matcher.matches(path)))
            .peekable();
        if matching.peek().is_none() {
            return Err(Error::NotInChart { pattern: pattern.clone() });
        }
        for (_, document) in matching {
            out.push_str("---\n");
            out.push_str(document);
            out.push('\n');
        }
    }
    Ok(out)
}

/// Returns the path in a document's `# Source:` line, without the chart's folder.
fn source_path(document: &str) -> Option<&str> {
    document.match_indices("# Source: ").find_map(|(at, mark)| {
        let (folder, path) = document[at + mark.len()..].split_once('/')?;
        let path = path.lines().next().unwrap_or_default();
        (!folder.is_empty() && !path.is_empty()).then_some(path)
    })
}

fn write_document(out: &mut Vec<u8>, path: &str, content: &[u8]) {
    out.extend_from_slice(b"---\n# Source: ");
    out.extend_from_slice(path.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(content);
    out.push(b'\n');
}

/// Go's `strings.TrimSpace`; what is not UTF-8 is no space.
fn trim(text: &[u8]) -> &[u8] {
    if let Ok(text) = std::str::from_utf8(text) {
        return text.trim().as_bytes();
    }
    let leading =
        text.utf8_chunks().next().map_or(0, |chunk| chunk.valid().len() - chunk.valid().trim_start().len());
    let trailing = text.utf8_chunks().last().filter(|chunk| chunk.invalid().is_empty());
    let trailing = trailing.map_or(0, |chunk| chunk.valid().len() - chunk.valid().trim_end().len());
    &text[leading..text.len() - trailing]
}
