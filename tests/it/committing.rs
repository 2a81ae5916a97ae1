//! `--commit` and `--push`: what git has afterwards, and that nothing is lost.

use std::fs;
use std::path::PathBuf;

use git2::{Commit, Oid, Repository, Signature, Status};
use tempfile::TempDir;

use crate::hld::Run;

/// A definition that was cloned from a repository, and a second clone of somebody else.
struct Clones {
    folder: TempDir,
    ours: Repository,
    theirs: Repository,
}

const CONFIG: &str = "# ours\nconfig:\n  a: 1\n  z: 1\n";

impl Clones {
    fn new() -> Self {
        Self::of(&[
            ("component.yaml", "name: root\n"),
            ("config/common.yaml", CONFIG),
            ("ring/component.yaml", "name: ring\n"),
        ])
    }

    fn of(seed: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = git2::RepositoryInitOptions::new();
        options.bare(true).initial_head("main");
        let server = Repository::init_opts(folder.path().join("server"), &options).unwrap();
        let mut index = git2::Index::new().unwrap();
        for (path, text) in seed {
            add(&server, &mut index, path, text);
        }
        let tree = server.find_tree(index.write_tree_to(&server).unwrap()).unwrap();
        server.commit(Some("refs/heads/main"), &who(), &who(), "first", &tree, &[]).unwrap();
        let clone = |name: &str| {
            let clone =
                Repository::clone(folder.path().join("server").to_str().unwrap(), folder.path().join(name))
                    .unwrap();
            // What the user of the machine has configured is nobody's business.
            let mut config = clone.config().unwrap();
            config.set_str("user.name", "Ada").unwrap();
            config.set_str("user.email", "ada@example.com").unwrap();
            clone
        };
        let (ours, theirs) = (clone("ours"), clone("theirs"));
        Clones { folder, ours, theirs }
    }

    fn fab(&self, args: &[&str]) -> Run {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_fab"))
            .args(args)
            .current_dir(self.path(""))
            .env("HOME", self.folder.path())
            .env_remove("CI_COMMIT_SHA")
            .env_remove("GITHUB_SHA")
            .env_remove("BUILD_SOURCEVERSION")
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("ours").join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// The newest commit on the server.
    fn tip(&self) -> Oid {
        let server = Repository::open(self.folder.path().join("server")).unwrap();
        server.refname_to_id("refs/heads/main").unwrap()
    }

    /// Somebody else changes a file and pushes that.
    fn others_push(&self, path: &str, text: &str) {
        let theirs = &self.theirs;
        commit(theirs, path, text);
        theirs.find_remote("origin").unwrap().push(&["refs/heads/main"], None).unwrap();
    }
}

fn who() -> Signature<'static> {
    Signature::now("t", "t@example.com").unwrap()
}

fn add(repository: &Repository, index: &mut git2::Index, path: &str, text: &str) {
    let entry = git2::IndexEntry {
        ctime: git2::IndexTime::new(0, 0),
        mtime: git2::IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: 0o100_644,
        uid: 0,
        gid: 0,
        file_size: 0,
        id: repository.blob(text.as_bytes()).unwrap(),
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    };
    index.add(&entry).unwrap();
}

/// Commits a file of a working tree.
fn commit(repository: &Repository, path: &str, text: &str) {
    fs::write(repository.workdir().unwrap().join(path), text).unwrap();
    let mut index = repository.index().unwrap();
    index.add_path(path.as_ref()).unwrap();
    index.write().unwrap();
    let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
    let head = head(repository);
    repository.commit(Some("HEAD"), &who(), &who(), "theirs", &tree, &[&head]).unwrap();
}

fn head(repository: &Repository) -> Commit<'_> {
    repository.head().unwrap().peel_to_commit().unwrap()
}

