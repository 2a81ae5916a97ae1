//! Scalars: plain, quoted and block, with YAML's folding of lines.

use std::borrow::Cow;

use super::directives::hex_digit;
use super::{Scanner, Token, TokenKind};
use crate::chars::{
    continuation_bytes, find, is_blank, is_blank_or_end, is_break, is_break_or_end, is_document_indicator,
    line_end, plain_run_end, quoted_run_end,
};
use crate::error::Mark;
use crate::{Error, Result};

/// The line breaks between two lines of a scalar, until it is known whether they fold.
#[derive(Default)]
struct Breaks {
    leading: Option<&'static str>,
    trailing: String,
}

impl Breaks {
    fn push(&mut self, text: &'static str) {
        match self.leading {
            None => self.leading = Some(text),
            Some(_) => self.trailing.push_str(text),
        }
    }

    /// Appends what the breaks mean: one is a space, more are one less.
    fn fold_into(&mut self, out: &mut String) {
        match self.leading {
            Some("\n") if self.trailing.is_empty() => out.push(' '),
            Some("\n") => out.push_str(&self.trailing),
            leading => {
                out.push_str(leading.unwrap_or(""));
                out.push_str(&self.trailing);
            }
        }
        self.leading = None;
        self.trailing.clear();
    }
}

/// What to do with the line breaks at the end of a block scalar.
#[derive(Clone, Copy, PartialEq)]
enum Chomp {
    Strip,
    Clip,
    Keep,
}

impl<'a> Scanner<'a> {
    pub(super) fn fetch_plain_scalar(&mut self) -> Result<()> {
        self.save_key()?;
        self.key_allowed = false;
        let token = self.scan_plain()?;
        self.queue.push_back(token);
        Ok(())
    }

    pub(super) fn fetch_flow_scalar(&mut self, single: bool) -> Result<()> {
        self.save_key()?;
        self.key_allowed = false;
        let start = self.mark();
        self.pos += 1;
        let value = match self.scan_quoted_line(if single { b'\'' } else { b'"' }) {
            Some(value) => Cow::Borrowed(value),
            None => Cow::Owned(self.scan_quoted(single)?),
        };
        self.pos += 1;
        self.push(TokenKind::Scalar(value, false), start);
        Ok(())
    }

    pub(super) fn fetch_block_scalar(&mut self, literal: bool) -> Result<()> {
        self.remove_key()?;
        self.key_allowed = true;
        let token = self.scan_block(literal)?;
        self.queue.push_back(token);
        Ok(())
    }

