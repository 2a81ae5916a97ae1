//! Moments as templates see them.

use std::any::Any;
use std::rc::Rc;

use gotmpl::{CallError, List, Object, Type, Value};

use super::civil::Civil;
use super::named::{LOCATION, Month, NoLocation, Weekday};
use super::{DURATION, Duration, MONTH, TIME, Time, WEEKDAY, ZERO_TO_UNIX, Zone};
use crate::args::{Outcome, any, bytes, int};
use crate::method::{Method, find, method, object_methods, several};

const NONE: &[Type] = &[];
const OTHER: &[Type] = &[TIME];
const UNIT: &[Type] = &[DURATION];
const INTO: &[Type] = &[Type::BYTES];

const METHODS: &[Method<Time>] = &[
    method("Add", UNIT, TIME, |time, args| Ok(time.add(duration(args)).into_value())),
    method("AddDate", &[Type::Int, Type::Int, Type::Int], TIME, |time, args| {
        Ok(time.add_date(int(args, 0), int(args, 1), int(args, 2)).into_value())
    }),
    method("After", OTHER, Type::Bool, |time, args| Ok(Value::Bool(time.compare(other(args)).is_gt()))),
    method("AppendBinary", INTO, Type::BYTES, |time, args| appended(args, &time.binary()?)),
    method("AppendFormat", &[Type::BYTES, Type::String], Type::BYTES, |time, args| {
        appended(args, &time.format(bytes(args, 1)))
    }),
    method("AppendText", INTO, Type::BYTES, |time, args| appended(args, &time.text("Time.AppendText")?)),
    method("Before", OTHER, Type::Bool, |time, args| Ok(Value::Bool(time.compare(other(args)).is_lt()))),
    several("Clock", &[Type::Int, Type::Int, Type::Int]),
    method("Compare", OTHER, Type::Int, |time, args| Ok(Value::Int(time.compare(other(args)) as i64))),
    several("Date", &[Type::Int, MONTH, Type::Int]),
    method("Day", NONE, Type::Int, |time, _| Ok(Value::Int(time.civil().day))),
    method("Equal", OTHER, Type::Bool, |time, args| Ok(Value::Bool(time.compare(other(args)).is_eq()))),
    method("Format", &[Type::String], Type::String, |time, args| Ok(Value::str(time.format(bytes(args, 0))))),
    method("GoString", NONE, Type::String, |time, _| Ok(Value::str(time.in_go_syntax()))),
    method("GobEncode", NONE, Type::BYTES, |time, _| Ok(Value::List(List::bytes(time.binary()?)))),
    method("Hour", NONE, Type::Int, |time, _| Ok(Value::Int(time.civil().hour))),
    several("ISOWeek", &[Type::Int, Type::Int]),
    method("In", &[LOCATION], TIME, |time, args| match any(args, 0).as_object::<Zone>() {
        Some(zone) => Ok(time.clone().in_zone(zone.clone()).into_value()),
        None => Err("time: missing Location in call to Time.In".into()),
    }),
    method("IsDST", NONE, Type::Bool, |time, _| Ok(Value::Bool(time.zone.offset(time.seconds).is_dst))),
    method("IsZero", NONE, Type::Bool, |time, _| Ok(Value::Bool(time.compare(&Time::ZERO).is_eq()))),
    method("Local", NONE, TIME, |time, _| Ok(time.in_local_zone().into_value())),
    method("Location", NONE, LOCATION, |time, _| Ok(Value::Object(Rc::new(time.zone.clone())))),
    method("MarshalBinary", NONE, Type::BYTES, |time, _| Ok(Value::List(List::bytes(time.binary()?)))),
    method("MarshalJSON", NONE, Type::BYTES, |time, _| {
        let text = time.text("Time.MarshalJSON")?;
        Ok(Value::List(List::bytes([b"\"", text.as_slice(), b"\""].concat())))
    }),
    method("MarshalText", NONE, Type::BYTES, |time, _| {
        Ok(Value::List(List::bytes(time.text("Time.MarshalText")?)))
    }),
    method("Minute", NONE, Type::Int, |time, _| Ok(Value::Int(time.civil().minute))),
    method("Month", NONE, MONTH, |time, _| Ok(Value::Object(Rc::new(Month(time.civil().month))))),
    method("Nanosecond", NONE, Type::Int, |time, _| Ok(Value::Int(time.nanos))),
    method("Round", UNIT, TIME, |time, args| Ok(time.round(duration(args)).into_value())),
    method("Second", NONE, Type::Int, |time, _| Ok(Value::Int(time.civil().second))),
    method("String", NONE, Type::String, |time, _| Ok(Value::str(time.full()))),
    method("Sub", OTHER, DURATION, |time, args| Ok(time.since(other(args)).into_value())),
    method("Truncate", UNIT, TIME, |time, args| Ok(time.truncate(duration(args)).into_value())),
    method("UTC", NONE, TIME, |time, _| Ok(time.clone().in_zone(Zone::Utc).into_value())),
    method("Unix", NONE, Type::Int64, |time, _| Ok(Value::Int64(time.seconds))),
    method("UnixMicro", NONE, Type::Int64, |time, _| Ok(time.unix_in(1_000_000))),
    method("UnixMilli", NONE, Type::Int64, |time, _| Ok(time.unix_in(1_000))),
    method("UnixNano", NONE, Type::Int64, |time, _| Ok(time.unix_in(1_000_000_000))),
    method("Weekday", NONE, WEEKDAY, |time, _| Ok(Value::Object(Rc::new(Weekday(time.civil().weekday()))))),
    method("Year", NONE, Type::Int, |time, _| Ok(Value::Int(time.civil().year))),
    method("YearDay", NONE, Type::Int, |time, _| Ok(Value::Int(time.civil().year_day()))),
    several("Zone", &[Type::String, Type::Int]),
    several("ZoneBounds", &[TIME, TIME]),
];

