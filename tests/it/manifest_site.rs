//! A definition in a repository of its own, a manifest repository, and `fab` run
//! between them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use git2::{Commit, IndexAddOption, Oid, Repository, Signature};

use crate::hld::{CHART, Run};
use crate::site::Site;

/// A definition with a chart and a static component, and the environments `prod` and `qa`.
const FILES: [(&str, &str); 6] = [
    (
        "component.yaml",
        "name: shop\nsubcomponents:\n- {name: web, type: helm, path: ./chart}\n- {name: base, type: static, path: ./base}\n",
    ),
    (
        "base/a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: two\n",
    ),
    ("config/prod.yaml", "subcomponents: {web: {config: {tag: '1'}}}\n"),
    ("config/qa.yaml", "subcomponents: {web: {config: {tag: '1'}}}\n"),
    CHART[0],
    CHART[1],
];

/// Both repositories and what is between them.
pub(crate) struct ManifestSite {
    pub(crate) site: Site,
    hld: Repository,
}

impl ManifestSite {
    /// Makes both; the manifest repository is empty.
    pub(crate) fn new() -> Self {
        let site = Site::new(&FILES);
        for name in ["hld", "manifests"] {
            let mut options = git2::RepositoryInitOptions::new();
            options.bare(true).initial_head("main");
            Repository::init_opts(site.all().join("remotes").join(name), &options).unwrap();
        }
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head("main");
        let hld = Repository::init_opts(site.path(""), &options).unwrap();
        hld.remote("origin", site.all().join("remotes/hld").to_str().unwrap()).unwrap();
        let site = ManifestSite { site, hld };
        site.write("fab.yaml", &format!("publish:\n  repository: {}\n", site.url()));
        site.commit("first");
        site
    }

