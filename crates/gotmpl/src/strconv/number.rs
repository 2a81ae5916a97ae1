//! Integers in Go's notation: prefixes, underscores, and what is out of range.

/// Why a text is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumError {
    /// It is not written like one.
    #[error("invalid syntax")]
    Syntax,
    /// The type cannot hold it.
    #[error("value out of range")]
    Range,
}

/// Reads an unsigned integer (`strconv.ParseUint` for 64 bits); base 0 takes the base from a prefix.
pub fn parse_uint(text: &[u8], base: u32) -> Result<u64, NumError> {
    let mut digits = text;
    let mut radix = base;
    if base == 0 {
        (radix, digits) = split_prefix(text);
        if digits.contains(&b'_') && !underscores_ok(text) {
            return Err(NumError::Syntax);
        }
    }
    if digits.is_empty() || !(2..=36).contains(&radix) {
        return Err(NumError::Syntax);
    }
    let mut value = 0u64;
    let mut overflow = false;
    for &digit in digits {
        if digit == b'_' && base == 0 {
            continue;
        }
        let digit = char::from(digit).to_digit(radix).ok_or(NumError::Syntax)?;
        match value.checked_mul(radix.into()).and_then(|value| value.checked_add(digit.into())) {
            Some(next) => value = next,
            None => overflow = true,
        }
        // Go stops at the first digit too many, before it sees what follows.
        if overflow {
            return Err(NumError::Range);
        }
    }
    Ok(value)
}

/// Reads a signed integer (`strconv.ParseInt` for 64 bits); base 0 takes the base from a prefix.
pub fn parse_int(text: &[u8], base: u32) -> Result<i64, NumError> {
    let (negative, digits) = match text.first() {
        Some(b'+') => (false, &text[1..]),
        Some(b'-') => (true, &text[1..]),
        _ => (false, text),
    };
    let value = parse_uint(digits, base)?;
    if negative {
        0i64.checked_sub_unsigned(value).ok_or(NumError::Range)
    } else {
        i64::try_from(value).map_err(|_| NumError::Range)
    }
}

fn split_prefix(text: &[u8]) -> (u32, &[u8]) {
    if text.len() >= 3 && text[0] == b'0' {
        match text[1].to_ascii_lowercase() {
            b'b' => return (2, &text[2..]),
            b'o' => return (8, &text[2..]),
            b'x' => return (16, &text[2..]),
            _ => {}
        }
    }
    match text {
        [b'0', rest @ ..] if !rest.is_empty() => (8, rest),
        _ => (10, text),
    }
}

/// Returns whether every underscore stands between digits, or between a prefix and a digit.
pub(super) fn underscores_ok(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let prefix = match text {
        [b'0', base, ..] => Some(base.to_ascii_lowercase()).filter(|base| b"box".contains(base)),
        _ => None,
    };
    let digits = if prefix.is_some() { &text[2..] } else { text };
    let mut after_digit = prefix.is_some();
    let mut after_underscore = false;
    for &c in digits {
        let is_digit = c.is_ascii_digit() || prefix == Some(b'x') && c.is_ascii_hexdigit();
        if c == b'_' && !after_digit || after_underscore && !is_digit {
            return false;
        }
        after_underscore = c == b'_';
        after_digit = is_digit;
    }
    !after_underscore
}
