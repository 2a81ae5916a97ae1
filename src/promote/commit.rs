//! A promotion as a commit, on a branch that is named after what is promoted.
//!
//! The same values for the same files have the same branch, whatever else was merged
//! meanwhile: a pipeline may run again and again, and there is one pull request.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::{PromoteOptions, Promotion};
use crate::edit::{Aside, CommitOptions, commit_aside, set_placed};
use crate::error::Error;
use crate::git::Checkout;
use crate::publish::changed;
use crate::source::http::hex;

/// The trailer that tells where values are from.
const TRAILER: &str = "Fab-Promoted-From";

impl Promotion {
    /// Returns the name of the branch that is for these values.
    pub fn branch(&self, options: &PromoteOptions) -> String {
        let (from, to) = (&options.from.environment, options.to.to_string());
        let mut digest = Sha256::new();
        let mut add = |text: &str| {
            digest.update(text.len().to_le_bytes());
            digest.update(text);
        };
        [from, &to].into_iter().for_each(|name| add(name));
        self.placed.iter().for_each(|placed| add(&format!("{placed:?}")));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+');
        let plain = |name: &str| name.replace(|c: char| !is_plain(c), "-");
        format!("fab/promote-{}-{}-{}", plain(from), plain(&to), &hex(&digest.finalize())[..7])
    }

    /// Commits the files on a branch, and pushes it if that is asked for; nothing if they are as they should be.
    ///
    /// # Errors
    ///
    /// There is something that is not committed, which values may be from, or git or the server cannot do it.
    pub fn commit(
        &self,
        options: &PromoteOptions,
        (branch, mut commit): (&str, CommitOptions),
    ) -> Result<Option<Aside>, Error> {
        let directory = &options.from.directory;
        let source = match &self.source {
            Some(published) => published.clone(),
            None => checked_out(directory, options)?,
        };
        commit.trailers.push((TRAILER.to_owned(), format!("{} {source}", options.from.environment)));
        let edit = |directory: &Path| set_placed(directory, &self.placed).map(|(files, _)| files);
        commit_aside(directory, (branch, &commit), &edit)
    }
}

/// Returns the commit that is checked out, which has to have all of the definition.
fn checked_out(directory: &Path, options: &PromoteOptions) -> Result<String, Error> {
    let no_checkout = |message: &str| Error::NoCheckout {
        folder: directory.display().to_string(),
        message: message.to_owned(),
    };
    let checkout = Checkout::of(directory).map_err(|err| no_checkout(err.message()))?;
    if let Some(file) = changed(&checkout, directory, &options.from.cache)?.into_iter().next() {
        return Err(Error::Uncommitted { file });
    }
    let head = checkout.head().map_err(|err| no_checkout(err.message()))?;
    head.ok_or_else(|| no_checkout("it has no commit"))
}
