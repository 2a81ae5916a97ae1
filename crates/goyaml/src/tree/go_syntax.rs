//! A value in Go's own syntax, as `%#v` prints it.
//!
//! go-yaml puts it into one error, but a frequent one: an unquoted `{{ x }}`
//! in a values file is a map whose key is a map.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::{Data, MAX_DEPTH, Node, NodeId};
use crate::{deeper, number};

/// Text beyond this many bytes is cut.
const MAX_LEN: usize = 1 << 20;

/// Nodes to print from.
pub(super) struct GoSyntax<'t, 'a> {
    pub(super) nodes: &'t [Node<'a>],
    /// Those of texts that are no UTF-8.
    pub(super) bytes: &'t HashMap<NodeId, Vec<u8>>,
}

impl GoSyntax<'_, '_> {
    pub(super) fn value(&self, id: NodeId) -> String {
        let mut out = String::new();
        match self.data(id) {
            Data::Null => out.push_str("<nil>"),
            _ => self.write(&mut out, id, 0),
        }
        out
    }

    /// The node, or what it stands for if it is an alias.
    fn data(&self, id: NodeId) -> &Data<'_> {
        match &self.nodes[id as usize].data {
            Data::Alias(target) => &self.nodes[*target as usize].data,
            data => data,
        }
    }

    fn write(&self, out: &mut String, id: NodeId, depth: usize) {
        // Aliases may repeat without end.
        if depth > MAX_DEPTH || out.len() > MAX_LEN {
            out.push_str("...");
            return;
        }
        match &self.nodes[id as usize].data {
            Data::Null => out.push_str("interface {}(nil)"),
            Data::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Data::Int(value) => out.push_str(&value.to_string()),
            Data::Uint(value) => out.push_str(&format!("{value:#x}")),
            Data::Float(value) if value.is_nan() => out.push_str("NaN"),
            Data::Float(value) if value.is_infinite() => {
                out.push_str(if *value > 0.0 { "+Inf" } else { "-Inf" });
            }
            Data::Float(value) => number::write_general(out, &number::Decimal::from_f64(*value)),
            Data::Str(text) => match self.bytes.get(&id) {
                Some(bytes) => quote(out, bytes),
                None => quote(out, text.as_bytes()),
            },
            Data::Merge => quote(out, b"<<"),
            Data::Alias(target) => deeper(|| self.write(out, *target, depth + 1)),
            Data::Sequence(end) => {
                out.push_str("[]interface {}{");
                for (at, child) in self.children(id, *end).into_iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    deeper(|| self.write(out, child, depth + 1));
                }
                out.push('}');
            }
            Data::Mapping(end) => {
                out.push_str("map[interface {}]interface {}{");
                for (at, (key, value)) in self.sorted_pairs(id, *end).into_iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    deeper(|| self.write(out, key, depth + 1));
                    out.push(':');
                    deeper(|| self.write(out, value, depth + 1));
                }
                out.push('}');
            }
        }
    }

    fn children(&self, id: NodeId, end: NodeId) -> Vec<NodeId> {
        let mut children = Vec::new();
        let mut child = id + 1;
        while child < end {
            children.push(child);
            child = match self.nodes[child as usize].data {
                Data::Sequence(end) | Data::Mapping(end) => end,
                _ => child + 1,
            };
        }
        children
    }

    /// The entries as `fmt` sorts them, of equal keys the last.
    fn sorted_pairs(&self, id: NodeId, end: NodeId) -> Vec<(NodeId, NodeId)> {
        let children = self.children(id, end);
        let mut pairs: Vec<_> = children.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        pairs.reverse();
        pairs.sort_by(|a, b| self.compare(a.0, b.0));
        pairs.dedup_by(|a, b| self.compare(a.0, b.0) == Ordering::Equal);
        pairs
    }

    fn compare(&self, a: NodeId, b: NodeId) -> Ordering {
        match (self.data(a), self.data(b)) {
            (Data::Str(a), Data::Str(b)) => a.cmp(b),
            (Data::Bool(a), Data::Bool(b)) => a.cmp(b),
            (Data::Int(a), Data::Int(b)) => a.cmp(b),
            (Data::Uint(a), Data::Uint(b)) => a.cmp(b),
            (Data::Float(a), Data::Float(b)) => a.total_cmp(b),
            (a, b) => rank(a).cmp(&rank(b)),
        }
    }
}

/// The order of keys of different types. In Go it is that of their type
/// descriptors in memory; this is what the Helm 4.2.4 binary prints.
fn rank(data: &Data<'_>) -> u8 {
    match data {
        Data::Null => 0,
        Data::Str(_) | Data::Merge => 1,
        Data::Int(_) => 2,
        Data::Uint(_) => 3,
        Data::Float(_) => 4,
        Data::Bool(_) => 5,
        Data::Sequence(_) | Data::Mapping(_) | Data::Alias(_) => 6,
    }
}

/// Go's `%q`.
fn quote(out: &mut String, text: &[u8]) {
    out.push('"');
    for chunk in text.utf8_chunks() {
        quote_chars(out, chunk.valid());
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out.push('"');
}

fn quote_chars(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0'..='\x1f' | '\x7f' => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if !is_printable(c) => match c as u32 {
                code @ 0..=0xFFFF => out.push_str(&format!("\\u{code:04x}")),
                code => out.push_str(&format!("\\U{code:08x}")),
            },
            c => out.push(c),
        }
    }
}

/// Rust and Go agree on what is printable; Rust escapes combining marks at the start of a text only.
fn is_printable(c: char) -> bool {
    let mut text = [b'.'; 5];
    let end = 1 + c.encode_utf8(&mut text[1..]).len();
    let text = std::str::from_utf8(&text[..end]).expect("a dot and a character are UTF-8");
    matches!(c, '\'' | ' ') || text.escape_debug().count() == 2
}
