//! Character classes and escapes of single characters.

use super::{SyntaxError, error};

/// A class that matches nothing.
pub(super) const NOTHING: &str = r"[^\x00-\x{10FFFF}]";

const MISSING_BRACKET: &str = "missing closing ]";
const BAD_RANGE: &str = "invalid character class range";
const BAD_ESCAPE: &str = "invalid escape sequence";

/// Rewrites a class in brackets and returns what follows it.
pub(super) fn bracketed(whole: &str) -> Result<(String, &str), SyntaxError> {
    let mut out = String::from("[");
    let mut rest = &whole[1..];
    if let Some(after) = rest.strip_prefix('^') {
        out.push('^');
        rest = after;
    }
    let start = out.len();
    let mut first = true;
    while first || !rest.starts_with(']') {
        first = false;
        if let Some((text, after)) = named(rest)? {
            out.push_str(text);
            rest = after;
        } else if let Some((text, after)) = escaped(rest)? {
            out.push_str(&text);
            rest = after;
        } else {
            rest = range(&mut out, rest, whole)?;
        }
    }
    if out.len() == start {
        // Only surrogates were named, which no text contains.
        out.push_str(NOTHING);
    }
    out.push(']');
    Ok((out, &rest[1..]))
}

/// Writes `a` or `a-z`, and returns what follows.
fn range<'a>(out: &mut String, text: &'a str, whole: &str) -> Result<&'a str, SyntaxError> {
    let (low, mut rest) = character(text, whole)?;
    let mut high = low;
    if let Some(after) = rest.strip_prefix('-').filter(|after| !after.is_empty() && !after.starts_with(']')) {
        (high, rest) = character(after, whole)?;
        if high < low {
            return Err(error(BAD_RANGE, &text[..text.len() - rest.len()]));
        }
    }
    // The crate has no surrogates; nothing matches them anyway.
    let low = if (0xd800..0xe000).contains(&low) { 0xe000 } else { low };
    let high = if (0xd800..0xe000).contains(&high) { 0xd7ff } else { high };
    if low <= high {
        out.push_str(&format!(r"\x{{{low:x}}}-\x{{{high:x}}}"));
    }
    Ok(rest)
}

fn character<'a>(text: &'a str, whole: &str) -> Result<(u32, &'a str), SyntaxError> {
    match text.chars().next() {
        None => Err(error(MISSING_BRACKET, whole)),
        Some('\\') => character_escape(text),
        Some(c) => Ok((u32::from(c), &text[c.len_utf8()..])),
    }
}

/// Reads `[:name:]` within a class.
fn named(text: &str) -> Result<Option<(&'static str, &str)>, SyntaxError> {
    let Some(end) = text.strip_prefix("[:").and_then(|after| after.find(":]")) else { return Ok(None) };
    let (name, rest) = text.split_at(end + 4);
    let class = match &name[2..end + 2] {
        "alnum" => "0-9A-Za-z",
        "alpha" => "A-Za-z",
        "ascii" => r"\x00-\x7F",
        "blank" => r"\t ",
        "cntrl" => r"\x00-\x1F\x7F",
        "digit" => "0-9",
        "graph" => "!-~",
        "lower" => "a-z",
        "print" => r"\x20-~",
        "punct" => r"!-/:-@\[-`\{-~",
        "space" => r"\t-\r ",
        "upper" => "A-Z",
        "word" => "0-9A-Za-z_",
        "xdigit" => "0-9A-Fa-f",
        "^alnum" => "[^0-9A-Za-z]",
        "^alpha" => "[^A-Za-z]",
        "^ascii" => r"[^\x00-\x7F]",
        "^blank" => r"[^\t ]",
        "^cntrl" => r"[^\x00-\x1F\x7F]",
        "^digit" => "[^0-9]",
        "^graph" => "[^!-~]",
        "^lower" => "[^a-z]",
        "^print" => r"[^\x20-~]",
        "^punct" => r"[^!-/:-@\[-`\{-~]",
        "^space" => r"[^\t-\r ]",
        "^upper" => "[^A-Z]",
        "^word" => "[^0-9A-Za-z_]",
        "^xdigit" => "[^0-9A-Fa-f]",
        _ => return Err(error(BAD_RANGE, name)),
    };
    Ok(Some((class, rest)))
}

/// Reads `\d` and its like, or `\pN`, `\p{Greek}`: a class that may stand in brackets.
pub(super) fn escaped(text: &str) -> Result<Option<(String, &str)>, SyntaxError> {
    let class = match text.as_bytes() {
        [b'\\', b'd', ..] => "[0-9]",
        [b'\\', b'D', ..] => "[^0-9]",
        [b'\\', b's', ..] => r"[\t\n\f\r ]",
        [b'\\', b'S', ..] => r"[^\t\n\f\r ]",
        [b'\\', b'w', ..] => "[0-9A-Za-z_]",
        [b'\\', b'W', ..] => "[^0-9A-Za-z_]",
        [b'\\', b'p' | b'P', ..] => return unicode(text).map(Some),
        _ => return Ok(None),
    };
    Ok(Some((class.to_owned(), &text[2..])))
}

