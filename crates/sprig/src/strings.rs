//! Functions on strings: cutting, trimming, searching, padding, quoting.
//!
//! Lengths and offsets count bytes, as in Go, so a cut may split a character.

use gotmpl::Type::{Any, Bool, Int, String as Text};
use gotmpl::{CallError, Exec, Function, Map, Str, Type, Value, fmt, strconv};

use crate::args::{Outcome, any, bytes, deep, function, int, string, variadic};
use crate::cases;
use crate::text::{self, cut, find, most_pieces, reserve_pieces, runes, strval};

pub(crate) const FUNCTIONS: &[Function] = &[
    function("hello", &[], Text, |_, _| Ok(Value::str("Hello!"))),
    function("abbrev", &[Int, Text], Text, |_, args| Ok(abbreviate(0, int(args, 0), string(args, 1)))),
    function("abbrevboth", &[Int, Int, Text], Text, |_, args| {
        Ok(abbreviate_both(int(args, 0), int(args, 1), string(args, 2)))
    }),
    function("trunc", &[Int, Text], Text, |_, args| Ok(truncate(int(args, 0), bytes(args, 1)))),
    function("trim", &[Text], Text, |_, args| {
        Ok(Value::str(text::trim(bytes(args, 0), char::is_whitespace)))
    }),
    function("upper", &[Text], Text, |_, args| Ok(cases::upper(bytes(args, 0)))),
    function("lower", &[Text], Text, |_, args| Ok(cases::lower(bytes(args, 0)))),
    function("title", &[Text], Text, |exec, args| {
        look_at_characters(exec, args)?;
        Ok(cases::title(bytes(args, 0)))
    }),
    function("untitle", &[Text], Text, |_, args| Ok(cases::untitle(bytes(args, 0)))),
    function("substr", &[Int, Int, Text], Text, |_, args| {
        substring(int(args, 0), int(args, 1), bytes(args, 2))
    }),
    function("repeat", &[Int, Text], Text, |exec, args| {
        repeat(exec, int(args, 0), bytes(args, 1)).map(Value::str)
    }),
    function("trimall", &[Text, Text], Text, |exec, args| trim_all(exec, bytes(args, 0), bytes(args, 1))),
    function("trimAll", &[Text, Text], Text, |exec, args| trim_all(exec, bytes(args, 0), bytes(args, 1))),
    function("trimSuffix", &[Text, Text], Text, |_, args| {
        let (suffix, text) = (bytes(args, 0), bytes(args, 1));
        Ok(Value::str(text.strip_suffix(suffix).unwrap_or(text)))
    }),
    function("trimPrefix", &[Text, Text], Text, |_, args| {
        let (prefix, text) = (bytes(args, 0), bytes(args, 1));
        Ok(Value::str(text.strip_prefix(prefix).unwrap_or(text)))
    }),
    function("nospace", &[Text], Text, |exec, args| {
        look_at_characters(exec, args)?;
        Ok(without_space(bytes(args, 0)))
    }),
    function("initials", &[Text], Text, |exec, args| {
        look_at_characters(exec, args)?;
        Ok(cases::initials(bytes(args, 0)))
    }),
    function("swapcase", &[Text], Text, |exec, args| {
        look_at_characters(exec, args)?;
        Ok(cases::swap(bytes(args, 0)))
    }),
    function("snakecase", &[Text], Text, |exec, args| {
        look_at_characters(exec, args)?;
        Ok(cases::lower_joined(bytes(args, 0), b'_'))
    }),
    function("camelcase", &[Text], Text, |exec, args| {
        look_at_characters(exec, args)?;
        Ok(cases::pascal(bytes(args, 0)))
    }),
    function("kebabcase", &[Text], Text, |exec, args| {
        look_at_characters(exec, args)?;
        Ok(cases::lower_joined(bytes(args, 0), b'-'))
    }),
    function("wrap", &[Int, Text], Text, |exec, args| wrap(exec, int(args, 0), b"", bytes(args, 1))),
    function("wrapWith", &[Int, Text, Text], Text, |exec, args| {
        let separator = if bytes(args, 1).is_empty() { b"\n" } else { bytes(args, 1) };
        wrap(exec, int(args, 0), separator, bytes(args, 2))
    }),
    function("contains", &[Text, Text], Bool, |_, args| {
        Ok(Value::Bool(find(bytes(args, 1), bytes(args, 0)).is_some()))
    }),
    function("hasPrefix", &[Text, Text], Bool, |_, args| {
        Ok(Value::Bool(bytes(args, 1).starts_with(bytes(args, 0))))
    }),
    function("hasSuffix", &[Text, Text], Bool, |_, args| {
        Ok(Value::Bool(bytes(args, 1).ends_with(bytes(args, 0))))
    }),
    deep(variadic("quote", (&[], Any), Text, |_, args| Ok(quote(args)))),
    deep(variadic("squote", (&[], Any), Text, |_, args| Ok(single_quote(args)))),
    deep(variadic("cat", (&[], Any), Text, |_, args| Ok(concatenate(args)))),
    function("indent", &[Int, Text], Text, |exec, args| indent(exec, "", int(args, 0), bytes(args, 1))),
    function("nindent", &[Int, Text], Text, |exec, args| indent(exec, "\n", int(args, 0), bytes(args, 1))),
    function("replace", &[Text, Text, Text], Text, |exec, args| {
        replace(exec, bytes(args, 0), bytes(args, 1), bytes(args, 2))
    }),
    function("plural", &[Text, Text, Int], Text, |_, args| {
        Ok(any(args, usize::from(int(args, 2) != 1)).clone())
    }),
    deep(function("toString", &[Any], Text, |_, args| Ok(Value::Str(strval(any(args, 0)))))),
    deep(function("toStrings", &[Any], Type::STRINGS, |_, args| {
        Ok(Value::List(text::strings(any(args, 0))))
    })),
    deep(function("join", &[Text, Any], Text, |exec, args| join(exec, bytes(args, 0), any(args, 1)))),
    function("split", &[Text, Text], Type::STRING_MAP, |exec, args| {
        Ok(numbered(&pieces(exec, bytes(args, 1), bytes(args, 0), usize::MAX)?))
    }),
    function("splitn", &[Text, Int, Text], Type::STRING_MAP, |exec, args| {
        // A negative limit means no limit.
        let limit = usize::try_from(int(args, 1)).unwrap_or(usize::MAX);
        Ok(numbered(&pieces(exec, bytes(args, 2), bytes(args, 0), limit)?))
    }),
    function("splitList", &[Text, Text], Type::STRINGS, |exec, args| {
        Ok(Value::strings(pieces(exec, bytes(args, 1), bytes(args, 0), usize::MAX)?))
    }),
];

