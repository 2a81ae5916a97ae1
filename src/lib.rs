//! Turns a high-level definition, a tree of components and per-environment
//! config, into Kubernetes manifests.
//!
//! ```text
//! definition::load ──▶ Definition ──resolve──▶ ResolvedTree ──render──▶ OutputTree ──write──▶ disk
//!                       components and          final values,             text of
//!                       config files            one environment           every file
//! ```
//!
//! A stage uses the types of the stages before it only, and each has a type of
//! its own: nothing is half loaded or half rendered. [`generate::generate`] is
//! all of them but the last.

#[cfg(feature = "cli")]
pub mod cli;
pub mod cluster;
pub mod config;
pub mod definition;
pub mod diff;
pub mod document;
pub mod edit;
pub mod error;
pub mod explain;
pub mod finding;
pub mod generate;
mod git;
pub mod hooks;
pub mod host;
pub mod init;
pub mod insight;
pub mod inventory;
pub mod lint;
pub mod origin;
pub mod output;
pub mod project;
pub mod promote;
pub mod publish;
pub mod render;
mod replacement;
pub mod resolve;
pub mod resource;
pub mod schema;
pub mod signing;
pub mod source;
pub mod template;
pub mod validate;
pub mod why;
