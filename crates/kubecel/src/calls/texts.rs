//! Texts, in which positions are counted in characters.

use std::fmt::Write as _;

use super::{Called, done, list_of, wrong};
use crate::eval::{Run, RunError, of_key};
use crate::value::Value;

pub(super) fn call(run: &Run<'_>, name: &str, args: &[Value]) -> Called {
    if let Some(Value::String(text)) = args.first() {
        run.pay(text.len() / 10)?;
        return on_text(run, name, text, &args[1..]);
    }
    let (Value::List(items), "join") = (args.first().unwrap_or(&Value::Null), name) else {
        return bytes(name, args);
    };
    let separator = match args.get(1) {
        None => "",
        Some(Value::String(separator)) => separator,
        Some(_) => return Ok(None),
    };
    let mut joined = String::new();
    for (at, item) in items.iter().enumerate() {
        let Value::String(text) = item else { return Err(wrong("join() takes texts")) };
        run.pay((text.len() + separator.len()) / 10 + 1)?;
        joined.push_str(if at == 0 { "" } else { separator });
        joined.push_str(text);
    }
    done(Value::String(joined.into()))
}

fn bytes(name: &str, args: &[Value]) -> Called {
    match (name, args) {
        ("size", [Value::Bytes(bytes)]) => done(count(bytes.len())),
        _ => Ok(None),
    }
}

fn count(length: usize) -> Value {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}

fn on_text(run: &Run<'_>, name: &str, text: &str, args: &[Value]) -> Called {
    let value = match (name, args) {
        ("size", []) => count(text.chars().count()),
        ("contains", [Value::String(part)]) => Value::Bool(text.contains(&**part)),
        ("startsWith", [Value::String(part)]) => Value::Bool(text.starts_with(&**part)),
        ("endsWith", [Value::String(part)]) => Value::Bool(text.ends_with(&**part)),
        ("matches", [Value::String(pattern)]) => {
            run.pay(text.len() / 10 * (pattern.len() / 4 + 1))?;
            Value::Bool(run.regex(pattern, |regex| regex.is_match(text))?)
        }
        ("find", [Value::String(pattern)]) => {
            let found =
                run.regex(pattern, |regex| regex.find(text).map(|found| found.as_str().to_owned()))?;
            Value::String(found.unwrap_or_default().into())
        }
        ("findAll", [Value::String(pattern)]) => find_all(run, text, pattern, -1)?,
        ("findAll", [Value::String(pattern), Value::Int(most)]) => find_all(run, text, pattern, *most)?,
        ("lowerAscii", []) => Value::String(text.to_ascii_lowercase().into()),
        ("upperAscii", []) => Value::String(text.to_ascii_uppercase().into()),
        ("trim", []) => Value::text(text.trim()),
        ("charAt", [Value::Int(at)]) => {
            Value::String(part(text, *at, at.saturating_add(1).min(length(text)))?.into())
        }
        ("substring", [Value::Int(from)]) => Value::String(part(text, *from, length(text))?.into()),
        ("substring", [Value::Int(from), Value::Int(to)]) => Value::String(part(text, *from, *to)?.into()),
        ("indexOf", [Value::String(wanted)]) => index(text, wanted, 0)?,
        ("indexOf", [Value::String(wanted), Value::Int(from)]) => index(text, wanted, *from)?,
        ("lastIndexOf", [Value::String(wanted)]) => last_index(text, wanted, length(text))?,
        ("lastIndexOf", [Value::String(wanted), Value::Int(to)]) => last_index(text, wanted, *to)?,
        ("replace", [Value::String(from), Value::String(to)]) => replace(run, text, from, to, -1)?,
        ("replace", [Value::String(from), Value::String(to), Value::Int(most)]) => {
            replace(run, text, from, to, *most)?
        }
        ("split", [Value::String(by)]) => split(run, text, by, -1)?,
        ("split", [Value::String(by), Value::Int(most)]) => split(run, text, by, *most)?,
        ("format", [Value::List(args)]) => Value::String(format(run, text, args)?.into()),
        ("strings.quote", []) => Value::String(quoted(text).into()),
        ("jsonpatch.escapeKey", []) => Value::String(text.replace('~', "~0").replace('/', "~1").into()),
        _ => return Ok(None),
    };
    done(value)
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '\\' | '"' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out + "\""
}

