//! The built `fab`, for cases that are command lines.

use std::path::PathBuf;

use crate::case::LoadError;

/// The `fab` that was built beside this program.
pub(crate) fn fab() -> Result<PathBuf, LoadError> {
    let name = format!("fab{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().map(|runner| runner.with_file_name(&name));
    match beside {
        Ok(fab) if fab.exists() => Ok(fab),
        _ => Err(LoadError::NoFab),
    }
}
