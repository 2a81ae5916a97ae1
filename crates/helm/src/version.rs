//! Version ranges, as Helm checks them with Masterminds' semver.

use sprig::semver::{Constraint, Version};

/// Returns whether the text is a version; `1`, `v1.2` and `1.2.3-x+y` are.
pub(crate) fn is_version(text: &str) -> bool {
    Version::parse(text).is_ok()
}

/// Returns whether a version lies in a range; if either cannot be read, it does not.
pub(crate) fn is_compatible(range: &str, version: &str) -> bool {
    match (Constraint::parse(range), Version::parse(version)) {
        (Ok(range), Ok(version)) => range.check(&version),
        _ => false,
    }
}
