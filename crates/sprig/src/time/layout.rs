//! Layouts: how Go writes and reads moments, by the example
//! `Mon Jan 2 15:04:05 MST 2006`.

use super::Time;
use super::civil::Civil;
use super::named::{Month, Weekday};

/// An element of a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperHalf,
    LowerHalf,
    ZoneName,
    Offset(OffsetForm),
    /// So many digits behind a separator; without trailing zeros or with them.
    Fraction {
        digits: usize,
        separator: u8,
        trims: bool,
    },
}

/// How an offset from UTC is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OffsetForm {
    /// Whether UTC is `Z`.
    pub(super) z: bool,
    pub(super) colons: bool,
    /// The number of two-digit parts: hours, minutes, seconds.
    pub(super) parts: u8,
}

/// A layout split at an element: what is before it, the element with its text, and
/// what follows.
pub(super) type Split<'a> = (&'a [u8], Option<(Element, &'a [u8])>, &'a [u8]);

/// Splits a layout at its first element.
pub(super) fn next(layout: &[u8]) -> Split<'_> {
    for at in 0..layout.len() {
        if let Some((skip, element, len)) = element(&layout[at..]) {
            let (start, end) = (at + skip, at + skip + len);
            return (&layout[..start], Some((element, &layout[start..end])), &layout[end..]);
        }
    }
    (layout, None, b"")
}

/// Returns the element a text begins with, its length, and how much of the text
/// before it belongs to the prefix.
fn element(text: &[u8]) -> Option<(usize, Element, usize)> {
    let word = |long: &[u8], short: &[u8], elements: (Element, Element)| {
        if text.starts_with(long) {
            return Some((0, elements.0, long.len()));
        }
        let whole = text.starts_with(short) && !text.get(short.len()).is_some_and(u8::is_ascii_lowercase);
        whole.then_some((0, elements.1, short.len()))
    };
    match text {
        [b'J', ..] => word(b"January", b"Jan", (Element::LongMonth, Element::Month)),
        [b'M', b'S', b'T', ..] => Some((0, Element::ZoneName, 3)),
        [b'M', ..] => word(b"Monday", b"Mon", (Element::LongWeekday, Element::Weekday)),
        [b'0', b'0', b'2', ..] => Some((0, Element::ZeroYearDay, 3)),
        [b'0', digit @ b'1'..=b'6', ..] => {
            let padded = [
                Element::ZeroMonth,
                Element::ZeroDay,
                Element::ZeroHour12,
                Element::ZeroMinute,
                Element::ZeroSecond,
                Element::Year,
            ];
            Some((0, padded[usize::from(digit - b'1')], 2))
        }
        [b'1', b'5', ..] => Some((0, Element::Hour, 2)),
        [b'1', ..] => Some((0, Element::NumMonth, 1)),
        [b'2', b'0', b'0', b'6', ..] => Some((0, Element::LongYear, 4)),
        [b'2', ..] => Some((0, Element::Day, 1)),
        // The underscore of `_2006` is text.
        [b'_', b'2', b'0', b'0', b'6', ..] => Some((1, Element::LongYear, 4)),
        [b'_', b'2', ..] => Some((0, Element::UnderDay, 2)),
        [b'_', b'_', b'2', ..] => Some((0, Element::UnderYearDay, 3)),
        [b'3', ..] => Some((0, Element::Hour12, 1)),
        [b'4', ..] => Some((0, Element::Minute, 1)),
        [b'5', ..] => Some((0, Element::Second, 1)),
        [b'P', b'M', ..] => Some((0, Element::UpperHalf, 2)),
        [b'p', b'm', ..] => Some((0, Element::LowerHalf, 2)),
        [b'-' | b'Z', ..] => offset(text),
        [b'.' | b',', ..] => fraction(text),
        _ => None,
    }
}

fn offset(text: &[u8]) -> Option<(usize, Element, usize)> {
    const FORMS: [(&[u8], bool, u8); 5] = [
        (b"070000", false, 3),
        (b"07:00:00", true, 3),
        (b"0700", false, 2),
        (b"07:00", true, 2),
        (b"07", false, 1),
    ];
    let (form, colons, parts) = FORMS.into_iter().find(|(form, ..)| text[1..].starts_with(form))?;
    Some((0, Element::Offset(OffsetForm { z: text[0] == b'Z', colons, parts }), form.len() + 1))
}

