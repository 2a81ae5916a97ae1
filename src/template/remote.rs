//! Finds the chart that is meant as helm does: on this machine, in a repository
//! or in a registry.
//!
//! Invariant: the network, and what is known about this user's access to it, is
//! looked at only for charts that are not on this machine.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use helm::Chart;
use tempfile::TempDir;

use super::TemplateError;
use crate::source::SourceError;
use crate::source::chart_dependencies::{Lock, plan};
use crate::source::charts::{ChartSource, Charts};

/// Where charts come from that are not on this machine; the names are those of helm's flags.
#[derive(Debug, Clone, Default)]
pub struct RemoteOptions {
    /// URL of the repository that the chart is in.
    pub repo: Option<String>,
    /// Version of the chart, a range, or nothing for the highest.
    pub version: String,
    /// Whether missing dependencies are fetched into the chart's `charts/` folder.
    pub dependency_update: bool,
}

/// The network, as far as a chart may need it.
#[derive(Clone, Copy)]
pub struct Network<'a> {
    /// Gives access to charts; called when a chart is not on this machine.
    pub charts: &'a dyn Fn() -> Result<Charts, SourceError>,
    /// The moment that a lock is written, if one is.
    pub now: SystemTime,
}

/// A chart on this machine, perhaps only as long as this value lives.
pub(super) struct Located {
    pub(super) path: PathBuf,
    _fetched: Option<TempDir>,
}

/// Returns the chart's path, absolute as Helm makes it: errors of loading print it.
pub(super) fn locate(
    chart: &str,
    options: &RemoteOptions,
    network: Network<'_>,
) -> Result<Located, TemplateError> {
    let chart = chart.trim();
    let path = Path::new(chart);
    if options.repo.is_none() {
        if path.exists() {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            return Ok(Located { path, _fetched: None });
        }
        if path.is_absolute() || chart.starts_with('.') {
            return Err(TemplateError::NoChart(chart.to_owned()));
        }
    }
    let is_named = chart.contains('/') || options.repo.is_some();
    if !is_named {
        return Err(TemplateError::NoReference(chart.to_owned()));
    }
    fetch(chart, options, &(network.charts)()?)
}

fn fetch(chart: &str, options: &RemoteOptions, charts: &Charts) -> Result<Located, TemplateError> {
    let version = options.version.trim().to_owned();
    let in_repository = |url: &str, chart: &str| ChartSource::Repository {
        url: url.to_owned(),
        chart: chart.to_owned(),
        version: version.clone(),
    };
    let source = match (&options.repo, chart.split_once('/')) {
        (Some(repository), _) => in_repository(repository, chart),
        (None, _) if chart.starts_with("oci://") => {
            ChartSource::Registry { reference: chart.to_owned(), version: version.clone() }
        }
        (None, _) if chart.contains("://") => ChartSource::Archive(chart.to_owned()),
        (None, Some((repository, chart))) => in_repository(charts.repository_url(repository)?, chart),
        (None, None) => return Err(TemplateError::NoReference(chart.to_owned())),
    };
    let folder = tempfile::tempdir()
        .map_err(|source| SourceError::Io { action: "make a folder for the chart".to_owned(), source })?;
    let found = charts.find(&source)?;
    let download = charts.fetch(&found, folder.path(), &|_| {})?;
    let path = folder.path().join("chart.tgz");
    download.file.persist(&path).map_err(|error| SourceError::Io {
        action: format!("write {}", path.display()),
        source: error.error,
    })?;
    Ok(Located { path, _fetched: Some(folder) })
}

/// Fetches the dependencies that the chart names and does not have; returns whether there were any.
pub(super) fn update_dependencies(
    chart: &Chart,
    folder: &Path,
    network: Network<'_>,
) -> Result<bool, TemplateError> {
    let wanted = chart.metadata.dependencies.iter().flatten();
    let has = |name: &str| chart.dependencies.iter().any(|dependency| dependency.name() == name);
    if wanted.clone().all(|dependency| has(&dependency.name)) {
        return Ok(false);
    }
    if !folder.is_dir() {
        return Err(TemplateError::Arguments("only unpacked charts can be updated".to_owned()));
    }
    let charts = (network.charts)()?;
    let plan = plan(folder, Lock::Renew, &charts)?;
    let work = tempfile::tempdir()
        .map_err(|source| SourceError::Io { action: "make a folder for dependencies".to_owned(), source })?;
    plan.install(folder, network.now, &|found| charts.fetch(found, work.path(), &|_| {}))?;
    Ok(true)
}
