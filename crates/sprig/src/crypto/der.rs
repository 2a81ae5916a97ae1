//! Just enough DER to write keys and certificates as Go does, and to read keys.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Returns the tag of a context-specific field, primitive or made of others.
pub(super) const fn context(number: u8, constructed: bool) -> u8 {
    0x80 | number | if constructed { 0x20 } else { 0 }
}

/// Returns a value with its tag and length.
pub(super) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let len = content.len();
    if len < 0x80 {
        out.push(len as u8);
    } else {
        let bytes = len.to_be_bytes();
        let significant = &bytes[len.leading_zeros() as usize / 8..];
        out.push(0x80 | significant.len() as u8);
        out.extend_from_slice(significant);
    }
    out.extend_from_slice(content);
    out
}

/// Returns a sequence of encoded values.
pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tagged(SEQUENCE, &parts.concat())
}

/// Returns a number that is not negative, from its big-endian bytes.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let digits = &bytes[start..];
    // A leading zero keeps the number from being negative, or empty.
    let pad: &[u8] = if digits.first().is_none_or(|byte| *byte >= 0x80) { &[0] } else { &[] };
    tagged(INTEGER, &[pad, digits].concat())
}

/// Returns bits, of which the last byte leaves some unused.
pub(super) fn bits(bytes: &[u8], unused: u8) -> Vec<u8> {
    tagged(BIT_STRING, &[&[unused], bytes].concat())
}

/// Prints an object identifier.
pub(super) fn dotted(oid: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc = 0_u64;
    for byte in oid {
        arc = arc << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            arcs.push(std::mem::take(&mut arc));
        }
    }
    // The first two arcs share a number.
    if let Some(both) = arcs.first().copied() {
        let first = (both / 40).min(2);
        arcs.splice(..1, [first, both - 40 * first]);
    }
    arcs.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// Reads values one after the other.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Reader { rest: text }
    }

    /// Returns whether everything was read.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Reads a value of that tag; `None` if there is none.
    pub(super) fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.rest.split_first()?;
        if *found != tag {
            return None;
        }
        let (first, rest) = rest.split_first()?;
        let (len, rest) = match first {
            0..0x80 => (usize::from(*first), rest),
            _ => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                if bytes.len() > 4 {
                    return None;
                }
                (bytes.iter().fold(0, |len, byte| len << 8 | usize::from(*byte)), rest)
            }
        };
        let (content, rest) = rest.split_at_checked(len)?;
        self.rest = rest;
        Some(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_possible() {
        assert_eq!(tagged(OCTET_STRING, &[1])[..2], [4, 1]);
        assert_eq!(tagged(OCTET_STRING, &[1; 128])[..3], [4, 0x81, 128]);
        assert_eq!(tagged(OCTET_STRING, &[1; 300])[..4], [4, 0x82, 1, 44]);
    }

    #[test]
    fn identifiers_are_printed_with_dots() {
        assert_eq!(dotted(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]), "1.2.840.10045.3.1.7");
        assert_eq!(dotted(&[0x55, 4, 3]), "2.5.4.3");
        assert_eq!(dotted(&[0x2b, 101, 112]), "1.3.101.112");
    }

    #[test]
    fn integers_are_never_negative() {
        assert_eq!(integer(&[]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
    }

    #[test]
    fn what_was_written_is_read() {
        let text = tagged(SEQUENCE, &[7; 300]);
        let mut reader = Reader::new(&text);
        assert_eq!(reader.read(SEQUENCE).map(<[u8]>::len), Some(300));
        assert_eq!(reader.read(SEQUENCE), None);
        assert_eq!(Reader::new(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]).read(SEQUENCE), None);
    }
}
