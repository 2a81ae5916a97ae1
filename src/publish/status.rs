//! What is published of each environment, by its manifest repository, and what clusters
//! have of it, by what Flux and Argo CD say.
//!
//! What counts is the branch that clusters are reconciled from: a proposal is told as
//! such. Nothing is rendered, and the definition is asked for no more than its
//! environments and where they are published. What is applied in a cluster is told by the
//! source commit that was in force there, whoever made the manifest commit.

use std::collections::BTreeSet;
use std::path::PathBuf;

use kubeschema::closest;

use super::clone::{unusable, with_clone};
use super::history::{Entry, Walk, held};
use super::hold::Hold;
use super::hydrator::{self, Recorded};
use super::message::trailer;
use super::owned::same_repository;
use super::plan::recorded;
use super::settings::{Destination, PlaceSettings};
use crate::cluster::{Applier, ApplierState, Clusters, Follows, Surveyed, survey};
use crate::config::Environment;
use crate::definition::place;
use crate::error::Error;
use crate::git::{Id, Manifests};
use crate::project::Project;
use crate::source::{Cache, SourceError, SourceUrl};

/// What `fab status` may choose.
pub struct StatusOptions {
    /// The folder of the definition.
    pub directory: PathBuf,
    /// The environments; none for all of the definition.
    pub environments: Vec<Environment>,
    /// The manifest repository; none for that of `fab.yaml`.
    pub repository: Option<String>,
    /// Where in it; what is not said is as in `fab.yaml`.
    pub place: PlaceSettings,
    /// Where the clone is kept.
    pub cache: Cache,
    /// The environment variables, which say where credentials are.
    pub variables: Vec<(String, String)>,
    /// The clusters that are asked.
    pub clusters: Option<Clusters>,
}

/// What is published, and what clusters have of it.
#[derive(Debug)]
pub struct Statuses {
    /// The environments.
    pub environments: Vec<Status>,
    /// The clusters that were asked.
    pub clusters: Vec<Surveyed>,
}

/// What is published of an environment.
#[derive(Debug)]
pub struct Status {
    /// The environment.
    pub environment: String,
    /// The branch that clusters are reconciled from.
    pub branch: String,
    /// The folder; empty for the top.
    pub path: String,
    /// What is there; none if it was never published.
    pub standing: Option<Standing>,
    /// The source commit that is proposed for the branch, if that is another one.
    pub proposed: Option<String>,
    /// What applies it in the clusters that were asked.
    pub applied: Vec<Applied>,
    /// An environment of the definition that may be meant, if this one is neither that nor published.
    pub suggestion: Option<String>,
}

/// An environment in a cluster.
#[derive(Debug)]
pub struct Applied {
    /// The context of the cluster.
    pub context: String,
    /// What applies it.
    pub applier: Applier,
    /// The source commit of what was applied last, and its subject; none if the manifest repository does not tell.
    pub source: Option<(String, String)>,
    /// How many changes of the manifests have not been applied; none if what was applied is not on the branch.
    pub behind: Option<usize>,
}

impl Status {
    /// Whether clusters have what is published, and it works. If any was asked, there has to be one that has it.
    pub fn is_settled(&self, was_asked: bool) -> bool {
        let is_settled =
            |applied: &Applied| applied.behind == Some(0) && applied.applier.state == ApplierState::Ready;
        self.standing.is_some()
            && (!was_asked || !self.applied.is_empty())
            && self.applied.iter().all(is_settled)
    }
}

/// Where an environment stands.
#[derive(Debug)]
pub struct Standing {
    /// The newest commit that changed its manifests.
    pub newest: Entry,
    /// The newest source commit that was looked at, if that is another one: it changed nothing.
    pub up_to_date_with: Option<String>,
    /// Why it is held, if it is.
    pub hold: Option<Hold>,
}

/// Returns what is published of environments, and what clusters have of it.
///
/// # Errors
///
/// The manifest repository cannot be reached. What clusters do not tell is said beside what they do.
pub fn status(options: &StatusOptions) -> Result<Statuses, Error> {
    let StatusOptions { directory, cache, variables, .. } = options;
    let project = Project::read(directory, &place::typed(directory))?;
    let url = project.publish.repository(options.repository.as_deref())?;
    let environments = project.environments(directory, &options.environments);
    let places: Vec<(String, Destination)> = environments
        .iter()
        .map(|environment| {
            let name = environment.to_string();
            let place = project.publish.destination(&name, &options.place);
            (name, place)
        })
        .collect();
    let branches: BTreeSet<&String> =
        places.iter().flat_map(|(_, place)| [&place.active, &place.branch]).collect();
    let branches: Vec<String> = branches.into_iter().cloned().collect();
    // Clusters are asked first: what they have is published by then.
    let surveyed = match &options.clusters {
        Some(clusters) => survey(clusters, variables),
        None => Vec::new(),
    };
    let found = with_clone((&url, cache), variables, |mut manifests| {
        manifests.fetch(&branches)?;
        let repository = Repository { manifests, url: &url, surveyed: &surveyed };
        let statuses = places.into_iter().map(|(environment, place)| repository.status(environment, place));
        statuses.collect::<Result<Vec<_>, SourceError>>()
    });
    let mut environments = found?.map_err(|error| unusable(&url, error))?;
    let known: Vec<String> = project.environments(directory, &[]).iter().map(ToString::to_string).collect();
    for status in &mut environments {
        if status.standing.is_none() && !known.contains(&status.environment) {
            let near = closest(&status.environment, known.iter().map(String::as_str));
            status.suggestion = near.map(str::to_owned);
        }
    }
    Ok(Statuses { environments, clusters: surveyed })
}

