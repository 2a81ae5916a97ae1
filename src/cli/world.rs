//! What commands that render take from the process: the clock, the time zone,
//! fresh randomness and helm's environment variables.

use std::time::SystemTime;

use helm::Env;

/// Returns the world as it is: this moment, the zone in `TZ`, a new seed.
#[expect(clippy::disallowed_methods, reason = "the command line is where clock and environment are read")]
pub(super) fn env() -> Result<Env, getrandom::Error> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    let now = SystemTime::now();
    let env = Env::new(now, seed);
    let zone = std::env::var("TZ").unwrap_or_default();
    // A zone that nobody knows is UTC, as in Go.
    Ok(Env::new(now, seed).in_zone(zone.trim_start_matches(':')).unwrap_or(env))
}

/// Returns the namespace of a release that is given none.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub(super) fn namespace() -> String {
    let namespace = std::env::var("HELM_NAMESPACE").unwrap_or_default();
    if namespace.is_empty() { "default".to_owned() } else { namespace }
}
