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
const LARGEST: usize = 1 << 27;

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
/// The rest is missing where it takes more than `room` bytes.
pub(crate) fn append_printable(out: &mut Vec<u8>, value: &Value, room: usize) {
    let limit = out.len().saturating_add(room);
    let mut printer = Printer::new(out, limit);
    match value {
        Value::Object(object) => printer.printable(value, object.as_ref()),
        _ => printer.print_arg(value, 'v'),
    }
}

/// Returns `fmt.Sprint`: blanks only between neighbours that are both no strings.
pub fn sprint(args: &[Value]) -> Vec<u8> {
    sprint_within(args, LARGEST).unwrap_or_else(|TooLong(partial)| partial)
}

/// Returns `fmt.Sprintln`: a blank between any two, a newline at the end.
pub fn sprintln(args: &[Value]) -> Vec<u8> {
    sprintln_within(args, LARGEST).unwrap_or_else(|TooLong(partial)| partial)
}

/// Returns `fmt.Sprintf`.
pub fn sprintf(format: &[u8], args: &[Value]) -> Vec<u8> {
    sprintf_within(format, args, LARGEST).unwrap_or_else(|TooLong(partial)| partial)
}

/// The beginning of a text that has more bytes than it may have.
pub(crate) struct TooLong(Vec<u8>);

pub(crate) fn sprint_within(args: &[Value], limit: usize) -> Result<Vec<u8>, TooLong> {
    within(limit, |printer| {
        let mut after_string = true;
        for arg in args {
            let is_string = arg.kind() == crate::Kind::String;
            if !is_string && !after_string {
                printer.out.push(b' ');
            }
            printer.print_arg(arg, 'v');
            after_string = is_string;
        }
    })
}

pub(crate) fn sprintln_within(args: &[Value], limit: usize) -> Result<Vec<u8>, TooLong> {
    within(limit, |printer| {
        for (at, arg) in args.iter().enumerate() {
            if at > 0 {
                printer.out.push(b' ');
            }
            printer.print_arg(arg, 'v');
        }
        printer.out.push(b'\n');
    })
}

pub(crate) fn sprintf_within(format: &[u8], args: &[Value], limit: usize) -> Result<Vec<u8>, TooLong> {
    within(limit, |printer| printf::print(printer, format, args))
}

fn within(limit: usize, print: impl FnOnce(&mut Printer<'_>)) -> Result<Vec<u8>, TooLong> {
    let mut out = Vec::new();
    let mut printer = Printer::new(&mut out, limit);
    print(&mut printer);
    let full = printer.is_full();
    if full { Err(TooLong(out)) } else { Ok(out) }
}

#[cfg(test)]
mod tests;
