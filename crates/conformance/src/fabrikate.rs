//! Kinds `fabrikate` and `install`: a folder of cases, each an input tree, the commands that
//! were run in it, and the files that they made.
//!
//! `fab` is run as a user runs it, in a copy of the tree and with a home and a
//! temporary folder of its own. Files are compared byte for byte and exit codes
//! as zero or not; what was printed is not compared. Component and config files,
//! which Fabrikate writes anew and `fab` changes in place, are compared as data. `compare: data` marks the
//! cases whose charts went through Fabrikate's namespace injection, which writes
//! everything anew: there each file has to have the same documents as data.
//!
//! The cases that install something are a kind of their own, so that none can
//! go unnoticed among the others.

mod data;
pub(crate) mod edited;
mod remotes;
pub(crate) mod tree;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde::Deserialize;

use crate::case::{Case, LoadError, Verdict};
use crate::program;
use tree::{Node, Tree};

/// The commands of Fabrikate that `fab` does not have yet.
const ABSENT: [&str; 1] = ["find"];

/// Cases that are to be kept, but for one of Fabrikate's bugs in them.
const CHANGED: [(&str, &str); 1] =
    [("set-subcomponent", "the second value is lost (bug 20 of the reference)")];

/// A `cmd.json`.
#[derive(Deserialize)]
struct Recorded {
    name: String,
    kind: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    compare: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    steps: Vec<Step>,
    #[serde(default)]
    deleted: Vec<String>,
    #[serde(default)]
    empty_dirs_before: Vec<String>,
    tree_deterministic: bool,
    /// The repositories that the case installs from, by name.
    #[serde(default)]
    remotes: BTreeMap<String, serde_json::Value>,
}

/// A command, or an edit between two.
#[derive(Deserialize)]
#[serde(untagged)]
enum Step {
    /// Files to write, by path.
    Edit { write: BTreeMap<String, String> },
    /// A command to run.
    Run {
        argv: Vec<String>,
        #[serde(default)]
        cwd: String,
        #[serde(default)]
        env: BTreeMap<String, String>,
        /// A number, or `timeout`.
        exit: serde_json::Value,
    },
}

/// Which cases of a folder are run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Those that install something.
    Install,
    /// All others.
    Others,
}

/// Reads the cases of a folder.
pub(crate) fn load(path: &Path, part: Part) -> Result<Vec<Case>, LoadError> {
    let read = |source| LoadError::Read { path: path.to_owned(), source };
    let fab = Arc::new(program::fab()?);
    let mut folders: Vec<PathBuf> = fs::read_dir(path)
        .map_err(read)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()
        .map_err(read)?;
    folders.sort();
    folders.retain(|folder| folder.join("cmd.json").exists());
    let mut cases = Vec::new();
    for folder in folders {
        let recorded = read_recorded(&folder)?;
        if recorded.part() == part {
            cases.push(case(recorded, folder, &fab));
        }
    }
    Ok(cases)
}

fn read_recorded(folder: &Path) -> Result<Recorded, LoadError> {
    let path = folder.join("cmd.json");
    let text = fs::read_to_string(&path).map_err(|source| LoadError::Read { path: path.clone(), source })?;
    serde_json::from_str(&text).map_err(|source| LoadError::Line { path, line: source.line(), source })
}

impl Recorded {
    fn part(&self) -> Part {
        let installs = |step: &Step| match step {
            Step::Edit { .. } => false,
            Step::Run { argv, .. } => words(argv).any(|word| word == "install"),
        };
        if self.steps.iter().any(installs) { Part::Install } else { Part::Others }
    }
}

fn case(recorded: Recorded, folder: PathBuf, fab: &Arc<PathBuf>) -> Case {
    let group = match recorded.tags.first().map(String::as_str) {
        Some(tag @ ("real" | "testdata")) => tag.to_owned(),
        Some(_) | None => recorded.name.split('-').next().unwrap_or_default().to_owned(),
    };
    let fab = Arc::clone(fab);
    Case { id: recorded.name.clone(), group, run: Box::new(move || verdict(&recorded, &folder, &fab)) }
}

fn verdict(recorded: &Recorded, folder: &Path, fab: &Path) -> Verdict {
    if let Some(reason) = not_comparable(recorded) {
        return Verdict::Skipped(reason);
    }
    let failed = |reason: String| Verdict::Failed { reason, want: String::new(), got: String::new() };
    match replay(recorded, folder, fab) {
        Ok(verdict) => verdict,
        Err(err) => failed(format!("the case cannot be run: {err}")),
    }
}

fn not_comparable(recorded: &Recorded) -> Option<String> {
    if recorded.kind == "bug" {
        return Some("Fabrikate is wrong here, see docs/compatibility.md".to_owned());
    }
    if let Some((_, reason)) = CHANGED.iter().find(|(name, _)| *name == recorded.name) {
        return Some((*reason).to_owned());
    }
    if !recorded.tree_deterministic {
        return Some("Fabrikate's own output differs from run to run".to_owned());
    }
    recorded.steps.iter().find_map(|step| match step {
        Step::Edit { .. } => None,
        Step::Run { argv, .. } => {
            let absent = words(argv).find(|word| ABSENT.contains(word));
            absent.map(|command| format!("there is no `fab {command}` yet"))
        }
    })
}