/// Charges for what is done character by character, which takes far longer than to copy.
fn look_at_characters(exec: &mut Exec<'_>, args: &[Value]) -> Result<(), CallError> {
    exec.work(2 * bytes(args, 0).len() as u64)
}

/// Shortens text to a width with `...`, as goutils' `AbbreviateFull` does.
fn abbreviate(offset: i64, width: i64, text: Str) -> Value {
    let bytes = text.as_bytes();
    let (Ok(width), Ok(offset)) = (usize::try_from(width), usize::try_from(offset)) else {
        return Value::Str(text);
    };
    if width < 4 || bytes.len() <= width {
        return Value::Str(text);
    }
    let offset = offset.min(bytes.len() - (width - 3));
    let mut out = Vec::with_capacity(width);
    if offset <= 4 {
        out.extend_from_slice(&bytes[..width - 3]);
        out.extend_from_slice(b"...");
        return Value::str(out);
    }
    if width < 7 {
        return Value::str("");
    }
    out.extend_from_slice(b"...");
    if offset + width - 3 < bytes.len() {
        out.extend_from_slice(&bytes[offset..offset + width - 6]);
        out.extend_from_slice(b"...");
    } else {
        out.extend_from_slice(&bytes[bytes.len() - (width - 3)..]);
    }
    Value::str(out)
}

fn abbreviate_both(left: i64, right: i64, text: Str) -> Value {
    if right < 4 || left > 0 && right < 7 {
        return Value::Str(text);
    }
    abbreviate(left.max(0), right, text)
}

fn truncate(count: i64, text: &[u8]) -> Value {
    let len = text.len();
    let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    match count {
        _ if size >= len => Value::str(text),
        ..0 => cut(text, len - size, len),
        _ => cut(text, 0, size),
    }
}

fn substring(start: i64, end: i64, text: &[u8]) -> Outcome {
    let len = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let (from, to) = match (start, end) {
        (..0, _) if end < 0 => {
            return Err(format!("runtime error: slice bounds out of range [:{end}]").into());
        }
        (..0, _) => (0, end),
        _ if end < 0 || end > len => (start, len),
        _ => (start, end),
    };
    if to > len {
        return Err(format!("runtime error: slice bounds out of range [:{to}] with length {len}").into());
    }
    if from > to {
        return Err(format!("runtime error: slice bounds out of range [{from}:{to}]").into());
    }
    // Both lie within the text, so they fit.
    Ok(cut(text, from as usize, to as usize))
}

/// Repeats text after taking its size from the budget.
pub(crate) fn repeat(exec: &mut Exec<'_>, count: i64, text: &[u8]) -> Result<Vec<u8>, CallError> {
    let count = usize::try_from(count).map_err(|_| CallError::new("strings: negative Repeat count"))?;
    let size = text.len().checked_mul(count).filter(|size| i64::try_from(*size).is_ok());
    let size = size.ok_or_else(|| CallError::new("strings: Repeat output length overflow"))?;
    exec.reserve(size)?;
    Ok(text.repeat(count))
}

fn trim_all(exec: &mut Exec<'_>, set: &[u8], text: &[u8]) -> Outcome {
    exec.work((set.len() as u64).saturating_mul(text.len() as u64) / 8)?;
    Ok(Value::str(text::trim(text, |c| runes(set).any(|rune| rune.c == c))))
}

