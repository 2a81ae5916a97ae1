//! Kind `helm-cases`: a small chart a line, the `helm template` command that
//! was run beside it, and what it printed.
//!
//! The flags are part of these cases, so the built `fab` runs with them, in a
//! folder of its own.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::case::{Case, Expected, LoadError, Verdict, compare};
use crate::{jsonl, program, reference};

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
    let fab = program::fab()?;
    let cases = jsonl::read::<HelmCase>(path)?;
    Ok(cases.into_iter().map(|case| case.into_case(&fab)).collect())
}

impl HelmCase {
    fn into_case(self, fab: &Path) -> Case {
        let fab = fab.to_owned();
        Case { id: self.id.clone(), group: self.group.clone(), run: Box::new(move || self.run(&fab)) }
    }

    fn run(&self, fab: &Path) -> Verdict {
        match self.print(fab) {
            Ok(got) => compare(&self.expected(), got),
            Err(err) => Verdict::Failed {
                reason: format!("cannot be run: {err}"),
                want: String::new(),
                got: String::new(),
            },
        }
    }

    fn expected(&self) -> Expected {
        if self.exit == 0 {
            return Expected::Output(self.stdout.clone().into());
        }
        let texts = std::iter::once(&self.stderr).chain(&self.stderr_variants);
        Expected::Error(texts.map(|text| reference::error_text(text)).collect())
    }

    /// Lays the files out and runs the command beside them.
    fn print(&self, fab: &Path) -> io::Result<Result<Vec<u8>, String>> {
        let folder = tempfile::tempdir()?;
        for (path, content) in self.contents()? {
            let path = folder.path().join(path);
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(path, content)?;
        }
        let output = Command::new(fab)
            .args(&self.args)
            .current_dir(folder.path())
            .env_clear()
            .env("TZ", "UTC")
            .output()?;
        if output.status.success() {
            return Ok(Ok(output.stdout));
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        // The folder may be shown as given or with its links resolved.
        let resolved = folder.path().canonicalize()?;
        let folders = [resolved.to_string_lossy(), folder.path().to_string_lossy()];
        let stderr = folders.iter().fold(stderr.into_owned(), |text, folder| text.replace(&**folder, "$DIR"));
        Ok(Err(reference::error_text(&stderr)))
    }

    fn contents(&self) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
        let mut contents = Vec::new();
        for (path, text) in &self.files {
            contents.push((PathBuf::from(path), text.as_bytes().to_owned()));
        }
        for (path, text) in &self.files_b64 {
            let content = STANDARD.decode(text).map_err(io::Error::other)?;
            contents.push((PathBuf::from(path), content));
        }
        Ok(contents)
    }
}
