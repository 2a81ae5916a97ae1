//! From a key path to the place in the text where it is written.
//!
//! Values carry no positions, as few of them are ever asked for. Whoever needs
//! one reads the text again.

use std::ops::Range;

use crate::error::Mark;
use crate::parser::Parser;
use crate::reader::Source;
use crate::tree::{Data, Node, NodeId, Tree};

/// A step from a value into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathSegment<'a> {
    /// The value of a map's key, as JSON or the text itself spells the key.
    Key(&'a str),
    /// An item of a list, from zero.
    Index(usize),
}

/// Where a value is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its key, unless it is a list's item or the document.
    pub key: Option<Location>,
    /// The value itself; empty if nothing is written.
    pub value: Location,
}

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Its bytes.
    pub range: Range<usize>,
    /// The line where it starts, from one.
    pub line: usize,
    /// The column where it starts, from one and in characters.
    pub column: usize,
}

impl Location {
    /// Where a node is in a text of which `shift` bytes were passed over.
    pub(crate) fn of(node: &Node<'_>, shift: usize) -> Self {
        let Mark { offset, line, column } = node.start;
        Self {
            range: offset as usize + shift..node.end.max(offset) as usize + shift,
            line: line as usize + 1,
            column: column as usize + 1,
        }
    }
}

/// Returns where the value at `path` is written in the first document of
/// `text`; none if the text has no such value or is not readable.
///
/// An alias leads to its anchor, and a key that `<<` merged in to where it came from.
///
/// ```
/// use goyaml::PathSegment::{Index, Key};
///
/// let text = "spec:\n  ports:\n  - name: web\n    port: 80\n";
/// let span = goyaml::locate(text, &[Key("spec"), Key("ports"), Index(0), Key("port")]).unwrap();
/// assert_eq!(&text[span.value.range.clone()], "80");
/// assert_eq!((span.value.line, span.value.column), (4, 11));
/// ```
pub fn locate(text: &str, path: &[PathSegment<'_>]) -> Option<Span> {
    locate_all(text, std::iter::once(path)).pop().flatten()
}

/// Returns what [`locate`] returns for each of these paths; the text is read once.
pub fn locate_all<'p>(
    text: &str,
    paths: impl IntoIterator<Item = &'p [PathSegment<'p>]>,
) -> Vec<Option<Span>> {
    let Source { text, skipped, bad } = Source::from_text(text);
    let tree = Parser::new(&text, bad).and_then(|mut parser| Tree::first(&mut parser));
    let tree = tree.as_ref().ok();
    paths.into_iter().map(|path| located(tree?, (&text, skipped), path)).collect()
}

/// Finds a path in the tree of a text of which so many bytes were passed over before.
fn located(tree: &Tree<'_>, (text, skipped): (&str, usize), path: &[PathSegment<'_>]) -> Option<Span> {
    let mut key = None;
    let mut value = tree.resolved(0);
    for segment in path {
        (key, value) = step(tree, text, value, *segment)?;
        value = tree.resolved(value);
    }
    let location = |id: NodeId| Location::of(tree.node(id), skipped);
    Some(Span { key: key.map(location), value: location(value) })
}

fn step(
    tree: &Tree<'_>,
    text: &str,
    value: NodeId,
    segment: PathSegment<'_>,
) -> Option<(Option<NodeId>, NodeId)> {
    let written = |id: NodeId| &text[tree.node(id).start.offset as usize..tree.node(id).end as usize];
    match (segment, &tree.node(value).data) {
        (PathSegment::Key(name), Data::Mapping(_)) => {
            let entries = tree.entries(value);
            // The last of equal keys is the one that counts.
            entries
                .into_iter()
                .rfind(|(key, _)| tree.key_text(*key) == name || written(*key) == name)
                .map(|(key, value)| (Some(key), value))
        }
        (PathSegment::Index(at), Data::Sequence(_)) => tree.children(value).nth(at).map(|item| (None, item)),
        _ => None,
    }
}
