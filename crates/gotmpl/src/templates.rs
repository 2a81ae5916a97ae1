//! Sets of templates by name, with Go's rules for defining one twice.
//!
//! A later definition replaces an earlier one, unless it holds only blanks and
//! comments. A set is filled once and then only read; what a running template adds
//! to it for itself (Helm's `tpl`) lies in a layer above.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use crate::parse::Parsed;
use crate::tree::{Source, Tree};
use crate::value::Str;

/// A set of templates that can call each other.
///
/// Cheap to clone, and to share between threads.
#[derive(Debug, Clone)]
pub struct Templates {
    name: Str,
    entries: HashMap<Str, Arc<Entry>>,
}

/// A template under its name.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: Str,
    /// The name of the text that it was parsed from.
    pub(crate) file: Str,
    pub(crate) source: Arc<Source>,
    tree: usize,
}

impl Entry {
    pub(crate) fn tree(&self) -> &Tree {
        &self.source.trees[self.tree]
    }

    /// Returns the template of a text itself.
    pub(crate) fn main(parsed: &Parsed) -> Arc<Entry> {
        Self::of(parsed, 0)
    }

    fn of(parsed: &Parsed, tree: usize) -> Arc<Entry> {
        let name = if tree == 0 { &parsed.name } else { &parsed.source.trees[tree].name };
        Arc::new(Entry {
            name: name.clone(),
            file: parsed.name.clone(),
            source: Arc::clone(&parsed.source),
            tree,
        })
    }
}

/// The templates of one text, which cover those of the same names below.
#[derive(Debug)]
pub(crate) struct Layer(HashMap<Str, Arc<Entry>>);

impl Templates {
    /// Returns an empty set. Its name shows in one error: that of a missing template.
    pub fn new(name: impl Into<Str>) -> Self {
        Templates { name: name.into(), entries: HashMap::new() }
    }

    /// Returns the name of the set.
    pub fn name(&self) -> &Str {
        &self.name
    }

    /// Adds a text's templates: its defines, and the text itself under its name.
    pub fn add(&mut self, parsed: &Parsed) {
        for tree in tree_order(parsed) {
            let entry = Entry::of(parsed, tree);
            if !entry.tree().empty || !self.entries.contains_key(&entry.name) {
                self.entries.insert(entry.name.clone(), entry);
            }
        }
    }

    /// Returns whether there is a template of that name.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.entries.contains_key(name)
    }

    pub(crate) fn find(&self, name: &[u8]) -> Option<&Arc<Entry>> {
        self.entries.get(name)
    }

    /// Returns the layer of a text over this set and the layers below it.
    pub(crate) fn layer(&self, below: &[Layer], parsed: &Parsed) -> Layer {
        let mut layer = Layer(HashMap::new());
        for tree in tree_order(parsed) {
            let entry = Entry::of(parsed, tree);
            let name = entry.name.as_bytes();
            let exists = layer.0.contains_key(name)
                || self.contains(name)
                || below.iter().any(|layer| layer.find(name).is_some());
            if !entry.tree().empty || !exists {
                layer.0.insert(entry.name.clone(), entry);
            }
        }
        layer
    }
}

impl Layer {
    pub(crate) fn find(&self, name: &[u8]) -> Option<&Arc<Entry>> {
        self.0.get(name)
    }
}

/// Returns the trees in the order in which they count: a define of the text's own
/// name is replaced by the text, unless that is blank.
fn tree_order(parsed: &Parsed) -> impl Iterator<Item = usize> {
    (1..parsed.source.trees.len()).chain([0])
}
