//! What functions may know of the world: a moment, a time zone, a seed.
//!
//! Each call draws from a generator of its own, which grows from the seed, the
//! place that the caller names (a release, a file), and the number of the call in
//! that place.
//!
//! Invariant: with the same moment, zone and seed, the same calls in the same
//! place give the same results, whatever happens in other places.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::time::SystemTime;

use gotmpl::{CallError, Exec};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use jiff::tz::TimeZone;
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
/// assert!(env.used().is_empty());
/// ```
pub struct Env {
    now: Timestamp,
    zone: TimeZone,
    seed: Seed,
    calls: RefCell<Calls>,
    used: RefCell<BTreeSet<&'static str>>,
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
            used: RefCell::default(),
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

    /// Returns the random generator of one call, recording that it is one of `function`.
    pub(crate) fn random(&self, function: &'static str) -> ChaCha20Rng {
        self.used.borrow_mut().insert(function);
        let mut calls = self.calls.borrow_mut();
        let mut random = ChaCha20Rng::from_seed(calls.place.0);
        random.set_stream(calls.count);
        calls.count += 1;
        random
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
