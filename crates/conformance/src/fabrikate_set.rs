//! Kind `fabrikate-set`: a definition, a `fab set`, and the files after it.
//!
//! Files are compared as data. Beyond that, every value that was set has to be
//! read back as the text that was given, by a reader of YAML 1.1 and by one of
//! YAML 1.2. Where Fabrikate panics or loses a value, only this is asked for,
//! or a failure that leaves the files as they were.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde::Deserialize;

use crate::case::{Case, LoadError, Verdict};
use crate::fabrikate::edited::same_texts;
use crate::{jsonl, program};

/// A line of the file.
#[derive(Deserialize)]
struct SetCase {
    /// Text files by path.
    files: BTreeMap<String, String>,
    argv: Vec<String>,
    exit: i32,
    /// The files of `config/` afterwards.
    after: BTreeMap<String, String>,
}

const CONFIG: &str = "config/common.yaml";

/// What a panic of a Go program exits with.
const PANIC: i32 = 2;

/// Reads the cases of a file.
pub(crate) fn load(path: &Path) -> Result<Vec<Case>, LoadError> {
    let fab = Arc::new(program::fab()?);
    let cases = jsonl::read::<SetCase>(path)?.into_iter().enumerate();
    let case = |(index, case): (usize, SetCase)| {
        let fab: Arc<PathBuf> = Arc::clone(&fab);
        let run = move || {
            run(&case, &fab).unwrap_or_else(|err| failed(&format!("the case cannot be run: {err}"), "", ""))
        };
        Case { id: format!("set/{}", index + 1), group: "set".to_owned(), run: Box::new(run) }
    };
    Ok(cases.map(case).collect())
}

fn failed(reason: &str, want: &str, got: &str) -> Verdict {
    Verdict::Failed { reason: reason.to_owned(), want: want.to_owned(), got: got.to_owned() }
}

fn run(case: &SetCase, fab: &Path) -> io::Result<Verdict> {
    let folder = tempfile::tempdir()?;
    for (path, text) in &case.files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
        fs::write(path, text)?;
    }
    let output =
        Command::new(fab).args(&case.argv[1..]).current_dir(folder.path()).stdin(Stdio::null()).output()?;
    let got = fs::read_to_string(folder.path().join(CONFIG)).ok();
    Ok(judge(case, output.status.success(), got.as_deref()))
}

fn judge(case: &SetCase, succeeded: bool, got: Option<&str>) -> Verdict {
    let before = case.files.get(CONFIG).map(String::as_str);
    if !succeeded {
        return match case.exit {
            0 => failed("fails", "", ""),
            _ if got != before => {
                failed("fails and changes the file", before.unwrap_or_default(), got.unwrap_or_default())
            }
            _ => Verdict::FailedAlike { same_text: None },
        };
    }
    let got = got.unwrap_or_default();
    if case.exit != 0 && case.exit != PANIC {
        return failed("does not fail", "", got);
    }
    let (component, wanted) = wanted(&case.argv);
    for (path, value) in &wanted {
        let steps: Vec<&str> = component.iter().chain(path).map(String::as_str).collect();
        if let Some(reader) = misread(got, &steps, value) {
            return failed(
                &format!("{path:?} is not read back as {value:?} by a reader of {reader}"),
                "",
                got,
            );
        }
    }
    let recorded = case.after.get(CONFIG).map_or("", String::as_str);
    let is_lost = wanted.iter().any(|(path, _)| {
        let steps: Vec<&str> = component.iter().chain(path).map(String::as_str).collect();
        goyaml_at(recorded, &steps).is_none()
    });
    if case.exit == PANIC || is_lost || same_texts(CONFIG, recorded.as_bytes(), got.as_bytes()) {
        Verdict::Passed
    } else {
        failed("the file says something else", recorded, got)
    }
}

/// Returns the steps to the values of the component, and the paths with the texts that they have in the end.
fn wanted(argv: &[String]) -> (Vec<String>, Vec<(Vec<String>, String)>) {
    let mut component = Vec::new();
    if let Some(at) = argv.iter().position(|word| word == "--subcomponent") {
        for name in argv[at + 1].split('.') {
            component.extend(["subcomponents".to_owned(), name.to_owned()]);
        }
    }
    component.push("config".to_owned());
    let pairs = argv.iter().skip_while(|word| *word != "--").skip(1).filter_map(|word| word.split_once('='));
    let mut wanted: Vec<(Vec<String>, String)> = Vec::new();
    for (path, value) in pairs {
        let path = split(path);
        wanted.retain(|(earlier, _)| !earlier.starts_with(&path));
        wanted.push((path, value.to_owned()));
    }
    (component, wanted)
}

/// Splits a path; the paths of the cases have quotes around their first part at most.
fn split(path: &str) -> Vec<String> {
    let (first, rest) = match path.strip_prefix('"').and_then(|path| path.split_once("\".")) {
        Some((first, rest)) => (Some(first), rest),
        None => (None, path),
    };
    first.into_iter().chain(rest.split('.')).map(str::to_owned).collect()
}

/// Returns the YAML that has another text at some steps, if one has.
fn misread(text: &str, steps: &[&str], want: &str) -> Option<&'static str> {
    if goyaml_at(text, steps).as_ref().and_then(goyaml::Value::as_str) != Some(want) {
        return Some("YAML 1.1");
    }
    let read: Option<serde_yaml::Value> = serde_yaml::from_str(text).ok();
    let found = read.and_then(|value| steps.iter().try_fold(value, |value, step| value.get(*step).cloned()));
    (found.as_ref().and_then(serde_yaml::Value::as_str) != Some(want)).then_some("YAML 1.2")
}

fn goyaml_at(text: &str, steps: &[&str]) -> Option<goyaml::Value> {
    let read: goyaml::Value = goyaml::from_str_with_literal_keys(text).ok()?;
    steps.iter().try_fold(read, |value, step| value.get(step).cloned())
}
