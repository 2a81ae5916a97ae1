//! Brings what was planned to the server, again and again until it is there.
//!
//! A commit and a note are two pushes. Whoever pushes one looks at the other
//! afterwards: of two publishers that do not see each other beforehand, one does
//! then, and the newer source commit wins.

use std::time::Duration;

use super::error::PublishError;
use super::hydrator::Note;
use super::leftover::{Fate, Leftover};
use super::message::{authors, body, message, subject};
use super::owned::sha256;
use super::plan::{Plan, recorded};
use super::settings::Destination;
use super::{Branch, Pauses, PublishEvent, Published, PublishedEnvironment, Run, Verdict, clone};
use crate::error::Failure;
use crate::git::{Id, Manifests, NewCommit, Order, Pushed};
use crate::source::{SourceError, SourceUrl};

/// How often something is pushed before it is given up.
const ATTEMPTS: usize = 60;
/// How often a server that breaks off is asked again in a row.
const BREAKS: usize = 5;
/// The first pause; each next one is twice as long, up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(2);

/// Why something is not on the server.
pub(super) enum Stopped {
    /// Guards object to what is there after somebody else was faster.
    Objections(Vec<Failure>),
    /// The server does not take it.
    Rejected(String),
    /// The server does not take the note on it.
    NoteRejected(String),
    /// Others were always faster.
    Lost,
    /// The server cannot be reached, or something on this machine fails.
    Failed(SourceError),
}

impl From<SourceError> for Stopped {
    fn from(error: SourceError) -> Self {
        Stopped::Failed(error)
    }
}

impl Stopped {
    /// Returns it as what a run fails with.
    pub(super) fn into_failures(self, url: &SourceUrl, branch: &str) -> Vec<Failure> {
        let branch = branch.to_owned();
        let error = match self {
            Stopped::Objections(failures) => return failures,
            Stopped::Rejected(reason) => PublishError::Rejected { branch, reason }.into(),
            Stopped::NoteRejected(reason) => PublishError::NoteRejected { branch, reason }.into(),
            Stopped::Lost => PublishError::Lost { branch, attempts: ATTEMPTS }.into(),
            Stopped::Failed(error) => clone::unusable(url, error),
        };
        vec![Failure::of_run(error)]
    }
}

/// How often something was tried.
pub(super) struct Patience {
    attempts: usize,
    /// How often the server broke off since it answered last.
    breaks: usize,
    pauses: Pauses,
}

impl Patience {
    pub(super) fn new(pauses: Pauses) -> Self {
        // Zero would stay zero.
        Patience { attempts: 0, breaks: 0, pauses: Pauses { chance: pauses.chance | 1, ..pauses } }
    }

    /// Returns how long to wait before the next attempt; none if there is to be none.
    fn pause(&mut self) -> Option<Duration> {
        self.attempts += 1;
        if self.attempts >= ATTEMPTS {
            return None;
        }
        let doubled = FIRST_PAUSE * (1 << (self.attempts - 1).min(10));
        let longest = u64::try_from(doubled.min(LAST_PAUSE).as_millis()).unwrap_or(u64::MAX);
        // Xorshift: whoever was refused at the same moment comes back at another one.
        let chance = &mut self.pauses.chance;
        *chance ^= *chance << 13;
        *chance ^= *chance >> 7;
        *chance ^= *chance << 17;
        Some(Duration::from_millis(longest / 4 + *chance % longest))
    }

    /// Waits after a lost race.
    pub(super) fn lost(&mut self, told: &mut dyn FnMut(usize, Duration)) -> Result<(), Stopped> {
        self.breaks = 0;
        self.wait(told)
    }

    /// Waits after the server broke off, if that may pass.
    pub(super) fn broke(
        &mut self,
        error: SourceError,
        told: &mut dyn FnMut(usize, Duration),
    ) -> Result<(), Stopped> {
        self.breaks += 1;
        if !error.is_transient() || self.breaks >= BREAKS {
            return Err(Stopped::Failed(error));
        }
        self.wait(told)
    }

