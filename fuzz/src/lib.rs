//! What must hold for any input, as functions that fail where it does not.
//!
//! The fuzzer calls them with inputs of its own, a test calls them with every
//! input that it kept: both run the same code, and only the first needs a nightly
//! toolchain.
//!
//! Invariant: a target depends on nothing but its bytes, so a finding is a file.

mod charts;
mod kubernetes;
mod templates;
mod yaml;

pub use charts::{helm_archive, helm_values};
pub use kubernetes::{cel, kube_check};
pub use templates::{tmpl_exec, tmpl_lex_parse};
pub use yaml::{yaml_edit, yaml_read, yaml_round_trip};

/// What must hold for any bytes.
pub type Target = fn(&[u8]);

/// All targets by name, which is also that of their folder in the corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("cel", cel),
    ("helm_archive", helm_archive),
    ("helm_values", helm_values),
    ("kube_check", kube_check),
    ("tmpl_exec", tmpl_exec),
    ("tmpl_lex_parse", tmpl_lex_parse),
    ("yaml_edit", yaml_edit),
    ("yaml_read", yaml_read),
    ("yaml_round_trip", yaml_round_trip),
];
