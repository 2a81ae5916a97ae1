//! Moments, durations, months, weekdays and zones as templates see them.

use std::any::Any;
use std::rc::Rc;

use gotmpl::{Kind, Object, Type, Value};

use super::civil::Civil;
use super::{DURATION, Duration, MONTH, TIME, Time, WEEKDAY, Zone};
use crate::args::{Outcome, bytes, int};

/// `*time.Location`
const LOCATION: Type = Type::Opaque("*time.Location", Kind::Ptr);

/// A month, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Month(pub(crate) i64);

/// A day of the week, from Sunday, which is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Weekday(pub(crate) i64);

impl Month {
    pub(super) fn name(self) -> &'static str {
        match self.0 {
            1 => "January",
            2 => "February",
            3 => "March",
            4 => "April",
            5 => "May",
            6 => "June",
            7 => "July",
            8 => "August",
            9 => "September",
            10 => "October",
            11 => "November",
            _ => "December",
        }
    }
}

impl Weekday {
    pub(super) fn name(self) -> &'static str {
        match self.0 {
            0 => "Sunday",
            1 => "Monday",
            2 => "Tuesday",
            3 => "Wednesday",
            4 => "Thursday",
            5 => "Friday",
            _ => "Saturday",
        }
    }
}

const NONE: &[Type] = &[];

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

    fn call_with_other(&self, name: &str, args: &[Value]) -> Value {
        let zero = Time::ZERO;
        let other = args.first().and_then(Value::as_object::<Time>).unwrap_or(&zero);
        let order = self.compare(other);
        match name {
            "After" => Value::Bool(order.is_gt()),
            "Before" => Value::Bool(order.is_lt()),
            "Equal" => Value::Bool(order.is_eq()),
            "Compare" => Value::Int(order as i64),
            _ => self.since(other).into_value(),
        }
    }

    fn call_clock(&self, name: &str) -> Option<Value> {
        let civil = self.civil();
        Some(match name {
            "Year" => Value::Int(civil.year),
            "Month" => Value::Object(Rc::new(Month(civil.month))),
            "Day" => Value::Int(civil.day),
            "Weekday" => Value::Object(Rc::new(Weekday(civil.weekday()))),
            "Hour" => Value::Int(civil.hour),
            "Minute" => Value::Int(civil.minute),
            "Second" => Value::Int(civil.second),
            "Nanosecond" => Value::Int(civil.nanos),
            "YearDay" => Value::Int(civil.year_day()),
            _ => return None,
        })
    }

    fn go_string(&self) -> String {
        let Civil { year, month, day, hour, minute, second, nanos } = self.civil();
        let month = Month(month).name();
        let zone = match &self.zone {
            Zone::Utc => "time.UTC".to_owned(),
            Zone::Local(_) => "time.Local".to_owned(),
            other => format!("time.Location({})", super::parse::quote(other.name())),
        };
        format!("time.Date({year}, time.{month}, {day}, {hour}, {minute}, {second}, {nanos}, {zone})")
    }

    fn rfc3339(&self) -> Result<Value, String> {
        let failed = |what: &str| {
            format!("json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: {what}")
        };
        if !(0..10_000).contains(&self.civil().year) {
            return Err(failed("year outside of range [0,9999]"));
        }
        if self.zone.offset(self.seconds).seconds.abs() >= 24 * 3600 {
            return Err(failed("timezone hour outside of range [0,23]"));
        }
        Ok(Value::str(self.format(b"2006-01-02T15:04:05.999999999Z07:00")))
    }
}

impl Object for Time {
    fn go_type(&self) -> Type {
        TIME
    }

    fn has_method(&self, name: &str) -> bool {
        self.method_signature(name).is_some()
    }

    fn method_signature(&self, name: &str) -> Option<(&'static [Type], bool, Type)> {
        let (params, returns) = match name {
            "String" | "GoString" => (NONE, Type::String),
            "Format" => (&[Type::String][..], Type::String),
            "IsZero" | "IsDST" => (NONE, Type::Bool),
            "After" | "Before" | "Equal" => (&[TIME][..], Type::Bool),
            "Compare" => (&[TIME][..], Type::Int),
            "Sub" => (&[TIME][..], DURATION),
            "Add" | "Truncate" | "Round" => (&[DURATION][..], TIME),
            "AddDate" => (&[Type::Int, Type::Int, Type::Int][..], TIME),
            "UTC" | "Local" => (NONE, TIME),
            "In" => (&[LOCATION][..], TIME),
            "Location" => (NONE, LOCATION),
            "Unix" | "UnixMilli" | "UnixMicro" | "UnixNano" => (NONE, Type::Int64),
            "Month" => (NONE, MONTH),
            "Weekday" => (NONE, WEEKDAY),
            "Year" | "Day" | "Hour" | "Minute" | "Second" | "Nanosecond" | "YearDay" => (NONE, Type::Int),
            _ => return None,
        };
        Some((params, false, returns))
    }

