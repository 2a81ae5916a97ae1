//! `html`, `js` and `urlquery`.

use crate::fmt::{self, TooLong};
use crate::strconv;
use crate::value::{Str, Value};

/// Returns the text of the arguments, printed like the results of actions.
pub(super) fn argument_text(args: &[Value], limit: usize) -> Result<Vec<u8>, TooLong> {
    if let [Value::Str(text)] = args {
        return Ok(text.as_bytes().to_vec());
    }
    let printable: Vec<Value> = args
        .iter()
        .map(|arg| match arg {
            Value::Nil => Value::str("<no value>"),
            Value::Object(_) => {
                let mut text = Vec::new();
                fmt::append_printable(&mut text, arg, limit);
                // Its kind still decides about the blanks around it, and it is no string.
                Value::Object(std::rc::Rc::new(Printed(Str::from(text))))
            }
            _ => arg.clone(),
        })
        .collect();
    fmt::sprint_within(&printable, limit)
}

/// An object that has been printed already.
#[derive(Debug)]
struct Printed(Str);

impl crate::Object for Printed {
    fn go_type(&self) -> crate::Type {
        crate::Type::Opaque("fmt.Stringer", crate::Kind::Struct)
    }

    fn stringer(&self) -> Option<String> {
        Some(self.0.to_text().into_owned())
    }

    fn equals(&self, _other: &dyn crate::Object) -> bool {
        false
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// Escapes text for HTML.
pub(super) fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'\0' => out.extend_from_slice("\u{fffd}".as_bytes()),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            _ => out.push(byte),
        }
    }
    out
}

/// Escapes text for a JavaScript string.
pub(super) fn js(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(&byte) = rest.first() {
        let (c, length) = strconv::decode_rune(rest).unwrap_or((char::REPLACEMENT_CHARACTER, 1));
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\'' => out.extend_from_slice(b"\\'"),
            b'"' => out.extend_from_slice(b"\\\""),
            b'<' | b'>' | b'&' | b'=' | ..b' ' => {
                let digit = |digit: u8| b"0123456789ABCDEF"[usize::from(digit)];
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
            }
            b' '..0x80 => out.push(byte),
            // Go tests the replacement for a byte that is not UTF-8, and writes the byte.
            _ if strconv::is_print(c) => out.extend_from_slice(&rest[..length]),
            _ => out.extend_from_slice(format!("\\u{:04X}", u32::from(c)).as_bytes()),
        }
        rest = &rest[length..];
    }
    out
}

/// Escapes text for the query of a URL.
pub(super) fn url_query(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b' ' => out.push(b'+'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte),
            _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    out
}
