//! Takes an environment back to what was published before, and holds it there.
//!
//! A rollback is one new commit, made of the files as they were recorded: nothing is
//! rendered, so it works when a source is gone. History is not rewritten. Where
//! proposals are made, theirs is taken back, too; it would undo the rollback else.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::clone;
use super::error::PublishError;
use super::history::{Entry, EntryKind, Known, Target, entries, held};
use super::hold::{self, Hold};
use super::hydrator::{self, Note};
use super::message::{message, short};
use super::owned::{self, Owned};
use super::push::{Patience, Stopped};
use super::settings::Destination;
use crate::error::{Error, Failure};
use crate::git::{Checkout, Id, Manifests, NewCommit, Person, Pushed};
use crate::signing::Signer;
use crate::source::SourceError;

/// How far back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Back {
    /// So many publishes.
    Steps(usize),
    /// To a source commit, or one of the manifest repository, by its hash or the beginning of that.
    To(String),
}

/// What a rollback did.
#[derive(Debug)]
pub struct RolledBack {
    /// The commit in the manifest repository.
    pub commit: String,
    /// What is published now.
    pub to: Entry,
    /// The source commit that was published.
    pub from: String,
}

/// Takes an environment back, and holds it.
///
/// # Errors
///
/// There is no such past, or the commit does not get to the server.
pub fn rollback(target: &Target, back: &Back, reason: &str) -> Result<RolledBack, Vec<Failure>> {
    let known = target.known().map_err(of_run)?;
    let who = who(target, &known);
    let failed = |error| of_run(clone::unusable(&known.url, error));
    let mut rolled = None;
    let commit = change(target, &known, &who, &mut |manifests, tip, applied| {
        let entries = entries(manifests, applied, &known.destination).map_err(failed)?;
        let (to, from) = pick(&entries, back, &target.environment).map_err(of_run)?;
        let hold = Hold {
            environment: target.environment.clone(),
            source: to.source.clone(),
            from: from.clone(),
            reason: reason.to_owned(),
            by: format!("{} <{}>", who.name, who.email),
            since: Timestamp::try_from(target.now)
                .map(|now| now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
                .unwrap_or_default(),
        };
        let files = restored(manifests, tip, (&to, &hold), &known.destination).map_err(failed)?;
        let subject = format!("Roll back {} to {}: {}", target.environment, short(&to.source), to.subject);
        let reason = if reason.is_empty() { "rolled back".to_owned() } else { reason.to_owned() };
        let message = message(
            &subject,
            "",
            &[
                ("Fab-Source-Commit", to.source.clone()),
                ("Fab-Environments", target.environment.clone()),
                ("Fab-Rollback-To", to.commit.clone()),
                ("Fab-Rollback-From", from.clone()),
                ("Fab-Hold", reason),
                ("Fab-Version", env!("CARGO_PKG_VERSION").to_owned()),
            ],
        );
        let source = to.source.clone();
        rolled = Some((to, from));
        Ok(Change { files, message, source: Some(source) })
    })?;
    let (to, from) = rolled.expect("a commit was made of it");
    Ok(RolledBack { commit: commit.map(|commit| commit.to_string()).unwrap_or_default(), to, from })
}

/// Ends the hold of an environment; returns the commit, and the hold that was there. None if there was none.
///
/// # Errors
///
/// The commit does not get to the server.
pub fn resume(target: &Target) -> Result<Option<(String, Hold)>, Vec<Failure>> {
    let known = target.known().map_err(of_run)?;
    let who = who(target, &known);
    let failed = |error| of_run(clone::unusable(&known.url, error));
    let mut ended = None;
    let commit = change(target, &known, &who, &mut |manifests, tip, _| {
        let Some(hold) = held(manifests, tip, &known.destination).map_err(failed)? else {
            return Ok(Change { files: BTreeMap::new(), message: String::new(), source: None });
        };
        let subject = format!("Resume {}", target.environment);
        let message = message(
            &subject,
            "",
            &[
                ("Fab-Environments", target.environment.clone()),
                ("Fab-Version", env!("CARGO_PKG_VERSION").to_owned()),
            ],
        );
        ended = Some(hold);
        Ok(Change { files: [(known.destination.file(hold::FILE), None)].into(), message, source: None })
    })?;
    Ok(commit.map(|commit| commit.to_string()).zip(ended))
}

/// What is to be committed on a branch.
struct Change {
    /// The files; nothing is committed if there are none.
    files: BTreeMap<String, Option<Id>>,
    message: String,
    /// The source commit that the branch is from then, for the note on it.
    source: Option<String>,
}

/// Makes a change of the manifests, given the tip of the branch and that of the one that is applied.
type Make<'a> = &'a mut dyn FnMut(&Manifests<'_>, Id, Id) -> Result<Change, Vec<Failure>>;

/// Commits a change on the branch of proposals and on the one that is applied; returns the commit on that. It comes
/// last: a run that ends in between has undone nothing that another one could not do again.
fn change(target: &Target, known: &Known, who: &Person, make: Make<'_>) -> Result<Option<Id>, Vec<Failure>> {
    let Destination { active, branch, .. } = &known.destination;
    let mut branches = vec![branch.as_str(), active.as_str()];
    branches.dedup();
    let signer = Signer::of_variables(&target.variables).map_err(|err| of_run(err.into()))?;
    let changed = target.with_clone(known, |manifests| {
        manifests.sign_with(signer);
        let mut last = None;
        for branch in branches {
            match change_branch((target, known), manifests, (branch, who), make) {
                Ok(commit) => last = commit,
                Err(failures) => return Ok(Err(failures)),
            }
        }
        Ok(Ok(last))
    });
    changed.map_err(of_run)?
}

fn change_branch(
    (target, known): (&Target, &Known),
    manifests: &mut Manifests<'_>,
    (branch, who): (&str, &Person),
    make: Make<'_>,
) -> Result<Option<Id>, Vec<Failure>> {
    let stopped = |stopped: Stopped| stopped.into_failures(&known.url, branch);
    let failed = |error| of_run(clone::unusable(&known.url, error));
    let mut patience = Patience::new(target.pauses);
    loop {
        let applied = target.fetch(known, manifests).map_err(of_run)?;
        // A proposal that was merged may be gone.
        let Some(tip) = manifests.tip(branch) else { return Ok(None) };
        let Change { files, message, source } = make(manifests, tip, applied)?;
        if files.is_empty() {
            return Ok(None);
        }
        let when = super::seconds(target.now);
        let commit =
            manifests.commit(&NewCommit { parent: Some(tip), files, message, who, when }).map_err(failed)?;
        match manifests.push(commit, branch) {
            Ok(Pushed::Done) => {
                let noted = source.map_or(Ok(()), |source| {
                    note((target, known), manifests, commit, (&source, who), &mut patience)
                });
                return noted.map(|()| Some(commit)).map_err(stopped);
            }
            Ok(Pushed::Moved) => patience.lost(&mut |_, _| {}).map_err(stopped)?,
            Ok(Pushed::Refused(reason)) => return Err(stopped(Stopped::Rejected(reason))),
            Err(error) => patience.broke(error, &mut |_, _| {}).map_err(stopped)?,
        }
    }
}

/// Says on the tip of a branch of one environment which source commit it is from.
fn note(
    (target, known): (&Target, &Known),
    manifests: &mut Manifests<'_>,
    commit: Id,
    (source, who): (&str, &Person),
    patience: &mut Patience,
) -> Result<(), Stopped> {
    if !known.destination.is_alone() {
        return Ok(());
    }
    let note = Note { dry_sha: Some(source.to_owned()), paths: BTreeMap::new() };
    loop {
        let noted = target.fetch(known, manifests).map_err(|_| ()).map_or(Ok(Pushed::Moved), |_| {
            manifests.annotate(commit, &note.to_text(), (who, super::seconds(target.now)))
        });
        match noted {
            Ok(Pushed::Done) => return Ok(()),
            Ok(Pushed::Moved) => patience.lost(&mut |_, _| {})?,
            Ok(Pushed::Refused(reason)) => return Err(Stopped::NoteRejected(reason)),
            Err(error) => patience.broke(error, &mut |_, _| {})?,
        }
    }
}

/// Picks what to go back to, and says what is published.
fn pick(entries: &[Entry], back: &Back, environment: &str) -> Result<(Entry, String), Error> {
    let missing =
        |what: String| Error::from(PublishError::NotInHistory { environment: environment.to_owned(), what });
    let now = entries.first().ok_or_else(|| missing("past".to_owned()))?;
    // What is there after a rollback was published before; further back is before that.
    let since = entries.iter().rposition(|entry| entry.digest == now.digest).unwrap_or(0);
    let found = match back {
        Back::To(hash) => {
            let is_meant = |entry: &&Entry| {
                hash.len() >= 4 && (entry.source.starts_with(hash) || entry.commit.starts_with(hash))
            };
            entries.iter().find(is_meant).ok_or_else(|| missing(format!("published commit `{hash}`")))
        }
        Back::Steps(0) => Ok(now),
        Back::Steps(steps) => {
            // Those that changed nothing are no step.
            let mut digests = vec![now.digest.as_str()];
            // What somebody did by hand is none either, and may be no manifests at all.
            let publishes = entries[since..].iter().filter(|entry| entry.kind != EntryKind::ByHand);
            let earlier = publishes.filter(|entry| {
                let is_new = digests.last() != Some(&entry.digest.as_str());
                if is_new {
                    digests.push(&entry.digest);
                }
                is_new
            });
            let mut earlier = earlier.filter(|entry| !entry.source.is_empty());
            earlier.nth(steps - 1).ok_or_else(|| missing(format!("publish {steps} before this one")))
        }
    };
    found.map(|entry| (entry.clone(), now.source.clone()))
}

/// Returns what makes an environment on a branch as it was on a commit, with its hold.
fn restored(
    manifests: &Manifests<'_>,
    tip: Id,
    (to, hold): (&Entry, &Hold),
    destination: &Destination,
) -> Result<BTreeMap<String, Option<Id>>, SourceError> {
    let then = Id::from_str(&to.commit).map_err(|err| SourceError::Malformed {
        what: "the history".to_owned(),
        message: err.message().to_owned(),
    })?;
    let list = |commit| -> Result<Owned, SourceError> {
        let text = manifests.read(commit, &destination.file(owned::FILE))?.unwrap_or_default();
        Ok(Owned::parse(&String::from_utf8_lossy(&text)))
    };
    let (now, past) = (list(tip)?, list(then)?);
    let mut files = BTreeMap::new();
    for path in now.files.keys().filter(|path| !past.files.contains_key(*path)) {
        files.insert(destination.file(path), None);
    }
    let books = [owned::FILE, hydrator::FILE].map(str::to_owned);
    for path in past.files.keys().chain(&books) {
        let path = destination.file(path);
        let blob = manifests.object(then, &path)?;
        if blob.is_some() && manifests.object(tip, &path)? != blob {
            files.insert(path, blob);
        }
    }
    files.insert(destination.file(hold::FILE), Some(manifests.store(hold.to_text().as_bytes())?));
    Ok(files)
}

fn who(target: &Target, known: &Known) -> Person {
    let user = || Checkout::of(&target.directory).ok().and_then(|checkout| checkout.user());
    known.settings.author().cloned().or_else(user).unwrap_or_else(super::nobody)
}

fn of_run(error: Error) -> Vec<Failure> {
    vec![Failure::of_run(error)]
}

#[cfg(test)]
mod tests {
    use super::super::changes::Counts;
    use super::*;

    fn entries_of(digests: &[&str]) -> Vec<Entry> {
        let entry = |(at, digest): (usize, &&str)| Entry {
            commit: format!("{:040}", digests.len() - at),
            date: String::new(),
            by: String::new(),
            kind: EntryKind::Publish,
            source: format!("a{:039}", digests.len() - at),
            subject: String::new(),
            author: String::new(),
            files: Counts::default(),
            digest: (*digest).to_owned(),
        };
        digests.iter().enumerate().map(entry).collect()
    }

    #[track_caller]
    fn check(digests: &[&str], back: &Back, want: Option<usize>) {
        let entries = entries_of(digests);
        let got = pick(&entries, back, "prod").ok().map(|(entry, _)| entry);
        assert_eq!(got, want.map(|at| entries[at].clone()), "{digests:?} {back:?}");
    }

    #[test]
    fn steps_are_publishes_that_changed_something() {
        check(&["c", "b", "a"], &Back::Steps(1), Some(1));
        check(&["c", "b", "b", "a"], &Back::Steps(2), Some(3));
        check(&["c", "b"], &Back::Steps(2), None);
        check(&["a"], &Back::Steps(0), Some(0));
    }

    #[test]
    fn after_a_rollback_further_back_is_before_that() {
        check(&["b", "c", "b", "a"], &Back::Steps(1), Some(3));
    }

    #[test]
    fn a_commit_is_named_by_its_beginning() {
        check(&["c", "b", "a"], &Back::To(format!("a{:039}", 2)), Some(1));
        check(&["c", "b", "a"], &Back::To("a00".to_owned()), None);
        check(&["c", "b", "a"], &Back::To("ffff".to_owned()), None);
    }
}
