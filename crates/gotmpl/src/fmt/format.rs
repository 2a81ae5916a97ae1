//! Flags, width and precision applied to numbers and text (Go's `fmt/format.go`).

use super::print::Printer;
use crate::strconv;

/// The flags of a verb. For `%+v` and `%#v` Go clears `plus` and `sharp` and
/// remembers them as modes of the whole value.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "these are fmt's independent flags")]
pub(super) struct Flags {
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    pub(super) plus_v: bool,
    pub(super) sharp_v: bool,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
}

impl Flags {
    /// Returns whether nothing asks for more than a number's digits and its minus.
    pub(super) fn plain_number(&self) -> bool {
        !self.plus && !self.space && self.width.is_none() && self.precision.is_none()
    }
}

/// An integer with the base in which a verb shows it.
pub(super) struct Integer {
    pub(super) negative: bool,
    pub(super) magnitude: u64,
    pub(super) base: u64,
    pub(super) verb: char,
}

fn rune_count(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    let mut count = 0;
    while !rest.is_empty() {
        rest = &rest[strconv::decode_rune(rest).map_or(1, |(_, length)| length)..];
        count += 1;
    }
    count
}

impl Printer<'_> {
    pub(super) fn padding(&mut self, count: usize, pad: u8) {
        let room = self.limit.saturating_sub(self.out.len());
        self.out.resize(self.out.len() + count.min(room), pad);
        if count > room {
            self.full = true;
        }
    }

    /// Writes bytes, filled up to the width.
    pub(super) fn pad(&mut self, bytes: &[u8]) {
        self.pad_with(bytes, self.flags.zero);
    }

    /// Writes bytes, filled up to the width: with zeros only on the left.
    fn pad_with(&mut self, bytes: &[u8], zero: bool) {
        let missing = match self.flags.width {
            None | Some(0) => 0,
            Some(width) => width.saturating_sub(rune_count(bytes)),
        };
        if self.flags.minus {
            self.out.extend_from_slice(bytes);
            self.padding(missing, b' ');
        } else {
            self.padding(missing, if zero { b'0' } else { b' ' });
            self.out.extend_from_slice(bytes);
        }
    }

    pub(super) fn integer(&mut self, number: &Integer) {
        if number.base == 10 && self.flags.plain_number() {
            if number.negative {
                self.out.push(b'-');
            }
            self.decimal(number.magnitude);
            return;
        }
        let mut digits = match (number.base, number.verb) {
            (2, _) => format!("{:b}", number.magnitude),
            (8, _) => format!("{:o}", number.magnitude),
            (16, 'X') => format!("{:X}", number.magnitude),
            (16, _) => format!("{:x}", number.magnitude),
            _ => number.magnitude.to_string(),
        };
        let flags = self.flags;
        let signed = number.negative || flags.plus || flags.space;
        let wanted = match (flags.precision, flags.width) {
            (Some(0), _) if number.magnitude == 0 => {
                self.padding(flags.width.unwrap_or(0), b' ');
                return;
            }
            (Some(precision), _) => precision,
            (None, Some(width)) if flags.zero && !flags.minus => width.saturating_sub(usize::from(signed)),
            _ => 0,
        };
        let zeros = wanted.saturating_sub(digits.len());
        digits.insert_str(0, &"0".repeat(zeros));
        let prefix = match (number.base, number.verb) {
            (8, 'O') if flags.sharp && !digits.starts_with('0') => "0o0",
            (8, 'O') => "0o",
            (8, _) if flags.sharp && !digits.starts_with('0') => "0",
            (2, _) if flags.sharp => "0b",
            (16, 'X') if flags.sharp => "0X",
            (16, _) if flags.sharp => "0x",
            _ => "",
        };
        let sign = match () {
            () if number.negative => "-",
            () if flags.plus => "+",
            () if flags.space => " ",
            () => "",
        };
        self.pad_with(format!("{sign}{prefix}{digits}").as_bytes(), false);
    }

    /// Writes the digits of a number, which is what most numbers come to.
    pub(super) fn decimal(&mut self, mut magnitude: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (magnitude % 10).to_le_bytes()[0];
            magnitude /= 10;
            if magnitude == 0 {
                break;
            }
        }
        self.out.extend_from_slice(&digits[at..]);
    }

    /// Writes `U+0078`, with `#` followed by the character.
    pub(super) fn unicode(&mut self, code: u64) {
        let digits = format!("{code:04X}");
        let zeros = self.flags.precision.unwrap_or(0).saturating_sub(digits.len());
        let mut text = format!("U+{}{digits}", "0".repeat(zeros));
        let printable = u32::try_from(code).ok().and_then(char::from_u32).filter(|&c| strconv::is_print(c));
        if let Some(c) = printable.filter(|_| self.flags.sharp) {
            text.push_str(&format!(" '{c}'"));
        }
        self.pad_with(text.as_bytes(), false);
    }

    pub(super) fn character(&mut self, code: u64) {
        let c = u32::try_from(code).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
        self.pad(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    pub(super) fn quoted_character(&mut self, code: u64) {
        let code = u32::try_from(code).unwrap_or(u32::MAX);
        let text =
            if self.flags.plus { strconv::quote_rune_to_ascii(code) } else { strconv::quote_rune(code) };
        self.pad(text.as_bytes());
    }

    fn truncated<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(precision) = self.flags.precision else { return text };
        let mut at = 0;
        for _ in 0..precision {
            if at >= text.len() {
                break;
            }
            at += strconv::decode_rune(&text[at..]).map_or(1, |(_, length)| length);
        }
        &text[..at]
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        self.pad(self.truncated(text));
    }

    pub(super) fn quoted(&mut self, text: &[u8]) {
        let text = self.truncated(text);
        if self.flags.sharp && strconv::can_backquote(text) {
            self.pad(&[b"`", text, b"`"].concat());
        } else if self.flags.plus {
            self.pad(strconv::quote_to_ascii(text).as_bytes());
        } else {
            self.pad(strconv::quote(text).as_bytes());
        }
    }

    /// Writes the bytes of a string in hexadecimal.
    pub(super) fn hex(&mut self, bytes: &[u8], upper: bool) {
        let flags = self.flags;
        let bytes = &bytes[..flags.precision.unwrap_or(usize::MAX).min(bytes.len())];
        if bytes.is_empty() {
            self.padding(flags.width.unwrap_or(0), if flags.zero && !flags.minus { b'0' } else { b' ' });
            return;
        }
        let prefix = match () {
            () if !flags.sharp => "",
            () if upper => "0X",
            () => "0x",
        };
        let mut text = String::from(prefix);
        for (at, byte) in bytes.iter().enumerate() {
            if flags.space && at > 0 {
                text.push(' ');
                text.push_str(prefix);
            }
            text.push_str(&if upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
        }
        self.pad(text.as_bytes());
    }

    pub(super) fn float(&mut self, x: f64, verb: char, precision: Option<usize>) {
        let flags = self.flags;
        let precision = flags.precision.or(precision);
        let letter = u8::try_from(verb).expect("a verb of floats is ASCII");
        if flags.plain_number() && !flags.sharp {
            strconv::append_float(self.out, x, letter, precision);
            return;
        }
        let mut number = strconv::format_float(x, letter, precision).into_bytes();
        if !matches!(number.first(), Some(b'-' | b'+')) {
            number.insert(0, b'+');
        }
        if flags.space && number[0] == b'+' && !flags.plus {
            number[0] = b' ';
        }
        // What does not look like a number is not filled with zeros.
        if matches!(number[1], b'I' | b'N') {
            let unsigned = number[1] == b'N' && !flags.space && !flags.plus;
            self.pad_with(if unsigned { &number[1..] } else { &number }, false);
            return;
        }
        if flags.sharp && verb != 'b' {
            number = keep_zeros(&number, verb, precision);
        }
        if !flags.plus && number[0] == b'+' {
            self.pad(&number[1..]);
        } else if flags.zero && !flags.minus && flags.width.is_some_and(|width| width > number.len()) {
            self.out.push(number[0]);
            let missing = flags.width.unwrap_or(0) - number.len();
            self.padding(missing, b'0');
            self.out.extend_from_slice(&number[1..]);
        } else {
            self.pad(&number);
        }
    }
}

/// Gives a number the decimal point and the trailing zeros that `#` asks for.
fn keep_zeros(number: &[u8], verb: char, precision: Option<usize>) -> Vec<u8> {
    let mut wanted = match verb {
        'g' | 'G' | 'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let hex = matches!(verb, 'x' | 'X');
    let is_tail = |b: u8| matches!(b, b'p' | b'P') || !hex && matches!(b, b'e' | b'E');
    let split = number.iter().position(|&b| is_tail(b)).unwrap_or(number.len());
    let (head, tail) = number.split_at(split);
    let mut seen_nonzero = false;
    for &digit in head[1..].iter().filter(|&&digit| digit != b'.') {
        seen_nonzero |= digit != b'0';
        wanted = wanted.saturating_sub(usize::from(seen_nonzero));
    }
    let mut out = head.to_vec();
    if !head.contains(&b'.') {
        if head.len() == 2 && head[1] == b'0' {
            wanted = wanted.saturating_sub(1);
        }
        out.push(b'.');
    }
    out.resize(out.len() + wanted, b'0');
    out.extend_from_slice(tail);
    out
}
