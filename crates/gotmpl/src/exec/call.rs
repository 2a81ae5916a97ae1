//! Calls functions and methods: counts their arguments, converts constants to the
//! types of parameters, and checks the rest, all in Go's words.

use std::rc::Rc;

use crate::builtins::{self, Builtin};
use crate::function::{CallError, Function};
use crate::tree::{FunctionId, NodeId, NodeKind, Source};
use crate::types::{Kind, Type};
use crate::value::{Object, Value};

use super::budget::CALL_STEPS;
use super::eval::Arguments;
use super::operand::{assignable, can_be_nil, zero};
use super::{Exec, Operand, Result, Scope};

/// Steps for each thing that a method goes through.
const METHOD_STEPS: u64 = 10;

/// What a parameter takes.
#[derive(Debug, Clone, Copy)]
enum Param {
    /// A value of that type.
    Typed(Type),
    /// A `reflect.Value`: anything, no value included.
    Reflect,
}

/// The types of a function's parameters.
#[derive(Clone, Copy)]
struct Signature<'s> {
    name: &'s str,
    params: &'s [Type],
    variadic: Option<Type>,
}

impl Signature<'_> {
    fn param(&self, at: usize) -> Type {
        self.params.get(at).copied().or(self.variadic).unwrap_or(Type::Any)
    }
}

