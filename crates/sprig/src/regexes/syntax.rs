//! Go's syntax of regular expressions (RE2), checked with Go's error texts and
//! rewritten for the `regex` crate.
//!
//! The two differ in both directions: `\d`, `\w`, `\s` and `\b` are ASCII in Go,
//! `\Q…\E`, octal escapes and `{` as a literal are Go's only; class arithmetic,
//! `(?x)`, `{,n}` and stacked repetitions are the crate's only. Everything is
//! therefore read here, and written in forms that mean one thing to both.

use std::fmt;

mod class;

/// Go's limit for one repetition, and for nested ones taken together.
const MAX_REPEAT: u64 = 1000;
/// Go's limit for nesting.
const MAX_DEPTH: usize = 1000;

/// Why Go does not take a pattern.
#[derive(Debug)]
pub(super) struct SyntaxError {
    what: &'static str,
    text: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error parsing regexp: {}: `{}`", self.what, self.text)
    }
}

fn error(what: &'static str, text: &str) -> SyntaxError {
    SyntaxError { what, text: text.to_owned() }
}

/// A pattern for the `regex` crate.
#[derive(Debug)]
pub(super) struct Rewritten {
    pub(super) pattern: String,
    /// The names of the groups with their numbers. Go lets groups share one, so the
    /// crate is given none.
    pub(super) names: Vec<(String, usize)>,
}

/// Rewrites a pattern of Go for the `regex` crate.
pub(super) fn rewrite(pattern: &[u8]) -> Result<Rewritten, SyntaxError> {
    let whole = std::str::from_utf8(pattern).map_err(|err| {
        let rest = String::from_utf8_lossy(&pattern[err.valid_up_to()..]);
        error("invalid UTF-8", &rest)
    })?;
    let mut rewriter = Rewriter {
        whole,
        rest: whole,
        out: String::new(),
        open: vec![Level::default()],
        groups: 0,
        names: Vec::new(),
    };
    rewriter.run()?;
    Ok(Rewritten { pattern: rewriter.out, names: rewriter.names })
}

struct Rewriter<'a> {
    whole: &'a str,
    rest: &'a str,
    out: String,
    /// The groups around the current place, the whole pattern first.
    open: Vec<Level>,
    /// Groups that capture, so far.
    groups: usize,
    names: Vec<(String, usize)>,
}

/// What must be known of a group while it is read.
#[derive(Debug, Default, Clone, Copy)]
struct Level {
    /// Where the last item ends in the output, if there is one to be repeated.
    item: Option<usize>,
    /// Copies that the repetitions within the last item make.
    copies: u64,
    /// The most copies that any item makes.
    most_copies: u64,
}

impl<'a> Rewriter<'a> {
    fn run(&mut self) -> Result<(), SyntaxError> {
        let mut last_repeat: Option<&'a str> = None;
        while let Some(c) = self.rest.chars().next() {
            let before = self.rest;
            let repeated = match c {
                '*' | '+' | '?' => {
                    self.rest = &self.rest[1..];
                    self.repeat(before, &c.to_string(), None, last_repeat)?;
                    true
                }
                '{' => self.braces(last_repeat)?,
                _ => {
                    self.piece(c)?;
                    false
                }
            };
            last_repeat = repeated.then_some(before);
        }
        if self.open.len() > 1 {
            return Err(error("missing closing )", self.whole));
        }
        Ok(())
    }

    fn piece(&mut self, c: char) -> Result<(), SyntaxError> {
        match c {
            '(' => return self.group(),
            ')' => return self.close(),
            '|' => {
                self.rest = &self.rest[1..];
                self.out.push('|');
                self.level().item = None;
            }
            '^' | '$' | '.' => {
                self.rest = &self.rest[1..];
                self.out.push(c);
                self.item(1);
            }
            '[' => {
                let (text, rest) = class::bracketed(self.rest)?;
                self.rest = rest;
                self.out.push_str(&text);
                self.item(1);
            }
            '\\' => return self.escape(),
            _ => {
                self.rest = &self.rest[c.len_utf8()..];
                self.literal(c);
            }
        }
        Ok(())
    }

    fn level(&mut self) -> &mut Level {
        // The whole pattern's level is never closed.
        self.open.last_mut().expect("there is always a level")
    }

    /// Notes that the output ends with an item that may be repeated.
    fn item(&mut self, copies: u64) {
        let end = self.out.len();
        let level = self.level();
        level.item = Some(end);
        level.copies = copies;
        level.most_copies = level.most_copies.max(copies);
    }

    fn literal(&mut self, c: char) {
        class::push_literal(&mut self.out, c);
        self.item(1);
    }

    fn group(&mut self) -> Result<(), SyntaxError> {
        if !self.rest.starts_with("(?") {
            self.rest = &self.rest[1..];
            self.groups += 1;
            return self.open("(");
        }
        let named = self.rest.strip_prefix("(?P<").filter(|rest| !rest.is_empty());
        match named.or_else(|| self.rest.strip_prefix("(?<").filter(|rest| !rest.is_empty())) {
            Some(rest) => self.named_group(rest),
            None => self.flags(),
        }
    }

    fn open(&mut self, text: &str) -> Result<(), SyntaxError> {
        self.out.push_str(text);
        self.open.push(Level::default());
        if self.open.len() > MAX_DEPTH {
            return Err(error("expression nests too deeply", self.whole));
        }
        Ok(())
    }

