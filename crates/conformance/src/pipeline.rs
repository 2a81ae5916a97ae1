//! Kind `pipeline`: runs of Bedrock's `build.sh` and `release.sh`, each with the
//! definition, the manifest repository before, and what came of both.
//!
//! `fab ci` is run with the variables of the script, in a clone of the definition,
//! and `fab set` in place of the release script. Below the folder of each
//! environment there have to be the same files, with the same data: the charts
//! were recorded with Helm 3. What `fab` keeps its books in is left out. One
//! difference is meant: folders that are no environment stay.
//!
//! Runs that show a bug of the script have what should come of them here, and so has
//! the one without a token: `fab` asks for one if the server does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use git2::{IndexAddOption, Repository, Signature};
use serde::Deserialize;

use crate::case::{Case, LoadError, Verdict};
use crate::fabrikate::edited;
use crate::fabrikate::tree::{self, Node, Tree};
use crate::program;

/// What `fab` keeps its books in.
const BOOKS: [&str; 3] = ["fab.owned", "hydrator.metadata", "fab.hold"];

/// What should come of the runs that show a bug: whether the last command succeeds, and the run whose manifests are
/// right; none if there are to be those from before.
const BUGS: [(&str, bool, Option<&str>); 7] = [
    ("build-dot-in-repo-name", true, Some("build-default")),
    ("build-empty-definition", false, None),
    ("build-glob-in-envs", true, None),
    ("build-name-clash", true, Some("build-default")),
    ("build-no-token", true, Some("build-default")),
    ("build-reused-agent", true, Some("build-default")),
    ("build-stale-generated", true, Some("build-default")),
];

/// A `cmd.json`.
#[derive(Deserialize)]
struct Recorded {
    name: String,
    repo_url: String,
    steps: Vec<Step>,
    after: After,
}

#[derive(Deserialize)]
struct Step {
    env: BTreeMap<String, String>,
    exit: i32,
}

#[derive(Deserialize)]
struct After {
    manifests: Branches,
}

#[derive(Deserialize)]
struct Branches {
    branches: BTreeMap<String, serde_json::Value>,
}

/// Why a case cannot be run or is not as it should be.
type Failed = Box<dyn std::error::Error>;

/// Reads the cases of a folder.
pub(crate) fn load(path: &Path) -> Result<Vec<Case>, LoadError> {
    let read = |source| LoadError::Read { path: path.to_owned(), source };
    let fab = Arc::new(program::fab()?);
    let mut cases = Vec::new();
    for entry in fs::read_dir(path).map_err(read)? {
        let folder = entry.map_err(read)?.path();
        let file = folder.join("cmd.json");
        if !file.exists() {
            continue;
        }
        let text =
            fs::read_to_string(&file).map_err(|source| LoadError::Read { path: file.clone(), source })?;
        let recorded: Recorded = serde_json::from_str(&text).map_err(|source| LoadError::Line {
            path: file,
            line: source.line(),
            source,
        })?;
        let fab = Arc::clone(&fab);
        cases.push(Case {
            id: recorded.name.clone(),
            group: "pipeline".to_owned(),
            run: Box::new(move || verdict(&recorded, &folder, &fab)),
        });
    }
    cases.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(cases)
}

fn verdict(recorded: &Recorded, folder: &Path, fab: &Path) -> Verdict {
    match run(recorded, folder, fab) {
        Ok(None) => Verdict::Passed,
        Ok(Some(Different { reason, want, got })) => Verdict::Failed { reason, want, got },
        Err(err) => Verdict::Skipped(format!("the case cannot be run: {err}")),
    }
}

/// What is not as it should be.
struct Different {
    reason: String,
    want: String,
    got: String,
}

/// Both repositories with clones, in a home whose git knows where they are.
struct Place {
    home: tempfile::TempDir,
    manifests: PathBuf,
    definition: PathBuf,
}

