//! Reading moments by a layout, with Go's error texts.

use super::civil::{Civil, days_in};
use super::layout::{Element, OffsetForm, next};
use super::named::{Month, Weekday};
use super::{Time, Zone};

/// Reads a moment. Without a zone in the text it is one of `local`; an offset or
/// an abbreviation that `local` does not have at that moment makes a fixed zone.
pub(crate) fn parse(layout: &str, value: &str, local: &Zone) -> Result<Time, String> {
    let mut reader = Reader { layout, value, rest: value.as_bytes(), fields: Fields::default() };
    let mut left = layout.as_bytes();
    loop {
        let (prefix, element, suffix) = next(left);
        reader.skip(prefix)?;
        let Some((element, text)) = element else { break };
        reader.read(element, text, suffix)?;
        left = suffix;
    }
    if !reader.rest.is_empty() {
        let extra = quote(&String::from_utf8_lossy(reader.rest));
        return Err(reader.failure(&format!(": extra text: {extra}")));
    }
    Ok(reader.finish(local)?.knowing(local))
}

/// What was read so far; what was not is `None`, or zero for the time of day.
#[derive(Debug, Default)]
struct Fields {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: i64,
    half: Option<Half>,
    is_utc: bool,
    offset: Option<i64>,
    zone_name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Morning,
    Afternoon,
}

/// Why an element could not be read.
enum Mismatch {
    /// The text is not of its form.
    Form,
    /// The number is; it names what it is too large or too small for.
    Range(&'static str),
}

type Read<T> = Result<T, Mismatch>;

struct Reader<'a> {
    layout: &'a str,
    value: &'a str,
    rest: &'a [u8],
    fields: Fields,
}

impl<'a> Reader<'a> {
    fn failure(&self, message: &str) -> String {
        format!("parsing time {}{message}", quote(self.value))
    }

    fn cannot_parse(&self, rest: &[u8], element: &[u8]) -> String {
        let layout = quote(self.layout);
        let rest = quote(&String::from_utf8_lossy(rest));
        let element = quote(&String::from_utf8_lossy(element));
        self.failure(&format!(" as {layout}: cannot parse {rest} as {element}"))
    }

    /// Skips the text between elements, where a blank stands for any number of them.
    fn skip(&mut self, prefix: &[u8]) -> Result<(), String> {
        let mut wanted = prefix;
        while let Some((&first, after)) = wanted.split_first() {
            if first == b' ' {
                if self.rest.first().is_some_and(|byte| *byte != b' ') {
                    return Err(self.cannot_parse(self.rest, prefix));
                }
                wanted = without_blanks(wanted);
                self.rest = without_blanks(self.rest);
                continue;
            }
            match self.rest.split_first() {
                Some((byte, rest)) if *byte == first => self.rest = rest,
                _ => return Err(self.cannot_parse(self.rest, prefix)),
            }
            wanted = after;
        }
        Ok(())
    }

    fn read(&mut self, element: Element, text: &[u8], following: &[u8]) -> Result<(), String> {
        let before = self.rest;
        match self.read_element(element, following) {
            Ok(()) => Ok(()),
            Err(Mismatch::Range(what)) => Err(self.failure(&format!(": {what} out of range"))),
            Err(Mismatch::Form) => Err(self.cannot_parse(before, text)),
        }
    }

    fn read_element(&mut self, element: Element, following: &[u8]) -> Read<()> {
        match element {
            Element::Year => {
                let year = signed(self.take(2)?)?;
                self.fields.year = year + if year >= 69 { 1900 } else { 2000 };
            }
            Element::LongYear => {
                if !self.rest.first().is_some_and(u8::is_ascii_digit) {
                    return Err(Mismatch::Form);
                }
                self.fields.year = signed(self.take(4)?)?;
            }
            Element::Month => self.fields.month = Some(self.name(|n| &Month(n).name()[..3], 1..13)?),
            Element::LongMonth => self.fields.month = Some(self.name(|n| Month(n).name(), 1..13)?),
            Element::NumMonth | Element::ZeroMonth => {
                let month = self.number(element == Element::ZeroMonth)?;
                self.fields.month = Some(within(month, 1..13, "month")?);
            }
            Element::Weekday => drop(self.name(|n| &Weekday(n).name()[..3], 0..7)?),
            Element::LongWeekday => drop(self.name(|n| Weekday(n).name(), 0..7)?),
            Element::Day | Element::UnderDay | Element::ZeroDay => {
                self.skip_blank(element == Element::UnderDay);
                self.fields.day = Some(self.number(element == Element::ZeroDay)?);
            }
            Element::UnderYearDay | Element::ZeroYearDay => {
                self.skip_blank(element == Element::UnderYearDay);
                self.skip_blank(element == Element::UnderYearDay);
                self.fields.year_day = Some(self.three_digits(element == Element::ZeroYearDay)?);
            }
            Element::Hour => self.fields.hour = within(self.number(false)?, 0..24, "hour")?,
            Element::Hour12 | Element::ZeroHour12 => {
                self.fields.hour = within(self.number(element == Element::ZeroHour12)?, 0..13, "hour")?;
            }
            Element::Minute | Element::ZeroMinute => {
                self.fields.minute = within(self.number(element == Element::ZeroMinute)?, 0..60, "minute")?;
            }
            Element::Second | Element::ZeroSecond => {
                self.fields.second = within(self.number(element == Element::ZeroSecond)?, 0..60, "second")?;
                self.read_unasked_fraction(following)?;
            }
            Element::UpperHalf => self.read_half(b"AM", b"PM")?,
            Element::LowerHalf => self.read_half(b"am", b"pm")?,
            Element::Offset(form) => self.read_offset(form)?,
            Element::ZoneName => self.read_zone_name()?,
            Element::Fraction { digits, trims, .. } => self.read_fraction(digits, trims)?,
        }
        Ok(())
    }

