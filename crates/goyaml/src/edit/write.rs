//! New values as text: in blocks, in brackets, and as JSON.
//!
//! Texts are quoted where YAML 1.1 or 1.2 would read something else, and never
//! folded, so that a line stays what a search finds.

use super::EditStyle;
use crate::emit::{Dialect, Page, Style};
use crate::order;
use crate::value::{Mapping, Value};

/// How values are laid out in a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout<'a> {
    pub(super) style: EditStyle<'a>,
    /// Columns that a map in a map is indented by.
    pub(super) step: usize,
    /// Columns that a list in a map is indented by.
    pub(super) list_step: usize,
    /// Whether nothing stands between a colon or comma and what comes next.
    pub(super) compact: bool,
    /// Whether a block scalar may end with a line end.
    pub(super) literals: bool,
}

/// A value behind its key: what stands on the line of the key, and the lines below.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) head: String,
    pub(super) body: Option<String>,
}

impl Layout<'_> {
    /// Writes the value of a key or the document that is indented by `indent` columns.
    pub(super) fn value(&self, value: &Value, indent: usize, like: Style) -> Written {
        match value {
            Value::Mapping(map) if !map.is_empty() => {
                Written { head: String::new(), body: Some(self.map_lines(map, indent + self.step)) }
            }
            Value::Sequence(items) if !items.is_empty() => {
                Written { head: String::new(), body: Some(self.list_lines(items, indent + self.list_step)) }
            }
            Value::String(text) => self.text(text, indent, like),
            other => Written { head: self.flow(other, None), body: None },
        }
    }

    /// Writes an item behind its dash, whose column is `indent`; a map starts on the line of the dash.
    pub(super) fn item(&self, item: &Value, indent: usize) -> Written {
        let inner = indent + 2;
        let lines = match item {
            Value::Mapping(map) if !map.is_empty() => self.map_lines(map, inner),
            Value::Sequence(items) if !items.is_empty() => self.list_lines(items, inner),
            Value::String(text) => return Layout { step: 2, ..*self }.text(text, indent, Style::Plain),
            other => return Written { head: self.flow(other, None), body: None },
        };
        Written { head: lines.trim_start_matches(' ').to_owned(), body: None }
    }

    /// Writes an entry as lines, without the last line end.
    pub(super) fn entry_lines(&self, key: &str, value: &Value, indent: usize) -> String {
        let Written { head, body } = self.value(value, indent, Style::Plain);
        let mut out = format!("{:indent$}{}:", "", self.key(key));
        join(&mut out, &head, body.as_deref());
        out
    }

    /// Writes an item with its dash as lines, without the last line end.
    pub(super) fn item_lines(&self, item: &Value, indent: usize) -> String {
        let Written { head, body } = self.item(item, indent);
        let mut out = format!("{:indent$}-", "");
        join(&mut out, &head, body.as_deref());
        out
    }

    pub(super) fn map_lines(&self, map: &Mapping, indent: usize) -> String {
        let lines: Vec<String> =
            self.sorted(map).into_iter().map(|key| self.entry_lines(key, &map[key], indent)).collect();
        lines.join("\n")
    }

    pub(super) fn list_lines(&self, items: &[Value], indent: usize) -> String {
        let lines: Vec<String> = items.iter().map(|item| self.item_lines(item, indent)).collect();
        lines.join("\n")
    }

    /// Returns the keys in the order in which they are written.
    fn sorted<'m>(&self, map: &'m Mapping) -> Vec<&'m str> {
        let mut keys: Vec<&str> = map.keys().map(String::as_str).collect();
        order::sort_by(&mut keys, |one, two| self.is_before(one, two));
        keys
    }

    /// Whether a key comes before another one.
    pub(super) fn is_before(&self, one: &str, two: &str) -> bool {
        match (self.rank(one), self.rank(two)) {
            (Some(one), Some(two)) => one < two,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => order::is_before(one, two, Dialect::V2),
        }
    }

    /// Returns the place of a key in the order of the fields.
    pub(super) fn rank(&self, key: &str) -> Option<usize> {
        self.style.fields.iter().position(|field| *field == key)
    }

    fn text(&self, text: &str, indent: usize, like: Style) -> Written {
        if text.contains('\n') && self.literals && !has_odd_breaks(text) && Page::allows_literal(text) {
            return self.literal(text, indent);
        }
        Written { head: quoted(text, like), body: None }
    }

    fn literal(&self, text: &str, indent: usize) -> Written {
        let mut head = String::from("|");
        if text.starts_with([' ', '\n']) {
            head.push_str(&self.step.to_string());
        }
        let content = text.strip_suffix('\n');
        match content {
            None => head.push('-'),
            Some(content) if content.is_empty() || content.ends_with('\n') => head.push('+'),
            Some(_) => {}
        }
        let indent = indent + self.step;
        let line = |line: &str| if line.is_empty() { String::new() } else { format!("{:indent$}{line}", "") };
        let lines: Vec<String> = content.unwrap_or(text).split('\n').map(line).collect();
        Written { head, body: Some(lines.join("\n")) }
    }

    /// Writes a key of a block.
    fn key(&self, key: &str) -> String {
        quoted(key, Style::Plain)
    }

    /// Writes an entry in brackets.
    pub(super) fn flow_entry(&self, key: &str, value: &Value, indent: Option<usize>) -> String {
        let colon = if self.compact { ":" } else { ": " };
        format!("{}{colon}{}", self.flow_text(key, Style::Plain), self.flow(value, indent))
    }

    /// Writes a value in brackets; what is in it has lines of its own if there is an indentation for its end.
    pub(super) fn flow(&self, value: &Value, indent: Option<usize>) -> String {
        let inner = indent.map(|indent| indent + self.step);
        match value {
            Value::Mapping(map) => {
                let keys = self.sorted(map).into_iter();
                let entries = keys.map(|key| self.flow_entry(key, &map[key], inner)).collect::<Vec<_>>();
                self.brackets(['{', '}'], &entries, indent)
            }
            Value::Sequence(items) => {
                let items = items.iter().map(|item| self.flow(item, inner)).collect::<Vec<_>>();
                self.brackets(['[', ']'], &items, indent)
            }
            Value::String(text) => self.flow_text(text, Style::Plain),
            Value::Null => "null".to_owned(),
            Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_) => {
                crate::to_string(value).unwrap_or_default().trim_end().to_owned()
            }
        }
    }

    fn brackets(&self, [open, close]: [char; 2], parts: &[String], indent: Option<usize>) -> String {
        match indent {
            Some(indent) if !parts.is_empty() => {
                let inner = indent + self.step;
                let parts = parts.join(&format!(",\n{:inner$}", ""));
                format!("{open}\n{:inner$}{parts}\n{:indent$}{close}", "", "")
            }
            _ => format!("{open}{}{close}", parts.join(if self.compact { "," } else { ", " })),
        }
    }

    /// Writes a text in brackets, in these quotes if it can have them.
    pub(super) fn flow_text(&self, text: &str, like: Style) -> String {
        if self.style.json {
            return json_text(text);
        }
        if like != Style::Plain {
            return quoted(text, like);
        }
        // In brackets only what nobody could take for anything else goes without quotes.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '+' | '@');
        let starts_plain =
            text.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/'));
        let like = if starts_plain && text.chars().all(is_plain) { Style::Plain } else { Style::Double };
        quoted(text, like)
    }
}

