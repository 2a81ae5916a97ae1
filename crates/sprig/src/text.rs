//! Text as Go's functions see it: bytes that are read as runes, where each byte
//! that is no UTF-8 counts as one U+FFFD; and Go's simple case mappings, which
//! turn one rune into one rune.

use gotmpl::{CallError, Exec, List, Str, Type, Value, fmt};
use memchr::memmem;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// A rune with the bytes it was read from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rune {
    pub(crate) at: usize,
    pub(crate) len: usize,
    pub(crate) c: char,
}

impl Rune {
    pub(crate) fn end(self) -> usize {
        self.at + self.len
    }

    /// Returns whether the bytes are no UTF-8.
    pub(crate) fn is_broken(self) -> bool {
        self.c == char::REPLACEMENT_CHARACTER && self.len == 1
    }
}

/// Reads bytes as runes.
pub(crate) fn runes(text: &[u8]) -> impl Iterator<Item = Rune> + '_ {
    let mut start = 0;
    text.utf8_chunks().flat_map(move |chunk| {
        let base = start;
        let broken = base + chunk.valid().len();
        start = broken + chunk.invalid().len();
        let valid =
            chunk.valid().char_indices().map(move |(at, c)| Rune { at: base + at, len: c.len_utf8(), c });
        let invalid = (broken..start).map(|at| Rune { at, len: 1, c: char::REPLACEMENT_CHARACTER });
        valid.chain(invalid)
    })
}

/// Replaces each rune, as Go's `strings.Map` does: each byte that is no UTF-8
/// becomes one U+FFFD.
pub(crate) fn map_runes(text: &[u8], map: impl Fn(char) -> char) -> Value {
    Value::str(runes(text).map(|rune| map(rune.c)).collect::<String>())
}

/// Returns the text between two offsets.
pub(crate) fn cut(text: &[u8], from: usize, to: usize) -> Value {
    Value::str(text.get(from..to).unwrap_or_default())
}

/// Returns the single upper-case rune, the rune itself if it has none.
pub(crate) fn upper(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_uppercase();
    }
    let offset = match c {
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => 8,
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => 9,
        _ => return single(c.to_uppercase(), c),
    };
    char::from_u32(u32::from(c) + offset).unwrap_or(c)
}

/// Returns the single lower-case rune, the rune itself if it has none.
pub(crate) fn lower(c: char) -> char {
    match c {
        '\u{130}' => 'i',
        _ if c.is_ascii() => c.to_ascii_lowercase(),
        _ => single(c.to_lowercase(), c),
    }
}

/// Returns the single title-case rune, the rune itself if it has none.
pub(crate) fn title(c: char) -> char {
    match c {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        // Georgian has capitals, but no title case.
        '\u{10d0}'..='\u{10ff}' => c,
        _ => upper(c),
    }
}

fn single(mut mapped: impl Iterator<Item = char>, otherwise: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(c), None) => c,
        _ => otherwise,
    }
}

/// Returns whether Go's `unicode.IsUpper` holds.
pub(crate) fn is_upper(c: char) -> bool {
    c.general_category() == GeneralCategory::UppercaseLetter
}

/// Returns whether Go's `unicode.IsLower` holds.
pub(crate) fn is_lower(c: char) -> bool {
    c.general_category() == GeneralCategory::LowercaseLetter
}

/// Returns whether Go's `unicode.IsTitle` holds.
pub(crate) fn is_title(c: char) -> bool {
    c.general_category() == GeneralCategory::TitlecaseLetter
}

/// Returns whether Go's `unicode.IsLetter` holds.
pub(crate) fn is_letter(c: char) -> bool {
    use GeneralCategory::{LowercaseLetter, ModifierLetter, OtherLetter, TitlecaseLetter, UppercaseLetter};
    let category = c.general_category();
    matches!(category, UppercaseLetter | LowercaseLetter | TitlecaseLetter | ModifierLetter | OtherLetter)
}

/// Returns whether Go's `unicode.IsNumber` holds.
pub(crate) fn is_number(c: char) -> bool {
    use GeneralCategory::{DecimalNumber, LetterNumber, OtherNumber};
    matches!(c.general_category(), DecimalNumber | LetterNumber | OtherNumber)
}