    /// The address of the manifest repository.
    pub(crate) fn url(&self) -> String {
        self.site.all().join("remotes/manifests").display().to_string()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.site.path(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        self.site.write(path, text);
    }

    /// Commits everything in the definition and pushes it; returns the hash.
    pub(crate) fn commit(&self, message: &str) -> String {
        let mut index = self.hld.index().unwrap();
        index.add_all(["*"], IndexAddOption::DEFAULT, None).unwrap();
        index.update_all(["*"], None).unwrap();
        index.write().unwrap();
        let tree = self.hld.find_tree(index.write_tree().unwrap()).unwrap();
        let ada = Signature::now("Ada Park", "ada@example.com").unwrap();
        let head = self.hld.head().ok().map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<&Commit<'_>> = head.iter().collect();
        let id = self.hld.commit(Some("HEAD"), &ada, &ada, message, &tree, &parents).unwrap();
        self.hld.find_remote("origin").unwrap().push(&["refs/heads/main"], None).unwrap();
        id.to_string()
    }

    /// Sets a value of the chart in an environment, and commits that.
    pub(crate) fn set(&self, environment: &str, tag: &str) -> String {
        let text = format!("subcomponents: {{web: {{config: {{tag: '{tag}'}}}}}}\n");
        self.write(&format!("config/{environment}.yaml"), &text);
        self.commit(&format!("{environment}: tag {tag}"))
    }

    /// Checks a commit of the definition out.
    pub(crate) fn check_out(&self, commit: &str) {
        let object = self.hld.find_object(Oid::from_str(commit).unwrap(), None).unwrap();
        self.hld.reset(&object, git2::ResetType::Hard, None).unwrap();
    }

    pub(crate) fn fab(&self, args: &[&str]) -> Run {
        self.site.fab(args)
    }

    #[track_caller]
    pub(crate) fn ok(&self, args: &[&str]) -> Run {
        self.site.ok(args)
    }

    /// Runs `fab`, which has to fail, with the manifest repository as it was.
    #[track_caller]
    pub(crate) fn fails(&self, args: &[&str], code: i32, words: &[&str]) {
        let before = self.all();
        self.fab(args).exited(code, args).says(words);
        assert_eq!(self.all(), before);
    }

    pub(crate) fn manifests(&self) -> Repository {
        Repository::open_bare(self.url()).unwrap()
    }

    /// All references of the manifest repository.
    pub(crate) fn all(&self) -> BTreeMap<String, String> {
        let manifests = self.manifests();
        let all = manifests.references().unwrap().map(Result::unwrap);
        all.map(|reference| {
            (reference.name().unwrap().to_owned(), reference.peel_to_commit().unwrap().id().to_string())
        })
        .collect()
    }

    pub(crate) fn tip(&self, branch: &str) -> Oid {
        self.manifests().refname_to_id(&format!("refs/heads/{branch}")).unwrap()
    }

    pub(crate) fn message(&self, branch: &str) -> String {
        self.manifests().find_commit(self.tip(branch)).unwrap().message().unwrap().to_owned()
    }

    /// How many commits a branch has.
    pub(crate) fn commits(&self, branch: &str) -> usize {
        let manifests = self.manifests();
        let mut walk = manifests.revwalk().unwrap();
        walk.push(self.tip(branch)).unwrap();
        walk.count()
    }

    /// The files of a branch with their texts.
    pub(crate) fn files(&self, branch: &str) -> BTreeMap<String, String> {
        let manifests = self.manifests();
        let tree = manifests.find_commit(self.tip(branch)).unwrap().tree().unwrap();
        let mut files = BTreeMap::new();
        tree.walk(git2::TreeWalkMode::PreOrder, |above, entry| {
            if entry.kind() == Some(git2::ObjectType::Blob) {
                let text = manifests.find_blob(entry.id()).unwrap();
                let text = String::from_utf8_lossy(text.content()).into_owned();
                files.insert(format!("{above}{}", entry.name().unwrap()), text);
            }
            git2::TreeWalkResult::Ok
        })
        .unwrap();
        files
    }

    /// The names of the files of a branch.
    pub(crate) fn names(&self, branch: &str) -> Vec<String> {
        self.files(branch).into_keys().collect()
    }

    /// Somebody else commits files on a branch of the manifest repository; an empty text removes one.
    pub(crate) fn others_commit(&self, branch: &str, files: &[(&str, &str)]) {
        let manifests = self.manifests();
        let name = format!("refs/heads/{branch}");
        let parent = manifests.refname_to_id(&name).ok().map(|id| manifests.find_commit(id).unwrap());
        let empty = manifests.treebuilder(None).unwrap().write().unwrap();
        let base =
            parent.as_ref().map_or_else(|| manifests.find_tree(empty).unwrap(), |one| one.tree().unwrap());
        let mut update = git2::build::TreeUpdateBuilder::new();
        for (path, text) in files {
            if text.is_empty() {
                update.remove(*path);
            } else {
                update.upsert(*path, manifests.blob(text.as_bytes()).unwrap(), git2::FileMode::Blob);
            }
        }
        let tree = manifests.find_tree(update.create_updated(&manifests, &base).unwrap()).unwrap();
        let bo = Signature::now("Bo", "bo@example.com").unwrap();
        let parents: Vec<&Commit<'_>> = parent.iter().collect();
        manifests.commit(Some(&name), &bo, &bo, "by hand", &tree, &parents).unwrap();
    }

    /// What the definition renders to, as files below the folders of environments.
    pub(crate) fn rendered(&self, environments: &[&str]) -> BTreeMap<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().to_str().unwrap();
        self.ok(&[&["generate", "--each", "-q", "-o", output], environments].concat());
        let files = crate::files(folder.path(), "");
        files
            .into_iter()
            .map(|file| {
                let name = file.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
                (name, fs::read_to_string(file).unwrap())
            })
            .collect()
    }

    /// The text of a note on a commit.
    pub(crate) fn note(&self, commit: Oid) -> Option<String> {
        let manifests = self.manifests();
        let note = manifests.find_note(Some("refs/notes/hydrator.metadata"), commit).ok()?;
        Some(note.message().unwrap().to_owned())
    }

    /// Returns `fab` ready to run.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.site.command(args)
    }
}

/// The files of a tree that are manifests.
pub(crate) fn without_books(files: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let books = ["fab.owned", "hydrator.metadata", "fab.hold"];
    files.into_iter().filter(|(path, _)| !books.iter().any(|book| path.ends_with(book))).collect()
}
