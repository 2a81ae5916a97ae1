//! Why something is not published, and what to do about it.
//!
//! What a guard finds is a finding: the run did what it should, and exits with 1.
//! All of them are told, of all environments, before anything is pushed.

use crate::error::Place;
use crate::source::SourceError;

/// How many names a message lists.
const SHOWN: usize = 5;

/// Why something is not published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// Nobody says where manifests go.
    #[error("there is no manifest repository")]
    NoRepository,
    /// The definition is not in git.
    #[error("the definition in `{folder}` has no commit: {message}")]
    NoSource {
        /// The folder.
        folder: String,
        /// What git says.
        message: String,
    },
    /// A branch or folder on the command line cannot be one.
    #[error("`{0}` is no branch or folder of a repository")]
    BadPlace(String),
    /// Two environments would be in one place.
    #[error("`{first}` and `{second}` are both published to `{place}`")]
    SamePlace {
        /// An environment.
        first: String,
        /// Another one.
        second: String,
        /// Branch and folder.
        place: String,
    },
    /// The manifest repository cannot be used.
    #[error("cannot use the manifest repository `{repository}`: {error}")]
    Repository {
        /// Its address, without credentials.
        repository: String,
        /// Why.
        error: Box<SourceError>,
    },
    /// The server does not take a commit.
    #[error("the server refuses the commit on `{branch}`: {reason}")]
    Rejected {
        /// The branch.
        branch: String,
        /// What it says.
        reason: String,
    },
    /// The server takes commits, and no notes on them.
    #[error("the server refuses the note on the commit of `{branch}`: {reason}")]
    NoteRejected {
        /// The branch.
        branch: String,
        /// What it says.
        reason: String,
    },
    /// Git cannot have two branches of such names.
    #[error("`{branch}` cannot be a branch where `{other}` is one")]
    BranchInTheWay {
        /// The branch.
        branch: String,
        /// The one that is there.
        other: String,
    },
    /// Others were always faster.
    #[error("`{branch}` has moved {attempts} times while the commit was pushed")]
    Lost {
        /// The branch.
        branch: String,
        /// How often it was tried.
        attempts: usize,
    },
    /// There are no manifests of an environment.
    #[error("there are no manifests in `{folder}`")]
    NoManifests {
        /// The folder.
        folder: String,
    },
    /// An environment is not in the manifest repository.
    #[error("`{environment}` is not published: branch `{branch}` has no `{file}`")]
    NotPublished {
        /// The environment.
        environment: String,
        /// The branch.
        branch: String,
        /// What tells that it is.
        file: String,
    },
    /// The history of an environment does not have what is asked for.
    #[error("`{environment}` has no {what}")]
    NotInHistory {
        /// The environment.
        environment: String,
        /// What is not there, in words.
        what: String,
    },
    /// A commit of the definition is nowhere to be had.
    #[error("commit {commit} of the definition is not here: {message}")]
    NoSuchSource {
        /// The commit.
        commit: String,
        /// What is known.
        message: String,
    },
    /// The definition has changes that are not committed.
    #[error("the definition is not as it was committed: {}", list(.files))]
    Dirty {
        /// The files.
        files: Vec<String>,
    },
    /// The lockfile does not have what the definition names.
    #[error("fab.lock is out of date: it has no entry for {}", list(.sources))]
    Unlocked {
        /// The sources.
        sources: Vec<String>,
    },
    /// The output is another one in every run.
    #[error("`{function}` makes {file} differ in every run")]
    Random {
        /// The function.
        function: &'static str,
        /// The manifest.
        file: String,
        /// Where the function is called.
        place: Box<Place>,
    },
    /// There is nothing in an environment.
    #[error("there is no resource in it, so everything in the cluster would be deleted")]
    Empty,
    /// Too much would be deleted.
    #[error("{gone} of {all} resources would be deleted, more than {limit} %: {}", list(.names))]
    Deletions {
        /// How many.
        gone: usize,
        /// How many there are.
        all: usize,
        /// The limit, in percent.
        limit: u8,
        /// Which ones.
        names: Vec<String>,
    },
    /// Files are in the way that `fab` did not write.
    #[error("`{folder}` has files that fab did not write: {}", list(.files))]
    NotOurs {
        /// The folder, or the branch.
        folder: String,
        /// The files.
        files: Vec<String>,
    },
    /// A folder belongs to another definition.
    #[error("`{folder}` is published from {other}")]
    OtherDefinition {
        /// The folder, or the branch.
        folder: String,
        /// The other definition.
        other: String,
    },
    /// An environment was rolled back, so it gets nothing.
    #[error("`{environment}` is held since {since} by {by}{}{reason}", if .reason.is_empty() { "" } else { ": " })]
    Held {
        /// The environment.
        environment: String,
        /// Why.
        reason: String,
        /// Who did it.
        by: String,
        /// When.
        since: String,
    },
    /// There is no file to promote to.
    #[error("`{to}` has no config file that `{from}` does not have too")]
    NoOwnConfig {
        /// The environment that values come from.
        from: String,
        /// The one that would get them.
        to: String,
    },
    /// Nothing fits a pattern.
    #[error("`{key}` fits no value in {environment}")]
    NoKey {
        /// The pattern.
        key: String,
        /// The environment.
        environment: String,
    },
    /// A value would not be in force.
    #[error("`{key}` cannot be promoted: {}", set_by(.place.as_deref()))]
    NotPromoted {
        /// The keys that lead to it.
        key: String,
        /// What sets it nevertheless.
        place: Option<Box<Place>>,
    },
    /// What is published is from a commit that has nothing to do with this one.
    #[error("commit {published} is published, and {commit} does not build on it")]
    Apart {
        /// The published commit.
        published: String,
        /// This one.
        commit: String,
    },
}

