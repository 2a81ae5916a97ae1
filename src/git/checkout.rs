//! The repository that the user works in: commits of single files, and pushing them.
//!
//! A commit is made of a tree that exists and the new texts, so what else is
//! changed or staged in the working tree is neither looked at nor part of it.
//! Until a commit is where it should be, no branch, index or file is touched;
//! after that the branch moves on, and the index has the new texts.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use git2::build::{CheckoutBuilder, TreeUpdateBuilder};
use git2::{
    ErrorCode, FileMode, ObjectType, Oid, Repository, Signature, Status, TreeWalkMode, TreeWalkResult,
};

use super::signed::{Draft, Unmade};
use super::{Extent, Logins, Remote};
use crate::signing::Signer;
use crate::source::{SourceError, SourceUrl};

/// What git says that stands against a commit.
pub(crate) type Result<T> = std::result::Result<T, git2::Error>;

/// A text of a file, by its path in the repository.
pub(crate) struct NewText {
    /// The path, with `/`.
    pub(crate) path: String,
    /// The text.
    pub(crate) text: String,
}

/// Where a branch is pushed to.
pub(crate) struct Upstream {
    /// The name of the remote.
    pub(crate) remote: String,
    /// Its address.
    pub(crate) url: SourceUrl,
    /// The name of the branch there.
    pub(crate) branch: String,
}

/// What pushing comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// The commit is there.
    Done,
    /// Somebody else was faster.
    Moved,
    /// The server does not want it, for this reason.
    Refused(String),
}

/// Whether a server that refuses an update says that the branch has moved, in the words of git, GitHub and GitLab.
pub(super) fn is_lost_race(reason: &str) -> bool {
    let words = [
        "fetch first",
        "non-fast-forward",
        "stale info",
        "reference already exists",
        "incorrect old value",
        "cannot lock ref",
        "failed to lock",
        "failed to update ref",
    ];
    words.iter().any(|words| reason.contains(words))
}

/// The user's repository.
pub(crate) struct Checkout {
    pub(super) repository: Repository,
    /// The folder of the working tree, free of links.
    pub(super) folder: PathBuf,
}

/// The reference that a commit has on its way to the server.
const OUTGOING: &str = "refs/fab/outgoing";
/// What is fetched.
const FETCHED: &str = "refs/fab/wanted";

