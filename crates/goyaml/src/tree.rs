//! A document as typed nodes, with everything that can be wrong with it found.
//!
//! The nodes lie in one vector in the order of the text; a collection knows
//! where it ends, so its children are found by stepping over each one. Reading
//! into the caller's type ([`crate::de`]) then only walks: it cannot fail for
//! a reason that lies in the document.
//!
//! go-yaml checks in three steps — syntax, then types, then whether JSON can
//! hold the result — and the first failure of the earliest step is the error.
//! One pass here remembers the first failure of each.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::base64;
use crate::error::Mark;
use crate::number;
use crate::parser::{Event, EventKind, Parser, Properties};
use crate::resolve::{Scalar, resolve, resolve_untimed};
use crate::{Error, Result, deeper};

mod aliases;
mod go_syntax;

/// How deep a document may nest: go-yaml counts indentations and brackets on their
/// own, but Go's JSON, which comes next, counts both.
pub(crate) const MAX_DEPTH: usize = 10_000;

/// How many nodes a document may have. Larger ones exist only to use up memory, of which
/// a node takes some hundred bytes.
const MAX_NODES: usize = 2_000_000;

/// Index of a node.
pub(crate) type NodeId = u32;

#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) data: Data<'a>,
    pub(crate) start: Mark,
    /// Byte offset of the end.
    pub(crate) end: u32,
}

#[derive(Debug)]
pub(crate) enum Data<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(Cow<'a, str>),
    /// The key `<<`.
    Merge,
    /// Holds the index behind the last descendant, as do mappings.
    Sequence(NodeId),
    Mapping(NodeId),
    /// Holds the node that the alias stands for.
    Alias(NodeId),
}

#[derive(Debug)]
pub(crate) struct Tree<'a> {
    pub(crate) nodes: Vec<Node<'a>>,
}

impl<'a> Tree<'a> {
    /// Reads the first document. An empty stream is a null.
    pub(crate) fn first(parser: &mut Parser<'a>) -> Result<Self> {
        Self::first_with(parser, Keys::Typed)
    }

    /// Reads the first document with keys as they are to be taken.
    pub(crate) fn first_with(parser: &mut Parser<'a>, keys: Keys) -> Result<Self> {
        let mut composer = Composer { keys, ..Composer::default() };
        let event = parser.next()?;
        if event.kind == EventKind::StreamEnd {
            composer.push(Data::Null, &event)?;
        } else {
            composer.document(parser)?;
        }
        composer.finish()
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node<'a> {
        &self.nodes[id as usize]
    }

    /// Follows an alias to what it stands for.
    pub(crate) fn resolved(&self, id: NodeId) -> NodeId {
        let mut id = id;
        while let Data::Alias(target) = self.node(id).data {
            id = target;
        }
        id
    }

    /// Returns the node behind this one and its descendants.
    pub(crate) fn after(&self, id: NodeId) -> NodeId {
        match self.node(id).data {
            Data::Sequence(end) | Data::Mapping(end) => end,
            _ => id + 1,
        }
    }

    /// Returns the key nodes and value nodes of a mapping, in the order of the text.
    pub(crate) fn pairs(&self, mapping: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> + '_ {
        let mut children = self.children(mapping);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// Returns the direct children of a collection; scalars have none.
    pub(crate) fn children(&self, collection: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.after(collection);
        let mut next = collection + 1;
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let child = next;
                next = self.after(child);
                child
            })
        })
    }

    /// Returns a mapping's entries in the order in which go-yaml sets them, `<<` replaced by what it merges.
    pub(crate) fn entries(&self, mapping: NodeId) -> Vec<(NodeId, NodeId)> {
        let mut entries = Vec::new();
        self.collect_entries(mapping, &mut entries);
        entries
    }

    fn collect_entries(&self, mapping: NodeId, entries: &mut Vec<(NodeId, NodeId)>) {
        for (key, value) in self.pairs(mapping) {
            if !matches!(self.node(key).data, Data::Merge) {
                entries.push((key, value));
                continue;
            }
            let merged = self.resolved(value);
            if matches!(self.node(merged).data, Data::Sequence(_)) {
                // The first map of a list wins, so it is merged last.
                let maps: Vec<NodeId> = self.children(merged).collect();
                for &map in maps.iter().rev() {
                    deeper(|| self.collect_entries(self.resolved(map), entries));
                }
            } else {
                deeper(|| self.collect_entries(merged, entries));
            }
        }
    }

    /// Returns a key as JSON has it: text. The checks left only keys that have one.
    pub(crate) fn key_text(&self, key: NodeId) -> Cow<'_, str> {
        match &self.node(self.resolved(key)).data {
            Data::Str(text) => Cow::Borrowed(text),
            Data::Int(value) => Cow::Owned(value.to_string()),
            Data::Float(value) => Cow::Owned(float_text(*value)),
            Data::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Data::Merge => Cow::Borrowed("<<"),
            Data::Uint(_) | Data::Null | Data::Sequence(_) | Data::Mapping(_) | Data::Alias(_) => {
                Cow::Borrowed("")
            }
        }
    }
}

