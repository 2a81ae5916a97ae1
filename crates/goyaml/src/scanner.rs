//! From text to tokens, with go-yaml v2.4.3's idea of what a token is.
//!
//! YAML needs lookahead: only the `:` behind it makes `a` a key. The scanner
//! therefore remembers where a key could start and, when the `:` comes, puts
//! the missing tokens before the ones already queued. Which key may be how far
//! back (one line, 1024 characters) and what happens otherwise is go-yaml's
//! rule, oddities included, because charts depend on what it accepts.
//!
//! Scalars borrow from the text unless folding or an escape changes them.

use std::borrow::Cow;
use std::collections::VecDeque;

use crate::chars::{
    break_len, continuation_bytes, is_blank, is_blank_or_end, is_document_indicator, line_end, newline_len,
};
use crate::error::Mark;
use crate::{Error, Result};

mod directives;
mod scalars;

/// How deep flow collections or block indentation may nest in go-yaml.
const MAX_LEVELS: usize = 10_000;

/// A key's `:` must come within this many characters.
const MAX_KEY_CHARS: usize = 1024;

#[derive(Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind<'a>,
    pub(crate) start: Mark,
    pub(crate) end: Mark,
}

#[derive(Debug, PartialEq)]
pub(crate) enum TokenKind<'a> {
    StreamEnd,
    VersionDirective(i8, i8),
    TagDirective(Box<TagParts>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    Tag(Box<TagParts>),
    /// The flag tells whether it is plain, that is, neither quoted nor a block.
    Scalar(Cow<'a, str>, bool),
}

/// Handle and suffix of a tag, handle and prefix of a directive.
#[derive(Debug, PartialEq, Default)]
pub(crate) struct TagParts {
    pub(crate) handle: String,
    pub(crate) rest: String,
}

/// The place where a key without `?` may have started.
#[derive(Debug, Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    /// In block context at the current indentation nothing but a key can start.
    required: bool,
    token_number: usize,
    mark: Mark,
    /// The parser may not have the token yet, as it may be a key.
    awaited: bool,
}

