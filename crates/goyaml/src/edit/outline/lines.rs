//! Places in the text: lines, indentation, and what lies between two tokens.

use super::super::splice::Splice;
use super::Outline;
use super::parts::{Parts, Slot, Within};
use crate::tree::{Data, NodeId};

impl Outline<'_> {
    /// Writes with the line ends of the file, and with tabs where its JSON is indented by these.
    pub(super) fn with_line_ends(&self, text: &str) -> String {
        if !(self.layout.style.json && self.text.contains("\n\t")) {
            return text.replace('\n', self.line_end);
        }
        let tabbed = |line: &str| {
            let content = line.trim_start_matches(' ');
            format!("{}{content}", "\t".repeat(line.len() - content.len()))
        };
        let mut lines = text.split('\n');
        let first = lines.next().unwrap_or_default().to_owned();
        std::iter::once(first).chain(lines.map(tabbed)).collect::<Vec<_>>().join(self.line_end)
    }

    pub(super) fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |end| end + 1)
    }

    /// Returns the start of the line behind what ends here, which may have ended its line itself.
    pub(super) fn next_line(&self, at: usize) -> usize {
        if at > 0 && self.text[..at].ends_with('\n') {
            return at;
        }
        self.text[at..].find('\n').map_or(self.text.len(), |end| at + end + 1)
    }

    /// Returns where the line ends, without its line end.
    pub(super) fn content_end(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        let line = rest.split('\n').next().unwrap_or_default();
        at + line.strip_suffix('\r').unwrap_or(line).len()
    }

    /// Returns the column, in characters and from zero.
    pub(super) fn column(&self, at: usize) -> usize {
        self.text[self.line_start(at)..at].chars().count()
    }

    /// Returns how far the line is indented that a place is on.
    pub(super) fn line_indent(&self, at: usize) -> usize {
        let line = &self.text[self.line_start(at)..];
        line.len() - line.trim_start_matches([' ', '\t']).len()
    }

    pub(super) fn is_first_on_line(&self, at: usize) -> bool {
        self.text[self.line_start(at)..at].trim_start_matches(' ').is_empty()
    }

    /// Whether a JSON text is more than one line.
    pub(super) fn has_lines(&self) -> bool {
        self.text.trim_end().contains('\n')
    }

    /// Moves over blanks, line ends and comments.
    pub(super) fn skip(&self, at: usize) -> usize {
        let mut at = at;
        loop {
            let rest = &self.text[at..];
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
            let is_comment = rest[blanks..].starts_with('#')
                && (blanks > 0 || self.text[..at].ends_with([' ', '\t', '\n', '\r']) || at == 0);
            if !is_comment {
                return at + blanks;
            }
            at = at + blanks + rest[blanks..].find('\n').unwrap_or(rest.len() - blanks);
        }
    }

    pub(super) fn skip_past_comma(&self, at: usize) -> usize {
        let comma = self.skip(at);
        if self.text[comma..].starts_with(',') { self.skip(comma + 1) } else { comma }
    }

    /// Moves over the anchor and tag of a node.
    pub(super) fn behind_properties(&self, mut at: usize) -> usize {
        while self.text[at..].starts_with(['&', '!']) {
            at += self.text[at..].find([' ', '\t', '\r', '\n', ',']).unwrap_or(self.text.len() - at);
            at = self.skip(at);
        }
        at
    }

    /// Returns where a scalar starts behind its anchor, which stays.
    pub(super) fn behind_anchor(&self, id: NodeId, start: usize) -> usize {
        let is_scalar =
            !matches!(self.tree.node(id).data, Data::Alias(_) | Data::Sequence(_) | Data::Mapping(_));
        if !is_scalar || !self.text[start..].starts_with('&') {
            return start;
        }
        let name = self.text[start..].find([' ', '\t', '\r', '\n']).unwrap_or(self.text.len() - start);
        let behind = start + name;
        behind + (self.text[behind..].len() - self.text[behind..].trim_start_matches([' ', '\t']).len())
    }

    /// Returns the start of the line where a part of a block goes that comes before another one.
    pub(super) fn block_place(&self, slot: &Slot, parts: &Parts, at: usize) -> Option<usize> {
        if let Some(before) = at.checked_sub(1) {
            return Some(self.next_line(parts.parts[before].end));
        }
        let first = parts.parts.first()?.start;
        if !self.is_first_on_line(first) {
            return None;
        }
        // A comment over the first key is about that key, but at the top of the file about the file.
        let start = self.line_start(first);
        Some(if slot.within == Within::Document { start } else { self.above_comments(start) })
    }

    fn above_comments(&self, start: usize) -> usize {
        let mut start = start;
        while start > 0 {
            let above = self.line_start(start - 1);
            if !self.text[above..start].trim_start().starts_with('#') {
                break;
            }
            start = above;
        }
        start
    }

    /// Makes lines of their own at the start of a line or the end of the text.
    pub(super) fn lines_at(&self, at: usize, lines: &str) -> Splice {
        let lines = self.with_line_ends(lines);
        let ends_open = at == self.text.len() && !self.text.is_empty() && !self.text.ends_with('\n');
        let text =
            if ends_open { [self.line_end, &lines].concat() } else { [&lines, self.line_end].concat() };
        Splice::insert(at, text)
    }

    /// Takes the lines of a part away; a text without a line end stays one.
    pub(super) fn without_lines(&self, start: usize, end: usize) -> Splice {
        let (start, end) = (self.line_start(start), self.next_line(end));
        let is_open = end == self.text.len() && !self.text.ends_with('\n');
        let start = if is_open { self.previous_line_end(start) } else { start };
        Splice::new(start..end, "")
    }

    /// Returns where the line above ends, without its line end.
    fn previous_line_end(&self, start: usize) -> usize {
        let above = &self.text[..start];
        let above = above.strip_suffix('\n').unwrap_or(above);
        above.strip_suffix('\r').unwrap_or(above).len()
    }
}
