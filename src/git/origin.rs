//! Where a definition is from: the commit that is checked out, and whether what
//! is on disk is what was committed.

use std::path::Path;

use git2::{Oid, Status, StatusOptions};
use jiff::Timestamp;
use jiff::tz::Offset;

use super::checkout::{Checkout, Result};
use super::{Logins, Remote};
use crate::source::{SourceError, SourceUrl};

/// What branches are called that are fetched to see in which order commits are.
const SEEN: &str = "refs/fab/seen/";

/// A name with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// The name.
    pub(crate) name: String,
    /// The address.
    pub(crate) email: String,
}

/// A commit of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceCommit {
    /// Its hash.
    pub(crate) id: Oid,
    /// Who wrote it.
    pub(crate) author: Person,
    /// When it was written, as in RFC 3339, in the zone of the author.
    pub(crate) date: String,
    /// When it was committed, in seconds since 1970.
    pub(crate) committed: i64,
    /// Its message.
    pub(crate) message: String,
}

/// How a commit stands to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// It is the other one.
    Same,
    /// It builds on the other one.
    After,
    /// The other one builds on it.
    Before,
    /// Neither builds on the other one.
    Apart,
    /// The other one is not here.
    Unknown,
}

impl Checkout {
    /// Returns the path of the folder in the repository, without slashes at its ends; none if it is outside.
    pub(crate) fn folder_of(&self, folder: &Path) -> Option<String> {
        let full = std::fs::canonicalize(folder).ok()?;
        Some(full.strip_prefix(&self.folder).ok()?.to_str()?.replace('\\', "/"))
    }

    /// Returns a commit by what git calls a revision.
    pub(crate) fn source_commit(&self, revision: &str) -> Result<SourceCommit> {
        let commit = self.repository.revparse_single(revision)?.peel_to_commit()?;
        let author = commit.author();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let person = Person { name: text(author.name_bytes()), email: text(author.email_bytes()) };
        Ok(SourceCommit {
            id: commit.id(),
            author: person,
            date: rfc_3339(author.when()),
            committed: commit.time().seconds(),
            message: text(commit.message_bytes()),
        })
    }

    /// Returns how a commit that is here stands to another one.
    pub(crate) fn order(&self, commit: Oid, other: &str) -> Result<Order> {
        let Ok(other) = Oid::from_str(other) else { return Ok(Order::Unknown) };
        if commit == other {
            return Ok(Order::Same);
        }
        if self.repository.find_commit(other).is_err() {
            return Ok(Order::Unknown);
        }
        let descends = |one: Oid, two: Oid| self.repository.graph_descendant_of(one, two);
        Ok(match (descends(commit, other)?, descends(other, commit)?) {
            (true, _) => Order::After,
            (_, true) => Order::Before,
            (false, false) if self.repository.is_shallow() => Order::Unknown,
            (false, false) => Order::Apart,
        })
    }

    /// Fetches all that the branches of the repository have where this one was cloned from.
    pub(crate) fn deepen(&self, logins: &Logins<'_>) -> std::result::Result<(), SourceError> {
        let nowhere = || SourceError::Unsupported("the repository was cloned from nowhere".to_owned());
        let url = self.origin().ok_or_else(nowhere)?;
        let remote = Remote::over(&url, logins, self.repository.commondir())?;
        remote.deepen(self.repository.is_shallow(), &format!("+refs/heads/*:{SEEN}*"))?;
        // What is named by nothing stays for a while, and is only looked at.
        let Ok(names) = self.repository.references_glob(&format!("{SEEN}*")) else { return Ok(()) };
        for mut reference in names.flatten() {
            let _ = reference.delete();
        }
        Ok(())
    }

    /// Returns where the repository was cloned from: the remote `origin`, or the only one.
    pub(crate) fn origin(&self) -> Option<SourceUrl> {
        let names = self.repository.remotes().ok()?;
        let first = names.iter().next().and_then(|name| name.ok().flatten().map(str::to_owned));
        let remote = self.repository.find_remote("origin");
        let remote = remote.or_else(|_| self.repository.find_remote(first.as_deref().unwrap_or_default()));
        // What is written there, not what the user's git makes of it.
        let name = remote.ok()?.name().ok().flatten()?.to_owned();
        let url = self.repository.config().ok()?.get_string(&format!("remote.{name}.url")).ok()?;
        Some(SourceUrl::new(&url))
    }

    /// Returns the paths that are not as they were committed: files of the repository, and those beside them that
    /// `counts` takes for part of the definition. What is ignored is not looked at.
    pub(crate) fn changed(&self, counts: &dyn Fn(&str) -> bool) -> Result<Vec<String>> {
        let mut options = StatusOptions::new();
        options.include_untracked(true).recurse_untracked_dirs(true).include_ignored(false);
        let statuses = self.repository.statuses(Some(&mut options))?;
        let mut changed = Vec::new();
        for entry in statuses.iter() {
            let path = String::from_utf8_lossy(entry.path_bytes()).into_owned();
            let is_new = entry.status().intersects(Status::WT_NEW) && !entry.status().is_index_new();
            if !is_new || counts(&path) {
                changed.push(path);
            }
        }
        Ok(changed)
    }

    /// Returns the name and address that the user's git has.
    pub(crate) fn user(&self) -> Option<Person> {
        let signature = self.repository.signature().ok()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Some(Person { name: text(signature.name_bytes()), email: text(signature.email_bytes()) })
    }
}

/// Prints a time of git's.
pub(super) fn rfc_3339(time: git2::Time) -> String {
    let Ok(moment) = Timestamp::from_second(time.seconds()) else { return String::new() };
    match Offset::from_seconds(time.offset_minutes() * 60) {
        Ok(offset) if time.offset_minutes() != 0 => moment.display_with_offset(offset).to_string(),
        _ => moment.to_string(),
    }
}