/// A float where sigs.k8s.io/yaml needs text: with the digits of a float32.
pub(crate) fn float_text(value: f64) -> String {
    let mut out = String::new();
    number::write_general(&mut out, &number::Decimal::from_f32(value as f32));
    out
}

/// What a plain key is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Keys {
    /// A value like any other, which JSON then has as text: `y` is `true`.
    #[default]
    Typed,
    /// The text that is written, as when go-yaml reads into a Go map with string keys.
    Literal,
}

#[derive(Default)]
struct Composer<'a> {
    keys: Keys,
    nodes: Vec<Node<'a>>,
    anchors: HashMap<&'a str, NodeId>,
    open: Vec<Open>,
    /// Those of `!!binary` texts that are no UTF-8.
    bytes: HashMap<NodeId, Vec<u8>>,
    /// The aliases, with their names for the one error that tells them.
    aliases: Vec<(NodeId, &'a str)>,
    /// The first value that does not fit its tag or place, and what to say when go-yaml comes to it.
    type_error: Option<TypeError>,
    key_error: Option<KeyError>,
    json_error: Option<Error>,
    /// The first collection that is too deep for JSON.
    depth_error: Option<Error>,
}

/// A value that does not fit, which go-yaml notices when it decodes a node.
struct TypeError {
    node: NodeId,
    /// Whether the node's children are decoded before.
    is_late: bool,
    error: Error,
}

/// A key that JSON cannot have.
struct KeyError {
    mapping: Option<NodeId>,
    key: String,
    error: Error,
}

/// A collection whose end is still to come.
struct Open {
    id: NodeId,
    is_mapping: bool,
    children: u32,
    /// Whether what comes belongs to a `<<`: its value or, in the list that is its value, all items.
    merges: bool,
    /// The last key, if JSON cannot have it.
    bad_key: Option<NodeId>,
}

impl<'a> Composer<'a> {
    /// Reads one document, of which the start event was taken, with its end event.
    fn document(&mut self, parser: &mut Parser<'a>) -> Result<()> {
        loop {
            let event = parser.next()?;
            match &event.kind {
                EventKind::DocumentStart { .. } => {}
                EventKind::DocumentEnd | EventKind::StreamEnd => return Ok(()),
                EventKind::Scalar(..) => self.scalar(event)?,
                EventKind::Alias(name) => self.alias(name, &event)?,
                EventKind::SequenceStart(properties) => self.open(Data::Sequence(0), properties, &event)?,
                EventKind::MappingStart(properties) => self.open(Data::Mapping(0), properties, &event)?,
                EventKind::SequenceEnd | EventKind::MappingEnd => self.close(&event),
            }
        }
    }

    fn push(&mut self, data: Data<'a>, event: &Event<'a>) -> Result<NodeId> {
        let id = self.nodes.len() as NodeId;
        if self.nodes.len() == MAX_NODES {
            let error = Error::yaml(format!("exceeded maximum size of a document ({MAX_NODES} values)"));
            return Err(error.at(event.start));
        }
        self.nodes.push(Node { data, start: event.start, end: event.end.offset });
        Ok(id)
    }

    fn scalar(&mut self, event: Event<'a>) -> Result<()> {
        let Event { kind: EventKind::Scalar(properties, text), start, end } = event else { return Ok(()) };
        let is_key = self.expects_key();
        let id = self.nodes.len() as NodeId;
        if let Some(anchor) = properties.anchor {
            self.anchors.insert(anchor, id);
        }
        // What `<<` cannot take is not looked at any closer.
        let data = match self.open.last() {
            Some(Open { merges: true, .. }) => Data::Str(text),
            _ => self.type_scalar(&properties, text, is_key, start),
        };
        let mark = Event { kind: EventKind::StreamEnd, start, end };
        self.push(data, &mark)?;
        self.child_done(id);
        Ok(())
    }

    fn alias(&mut self, name: &'a str, event: &Event<'a>) -> Result<()> {
        let Some(&target) = self.anchors.get(name) else {
            return Err(Error::yaml(format!("unknown anchor '{name}' referenced")).at(event.start));
        };
        let id = self.push(Data::Alias(target), event)?;
        self.aliases.push((id, name));
        self.child_done(id);
        Ok(())
    }

