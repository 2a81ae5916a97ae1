//! Floats in Go's notation: the verbs e, f, g, x and b, and reading them back.

use super::number::{NumError, underscores_ok};

/// No `f64` has more digits behind its decimal point; what is asked beyond is zeros.
const MAX_FRACTION: usize = 1074;

/// The decimal digits of a number, without leading and trailing zeros: 0.DIGITS × 10^point.
struct Decimal {
    digits: Vec<u8>,
    point: i32,
}

/// Returns a float as Go's `strconv.FormatFloat` for 64 bits.
///
/// The verb is one of `e E f g G x X b`; no precision means the fewest digits
/// that give the number back.
pub fn format_float(x: f64, verb: u8, precision: Option<usize>) -> String {
    let mut out = Vec::new();
    append_float(&mut out, x, verb, precision);
    String::from_utf8(out).expect("digits and signs are ASCII")
}

/// Appends a float as [`format_float`] writes it.
pub fn append_float(out: &mut Vec<u8>, x: f64, verb: u8, precision: Option<usize>) {
    if x.is_nan() {
        out.extend_from_slice(b"NaN");
        return;
    }
    if x.is_infinite() {
        out.extend_from_slice(if x > 0.0 { b"+Inf" } else { b"-Inf" });
        return;
    }
    if x.is_sign_negative() {
        out.push(b'-');
    }
    let x = x.abs();
    match verb {
        b'b' => append_binary(out, x),
        b'x' | b'X' => append_hex(out, x, verb, precision),
        b'e' | b'E' => {
            let decimal = match precision {
                None => Decimal::shortest(x),
                Some(precision) => Decimal::significant(x, precision + 1),
            };
            let precision = precision.unwrap_or_else(|| decimal.digits.len().saturating_sub(1));
            append_exponent(out, &decimal, precision, verb);
        }
        b'g' | b'G' => append_general(out, x, verb, precision),
        _ => match precision {
            None => {
                let decimal = Decimal::shortest(x);
                let fraction = usize::try_from(decimal.len() - decimal.point).unwrap_or(0);
                append_plain(out, &decimal, fraction);
            }
            Some(precision) => {
                let exact = precision.min(MAX_FRACTION);
                out.extend_from_slice(format!("{x:.exact$}").as_bytes());
                out.resize(out.len() + precision - exact, b'0');
            }
        },
    }
}

impl Decimal {
    fn shortest(x: f64) -> Self {
        let mut shortest = Self::from_scientific(&format!("{x:e}"));
        shortest.tie_to_even(x);
        shortest
    }

    /// Of two shortest forms that are equally near, takes the even one, as Go does;
    /// Rust takes the larger.
    fn tie_to_even(&mut self, x: f64) {
        // With fewer digits the number itself is written, and nothing is tied.
        const FEWEST: usize = 15;
        let len = self.digits.len();
        let Some(last) = self.digits.last().copied().filter(|digit| digit % 2 == 1 && len >= FEWEST) else {
            return;
        };
        let exact = format!("{x:.*e}", len + 20);
        let mut exact =
            exact.bytes().take_while(|byte| *byte != b'e').filter(u8::is_ascii_digit).skip(len - 1);
        if exact.next() == Some(last - 1) && exact.next() == Some(b'5') && exact.all(|digit| digit == b'0') {
            self.digits[len - 1] = last - 1;
        }
    }

    fn significant(x: f64, digits: usize) -> Self {
        let fraction = digits.saturating_sub(1).min(MAX_FRACTION);
        Self::from_scientific(&format!("{x:.fraction$e}"))
    }

    fn from_scientific(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').expect("Rust writes an exponent");
        let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
        let zeros = digits.iter().rev().take_while(|&&digit| digit == b'0').count();
        digits.truncate(digits.len() - zeros);
        let exponent: i32 = exponent.parse().expect("Rust writes a small integer");
        let point = if digits.is_empty() { 0 } else { exponent + 1 };
        Decimal { digits, point }
    }

    fn len(&self) -> i32 {
        i32::try_from(self.digits.len()).expect("an f64 has fewer than 2000 digits")
    }

    fn digit(&self, at: i32) -> u8 {
        usize::try_from(at).ok().and_then(|at| self.digits.get(at)).copied().unwrap_or(b'0')
    }
}

