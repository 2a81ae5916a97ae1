//! A manifest repository: a clone without a working tree, commits made of single
//! files, and pushes that never overwrite what others pushed.
//!
//! A commit is made on the tip of a branch that was just fetched, out of trees and
//! blobs, so it takes as long for a large repository as for a small one. A push
//! says what it replaces; if that is not there any more, somebody was faster.
//!
//! Invariant: a branch of the server moves from the commit that was fetched to
//! one that builds on it, or not at all. Nothing here forces.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use git2::{ErrorCode, FileMode, ObjectType, Oid, Repository, Signature, Tree, TreeWalkMode, TreeWalkResult};

use super::checkout::Pushed;
use super::origin::{Person, rfc_3339};
use super::signed::{Draft, Unmade};
use super::{Logins, Reference, Remote, io_error};
use crate::signing::Signer;
use crate::source::{SourceError, SourceUrl};

/// The notes that tools which promote manifests read.
pub(crate) const NOTES: &str = "refs/notes/hydrator.metadata";
/// The reference that a commit has on its way to the server.
const OUTGOING: &str = "refs/fab/outgoing";
/// What the branches of the server are called here.
const BRANCHES: &str = "refs/fab/branches/";
/// What `HEAD` of the server is called here.
const HEAD: &str = "refs/fab/head";

/// A clone of a manifest repository.
pub(crate) struct Manifests<'a> {
    url: &'a SourceUrl,
    logins: &'a Logins<'a>,
    repository: Repository,
    folder: PathBuf,
    /// What commits are signed with.
    signer: Option<Signer>,
    /// The references of the server when it was asked last.
    references: BTreeMap<String, Oid>,
    /// Tells other runs to wait.
    _claim: File,
}

/// A commit to make.
pub(crate) struct NewCommit<'a> {
    /// What it follows; none for the first one of a branch.
    pub(crate) parent: Option<Oid>,
    /// The files that change by their paths: their blobs, or none to remove them.
    pub(crate) files: BTreeMap<String, Option<Oid>>,
    /// Its message.
    pub(crate) message: String,
    /// Who makes it.
    pub(crate) who: &'a Person,
    /// When, in seconds since 1970.
    pub(crate) when: i64,
}

/// A commit that was made.
#[derive(Debug, Clone)]
pub(crate) struct Past {
    /// Its hash.
    pub(crate) id: Oid,
    /// The one before it, on the first line of descent.
    pub(crate) parent: Option<Oid>,
    /// When it was committed, as in RFC 3339.
    pub(crate) date: String,
    /// Who committed it.
    pub(crate) who: Person,
    /// Its message.
    pub(crate) message: String,
}

type Result<T> = std::result::Result<T, SourceError>;

impl<'a> Manifests<'a> {
    /// Opens the clone in a folder, which is made if there is none; the claim keeps others out of it.
    pub(crate) fn open(
        folder: &Path,
        url: &'a SourceUrl,
        (logins, claim): (&'a Logins<'a>, File),
    ) -> Result<Self> {
        let repository = match Repository::open_bare(folder) {
            Ok(repository) => repository,
            // There is none, or what a run left that was killed while it made it.
            Err(_) => make(folder)?,
        };
        remove_locks(folder);
        let folder = folder.to_owned();
        let references = BTreeMap::new();
        Ok(Self { url, logins, repository, folder, signer: None, references, _claim: claim })
    }

    /// Signs commits from here on, if there is a key.
    pub(crate) fn sign_with(&mut self, signer: Option<Signer>) {
        self.signer = signer;
    }

    /// Fetches branches and the notes, as far as they are there.
    pub(crate) fn fetch(&mut self, branches: &[String]) -> Result<()> {
        let mut refspecs: Vec<String> =
            branches.iter().map(|name| format!("+refs/heads/{name}:{BRANCHES}{name}")).collect();
        refspecs.push(format!("+{NOTES}:{NOTES}"));
        self.mirror(refspecs)?;
        match self.references.get(NOTES) {
            Some(id) => self.name(NOTES, *id)?,
            None => self.forget(NOTES),
        }
        Ok(())
    }

    /// Fetches what `HEAD` of the server points to; none if there is nothing yet.
    pub(crate) fn fetch_head(&mut self) -> Result<Option<Oid>> {
        self.mirror(vec![format!("+HEAD:{HEAD}")])?;
        Ok(self.references.get("HEAD").copied())
    }

    fn mirror(&mut self, refspecs: Vec<String>) -> Result<()> {
        let found = self.remote()?.mirror(refspecs)?;
        self.references = found
            .into_iter()
            .filter_map(|Reference { name, id }| Some((name, Oid::from_str(&id).ok()?)))
            .collect();
        Ok(())
    }