    fn take(&mut self, len: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Mismatch::Form)?;
        self.rest = rest;
        Ok(taken)
    }

    fn skip_blank(&mut self, may: bool) {
        if may {
            self.rest = self.rest.strip_prefix(b" ").unwrap_or(self.rest);
        }
    }

    /// Reads one digit or two; two if `fixed`.
    fn number(&mut self, fixed: bool) -> Read<i64> {
        let digits = self.rest.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || fixed && digits == 1 {
            return Err(Mismatch::Form);
        }
        signed(self.take(digits)?)
    }

    fn three_digits(&mut self, fixed: bool) -> Read<i64> {
        let digits = self.rest.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || fixed && digits != 3 {
            return Err(Mismatch::Form);
        }
        signed(self.take(digits)?)
    }

    /// Reads one of some names, in any case, and returns its number.
    fn name(&mut self, name: fn(i64) -> &'static str, numbers: std::ops::Range<i64>) -> Read<i64> {
        let starts = |number: &i64| {
            let name = name(*number).as_bytes();
            self.rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        };
        let number = numbers.into_iter().find(starts).ok_or(Mismatch::Form)?;
        self.rest = &self.rest[name(number).len()..];
        Ok(number)
    }

    /// Reads a fraction that follows seconds though the layout has none.
    fn read_unasked_fraction(&mut self, following: &[u8]) -> Read<()> {
        if !matches!(self.rest, [b'.' | b',', b'0'..=b'9', ..]) {
            return Ok(());
        }
        if matches!(next(following).1, Some((Element::Fraction { .. }, _))) {
            return Ok(());
        }
        let digits = self.rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.fields.nanos = nanos(self.take(1 + digits)?)?;
        Ok(())
    }

    fn read_fraction(&mut self, digits: usize, trims: bool) -> Read<()> {
        if !trims {
            self.fields.nanos = nanos(self.take(1 + digits)?)?;
            return Ok(());
        }
        if matches!(self.rest, [b'.' | b',', b'0'..=b'9', ..]) {
            let digits = self.rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            self.fields.nanos = nanos(self.take(1 + digits)?)?;
        }
        Ok(())
    }

    fn read_half(&mut self, morning: &[u8], afternoon: &[u8]) -> Read<()> {
        let text = self.take(2)?;
        self.fields.half = Some(match text {
            _ if text == morning => Half::Morning,
            _ if text == afternoon => Half::Afternoon,
            _ => return Err(Mismatch::Form),
        });
        Ok(())
    }

    fn read_offset(&mut self, form: OffsetForm) -> Read<()> {
        if let Some(rest) = self.rest.strip_prefix(b"Z").filter(|_| form.z) {
            self.rest = rest;
            self.fields.is_utc = true;
            return Ok(());
        }
        let width = if form.colons { 3 } else { 2 };
        let text = self.take(1 + 2 + width * usize::from(form.parts - 1))?;
        let mut parts = [0_i64; 3];
        let mut bad = false;
        for (number, part) in parts.iter_mut().enumerate().take(usize::from(form.parts)) {
            let at = 1 + number * width;
            bad |= form.colons && number > 0 && text[at - 1] != b':';
            let digits = &text[at..at + 2];
            bad |= !digits.iter().all(u8::is_ascii_digit);
            *part = if bad { 0 } else { signed(digits)? };
        }
        within(parts[0], 0..25, "time zone offset hour")?;
        within(parts[1], 0..61, "time zone offset minute")?;
        within(parts[2], 0..61, "time zone offset second")?;
        let offset = (parts[0] * 60 + parts[1]) * 60 + parts[2];
        self.fields.offset = Some(match text[0] {
            b'+' if !bad => offset,
            b'-' if !bad => -offset,
            _ => return Err(Mismatch::Form),
        });
        Ok(())
    }

    fn read_zone_name(&mut self) -> Read<()> {
        if let Some(rest) = self.rest.strip_prefix(b"UTC") {
            self.rest = rest;
            self.fields.is_utc = true;
            return Ok(());
        }
        let len = zone_name_len(self.rest).ok_or(Mismatch::Form)?;
        self.fields.zone_name = String::from_utf8_lossy(self.take(len)?).into_owned();
        Ok(())
    }

    fn finish(self, local: &Zone) -> Result<Time, String> {
        let fields = &self.fields;
        let hour = match fields.half {
            Some(Half::Afternoon) if fields.hour < 12 => fields.hour + 12,
            Some(Half::Morning) if fields.hour == 12 => 0,
            _ => fields.hour,
        };
        let (month, day) = self.date()?;
        if day < 1 || day > days_in(month, fields.year) {
            return Err(self.failure(": day out of range"));
        }
        let Fields { year, minute, second, nanos, .. } = *fields;
        let civil = Civil { year, month, day, hour, minute, second, nanos };
        if fields.is_utc {
            return Ok(Time::from_civil(&civil, Zone::Utc));
        }
        if let Some(offset) = fields.offset {
            return Ok(at_offset(&civil, offset, &fields.zone_name, local));
        }
        if !fields.zone_name.is_empty() {
            return Ok(at_zone_name(&civil, &fields.zone_name, local));
        }
        Ok(Time::from_civil(&civil, local.clone()))
    }

    /// Returns month and day, which the day of the year may give.
    fn date(&self) -> Result<(i64, i64), String> {
        let fields = &self.fields;
        let Some(year_day) = fields.year_day else {
            return Ok((fields.month.unwrap_or(1), fields.day.unwrap_or(1)));
        };
        let leap = days_in(2, fields.year) == 29;
        if year_day < 1 || year_day > 365 + i64::from(leap) {
            return Err(self.failure(": day-of-year out of range"));
        }
        let first =
            Civil { year: fields.year, month: 1, day: year_day, hour: 0, minute: 0, second: 0, nanos: 0 };
        let date = Civil::from_seconds(first.seconds(), 0);
        if fields.month.is_some_and(|month| month != date.month) {
            return Err(self.failure(": day-of-year does not match month"));
        }
        if fields.day.is_some_and(|day| day != date.day) {
            return Err(self.failure(": day-of-year does not match day"));
        }
        Ok((date.month, date.day))
    }
}