fn fraction(text: &[u8]) -> Option<(usize, Element, usize)> {
    let digit = *text.get(1).filter(|digit| matches!(digit, b'0' | b'9'))?;
    let digits = text[1..].iter().take_while(|byte| **byte == digit).count();
    if text.get(1 + digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    Some((0, Element::Fraction { digits, separator: text[0], trims: digit == b'9' }, digits + 1))
}

impl Time {
    /// Writes the moment by a layout.
    pub(crate) fn format(&self, layout: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(layout.len() + 10);
        let civil = self.civil();
        let mut rest = layout;
        loop {
            let (prefix, element, suffix) = next(rest);
            out.extend_from_slice(prefix);
            let Some((element, _)) = element else { return out };
            self.format_element(&mut out, &civil, element);
            rest = suffix;
        }
    }

    fn format_element(&self, out: &mut Vec<u8>, civil: &Civil, element: Element) {
        let hour12 = (civil.hour + 11) % 12 + 1;
        let afternoon = civil.hour >= 12;
        match element {
            Element::LongMonth => out.extend_from_slice(Month(civil.month).name().as_bytes()),
            Element::Month => out.extend_from_slice(&Month(civil.month).name().as_bytes()[..3]),
            Element::NumMonth => number(out, civil.month, 0),
            Element::ZeroMonth => number(out, civil.month, 2),
            Element::LongWeekday => out.extend_from_slice(Weekday(civil.weekday()).name().as_bytes()),
            Element::Weekday => out.extend_from_slice(&Weekday(civil.weekday()).name().as_bytes()[..3]),
            Element::Day => number(out, civil.day, 0),
            Element::UnderDay => out.extend_from_slice(format!("{:2}", civil.day).as_bytes()),
            Element::ZeroDay => number(out, civil.day, 2),
            Element::UnderYearDay => out.extend_from_slice(format!("{:3}", civil.year_day()).as_bytes()),
            Element::ZeroYearDay => number(out, civil.year_day(), 3),
            Element::Hour => number(out, civil.hour, 2),
            Element::Hour12 => number(out, hour12, 0),
            Element::ZeroHour12 => number(out, hour12, 2),
            Element::Minute => number(out, civil.minute, 0),
            Element::ZeroMinute => number(out, civil.minute, 2),
            Element::Second => number(out, civil.second, 0),
            Element::ZeroSecond => number(out, civil.second, 2),
            Element::LongYear => number(out, civil.year, 4),
            Element::Year => number(out, civil.year.abs() % 100, 2),
            Element::UpperHalf => out.extend_from_slice(if afternoon { b"PM" } else { b"AM" }),
            Element::LowerHalf => out.extend_from_slice(if afternoon { b"pm" } else { b"am" }),
            Element::ZoneName => self.format_zone(out),
            Element::Offset(form) => format_offset(out, self.zone.offset(self.seconds).seconds, form),
            Element::Fraction { digits, separator, trims } => {
                format_fraction(out, self.nanos, (digits, separator, trims));
            }
        }
    }

    fn format_zone(&self, out: &mut Vec<u8>) {
        let offset = self.zone.offset(self.seconds);
        if offset.name.is_empty() {
            format_offset(out, offset.seconds, OffsetForm { z: false, colons: false, parts: 2 });
        } else {
            out.extend_from_slice(offset.name.as_bytes());
        }
    }
}

/// Writes a number with zeros before it; the sign does not count.
fn number(out: &mut Vec<u8>, number: i64, width: usize) {
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(format!("{:0width$}", number.unsigned_abs()).as_bytes());
}

fn format_offset(out: &mut Vec<u8>, offset: i64, form: OffsetForm) {
    if form.z && offset == 0 {
        out.push(b'Z');
        return;
    }
    // Go decides the sign by whole minutes.
    out.push(if offset / 60 < 0 { b'-' } else { b'+' });
    let seconds = offset.unsigned_abs();
    let parts = [seconds / 3600, seconds / 60 % 60, seconds % 60];
    for (at, part) in parts.iter().take(usize::from(form.parts)).enumerate() {
        if at > 0 && form.colons {
            out.push(b':');
        }
        out.extend_from_slice(format!("{part:02}").as_bytes());
    }
}

fn format_fraction(out: &mut Vec<u8>, nanos: i64, (digits, separator, trims): (usize, u8, bool)) {
    let text = format!("{nanos:09}");
    let shown = &text[..digits.min(9)];
    let shown = if trims { shown.trim_end_matches('0') } else { shown };
    if !trims || !shown.is_empty() {
        out.push(separator);
        out.extend_from_slice(shown.as_bytes());
    }
}
