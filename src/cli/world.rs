//! What commands take from the process: the clock, the time zone, fresh
//! randomness and environment variables.
//!
//! Seeds are secret: no message, error or help prints one.

use std::io;
use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use clap::builder::NonEmptyStringValueParser;
use helm::{Env, Seed, Source};

use crate::error::Error;
use crate::hooks::HookPolicy;
use crate::project::moment;
use crate::publish::Pauses;
use crate::render::World;
use crate::source::Cache;

/// What makes a rendering repeatable.
#[derive(Clone, clap::Args)]
pub(super) struct WorldArgs {
    /// Secret text that random values and keys grow from: the same one gives the same values.
    /// Prefer the variable, as others can see command lines. Certificates and times need --seed-date, too.
    #[arg(long, value_name = "TEXT", env = "FAB_SEED", hide_env_values = true,
          value_parser = NonEmptyStringValueParser::new())]
    seed: Option<String>,
    /// The moment that charts see as now, such as `2026-01-31T12:00:00Z`, or in seconds since 1970.
    #[arg(long, value_name = "DATE", env = "SOURCE_DATE_EPOCH", hide_env_values = true,
          value_parser = moment, allow_negative_numbers = true)]
    seed_date: Option<SystemTime>,
}

/// Which hooks run in a command that runs none by itself.
#[derive(Clone, clap::Args)]
pub(super) struct HookArgs {
    /// Run the hooks of components; without it, a component that has some is an error.
    #[arg(long)]
    run_hooks: bool,
    /// Allow the hooks of components from this source.
    #[arg(long, value_name = "SOURCE")]
    allow_hooks: Vec<String>,
}

impl HookArgs {
    /// Returns which hooks may run.
    pub(super) fn policy(&self) -> HookPolicy {
        HookPolicy { run: self.run_hooks, allowed: self.allow_hooks.clone() }
    }
}

impl WorldArgs {
    /// Returns the world as it is, but for what the arguments fix: this moment, the zone in `TZ`, a new seed.
    #[expect(clippy::disallowed_methods, reason = "the command line is where clock and environment are read")]
    pub(super) fn read(&self) -> Result<World, Error> {
        let seed = match &self.seed {
            Some(text) => Seed::from_text(text),
            None => new_seed()?,
        };
        let zone = std::env::var("TZ").unwrap_or_default();
        let now = self.seed_date.unwrap_or_else(SystemTime::now);
        let given = [(self.seed.is_some(), Source::Randomness), (self.seed_date.is_some(), Source::Clock)];
        let fixed = given.into_iter().filter(|(given, _)| *given).map(|(_, source)| source).collect();
        Ok(World { now, zone: zone.trim_start_matches(':').to_owned(), seed, fixed })
    }

    /// Returns the world for one chart.
    pub(super) fn env(&self) -> Result<Env, Error> {
        self.read().map(|world| world.env())
    }
}

/// Returns this moment, to measure from.
#[expect(clippy::disallowed_methods, reason = "the command line is where the clock is read")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Returns an environment variable; one that is empty counts as not set.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the environment variables; those that are no text are none of `fab`.
pub(super) fn variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Returns the cache of this user.
#[expect(clippy::disallowed_methods, reason = "the command line is where the clock is read")]
pub(super) fn cache() -> Result<Cache, Error> {
    let below = |name, folder: &str| Some(PathBuf::from(variable(name)?).join(folder));
    let folder = below("FAB_CACHE_DIR", "")
        .or_else(|| below("XDG_CACHE_HOME", "fab"))
        .or_else(|| below("HOME", ".cache/fab"))
        .or_else(|| below("LOCALAPPDATA", "fab/cache"));
    Ok(Cache::new(&folder.ok_or(Error::NoCache)?, SystemTime::now()))
}

fn new_seed() -> Result<Seed, Error> {
    random().map(Seed::from)
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|err| Error::Unreadable {
        file: "random numbers of the system".to_owned(),
        source: io::Error::other(err.to_string()),
    })?;
    Ok(bytes)
}

/// Returns how to wait between attempts.
pub(super) fn pauses() -> Result<Pauses, Error> {
    Ok(Pauses { chance: u64::from_le_bytes(random()?), wait: std::thread::sleep })
}

/// Returns this moment, for what is written down and not rendered.
#[expect(clippy::disallowed_methods, reason = "the command line is where the clock is read")]
pub(super) fn wall_clock() -> SystemTime {
    SystemTime::now()
}

/// Returns the namespace of a release that is given none.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub(super) fn namespace() -> String {
    let namespace = std::env::var("HELM_NAMESPACE").unwrap_or_default();
    if namespace.is_empty() { "default".to_owned() } else { namespace }
}