fn at_offset(civil: &Civil, offset: i64, name: &str, local: &Zone) -> Time {
    let mut time = Time::from_civil(civil, Zone::Utc);
    time.seconds = time.seconds.saturating_sub(offset);
    let there = local.offset(time.seconds);
    let is_local = there.seconds == offset && (name.is_empty() || there.name == name);
    time.in_zone(if is_local { local.clone() } else { fixed(name, offset) })
}

fn at_zone_name(civil: &Civil, name: &str, local: &Zone) -> Time {
    let mut time = Time::from_civil(civil, Zone::Utc);
    if let Some(offset) = local.offset_named(name, time.seconds) {
        time.seconds = time.seconds.saturating_sub(offset);
        return time.in_zone(local.clone());
    }
    // Any other abbreviation is taken for UTC, but keeps its name.
    let offset =
        name.strip_prefix("GMT").and_then(|hours| hours.parse::<i64>().ok()).map_or(0, |hours| hours * 3600);
    time.in_zone(fixed(name, offset))
}

fn fixed(name: &str, offset: i64) -> Zone {
    Zone::Fixed { name: name.to_owned(), offset: i32::try_from(offset).unwrap_or(0) }
}

fn without_blanks(mut text: &[u8]) -> &[u8] {
    while let Some(rest) = text.strip_prefix(b" ") {
        text = rest;
    }
    text
}

/// Reads digits, with a sign if there is one.
fn signed(text: &[u8]) -> Read<i64> {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(Mismatch::Form);
    }
    let number =
        digits.iter().fold(0_i64, |n, digit| n.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    Ok(if text.starts_with(b"-") { -number } else { number })
}

fn within(number: i64, range: std::ops::Range<i64>, what: &'static str) -> Read<i64> {
    if range.contains(&number) { Ok(number) } else { Err(Mismatch::Range(what)) }
}

/// Reads `.123` as nanoseconds; digits beyond the ninth do not count.
fn nanos(text: &[u8]) -> Read<i64> {
    let Some((b'.' | b',', digits)) = text.split_first() else { return Err(Mismatch::Form) };
    let digits = &digits[..digits.len().min(9)];
    let number = signed(digits)?;
    if number < 0 {
        return Err(Mismatch::Range("fractional second"));
    }
    let missing = u32::try_from(9 - digits.len()).unwrap_or(0);
    Ok(number * 10_i64.pow(missing))
}

/// Returns the length of the time zone abbreviation that a text begins with.
fn zone_name_len(text: &[u8]) -> Option<usize> {
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(after) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_offset_len(after).unwrap_or(0));
    }
    if text.len() >= 3 && matches!(text[0], b'+' | b'-') {
        return signed_offset_len(text);
    }
    match text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count() {
        5 if text[4] == b'T' => Some(5),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

/// Returns the length of a sign with an hour up to 23.
fn signed_offset_len(text: &[u8]) -> Option<usize> {
    let (b'+' | b'-', after) = text.split_first()? else { return None };
    let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let hours = signed(&after[..digits]).ok()?;
    (digits > 0 && hours <= 23).then_some(digits + 1)
}

/// Quotes text as the errors of Go's `time` do, byte by byte beyond ASCII.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..0x80 => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}
