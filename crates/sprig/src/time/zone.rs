//! Time zones.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::env::Env;

/// A time zone, as Go's `*time.Location`.
#[derive(Debug, Clone)]
pub enum Zone {
    /// Universal time.
    Utc,
    /// The local zone of the run.
    Local(TimeZone),
    /// A zone of the IANA database.
    Named(TimeZone),
    /// Always the same number of seconds east of UTC.
    Fixed {
        /// What `MST` in a layout prints; an offset if it is empty.
        name: String,
        /// Seconds east of UTC.
        offset: i32,
    },
}

/// What a zone says of a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offset {
    pub(super) seconds: i64,
    pub(super) name: String,
    pub(super) is_dst: bool,
}

impl Zone {
    /// Returns the local zone of the run.
    pub(crate) fn local(env: &Env) -> Self {
        Zone::Local(env.zone().clone())
    }

    /// Returns the zone of that name, which is written as in the database, or
    /// `Local`, or nothing for UTC.
    pub(crate) fn load(env: &Env, name: &[u8]) -> Option<Self> {
        let name = std::str::from_utf8(name).ok()?;
        match name {
            "" | "UTC" => return Some(Zone::Utc),
            "Local" => return Some(Zone::local(env)),
            _ => {}
        }
        let zone = jiff::tz::db().get(name).ok()?;
        // Go looks for a file, whose name has the case it has.
        (zone.iana_name() == Some(name)).then_some(Zone::Named(zone))
    }

    /// Returns the rules of the local zone, if this is it.
    pub(super) fn local_rules(&self) -> Option<TimeZone> {
        if let Zone::Local(zone) = self { Some(zone.clone()) } else { None }
    }

    pub(super) fn is_utc(&self) -> bool {
        matches!(self, Zone::Utc)
    }

    /// Returns what Go calls the zone.
    pub(super) fn name(&self) -> &str {
        match self {
            Zone::Utc => "UTC",
            // Go calls the local zone by the name in TZ, too.
            Zone::Local(zone) | Zone::Named(zone) => zone.iana_name().unwrap_or("UTC"),
            Zone::Fixed { name, .. } => name,
        }
    }

    /// Returns the offset at so many seconds after 1970.
    pub(super) fn offset(&self, seconds: i64) -> Offset {
        match self {
            Zone::Utc => Offset { seconds: 0, name: "UTC".to_owned(), is_dst: false },
            Zone::Fixed { name, offset } => {
                Offset { seconds: i64::from(*offset), name: name.clone(), is_dst: false }
            }
            Zone::Local(zone) | Zone::Named(zone) => {
                let limits = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
                let seconds = seconds.clamp(limits.0, limits.1);
                let moment = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
                let info = zone.to_offset_info(moment);
                Offset {
                    seconds: i64::from(info.offset().seconds()),
                    name: info.abbreviation().to_owned(),
                    is_dst: info.dst().is_dst(),
                }
            }
        }
    }

    /// Returns the offset that the zone has under an abbreviation, preferably at
    /// that moment (Go's `lookupName`).
    pub(super) fn offset_named(&self, name: &str, seconds: i64) -> Option<i64> {
        // Go searches all offsets the zone ever had. Those of the two halves of the
        // year in question are the ones that a date can sensibly name.
        const HALF_A_YEAR: i64 = 182 * 86_400;
        let near = [0, -HALF_A_YEAR, HALF_A_YEAR].map(|shift| self.offset(seconds.saturating_add(shift)));
        let named = near.into_iter().filter(|offset| offset.name == name);
        let mut named = named.map(|offset| offset.seconds);
        let first = named.next()?;
        let at = |offset: i64| self.offset(seconds.saturating_sub(offset));
        Some(if at(first).name == name { at(first).seconds } else { first })
    }
}
