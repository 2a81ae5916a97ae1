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
    loop {
        end = find(text, end, |byte| (byte == b'\n') | (byte == b'\r') | (byte == 0xC2) | (byte == 0xE2));
        if is_break_or_end(text, end) {
            return end;
        }
        end += 1;
    }
}

/// Returns the offset of the first byte from `at` that stops, or the text's length.
///
/// Whole blocks are judged at once, which compilers turn into vector instructions.
#[inline]
pub(crate) fn find(text: &[u8], at: usize, stops: impl Fn(u8) -> bool) -> usize {
    let (blocks, _) = text[at..].as_chunks::<16>();
    let passed =
        blocks.iter().take_while(|block| !block.iter().fold(false, |any, &byte| any | stops(byte))).count();
    let start = at + passed * 16;
    start + text[start..].iter().position(|&byte| stops(byte)).unwrap_or(text.len() - start)
}

/// Returns how many bytes of `text` continue a character.
pub(crate) fn continuation_bytes(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte & 0xC0 == 0x80).count()
}

/// What a byte can end.
const PLAIN: u8 = 1;
const PLAIN_IN_FLOW: u8 = 2;
const QUOTED: u8 = 4;

/// For each byte, which kinds of run it may end.
static ENDS: [u8; 256] = {
    let mut ends = [0; 256];
    let always = [b' ', b'\t', b'\n', b'\r', 0xC2, 0xE2];
    let mut at = 0;
    while at < always.len() {
        ends[always[at] as usize] = PLAIN | PLAIN_IN_FLOW | QUOTED;
        at += 1;
    }
    let flow = [b',', b'?', b'[', b']', b'{', b'}'];
    at = 0;
    while at < flow.len() {
        ends[flow[at] as usize] = PLAIN_IN_FLOW;
        at += 1;
    }
    ends[b':' as usize] = PLAIN | PLAIN_IN_FLOW;
    ends[b'"' as usize] = QUOTED;
    ends[b'\'' as usize] = QUOTED;
    ends[b'\\' as usize] = QUOTED;
    ends
};

/// Returns the end of the run of plain characters at `at`: the blank, the
/// break or the indicator that stops it.
pub(crate) fn plain_run_end(text: &[u8], at: usize, in_flow: bool) -> usize {
    let mask = if in_flow { PLAIN_IN_FLOW } else { PLAIN };
    let mut end = at;
    loop {
        let run = text[end..].iter().position(|&byte| ENDS[byte as usize] & mask != 0);
        let Some(run) = run else { return text.len() };
        end += run;
        let stops = match text[end] {
            b':' => is_blank_or_end(text, end + 1),
            0xC2 | 0xE2 => is_break(text, end),
            _ => true,
        };
        if stops {
            return end;
        }
        end += 1;
    }
}

/// Returns the offset of the first byte from `at` that may not mean itself inside quotes.
pub(crate) fn quoted_run_end(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().position(|&byte| ENDS[byte as usize] & QUOTED != 0).unwrap_or(text.len() - at)
}

/// `---` or `...` followed by a blank or an end; such a line start ends any scalar.
pub(crate) fn is_document_indicator(text: &[u8], at: usize) -> bool {
    matches!(text.get(at..at + 3), Some(b"---" | b"...")) && is_blank_or_end(text, at + 3)
}
