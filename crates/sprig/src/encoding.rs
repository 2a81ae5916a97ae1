//! Base64, base32 and JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gotmpl::Type::{Any, String as Text};
use gotmpl::{Function, Type, Value, json};

use crate::args::{any, bytes, deep, function};

mod base32;

pub(crate) const FUNCTIONS: &[Function] = &[
    function("b64enc", &[Text], Text, |_, args| Ok(Value::str(STANDARD.encode(bytes(args, 0))))),
    // Both decoders print the error in place of the text.
    function("b64dec", &[Text], Text, |_, args| {
        Ok(decode_base64(bytes(args, 0)).map_or_else(Value::str, Value::str))
    }),
    function("b32enc", &[Text], Text, |_, args| Ok(Value::str(base32::encode(bytes(args, 0))))),
    function("b32dec", &[Text], Text, |_, args| {
        Ok(base32::decode(bytes(args, 0)).map_or_else(Value::str, Value::str))
    }),
    function("fromJson", &[Text], Any, |exec, args| {
        exec.work(2 * bytes(args, 0).len() as u64)?;
        Ok(json::decode(bytes(args, 0), Type::Any).unwrap_or_else(|err| err.partial))
    }),
    function("mustFromJson", &[Text], Any, |exec, args| {
        exec.work(2 * bytes(args, 0).len() as u64)?;
        Ok(json::decode(bytes(args, 0), Type::Any).map_err(|err| err.message)?)
    }),
    deep(function("toJson", &[Any], Text, |_, args| {
        Ok(Value::str(json::encode(any(args, 0)).unwrap_or_default()))
    })),
    deep(function("mustToJson", &[Any], Text, |_, args| Ok(Value::str(json::encode(any(args, 0))?)))),
    deep(function("toPrettyJson", &[Any], Text, |_, args| {
        Ok(Value::str(json::encode_indented(any(args, 0), "  ").unwrap_or_default()))
    })),
    deep(function("mustToPrettyJson", &[Any], Text, |_, args| {
        Ok(Value::str(json::encode_indented(any(args, 0), "  ")?))
    })),
    deep(function("toRawJson", &[Any], Text, |_, args| Ok(Value::str(json::encode_raw(any(args, 0))?)))),
    deep(function("mustToRawJson", &[Any], Text, |_, args| Ok(Value::str(json::encode_raw(any(args, 0))?)))),
];

/// Decodes base64 as Go's `StdEncoding`, which skips line ends and ignores the
/// unused bits at the end.
pub(crate) fn decode_base64(text: &[u8]) -> Result<Vec<u8>, String> {
    // The library is stricter, and its errors are other ones.
    STANDARD.decode(text).or_else(|_| decode_leniently(text))
}

fn decode_leniently(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut group = Vec::with_capacity(4);
    let mut symbols = text.iter().copied().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'));
    while let Some((at, byte)) = symbols.next() {
        if let Some(value) = base64_value(byte) {
            group.push(value);
            if group.len() == 4 {
                flush(&mut group, &mut out);
            }
            continue;
        }
        if byte != b'=' || group.len() < 2 {
            return Err(corrupt(64, at));
        }
        if group.len() == 2 {
            match symbols.next() {
                Some((_, b'=')) => {}
                // Go counts from the first padding character here.
                Some((at, _)) => return Err(corrupt(64, at - 1)),
                None => return Err(corrupt(64, text.len())),
            }
        }
        flush(&mut group, &mut out);
        return symbols.next().map_or(Ok(out), |(at, _)| Err(corrupt(64, at)));
    }
    if group.is_empty() { Ok(out) } else { Err(corrupt(64, text.len() - group.len())) }
}

fn flush(group: &mut Vec<u8>, out: &mut Vec<u8>) {
    let count = group.len();
    group.resize(4, 0);
    let bits = group.iter().fold(0_u32, |bits, value| bits << 6 | u32::from(*value));
    out.extend_from_slice(&bits.to_be_bytes()[1..count]);
    group.clear();
}

fn base64_value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn corrupt(base: u8, at: usize) -> String {
    format!("illegal base{base} data at input byte {at}")
}
