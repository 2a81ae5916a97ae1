//! Base64 and invalid UTF-8, as Go's standard library has them.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes with padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0u32, |word, &byte| word << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            out.push(if place <= chunk.len() {
                char::from(ALPHABET[(word >> (18 - 6 * place)) as usize & 63])
            } else {
                '='
            });
        }
    }
    out
}

/// Encodes in lines of 70 symbols, as yaml.v3 does; what fits one line has no break.
pub(crate) fn encode_lines(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let encoded = encode(bytes);
    if encoded.len() < LINE {
        return encoded;
    }
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / LINE + 1);
    for start in (0..encoded.len()).step_by(LINE) {
        lines.push_str(&encoded[start..encoded.len().min(start + LINE)]);
        lines.push('\n');
    }
    lines
}

/// Decodes what has its padding; line breaks may be anywhere.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut symbols = text.iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r'));
    while let Some(first) = symbols.next() {
        let group = [first, symbols.next()?, symbols.next()?, symbols.next()?];
        let padding = group.iter().rev().take_while(|&&byte| byte == b'=').count();
        if padding > 2 {
            return None;
        }
        let mut word = 0;
        for &byte in &group[..4 - padding] {
            word = word << 6 | ALPHABET.iter().position(|&symbol| symbol == byte)? as u32;
        }
        word <<= 6 * padding;
        out.extend_from_slice(&word.to_be_bytes()[1..4 - padding]);
        if padding > 0 {
            return symbols.next().is_none().then_some(out);
        }
    }
    Some(out)
}

/// Bytes as text after a way through Go's JSON: each byte that is no UTF-8 becomes U+FFFD.
pub(crate) fn go_text(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    out
}
