//! Parsed templates: a compact arena of nodes, and how Go writes a node in an error.
//!
//! One text is one [`Source`], with the trees of the file itself and of its defines.
//! Everything that can be known is resolved: functions are numbers, variables have
//! the slot of their frame, constants have been read in every form that fits them.
//! The text's own name is not part of it, so a source can serve under several.

use std::ops::Range;
use std::sync::Arc;

use crate::builtins::Builtin;
use crate::function::Function;
use crate::strconv;
use crate::value::Str;

/// The number of a node in its source.
pub(crate) type NodeId = u32;

/// Consecutive entries of [`Source::children`] or [`Source::names`].
pub(crate) type Span = Range<u32>;

/// A text and its trees.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) text: Str,
    pub(crate) nodes: Vec<Node>,
    pub(crate) children: Vec<NodeId>,
    /// The names in field chains.
    pub(crate) names: Vec<Arc<str>>,
    /// The names of variables, `$` included.
    pub(crate) variables: Vec<Arc<str>>,
    pub(crate) numbers: Vec<Number>,
    /// The tree of the text itself, then those of its defines.
    pub(crate) trees: Vec<Tree>,
    /// The line on which the text ends.
    pub(crate) last_line: u32,
}

/// One template of a source.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    /// Its name; empty for the text itself.
    pub(crate) name: Str,
    pub(crate) body: Span,
    /// It holds nothing but blanks and comments.
    pub(crate) empty: bool,
}

/// A node and where it starts.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) at: u32,
    pub(crate) kind: NodeKind,
}

/// What a node is. Spans named `text` are bytes of the source.
#[derive(Debug, Clone)]
pub(crate) enum NodeKind {
    Text(Span),
    Action { pipe: NodeId },
    Break,
    Continue,
    Branch(Box<Branch>),
    Template(Box<TemplateCall>),
    Pipe(Box<Pipe>),
    Command { args: Span },
    Identifier { text: Span, function: FunctionId },
    Dot,
    Nil,
    Bool(bool),
    Number { text: Span, number: u32 },
    String { text: Span, value: Str },
    Field { names: Span },
    Variable { variable: Variable, names: Span },
    Chain { node: NodeId, names: Span },
}

/// `if`, `with` and `range`.
#[derive(Debug, Clone)]
pub(crate) struct Branch {
    pub(crate) kind: BranchKind,
    pub(crate) pipe: NodeId,
    pub(crate) body: Span,
    pub(crate) otherwise: Option<Span>,
}

/// Which control structure a branch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BranchKind {
    If,
    With,
    Range,
}

/// `{{template "name" pipeline}}`
#[derive(Debug, Clone)]
pub(crate) struct TemplateCall {
    pub(crate) name: Str,
    pub(crate) pipe: Option<NodeId>,
}

/// Commands with the variables that take their result.
#[derive(Debug, Clone)]
pub(crate) struct Pipe {
    pub(crate) declared: Vec<Variable>,
    pub(crate) assign: bool,
    pub(crate) commands: Span,
}

/// A variable: its name, and where it lies in the frame unless a declaration was skipped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variable {
    pub(crate) name: u32,
    pub(crate) slot: u32,
}

/// The function that an identifier stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FunctionId {
    Builtin(Builtin),
    /// A builtin that is a function like any other.
    Text(&'static Function),
    /// The number in the table that the text was parsed with.
    Table(u32),
}

/// A number constant in every form that can hold it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Number {
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
    /// It is written with a point or an exponent, so it is a float where nothing else asks.
    pub(crate) written_as_float: bool,
}

impl Source {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    pub(crate) fn kind(&self, id: NodeId) -> &NodeKind {
        &self.nodes[id as usize].kind
    }

    pub(crate) fn pipe(&self, id: NodeId) -> &Pipe {
        match self.kind(id) {
            NodeKind::Pipe(pipe) => pipe,
            _ => unreachable!("the parser puts only pipelines where a pipeline belongs"),
        }
    }

    pub(crate) fn children(&self, span: &Span) -> &[NodeId] {
        &self.children[span.start as usize..span.end as usize]
    }

    pub(crate) fn names(&self, span: &Span) -> &[Arc<str>] {
        &self.names[span.start as usize..span.end as usize]
    }

    pub(crate) fn bytes(&self, span: &Span) -> &[u8] {
        &self.text.as_bytes()[span.start as usize..span.end as usize]
    }

    pub(crate) fn number(&self, number: u32) -> &Number {
        &self.numbers[number as usize]
    }

    pub(crate) fn variable(&self, variable: Variable) -> &str {
        &self.variables[variable.name as usize]
    }

