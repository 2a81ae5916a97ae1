//! What an execution leaves behind for whoever asks where its output came from or
//! what it read: recorders, off unless [`Options`](crate::Options) has them.
//!
//! Invariant: a recorder changes nothing of what a template prints, and costs an
//! execution without one a test of a pointer.

mod lines;
mod reads;

pub(crate) use lines::Begun;
pub use lines::{Lines, Origin};
pub(crate) use reads::Node;
pub use reads::{Passing, Read, Reads};