/// The words of a command that may name a command of `fab`.
fn words(argv: &[String]) -> impl Iterator<Item = &str> {
    let (fab, rest) = argv.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let script = if fab == "fab" { None } else { rest.last() };
    let first = rest.iter().filter(|word| !word.starts_with('-') && *word != "help").take(1);
    let in_script = script.into_iter().flat_map(|script| script.split(' '));
    first.filter(move |_| fab == "fab").map(String::as_str).chain(in_script)
}

/// Runs the steps in a copy of the tree and compares what is there afterwards.
fn replay(recorded: &Recorded, folder: &Path, fab: &Path) -> io::Result<Verdict> {
    let work = tempfile::tempdir()?;
    // A component that is made is named after its folder.
    let [root, home, tmp] = [recorded.name.as_str(), "home", "tmp"].map(|name| work.path().join(name));
    for folder in [&root, &home, &tmp] {
        fs::create_dir(folder)?;
    }
    if !recorded.remotes.is_empty() {
        let bundles = folder.join("../../remotes");
        remotes::serve(&bundles, recorded.remotes.keys(), &work.path().join("remotes"), &home)?;
    }
    let mut want = tree::with_links(&tree::read(&folder.join("hld"))?);
    tree::write(&want, &root)?;
    for empty in &recorded.empty_dirs_before {
        fs::create_dir_all(root.join(empty))?;
    }
    for step in &recorded.steps {
        match step {
            Step::Edit { write } => {
                let files: Tree = write
                    .iter()
                    .map(|(path, text)| (path.clone(), Node::File(text.clone().into_bytes())))
                    .collect();
                tree::write(&files, &root)?;
                want.extend(files);
            }
            Step::Run { argv, cwd, env, exit } => {
                let mut command = command(argv, fab);
                command.current_dir(root.join(cwd)).env("HOME", &home).env("TMPDIR", &tmp);
                command.env_remove("XDG_CACHE_HOME").env_remove("FAB_CACHE_DIR");
                let output = command.envs(&recorded.env).envs(env).stdin(Stdio::null()).output()?;
                if output.status.success() != (exit.as_i64() == Some(0)) {
                    let got = String::from_utf8_lossy(&output.stderr).into_owned();
                    let reason = format!("`{}` exits with {}, not {exit}", argv.join(" "), output.status);
                    return Ok(Verdict::Failed { reason, want: String::new(), got });
                }
            }
        }
    }
    for path in &recorded.deleted {
        want.remove(path);
    }
    want.extend(tree::read(&folder.join("expected"))?);
    let mut got = tree::read(&root)?;
    // Fabrikate has no lockfile.
    got.retain(|path, _| path != "fab.lock" && !path.ends_with("/fab.lock"));
    Ok(compare(&want, &got, recorded.compare.as_deref() == Some("data")))
}

/// `fab` by its path, anything else with it on the PATH.
#[expect(clippy::disallowed_methods, reason = "a script of a case runs with this PATH and `fab` on it")]
fn command(argv: &[String], fab: &Path) -> Command {
    let (name, args) = argv.split_first().map_or(("", &[][..]), |(name, args)| (name.as_str(), args));
    let mut command = Command::new(if name == "fab" { fab.as_os_str() } else { name.as_ref() });
    command.args(args);
    if name != "fab" {
        let rest = std::env::var_os("PATH").unwrap_or_default();
        let folders = fab.parent().map(Path::to_owned).into_iter().chain(std::env::split_paths(&rest));
        if let Ok(path) = std::env::join_paths(folders) {
            command.env("PATH", path);
        }
    }
    command
}

fn compare(want: &Tree, got: &Tree, as_data: bool) -> Verdict {
    let text = |tree: &Tree, path: &str| match tree.get(path) {
        Some(Node::File(content)) => String::from_utf8_lossy(content).into_owned(),
        Some(Node::Link(target)) => format!("-> {target}\n"),
        None => String::new(),
    };
    let paths: std::collections::BTreeSet<&String> = want.keys().chain(got.keys()).collect();
    let mut differing = paths.into_iter().filter(|path| {
        let (want, got) = (want.get(*path), got.get(*path));
        want != got && !(as_data && data::same(want, got)) && !edited::same(path, want, got)
    });
    let Some(first) = differing.next() else { return Verdict::Passed };
    let what = match (want.contains_key(first), got.contains_key(first)) {
        (true, false) => "is missing",
        (false, _) => "should not be there",
        (true, true) => "differs",
    };
    let more = differing.count();
    let more = if more == 0 { String::new() } else { format!(" (and {more} more files)") };
    Verdict::Failed {
        reason: format!("{first} {what}{more}"),
        want: text(want, first),
        got: text(got, first),
    }
}