    fn call_method(&self, name: &str, args: &[Value]) -> Outcome {
        if let Some(value) = self.call_clock(name) {
            return Ok(value);
        }
        Ok(match name {
            "String" => Value::str(self.full()),
            "GoString" => Value::str(self.go_string()),
            "Format" => Value::str(self.format(bytes(args, 0))),
            "IsZero" => Value::Bool(self.compare(&Time::ZERO).is_eq()),
            "IsDST" => Value::Bool(self.zone.offset(self.seconds).is_dst),
            "Add" => self.add(duration(args)).into_value(),
            "Truncate" => self.truncate(duration(args)).into_value(),
            "Round" => self.round(duration(args)).into_value(),
            "AddDate" => self.add_date(int(args, 0), int(args, 1), int(args, 2)).into_value(),
            "UTC" => self.clone().in_zone(Zone::Utc).into_value(),
            "Local" => match &self.local {
                Some(local) => self.clone().in_zone(Zone::Local(local.clone())).into_value(),
                None => self.clone().into_value(),
            },
            "In" => match args.first().and_then(Value::as_object::<Zone>) {
                Some(zone) => self.clone().in_zone(zone.clone()).into_value(),
                None => return Err("time: missing Location in call to Time.In".into()),
            },
            "Location" => Value::Object(Rc::new(self.zone.clone())),
            "Unix" => Value::Int64(self.seconds),
            "UnixMilli" => self.unix_in(1_000),
            "UnixMicro" => self.unix_in(1_000_000),
            "UnixNano" => self.unix_in(1_000_000_000),
            _ => self.call_with_other(name, args),
        })
    }

    fn stringer(&self) -> Option<String> {
        Some(self.full())
    }

    fn json(&self) -> Result<Value, String> {
        self.rfc3339()
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

/// Returns the first argument as a duration.
fn duration(args: &[Value]) -> Duration {
    let value = args.first().and_then(Value::as_object::<Duration>).copied();
    value.unwrap_or_else(|| Duration(int(args, 0)))
}

impl Duration {
    /// Returns the duration as a template sees it.
    pub fn into_value(self) -> Value {
        Value::Object(Rc::new(self))
    }
}

impl Object for Duration {
    fn go_type(&self) -> Type {
        DURATION
    }

    fn has_method(&self, name: &str) -> bool {
        self.method_signature(name).is_some()
    }

    fn method_signature(&self, name: &str) -> Option<(&'static [Type], bool, Type)> {
        let (params, returns) = match name {
            "String" => (NONE, Type::String),
            "Nanoseconds" | "Microseconds" | "Milliseconds" => (NONE, Type::Int64),
            "Seconds" | "Minutes" | "Hours" => (NONE, Type::Float64),
            "Round" | "Truncate" => (&[DURATION][..], DURATION),
            "Abs" => (NONE, DURATION),
            _ => return None,
        };
        Some((params, false, returns))
    }

    fn call_method(&self, name: &str, args: &[Value]) -> Outcome {
        // Go divides the whole part and the rest apart, to lose less.
        let in_units = |unit: i64| (self.0 / unit) as f64 + (self.0 % unit) as f64 / unit as f64;
        Ok(match name {
            "Nanoseconds" => Value::Int64(self.0),
            "Microseconds" => Value::Int64(self.0 / 1_000),
            "Milliseconds" => Value::Int64(self.0 / 1_000_000),
            "Seconds" => Value::Float64(in_units(1_000_000_000)),
            "Minutes" => Value::Float64(in_units(60_000_000_000)),
            "Hours" => Value::Float64(in_units(3_600_000_000_000)),
            "Round" => self.round(duration(args)).into_value(),
            "Truncate" => self.truncate(duration(args)).into_value(),
            "Abs" => Duration(self.0.checked_abs().unwrap_or(i64::MAX)).into_value(),
            _ => Value::str(self.to_string()),
        })
    }

    fn plain(&self) -> Option<Value> {
        Some(Value::Int64(self.0))
    }

    fn stringer(&self) -> Option<String> {
        Some(self.to_string())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Duration>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for Month {
    fn go_type(&self) -> Type {
        MONTH
    }

    fn has_method(&self, name: &str) -> bool {
        name == "String"
    }

    fn method_signature(&self, name: &str) -> Option<(&'static [Type], bool, Type)> {
        (name == "String").then_some((NONE, false, Type::String))
    }

    fn call_method(&self, _: &str, _: &[Value]) -> Outcome {
        Ok(Value::str(self.name()))
    }

    fn plain(&self) -> Option<Value> {
        Some(Value::Int(self.0))
    }

    fn stringer(&self) -> Option<String> {
        Some(self.name().to_owned())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Month>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for Weekday {
    fn go_type(&self) -> Type {
        WEEKDAY
    }

    fn has_method(&self, name: &str) -> bool {
        name == "String"
    }

    fn method_signature(&self, name: &str) -> Option<(&'static [Type], bool, Type)> {
        (name == "String").then_some((NONE, false, Type::String))
    }

    fn call_method(&self, _: &str, _: &[Value]) -> Outcome {
        Ok(Value::str(self.name()))
    }

    fn plain(&self) -> Option<Value> {
        Some(Value::Int(self.0))
    }

    fn stringer(&self) -> Option<String> {
        Some(self.name().to_owned())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Weekday>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for Zone {
    fn go_type(&self) -> Type {
        LOCATION
    }

    fn has_method(&self, name: &str) -> bool {
        name == "String"
    }

    fn method_signature(&self, name: &str) -> Option<(&'static [Type], bool, Type)> {
        (name == "String").then_some((NONE, false, Type::String))
    }

    fn call_method(&self, _: &str, _: &[Value]) -> Outcome {
        Ok(Value::str(self.name()))
    }

    fn stringer(&self) -> Option<String> {
        Some(self.name().to_owned())
    }

    fn json(&self) -> Result<Value, String> {
        Ok(Value::map::<&str>([]))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Zone>().is_some_and(|other| other.name() == self.name())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