/// Returns whether Go's `unicode.IsPunct` holds.
pub(crate) fn is_punct(c: char) -> bool {
    use GeneralCategory as G;
    matches!(
        c.general_category(),
        G::ConnectorPunctuation
            | G::DashPunctuation
            | G::OpenPunctuation
            | G::ClosePunctuation
            | G::InitialPunctuation
            | G::FinalPunctuation
            | G::OtherPunctuation
    )
}

/// Returns the pieces between separators, at most `limit` of them, as Go's
/// `strings.SplitN` does: an empty separator splits after each rune.
pub(crate) fn split<'a>(text: &'a [u8], separator: &[u8], limit: usize) -> Vec<&'a [u8]> {
    if limit == 0 {
        return Vec::new();
    }
    let mut pieces = Vec::new();
    if separator.is_empty() {
        for rune in runes(text) {
            if pieces.len() + 1 == limit {
                pieces.push(&text[rune.at..]);
                break;
            }
            pieces.push(&text[rune.at..rune.end()]);
        }
        return pieces;
    }
    let mut last = 0;
    for at in memmem::find_iter(text, separator).take(limit - 1) {
        pieces.push(&text[last..at]);
        last = at + separator.len();
    }
    pieces.push(&text[last..]);
    pieces
}

/// What a piece of a text takes as a text of its own.
const PER_PIECE: usize = 64;

/// Returns a number of pieces for which there is no room any more.
pub(crate) fn most_pieces(exec: &Exec<'_>) -> usize {
    exec.room() / PER_PIECE + 2
}

/// Checks that there is room for so many pieces.
pub(crate) fn reserve_pieces(exec: &mut Exec<'_>, count: usize) -> Result<(), CallError> {
    exec.reserve(count.saturating_mul(PER_PIECE))
}

/// Returns where `part` begins in `text`.
pub(crate) fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    memmem::find(text, part)
}

/// Replaces every `old`, as Go's `strings.ReplaceAll` does: an empty one is
/// found before each rune and at the end.
pub(crate) fn replace(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    if old.is_empty() {
        for rune in runes(text) {
            out.extend_from_slice(new);
            out.extend_from_slice(&text[rune.at..rune.end()]);
        }
        out.extend_from_slice(new);
        return out;
    }
    let mut last = 0;
    for at in memmem::find_iter(text, old) {
        out.extend_from_slice(&text[last..at]);
        out.extend_from_slice(new);
        last = at + old.len();
    }
    out.extend_from_slice(&text[last..]);
    out
}

/// Returns the text without the runes at both ends that `trims` takes.
pub(crate) fn trim(text: &[u8], trims: impl Fn(char) -> bool) -> &[u8] {
    if let Ok(text) = std::str::from_utf8(text) {
        return text.trim_matches(trims).as_bytes();
    }
    let mut kept = runes(text).filter(|rune| !trims(rune.c));
    let Some(first) = kept.next() else { return b"" };
    let last = kept.last().unwrap_or(first);
    &text[first.at..last.end()]
}

/// Returns the text of a value as Sprig's `strval` does: bytes are taken as text,
/// a type that has `String()` or `Error()` prints itself, all else is `%v`.
pub(crate) fn strval(value: &Value) -> Str {
    match value {
        Value::Str(text) => text.clone(),
        Value::List(list) if list.go_type() == Type::BYTES => {
            list.to_bytes().unwrap_or_else(|| Str::from(""))
        }
        other => fmt::display(other),
    }
}

/// Returns a value as a `[]string`, as Sprig's `strslice` does: a list without
/// its nils, or one text. A `[]string` is itself, not a copy.
pub(crate) fn strings(value: &Value) -> List {
    match (value, value.as_list()) {
        (Value::List(list), _) if list.go_type() == Type::STRINGS => list.clone(),
        (_, Some(list)) => {
            let items = list.items();
            let kept = items.iter().filter(|item| !matches!(item, Value::Nil));
            List::new(Type::STRINGS, kept.map(|item| Value::Str(strval(item))).collect())
        }
        (Value::Nil, None) => List::new(Type::STRINGS, Vec::new()),
        (one, None) => List::new(Type::STRINGS, vec![Value::Str(strval(one))]),
    }
}
