//! A value in Go's own syntax, as `%#v` prints it.
//!
//! go-yaml puts it into one error, but a frequent one: an unquoted `{{ x }}`
//! in a values file is a map whose key is a map.

use std::fmt::Write as _;

use super::{Data, Node, NodeId};
use crate::number;

/// Nodes to print from.
pub(super) struct GoSyntax<'t, 'a> {
    pub(super) nodes: &'t [Node<'a>],
}

impl GoSyntax<'_, '_> {
    pub(super) fn value(&self, id: NodeId) -> String {
        let mut out = String::new();
        self.write(&mut out, id, 0);
        out
    }

    fn write(&self, out: &mut String, id: NodeId, depth: usize) {
        // Aliases may repeat; nobody reads that far.
        if depth > 20 || out.len() > 10_000 {
            out.push_str("...");
            return;
        }
        match &self.nodes[id as usize].data {
            Data::Null => out.push_str("interface {}(nil)"),
            Data::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Data::Int(value) => {
                let _ = write!(out, "{value}");
            }
            Data::Uint(value) => {
                let _ = write!(out, "{value:#x}");
            }
            Data::Float(value) => number::write_general(out, &number::Decimal::from_f64(*value)),
            Data::Str(text) => quote(out, text),
            Data::Merge => quote(out, "<<"),
            Data::Alias(target) => self.write(out, *target, depth + 1),
            Data::Sequence(end) => {
                out.push_str("[]interface {}{");
                for (at, child) in self.children(id, *end).into_iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    self.write(out, child, depth + 1);
                }
                out.push('}');
            }
            Data::Mapping(end) => {
                out.push_str("map[interface {}]interface {}{");
                for (at, child) in self.children(id, *end).into_iter().enumerate() {
                    out.push_str(match at {
                        0 => "",
                        _ if at % 2 == 1 => ":",
                        _ => ", ",
                    });
                    self.write(out, child, depth + 1);
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
}

/// Go's `%q` for the characters that a document can hold.
fn quote(out: &mut String, text: &str) {
    out.push('"');
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
            c if (c as u32) < 0x20 || c == '\x7f' => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
