//! YAML as Go's libraries read and write it.

mod value;

pub use value::{Mapping, Value};
