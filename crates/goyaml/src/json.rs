//! What a text or number goes through on `sigs.k8s.io/yaml`'s way to YAML.
//!
//! Its `Marshal` writes JSON, reads that as YAML and writes what it read. Most
//! data come through as they are. What does not is handled here, so that no
//! JSON needs to be written.

use std::borrow::Cow;

use crate::chars::find;
use crate::number::{Decimal, write_general, write_json};
use crate::reader::is_allowed;
use crate::resolve::{Scalar, resolve};
use crate::{Error, Result};

/// JSON leaves these characters raw, and as YAML they are forbidden or, as NEL, fold.
pub(crate) fn text_through_json(text: &str) -> Result<Cow<'_, str>> {
    let mut has_nel = false;
    let suspicious = |byte| (byte == 0x7F) | (byte == 0xC2) | (byte == 0xEF);
    if find(text.as_bytes(), 0, suspicious) < text.len() {
        for c in text.chars().filter(|&c| c >= '\x7f') {
            if !is_allowed(c) {
                return Err(Error::yaml("control characters are not allowed"));
            }
            has_nel |= c == '\u{85}';
        }
    }
    if has_nel { fold_nel(text).map(Cow::Owned) } else { Ok(Cow::Borrowed(text)) }
}

/// A key must in addition fit YAML's limits for one: a line, 1024 characters.
pub(crate) fn key_through_json(text: &str) -> Result<Cow<'_, str>> {
    let through = text_through_json(text)?;
    let is_too_long = || text.chars().map(json_width).sum::<usize>() + 2 > 1024;
    if text.contains('\u{85}') || (text.len() > 1024 / 6 && is_too_long()) {
        return Err(Error::yaml("did not find expected ',' or '}'"));
    }
    Ok(through)
}

/// How many characters Go's JSON needs for one.
fn json_width(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\x08' | '\x0c' => 2,
        '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
        _ => 1,
    }
}

/// NEL is a line break inside the double quotes of the JSON.
fn fold_nel(text: &str) -> Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((line, behind)) = rest.split_once('\u{85}') {
        out.push_str(line.trim_end_matches(' '));
        let next = behind.trim_start_matches([' ', '\u{85}']);
        let blanks = &behind[..behind.len() - next.len()];
        let further = blanks.matches('\u{85}').count();
        out.push_str(if further == 0 { " " } else { "" });
        out.extend(std::iter::repeat_n('\n', further));
        let at_line_start = !blanks.ends_with(' ');
        if at_line_start && (next.starts_with("---") || next.starts_with("...")) && next[3..].starts_with(' ')
        {
            return Err(Error::yaml("found unexpected document indicator"));
        }
        rest = next;
    }
    out.push_str(rest);
    Ok(out)
}

/// Writes a float as it comes back from JSON's notation read as YAML 1.1.
pub(crate) fn write_float(out: &mut String, value: f64, decimal: &Decimal) -> Result<()> {
    let mut json = String::new();
    match decimal {
        Decimal::NotANumber => return Err(Error::convert("json: unsupported value: NaN")),
        Decimal::Infinite { negative } => {
            let sign = if *negative { '-' } else { '+' };
            return Err(Error::convert(format!("json: unsupported value: {sign}Inf")));
        }
        Decimal::Finite { .. } => write_json(&mut json, decimal),
    }
    match resolve(&json) {
        Scalar::Int(value) => out.push_str(&value.to_string()),
        Scalar::Uint(value) => out.push_str(&value.to_string()),
        Scalar::Float(value) => write_general(out, &Decimal::from_f64(value)),
        Scalar::Null | Scalar::Bool(_) | Scalar::Timestamp | Scalar::Str => {
            write_general(out, &Decimal::from_f64(value));
        }
    }
    Ok(())
}
