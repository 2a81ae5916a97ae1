//! Commits the manifests of a definition to the repository that clusters are
//! reconciled from.
//!
//! The manifest repository is never checked out: what is there is read from the
//! objects of a clone, and a commit is made of what changes. `fab` touches the
//! files that it wrote itself, which it lists beside them, and nothing else. If
//! somebody else was faster, everything is looked at again as it is then.
//!
//! Invariant: nothing is pushed unless no guard of any environment objects, a
//! branch only ever moves forward, and a source commit never takes the place of
//! a newer one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::definition::place;
use crate::error::{Error, Failure};
use crate::git::{Checkout, Person, SourceCommit};
use crate::output::OutputTree;
use crate::project::Project;
use crate::signing::Signer;
use crate::source::Cache;

mod changes;
mod clone;
mod error;
mod history;
mod hold;
mod hydrator;
mod leftover;
mod manifests;
mod message;
mod owned;
mod plan;
mod push;
mod rollback;
mod settings;
mod source;
mod status;
mod verify;

pub use changes::{Changes, Counts};
pub use error::PublishError;
pub use history::{Entry, EntryKind, History, Target, history};
pub use hold::Hold;
pub use leftover::{Fate, Leftover};
pub use manifests::read_manifests;
pub use message::short;
pub use rollback::{Back, RolledBack, resume, rollback};
pub(crate) use settings::PUBLISH;
pub use settings::{PlaceSettings, PublishSettings, percent};
pub(crate) use source::changed;
pub use status::{Applied, Standing, Status, StatusOptions, Statuses, status};
pub(crate) use verify::published_source;
pub use verify::{Verified, verify};

use hydrator::Text;
use settings::Destination;

/// What `fab publish` may choose; everything else is in the definition.
pub struct PublishOptions {
    /// The folder of the definition, in a clone of its repository.
    pub directory: PathBuf,
    /// The manifest repository; none for that of `fab.yaml`.
    pub repository: Option<String>,
    /// Where in it; what is not said is as in `fab.yaml`.
    pub place: PlaceSettings,
    /// The guards that are overridden.
    pub overrides: BTreeSet<Override>,
    /// The share of an environment's resources that may be deleted, in percent; none for that of `fab.yaml`.
    pub max_deletions: Option<u8>,
    /// What is said of the change; none for the message of the source commit.
    pub message: Option<String>,
    /// Whether nothing is pushed.
    pub dry_run: bool,
    /// Where the clone is kept.
    pub cache: Cache,
    /// The environment variables, which say where credentials are.
    pub variables: Vec<(String, String)>,
    /// This moment.
    pub now: SystemTime,
    /// What is done between two attempts.
    pub pauses: Pauses,
}

/// How somebody waits who was not fast enough.
#[derive(Debug, Clone, Copy)]
pub struct Pauses {
    /// A random number, so that those who were refused together do not come back together.
    pub chance: u64,
    /// Waits so long.
    pub wait: fn(Duration),
}

/// A guard that does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Override {
    /// The definition may have changes that are not committed.
    Dirty,
    /// The lockfile need not have everything.
    Unlocked,
    /// The output may be another one in every run.
    Random,
    /// What is published may be of a newer source commit, or one that has nothing to do with this.
    Older,
    /// Files in the way are taken over.
    Adopt,
    /// Environments that the definition does not have any more are removed.
    Prune,
}

/// What happens while manifests are published.
#[derive(Debug)]
pub enum PublishEvent {
    /// Something is sent to the server.
    Pushing {
        /// The branch that it is about.
        branch: String,
        /// The commit; none if it is only a note on the one that is there.
        commit: Option<String>,
    },
    /// Somebody else was faster, or the server broke off, so that it is tried again after a while.
    Again {
        /// The branch.
        branch: String,
        /// How often it was tried.
        attempt: usize,
        /// How long until then.
        pause: Duration,
    },
    /// The published commit is not here, so which of two is newer is told by their dates.
    OrderByDate {
        /// The environment.
        environment: String,
        /// The published commit.
        published: String,
    },
}

/// What publishing comes to.
#[derive(Debug, Default)]
pub struct Published {
    /// The source commit.
    pub source: String,
    /// The environments.
    pub environments: Vec<PublishedEnvironment>,
    /// The environments that are published and not part of the definition any more.
    pub leftovers: Vec<Leftover>,
    /// Why branches are as they were that should not be.
    pub failures: Vec<Failure>,
    /// How often a branch had moved.
    pub retries: usize,
}

/// What became of an environment.
#[derive(Debug)]
pub struct PublishedEnvironment {
    /// The environment.
    pub environment: String,
    /// The branch.
    pub branch: String,
    /// The folder; empty for the top.
    pub path: String,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It was published, or with `dry_run` would be.
    Published {
        /// The commit in the manifest repository; none if nothing is pushed.
        commit: Option<String>,
        /// What changed.
        changes: Changes,
    },
    /// It is published already.
    Unchanged,
    /// A newer source commit is published.
    Superseded {
        /// That commit.
        by: String,
    },
    /// It was rolled back and is held.
    Held {
        /// Why.
        reason: String,
    },
}

/// All that publishing needs to know.
struct Run<'a> {
    options: &'a PublishOptions,
    settings: PublishSettings,
    checkout: Checkout,
    commit: SourceCommit,
    text: Text,
    /// The address of the definition's repository; empty if it has none.
    repository: String,
    /// The folder of the definition in it.
    definition: String,
    lock_digest: Option<String>,
    who: Person,
    when: i64,
    /// The environments that are known, with their places.
    known: Vec<(String, Destination)>,
    heard: &'a dyn Fn(PublishEvent),
}

