//! Formats that the Go library checks in drafts where `jsonschema` does not.

use jsonschema::ValidationOptions;

/// Adds the formats to those that are checked (in drafts 4, 6 and 7, where Helm
/// checks formats at all).
pub(super) fn add(options: ValidationOptions<'_>) -> ValidationOptions<'_> {
    options
        .with_format("uuid", is_uuid)
        .with_format("duration", is_duration)
        .with_format("regex", |text: &str| sprig::pattern_error(text).is_none())
        .with_format("semver", |text: &str| sprig::semver::Version::parse(text).is_ok())
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths = [8, 4, 4, 4, 12];
    parts.len() == lengths.len()
        && parts
            .iter()
            .zip(lengths)
            .all(|(part, length)| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// ISO 8601: `P3Y6M4DT12H30M5S` or `P4W`, each unit at most once and in order.
fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else { return false };
    if let Some(weeks) = rest.strip_suffix('W') {
        return !weeks.is_empty() && weeks.bytes().all(|byte| byte.is_ascii_digit());
    }
    match rest.split_once('T') {
        Some((date, time)) => (date.is_empty() || has_units(date, "YMD")) && has_units(time, "HMS"),
        None => has_units(rest, "YMD"),
    }
}

fn has_units(text: &str, units: &str) -> bool {
    let (mut units, mut rest) = (units, text);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let Some(unit) = rest[digits..].chars().next().filter(|_| digits > 0) else { return false };
        let Some(position) = units.find(unit) else { return false };
        (units, rest) = (&units[position + 1..], &rest[digits + 1..]);
    }
    !text.is_empty()
}
