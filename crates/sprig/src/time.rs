//! Go's `time`: moments with zones, layouts, durations.
//!
//! The calendar is computed here, since Go's knows no bounds; zones are those of
//! the IANA database that `jiff` carries.

use std::cmp::Ordering;
use std::rc::Rc;

use gotmpl::{Exec, Kind, NamedType, Type, Value};
use jiff::tz::TimeZone;

use crate::env::Env;

mod civil;
mod duration;
mod layout;
mod named;
mod object;
mod parse;
mod zone;

pub use duration::Duration;
pub use zone::Zone;

pub(crate) use named::{Month, Weekday};
pub(crate) use parse::parse;

use civil::Civil;
use zone::Offset;

/// `time.Time`
pub(crate) const TIME: Type = Type::Opaque("time.Time", Kind::Struct);
/// `time.Duration`
pub(crate) const DURATION: Type = Type::Named(&NamedType { name: "time.Duration", underlying: Type::Int64 });
/// `time.Month`
pub(crate) const MONTH: Type = Type::Named(&NamedType { name: "time.Month", underlying: Type::Int });
/// `time.Weekday`
pub(crate) const WEEKDAY: Type = Type::Named(&NamedType { name: "time.Weekday", underlying: Type::Int });

/// Seconds from the first day of the year 1, Go's zero time, to 1970.
const ZERO_TO_UNIX: i64 = 62_135_596_800;
const NANOS: i64 = 1_000_000_000;

/// A moment in a time zone.
#[derive(Debug, Clone)]
pub struct Time {
    seconds: i64,
    nanos: i64,
    zone: Zone,
    /// Go prints the reading of a second clock with what `now` returns.
    is_now: bool,
    /// The local zone of the run, where the moment comes from a function that knows it.
    local: Option<TimeZone>,
}

impl Time {
    /// The zero time: the first moment of the year 1, UTC.
    pub(crate) const ZERO: Time =
        Time { seconds: -ZERO_TO_UNIX, nanos: 0, zone: Zone::Utc, is_now: false, local: None };

    /// Returns the moment so many seconds and nanoseconds after 1970.
    pub fn at(seconds: i64, nanos: u32, zone: Zone) -> Self {
        let nanos = i64::from(nanos);
        let local = zone.local_rules();
        Time {
            seconds: seconds.saturating_add(nanos / NANOS),
            nanos: nanos % NANOS,
            zone,
            is_now: false,
            local,
        }
    }

    /// Returns the moment of the run, in its local zone.
    pub(crate) fn now(env: &Env, exec: &Exec<'_>, function: &'static str) -> Self {
        let now = env.now(exec, function);
        let nanos = i64::from(now.subsec_nanosecond());
        // jiff's fraction has the sign of the seconds.
        let seconds = now.as_second() + nanos.div_euclid(NANOS);
        let nanos = u32::try_from(nanos.rem_euclid(NANOS)).unwrap_or(0);
        Time { is_now: true, ..Time::at(seconds, nanos, Zone::local(env)) }
    }

    /// Returns the moment as a template sees it.
    pub fn into_value(self) -> Value {
        Value::Object(Rc::new(self))
    }

    /// Returns the moment when clocks of that zone show this date and time.
    fn from_civil(civil: &Civil, zone: Zone) -> Self {
        let local = civil.seconds();
        let Offset { seconds: first, .. } = zone.offset(local);
        let mut offset = first;
        if offset != 0 {
            // The offset was looked up as if local time were UTC; near a change
            // of the clocks it has to be looked up again, as Go does.
            offset = zone.offset(local.saturating_sub(first)).seconds;
        }
        let nanos = u32::try_from(civil.nanos).unwrap_or(0);
        Time::at(local.saturating_sub(offset), nanos, zone)
    }

    /// Returns the date and time that clocks of the zone show.
    fn civil(&self) -> Civil {
        let offset = self.zone.offset(self.seconds).seconds;
        Civil::from_seconds(self.seconds.saturating_add(offset), self.nanos)
    }

    /// Returns the seconds since 1970.
    pub(crate) fn unix(&self) -> i64 {
        self.seconds
    }

    pub(crate) fn in_zone(mut self, zone: Zone) -> Self {
        self.zone = zone;
        self
    }

    /// Notes the local zone of the run, if this is it.
    pub(crate) fn knowing(mut self, local: &Zone) -> Self {
        self.local = local.local_rules();
        self
    }

    fn total_nanos(&self) -> i128 {
        i128::from(self.seconds) * i128::from(NANOS) + i128::from(self.nanos)
    }

    /// Returns the same kind of moment at another time.
    fn moved_to(&self, total_nanos: i128) -> Self {
        let seconds = i64::try_from(total_nanos.div_euclid(i128::from(NANOS))).unwrap_or(i64::MAX);
        // A remainder by a billion fits.
        let nanos = total_nanos.rem_euclid(i128::from(NANOS)) as i64;
        Time { seconds, nanos, ..self.clone() }
    }

    pub(crate) fn add(&self, duration: Duration) -> Self {
        self.moved_to(self.total_nanos() + i128::from(duration.0))
    }

    /// Returns the time from `earlier` to this moment; what does not fit is cut off.
    pub(crate) fn since(&self, earlier: &Time) -> Duration {
        let difference = self.total_nanos() - earlier.total_nanos();
        let limit = if difference < 0 { i64::MIN } else { i64::MAX };
        Duration(i64::try_from(difference).unwrap_or(limit))
    }

    fn compare(&self, other: &Time) -> Ordering {
        self.total_nanos().cmp(&other.total_nanos())
    }
}

/// Reads an integer as Sprig's `duration` does: errors are dropped, so what is out
/// of range is the nearest integer and all else zero.
pub(crate) fn parse_integer(text: &[u8]) -> i64 {
    crate::numbers::atoi(text)
}
