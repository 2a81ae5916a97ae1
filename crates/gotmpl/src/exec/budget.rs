//! What an execution may use up, for templates that nobody vouches for.
//!
//! Work is counted in steps and memory in bytes, and both are taken where they arise: a
//! step for each node, and around every call of a function before it what its
//! arguments are to look at, and after it what it made, which is what nobody else
//! holds. So a function needs no code for it, unless it makes far more than it is
//! given ([`Exec::reserve`]) or works far longer ([`Exec::work`]).
//!
//! Invariant: what has run out stays so. A function may swallow the error, but the
//! call that it was made in fails.

use std::collections::HashSet;
use std::ops::ControlFlow;

use crate::function::{CallError, Function, Reach};
use crate::json::CYCLE_DEPTH;
use crate::types::Type;
use crate::value::{List, Map, Value};

use super::Exec;

/// The bounds of an execution.
///
/// All of the default steps take seconds, as a step stands for some ten nanoseconds.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Nodes walked, functions called, rounds of loops, and what functions look at.
    pub steps: u64,
    /// Executions inside each other, through functions such as `include`.
    pub depth: u32,
    /// Bytes of all that is made: output, texts, lists and maps.
    pub bytes: usize,
    /// Bytes of the largest text, list or map.
    pub largest: usize,
    /// Bytes that all runs together write, [`Exec::run`] after [`Exec::run`].
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { steps: 150_000_000, depth: 5_000, bytes: 1 << 30, largest: 64 << 20, output: 80 << 20 }
    }
}

/// What is left.
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) limits: Limits,
    steps: u64,
    bytes: usize,
    output: usize,
    /// What ran out.
    spent: Option<Spent>,
}

#[derive(Debug, Clone, Copy)]
enum Spent {
    Steps,
    Bytes,
    Largest,
    Output,
}

/// A step for so many bytes of text that are looked at.
const TEXT_PER_STEP: usize = 8;
/// A step for so many items of a list that is passed.
const ITEMS_PER_STEP: usize = 4;
/// Steps to call a function or method.
pub(super) const CALL_STEPS: u64 = 20;
/// Steps to go through a value inside a value: to compare, copy or write it.
const NODE_STEPS: u64 = 10;
/// Bytes that a text, list or map takes beside what it holds.
const VALUE_BYTES: usize = 64;
/// A step for so many entries of a map that is passed.
const ENTRIES_PER_STEP: usize = 8;
/// Steps to make an entry of a map.
const STEPS_PER_NEW_ENTRY: usize = 4;
/// Bytes that an entry of a map takes.
const ENTRY_BYTES: usize = 64;

impl Budget {
    pub(super) fn new(limits: Limits) -> Self {
        let Limits { steps, bytes, output, .. } = limits;
        Budget { limits, steps, bytes, output, spent: None }
    }

    /// Takes steps; returns whether there were as many.
    pub(super) fn take_steps(&mut self, steps: u64) -> bool {
        match self.steps.checked_sub(steps) {
            Some(left) => self.steps = left,
            None => return self.run_out(Spent::Steps),
        }
        true
    }

    /// Takes memory; returns whether there was as much.
    fn take_bytes(&mut self, bytes: usize) -> bool {
        match self.bytes.checked_sub(bytes) {
            _ if bytes > self.limits.largest => return self.run_out(Spent::Largest),
            Some(left) => self.bytes = left,
            None => return self.run_out(Spent::Bytes),
        }
        true
    }

    /// Takes what was written into a buffer that holds so much by now; that of the
    /// outermost execution is the output. Returns whether there was as much.
    pub(super) fn write(&mut self, bytes: usize, len: usize, depth: u32) -> bool {
        if len > self.limits.largest {
            return self.run_out(Spent::Largest);
        }
        if depth == 1 {
            match self.output.checked_sub(bytes) {
                Some(left) => self.output = left,
                None => return self.run_out(Spent::Output),
            }
        }
        self.take_bytes(bytes)
    }

    fn run_out(&mut self, what: Spent) -> bool {
        self.spent.get_or_insert(what);
        false
    }

    fn room(&self) -> usize {
        self.bytes.min(self.limits.largest)
    }

