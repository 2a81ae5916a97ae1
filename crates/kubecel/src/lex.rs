//! Splits the text of an expression into tokens.

use crate::ast::Literal;
use crate::{CompileError, Wrong};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Literal(Literal),
    Name(String),
    /// An operator or bracket.
    Sign(&'static str),
    End,
}

/// Longer ones first, so that none is read as a shorter one.
const SIGNS: [&str; 26] = [
    "==", "!=", "<=", ">=", "&&", "||", ".?", "[?", "{?", "?", "<", ">", "!", "+", "-", "*", "/", "%", ":",
    ".", ",", "(", ")", "[", "]", "{",
];

/// Splits a text; each token has the byte that it starts at.
pub(crate) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, CompileError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_space();
        let at = lexer.at;
        let token = lexer.token()?;
        let is_end = token == Token::End;
        tokens.push((at, token));
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            let trimmed = if trimmed.starts_with("//") {
                trimmed.find('\n').map_or("", |end| &trimmed[end..])
            } else {
                trimmed
            };
            self.at += rest.len() - trimmed.len();
            if rest.len() == trimmed.len() {
                return;
            }
        }
    }

    fn token(&mut self) -> Result<Token, CompileError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(Token::End) };
        if let Some(prefix) = string_prefix(rest) {
            return self.string(prefix);
        }
        if first.is_ascii_digit()
            || rest.starts_with('.') && rest[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            return self.number();
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            self.at += end;
            return Ok(match &rest[..end] {
                "true" => Token::Literal(Literal::Bool(true)),
                "false" => Token::Literal(Literal::Bool(false)),
                "null" => Token::Literal(Literal::Null),
                "in" => Token::Sign("in"),
                name => Token::Name(name.to_owned()),
            });
        }
        if first == '}' {
            self.at += 1;
            return Ok(Token::Sign("}"));
        }
        let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
        let sign = sign.ok_or_else(|| self.wrong(format!("{first:?} has no meaning here")))?;
        self.at += sign.len();
        Ok(Token::Sign(sign))
    }

    fn wrong(&self, what: impl Into<String>) -> CompileError {
        CompileError::new(self.text, self.at, Wrong::Syntax(what.into()))
    }

    fn number(&mut self) -> Result<Token, CompileError> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let (digits, radix) = match rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
            Some(hex) => (hex, 16),
            None => (rest, 10),
        };
        let count = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
        let mut end = rest.len() - digits.len() + count;
        let mut is_double = false;
        if radix == 10 {
            let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
            let digits_from = |at: usize| at + rest[at..].bytes().take_while(u8::is_ascii_digit).count();
            if bytes.get(end) == Some(&b'.') && is_digit(end + 1) {
                is_double = true;
                end = digits_from(end + 1);
            }
            if matches!(bytes.get(end), Some(b'e' | b'E')) {
                let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
                if is_digit(end + 1 + sign) {
                    is_double = true;
                    end = digits_from(end + 1 + sign);
                }
            }
        }
        let written = &rest[..end];
        let literal = if is_double {
            written.parse().ok().map(Literal::Double)
        } else if matches!(bytes.get(end), Some(b'u' | b'U')) {
            end += 1;
            u64::from_str_radix(&digits[..count], radix).ok().map(Literal::Uint)
        } else {
            // The one number that fits with its sign only is put together by the parser.
            match u64::from_str_radix(&digits[..count], radix) {
                Ok(number) if number == 1 << 63 => Some(Literal::Uint(number)),
                Ok(number) => i64::try_from(number).ok().map(Literal::Int),
                Err(_) => None,
            }
        };
        let literal = literal.ok_or_else(|| self.wrong(format!("{written} is not a number of 64 bits")))?;
        self.at += end;
        Ok(Token::Literal(literal))
    }

    fn string(&mut self, Prefix { length, is_raw, is_bytes }: Prefix) -> Result<Token, CompileError> {
        let start = self.at;
        let rest = &self.rest()[length..];
        let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| rest.starts_with(quote));
        let quote = quote.expect("a prefix is in front of a quote only");
        let body = &rest[quote.len()..];
        let mut out: Vec<u8> = Vec::new();
        let mut at = 0;
        let open = || CompileError::new(self.text, start, Wrong::Syntax("a string is not closed".to_owned()));
        loop {
            let left = &body[at..];
            if left.starts_with(quote) {
                break;
            }
            let c = left.chars().next().ok_or_else(open)?;
            if quote.len() == 1 && matches!(c, '\n' | '\r') {
                return Err(open());
            }
            if c == '\\' && !is_raw {
                at += escape(left, is_bytes, &mut out).ok_or_else(|| {
                    let at = start + length + quote.len() + at;
                    CompileError::new(self.text, at, Wrong::Syntax("no such escape sequence".to_owned()))
                })?;
                continue;
            }
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            at += c.len_utf8();
        }
        self.at += length + quote.len() + at + quote.len();
        if is_bytes {
            return Ok(Token::Literal(Literal::Bytes(out)));
        }
        let text = String::from_utf8(out).expect("only whole characters are written to a string");
        Ok(Token::Literal(Literal::String(text)))
    }
}

/// What is in front of a string.
struct Prefix {
    length: usize,
    is_raw: bool,
    is_bytes: bool,
}

fn string_prefix(text: &str) -> Option<Prefix> {
    let length = text.bytes().take(3).position(|byte| matches!(byte, b'"' | b'\''))?;
    let (is_raw, is_bytes) = match text[..length].to_ascii_lowercase().as_str() {
        "" => (false, false),
        "r" => (true, false),
        "b" => (false, true),
        "br" | "rb" => (true, true),
        _ => return None,
    };
    Some(Prefix { length, is_raw, is_bytes })
}

/// Reads an escape sequence and returns its length.
fn escape(text: &str, is_bytes: bool, out: &mut Vec<u8>) -> Option<usize> {
    let kind = text[1..].chars().next()?;
    let plain = match kind {
        'a' => Some(7),
        'b' => Some(8),
        'f' => Some(12),
        'n' => Some(b'\n'),
        'r' => Some(b'\r'),
        't' => Some(b'\t'),
        'v' => Some(11),
        '\\' | '?' | '"' | '\'' | '`' => u8::try_from(kind).ok(),
        _ => None,
    };
    if let Some(byte) = plain {
        out.push(byte);
        return Some(2);
    }
    let (from, count, radix) = match kind {
        'x' | 'X' => (2, 2, 16),
        'u' => (2, 4, 16),
        'U' => (2, 8, 16),
        '0'..='3' => (1, 3, 8),
        _ => return None,
    };
    let digits = text.get(from..from + count).filter(|digits| digits.chars().all(|c| c.is_digit(radix)))?;
    let number = u32::from_str_radix(digits, radix).ok()?;
    if is_bytes && !matches!(kind, 'u' | 'U') {
        out.push(u8::try_from(number).ok()?);
    } else {
        out.extend_from_slice(char::from_u32(number)?.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(from + count)
}
