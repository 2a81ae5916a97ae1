//! Changes a definition: what `fab set`, `add` and `remove` do to its files.
//!
//! A file is the user's: only what was asked for changes in its text, and
//! `goyaml` sees to that. All changes of a command are worked out before the
//! first file is written, so a command changes everything or nothing; a file is
//! written beside the old one and put in its place. A file that cannot be read
//! or is read-only is an error, and stays.
//!
//! Invariant: only [`commit()`] speaks to a server, if it is to push; and what a change would do is
//! known ([`Edited`]) before it is done.

mod commit;
pub(crate) mod entries;
mod file;
mod flatten;
pub(crate) mod path;
mod set;

pub use commit::{CommitOptions, Committed, Push, commit};
pub use entries::{AddOptions, RemoveOptions, add, remove};
pub use file::{Edited, write_all};
pub use set::{Assignment, SetOptions, set};
