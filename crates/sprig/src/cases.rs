//! Letter case: upper, lower, title and swapped (Go's `strings`, goutils), and the word
//! joining of xstrings 1.5.0 (`snakecase`, `kebabcase`, `camelcase`).

use gotmpl::Value;

use crate::text::{
    self, Rune, is_letter, is_lower, is_number, is_punct, is_title, is_upper, map_runes, runes,
};

/// Puts every letter in upper case.
pub(crate) fn upper(input: &[u8]) -> Value {
    if input.is_ascii() { Value::str(input.to_ascii_uppercase()) } else { map_runes(input, text::upper) }
}

/// Puts every letter in lower case.
pub(crate) fn lower(input: &[u8]) -> Value {
    if input.is_ascii() { Value::str(input.to_ascii_lowercase()) } else { map_runes(input, text::lower) }
}

/// Puts the first letter of each word in title case, as `strings.Title` does.
pub(crate) fn title(input: &[u8]) -> Value {
    let mut before = ' ';
    let titled = runes(input).map(|rune| {
        let starts_word = is_separator(before);
        before = rune.c;
        if starts_word { text::title(rune.c) } else { rune.c }
    });
    Value::str(titled.collect::<String>())
}

/// Returns whether a rune ends a word for `strings.Title`. Beyond ASCII only
/// white space does.
fn is_separator(c: char) -> bool {
    match c {
        '_' => false,
        _ if c.is_ascii() => !c.is_ascii_alphanumeric(),
        _ => c.is_whitespace(),
    }
}

/// Puts the first letter after each white space in lower case, as goutils' `Uncapitalize` does.
pub(crate) fn untitle(input: &[u8]) -> Value {
    let mut starts_word = true;
    let lowered = runes(input).map(|rune| {
        let first = starts_word && !rune.c.is_whitespace();
        starts_word = rune.c.is_whitespace();
        if first { text::lower(rune.c) } else { rune.c }
    });
    Value::str(lowered.collect::<String>())
}

/// Swaps upper and lower case, as goutils' `SwapCase` does: at the start of a
/// word lower case becomes title case.
pub(crate) fn swap(input: &[u8]) -> Value {
    let mut after_space = true;
    let swapped = runes(input).map(|rune| match rune.c {
        c if is_upper(c) || is_title(c) => {
            after_space = false;
            text::lower(c)
        }
        c if is_lower(c) => {
            let first = std::mem::take(&mut after_space);
            if first { text::title(c) } else { text::upper(c) }
        }
        c => {
            after_space = c.is_whitespace();
            c
        }
    });
    Value::str(swapped.collect::<String>())
}

/// Returns the first byte of each word, as goutils' `Initials` does: it takes
/// each byte for a Latin-1 character.
pub(crate) fn initials(input: &[u8]) -> Value {
    let mut starts_word = true;
    let mut out = String::new();
    for c in input.iter().map(|byte| char::from(*byte)) {
        if starts_word && !c.is_whitespace() {
            out.push(c);
        }
        starts_word = c.is_whitespace();
    }
    Value::str(out)
}

/// Joins words to PascalCase, as xstrings' `ToPascalCase` does.
pub(crate) fn pascal(input: &[u8]) -> Value {
    let mut out = String::new();
    let mut rest = runes(input).map(|rune| rune.c);
    let Some(first) = rest.by_ref().find(|c| {
        let connects = is_connector(*c);
        if connects {
            out.push(*c);
        }
        !connects
    }) else {
        // Text of connectors alone gets its last one twice.
        out.extend(out.chars().next_back());
        return Value::str(out);
    };
    let mut shouts = is_upper(first);
    let mut last = text::upper(first);
    for c in rest {
        let before = std::mem::replace(&mut last, c);
        if is_connector(before) {
            if is_connector(c) {
                out.push(before);
                continue;
            }
            shouts = is_upper(c);
            last = text::upper(c);
            continue;
        }
        if shouts {
            if is_upper(c) {
                last = text::lower(c);
            } else {
                shouts = false;
            }
        }
        out.push(before);
    }
    out.push(last);
    Value::str(out)
}

/// Splits text into words and joins them in lower case, as xstrings'
/// `ToSnakeCase` and `ToKebabCase` do.
pub(crate) fn lower_joined(input: &[u8], connector: u8) -> Value {
    let mut joiner = Joiner { out: Vec::with_capacity(input.len() + 8), rest: input, connector };
    let mut word = joiner.next();
    while !joiner.rest.is_empty() {
        word = joiner.step(word);
    }
    joiner.push(word);
    Value::str(joiner.out)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Invalid,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punct,
    Other,
}

impl Kind {
    fn is_alphanumeric(self) -> bool {
        matches!(self, Kind::Alphabet | Kind::Number)
    }

    fn is_joint(self) -> bool {
        matches!(self, Kind::Connector | Kind::Punct)
    }
}

#[derive(Debug, Clone, Copy)]
struct Word<'a> {
    kind: Kind,
    text: &'a [u8],
}

struct Joiner<'a> {
    out: Vec<u8>,
    rest: &'a [u8],
    connector: u8,
}

