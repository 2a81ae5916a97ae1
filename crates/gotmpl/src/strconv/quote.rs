//! Go string and character literals: writing them (`%q`) and reading them.

use super::unicode::is_print;

/// The text is not a literal. Go's message for it is `invalid syntax`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid syntax")]
pub struct SyntaxError;

/// Returns the first character and its length in bytes; none for a byte that is not UTF-8.
pub(crate) fn decode_rune(bytes: &[u8]) -> Option<(char, usize)> {
    let first = *bytes.first()?;
    if first < 0x80 {
        return Some((char::from(first), 1));
    }
    let length = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
    text.chars().next().map(|c| (c, length))
}

/// Returns a double-quoted Go literal (`strconv.Quote`).
pub fn quote(text: &[u8]) -> String {
    quote_with(text, false)
}

/// Returns a double-quoted Go literal of ASCII only (`strconv.QuoteToASCII`).
pub fn quote_to_ascii(text: &[u8]) -> String {
    quote_with(text, true)
}

/// Returns a single-quoted Go literal of a code point (`strconv.QuoteRune`).
pub fn quote_rune(rune: u32) -> String {
    quote_rune_with(rune, false)
}

/// Returns a single-quoted Go literal of ASCII only (`strconv.QuoteRuneToASCII`).
pub fn quote_rune_to_ascii(rune: u32) -> String {
    quote_rune_with(rune, true)
}

fn quote_rune_with(rune: u32, ascii: bool) -> String {
    let mut out = String::from('\'');
    escape(&mut out, char::from_u32(rune).unwrap_or(char::REPLACEMENT_CHARACTER), '\'', ascii);
    out.push('\'');
    out
}

fn quote_with(text: &[u8], ascii: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let mut rest = text;
    while let Some(&first) = rest.first() {
        match decode_rune(rest) {
            Some((c, length)) => {
                escape(&mut out, c, '"', ascii);
                rest = &rest[length..];
            }
            None => {
                out.push_str(&format!("\\x{first:02x}"));
                rest = &rest[1..];
            }
        }
    }
    out.push('"');
    out
}

fn escape(out: &mut String, c: char, quote: char, ascii: bool) {
    if c == quote || c == '\\' {
        out.push('\\');
        out.push(c);
        return;
    }
    if is_print(c) && (!ascii || c.is_ascii()) {
        out.push(c);
        return;
    }
    match c {
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        '\0'..=' ' | '\x7f' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
        '\u{80}'..='\u{ffff}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
        _ => out.push_str(&format!("\\U{:08x}", u32::from(c))),
    }
}

/// Returns whether the text can stand between backquotes as it is (`strconv.CanBackquote`).
pub fn can_backquote(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| {
        text.chars().all(|c| !matches!(c, '\0'..='\x08' | '\n'..='\x1f' | '`' | '\x7f' | '\u{feff}'))
    })
}

/// Returns the bytes that a quoted, backquoted or character literal stands for (`strconv.Unquote`).
pub fn unquote(literal: &[u8]) -> Result<Vec<u8>, SyntaxError> {
    let (Some(&mark), Some(&last)) = (literal.first(), literal.last()) else { return Err(SyntaxError) };
    if literal.len() < 2 || mark != last {
        return Err(SyntaxError);
    }
    let inner = &literal[1..literal.len() - 1];
    match mark {
        b'`' if inner.contains(&b'`') => Err(SyntaxError),
        b'`' => Ok(inner.iter().copied().filter(|&b| b != b'\r').collect()),
        b'"' if !inner.contains(&b'\\') && std::str::from_utf8(inner).is_ok() => {
            if inner.iter().any(|&b| b == b'"' || b == b'\n') { Err(SyntaxError) } else { Ok(inner.to_vec()) }
        }
        b'"' | b'\'' => unquote_escapes(inner, mark),
        _ => Err(SyntaxError),
    }
}

fn unquote_escapes(inner: &[u8], mark: u8) -> Result<Vec<u8>, SyntaxError> {
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    let mut characters = 0;
    while !rest.is_empty() {
        if rest[0] == b'\n' {
            return Err(SyntaxError);
        }
        let (unit, length) = unquote_char(rest, mark)?;
        match unit {
            Unit::Byte(byte) => out.push(byte),
            Unit::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = &rest[length..];
        characters += 1;
    }
    if mark == b'\'' && characters != 1 { Err(SyntaxError) } else { Ok(out) }
}

/// What one character or escape of a literal stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A byte, from `\x` or an octal escape.
    Byte(u8),
    /// A character.
    Char(char),
}

impl Unit {
    pub(crate) fn code(self) -> u32 {
        match self {
            Unit::Byte(byte) => u32::from(byte),
            Unit::Char(c) => u32::from(c),
        }
    }
}

/// Reads one character or escape, and its length (`strconv.UnquoteChar`).
pub(crate) fn unquote_char(text: &[u8], mark: u8) -> Result<(Unit, usize), SyntaxError> {
    let first = *text.first().ok_or(SyntaxError)?;
    if first == mark && (mark == b'\'' || mark == b'"') {
        return Err(SyntaxError);
    }
    if first != b'\\' {
        let (c, length) = decode_rune(text).unwrap_or((char::REPLACEMENT_CHARACTER, 1));
        return Ok((Unit::Char(c), length));
    }
    let kind = *text.get(1).ok_or(SyntaxError)?;
    let simple = |c: char| Ok((Unit::Char(c), 2));
    match kind {
        b'a' => simple('\x07'),
        b'b' => simple('\x08'),
        b'f' => simple('\x0c'),
        b'n' => simple('\n'),
        b'r' => simple('\r'),
        b't' => simple('\t'),
        b'v' => simple('\x0b'),
        b'\\' => simple('\\'),
        b'\'' | b'"' if kind == mark => simple(char::from(kind)),
        b'x' => Ok((Unit::Byte(u8::try_from(digits(text, 2, 2, 16)?).map_err(|_| SyntaxError)?), 4)),
        b'u' => Ok((Unit::Char(char::from_u32(digits(text, 2, 4, 16)?).ok_or(SyntaxError)?), 6)),
        b'U' => Ok((Unit::Char(char::from_u32(digits(text, 2, 8, 16)?).ok_or(SyntaxError)?), 10)),
        b'0'..=b'7' => Ok((Unit::Byte(u8::try_from(digits(text, 1, 3, 8)?).map_err(|_| SyntaxError)?), 4)),
        _ => Err(SyntaxError),
    }
}

fn digits(text: &[u8], start: usize, count: usize, radix: u32) -> Result<u32, SyntaxError> {
    let digits = text.get(start..start + count).ok_or(SyntaxError)?;
    digits.iter().try_fold(0u32, |value, &digit| {
        let digit = char::from(digit).to_digit(radix).ok_or(SyntaxError)?;
        value.checked_mul(radix).and_then(|value| value.checked_add(digit)).ok_or(SyntaxError)
    })
}
