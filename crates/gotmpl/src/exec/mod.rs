//! Runs templates over data.
//!
//! One evaluator walks the trees; output goes straight into one buffer. Go's
//! `reflect` semantics are kept where a template can see them, above all the node
//! that an error names: it is the last one that was begun, not the one that encloses.

mod budget;
mod call;
mod eval;
mod operand;
mod walk;

use std::any::Any;
use std::sync::Arc;

use crate::error::{Error, Position};
use crate::function::{CallError, Functions};
use crate::parse::Parsed;
use crate::record::{Lines, Reads};
use crate::strconv;
use crate::templates::{Entry, Layer, Templates};
use crate::tree::{NodeId, Source};
use crate::value::{Str, Value};
use budget::Budget;
pub use budget::Limits;
use eval::Variables;
pub(crate) use operand::{Operand, assignable, can_be_nil, element_type, type_name, zero};

/// What `.x` gives when a map has no such key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingKey {
    /// No value (`missingkey=default`).
    #[default]
    Invalid,
    /// The zero value of the map's values, a nil interface for most (`missingkey=zero`).
    Zero,
    /// An error (`missingkey=error`).
    Error,
}

/// What a caller may choose about an execution.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// What a missing key gives.
    pub missing_key: MissingKey,
    /// The bounds of the execution.
    pub limits: Limits,
    /// What functions can ask for: a clock, a source of randomness, the state of an
    /// embedding engine.
    pub extensions: &'a [&'a dyn Any],
    /// Records what writes which line of the output.
    pub lines: Option<&'a Lines>,
    /// Records what is read of the data.
    pub reads: Option<&'a Reads>,
}

/// A running execution: what a function can ask of it.
pub struct Exec<'a> {
    templates: &'a Templates,
    functions: &'a Functions,
    options: Options<'a>,
    /// What texts added for themselves while they run.
    layers: Vec<Layer>,
    variables: Variables,
    /// The template that runs, and the node begun last.
    current: Option<Arc<Entry>>,
    node: NodeId,
    /// Calls of templates by templates in this execution.
    template_depth: u32,
    /// Executions inside each other.
    depth: u32,
    budget: Budget,
    out: Vec<u8>,
    /// Argument lists that are not in use.
    spare: Vec<Vec<Value>>,
    spare_operands: Vec<Vec<Operand>>,
    /// Buffers for output that are not in use.
    spare_buffers: Vec<Vec<u8>>,
}

/// What a node is evaluated in: the text it is part of, and the value of `.`.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'s> {
    source: &'s Source,
    dot: &'s Operand,
}

type Result<T> = std::result::Result<T, Error>;

impl<'a> Exec<'a> {
    /// Returns an execution of these templates, which were parsed with these functions.
    pub fn new(templates: &'a Templates, functions: &'a Functions, options: Options<'a>) -> Self {
        Exec {
            templates,
            functions,
            options,
            layers: Vec::new(),
            variables: Variables::default(),
            current: None,
            node: 0,
            template_depth: 0,
            depth: 0,
            budget: Budget::new(options.limits),
            out: Vec::new(),
            spare: Vec::new(),
            spare_operands: Vec::new(),
            spare_buffers: Vec::new(),
        }
    }

    /// Runs the template of that name over `data` and returns what it wrote.
    pub fn run(&mut self, name: &str, data: Value) -> Result<Vec<u8>> {
        match self.find(name.as_bytes()) {
            Some(entry) => self.run_entry(&entry, data),
            None => Err(Error::plain(self.no_template(name))),
        }
    }

    /// Returns the extension of that type which the caller gave.
    pub fn extension<T: 'static>(&self) -> Option<&'a T> {
        self.options.extensions.iter().find_map(|extension| extension.downcast_ref())
    }

