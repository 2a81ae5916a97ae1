//! Parts of moments and durations. Without a time zone, a moment is in UTC.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::{Called, wrong};
use crate::value::Value;

pub(super) fn call(name: &str, args: &[Value]) -> Called {
    match args {
        [Value::Duration(nanos)] => Ok(of_duration(name, *nanos)),
        [Value::Timestamp(time)] => Ok(of_moment(name, *time, TimeZone::UTC)),
        [Value::Timestamp(time), Value::String(zone)] => {
            let zone = time_zone(zone).ok_or_else(|| wrong(format!("{zone:?} is no time zone")))?;
            Ok(of_moment(name, *time, zone))
        }
        _ => Ok(None),
    }
}

fn of_duration(name: &str, nanos: i64) -> Option<Value> {
    Some(Value::Int(match name {
        "getHours" => nanos / 3_600_000_000_000,
        "getMinutes" => nanos / 60_000_000_000,
        "getSeconds" => nanos / 1_000_000_000,
        "getMilliseconds" => nanos / 1_000_000,
        _ => return None,
    }))
}

fn of_moment(name: &str, time: Timestamp, zone: TimeZone) -> Option<Value> {
    let time = time.to_zoned_datetime(zone);
    Some(Value::Int(match name {
        "getFullYear" => time.year().into(),
        "getMonth" => i64::from(time.month()) - 1,
        "getDayOfYear" => i64::from(time.day_of_year()) - 1,
        "getDayOfMonth" => i64::from(time.day()) - 1,
        "getDate" => time.day().into(),
        "getDayOfWeek" => i64::from(time.weekday().to_sunday_zero_offset()),
        "getHours" => time.hour().into(),
        "getMinutes" => time.minute().into(),
        "getSeconds" => time.second().into(),
        "getMilliseconds" => time.millisecond().into(),
        _ => return None,
    }))
}

/// Reads a name, as in `Europe/Berlin`, or a shift, as in `-02:30`.
fn time_zone(text: &str) -> Option<TimeZone> {
    if !text.contains(':') {
        return TimeZone::get(text).ok();
    }
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds = hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?;
    Offset::from_seconds(sign * seconds).ok().map(TimeZone::fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_zone_is_a_name_or_a_shift() {
        assert!(time_zone("Europe/Berlin").is_some());
        assert!(time_zone("-02:30").is_some());
        assert!(time_zone("99:99").is_none());
        assert!(time_zone("Nowhere").is_none());
    }

    #[test]
    fn parts_of_a_moment_count_as_in_go() {
        let time: Timestamp = "2024-02-01T03:04:05.678Z".parse().unwrap();
        let part = |name: &str| of_moment(name, time, TimeZone::UTC);
        assert_eq!(part("getMonth"), Some(Value::Int(1)));
        assert_eq!(part("getDate"), Some(Value::Int(1)));
        assert_eq!(part("getDayOfMonth"), Some(Value::Int(0)));
        assert_eq!(part("getDayOfWeek"), Some(Value::Int(4)));
        assert_eq!(part("getMilliseconds"), Some(Value::Int(678)));
    }
}
