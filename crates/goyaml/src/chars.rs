//! The characters that mean something to YAML 1.1.
//!
//! Beside LF and CR, YAML 1.1 ends lines at NEL (U+0085), LS (U+2028) and
//! PS (U+2029); go-yaml follows it. All functions look at UTF-8 bytes and take
//! the end of the text for a blank, as libyaml's NUL sentinel does.

/// Returns the length of the line break at `at`, zero if there is none.
/// CR LF counts as the break CR; see [`newline_len`].
pub(crate) fn break_len(text: &[u8], at: usize) -> usize {
    match text.get(at) {
        Some(b'\n' | b'\r') => 1,
        Some(0xC2) if text.get(at + 1) == Some(&0x85) => 2,
        Some(0xE2) if text.get(at + 1) == Some(&0x80) && matches!(text.get(at + 2), Some(0xA8 | 0xA9)) => 3,
        _ => 0,
    }
}

/// Returns the length of the line break at `at` with CR LF as one.
pub(crate) fn newline_len(text: &[u8], at: usize) -> usize {
    if text.get(at) == Some(&b'\r') && text.get(at + 1) == Some(&b'\n') { 2 } else { break_len(text, at) }
}

pub(crate) fn is_break(text: &[u8], at: usize) -> bool {
    break_len(text, at) != 0
}

pub(crate) fn is_blank(text: &[u8], at: usize) -> bool {
    matches!(text.get(at), Some(b' ' | b'\t'))
}

/// A blank, a line break or the end of the text.
pub(crate) fn is_blank_or_end(text: &[u8], at: usize) -> bool {
    match text.get(at) {
        None | Some(b' ' | b'\t' | b'\n' | b'\r') => true,
        Some(0xC2 | 0xE2) => is_break(text, at),
        Some(_) => false,
    }
}

/// A line break or the end of the text.
pub(crate) fn is_break_or_end(text: &[u8], at: usize) -> bool {
    at >= text.len() || is_break(text, at)
}

/// The characters of anchors and tag handles.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Returns where the line that holds `at` ends: the offset of its break or of the end of the text.
pub(crate) fn line_end(text: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(&byte) = text.get(end) {
        match byte {
            b'\n' | b'\r' => break,
            0xC2 | 0xE2 if is_break(text, end) => break,
            _ => end += 1,
        }
    }
    end
}

/// Returns how many bytes of `text` continue a character.
pub(crate) fn continuation_bytes(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte & 0xC0 == 0x80).count()
}

/// `---` or `...` followed by a blank or an end; such a line start ends any scalar.
pub(crate) fn is_document_indicator(text: &[u8], at: usize) -> bool {
    matches!(text.get(at..at + 3), Some(b"---" | b"...")) && is_blank_or_end(text, at + 3)
}