impl<'a> Joiner<'a> {
    /// Writes a word and what belongs to it, and returns the one that follows.
    fn step(&mut self, word: Word<'a>) -> Word<'a> {
        if word.kind != Kind::Connector {
            self.push(word);
        }
        let next = self.next();
        match word.kind {
            Kind::Number => self.finish_number(next),
            Kind::Connector => {
                self.push(word);
                next
            }
            Kind::Punct => next,
            Kind::Invalid | Kind::Upper | Kind::Alphabet | Kind::Other => self.after_letters(next),
        }
    }

    fn after_letters(&mut self, next: Word<'a>) -> Word<'a> {
        if next.kind != Kind::Number {
            if !next.kind.is_joint() {
                self.out.push(self.connector);
            }
            return next;
        }
        if self.rest.is_empty() {
            return next;
        }
        let after = self.next();
        if after.kind != Kind::Alphabet {
            // The number belongs to the word before it: "Bld4Floor" is "bld4_floor".
            self.push(next);
            if !after.kind.is_joint() {
                self.out.push(self.connector);
            }
            return after;
        }
        // Lower-case letters after a number: "HTTP2xx" is "http_2xx".
        self.out.push(self.connector);
        self.push(next);
        self.finish_number(after)
    }

    /// Writes the letters and numbers that follow a number, as one word with it.
    fn finish_number(&mut self, mut next: Word<'a>) -> Word<'a> {
        while next.kind.is_alphanumeric() {
            self.push(next);
            next = self.next();
        }
        if next.kind != Kind::Invalid && !next.kind.is_joint() {
            self.out.push(self.connector);
        }
        next
    }

    fn push(&mut self, word: Word<'a>) {
        if !matches!(word.kind, Kind::Upper | Kind::Connector) {
            self.out.extend_from_slice(word.text);
            return;
        }
        for rune in runes(word.text) {
            let c = match rune.c {
                c if is_connector(c) => char::from(self.connector),
                c if is_upper(c) => text::lower(c),
                c => c,
            };
            self.out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    fn next(&mut self) -> Word<'a> {
        let all = self.rest;
        let (kind, len) = next_word(all);
        self.rest = &all[len..];
        Word { kind, text: &all[..len] }
    }
}

/// Returns the kind and the length of the word that the text begins with.
fn next_word(text: &[u8]) -> (Kind, usize) {
    let mut scan = Scan { text, at: 0 };
    let Some(first) = scan.peek() else { return (Kind::Invalid, text.len()) };
    scan.at = first.end();
    let kind = match first.c {
        c if is_connector(c) => Kind::Connector,
        c if is_punct(c) => Kind::Punct,
        c if is_upper(c) => Kind::Upper,
        c if is_alphabet(c) => Kind::Alphabet,
        c if is_number(c) => Kind::Number,
        _ => Kind::Other,
    };
    match kind {
        Kind::Connector => scan.take(is_connector),
        Kind::Punct => scan.take(is_punct),
        Kind::Number => scan.take(is_number),
        Kind::Upper => scan.take_upper(),
        Kind::Alphabet => scan.take(|c| is_alphabet(c) && !is_upper(c)),
        Kind::Other | Kind::Invalid => {
            scan.take(|c| !(is_connector(c) || is_alphabet(c) || is_number(c) || is_punct(c)));
        }
    }
    (kind, scan.at)
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    /// Returns the next rune that is valid, with what is not before it.
    fn peek(&self) -> Option<Rune> {
        let rune = runes(&self.text[self.at..]).find(|rune| rune.c != char::REPLACEMENT_CHARACTER)?;
        Some(Rune { at: self.at, len: rune.end(), c: rune.c })
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) {
        while let Some(rune) = self.peek().filter(|rune| belongs(rune.c)) {
            self.at = rune.end();
        }
        self.take_broken_end();
    }

    /// Takes what is left if none of it is valid: xstrings counts it as more of the same.
    fn take_broken_end(&mut self) {
        if self.peek().is_none() {
            self.at = self.text.len();
        }
    }

    /// Takes an upper-case word: `HTTP` of `HTTPStatus`, or all of `Status`.
    fn take_upper(&mut self) {
        let Some(second) = self.peek() else { return self.take_broken_end() };
        if !is_upper(second.c) {
            if is_alphabet(second.c) {
                self.take(|c| is_alphabet(c) && !is_upper(c));
            }
            return;
        }
        let mut last = self.at;
        while let Some(rune) = self.peek().filter(|rune| is_upper(rune.c)) {
            last = self.at;
            self.at = rune.end();
        }
        if self.peek().is_some_and(|rune| is_alphabet(rune.c)) {
            self.at = last;
        }
        self.take_broken_end();
    }
}

fn is_connector(c: char) -> bool {
    matches!(c, '-' | '_') || c.is_whitespace()
}

/// Returns whether a rune is a letter of a script that has words.
fn is_alphabet(c: char) -> bool {
    let ideograph =
        matches!(c, '\u{4e00}'..='\u{9fcc}' | '\u{3400}'..='\u{4d85}' | '\u{20000}'..='\u{2b81d}');
    is_letter(c) && !ideograph
}
