//! What was published of an environment, and when: the commits of its branch in
//! which its manifests changed.
//!
//! Which files those are is read from `fab.owned` before and after, so no manifest
//! is looked at. A commit by hand is one, too, if it touches a file of `fab`'s.

use std::time::SystemTime;

use std::path::PathBuf;

use super::Pauses;
use super::changes::Counts;
use super::clone;
use super::error::PublishError;
use super::hold::{self, Hold};
use super::hydrator::{self, Recorded};
use super::message::trailer;
use super::owned::{self, Owned, sha256};
use super::settings::{Destination, PlaceSettings, PublishSettings};
use crate::config::Environment;
use crate::definition::place;
use crate::error::Error;
use crate::git::{Id, Manifests, Past};
use crate::project::Project;
use crate::source::{Cache, SourceError, SourceUrl};

/// An environment in a manifest repository, and how that is reached.
pub struct Target {
    /// The folder of the definition.
    pub directory: PathBuf,
    /// The environment.
    pub environment: String,
    /// The manifest repository; none for that of `fab.yaml`.
    pub repository: Option<String>,
    /// Where in it; what is not said is as in `fab.yaml`.
    pub place: PlaceSettings,
    /// Where the clone is kept.
    pub cache: Cache,
    /// The environment variables, which say where credentials are.
    pub variables: Vec<(String, String)>,
    /// This moment.
    pub now: SystemTime,
    /// What is done between two attempts.
    pub pauses: Pauses,
}

/// What was published of an environment.
#[derive(Debug)]
pub struct History {
    /// The branch.
    pub branch: String,
    /// The folder; empty for the top.
    pub path: String,
    /// Its commits, the newest first.
    pub entries: Vec<Entry>,
    /// Why it is held, if it is.
    pub hold: Option<Hold>,
}

/// A commit of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The commit in the manifest repository.
    pub commit: String,
    /// When it was made, as in RFC 3339.
    pub date: String,
    /// Who made it.
    pub by: String,
    /// What it was.
    pub kind: EntryKind,
    /// The source commit.
    pub source: String,
    /// The subject of the source commit.
    pub subject: String,
    /// Who wrote the source commit.
    pub author: String,
    /// Which files changed.
    pub files: Counts,
    /// A digest of all files.
    pub(super) digest: String,
}

impl Entry {
    /// Whether manifests changed, or were meant to: a publish that only tells of a newer source commit is none.
    pub(super) fn is_change(&self) -> bool {
        self.files != Counts::default() || self.kind == EntryKind::Rollback
    }
}

/// What a commit of an environment was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// Manifests of a source commit.
    Publish,
    /// The manifests of an earlier commit.
    Rollback,
    /// Something else than `fab` did it.
    ByHand,
}

impl EntryKind {
    /// Returns it in one word.
    pub fn name(self) -> &'static str {
        match self {
            EntryKind::Publish => "publish",
            EntryKind::Rollback => "rollback",
            EntryKind::ByHand => "by hand",
        }
    }
}

/// An environment as it is on a commit.
#[derive(Default, PartialEq, Eq, Clone)]
struct Snapshot {
    list: Owned,
    recorded: Recorded,
    /// The folder with all that is in it.
    object: Option<Id>,
}

/// What is known of the definition before its manifest repository is looked at.
pub(super) struct Known {
    pub(super) settings: PublishSettings,
    pub(super) url: SourceUrl,
    pub(super) destination: Destination,
}

impl Target {
    /// Reads what the definition says of it.
    pub(super) fn known(&self) -> Result<Known, Error> {
        let project = Project::read(&self.directory, &place::typed(&self.directory))?;
        let url = project.publish.repository(self.repository.as_deref())?;
        let environment = Environment::new([&self.environment]).to_string();
        let destination = project.publish.destination(&environment, &self.place);
        Ok(Known { settings: project.publish, url, destination })
    }

    /// Runs something on the clone of the manifest repository.
    pub(super) fn with_clone<T>(
        &self,
        known: &Known,
        work: impl FnOnce(&mut Manifests<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        clone::with_clone((&known.url, &self.cache), &self.variables, |mut manifests| work(&mut manifests))?
    }

    /// Fetches the branches of the environment, which has to be published; returns the tip of the one that is applied.
    pub(super) fn fetch(&self, known: &Known, manifests: &mut Manifests<'_>) -> Result<Id, Error> {
        let failed = |error| clone::unusable(&known.url, error);
        let Destination { active, branch, .. } = &known.destination;
        let mut branches = vec![active.clone(), branch.clone()];
        branches.dedup();
        manifests.fetch(&branches).map_err(failed)?;
        let file = known.destination.file(owned::FILE);
        let published = |tip: &Id| manifests.object(*tip, &file).is_ok_and(|found| found.is_some());
        let missing = || PublishError::NotPublished {
            environment: self.environment.clone(),
            branch: active.clone(),
            file: file.clone(),
        };
        Ok(manifests.tip(active).filter(published).ok_or_else(missing)?)
    }
}

/// Returns what was published of an environment.
///
/// # Errors
///
/// The manifest repository cannot be reached, or does not have it.
pub fn history(target: &Target) -> Result<History, Error> {
    let known = target.known()?;
    target.with_clone(&known, |manifests| {
        let tip = target.fetch(&known, manifests)?;
        let failed = |error| clone::unusable(&known.url, error);
        let mut entries = entries(manifests, tip, &known.destination).map_err(failed)?;
        entries.retain(Entry::is_change);
        let hold = held(manifests, tip, &known.destination).map_err(failed)?;
        let Destination { active, path, .. } = known.destination.clone();
        Ok(History { branch: active, path, entries, hold })
    })
}

/// Returns why an environment is held, if it is.
pub(super) fn held(
    manifests: &Manifests<'_>,
    tip: Id,
    destination: &Destination,
) -> Result<Option<Hold>, SourceError> {
    let text = manifests.read(tip, &destination.file(hold::FILE))?;
    Ok(text.map(|text| Hold::parse(&String::from_utf8_lossy(&text))))
}

/// Returns the commits in which something of an environment changed, the newest first.
pub(super) fn entries(
    manifests: &Manifests<'_>,
    tip: Id,
    destination: &Destination,
) -> Result<Vec<Entry>, SourceError> {
    Walk::from(manifests, tip, destination)?.collect()
}

/// The commits in which something of an environment changed, the newest first, read as far as they are asked for.
pub(super) struct Walk<'a> {
    manifests: &'a Manifests<'a>,
    destination: &'a Destination,
    /// The commit to look at next.
    at: Option<Id>,
    /// What the environment was in it.
    now: Snapshot,
}