fn run(recorded: &Recorded, folder: &Path, fab: &Path) -> Result<Option<Different>, Failed> {
    let place = Place::new(recorded, folder)?;
    let mut output = None;
    for step in &recorded.steps {
        output = Some(place.run(step, &recorded.name, fab)?);
    }
    let (Some(output), Some(step)) = (output, recorded.steps.last()) else { return Ok(None) };
    let bug = BUGS.iter().find(|(name, _, _)| *name == recorded.name);
    let succeeds = bug.map_or(step.exit == 0, |(_, succeeds, _)| *succeeds);
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() != succeeds {
        let (reason, want) =
            (format!("exit code {:?}", output.status.code()), format!("succeeds: {succeeds}"));
        return Ok(Some(Different { reason, want, got: printed }));
    }
    if recorded.name.starts_with("release") {
        return place.compare_definition(folder);
    }
    let before = tree::read(&folder.join("manifests-before"))?;
    for branch in recorded.after.manifests.branches.keys() {
        let want = match bug {
            None => tree::read(&folder.join("expected/manifests").join(branch))?,
            Some((_, _, Some(other))) => {
                tree::read(&folder.with_file_name(other).join("expected/manifests").join(branch))?
            }
            Some((_, _, None)) => before.clone(),
        };
        // Folders that are no environment stay.
        let stays = before.iter().filter(|(path, _)| !want.contains_key(*path));
        let stays = stays.map(|(path, node)| (path.clone(), node.clone()));
        let mut want: Tree = want.clone().into_iter().chain(stays).collect();
        if recorded.name == "build-empty-env-item" {
            // A comma too many names no environment.
            want.retain(|path, _| !path.starts_with("common/"));
        }
        let mut got = place.branch(branch)?;
        if recorded.name == "build-glob-in-envs" {
            // It is the name of an environment, and none of files.
            got.retain(|path, _| !path.starts_with("*/"));
        }
        if let Some(different) = compare(&want, &got, printed.as_str()) {
            return Ok(Some(different));
        }
    }
    Ok(None)
}

fn compare(want: &Tree, got: &Tree, printed: &str) -> Option<Different> {
    let names = |tree: &Tree| tree.keys().map(|path| format!("{path}\n")).collect::<String>();
    let paths: BTreeSet<&String> = want.keys().chain(got.keys()).collect();
    let is_same = |path: &&String| {
        let (want, got) = (want.get(*path), got.get(*path));
        want == got || same_documents(want, got)
    };
    let different: Vec<&String> = paths.into_iter().filter(|path| !is_same(path)).collect();
    let first = different.first()?;
    Some(Different {
        reason: format!("`{first}` differs"),
        want: names(want),
        got: format!("{}\n{printed}", names(got)),
    })
}

/// Whether two manifests have the same documents.
fn same_documents(want: Option<&Node>, got: Option<&Node>) -> bool {
    let (Some(Node::File(want)), Some(Node::File(got))) = (want, got) else { return false };
    matches!((documents(want), documents(got)), (Some(want), Some(got)) if want == got)
}

/// Reads the documents of a manifest; none if one of them cannot be read.
fn documents(manifest: &[u8]) -> Option<Vec<goyaml::Value>> {
    let mut texts = vec![String::new()];
    for line in std::str::from_utf8(manifest).ok()?.split_inclusive('\n') {
        if line.starts_with("---") {
            texts.push(String::new());
        } else if let Some(last) = texts.last_mut() {
            last.push_str(line);
        }
    }
    let values: Result<Vec<goyaml::Value>, _> = texts.iter().map(|text| goyaml::from_str(text)).collect();
    Some(values.ok()?.into_iter().filter(|value| *value != goyaml::Value::Null).collect())
}

impl Place {
    fn new(recorded: &Recorded, folder: &Path) -> Result<Self, Failed> {
        let home = tempfile::tempdir()?;
        let (host, path) =
            recorded.repo_url.split_once("github.com/").ok_or("the address is of another host")?;
        let path = path.split_whitespace().next().unwrap_or(path);
        let served = home.path().join("served");
        let manifests = served.join(path);
        let branches: Vec<&String> = recorded.after.manifests.branches.keys().collect();
        let branch = if branches.iter().any(|name| *name == "master") { "master" } else { "main" };
        repository(&manifests, branch, &tree::read(&folder.join("manifests-before"))?, &home)?;
        let upstream = served.join("pipe/hld.git");
        repository(&upstream, "master", &tree::read(&folder.join("hld"))?, &home)?;
        let definition = home.path().join("work");
        Repository::clone(&upstream.display().to_string(), &definition)?;
        let base = served.display();
        let config = format!(
            "[url \"{base}/\"]\n\tinsteadOf = {host}github.com/\n[user]\n\tname = t\n\temail = t@t\n"
        );
        fs::write(home.path().join(".gitconfig"), config)?;
        Ok(Place { home, manifests, definition })
    }

