//! Why a chart could not be rendered. The texts are those of Helm 4.2.

use std::collections::BTreeMap;

use crate::load::LoadError;
use crate::manifest::Hook;
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
    /// `--show-only` names a file that printed nothing.
    #[error("could not find template {pattern} in chart")]
    NotInChart {
        /// The pattern.
        pattern: String,
    },
    /// A rendered document is not valid YAML, or its head is not that of a manifest.
    #[error("YAML parse error on {path}: {message}")]
    Manifest {
        /// The template that made it.
        path: String,
        /// What is wrong, where in the document.
        message: String,
        /// Everything that was rendered, for whoever wants to look at it.
        files: BTreeMap<String, Vec<u8>>,
        /// The hooks that were found before.
        hooks: Vec<Hook>,
    },
}

impl Error {
    /// Returns whether the chart and its values were fine, so that rendering had begun.
    pub fn came_of_rendering(&self) -> bool {
        matches!(
            self,
            Error::Template { .. }
                | Error::Manifest { .. }
                | Error::Prepare(PrepareError::IncompatibleKubernetes { .. })
        )
    }
}
