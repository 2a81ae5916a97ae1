//! What is published of each environment, by its manifest repository.
//!
//! What counts is the branch that clusters are reconciled from: a proposal is told as
//! such. Nothing is rendered, and the definition is asked for no more than its
//! environments and where they are published.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::clone::{unusable, with_clone};
use super::history::{Entry, Walk, held};
use super::hold::Hold;
use super::hydrator::{self, Recorded};
use super::plan::recorded;
use super::settings::{Destination, PlaceSettings};
use crate::config::Environment;
use crate::definition::place;
use crate::error::Error;
use crate::git::Manifests;
use crate::project::Project;
use crate::source::{Cache, SourceError};

/// What `fab status` may choose.
#[derive(Debug)]
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

/// Returns what is published of environments.
///
/// # Errors
///
/// The manifest repository cannot be reached.
pub fn status(options: &StatusOptions) -> Result<Vec<Status>, Error> {
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
    let found = with_clone((&url, cache), variables, |mut manifests| {
        manifests.fetch(&branches)?;
        let statuses = places.into_iter().map(|(environment, place)| read(&manifests, environment, place));
        statuses.collect::<Result<Vec<_>, SourceError>>()
    });
    found?.map_err(|error| unusable(&url, error))
}

fn read(manifests: &Manifests<'_>, environment: String, place: Destination) -> Result<Status, SourceError> {
    let standing = standing(manifests, &place)?;
    let proposed = match manifests.tip(&place.branch).filter(|_| place.branch != place.active) {
        Some(tip) => manifests.read(tip, &place.file(hydrator::FILE))?,
        None => None,
    };
    let proposed = proposed.and_then(|text| Recorded::parse(&text)).map(|recorded| recorded.commit);
    let published = standing.as_ref().map(|standing| &standing.newest.source);
    let proposed = proposed.filter(|proposed| Some(proposed) != published);
    Ok(Status { environment, branch: place.active, path: place.path, standing, proposed })
}

fn standing(manifests: &Manifests<'_>, place: &Destination) -> Result<Option<Standing>, SourceError> {
    let Some(tip) = manifests.tip(&place.active) else { return Ok(None) };
    let Some(looked_at) = recorded(manifests, tip, place)? else { return Ok(None) };
    let changes = Walk::from(manifests, tip, place)?;
    let newest = changes.filter(|entry| entry.as_ref().map_or(true, Entry::is_change)).next().transpose()?;
    let Some(newest) = newest else { return Ok(None) };
    let up_to_date_with = Some(looked_at.commit).filter(|commit| *commit != newest.source);
    Ok(Some(Standing { newest, up_to_date_with, hold: held(manifests, tip, place)? }))
}
