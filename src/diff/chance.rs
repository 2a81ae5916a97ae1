//! Which edits are different in every run: those of which all lines are.

use std::collections::BTreeSet;

use goyaml::{PathSegment, Value};

use super::compare::{Change, Edit};
use super::path::{Path, Step};
use super::resources::{File, Resource};

/// The lines of a resource that are different in every run.
pub(super) struct Chances<'a> {
    text: &'a str,
    /// The lines of the file before the document.
    before: usize,
    lines: BTreeSet<usize>,
    value: &'a Value,
}

impl<'a> Chances<'a> {
    /// Finds those of a resource in its file.
    pub(super) fn of(file: &'a File, resource: &'a Resource) -> Self {
        let lines = file.varying.iter().flat_map(|varying| varying.lines.iter().copied()).collect();
        let before = match file.varying.is_empty() {
            true => 0,
            false => file.text[..resource.range.start].matches('\n').count(),
        };
        Chances { text: &file.text[resource.range.clone()], before, lines, value: &resource.value }
    }

    /// Returns whether an edit is one of them.
    pub(super) fn has(&self, edit: &Edit) -> bool {
        if self.lines.is_empty() || !matches!(edit.change, Change::Replace { .. }) {
            return false;
        }
        let Some(path) = self.places(&edit.path) else { return false };
        let Some(span) = goyaml::locate(self.text, &path) else { return false };
        let text = self.text[span.value.range.clone()].trim_end();
        let first = self.before + self.text[..span.value.range.start].matches('\n').count() + 1;
        // The first line of a block has only its mark.
        let is_block = text.starts_with(['|', '>']) && text.contains('\n');
        let last = first + text.matches('\n').count();
        let mut lines = (first + usize::from(is_block))..=last;
        lines.any(|line| self.lines.contains(&line))
    }

    /// Returns the path with the places of items.
    fn places(&self, path: &'a Path) -> Option<Vec<PathSegment<'a>>> {
        let mut value = self.value;
        let mut segments = Vec::new();
        for step in &path.0 {
            let (segment, inner) = match step {
                Step::Key(key) => (PathSegment::Key(key), value.get(key)?),
                Step::Index(at) => (PathSegment::Index(*at), value.as_sequence()?.get(*at)?),
                Step::Item(fields) => {
                    let items = value.as_sequence()?;
                    let is = |item: &Value| fields.iter().all(|(name, value)| item.get(name) == Some(value));
                    let at = items.iter().position(is)?;
                    (PathSegment::Index(at), &items[at])
                }
            };
            segments.push(segment);
            value = inner;
        }
        Some(segments)
    }
}
