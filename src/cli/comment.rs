//! The comment on a pull request: where it goes, and what became of it.

use std::path::Path;

use super::{Ui, world};
use crate::git::folder_in_repository;
use crate::host::{Comment, Host, HostError, Outcome, PullRequest, client, comment, pull_request};
use crate::init::definition_name;

/// Which pull request is commented on.
#[derive(clap::Args)]
pub(super) struct PullRequestArgs {
    /// The pull request to comment on, by its address or its number [default: the one of this CI run].
    #[arg(long, value_name = "URL|NUMBER")]
    pr: Option<String>,
}

impl PullRequestArgs {
    /// Returns the pull request.
    pub(super) fn find(&self) -> Result<PullRequest, HostError> {
        pull_request(self.pr.as_deref(), &world::variable)
    }
}

/// Returns what the comment on a definition is about, and the words that it begins with: a repository may have several
/// definitions below its top.
pub(super) fn topic(directory: &Path) -> (String, String) {
    let name = definition_name(directory);
    match folder_in_repository(directory).filter(|folder| !folder.is_empty()) {
        Some(folder) => (format!("{folder}/{name}"), format!("In `{folder}`:\n\n")),
        None => (name, String::new()),
    }
}

/// Posts a comment, or changes the one that is there, and says so.
pub(super) fn post(
    pull_request: &PullRequest,
    wanted: &Comment<'_>,
    ui: &mut Ui,
) -> Result<Outcome, HostError> {
    let token = pull_request.host.token(&world::variable)?;
    let outcome = comment(&client(&world::variable)?, pull_request, &token, wanted)?;
    let number = pull_request.number;
    let sign = if pull_request.host == Host::GitHub { "#" } else { "!" };
    match outcome {
        Outcome::Created => ui.status(format_args!("Commented on {sign}{number}")),
        Outcome::Updated => ui.status(format_args!("Changed the comment on {sign}{number}")),
        Outcome::Unchanged => ui.status(format_args!("The comment on {sign}{number} is up to date")),
        Outcome::Absent => ui.status(format_args!("No comment on {sign}{number}, as nothing changes")),
    }
    Ok(outcome)
}
