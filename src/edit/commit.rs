//! Changes as a commit, and that on a server.
//!
//! A commit has the changed files and nothing else, whatever else is changed in
//! the working tree; these files must have been as they were committed. When a
//! push loses a race, the change is made again, to the files as they are on the
//! server then: a new commit, and no merge of texts.
//!
//! Invariant: until the server has the commit, nothing on this machine changes.

use std::path::{Path, PathBuf};

use super::file::{Edited, write_all};
use crate::error::Error;
use crate::git::{Checkout, Login, Logins, NewText, Pushed, Unmade, Upstream, Wanted};
use crate::signing::{Signer, SigningError};
use crate::source::{SourceUrl, login, ssh_keys};

/// How often a commit is made again because the branch has moved.
const ATTEMPTS: usize = 8;

/// What a commit says, and where it goes.
#[derive(Clone)]
pub struct CommitOptions {
    /// The message.
    pub message: String,
    /// The lines of its last paragraph: names and what they say.
    pub trailers: Vec<(String, String)>,
    /// Whether it is pushed.
    pub push: Push,
    /// The environment variables, for credentials.
    pub variables: Vec<(String, String)>,
}

/// Whether and where a commit is pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Push {
    /// It is not.
    No,
    /// To where the branch comes from that is checked out.
    Upstream,
    /// To a branch of this name.
    Branch(String),
}

/// What became of a commit.
#[derive(Debug)]
pub struct Committed {
    /// The files, as they were and are.
    pub files: Vec<Edited>,
    /// The commit; none if nothing changed.
    pub commit: Option<String>,
    /// The branch that it was pushed to, with the remote: `origin/main`.
    pub pushed: Option<String>,
    /// The setting of git's that wants a program to sign it, which was not run.
    pub unsigned: Option<String>,
    /// Why the working tree is not at the commit although the server has it.
    pub left_behind: Option<String>,
}

/// Makes changes in a folder and commits them.
///
/// # Errors
///
/// The changes cannot be made, or not be committed or pushed.
pub fn commit(
    directory: &Path,
    options: &CommitOptions,
    edit: &dyn Fn(&Path) -> Result<Vec<Edited>, Error>,
) -> Result<Committed, Error> {
    let work = Work::of(directory, options, edit)?;
    let files = edit(directory)?;
    let texts = work.texts(&files)?;
    if texts.is_empty() {
        return Ok(Committed { files, commit: None, pushed: None, unsigned: None, left_behind: None });
    }
    let base = work.checkout.head().map_err(failed)?;
    let options = &CommitOptions { trailers: trailers(options, base.as_deref()), ..options.clone() };
    let (signer, unsigned) = signer(&work.checkout, &options.variables)?;
    let work = Work { options, signer, ..work };
    let id = work.commit(base.as_deref(), &texts)?;
    let upstream = match &options.push {
        Push::No => None,
        Push::Upstream => Some(work.checkout.upstream(None).map_err(failed)?),
        Push::Branch(name) => Some(work.checkout.upstream(Some(name)).map_err(failed)?),
    };
    let Some(upstream) = upstream else {
        work.keep(&files, &id, &texts)?;
        return Ok(Committed { files, commit: Some(id), pushed: None, unsigned, left_behind: None });
    };
    let pushed = Some(format!("{}/{}", upstream.remote, upstream.branch));
    let builds_on = |tip: &str| match &base {
        Some(base) => work.checkout.contains(tip, base).map_err(failed),
        None => Ok(false),
    };
    let (at_server, _) = work.push(&builds_on, id.clone(), &upstream)?;
    if at_server == id {
        work.keep(&files, &id, &texts)?;
        return Ok(Committed { files, commit: Some(id), pushed, unsigned, left_behind: None });
    }
    let left_behind = work.checkout.fast_forward(&at_server).err().map(|err| err.message().to_owned());
    Ok(Committed { files, commit: Some(at_server), pushed, unsigned, left_behind })
}

/// A change on its way to a commit.
pub(super) struct Work<'a> {
    pub(super) checkout: Checkout,
    pub(super) directory: &'a Path,
    pub(super) options: &'a CommitOptions,
    pub(super) edit: &'a dyn Fn(&Path) -> Result<Vec<Edited>, Error>,
    /// What commits are signed with.
    pub(super) signer: Option<Signer>,
}

/// Returns the key that commits are signed with: that of the variables, or else of git's configuration. If this wants
/// a program to sign, returns the setting.
pub(super) fn signer(
    checkout: &Checkout,
    variables: &[(String, String)],
) -> Result<(Option<Signer>, Option<String>), Error> {
    if let Some(signer) = Signer::of_variables(variables)? {
        return Ok((Some(signer), None));
    }
    match checkout.wanted_signature() {
        Wanted::Nothing => Ok((None, None)),
        Wanted::Key(key) => Ok((Some(Signer::of(&key, "user.signingkey", variables)?), None)),
        Wanted::SomeKey => Err(SigningError::Unnamed.into()),
        Wanted::Program(setting) => Ok((None, Some(setting))),
    }
}

impl<'a> Work<'a> {
    pub(super) fn of(
        directory: &'a Path,
        options: &'a CommitOptions,
        edit: &'a dyn Fn(&Path) -> Result<Vec<Edited>, Error>,
    ) -> Result<Self, Error> {
        let checkout = Checkout::of(directory).map_err(|err| Error::NoCheckout {
            folder: directory.display().to_string(),
            message: err.message().to_owned(),
        })?;
        Ok(Work { checkout, directory, options, edit, signer: None })
    }

