//! Reads charts: folders, archives, or files that are in memory already.
//!
//! All three end in the same list of files, from which a chart and its subcharts
//! are assembled. Nothing but this module and its children reads the disk.
//!
//! Invariant: a chart is data of a stranger. It cannot reach outside its folder,
//! and what it unpacks to is bounded in size and depth.

mod archive;
mod error;
mod folder;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use goyaml::{Mapping, Value};

pub use archive::ArchiveError;
pub use error::{DocumentError, LoadError};

use crate::chart::{Chart, File};
use crate::decode;
use crate::metadata::Draft;
use crate::schema::Schema;
use crate::values;

/// Helm's limit for one file of a chart.
const MAX_FILE: u64 = 5 * 1024 * 1024;

/// How deep charts may lie in charts. Helm has no limit; without one, an archive
/// with a very long path would exhaust the stack.
const MAX_DEPTH: usize = 100;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Loads a chart from a folder or an archive.
pub fn load(path: &Path) -> Result<Chart, LoadError> {
    let found = std::fs::metadata(path).map_err(|source| LoadError::io("stat", path, source))?;
    if found.is_dir() {
        let chart_yaml = path.join("Chart.yaml");
        let text = std::fs::read(&chart_yaml)
            .map_err(|source| LoadError::NoChartYaml { path: chart_yaml.clone(), source })?;
        let format = check_format(&text)?;
        return format.admit(Assembly::default().chart(folder::read(path)?, 0)?);
    }
    let mut assembly = Assembly::default();
    let files = archive::read_file(path, &mut assembly.unpacked)?;
    let chart_yaml = files.iter().find(|file| file.path == "Chart.yaml").ok_or(LoadError::FormatUnknown)?;
    let format = check_format(&chart_yaml.data)?;
    format.admit(assembly.chart(files, 0)?)
}

/// Loads a chart from files in memory; paths are relative to the chart, with `/`.
pub fn load_files(files: Vec<(String, Vec<u8>)>) -> Result<Chart, LoadError> {
    let files = files.into_iter().map(|(path, data)| File { path, data: without_mark(data.into()) });
    Assembly::default().chart(files.collect(), 0)
}

/// Reads the files of an archive, whose names lose their first folder.
pub fn read_archive(path: &Path) -> Result<Vec<File>, LoadError> {
    archive::read_file(path, &mut 0)
}

/// Reads the files of a chart's folder that `.helmignore` leaves.
pub fn read_folder(path: &Path) -> Result<Vec<File>, LoadError> {
    folder::read(path)
}

/// Reads a values file, or what `--set-file` names; fails with Go's words.
pub fn read_file(path: &str) -> Result<Vec<u8>, String> {
    let path = Path::new(path);
    std::fs::read(path).map_err(|source| {
        // Go opens folders, too, and fails later.
        let operation = if source.kind() == io::ErrorKind::IsADirectory { "read" } else { "open" };
        LoadError::io(operation, path, source).to_string()
    })
}

/// The format of a chart that Helm 4 can load.
enum Format {
    /// `v1` or `v2`.
    Installable,
    /// `v3`, the one to come: Helm loads such a chart and then refuses it.
    Future,
}

impl Format {
    fn admit(self, chart: Chart) -> Result<Chart, LoadError> {
        match self {
            Format::Installable => Ok(chart),
            Format::Future => Err(LoadError::FormatNotInstallable),
        }
    }
}

/// Returns the format of a chart, from its `Chart.yaml`.
fn check_format(chart_yaml: &[u8]) -> Result<Format, LoadError> {
    let document = document("Chart.yaml", chart_yaml)?;
    let version =
        decode::api_version(&document).map_err(|error| LoadError::document("Chart.yaml", error.into()))?;
    match version.as_str() {
        "v1" | "v2" | "" => Ok(Format::Installable),
        "v3" => Ok(Format::Future),
        _ => Err(LoadError::FormatUnsupported),
    }
}

/// The loading of one chart with everything in it.
#[derive(Default)]
struct Assembly {
    /// What its archives have been unpacked to so far, in bytes.
    unpacked: u64,
}

/// The parts of a chart while its files are sorted into them.
#[derive(Default)]
struct Parts {
    draft: Option<Draft>,
    values: Mapping,
    values_text: Bytes,
    schema: Option<Arc<Schema>>,
    templates: Vec<File>,
    files: Vec<File>,
    subcharts: BTreeMap<String, Vec<File>>,
    warnings: Vec<String>,
}

