//! A chart as loaded: what its files say, before any values are applied.
//!
//! Invariant: a chart is immutable, can cross threads and is cheap to clone. File
//! contents and parsed values are shared, so that one loaded chart serves every
//! release and environment of a run.

use std::sync::Arc;

use bytes::Bytes;
use goyaml::Mapping;

use crate::metadata::Metadata;
use crate::schema::Schema;

/// A file of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Path relative to the chart, with `/`.
    pub path: String,
    /// Content without a byte order mark. Files of an archive are parts of one buffer.
    pub data: Bytes,
}

/// A chart and the charts in its `charts/` folder.
#[derive(Debug, Clone)]
pub struct Chart {
    /// `Chart.yaml`, with `requirements.yaml` merged into it.
    pub metadata: Metadata,
    /// `values.yaml` with Helm's numbers (`float64`) and with its nulls.
    pub values: Arc<Mapping>,
    /// The text of `values.yaml`, to find places in it.
    pub values_text: Bytes,
    /// `values.schema.json`.
    pub schema: Option<Arc<Schema>>,
    /// Everything below `templates/`.
    pub templates: Arc<[File]>,
    /// Every other file, as `.Files` sees them; `crds/` is among them.
    pub files: Arc<[File]>,
    /// The charts in `charts/`, in order of their file names.
    pub dependencies: Vec<Chart>,
    /// What Helm logs while it loads this chart; its subcharts have their own.
    pub warnings: Vec<String>,
}

impl Chart {
    /// Returns the name, which is the alias once dependencies are processed.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Returns whether the chart only lends its defines to others.
    pub fn is_library(&self) -> bool {
        self.metadata.kind.eq_ignore_ascii_case("library")
    }

    /// Returns the chart's own files below `crds/`, without those of its dependencies.
    pub fn crds(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.starts_with("crds/") && is_manifest(&file.path))
    }
}

fn is_manifest(path: &str) -> bool {
    let base = path.rsplit('/').next().unwrap_or(path);
    base.rsplit_once('.').is_some_and(|(_, extension)| {
        ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    })
}
