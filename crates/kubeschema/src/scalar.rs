//! Texts that stand for something else: quantities, base64, times, durations.
//!
//! Each function says whether the server's own parser takes the text.

use goyaml::Value;

/// Returns whether text is a quantity (`100m`, `1.5Gi`, `1e3`).
///
/// Blanks around it are fine, as the server trims them.
pub(crate) fn is_quantity(text: &str) -> bool {
    Quantity::parse(text).is_some()
}

/// A quantity, exact enough to compare two of them.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(crate) struct Quantity(pub(crate) f64);

impl Quantity {
    /// Reads a quantity as `k8s.io/apimachinery/pkg/api/resource` does.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (digits, suffix) = unsigned.split_at(end);
        if digits.matches('.').count() > 1 || !digits.contains(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let number: f64 = digits.parse().ok()?;
        let value = number * factor(suffix)?;
        Some(Self(if text.starts_with('-') { -value } else { value }))
    }

    /// Reads the quantity in a value, which may be a number.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        value.as_str().map_or_else(|| value.as_f64().map(Self), Self::parse)
    }

    /// Returns whether it is a whole number.
    pub(crate) fn is_integer(self) -> bool {
        self.0.fract() == 0.0
    }
}

/// Reads a quantity such as `1.5Gi`, or a number, exactly enough to compare two of them.
pub fn quantity(value: &Value) -> Option<f64> {
    Quantity::of(value).map(|Quantity(number)| number)
}

fn factor(suffix: &str) -> Option<f64> {
    let decimal = |exponent: i32| Some(10f64.powi(exponent));
    let binary = |exponent: i32| Some(2f64.powi(exponent));
    match suffix {
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "" => Some(1.0),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(10),
        "Mi" => binary(20),
        "Gi" => binary(30),
        "Ti" => binary(40),
        "Pi" => binary(50),
        "Ei" => binary(60),
        _ => suffix.strip_prefix(['e', 'E']).and_then(|exponent| exponent.parse().ok()).and_then(decimal),
    }
}

/// Returns whether text is standard base64 as Go decodes it: line ends are skipped, padding is needed.
pub(crate) fn is_base64(text: &str) -> bool {
    let bytes = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n'));
    let (mut count, mut padding) = (0usize, 0usize);
    for byte in bytes {
        match byte {
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => count += 1,
            _ => return false,
        }
    }
    (count + padding).is_multiple_of(4) && padding <= 2 && (padding == 0 || count > 0)
}

/// Returns whether text is a time as in RFC 3339 (`2024-01-31T12:00:00Z`).
pub fn is_time(text: &str) -> bool {
    time_fraction(text).is_some()
}

/// Returns whether text is a time with exactly six digits of a second.
pub(crate) fn is_micro_time(text: &str) -> bool {
    time_fraction(text) == Some(6)
}

/// Returns the number of digits behind the second's point, if text is a time.
fn time_fraction(text: &str) -> Option<usize> {
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let clock = rest.strip_prefix('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(clock.get(..8)?, ':', [2, 2, 2])?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => return None,
    };
    if day == 0 || day > days || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let rest = clock.get(8..)?;
    let (fraction, zone) = match rest.strip_prefix(['.', ',']) {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            (digits, rest.get(digits..).filter(|_| digits > 0)?)
        }
        None => (0, rest),
    };
    let is_zone = zone == "Z"
        || zone
            .strip_prefix(['+', '-'])
            .and_then(|offset| numbers(offset, ':', [2, 2]))
            .is_some_and(|[hours, minutes]| hours <= 24 && minutes < 60);
    is_zone.then_some(fraction)
}

/// Reads numbers of so many digits each.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[u32; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part =
            parts.next().filter(|part| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// Returns whether text is a duration as Go's `time.ParseDuration` reads it (`1h30m`).
pub(crate) fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let is_number = number.matches('.').count() <= 1 && number.contains(|c: char| c.is_ascii_digit());
        let units = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"];
        let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        if !is_number || !units.contains(&unit) {
            return false;
        }
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accepts: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        good.iter().for_each(|text| assert!(accepts(text), "{text:?} is fine"));
        bad.iter().for_each(|text| assert!(!accepts(text), "{text:?} is not"));
    }

    #[test]
    fn quantities() {
        check(
            is_quantity,
            &["1", "100m", "1.5Gi", "0.5", ".5", "1.", "-1", "+1", "1e3", "1E-3", "5E", "1Ei", "12n", " 1 "],
            &[
                "", "1GB", "1mb", "1 Gi", "1K", "1kb", "abc", "1.2.3", "1,5", "½", "1e", "--1", "1_000",
                "0x10",
            ],
        );
        assert!(Quantity::parse("1500m") > Quantity::parse("1"));
        assert!(Quantity::parse("1Gi") > Quantity::parse("1G"));
        assert_eq!(Quantity::parse("1024Mi"), Quantity::parse("1Gi"));
    }

    #[test]
    fn base64() {
        check(
            is_base64,
            &["", "YQ==", "YWI=", "YWJj", "YW\nJj\n", "password", "a+/9"],
            &["a", "YQ=", "YQ", "admin123!", "YQ==YQ==", "Y Q=", "====", "a-_9"],
        );
    }

    #[test]
    fn times() {
        check(
            is_time,
            &["2024-02-29T00:00:00Z", "2024-01-31T23:59:59.5+01:00", "2024-01-31T23:59:59.000001Z"],
            &[
                "",
                "2024-01-31",
                "2023-02-29T00:00:00Z",
                "2024-01-31 23:59:59Z",
                "2024-01-31T24:00:00Z",
                "now",
            ],
        );
        check(
            is_micro_time,
            &["2024-01-31T23:59:59.123456Z"],
            &["2024-01-31T23:59:59Z", "2024-01-31T23:59:59.1Z"],
        );
    }

    #[test]
    fn durations() {
        check(
            is_duration,
            &["0", "5s", "1h30m", "1.5h", "-2ms", "10us"],
            &["", "5", "1d", "1 h", "h", "1h30"],
        );
    }
}
