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
use crate::source::chart_dependencies::{Lock, plan};
use crate::source::charts::{ChartSource, Charts, FoundChart};
use crate::source::oci::Reference;
use crate::source::{Cache, SourceError, cached_archive, fetch_archive};

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
    /// Where archives are kept, if there is such a place.
    pub cache: Option<&'a Cache>,
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
    if let Some(path) = network.cache.and_then(|cache| pinned(chart, options, cache)) {
        return Ok(Located { path, _fetched: None });
    }
    let charts = (network.charts)()?;
    let found = find(chart, options, &charts)?;
    match network.cache.map(|cache| fetch_archive(cache, &charts, &found)) {
        Some(Ok(path)) => Ok(Located { path, _fetched: None }),
        // Without a cache that can be written to, an archive lives as long as it is needed.
        None | Some(Err(SourceError::Io { .. })) => {
            let folder = tempfile::tempdir().map_err(|source| SourceError::Io {
                action: "make a folder for the chart".to_owned(),
                source,
            })?;
            let path = fetch_archive(&Cache::new(folder.path(), network.now), &charts, &found)?;
            Ok(Located { path, _fetched: Some(folder) })
        }
        Some(Err(error)) => Err(error.into()),
    }
}

/// Returns the archive of a chart that is named by its digest, if it is in the cache: that needs no network.
fn pinned(chart: &str, options: &RemoteOptions, cache: &Cache) -> Option<PathBuf> {
    let reference = Reference::parse(chart).ok()?;
    let alone = options.repo.is_none() && options.version.is_empty() && reference.tag.is_none();
    reference.digest.filter(|_| alone).and_then(|digest| cached_archive(cache, &digest))
}

fn find(chart: &str, options: &RemoteOptions, charts: &Charts) -> Result<FoundChart, TemplateError> {
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
        (None, Some((repository, chart))) => {
            return Ok(charts.find_by_name(repository, chart, &version)?);
        }
        (None, None) => return Err(TemplateError::NoReference(chart.to_owned())),
    };
    Ok(charts.find(&source)?)
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
