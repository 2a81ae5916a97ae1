//! Conversions of any value to a number, as spf13/cast 1.7.0 makes them for Sprig.

use gotmpl::{Value, strconv};

use crate::time::{Month, Weekday};

/// Returns a value as a 64-bit integer; zero if it is none.
pub(crate) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Bool(truth) => i64::from(*truth),
        Value::Int(n) | Value::Int64(n) => *n,
        Value::Uint8(n) => i64::from(*n),
        Value::Uint32(n) => i64::from(*n),
        // Go wraps.
        Value::Uint64(n) => *n as i64,
        Value::Float64(x) => truncate(*x),
        Value::Str(text) => strconv::parse_int(without_zero_decimals(text.as_bytes()), 0).unwrap_or(0),
        Value::Object(_) => ordinal(value).unwrap_or(0),
        Value::Nil | Value::Complex128(..) | Value::List(_) | Value::Map(_) => 0,
    }
}

/// Returns a value as a float; zero if it is none.
pub(crate) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Bool(truth) => f64::from(u8::from(*truth)),
        Value::Int(n) | Value::Int64(n) => *n as f64,
        Value::Uint8(n) => f64::from(*n),
        Value::Uint32(n) => f64::from(*n),
        Value::Uint64(n) => *n as f64,
        Value::Float64(x) => *x,
        Value::Str(text) => strconv::parse_float(text.as_bytes()).unwrap_or(0.0),
        Value::Object(_) => ordinal(value).map_or(0.0, |n| n as f64),
        Value::Nil | Value::Complex128(..) | Value::List(_) | Value::Map(_) => 0.0,
    }
}

/// Returns the number of a month or a weekday, the only defined types that cast knows.
fn ordinal(value: &Value) -> Option<i64> {
    let month = value.as_object::<Month>().map(|month| month.0);
    month.or_else(|| value.as_object::<Weekday>().map(|weekday| weekday.0))
}

/// Converts as amd64 does, where all that does not fit becomes the smallest integer.
fn truncate(x: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&x) { x as i64 } else { i64::MIN }
}

/// Drops `.000` from the end.
fn without_zero_decimals(text: &[u8]) -> &[u8] {
    let digits = text.iter().rposition(|byte| *byte != b'0').map_or(0, |at| at + 1);
    match text[..digits].split_last() {
        Some((b'.', whole)) if digits < text.len() => whole,
        _ => text,
    }
}

/// Reads a decimal number as `strconv.Atoi`, whose errors Sprig drops: what is
/// out of range becomes the nearest integer, all else zero.
pub(crate) fn atoi(text: &[u8]) -> i64 {
    match strconv::parse_int(text, 10) {
        Ok(number) => number,
        Err(strconv::NumError::Range) if text.first() == Some(&b'-') => i64::MIN,
        Err(strconv::NumError::Range) => i64::MAX,
        Err(strconv::NumError::Syntax) => 0,
    }
}

/// Returns a power of ten with the rounding of Go's `math.Pow`, which multiplies
/// repeated squares of the mantissa.
pub(super) fn power_of_ten(exponent: i64) -> f64 {
    const TOO_LARGE: i64 = 1 << 12;
    let (mut square, mut square_exponent) = (0.625_f64, 4_i64);
    let (mut mantissa, mut binary) = (1.0_f64, 0_i64);
    let mut bits = exponent.unsigned_abs();
    while bits != 0 {
        if square_exponent > TOO_LARGE {
            binary += square_exponent;
            break;
        }
        if bits & 1 == 1 {
            mantissa *= square;
            binary += square_exponent;
        }
        square *= square;
        square_exponent <<= 1;
        if square < 0.5 {
            square += square;
            square_exponent -= 1;
        }
        bits >>= 1;
    }
    if exponent < 0 {
        (mantissa, binary) = (1.0 / mantissa, -binary);
    }
    // In two steps, so that neither factor leaves the range of a float.
    let half = i32::try_from(binary.clamp(-4096, 4096) / 2).unwrap_or(0);
    let other = i32::try_from(binary.clamp(-4096, 4096)).unwrap_or(0) - half;
    mantissa * 2_f64.powi(half) * 2_f64.powi(other)
}