    fn scan_plain(&mut self) -> Result<Token<'a>> {
        let start = self.mark();
        let mut end = start;
        // The text so far, unless it is still the piece of the text from start to end.
        let mut folded: Option<String> = None;
        let mut breaks = Breaks::default();
        let mut leading_blanks = false;
        let indent = (self.indent + 1) as usize;
        loop {
            self.require(4)?;
            if self.column() == 0 && is_document_indicator(self.bytes, self.pos) || self.byte() == Some(b'#')
            {
                break;
            }
            let run = plain_run_end(self.bytes, self.pos, self.flow_level > 0);
            if run > self.pos {
                if leading_blanks {
                    let out = folded
                        .get_or_insert_with(|| self.text[start.offset as usize..end.offset as usize].into());
                    breaks.fold_into(out);
                    leading_blanks = false;
                    out.push_str(&self.text[self.pos..run]);
                } else if let Some(out) = &mut folded {
                    out.push_str(&self.text[end.offset as usize..run]);
                }
                self.advance_to(run);
                end = self.mark();
            }
            if !is_blank(self.bytes, self.pos) && !is_break(self.bytes, self.pos) {
                break;
            }
            leading_blanks = self.skip_plain_blanks(&mut breaks, leading_blanks, indent)?;
            if self.flow_level == 0 && self.column() < indent {
                break;
            }
        }
        if leading_blanks {
            self.key_allowed = true;
        }
        let value = match folded {
            Some(value) => Cow::Owned(value),
            None => Cow::Borrowed(&self.text[start.offset as usize..end.offset as usize]),
        };
        Ok(Token { kind: TokenKind::Scalar(value, true), start, end })
    }

    /// Moves over blanks and breaks and returns whether there was a break.
    fn skip_plain_blanks(&mut self, breaks: &mut Breaks, mut broken: bool, indent: usize) -> Result<bool> {
        loop {
            self.skip_spaces();
            if is_blank(self.bytes, self.pos) {
                if broken && self.column() < indent && self.byte() == Some(b'\t') {
                    return self.error("found a tab character that violates indentation");
                }
                self.pos += 1;
            } else if let Some(text) = self.take_break() {
                breaks.push(text);
                broken = true;
            } else {
                return Ok(broken);
            }
        }
    }

    /// The quoted text up to the quote, if it ends on this line and means itself.
    fn scan_quoted_line(&mut self, quote: u8) -> Option<&'a str> {
        let mut at = self.pos;
        loop {
            let stops = |byte| byte == quote || matches!(byte, b'\\' | b'\n' | b'\r' | 0xC2 | 0xE2);
            at = find(self.bytes, at, stops);
            match *self.bytes.get(at)? {
                byte if byte == quote => break,
                b'\n' | b'\r' => return None,
                b'\\' if quote == b'"' => return None,
                0xC2 | 0xE2 if is_break(self.bytes, at) => return None,
                _ => at += 1,
            }
        }
        if quote == b'\'' && self.bytes.get(at + 1) == Some(&b'\'') {
            return None;
        }
        let text = &self.text[self.pos..at];
        self.advance_to(at);
        Some(text)
    }

    fn scan_quoted(&mut self, single: bool) -> Result<String> {
        let quote = if single { b'\'' } else { b'"' };
        let mut out = String::new();
        let mut breaks = Breaks::default();
        loop {
            self.require(4)?;
            if self.column() == 0 && is_document_indicator(self.bytes, self.pos) {
                return self.error("found unexpected document indicator");
            }
            if self.byte().is_none() {
                return self.error("found unexpected end of stream");
            }
            let escaped_break = self.scan_quoted_run(quote, &mut out)?;
            if self.byte() == Some(quote) {
                return Ok(out);
            }
            self.scan_quoted_blanks(escaped_break, &mut breaks, &mut out);
        }
    }

    /// Scans up to a blank, a break or the quote. Returns whether it ended with an escaped break.
    fn scan_quoted_run(&mut self, quote: u8, out: &mut String) -> Result<bool> {
        while !is_blank_or_end(self.bytes, self.pos) {
            let byte = self.bytes[self.pos];
            if byte == b'\'' && quote == byte && self.bytes.get(self.pos + 1) == Some(&byte) {
                out.push('\'');
                self.pos += 2;
            } else if byte == quote {
                break;
            } else if byte == b'\\' && quote == b'"' {
                if is_break(self.bytes, self.pos + 1) {
                    self.pos += 1;
                    self.take_break();
                    return Ok(true);
                }
                self.scan_escape(out)?;
            } else {
                let run = quoted_run_end(self.bytes, self.pos);
                // Whatever stopped the run right here is an ordinary character after all.
                let width = self.text[self.pos..].chars().next().map_or(1, char::len_utf8);
                let run = run.max(self.pos + width);
                out.push_str(&self.text[self.pos..run]);
                self.advance_to(run);
            }
        }
        Ok(false)
    }

    /// Scans the blanks and breaks inside quotes and appends what they fold to.
    fn scan_quoted_blanks(&mut self, escaped_break: bool, breaks: &mut Breaks, out: &mut String) {
        let start = self.pos;
        let mut broken = escaped_break;
        // After an escaped break every further one counts, so none is the leading one.
        if escaped_break {
            breaks.leading = Some("");
        }
        loop {
            if is_blank(self.bytes, self.pos) {
                self.pos += 1;
            } else if let Some(text) = self.take_break() {
                breaks.push(text);
                broken = true;
            } else {
                break;
            }
        }
        if broken {
            breaks.fold_into(out);
        } else {
            out.push_str(&self.text[start..self.pos]);
        }
    }

    /// Scans a backslash and what it escapes.
    fn scan_escape(&mut self, out: &mut String) -> Result<()> {
        self.require(2)?;
        let digits = match self.bytes.get(self.pos + 1) {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            other => {
                let Some(c) = other.and_then(|&byte| simple_escape(byte)) else {
                    return self.error("found unknown escape character");
                };
                out.push(c);
                self.pos += 2;
                return Ok(());
            }
        };
        self.pos += 2;
        self.require(digits)?;
        let hex = self.bytes.get(self.pos..self.pos + digits);
        let Some(hex) = hex.filter(|hex| hex.iter().all(u8::is_ascii_hexdigit)) else {
            return self.error("did not find expected hexdecimal number");
        };
        let value = hex.iter().fold(0, |value: u32, &digit| value << 4 | u32::from(hex_digit(digit)));
        let Some(c) = char::from_u32(value) else {
            return self.error("found invalid Unicode character escape code");
        };
        out.push(c);
        self.pos += digits;
        Ok(())
    }

    fn scan_block(&mut self, literal: bool) -> Result<Token<'a>> {
        let start = self.mark();
        self.pos += 1;
        let (chomp, increment) = self.scan_block_header()?;
        let mut indent = increment.map(|increment| self.indent.max(0) as usize + increment);
        let mut trailing = String::new();
        let mut end = self.scan_block_breaks(&mut indent, &mut trailing)?;
        let indent_of = |indent: Option<usize>| indent.expect("the first blank lines decide it");
        let mut out = String::new();
        let mut leading: &str = "";
        let mut leading_blank = false;
        while self.column() == indent_of(indent) && self.byte().is_some() {
            let blank = is_blank(self.bytes, self.pos);
            if !literal && leading == "\n" && !leading_blank && !blank {
                if trailing.is_empty() {
                    out.push(' ');
                }
            } else {
                out.push_str(leading);
            }
            out.push_str(&trailing);
            trailing.clear();
            leading_blank = blank;
            let line = line_end(self.bytes, self.pos);
            out.push_str(&self.text[self.pos..line]);
            if line == self.bytes.len() {
                self.wide += continuation_bytes(&self.bytes[self.pos..line]);
            }
            self.pos = line;
            leading = self.take_break().unwrap_or("");
            end = self.scan_block_breaks(&mut indent, &mut trailing)?;
        }
        if chomp != Chomp::Strip {
            out.push_str(leading);
        }
        if chomp == Chomp::Keep {
            out.push_str(&trailing);
        }
        Ok(Token { kind: TokenKind::Scalar(Cow::Owned(out), false), start, end })
    }

    /// Scans the chomping and indentation indicators, in either order, and the rest of the line.
    fn scan_block_header(&mut self) -> Result<(Chomp, Option<usize>)> {
        let mut chomp = self.scan_chomp();
        let increment = match self.byte() {
            Some(b'0') => return self.error("found an indentation indicator equal to 0"),
            Some(digit @ b'1'..=b'9') => {
                self.pos += 1;
                Some(usize::from(digit - b'0'))
            }
            _ => None,
        };
        if chomp.is_none() && increment.is_some() {
            chomp = self.scan_chomp();
        }
        self.skip_blanks();
        self.skip_comment();
        if !is_break_or_end(self.bytes, self.pos) {
            return self.error("did not find expected comment or line break");
        }
        self.take_break();
        Ok((chomp.unwrap_or(Chomp::Clip), increment))
    }

    fn scan_chomp(&mut self) -> Option<Chomp> {
        let chomp = match self.byte()? {
            b'+' => Chomp::Keep,
            b'-' => Chomp::Strip,
            _ => return None,
        };
        self.pos += 1;
        Some(chomp)
    }

    /// Moves over indentation and empty lines and, if the indentation is not
    /// known yet, takes it from them. Returns where the content before ended.
    fn scan_block_breaks(&mut self, indent: &mut Option<usize>, breaks: &mut String) -> Result<Mark> {
        let mut end = self.mark();
        let mut deepest = 0;
        loop {
            let is_indent = |column: usize| indent.is_none_or(|indent| column < indent);
            while is_indent(self.column()) && self.byte() == Some(b' ') {
                self.pos += 1;
            }
            deepest = deepest.max(self.column());
            if is_indent(self.column()) && self.byte() == Some(b'\t') {
                return Err(Error::scanner(
                    "found a tab character where an indentation space is expected",
                    self.mark(),
                ));
            }
            self.require(2)?;
            let Some(text) = self.take_break() else { break };
            breaks.push_str(text);
            end = self.mark();
        }
        indent.get_or_insert_with(|| deepest.max((self.indent + 1) as usize).max(1));
        Ok(end)
    }
}

/// Returns what a one-letter escape of a double-quoted scalar stands for.
fn simple_escape(byte: u8) -> Option<char> {
    Some(match byte {
        b'0' => '\0',
        b'a' => '\x07',
        b'b' => '\x08',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\x0b',
        b'f' => '\x0c',
        b'r' => '\r',
        b'e' => '\x1b',
        b' ' => ' ',
        b'"' => '"',
        b'\'' => '\'',
        b'\\' => '\\',
        b'N' => '\u{85}',
        b'_' => '\u{a0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}
