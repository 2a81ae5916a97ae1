//! Evaluates pipelines, commands, fields and variables.

use std::rc::Rc;
use std::sync::Arc;

use crate::strconv;
use crate::tree::{NodeId, NodeKind, Number, Source, Span, Variable};
use crate::types::Kind;
use crate::value::{Map, Object, Value};

use super::operand::{element_type, zero};
use super::{Exec, MissingKey, Operand, Result, Scope};

/// The variables of all templates that are running, the innermost on top.
#[derive(Debug, Default)]
pub(super) struct Variables {
    stack: Vec<(u32, Operand)>,
    /// Where the frame of the running template begins.
    base: usize,
}

impl Variables {
    /// Begins a frame whose `$` is the given value; returns where the last one began.
    pub(super) fn enter(&mut self, root: Operand) -> usize {
        let outer = std::mem::replace(&mut self.base, self.stack.len());
        self.stack.push((0, root));
        outer
    }

    /// Ends a frame.
    pub(super) fn leave(&mut self, outer: usize) {
        self.stack.truncate(self.base);
        self.base = outer;
    }

    pub(super) fn mark(&self) -> usize {
        self.stack.len()
    }

    pub(super) fn truncate(&mut self, mark: usize) {
        self.stack.truncate(mark);
    }

    /// Sets the variable that lies so many places below a mark.
    pub(super) fn set_below(&mut self, mark: usize, places: usize, value: Operand) {
        if let Some((_, variable)) = mark.checked_sub(places).and_then(|at| self.stack.get_mut(at)) {
            *variable = value;
        }
    }

    /// Finds a variable. Its slot is right unless a declaration inside a short-circuited
    /// argument was skipped: then all slots above are one too high, and the name decides.
    fn find(&self, variable: Variable) -> Option<usize> {
        let at = self.base + variable.slot as usize;
        if self.stack.get(at).is_some_and(|(name, _)| *name == variable.name) {
            return Some(at);
        }
        let frame = &self.stack[self.base..];
        frame.iter().rposition(|(name, _)| *name == variable.name).map(|at| self.base + at)
    }
}

/// A field chain or command on its way: what its last part gets as arguments.
pub(super) struct Arguments<'n> {
    /// The arguments after the first word.
    pub(super) nodes: &'n [NodeId],
    /// The result of the command before, which is the last argument.
    pub(super) piped: Option<Operand>,
}

impl Arguments<'_> {
    pub(super) const NONE: Arguments<'static> = Arguments { nodes: &[], piped: None };

    fn any(&self) -> bool {
        !self.nodes.is_empty() || self.piped.is_some()
    }
}