    fn named_group(&mut self, after: &'a str) -> Result<(), SyntaxError> {
        let all = self.rest;
        let end = after.find('>').ok_or_else(|| error("invalid named capture", all))?;
        let name = &after[..end];
        let capture = &all[..all.len() - after.len() + end + 1];
        if name.is_empty() || !name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()) {
            return Err(error("invalid named capture", capture));
        }
        self.groups += 1;
        self.names.push((name.to_owned(), self.groups));
        self.rest = &after[end + 1..];
        self.open("(")
    }

    /// Reads `(?flags)` or `(?flags:`.
    fn flags(&mut self) -> Result<(), SyntaxError> {
        let all = self.rest;
        let mut rest = &all[2..];
        let (mut negated, mut seen) = (false, false);
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                'i' | 'm' | 's' | 'U' => seen = true,
                '-' if !negated => (negated, seen) = (true, false),
                ':' | ')' if !negated || seen => {
                    self.rest = rest;
                    let text = &all[..all.len() - rest.len()];
                    if c == ':' {
                        return self.open(text);
                    }
                    if text != "(?)" {
                        self.out.push_str(text);
                    }
                    return Ok(());
                }
                _ => break,
            }
        }
        Err(error("invalid or unsupported Perl syntax", &all[..all.len() - rest.len()]))
    }

    fn close(&mut self) -> Result<(), SyntaxError> {
        if self.open.len() == 1 {
            return Err(error("unexpected )", self.whole));
        }
        self.rest = &self.rest[1..];
        self.out.push(')');
        let copies = self.open.pop().map_or(1, |level| level.most_copies.max(1));
        self.item(copies);
        Ok(())
    }

    /// Reads `{n}`, `{n,}` or `{n,m}`; anything else is a literal brace.
    fn braces(&mut self, last_repeat: Option<&'a str>) -> Result<bool, SyntaxError> {
        let before = self.rest;
        let Some((min, max, rest)) = read_braces(before) else {
            self.rest = &before[1..];
            self.literal('{');
            return Ok(false);
        };
        let too_large = |count: u64| count > MAX_REPEAT;
        if too_large(min) || max.is_some_and(|max| too_large(max) || min > max) {
            return Err(error("invalid repeat count", &before[..before.len() - rest.len()]));
        }
        self.rest = rest;
        let operator = match max {
            Some(max) => format!("{{{min},{max}}}"),
            None => format!("{{{min},}}"),
        };
        self.repeat(before, &operator, Some((min, max)), last_repeat)?;
        Ok(true)
    }

    /// Applies a repetition to the last item; the rest is behind the operator.
    fn repeat(
        &mut self,
        before: &'a str,
        operator: &str,
        counts: Option<(u64, Option<u64>)>,
        last_repeat: Option<&'a str>,
    ) -> Result<(), SyntaxError> {
        let lazy = self.rest.strip_prefix('?');
        self.rest = lazy.unwrap_or(self.rest);
        let until_here = |from: &str| from[..from.len() - self.rest.len()].to_owned();
        if let Some(last) = last_repeat {
            return Err(error("invalid nested repetition operator", &until_here(last)));
        }
        let text = until_here(before);
        let level = self.level();
        let Some(end) = level.item else {
            return Err(error("missing argument to repetition operator", &text));
        };
        let mut copies = level.copies;
        if let Some((min, max)) = counts {
            copies *= max.unwrap_or(min).max(1);
            let counted = min >= 2 || max.is_some_and(|max| max >= 2);
            if counted && max != Some(0) && copies > MAX_REPEAT {
                return Err(error("invalid repeat count", &text));
            }
        }
        // Flags may stand between the item and its repetition: `a(?i)*` is `a*(?i)`.
        let operator = format!("{operator}{}", if lazy.is_some() { "?" } else { "" });
        self.out.insert_str(end, &operator);
        self.item(copies);
        Ok(())
    }

    fn escape(&mut self) -> Result<(), SyntaxError> {
        let all = self.rest;
        let zero_width = match all.as_bytes().get(1) {
            Some(b'A') => r"\A",
            Some(b'z') => r"\z",
            Some(b'b') => r"(?-u:\b)",
            Some(b'B') => r"(?-u:\B)",
            Some(b'C') => return Err(error("invalid escape sequence", r"\C")),
            Some(b'Q') => return self.quoted(),
            _ => return self.escaped_character(),
        };
        self.rest = &all[2..];
        self.out.push_str(zero_width);
        self.item(1);
        Ok(())
    }

    fn quoted(&mut self) -> Result<(), SyntaxError> {
        let text = &self.rest[2..];
        let (literal, rest) = text.split_once(r"\E").unwrap_or((text, ""));
        self.rest = rest;
        literal.chars().for_each(|c| self.literal(c));
        Ok(())
    }

    fn escaped_character(&mut self) -> Result<(), SyntaxError> {
        if let Some((text, rest)) = class::escaped(self.rest)? {
            self.rest = rest;
            self.out.push_str(&text);
            self.item(1);
            return Ok(());
        }
        let (code, rest) = class::character_escape(self.rest)?;
        self.rest = rest;
        match char::from_u32(code) {
            Some(c) => self.literal(c),
            None => {
                self.out.push_str(class::NOTHING);
                self.item(1);
            }
        }
        Ok(())
    }
}

type Braces<'a> = (u64, Option<u64>, &'a str);

fn read_braces(text: &str) -> Option<Braces<'_>> {
    let (min, rest) = read_count(text.strip_prefix('{')?)?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((min, Some(min), rest));
    }
    let rest = rest.strip_prefix(',')?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((min, None, rest));
    }
    let (max, rest) = read_count(rest)?;
    Some((min, Some(max), rest.strip_prefix('}')?))
}

/// Reads a number without needless zeros; a huge one is merely too large.
fn read_count(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() || digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    Some((digits.parse().unwrap_or(u64::MAX), rest))
}
