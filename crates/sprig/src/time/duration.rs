//! Durations, with Go's text: `1h2m3.5s`.

use std::fmt;

use super::parse::quote;

/// A span of time in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub i64);

impl Duration {
    pub(crate) const SECOND: Duration = Duration(1_000_000_000);

    /// Reads a duration such as `1h30m` or `-1.5s`.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, String> {
        let original = String::from_utf8_lossy(text);
        let invalid = || format!("time: invalid duration {}", quote(&original));
        let (negative, mut rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        if rest == b"0" {
            return Ok(Duration(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total = 0_u64;
        while !rest.is_empty() {
            let amount = Amount::read(&mut rest).ok_or_else(invalid)?;
            let end =
                rest.iter().position(|byte| *byte == b'.' || byte.is_ascii_digit()).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if name.is_empty() {
                return Err(format!("time: missing unit in duration {}", quote(&original)));
            }
            let unit = unit(name).ok_or_else(|| {
                let name = quote(&String::from_utf8_lossy(name));
                format!("time: unknown unit {name} in duration {}", quote(&original))
            })?;
            total = amount.nanos(unit).and_then(|nanos| total.checked_add(nanos)).ok_or_else(invalid)?;
            if total > 1 << 63 {
                return Err(invalid());
            }
            rest = after;
        }
        // Only a negative duration may be as large as 1<<63, and it wraps to itself.
        if !negative && total > i64::MAX.unsigned_abs() {
            return Err(invalid());
        }
        let nanos = total as i64;
        Ok(Duration(if negative { nanos.wrapping_neg() } else { nanos }))
    }

    /// Rounds to a multiple of `unit`, half away from zero.
    pub(crate) fn round(self, unit: Duration) -> Duration {
        if unit.0 <= 0 {
            return self;
        }
        let rest = self.0 % unit.0;
        let down = self.0 - rest;
        if rest.unsigned_abs() * 2 < unit.0.unsigned_abs() {
            return Duration(down);
        }
        let up = if self.0 < 0 { down.checked_sub(unit.0) } else { down.checked_add(unit.0) };
        Duration(up.unwrap_or(if self.0 < 0 { i64::MIN } else { i64::MAX }))
    }

    /// Rounds towards zero to a multiple of `unit`.
    pub(crate) fn truncate(self, unit: Duration) -> Duration {
        if unit.0 <= 0 { self } else { Duration(self.0 - self.0 % unit.0) }
    }
}

/// A decimal number before a unit.
struct Amount {
    whole: u64,
    fraction: u64,
    scale: f64,
}

impl Amount {
    /// Reads digits with an optional fraction.
    fn read(rest: &mut &[u8]) -> Option<Self> {
        let whole_digits = digits(rest);
        let whole = whole_digits.iter().try_fold(0_u64, |value, digit| {
            value.checked_mul(10)?.checked_add(u64::from(digit - b'0')).filter(|value| *value <= 1 << 63)
        })?;
        let mut amount = Amount { whole, fraction: 0, scale: 1.0 };
        let mut fraction_digits: &[u8] = b"";
        if let Some(after) = rest.strip_prefix(b".") {
            *rest = after;
            fraction_digits = digits(rest);
        }
        for digit in fraction_digits {
            // Digits that no longer fit are too small to matter.
            let Some(next) =
                amount.fraction.checked_mul(10).and_then(|v| v.checked_add(u64::from(digit - b'0')))
            else {
                break;
            };
            if next > 1 << 63 {
                break;
            }
            amount.fraction = next;
            amount.scale *= 10.0;
        }
        (!whole_digits.is_empty() || !fraction_digits.is_empty()).then_some(amount)
    }

    fn nanos(&self, unit: u64) -> Option<u64> {
        let whole = self.whole.checked_mul(unit).filter(|nanos| *nanos <= 1 << 63)?;
        let fraction = (self.fraction as f64 * (unit as f64 / self.scale)) as u64;
        whole.checked_add(fraction).filter(|nanos| *nanos <= 1 << 63)
    }
}

fn digits<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    *rest = after;
    digits
}

fn unit(name: &[u8]) -> Option<u64> {
    Some(match name {
        b"ns" => 1,
        // Both the micro sign and the Greek letter.
        b"us" | b"\xc2\xb5s" | b"\xce\xbcs" => 1_000,
        b"ms" => 1_000_000,
        b"s" => 1_000_000_000,
        b"m" => 60_000_000_000,
        b"h" => 3_600_000_000_000,
        _ => return None,
    })
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        match nanos {
            0 => return f.write_str("0s"),
            1..1_000 => return write!(f, "{nanos}ns"),
            1_000..1_000_000 => return write!(f, "{}µs", decimal(nanos, 3)),
            1_000_000..1_000_000_000 => return write!(f, "{}ms", decimal(nanos, 6)),
            _ => {}
        }
        let minutes = nanos / 60_000_000_000;
        match minutes / 60 {
            0 if minutes == 0 => {}
            0 => write!(f, "{minutes}m")?,
            hours => write!(f, "{hours}h{}m", minutes % 60)?,
        }
        write!(f, "{}s", decimal(nanos % 60_000_000_000, 9))
    }
}

/// Returns a number with its last `places` digits behind a point, if they are not zero.
fn decimal(number: u64, places: u32) -> String {
    let unit = 10_u64.pow(places);
    let fraction = format!("{:0width$}", number % unit, width = places as usize);
    match fraction.trim_end_matches('0') {
        "" => (number / unit).to_string(),
        digits => format!("{}.{digits}", number / unit),
    }
}
