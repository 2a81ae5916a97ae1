//! Changes a definition: what `fab set`, `add` and `remove` do to its files.
//!
//! A file is the user's: only what was asked for changes in its text, and
//! `goyaml` sees to that. All changes of a command are worked out before the
//! first file is written, so a command changes everything or nothing; a file is
//! written beside the old one and put in its place. A file that cannot be read
//! or is read-only is an error, and stays.
//!
//! Invariant: only [`commit()`] and [`commit_aside()`], if they are to push, and [`verify()`] speak to a server; and what a change would do is
//! known ([`Edited`]) before it is done.

mod aside;
mod commit;
pub(crate) mod entries;
mod file;
mod flatten;
mod image;
pub(crate) mod path;
mod set;
mod verify;

pub use aside::{Aside, commit_aside};
pub use commit::{CommitOptions, Committed, Push, commit};
pub use entries::{AddOptions, RemoveOptions, Removed, add, remove};
pub(crate) use file::Open;
pub use file::{Edited, write_all};
pub(crate) use image::{Form, Spot, image_spots};
pub use image::{Image, ImageOptions, parse_image, set_image};
pub use set::{Assignment, SetOptions, set};
pub(crate) use set::{Placed, set_placed};
pub use verify::verify;
