//! Which texts go-yaml takes for points in time.
//!
//! It tries four layouts with Go's `time.Parse`, whose leniency counts: one or
//! two digits where the layout has one, any number of digits in the fraction,
//! a comma for its point, offsets up to 24:60.

/// Whether the text is a date, or a date and a time, in one of go-yaml's layouts.
pub(crate) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let mut rest = Cursor(bytes);
    let Some(()) = rest.date() else { return false };
    match rest.0 {
        [] => true,
        [b'T' | b't', time @ ..] => {
            let mut rest = Cursor(time);
            rest.time().and_then(|()| rest.zone()).is_some() && rest.0.is_empty()
        }
        [b' ', ..] => {
            let blanks = rest.0.iter().take_while(|&&byte| byte == b' ').count();
            let mut rest = Cursor(&rest.0[blanks..]);
            rest.time().is_some() && rest.0.is_empty()
        }
        _ => false,
    }
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn date(&mut self) -> Option<()> {
        let year = self.0[..4].iter().fold(0, |year, digit| year * 10 + u32::from(digit - b'0'));
        self.0 = &self.0[4..];
        self.literal(b'-')?;
        let month = self.number().filter(|month| (1..=12).contains(month))?;
        self.literal(b'-')?;
        let day = self.number()?;
        (1..=days_in(year, month)).contains(&day).then_some(())
    }

    fn time(&mut self) -> Option<()> {
        self.number().filter(|&hour| hour < 24)?;
        self.literal(b':')?;
        self.number().filter(|&minute| minute < 60)?;
        self.literal(b':')?;
        self.number().filter(|&second| second < 60)?;
        if let [b'.' | b',', digits @ ..] = self.0 {
            let len = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if len > 0 {
                self.0 = &digits[len..];
            }
        }
        Some(())
    }

    fn zone(&mut self) -> Option<()> {
        if self.literal(b'Z').is_some() {
            return Some(());
        }
        let [b'+' | b'-', h1, h2, b':', m1, m2, rest @ ..] = self.0 else { return None };
        let two = |high: &u8, low: &u8| {
            (high.is_ascii_digit() && low.is_ascii_digit()).then(|| (high - b'0') * 10 + (low - b'0'))
        };
        two(h1, h2).filter(|&hours| hours <= 24)?;
        two(m1, m2).filter(|&minutes| minutes <= 60)?;
        self.0 = rest;
        Some(())
    }

    fn literal(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }

    /// One digit, or two if there are two.
    fn number(&mut self) -> Option<u32> {
        let len = self.0.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(len);
        self.0 = rest;
        (len > 0).then(|| digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0')))
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}
