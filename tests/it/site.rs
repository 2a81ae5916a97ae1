//! A definition with a cache, a home and git repositories of its own, and `fab`
//! run in it.
//!
//! No `git` is needed: repositories are made by the library that reads them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use git2::{Commit, FileMode, Oid, Signature, Time};
use tempfile::TempDir;

use crate::hld::Run;

/// Everything that an installation needs.
pub(crate) struct Site(TempDir);

impl Site {
    /// Writes the files of a definition. `REMOTES` in their text is the folder of the repositories.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let site = Site(tempfile::tempdir().unwrap());
        for folder in ["hld", "home", "remotes", "tmp"] {
            fs::create_dir(site.at(folder)).unwrap();
        }
        for (path, text) in files {
            site.write(path, text);
        }
        site
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// The path of a file of the definition.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.at("hld").join(path)
    }

    /// The folder that everything is in.
    pub(crate) fn all(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.path(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let remotes = self.at("remotes");
        fs::write(file, text.replace("REMOTES", remotes.to_str().unwrap())).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|err| panic!("{path}: {err}"))
    }

    /// Lists the files of the definition, without its component and config files.
    pub(crate) fn installed(&self) -> Vec<String> {
        let root = self.path("");
        let mut files: Vec<String> = walkdir::WalkDir::new(&root)
            .into_iter()
            .flatten()
            .filter(|entry| !entry.file_type().is_dir())
            .map(|entry| entry.path().strip_prefix(&root).unwrap().to_str().unwrap().to_owned())
            .filter(|path| path.contains('/') && !path.starts_with("config/"))
            .collect();
        files.sort();
        files
    }

    /// Makes a repository.
    pub(crate) fn repository(&self, name: &str) -> Repository {
        Repository(git2::Repository::init_bare(self.at("remotes").join(name)).unwrap())
    }

    /// Runs `fab` in the definition, with nothing on the PATH but a shell.
    pub(crate) fn fab(&self, args: &[&str]) -> Run {
        self.fab_with(args, &[])
    }

    /// Runs `fab` with environment variables.
    pub(crate) fn fab_with(&self, args: &[&str], env: &[(&str, &str)]) -> Run {
        let output = self.command(args).envs(env.iter().copied()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Returns `fab` ready to run.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fab"));
        command
            .args(args)
            .current_dir(self.path(""))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.at("home"))
            .env("TMPDIR", self.at("tmp"))
            .env("FAB_CACHE_DIR", self.at("cache"));
        command
    }

    /// Runs `fab`, which has to succeed.
    #[track_caller]
    pub(crate) fn ok(&self, args: &[&str]) -> Run {
        self.fab(args).exited(0, args)
    }

    /// Runs `fab`, which has to fail with this exit code and these texts on stderr.
    #[track_caller]
    pub(crate) fn fails(&self, args: &[&str], code: i32, texts: &[&str]) -> Run {
        self.fab(args).exited(code, args).says(texts)
    }

    /// Forgets what was fetched.
    pub(crate) fn remove_cache(&self) {
        fs::remove_dir_all(self.at("cache")).unwrap();
    }

    /// Takes the repositories away: nothing can be fetched from now on.
    pub(crate) fn remove_remotes(&self) {
        fs::remove_dir_all(self.at("remotes")).unwrap();
    }
}

/// A git repository with the branch `main`.
pub(crate) struct Repository(git2::Repository);

impl Repository {
    /// Commits files on `main`, in place of those before; returns the hash.
    pub(crate) fn commit(&self, files: &[(&str, &str)]) -> String {
        self.commit_on("main", files)
    }

    /// Commits files on a branch, in place of those before; returns the hash.
    pub(crate) fn commit_on(&self, branch: &str, files: &[(&str, &str)]) -> String {
        let mut tree = self.0.treebuilder(None).unwrap();
        let id = self.tree(files);
        tree.clear().unwrap();
        let tree = self.0.find_tree(id).unwrap();
        let author = Signature::new("t", "t@example.com", &Time::new(1_700_000_000, 0)).unwrap();
        let name = format!("refs/heads/{branch}");
        let parent = self.0.revparse_single(&name).ok().and_then(|object| object.peel_to_commit().ok());
        let parents: Vec<&Commit<'_>> = parent.iter().collect();
        let commit = self.0.commit(Some(&name), &author, &author, "c", &tree, &parents).unwrap();
        if branch == "main" {
            self.0.set_head(&name).unwrap();
        }
        commit.to_string()
    }

    /// Gives a commit a tag with a message.
    pub(crate) fn tag(&self, name: &str, commit: &str) {
        let object = self.0.find_object(Oid::from_str(commit).unwrap(), None).unwrap();
        let author = Signature::new("t", "t@example.com", &Time::new(1_700_000_000, 0)).unwrap();
        self.0.tag(name, &object, &author, "t", false).unwrap();
    }

    /// Writes a tree. A text `-> x` is a link, `=> x` a submodule at the commit `x`.
    fn tree(&self, files: &[(&str, &str)]) -> Oid {
        let mut builder = self.0.treebuilder(None).unwrap();
        let mut folders: Vec<&str> = Vec::new();
        for (path, text) in files {
            match path.split_once('/') {
                Some((folder, _)) if folders.contains(&folder) => {}
                Some((folder, _)) => {
                    folders.push(folder);
                    let below: Vec<(&str, &str)> = files
                        .iter()
                        .filter_map(|(path, text)| {
                            Some((path.strip_prefix(folder)?.strip_prefix('/')?, *text))
                        })
                        .collect();
                    builder.insert(folder, self.tree(&below), FileMode::Tree.into()).unwrap();
                }
                None => {
                    let blob = |text: &str| self.0.blob(text.as_bytes()).unwrap();
                    let (id, mode) = match (text.strip_prefix("-> "), text.strip_prefix("=> ")) {
                        (Some(target), _) => (blob(target), FileMode::Link),
                        (_, Some(commit)) => (Oid::from_str(commit).unwrap(), FileMode::Commit),
                        (None, None) => (blob(text), FileMode::Blob),
                    };
                    builder.insert(path, id, mode.into()).unwrap();
                }
            }
        }
        builder.write().unwrap()
    }
}
