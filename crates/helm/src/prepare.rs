//! Chart and values to what templates are rendered with.
//!
//! Helm's order is kept, because the first failure is the one that is reported:
//! is the chart installable, are its declared dependencies there, which of them
//! are enabled, what do they export, the values of all, and the schemas.
//!
//! Invariant: the loaded chart is not changed; a prepared one shares its files.

use crate::capabilities::Capabilities;
use crate::chart::Chart;

/// What `prepare` may choose.
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
