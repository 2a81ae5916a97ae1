//! Where the parts of a document are in its text, and the splices that change them.
//!
//! The parser says where nodes start; where an entry starts and ends, with its
//! `?`, `-` and `:`, follows from what is between them. Nothing here has to be
//! right for every layout that YAML has: who asks tries the ways in turn and
//! reads the result.

use super::splice::Splice;
use super::write::{Layout, Written};
use super::{EditError, EditStyle, nested};
use crate::emit::Style;
use crate::locate::PathSegment;
use crate::parser::Parser;
use crate::reader::Source;
use crate::tree::{Data, Keys, NodeId, Tree};
use crate::value::Value;
use crate::{Result, documents};

mod lines;
mod parts;

use parts::{Part, Parts, Slot, Within};

/// A document that is to be changed.
pub(super) struct Outline<'a> {
    text: &'a str,
    tree: Tree<'a>,
    layout: Layout<'a>,
    line_end: &'static str,
}

/// A step on the way to a value: the collection, its parts, and which of them it is.
struct Step {
    parts: Parts,
    at: usize,
}

type Ways = Result<Vec<Vec<Splice>>, EditError>;

impl<'a> Outline<'a> {
    /// Reads a text without byte order mark.
    pub(super) fn new(text: &'a str, style: EditStyle<'a>) -> Result<Self> {
        let source = Source::from_text(text);
        // A character that is not allowed ends the text that is read.
        let readable = &text[..source.text.len()];
        let mut parser = Parser::new(readable, source.bad)?;
        let tree = Tree::first_with(&mut parser, Keys::Literal)?;
        let line_end = match text.find('\n') {
            Some(at) if text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        };
        let layout = Layout {
            style,
            step: 2,
            list_step: 0,
            compact: style.json && !text.contains(": "),
            literals: text.is_empty() || text.ends_with('\n'),
        };
        let mut outline = Self { text, tree, layout, line_end };
        outline.learn_indentation();
        Ok(outline)
    }

    /// Takes the file's own indentation for what is new.
    fn learn_indentation(&mut self) {
        let (mut step, mut list_step) = (None, None);
        for id in 0..self.tree.nodes.len() as NodeId {
            if step.is_some() && list_step.is_some() {
                break;
            }
            let Some(parts) = self.parts(id, false).filter(|parts| !parts.is_list) else { continue };
            for part in &parts.parts {
                let Some(below) = self.parts(part.value, false) else { continue };
                let Some(first) = below.parts.first() else { continue };
                if !self.text[part.after..first.start].contains('\n') {
                    continue;
                }
                let deeper = self.column(first.start).checked_sub(self.column(part.start));
                match (below.is_list && !below.is_flow, deeper) {
                    (true, Some(deeper)) => list_step = list_step.or(Some(deeper)),
                    (false, Some(deeper)) if deeper > 0 && below.is_flow == parts.is_flow => {
                        step = step.or(Some(deeper));
                    }
                    _ => {}
                }
            }
        }
        self.layout.step = step.unwrap_or(2).clamp(1, 9);
        self.layout.list_step = list_step.unwrap_or(0).min(9);
    }

