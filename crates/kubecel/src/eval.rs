//! Runs an expression.
//!
//! Every step is paid from a budget, and so is what a step makes or looks through.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use regex::Regex;

use crate::ast::{Bind, Bound, Each, Kind, Literal, Node, Step};
use crate::calls;
use crate::check::TYPES;
use crate::grow;
use crate::value::{Key, Map, Value};

/// Why an expression comes to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The budget is used up.
    #[error("it takes too many steps")]
    Budget,
    /// A field or key is not there.
    #[error("there is no {0:?}")]
    Missing(String),
    /// Values do not go together.
    #[error("{0}")]
    Values(String),
}

pub(crate) type Ran = Result<Value, RunError>;

pub(crate) fn run(
    node: &Node,
    patterns: &BTreeMap<String, Regex>,
    variables: &[(&str, Value)],
    budget: u64,
) -> Ran {
    let run = Run { patterns, left: Cell::new(budget) };
    let mut scope: Scope<'_> = variables.to_vec();
    run.node(node, &mut scope)
}

/// The variables; inner ones come last.
type Scope<'n> = Vec<(&'n str, Value)>;

/// What a run has at hand.
pub(crate) struct Run<'p> {
    patterns: &'p BTreeMap<String, Regex>,
    left: Cell<u64>,
}

