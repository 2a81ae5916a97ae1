//! What `fab` does as a program.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod fabrikate_bugs;
mod generate;
mod hld;
