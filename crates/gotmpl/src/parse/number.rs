//! Reads number constants in every form that fits, as Go's ideal constants.

use crate::lex::Token;
use crate::strconv;
use crate::tree::Number;

/// Reads a number item. The error is Go's message.
pub(super) fn read(text: &[u8], token: Token) -> Result<Number, String> {
    match token {
        Token::CharConstant => character(text),
        Token::Complex => complex(text),
        _ => plain(text),
    }
}

fn character(text: &[u8]) -> Result<Number, String> {
    let (unit, length) = strconv::unquote_char(&text[1..], b'\'').map_err(|err| err.to_string())?;
    if &text[1 + length..] != b"'" {
        return Err(format!("malformed character constant: {}", String::from_utf8_lossy(text)));
    }
    let code = unit.code();
    Ok(Number {
        int: Some(code.into()),
        uint: Some(code.into()),
        float: Some(code.into()),
        ..Number::default()
    })
}

fn complex(text: &[u8]) -> Result<Number, String> {
    let split = text.iter().enumerate().rposition(|(at, &b)| {
        let exponent = at > 0 && matches!(text[at - 1], b'e' | b'E' | b'p' | b'P');
        at > 0 && matches!(b, b'+' | b'-') && !exponent
    });
    // The lexer ends a complex item only after the "i" of its second number.
    let Some(split) = split else { return Err("syntax error scanning complex number".to_owned()) };
    let part = |part: &[u8]| {
        strconv::parse_float(part).map_err(|_| "syntax error scanning complex number".to_owned())
    };
    let re = part(&text[..split])?;
    let im = part(&text[split..text.len() - 1])?;
    Ok(from_complex(re, im))
}

/// Pulls out the other forms of a complex number, for which its imaginary part must be zero.
fn from_complex(re: f64, im: f64) -> Number {
    let float = (im == 0.0).then_some(re);
    Number {
        int: float.and_then(exact_int),
        uint: float.and_then(exact_uint),
        float,
        complex: Some((re, im)),
        written_as_float: false,
    }
}

fn plain(text: &[u8]) -> Result<Number, String> {
    if let Some(im) = text.strip_suffix(b"i").and_then(|text| strconv::parse_float(text).ok()) {
        return Ok(from_complex(0.0, im));
    }
    let mut number = Number {
        uint: strconv::parse_uint(text, 0).ok(),
        int: strconv::parse_int(text, 0).ok(),
        ..Number::default()
    };
    if number.int == Some(0) {
        // "-0" is no unsigned integer to the parser of numbers.
        number.uint = number.uint.or(Some(0));
    }
    let hex = matches!(text, [b'0', b'x' | b'X', _, ..]) && !text.iter().any(|b| matches!(b, b'p' | b'P'));
    let has = |set: &[u8]| text.iter().any(|b| set.contains(b));
    number.written_as_float = !hex && has(b".eEpP");
    #[expect(clippy::cast_precision_loss, reason = "Go converts the integer to float64 in the same way")]
    if let Some(int) = number.int {
        number.float = Some(int as f64);
    } else if let Some(uint) = number.uint {
        number.float = Some(uint as f64);
    } else if let Ok(float) = strconv::parse_float(text) {
        if !has(b".eEpP") {
            return Err(format!("integer overflow: {}", strconv::quote(text)));
        }
        number.float = Some(float);
        number.int = exact_int(float);
        number.uint = exact_uint(float);
    } else {
        return Err(format!("illegal number syntax: {}", strconv::quote(text)));
    }
    Ok(number)
}

const TWO_63: f64 = 9_223_372_036_854_775_808.0;

#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
fn exact_int(x: f64) -> Option<i64> {
    (x.fract() == 0.0 && (-TWO_63..TWO_63).contains(&x)).then_some(x as i64)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and in range"
)]
fn exact_uint(x: f64) -> Option<u64> {
    (x.fract() == 0.0 && (0.0..2.0 * TWO_63).contains(&x)).then_some(x as u64)
}
