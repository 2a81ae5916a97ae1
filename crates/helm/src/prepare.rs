//! Chart and values to what templates are rendered with.
//!
//! Helm's order is kept, because the first failure is the one that is reported:
//! is the chart installable, are its declared dependencies there, which of them
//! are enabled, what do they export, the values of all, the schemas, the version
//! of Kubernetes.
//!
//! Invariant: the loaded chart is not changed; a prepared one shares its files.

use goyaml::Mapping;

use crate::capabilities::Capabilities;
use crate::chart::Chart;
use crate::dependencies;
use crate::schema::{self, SchemaError};
use crate::values::coalesce::{CoalesceError, Nulls, coalesce};
use crate::values::table::to_map;
use crate::version::is_compatible;

/// What [`prepare`] may choose.
#[derive(Debug, Clone, Default)]
pub struct PrepareOptions {
    /// Whether `values.schema.json` files are ignored.
    pub skip_schema_validation: bool,
    /// What the cluster offers; a chart may ask for a range of Kubernetes versions.
    pub capabilities: Capabilities,
}

/// A chart whose dependencies are processed, and the values of it and of them.
///
/// It belongs to one thread, as the values are what templates change: preparing
/// and rendering a release are one job.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The chart without its disabled dependencies, the others under their aliases.
    pub chart: Chart,
    /// The values of the chart. Those of a subchart are the table of its name, which
    /// templates of both see as one; tables that Helm shares among globals are shared.
    pub values: gotmpl::Map,
    /// What Helm logs meanwhile, such as a condition that is no bool.
    pub warnings: Vec<String>,
}

/// A chart that cannot be rendered with these values. The texts are those of Helm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The chart is a library.
    #[error("{0} charts are not installable")]
    NotInstallable(String),
    /// `Chart.yaml` declares dependencies that are not in `charts/`.
    #[error(
        "an error occurred while checking for chart dependencies. You may need to run \
         'helm dependency build' to fetch missing dependencies: found in Chart.yaml, \
         but missing in charts/ directory: {}",
        .0.join(", ")
    )]
    MissingDependencies(Vec<String>),
    /// The values do not fit the chart's dependencies.
    #[error("chart dependencies processing failed: {0}")]
    Dependencies(#[source] CoalesceError),
    /// The values do not fit the enabled dependencies.
    #[error(transparent)]
    Values(CoalesceError),
    /// The values do not fit a schema.
    #[error("values don't meet the specifications of the schema(s) in the following chart(s):\n{0}")]
    Schema(SchemaError),
    /// The chart does not work with this version of Kubernetes.
    #[error("chart requires kubeVersion: {range} which is incompatible with Kubernetes {version}")]
    IncompatibleKubernetes {
        /// What the chart asks for.
        range: String,
        /// What there is.
        version: String,
    },
}

/// Prepares a chart for rendering with the values of a user.
pub fn prepare(chart: &Chart, values: &Mapping, options: &PrepareOptions) -> Result<Prepared, PrepareError> {
    let mut warnings = Vec::new();
    collect_warnings(chart, &mut warnings);
    if !matches!(chart.metadata.kind.as_str(), "" | "application") {
        return Err(PrepareError::NotInstallable(chart.metadata.kind.clone()));
    }
    if chart.metadata.deprecated {
        warnings.push("this chart is deprecated".to_owned());
    }
    let missing = dependencies::missing(chart);
    if !missing.is_empty() {
        let missing = missing.into_iter().map(str::to_owned).collect();
        return Err(PrepareError::MissingDependencies(missing));
    }
    let mut chart = chart.clone();
    let values = to_map(values);
    dependencies::process(&mut chart, &values, &mut warnings).map_err(PrepareError::Dependencies)?;
    let prepared = with_values(chart, &values, options, warnings)?;
    check_kubernetes(&prepared.chart, &options.capabilities)?;
    Ok(prepared)
}

/// Takes a chart as it is, with all the charts in its `charts/` folder and whatever it
/// declares, and gives it its values: what Helm's engine does on its own.
pub fn prepare_as_is(
    chart: &Chart,
    values: &Mapping,
    options: &PrepareOptions,
) -> Result<Prepared, PrepareError> {
    with_values(chart.clone(), &to_map(values), options, Vec::new())
}

fn with_values(
    chart: Chart,
    values: &gotmpl::Map,
    options: &PrepareOptions,
    mut warnings: Vec<String>,
) -> Result<Prepared, PrepareError> {
    let values = coalesce(&chart, values, Nulls::Delete, &mut warnings).map_err(PrepareError::Values)?;
    if !options.skip_schema_validation {
        schema::validate(&chart, &values).map_err(PrepareError::Schema)?;
    }
    Ok(Prepared { chart, values, warnings })
}

fn collect_warnings(chart: &Chart, warnings: &mut Vec<String>) {
    warnings.extend_from_slice(&chart.warnings);
    for subchart in &chart.dependencies {
        collect_warnings(subchart, warnings);
    }
}

fn check_kubernetes(chart: &Chart, capabilities: &Capabilities) -> Result<(), PrepareError> {
    let range = &chart.metadata.kube_version;
    let kubernetes = &capabilities.kube_version;
    if range.is_empty() || is_compatible(range, &kubernetes.normalized) {
        return Ok(());
    }
    Err(PrepareError::IncompatibleKubernetes { range: range.clone(), version: kubernetes.version.clone() })
}

#[cfg(test)]
mod tests;