    /// Returns the functions of this execution.
    pub fn functions(&self) -> &'a Functions {
        self.functions
    }

    /// Runs the template of that name over `data` for a function, such as Helm's
    /// `include`, and returns what it wrote.
    pub fn execute(&mut self, name: &str, data: Value) -> std::result::Result<Str, CallError> {
        let Some(entry) = self.find(name.as_bytes()) else {
            return Err(CallError::new(self.no_template(name)));
        };
        self.run_entry(&entry, data).map_err(CallError::from_error)
    }

    /// Runs a text over `data` for a function, such as Helm's `tpl`. While it runs
    /// its templates cover those of the set; afterwards they are gone.
    pub fn execute_text(&mut self, parsed: &Parsed, data: Value) -> std::result::Result<Str, CallError> {
        let layer = self.templates.layer(&self.layers, parsed);
        self.layers.push(layer);
        let result = self.run_entry(&Entry::main(parsed), data);
        self.layers.pop();
        result.map_err(CallError::from_error)
    }

    /// Returns the name of the template that is running.
    pub fn template(&self) -> Option<&Str> {
        self.current.as_ref().map(|entry| &entry.name)
    }

    /// Returns where the template that is running has come to.
    pub fn position(&self) -> Option<Position> {
        self.current.as_ref().map(|entry| position(entry, self.node))
    }

    fn no_template(&self, name: &str) -> String {
        let set = strconv::quote(self.templates.name().as_bytes());
        format!("template: no template {} associated with template {set}", strconv::quote(name.as_bytes()))
    }

    fn find(&self, name: &[u8]) -> Option<Arc<Entry>> {
        let layered = self.layers.iter().rev().find_map(|layer| layer.find(name));
        layered.or_else(|| self.templates.find(name)).cloned()
    }

    /// Runs a template with a buffer and a frame of its own, and keeps what it wrote.
    fn run_entry<T: for<'t> From<&'t [u8]>>(&mut self, entry: &Arc<Entry>, data: Value) -> Result<T> {
        let buffer = self.spare_buffers.pop().unwrap_or_default();
        let out = std::mem::replace(&mut self.out, buffer);
        let template_depth = std::mem::replace(&mut self.template_depth, 0);
        self.depth += 1;
        if let Some(lines) = self.options.lines {
            lines.begin(entry, self.options.reads.map_or(0, Reads::so_far));
        }
        let result = if self.depth > self.options.limits.depth {
            let limit = self.options.limits.depth;
            Err(Error::plain(format!(
                "exceeded maximum depth of executions ({limit}): a template includes itself without end"
            )))
        } else {
            stacker::maybe_grow(crate::STACK_MARGIN, crate::STACK_STEP, || {
                self.run_frame(entry, &Operand::concrete(data))
            })
        };
        self.depth -= 1;
        self.template_depth = template_depth;
        let mut written = std::mem::replace(&mut self.out, out);
        if let Some(lines) = self.options.lines {
            lines.end(&written, self.options.reads.map_or(0, Reads::so_far));
        }
        let kept = result.map(|()| T::from(&written));
        written.clear();
        self.spare_buffers.push(written);
        kept
    }

    /// Runs a template with a frame of its own, into the buffer of the moment.
    fn run_frame(&mut self, entry: &Arc<Entry>, dot: &Operand) -> Result<()> {
        let caller = self.current.replace(Arc::clone(entry));
        let node = self.node;
        let frame = self.variables.enter(dot.clone());
        if let Some(reads) = self.options.reads {
            reads.begin_dot(0..0);
        }
        let result = self.walk_list(Scope { source: &entry.source, dot }, &entry.tree().body);
        self.variables.leave(frame);
        if let Some(reads) = self.options.reads {
            reads.end_dot();
        }
        self.node = node;
        self.current = caller;
        result.map(|_| ())
    }

    /// Returns an error at the node begun last.
    fn fail(&self, message: impl Into<String>) -> Error {
        self.fail_call(CallError::new(message))
    }

    fn fail_call(&self, failure: CallError) -> Error {
        let Some(entry) = &self.current else { return Error::plain(failure.message) };
        let position = position(entry, self.node);
        let source: &Source = &entry.source;
        let line = usize::try_from(position.line).unwrap_or(1) - 1;
        let text = source.text.as_bytes().split(|&b| b == b'\n').nth(line).unwrap_or_default();
        Error::executing(position, (entry.name.clone(), source.text_of(self.node)), failure, text)
    }

    /// Counts a step of work.
    fn step(&mut self) -> Result<()> {
        if self.budget.take_steps(1) { Ok(()) } else { Err(self.fail_call(self.spent())) }
    }

    /// Counts output that was just written.
    fn written(&mut self, bytes: usize) -> Result<()> {
        if self.budget.write(bytes, self.out.len(), self.depth) {
            return Ok(());
        }
        Err(self.fail_call(self.spent()))
    }
}

fn position(entry: &Entry, node: NodeId) -> Position {
    let (line, column) = entry.source.position(node);
    Position { file: entry.file.clone(), line, column: Some(column) }
}
