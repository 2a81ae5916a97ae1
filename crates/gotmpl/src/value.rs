//! Go's values, as templates see them.
//!
//! Maps are shared and mutable, as in Go: what `set` changes is seen by every
//! holder. Lists behave as values in templates, but a typed list can be sorted
//! in place, so they are shared too. Values belong to one thread; what is cached
//! between threads (templates, chart files) is not made of them.
//!
//! Invariant: map entries iterate in byte order of their keys, which is the order
//! of `range`, `fmt` and JSON in Go.

use std::borrow::Cow;
use std::cell::{Ref, RefCell, RefMut};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use crate::function::{CallError, Function};
use crate::types::{Kind, Type};

/// A Go string: bytes that are usually, but need not be, UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Str(Arc<[u8]>);

/// A value that a template can see.
#[derive(Debug, Clone)]
pub enum Value {
    /// Nothing: an absent key, a null, a nil interface.
    Nil,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `int64`
    Int64(i64),
    /// `uint8`
    Uint8(u8),
    /// `uint32`
    Uint32(u32),
    /// `uint64`
    Uint64(u64),
    /// `float64`
    Float64(f64),
    /// `complex128`: real and imaginary part
    Complex128(f64, f64),
    /// `string`
    Str(Str),
    /// A slice.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// Anything with methods or fields of its own.
    Object(Rc<dyn Object>),
}

/// A Go slice with its element type; nil or not.
#[derive(Debug, Clone)]
pub struct List(Rc<ListData>);

#[derive(Debug)]
struct ListData {
    of: Type,
    nil: bool,
    items: RefCell<Vec<Value>>,
    /// The items of a `[]byte` that nobody has asked for one by one.
    bytes: RefCell<Option<Str>>,
}

/// A Go map with string keys, shared by everyone who holds it.
#[derive(Debug, Clone)]
pub struct Map(Rc<MapData>);

#[derive(Debug)]
struct MapData {
    of: Type,
    nil: bool,
    entries: RefCell<BTreeMap<Str, Value>>,
}

/// A Go value with fields or methods: a struct, a pointer, a type such as `time.Time`.
///
/// Look-up follows `text/template`: a method first, then a field, then (through
/// [`Object::plain`]) the keys of a map.
pub trait Object: fmt::Debug {
    /// Returns the Go type, as `%T` names it.
    fn go_type(&self) -> Type;

    /// Returns the value of a struct field.
    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    /// Returns whether there is a method of that name.
    fn has_method(&self, _name: &str) -> bool {
        false
    }

    /// Returns the parameter types of a method (the last one repeats if `true`) and its result type.
    fn method_signature(&self, _name: &str) -> Option<(&'static [Type], bool, Type)> {
        None
    }

    /// Returns why templates cannot call a method that is there, in Go's words: it has
    /// several results.
    fn method_refusal(&self, _name: &str) -> Option<String> {
        None
    }

    /// Calls a method that [`Object::has_method`] knows, with checked arguments.
    fn call_method(&self, name: &str, _args: &[Value]) -> Result<Value, CallError> {
        Err(CallError::new(format!("no method {name}")))
    }

    /// Returns how many things a method goes through, which the budget of an execution
    /// must know.
    fn extent(&self) -> usize {
        0
    }

    /// Returns the list or map that `range`, `len` and `index` see, for types made of one.
    fn plain(&self) -> Option<Value> {
        None
    }

    /// Returns the same type made of another list or map, for types made of one that can
    /// be changed: what a deep copy needs.
    fn with_plain(&self, _plain: Value) -> Option<Rc<dyn Object>> {
        None
    }

    /// Returns what `call` calls, for a Go function among the data.
    fn function(&self) -> Option<&Function> {
        None
    }

    /// Returns what `range` goes through, for a Go function that is an iterator.
    fn sequence(&self) -> Option<Sequence> {
        None
    }

    /// Returns the struct fields in order, as `%v` prints them.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// Returns what `fmt` prints through `String()` or `Error()`, if the type has one in its method set.
    fn stringer(&self) -> Option<String> {
        None
    }

    /// Returns what `fmt` prints for `%#v` through `GoString()`, if the type has one.
    fn go_string(&self) -> Option<String> {
        None
    }

    /// Returns whether it is a nil pointer.
    fn is_nil(&self) -> bool {
        false
    }

