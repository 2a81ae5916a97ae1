//! What functions may know of the world: a moment, a time zone, a seed.
//!
//! Each call draws from a generator of its own, which grows from the seed, the
//! place that the caller names (a release, a file), and the number of the call in
//! that place.
//!
//! Invariant: with the same moment, zone and seed, the same calls in the same
//! place give the same results, whatever happens in other places.

use std::cell::RefCell;
use std::fmt;
use std::time::SystemTime;

use gotmpl::{CallError, Exec, Position, Str};
use hmac::{Hmac, KeyInit, Mac};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// What all randomness grows from: as secret as every password made of it.
///
/// ```
/// let seed = sprig::Seed::from_text("correct horse");
/// assert_eq!(seed, sprig::Seed::from_text("correct horse"));
/// assert_ne!(seed, seed.of_place(&["release"]));
/// assert_eq!(format!("{seed:?}"), "Seed(…)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// Returns the seed that a text stands for. It is as hard to guess as the text.
    pub fn from_text(text: &str) -> Self {
        Seed(Sha256::digest(text.as_bytes()).into())
    }

    /// Returns the seed of a place, which tells nothing of this one or of other places.
    #[must_use]
    pub fn of_place(&self, place: &[&str]) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key may have any length");
        for part in place {
            // With its length before it, no part can look like two.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        Seed(mac.finalize().into_bytes().into())
    }
}

impl From<[u8; 32]> for Seed {
    fn from(bytes: [u8; 32]) -> Self {
        Seed(bytes)
    }
}

/// Seeds are secret: they are not printed.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// The clock, the local time zone and the randomness of one run, given to it as
/// an extension.
///
/// ```
/// # use std::time::{Duration, SystemTime};
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
/// let env = sprig::Env::new(now, [7; 32]);
/// assert!(env.take_uses().is_empty());
/// ```
pub struct Env {
    now: Timestamp,
    zone: TimeZone,
    seed: Seed,
    calls: RefCell<Calls>,
    /// What is the same in every run; its uses are not recorded.
    fixed: Vec<Source>,
    uses: RefCell<Vec<Use>>,
    /// The uses that get other answers than they would.
    others: Vec<Use>,
}

/// Why results may differ from run to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The moment of the run.
    Clock,
    /// The randomness of the run.
    Randomness,
}

/// A place in a template where a function asked for the moment or for randomness.
#[derive(Debug, Clone)]
pub struct Use {
    /// The function.
    pub function: &'static str,
    /// The place.
    pub position: Option<Position>,
    /// What it asked for.
    pub sources: Vec<Source>,
    /// The first texts that it made of that, where it made text.
    pub made: Vec<Str>,
}

/// Texts kept of a place; a loop may make more than anybody wants to look for.
const MADE_KEPT: usize = 256;

impl Use {
    /// Returns whether both are the same function on the same line.
    pub fn is_like(&self, other: &Use) -> bool {
        self.is_at(other.function, other.position.as_ref())
    }

    fn is_at(&self, function: &str, position: Option<&Position>) -> bool {
        let line = |position: &Position| (position.file.clone(), position.line);
        self.function == function && self.position.as_ref().map(line) == position.map(line)
    }
}

/// The seed of the place where calls are being made, and how many there were.
struct Calls {
    place: Seed,
    count: u64,
}

