//! Cuts template text into items, one at a time as the parser asks for them.
//!
//! The items, their positions and lines are Go's, because parse errors show them:
//! a line is counted where the item starts, trimming happens here, and an error is
//! an item like any other, after which the input is empty.

use crate::strconv;

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    Error,
    Bool,
    /// A printable ASCII character with no meaning of its own, such as the comma.
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Dot,
    Nil,
    Keyword(Keyword),
}

/// The words that start an action of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

/// A piece of the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    pub(crate) token: Token,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) line: u32,
}

impl Item {
    /// What the parser holds before it has read anything.
    pub(crate) const NONE: Item = Item { token: Token::Eof, start: 0, end: 0, line: 0 };
}

/// The scanner and where it is.
#[derive(Debug)]
pub(crate) struct Lexer<'t> {
    text: &'t [u8],
    at: usize,
    start: usize,
    line: u32,
    start_line: u32,
    paren_depth: u32,
    inside_action: bool,
    /// Set after an error: there is nothing more to read.
    stopped: bool,
    /// The message of the last error item.
    pub(crate) error: String,
}

const LEFT: &[u8] = b"{{";
const RIGHT: &[u8] = b"}}";

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn newlines(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.iter().filter(|&&b| b == b'\n').count()).unwrap_or(u32::MAX)
}

fn has_left_trim(text: &[u8]) -> bool {
    matches!(text, [b'-', space, ..] if is_space(*space))
}