/// Returns the number as an integer if that is how `%v` writes it.
fn small_integer(x: f64) -> Option<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "x is not negative")]
    (x < 1e6 && x.fract() == 0.0).then_some(x as u32)
}

fn append_general(out: &mut Vec<u8>, x: f64, verb: u8, precision: Option<usize>) {
    if let Some(n) = small_integer(x).filter(|_| precision.is_none()) {
        out.extend_from_slice(n.to_string().as_bytes());
        return;
    }
    let (decimal, precision, limit) = match precision {
        None => {
            let decimal = Decimal::shortest(x);
            let length = decimal.len();
            // The fewest digits are not a precision: Go decides by 6 then, and
            // `fmt` by the same (1e6 is the first integer with an exponent).
            (decimal, length, 6)
        }
        Some(precision) => {
            let wanted = i32::try_from(precision.max(1)).unwrap_or(i32::MAX);
            let decimal = Decimal::significant(x, precision.max(1));
            let length = decimal.len();
            let limit = if wanted > length && length >= decimal.point { length } else { wanted };
            (decimal, wanted, limit)
        }
    };
    let exponent = decimal.point - 1;
    if exponent < -4 || exponent >= limit {
        let fraction = usize::try_from(precision.min(decimal.len()) - 1).unwrap_or(0);
        append_exponent(out, &decimal, fraction, if verb == b'G' { b'E' } else { b'e' });
        return;
    }
    let digits = if precision > decimal.point { decimal.len() } else { precision };
    append_plain(out, &decimal, usize::try_from(digits - decimal.point).unwrap_or(0));
}

fn append_exponent(out: &mut Vec<u8>, decimal: &Decimal, fraction: usize, letter: u8) {
    out.push(decimal.digit(0));
    if fraction > 0 {
        out.push(b'.');
        let known = decimal.digits.get(1..).unwrap_or_default();
        let known = &known[..known.len().min(fraction)];
        out.extend_from_slice(known);
        out.resize(out.len() + fraction - known.len(), b'0');
    }
    out.push(letter);
    append_power(out, if decimal.digits.is_empty() { 0 } else { decimal.point - 1 });
}

fn append_power(out: &mut Vec<u8>, power: i32) {
    out.push(if power < 0 { b'-' } else { b'+' });
    out.extend_from_slice(format!("{:02}", power.abs()).as_bytes());
}

fn append_plain(out: &mut Vec<u8>, decimal: &Decimal, fraction: usize) {
    if decimal.point > 0 {
        out.extend((0..decimal.point).map(|at| decimal.digit(at)));
    } else {
        out.push(b'0');
    }
    if fraction > 0 {
        out.push(b'.');
        let fraction = i32::try_from(fraction).unwrap_or(i32::MAX);
        out.extend((0..fraction).map(|at| decimal.digit(decimal.point.saturating_add(at))));
    }
}

/// Splits a finite number into mantissa and exponent: x = mantissa × 2^exponent.
fn split(x: f64) -> (u64, i32) {
    let bits = x.to_bits();
    let field = i32::try_from(bits >> 52 & 0x7ff).expect("eleven bits");
    let mantissa = bits & ((1 << 52) - 1);
    if field == 0 { (mantissa, -1074) } else { (mantissa | 1 << 52, field - 1075) }
}

fn append_binary(out: &mut Vec<u8>, x: f64) {
    let (mantissa, exponent) = split(x);
    out.extend_from_slice(format!("{mantissa}p{exponent:+}").as_bytes());
}

fn append_hex(out: &mut Vec<u8>, x: f64, verb: u8, precision: Option<usize>) {
    let (mut mantissa, mut exponent) = split(x);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // The leading 1 goes to bit 60, so that 15 hexadecimal digits follow it.
        let shift = mantissa.leading_zeros() - 3;
        mantissa <<= shift;
        exponent += 60 - i32::try_from(shift).expect("at most 61");
    }
    if let Some(precision) = precision.filter(|&precision| precision < 15) {
        let shift = u32::try_from(precision * 4).expect("at most 56");
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & 1 << 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let digits = format!("{:015x}", mantissa & ((1 << 60) - 1));
    let fraction = match precision {
        None => digits.trim_end_matches('0').to_owned(),
        Some(precision) if precision > 15 => format!("{digits}{}", "0".repeat(precision - 15)),
        Some(precision) => digits[..precision].to_owned(),
    };
    let point = if fraction.is_empty() { "" } else { "." };
    let mut text = format!("0x{}{point}{fraction}p", mantissa >> 60 & 1);
    if verb == b'X' {
        text.make_ascii_uppercase();
    }
    out.extend_from_slice(text.as_bytes());
    append_power(out, exponent);
}