    /// Returns what ran out, and what the author of a template can look for.
    fn failure(&self) -> String {
        let Limits { steps, bytes, largest, output, .. } = self.limits;
        match self.spent {
            Some(Spent::Output) => {
                format!("exceeded maximum output ({output} bytes): what the chart renders to is too large")
            }
            Some(Spent::Bytes) => format!(
                "exceeded maximum memory ({bytes} bytes): all that the templates make is too large, \
                 here or before"
            ),
            Some(Spent::Largest) => {
                format!("exceeded maximum size ({largest} bytes): look for what makes a value so large")
            }
            Some(Spent::Steps) | None => format!(
                "exceeded maximum steps ({steps}): look for a loop, a recursion or a value that \
                 multiplies, here or before"
            ),
        }
    }
}

impl Exec<'_> {
    /// Takes steps from the budget, before a function works longer than its arguments
    /// show. A step is some ten nanoseconds.
    ///
    /// # Errors
    ///
    /// There are fewer left.
    pub fn work(&mut self, steps: u64) -> Result<(), CallError> {
        if self.budget.take_steps(steps) { Ok(()) } else { Err(self.spent()) }
    }

    /// Checks that there is room for so many bytes, before a function makes far more
    /// than it was given. What it makes is charged when it returns.
    ///
    /// # Errors
    ///
    /// There is less room.
    pub fn reserve(&mut self, bytes: usize) -> Result<(), CallError> {
        if bytes <= self.room() {
            return Ok(());
        }
        // This takes nothing but notes what ran out.
        self.budget.take_bytes(bytes);
        Err(self.spent())
    }

    /// Takes memory from the budget for what a function makes and others hold too; what
    /// only its caller gets is charged when it returns.
    ///
    /// # Errors
    ///
    /// There is less left.
    pub fn charge(&mut self, bytes: usize) -> Result<(), CallError> {
        self.made_of(bytes, bytes / TEXT_PER_STEP)
    }

    /// Returns how many bytes a function may make now.
    pub fn room(&self) -> usize {
        self.budget.room()
    }

    /// Returns the error of what ran out.
    pub(super) fn spent(&self) -> CallError {
        CallError::new(self.budget.failure())
    }

    /// Returns the error of a text that was cut because there was no more room.
    pub(crate) fn too_long(&mut self) -> CallError {
        self.budget.take_bytes(self.room().saturating_add(1));
        self.spent()
    }

    /// Calls a function, and charges what it looks at and what it makes.
    pub(crate) fn call(&mut self, function: &Function, args: &[Value]) -> Result<Value, CallError> {
        self.work(CALL_STEPS)?;
        match function.reach {
            Reach::Shallow => self.look_at(args.iter())?,
            Reach::Deep => {
                self.look_into(args)?;
            }
        }
        let result = (function.call)(self, args)?;
        self.made(&result)?;
        self.unspent()?;
        Ok(result)
    }

    /// Charges a function for the arguments that it looks at, but not for what they hold.
    pub(super) fn look_at<'v>(&mut self, args: impl Iterator<Item = &'v Value>) -> Result<(), CallError> {
        let (mut steps, mut bytes) = (0, 0);
        for arg in args {
            match arg {
                Value::Str(text) => bytes += text.len(),
                Value::List(list) => steps += list.len() / ITEMS_PER_STEP,
                // Most functions look up a key.
                Value::Map(map) => steps += map.len() / ENTRIES_PER_STEP,
                _ => {}
            }
        }
        if bytes > self.budget.limits.largest {
            return self.reserve(bytes);
        }
        self.work((steps + bytes / TEXT_PER_STEP) as u64)
    }

    /// Charges a function for all values in its arguments: those that share parts can be
    /// far larger than the memory that they take. Returns the steps.
    ///
    /// # Errors
    ///
    /// There are more than the budget allows.
    pub fn look_into(&mut self, args: &[Value]) -> Result<u64, CallError> {
        let before = self.budget.steps;
        let mut walk = Walk { budget: &mut self.budget, bytes: 0, open: HashSet::new() };
        match args.iter().try_for_each(|arg| walk.value(arg, 0)) {
            ControlFlow::Break(Stop::Spent) => Err(self.spent()),
            // What to say of such a value only the function knows.
            ControlFlow::Break(Stop::Cycle) | ControlFlow::Continue(()) => Ok(before - self.budget.steps),
        }
    }

    /// Charges what a function made: those parts of its result that nobody else holds.
    pub(super) fn made(&mut self, value: &Value) -> Result<(), CallError> {
        match value {
            Value::Str(text) if text.is_unshared() => self.made_of(text.len(), text.len() / TEXT_PER_STEP),
            Value::List(list) if list.is_unshared() => {
                if let Some(bytes) = list.packed_bytes() {
                    return self.made_of(bytes.len(), bytes.len() / TEXT_PER_STEP);
                }
                self.made_of(list.len() * size_of::<Value>(), list.len() / ITEMS_PER_STEP)?;
                list.items().iter().try_for_each(|item| self.made_inside(item))
            }
            Value::Map(map) if map.is_unshared() => {
                self.made_of(map.len() * ENTRY_BYTES, map.len() * STEPS_PER_NEW_ENTRY)?;
                map.entries().values().try_for_each(|value| self.made_inside(value))
            }
            _ => Ok(()),
        }
    }

    fn made_of(&mut self, bytes: usize, steps: usize) -> Result<(), CallError> {
        if self.budget.take_bytes(bytes + VALUE_BYTES) { self.work(steps as u64) } else { Err(self.spent()) }
    }

    fn made_inside(&mut self, value: &Value) -> Result<(), CallError> {
        match value {
            Value::List(_) | Value::Map(_) => crate::deeper(|| self.made(value)),
            _ => self.made(value),
        }
    }

    /// Fails if a function has swallowed that something ran out.
    fn unspent(&self) -> Result<(), CallError> {
        if self.budget.spent.is_none() { Ok(()) } else { Err(self.spent()) }
    }
}