    /// Returns what `{{ x }}` prints when the addressable value has `String()`
    /// though the plain one has not.
    fn addressable_stringer(&self) -> Option<String> {
        self.stringer()
    }

    /// Returns the plain value that `encoding/json` would write.
    fn json(&self) -> Result<Value, String> {
        self.plain().ok_or_else(|| format!("json: unsupported type: {}", self.go_type()))
    }

    /// Returns the keys of a struct in JSON, in the order of its fields.
    fn json_keys(&self) -> Vec<&'static str> {
        self.fields().into_iter().map(|(name, _)| name).collect()
    }

    /// Returns the copy that an interface holds, if that lacks methods which the
    /// value has at its address.
    fn copied(&self) -> Option<Rc<dyn Object>> {
        None
    }

    /// Returns whether both are the same by `reflect.DeepEqual`.
    fn equals(&self, other: &dyn Object) -> bool;

    /// Returns the concrete value, for functions that need it.
    fn as_any(&self) -> &dyn std::any::Any;
}

/// What a Go iterator yields, one after the other.
pub enum Sequence {
    /// `iter.Seq`
    Values(Box<dyn Iterator<Item = Value>>),
    /// `iter.Seq2`, of which a range with one variable sees the first of each pair.
    Pairs(Box<dyn Iterator<Item = (Value, Value)>>),
}

/// Drops values without recursion, however deep lists and maps nest.
fn release(mut pending: Vec<Value>) {
    while let Some(value) = pending.pop() {
        match value {
            Value::List(list) if Rc::strong_count(&list.0) == 1 => {
                pending.append(&mut list.0.items.take());
            }
            Value::Map(map) if Rc::strong_count(&map.0) == 1 => {
                pending.extend(map.0.entries.take().into_values());
            }
            _ => {}
        }
    }
}

impl Drop for ListData {
    fn drop(&mut self) {
        release(std::mem::take(self.items.get_mut()));
    }
}

impl Drop for MapData {
    fn drop(&mut self) {
        let holds = |value: &Value| matches!(value, Value::List(_) | Value::Map(_));
        let entries = std::mem::take(self.entries.get_mut());
        if entries.values().any(holds) {
            release(entries.into_values().collect());
        }
    }
}

impl Str {
    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the text, with U+FFFD for what is not UTF-8.
    pub fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// Returns the text if it is UTF-8.
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Returns the length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether nobody else holds the text, so that it was just made.
    pub(crate) fn is_unshared(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Returns whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::borrow::Borrow<[u8]> for Str {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_text(), f)
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Str(text.as_bytes().into())
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        Str(text.into_bytes().into())
    }
}

impl From<&[u8]> for Str {
    fn from(bytes: &[u8]) -> Self {
        Str(bytes.into())
    }
}

impl<const N: usize> From<&[u8; N]> for Str {
    fn from(bytes: &[u8; N]) -> Self {
        Str(bytes.as_slice().into())
    }
}

impl From<Arc<[u8]>> for Str {
    fn from(bytes: Arc<[u8]>) -> Self {
        Str(bytes)
    }
}

impl From<Vec<u8>> for Str {
    fn from(bytes: Vec<u8>) -> Self {
        Str(bytes.into())
    }
}

impl List {
    /// Returns a list of the given slice type (`Type::LIST`, `Type::STRINGS`, …).
    pub fn new(of: Type, items: Vec<Value>) -> Self {
        Self::from_parts(of, false, items, None)
    }

    /// Returns a `[]byte`, which takes no more room than its bytes as long as it is
    /// passed around as a whole.
    pub fn bytes(bytes: impl Into<Str>) -> Self {
        Self::from_parts(Type::BYTES, false, Vec::new(), Some(bytes.into()))
    }

    fn from_parts(of: Type, nil: bool, items: Vec<Value>, bytes: Option<Str>) -> Self {
        List(Rc::new(ListData { of, nil, items: RefCell::new(items), bytes: RefCell::new(bytes) }))
    }

    /// Returns the nil slice of the given slice type.
    pub fn nil(of: Type) -> Self {
        Self::from_parts(of, true, Vec::new(), None)
    }

    /// Returns the slice type.
    pub fn go_type(&self) -> Type {
        self.0.of
    }