fn length(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

/// Returns the characters from one position up to another.
fn part(text: &str, from: i64, to: i64) -> Result<String, RunError> {
    let outside = || wrong(format!("{from} to {to} is not a part of a text of {} characters", length(text)));
    if from < 0 || to < from || to > length(text) {
        return Err(outside());
    }
    let (from, to) =
        (usize::try_from(from).map_err(|_| outside())?, usize::try_from(to).map_err(|_| outside())?);
    Ok(text.chars().skip(from).take(to - from).collect())
}

fn index(text: &str, wanted: &str, from: i64) -> Result<Value, RunError> {
    let rest = part(text, from, length(text))?;
    let at = rest.find(wanted).map(|at| from + length(&rest[..at]));
    Ok(Value::Int(at.unwrap_or(-1)))
}

fn last_index(text: &str, wanted: &str, to: i64) -> Result<Value, RunError> {
    // The wanted text may start at this position at the latest.
    let end = to.saturating_add(length(wanted)).min(length(text));
    let rest = part(text, 0, end.max(to.min(length(text))))?;
    Ok(Value::Int(rest.rfind(wanted).map_or(-1, |at| length(&rest[..at]))))
}

fn find_all(run: &Run<'_>, text: &str, pattern: &str, most: i64) -> Result<Value, RunError> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    run.pay(text.len())?;
    run.regex(pattern, |regex| list_of(regex.find_iter(text).take(most).map(|found| found.as_str())))
}

fn replace(run: &Run<'_>, text: &str, from: &str, to: &str, most: i64) -> Result<Value, RunError> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let count = text.matches(from).take(most).count();
    run.pay((text.len() + count.saturating_mul(to.len())) / 10)?;
    Ok(Value::String(text.replacen(from, to, count).into()))
}

fn split(run: &Run<'_>, text: &str, by: &str, most: i64) -> Result<Value, RunError> {
    run.pay(text.len())?;
    let Ok(most) = usize::try_from(most) else {
        return Ok(if by.is_empty() { characters(text) } else { list_of(text.split(by)) });
    };
    Ok(match most {
        0 => Value::list(Vec::new()),
        most if by.is_empty() => {
            let cut = text.char_indices().nth(most - 1).map_or(text.len(), |(at, _)| at);
            let Value::List(first) = characters(&text[..cut]) else { return Ok(Value::list(Vec::new())) };
            let rest = (cut < text.len()).then(|| Value::text(&text[cut..]));
            Value::list(first.iter().cloned().chain(rest).collect())
        }
        most => list_of(text.splitn(most, by)),
    })
}

fn characters(text: &str) -> Value {
    let mut buffer = [0; 4];
    Value::list(text.chars().map(|c| Value::text(c.encode_utf8(&mut buffer))).collect())
}

/// Converts to a text what can be converted.
pub(super) fn string(run: &Run<'_>, value: &Value) -> Result<Option<Value>, RunError> {
    let text = match value {
        Value::Bool(_)
        | Value::Int(_)
        | Value::Uint(_)
        | Value::Double(_)
        | Value::Timestamp(_)
        | Value::Duration(_)
        | Value::Ip(_)
        | Value::Cidr(..) => {
            let mut text = String::new();
            write(run, value, &mut text)?;
            text
        }
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => return Ok(None),
        },
        _ => return Ok(None),
    };
    Ok(Some(Value::String(text.into())))
}

/// Writes a value as `%s` does.
fn write(run: &Run<'_>, value: &Value, out: &mut String) -> Result<(), RunError> {
    run.pay(1)?;
    // Writing to a string cannot fail.
    let _ = match value {
        Value::Null => write!(out, "null"),
        Value::Bool(value) => write!(out, "{value}"),
        Value::Int(number) => write!(out, "{number}"),
        Value::Uint(number) => write!(out, "{number}"),
        Value::Double(number) => write!(out, "{}", double(*number)),
        Value::String(text) => {
            run.pay(text.len() / 10)?;
            write!(out, "{text}")
        }
        Value::Bytes(bytes) => write!(out, "{}", String::from_utf8_lossy(bytes)),
        Value::Duration(nanos) => write!(out, "{}s", *nanos as f64 / 1e9),
        Value::Timestamp(time) => write!(out, "{time}"),
        Value::Type(name) | Value::Format(name) => write!(out, "{name}"),
        Value::List(items) => {
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "[" } else { ", " });
                write(run, item, out)?;
            }
            write!(out, "{}", if items.is_empty() { "[]" } else { "]" })
        }
        Value::Map(map) => {
            for (at, (key, value)) in map.iter().enumerate() {
                out.push_str(if at == 0 { "{" } else { ", " });
                write(run, &of_key(key), out)?;
                out.push_str(": ");
                write(run, value, out)?;
            }
            write!(out, "{}", if map.is_empty() { "{}" } else { "}" })
        }
        Value::Ip(address) => write!(out, "{address}"),
        Value::Cidr(address, bits) => write!(out, "{address}/{bits}"),
        Value::Semver(version) => write!(out, "{version}"),
        Value::Optional(_) | Value::Url(_) | Value::Quantity(_) => {
            return Err(wrong(format!("{} has no text", value.type_name())));
        }
    };
    Ok(())
}

