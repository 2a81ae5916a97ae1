//! Why a chart could not be rendered. The texts are those of Helm 4.2.

use crate::load::LoadError;
use crate::prepare::PrepareError;
use crate::release::ReleaseNameError;
use crate::values::ValuesError;

/// Loading, preparing or rendering a chart failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The chart could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The values could not be merged.
    #[error(transparent)]
    Overrides(#[from] ValuesError),
    /// Helm does not accept the name of the release.
    #[error(transparent)]
    ReleaseName(#[from] ReleaseNameError),
    /// The chart and the values do not fit together.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// A template could not be parsed or executed.
    #[error("{message}")]
    Template {
        /// What Helm prints.
        message: String,
        /// The template file that was being parsed or rendered.
        path: String,
        /// Go's error, with the place in the template.
        source: gotmpl::Error,
    },
    /// A rendered document is not valid YAML, or its head is not that of a manifest.
    #[error("YAML parse error on {path}: {message}")]
    Manifest {
        /// The template that made it.
        path: String,
        /// What is wrong, where in the document.
        message: String,
    },
}