    fn wait(&mut self, told: &mut dyn FnMut(usize, Duration)) -> Result<(), Stopped> {
        let pause = self.pause().ok_or(Stopped::Lost)?;
        told(self.attempts, pause);
        (self.pauses.wait)(pause);
        Ok(())
    }
}

/// What one push came to.
enum Step {
    /// Everything is as it should be.
    Done,
    /// Something was pushed, so it is looked at again.
    Pushed,
    /// Somebody else was faster.
    Moved,
    /// The server does not want it.
    Rejected(String),
    /// The server does not want the note, and has everything else.
    NoteRejected(String),
}

impl Step {
    /// Returns what pushing a note came to.
    fn of_note(pushed: Pushed) -> Self {
        match pushed {
            Pushed::Refused(reason) => Step::NoteRejected(reason),
            Pushed::Done | Pushed::Moved => pushed.into(),
        }
    }
}

impl From<Pushed> for Step {
    fn from(pushed: Pushed) -> Self {
        match pushed {
            Pushed::Done => Step::Pushed,
            Pushed::Moved => Step::Moved,
            Pushed::Refused(reason) => Step::Rejected(reason),
        }
    }
}

/// A commit that was sent to the server, be it known or not whether it arrived.
struct Sent {
    commit: Id,
    base: Option<Id>,
    verdicts: Vec<Verdict>,
    /// What each environment was up to date with.
    recorded: Vec<Option<String>>,
    leftovers: Vec<Leftover>,
}

