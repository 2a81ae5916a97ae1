//! Dates and times of TOML, which BurntSushi's library reads as Go's layouts do.

use gotmpl::{Object, Value};
use sprig::time::{Time, Zone};

/// The zones of what has no offset.
const LOCAL: (&str, &str, &str) = ("datetime-local", "date-local", "time-local");

/// Returns the text of a moment, without what the text it was read from did not have.
pub(super) fn text(time: &dyn Object) -> Result<String, String> {
    let text = time.json()?;
    let text = text.as_str().map(gotmpl::Str::to_text).unwrap_or_default();
    let zone = time.call_method("Location", &[]).ok();
    let zone = zone.and_then(|zone| if let Value::Object(zone) = zone { zone.stringer() } else { None });
    let (date, clock) = text.split_once('T').unwrap_or((&text, ""));
    let clock = clock.trim_end_matches('Z');
    Ok(match zone.as_deref() {
        Some(zone) if zone == LOCAL.0 => format!("{date}T{clock}"),
        Some(zone) if zone == LOCAL.1 => date.to_owned(),
        Some(zone) if zone == LOCAL.2 => clock.to_owned(),
        _ => text.into_owned(),
    })
}

/// Returns the moment of a date, a time or both, in any of the forms of RFC 3339.
/// Those without an offset lie in zones of their own, which show when they are printed.
pub(super) fn read(text: &str) -> Option<Value> {
    let (date, rest) = match text.split_once('T') {
        Some((date, rest)) => (Some(date), Some(rest)),
        None if text.contains(':') => (None, Some(text)),
        None => (Some(text), None),
    };
    let days = match date {
        Some(date) => days(date)?,
        None => days_from_1970(0, 1, 1),
    };
    let Some(rest) = rest else {
        return Some(Time::at(days * 86_400, 0, local_zone(LOCAL.1)).into_value());
    };
    let (clock, zone) = match (date, offset(rest)) {
        (Some(_), Some((clock, seconds))) => (clock, fixed_zone(seconds?)),
        (Some(_), None) => (rest, local_zone(LOCAL.0)),
        (None, _) => (rest, local_zone(LOCAL.2)),
    };
    let offset = if let Zone::Fixed { offset, .. } = &zone { i64::from(*offset) } else { 0 };
    let (seconds, nanos) = seconds(clock)?;
    Some(Time::at(days * 86_400 + seconds - offset, nanos, zone).into_value())
}

/// Splits the offset off a time; it is `None` inside if it is no offset.
fn offset(text: &str) -> Option<(&str, Option<i32>)> {
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, Some(0)));
    }
    let (clock, rest) = text.split_at(text.find(['+', '-'])?);
    let seconds = || {
        let (hours, minutes) = rest[1..].split_once(':')?;
        // Go lets pass 24 hours and 60 minutes, as some write them.
        let (hours, minutes) = (digits(hours, 2, 24)?, digits(minutes, 2, 60)?);
        let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
        Some(if rest.starts_with('-') { -seconds } else { seconds })
    };
    Some((clock, seconds()))
}

/// Returns the days since 1970.
fn days(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let year = digits(parts.next()?, 4, 9999)?;
    let (month, day) = (digits(parts.next()?, 2, 12)?, digits(parts.next()?, 2, 31)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let exists = month >= 1 && (1..=longest).contains(&day) && parts.next().is_none();
    exists.then(|| days_from_1970(year, month, day))
}

/// Returns the seconds of a time since midnight, and nanoseconds.
fn seconds(clock: &str) -> Option<(i64, u32)> {
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (clock, None),
    };
    let mut parts = clock.split(':');
    let (hour, minute) = (digits(parts.next()?, 2, 23)?, digits(parts.next()?, 2, 59)?);
    let second = match parts.next() {
        Some(second) => digits(second, 2, 59)?,
        None if fraction.is_none() => 0,
        None => return None,
    };
    let nanos = match fraction {
        // Go drops the digits that a nanosecond has no room for.
        Some(digits) if !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            format!("{digits:0<9.9}").parse().ok()?
        }
        Some(_) => return None,
        None => 0,
    };
    parts.next().is_none().then_some((hour * 3600 + minute * 60 + second, nanos))
}

/// Reads exactly so many digits.
fn digits(text: &str, count: usize, most: i64) -> Option<i64> {
    let plain = text.len() == count && text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|number| plain && *number <= most)
}

fn fixed_zone(offset: i32) -> Zone {
    if offset == 0 { Zone::Utc } else { Zone::Fixed { name: String::new(), offset } }
}

fn local_zone(name: &str) -> Zone {
    Zone::Fixed { name: name.to_owned(), offset: 0 }
}

/// Counts days in the Gregorian calendar, in years that begin in March so that a
/// leap day is the last one.
fn days_from_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}
