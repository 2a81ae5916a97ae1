//! Durations, months, weekdays and zones as templates see them: types that are
//! little more than a name for a number, or for nothing at all.

use std::any::Any;
use std::rc::Rc;

use gotmpl::{Kind, List, Object, Type, Value};

use super::object::duration;
use super::{DURATION, Duration, MONTH, WEEKDAY, Zone};
use crate::method::{Method, find, method, object_methods};

/// `*time.Location`
pub(super) const LOCATION: Type = Type::Opaque("*time.Location", Kind::Ptr);

const NONE: &[Type] = &[];

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

impl Duration {
    /// Returns the duration as a template sees it.
    pub fn into_value(self) -> Value {
        Value::Object(Rc::new(self))
    }

    /// Returns how many of a unit it is. Go divides the whole part and the rest apart, to lose less.
    fn in_units(self, unit: i64) -> Value {
        Value::Float64((self.0 / unit) as f64 + (self.0 % unit) as f64 / unit as f64)
    }

    fn find_method(&self, name: &str) -> Option<&'static Method<Duration>> {
        const METHODS: &[Method<Duration>] = &[
            method("Abs", NONE, DURATION, |duration, _| {
                Ok(Duration(duration.0.checked_abs().unwrap_or(i64::MAX)).into_value())
            }),
            method("Hours", NONE, Type::Float64, |duration, _| Ok(duration.in_units(3_600_000_000_000))),
            method("Microseconds", NONE, Type::Int64, |duration, _| Ok(Value::Int64(duration.0 / 1_000))),
            method("Milliseconds", NONE, Type::Int64, |duration, _| Ok(Value::Int64(duration.0 / 1_000_000))),
            method("Minutes", NONE, Type::Float64, |duration, _| Ok(duration.in_units(60_000_000_000))),
            method("Nanoseconds", NONE, Type::Int64, |duration, _| Ok(Value::Int64(duration.0))),
            method("Round", &[DURATION], DURATION, |unrounded, args| {
                Ok(unrounded.round(duration(args)).into_value())
            }),
            method("Seconds", NONE, Type::Float64, |duration, _| Ok(duration.in_units(1_000_000_000))),
            method("String", NONE, Type::String, |duration, _| Ok(Value::str(duration.to_string()))),
            method("Truncate", &[DURATION], DURATION, |whole, args| {
                Ok(whole.truncate(duration(args)).into_value())
            }),
        ];
        find(METHODS, name)
    }
}

impl Object for Duration {
    object_methods!();

    fn go_type(&self) -> Type {
        DURATION
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

impl Month {
    fn find_method(&self, name: &str) -> Option<&'static Method<Month>> {
        const METHODS: &[Method<Month>] =
            &[method("String", NONE, Type::String, |month, _| Ok(Value::str(month.name())))];
        find(METHODS, name)
    }
}

impl Object for Month {
    object_methods!();

    fn go_type(&self) -> Type {
        MONTH
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

impl Weekday {
    fn find_method(&self, name: &str) -> Option<&'static Method<Weekday>> {
        const METHODS: &[Method<Weekday>] =
            &[method("String", NONE, Type::String, |day, _| Ok(Value::str(day.name())))];
        find(METHODS, name)
    }
}

impl Object for Weekday {
    object_methods!();

    fn go_type(&self) -> Type {
        WEEKDAY
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

impl Zone {
    fn find_method(&self, name: &str) -> Option<&'static Method<Zone>> {
        const METHODS: &[Method<Zone>] =
            &[method("String", NONE, Type::String, |zone, _| Ok(Value::str(zone.name())))];
        find(METHODS, name)
    }
}

impl Object for Zone {
    object_methods!();

    fn go_type(&self) -> Type {
        LOCATION
    }

    /// The fields of UTC, which are all that does not hold addresses.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        const ZONES: Type = Type::Slice(&Type::Opaque("time.zone", Kind::Struct));
        const CHANGES: Type = Type::Slice(&Type::Opaque("time.zoneTrans", Kind::Struct));
        vec![
            ("name", Value::str(self.name())),
            ("zone", Value::List(List::nil(ZONES))),
            ("tx", Value::List(List::nil(CHANGES))),
            ("extend", Value::str("")),
            ("cacheStart", Value::Int64(0)),
            ("cacheEnd", Value::Int64(0)),
            ("cacheZone", Value::Object(Rc::new(NoZone))),
        ]
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

/// A nil pointer, which is how Go stores UTC in a moment.
#[derive(Debug)]
pub(super) struct NoLocation;

/// A nil pointer to the private type of an offset.
#[derive(Debug)]
struct NoZone;

impl Object for NoLocation {
    fn go_type(&self) -> Type {
        LOCATION
    }

    fn is_nil(&self) -> bool {
        true
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().is::<NoLocation>()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for NoZone {
    fn go_type(&self) -> Type {
        Type::Opaque("*time.zone", Kind::Ptr)
    }

    fn is_nil(&self) -> bool {
        true
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().is::<NoZone>()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