/// An environment on its way.
struct Piece<'a> {
    output: &'a OutputTree,
    destination: Destination,
}

/// The environments of one branch.
struct Branch<'a> {
    name: String,
    active: String,
    pieces: Vec<Piece<'a>>,
}

impl Branch<'_> {
    /// Whether there is only one environment, whose notes are those of the branch.
    fn is_alone(&self) -> bool {
        self.pieces.iter().all(|piece| piece.destination.is_alone())
    }
}

/// Publishes manifests; `heard` is told what happens.
///
/// # Errors
///
/// All that guards object to, or what went wrong.
pub fn publish(
    options: &PublishOptions,
    outputs: &[OutputTree],
    heard: &dyn Fn(PublishEvent),
) -> Result<Published, Vec<Failure>> {
    let of_run = |error: Error| vec![Failure::of_run(error)];
    let shown = place::typed(&options.directory);
    let project = Project::read(&options.directory, &shown).map_err(of_run)?;
    let url = project.publish.repository(options.repository.as_deref());
    let url = url.map_err(|error| of_run(error.into()))?;
    let signer = Signer::of_variables(&options.variables).map_err(|err| of_run(err.into()))?;
    let mut run = Run::new(options, project.publish.clone(), heard).map_err(of_run)?;
    let configured = project.environments(&options.directory, &[]).into_iter().map(|one| one.to_string());
    let configured = configured.chain(outputs.iter().map(|output| output.environment.clone()));
    run.known = configured.map(|name| (name.clone(), run.destination(&name))).collect();
    let mut failures = run.objections_of_source(outputs)?;
    let branches = run.branches(outputs).map_err(of_run)?;
    let done = clone::with_clone((&url, &options.cache), &options.variables, |mut manifests| {
        manifests.sign_with(signer);
        let plans = run.plan_first(&mut manifests, branches);
        let plans = plans.map_err(|stopped| stopped.into_failures(&url, ""))?;
        failures.extend(plans.iter().flat_map(|(_, plan)| plan.failures.clone()));
        if !failures.is_empty() {
            return Err(failures);
        }
        let mut published = Published { source: run.commit.id.to_string(), ..Published::default() };
        // What one branch does not take keeps no other from its commit.
        for (branch, plan) in plans {
            if let Err(stopped) = run.push(&mut manifests, &branch, plan, &mut published) {
                published.failures.extend(stopped.into_failures(&url, &branch.name));
            }
        }
        Ok(published)
    });
    done.map_err(of_run)?
}

impl<'a> Run<'a> {
    fn new(
        options: &'a PublishOptions,
        settings: PublishSettings,
        heard: &'a dyn Fn(PublishEvent),
    ) -> Result<Self, Error> {
        let folder = || options.directory.display().to_string();
        let no_source = |message: String| PublishError::NoSource { folder: folder(), message };
        let checkout = Checkout::of(&options.directory).map_err(|err| no_source(err.message().to_owned()))?;
        let commit = checkout.source_commit("HEAD").map_err(|err| no_source(err.message().to_owned()))?;
        let message = options.message.as_deref().filter(|message| !message.trim().is_empty());
        let text = Text::of(message.unwrap_or(&commit.message));
        let repository = source::repository(&checkout);
        let lock = std::fs::read(options.directory.join(crate::source::lockfile::FILE)).ok();
        Ok(Run {
            who: settings
                .author()
                .cloned()
                .or_else(|| checkout.user())
                .unwrap_or_else(|| Person { name: "fab".to_owned(), email: "fab@localhost".to_owned() }),
            definition: checkout.folder_of(&options.directory).unwrap_or_default(),
            lock_digest: lock.map(|text| format!("sha256:{}", owned::sha256(&text))),
            when: seconds(options.now),
            options,
            settings,
            checkout,
            commit,
            text,
            repository,
            known: Vec::new(),
            heard,
        })
    }

    fn overrides(&self, guard: Override) -> bool {
        self.options.overrides.contains(&guard)
    }

    fn destination(&self, environment: &str) -> Destination {
        self.settings.destination(environment, &self.options.place)
    }

    /// Sorts the environments by branches.
    fn branches<'o>(&self, outputs: &'o [OutputTree]) -> Result<Vec<Branch<'o>>, Error> {
        let mut branches: BTreeMap<String, Branch<'o>> = BTreeMap::new();
        for output in outputs {
            let destination = self.destination(&output.environment);
            if !settings::is_branch(&destination.branch) {
                return Err(PublishError::BadPlace(destination.branch).into());
            }
            let (name, active) = (destination.branch.clone(), destination.active.clone());
            let branch = branches.entry(name.clone());
            let branch = branch.or_insert_with(|| Branch { name, active, pieces: Vec::new() });
            let path = &destination.path;
            let taken = branch.pieces.iter().find(|piece| {
                let other = &piece.destination.path;
                place::is_below(path, other) || place::is_below(other, path)
            });
            if let Some(taken) = taken {
                let place = if path.is_empty() { &branch.name } else { path };
                return Err(PublishError::SamePlace {
                    first: taken.output.environment.clone(),
                    second: output.environment.clone(),
                    place: place.clone(),
                }
                .into());
            }
            branch.pieces.push(Piece { output, destination });
        }
        Ok(branches.into_values().collect())
    }
}

/// Who publishes if nobody says it: pipelines have no name and address configured.
fn nobody() -> Person {
    Person { name: "fab".to_owned(), email: "fab@localhost".to_owned() }
}

/// Returns a moment in seconds since 1970.
fn seconds(moment: SystemTime) -> i64 {
    let seconds = moment.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
