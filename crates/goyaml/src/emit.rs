//! One scalar onto the page: which style it gets and how that is written.
//!
//! libyaml's emitter decides by what a text contains, and its two Go
//! descendants differ in a few places, marked by [`Dialect`]. Positions are
//! columns in characters, because lines fold by them.

use std::fmt::Write as _;

use crate::chars::find;
use crate::resolve::{Scalar, is_base_60, resolve, resolve_v3, short_bool};

/// Whose output to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// go-yaml v2.4.3 behind `sigs.k8s.io/yaml`: folds at 80 columns, does not indent lists in maps.
    V2,
    /// yaml.v3 with an indentation of two: never folds, indents lists in maps.
    V3,
}

/// The column behind which a line is folded at its next single space.
const WIDTH: usize = 80;

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// The text so far.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) out: String,
    pub(crate) dialect: Dialect,
    line_start: usize,
}

/// Where a scalar is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot {
    /// Columns that continuation lines are indented by.
    pub(crate) indent: usize,
    /// A key that must stay on its line.
    pub(crate) simple_key: bool,
}

impl Page {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { out: String::with_capacity(256), dialect, line_start: 0 }
    }

    /// Starts a new line unless the last one is empty.
    pub(crate) fn end_line(&mut self) {
        // LS and PS at the end of a literal scalar count as ends of line, too.
        if !self.out.ends_with(['\n', '\u{2028}', '\u{2029}']) {
            self.out.push('\n');
        }
        self.line_start = self.out.len();
    }

    pub(crate) fn push_spaces(&mut self, count: usize) {
        const SPACES: &str = "                                                                ";
        let mut left = count;
        while left > 0 {
            let some = left.min(SPACES.len());
            self.out.push_str(&SPACES[..some]);
            left -= some;
        }
    }

    fn break_line(&mut self, indent: usize) {
        self.out.push('\n');
        self.line_start = self.out.len();
        self.push_spaces(indent);
    }

    /// Whether a space here is to be a fold.
    fn folds(&self, spot: Spot) -> bool {
        !spot.simple_key && self.may_fold(0) && self.out[self.line_start..].chars().count() > WIDTH
    }

    /// Whether text of this many bytes may reach beyond the width.
    fn may_fold(&self, len: usize) -> bool {
        self.dialect == Dialect::V2 && self.out.len() - self.line_start + len > WIDTH
    }

    /// Writes a text in the style that brings it back as text.
    pub(crate) fn write_text(&mut self, text: &str, spot: Spot) {
        let wanted = if text.contains('\n') {
            Style::Literal
        } else if self.is_plain_text(text) {
            Style::Plain
        } else {
            Style::Double
        };
        self.write_as(text, wanted, spot);
    }

    /// Writes a text in a style, or in the next one that can hold it.
    fn write_as(&mut self, text: &str, wanted: Style, spot: Spot) {
        match self.allowed_style(text, wanted, spot) {
            Style::Plain => self.write_plain(text, spot),
            Style::Single => self.write_single(text, spot),
            Style::Double => self.write_double(text, spot),
            Style::Literal => self.write_literal(text, spot.indent),
        }
    }

    /// Returns a text as go-yaml v2 would write it, but on one line, and in these quotes if it can have them.
    pub(crate) fn line(text: &str, like: Style) -> String {
        let mut page = Self::new(Dialect::V2);
        let wanted = match like {
            Style::Plain | Style::Literal if page.is_plain_text(text) => Style::Plain,
            Style::Plain | Style::Literal => Style::Double,
            quotes => quotes,
        };
        page.write_as(text, wanted, Spot { indent: 0, simple_key: true });
        page.out
    }

    /// Whether a text with line breaks can be a literal block.
    pub(crate) fn allows_literal(text: &str) -> bool {
        Scan::of(text, Dialect::V2).allows_literal()
    }

    /// Whether the text read back unquoted would be the same text.
    fn is_plain_text(&self, text: &str) -> bool {
        let scalar = match self.dialect {
            Dialect::V2 => resolve(text),
            Dialect::V3 if short_bool(text).is_some() => return false,
            Dialect::V3 => resolve_v3(text),
        };
        let may_be_base_60 = matches!(text.as_bytes().first(), Some(b'+' | b'-' | b'0'..=b'9'));
        scalar == Scalar::Str && !(may_be_base_60 && is_base_60(text))
    }

    fn allowed_style(&self, text: &str, wanted: Style, spot: Spot) -> Style {
        let scan = Scan::of(text, self.dialect);
        let mut style = wanted;
        if spot.simple_key && scan.breaks {
            style = Style::Double;
        }
        if style == Style::Plain && !scan.allows_plain() {
            style = Style::Single;
        }
        if style == Style::Single && !scan.allows_single() {
            style = Style::Double;
        }
        if style == Style::Literal && (!scan.allows_literal() || spot.simple_key) {
            style = Style::Double;
        }
        style
    }

    /// Writes a space, or a fold in its place if the line is wide and the space a single one.
    fn write_space(&mut self, text: &str, at: usize, spot: Spot) {
        let bytes = text.as_bytes();
        let is_single =
            at > 0 && bytes[at - 1] != b' ' && bytes.get(at + 1).is_some_and(|&next| next != b' ');
        if is_single && self.folds(spot) {
            self.break_line(spot.indent);
        } else {
            self.out.push(' ');
        }
    }

    fn write_plain(&mut self, text: &str, spot: Spot) {
        let mut written = 0;
        if self.may_fold(text.len()) {
            for (at, _) in text.match_indices(' ') {
                self.out.push_str(&text[written..at]);
                self.write_space(text, at, spot);
                written = at + 1;
            }
        }
        self.out.push_str(&text[written..]);
    }

    fn write_single(&mut self, text: &str, spot: Spot) {
        self.out.push('\'');
        let mut after_break = false;
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            if is_line_break(c) {
                if !after_break && c == '\n' {
                    self.out.push('\n');
                }
                self.out.push(c);
                self.line_start = self.out.len();
                after_break = true;
                at += c.len_utf8();
                continue;
            }
            if c == ' ' {
                self.write_space(text, at, spot);
                at += 1;
                continue;
            }
            if after_break {
                self.push_spaces(spot.indent);
                after_break = false;
            }
            if c == '\'' {
                self.out.push('\'');
            }
            let next = at + c.len_utf8();
            let run = find(text.as_bytes(), next, |byte| !byte.is_ascii_graphic() | (byte == b'\''));
            self.out.push_str(&text[at..run]);
            at = run;
        }
        self.out.push('\'');
    }

    fn write_double(&mut self, text: &str, spot: Spot) {
        self.out.push('"');
        // go-yaml asks at every character whether the text starts with a byte
        // order mark, and escapes the character if so.
        let all = text.starts_with('\u{feff}');
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let next = at + c.len_utf8();
            if all || !is_printable(c) || is_line_break(c) || matches!(c, '"' | '\\') {
                self.write_escape(c);
                at = next;
            } else if c == ' ' {
                self.write_double_space(text, at, spot);
                at = next;
            } else {
                let stops = |byte: u8| !byte.is_ascii_graphic() | (byte == b'"') | (byte == b'\\');
                let run = find(text.as_bytes(), next, stops);
                self.out.push_str(&text[at..run]);
                at = run;
            }
        }
        self.out.push('"');
    }

    /// In double quotes also the first of several spaces can be folded; the next one is escaped then.
    fn write_double_space(&mut self, text: &str, at: usize, spot: Spot) {
        let bytes = text.as_bytes();
        let is_first = at > 0 && bytes[at - 1] != b' ';
        if is_first && at + 1 < bytes.len() && self.folds(spot) {
            self.break_line(spot.indent);
            if bytes[at + 1] == b' ' {
                self.out.push('\\');
            }
        } else {
            self.out.push(' ');
        }
    }

    fn write_escape(&mut self, c: char) {
        let letter = match c {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0b' => 'v',
            '\x0c' => 'f',
            '\r' => 'r',
            '\x1b' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = c as u32;
                // Writing to a `String` cannot fail.
                let _ = match code {
                    0..=0xFF => write!(self.out, "\\x{code:02X}"),
                    0x100..=0xFFFF => write!(self.out, "\\u{code:04X}"),
                    _ => write!(self.out, "\\U{code:08X}"),
                };
                return;
            }
        };
        self.out.push('\\');
        self.out.push(letter);
    }

    /// Writes base64 under its tag.
    pub(crate) fn write_binary(&mut self, encoded: &str, indent: usize) {
        self.out.push_str("!!binary ");
        if encoded.contains('\n') {
            self.write_literal(encoded, indent);
        } else {
            self.out.push_str(encoded);
        }
    }

    fn write_literal(&mut self, text: &str, indent: usize) {
        self.out.push('|');
        if text.starts_with(|c| c == ' ' || is_line_break(c)) {
            self.out.push('2');
        }
        let mut last = text.chars().rev();
        match (last.next(), last.next()) {
            (Some(c), _) if !is_line_break(c) => self.out.push('-'),
            (Some(_), Some(before)) if !is_line_break(before) => {}
            _ => self.out.push('+'),
        }
        self.out.push('\n');
        for line in text.split_inclusive(is_line_break) {
            if !line.starts_with(is_line_break) {
                self.push_spaces(indent);
            }
            self.out.push_str(line);
        }
        self.line_start = self.out.len();
    }
}

