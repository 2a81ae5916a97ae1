//! The pipeline.

#[cfg(feature = "cli")]
pub mod cli;