#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    is_ascii: bool,
    pos: usize,
    line: u32,
    line_start: usize,
    /// Continuation bytes between `line_start` and `pos`: columns are characters.
    wide: usize,
    flow_level: usize,
    indent: i32,
    indents: Vec<i32>,
    key_allowed: bool,
    /// One per flow level and one for the block context.
    keys: Vec<SimpleKey>,
    queue: VecDeque<Token<'a>>,
    /// Tokens that left the queue.
    taken: usize,
    /// The first token in the queue is final.
    ready: bool,
    /// What to report to a scan that needs more than the text.
    bad: Option<Error>,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str, bad: Option<Error>) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            is_ascii: text.is_ascii(),
            pos: 0,
            line: 0,
            line_start: 0,
            wide: 0,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            key_allowed: true,
            keys: vec![SimpleKey::default()],
            queue: VecDeque::with_capacity(8),
            taken: 0,
            ready: false,
            bad,
        }
    }

    /// Returns the next token without taking it.
    pub(crate) fn peek(&mut self) -> Result<&Token<'a>> {
        if !self.ready {
            // A key that was still possible at the end of the text is judged once more.
            while self.needs_more()? && !self.has_ended() {
                self.fetch()?;
            }
            self.ready = true;
        }
        Ok(self.queue.front().expect("the stream end stays in the queue"))
    }

    /// Takes the token that `peek` showed. The stream end can be taken over and over.
    pub(crate) fn take(&mut self) -> Result<Token<'a>> {
        self.peek()?;
        if self.queue.len() == 1 && self.has_ended() {
            let mark = self.mark();
            return Ok(Token { kind: TokenKind::StreamEnd, start: mark, end: mark });
        }
        self.taken += 1;
        self.ready = false;
        Ok(self.queue.pop_front().expect("peek filled the queue"))
    }

    fn has_ended(&self) -> bool {
        matches!(self.queue.back(), Some(Token { kind: TokenKind::StreamEnd, .. }))
    }

    fn needs_more(&mut self) -> Result<bool> {
        if self.queue.is_empty() {
            return Ok(true);
        }
        // Token numbers rise along the stack, so the awaited one is found by bisection.
        let from = self.keys.partition_point(|key| key.token_number < self.taken);
        let head = self.keys[from..].iter().take_while(|key| key.token_number == self.taken);
        let Some(at) = head.enumerate().find(|(_, key)| key.awaited).map(|(at, _)| from + at) else {
            return Ok(false);
        };
        self.key_is_valid(at)
    }

    fn mark(&self) -> Mark {
        Mark { offset: self.pos as u32, line: self.line, column: self.column() as u32 }
    }

    fn column(&self) -> usize {
        self.pos - self.line_start - self.wide
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    fn error<T>(&self, problem: &'static str) -> Result<T> {
        Err(Error::scanner(problem, self.mark()))
    }

    /// Fails if a bad character is among the next ones. go-yaml looks ahead by
    /// this many before it decides.
    #[inline]
    fn require(&self, chars: usize) -> Result<()> {
        let Some(bad) = &self.bad else { return Ok(()) };
        if self.text[self.pos..].chars().nth(chars - 1).is_none() { Err(bad.clone()) } else { Ok(()) }
    }

    /// Moves to `to` on the same line.
    fn advance_to(&mut self, to: usize) {
        if !self.is_ascii {
            self.wide += continuation_bytes(&self.bytes[self.pos..to]);
        }
        self.pos = to;
    }

    /// Moves over the line break here, if there is one, and returns its text as
    /// scalars keep it: LS and PS stay, all others become LF.
    fn take_break(&mut self) -> Option<&'static str> {
        let kept = match break_len(self.bytes, self.pos) {
            0 => return None,
            3 if self.bytes[self.pos + 2] == 0xA8 => "\u{2028}",
            3 => "\u{2029}",
            _ => "\n",
        };
        self.pos += newline_len(self.bytes, self.pos);
        self.line += 1;
        self.line_start = self.pos;
        self.wide = 0;
        Some(kept)
    }

    fn skip_spaces(&mut self) {
        let rest = &self.bytes[self.pos..];
        self.pos += rest.iter().position(|&byte| byte != b' ').unwrap_or(rest.len());
    }

    fn skip_blanks(&mut self) {
        while is_blank(self.bytes, self.pos) {
            self.pos += 1;
        }
    }

    /// Moves over a comment, up to the end of its line.
    fn skip_comment(&mut self) {
        if self.byte() == Some(b'#') {
            self.advance_to(line_end(self.bytes, self.pos));
        }
    }

    fn push(&mut self, kind: TokenKind<'a>, start: Mark) {
        let end = self.mark();
        self.queue.push_back(Token { kind, start, end });
    }

    /// Puts a token before the one with this number. If the parser has taken
    /// that already, which happens for `{}: x`, go-yaml appends.
    fn insert(&mut self, kind: TokenKind<'a>, number: usize, mark: Mark) {
        let token = Token { kind, start: mark, end: mark };
        match number.checked_sub(self.taken) {
            Some(at) if at <= self.queue.len() => self.queue.insert(at, token),
            _ => self.queue.push_back(token),
        }
    }

    /// Scans one token, or the few that belong together, into the queue.
    fn fetch(&mut self) -> Result<()> {
        let result = self.fetch_token();
        if self.pos >= self.bytes.len()
            && let Some(bad) = &self.bad
        {
            return Err(bad.clone());
        }
        result
    }

    fn fetch_token(&mut self) -> Result<()> {
        self.skip_to_token()?;
        let column = self.column();
        self.unroll_indent(column as i32);
        self.require(4)?;
        let Some(byte) = self.byte() else {
            return self.fetch_stream_end();
        };
        if column == 0 {
            if byte == b'%' {
                return self.fetch_directive();
            }
            if is_document_indicator(self.bytes, self.pos) {
                let kind = if byte == b'-' { TokenKind::DocumentStart } else { TokenKind::DocumentEnd };
                return self.fetch_document_indicator(kind);
            }
        }
        let in_flow = self.flow_level > 0;
        match byte {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if is_blank_or_end(self.bytes, self.pos + 1) => self.fetch_block_entry(),
            b'?' if in_flow || is_blank_or_end(self.bytes, self.pos + 1) => self.fetch_key(),
            b':' if in_flow || is_blank_or_end(self.bytes, self.pos + 1) => self.fetch_value(),
            b'*' | b'&' => self.fetch_anchor(byte == b'&'),
            b'!' => self.fetch_tag(),
            b'|' | b'>' if !in_flow => self.fetch_block_scalar(byte == b'|'),
            b'\'' | b'"' => self.fetch_flow_scalar(byte == b'\''),
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' | b'\t' => {
                self.error("found character that cannot start any token")
            }
            _ => self.fetch_plain_scalar(),
        }
    }

    /// Moves over blanks, comments and line breaks.
    fn skip_to_token(&mut self) -> Result<()> {
        if self.pos == 0 && self.text.starts_with('\u{feff}') {
            self.pos += '\u{feff}'.len_utf8();
            self.wide += 2;
        }
        loop {
            // A tab where a key may start would be indentation, which tabs are not.
            let tabs = self.flow_level > 0 || !self.key_allowed;
            self.skip_spaces();
            while tabs && is_blank(self.bytes, self.pos) {
                self.pos += 1;
            }
            self.skip_comment();
            self.require(2)?;
            if self.take_break().is_none() {
                return Ok(());
            }
            if self.flow_level == 0 {
                self.key_allowed = true;
            }
        }
    }

    /// Starts a block collection if the column is deeper than the indentation.
    fn roll_indent(
        &mut self,
        column: u32,
        number: Option<usize>,
        kind: TokenKind<'a>,
        mark: Mark,
    ) -> Result<()> {
        if self.flow_level > 0 || self.indent >= column as i32 {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column as i32;
        if self.indents.len() > MAX_LEVELS {
            return self.error("exceeded max depth of 10000");
        }
        match number {
            Some(number) => self.insert(kind, number, mark),
            None => self.queue.push_back(Token { kind, start: mark, end: mark }),
        }
        Ok(())
    }

    /// Ends the block collections that are indented deeper than the column.
    fn unroll_indent(&mut self, column: i32) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            let mark = self.mark();
            self.push(TokenKind::BlockEnd, mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// Whether the key may still be one; a required key that may not is an error.
    fn key_is_valid(&mut self, at: usize) -> Result<bool> {
        let key = self.keys[at];
        if !key.possible {
            return Ok(false);
        }
        let start = key.mark.offset as usize;
        let too_long =
            || self.pos - start > MAX_KEY_CHARS && self.text[start..self.pos].chars().count() > MAX_KEY_CHARS;
        if key.mark.line >= self.line && !too_long() {
            return Ok(true);
        }
        if key.required {
            return self.error("could not find expected ':'");
        }
        self.keys[at].possible = false;
        Ok(false)
    }

    /// Remembers that a key may start here.
    fn save_key(&mut self) -> Result<()> {
        if !self.key_allowed {
            return Ok(());
        }
        let required = self.flow_level == 0 && self.indent == self.column() as i32;
        let token_number = self.taken + self.queue.len();
        self.remove_key()?;
        let mark = self.mark();
        *self.top_key() = SimpleKey { possible: true, required, token_number, mark, awaited: true };
        Ok(())
    }

    /// Forgets the possible key of this level.
    fn remove_key(&mut self) -> Result<()> {
        let key = *self.top_key();
        if key.possible {
            if key.required {
                return self.error("could not find expected ':'");
            }
            let key = self.top_key();
            key.possible = false;
            key.awaited = false;
        }
        Ok(())
    }

    fn top_key(&mut self) -> &mut SimpleKey {
        self.keys.last_mut().expect("the block context has a key, and levels are left only if entered")
    }

    fn fetch_stream_end(&mut self) -> Result<()> {
        if self.column() != 0 {
            self.line += 1;
            self.line_start = self.pos;
            self.wide = 0;
        }
        self.unroll_indent(-1);
        self.remove_key()?;
        self.key_allowed = false;
        let mark = self.mark();
        self.push(TokenKind::StreamEnd, mark);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, kind: TokenKind<'a>) -> Result<()> {
        self.unroll_indent(-1);
        self.remove_key()?;
        self.key_allowed = false;
        let start = self.mark();
        self.pos += 3;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: TokenKind<'a>) -> Result<()> {
        self.save_key()?;
        let token_number = self.taken + self.queue.len();
        self.keys.push(SimpleKey { token_number, ..SimpleKey::default() });
        self.flow_level += 1;
        if self.flow_level > MAX_LEVELS {
            return self.error("exceeded max depth of 10000");
        }
        self.key_allowed = true;
        self.fetch_indicator(kind);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind<'a>) -> Result<()> {
        self.remove_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            let left = self.keys.pop().expect("one key per level");
            // go-yaml stops waiting for whatever key has the number of the level's
            // last candidate. In an empty collection that is the collection itself.
            let outer = self.top_key();
            if outer.token_number == left.token_number {
                outer.awaited = false;
            }
        }
        self.key_allowed = false;
        self.fetch_indicator(kind);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Result<()> {
        self.remove_key()?;
        self.key_allowed = true;
        self.fetch_indicator(TokenKind::FlowEntry);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<()> {
        if self.flow_level == 0 {
            if !self.key_allowed {
                return self.error("block sequence entries are not allowed in this context");
            }
            let mark = self.mark();
            self.roll_indent(mark.column, None, TokenKind::BlockSequenceStart, mark)?;
        }
        self.remove_key()?;
        self.key_allowed = true;
        self.fetch_indicator(TokenKind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<()> {
        if self.flow_level == 0 {
            if !self.key_allowed {
                return self.error("mapping keys are not allowed in this context");
            }
            let mark = self.mark();
            self.roll_indent(mark.column, None, TokenKind::BlockMappingStart, mark)?;
        }
        self.remove_key()?;
        self.key_allowed = self.flow_level == 0;
        self.fetch_indicator(TokenKind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<()> {
        let level = self.keys.len() - 1;
        if self.key_is_valid(level)? {
            let SimpleKey { token_number, mark, .. } = self.keys[level];
            self.insert(TokenKind::Key, token_number, mark);
            self.roll_indent(mark.column, Some(token_number), TokenKind::BlockMappingStart, mark)?;
            self.keys[level].possible = false;
            self.keys[level].awaited = false;
            self.key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.key_allowed {
                    return self.error("mapping values are not allowed in this context");
                }
                let mark = self.mark();
                self.roll_indent(mark.column, None, TokenKind::BlockMappingStart, mark)?;
            }
            self.key_allowed = self.flow_level == 0;
        }
        self.fetch_indicator(TokenKind::Value);
        Ok(())
    }

    /// Queues the token of a one-character indicator.
    fn fetch_indicator(&mut self, kind: TokenKind<'a>) {
        let start = self.mark();
        self.pos += 1;
        self.push(kind, start);
    }
}
