//! The forms of a diff: for a terminal, for other programs.

mod json;
mod text;

pub use json::json;
pub use text::{Form, stat, summary, text};
