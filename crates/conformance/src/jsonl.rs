//! Reads files of one JSON object a line.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::case::LoadError;

/// Reads every line of `path` as a `T`; empty lines are passed over.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, LoadError> {
    let text =
        fs::read_to_string(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|source| LoadError::Line {
                path: path.to_owned(),
                line: index + 1,
                source,
            })
        })
        .collect()
}
