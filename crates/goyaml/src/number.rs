//! Floats as Go prints them.
//!
//! Go and Rust agree on the digits, the shortest that read back as the same
//! number, but for ties; they differ in when to use an exponent and how to write it.

use std::fmt::Write as _;

/// A finite float's shortest digits, or what stands for one that is not finite.
pub(crate) enum Decimal {
    /// `±0.digits × 10^point`
    Finite {
        negative: bool,
        digits: String,
        point: i32,
    },
    NotANumber,
    Infinite {
        negative: bool,
    },
}

impl Decimal {
    pub(crate) fn from_f64(value: f64) -> Self {
        Self::new(value.is_nan(), value.is_infinite(), value.is_sign_negative(), || scientific(value.abs()))
    }

    pub(crate) fn from_f32(value: f32) -> Self {
        Self::new(value.is_nan(), value.is_infinite(), value.is_sign_negative(), || {
            format!("{:e}", value.abs())
        })
    }

    fn new(nan: bool, infinite: bool, negative: bool, scientific: impl FnOnce() -> String) -> Self {
        if nan {
            return Self::NotANumber;
        }
        if infinite {
            return Self::Infinite { negative };
        }
        let text = scientific();
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits: String = mantissa.chars().filter(|&c| c != '.').collect();
        let exponent: i32 = exponent.parse().unwrap_or(0);
        Self::Finite { negative, digits, point: exponent + 1 }
    }
}

/// Returns the shortest digits with an exponent. Of two that are equally near, Go
/// takes the even ones, Rust the larger.
fn scientific(value: f64) -> String {
    // With fewer digits the number itself is written, and nothing is tied.
    const FEWEST: usize = 15;
    let mut text = format!("{value:e}");
    let end = text.find('e').unwrap_or(text.len());
    let odd = end > FEWEST && text.as_bytes()[end - 1] % 2 == 1;
    if odd {
        let lower = char::from(text.as_bytes()[end - 1] - 1);
        let exact = format!("{value:.*e}", end + 20);
        let tie = exact.strip_prefix(&text[..end - 1]).and_then(|rest| rest.strip_prefix(lower));
        let beyond = tie.and_then(|rest| rest.split('e').next()).and_then(|rest| rest.strip_prefix('5'));
        if beyond.is_some_and(|digits| digits.bytes().all(|digit| digit == b'0')) {
            text.replace_range(end - 1..end, lower.encode_utf8(&mut [0; 4]));
        }
    }
    text
}

/// Go's `strconv.FormatFloat(x, 'g', -1, …)`, with YAML's words for what is not finite.
pub(crate) fn write_general(out: &mut String, decimal: &Decimal) {
    match decimal {
        Decimal::NotANumber => out.push_str(".nan"),
        Decimal::Infinite { negative: false } => out.push_str(".inf"),
        Decimal::Infinite { negative: true } => out.push_str("-.inf"),
        Decimal::Finite { negative, digits, point } => {
            out.push_str(if *negative { "-" } else { "" });
            // The point of zero's digits is not where its zero is.
            if (-3..=6).contains(point) || digits == "0" {
                write_plain(out, digits, *point);
            } else {
                write_exponent(out, digits, *point, 2);
            }
        }
    }
}

/// The number in a JSON text that `encoding/json` writes; only for finite numbers.
pub(crate) fn write_json(out: &mut String, decimal: &Decimal) {
    let Decimal::Finite { negative, digits, point } = decimal else { return };
    out.push_str(if *negative { "-" } else { "" });
    // 1e-6 and up to, but not including, 1e21 are written in full.
    if (-5..=21).contains(point) || digits == "0" {
        write_plain(out, digits, *point);
    } else {
        write_exponent(out, digits, *point, 1);
    }
}

fn write_plain(out: &mut String, digits: &str, point: i32) {
    if point <= 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', point.unsigned_abs() as usize));
        out.push_str(digits);
        return;
    }
    let point = point as usize;
    if digits.len() <= point {
        out.push_str(digits);
        out.extend(std::iter::repeat_n('0', point - digits.len()));
    } else {
        out.push_str(&digits[..point]);
        out.push('.');
        out.push_str(&digits[point..]);
    }
}

/// Go writes at least two digits of the exponent, and JSON's negative ones with at least one.
fn write_exponent(out: &mut String, digits: &str, point: i32, min_negative: usize) {
    out.push_str(&digits[..1]);
    if digits.len() > 1 {
        out.push('.');
        out.push_str(&digits[1..]);
    }
    let exponent = point - 1;
    let width = if exponent < 0 { min_negative } else { 2 };
    let sign = if exponent < 0 { '-' } else { '+' };
    let _ = write!(out, "e{sign}{:0width$}", exponent.unsigned_abs());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_goes_to_the_even_digits() {
        assert_eq!(scientific(740_376_814_929_854.2), "7.403768149298542e14");
        assert_eq!(scientific(740_376_814_929_854.4), "7.403768149298544e14");
        assert_eq!(scientific(0.3), "3e-1");
        assert_eq!(scientific(9_007_199_254_740_991.0), "9.007199254740991e15");
    }
}
