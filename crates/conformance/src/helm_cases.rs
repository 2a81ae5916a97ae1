//! Kind `helm-cases`: a small chart a line, the `helm template` command that
//! was run beside it, and what it printed.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::case::{Case, LoadError, Verdict};
use crate::jsonl;

/// A line of the file.
#[derive(Deserialize)]
#[expect(dead_code, reason = "read once the helm crate renders")]
struct HelmCase {
    id: String,
    group: String,
    /// Text files by path.
    files: BTreeMap<String, String>,
    /// Other files by path, in base64.
    #[serde(default)]
    files_b64: BTreeMap<String, String>,
    /// The command line after `helm`.
    args: Vec<String>,
    exit: i32,
    stdout: String,
    /// With `$DIR` for the folder of the case.
    stderr: String,
    /// Other texts that the same command printed.
    #[serde(default)]
    stderr_variants: Vec<String>,
}

/// Reads the cases of a file.
pub(crate) fn load(path: &Path) -> Result<Vec<Case>, LoadError> {
    Ok(jsonl::read::<HelmCase>(path)?.into_iter().map(case).collect())
}

fn case(case: HelmCase) -> Case {
    let run = || Verdict::Skipped("the helm crate renders no charts yet".to_owned());
    Case { id: case.id, group: case.group, run: Box::new(run) }
}