/// The paths that a commit changes.
fn changed(repository: &Repository, commit: &Commit<'_>) -> Vec<String> {
    let old = commit.parent(0).unwrap().tree().unwrap();
    let diff = repository.diff_tree_to_tree(Some(&old), Some(&commit.tree().unwrap()), None).unwrap();
    diff.deltas().map(|delta| delta.new_file().path().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn a_commit_has_the_changed_file_and_nothing_else() {
    let clones = Clones::new();
    fs::write(clones.path("component.yaml"), "name: other\n").unwrap();
    let mut index = clones.ours.index().unwrap();
    index.add_path("component.yaml".as_ref()).unwrap();
    index.write().unwrap();
    clones.fab(&["set", "--commit", "a=2"]).exited(0, &[]).says(&["Changed config/common.yaml", "Committed"]);
    let commit = head(&clones.ours);
    assert_eq!(changed(&clones.ours, &commit), ["config/common.yaml"]);
    assert_eq!(commit.message().unwrap(), "Set a in common\n");
    assert_eq!(commit.author().name().unwrap(), "Ada");
    assert_eq!(clones.read("config/common.yaml"), CONFIG.replace("a: 1", "a: \"2\""));
    let status = |path: &str| clones.ours.status_file(path.as_ref()).unwrap();
    assert_eq!(status("config/common.yaml"), Status::CURRENT);
    assert_eq!(status("component.yaml"), Status::INDEX_MODIFIED);
    clones.fab(&["set", "--commit", "a=2"]).exited(0, &[]).says(&["Nothing to change in config/common.yaml"]);
    assert_eq!(head(&clones.ours).id(), commit.id());
}

#[test]
fn a_commit_says_why() {
    let clones = Clones::new();
    let args = [
        "set",
        "--commit",
        "-m",
        "Ship it",
        "a=2",
        "--from-commit",
        "5f2c0d9e8b7a",
        "--from-repo",
        "https://me:secret@git.example.com/shop",
        "--from-subject",
        "checkout: round\nhalf up",
    ];
    clones.fab(&args).exited(0, &args);
    let want = "Ship it\n\nArgocd-reference-commit-sha: 5f2c0d9e8b7a\nArgocd-reference-commit-repourl: https://git.example.com/shop\nArgocd-reference-commit-subject: checkout: round half up\n";
    assert_eq!(head(&clones.ours).message().unwrap(), want);
}

#[test]
fn a_pipeline_of_the_definition_gives_no_reason() {
    let clones = Clones::new();
    let base = head(&clones.ours).id().to_string();
    clones.fab(&["set", "--commit", "a=2", "--from-commit", &base]).exited(0, &[]);
    assert_eq!(head(&clones.ours).message().unwrap(), "Set a in common\n");
    check_nothing_changes(&clones, &["set", "--commit", "a=3", "--from-commit", "HEAD"], &["5 to 40 digits"]);
}

#[test]
fn a_push_is_where_the_branch_came_from() {
    let clones = Clones::new();
    clones
        .fab(&["add", "web", "--path", "./web", "--method", "local", "--push"])
        .exited(0, &[])
        .says(&["to origin/main"]);
    assert_eq!(clones.tip(), head(&clones.ours).id());
    assert_eq!(head(&clones.ours).message().unwrap(), "Add web\n");
    clones.fab(&["set", "--push=release", "a=2"]).exited(0, &[]).says(&["to origin/release"]);
    assert!(clones.ours.find_reference("refs/fab/outgoing").is_err());
}

#[test]
fn a_lost_race_makes_the_change_again() {
    let clones = Clones::new();
    clones.others_push("config/common.yaml", &CONFIG.replace("z: 1", "z: 2 # theirs"));
    clones.fab(&["set", "--push", "a=2"]).exited(0, &[]).says(&["Pushed"]);
    let commit = head(&clones.ours);
    assert_eq!(clones.tip(), commit.id());
    assert_eq!(commit.parent_id(0).unwrap(), head(&clones.theirs).id());
    assert_eq!(clones.read("config/common.yaml"), "# ours\nconfig:\n  a: \"2\"\n  z: 2 # theirs\n");
    assert!(clones.ours.statuses(None).unwrap().is_empty());
}

#[test]
fn a_lost_race_in_a_folder_below() {
    let clones = Clones::new();
    clones.others_push("ring/component.yaml", "name: ring\nsubcomponents:\n- name: api\n");
    clones
        .fab(&["add", "-C", "ring", "web", "--path", "./web", "--method", "local", "--push"])
        .exited(0, &[]);
    let want = "name: ring\nsubcomponents:\n- name: api\n- name: web\n  type: component\n  method: local\n  path: ./web\n";
    assert_eq!(clones.read("ring/component.yaml"), want);
    assert_eq!(clones.tip(), head(&clones.ours).id());
}

#[test]
fn what_others_have_done_already_is_not_done_again() {
    let clones = Clones::new();
    clones.others_push("config/common.yaml", &CONFIG.replace("a: 1", "a: \"2\""));
    let tip = clones.tip();
    clones.fab(&["set", "--push", "a=2"]).exited(0, &[]);
    assert_eq!((clones.tip(), head(&clones.ours).id()), (tip, tip));
}

#[track_caller]
fn check_nothing_changes(clones: &Clones, args: &[&str], words: &[&str]) {
    let before = (clones.tip(), head(&clones.ours).id(), clones.read("config/common.yaml"));
    clones.fab(args).exited(2, args).says(words);
    assert_eq!((clones.tip(), head(&clones.ours).id(), clones.read("config/common.yaml")), before);
}

#[test]
fn err_branches_that_went_two_ways() {
    let clones = Clones::new();
    commit(&clones.ours, "component.yaml", "name: ours\n");
    clones.others_push("component.yaml", "name: theirs\n");
    check_nothing_changes(&clones, &["set", "--push", "a=2"], &["`main` has commits on the server", "pull"]);
}

#[test]
fn err_the_file_has_other_changes() {
    let clones = Clones::new();
    fs::write(clones.path("config/common.yaml"), format!("{CONFIG}  new: 1\n")).unwrap();
    check_nothing_changes(
        &clones,
        &["set", "--commit", "a=2"],
        &["`config/common.yaml` has changes that are not committed"],
    );
}

#[test]
fn err_the_server_is_not_there() {
    let clones = Clones::new();
    clones.ours.remote_set_url("origin", "/nowhere/at/all").unwrap();
    check_nothing_changes_locally(
        &clones,
        &["set", "--push", "a=2"],
        &["cannot push to `origin` (/nowhere/at/all)"],
    );
    clones.ours.remote_delete("origin").unwrap();
    check_nothing_changes_locally(
        &clones,
        &["set", "--push", "a=2"],
        &["cannot commit: remote 'origin' does not exist"],
    );
}

#[track_caller]
fn check_nothing_changes_locally(clones: &Clones, args: &[&str], words: &[&str]) {
    check_nothing_changes(clones, args, words);
    assert!(clones.ours.statuses(None).unwrap().is_empty());
}

#[test]
fn err_there_is_no_repository() {
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_fab"))
        .args(["set", "--commit", "a=1"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is in no git repository"));
    assert!(!folder.path().join("config").exists());
}

/// Bedrock's recorded releases: one command does what its script does, which clones, sets, commits and pushes.
#[test]
fn a_release_is_one_command() {
    let cases = crate::root().join("../shared/fabrikate/pipeline");
    for (case, environment) in [("release-common", "common"), ("release-env", "qa")] {
        let folder = cases.join(case).join("hld");
        if !folder.exists() {
            continue;
        }
        let seed: Vec<(String, String)> = crate::files(&folder, "")
            .into_iter()
            .map(|path| {
                let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
                (name, fs::read_to_string(path).unwrap())
            })
            .collect();
        let seed: Vec<(&str, &str)> =
            seed.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let clones = Clones::of(&seed);
        let args = [
            "set",
            "--environment",
            environment,
            "--subcomponent",
            "app",
            "image.tag=v42",
            "--push",
            "-m",
            "Updating image tag",
        ];
        clones.fab(&args).exited(0, &args);
        let commit = head(&clones.ours);
        assert_eq!((clones.tip(), commit.message().unwrap()), (commit.id(), "Updating image tag\n"));
        let file = format!("config/{environment}.yaml");
        assert_eq!(changed(&clones.ours, &commit), [file.as_str()]);
        let want = fs::read_to_string(cases.join(case).join("expected/hld/master").join(&file)).unwrap();
        let read = |text: &str| goyaml::from_str::<goyaml::Value>(text).unwrap();
        assert_eq!(read(&clones.read(&file)), read(&want), "{case}");
    }
}