    /// Returns the new texts of the files that change, which have to be as they were committed.
    pub(super) fn texts(&self, files: &[Edited]) -> Result<Vec<NewText>, Error> {
        let changed = files.iter().filter(|file| file.is_changed());
        let text = |file: &Edited| {
            let uncommitted = || Error::Uncommitted { file: file.file.clone() };
            let path = self.checkout.path_of(&file.path).ok_or_else(uncommitted)?;
            let is_committed = self.checkout.is_committed(&path).map_err(failed)?;
            if is_committed { Ok(NewText { path, text: file.after.clone() }) } else { Err(uncommitted()) }
        };
        changed.map(text).collect()
    }

    /// Writes the files and moves the branch.
    fn keep(&self, files: &[Edited], commit: &str, texts: &[NewText]) -> Result<(), Error> {
        write_all(files)?;
        self.checkout.advance(commit, texts).map_err(failed)
    }

    /// Pushes a commit, or the same change made to what the server has, if that may be built upon; returns the commit
    /// that is there, and whether it is one of these.
    pub(super) fn push(
        &self,
        may_follow: &dyn Fn(&str) -> Result<bool, Error>,
        first: String,
        upstream: &Upstream,
    ) -> Result<(String, bool), Error> {
        let credentials = crate::source::credentials::Credentials::of_user(&self.options.variables);
        let credentials = credentials.map_err(|error| push_error(upstream, error))?;
        let https = |url: &SourceUrl| -> Option<Login> { login(&credentials, url) };
        let keys = ssh_keys(&self.options.variables);
        let logins = Logins { https: &https, keys: &keys };
        let mut commit = first;
        for _ in 0..ATTEMPTS {
            match self
                .checkout
                .push(&commit, upstream, &logins)
                .map_err(|error| push_error(upstream, error))?
            {
                Pushed::Done => return Ok((commit, true)),
                Pushed::Refused(reason) => {
                    return Err(Error::PushRefused { branch: upstream.branch.clone(), reason });
                }
                Pushed::Moved => {
                    let tip = self
                        .checkout
                        .fetch(upstream, &logins)
                        .map_err(|error| push_error(upstream, error))?;
                    if !may_follow(&tip)? {
                        return Err(Error::Diverged { branch: upstream.branch.clone() });
                    }
                    match self.again(&tip)? {
                        Some(again) => commit = again,
                        // Somebody else has made the change.
                        None => return Ok((tip, false)),
                    }
                }
            }
        }
        Err(Error::PushLost { branch: upstream.branch.clone(), attempts: ATTEMPTS })
    }

    /// Makes the change to the files of another commit; none if they have it already.
    pub(super) fn again(&self, tip: &str) -> Result<Option<String>, Error> {
        let folder = tempfile::tempdir()
            .map_err(|source| Error::Unwritable { path: "the temporary folder".to_owned(), source })?;
        // The name of a folder is that of a component made in it.
        let name = std::fs::canonicalize(self.directory).ok();
        let name = name.as_deref().and_then(Path::file_name).unwrap_or(std::ffi::OsStr::new("definition"));
        let copy: PathBuf = folder.path().join(name);
        let below = self.checkout.path_of(&self.directory.join("component.yaml")).unwrap_or_default();
        let below = below.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_config = |path: &str| path.starts_with("config/") || path.contains("/config/");
        let wanted = |path: &str| is_config(path) || path.starts_with("component.");
        std::fs::create_dir_all(&copy)
            .map_err(|source| Error::Unwritable { path: copy.display().to_string(), source })?;
        self.checkout.export(tip, below, &wanted, &copy).map_err(failed)?;
        let texts: Vec<NewText> = (self.edit)(&copy)?
            .into_iter()
            .filter(Edited::is_changed)
            .filter_map(|file| {
                let path = file.path.strip_prefix(&copy).ok()?.to_str()?.replace('\\', "/");
                let path = if below.is_empty() { path } else { format!("{below}/{path}") };
                Some(NewText { path, text: file.after })
            })
            .collect();
        if texts.is_empty() {
            return Ok(None);
        }
        self.commit(Some(tip), &texts).map(Some)
    }

    pub(super) fn commit(&self, parent: Option<&str>, texts: &[NewText]) -> Result<String, Error> {
        let made = self.checkout.commit(parent, texts, (&message(self.options), self.signer.as_ref()));
        made.map_err(|unmade| match unmade {
            Unmade::Git(err) => failed(err),
            Unmade::Unsigned(err) => err.into(),
        })
    }
}

/// Returns the trailers; a pipeline of the definition itself would name the commit that the new one follows anyway.
fn trailers(options: &CommitOptions, base: Option<&str>) -> Vec<(String, String)> {
    let names_base = options.trailers.iter().any(|(_, value)| Some(value.as_str()) == base);
    if names_base { Vec::new() } else { options.trailers.clone() }
}

/// Returns the message with its trailers as the last paragraph.
fn message(options: &CommitOptions) -> String {
    let mut text = options.message.trim_end().to_owned();
    text.push('\n');
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let trailers: Vec<String> =
        options.trailers.iter().map(|(name, value)| format!("{name}: {}\n", line(value))).collect();
    if !trailers.is_empty() {
        text.push('\n');
    }
    text + &trailers.concat()
}

pub(super) fn failed(err: impl std::fmt::Display) -> Error {
    Error::NotCommitted { message: err.to_string() }
}

fn push_error(upstream: &Upstream, error: crate::source::SourceError) -> Error {
    Error::NotPushed {
        remote: upstream.remote.clone(),
        url: upstream.url.to_string(),
        error: Box::new(error),
    }
}
