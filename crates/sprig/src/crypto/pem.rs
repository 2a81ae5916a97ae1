//! PEM blocks, as Go's `encoding/pem` writes and finds them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::encoding::decode_base64;
use crate::text::find;

/// A block: its type and its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) label: String,
    pub(super) bytes: Vec<u8>,
}

const LINE: usize = 64;

/// Writes a block.
pub(super) fn encode(label: &str, bytes: &[u8]) -> String {
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in STANDARD.encode(bytes).as_bytes().chunks(LINE) {
        out.extend(line.iter().map(|byte| char::from(*byte)));
        out.push('\n');
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// Finds the first block; what is around it, and headers in it, do not matter.
pub(super) fn decode(text: &[u8]) -> Option<Block> {
    let mut rest = text;
    loop {
        let start = find(rest, b"-----BEGIN ")?;
        let at_line_start = start == 0 || rest[start - 1] == b'\n';
        rest = &rest[start + b"-----BEGIN ".len()..];
        if let Some(block) = at_line_start.then(|| decode_after_begin(rest)).flatten() {
            return Some(block);
        }
    }
}

fn decode_after_begin(text: &[u8]) -> Option<Block> {
    let line_end = find(text, b"\n")?;
    let label = text[..line_end].trim_ascii_end().strip_suffix(b"-----")?;
    let label = std::str::from_utf8(label).ok()?.to_owned();
    let mut body = &text[line_end + 1..];
    body = &body[..find(body, format!("-----END {label}-----").as_bytes())?];
    while let Some(end) = find(body, b"\n").filter(|end| body[..*end].contains(&b':')) {
        body = &body[end + 1..];
    }
    let symbols: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    Some(Block { label, bytes: decode_base64(&symbols).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_written_in_lines_of_64() {
        let text = encode("X", &[7; 49]);
        assert_eq!(text.lines().nth(1).map(str::len), Some(64));
        assert_eq!(decode(text.as_bytes()), Some(Block { label: "X".to_owned(), bytes: vec![7; 49] }));
    }

    #[test]
    fn text_around_a_block_and_headers_are_skipped() {
        let text = b"hello\n-----BEGIN A B-----\nProc-Type: 4\n\nAQI=\n-----END A B-----\nbye";
        assert_eq!(decode(text), Some(Block { label: "A B".to_owned(), bytes: vec![1, 2] }));
        assert_eq!(decode(b"no block"), None);
        assert_eq!(decode(b"-----BEGIN A-----\n!!\n-----END A-----"), None);
    }
}