fn has_right_trim(text: &[u8]) -> bool {
    matches!(text, [space, b'-', ..] if is_space(*space))
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t [u8]) -> Self {
        Lexer {
            text,
            at: 0,
            start: 0,
            line: 1,
            start_line: 1,
            paren_depth: 0,
            inside_action: false,
            stopped: false,
            error: String::new(),
        }
    }

    /// Returns the bytes of an item.
    pub(crate) fn bytes(&self, item: Item) -> &'t [u8] {
        &self.text[item.start..item.end]
    }

    fn rest(&self) -> &'t [u8] {
        if self.stopped { &[] } else { &self.text[self.at..] }
    }

    /// Returns the next item.
    pub(crate) fn next(&mut self) -> Item {
        if self.inside_action { self.action() } else { self.plain_text() }
    }

    fn emit(&mut self, token: Token) -> Item {
        let item = Item { token, start: self.start, end: self.at, line: self.start_line };
        self.start = self.at;
        self.start_line = self.line;
        item
    }

    fn fail(&mut self, message: impl Into<String>) -> Item {
        self.error = message.into();
        self.stopped = true;
        let item = Item { token: Token::Error, start: self.start, end: self.start, line: self.start_line };
        self.start = self.at;
        item
    }

    /// Moves over bytes that hold newlines not counted yet.
    fn advance(&mut self, count: usize) {
        self.line += newlines(&self.text[self.at..self.at + count]);
        self.at += count;
    }

    fn skip(&mut self, count: usize) {
        self.advance(count);
        self.start = self.at;
        self.start_line = self.line;
    }

    fn peek(&self) -> Option<(char, usize)> {
        let rest = self.rest();
        if rest.is_empty() {
            return None;
        }
        Some(strconv::decode_rune(rest).unwrap_or((char::REPLACEMENT_CHARACTER, 1)))
    }

    fn plain_text(&mut self) -> Item {
        loop {
            let rest = self.rest();
            let Some(found) = find_left(rest) else {
                self.advance(rest.len());
                return self.emit(if self.at > self.start { Token::Text } else { Token::Eof });
            };
            if found > 0 {
                let trimmed = if has_left_trim(&rest[found + LEFT.len()..]) {
                    rest[..found].iter().rev().take_while(|&&b| is_space(b)).count()
                } else {
                    0
                };
                self.advance(found - trimmed);
                let item = self.emit(Token::Text);
                self.skip(trimmed);
                if item.end > item.start {
                    return item;
                }
            }
            let after = &self.text[self.at + LEFT.len()..];
            let marker = if has_left_trim(after) { 2 } else { 0 };
            if !after[marker..].starts_with(b"/*") {
                self.at += LEFT.len();
                let item = self.emit(Token::LeftDelim);
                self.inside_action = true;
                self.skip(marker);
                self.paren_depth = 0;
                return item;
            }
            self.at += LEFT.len();
            self.skip(marker);
            if let Err(item) = self.comment() {
                return item;
            }
        }
    }

    fn comment(&mut self) -> Result<(), Item> {
        let Some(close) = memchr::memmem::find(&self.text[self.at + 2..], b"*/") else {
            return Err(self.fail("unclosed comment"));
        };
        // The lines of the comment count only when it is complete.
        let comment = close + 4;
        let rest = &self.text[self.at + comment..];
        let trim = has_right_trim(rest) && rest[2..].starts_with(RIGHT);
        if !trim && !rest.starts_with(RIGHT) {
            return Err(self.fail("comment ends before closing delimiter"));
        }
        let marker = if trim { 2 } else { 0 };
        let spaces = if trim { leading_spaces(&rest[marker + RIGHT.len()..]) } else { 0 };
        self.skip(comment + marker + RIGHT.len() + spaces);
        Ok(())
    }

    /// Returns whether a right delimiter is next, and whether it trims.
    fn at_right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_trim(rest) && rest[2..].starts_with(RIGHT) {
            return Some(true);
        }
        rest.starts_with(RIGHT).then_some(false)
    }

    fn right_delim(&mut self, trim: bool) -> Item {
        if trim {
            self.skip(2);
        }
        self.at += RIGHT.len();
        let item = self.emit(Token::RightDelim);
        if trim {
            self.skip(leading_spaces(&self.text[self.at..]));
        }
        self.inside_action = false;
        item
    }

    fn action(&mut self) -> Item {
        if let Some(trim) = self.at_right_delim() {
            if self.paren_depth == 0 {
                return self.right_delim(trim);
            }
            return self.fail("unclosed left paren");
        }
        let Some((c, length)) = self.peek() else { return self.fail("unclosed action") };
        match c {
            ' ' | '\t' | '\r' | '\n' => return self.spaces(),
            '.' if !self.text.get(self.at + 1).is_none_or(u8::is_ascii_digit) => {
                self.at += 1;
                return self.field_or_variable(Token::Field);
            }
            '.' | '+' | '-' | '0'..='9' => return self.number(),
            _ => {}
        }
        self.at += length;
        match c {
            '=' => self.emit(Token::Assign),
            ':' if self.peek_is('=') => {
                self.at += 1;
                self.emit(Token::Declare)
            }
            ':' => self.fail("expected :="),
            '|' => self.emit(Token::Pipe),
            '"' => self.quoted('"', Token::String, "unterminated quoted string"),
            '\'' => self.quoted('\'', Token::CharConstant, "unterminated character constant"),
            '`' => self.raw_string(),
            '$' => self.field_or_variable(Token::Variable),
            '(' => {
                self.paren_depth += 1;
                self.emit(Token::LeftParen)
            }
            ')' if self.paren_depth == 0 => self.fail("unexpected right paren"),
            ')' => {
                self.paren_depth -= 1;
                self.emit(Token::RightParen)
            }
            _ if strconv::is_alphanumeric(c) => self.identifier(),
            _ if c.is_ascii() && strconv::is_print(c) => self.emit(Token::Char),
            _ => self.fail(format!("unrecognized character in action: {}", code_point(c))),
        }
    }

    fn peek_is(&self, c: char) -> bool {
        self.peek().is_some_and(|(next, _)| next == c)
    }

    fn spaces(&mut self) -> Item {
        let count = leading_spaces(self.rest());
        let last = self.at + count - 1;
        // The last blank may be the first half of " -}}".
        if has_right_trim(&self.text[last..]) && self.text[last + 2..].starts_with(RIGHT) {
            if count == 1 {
                return self.right_delim(true);
            }
            self.advance(count - 1);
        } else {
            self.advance(count);
        }
        self.emit(Token::Space)
    }

    /// Returns whether a name may end here. This cuts `.X.Y` in two, and refuses `$x+2`.
    fn at_terminator(&self) -> bool {
        match self.peek() {
            None => true,
            Some((c, _)) => {
                matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(')
                    || self.rest().starts_with(RIGHT)
            }
        }
    }

    fn skip_name(&mut self) {
        let is_ascii_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        self.at += self.rest().iter().take_while(|byte| is_ascii_name(byte)).count();
        while let Some((_, length)) = self.peek().filter(|&(c, _)| strconv::is_alphanumeric(c)) {
            self.at += length;
        }
    }

    fn bad_character(&mut self) -> Item {
        let c = self.peek().map_or(char::REPLACEMENT_CHARACTER, |(c, _)| c);
        self.fail(format!("bad character {}", code_point(c)))
    }

    fn field_or_variable(&mut self, token: Token) -> Item {
        if self.at_terminator() {
            return self.emit(if token == Token::Variable { token } else { Token::Dot });
        }
        self.skip_name();
        if self.at_terminator() { self.emit(token) } else { self.bad_character() }
    }

    fn identifier(&mut self) -> Item {
        self.skip_name();
        if !self.at_terminator() {
            return self.bad_character();
        }
        let token = match &self.text[self.start..self.at] {
            b"block" => Token::Keyword(Keyword::Block),
            b"break" => Token::Keyword(Keyword::Break),
            b"continue" => Token::Keyword(Keyword::Continue),
            b"define" => Token::Keyword(Keyword::Define),
            b"else" => Token::Keyword(Keyword::Else),
            b"end" => Token::Keyword(Keyword::End),
            b"if" => Token::Keyword(Keyword::If),
            b"range" => Token::Keyword(Keyword::Range),
            b"template" => Token::Keyword(Keyword::Template),
            b"with" => Token::Keyword(Keyword::With),
            b"nil" => Token::Nil,
            b"true" | b"false" => Token::Bool,
            _ => Token::Identifier,
        };
        self.emit(token)
    }

    /// Scans a quoted string or character; the parser checks what is inside.
    fn quoted(&mut self, mark: char, token: Token, message: &str) -> Item {
        let mut escaped = false;
        while let Some(&byte) = self.rest().first() {
            if byte == b'\n' {
                break;
            }
            self.at += 1;
            if escaped {
                escaped = false;
            } else if byte == b'\\' {
                escaped = true;
            } else if char::from(byte) == mark {
                return self.emit(token);
            }
        }
        self.fail(message)
    }

    fn raw_string(&mut self) -> Item {
        match self.rest().iter().position(|&b| b == b'`') {
            None => self.fail("unterminated raw quoted string"),
            Some(end) => {
                self.advance(end + 1);
                self.emit(Token::RawString)
            }
        }
    }

    fn number(&mut self) -> Item {
        let scanned = self.scan_number();
        let sign = self.peek_is('+') || self.peek_is('-');
        let token = if sign { Token::Complex } else { Token::Number };
        if scanned && (!sign || self.scan_number() && self.text[self.at - 1] == b'i') {
            return self.emit(token);
        }
        let text = strconv::quote(&self.text[self.start..self.at]);
        self.fail(format!("bad number syntax: {text}"))
    }

    fn accept(&mut self, set: &[u8]) -> bool {
        let found = self.rest().first().is_some_and(|byte| set.contains(byte));
        self.at += usize::from(found);
        found
    }

    fn accept_run(&mut self, set: &[u8]) {
        while self.accept(set) {}
    }

    /// Scans what may be a number, wrong ones included, which the parser finds out.
    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        let mut exponent: &[u8] = b"eE";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                (digits, exponent) = (b"0123456789abcdefABCDEF_", b"pP");
            } else if self.accept(b"oO") {
                (digits, exponent) = (b"01234567_", b"");
            } else if self.accept(b"bB") {
                (digits, exponent) = (b"01_", b"");
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        if self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(b"0123456789_");
        }
        self.accept(b"i");
        match self.peek().filter(|&(c, _)| strconv::is_alphanumeric(c)) {
            Some((_, length)) => {
                self.at += length;
                false
            }
            None => true,
        }
    }
}

/// Finds `{{`. Most bytes of a template are text, so this is the hot loop of parsing.
fn find_left(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr(b'{', &text[from..])?;
        if text.get(at + 1) == Some(&b'{') {
            return Some(at);
        }
        from = at + 1;
    }
}

fn leading_spaces(text: &[u8]) -> usize {
    text.iter().take_while(|&&b| is_space(b)).count()
}

/// Returns a character as Go's `%#U` prints it.
fn code_point(c: char) -> String {
    let code = u32::from(c);
    if strconv::is_print(c) { format!("U+{code:04X} '{c}'") } else { format!("U+{code:04X}") }
}