impl<'a> Walk<'a> {
    /// Begins at the tip of a branch.
    pub(super) fn from(
        manifests: &'a Manifests<'a>,
        tip: Id,
        destination: &'a Destination,
    ) -> Result<Self, SourceError> {
        let now = snapshot(manifests, tip, destination, None)?;
        Ok(Walk { manifests, destination, at: Some(tip), now })
    }

    /// Looks at a commit, and goes to the one before it.
    fn step(&mut self, commit: Id) -> Result<Option<Entry>, SourceError> {
        let Walk { manifests, destination, .. } = *self;
        let past = manifests.past(commit)?;
        let before = match past.parent {
            Some(parent) => snapshot(manifests, parent, destination, Some(&self.now))?,
            None => Snapshot::default(),
        };
        self.at = past.parent;
        let now = std::mem::replace(&mut self.now, before);
        let before = &self.now;
        if before.list.files != now.list.files || before.recorded != now.recorded {
            return Ok(Some(entry(&past, before, &now)));
        }
        if before.object != now.object && trailer(&past.message, "Fab-Version").is_none() {
            let count = manifests_touched(manifests, (commit, past.parent), destination, &now.list)?;
            let files = Counts { changed: count, ..Counts::default() };
            return Ok((count > 0).then(|| Entry { files, ..entry(&past, before, &now) }));
        }
        Ok(None)
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<Entry, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(commit) = self.at {
            match self.step(commit) {
                Ok(None) => {}
                Ok(Some(entry)) => return Some(Ok(entry)),
                Err(error) => {
                    self.at = None;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// Reads an environment on a commit; `after` is what it was in the next one.
fn snapshot(
    manifests: &Manifests<'_>,
    commit: Id,
    destination: &Destination,
    after: Option<&Snapshot>,
) -> Result<Snapshot, SourceError> {
    let object = manifests.object(commit, &destination.path)?;
    if let Some(after) = after.filter(|after| after.object == object) {
        return Ok(after.clone());
    }
    let read = |file| manifests.read(commit, &destination.file(file));
    let list = read(owned::FILE)?.map(|text| Owned::parse(&String::from_utf8_lossy(&text)));
    let recorded = read(hydrator::FILE)?.and_then(|text| Recorded::parse(&text));
    Ok(Snapshot { list: list.unwrap_or_default(), recorded: recorded.unwrap_or_default(), object })
}

/// Counts the files of `fab`'s that a commit changes without its books.
fn manifests_touched(
    manifests: &Manifests<'_>,
    (commit, parent): (Id, Option<Id>),
    destination: &Destination,
    list: &Owned,
) -> Result<usize, SourceError> {
    let Some(parent) = parent else { return Ok(0) };
    let (now, before) =
        (manifests.files(commit, &destination.path)?, manifests.files(parent, &destination.path)?);
    Ok(list.files.keys().filter(|path| now.get(*path) != before.get(*path)).count())
}

fn entry(past: &Past, before: &Snapshot, now: &Snapshot) -> Entry {
    let (old, new) = (&before.list.files, &now.list.files);
    let kind = match () {
        () if trailer(&past.message, "Fab-Rollback-To").is_some() => EntryKind::Rollback,
        () if trailer(&past.message, "Fab-Source-Commit").is_some() => EntryKind::Publish,
        () => EntryKind::ByHand,
    };
    Entry {
        commit: past.id.to_string(),
        date: past.date.clone(),
        by: past.who.name.clone(),
        kind,
        source: now.recorded.commit.clone(),
        subject: now.recorded.subject.clone(),
        author: now.recorded.author.clone(),
        files: Counts {
            added: new.keys().filter(|path| !old.contains_key(*path)).count(),
            changed: new.iter().filter(|(path, sum)| old.get(*path).is_some_and(|was| was != *sum)).count(),
            removed: old.keys().filter(|path| !new.contains_key(*path)).count(),
        },
        digest: sha256(now.list.lines("").as_bytes()),
    }
}