impl Run<'_> {
    /// Plans what changes on each branch, again if the server breaks off. Branches come last whose environments are
    /// not part of the definition any more.
    pub(super) fn plan_first<'o>(
        &self,
        manifests: &mut Manifests<'_>,
        branches: Vec<Branch<'o>>,
    ) -> Result<Vec<(Branch<'o>, Plan)>, Stopped> {
        let mut patience = Patience::new(self.options.pauses);
        let branch = branches.first().map(|branch| branch.name.clone()).unwrap_or_default();
        loop {
            let planned = self.plan_all(manifests, &branches);
            match planned.and_then(|plans| Ok((plans, self.abandoned(manifests, &branches)?))) {
                Ok((plans, abandoned)) => {
                    return Ok(branches.into_iter().zip(plans).chain(abandoned).collect());
                }
                Err(error) => patience.broke(error, &mut |attempt, pause| {
                    (self.heard)(PublishEvent::Again { branch: branch.clone(), attempt, pause });
                })?,
            }
        }
    }

    /// Pushes what was planned for a branch, or what has to be planned anew as the branch moves.
    pub(super) fn push(
        &self,
        manifests: &mut Manifests<'_>,
        branch: &Branch<'_>,
        mut plan: Plan,
        published: &mut Published,
    ) -> Result<(), Stopped> {
        let mut patience = Patience::new(self.options.pauses);
        let mut sent: Option<Sent> = None;
        let mut without_note = None;
        let mut told = |attempt, pause| {
            published.retries += 1;
            (self.heard)(PublishEvent::Again { branch: branch.name.clone(), attempt, pause });
        };
        loop {
            if !plan.failures.is_empty() {
                return Err(Stopped::Objections(plan.failures));
            }
            if self.options.dry_run {
                break;
            }
            match self.step(manifests, branch, &plan, &mut sent) {
                Ok(Step::Done) => break,
                Ok(Step::Pushed) => {}
                Ok(Step::Moved) => patience.lost(&mut told)?,
                Ok(Step::Rejected(reason)) => return Err(Stopped::Rejected(reason)),
                Ok(Step::NoteRejected(reason)) => {
                    without_note = Some(reason);
                    break;
                }
                Err(error) => patience.broke(error, &mut told)?,
            }
            plan = loop {
                match self.plan_all(manifests, std::slice::from_ref(branch)) {
                    Ok(mut plans) => break plans.remove(0),
                    Err(error) => patience.broke(error, &mut told)?,
                }
            };
        }
        let arrived = sent.filter(|sent| plan.tip.is_some_and(|tip| manifests.contains(tip, sent.commit)));
        let (verdicts, leftovers) = match arrived {
            Some(sent) => (sent.verdicts, sent.leftovers),
            None => (plan.states.into_iter().map(|state| state.verdict).collect(), plan.leftovers),
        };
        published.leftovers.extend(leftovers);
        published.environments.extend(branch.pieces.iter().zip(verdicts).map(|(piece, verdict)| {
            PublishedEnvironment {
                environment: piece.output.environment.clone(),
                branch: branch.name.clone(),
                path: piece.destination.path.clone(),
                verdict,
            }
        }));
        without_note.map_or(Ok(()), |reason| Err(Stopped::NoteRejected(reason)))
    }

    /// Makes the next push, if one is needed.
    fn step(
        &self,
        manifests: &mut Manifests<'_>,
        branch: &Branch<'_>,
        plan: &Plan,
        sent: &mut Option<Sent>,
    ) -> Result<Step, SourceError> {
        if branch.name != branch.active && manifests.tip(&branch.active).is_none() {
            return self.begin(manifests, &branch.active);
        }
        if let Some(sent) = sent
            && let Some(tip) = plan.tip.filter(|tip| manifests.contains(*tip, sent.commit))
            && let Some(step) = self.give_way(manifests, branch, tip, sent)?
        {
            return Ok(step);
        }
        if plan.is_commit() {
            let commit = self.commit(manifests, plan, branch)?;
            let verdict = |state: &super::plan::State| match &state.verdict {
                Verdict::Published { changes, .. } => {
                    Verdict::Published { commit: Some(commit.to_string()), changes: changes.clone() }
                }
                other => other.clone(),
            };
            *sent = Some(Sent {
                commit,
                base: plan.base,
                verdicts: plan.states.iter().map(verdict).collect(),
                recorded: plan.states.iter().map(|state| state.recorded.clone()).collect(),
                leftovers: plan.leftovers.clone(),
            });
            self.pushing(branch, Some(commit));
            return manifests.push(commit, &branch.name).map(Step::from);
        }
        let stale = branch.pieces.iter().zip(&plan.states).filter(|(_, state)| state.is_current());
        let stale: Vec<(&Destination, String)> = stale
            .filter(|(piece, state)| self.needs_note(manifests, plan.tip, &piece.destination, state))
            .map(|(piece, _)| (&piece.destination, self.commit.id.to_string()))
            .collect();
        match plan.tip {
            Some(tip) if !stale.is_empty() => {
                self.pushing(branch, None);
                self.note(manifests, tip, &stale).map(Step::of_note)
            }
            _ => Ok(Step::Done),
        }
    }

    fn pushing(&self, branch: &Branch<'_>, commit: Option<Id>) {
        let commit = commit.map(|commit| commit.to_string());
        (self.heard)(PublishEvent::Pushing { branch: branch.name.clone(), commit });
    }

    /// Makes the first commit of a branch that proposals are made for, so that both have a commit in common.
    fn begin(&self, manifests: &Manifests<'_>, active: &str) -> Result<Step, SourceError> {
        let commit = manifests.commit(&NewCommit {
            parent: None,
            files: std::collections::BTreeMap::new(),
            message: format!("Initial commit for {active}\n"),
            who: &self.who,
            when: self.when,
        })?;
        manifests.push(commit, active).map(Step::from)
    }

    /// Whether a note has to say that an environment is up to date with this source commit.
    fn needs_note(
        &self,
        manifests: &Manifests<'_>,
        tip: Option<Id>,
        destination: &Destination,
        state: &super::plan::State,
    ) -> bool {
        let ours = self.commit.id.to_string();
        if !destination.is_alone() {
            return state.recorded.as_ref() != Some(&ours);
        }
        // Whoever promotes a branch waits for a note on its tip.
        let note = tip.and_then(|tip| manifests.note(tip)).map(|text| Note::parse(&text));
        note.and_then(|note| note.dry_sha) != Some(ours)
    }

    fn note(
        &self,
        manifests: &Manifests<'_>,
        tip: Id,
        current: &[(&Destination, String)],
    ) -> Result<Pushed, SourceError> {
        let mut note = manifests.note(tip).map(|text| Note::parse(&text)).unwrap_or_default();
        for (destination, commit) in current {
            if destination.is_alone() {
                note.dry_sha = Some(commit.clone());
            } else {
                note.paths.insert(destination.path.clone(), commit.clone());
            }
        }
        manifests.annotate(tip, &note.to_text(), (&self.who, self.when))
    }

    /// Takes back what took the place of a newer source commit: one that changed nothing, and whose note came between
    /// the look at the notes and the push.
    fn give_way(
        &self,
        manifests: &mut Manifests<'_>,
        branch: &Branch<'_>,
        tip: Id,
        sent: &mut Sent,
    ) -> Result<Option<Step>, SourceError> {
        let Some(base) = sent.base else { return Ok(None) };
        for (at, piece) in branch.pieces.iter().enumerate() {
            let destination = &piece.destination;
            if !matches!(sent.verdicts[at], Verdict::Published { .. }) {
                continue;
            }
            let Some(newer) = recorded(manifests, base, destination)? else { continue };
            let is_new = sent.recorded[at].as_ref() != Some(&newer.commit);
            if !is_new || self.order(&piece.output.environment, &newer) != Order::Before {
                continue;
            }
            let files = manifests.reverting(tip, base, &destination.path)?;
            let commit = manifests.commit(&NewCommit {
                parent: Some(tip),
                files,
                message: message(
                    &format!("Restore {}: a newer source commit is published", piece.output.environment),
                    "",
                    &[("Fab-Source-Commit", newer.commit.clone())],
                ),
                who: &self.who,
                when: self.when,
            })?;
            self.pushing(branch, Some(commit));
            let pushed = manifests.push(commit, &branch.name)?;
            if pushed != Pushed::Done {
                return Ok(Some(pushed.into()));
            }
            sent.verdicts[at] = Verdict::Superseded { by: newer.commit.clone() };
            // Without this note, the next one would do the same.
            manifests.fetch(std::slice::from_ref(&branch.name))?;
            return self
                .note(manifests, commit, &[(destination, newer.commit)])
                .map(|pushed| Some(Step::of_note(pushed)));
        }
        Ok(None)
    }

    fn commit(&self, manifests: &Manifests<'_>, plan: &Plan, branch: &Branch<'_>) -> Result<Id, SourceError> {
        let sha = self.commit.id.to_string();
        let (mut names, mut changed, mut lines) = (Vec::new(), Vec::new(), String::new());
        for (piece, state) in branch.pieces.iter().zip(&plan.states) {
            if let Verdict::Published { changes, .. } = &state.verdict {
                names.push(piece.output.environment.clone());
                changed.push((piece.output.environment.clone(), changes.components.clone()));
                lines += &state.lines;
            }
        }
        let removed = plan.leftovers.iter().filter(|left| left.fate == Fate::Removed);
        changed.extend(removed.map(|left| (left.place.clone(), vec!["removed".to_owned()])));
        let digest =
            if names.is_empty() { String::new() } else { format!("sha256:{}", sha256(lines.as_bytes())) };
        let mut trailers = authors(&self.commit, &self.text);
        trailers.extend([
            ("Fab-Source-Repo", self.repository.clone()),
            ("Fab-Definition", self.definition.clone()),
            ("Fab-Source-Commit", sha.clone()),
            ("Fab-Environments", names.join(", ")),
            ("Fab-Lock-Digest", self.lock_digest.clone().unwrap_or_default()),
            ("Fab-Output-Digest", digest),
            ("Fab-Version", env!("CARGO_PKG_VERSION").to_owned()),
        ]);
        manifests.commit(&NewCommit {
            parent: plan.base,
            files: plan.files(),
            message: message(&subject(&sha, &self.text.subject), &body(&self.text, &changed), &trailers),
            who: &self.who,
            when: self.when,
        })
    }
}
