//! Walks text, actions and control structures, and writes what they print.

use std::sync::Arc;

use crate::fmt;
use crate::record::{Begun, Lines, Node, Reads};
use crate::strconv;
use crate::tree::{Branch, BranchKind, NodeId, NodeKind, Pipe, Source, Span, TemplateCall};
use crate::types::Kind;
use crate::value::{List, Map, Sequence, Value};

use super::budget::CALL_STEPS;
use super::operand::element_type;
use super::{Exec, Operand, Result, Scope};

/// Calls of templates by templates nest at most this deep, in Go too.
const MAX_TEMPLATE_DEPTH: u32 = 100_000;

/// How a node ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
}

impl Exec<'_> {
    pub(super) fn walk_list(&mut self, scope: Scope<'_>, list: &Span) -> Result<Flow> {
        for &node in scope.source.children(list) {
            let flow = self.walk(scope, node)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn walk(&mut self, scope: Scope<'_>, node: NodeId) -> Result<Flow> {
        self.node = node;
        self.step()?;
        match scope.source.kind(node) {
            NodeKind::Text(text) => {
                let begun = self.begin();
                self.record_write(Some(text.start), begun);
                let text = scope.source.bytes(text);
                self.out.extend_from_slice(text);
                self.written(text.len())?;
            }
            NodeKind::Action { pipe } => {
                // What is declared here lasts until the next end, and is not printed.
                let begun = self.begin();
                let value = self.pipeline(scope, *pipe)?;
                if scope.source.pipe(*pipe).declared.is_empty() {
                    self.node = node;
                    self.print(&value.value, begun)?;
                }
            }
            NodeKind::Branch(branch) => {
                return stacker::maybe_grow(crate::STACK_MARGIN, crate::STACK_STEP, || {
                    self.walk_branch(scope, branch)
                });
            }
            NodeKind::Template(call) => self.walk_template(scope, call)?,
            NodeKind::Break => return Ok(Flow::Break),
            NodeKind::Continue => return Ok(Flow::Continue),
            NodeKind::Pipe(_)
            | NodeKind::Command { .. }
            | NodeKind::Identifier { .. }
            | NodeKind::Dot
            | NodeKind::Nil
            | NodeKind::Bool(_)
            | NodeKind::Number { .. }
            | NodeKind::String { .. }
            | NodeKind::Field { .. }
            | NodeKind::Variable { .. }
            | NodeKind::Chain { .. } => unreachable!("the parser puts only actions and text into lists"),
        }
        Ok(Flow::Next)
    }

    /// Tells the recorders that the node of the moment, which began then, is about to write.
    fn record_write(&self, text: Option<u32>, begun: Begun) {
        if let (Some(lines), Some(entry)) = (self.options.lines, &self.current) {
            lines.write(self.out.len(), (entry, self.node), text, (begun, self.reads_so_far()));
        }
    }

    /// Returns how far the recorders are.
    pub(super) fn begin(&self) -> Begun {
        Begun { reads: self.reads_so_far(), runs: self.options.lines.map_or(0, Lines::runs) }
    }

    /// Returns the node of the moment.
    pub(super) fn reader(&self) -> Node {
        self.current.as_ref().map(|entry| (Arc::clone(entry), self.node))
    }

    pub(super) fn reads_so_far(&self) -> usize {
        self.options.reads.map_or(0, Reads::so_far)
    }

    /// Tells the recorders that a body begins because of what was read since then.
    fn record_body(&self, pipe: NodeId, kind: BranchKind, begun: Begun) {
        let part = begun.reads..self.reads_so_far();
        if let (Some(lines), Some(entry)) = (self.options.lines, &self.current) {
            lines.open(entry, pipe, part.clone());
        }
        if let Some(reads) = self.options.reads.filter(|_| kind != BranchKind::If) {
            reads.begin_dot(part);
        }
    }

    fn record_end_of_body(&self, kind: BranchKind) {
        if let Some(lines) = self.options.lines {
            lines.close();
        }
        if let Some(reads) = self.options.reads.filter(|_| kind != BranchKind::If) {
            reads.end_dot();
        }
    }

    fn print(&mut self, value: &Value, begun: Begun) -> Result<()> {
        self.record_write(None, begun);
        if let Some(reads) = self.options.reads {
            reads.whole(value);
        }
        let (before, room) = (self.out.len(), self.room());
        match value {
            Value::Nil => self.out.extend_from_slice(b"<no value>"),
            Value::Str(text) => self.out.extend_from_slice(text.as_bytes()),
            Value::Object(object) if object.go_type().kind() == Kind::Func => {
                let text = self.current.as_ref().map(|entry| entry.source.text_of(self.node));
                let text = text.unwrap_or_default();
                return Err(self.fail(format!("can't print {text} of type {}", object.go_type())));
            }
            // One byte more than there is left, so that what is missing shows.
            _ => fmt::append_printable(&mut self.out, value, room.saturating_add(1)),
        }
        self.written(self.out.len() - before)
    }

    fn walk_branch(&mut self, scope: Scope<'_>, branch: &Branch) -> Result<Flow> {
        let mark = self.variables.mark();
        let flow = match branch.kind {
            BranchKind::Range => self.walk_range(scope, branch),
            BranchKind::If | BranchKind::With => self.walk_if_or_with(scope, branch),
        };
        self.variables.truncate(mark);
        flow
    }

    fn walk_if_or_with(&mut self, scope: Scope<'_>, branch: &Branch) -> Result<Flow> {
        let begun = self.begin();
        let value = self.pipeline(scope, branch.pipe)?;
        let is_true = self.is_true(&value.value)?;
        let kind = if is_true { branch.kind } else { BranchKind::If };
        self.record_body(branch.pipe, kind, begun);
        let flow = if is_true {
            let dot = if branch.kind == BranchKind::With { &value } else { scope.dot };
            self.walk_list(Scope { dot, ..scope }, &branch.body)
        } else {
            self.walk_otherwise(scope, branch)
        };
        self.record_end_of_body(kind);
        flow
    }

    /// Returns whether a value counts as true.
    pub(super) fn is_true(&mut self, value: &Value) -> Result<bool> {
        if let Some(reads) = self.options.reads {
            reads.truth(value);
        }
        // An object may have to make what it is compared as.
        if matches!(value, Value::Object(_)) {
            self.work(CALL_STEPS).map_err(|spent| self.fail_call(spent))?;
        }
        Ok(value.is_true())
    }

    fn walk_otherwise(&mut self, scope: Scope<'_>, branch: &Branch) -> Result<Flow> {
        match &branch.otherwise {
            Some(otherwise) => self.walk_list(scope, otherwise),
            None => Ok(Flow::Next),
        }
    }

    fn walk_range(&mut self, scope: Scope<'_>, branch: &Branch) -> Result<Flow> {
        let begun = self.begin();
        let value = self.pipeline(scope, branch.pipe)?.value;
        self.record_body(branch.pipe, branch.kind, begun);
        if let Some(reads) = self.options.reads {
            reads.whole(&value);
        }
        let variables = scope.source.pipe(branch.pipe).declared.len();
        let mut rounds = Rounds { source: scope.source, branch, mark: self.variables.mark(), any: false };
        let whole = |n: u64| i128::from(n);
        match &value {
            Value::Nil => {}
            Value::Int(_) | Value::Int64(_) | Value::Uint8(_) | Value::Uint32(_) | Value::Uint64(_)
                if variables > 1 =>
            {
                let text = fmt::display(&value);
                let text = text.to_text();
                return Err(self.fail(format!("can't use {text} to iterate over more than one variable")));
            }
            Value::Int(n) => self.count(&mut rounds, i128::from(*n), |i| Value::Int(small(i)))?,
            Value::Int64(n) => self.count(&mut rounds, i128::from(*n), |i| Value::Int64(small(i)))?,
            Value::Uint8(n) => self.count(&mut rounds, whole((*n).into()), |i| Value::Uint8(small(i)))?,
            Value::Uint32(n) => self.count(&mut rounds, whole((*n).into()), |i| Value::Uint32(small(i)))?,
            Value::Uint64(n) => self.count(&mut rounds, whole(*n), |i| Value::Uint64(small(i)))?,
            Value::List(list) => self.range_list(&mut rounds, list)?,
            Value::Map(map) => self.range_map(&mut rounds, map)?,
            Value::Object(object) => match (object.plain(), object.sequence()) {
                (Some(Value::List(list)), _) => self.range_list(&mut rounds, &list)?,
                (Some(Value::Map(map)), _) => self.range_map(&mut rounds, &map)?,
                (_, Some(Sequence::Values(_))) if variables > 1 => {
                    let text = fmt::display(&value);
                    let text = text.to_text();
                    return Err(self.fail(format!("can't use {text} iterate over more than one variable")));
                }
                (_, Some(sequence)) => self.range_sequence(&mut rounds, sequence, variables > 1)?,
                _ => return Err(self.no_range(&value)),
            },
            Value::Bool(_) | Value::Float64(_) | Value::Complex128(..) | Value::Str(_) => {
                return Err(self.no_range(&value));
            }
        }
        let flow = if rounds.any { Ok(Flow::Next) } else { self.walk_otherwise(scope, branch) };
        self.record_end_of_body(branch.kind);
        flow
    }

    fn no_range(&self, value: &Value) -> crate::Error {
        let text = fmt::display(value);
        let text = text.to_text();
        // Go has followed the pointer by then.
        let text = if value.kind() == Kind::Ptr { text.trim_start_matches('&') } else { &text };
        self.fail(format!("range can't iterate over {text}"))
    }

    fn count(&mut self, rounds: &mut Rounds<'_>, end: i128, value: impl Fn(i128) -> Value) -> Result<()> {
        let mut i = 0;
        while i < end && self.round(rounds, Operand::INVALID, &Operand::concrete(value(i)))? {
            i += 1;
        }
        Ok(())
    }

    fn range_list(&mut self, rounds: &mut Rounds<'_>, list: &List) -> Result<()> {
        let of = element_type(list.go_type());
        for i in 0..list.len() {
            // The list is not copied: what is sorted in place meanwhile shows, as in Go.
            let Some(item) = list.items().get(i).cloned() else { break };
            let index = Operand::concrete(Value::Int(i64::try_from(i).unwrap_or(i64::MAX)));
            if !self.round(rounds, index, &Operand::of(item, of))? {
                break;
            }
        }
        Ok(())
    }

    fn range_sequence(&mut self, rounds: &mut Rounds<'_>, sequence: Sequence, pairs: bool) -> Result<()> {
        let sequence: Box<dyn Iterator<Item = (Value, Value)>> = match sequence {
            Sequence::Values(values) => Box::new(values.map(|value| (Value::Nil, value))),
            Sequence::Pairs(sequence) if pairs => sequence,
            Sequence::Pairs(sequence) => Box::new(sequence.map(|(first, _)| (Value::Nil, first))),
        };
        for (index, element) in sequence {
            if !self.round(rounds, Operand::concrete(index), &Operand::concrete(element))? {
                break;
            }
        }
        Ok(())
    }

    fn range_map(&mut self, rounds: &mut Rounds<'_>, map: &Map) -> Result<()> {
        let of = element_type(map.go_type());
        if let Err(failure) = self.work(map.len() as u64) {
            return Err(self.fail_call(failure));
        }
        // Keys and values are taken before the first round: changes are not seen.
        let entries: Vec<_> = map.entries().iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        for (key, value) in entries {
            if !self.round(rounds, Operand::concrete(Value::Str(key)), &Operand::of(value, of))? {
                break;
            }
        }
        Ok(())
    }

    /// Runs the body of a range once; returns whether it goes on.
    fn round(&mut self, rounds: &mut Rounds<'_>, index: Operand, element: &Operand) -> Result<bool> {
        rounds.any = true;
        self.step()?;
        let pipe = rounds.source.pipe(rounds.branch.pipe);
        self.set_range_variables(rounds, pipe, index, element)?;
        let flow = self.walk_list(Scope { source: rounds.source, dot: element }, &rounds.branch.body)?;
        self.variables.truncate(rounds.mark);
        Ok(flow != Flow::Break)
    }

    fn set_range_variables(
        &mut self,
        rounds: &Rounds<'_>,
        pipe: &Pipe,
        index: Operand,
        element: &Operand,
    ) -> Result<()> {
        match (pipe.declared.as_slice(), pipe.assign) {
            ([], _) => {}
            ([only], true) => self.assign(rounds.source, *only, element.clone())?,
            ([first, second, ..], true) => {
                self.assign(rounds.source, *first, index)?;
                self.assign(rounds.source, *second, element.clone())?;
            }
            ([_], false) => self.variables.set_below(rounds.mark, 1, element.clone()),
            ([_, _, ..], false) => {
                self.variables.set_below(rounds.mark, 1, element.clone());
                self.variables.set_below(rounds.mark, 2, index);
            }
        }
        Ok(())
    }

    fn walk_template(&mut self, scope: Scope<'_>, call: &TemplateCall) -> Result<()> {
        let Some(entry) = self.find(call.name.as_bytes()) else {
            let name = strconv::quote(call.name.as_bytes());
            return Err(self.fail(format!("template {name} not defined")));
        };
        if self.template_depth == MAX_TEMPLATE_DEPTH {
            return Err(self.fail(format!("exceeded maximum template depth ({MAX_TEMPLATE_DEPTH})")));
        }
        let begun = self.begin();
        let dot = match call.pipe {
            Some(pipe) => self.pipeline(scope, pipe)?,
            None => Operand::INVALID,
        };
        self.template_depth += 1;
        if let (Some(lines), Some(current)) = (self.options.lines, &self.current) {
            lines.call(current, self.node, begun.reads..self.reads_so_far());
        }
        let result =
            stacker::maybe_grow(crate::STACK_MARGIN, crate::STACK_STEP, || self.run_frame(&entry, &dot));
        if let Some(lines) = self.options.lines {
            lines.return_from_call();
        }
        self.template_depth -= 1;
        result
    }
}

/// A range that is being walked.
struct Rounds<'s> {
    source: &'s Source,
    branch: &'s Branch,
    /// The height of the variables outside of the body.
    mark: usize,
    any: bool,
}

/// Returns a counter as the type of the number that bounds it.
fn small<T: TryFrom<i128> + Default>(i: i128) -> T {
    T::try_from(i).unwrap_or_default()
}