/// A manifest repository, and what clusters say.
struct Repository<'a> {
    manifests: Manifests<'a>,
    url: &'a SourceUrl,
    surveyed: &'a [Surveyed],
}

impl Repository<'_> {
    fn status(&self, environment: String, place: Destination) -> Result<Status, SourceError> {
        let manifests = &self.manifests;
        let standing = standing(manifests, &place)?;
        let proposed = match manifests.tip(&place.branch).filter(|_| place.branch != place.active) {
            Some(tip) => manifests.read(tip, &place.file(hydrator::FILE))?,
            None => None,
        };
        let proposed = proposed.and_then(|text| Recorded::parse(&text)).map(|recorded| recorded.commit);
        let published = standing.as_ref().map(|standing| &standing.newest.source);
        let proposed = proposed.filter(|proposed| Some(proposed) != published);
        let mut applied = Vec::new();
        for cluster in self.surveyed {
            for applier in cluster.appliers.iter().filter(|applier| self.is_of(applier, &place)) {
                applied.push(self.applied(&cluster.context, applier, &place)?);
            }
        }
        let Destination { active: branch, path, .. } = place;
        Ok(Status { environment, branch, path, standing, proposed, applied, suggestion: None })
    }

    /// Whether something applies an environment, or a part of it.
    fn is_of(&self, applier: &Applier, place: &Destination) -> bool {
        let tip = self.manifests.tip(&place.active);
        let is_followed = match &applier.follows {
            Follows::Branch(branch) => *branch == place.active,
            Follows::Head => tip.is_some() && tip == self.manifests.head(),
            Follows::Commit(hash) => match (tip, self.manifests.known(hash)) {
                (Some(tip), Some(commit)) => self.manifests.contains(tip, commit),
                _ => false,
            },
            Follows::Other => false,
        };
        is_followed
            && place::is_below(&applier.path, &place.path)
            && same_repository(applier.repository.as_str(), self.url.as_str())
    }

    /// Finds out what of an environment is applied.
    fn applied(&self, context: &str, applier: &Applier, place: &Destination) -> Result<Applied, SourceError> {
        let commit = self.manifests.known(&applier.revision);
        let source = commit.map(|commit| self.source(commit, place)).transpose()?.flatten();
        let behind = match (commit, self.manifests.tip(&place.active)) {
            (Some(commit), Some(tip)) if self.manifests.contains(tip, commit) => {
                Some(self.changes_since(commit, tip, place)?)
            }
            _ => None,
        };
        Ok(Applied { context: context.to_owned(), applier: applier.clone(), source, behind })
    }

    /// Returns the source commit that is in force in a commit, with its subject.
    fn source(&self, commit: Id, place: &Destination) -> Result<Option<(String, String)>, SourceError> {
        let Some(entry) = newest_change(&self.manifests, commit, place)? else { return Ok(None) };
        if !entry.source.is_empty() {
            return Ok(Some((entry.source, entry.subject)));
        }
        // Somebody took the file away that says it.
        let Some(commit) = self.manifests.known(&entry.commit) else { return Ok(None) };
        let message = self.manifests.past(commit)?.message;
        let commit = trailer(&message, "Fab-Source-Commit").and_then(hydrator::whole_hash);
        Ok(commit.map(|commit| (commit, String::new())))
    }

    /// Counts the changes of an environment that a commit does not have.
    fn changes_since(&self, commit: Id, tip: Id, place: &Destination) -> Result<usize, SourceError> {
        let mut count = 0;
        for entry in Walk::from(&self.manifests, tip, place)? {
            let entry = entry?;
            let is_there =
                self.manifests.known(&entry.commit).is_some_and(|one| self.manifests.contains(commit, one));
            if is_there {
                break;
            }
            count += usize::from(entry.is_change());
        }
        Ok(count)
    }
}

fn standing(manifests: &Manifests<'_>, place: &Destination) -> Result<Option<Standing>, SourceError> {
    let Some(tip) = manifests.tip(&place.active) else { return Ok(None) };
    let Some(looked_at) = recorded(manifests, tip, place)? else { return Ok(None) };
    let Some(newest) = newest_change(manifests, tip, place)? else { return Ok(None) };
    let up_to_date_with = Some(looked_at.commit).filter(|commit| *commit != newest.source);
    Ok(Some(Standing { newest, up_to_date_with, hold: held(manifests, tip, place)? }))
}

/// Returns the newest change of an environment that a commit has.
fn newest_change(
    manifests: &Manifests<'_>,
    commit: Id,
    place: &Destination,
) -> Result<Option<Entry>, SourceError> {
    let mut changes = Walk::from(manifests, commit, place)?;
    changes.find(|entry| entry.as_ref().map_or(true, Entry::is_change)).transpose()
}