    fn remote(&self) -> Result<Remote<'a>> {
        Remote::over(self.url, self.logins, &self.folder)
    }

    /// Returns the newest commit of a branch, as it was fetched.
    pub(crate) fn tip(&self, branch: &str) -> Option<Oid> {
        self.references.get(&format!("refs/heads/{branch}")).copied()
    }

    /// Returns the commit that `HEAD` of the server points to.
    pub(crate) fn head(&self) -> Option<Oid> {
        self.references.get("HEAD").copied()
    }

    /// Returns a commit by its whole hash, if it is here.
    pub(crate) fn known(&self, hash: &str) -> Option<Oid> {
        let id = Oid::from_str(hash).ok().filter(|id| id.to_string() == hash)?;
        self.repository.find_commit(id).ok().map(|commit| commit.id())
    }

    /// Returns the names of all branches of the server, as it was asked last.
    pub(crate) fn branches(&self) -> Vec<String> {
        let names = self.references.keys().filter_map(|name| name.strip_prefix("refs/heads/"));
        names.map(str::to_owned).collect()
    }

    /// Returns the commit of the notes, as they were fetched.
    pub(crate) fn notes(&self) -> Option<Oid> {
        self.references.get(NOTES).copied()
    }

    /// Returns the text of a file of a commit; none if it has none.
    pub(crate) fn read(&self, commit: Oid, path: &str) -> Result<Option<Vec<u8>>> {
        let found = self.entry(commit, path).map_err(|err| self.broken(&err))?;
        let Some((id, ObjectType::Blob)) = found else { return Ok(None) };
        self.content(id).map(Some)
    }

    fn entry(&self, commit: Oid, path: &str) -> std::result::Result<Option<(Oid, ObjectType)>, git2::Error> {
        let tree = self.repository.find_commit(commit)?.tree()?;
        if path.is_empty() {
            return Ok(Some((tree.id(), ObjectType::Tree)));
        }
        match tree.get_path(Path::new(path)) {
            Ok(entry) => Ok(entry.kind().map(|kind| (entry.id(), kind))),
            Err(err) if err.code() == ErrorCode::NotFound => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// Returns the hash of what is at a path of a commit; none if nothing is.
    pub(crate) fn object(&self, commit: Oid, path: &str) -> Result<Option<Oid>> {
        let found = self.entry(commit, path).map_err(|err| self.broken(&err))?;
        Ok(found.map(|(id, _)| id))
    }

    /// Returns the files below a folder of a commit by their paths in it. Names that are no text are left out. A
    /// submodule is there with a hash of zeros, which is that of no text.
    pub(crate) fn files(&self, commit: Oid, folder: &str) -> Result<BTreeMap<String, Oid>> {
        let mut files = BTreeMap::new();
        let found = self.entry(commit, folder).map_err(|err| self.broken(&err))?;
        let Some((id, ObjectType::Tree)) = found else { return Ok(files) };
        let tree = self.repository.find_tree(id).map_err(|err| self.broken(&err))?;
        let walked = tree.walk(TreeWalkMode::PreOrder, |above, entry| {
            if entry.kind() != Some(ObjectType::Tree)
                && let Ok(name) = entry.name()
            {
                let is_file = entry.kind() == Some(ObjectType::Blob);
                files.insert(format!("{above}{name}"), if is_file { entry.id() } else { Oid::ZERO_SHA1 });
            }
            TreeWalkResult::Ok
        });
        walked.map_err(|err| self.broken(&err))?;
        Ok(files)
    }

    /// Returns what makes a folder of a commit as it was in another one.
    pub(crate) fn reverting(
        &self,
        commit: Oid,
        to: Oid,
        folder: &str,
    ) -> Result<BTreeMap<String, Option<Oid>>> {
        let (now, then) = (self.files(commit, folder)?, self.files(to, folder)?);
        let path = |file: &str| if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
        let gone = now.keys().filter(|file| !then.contains_key(*file)).map(|file| (path(file), None));
        let back = then.iter().filter(|(file, id)| now.get(*file) != Some(id) && !id.is_zero());
        Ok(gone.chain(back.map(|(file, id)| (path(file), Some(*id)))).collect())
    }

    /// Returns the text of a blob; that of a submodule is empty.
    pub(crate) fn content(&self, id: Oid) -> Result<Vec<u8>> {
        if id.is_zero() {
            return Ok(Vec::new());
        }
        let blob = self.repository.find_blob(id).map_err(|err| self.broken(&err))?;
        Ok(blob.content().to_vec())
    }

    /// Stores a text.
    pub(crate) fn store(&self, text: &[u8]) -> Result<Oid> {
        self.repository.blob(text).map_err(|err| self.broken(&err))
    }

    /// Returns the hash that a text has as a blob.
    pub(crate) fn hash(text: &[u8]) -> Option<Oid> {
        Oid::hash_object(ObjectType::Blob, text).ok()
    }

    /// Makes a commit, which no branch has yet.
    pub(crate) fn commit(&self, new: &NewCommit<'_>) -> Result<Oid> {
        self.make_commit(new).map_err(|unmade| self.unmade(unmade))
    }

    fn make_commit(&self, new: &NewCommit<'_>) -> std::result::Result<Oid, Unmade> {
        let parent = new.parent.map(|id| self.repository.find_commit(id)).transpose()?;
        let base = parent.as_ref().map(git2::Commit::tree).transpose()?;
        let changes: Vec<(&str, Option<Oid>)> =
            new.files.iter().map(|(path, blob)| (path.as_str(), *blob)).collect();
        let tree = self.updated(base.as_ref(), &changes)?;
        let tree = tree.map_or_else(|| self.repository.treebuilder(None)?.write(), Ok)?;
        let tree = self.repository.find_tree(tree)?;
        let who = signature(new.who, new.when)?;
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        let draft = Draft { who: &who, message: &new.message, tree: &tree, parents: &parents };
        draft.commit(&self.repository, self.signer.as_ref())
    }

    /// Returns a tree with changes; none if nothing is left of it.
    fn updated(
        &self,
        base: Option<&Tree<'_>>,
        changes: &[(&str, Option<Oid>)],
    ) -> std::result::Result<Option<Oid>, git2::Error> {
        let mut builder = self.repository.treebuilder(base)?;
        let mut folders: BTreeMap<&str, Vec<(&str, Option<Oid>)>> = BTreeMap::new();
        for (path, blob) in changes {
            match (path.split_once('/'), blob) {
                (Some((folder, below)), blob) => folders.entry(folder).or_default().push((below, *blob)),
                (None, Some(id)) => drop(builder.insert(path, *id, FileMode::Blob.into())?),
                (None, None) if builder.get(path)?.is_some() => builder.remove(path)?,
                (None, None) => {}
            }
        }
        // Folders come last: one may be in the place of a file that goes.
        for (folder, below) in folders {
            let old = base.and_then(|tree| tree.get_name(folder));
            let old = old.filter(|old| old.kind() == Some(ObjectType::Tree));
            let old = old.map(|old| self.repository.find_tree(old.id())).transpose()?;
            match self.updated(old.as_ref(), &below)? {
                Some(tree) => drop(builder.insert(folder, tree, FileMode::Tree.into())?),
                // A file may have taken the folder's name.
                None if builder.get(folder)?.is_some_and(|entry| entry.kind() == Some(ObjectType::Tree)) => {
                    builder.remove(folder)?;
                }
                None => {}
            }
        }
        if builder.is_empty() { Ok(None) } else { builder.write().map(Some) }
    }

    /// Pushes a commit to a branch whose tip was fetched.
    pub(crate) fn push(&self, commit: Oid, branch: &str) -> Result<Pushed> {
        self.push_to(commit, &format!("refs/heads/{branch}"))
    }

    fn push_to(&self, commit: Oid, name: &str) -> Result<Pushed> {
        self.name(OUTGOING, commit)?;
        let pushed = match self.folder_of_server() {
            Some(server) => self.push_here(&server, commit, name),
            None => self.remote()?.push(&format!("{OUTGOING}:{name}")),
        };
        self.forget(OUTGOING);
        pushed
    }

    /// Returns where the repository is, if that is a folder of this machine.
    fn folder_of_server(&self) -> Option<PathBuf> {
        // Its address may be another one (`insteadOf`).
        let remote = self.repository.remote_anonymous(self.url.as_str()).ok()?;
        let url = remote.url().ok()?.to_owned();
        if SourceUrl::new(&url).host().is_some() {
            return None;
        }
        Some(PathBuf::from(url.strip_prefix("file://").unwrap_or(&url)))
    }

    /// Pushes into a folder of this machine, where libgit2 would not look whether the reference is still as it was.
    fn push_here(&self, server: &Path, commit: Oid, name: &str) -> Result<Pushed> {
        let incoming = format!("refs/fab/incoming-{commit}");
        match self.remote()?.push(&format!("+{OUTGOING}:{incoming}"))? {
            Pushed::Done => {}
            refused => return Ok(refused),
        }
        let repository = Repository::open(server).map_err(|err| self.broken(&err))?;
        let old = self.references.get(name);
        if old.is_some_and(|old| !self.contains(commit, *old)) {
            return Ok(Pushed::Moved);
        }
        let moved = match old {
            Some(old) => repository.reference_matching(name, commit, true, *old, "fab: push"),
            None => repository.reference(name, commit, false, "fab: push"),
        };
        if let Ok(mut incoming) = repository.find_reference(&incoming) {
            // One that stays is in nobody's way.
            let _ = incoming.delete();
        }
        match moved {
            Ok(_) => Ok(Pushed::Done),
            Err(err) if matches!(err.code(), ErrorCode::Modified | ErrorCode::Exists | ErrorCode::Locked) => {
                Ok(Pushed::Moved)
            }
            Err(err) => Err(self.broken(&err)),
        }
    }

    /// Returns the note on a commit, as the notes were fetched.
    pub(crate) fn note(&self, commit: Oid) -> Option<String> {
        let note = self.repository.find_note(Some(NOTES), commit).ok()?;
        note.message().ok().map(str::to_owned)
    }

    /// Puts a note on a commit in place of the one there, and pushes the notes, which were fetched.
    pub(crate) fn annotate(&self, commit: Oid, text: &str, (who, when): (&Person, i64)) -> Result<Pushed> {
        let who = signature(who, when).map_err(|err| self.broken(&err))?;
        let noted = self.repository.note(&who, &who, Some(NOTES), commit, text, true);
        noted.map_err(|err| self.broken(&err))?;
        let tip = self.signed_notes(&who).map_err(|unmade| self.unmade(unmade))?;
        self.push_to(tip, NOTES)
    }

    /// Returns the commit of the notes, which libgit2 made without a signature.
    fn signed_notes(&self, who: &Signature<'_>) -> std::result::Result<Oid, Unmade> {
        let made = self.repository.find_reference(NOTES)?.peel_to_commit()?;
        if self.signer.is_none() {
            return Ok(made.id());
        }
        let (tree, parents) = (made.tree()?, made.parents().collect::<Vec<_>>());
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        let draft = Draft { who, message: made.message()?, tree: &tree, parents: &parents };
        draft.commit(&self.repository, self.signer.as_ref())
    }

    /// Returns a commit.
    pub(crate) fn past(&self, commit: Oid) -> Result<Past> {
        let commit = self.repository.find_commit(commit).map_err(|err| self.broken(&err))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let who = commit.committer();
        Ok(Past {
            id: commit.id(),
            parent: commit.parent_id(0).ok(),
            date: rfc_3339(commit.time()),
            who: Person { name: text(who.name_bytes()), email: text(who.email_bytes()) },
            message: text(commit.message_bytes()),
        })
    }

    /// Whether a commit is another one, or has it among those before it.
    pub(crate) fn contains(&self, commit: Oid, other: Oid) -> bool {
        commit == other || self.repository.graph_descendant_of(commit, other).unwrap_or(false)
    }

    fn name(&self, name: &str, id: Oid) -> Result<()> {
        self.repository.reference(name, id, true, "fab").map(drop).map_err(|err| self.broken(&err))
    }

    /// A reference of ours that stays is in nobody's way.
    fn forget(&self, name: &str) {
        if let Ok(mut reference) = self.repository.find_reference(name) {
            let _ = reference.delete();
        }
    }

    fn unmade(&self, unmade: Unmade) -> SourceError {
        match unmade {
            Unmade::Git(err) => self.broken(&err),
            Unmade::Unsigned(err) => err.into(),
        }
    }

    fn broken(&self, err: &git2::Error) -> SourceError {
        io_error(&format!("use the clone of `{}` in the cache", self.url), err.message())
    }
}

fn signature(who: &Person, when: i64) -> std::result::Result<Signature<'static>, git2::Error> {
    Signature::new(&who.name, &who.email, &git2::Time::new(when, 0))
}

fn make(folder: &Path) -> Result<Repository> {
    let failed = |err: &dyn std::fmt::Display| io_error("make a repository in the cache", &err.to_string());
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|err| failed(&err))?;
    }
    fs::create_dir_all(folder).map_err(|err| failed(&err))?;
    let made = Repository::init_bare(folder).and_then(|repository| {
        // This keeps to the host; redirects within it are still followed.
        repository.config()?.set_bool("http.followRedirects", false)?;
        Ok(repository)
    });
    made.map_err(|err| failed(&err.message().to_owned()))
}

/// Removes the lock files of runs that were killed; nobody else is here.
fn remove_locks(folder: &Path) {
    let refs = walkdir::WalkDir::new(folder.join("refs")).into_iter().flatten();
    let refs = refs.map(walkdir::DirEntry::into_path);
    let top = ["HEAD", "config", "packed-refs"].map(|name| folder.join(format!("{name}.lock")));
    let locks = refs.filter(|path| path.extension().is_some_and(|end| end == "lock")).chain(top);
    for lock in locks {
        // Most are not there.
        let _ = fs::remove_file(lock);
    }
}