impl Exec<'_> {
    /// Calls the function of an identifier. A failure of it is reported at `node`.
    pub(super) fn function(
        &mut self,
        scope: Scope<'_>,
        function: FunctionId,
        node: NodeId,
        arguments: Arguments<'_>,
    ) -> Result<Operand> {
        self.step()?;
        self.work(arguments.nodes.len() as u64).map_err(|failure| self.fail_call(failure))?;
        match function {
            FunctionId::Builtin(builtin) => self.builtin(scope, builtin, node, arguments),
            FunctionId::Text(function) => self.table_function(scope, function, node, arguments),
            FunctionId::Table(number) => {
                let Some(&function) = self.functions.get(number as usize) else {
                    return Err(self.fail("function table differs from the one the template was parsed with"));
                };
                self.table_function(scope, &function, node, arguments)
            }
        }
    }

    fn table_function(
        &mut self,
        scope: Scope<'_>,
        function: &Function,
        node: NodeId,
        arguments: Arguments<'_>,
    ) -> Result<Operand> {
        let signature =
            Signature { name: function.name, params: function.params, variadic: function.variadic };
        let args = self.arguments(scope, signature, arguments)?;
        if let Some(reads) = self.options.reads {
            reads.call(function.name, args.iter(), || self.reader());
        }
        let result = self.call(function, &args);
        let result = self.called(function.name, node, result)?;
        self.give_back(args);
        Ok(Operand::of(result, function.returns))
    }

    /// Calls a method. A failure of it is reported at `node`.
    pub(super) fn method(
        &mut self,
        scope: Scope<'_>,
        (object, name): (Rc<dyn Object>, &str),
        node: NodeId,
        arguments: Arguments<'_>,
    ) -> Result<Operand> {
        self.step()?;
        let (types, repeats, returns) = object.method_signature(name).unwrap_or((&[], false, Type::Any));
        let (params, variadic) = match types.split_last() {
            Some((last, fixed)) if repeats => (fixed, Some(*last)),
            _ => (types, None),
        };
        if let Some(refusal) = object.method_refusal(name) {
            self.check_count(name, (params.len(), variadic.is_some()), &arguments)?;
            return Err(self.fail(refusal));
        }
        let args = self.arguments(scope, Signature { name, params, variadic }, arguments)?;
        if let Some(reads) = self.options.reads {
            reads.whole(&Value::Object(Rc::clone(&object)));
            args.iter().for_each(|arg| reads.whole(arg));
        }
        let worked = self
            .work(CALL_STEPS + METHOD_STEPS * object.extent() as u64)
            .and_then(|()| self.look_at(args.iter()));
        let result = worked.and_then(|()| object.call_method(name, &args));
        let result = result.and_then(|result| self.made(&result).map(|()| result));
        let result = self.called(name, node, result)?;
        self.give_back(args);
        Ok(Operand::of(result, returns))
    }

    fn called<T>(
        &mut self,
        name: &str,
        node: NodeId,
        result: std::result::Result<T, CallError>,
    ) -> Result<T> {
        result.map_err(|mut failure| {
            self.node = node;
            failure.message.insert_str(0, &format!("error calling {name}: "));
            self.fail_call(failure)
        })
    }

    fn give_back(&mut self, mut args: Vec<Value>) {
        args.clear();
        self.spare.push(args);
    }

    fn check_count(
        &self,
        name: &str,
        (params, variadic): (usize, bool),
        arguments: &Arguments<'_>,
    ) -> Result<()> {
        let written = arguments.nodes.len();
        let given = written + usize::from(arguments.piped.is_some());
        if variadic && given < params {
            // Go counts the piped argument for the check, but not in the message.
            let message = format!("wrong number of args for {name}: want at least {params} got {written}");
            return Err(self.fail(message));
        }
        if !variadic && given != params {
            return Err(self.fail(format!("wrong number of args for {name}: want {params} got {given}")));
        }
        Ok(())
    }

    fn arguments(
        &mut self,
        scope: Scope<'_>,
        signature: Signature<'_>,
        arguments: Arguments<'_>,
    ) -> Result<Vec<Value>> {
        let counts = (signature.params.len(), signature.variadic.is_some());
        self.check_count(signature.name, counts, &arguments)?;
        let mut args = self.spare.pop().unwrap_or_default();
        for (at, &node) in arguments.nodes.iter().enumerate() {
            let param = signature.param(at);
            args.push(plain(self.argument(scope, Param::Typed(param), node)?.value, param));
        }
        if let Some(piped) = arguments.piped {
            let param = signature.param(args.len());
            args.push(plain(self.fit(piped, Param::Typed(param))?.value, param));
        }
        Ok(args)
    }

    fn builtin(
        &mut self,
        scope: Scope<'_>,
        builtin: Builtin,
        node: NodeId,
        arguments: Arguments<'_>,
    ) -> Result<Operand> {
        let name = builtin.name();
        self.check_count(name, builtin.arity(), &arguments)?;
        if let Builtin::And | Builtin::Or = builtin {
            return self.and_or(scope, builtin == Builtin::Or, arguments);
        }
        let mut args = self.spare_operands.pop().unwrap_or_default();
        for &node in arguments.nodes {
            args.push(self.argument(scope, Param::Reflect, node)?);
        }
        args.extend(arguments.piped);
        if let Some(reads) = self.options.reads {
            reads.call(name, args.iter().map(|arg| &arg.value), || self.reader());
        }
        let result = match builtin {
            Builtin::Call => {
                let callee = arguments.nodes.first().map(|&first| scope.source.text_of(first));
                builtins::call_value(self, callee.unwrap_or_default(), &args)
            }
            _ => {
                self.look_at(args.iter().map(|arg| &arg.value)).and_then(|()| builtins::call(builtin, &args))
            }
        };
        args.clear();
        self.spare_operands.push(args);
        self.called(name, node, result)
    }

    /// Evaluates `and` and `or`, which stop at the first argument that decides.
    fn and_or(&mut self, scope: Scope<'_>, or: bool, arguments: Arguments<'_>) -> Result<Operand> {
        let mut value = Operand::INVALID;
        for &node in arguments.nodes {
            value = self.argument(scope, Param::Reflect, node)?;
            if self.is_true(&value.value)? == or {
                return Ok(value);
            }
        }
        Ok(arguments.piped.unwrap_or(value))
    }

    /// Evaluates the start of a chain, of which nothing is asked.
    pub(super) fn untyped_argument(&mut self, scope: Scope<'_>, node: NodeId) -> Result<Operand> {
        self.node = node;
        match scope.source.kind(node) {
            NodeKind::Pipe(_) => self.nested_pipeline(scope, node),
            NodeKind::Identifier { function, .. } => self.function(scope, *function, node, Arguments::NONE),
            _ => Err(self.fail(format!("can't evaluate fields of {}", scope.source.text_of(node)))),
        }
    }

    /// Evaluates an argument for a parameter.
    fn argument(&mut self, scope: Scope<'_>, param: Param, node: NodeId) -> Result<Operand> {
        self.node = node;
        let value = match scope.source.kind(node) {
            NodeKind::Dot => self.dot(scope),
            NodeKind::Nil => return self.nil_argument(param),
            NodeKind::Field { names } => {
                self.fields(scope, scope.dot.clone(), (node, names), Arguments::NONE)?
            }
            NodeKind::Variable { variable, names } => {
                self.variable(scope, (node, *variable, names), Arguments::NONE)?
            }
            NodeKind::Pipe(_) => self.nested_pipeline(scope, node)?,
            NodeKind::Identifier { function, .. } => {
                self.function(scope, *function, node, Arguments::NONE)?
            }
            NodeKind::Chain { node: inner, names } => {
                self.chain(scope, (node, *inner, names), Arguments::NONE)?
            }
            _ => return self.constant_argument(scope.source, param, node),
        };
        self.fit(value, param)
    }

    fn nil_argument(&self, param: Param) -> Result<Operand> {
        match param {
            Param::Reflect => Ok(Operand::INVALID),
            Param::Typed(wanted) if can_be_nil(wanted) => Ok(Operand::of(zero(wanted), wanted)),
            Param::Typed(wanted) => Err(self.fail(format!("cannot assign nil to {wanted}"))),
        }
    }

    /// Converts a constant to the type of a parameter.
    fn constant_argument(&mut self, source: &Source, param: Param, node: NodeId) -> Result<Operand> {
        let kind = match param {
            Param::Reflect => Kind::Interface,
            Param::Typed(wanted) => wanted.kind(),
        };
        let found = source.kind(node);
        let number = match found {
            NodeKind::Number { number, .. } => Some(source.number(*number)),
            _ => None,
        };
        let int = number.and_then(|number| number.int);
        let uint = number.and_then(|number| number.uint);
        // Go stores into the smaller types without a check, so the high bits are lost.
        let converted = match (kind, found) {
            (Kind::Interface, NodeKind::Number { .. }) => {
                let number = number.expect("a number node has a number");
                return self.ideal_constant(source, node, number);
            }
            (Kind::Bool | Kind::Interface, NodeKind::Bool(truth)) => Some(Value::Bool(*truth)),
            (Kind::String | Kind::Interface, NodeKind::String { value, .. }) => {
                Some(Value::Str(value.clone()))
            }
            (Kind::Int, _) => int.map(Value::Int),
            (Kind::Int64, _) => int.map(Value::Int64),
            (Kind::Uint8, _) => uint.map(|n| Value::Uint8(n.to_le_bytes()[0])),
            (Kind::Uint32, _) => uint.map(|n| Value::Uint32((n & 0xffff_ffff) as u32)),
            (Kind::Uint64, _) => uint.map(Value::Uint64),
            (Kind::Float64, _) => number.and_then(|number| number.float).map(Value::Float64),
            (Kind::Complex128, _) => {
                number.and_then(|number| number.complex).map(|(re, im)| Value::Complex128(re, im))
            }
            _ => None,
        };
        if let Some(value) = converted {
            return Ok(Operand::concrete(value));
        }
        let text = source.text_of(node);
        let wanted = match kind {
            Kind::Bool => "bool",
            Kind::String => "string",
            Kind::Int | Kind::Int64 => "integer",
            Kind::Uint8 | Kind::Uint32 | Kind::Uint64 => "unsigned integer",
            Kind::Float64 => "float",
            Kind::Complex128 => "complex",
            _ => {
                let Param::Typed(wanted) = param else {
                    return Err(
                        self.fail(format!("can't handle assignment of {text} to empty interface argument"))
                    );
                };
                return Err(self.fail(format!("can't handle {text} for arg of type {wanted}")));
            }
        };
        Err(self.fail(format!("expected {wanted}; found {text}")))
    }

    /// Checks that a value can be passed for a parameter.
    fn fit(&self, value: Operand, param: Param) -> Result<Operand> {
        let Param::Typed(wanted) = param else { return Ok(value) };
        if value.is_invalid() {
            if can_be_nil(wanted) {
                return Ok(Operand::of(zero(wanted), wanted));
            }
            return Err(self.fail(format!("invalid value; expected {wanted}")));
        }
        if wanted == Type::Any {
            return Ok(in_interface(value));
        }
        let got = value.value.go_type();
        if got.is_some_and(|got| assignable(got, wanted)) {
            return Ok(value.elem());
        }
        let got = got.unwrap_or(Type::Any);
        Err(self.fail(format!("wrong type for value; expected {wanted}; got {got}")))
    }
}

/// Returns a value as an interface holds it: a copy, which has no address.
fn in_interface(value: Operand) -> Operand {
    match &value.value {
        Value::Object(object) => match object.copied() {
            Some(copy) => Operand { value: Value::Object(copy), ..value },
            None => value,
        },
        _ => value,
    }
}

/// Gives a value the parameter's own type where it is a defined type over it:
/// `common.Values` arrives as a plain map.
fn plain(value: Value, wanted: Type) -> Value {
    match (&value, wanted) {
        (Value::Object(object), Type::Map(_) | Type::Slice(_)) => object.plain().unwrap_or(value),
        _ => value,
    }
}