    fn open(&mut self, data: Data<'a>, properties: &Properties<'a>, event: &Event<'a>) -> Result<()> {
        let is_mapping = matches!(data, Data::Mapping(_));
        if self.open.len() >= MAX_DEPTH {
            self.depth_error.get_or_insert_with(|| too_deep(is_mapping).at(event.start));
        }
        let id = self.push(data, event)?;
        if let Some(anchor) = properties.anchor {
            self.anchors.insert(anchor, id);
        }
        let merges = !is_mapping && self.open.last().is_some_and(|outer| outer.is_mapping && outer.merges);
        self.open.push(Open { id, is_mapping, children: 0, merges, bad_key: None });
        Ok(())
    }

    fn close(&mut self, event: &Event<'a>) {
        let Some(open) = self.open.pop() else { return };
        let after = self.nodes.len() as NodeId;
        let last_end = self.nodes.last().map_or(0, |last| last.end);
        let node = &mut self.nodes[open.id as usize];
        node.data = if open.is_mapping { Data::Mapping(after) } else { Data::Sequence(after) };
        // Block collections end where their last child does, not where the next token starts.
        let is_flow = event.end.offset > event.start.offset;
        node.end = if is_flow { event.end.offset } else { last_end.max(node.start.offset) };
        self.child_done(open.id);
    }

