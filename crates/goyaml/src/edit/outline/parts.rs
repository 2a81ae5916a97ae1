//! The parts of a collection: where each entry or item starts and ends.

use std::ops::Range;

use super::Outline;
use crate::tree::{Data, NodeId};

/// A map or list.
#[derive(Debug)]
pub(super) struct Parts {
    /// Where it starts, behind an anchor and tag.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    pub(super) is_list: bool,
    /// Whether it has brackets.
    pub(super) is_flow: bool,
    pub(super) parts: Vec<Part>,
}

/// An entry of a map or an item of a list.
#[derive(Debug)]
pub(super) struct Part {
    /// Its key, `?` or, in a block, dash.
    pub(super) start: usize,
    pub(super) key: Option<NodeId>,
    /// Behind the colon or dash, or the key if there is no colon.
    pub(super) after: usize,
    pub(super) lacks_colon: bool,
    pub(super) value: NodeId,
    /// Behind the last character of the content.
    pub(super) end: usize,
}

/// A place that has a value.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) value: NodeId,
    pub(super) start: usize,
    pub(super) after: usize,
    pub(super) lacks_colon: bool,
    pub(super) within: Within,
}

/// What a value is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    Document,
    BlockMap,
    BlockList,
    Brackets,
}

impl Parts {
    pub(super) fn slot(&self, at: usize) -> Slot {
        let Part { start, after, lacks_colon, value, .. } = self.parts[at];
        let within = match (self.is_flow, self.is_list) {
            (true, _) => Within::Brackets,
            (false, true) => Within::BlockList,
            (false, false) => Within::BlockMap,
        };
        Slot { value, start, after, lacks_colon, within }
    }
}

impl Outline<'_> {
    pub(super) fn root_slot(&self) -> Slot {
        Slot { value: 0, start: 0, after: 0, lacks_colon: false, within: Within::Document }
    }

    /// Returns the parts of a collection; none of what is no collection, or is one without brackets inside of some.
    pub(super) fn parts(&self, id: NodeId, in_flow: bool) -> Option<Parts> {
        let is_list = match self.tree.node(id).data {
            Data::Sequence(_) => true,
            Data::Mapping(_) => false,
            _ => return None,
        };
        let start = self.behind_properties(self.tree.node(id).start.offset as usize);
        let is_flow = self.text[start..].starts_with(['{', '[']) && self.is_bracketed(id, start);
        if in_flow && !is_flow {
            return None;
        }
        let mut parts = Vec::new();
        let mut at = if is_flow { start + 1 } else { start };
        let mut children = self.tree.children(id);
        while let Some(first) = children.next() {
            let part = match is_list {
                true => self.item(first, at, is_flow),
                false => self.entry(first, children.next()?, at),
            };
            at = part.end;
            parts.push(part);
        }
        let end = if is_flow { self.tree.node(id).end as usize } else { at };
        Some(Parts { start, end, is_list, is_flow, parts })
    }

    /// Whether a bracket is that of the collection and not of its first key, as in `{a: b}: c`.
    fn is_bracketed(&self, id: NodeId, start: usize) -> bool {
        let first = self.tree.children(id).next();
        first.is_none_or(|first| self.tree.node(first).start.offset as usize > start)
    }

    fn item(&self, value: NodeId, from: usize, is_flow: bool) -> Part {
        let dash = self.skip_past_comma(from);
        let written = self.written(value);
        let (start, after) = match &written {
            Some(written) if is_flow => (written.start, written.start),
            None if is_flow => (dash, dash),
            _ => (dash, dash + 1),
        };
        let end = written.map_or(after, |written| written.end);
        Part { start, key: None, after, lacks_colon: false, value, end }
    }

    fn entry(&self, key: NodeId, value: NodeId, from: usize) -> Part {
        let from = self.skip_past_comma(from);
        let key_range = self.written(key).unwrap_or(from..from);
        let is_complex = self.text[from..].starts_with("? ") && key_range.start > from;
        let colon = self.skip(key_range.end);
        let has_colon = self.text[colon..].starts_with(':');
        let after = if has_colon { colon + 1 } else { key_range.end };
        let end = self.written(value).map_or(after, |written| written.end);
        let start = if is_complex { from } else { key_range.start };
        Part { start, key: Some(key), after, lacks_colon: !has_colon, value, end }
    }

    /// Returns where a node is written, with its anchor and tag; none if it is not written at all.
    pub(super) fn written(&self, id: NodeId) -> Option<Range<usize>> {
        let node = self.tree.node(id);
        let start = node.start.offset as usize;
        let end = match &node.data {
            Data::Sequence(_) | Data::Mapping(_) => self.parts(id, false).map_or(start, |parts| parts.end),
            _ => self.scalar_end(start, node.end as usize),
        };
        (end > start).then_some(start..end)
    }

    /// The blank lines behind a block scalar are not part of it, unless it keeps them.
    fn scalar_end(&self, start: usize, end: usize) -> usize {
        let content = self.behind_properties(start);
        let text = &self.text[content.min(end)..end];
        if !text.starts_with(['|', '>']) {
            return end;
        }
        let header = text.lines().next().unwrap_or_default();
        let keeps = header.split('#').next().unwrap_or_default().contains('+');
        if keeps { end } else { content + text.trim_end_matches([' ', '\r', '\n']).len() }
    }
}
