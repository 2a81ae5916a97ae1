//! What functions may know of the world: a moment, a time zone, a seed.
//!
//! Invariant: with the same moment, zone and seed, the same calls in the same
//! order give the same results.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::SystemTime;

use gotmpl::{CallError, Exec};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The clock, the local time zone and the randomness of one run, given to it as
/// an extension.
///
/// ```
/// # use std::time::{Duration, SystemTime};
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
/// let env = sprig::Env::new(now, [7; 32]);
/// assert!(env.used().is_empty());
/// ```
pub struct Env {
    now: Timestamp,
    zone: TimeZone,
    random: RefCell<ChaCha20Rng>,
    used: RefCell<BTreeSet<&'static str>>,
}

impl Env {
    /// Returns an environment where it is that moment, in UTC, and where all
    /// randomness grows from the seed. A seed from the system's own source of
    /// randomness makes keys and passwords as safe as that source.
    pub fn new(now: SystemTime, seed: [u8; 32]) -> Self {
        Env {
            now: Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH),
            zone: TimeZone::UTC,
            random: RefCell::new(ChaCha20Rng::from_seed(seed)),
            used: RefCell::default(),
        }
    }

    /// Changes the local time zone to one of the IANA database; `None` if it has no such zone.
    #[must_use]
    pub fn in_zone(self, name: &str) -> Option<Self> {
        let zone = jiff::tz::db().get(name).ok()?;
        Some(Env { zone, ..self })
    }

    /// Returns the names of the functions called so far whose results depend on
    /// the clock or on randomness.
    pub fn used(&self) -> Vec<&'static str> {
        self.used.borrow().iter().copied().collect()
    }

    /// Returns the moment of the run, recording that `function` asked for it.
    pub(crate) fn now(&self, function: &'static str) -> Timestamp {
        self.used.borrow_mut().insert(function);
        self.now
    }

    /// Returns the local time zone.
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Runs `draw` on the random generator, recording that `function` did.
    pub(crate) fn random<T>(&self, function: &'static str, draw: impl FnOnce(&mut ChaCha20Rng) -> T) -> T {
        self.used.borrow_mut().insert(function);
        draw(&mut self.random.borrow_mut())
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