impl Run<'_> {
    /// Takes steps from the budget.
    pub(crate) fn pay(&self, steps: usize) -> Result<(), RunError> {
        let left = self.left.get().checked_sub(steps as u64).ok_or(RunError::Budget)?;
        self.left.set(left);
        Ok(())
    }

    /// Calls `with` with a compiled pattern.
    pub(crate) fn regex<T>(&self, pattern: &str, with: impl FnOnce(&Regex) -> T) -> Result<T, RunError> {
        if let Some(regex) = self.patterns.get(pattern) {
            return Ok(with(regex));
        }
        self.pay(pattern.len().saturating_mul(100))?;
        let none = |_| RunError::Values(format!("{pattern:?} is not a regular expression of Go"));
        crate::go_regex(pattern).map(|regex| with(&regex)).map_err(none)
    }

    /// Compares two values, paying for what is looked through.
    pub(crate) fn equal(&self, one: &Value, other: &Value) -> Result<bool, RunError> {
        if std::mem::discriminant(one) == std::mem::discriminant(other) {
            self.look_through(one)?;
        }
        Ok(one == other)
    }

    /// Pays for a look at every part of a value, which may have one part in many places.
    pub(crate) fn look_through(&self, value: &Value) -> Result<(), RunError> {
        self.pay(1)?;
        match value {
            Value::String(text) => self.pay(text.len() / 10),
            Value::Bytes(bytes) => self.pay(bytes.len() / 10),
            Value::List(items) => items.iter().try_for_each(|item| self.look_through(item)),
            Value::Map(map) => map.values().try_for_each(|value| self.look_through(value)),
            Value::Optional(Some(inner)) => self.look_through(inner),
            _ => Ok(()),
        }
    }

    fn node<'n>(&self, node: &'n Node, scope: &mut Scope<'n>) -> Ran {
        self.pay(1)?;
        grow(|| self.part(node, scope))
    }

    fn part<'n>(&self, node: &'n Node, scope: &mut Scope<'n>) -> Ran {
        match &node.kind {
            Kind::Literal(literal) => self.literal(literal),
            Kind::Name(name) => named(name, scope),
            Kind::Select { of, field, optional } => {
                if let Some(kind) = node.dotted().and_then(|name| long_type(&name)) {
                    return Ok(kind);
                }
                let of = self.node(of, scope)?;
                get(&of, &Value::text(field), *optional)
            }
            Kind::Has { of, field } => {
                let of = self.node(of, scope)?;
                Ok(Value::Bool(has(&of, field)?))
            }
            Kind::Index { of, by, optional } => {
                let (of, by) = (self.node(of, scope)?, self.node(by, scope)?);
                get(&of, &by, *optional)
            }
            Kind::Call { target, name, args } => self.call(target.as_deref(), name, args, scope),
            Kind::And(parts) => self.decide(parts, false, scope),
            Kind::Or(parts) => self.decide(parts, true, scope),
            Kind::Either(parts) => {
                let [condition, then, otherwise] = &**parts;
                let chosen = if truth(&self.node(condition, scope)?)? { then } else { otherwise };
                self.node(chosen, scope)
            }
            Kind::List(items) => {
                let mut list = Vec::new();
                for item in items {
                    let value = self.node(&item.value, scope)?;
                    list.extend(if item.optional { inner(value)? } else { Some(value) });
                }
                Ok(Value::list(list))
            }
            Kind::Map(entries) => {
                let mut map = Map::new();
                for entry in entries {
                    let (key, value) = (self.node(&entry.key, scope)?, self.node(&entry.value, scope)?);
                    let value = if entry.optional { inner(value)? } else { Some(value) };
                    let Some(value) = value else { continue };
                    // Of a key that is written twice, the last value counts.
                    let key = key.as_key().ok_or_else(|| no_key(&key))?;
                    map.insert(key, value);
                }
                Ok(Value::map(map))
            }
            Kind::Struct { name, .. } => Err(RunError::Values(format!("{name} cannot be made here"))),
            Kind::Each(each) => self.each(each, scope),
            Kind::Bind(bind) => self.bind(bind, scope),
        }
    }

    fn literal(&self, literal: &Literal) -> Ran {
        Ok(match literal {
            Literal::Null => Value::Null,
            Literal::Bool(value) => Value::Bool(*value),
            Literal::Int(number) => Value::Int(*number),
            Literal::Uint(number) => Value::Uint(*number),
            Literal::Double(number) => Value::Double(*number),
            Literal::String(text) => {
                self.pay(text.len() / 10)?;
                Value::text(text)
            }
            Literal::Bytes(bytes) => {
                self.pay(bytes.len() / 10)?;
                Value::Bytes(bytes.as_slice().into())
            }
        })
    }

    fn call<'n>(&self, target: Option<&'n Node>, name: &str, args: &'n [Node], scope: &mut Scope<'n>) -> Ran {
        let space =
            target.and_then(Node::dotted).filter(|space| !scope.iter().any(|(name, _)| name == space));
        let spaced = space.map(|space| format!("{space}.{name}"));
        let is_spaced = spaced.as_ref().is_some_and(|name| crate::functions::named(name).next().is_some());
        let target = target.filter(|_| !is_spaced);
        let values = target.into_iter().chain(args).map(|arg| self.node(arg, scope));
        let values = values.collect::<Result<Vec<Value>, RunError>>()?;
        calls::call(self, spaced.as_deref().filter(|_| is_spaced).unwrap_or(name), &values)
    }

    /// `&&` and `||`: one part decides, even if another comes to nothing.
    fn decide<'n>(&self, parts: &'n [Node], decisive: bool, scope: &mut Scope<'n>) -> Ran {
        let mut failed = None;
        for part in parts {
            match self.node(part, scope).and_then(|value| truth(&value)) {
                Ok(value) if value == decisive => return Ok(Value::Bool(decisive)),
                Ok(_) => {}
                Err(RunError::Budget) => return Err(RunError::Budget),
                Err(err) => failed = failed.or(Some(err)),
            }
        }
        failed.map_or(Ok(Value::Bool(!decisive)), Err)
    }

    fn each<'n>(&self, each: &'n Each, scope: &mut Scope<'n>) -> Ran {
        let range = self.node(&each.range, scope)?;
        let pairs: Vec<(Value, Value)> = match &range {
            Value::List(items) => {
                (0..).zip(items.iter()).map(|(at, item)| (Value::Int(at), item.clone())).collect()
            }
            Value::Map(map) => map.iter().map(|(key, value)| (of_key(key), value.clone())).collect(),
            other => return Err(RunError::Values(format!("{} has no items", other.type_name()))),
        };
        self.pay(pairs.len())?;
        let is_list = matches!(range, Value::List(_));
        let mut made = Made::new(each.step);
        let known = scope.len();
        for (key, value) in pairs {
            match each.variables.as_slice() {
                [only] => scope.push((only, if is_list { value.clone() } else { key.clone() })),
                names => {
                    let both = [key.clone(), value.clone()];
                    scope.extend(names.iter().map(String::as_str).zip(both));
                }
            }
            let item = if is_list { value } else { key.clone() };
            let is_decided = self.step(each, (key, item), &mut made, scope);
            scope.truncate(known);
            if is_decided? {
                break;
            }
        }
        made.finish()
    }

    /// Looks at one item; returns whether the others do not matter.
    fn step<'n>(
        &self,
        each: &'n Each,
        (key, item): (Value, Value),
        made: &mut Made,
        scope: &mut Scope<'n>,
    ) -> Result<bool, RunError> {
        if let Some(filter) = &each.filter
            && !truth(&self.node(filter, scope)?)?
        {
            return Ok(false);
        }
        let body = self.node(&each.body, scope);
        if matches!(each.step, Step::All | Step::Exists) {
            return match body.and_then(|value| truth(&value)) {
                Ok(value) if value == (each.step == Step::Exists) => {
                    made.is_decided = true;
                    Ok(true)
                }
                Ok(_) => Ok(false),
                Err(RunError::Budget) => Err(RunError::Budget),
                Err(err) => {
                    made.failed.get_or_insert(err);
                    Ok(false)
                }
            };
        }
        let body = body?;
        match each.step {
            Step::All | Step::Exists => {}
            Step::ExistsOne => made.count += usize::from(truth(&body)?),
            Step::Map => made.list.push(body),
            Step::Filter if truth(&body)? => made.list.push(item),
            Step::Filter => {}
            Step::SortBy => made.keyed.push((body, item)),
            Step::TransformMap => insert(&mut made.map, &key, body)?,
            Step::TransformMapEntry => match body {
                Value::Map(entries) => {
                    made.map.extend(entries.iter().map(|(key, value)| (key.clone(), value.clone())));
                }
                other => {
                    return Err(RunError::Values(format!("expected a map, found {}", other.type_name())));
                }
            },
        }
        Ok(false)
    }

    fn bind<'n>(&self, bind: &'n Bind, scope: &mut Scope<'n>) -> Ran {
        let value = self.node(&bind.value, scope)?;
        let Some(value) = inner(value)? else { return Ok(Value::Optional(None)) };
        scope.push((&bind.name, value));
        let body = self.node(&bind.body, scope);
        scope.pop();
        Ok(if bind.of == Bound::OptMap { Value::some(body?) } else { body? })
    }
}