/// Puts a value behind a colon or a dash.
fn join(out: &mut String, head: &str, body: Option<&str>) {
    if !head.is_empty() {
        out.push(' ');
        out.push_str(head);
    }
    if let Some(body) = body {
        out.push('\n');
        out.push_str(body);
    }
}

/// Writes a text on one line, like the one that it replaces if that is possible.
fn quoted(text: &str, like: Style) -> String {
    let like = match like {
        _ if has_odd_breaks(text) || text.contains('\n') => Style::Double,
        Style::Plain if is_taken_for_else(text) => Style::Double,
        Style::Literal => Style::Plain,
        like => like,
    };
    Page::line(text, like)
}

/// Whether a text has line breaks that are none in YAML 1.2.
fn has_odd_breaks(text: &str) -> bool {
    text.contains(['\r', '\u{85}', '\u{2028}', '\u{2029}'])
}

/// Whether some reader of YAML 1.1 or 1.2 takes a plain text for something else, where go-yaml does not: numbers
/// that are too large for it, other notations of time, and `=`.
fn is_taken_for_else(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = unsigned.replace('_', "");
    let radix = |prefixes: [&str; 2], is_digit: fn(char) -> bool| {
        let digits = prefixes.iter().find_map(|prefix| plain.strip_prefix(prefix));
        digits.is_some_and(|digits| !digits.is_empty() && digits.chars().all(is_digit))
    };
    text == "="
        || text == "<<"
        || is_float(&plain)
        || radix(["0x", "0X"], |c| c.is_ascii_hexdigit())
        || radix(["0o", "0O"], |c| c.is_digit(8))
        || radix(["0b", "0B"], |c| c.is_digit(2))
        || starts_with_date(text)
}

/// Whether a text is digits with a point or an exponent.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let digits = mantissa.replacen('.', "", 1);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(&digits) && is_digits(exponent)
}

/// Whether a text is a date, or one and something like a time.
fn starts_with_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let day = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_date = year.len() == 4 && is_digits(year) && is_digits(month) && day.len() < rest.len();
    is_date && (day.is_empty() || day.starts_with(['T', 't', ' ', '\t']))
}

/// Writes a text as JSON, with escapes for what YAML would fold or refuse.
fn json_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\x1f'
            | '\x7f'..='\u{a0}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
