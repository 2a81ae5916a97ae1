//! Writes and reads values as Go's `encoding/json` does.
//!
//! Charts print JSON, and Helm's YAML goes through it, so every choice of Go's
//! package shows in manifests: the form of numbers, which characters are
//! escaped, the order of keys (bytewise), `[]byte` as base64, and the words of
//! the errors.
//!
//! Invariant: what is read nests no deeper than [`MAX_DEPTH`], and what is written
//! holds itself nowhere, so that both come to an end.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::strconv;
use crate::types::Type;
use crate::value::{List, Map, Object, Str, Value};

mod decode;

pub use decode::{DecodeError, decode};

/// How deeply lists and maps may nest in text that is read.
pub const MAX_DEPTH: usize = 10_000;

/// From which depth on Go looks for values that hold themselves.
pub(crate) const CYCLE_DEPTH: usize = 1000;

/// Returns what `json.Marshal` writes: compact, with `<`, `>` and `&` escaped.
pub fn encode(value: &Value) -> Result<String, String> {
    Encoder::new(true, None).finish(value)
}

/// Returns what an encoder with `SetEscapeHTML(false)` writes, without its final newline.
pub fn encode_raw(value: &Value) -> Result<String, String> {
    Encoder::new(false, None).finish(value)
}

/// Returns what `json.MarshalIndent` writes with no prefix and this indent.
pub fn encode_indented(value: &Value, indent: &str) -> Result<String, String> {
    Encoder::new(true, Some(indent)).finish(value)
}

/// Returns a finite number as `encoding/json` prints it: shortest digits, and an
/// exponent only below 1e-6 and from 1e21 on, as in ECMAScript.
pub fn float(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        // Go writes e-07, and encoding/json makes e-7 of it.
        return strconv::format_float(number, b'e', None).replace("e-0", "e-");
    }
    strconv::format_float(number, b'f', None)
}

/// Returns the error for a number that JSON cannot express.
pub(crate) fn unsupported_float(number: f64) -> String {
    let name = match number {
        n if n.is_nan() => "NaN",
        n if n > 0.0 => "+Inf",
        _ => "-Inf",
    };
    format!("json: unsupported value: {name}")
}

/// Returns the error for a list or map that holds itself.
pub(crate) fn cycle(of: Type) -> String {
    format!("json: unsupported value: encountered a cycle via {of}")
}

/// Returns the bytes of a `[]byte`.
pub(crate) fn bytes(list: &List) -> Str {
    list.to_bytes().unwrap_or_else(|| Str::from(""))
}

/// Returns text with U+FFFD for each byte that is not UTF-8.
pub(crate) fn lossy(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    push_lossy(&mut out, text);
    out
}

/// Appends text with U+FFFD for each byte that is not UTF-8. Go, unlike Rust,
/// replaces each byte of a broken sequence on its own.
fn push_lossy(out: &mut String, text: &[u8]) {
    for chunk in text.utf8_chunks() {
        out.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|_| out.push('\u{fffd}'));
    }
}

struct Encoder<'a> {
    out: String,
    html: bool,
    indent: Option<&'a str>,
    depth: usize,
    /// The lists and maps that are open below [`CYCLE_DEPTH`].
    open: HashSet<usize>,
}

impl<'a> Encoder<'a> {
    fn new(html: bool, indent: Option<&'a str>) -> Self {
        Encoder { out: String::new(), html, indent, depth: 0, open: HashSet::new() }
    }

    fn finish(mut self, value: &Value) -> Result<String, String> {
        self.value(value)?;
        Ok(self.out)
    }

    fn value(&mut self, value: &Value) -> Result<(), String> {
        match value {
            Value::Nil => self.out.push_str("null"),
            Value::Bool(truth) => self.out.push_str(if *truth { "true" } else { "false" }),
            Value::Int(n) | Value::Int64(n) => self.display(n),
            Value::Uint8(n) => self.display(n),
            Value::Uint32(n) => self.display(n),
            Value::Uint64(n) => self.display(n),
            Value::Float64(n) if n.is_finite() => self.out.push_str(&float(*n)),
            Value::Float64(n) => return Err(unsupported_float(*n)),
            Value::Complex128(..) => return Err("json: unsupported type: complex128".to_owned()),
            Value::Str(text) => self.string(text.as_bytes()),
            Value::List(list) => return self.list(list),
            Value::Map(map) => return self.map(map),
            Value::Object(object) => return self.object(object.as_ref()),
        }
        Ok(())
    }

