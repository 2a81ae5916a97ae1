//! Which keys of which maps a template looked at.
//!
//! A map that is handed on (to `include`, into a `dict`) is not read by that: what
//! is looked up in it later counts, wherever that is, because maps are told apart
//! by what they are and not by how they were reached. Whoever prints a map, walks
//! over it or gives it to a function that may do anything reads all of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::value::{Map, Str, Value};

/// Records what is read.
#[derive(Debug)]
pub struct Reads {
    passing: fn(&str) -> Passing,
    maps: RefCell<BTreeMap<usize, Read>>,
    last: RefCell<Option<(Map, Str)>>,
}

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
        Reads { passing, maps: RefCell::default(), last: RefCell::default() }
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

    pub(crate) fn key(&self, map: &Map, key: &str) {
        self.last.replace(Some((map.clone(), Str::from(key))));
        self.mark(map, |read| _ = read.keys.insert(Str::from(key)));
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
    pub(crate) fn call<'v>(&self, function: &str, args: impl Iterator<Item = &'v Value> + Clone) {
        if !args.clone().any(holds) {
            return;
        }
        match (self.passing)(function) {
            Passing::Reference => {}
            Passing::Truth => args.for_each(|value| self.truth(value)),
            Passing::Whole => args.for_each(|value| self.whole(value)),
            Passing::Keys => {
                for value in args.clone().filter(|value| holds(value)) {
                    self.look_up(value, args.clone());
                }
            }
        }
    }

    /// Records the look-up of texts in a value: each in what the ones before it led to.
    fn look_up<'v>(&self, value: &Value, keys: impl Iterator<Item = &'v Value>) {
        let mut found = Some(value.clone());
        for key in keys {
            match (key, found.as_ref().and_then(Value::as_map)) {
                (Value::Str(key), Some(map)) => {
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

/// Returns whether a value may hold maps.
fn holds(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_) | Value::Object(_))
}