/// Reads a float (`strconv.ParseFloat` for 64 bits): decimal, hexadecimal, infinities and NaN.
pub fn parse_float(text: &[u8]) -> Result<f64, NumError> {
    let text = std::str::from_utf8(text).map_err(|_| NumError::Syntax)?;
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let negative = text.starts_with('-');
    let sign = if negative { -1.0 } else { 1.0 };
    if unsigned.eq_ignore_ascii_case("inf") || unsigned.eq_ignore_ascii_case("infinity") {
        return Ok(sign * f64::INFINITY);
    }
    if text.eq_ignore_ascii_case("nan") {
        return Ok(f64::NAN);
    }
    if text.contains('_') && !underscores_ok(text.as_bytes()) {
        return Err(NumError::Syntax);
    }
    let plain = unsigned.replace('_', "");
    let value = match plain.get(..2) {
        Some("0x" | "0X") => parse_hex(&plain[2..])?,
        _ => parse_decimal(&plain)?,
    };
    if value.is_infinite() { Err(NumError::Range) } else { Ok(sign * value) }
}

fn parse_decimal(text: &str) -> Result<f64, NumError> {
    let valid = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b))
        && text.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if valid { text.parse().map_err(|_| NumError::Syntax) } else { Err(NumError::Syntax) }
}

fn parse_hex(text: &str) -> Result<f64, NumError> {
    let (mantissa, power) = text.split_once(['p', 'P']).ok_or(NumError::Syntax)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = power.strip_prefix(['+', '-']).unwrap_or(power);
    if whole.len() + fraction.len() == 0 || digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NumError::Syntax);
    }
    let mut value = 0u64;
    let mut exponent = 0i64;
    let mut sticky = false;
    for (at, digit) in whole.bytes().chain(fraction.bytes()).enumerate() {
        let digit = char::from(digit).to_digit(16).ok_or(NumError::Syntax)?;
        let in_fraction = at >= whole.len();
        if value >> 58 == 0 {
            value = value << 4 | u64::from(digit);
            exponent -= if in_fraction { 4 } else { 0 };
        } else {
            sticky |= digit != 0;
            exponent += if in_fraction { 0 } else { 4 };
        }
    }
    let power: i64 = digits.parse().unwrap_or(1 << 40).min(1 << 40);
    exponent += if text.contains("p-") || text.contains("P-") { -power } else { power };
    Ok(scale(value, exponent, sticky))
}

/// Returns value × 2^exponent, rounded once, half to even.
fn scale(mut value: u64, mut exponent: i64, mut sticky: bool) -> f64 {
    if value == 0 {
        return 0.0;
    }
    let mut shift_right = |value: &mut u64, exponent: &mut i64| {
        sticky |= *value & 1 != 0;
        *value >>= 1;
        *exponent += 1;
    };
    // Two bits stay below the mantissa: the half, and one that stands for the rest.
    while value >> 55 != 0 || exponent < -1076 && value != 0 {
        shift_right(&mut value, &mut exponent);
    }
    while value >> 54 == 0 && exponent > -1076 {
        value <<= 1;
        exponent -= 1;
    }
    let rest = value & 3 | u64::from(sticky);
    let mut mantissa = value >> 2;
    exponent += 2;
    if rest > 2 || rest == 2 && mantissa & 1 == 1 {
        mantissa += 1;
    }
    if mantissa >> 53 != 0 {
        mantissa >>= 1;
        exponent += 1;
    }
    if exponent > 971 {
        return f64::INFINITY;
    }
    let bits = if mantissa >> 52 == 0 {
        mantissa
    } else {
        let field = u64::try_from(exponent + 1075).expect("checked against both ends");
        field << 52 | mantissa & ((1 << 52) - 1)
    };
    f64::from_bits(bits)
}
