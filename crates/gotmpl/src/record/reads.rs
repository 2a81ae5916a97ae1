//! Which keys of which maps a template looked at.
//!
//! A map that is handed on (to `include`, into a `dict`) is not read by that: what
//! is looked up in it later counts, wherever that is, because maps are told apart
//! by what they are and not by how they were reached. Whoever prints a map, walks
//! over it or gives it to a function that may do anything reads all of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::error::Position;
use crate::templates::Entry;
use crate::tree::NodeId;
use crate::value::{Map, Str, Value};

/// Records what is read.
#[derive(Debug)]
pub struct Reads {
    passing: fn(&str) -> Passing,
    maps: RefCell<BTreeMap<usize, Read>>,
    last: RefCell<Option<(Map, Str)>>,
    log: Option<RefCell<Log>>,
}

/// The look-ups in their order.
#[derive(Debug, Default)]
struct Log {
    reads: Vec<LookUp>,
    /// What was read for the variables that there are, by their places on the stack.
    variables: BTreeMap<usize, Range<usize>>,
    /// What was read for the dots of the bodies that are running, the innermost last.
    dots: Vec<Range<usize>>,
}

/// A look-up of a key in a map.
#[derive(Debug, Clone)]
struct LookUp {
    map: Map,
    key: Str,
    node: Node,
}

/// The node of a template that something is read for; none outside of templates.
pub(crate) type Node = Option<(Arc<Entry>, NodeId)>;

/// What a function does with the maps that it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passing {
    /// It hands them on and looks at nothing.
    Reference,
    /// It looks up the texts among its arguments, one in the other.
    Keys,
    /// It looks whether they are empty.
    Truth,
    /// It may look at everything.
    Whole,
}

/// What was read of one map.
#[derive(Debug, Clone)]
pub struct Read {
    /// The map.
    pub map: Map,
    /// The keys that were looked up, those included that it does not have.
    pub keys: BTreeSet<Str>,
    /// Whether somebody looked if it is empty.
    pub truth: bool,
    /// Whether everything in it was read, at any depth.
    pub whole: bool,
}

/// How deep a value is followed; only one that holds itself is deeper.
const MAX_DEPTH: usize = 10_000;

impl Reads {
    /// Returns a recorder that has seen nothing. `passing` tells of a function or builtin what it reads.
    pub fn new(passing: fn(&str) -> Passing) -> Self {
        Reads { passing, maps: RefCell::default(), last: RefCell::default(), log: None }
    }

    /// Returns a recorder that remembers the order of what is read, too, so that [`Lines`](crate::Lines) can tell
    /// what was read for a line.
    pub fn in_order(passing: fn(&str) -> Passing) -> Self {
        Reads { log: Some(RefCell::default()), ..Reads::new(passing) }
    }

