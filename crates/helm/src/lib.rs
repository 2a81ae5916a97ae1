//! Helm charts in, manifests out: what `helm template` does.
//!
//! ```text
//! files ──load──▶ Chart ──prepare(values)──▶ Prepared ──render──▶ manifests
//! ```
//!
//! Invariant: only [`load`] reads files. Everything else is a function of its
//! arguments: no clock, environment, network or randomness of its own.

mod capabilities;
mod chart;
mod error;
mod metadata;
mod prepare;
mod release;

pub use capabilities::{Capabilities, HelmVersion, KubeVersion, KubeVersionError};
pub use chart::{Chart, File};
pub use error::Error;
pub use metadata::{Dependency, Maintainer, Metadata};
pub use prepare::{PrepareOptions, Prepared};
pub use release::{Release, ReleaseNameError};