    /// Returns whether it is a nil slice.
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    /// Returns the bytes if every item is one.
    pub fn to_bytes(&self) -> Option<Str> {
        if let Some(bytes) = &*self.0.bytes.borrow() {
            return Some(bytes.clone());
        }
        let items = self.0.items.borrow();
        let bytes = items.iter().map(|item| if let Value::Uint8(byte) = item { Some(*byte) } else { None });
        bytes.collect::<Option<Vec<u8>>>().map(Str::from)
    }

    fn unpack_bytes(&self) {
        if let Some(bytes) = self.0.bytes.take() {
            *self.0.items.borrow_mut() = bytes.as_bytes().iter().copied().map(Value::Uint8).collect();
        }
    }

    /// Returns the items.
    pub fn items(&self) -> Ref<'_, Vec<Value>> {
        self.unpack_bytes();
        self.0.items.borrow()
    }

    /// Returns the items for a change in place.
    pub fn items_mut(&self) -> RefMut<'_, Vec<Value>> {
        self.unpack_bytes();
        self.0.items.borrow_mut()
    }

    /// Returns the number of items.
    pub fn len(&self) -> usize {
        match &*self.0.bytes.borrow() {
            Some(bytes) => bytes.len(),
            None => self.0.items.borrow().len(),
        }
    }

    /// Returns whether nobody else holds the list, so that it was just made.
    pub(crate) fn is_unshared(&self) -> bool {
        Rc::strong_count(&self.0) == 1
    }

    /// Returns the bytes if they take no more room than that.
    pub fn packed_bytes(&self) -> Option<Str> {
        self.0.bytes.borrow().clone()
    }

    /// Returns what tells this list from all others that are alive.
    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }

    /// Returns whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Map {
    /// Returns an empty `map[string]interface {}`.
    pub fn new() -> Self {
        Self::with_entries(Type::MAP, BTreeMap::new())
    }

    /// Returns a map of the given map type with these entries.
    pub fn with_entries(of: Type, entries: BTreeMap<Str, Value>) -> Self {
        Map(Rc::new(MapData { of, nil: false, entries: RefCell::new(entries) }))
    }

    /// Returns the nil map of the given map type.
    pub fn nil(of: Type) -> Self {
        Map(Rc::new(MapData { of, nil: true, entries: RefCell::default() }))
    }

    /// Returns the map type.
    pub fn go_type(&self) -> Type {
        self.0.of
    }

    /// Returns whether it is a nil map.
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    /// Returns the value of a key.
    pub fn get(&self, key: &[u8]) -> Option<Value> {
        self.0.entries.borrow().get(key).cloned()
    }

    /// Returns whether the key is there.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.0.entries.borrow().contains_key(key)
    }

    /// Sets a key for every holder of the map.
    pub fn insert(&self, key: impl Into<Str>, value: Value) {
        self.0.entries.borrow_mut().insert(key.into(), value);
    }

    /// Removes a key for every holder of the map.
    pub fn remove(&self, key: &[u8]) {
        self.0.entries.borrow_mut().remove(key);
    }

    /// Returns the entries, in byte order of their keys.
    pub fn entries(&self) -> Ref<'_, BTreeMap<Str, Value>> {
        self.0.entries.borrow()
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.0.entries.borrow().len()
    }

    /// Returns whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.entries.borrow().is_empty()
    }

    /// Returns whether both are one map, not merely alike.
    pub fn is_same(&self, other: &Map) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Returns whether nobody else holds the map, so that it was just made.
    pub(crate) fn is_unshared(&self) -> bool {
        Rc::strong_count(&self.0) == 1
    }

    /// Returns what tells the map from all others that exist.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }
}

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}

impl Value {
    /// Returns a string value.
    pub fn str(text: impl Into<Str>) -> Self {
        Value::Str(text.into())
    }

    /// Returns a `[]interface {}`.
    pub fn list(items: Vec<Value>) -> Self {
        Value::List(List::new(Type::LIST, items))
    }

    /// Returns a `[]string`.
    pub fn strings<S: Into<Str>>(items: impl IntoIterator<Item = S>) -> Self {
        Value::List(List::new(Type::STRINGS, items.into_iter().map(Value::str).collect()))
    }

