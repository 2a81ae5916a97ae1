//! What is wrong with a resource, and where.
//!
//! Checks look at plain values and report the value that is wrong; where it is
//! in the resource is worked out afterwards, in one walk, and only if something
//! was found. So no check carries a path, and a resource without faults costs none.

use std::collections::{HashMap, HashSet};
use std::fmt;

use goyaml::{PathSegment, Span, Value};

/// Something that is wrong with a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// Name of the rule, as in `unknown-field`.
    pub rule: &'static str,
    /// Where it is.
    pub path: KeyPath,
    /// What is wrong, in one sentence.
    pub message: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The server takes it, but it will not do what it seems to.
    Warning,
    /// The server refuses it.
    Error,
}

/// A step into a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// The value of a key.
    Key(String),
    /// An item of a list, from zero.
    Index(usize),
}

/// Where a value is in its resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyPath(pub Vec<Segment>);

impl KeyPath {
    /// Returns where it is written in the text of the resource.
    ///
    /// What is missing is where it would be: at what is nearest above it.
    pub fn locate(&self, text: &str) -> Option<Span> {
        let segments: Vec<PathSegment<'_>> = self.0.iter().map(Segment::borrow).collect();
        (0..=segments.len()).rev().find_map(|length| goyaml::locate(text, &segments[..length]))
    }
}

impl Segment {
    fn borrow(&self) -> PathSegment<'_> {
        match self {
            Self::Key(key) => PathSegment::Key(key),
            Self::Index(index) => PathSegment::Index(*index),
        }
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                // As kubectl prints it: a key with a dot would read as two.
                Segment::Key(key) if key.is_empty() || key.contains(['.', '/', ' ']) => write!(f, "[{key}]")?,
                Segment::Key(key) if at == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

/// Collects what is found in one resource.
pub(crate) struct Findings<'a> {
    root: &'a Value,
    found: Vec<Found<'a>>,
}

/// A finding whose place is not worked out.
struct Found<'a> {
    at: &'a Value,
    /// A key of `at`, whether or not it is there.
    key: Option<String>,
    level: Level,
    rule: &'static str,
    message: String,
}

impl<'a> Findings<'a> {
    pub(crate) fn new(root: &'a Value) -> Self {
        Self { root, found: Vec::new() }
    }

    /// Reports a value that is wrong; it has to be part of the resource.
    pub(crate) fn error(&mut self, at: &'a Value, rule: &'static str, message: impl Into<String>) {
        self.found.push(Found { at, key: None, level: Level::Error, rule, message: message.into() });
    }

    /// Reports a key that is wrong or missing in an object of the resource.
    pub(crate) fn key_error(
        &mut self,
        at: &'a Value,
        key: &str,
        rule: &'static str,
        message: impl Into<String>,
    ) {
        let key = Some(key.to_owned());
        self.found.push(Found { at, key, level: Level::Error, rule, message: message.into() });
    }

    /// Reports a value that is doubtful.
    pub(crate) fn warning(&mut self, at: &'a Value, rule: &'static str, message: impl Into<String>) {
        self.found.push(Found { at, key: None, level: Level::Warning, rule, message: message.into() });
    }

    /// Whether something is wrong, and not only doubtful.
    pub(crate) fn has_errors(&self) -> bool {
        self.count_errors() > 0
    }

    pub(crate) fn count_errors(&self) -> usize {
        self.found.iter().filter(|found| found.level == Level::Error).count()
    }

    /// Works out where everything is, in the order of the resource.
    pub(crate) fn finish(self) -> Vec<Finding> {
        if self.found.is_empty() {
            return Vec::new();
        }
        let mut wanted: HashMap<*const Value, Vec<Found<'a>>> = HashMap::new();
        for found in self.found {
            wanted.entry(std::ptr::from_ref(found.at)).or_default().push(found);
        }
        let mut places = Places { wanted, path: Vec::new(), known: HashSet::new(), findings: Vec::new() };
        places.visit(self.root);
        places.findings
    }
}

/// The walk that turns places in memory into key paths.
struct Places<'a> {
    wanted: HashMap<*const Value, Vec<Found<'a>>>,
    path: Vec<Segment>,
    known: HashSet<(Vec<Segment>, &'static str)>,
    findings: Vec<Finding>,
}

impl<'a> Places<'a> {
    fn visit(&mut self, value: &'a Value) {
        for Found { key, level, rule, message, .. } in
            self.wanted.remove(&std::ptr::from_ref(value)).unwrap_or_default()
        {
            let mut path = self.path.clone();
            path.extend(key.map(Segment::Key));
            // The schema and a rule may both say it; once is enough.
            if self.known.insert((path.clone(), rule)) {
                self.findings.push(Finding { level, rule, path: KeyPath(path), message });
            }
        }
        match value {
            Value::Mapping(entries) => {
                for (key, value) in entries {
                    self.step(Segment::Key(key.clone()), value);
                }
            }
            Value::Sequence(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.step(Segment::Index(index), item);
                }
            }
            _ => {}
        }
    }

    fn step(&mut self, segment: Segment, value: &'a Value) {
        if self.wanted.is_empty() {
            return;
        }
        self.path.push(segment);
        self.visit(value);
        self.path.pop();
    }
}
