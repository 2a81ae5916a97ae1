//! Why a chart could not be rendered. The texts are those of Helm 4.2.

/// Loading, preparing or rendering a chart failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
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