/// What is in a text that restricts its style.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent observation")]
struct Scan {
    indicators: bool,
    breaks: bool,
    special: bool,
    tab: bool,
    /// A space or break at either end.
    edge: bool,
    trailing_space: bool,
    /// A break before a space.
    break_space: bool,
    /// A space before a break.
    space_break: bool,
    after_space: bool,
    after_break: bool,
}

impl Scan {
    fn of(text: &str, dialect: Dialect) -> Self {
        let bytes = text.as_bytes();
        let mut scan =
            Self { indicators: text.starts_with("---") || text.starts_with("..."), ..Self::default() };
        let mut after_blank = true;
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let next = bytes.len() - chars.as_str().len();
            let is_first = next == c.len_utf8();
            let before_blank = matches!(bytes.get(next), None | Some(b' ' | b'\t'));
            scan.indicators |= if is_first {
                is_leading_indicator(c, before_blank)
            } else {
                (c == ':' && before_blank) || (c == '#' && after_blank)
            };
            scan.character(c, is_first, next == bytes.len(), dialect);
            after_blank = matches!(c, ' ' | '\t') || is_line_break(c);
            // Behind the first character most others mean nothing.
            let run = find(bytes, next, |byte| !byte.is_ascii_graphic() | (byte == b':') | (byte == b'#'));
            if run > next {
                (scan.after_space, scan.after_break, after_blank) = (false, false, false);
                chars = text[run..].chars();
            }
        }
        scan
    }

    fn allows_plain(&self) -> bool {
        self.allows_single() && !self.edge && !self.breaks && !self.indicators
    }

    fn allows_single(&self) -> bool {
        !self.break_space && !self.space_break && !self.special && !self.tab
    }

    fn allows_literal(&self) -> bool {
        !self.trailing_space && !self.space_break && !self.special
    }

    fn character(&mut self, c: char, is_first: bool, is_last: bool, dialect: Dialect) {
        if c == '\t' && dialect == Dialect::V3 {
            self.tab = true;
        } else if !is_printable(c) {
            self.special = true;
        }
        let (is_space, is_break) = (c == ' ', is_line_break(c));
        self.edge |= (is_space || is_break) && (is_first || is_last);
        self.trailing_space |= is_space && is_last;
        self.break_space |= is_space && self.after_break;
        self.space_break |= is_break && self.after_space;
        self.breaks |= is_break;
        self.after_space = is_space;
        self.after_break = is_break;
    }
}

fn is_leading_indicator(c: char, before_blank: bool) -> bool {
    match c {
        '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
            true
        }
        '?' | ':' | '-' => before_blank,
        _ => false,
    }
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What go-yaml writes as it is; characters beyond the basic plane are not.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}
