//! Changes as a commit on a branch of their own, for a pull request.
//!
//! What is checked out stays as it is: neither its branch nor a file changes. A branch
//! that has the change already is left alone, and one that does not have it (any more)
//! gets it on top, so that the same change may be asked for any number of times. A
//! branch whose commits are all part of what is checked out was merged, and begins
//! anew there.
//!
//! Invariant: no branch is forced, here or on the server.

use std::path::Path;

use super::commit::{Committed, Push, Work, commit, failed, signer};
use super::{CommitOptions, Edited};
use crate::error::Error;

/// What became of a commit on a branch of its own.
#[derive(Debug)]
pub struct Aside {
    /// The commit that the branch has.
    pub commit: String,
    /// Whether it was made now; else the branch had the change already.
    pub is_new: bool,
    /// The branch that it was pushed to, with the remote.
    pub pushed: Option<String>,
    /// The setting of git's that wants a program to sign it, which was not run.
    pub unsigned: Option<String>,
}

/// Makes changes in a folder and commits them on a branch; nothing if they change nothing. With [`Push::No`] only the
/// branch here gets the commit, else the one of this name on the server too.
///
/// # Errors
///
/// The changes cannot be made, or not be committed or pushed.
pub fn commit_aside(
    directory: &Path,
    (branch, options): (&str, &CommitOptions),
    edit: &dyn Fn(&Path) -> Result<Vec<Edited>, Error>,
) -> Result<Option<Aside>, Error> {
    let work = Work::of(directory, options, edit)?;
    if work.checkout.is_on(branch) {
        let Committed { commit, pushed, unsigned, .. } = commit(directory, options, edit)?;
        return Ok(commit.map(|commit| Aside { commit, is_new: true, pushed, unsigned }));
    }
    let texts = work.texts(&edit(directory)?)?;
    if texts.is_empty() {
        return Ok(None);
    }
    let head = work.checkout.head().map_err(failed)?;
    let head = head.ok_or_else(|| failed("there is no commit that it could follow"))?;
    let (signer, unsigned) = signer(&work.checkout, &options.variables)?;
    let work = Work { signer, ..work };
    let tip = work.checkout.tip(branch).map_err(failed)?;
    let has = |commit: &str, other: &str| work.checkout.contains(commit, other).map_err(failed);
    let (mut commit, mut is_new) = match &tip {
        Some(tip) if !has(&head, tip)? => work.again(tip)?.map_or((tip.clone(), false), |made| (made, true)),
        Some(_) | None => (work.commit(Some(&head), &texts)?, true),
    };
    let mut pushed = None;
    if options.push != Push::No {
        let upstream = work.checkout.upstream(Some(branch)).map_err(failed)?;
        let (at_server, is_ours) = work.push(&|_| Ok(true), commit.clone(), &upstream)?;
        is_new = is_ours && (is_new || at_server != commit);
        commit = at_server;
        pushed = Some(format!("{}/{}", upstream.remote, upstream.branch));
    }
    // One that somebody has gone on with here stays, too.
    if tip.map_or(Ok(true), |tip| has(&commit, &tip))? {
        work.checkout.set_branch(branch, &commit).map_err(failed)?;
    }
    Ok(Some(Aside { commit, is_new, pushed, unsigned }))
}
