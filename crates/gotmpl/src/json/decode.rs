//! Reads JSON text with the grammar, the conversions and the error texts of Go.
//!
//! Numbers become float64. A value of the wrong type does not stop Go's decoder,
//! so an error comes with what was decoded all the same.

use std::collections::BTreeMap;

use super::{MAX_DEPTH, push_lossy};
use crate::types::Type;
use crate::value::{List, Map, Value};

/// How many values a document may have. Larger ones exist only to use up memory.
const MAX_VALUES: usize = 2_000_000;

/// Why JSON text could not be decoded, with what could.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct DecodeError {
    /// Go's text.
    pub message: String,
    /// The value as far as Go fills it: empty after an error of syntax, complete
    /// but for the offending parts after an error of type.
    pub partial: Value,
}

/// Decodes JSON text into `interface {}`, `[]interface {}` or `map[string]interface {}`.
pub fn decode(text: &[u8], into: Type) -> Result<Value, DecodeError> {
    let mut decoder = Decoder { text, at: 0, depth: 0, values: 0, error: None };
    let value = decoder.document().map_err(|message| DecodeError { message, partial: zero(into) })?;
    let value = decoder.fit(value, into);
    match decoder.error {
        None => Ok(value),
        Some(message) => Err(DecodeError { message, partial: value }),
    }
}

fn zero(of: Type) -> Value {
    match of.underlying() {
        Type::Map(_) => Value::Map(Map::with_entries(of, BTreeMap::new())),
        Type::Slice(_) => Value::List(List::new(of, Vec::new())),
        _ => Value::Nil,
    }
}

struct Decoder<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    values: usize,
    /// The first error of type; Go reports it after decoding the rest.
    error: Option<String>,
}

impl Decoder<'_> {
    fn document(&mut self) -> Result<Value, String> {
        let value = self.value()?;
        self.space();
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(self.unexpected("after top-level value")),
        }
    }

    /// Returns the decoded value as one of the target's type.
    fn fit(&mut self, value: Value, into: Type) -> Value {
        let found = match (&value, into.underlying()) {
            (_, Type::Any) | (Value::Map(_), Type::Map(_)) | (Value::List(_), Type::Slice(_)) => {
                return value;
            }
            (Value::Nil, Type::Map(_)) if self.error.is_none() => return Value::Map(Map::nil(into)),
            (Value::Nil, Type::Slice(_)) if self.error.is_none() => return Value::List(List::nil(into)),
            (Value::Bool(_), _) => "bool",
            (Value::Str(_), _) => "string",
            (Value::List(_), _) => "array",
            (Value::Map(_), _) => "object",
            _ => "number",
        };
        self.error = Some(format!("json: cannot unmarshal {found} into Go value of type {into}"));
        zero(into)
    }

    fn value(&mut self) -> Result<Value, String> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(format!("exceeded maximum size of a document ({MAX_VALUES} values)"));
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Ok(Value::str(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Nil),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, String>) -> Result<Value, String> {
        if self.depth == MAX_DEPTH {
            return Err(self.unexpected("exceeded max depth"));
        }
        self.depth += 1;
        self.at += 1;
        let value = crate::deeper(|| read(self));
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Result<Value, String> {
        let mut entries = BTreeMap::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(Map::new()));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.space();
            self.take(b':', "after object key")?;
            let value = self.value()?;
            entries.insert(key.into(), value);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
        self.at += 1;
        Ok(Value::Map(Map::with_entries(Type::MAP, entries)))
    }

    fn array(&mut self) -> Result<Value, String> {
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::list(items));
        }
        loop {
            items.push(self.value()?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.unexpected("after array element")),
            }
        }
        self.at += 1;
        Ok(Value::list(items))
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits("in numeric literal")?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).unwrap_or_default();
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float64(number)),
            _ => {
                let message = format!("json: cannot unmarshal number {text} into Go value of type float64");
                self.error.get_or_insert(message);
                Ok(Value::Nil)
            }
        }
    }

    fn digits(&mut self, place: &str) -> Result<(), String> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.unexpected_within(place));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, String> {
        for byte in word.bytes() {
            if self.peek() != Some(byte) {
                return Err(
                    self.unexpected_within(&format!("in literal {word} (expecting '{}')", char::from(byte)))
                );
            }
            self.at += 1;
        }
        Ok(value)
    }

    /// Reads a string; what is not UTF-8 in it becomes U+FFFD.
    fn string(&mut self) -> Result<String, String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            push_lossy(&mut out, &self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape(&mut out)?,
                _ => return Err(self.unexpected("in string literal")),
            }
        }
        self.at += 1;
        Ok(out)
    }

    fn escape(&mut self, out: &mut String) -> Result<(), String> {
        self.at += 1;
        let c = match self.peek() {
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(byte @ (b'\\' | b'/' | b'"')) => char::from(byte),
            Some(b'u') => return self.unicode_escape(out),
            _ => return Err(self.unexpected_within("in string escape code")),
        };
        self.at += 1;
        out.push(c);
        Ok(())
    }

    fn unicode_escape(&mut self, out: &mut String) -> Result<(), String> {
        let unit = self.hex()?;
        let mut c = char::from_u32(unit);
        if (0xd800..0xdc00).contains(&unit) && self.text[self.at..].starts_with(b"\\u") {
            let back = self.at;
            self.at += 1;
            let low = self.hex()?;
            if (0xdc00..0xe000).contains(&low) {
                c = char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
            } else {
                self.at = back;
            }
        }
        out.push(c.unwrap_or('\u{fffd}'));
        Ok(())
    }

    /// Reads `uXXXX`.
    fn hex(&mut self) -> Result<u32, String> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.unexpected_within("in \\u hexadecimal character escape"));
            };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }

    fn take(&mut self, byte: u8, place: &str) -> Result<(), String> {
        if self.peek() != Some(byte) {
            return Err(self.unexpected(place));
        }
        self.at += 1;
        Ok(())
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn unexpected(&self, place: &str) -> String {
        match self.peek() {
            None => "unexpected end of JSON input".to_owned(),
            Some(_) => self.unexpected_within(place),
        }
    }

    /// Returns the error within a literal, where Go takes the end of the text for a blank.
    fn unexpected_within(&self, place: &str) -> String {
        format!("invalid character '{}' {place}", quoted(self.peek().unwrap_or(b' ')))
    }
}

/// Returns a byte as Go's scanner quotes it: as the Latin-1 character of that number.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => "\\'".to_owned(),
        7 => "\\a".to_owned(),
        8 => "\\b".to_owned(),
        11 => "\\v".to_owned(),
        12 => "\\f".to_owned(),
        b'\n' => "\\n".to_owned(),
        b'\r' => "\\r".to_owned(),
        b'\t' => "\\t".to_owned(),
        b'\\' => "\\\\".to_owned(),
        0..0x20 | 0x7f => format!("\\x{byte:02x}"),
        0x80..=0xa0 | 0xad => format!("\\u{byte:04x}"),
        _ => char::from(byte).to_string(),
    }
}