    /// Returns a `map[string]interface {}`.
    pub fn map<K: Into<Str>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (key.into(), value)).collect();
        Value::Map(Map::with_entries(Type::MAP, entries))
    }

    /// Returns the Go type, none for nil.
    pub fn go_type(&self) -> Option<Type> {
        Some(match self {
            Value::Nil => return None,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Int64(_) => Type::Int64,
            Value::Uint8(_) => Type::Uint8,
            Value::Uint32(_) => Type::Uint32,
            Value::Uint64(_) => Type::Uint64,
            Value::Float64(_) => Type::Float64,
            Value::Complex128(..) => Type::Complex128,
            Value::Str(_) => Type::String,
            Value::List(list) => list.go_type(),
            Value::Map(map) => map.go_type(),
            Value::Object(object) => object.go_type(),
        })
    }

    /// Returns the kind; `Invalid` for nil.
    pub fn kind(&self) -> Kind {
        self.go_type().map_or(Kind::Invalid, Type::kind)
    }

    /// Returns whether `if` takes it as true: not zero, not empty, not nil.
    pub fn is_true(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Bool(truth) => *truth,
            Value::Int(n) | Value::Int64(n) => *n != 0,
            Value::Uint8(n) => *n != 0,
            Value::Uint32(n) => *n != 0,
            Value::Uint64(n) => *n != 0,
            Value::Float64(x) => *x != 0.0,
            Value::Complex128(re, im) => *re != 0.0 || *im != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::List(list) => !list.is_empty(),
            Value::Map(map) => !map.is_empty(),
            Value::Object(object) => object.plain().is_none_or(|plain| plain.is_true()),
        }
    }

    /// Returns the bytes of a string value.
    pub fn as_str(&self) -> Option<&Str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the list, looking through objects made of one.
    pub fn as_list(&self) -> Option<List> {
        match self {
            Value::List(list) => Some(list.clone()),
            Value::Object(object) => object.plain()?.as_list(),
            _ => None,
        }
    }

    /// Returns the map, looking through objects made of one.
    pub fn as_map(&self) -> Option<Map> {
        match self {
            Value::Map(map) => Some(map.clone()),
            Value::Object(object) => object.plain()?.as_map(),
            _ => None,
        }
    }

    /// Returns the concrete object of a value.
    pub fn as_object<T: 'static>(&self) -> Option<&T> {
        match self {
            Value::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// Returns whether both are the same by `reflect.DeepEqual`: type and content.
    pub fn deep_equal(&self, other: &Value) -> bool {
        self.is_equal(other, &mut HashSet::new())
    }

    /// Compares with what is being compared already, or was: such a pair is taken to be
    /// equal, as in Go. Only lists and maps in several places can come again.
    fn is_equal(&self, other: &Value, seen: &mut HashSet<(usize, usize)>) -> bool {
        if self.go_type() != other.go_type() {
            return false;
        }
        let shared = |value: &Value| match value {
            Value::List(list) if !list.is_unshared() => Some(list.address()),
            Value::Map(map) if !map.is_unshared() => Some(map.address()),
            _ => None,
        };
        if let (Some(left), Some(right)) = (shared(self), shared(other))
            && !seen.insert((left, right))
        {
            return true;
        }
        let mut equal = |x: &Value, y: &Value| crate::deeper(|| x.is_equal(y, seen));
        match (self, other) {
            (Value::Nil, Value::Nil) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a) | Value::Int64(a), Value::Int(b) | Value::Int64(b)) => a == b,
            (Value::Uint8(a), Value::Uint8(b)) => a == b,
            (Value::Uint32(a), Value::Uint32(b)) => a == b,
            (Value::Uint64(a), Value::Uint64(b)) => a == b,
            (Value::Float64(a), Value::Float64(b)) => a == b,
            (Value::Complex128(a, b), Value::Complex128(c, d)) => a == c && b == d,
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::List(a), Value::List(b)) if Rc::ptr_eq(&a.0, &b.0) => true,
            (Value::Map(a), Value::Map(b)) if a.is_same(b) => true,
            (Value::List(a), Value::List(b)) => {
                let (left, right) = (a.items(), b.items());
                a.is_nil() == b.is_nil()
                    && left.len() == right.len()
                    && left.iter().zip(right.iter()).all(|(x, y)| equal(x, y))
            }
            (Value::Map(a), Value::Map(b)) => {
                let (left, right) = (a.entries(), b.entries());
                a.is_nil() == b.is_nil()
                    && left.len() == right.len()
                    && left.iter().zip(right.iter()).all(|((k, x), (l, y))| k == l && equal(x, y))
            }
            (Value::Object(a), Value::Object(b)) => a.equals(b.as_ref()),
            _ => false,
        }
    }
}