impl Checkout {
    /// Finds the repository that a folder is in.
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        let repository = Repository::discover(folder)?;
        let folder = repository.workdir().ok_or_else(|| git2::Error::from_str("it has no working tree"))?;
        let folder = fs::canonicalize(folder).map_err(|err| git2::Error::from_str(&err.to_string()))?;
        Ok(Self { repository, folder })
    }

    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Returns the path of a file in the repository, free of links; none if it is outside.
    pub(crate) fn path_of(&self, file: &Path) -> Option<String> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Neither the file nor its folder need be there.
        let full = fs::canonicalize(file)
            .or_else(|_| {
                fs::canonicalize(folder).map(|folder| folder.join(file.file_name().unwrap_or_default()))
            })
            .or_else(|_| {
                let above =
                    folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let name = Path::new(folder.file_name().unwrap_or_default())
                    .join(file.file_name().unwrap_or_default());
                fs::canonicalize(above).map(|above| above.join(name))
            })
            .ok()?;
        let path = full.strip_prefix(&self.folder).ok()?.to_str()?.replace('\\', "/");
        Some(path)
    }

    /// Returns whether a file is as it was committed, or is not there at all.
    pub(crate) fn is_committed(&self, path: &str) -> Result<bool> {
        match self.repository.status_file(Path::new(path)) {
            Ok(status) => Ok(status == Status::CURRENT),
            Err(err) if err.code() == ErrorCode::NotFound => Ok(true),
            Err(err) => Err(err),
        }
    }

    /// Returns the commit that is checked out; none before the first one.
    pub(crate) fn head(&self) -> Result<Option<String>> {
        match self.repository.head() {
            Ok(head) => Ok(Some(head.peel_to_commit()?.id().to_string())),
            Err(err) if matches!(err.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// Returns the commit of a branch here; none if there is no such branch.
    pub(crate) fn tip(&self, branch: &str) -> Result<Option<String>> {
        match self.repository.find_reference(&format!("refs/heads/{branch}")) {
            Ok(found) => Ok(Some(found.peel_to_commit()?.id().to_string())),
            Err(err) if err.code() == ErrorCode::NotFound => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// Makes a branch that is not checked out have a commit.
    pub(crate) fn set_branch(&self, branch: &str, commit: &str) -> Result<()> {
        let (name, id) = (format!("refs/heads/{branch}"), Oid::from_str(commit)?);
        self.repository.reference(&name, id, true, "fab: commit").map(drop)
    }

    /// Whether a branch is checked out.
    pub(crate) fn is_on(&self, branch: &str) -> bool {
        let head = self.repository.find_reference("HEAD").ok();
        let name = head.as_ref().and_then(|head| head.symbolic_target().ok().flatten());
        name.and_then(|name| name.strip_prefix("refs/heads/")) == Some(branch)
    }

    /// Makes a commit of another one and new texts. No branch has it yet.
    pub(crate) fn commit(
        &self,
        parent: Option<&str>,
        texts: &[NewText],
        (message, signer): (&str, Option<&Signer>),
    ) -> std::result::Result<String, Unmade> {
        let parent = parent.map(|id| self.repository.find_commit(Oid::from_str(id)?)).transpose()?;
        let base = match &parent {
            Some(parent) => parent.tree()?,
            None => self.repository.find_tree(self.repository.treebuilder(None)?.write()?)?,
        };
        let mut update = TreeUpdateBuilder::new();
        for NewText { path, text } in texts {
            let mode = base.get_path(Path::new(path)).map_or(FileMode::Blob, |old| match old.filemode() {
                0o100_755 => FileMode::BlobExecutable,
                _ => FileMode::Blob,
            });
            // Line ends are those that the repository wants for the path.
            let mut blob = self.repository.blob_writer(Some(Path::new(path)))?;
            blob.write_all(text.as_bytes()).map_err(|err| git2::Error::from_str(&err.to_string()))?;
            update.upsert(path.as_str(), blob.commit()?, mode);
        }
        let tree = self.repository.find_tree(update.create_updated(&self.repository, &base)?)?;
        let who = self.signature()?;
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        let draft = Draft { who: &who, message, tree: &tree, parents: &parents };
        draft.commit(&self.repository, signer).map(|id| id.to_string())
    }

    /// Pipelines have no name and address configured.
    fn signature(&self) -> Result<Signature<'static>> {
        self.repository.signature().or_else(|_| Signature::now("fab", "fab@localhost"))
    }

    /// Makes the branch that is checked out have a commit, whose new texts are in the working tree already.
    pub(crate) fn advance(&self, commit: &str, texts: &[NewText]) -> Result<()> {
        self.move_head(commit)?;
        let mut index = self.repository.index()?;
        for NewText { path, .. } in texts {
            index.add_path(Path::new(path))?;
        }
        index.write()
    }

    /// Checks a commit out that has commits of others in it, unless that would overwrite something.
    pub(crate) fn fast_forward(&self, commit: &str) -> Result<()> {
        let object = self.repository.find_object(Oid::from_str(commit)?, Some(ObjectType::Commit))?;
        self.repository.checkout_tree(&object, Some(CheckoutBuilder::new().safe()))?;
        self.move_head(commit)
    }

    fn move_head(&self, commit: &str) -> Result<()> {
        let id = Oid::from_str(commit)?;
        let head = self.repository.find_reference("HEAD")?;
        match head.symbolic_target()? {
            Some(branch) => self.repository.reference(branch, id, true, "fab: commit").map(drop),
            None => self.repository.set_head_detached(id),
        }
    }

    /// Returns where the branch that is checked out is pushed to, or a branch of that name.
    pub(crate) fn upstream(&self, branch: Option<&str>) -> Result<Upstream> {
        let head = self.repository.find_reference("HEAD")?;
        let local = head.symbolic_target()?.map(str::to_owned);
        let config = self.repository.config()?;
        let name = local.as_deref().and_then(|name| name.strip_prefix("refs/heads/"));
        let setting = |key: &str| config.get_string(&format!("branch.{}.{key}", name?)).ok();
        let remote = name
            .and_then(|_| setting("remote").filter(|remote| remote != "."))
            .unwrap_or_else(|| "origin".to_owned());
        let merge = setting("merge").and_then(|name| name.strip_prefix("refs/heads/").map(str::to_owned));
        let branch = branch.map(str::to_owned).or(merge).or_else(|| name.map(str::to_owned));
        let branch = branch.ok_or_else(|| {
            git2::Error::from_str("no branch is checked out; name one with `--push=BRANCH`")
        })?;
        let found = self.repository.find_remote(&remote)?;
        let url =
            found.pushurl()?.map_or_else(|| found.url().map(str::to_owned), |url| Ok(url.to_owned()))?;
        Ok(Upstream { remote, url: SourceUrl::new(&url), branch })
    }

    /// Pushes a commit to a branch.
    pub(crate) fn push(
        &self,
        commit: &str,
        to: &Upstream,
        logins: &Logins<'_>,
    ) -> std::result::Result<Pushed, SourceError> {
        let remote = Remote::over(&to.url, logins, self.repository.commondir())?;
        let name =
            || self.repository.reference(OUTGOING, Oid::from_str(commit)?, true, "fab: push").map(drop);
        name().map_err(|err| super::io_error("name the commit", err.message()))?;
        let pushed = remote.push(&format!("{OUTGOING}:refs/heads/{}", to.branch));
        self.forget(OUTGOING);
        pushed
    }

    /// Fetches a branch; returns its commit.
    pub(crate) fn fetch(
        &self,
        from: &Upstream,
        logins: &Logins<'_>,
    ) -> std::result::Result<String, SourceError> {
        let remote = Remote::over(&from.url, logins, self.repository.commondir())?;
        remote.fetch(&format!("refs/heads/{}", from.branch), Extent::Branch)?;
        let commit = remote.commit(FETCHED);
        self.forget(FETCHED);
        commit.map(|commit| commit.id).ok_or_else(|| super::io_error("read the branch", "it has no commit"))
    }

    /// A reference of ours that stays is in nobody's way.
    fn forget(&self, name: &str) {
        if let Ok(mut reference) = self.repository.find_reference(name) {
            let _ = reference.delete();
        }
    }

    /// Whether a commit is another one, or has it among those before it.
    pub(crate) fn contains(&self, commit: &str, other: &str) -> Result<bool> {
        let (commit, other) = (Oid::from_str(commit)?, Oid::from_str(other)?);
        Ok(commit == other || self.repository.graph_descendant_of(commit, other)?)
    }

    /// Writes the files below a folder of a commit that a predicate wants into a folder on disk.
    pub(crate) fn export(
        &self,
        commit: &str,
        below: &str,
        wanted: &dyn Fn(&str) -> bool,
        target: &Path,
    ) -> Result<()> {
        let tree = self.repository.find_commit(Oid::from_str(commit)?)?.tree()?;
        let tree = match below {
            "" => tree,
            below => match tree.get_path(Path::new(below)) {
                Ok(entry) => entry.to_object(&self.repository)?.peel_to_tree()?,
                Err(_) => return Ok(()),
            },
        };
        let mut failed = None;
        tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
            let path = format!("{folder}{}", entry.name().unwrap_or_default());
            if entry.kind() != Some(ObjectType::Blob)
                || !wanted(&path)
                || path.split('/').any(|part| part == "..")
            {
                return TreeWalkResult::Ok;
            }
            let file = target.join(&path);
            let write = || -> std::io::Result<()> {
                let blob = self.repository.find_blob(entry.id()).map_err(std::io::Error::other)?;
                fs::create_dir_all(file.parent().unwrap_or(target))?;
                fs::write(&file, blob.content())
            };
            match write() {
                Ok(()) => TreeWalkResult::Ok,
                Err(err) => {
                    failed = Some(git2::Error::from_str(&err.to_string()));
                    TreeWalkResult::Abort
                }
            }
        })?;
        failed.map_or(Ok(()), Err)
    }
}
