//! Directives, tags, anchors and aliases: the short tokens with a grammar of their own.

use super::{Scanner, TagParts, TokenKind};
use crate::Result;
use crate::chars::{is_blank, is_blank_or_end, is_break_or_end, is_word};

impl<'a> Scanner<'a> {
    pub(super) fn fetch_directive(&mut self) -> Result<()> {
        self.unroll_indent(-1);
        self.remove_key()?;
        self.key_allowed = false;
        let start = self.mark();
        self.pos += 1;
        let kind = match self.scan_directive_name()? {
            "YAML" => self.scan_version()?,
            "TAG" => self.scan_tag_directive()?,
            _ => return self.error("found unknown directive name"),
        };
        let end = self.mark();
        self.skip_blanks();
        self.skip_comment();
        if !is_break_or_end(self.bytes, self.pos) {
            return self.error("did not find expected comment or line break");
        }
        self.take_break();
        self.queue.push_back(super::Token { kind, start, end });
        Ok(())
    }

    fn scan_directive_name(&mut self) -> Result<&'a str> {
        let name = self.scan_word();
        if name.is_empty() {
            return self.error("could not find expected directive name");
        }
        if !is_blank_or_end(self.bytes, self.pos) {
            return self.error("found unexpected non-alphabetical character");
        }
        Ok(name)
    }

    fn scan_word(&mut self) -> &'a str {
        let start = self.pos;
        while self.byte().is_some_and(is_word) {
            self.pos += 1;
        }
        &self.text[start..self.pos]
    }

    fn scan_version(&mut self) -> Result<TokenKind<'a>> {
        self.skip_blanks();
        let major = self.scan_version_number()?;
        if self.byte() != Some(b'.') {
            return self.error("did not find expected digit or '.' character");
        }
        self.pos += 1;
        let minor = self.scan_version_number()?;
        Ok(TokenKind::VersionDirective(major, minor))
    }

    fn scan_version_number(&mut self) -> Result<i8> {
        let mut value = 0;
        let start = self.pos;
        while let Some(digit @ b'0'..=b'9') = self.byte() {
            if self.pos - start == 2 {
                return self.error("found extremely long version number");
            }
            value = value * 10 + (digit - b'0') as i8;
            self.pos += 1;
        }
        if self.pos == start {
            return self.error("did not find expected version number");
        }
        Ok(value)
    }

    fn scan_tag_directive(&mut self) -> Result<TokenKind<'a>> {
        self.skip_blanks();
        let handle = self.scan_tag_handle()?;
        if !handle.ends_with('!') {
            return self.error("did not find expected '!'");
        }
        let handle = handle.to_owned();
        if !is_blank(self.bytes, self.pos) {
            return self.error("did not find expected whitespace");
        }
        self.skip_blanks();
        let rest = self.scan_tag_uri("")?;
        if !is_blank_or_end(self.bytes, self.pos) {
            return self.error("did not find expected whitespace or line break");
        }
        Ok(TokenKind::TagDirective(Box::new(TagParts { handle, rest })))
    }

    pub(super) fn fetch_anchor(&mut self, is_anchor: bool) -> Result<()> {
        self.save_key()?;
        self.key_allowed = false;
        let start = self.mark();
        self.pos += 1;
        let name = self.scan_word();
        let ends = is_blank_or_end(self.bytes, self.pos)
            || matches!(self.byte(), Some(b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'));
        if name.is_empty() || !ends {
            return self.error("did not find expected alphabetic or numeric character");
        }
        self.push(if is_anchor { TokenKind::Anchor(name) } else { TokenKind::Alias(name) }, start);
        Ok(())
    }

    pub(super) fn fetch_tag(&mut self) -> Result<()> {
        self.save_key()?;
        self.key_allowed = false;
        let start = self.mark();
        let parts = if self.bytes.get(self.pos + 1) == Some(&b'<') {
            self.scan_verbatim_tag()
        } else {
            self.scan_tag()
        }?;
        if !is_blank_or_end(self.bytes, self.pos) {
            return self.error("did not find expected whitespace or line break");
        }
        self.push(TokenKind::Tag(Box::new(parts)), start);
        Ok(())
    }

    fn scan_verbatim_tag(&mut self) -> Result<TagParts> {
        self.pos += 2;
        let rest = self.scan_tag_uri("")?;
        if self.byte() != Some(b'>') {
            return self.error("did not find the expected '>'");
        }
        self.pos += 1;
        Ok(TagParts { handle: String::new(), rest })
    }

    /// `!suffix`, `!handle!suffix` or a lone `!`.
    fn scan_tag(&mut self) -> Result<TagParts> {
        let handle = self.scan_tag_handle()?;
        if handle.len() > 1 && handle.ends_with('!') {
            return Ok(TagParts { handle: handle.to_owned(), rest: self.scan_tag_uri("")? });
        }
        let rest = self.scan_tag_uri(handle)?;
        if rest.is_empty() {
            // The lone `!` is a tag by itself, with no handle to look up.
            return Ok(TagParts { handle: String::new(), rest: "!".to_owned() });
        }
        Ok(TagParts { handle: "!".to_owned(), rest })
    }

    fn scan_tag_handle(&mut self) -> Result<&'a str> {
        let start = self.pos;
        if self.byte() != Some(b'!') {
            return self.error("did not find expected '!'");
        }
        self.pos += 1;
        self.scan_word();
        if self.byte() == Some(b'!') {
            self.pos += 1;
        }
        Ok(&self.text[start..self.pos])
    }

    /// Scans what follows a handle. `head` is text that looked like a handle
    /// but was not one; it belongs to the tag, except for its `!`.
    fn scan_tag_uri(&mut self, head: &str) -> Result<String> {
        let mut uri = head.get(1..).unwrap_or("").as_bytes().to_vec();
        let start = self.pos;
        while let Some(byte) = self.byte() {
            match byte {
                b'%' => self.scan_uri_escape(&mut uri)?,
                b';' | b'/' | b'?' | b':' | b'@' | b'&' | b'=' | b'+' | b'$' | b',' | b'.' | b'!' | b'~'
                | b'*' | b'\'' | b'(' | b')' | b'[' | b']' => {
                    uri.push(byte);
                    self.pos += 1;
                }
                _ if is_word(byte) => {
                    uri.push(byte);
                    self.pos += 1;
                }
                _ => break,
            }
        }
        if head.is_empty() && self.pos == start {
            return self.error("did not find expected tag URI");
        }
        Ok(String::from_utf8_lossy(&uri).into_owned())
    }

    /// One percent-encoded character, that is, as many octets as its first one announces.
    fn scan_uri_escape(&mut self, uri: &mut Vec<u8>) -> Result<()> {
        let mut left = None;
        while left != Some(0) {
            self.require(3)?;
            let octet = match self.bytes.get(self.pos..self.pos + 3) {
                Some(&[b'%', high, low]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    hex_digit(high) << 4 | hex_digit(low)
                }
                _ => return self.error("did not find URI escaped octet"),
            };
            left = Some(match left {
                None if octet & 0x80 == 0 => 0,
                None if octet & 0xE0 == 0xC0 => 1,
                None if octet & 0xF0 == 0xE0 => 2,
                None if octet & 0xF8 == 0xF0 => 3,
                None => return self.error("found an incorrect leading UTF-8 octet"),
                Some(_) if octet & 0xC0 != 0x80 => {
                    return self.error("found an incorrect trailing UTF-8 octet");
                }
                Some(left) => left - 1,
            });
            uri.push(octet);
            self.pos += 3;
        }
        Ok(())
    }
}

/// Returns the value of an ASCII hexadecimal digit.
pub(super) fn hex_digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        _ => byte.wrapping_sub(b'A') + 10,
    }
}
