//! Environments that are published and not part of the definition any more: where
//! they are found, and what goes of them.
//!
//! Their record is `fab.owned`, which tells environment and definition. On a branch
//! that is published to, every folder is looked at; of the other branches those
//! that the settings could mean for some environment, and there only the place that
//! they mean for the one of the record: a copy of a branch under another name is
//! nobody's environment.
//!
//! Invariant: what goes are files that `fab` wrote. A branch stays, and so does an
//! environment that is held, or that a newer source commit published.

use std::collections::BTreeMap;

use super::error::PublishError;
use super::owned::{self, Owned};
use super::plan::{Plan, recorded};
use super::settings::Destination;
use super::{Branch, Override, Run, hold, hydrator};
use crate::error::{Error, Failure};
use crate::git::{Id, Manifests, Order};
use crate::source::SourceError;

/// An environment that is published and not part of the definition any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The branch, or the folder if other environments are on the branch.
    pub place: String,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of an environment that is left over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nobody asked for its removal.
    Stays,
    /// It is held since a rollback.
    Held,
    /// Its files go.
    Removed,
}

impl Run<'_> {
    /// Finds the branches that have nothing but environments that are left over, and plans what becomes of them.
    pub(super) fn abandoned(
        &self,
        manifests: &mut Manifests<'_>,
        branches: &[Branch<'_>],
    ) -> Result<Vec<(Branch<'static>, Plan)>, SourceError> {
        let place = &self.options.place;
        let is_other = |name: &String| branches.iter().all(|branch| branch.name != *name);
        let names = manifests.branches().into_iter().rev();
        let names = names.filter(|name| is_other(name) && self.settings.may_have(name, place));
        // A proposal comes before the branch that it is for, whose name is the beginning of its own.
        let names: Vec<String> = names.collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        manifests.fetch(&names)?;
        let mut found = Vec::new();
        for name in names {
            let branch = Branch { active: name.clone(), name, pieces: Vec::new() };
            let plan = self.plan(manifests, &branch)?;
            if !plan.leftovers.is_empty() || !plan.failures.is_empty() {
                found.push((branch, plan));
            }
        }
        Ok(found)
    }

    /// Finds the environments of a branch that are left over.
    pub(super) fn leave(
        &self,
        manifests: &Manifests<'_>,
        (branch, tip): (&Branch<'_>, Id),
        all: &BTreeMap<String, Id>,
        plan: &mut Plan,
    ) -> Result<(), SourceError> {
        let pieces = branch.pieces.iter().map(|piece| &piece.destination);
        let ours = pieces.chain(self.known.iter().map(|(_, place)| place));
        let ours = ours.filter(|place| place.branch == branch.name || place.active == branch.name);
        let ours: Vec<&str> = ours.map(|place| place.path.as_str()).collect();
        for (path, blob) in all {
            let folder = match path.strip_suffix(owned::FILE) {
                Some("") => "",
                Some(folder) if folder.ends_with('/') => &folder[..folder.len() - 1],
                _ => continue,
            };
            if ours.contains(&folder) {
                continue;
            }
            let list = Owned::parse(&String::from_utf8_lossy(&manifests.content(*blob)?));
            let Some(place) = self.left_place(&list, branch, folder) else { continue };
            if !self.overrides(Override::Older)
                && let Some(recorded) = recorded(manifests, tip, &place)?
            {
                match self.order(&list.environment, &recorded) {
                    // That commit has the environment, which this one does not have yet.
                    Order::Before => continue,
                    Order::Apart if self.overrides(Override::Prune) => plan.failures.push(Failure {
                        component: String::new(),
                        environments: vec![list.environment.clone()],
                        error: Error::from(PublishError::Apart {
                            published: recorded.commit,
                            commit: self.commit.id.to_string(),
                        })
                        .into(),
                    }),
                    Order::Same | Order::After | Order::Apart | Order::Unknown => {}
                }
            }
            let fate = match () {
                () if all.contains_key(&place.file(hold::FILE)) => Fate::Held,
                () if self.overrides(Override::Prune) => Fate::Removed,
                () => Fate::Stays,
            };
            if fate == Fate::Removed {
                let books = [owned::FILE, hydrator::FILE].map(str::to_owned);
                let files = list.files.into_keys().chain(books).map(|file| place.file(&file));
                plan.pruned.extend(files.filter(|file| all.contains_key(file)));
            }
            let shown = match folder {
                "" => branch.name.clone(),
                folder if branch.pieces.is_empty() => format!("{}, folder {folder}", branch.name),
                folder => folder.to_owned(),
            };
            plan.leftovers.push(Leftover { place: shown, fate });
        }
        Ok(())
    }

    /// Returns the place of an environment that is left over, if a list is of one.
    fn left_place(&self, list: &Owned, branch: &Branch<'_>, folder: &str) -> Option<Destination> {
        let is_known = !self.repository.is_empty() && !list.source.is_empty();
        if !is_known || !list.is_of(&self.repository, &self.definition) || !self.is_dropped(&list.environment)
        {
            return None;
        }
        if branch.pieces.is_empty() {
            let places = self.settings.places(&list.environment, &self.options.place);
            return places.into_iter().find(|place| place.branch == branch.name && place.path == folder);
        }
        Some(Destination {
            active: branch.active.clone(),
            branch: branch.name.clone(),
            path: folder.to_owned(),
        })
    }

    /// Whether the definition does not have an environment any more. One of several layers need not be listed.
    fn is_dropped(&self, environment: &str) -> bool {
        let is_known = |name: &str| self.known.iter().any(|(known, _)| known == name);
        let is_joined = || environment.contains('+') && environment.split('+').all(is_known);
        !environment.is_empty() && !is_known(environment) && !is_joined()
    }
}