fn unicode(text: &str) -> Result<(String, &str), SyntaxError> {
    let after = &text[2..];
    // Go finds that the pattern ends here while it looks for UTF-8.
    let c = after.chars().next().ok_or_else(|| error(BAD_RANGE, text))?;
    let (sequence, name) = if c == '{' {
        let end = text.find('}').ok_or_else(|| error(BAD_RANGE, text))?;
        (&text[..=end], &text[3..end])
    } else {
        let end = 2 + c.len_utf8();
        (&text[..end], &text[2..end])
    };
    let mut negated = text.as_bytes()[1] == b'P';
    let mut name = name;
    if let Some(after) = name.strip_prefix('^') {
        negated = !negated;
        name = after;
    }
    let canonical: String = name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).collect();
    let lower = canonical.to_ascii_lowercase();
    let class = match lower.as_str() {
        _ if SCRIPTS.split(' ').any(|script| script.eq_ignore_ascii_case(&lower)) => {
            format!(r"\p{{sc={lower}}}")
        }
        "cs" | "surrogate" => NOTHING.to_owned(),
        "any" | "ascii" | "assigned" => format!(r"\p{{{lower}}}"),
        _ if CATEGORIES.split(' ').any(|category| category.eq_ignore_ascii_case(&lower)) => {
            format!(r"\p{{gc={lower}}}")
        }
        _ => return Err(error(BAD_RANGE, sequence)),
    };
    let class = if negated { format!("[^{class}]") } else { format!("[{class}]") };
    Ok((class, &text[sequence.len()..]))
}

/// Reads an escape that stands for one character, and returns its code point,
/// which may be a surrogate.
pub(super) fn character_escape(text: &str) -> Result<(u32, &str), SyntaxError> {
    let mut chars = text[1..].chars();
    let Some(c) = chars.next() else { return Err(error("trailing backslash at end of expression", "")) };
    let after = chars.as_str();
    let code = match c {
        'a' => 7,
        'f' => 12,
        'n' => 10,
        'r' => 13,
        't' => 9,
        'v' => 11,
        '0' => return Ok(octal(&text[1..])),
        '1'..='7' if after.starts_with(|digit: char| ('0'..='7').contains(&digit)) => {
            return Ok(octal(&text[1..]));
        }
        'x' => return hexadecimal(text, after),
        _ if c.is_ascii() && !c.is_ascii_alphanumeric() => u32::from(c),
        _ => return Err(error(BAD_ESCAPE, &text[..text.len() - after.len()])),
    };
    Ok((code, after))
}

/// Reads up to three octal digits.
fn octal(text: &str) -> (u32, &str) {
    let len = text.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
    (u32::from_str_radix(&text[..len], 8).unwrap_or(0), &text[len..])
}

/// Reads `41` or `{1F600}` after `\x`.
fn hexadecimal<'a>(text: &str, after: &'a str) -> Result<(u32, &'a str), SyntaxError> {
    let bad = |rest: &str| error(BAD_ESCAPE, &text[..text.len() - rest.len()]);
    if let Some(mut rest) = after.strip_prefix('{') {
        let mut code = 0;
        let mut digits = 0;
        loop {
            let Some(c) = rest.chars().next() else { return Err(bad(rest)) };
            rest = &rest[c.len_utf8()..];
            match c.to_digit(16) {
                Some(digit) => code = code * 16 + digit,
                None if c == '}' && digits > 0 => return Ok((code, rest)),
                None => return Err(bad(rest)),
            }
            if code > 0x10_ffff {
                return Err(bad(rest));
            }
            digits += 1;
        }
    }
    let mut chars = after.chars();
    let (high, low) = (chars.next(), chars.next());
    let digits = high.and_then(|c| c.to_digit(16)).zip(low.and_then(|c| c.to_digit(16)));
    digits.map(|(high, low)| (high * 16 + low, chars.as_str())).ok_or_else(|| bad(chars.as_str()))
}

/// Writes a character that stands for itself.
pub(super) fn push_literal(out: &mut String, c: char) {
    if c.is_ascii() && !c.is_ascii_alphanumeric() {
        out.push_str(&format!(r"\x{:02X}", u32::from(c)));
    } else {
        out.push(c);
    }
}

/// The categories of Go 1.26 and their aliases, but for surrogates.
const CATEGORIES: &str = "C Cc Cf Cn Co L LC Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps \
    S Sc Sk Sm So Z Zl Zp Zs CasedLetter ClosePunctuation CombiningMark ConnectorPunctuation Control CurrencySymbol \
    DashPunctuation DecimalNumber EnclosingMark FinalPunctuation Format InitialPunctuation Letter LetterNumber \
    LineSeparator LowercaseLetter Mark MathSymbol ModifierLetter ModifierSymbol NonspacingMark Number OpenPunctuation \
    Other OtherLetter OtherNumber OtherPunctuation OtherSymbol ParagraphSeparator PrivateUse Punctuation Separator \
    SpaceSeparator SpacingMark Symbol TitlecaseLetter Unassigned UppercaseLetter cntrl digit punct";

/// The scripts that Go 1.26 finds: those whose names are one word.
const SCRIPTS: &str = "Adlam Ahom Arabic Armenian Avestan Balinese Bamum Batak Bengali Bhaiksuki Bopomofo Brahmi \
    Braille Buginese Buhid Carian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot Cyrillic Deseret \
    Devanagari Dogra Duployan Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gurmukhi Han \
    Hangul Hanunoo Hatran Hebrew Hiragana Inherited Javanese Kaithi Kannada Katakana Kawi Kharoshthi Khmer Khojki \
    Khudawadi Lao Latin Lepcha Limbu Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen \
    Medefaidrin Miao Modi Mongolian Mro Multani Myanmar Nabataean Nandinagari Newa Nko Nushu Ogham Oriya Osage Osmanya \
    Palmyrene Phoenician Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham Sinhala Sogdian Soyombo Sundanese \
    Syriac Tagalog Tagbanwa Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Toto Ugaritic Vai \
    Vithkuqi Wancho Yezidi Yi";