    /// Returns the ways to make the value at a path another one.
    pub(super) fn set(&self, path: &[PathSegment<'_>], value: &Value) -> Ways {
        let mut slot = self.root_slot();
        for (depth, segment) in path.iter().enumerate() {
            let Some(parts) = self.open(&slot, depth)? else {
                return self.replace(&slot, &nested(&path[depth..], value));
            };
            match self.find(&parts, segment) {
                Some(at) => slot = parts.slot(at),
                None => {
                    let new = nested(&path[depth + 1..], value);
                    return self.insert_part(&slot, &parts, segment, &new);
                }
            }
        }
        self.replace(&slot, value)
    }

    /// Returns the ways to put an item into a list.
    pub(super) fn insert(&self, list: &[PathSegment<'_>], at: usize, item: &Value) -> Ways {
        let mut slot = self.root_slot();
        for (depth, segment) in list.iter().enumerate() {
            let parts = self.open(&slot, depth)?.ok_or(EditError::Layout)?;
            slot = parts.slot(self.find(&parts, segment).ok_or(EditError::Layout)?);
        }
        let parts = self.open(&slot, list.len())?.ok_or(EditError::Layout)?;
        self.insert_part(&slot, &parts, &PathSegment::Index(at), item)
    }

    /// Returns the ways to take the value at a path away, with the maps that it leaves empty.
    pub(super) fn unset(&self, path: &[PathSegment<'_>]) -> Ways {
        let mut slot = self.root_slot();
        let mut steps: Vec<Step> = Vec::new();
        for (depth, segment) in path.iter().enumerate() {
            let parts = self.open(&slot, depth)?.ok_or(EditError::Layout)?;
            let at = self.find(&parts, segment).ok_or(EditError::Layout)?;
            slot = parts.slot(at);
            steps.push(Step { parts, at });
        }
        while let Some(step) = steps.pop() {
            let is_last = step.parts.parts.len() == 1;
            if is_last && !step.parts.is_list && steps.last().is_some_and(|outer| !outer.parts.is_list) {
                continue;
            }
            if is_last && let Some(outer) = steps.last() {
                let empty =
                    if step.parts.is_list { Value::Sequence(Vec::new()) } else { nested(&[], &EMPTY) };
                return self.replace(&outer.parts.slot(outer.at), &empty);
            }
            return self.remove_part(&step.parts, step.at);
        }
        Err(EditError::Layout)
    }

    /// Returns the parts of what is in a slot, none if that is nothing yet.
    fn open(&self, slot: &Slot, depth: usize) -> Result<Option<Parts>, EditError> {
        match self.tree.node(slot.value).data {
            Data::Alias(_) => Err(EditError::Alias { depth }),
            Data::Null => Ok(None),
            _ => self.parts(slot.value, slot.within == Within::Brackets).map(Some).ok_or(EditError::Layout),
        }
    }

    /// Finds a part; of equal keys the last one counts.
    fn find(&self, parts: &Parts, segment: &PathSegment<'_>) -> Option<usize> {
        match (segment, parts.is_list) {
            (PathSegment::Key(name), false) => parts.parts.iter().rposition(|part| self.key(part) == *name),
            (&PathSegment::Index(at), true) => (at < parts.parts.len()).then_some(at),
            _ => None,
        }
    }

    fn key(&self, part: &Part) -> std::borrow::Cow<'_, str> {
        part.key.map_or(std::borrow::Cow::Borrowed(""), |key| self.tree.key_text(key))
    }

    /// Returns the ways to write a value in a slot, over what is there.
    fn replace(&self, slot: &Slot, value: &Value) -> Ways {
        if slot.within == Within::Document {
            return Ok(vec![self.replace_root(slot, value)]);
        }
        let old = self.written(slot.value);
        let below = old.as_ref().is_some_and(|old| self.text[slot.after..old.start].contains('\n'));
        let Written { head, body } = if slot.within == Within::Brackets || self.layout.style.json {
            let indent = (self.layout.style.json && self.has_lines()).then(|| self.line_indent(slot.start));
            let head = match value {
                Value::String(text) => self.layout.flow_text(text, self.style_of(slot.value)),
                other => self.layout.flow(other, indent),
            };
            Written { head, body: None }
        } else if slot.within == Within::BlockList {
            self.layout.item(value, self.column(slot.start))
        } else {
            self.layout.value(value, self.column(slot.start), self.style_of(slot.value))
        };
        let colon = if slot.lacks_colon { ":" } else { "" };
        let (head, body) =
            (self.with_line_ends(&head), body.map(|body| self.with_line_ends(&format!("\n{body}"))));
        let body = body.unwrap_or_default();
        let behind_key = if head.is_empty() { String::new() } else { format!("{colon} {head}") };
        let way = match old {
            None => vec![
                Splice::insert(slot.after, behind_key),
                Splice::insert(self.content_end(slot.after), body),
            ],
            Some(old) if below => vec![
                Splice::insert(slot.after, behind_key),
                Splice::new(self.content_end(slot.after)..self.content_end(old.end), body),
            ],
            Some(old) if head.is_empty() => {
                vec![Splice::new(slot.after..old.end, ""), Splice::insert(self.content_end(old.end), body)]
            }
            Some(old) => vec![
                Splice::new(self.behind_anchor(slot.value, old.start)..old.end, head),
                Splice::insert(if body.is_empty() { old.end } else { self.content_end(old.end) }, body),
            ],
        };
        Ok(vec![way])
    }

    /// Writes a document over one that is nothing, or an empty map or list.
    fn replace_root(&self, slot: &Slot, value: &Value) -> Vec<Splice> {
        let text = match value {
            _ if self.layout.style.json => self.layout.flow(value, self.has_lines().then_some(0)),
            Value::Mapping(map) if !map.is_empty() => self.layout.map_lines(map, 0),
            Value::Sequence(items) if !items.is_empty() => self.layout.list_lines(items, 0),
            other => self.layout.flow(other, None),
        };
        match self.written(slot.value) {
            Some(old) => vec![Splice::new(old, self.with_line_ends(&text))],
            None => {
                let documents = documents(self.text).unwrap_or_default();
                let at = documents.first().map_or(self.text.len(), |document| {
                    let start = document.range.start + document.content.start;
                    if start == 0 {
                        document.range.start + document.content.end
                    } else {
                        self.next_line(start)
                    }
                });
                vec![self.lines_at(at, &text)]
            }
        }
    }

    /// Returns the ways to put a new part into a collection.
    fn insert_part(&self, slot: &Slot, parts: &Parts, segment: &PathSegment<'_>, value: &Value) -> Ways {
        if parts.parts.is_empty() && slot.within != Within::Brackets && !self.layout.style.json {
            return self.replace(slot, &nested(&[first_index(segment)], value));
        }
        let count = parts.parts.len();
        let wanted = match segment {
            PathSegment::Key(key) => self.place_of(parts, key),
            PathSegment::Index(at) => (*at).min(count),
        };
        if parts.is_flow {
            let new = |indent| match segment {
                PathSegment::Key(key) => self.layout.flow_entry(key, value, indent),
                PathSegment::Index(_) => self.layout.flow(value, indent),
            };
            return Ok(self.insert_flow(parts, wanted, &new));
        }
        let Some(first) = parts.parts.first().filter(|_| slot.within != Within::Brackets) else {
            return Err(EditError::Layout);
        };
        let indent = self.column(first.start);
        let lines = match segment {
            PathSegment::Key(key) => self.layout.entry_lines(key, value, indent),
            PathSegment::Index(_) => self.layout.item_lines(value, indent),
        };
        // A merge behind the new key would win over it, and a block text at the end may not bear a line end. The
        // place of an item is given.
        let places = match segment {
            PathSegment::Key(_) => vec![wanted, count, count - 1, 0],
            PathSegment::Index(_) => vec![wanted],
        };
        Ok(places
            .into_iter()
            .filter_map(|at| self.block_place(slot, parts, at))
            .map(|at| vec![self.lines_at(at, &lines)])
            .collect())
    }

    /// Returns before which part a new key belongs.
    fn place_of(&self, parts: &Parts, key: &str) -> usize {
        let keys: Vec<_> = parts.parts.iter().map(|part| self.key(part)).collect();
        let count = keys.len();
        if let Some(rank) = self.layout.rank(key) {
            let is_before = |other: &str| self.layout.rank(other).is_some_and(|other| other < rank);
            let is_behind = |other: &str| self.layout.rank(other).is_some_and(|other| other > rank);
            let behind = keys.iter().rposition(|other| is_before(other)).map(|at| at + 1);
            return behind.or_else(|| keys.iter().position(|other| is_behind(other))).unwrap_or(count);
        }
        let is_sorted = keys.windows(2).all(|pair| !self.layout.is_before(&pair[1], &pair[0]));
        let greater = keys.iter().position(|other| self.layout.is_before(key, other));
        greater.filter(|_| is_sorted).unwrap_or(count)
    }

    fn insert_flow(
        &self,
        parts: &Parts,
        at: usize,
        new: &dyn Fn(Option<usize>) -> String,
    ) -> Vec<Vec<Splice>> {
        let separator = if self.layout.compact { "," } else { ", " };
        let (inner, close) = (parts.start + 1, parts.end - 1);
        let Some(first) = parts.parts.first() else {
            let indent = self.line_indent(parts.start);
            let inner_indent = indent + self.layout.step;
            if self.layout.style.json && self.has_lines() {
                let new = new(Some(inner_indent));
                let text = format!("\n{:inner_indent$}{new}\n{:indent$}", "", "");
                return vec![vec![Splice::new(inner..close, self.with_line_ends(&text))]];
            }
            return vec![vec![Splice::new(inner..close, new(None))]];
        };
        let has_lines = self.text[inner..first.start].contains('\n');
        let indent = self.column(first.start);
        if let Some(next) = parts.parts.get(at) {
            let text = match has_lines {
                true => format!("{},\n{:indent$}", new(Some(indent)), ""),
                false => format!("{}{separator}", new(None)),
            };
            return vec![vec![Splice::insert(next.start, self.with_line_ends(&text))]];
        }
        let last = parts.parts.last().unwrap_or(first);
        let comma = self.skip(last.end);
        let has_comma = self.text[comma..].starts_with(',');
        let behind = if has_comma { comma + 1 } else { last.end };
        let on_line = vec![Splice::insert(
            behind,
            format!("{}{}", if has_comma { separator.trim_start_matches(',') } else { separator }, new(None)),
        )];
        if !has_lines {
            return vec![on_line];
        }
        let line = self.with_line_ends(&format!("\n{:indent$}{}", "", new(Some(indent))));
        let on_own_line = vec![
            Splice::insert(behind, if has_comma { "" } else { "," }),
            Splice::insert(self.content_end(behind), line),
        ];
        vec![on_own_line, on_line]
    }

    /// Returns the ways to take a part out of a collection that has others.
    fn remove_part(&self, parts: &Parts, at: usize) -> Ways {
        let part = &parts.parts[at];
        let (before, next) = (at.checked_sub(1).map(|at| &parts.parts[at]), parts.parts.get(at + 1));
        if !parts.is_flow && self.is_first_on_line(part.start) {
            return Ok(vec![vec![self.without_lines(part.start, part.end)]]);
        }
        let range = match (before, next) {
            (_, Some(next)) => part.start..next.start,
            (Some(before), None) => before.end..part.end,
            (None, None) if parts.is_flow => parts.start + 1..parts.end - 1,
            (None, None) => part.start..part.end,
        };
        let has_comment = self.text[range.start..range.end].contains('#');
        let mut ways = vec![vec![Splice::new(range, "")]];
        if has_comment && parts.is_flow && self.is_first_on_line(part.start) {
            ways.insert(0, vec![self.without_lines(part.start, part.end)]);
        }
        Ok(ways)
    }
}

/// Borrowed where an empty map is asked for.
static EMPTY: Value = Value::Mapping(std::collections::BTreeMap::new());

/// A list that is made begins with its first item.
fn first_index<'s>(segment: &PathSegment<'s>) -> PathSegment<'s> {
    match *segment {
        PathSegment::Key(key) => PathSegment::Key(key),
        PathSegment::Index(_) => PathSegment::Index(0),
    }
}

impl Outline<'_> {
    /// Returns how a scalar is quoted.
    fn style_of(&self, id: NodeId) -> Style {
        let Some(old) = self.written(id) else { return Style::Plain };
        match self.text.as_bytes().get(self.behind_anchor(id, old.start)) {
            Some(b'\'') => Style::Single,
            Some(b'"') => Style::Double,
            _ => Style::Plain,
        }
    }
}
