//! Kind `helm-cases`: a small chart a line, the `helm template` command that
//! was run beside it, and what it printed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::case::{Case, Expected, LoadError, Verdict, compare};
use crate::jsonl;

/// A line of the file.
#[derive(Deserialize)]
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
    Case { id: case.id.clone(), group: case.group.clone(), run: Box::new(move || run(&case)) }
}

fn run(case: &HelmCase) -> Verdict {
    match execute(case) {
        Ok(got) => {
            let want = if case.exit == 0 {
                Expected::Output(case.stdout.clone())
            } else {
                let texts = std::iter::once(&case.stderr).chain(&case.stderr_variants);
                Expected::Error(texts.map(|text| error_text(text)).collect())
            };
            compare(&want, got)
        }
        Err(error) => Verdict::Skipped(format!("cannot run the case: {error}")),
    }
}

/// Runs the command in a folder of its own; the outer error is ours, the inner one the command's.
fn execute(case: &HelmCase) -> Result<Result<String, String>, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    for (path, text) in &case.files {
        write(&folder.path().join(path), text.as_bytes())?;
    }
    for (path, text) in &case.files_b64 {
        write(&folder.path().join(path), &STANDARD.decode(text)?)?;
    }
    let output = Command::new(fab()?)
        .args(&case.args)
        .current_dir(folder.path())
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(Ok(String::from_utf8_lossy(&output.stdout).into_owned()));
    }
    let folder = folder.path().to_string_lossy().into_owned();
    Ok(Err(error_text(&String::from_utf8_lossy(&output.stderr).replace(&folder, "$DIR"))))
}

/// Returns the built `fab`, which lies beside this program.
fn fab() -> Result<PathBuf, std::io::Error> {
    let fab = std::env::current_exe()?.with_file_name("fab");
    if fab.exists() { Ok(fab) } else { Err(std::io::Error::other("no `fab` beside this program: build it first")) }
}

fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, content)
}

/// Returns the message of what was printed, without what was logged before it.
fn error_text(stderr: &str) -> String {
    stderr.find("Error: ").map_or(stderr, |at| &stderr[at..]).trim_end().to_owned()
}