impl Env {
    /// Returns an environment where it is that moment, in UTC, and where all
    /// randomness grows from the seed. A seed from the system's own source of
    /// randomness makes keys and passwords as safe as that source.
    pub fn new(now: SystemTime, seed: impl Into<Seed>) -> Self {
        let seed = seed.into();
        Env {
            now: Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH),
            zone: TimeZone::UTC,
            calls: RefCell::new(Calls { place: seed.of_place(&[]), count: 0 }),
            seed,
            fixed: Vec::new(),
            uses: RefCell::default(),
            others: Vec::new(),
        }
    }

    /// Changes the local time zone to one of the IANA database; `None` if it has no such zone.
    #[must_use]
    pub fn in_zone(self, name: &str) -> Option<Self> {
        let zone = jiff::tz::db().get(name).ok()?;
        Some(Env { zone, ..self })
    }

    /// Names the place of the calls that follow, say a release and a file of it. What they draw depends on
    /// nothing else but the seed and their number in this place.
    pub fn enter(&self, place: &[&str]) {
        *self.calls.borrow_mut() = Calls { place: self.seed.of_place(place), count: 0 };
    }

    /// Declares that the moment or the seed is the caller's choice and the same in every run.
    #[must_use]
    pub fn with_fixed(mut self, source: Source) -> Self {
        self.fixed.push(source);
        self
    }

    /// Returns an environment that gives the same answers, but others to the functions at the places of those uses.
    #[must_use]
    pub fn differing_at<'a>(&self, others: impl IntoIterator<Item = &'a Use>) -> Self {
        Env {
            now: self.now,
            zone: self.zone.clone(),
            fixed: self.fixed.clone(),
            others: others.into_iter().cloned().collect(),
            ..Env::new(SystemTime::UNIX_EPOCH, self.seed.clone())
        }
    }

    /// Returns where functions asked for the moment or for randomness since the last time that this was asked.
    pub fn take_uses(&self) -> Vec<Use> {
        self.uses.take()
    }

    /// Returns the moment of the run, recording that `function` asked for it.
    pub(crate) fn now(&self, exec: &Exec<'_>, function: &'static str) -> Timestamp {
        // More than a year, so that every part of a date differs.
        const OTHER: SignedDuration = SignedDuration::from_secs(((401 * 24 + 3) * 60 + 7) * 60 + 11);
        if self.record(exec, function, Source::Clock) {
            return self.now.saturating_add(OTHER).unwrap_or(self.now);
        }
        self.now
    }

    /// Returns the local time zone.
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Returns the random generator of one call, recording that it is one of `function`.
    pub(crate) fn random(&self, exec: &Exec<'_>, function: &'static str) -> ChaCha20Rng {
        let differs = self.record(exec, function, Source::Randomness);
        let mut calls = self.calls.borrow_mut();
        let seed = if differs { calls.place.of_place(&["another"]) } else { calls.place.clone() };
        let mut random = ChaCha20Rng::from_seed(seed.0);
        random.set_stream(calls.count);
        calls.count += 1;
        random
    }

    /// Returns at how many places something was asked for.
    pub(crate) fn places(&self) -> usize {
        self.uses.borrow().len()
    }

    /// Records the text that the last use led to.
    pub(crate) fn made(&self, text: &Str) {
        if let Some(last) = self.uses.borrow_mut().last_mut().filter(|last| last.made.len() < MADE_KEPT) {
            last.made.push(text.clone());
        }
    }

    /// Records a use, as the last one; returns whether it gets another answer.
    fn record(&self, exec: &Exec<'_>, function: &'static str, source: Source) -> bool {
        if self.fixed.contains(&source) {
            return false;
        }
        let position = exec.position();
        let mut uses = self.uses.borrow_mut();
        match uses.iter().position(|known| known.is_at(function, position.as_ref())) {
            Some(at) => {
                let mut known = uses.remove(at);
                if !known.sources.contains(&source) {
                    known.sources.push(source);
                }
                uses.push(known);
            }
            None => uses.push(Use {
                function,
                position: position.clone(),
                sources: vec![source],
                made: Vec::new(),
            }),
        }
        self.others.iter().any(|other| other.is_at(function, position.as_ref()))
    }
}

/// Returns the environment of an execution.
pub(crate) fn env<'a>(exec: &Exec<'a>) -> Result<&'a Env, CallError> {
    exec.extension::<Env>().ok_or_else(|| CallError::new("the execution has no sprig::Env"))
}

/// Returns a number in `0..bound`, all equally likely.
pub(crate) fn below(random: &mut ChaCha20Rng, bound: u64) -> u64 {
    // The numbers past the last multiple of the bound would favour small results.
    let limit = u64::MAX - u64::MAX % bound;
    loop {
        let number = random.next_u64();
        if number < limit {
            return number % bound;
        }
    }
}