fn double(number: f64) -> String {
    match number {
        number if number.is_nan() => "NaN".to_owned(),
        number if number.is_infinite() => if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned(),
        number if number != 0.0 && !(1e-4..1e21).contains(&number.abs()) => {
            let text = format!("{number:e}");
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let (sign, exponent) =
                exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
            format!("{digits}e{sign}{exponent:0>2}")
        }
        number => number.to_string(),
    }
}

/// Fills a text in, as `"%d of %s".format([1, "x"])`.
fn format(run: &Run<'_>, text: &str, args: &[Value]) -> Result<String, RunError> {
    let mut out = String::new();
    let mut args = args.iter();
    let mut rest = text;
    while let Some((before, clause)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = clause.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let (precision, clause) = precision(clause)?;
        let verb = clause.chars().next().ok_or_else(|| wrong("a format ends in %"))?;
        let value = args.next().ok_or_else(|| wrong("a format has more clauses than values"))?;
        clause_of(run, verb, precision, value, &mut out)?;
        rest = &clause[verb.len_utf8()..];
    }
    out.push_str(rest);
    run.pay(out.len() / 10)?;
    Ok(out)
}

/// Reads `.2`; without it, there are six places.
fn precision(clause: &str) -> Result<(usize, &str), RunError> {
    let Some(rest) = clause.strip_prefix('.') else { return Ok((6, clause)) };
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let places = rest[..end].parse().ok().filter(|places| *places <= 100);
    places.map(|places| (places, &rest[end..])).ok_or_else(|| wrong("a format has a precision that is none"))
}

fn clause_of(
    run: &Run<'_>,
    verb: char,
    places: usize,
    value: &Value,
    out: &mut String,
) -> Result<(), RunError> {
    // Writing to a string cannot fail.
    let _ = match (verb, value) {
        ('s', value) => return write(run, value, out),
        ('d', Value::Int(_) | Value::Uint(_)) => return write(run, value, out),
        ('d', Value::Double(number)) if !number.is_finite() => write!(out, "{}", double(*number)),
        ('f', Value::Double(number)) => write!(out, "{number:.places$}"),
        ('f', Value::Int(number)) => write!(out, "{:.places$}", *number as f64),
        ('e', Value::Double(number)) => write!(out, "{number:.places$e}"),
        ('b', Value::Int(number)) => write!(out, "{}{:b}", minus(*number), number.unsigned_abs()),
        ('b', Value::Bool(value)) => write!(out, "{}", u8::from(*value)),
        ('b', Value::Uint(number)) => write!(out, "{number:b}"),
        ('o', Value::Int(number)) => write!(out, "{}{:o}", minus(*number), number.unsigned_abs()),
        ('o', Value::Uint(number)) => write!(out, "{number:o}"),
        ('x', Value::Int(number)) => write!(out, "{}{:x}", minus(*number), number.unsigned_abs()),
        ('X', Value::Int(number)) => write!(out, "{}{:X}", minus(*number), number.unsigned_abs()),
        ('x', Value::Uint(number)) => write!(out, "{number:x}"),
        ('X', Value::Uint(number)) => write!(out, "{number:X}"),
        ('x', Value::String(text)) => text.bytes().try_for_each(|byte| write!(out, "{byte:02x}")),
        ('X', Value::String(text)) => text.bytes().try_for_each(|byte| write!(out, "{byte:02X}")),
        (verb, value) => return Err(wrong(format!("%{verb} does not take {}", value.type_name()))),
    };
    Ok(())
}

fn minus(number: i64) -> &'static str {
    if number < 0 { "-" } else { "" }
}
