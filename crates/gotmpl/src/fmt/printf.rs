//! Format strings: flags, widths, precisions, argument numbers (Go's `doPrintf`).

use super::format::Flags;
use super::print::Printer;
use crate::strconv;
use crate::value::Value;

/// Widths, precisions and argument numbers above this are refused.
const TOO_LARGE: u64 = 1_000_000;

/// Where a call of `printf` is in its format and its arguments.
struct Scan<'f> {
    format: &'f [u8],
    at: usize,
    args: &'f [Value],
    arg: usize,
    reordered: bool,
    good_number: bool,
    /// The last thing read was an argument number such as `[3]`.
    after_number: bool,
}

/// Writes the format with its arguments.
pub(super) fn print(printer: &mut Printer<'_>, format: &[u8], args: &[Value]) {
    let mut scan =
        Scan { format, at: 0, args, arg: 0, reordered: false, good_number: true, after_number: false };
    while scan.at < format.len() && !printer.is_full() {
        let rest = &format[scan.at..];
        let text = rest.iter().position(|&b| b == b'%').unwrap_or(rest.len());
        printer.out.extend_from_slice(&rest[..text]);
        scan.at += text;
        if scan.at < format.len() {
            scan.at += 1;
            scan.verb(printer);
        }
    }
    if !scan.reordered && scan.arg < args.len() {
        extra(printer, &args[scan.arg..]);
    }
}

fn extra(printer: &mut Printer<'_>, args: &[Value]) {
    printer.flags = Flags::default();
    printer.out.extend_from_slice(b"%!(EXTRA ");
    for (at, arg) in args.iter().enumerate() {
        if at > 0 {
            printer.out.extend_from_slice(b", ");
        }
        match arg.go_type() {
            None => printer.out.extend_from_slice(b"<nil>"),
            Some(go_type) => {
                printer.out.extend_from_slice(format!("{go_type}=").as_bytes());
                printer.print_arg(arg, 'v');
            }
        }
    }
    printer.out.push(b')');
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    /// Reads what follows a `%` and writes the argument.
    fn verb(&mut self, printer: &mut Printer<'_>) {
        self.good_number = true;
        self.after_number = false;
        printer.flags = Flags::default();
        self.flags(&mut printer.flags);
        if self.peek().is_some_and(|b| b.is_ascii_lowercase()) && self.arg < self.args.len() {
            let verb = char::from(self.format[self.at]);
            self.at += 1;
            self.print(printer, verb);
            return;
        }
        self.argument_number();
        self.width(printer);
        self.precision(printer);
        if !self.after_number {
            self.argument_number();
        }
        let Some(rest) = self.format.get(self.at..).filter(|rest| !rest.is_empty()) else {
            printer.out.extend_from_slice(b"%!(NOVERB)");
            return;
        };
        let (verb, length) = strconv::decode_rune(rest).unwrap_or((char::REPLACEMENT_CHARACTER, 1));
        self.at += length;
        if verb == '%' {
            printer.out.push(b'%');
        } else if !self.good_number {
            printer.out.extend_from_slice(format!("%!{verb}(BADINDEX)").as_bytes());
        } else if self.arg >= self.args.len() {
            printer.out.extend_from_slice(format!("%!{verb}(MISSING)").as_bytes());
        } else {
            self.print(printer, verb);
        }
    }

    fn print(&mut self, printer: &mut Printer<'_>, verb: char) {
        let flags = &mut printer.flags;
        if matches!(verb, 'v' | 'w') {
            flags.sharp_v = std::mem::take(&mut flags.sharp);
            flags.plus_v = std::mem::take(&mut flags.plus);
        }
        printer.print_arg(&self.args[self.arg], verb);
        self.arg += 1;
    }

    fn flags(&mut self, flags: &mut Flags) {
        while let Some(flag) = self.peek() {
            match flag {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => return,
            }
            self.at += 1;
        }
    }

    fn width(&mut self, printer: &mut Printer<'_>) {
        let flags = &mut printer.flags;
        if self.peek() == Some(b'*') {
            self.at += 1;
            let width = self.integer_argument();
            flags.width = width.map(|width| usize::try_from(width.unsigned_abs()).unwrap_or(0));
            match width {
                None => printer.out.extend_from_slice(b"%!(BADWIDTH)"),
                Some(width) if width < 0 => {
                    flags.minus = true;
                    // Zeros never stand on the right.
                    flags.zero = false;
                }
                Some(_) => {}
            }
            self.after_number = false;
        } else {
            flags.width = self.number();
            if self.after_number && flags.width.is_some() {
                self.good_number = false;
            }
        }
    }

    fn precision(&mut self, printer: &mut Printer<'_>) {
        if self.peek() != Some(b'.') || self.at + 1 >= self.format.len() {
            return;
        }
        self.at += 1;
        if self.after_number {
            self.good_number = false;
        }
        self.argument_number();
        if self.peek() == Some(b'*') {
            self.at += 1;
            let precision = self.integer_argument().and_then(|precision| usize::try_from(precision).ok());
            printer.flags.precision = precision;
            if precision.is_none() {
                printer.out.extend_from_slice(b"%!(BADPREC)");
            }
            self.after_number = false;
        } else {
            printer.flags.precision = Some(self.number().unwrap_or(0));
        }
    }

    /// Reads decimal digits; one too large counts as none and skips the rest of the format.
    fn number(&mut self) -> Option<usize> {
        let (number, end) = parse_number(self.format, self.at, self.format.len());
        self.at = end;
        number
    }

    /// Reads an argument number such as `[3]`, if there is one.
    fn argument_number(&mut self) {
        if self.peek() != Some(b'[') {
            self.after_number = false;
            return;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let close = rest.iter().position(|&b| b == b']').filter(|_| rest.len() >= 3);
        let Some(close) = close else {
            self.good_number = false;
            self.after_number = false;
            self.at += 1;
            return;
        };
        let (number, end) = parse_number(rest, 1, close);
        let number = number.filter(|_| end == close);
        self.at += close + 1;
        self.after_number = number.is_some();
        match number.and_then(|number| number.checked_sub(1)).filter(|&number| number < self.args.len()) {
            Some(number) => self.arg = number,
            None => self.good_number = false,
        }
    }

    /// Takes the next argument as a width or precision; none if it is no such number.
    fn integer_argument(&mut self) -> Option<i64> {
        let value = self.args.get(self.arg)?;
        self.arg += 1;
        let number = match value {
            Value::Int(n) | Value::Int64(n) => *n,
            Value::Uint8(n) => i64::from(*n),
            Value::Uint32(n) => i64::from(*n),
            Value::Uint64(n) => i64::try_from(*n).ok()?,
            _ => return None,
        };
        (number.unsigned_abs() <= TOO_LARGE).then_some(number)
    }
}

fn parse_number(text: &[u8], start: usize, end: usize) -> (Option<usize>, usize) {
    let mut number = None;
    let mut at = start;
    while at < end && text[at].is_ascii_digit() {
        let value: usize = number.unwrap_or(0);
        if value > 1_000_000 {
            return (None, end);
        }
        number = Some(value * 10 + usize::from(text[at] - b'0'));
        at += 1;
    }
    (number, at)
}
