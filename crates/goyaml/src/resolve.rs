//! What a plain scalar means: YAML 1.1's types as go-yaml v2.4.3 tells them.
//!
//! Decimal, octal, hexadecimal and binary integers, `_` anywhere in a number,
//! eleven spellings of true and false each, no base 60. Timestamps are
//! recognised but stay text, as they do for Go code that decodes into `any`.

use crate::timestamp::is_timestamp;

/// The types that a scalar can have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Timestamp,
    Str,
}

/// Resolves a plain scalar without a tag.
pub(crate) fn resolve(text: &str) -> Scalar {
    resolve_as(text, true, Flavor::V2)
}

/// Resolves a plain scalar as yaml.v3's encoder does when it decides about quotes.
pub(crate) fn resolve_v3(text: &str) -> Scalar {
    resolve_as(text, true, Flavor::V3)
}

/// Resolves a scalar whose tag asks for something else than a timestamp.
pub(crate) fn resolve_untimed(text: &str) -> Scalar {
    resolve_as(text, false, Flavor::V2)
}

/// Which go-yaml; v3 reads YAML 1.1's short booleans as text and knows `0o17`.
#[derive(Clone, Copy, PartialEq)]
enum Flavor {
    V2,
    V3,
}

fn resolve_as(text: &str, timestamps: bool, flavor: Flavor) -> Scalar {
    let Some(&first) = text.as_bytes().first() else { return Scalar::Null };
    match first {
        b'+' | b'-' | b'0'..=b'9' => number(text, timestamps, flavor),
        b'.' => special_float(text).or_else(|| dotted_float(text)).map_or(Scalar::Str, Scalar::Float),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text, flavor),
        _ => Scalar::Str,
    }
}

fn word(text: &str, flavor: Flavor) -> Scalar {
    match text {
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        _ if flavor == Flavor::V3 => Scalar::Str,
        _ => short_bool(text).map_or(Scalar::Str, Scalar::Bool),
    }
}

/// The booleans that YAML 1.2 dropped.
pub(crate) fn short_bool(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn special_float(text: &str) -> Option<f64> {
    match text {
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// `.5`, where `_` may stand between digits only; in other numbers it may be anywhere.
fn dotted_float(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return finite(text).filter(|_| is_decimal_float(text.as_bytes()));
    }
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let separates = |at: usize| is_digit(bytes.get(at.wrapping_sub(1))) && is_digit(bytes.get(at + 1));
    if !text.match_indices('_').all(|(at, _)| separates(at)) {
        return None;
    }
    dotted_float(&text.replace('_', ""))
}

fn number(text: &str, timestamps: bool, flavor: Flavor) -> Scalar {
    if let Some(value) = small_decimal(text.as_bytes()) {
        return Scalar::Int(value);
    }
    if let Some(value) = special_float(text) {
        return Scalar::Float(value);
    }
    if timestamps && is_timestamp(text) {
        return Scalar::Timestamp;
    }
    let stripped: String;
    let plain = if text.contains('_') {
        stripped = text.replace('_', "");
        &stripped
    } else {
        text
    };
    integer(plain)
        .or_else(|| is_decimal_float(plain.as_bytes()).then(|| finite(plain)).flatten().map(Scalar::Float))
        .or_else(|| prefixed_integer(plain, "0b", 2))
        .or_else(|| if flavor == Flavor::V3 { prefixed_integer(plain, "0o", 8) } else { None })
        .unwrap_or(Scalar::Str)
}

/// The common case: a decimal that cannot be anything else.
fn small_decimal(text: &[u8]) -> Option<i64> {
    if text.len() > 18 || (text[0] == b'0' && text.len() > 1) {
        return None;
    }
    text.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

/// Go's `strconv.ParseInt` and `ParseUint` with base 0.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, unsigned) = match text.as_bytes()[..] {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let (digits, radix) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&unsigned[2..], 16),
        [b'0', b'o' | b'O', ..] => (&unsigned[2..], 8),
        [b'0', b'b' | b'B', ..] => (&unsigned[2..], 2),
        [b'0', _, ..] => (&unsigned[1..], 8),
        _ => (unsigned, 10),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    match i64::try_from(value) {
        Ok(value) => Some(Scalar::Int(if negative { -value } else { value })),
        Err(_) if negative && value == i64::MIN.unsigned_abs() => Some(Scalar::Int(i64::MIN)),
        // ParseUint takes no sign.
        Err(_) if text.len() == unsigned.len() => Some(Scalar::Uint(value)),
        Err(_) => None,
    }
}

/// A second look at a prefix behind which go-yaml takes a sign: `0b-1` is -1.
fn prefixed_integer(text: &str, prefix: &str, radix: u32) -> Option<Scalar> {
    if let Some(digits) = text.strip_prefix(prefix) {
        let is_signed = digits.starts_with(['+', '-']);
        return match i64::from_str_radix(digits, radix) {
            Ok(value) => Some(Scalar::Int(value)),
            Err(_) if !is_signed => u64::from_str_radix(digits, radix).ok().map(Scalar::Uint),
            Err(_) => None,
        };
    }
    None
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_decimal_float(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let unsigned = text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"-")).unwrap_or(text);
    let whole = digits(unsigned);
    let mut rest = &unsigned[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let len = digits(fraction);
        if whole == 0 && len == 0 {
            return false;
        }
        rest = &fraction[len..];
    } else if whole == 0 {
        return false;
    }
    match rest {
        [] => true,
        [b'e' | b'E', exponent @ ..] => {
            let exponent =
                exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
        _ => false,
    }
}

/// Parses a float; what is too big for one is none.
fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// `1:30` and the like, which YAML 1.1 counts in base 60. go-yaml reads them as
/// text but quotes them for readers that do not.
pub(crate) fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let is_first = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_digit())
            && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    if !parts.next().is_some_and(is_first) {
        return false;
    }
    let mut rest = parts.peekable();
    if rest.peek().is_none() {
        return false;
    }
    while let Some(part) = rest.next() {
        let (whole, fraction) = match part.split_once('.') {
            Some(_) if rest.peek().is_some() => return false,
            Some((whole, fraction)) => (whole, fraction),
            None => (part, ""),
        };
        let is_sixty = matches!(whole.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
        if !is_sixty || !fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
            return false;
        }
    }
    true
}