    /// Returns line (from 1) and column (bytes from 0) of a node.
    pub(crate) fn position(&self, id: NodeId) -> (u32, u32) {
        let before = &self.text.as_bytes()[..self.node(id).at as usize];
        let newlines = before.iter().filter(|&&b| b == b'\n').count();
        let line_start = before.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (small(newlines + 1), small(before.len() - line_start))
    }

    /// Returns a node as Go writes it, for `executing "t" at <NODE>`.
    pub(crate) fn text_of(&self, id: NodeId) -> String {
        let mut out = Vec::new();
        self.write(id, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    fn write(&self, id: NodeId, out: &mut Vec<u8>) {
        stacker::maybe_grow(crate::STACK_MARGIN, crate::STACK_STEP, || self.write_node(id, out));
    }

    fn write_node(&self, id: NodeId, out: &mut Vec<u8>) {
        match self.kind(id) {
            NodeKind::Text(text) | NodeKind::Number { text, .. } | NodeKind::String { text, .. } => {
                out.extend_from_slice(self.bytes(text));
            }
            NodeKind::Identifier { text, .. } => out.extend_from_slice(self.bytes(text)),
            NodeKind::Action { pipe } => {
                out.extend_from_slice(b"{{");
                self.write(*pipe, out);
                out.extend_from_slice(b"}}");
            }
            NodeKind::Break => out.extend_from_slice(b"{{break}}"),
            NodeKind::Continue => out.extend_from_slice(b"{{continue}}"),
            NodeKind::Branch(branch) => self.write_branch(branch, out),
            NodeKind::Template(call) => {
                out.extend_from_slice(b"{{template ");
                out.extend_from_slice(strconv::quote(call.name.as_bytes()).as_bytes());
                if let Some(pipe) = call.pipe {
                    out.push(b' ');
                    self.write(pipe, out);
                }
                out.extend_from_slice(b"}}");
            }
            NodeKind::Pipe(pipe) => self.write_pipe(pipe, out),
            NodeKind::Command { args } => {
                for (at, &arg) in self.children(args).iter().enumerate() {
                    if at > 0 {
                        out.push(b' ');
                    }
                    self.write_operand(arg, out);
                }
            }
            NodeKind::Dot => out.push(b'.'),
            NodeKind::Nil => out.extend_from_slice(b"nil"),
            NodeKind::Bool(truth) => out.extend_from_slice(if *truth { b"true" } else { b"false" }),
            NodeKind::Field { names } => self.write_fields(names, out),
            NodeKind::Variable { variable, names } => {
                out.extend_from_slice(self.variable(*variable).as_bytes());
                self.write_fields(names, out);
            }
            NodeKind::Chain { node, names } => {
                self.write_operand(*node, out);
                self.write_fields(names, out);
            }
        }
    }

    fn write_operand(&self, id: NodeId, out: &mut Vec<u8>) {
        let parenthesized = matches!(self.kind(id), NodeKind::Pipe(_));
        out.extend_from_slice(if parenthesized { b"(" } else { b"" });
        self.write(id, out);
        out.extend_from_slice(if parenthesized { b")" } else { b"" });
    }

    fn write_fields(&self, names: &Span, out: &mut Vec<u8>) {
        for name in self.names(names) {
            out.push(b'.');
            out.extend_from_slice(name.as_bytes());
        }
    }

    fn write_pipe(&self, pipe: &Pipe, out: &mut Vec<u8>) {
        for (at, variable) in pipe.declared.iter().enumerate() {
            out.extend_from_slice(if at > 0 { b", " } else { b"" });
            out.extend_from_slice(self.variable(*variable).as_bytes());
        }
        if !pipe.declared.is_empty() {
            out.extend_from_slice(if pipe.assign { b" = " } else { b" := " });
        }
        for (at, &command) in self.children(&pipe.commands).iter().enumerate() {
            out.extend_from_slice(if at > 0 { b" | " } else { b"" });
            self.write(command, out);
        }
    }

    fn write_branch(&self, branch: &Branch, out: &mut Vec<u8>) {
        out.extend_from_slice(match branch.kind {
            BranchKind::If => b"{{if ",
            BranchKind::With => b"{{with ",
            BranchKind::Range => b"{{range ",
        });
        self.write(branch.pipe, out);
        out.extend_from_slice(b"}}");
        for &node in self.children(&branch.body) {
            self.write(node, out);
        }
        if let Some(otherwise) = &branch.otherwise {
            out.extend_from_slice(b"{{else}}");
            for &node in self.children(otherwise) {
                self.write(node, out);
            }
        }
        out.extend_from_slice(b"{{end}}");
    }
}