impl Assembly {
    fn chart(&mut self, files: Vec<File>, depth: usize) -> Result<Chart, LoadError> {
        if depth > MAX_DEPTH {
            return Err(LoadError::TooDeep);
        }
        let mut parts = Parts::default();
        for file in files.iter().filter(|file| file.path == "Chart.yaml") {
            parts.metadata("Chart.yaml", &file.data)?;
        }
        // Helm 2 took charts without apiVersion; they are of the first format.
        if let Some(draft) = &mut parts.draft
            && draft.metadata.api_version.is_empty()
        {
            draft.metadata.api_version = "v1".to_owned();
        }
        for file in files {
            parts.sort_in(file)?;
        }
        let metadata = parts.draft.ok_or(LoadError::NoMetadata)?.validate()?;
        let mut dependencies = Vec::with_capacity(parts.subcharts.len());
        for (file, files) in parts.subcharts {
            if file.starts_with(['_', '.']) {
                continue;
            }
            let subchart = self.subchart(&file, files, &metadata.name, depth + 1)?;
            dependencies.push(subchart);
        }
        Ok(Chart {
            metadata,
            values: Arc::new(parts.values),
            values_text: parts.values_text,
            schema: parts.schema,
            templates: parts.templates.into(),
            files: parts.files.into(),
            dependencies,
            warnings: parts.warnings,
        })
    }

    fn subchart(
        &mut self,
        name: &str,
        files: Vec<File>,
        parent: &str,
        depth: usize,
    ) -> Result<Chart, LoadError> {
        let chart = match name.strip_suffix(".tgz") {
            Some(_) => {
                let archive = &files[0];
                if archive.path != name {
                    let (expected, found) = (name.to_owned(), archive.path.clone());
                    return Err(LoadError::NotAFile { parent: parent.to_owned(), expected, found });
                }
                let files = archive::read(&archive.data, &mut self.unpacked).map_err(LoadError::Archive);
                files.and_then(|files| self.chart(files, depth))
            }
            None => {
                let below = |mut file: File| {
                    let start = file.path.find('/')? + 1;
                    file.path.drain(..start);
                    Some(file)
                };
                self.chart(files.into_iter().filter_map(below).collect(), depth)
            }
        };
        chart.map_err(|source| LoadError::Subchart {
            name: name.to_owned(),
            parent: parent.to_owned(),
            source: Box::new(source),
        })
    }
}

impl Parts {
    fn metadata(&mut self, name: &'static str, text: &[u8]) -> Result<&mut Draft, LoadError> {
        let document = document(name, text)?;
        let draft = self.draft.get_or_insert_default();
        decode::metadata(draft, &document).map_err(|error| LoadError::document(name, error.into()))?;
        Ok(draft)
    }

    fn sort_in(&mut self, mut file: File) -> Result<(), LoadError> {
        match file.path.as_str() {
            "Chart.yaml" => {}
            "Chart.lock" => check_lock("Chart.lock", &file.data)?,
            "values.yaml" => {
                self.values = values::from_yaml(&file.data).map_err(LoadError::Values)?;
                self.values_text = file.data;
            }
            "values.schema.json" => self.schema = Some(Arc::new(Schema::new(file.data))),
            "requirements.yaml" => {
                let is_first_format = self.metadata("requirements.yaml", &file.data)?.is_first_format();
                self.keep_if(is_first_format, file, REQUIREMENTS);
            }
            "requirements.lock" => {
                check_lock("requirements.lock", &file.data)?;
                let is_first_format = self.draft.get_or_insert_default().is_first_format();
                self.keep_if(is_first_format, file, REQUIREMENTS_LOCK);
            }
            path if path.starts_with("templates/") => self.templates.push(file),
            path if path.starts_with("charts/") && !path.ends_with(".prov") => {
                file.path.drain(.."charts/".len());
                let chart = file.path.split('/').next().unwrap_or_default().to_owned();
                self.subcharts.entry(chart).or_default().push(file);
            }
            _ => self.files.push(file),
        }
        Ok(())
    }

    /// Keeps a file of the first chart format; in charts of the second, its use is remarked.
    fn keep_if(&mut self, is_first_format: bool, file: File, remark: &str) {
        if is_first_format {
            self.files.push(file);
        } else {
            self.warnings.push(remark.to_owned());
        }
    }
}

const REQUIREMENTS: &str = "Warning: Dependencies are handled in Chart.yaml since apiVersion \"v2\". \
     We recommend migrating dependencies to Chart.yaml.";
const REQUIREMENTS_LOCK: &str = "Warning: Dependency locking is handled in Chart.lock since apiVersion \"v2\". \
     We recommend migrating to Chart.lock.";

fn check_lock(name: &'static str, text: &[u8]) -> Result<(), LoadError> {
    decode::lock(&document(name, text)?).map_err(|error| LoadError::document(name, error.into()))
}

fn document(name: &'static str, text: &[u8]) -> Result<Value, LoadError> {
    goyaml::from_slice(text).map_err(|error| LoadError::document(name, DocumentError::Yaml(error)))
}

fn without_mark(data: Bytes) -> Bytes {
    if data.starts_with(BYTE_ORDER_MARK) { data.slice(BYTE_ORDER_MARK.len()..) } else { data }
}

#[cfg(test)]
mod tests;