    /// Whether the next node is a mapping's key.
    fn expects_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_mapping && open.children.is_multiple_of(2))
    }

    /// Checks a node in its place, when it is complete.
    fn child_done(&mut self, id: NodeId) {
        let Some(open) = self.open.last_mut() else { return };
        open.children += 1;
        if !open.is_mapping {
            return;
        }
        let is_key = open.children % 2 == 1;
        let is_merge = is_key && matches!(self.nodes[id as usize].data, Data::Merge);
        let was_merge = std::mem::replace(&mut open.merges, is_merge);
        let bad_key = open.bad_key.take();
        if is_key {
            self.check_key(id);
        } else if was_merge {
            self.check_merge(id);
        } else if let Some(key) = bad_key {
            self.reject_key(key, id);
        }
    }

    fn type_scalar(
        &mut self,
        properties: &Properties<'a>,
        text: Cow<'a, str>,
        is_key: bool,
        mark: Mark,
    ) -> Data<'a> {
        let tag = properties.tag.as_deref();
        if is_key && text == "<<" && (properties.implicit || tag == Some("tag:yaml.org,2002:merge")) {
            return Data::Merge;
        }
        let scalar = match tag {
            None if !properties.implicit => Scalar::Str,
            None => resolve(&text),
            Some(tag) => match tag.strip_prefix("tag:yaml.org,2002:") {
                Some("binary") => return self.binary(&text, mark),
                Some(short) => self.tagged(short, &text, mark),
                None => Scalar::Str,
            },
        };
        let is_literal = is_key && self.keys == Keys::Literal;
        match scalar {
            // A null leaves a Go string empty.
            Scalar::Null if is_literal => Data::Str(Cow::Borrowed("")),
            _ if is_literal => Data::Str(text),
            Scalar::Null => Data::Null,
            Scalar::Bool(value) => Data::Bool(value),
            Scalar::Int(value) => Data::Int(value),
            Scalar::Uint(value) => Data::Uint(value),
            Scalar::Float(value) => {
                if !value.is_finite() && !is_key {
                    self.json_error.get_or_insert_with(|| not_json(value).at(mark));
                }
                Data::Float(value)
            }
            Scalar::Timestamp | Scalar::Str => Data::Str(text),
        }
    }

    /// Types a scalar with one of the standard tags, which must fit it.
    fn tagged(&mut self, short: &str, text: &str, mark: Mark) -> Scalar {
        let scalar = match short {
            "str" => return Scalar::Str,
            "timestamp" => resolve(text),
            "bool" | "int" | "float" | "null" => resolve_untimed(text),
            _ => return Scalar::Str,
        };
        let found = match scalar {
            Scalar::Null => "null",
            Scalar::Bool(_) => "bool",
            Scalar::Int(value) if short == "float" => return Scalar::Float(value as f64),
            Scalar::Int(_) | Scalar::Uint(_) => "int",
            Scalar::Float(_) => "float",
            Scalar::Timestamp => "timestamp",
            Scalar::Str => "str",
        };
        if found != short {
            let text = format!("cannot decode !!{found} `{text}` as a !!{short}");
            self.reject(self.nodes.len() as NodeId, Error::yaml(text).at(mark));
        }
        scalar
    }

    fn binary(&mut self, text: &str, mark: Mark) -> Data<'a> {
        match base64::decode(text.as_bytes()) {
            Some(bytes) => {
                let text = base64::go_text(&bytes);
                if text.as_bytes() != bytes {
                    self.bytes.insert(self.nodes.len() as NodeId, bytes);
                }
                Data::Str(Cow::Owned(text))
            }
            None => {
                let error = Error::yaml("!!binary value contains invalid base64 data").at(mark);
                self.reject(self.nodes.len() as NodeId, error);
                Data::Null
            }
        }
    }

    fn reject(&mut self, id: NodeId, error: Error) {
        self.type_error.get_or_insert(TypeError { node: id, is_late: false, error });
    }

    fn check_key(&mut self, id: NodeId) {
        let target = match self.nodes[id as usize].data {
            Data::Alias(target) => target,
            _ => id,
        };
        let node = &self.nodes[target as usize];
        match node.data {
            Data::Sequence(_) | Data::Mapping(_) => {
                if self.type_error.is_none() {
                    let tree = go_syntax::GoSyntax { nodes: &self.nodes, bytes: &self.bytes };
                    let text = format!("invalid map key: {}", tree.value(id));
                    let error = Error::yaml(text).at(self.nodes[id as usize].start);
                    self.type_error = Some(TypeError { node: id, is_late: true, error });
                }
            }
            Data::Null | Data::Uint(_) => {
                if let Some(open) = self.open.last_mut() {
                    open.bad_key = Some(id);
                }
            }
            Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Str(_) | Data::Merge | Data::Alias(_) => {}
        }
    }

    /// Remembers the error for a key that JSON cannot have. Its text tells the value, too.
    fn reject_key(&mut self, key: NodeId, value: NodeId) {
        let syntax = go_syntax::GoSyntax { nodes: &self.nodes, bytes: &self.bytes };
        let mapping = self.open.last().map(|open| open.id);
        let key_text = syntax.value(key);
        // Of equal keys the last one's value stays, in the error's text as well.
        if self.key_error.as_ref().is_some_and(|first| first.mapping != mapping || first.key != key_text) {
            return;
        }
        let name = if key_text == "<nil>" { "%!s(<nil>)" } else { "uint64" };
        let value_text = syntax.value(value);
        let text = format!("unsupported map key of type: {name}, key: {key_text}, value: {value_text}");
        let error = Error::convert(text).at(self.nodes[key as usize].start);
        self.key_error = Some(KeyError { mapping, key: key_text, error });
    }

    /// A `<<` takes a mapping, an alias of one, or a list of these.
    fn check_merge(&mut self, id: NodeId) {
        let nodes = &self.nodes;
        let is_mapping = |id: NodeId| match nodes[id as usize].data {
            Data::Mapping(_) => true,
            // The end of the mapping that holds this alias is not known yet.
            Data::Alias(target) => matches!(nodes[target as usize].data, Data::Mapping(_)),
            _ => false,
        };
        let fits = match nodes[id as usize].data {
            Data::Sequence(end) => {
                let mut child = id + 1;
                let mut fits = true;
                while child < end {
                    fits &= is_mapping(child);
                    child = match nodes[child as usize].data {
                        Data::Sequence(end) | Data::Mapping(end) => end,
                        _ => child + 1,
                    };
                }
                fits
            }
            _ => is_mapping(id),
        };
        if !fits {
            let error = Error::yaml("map merge requires map or sequence of maps as the value");
            self.reject(id, error.at(self.nodes[id as usize].start));
        }
    }

    fn finish(self) -> Result<Tree<'a>> {
        let tree = Tree { nodes: self.nodes };
        if !self.aliases.is_empty() {
            aliases::check(&tree, &self.aliases, self.type_error.as_ref())?;
        }
        if let Some(found) = self.type_error {
            return Err(found.error);
        }
        match self.key_error.map(|key| key.error).or(self.json_error).or(self.depth_error) {
            Some(error) => Err(error),
            None => Ok(tree),
        }
    }
}

/// Returns what Go's JSON says to a bracket that opens one level too many.
fn too_deep(is_mapping: bool) -> Error {
    let bracket = if is_mapping { '{' } else { '[' };
    Error::decode(format!("invalid character '{bracket}' exceeded max depth"))
}

fn not_json(value: f64) -> Error {
    let text = if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "+Inf"
    } else {
        "-Inf"
    };
    Error::convert(format!("json: unsupported value: {text}"))
}
