//! What commands that render take from the process: the clock, the time zone,
//! fresh randomness and helm's environment variables.

use std::io;
use std::time::SystemTime;

use helm::Env;

use crate::error::Error;
use crate::render::World;

/// Returns the world as it is: this moment, the zone in `TZ`, a new seed.
#[expect(clippy::disallowed_methods, reason = "the command line is where clock and environment are read")]
pub(super) fn read() -> Result<World, Error> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|err| Error::Unreadable {
        file: "random numbers of the system".to_owned(),
        source: io::Error::other(err.to_string()),
    })?;
    let zone = std::env::var("TZ").unwrap_or_default();
    Ok(World { now: SystemTime::now(), zone: zone.trim_start_matches(':').to_owned(), seed })
}

/// Returns the world for one chart.
pub(super) fn env() -> Result<Env, Error> {
    read().map(|world| world.env())
}

/// Returns the namespace of a release that is given none.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub(super) fn namespace() -> String {
    let namespace = std::env::var("HELM_NAMESPACE").unwrap_or_default();
    if namespace.is_empty() { "default".to_owned() } else { namespace }
}