impl Exec<'_> {
    /// Evaluates a pipeline and declares or assigns its variables.
    pub(super) fn pipeline(&mut self, scope: Scope<'_>, node: NodeId) -> Result<Operand> {
        self.node = node;
        let begun = self.begin();
        let pipe = scope.source.pipe(node);
        let mut piped = None;
        for &command in scope.source.children(&pipe.commands) {
            let value = self.command(scope, command, piped)?;
            // What an interface holds counts from here on, so nil becomes no value.
            piped = Some(value.elem());
        }
        let value = piped.unwrap_or(Operand::INVALID);
        for &variable in &pipe.declared {
            if pipe.assign {
                self.assign(scope.source, variable, value.clone())?;
            } else {
                self.variables.stack.push((variable.name, value.clone()));
            }
            if let Some(reads) = self.options.reads
                && let Some(at) = self.variables.find(variable)
            {
                reads.declare(at, begun.reads);
            }
        }
        Ok(value)
    }

    /// Returns the dot.
    pub(super) fn dot(&self, scope: Scope<'_>) -> Operand {
        if let Some(reads) = self.options.reads {
            reads.dot();
        }
        scope.dot.clone()
    }

    pub(super) fn assign(&mut self, source: &Source, variable: Variable, value: Operand) -> Result<()> {
        let Some(at) = self.variables.find(variable) else {
            return Err(self.fail(format!("undefined variable: {}", source.variable(variable))));
        };
        self.variables.stack[at].1 = value;
        Ok(())
    }

    fn command(&mut self, scope: Scope<'_>, node: NodeId, piped: Option<Operand>) -> Result<Operand> {
        let NodeKind::Command { args } = scope.source.kind(node) else {
            unreachable!("the parser puts only commands into pipelines")
        };
        let args = scope.source.children(args);
        let (first, rest) = (args[0], &args[1..]);
        let arguments = Arguments { nodes: rest, piped };
        match scope.source.kind(first) {
            NodeKind::Field { names } => {
                self.node = first;
                self.fields(scope, scope.dot.clone(), (first, names), arguments)
            }
            NodeKind::Chain { node, names } => self.chain(scope, (first, *node, names), arguments),
            NodeKind::Identifier { function, .. } => {
                self.node = first;
                self.function(scope, *function, node, arguments)
            }
            NodeKind::Pipe(_) => {
                self.not_a_function(scope.source, first, &arguments)?;
                self.nested_pipeline(scope, first)
            }
            NodeKind::Variable { variable, names } => {
                self.variable(scope, (first, *variable, names), arguments)
            }
            _ => {
                self.node = first;
                self.not_a_function(scope.source, first, &arguments)?;
                self.constant(scope, first)
            }
        }
    }

    pub(super) fn nested_pipeline(&mut self, scope: Scope<'_>, node: NodeId) -> Result<Operand> {
        stacker::maybe_grow(crate::STACK_MARGIN, crate::STACK_STEP, || self.pipeline(scope, node))
    }

    fn not_a_function(&self, source: &Source, first: NodeId, arguments: &Arguments<'_>) -> Result<()> {
        if arguments.any() {
            let text = source.text_of(first);
            return Err(self.fail(format!("can't give argument to non-function {text}")));
        }
        Ok(())
    }

    /// Evaluates a word that is a value by itself.
    fn constant(&mut self, scope: Scope<'_>, node: NodeId) -> Result<Operand> {
        match scope.source.kind(node) {
            NodeKind::Bool(truth) => Ok(Operand::concrete(Value::Bool(*truth))),
            NodeKind::Dot => Ok(self.dot(scope)),
            NodeKind::Nil => Err(self.fail("nil is not a command")),
            NodeKind::Number { number, .. } => {
                self.ideal_constant(scope.source, node, scope.source.number(*number))
            }
            NodeKind::String { value, .. } => Ok(Operand::concrete(Value::Str(value.clone()))),
            _ => {
                let text = strconv::quote(scope.source.text_of(node).as_bytes());
                Err(self.fail(format!("can't evaluate command {text}")))
            }
        }
    }

    /// Gives a number its type where nothing asks for one: its notation decides.
    pub(super) fn ideal_constant(
        &mut self,
        source: &Source,
        node: NodeId,
        number: &Number,
    ) -> Result<Operand> {
        self.node = node;
        if let Some((re, im)) = number.complex {
            return Ok(Operand::concrete(Value::Complex128(re, im)));
        }
        if let Some(float) = number.float.filter(|_| number.written_as_float) {
            return Ok(Operand::concrete(Value::Float64(float)));
        }
        match number.int {
            Some(int) => Ok(Operand::concrete(Value::Int(int))),
            None => Err(self.fail(format!("{} overflows int", source.text_of(node)))),
        }
    }

    pub(super) fn variable(
        &mut self,
        scope: Scope<'_>,
        (node, variable, names): (NodeId, Variable, &Span),
        arguments: Arguments<'_>,
    ) -> Result<Operand> {
        self.node = node;
        let Some(at) = self.variables.find(variable) else {
            return Err(self.fail(format!("undefined variable: {}", scope.source.variable(variable))));
        };
        if let Some(reads) = self.options.reads {
            reads.variable(at);
        }
        let value = self.variables.stack[at].1.clone();
        if names.is_empty() {
            self.not_a_function(scope.source, node, &arguments)?;
            return Ok(value);
        }
        self.fields(scope, value, (node, names), arguments)
    }

    pub(super) fn chain(
        &mut self,
        scope: Scope<'_>,
        (node, inner, names): (NodeId, NodeId, &Span),
        arguments: Arguments<'_>,
    ) -> Result<Operand> {
        self.node = node;
        let value = self.untyped_argument(scope, inner)?;
        self.fields(scope, value, (node, names), arguments)
    }

    /// Follows `.X.Y.Z` from a value; only the last part gets arguments.
    pub(super) fn fields(
        &mut self,
        scope: Scope<'_>,
        mut receiver: Operand,
        (node, names): (NodeId, &Span),
        arguments: Arguments<'_>,
    ) -> Result<Operand> {
        let names = scope.source.names(names);
        let Some((last, first)) = names.split_last() else { return Ok(receiver) };
        if let Some(reads) = self.options.reads {
            reads.begin_chain();
        }
        for name in first {
            receiver = self.field(scope, (receiver, name), node, Arguments::NONE)?;
        }
        self.field(scope, (receiver, last), node, arguments)
    }

    /// Looks up one name: a method, then a field, then the key of a map.
    fn field(
        &mut self,
        scope: Scope<'_>,
        (receiver, name): (Operand, &Arc<str>),
        node: NodeId,
        arguments: Arguments<'_>,
    ) -> Result<Operand> {
        match &receiver.value {
            Value::Nil if receiver.interface => {
                Err(self.fail(format!("nil pointer evaluating interface {{}}.{name}")))
            }
            Value::Nil if self.options.missing_key == MissingKey::Error => {
                let key = strconv::quote(name.as_bytes());
                Err(self.fail(format!("nil data; no entry for key {key}")))
            }
            Value::Nil => Ok(Operand::INVALID),
            Value::Map(map) => self.key(map, name, &arguments),
            Value::Object(object) if object.has_method(name) => {
                let object = Rc::clone(object);
                self.method(scope, (object, name), node, arguments)
            }
            Value::Object(object) => self.object_field(&receiver, object.as_ref(), name, &arguments),
            _ => Err(self.no_field(&receiver, name)),
        }
    }

    fn no_field(&self, receiver: &Operand, name: &str) -> crate::Error {
        let printed = if let Value::Object(object) = &receiver.value { object.fields() } else { Vec::new() };
        if printed.iter().any(|(field, _)| *field == name) {
            // `fmt` prints it, but templates cannot read it.
            return self
                .fail(format!("{name} is an unexported field of struct type {}", receiver.type_name()));
        }
        self.fail(format!("can't evaluate field {name} in type {}", receiver.type_name()))
    }

    /// Reads the key of a map. Every read of data by a template goes through here.
    fn key(&mut self, map: &Map, name: &str, arguments: &Arguments<'_>) -> Result<Operand> {
        if arguments.any() {
            return Err(self.fail(format!("{name} is not a method but has arguments")));
        }
        if let Some(reads) = self.options.reads {
            reads.key(map, name, || self.reader());
        }
        let of = element_type(map.go_type());
        if let Some(value) = map.get(name.as_bytes()) {
            return Ok(Operand::of(value, of));
        }
        match self.options.missing_key {
            MissingKey::Invalid => Ok(Operand::INVALID),
            MissingKey::Zero => Ok(Operand::of(zero(of), of)),
            MissingKey::Error => {
                let key = strconv::quote(name.as_bytes());
                Err(self.fail(format!("map has no entry for key {key}")))
            }
        }
    }

    fn object_field(
        &mut self,
        receiver: &Operand,
        object: &dyn Object,
        name: &str,
        arguments: &Arguments<'_>,
    ) -> Result<Operand> {
        if object.go_type().kind() == Kind::Map {
            return match object.plain().and_then(|plain| plain.as_map()) {
                Some(map) => self.key(&map, name, arguments),
                None => Err(self.no_field(receiver, name)),
            };
        }
        let Some(value) = object.field(name) else { return Err(self.no_field(receiver, name)) };
        if arguments.any() {
            return Err(self.fail(format!("{name} has arguments but cannot be invoked as function")));
        }
        let interface = matches!(value, Value::Nil);
        Ok(Operand { value, interface })
    }
}
