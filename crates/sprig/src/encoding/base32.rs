//! Base32 as Go's `StdEncoding`: padded, line ends skipped, errors by position.

use super::corrupt;

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Returns the text of bytes, padded to a multiple of eight.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let bits = (0..5).fold(0_u64, |bits, at| bits << 8 | u64::from(chunk.get(at).copied().unwrap_or(0)));
        let used = (chunk.len() * 8).div_ceil(5);
        for at in 0..8 {
            let symbol = ALPHABET[(bits >> (35 - 5 * at) & 31) as usize];
            out.push(if at < used { char::from(symbol) } else { '=' });
        }
    }
    out
}

/// Returns the bytes of a text, or Go's error.
pub(super) fn decode(text: &[u8]) -> Result<Vec<u8>, String> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let mut out = Vec::with_capacity(text.len() / 8 * 5);
    let mut at = 0;
    while at < text.len() {
        let group = &text[at..];
        let (bits, symbols) = read_group(group, at, text.len())?;
        out.extend_from_slice(&bits.to_be_bytes()[3..3 + symbols * 5 / 8]);
        if symbols < 8 {
            break;
        }
        at += 8;
    }
    Ok(out)
}

/// Reads up to eight symbols; fewer are followed by padding to the end.
fn read_group(group: &[u8], start: usize, total: usize) -> Result<(u64, usize), String> {
    let mut bits = 0_u64;
    for count in 0..8 {
        let Some(&byte) = group.get(count) else { return Err(corrupt(32, total - count)) };
        let rest = &group[count + 1..];
        if byte == b'=' && count >= 2 && rest.len() < 8 {
            check_padding(rest, count, total)?;
            if matches!(count, 3 | 6) {
                return Err(corrupt(32, start + count));
            }
            return Ok((bits << (5 * (8 - count)), count));
        }
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return Err(corrupt(32, start + count)),
        };
        bits = bits << 5 | u64::from(value);
    }
    Ok((bits, 8))
}

fn check_padding(rest: &[u8], count: usize, total: usize) -> Result<(), String> {
    if rest.len() + count < 7 {
        return Err(corrupt(32, total));
    }
    match rest.iter().take(7 - count).position(|byte| *byte != b'=') {
        None => Ok(()),
        Some(at) => Err(corrupt(32, (total - rest.len() + at).saturating_sub(1))),
    }
}