/// What a loop has come to so far.
struct Made {
    step: Step,
    is_decided: bool,
    failed: Option<RunError>,
    count: usize,
    list: Vec<Value>,
    keyed: Vec<(Value, Value)>,
    map: Map,
}

impl Made {
    fn new(step: Step) -> Self {
        let (list, keyed, map) = (Vec::new(), Vec::new(), Map::new());
        Made { step, is_decided: false, failed: None, count: 0, list, keyed, map }
    }

    fn finish(self) -> Ran {
        match self.step {
            Step::All | Step::Exists if self.is_decided => Ok(Value::Bool(self.step == Step::Exists)),
            Step::All | Step::Exists => self.failed.map_or(Ok(Value::Bool(self.step == Step::All)), Err),
            Step::ExistsOne => Ok(Value::Bool(self.count == 1)),
            Step::Map | Step::Filter => Ok(Value::list(self.list)),
            Step::SortBy => calls::sorted(self.keyed),
            Step::TransformMap | Step::TransformMapEntry => Ok(Value::map(self.map)),
        }
    }
}

fn named(name: &str, scope: &Scope<'_>) -> Ran {
    if let Some((_, value)) = scope.iter().rev().find(|(known, _)| *known == name) {
        return Ok(value.clone());
    }
    let kind = TYPES.iter().find(|kind| **kind == name);
    kind.map(|kind| Value::Type(kind)).ok_or_else(|| RunError::Missing(name.to_owned()))
}

fn long_type(name: &str) -> Option<Value> {
    let known = ["google.protobuf.Duration", "google.protobuf.Timestamp"];
    known.into_iter().find(|known| *known == name).map(Value::Type)
}

/// Returns the value of a key or index; none of an optional that is none.
fn get(of: &Value, by: &Value, optional: bool) -> Ran {
    let (of, is_optional) = match of {
        Value::Optional(None) => return Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => (&**inner, true),
        other => (other, optional),
    };
    let found = match of {
        Value::Map(map) => by.as_key().and_then(|key| map.get(&key)),
        Value::List(items) => match by.as_key() {
            Some(Key::Int(at)) => usize::try_from(at).ok().and_then(|at| items.get(at)),
            _ => None,
        },
        other => return Err(RunError::Values(format!("{} has no fields", other.type_name()))),
    };
    match (found, is_optional) {
        (Some(value), false) => Ok(value.clone()),
        (Some(value), true) => Ok(Value::some(value.clone())),
        (None, true) => Ok(Value::Optional(None)),
        (None, false) => Err(RunError::Missing(calls::shown(by))),
    }
}

fn has(of: &Value, field: &str) -> Result<bool, RunError> {
    match of {
        Value::Optional(None) => Ok(false),
        Value::Optional(Some(inner)) => has(inner, field),
        Value::Map(map) => Ok(map.contains_key(&Key::String(field.into()))),
        other => Err(RunError::Values(format!("{} has no fields", other.type_name()))),
    }
}

fn no_key(value: &Value) -> RunError {
    RunError::Values(format!("{} cannot be a key", value.type_name()))
}

fn insert(map: &mut Map, key: &Value, value: Value) -> Result<(), RunError> {
    match map.insert(key.as_key().ok_or_else(|| no_key(key))?, value) {
        None => Ok(()),
        Some(_) => Err(RunError::Values(format!("the key {} is there twice", calls::shown(key)))),
    }
}

fn inner(value: Value) -> Result<Option<Value>, RunError> {
    match value {
        Value::Optional(inner) => Ok(inner.map(|value| (*value).clone())),
        other => Err(RunError::Values(format!("expected an optional, found {}", other.type_name()))),
    }
}

fn truth(value: &Value) -> Result<bool, RunError> {
    match value {
        Value::Bool(value) => Ok(*value),
        other => Err(RunError::Values(format!("expected bool, found {}", other.type_name()))),
    }
}

pub(crate) fn of_key(key: &Key) -> Value {
    match key {
        Key::Bool(value) => Value::Bool(*value),
        Key::Int(number) => match i64::try_from(*number) {
            Ok(number) => Value::Int(number),
            Err(_) => Value::Uint(u64::try_from(*number).unwrap_or(u64::MAX)),
        },
        Key::String(text) => Value::String(Rc::clone(text)),
    }
}
