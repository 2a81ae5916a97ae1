//! Replacement templates: `$1`, `$name`, `${name}`, and `$$` for a dollar.

use super::is_name;
use crate::text::runes;

/// A group that a template refers to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Group<'a> {
    Number(usize),
    Name(&'a str),
}

/// Appends the template with its groups filled in. A name is as long as possible,
/// so `$1W` is the group `1W`; a group that is not there is empty; a dollar that
/// begins nothing stays.
pub(super) fn expand<'s>(out: &mut Vec<u8>, template: &[u8], group: impl Fn(Group<'_>) -> &'s [u8]) {
    let mut rest = template;
    while let Some(at) = rest.iter().position(|byte| *byte == b'$') {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(b"$") {
            out.push(b'$');
            rest = after;
        } else if let Some((name, after)) = read_name(rest) {
            out.extend_from_slice(number(name).map_or_else(|| group(Group::Name(name)), &group));
            rest = after;
        } else {
            out.push(b'$');
        }
    }
    out.extend_from_slice(rest);
}

/// Reads a name, in braces or not, and returns what follows it.
fn read_name(text: &[u8]) -> Option<(&str, &[u8])> {
    let braced = text.strip_prefix(b"{");
    let start = braced.unwrap_or(text);
    let end = runes(start).find(|rune| !is_name(rune.c)).map_or(start.len(), |rune| rune.at);
    let name = std::str::from_utf8(&start[..end]).ok().filter(|name| !name.is_empty())?;
    let after = &start[end..];
    match braced {
        Some(_) => Some((name, after.strip_prefix(b"}")?)),
        None => Some((name, after)),
    }
}

/// Returns the group that a name of digits alone refers to; a number that is too
/// large, or that begins with a needless zero, is a name.
fn number(name: &str) -> Option<Group<'_>> {
    let plain = name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    let number = name.parse().ok().filter(|number| *number < 100_000_000)?;
    plain.then_some(Group::Number(number))
}
