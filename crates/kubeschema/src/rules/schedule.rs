//! When a CronJob runs: five fields or a macro, and a time zone.
//!
//! The form is that of `robfig/cron` v3's standard parser: `?` is `*`, and days
//! of the week are 0 to 6.

use goyaml::Value;

use crate::finding::Findings;
use crate::scalar::is_duration;
use crate::view::{field, filled};

/// A field of a schedule.
struct Unit {
    name: &'static str,
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

const UNITS: [Unit; 5] = [
    Unit { name: "minute", least: 0, most: 59, names: &[] },
    Unit { name: "hour", least: 0, most: 23, names: &[] },
    Unit { name: "day of the month", least: 1, most: 31, names: &[] },
    Unit {
        name: "month",
        least: 1,
        most: 12,
        names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    Unit {
        name: "day of the week",
        least: 0,
        most: 6,
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

/// Checks the schedule and time zone of a CronJob.
pub(crate) fn check<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    if let Some(schedule) = filled(spec, "schedule")
        && let Some(complaint) = complaint(schedule)
    {
        found.key_error(spec, "schedule", "cron", format!("{schedule:?}: {complaint}"));
    }
    let Some(zone) = field(spec, "timeZone").and_then(Value::as_str) else { return };
    if !is_time_zone(zone) {
        found.key_error(spec, "timeZone", "cron", format!("{zone:?} is not the name of a time zone"));
    }
}

/// The names of IANA's time zones, one a line, sorted.
const TIME_ZONES: &str = include_str!("../../data/timezones.txt");

fn is_time_zone(name: &str) -> bool {
    TIME_ZONES.lines().any(|zone| zone == name)
}

fn complaint(schedule: &str) -> Option<String> {
    if schedule.starts_with("TZ=") || schedule.starts_with("CRON_TZ=") {
        return Some("a time zone goes into timeZone".to_owned());
    }
    if let Some(name) = schedule.strip_prefix('@') {
        let names = ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"];
        let is_fine = names.contains(&name) || name.strip_prefix("every ").is_some_and(is_duration);
        return (!is_fine).then(|| "it is neither a macro such as @daily nor as @every 1h30m".to_owned());
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != UNITS.len() {
        return Some(format!("a schedule has five fields, and this has {}", fields.len()));
    }
    let mut parts = fields.iter().zip(&UNITS).flat_map(|(field, unit)| {
        field.split(',').filter(|part| !part.is_empty()).map(move |part| (part, unit))
    });
    parts.find_map(|(part, unit)| range_complaint(part, unit))
}

fn range_complaint(part: &str, unit: &Unit) -> Option<String> {
    let bad = || Some(format!("{part:?} is not a {} from {} to {}", unit.name, unit.least, unit.most));
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (part, None),
    };
    if let Some(step) = step
        && !step.parse::<u32>().is_ok_and(|step| step > 0)
    {
        return Some(format!("{step:?} is not a step"));
    }
    if range == "*" || range == "?" {
        return None;
    }
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (Some(first), Some(last)) = (unit.number(first), unit.number(last)) else { return bad() };
    if first < unit.least || last > unit.most || first > last { bad() } else { None }
}

impl Unit {
    fn number(&self, text: &str) -> Option<u32> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        match named {
            Some(at) => Some(u32::try_from(at).ok()? + self.least),
            None => text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_as_cron_has_them() {
        for good in [
            "*/5 * * * *",
            "0 0 ? * *",
            "0 0 * JAN-MAR MON-FRI",
            "1,2,,3 * * * *",
            "5/15 * * * *",
            "@daily",
            "@every 1h30m",
            "59 23 31 12 6",
            "*/90 * * * *",
            "00 08 * * *",
        ] {
            assert_eq!(complaint(good), None, "{good}");
        }
        for bad in [
            "* * * *",
            "60 * * * *",
            "0 0 * * 7",
            "5-1 * * * *",
            "*/0 * * * *",
            "0 0 L * *",
            "@yearl",
            "@every",
            "TZ=UTC * * * * *",
            "a b c d e",
            "0 0 * * MOND",
        ] {
            assert!(complaint(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn time_zones_by_their_exact_name() {
        assert!(["UTC", "Europe/Rome", "EST5EDT", "Etc/GMT+5"].iter().all(|name| is_time_zone(name)));
        assert!(["", "Local", "europe/rome", "+01:00", "EST5"].iter().all(|name| !is_time_zone(name)));
    }
}
