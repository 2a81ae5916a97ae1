//! The formats of text that the server checks; others say nothing.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{names, rules, scalar};

/// Returns whether text has a format.
pub(crate) fn fits(format: &str, text: &str) -> bool {
    match format {
        "date-time" | "datetime" => scalar::is_time(text),
        "date" => text.len() == 10 && scalar::is_time(&format!("{text}T00:00:00Z")),
        "duration" => is_duration(text),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "cidr" => rules::is_cidr(text),
        "mac" => is_mac(text),
        "byte" => scalar::is_base64(text),
        "hostname" => is_hostname(text),
        "email" => is_email(text),
        "uri" => is_uri(text),
        "uuid" | "uuid3" | "uuid4" | "uuid5" => is_uuid(text),
        "k8s-short-name" => names::dns_label(text).is_none(),
        "k8s-long-name" => names::dns_subdomain(text).is_none(),
        _ => true,
    }
}

/// Returns whether text is a duration: Go's, with days and weeks as `go-openapi/strfmt` reads them (`1 day`), or ISO 8601.
pub fn is_duration(text: &str) -> bool {
    const UNITS: [&str; 24] = [
        "ns",
        "nano",
        "us",
        "µs",
        "micro",
        "ms",
        "milli",
        "s",
        "sec",
        "second",
        "m",
        "min",
        "minute",
        "h",
        "hr",
        "hour",
        "d",
        "day",
        "w",
        "wk",
        "week",
        "nanosecond",
        "microsecond",
        "millisecond",
    ];
    if scalar::is_duration(text) {
        return true;
    }
    let trimmed = text.trim();
    let end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(end);
    let unit = unit.trim().to_lowercase();
    let unit = unit.strip_suffix('s').filter(|one| UNITS.contains(one)).unwrap_or(&unit);
    // ISO 8601, as in P1D, is taken as well.
    let is_iso = trimmed.starts_with('P') && trimmed.len() > 2;
    (number.parse::<f64>().is_ok() && UNITS.contains(&unit)) || is_iso
}

fn is_mac(text: &str) -> bool {
    let separator = if text.contains(':') { ':' } else { '-' };
    let parts: Vec<&str> = text.split(separator).collect();
    [6, 8, 20].contains(&parts.len())
        && parts.iter().all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// One label with at most one dash, behind its first character, or labels that end in a domain of letters:
/// that is what the pattern of `strfmt` comes to.
fn is_hostname(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "$+<=>^`|~".contains(c);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.starts_with(is_plain)
            && label.ends_with(is_plain)
            && label.chars().all(|c| is_plain(c) || c == '-')
    };
    let Some((labels, domain)) = text.rsplit_once('.') else {
        let mut chars = text.chars();
        let is_start = chars.next().is_some_and(is_plain);
        let rest = chars.as_str();
        return is_start && text.len() <= 64 && rest.strip_prefix('-').unwrap_or(rest).chars().all(is_plain);
    };
    text.len() <= 255
        && (2..=63).contains(&domain.chars().count())
        && domain.chars().all(char::is_alphabetic)
        && labels.split('.').all(is_label)
}

fn is_email(text: &str) -> bool {
    let Some((_, address)) = text.rsplit_once('@') else { return false };
    !address.is_empty() && !text.starts_with('@')
}

fn is_uri(text: &str) -> bool {
    let has_blank = text.chars().any(|c| c.is_whitespace() || c.is_control());
    let is_absolute = text.starts_with('/')
        || text.split_once(':').is_some_and(|(scheme, _)| {
            scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        });
    is_absolute && !has_blank
}

fn is_uuid(text: &str) -> bool {
    let digits = text.bytes().filter(|byte| *byte != b'-');
    digits.clone().count() == 32 && digits.clone().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[track_caller]
    fn check(format: &str, good: &[&str], bad: &[&str]) {
        good.iter().for_each(|text| assert!(fits(format, text), "{text:?} is a {format}"));
        bad.iter().for_each(|text| assert!(!fits(format, text), "{text:?} is no {format}"));
    }

    #[test]
    fn formats_as_the_server_reads_them() {
        check("date", &["2024-02-29"], &["2024-02-30", "24-1-1", ""]);
        check("date-time", &["2024-01-01T00:00:00Z"], &["2024-01-01 00:00:00", "x"]);
        check("duration", &["1h", "3 days", "P1D"], &["x", ""]);
        check("ipv4", &["1.2.3.4"], &["1.2.3", "::1"]);
        check("ipv6", &["::1"], &["1.2.3.4"]);
        check("cidr", &["10.0.0.0/8"], &["10.0.0.0"]);
        check("mac", &["01:23:45:67:89:ab"], &["01:23"]);
        check(
            "hostname",
            &["a", "A-1", "x-y.example.com"],
            &["a_b", "-a", "a.b", "a-b-c", "a.example.", "10.0.0.1"],
        );
        check("email", &["a@b"], &["a", "@b"]);
        check("uri", &["http://a/b", "/a"], &["x y"]);
        check("uuid", &["123e4567-e89b-12d3-a456-426614174000"], &["123e4567"]);
        check("no such format", &["anything"], &[]);
    }
}