    fn display(&mut self, number: &dyn std::fmt::Display) {
        self.out.push_str(&number.to_string());
    }

    fn list(&mut self, list: &List) -> Result<(), String> {
        if list.is_nil() {
            self.out.push_str("null");
            return Ok(());
        }
        if list.go_type().underlying() == Type::BYTES {
            self.out.push('"');
            STANDARD.encode_string(bytes(list).as_bytes(), &mut self.out);
            self.out.push('"');
            return Ok(());
        }
        self.nested(list.address(), list.go_type(), |encoder| {
            encoder.enter('[');
            for (number, item) in list.items().iter().enumerate() {
                encoder.next(number);
                encoder.value(item)?;
            }
            encoder.leave(']', list.is_empty());
            Ok(())
        })
    }

    fn map(&mut self, map: &Map) -> Result<(), String> {
        if map.is_nil() {
            self.out.push_str("null");
            return Ok(());
        }
        self.nested(map.address(), map.go_type(), |encoder| {
            encoder.enter('{');
            for (number, (key, value)) in map.entries().iter().enumerate() {
                encoder.entry(number, key.as_bytes(), value)?;
            }
            encoder.leave('}', map.is_empty());
            Ok(())
        })
    }

    /// Writes an object: what stands for it in JSON, with the keys of a struct
    /// in the order of its fields.
    fn object(&mut self, object: &dyn Object) -> Result<(), String> {
        let plain = object.json()?;
        let Value::Map(map) = &plain else { return self.value(&plain) };
        // Unexported fields are not part of the JSON form.
        let keys = object.json_keys();
        let shown: Vec<_> = keys.iter().filter_map(|key| Some((key, map.get(key.as_bytes())?))).collect();
        if shown.len() != map.len() {
            return self.map(map);
        }
        self.enter('{');
        for (number, (key, value)) in shown.iter().enumerate() {
            self.entry(number, key.as_bytes(), value)?;
        }
        self.leave('}', shown.is_empty());
        Ok(())
    }

    fn entry(&mut self, number: usize, key: &[u8], value: &Value) -> Result<(), String> {
        self.next(number);
        self.string(key);
        self.out.push_str(if self.indent.is_some() { ": " } else { ":" });
        self.value(value)
    }

    /// Writes a list or map, unless it is open already: then it holds itself.
    fn nested(
        &mut self,
        address: usize,
        of: Type,
        write: impl FnOnce(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        if self.depth < CYCLE_DEPTH {
            return crate::deeper(|| write(self));
        }
        if !self.open.insert(address) {
            return Err(cycle(of));
        }
        let written = crate::deeper(|| write(self));
        self.open.remove(&address);
        written
    }

    fn enter(&mut self, bracket: char) {
        self.depth += 1;
        self.out.push(bracket);
    }

    fn next(&mut self, number: usize) {
        if number > 0 {
            self.out.push(',');
        }
        self.line();
    }

    fn leave(&mut self, bracket: char, empty: bool) {
        self.depth -= 1;
        if !empty {
            self.line();
        }
        self.out.push(bracket);
    }

    fn line(&mut self) {
        if let Some(indent) = self.indent {
            self.out.push('\n');
            (0..self.depth).for_each(|_| self.out.push_str(indent));
        }
    }

    fn string(&mut self, text: &[u8]) {
        self.out.push('"');
        for chunk in text.utf8_chunks() {
            self.text(chunk.valid());
            chunk.invalid().iter().for_each(|_| self.out.push_str("\\ufffd"));
        }
        self.out.push('"');
    }

    fn text(&mut self, text: &str) {
        let mut plain = 0;
        for (at, c) in text.char_indices() {
            if !self.is_escaped(c) {
                continue;
            }
            self.out.push_str(&text[plain..at]);
            plain = at + c.len_utf8();
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                other => self.out.push_str(&format!("\\u{:04x}", u32::from(other))),
            }
        }
        self.out.push_str(&text[plain..]);
    }

    fn is_escaped(&self, c: char) -> bool {
        match c {
            '"' | '\\' | '\u{2028}' | '\u{2029}' => true,
            '<' | '>' | '&' => self.html,
            _ => c < ' ',
        }
    }
}
