//! Why a chart could not be loaded. The texts are those of Helm 4.2 and Go.

use std::io;
use std::path::{Path, PathBuf};

use super::MAX_DEPTH;
use super::archive::ArchiveError;
use crate::decode::DecodeError;
use crate::ignore::IgnoreError;
use crate::metadata::ValidationError;
use crate::values::YamlError;

/// A chart could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The system refused to read something.
    #[error("{operation} {}: {}", path.display(), go_text(source))]
    Io {
        /// Go's name of the system call.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder has no readable `Chart.yaml`.
    #[error("unable to detect chart at {}: open {}: {}", path.display(), path.display(), go_text(source))]
    NoChartYaml {
        /// The missing file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `Chart.yaml` or a lock file cannot be read.
    #[error("cannot load {name}: {source}")]
    Document {
        /// The file.
        name: &'static str,
        /// What is wrong with it.
        source: DocumentError,
    },
    /// `values.yaml` cannot be read.
    #[error("cannot load values.yaml: {0}")]
    Values(#[source] YamlError),
    /// The chart's `apiVersion` is unknown.
    #[error("unsupported chart version")]
    FormatUnsupported,
    /// The chart's `apiVersion` is one that Helm 4.2 can load only.
    #[error("invalid chart apiVersion")]
    FormatNotInstallable,
    /// An archive has no `Chart.yaml`.
    #[error("unable to detect chart version, no Chart.yaml found")]
    FormatUnknown,
    /// There is no `Chart.yaml` among the files, or it is ignored.
    #[error("Chart.yaml file is missing")]
    NoMetadata,
    /// `Chart.yaml` says something that Helm does not accept.
    #[error(transparent)]
    Validation(#[from] ValidationError),
    /// `.helmignore` cannot be read.
    #[error(transparent)]
    Ignore(#[from] IgnoreError),
    /// Something in a folder is neither file nor folder.
    #[error("cannot load irregular file {} as it has file mode type bits set", .0.display())]
    Irregular(PathBuf),
    /// A file in a folder is too large.
    #[error("chart file {name:?} is larger than the maximum file size {limit}")]
    FileTooLarge {
        /// The file.
        name: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// A symbolic link leads nowhere.
    #[error("error evaluating symlink {}: lstat {}: {}", path.display(), missing.display(), go_text(source))]
    BrokenLink {
        /// The link.
        path: PathBuf,
        /// The part of its target that is not there.
        missing: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A symbolic link leads out of the chart. Helm follows those; what a chart
    /// renders must not depend on, or reveal, files beside it.
    #[error("symbolic link {} leads out of the chart, to {}", link.display(), target.display())]
    LinkOutside {
        /// The link.
        link: PathBuf,
        /// What it resolves to.
        target: PathBuf,
    },
    /// A symbolic link leads to a folder that it lies in.
    #[error("symbolic link {} leads to a folder around it", .0.display())]
    LinkCycle(PathBuf),
    /// A file was given where a chart should be.
    #[error("file '{}' does not appear to be a gzipped archive; got '{found}'", path.display())]
    NotAnArchive {
        /// The file.
        path: PathBuf,
        /// The kind of content that Go sees in it.
        found: &'static str,
    },
    /// A YAML file was given where a chart should be.
    #[error("file '{}' seems to be a YAML file, but expected a gzipped archive", .0.display())]
    YamlInsteadOfArchive(PathBuf),
    /// The chart's archive cannot be unpacked; Helm does not say why, `source` does.
    #[error("unable to load chart archive")]
    BrokenArchive(#[source] ArchiveError),
    /// An archive in `charts/` cannot be unpacked.
    #[error(transparent)]
    Archive(ArchiveError),
    /// A chart in `charts/` cannot be loaded.
    #[error("error unpacking subchart {name} in {parent}: {source}")]
    Subchart {
        /// The file or folder in `charts/`.
        name: String,
        /// The chart that has it.
        parent: String,
        /// What is wrong with it.
        source: Box<LoadError>,
    },
    /// A folder in `charts/` has the name of an archive.
    #[error("error unpacking subchart tar in {parent}: expected {expected}, got {found}")]
    NotAFile {
        /// The chart that has it.
        parent: String,
        /// The name.
        expected: String,
        /// A file in it.
        found: String,
    },
    /// Charts lie in charts without end.
    #[error("subcharts nest deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

/// A file that should hold a YAML document of a certain form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It is no YAML.
    #[error("{}", .0.unmarshal_text())]
    Yaml(goyaml::Error),
    /// It has another form.
    #[error("error unmarshaling JSON: while decoding JSON: {0}")]
    Decode(#[from] DecodeError),
}

impl LoadError {
    pub(super) fn io(operation: &'static str, path: &Path, source: io::Error) -> Self {
        LoadError::Io { operation, path: path.to_owned(), source }
    }

    pub(super) fn document(name: &'static str, source: DocumentError) -> Self {
        LoadError::Document { name, source }
    }
}

/// Returns what Go prints for an error of the system: the same text as C and Rust,
/// in lower case and without number.
fn go_text(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