/// Drops white space byte by byte, as goutils does: bytes beyond ASCII are taken
/// for Latin-1 characters as soon as anything is dropped.
fn without_space(text: &[u8]) -> Value {
    let kept: String = text.iter().map(|byte| char::from(*byte)).filter(|c| !c.is_whitespace()).collect();
    let untouched = kept.chars().count() == text.len();
    Value::str(if untouched { text.to_vec() } else { kept.into_bytes() })
}

/// Wraps lines as goutils' `WrapCustom` does; without a separator long words stay whole.
fn wrap(exec: &mut Exec<'_>, width: i64, separator: &[u8], text: &[u8]) -> Outcome {
    let width = usize::try_from(width).unwrap_or(0).max(1);
    let break_words = !separator.is_empty();
    let newline = if break_words { separator } else { b"\n" };
    exec.reserve(text.len().saturating_add((text.len() / width).saturating_mul(newline.len())))?;
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while rest.len() > width {
        if let Some(after) = rest.strip_prefix(b" ") {
            rest = after;
            continue;
        }
        let space = rest[..=width].iter().rposition(|byte| *byte == b' ');
        let later = || rest[width..].iter().position(|byte| *byte == b' ').map(|at| at + width);
        let (line, after) = match space {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None if break_words => rest.split_at(width),
            None => match later() {
                Some(at) => (&rest[..at], &rest[at + 1..]),
                None => break,
            },
        };
        out.extend_from_slice(line);
        out.extend_from_slice(newline);
        rest = after;
    }
    out.extend_from_slice(rest);
    Ok(Value::str(out))
}

fn quote(args: &[Value]) -> Value {
    let quoted = args
        .iter()
        .filter(|arg| !matches!(arg, Value::Nil))
        .map(|arg| strconv::quote(strval(arg).as_bytes()));
    Value::str(quoted.collect::<Vec<_>>().join(" "))
}

fn single_quote(args: &[Value]) -> Value {
    let mut out = Vec::new();
    for arg in args.iter().filter(|arg| !matches!(arg, Value::Nil)) {
        if !out.is_empty() {
            out.push(b' ');
        }
        out.push(b'\'');
        fmt::append(&mut out, arg);
        out.push(b'\'');
    }
    Value::str(out)
}

fn concatenate(args: &[Value]) -> Value {
    let mut out = Vec::new();
    for (number, arg) in args.iter().filter(|arg| !matches!(arg, Value::Nil)).enumerate() {
        if number > 0 {
            out.push(b' ');
        }
        fmt::append(&mut out, arg);
    }
    Value::str(out)
}

fn indent(exec: &mut Exec<'_>, before: &str, spaces: i64, text: &[u8]) -> Outcome {
    let width = usize::try_from(spaces).map_err(|_| CallError::new("strings: negative Repeat count"))?;
    let lines = text.iter().filter(|byte| **byte == b'\n').count() + 1;
    let size = lines.checked_mul(width).and_then(|pad| pad.checked_add(text.len() + before.len()));
    let size = size.ok_or_else(|| CallError::new("strings: Repeat output length overflow"))?;
    exec.reserve(size)?;
    let mut out = Vec::with_capacity(size);
    out.extend_from_slice(before.as_bytes());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        out.resize(out.len() + width, b' ');
        out.extend_from_slice(line);
    }
    if text.last().is_none_or(|byte| *byte == b'\n') {
        out.resize(out.len() + width, b' ');
    }
    Ok(Value::str(out))
}

fn replace(exec: &mut Exec<'_>, old: &[u8], new: &[u8], text: &[u8]) -> Outcome {
    if new.len() > old.len() {
        exec.reserve(text.len().saturating_add(1).saturating_mul(new.len()) / old.len().max(1))?;
    }
    Ok(Value::str(text::replace(text, old, new)))
}

fn join(exec: &mut Exec<'_>, separator: &[u8], list: &Value) -> Outcome {
    let list = text::strings(list);
    exec.reserve(list.len().saturating_mul(separator.len()))?;
    let mut out = Vec::new();
    for (number, item) in list.items().iter().enumerate() {
        if number > 0 {
            out.extend_from_slice(separator);
        }
        out.extend_from_slice(item.as_str().map_or(b"", Str::as_bytes));
    }
    Ok(Value::str(out))
}

/// Splits text if there is room for the pieces.
fn pieces<'a>(
    exec: &mut Exec<'_>,
    text: &'a [u8],
    separator: &[u8],
    limit: usize,
) -> Result<Vec<&'a [u8]>, CallError> {
    let pieces = text::split(text, separator, limit.min(most_pieces(exec)));
    reserve_pieces(exec, pieces.len())?;
    Ok(pieces)
}

/// Returns the pieces under `_0`, `_1` and so on.
fn numbered(pieces: &[&[u8]]) -> Value {
    let entries = pieces
        .iter()
        .enumerate()
        .map(|(number, piece)| (Str::from(format!("_{number}")), Value::str(*piece)));
    Value::Map(Map::with_entries(Type::STRING_MAP, entries.collect()))
}
