//! Go's `fmt`: what `{{ x }}`, `print`, `printf` and everything built on `%v` write.
//!
//! [`display`] is `fmt.Sprintf("%v", x)`, the form in which values enter text.
//! Wrong formats are not errors, as in Go: they leave `%!d(string=x)` and the like
//! in the text.

mod format;
mod print;
mod printf;

use crate::value::{Str, Value};
use print::Printer;

/// The most bytes that one call may write, whatever widths its format asks for.
const LARGEST: usize = 1 << 30;

/// Returns what `%v` prints for the value.
pub fn display(value: &Value) -> Str {
    match value {
        Value::Str(text) => text.clone(),
        _ => Str::from(sprint(std::slice::from_ref(value))),
    }
}

/// Appends what `%v` prints for the value.
pub fn append(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Str(text) => out.extend_from_slice(text.as_bytes()),
        _ => Printer::new(out, LARGEST).print_arg(value, 'v'),
    }
}

/// Appends what the action `{{ value }}` prints, which differs from `%v` for objects.
pub(crate) fn append_printable(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Object(object) => Printer::new(out, LARGEST).printable(value, object.as_ref()),
        _ => append(out, value),
    }
}

/// Returns `fmt.Sprint`: blanks only between neighbours that are both no strings.
pub fn sprint(args: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut after_string = true;
    for arg in args {
        let is_string = arg.kind() == crate::Kind::String;
        if !is_string && !after_string {
            out.push(b' ');
        }
        append(&mut out, arg);
        after_string = is_string;
    }
    out
}

/// Returns `fmt.Sprintln`: a blank between any two, a newline at the end.
pub fn sprintln(args: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, arg) in args.iter().enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        append(&mut out, arg);
    }
    out.push(b'\n');
    out
}

/// Returns `fmt.Sprintf`.
pub fn sprintf(format: &[u8], args: &[Value]) -> Vec<u8> {
    sprintf_within(format, args, LARGEST).unwrap_or_else(|partial| partial)
}

/// Returns `fmt.Sprintf`, or as an error the beginning of it when it has more than `limit` bytes.
pub(crate) fn sprintf_within(format: &[u8], args: &[Value], limit: usize) -> Result<Vec<u8>, Vec<u8>> {
    let mut out = Vec::with_capacity(format.len() + 16);
    let mut printer = Printer::new(&mut out, limit);
    printf::print(&mut printer, format, args);
    let full = printer.is_full();
    if full { Err(out) } else { Ok(out) }
}

#[cfg(test)]
mod tests;
