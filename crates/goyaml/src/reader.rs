//! From bytes to text: encodings, byte order marks and forbidden characters.
//!
//! go-yaml decodes its input in chunks of 512 bytes and complains about a bad
//! character when it decodes its chunk, which may be never if the first
//! document ends before. So a bad character does not fail the reading here: it
//! cuts the text at the start of its chunk, and the scanner reports it when it
//! needs more than that.

use std::borrow::Cow;

use crate::Error;
use crate::chars::find;

/// How many bytes go-yaml v2.4.3 decodes at a time.
const CHUNK: usize = 512;

/// Text to scan, up to the first chunk that holds a bad character.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub(crate) text: Cow<'a, str>,
    /// What to say to whoever reads on behind the text.
    pub(crate) bad: Option<Error>,
    /// Bytes before the text: the byte order mark.
    pub(crate) skipped: usize,
}

/// A bad character: where it starts, how wide it claims to be, what is wrong.
struct Bad {
    at: usize,
    width: usize,
    problem: &'static str,
}

impl<'a> Source<'a> {
    /// Takes text that is known to be UTF-8.
    pub(crate) fn from_text(text: &'a str) -> Self {
        match find_forbidden(text) {
            None => Self::new(Cow::Borrowed(text), None),
            Some(bad) => Self::new(Cow::Borrowed(&text[..chunk_start(text.as_bytes(), &bad)]), Some(&bad)),
        }
    }

    /// Takes bytes: UTF-8, or UTF-16 if they start with its mark.
    pub(crate) fn from_bytes(bytes: &'a [u8]) -> Self {
        match bytes {
            [0xFF, 0xFE, rest @ ..] => Self::from_utf16(rest, u16::from_le_bytes),
            [0xFE, 0xFF, rest @ ..] => Self::from_utf16(rest, u16::from_be_bytes),
            _ => Self::from_utf8(bytes),
        }
    }

    fn from_utf8(bytes: &'a [u8]) -> Self {
        let (text, bad) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(err) => {
                let (valid, rest) = bytes.split_at(err.valid_up_to());
                let bad = classify(rest, valid.len());
                (std::str::from_utf8(valid).expect("checked up to here"), Some(bad))
            }
        };
        match find_forbidden(text).or(bad) {
            None => Self::new(Cow::Borrowed(text), None),
            Some(bad) => Self::new(Cow::Borrowed(&text[..chunk_start(bytes, &bad)]), Some(&bad)),
        }
    }

    fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Self {
        let mut text = String::with_capacity(bytes.len());
        // The mark belongs to the first chunk, so its room is two bytes smaller.
        let (mut chunk_text, mut chunk_end) = (0, CHUNK - 2);
        let mut at = 0;
        let mut bad = None;
        while at < bytes.len() && bad.is_none() {
            let (decoded, width) = decode_utf16(&bytes[at..], unit);
            // Neither a split character nor one that the input cuts short is in this chunk.
            if at + width > chunk_end.min(bytes.len()) {
                (chunk_text, chunk_end) = (text.len(), at + CHUNK);
            }
            match decoded {
                Ok(c) => text.push(c),
                Err(problem) => bad = Some(Bad { at, width, problem }),
            }
            at += width;
        }
        if bad.is_some() {
            text.truncate(chunk_text);
        }
        Self::new(Cow::Owned(text), bad.as_ref())
    }

    fn new(text: Cow<'a, str>, bad: Option<&Bad>) -> Self {
        let bad = bad.map(|bad| Error::yaml(bad.problem));
        let (text, skipped) = match text {
            Cow::Borrowed(text) => {
                let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
                (Cow::Borrowed(rest), text.len() - rest.len())
            }
            owned @ Cow::Owned(_) => (owned, 0),
        };
        Self { text, bad, skipped }
    }
}

/// Whether YAML 1.1 allows the character; of the allowed ones, CR, LF and tab are not "printable".
pub(crate) fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Finds the first character that YAML forbids. Nearly all text is printable
/// ASCII, so bytes that cannot be part of a forbidden character go by quickly.
fn find_forbidden(text: &str) -> Option<Bad> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        // No short-circuits, so that a block of bytes can be judged at once.
        at = find(bytes, at, |byte| {
            let control = (byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r');
            control | (byte == 0x7F) | (byte == 0xC2) | (byte == 0xEF)
        });
        let c = text[at..].chars().next()?;
        if !is_allowed(c) {
            return Some(Bad { at, width: c.len_utf8(), problem: "control characters are not allowed" });
        }
        at += c.len_utf8();
    }
}

/// Says what is wrong with the bytes at the start of `rest`, as go-yaml's decoder does.
fn classify(rest: &[u8], at: usize) -> Bad {
    let bad = |width, problem| Bad { at, width, problem };
    let width = match rest[0] {
        lead if lead & 0xE0 == 0xC0 => 2,
        lead if lead & 0xF0 == 0xE0 => 3,
        lead if lead & 0xF8 == 0xF0 => 4,
        _ => return bad(1, "invalid leading UTF-8 octet"),
    };
    let Some(octets) = rest.get(..width) else {
        return bad(width, "incomplete UTF-8 octet sequence");
    };
    if octets[1..].iter().any(|octet| octet & 0xC0 != 0x80) {
        return bad(width, "invalid trailing UTF-8 octet");
    }
    let lead = u32::from(octets[0]) & (0x7F >> width);
    let value = octets[1..].iter().fold(lead, |value, octet| value << 6 | u32::from(octet & 0x3F));
    let shortest = match width {
        2 => 0x80,
        3 => 0x800,
        _ => 0x10000,
    };
    bad(
        width,
        if value < shortest { "invalid length of a UTF-8 sequence" } else { "invalid Unicode character" },
    )
}

/// Returns the character at the start and how many bytes it has or claims to have.
fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> (Result<char, &'static str>, usize) {
    let [a, b, ..] = *bytes else { return (Err("incomplete UTF-16 character"), 2) };
    let first = unit([a, b]);
    let (code, width) = match first & 0xFC00 {
        0xDC00 => return (Err("unexpected low surrogate area"), 2),
        0xD800 => {
            let [_, _, c, d, ..] = *bytes else { return (Err("incomplete UTF-16 surrogate pair"), 4) };
            let second = unit([c, d]);
            if second & 0xFC00 != 0xDC00 {
                return (Err("expected low surrogate area"), 4);
            }
            (0x10000 + ((u32::from(first) & 0x3FF) << 10) + (u32::from(second) & 0x3FF), 4)
        }
        _ => (u32::from(first), 2),
    };
    let decoded = char::from_u32(code).filter(|&c| is_allowed(c)).ok_or("control characters are not allowed");
    (decoded, width)
}

/// Returns where the chunk that holds the bad character starts. A chunk never
/// splits a character.
fn chunk_start(bytes: &[u8], bad: &Bad) -> usize {
    // A character that the input cuts short waits for more bytes, that is, for another chunk.
    if bad.at + bad.width > bytes.len() {
        return bad.at;
    }
    let mut start = 0;
    while bad.at + bad.width > start + CHUNK && bad.at != start {
        let mut end = (start + CHUNK).min(bytes.len());
        while end > start && end < bytes.len() && bytes[end] & 0xC0 == 0x80 {
            end -= 1;
        }
        start = end.min(bad.at);
    }
    start
}
