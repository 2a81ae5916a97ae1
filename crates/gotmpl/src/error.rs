//! What can go wrong with a template. The texts are Go's own.

/// A template that could not be parsed or executed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    message: String,
}