    /// Returns the maps and keys of a part of what was read.
    pub fn part(&self, part: Range<usize>) -> Vec<(Map, Str)> {
        let log = self.log.as_ref().map(RefCell::borrow);
        let part = |log: std::cell::Ref<'_, Log>| {
            let reads = log.reads.get(part)?.iter();
            Some(reads.map(|read| (read.map.clone(), read.key.clone())).collect())
        };
        log.and_then(part).unwrap_or_default()
    }

    /// Returns all that was looked up, with the places where that was, in order and each once.
    pub fn all(&self) -> Vec<(Map, Str, Position)> {
        let mut all: Vec<(Map, Str, Position)> = Vec::new();
        let mut known = BTreeSet::new();
        for LookUp { map, key, node } in self.log.iter().flat_map(|log| log.borrow().reads.clone()) {
            let Some((entry, node)) = node else { continue };
            let (line, column) = entry.source.position(node);
            if known.insert((map.address(), key.clone(), Arc::as_ptr(&entry).addr(), line, column)) {
                all.push((map, key, Position { file: entry.file.clone(), line, column: Some(column) }));
            }
        }
        all
    }

    /// Returns how much was read so far.
    pub(crate) fn so_far(&self) -> usize {
        self.log.as_ref().map_or(0, |log| log.borrow().reads.len())
    }

    /// Records that a variable gets its value from what was read since `start`.
    pub(crate) fn declare(&self, variable: usize, start: usize) {
        if let Some(log) = &self.log {
            let mut log = log.borrow_mut();
            let part = start..log.reads.len();
            log.variables.insert(variable, part);
        }
    }

    /// Records that a variable is read, and so what it was made of.
    pub(crate) fn variable(&self, variable: usize) {
        if let Some(log) = &self.log {
            let mut log = log.borrow_mut();
            let part = log.variables.get(&variable).cloned().unwrap_or_default();
            log.extend(part);
        }
    }

    /// Records that a body begins whose dot comes from this part of what was read.
    pub(crate) fn begin_dot(&self, part: Range<usize>) {
        if let Some(log) = &self.log {
            log.borrow_mut().dots.push(part);
        }
    }

    /// Records that the body ends that began last.
    pub(crate) fn end_dot(&self) {
        if let Some(log) = &self.log {
            log.borrow_mut().dots.pop();
        }
    }

    /// Records that the dot is read, and so what it was made of.
    pub(crate) fn dot(&self) {
        if let Some(log) = &self.log {
            let mut log = log.borrow_mut();
            let part = log.dots.last().cloned().unwrap_or_default();
            log.extend(part);
        }
    }

    fn log(&self, map: &Map, key: &Str, node: impl FnOnce() -> Node) {
        if let Some(log) = &self.log {
            let read = LookUp { map: map.clone(), key: key.clone(), node: node() };
            log.borrow_mut().reads.push(read);
        }
    }

    /// Returns what was read of a map; none if nobody looked at it.
    pub fn of(&self, map: &Map) -> Option<Read> {
        self.maps.borrow().get(&map.address()).cloned()
    }

    /// Returns the map and the key of the last look-up by a field such as `.a`.
    pub fn last(&self) -> Option<(Map, Str)> {
        self.last.borrow().clone()
    }

    /// Records that a chain of fields begins.
    pub(crate) fn begin_chain(&self) {
        self.last.replace(None);
    }

    pub(crate) fn key(&self, map: &Map, key: &str, node: impl FnOnce() -> Node) {
        let key = Str::from(key);
        self.last.replace(Some((map.clone(), key.clone())));
        self.log(map, &key, node);
        self.mark(map, |read| _ = read.keys.insert(key));
    }

    pub(crate) fn truth(&self, value: &Value) {
        if let Some(map) = value.as_map() {
            self.mark(&map, |read| read.truth = true);
        }
    }

    pub(crate) fn whole(&self, value: &Value) {
        let mut pending = vec![(value.clone(), 0)];
        while let Some((value, depth)) = pending.pop() {
            if depth > MAX_DEPTH {
                continue;
            }
            if let Some(list) = value.as_list() {
                pending.extend(
                    list.items().iter().filter(|item| holds(item)).map(|item| (item.clone(), depth + 1)),
                );
            } else if let Some(map) = value.as_map()
                && !self.mark(&map, |read| std::mem::replace(&mut read.whole, true))
            {
                let entries = map.entries();
                let values = entries.values().filter(|value| holds(value));
                pending.extend(values.map(|value| (value.clone(), depth + 1)));
            }
        }
    }

    /// Records that a function is called with these arguments.
    pub(crate) fn call<'v>(
        &self,
        function: &str,
        args: impl Iterator<Item = &'v Value> + Clone,
        node: impl Fn() -> Node,
    ) {
        if !args.clone().any(holds) {
            return;
        }
        match (self.passing)(function) {
            Passing::Reference => {}
            Passing::Truth => args.for_each(|value| self.truth(value)),
            Passing::Whole => args.for_each(|value| self.whole(value)),
            Passing::Keys => {
                for value in args.clone().filter(|value| holds(value)) {
                    self.look_up(value, args.clone(), &node);
                }
            }
        }
    }

    /// Records the look-up of texts in a value: each in what the ones before it led to.
    fn look_up<'v>(&self, value: &Value, keys: impl Iterator<Item = &'v Value>, node: &impl Fn() -> Node) {
        let mut found = Some(value.clone());
        for key in keys {
            match (key, found.as_ref().and_then(Value::as_map)) {
                (Value::Str(key), Some(map)) => {
                    self.log(&map, key, node);
                    self.mark(&map, |read| _ = read.keys.insert(key.clone()));
                    found = map.get(key.as_bytes());
                }
                (Value::Str(_), None) => {}
                // An item of a list; what is in it cannot be told apart.
                (Value::Int(_) | Value::Int64(_) | Value::Float64(_), _) => {
                    if let Some(found) = &found {
                        self.whole(found);
                    }
                }
                _ => {}
            }
        }
    }

    fn mark<T>(&self, map: &Map, mark: impl FnOnce(&mut Read) -> T) -> T {
        let mut maps = self.maps.borrow_mut();
        // The map is kept, so that no other one can come to lie at its address.
        let unread = || Read { map: map.clone(), keys: BTreeSet::new(), truth: false, whole: false };
        mark(maps.entry(map.address()).or_insert_with(unread))
    }
}

impl Log {
    /// Adds a part of what was read once more. What a variable was made of is a part that ended before.
    fn extend(&mut self, part: Range<usize>) {
        /// Variables can be made of each other without end.
        const MOST: usize = 64;
        let mut known = BTreeSet::new();
        for at in part {
            let Some(read) = self.reads.get(at).cloned() else { return };
            if known.len() < MOST && known.insert((read.map.address(), read.key.clone())) {
                self.reads.push(read);
            }
        }
    }
}

/// Returns whether a value may hold maps.
fn holds(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_) | Value::Object(_))
}