/// Goes through a value in the order in which functions do, until it comes to an end
/// or they do: at a value that holds itself.
struct Walk<'a> {
    budget: &'a mut Budget,
    /// What it would take to write all this, about.
    bytes: usize,
    /// The lists and maps that are open below [`CYCLE_DEPTH`].
    open: HashSet<usize>,
}

enum Stop {
    Spent,
    Cycle,
}

impl Walk<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> ControlFlow<Stop> {
        match value {
            Value::List(list) => self.list(list, depth),
            Value::Map(map) => self.map(map, depth),
            Value::Object(object) => match object.plain() {
                Some(plain) => self.value(&plain, depth + 1),
                None => self.take(depth),
            },
            Value::Str(text) => self.take(depth + text.len()),
            _ => self.take(depth),
        }
    }

    /// Takes the work for one value, which is so long and has that much before it in a
    /// text with indentation.
    fn take(&mut self, bytes: usize) -> ControlFlow<Stop> {
        self.bytes = self.bytes.saturating_add(bytes);
        let fits = self.bytes <= self.budget.limits.largest || self.budget.run_out(Spent::Largest);
        if fits && self.budget.take_steps(NODE_STEPS + (bytes / TEXT_PER_STEP) as u64) {
            return ControlFlow::Continue(());
        }
        ControlFlow::Break(Stop::Spent)
    }

    fn list(&mut self, list: &List, depth: usize) -> ControlFlow<Stop> {
        if list.go_type().underlying() == Type::BYTES {
            return self.take(depth + list.len());
        }
        self.nested(list.address(), depth, |walk| {
            list.items().iter().try_for_each(|item| walk.value(item, depth + 1))
        })
    }

    fn map(&mut self, map: &Map, depth: usize) -> ControlFlow<Stop> {
        self.nested(map.address(), depth, |walk| {
            map.entries().iter().try_for_each(|(key, value)| {
                walk.take(key.len())?;
                walk.value(value, depth + 1)
            })
        })
    }

    fn nested(
        &mut self,
        address: usize,
        depth: usize,
        inside: impl FnOnce(&mut Self) -> ControlFlow<Stop>,
    ) -> ControlFlow<Stop> {
        self.take(depth)?;
        if depth < CYCLE_DEPTH {
            return crate::deeper(|| inside(self));
        }
        if !self.open.insert(address) {
            return ControlFlow::Break(Stop::Cycle);
        }
        let flow = crate::deeper(|| inside(self));
        self.open.remove(&address);
        flow
    }
}