    fn run(&self, step: &Step, name: &str, fab: &Path) -> Result<Output, Failed> {
        let value = |name: &str| step.env.get(name).map(String::as_str).unwrap_or_default();
        let mut command = Command::new(fab);
        if name.starts_with("release") {
            let environment = step.env.get("FAB_ENV_NAME").map_or("common", String::as_str);
            let assignment = format!("{}={}", value("YAML_PATH"), value("YAML_PATH_VALUE"));
            command.args(["set", "--environment", environment, "--subcomponent", value("SUBCOMPONENT")]);
            command.args([&assignment, "--push", "-m", value("COMMIT_MESSAGE")]);
        } else {
            command.arg("ci");
        }
        // What is for the script is none of `fab set`.
        let variables = step.env.iter().filter(|_| !name.starts_with("release"));
        command.current_dir(&self.definition).env_clear().envs(variables);
        command.env("HOME", self.home.path()).env("FAB_CACHE_DIR", self.home.path().join("cache"));
        Ok(command.output()?)
    }

    /// Reads a branch of the manifest repository, without the books of `fab`.
    fn branch(&self, name: &str) -> Result<Tree, Failed> {
        let mut tree = checked_out(&self.manifests, name)?;
        tree.retain(|path, _| !BOOKS.contains(&path.rsplit('/').next().unwrap_or(path)));
        Ok(tree)
    }

    /// Compares the definition on the server with what the release script made of it.
    fn compare_definition(&self, folder: &Path) -> Result<Option<Different>, Failed> {
        let want = tree::read(&folder.join("expected/hld/master"))?;
        let got = checked_out(&self.home.path().join("served/pipe/hld.git"), "master")?;
        let text = |tree: &Tree, path: &str| match tree.get(path) {
            Some(Node::File(text)) => text.clone(),
            Some(Node::Link(_)) | None => Vec::new(),
        };
        let same = |path: &&String| {
            want.get(*path) == got.get(*path)
                || edited::same_texts(path, &text(&want, path), &text(&got, path))
        };
        let different = want.keys().find(|path| !same(path));
        Ok(different.map(|path| Different {
            reason: format!("`{path}` differs"),
            want: String::from_utf8_lossy(&text(&want, path)).into_owned(),
            got: String::from_utf8_lossy(&text(&got, path)).into_owned(),
        }))
    }
}

/// Reads the files of a branch.
fn checked_out(repository: &Path, branch: &str) -> Result<Tree, Failed> {
    let folder = tempfile::tempdir()?;
    git2::build::RepoBuilder::new().branch(branch).clone(&repository.display().to_string(), folder.path())?;
    fs::remove_dir_all(folder.path().join(".git"))?;
    Ok(tree::read(folder.path())?)
}

/// Makes a bare repository with one commit.
fn repository(bare: &Path, branch: &str, files: &Tree, home: &tempfile::TempDir) -> Result<(), Failed> {
    let work = tempfile::tempdir_in(home.path())?;
    let mut options = git2::RepositoryInitOptions::new();
    options.initial_head(branch);
    let repository = Repository::init_opts(work.path(), &options)?;
    tree::write(files, work.path())?;
    let mut index = repository.index()?;
    index.add_all(["*"], IndexAddOption::FORCE, None)?;
    let tree = repository.find_tree(index.write_tree()?)?;
    let who = Signature::now("t", "t@t")?;
    repository.commit(Some("HEAD"), &who, &who, "first", &tree, &[])?;
    options.bare(true);
    fs::create_dir_all(bare)?;
    Repository::init_opts(bare, &options)?;
    let refspec = format!("refs/heads/{branch}:refs/heads/{branch}");
    repository.remote_anonymous(&bare.display().to_string())?.push(&[refspec.as_str()], None)?;
    Ok(())
}