/// Returns the first argument as a moment.
fn other(args: &[Value]) -> &Time {
    any(args, 0).as_object().unwrap_or(&Time::ZERO)
}

/// Returns the first argument as a duration.
pub(super) fn duration(args: &[Value]) -> Duration {
    any(args, 0).as_object::<Duration>().copied().unwrap_or_else(|| Duration(int(args, 0)))
}

/// Returns the bytes of the first argument with more behind them.
fn appended(args: &[Value], more: &[u8]) -> Outcome {
    let before = any(args, 0).as_list().and_then(|list| list.to_bytes());
    let before = before.as_ref().map_or(&[][..], |before| before.as_bytes());
    Ok(Value::List(List::bytes([before, more].concat())))
}

impl Time {
    /// Prints the moment in full, as Go's `String` does.
    fn full(&self) -> String {
        let mut text = self.format(b"2006-01-02 15:04:05.999999999 -0700 MST");
        if self.is_now {
            // Go adds the time since the program started; here it starts now.
            text.extend_from_slice(b" m=+0.000000000");
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    fn add_date(&self, years: i64, months: i64, days: i64) -> Time {
        let civil = self.civil();
        let shifted = Civil {
            year: civil.year.saturating_add(years),
            month: civil.month.saturating_add(months),
            day: civil.day.saturating_add(days),
            ..civil
        };
        Time { local: self.local.clone(), ..Time::from_civil(&shifted, self.zone.clone()) }
    }

    /// Returns the nanoseconds since the year 1 beyond a multiple of `unit`.
    fn beyond(&self, unit: Duration) -> i128 {
        let since_zero = self.total_nanos() - Time::ZERO.total_nanos();
        since_zero.rem_euclid(i128::from(unit.0))
    }

    fn truncate(&self, unit: Duration) -> Time {
        let rest = if unit.0 > 0 { self.beyond(unit) } else { 0 };
        Time { is_now: false, ..self.moved_to(self.total_nanos() - rest) }
    }

    fn round(&self, unit: Duration) -> Time {
        let rest = if unit.0 > 0 { self.beyond(unit) } else { 0 };
        let up = if rest * 2 >= i128::from(unit.0).max(1) { i128::from(unit.0) } else { 0 };
        Time { is_now: false, ..self.moved_to(self.total_nanos() - rest + up) }
    }

    /// Returns seconds since 1970 in smaller units; what does not fit wraps.
    fn unix_in(&self, units_per_second: i64) -> Value {
        let fraction = self.nanos / (1_000_000_000 / units_per_second);
        Value::Int64(self.seconds.wrapping_mul(units_per_second).wrapping_add(fraction))
    }

    fn in_local_zone(&self) -> Time {
        match &self.local {
            Some(local) => self.clone().in_zone(Zone::Local(local.clone())),
            None => self.clone(),
        }
    }

    fn in_go_syntax(&self) -> String {
        let Civil { year, month, day, hour, minute, second, nanos } = self.civil();
        let month = Month(month).name();
        let zone = match &self.zone {
            Zone::Utc => "time.UTC".to_owned(),
            Zone::Local(_) => "time.Local".to_owned(),
            other => format!("time.Location({})", super::parse::quote(other.name())),
        };
        format!("time.Date({year}, time.{month}, {day}, {hour}, {minute}, {second}, {nanos}, {zone})")
    }

    /// Prints the moment as RFC 3339 has it, for a function whose name an error carries.
    fn text(&self, function: &str) -> Result<Vec<u8>, CallError> {
        let text = self.rfc3339();
        text.map_err(|problem| CallError::new(format!("{function}: {problem}")))
    }

    fn rfc3339(&self) -> Result<Vec<u8>, &'static str> {
        if !(0..10_000).contains(&self.civil().year) {
            return Err("year outside of range [0,9999]");
        }
        if self.zone.offset(self.seconds).seconds.abs() >= 24 * 3600 {
            return Err("timezone hour outside of range [0,23]");
        }
        Ok(self.format(b"2006-01-02T15:04:05.999999999Z07:00"))
    }

    /// Returns Go's binary form: a version, seconds since the year 1, nanoseconds, and the offset in minutes,
    /// or minus one for UTC; a second version has seconds of the offset behind it.
    fn binary(&self) -> Result<Vec<u8>, CallError> {
        let offset = self.zone.offset(self.seconds).seconds;
        let (minutes, seconds) = match self.zone {
            Zone::Utc => (-1, 0),
            _ => (offset / 60, offset % 60),
        };
        let minutes = i16::try_from(minutes).ok().filter(|minutes| *minutes != -1 || self.zone.is_utc());
        let minutes = minutes.ok_or("Time.MarshalBinary: unexpected zone offset")?;
        let version: u8 = if seconds == 0 { 1 } else { 2 };
        let mut out = vec![version];
        out.extend_from_slice(&self.seconds.wrapping_add(ZERO_TO_UNIX).to_be_bytes());
        // There are less than a billion, and less than sixty seconds.
        out.extend_from_slice(&(self.nanos as i32).to_be_bytes());
        out.extend_from_slice(&minutes.to_be_bytes());
        if version == 2 {
            out.push((seconds as i8).cast_unsigned());
        }
        Ok(out)
    }

    fn find_method(&self, name: &str) -> Option<&'static Method<Time>> {
        find(METHODS, name)
    }
}

impl Object for Time {
    object_methods!();

    fn go_type(&self) -> Type {
        TIME
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let location = match &self.zone {
            Zone::Utc => Value::Object(Rc::new(NoLocation)),
            zone => Value::Object(Rc::new(zone.clone())),
        };
        vec![
            ("wall", Value::Uint64(self.nanos.unsigned_abs())),
            ("ext", Value::Int64(self.seconds.wrapping_add(ZERO_TO_UNIX))),
            ("loc", location),
        ]
    }

    fn stringer(&self) -> Option<String> {
        Some(self.full())
    }

    fn go_string(&self) -> Option<String> {
        Some(self.in_go_syntax())
    }

    fn json(&self) -> Result<Value, String> {
        let failed =
            |what| format!("json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: {what}");
        self.rfc3339().map(Value::str).map_err(failed)
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Time>().is_some_and(|other| {
            self.compare(other).is_eq()
                && self.zone.name() == other.zone.name()
                && self.is_now == other.is_now
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