impl PublishError {
    /// Returns what to do, if that can be said.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            PublishError::NoRepository => {
                "name it with --repository, or under `publish.repository` in fab.yaml".into()
            }
            PublishError::NoSource { .. } => {
                "publish from a clone of its repository: manifests tell the commit that they are from".into()
            }
            PublishError::SamePlace { .. } => {
                "give each a folder or a branch of its own under `publish.environments` in fab.yaml".into()
            }
            PublishError::Repository { error, .. } => return error.hint(),
            PublishError::Rejected { .. } => {
                "the branch is as it was; see the rules of the server for it".into()
            }
            PublishError::NoteRejected { .. } => format!(
                "the manifests are there; let the publisher write `{}`, which tells other runs what was looked at",
                crate::git::NOTES
            ),
            PublishError::BranchInTheWay { .. } => {
                "name another branch, or remove that one: git keeps branches as files, whose folders cannot be branches"
                    .into()
            }
            PublishError::Lost { .. } => "the branch is as it was; run it again".into(),
            PublishError::NoManifests { .. } => "run `fab generate` first, or leave --manifests out".into(),
            PublishError::NotPublished { .. } => "run `fab publish` first".into(),
            PublishError::NotInHistory { environment, .. } => {
                format!("`fab history {environment}` lists what there is")
            }
            PublishError::NoSuchSource { .. } => "fetch all of its history, and try again".into(),
            PublishError::Dirty { .. } => {
                "commit or stash the changes, or allow them with --allow-dirty".into()
            }
            PublishError::Unlocked { .. } => "run `fab install` and commit fab.lock".into(),
            PublishError::Random { place, .. } => format!(
                "at {place}; set a value in its place, or FAB_SEED and --seed-date, or allow it with --allow-random"
            ),
            PublishError::Empty => {
                "take it out of the definition's environments, and run `fab publish --prune-environments`"
                    .into()
            }
            PublishError::Deletions { gone, all, .. } => format!(
                "if that is meant, allow it with --allow-deletions={}",
                (gone * 100).div_ceil((*all).max(1))
            ),
            PublishError::NotOurs { .. } => {
                "--adopt takes the folder over: these files go or are replaced".into()
            }
            PublishError::OtherDefinition { .. } => {
                "give the environment another folder, or take this one over with --adopt".into()
            }
            PublishError::Apart { .. } => {
                "the history was rewritten, or this is another branch; --force-older publishes nevertheless"
                    .into()
            }
            PublishError::Held { environment, .. } => {
                format!("first publish it again: `fab resume {environment}`")
            }
            PublishError::NoOwnConfig { .. } => "values are promoted between layers of their own".into(),
            PublishError::NoKey { .. } => {
                "`replicas` is a key of a component's config, `**.replicas` one anywhere in it".into()
            }
            PublishError::NotPromoted { .. } => "take it out with `--key '!KEY'`, or set it there".into(),
            PublishError::BadPlace(_) => return None,
        })
    }

    /// Returns whether this is a finding, rather than a failure to do what was asked for.
    pub(crate) fn is_finding(&self) -> bool {
        match self {
            PublishError::Dirty { .. }
            | PublishError::Unlocked { .. }
            | PublishError::Random { .. }
            | PublishError::Empty
            | PublishError::Deletions { .. }
            | PublishError::NotOurs { .. }
            | PublishError::OtherDefinition { .. }
            | PublishError::Apart { .. } => true,
            PublishError::NoRepository
            | PublishError::NoSource { .. }
            | PublishError::BadPlace(_)
            | PublishError::SamePlace { .. }
            | PublishError::Repository { .. }
            | PublishError::Rejected { .. }
            | PublishError::NoteRejected { .. }
            | PublishError::BranchInTheWay { .. }
            | PublishError::Lost { .. }
            | PublishError::NoManifests { .. }
            | PublishError::Held { .. }
            | PublishError::NoOwnConfig { .. }
            | PublishError::NoKey { .. }
            | PublishError::NotPromoted { .. }
            | PublishError::NotPublished { .. }
            | PublishError::NotInHistory { .. }
            | PublishError::NoSuchSource { .. } => false,
        }
    }
}

fn set_by(place: Option<&Place>) -> String {
    place.map_or_else(|| "nothing sets it then".to_owned(), |place| format!("{place} would set it"))
}

/// Lists names, or the first of many.
fn list(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
