//! What an expression is once it is read.
//!
//! Operators are calls of functions named as they are written, so the checker and
//! the evaluator have one rule for both. Macros stay what they are: the loops that
//! others expand them to would hide what the user wrote.

/// A part of an expression.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Where it is, in bytes.
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Literal(Literal),
    Name(String),
    /// `of.field`, or `of.?field`.
    Select {
        of: Box<Node>,
        field: String,
        optional: bool,
    },
    /// `has(of.field)`
    Has {
        of: Box<Node>,
        field: String,
    },
    /// `of[by]`, or `of[?by]`.
    Index {
        of: Box<Node>,
        by: Box<Node>,
        optional: bool,
    },
    /// A function, a method if there is a target, or an operator.
    Call {
        target: Option<Box<Node>>,
        name: String,
        args: Vec<Node>,
    },
    /// All parts of `a && b && c`.
    And(Vec<Node>),
    Or(Vec<Node>),
    /// `condition ? then : otherwise`
    Either(Box<[Node; 3]>),
    List(Vec<Item>),
    Map(Vec<Entry>),
    /// `Type{field: value}`
    Struct {
        name: String,
        fields: Vec<(String, Node)>,
    },
    /// A macro that goes through a list or a map.
    Each(Box<Each>),
    /// What is done with the value of an optional.
    Bind(Box<Bind>),
}

/// An item of a list; `?item` is there only if the optional has a value.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) value: Node,
    pub(crate) optional: bool,
}

/// An entry of a map.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: Node,
    pub(crate) value: Node,
    pub(crate) optional: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Each {
    pub(crate) range: Node,
    /// The variable of an item or key, then that of the value if there are two.
    pub(crate) variables: Vec<String>,
    pub(crate) step: Step,
    /// Of those that have one.
    pub(crate) filter: Option<Node>,
    /// What is asked or made of each item.
    pub(crate) body: Node,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    All,
    Exists,
    ExistsOne,
    /// Also `transformList`.
    Map,
    Filter,
    SortBy,
    TransformMap,
    TransformMapEntry,
}

#[derive(Debug, Clone)]
pub(crate) struct Bind {
    pub(crate) name: String,
    pub(crate) value: Node,
    pub(crate) body: Node,
    pub(crate) of: Bound,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// `optMap`, which makes an optional of the body.
    OptMap,
    /// `optFlatMap`, whose body is one.
    OptFlatMap,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(String),
    Bytes(Vec<u8>),
}

impl Node {
    pub(crate) fn new(at: usize, kind: Kind) -> Self {
        Node { at, kind }
    }

    /// Returns the text of a literal.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Literal(Literal::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns `a.b` for selections from a name.
    pub(crate) fn dotted(&self) -> Option<String> {
        match &self.kind {
            Kind::Name(name) => Some(name.clone()),
            Kind::Select { of, field, optional: false } => Some(format!("{}.{field}", of.dotted()?)),
            _ => None,
        }
    }

    /// Calls `seen` with every part.
    pub(crate) fn walk<'n>(&'n self, seen: &mut dyn FnMut(&'n Node)) {
        seen(self);
        match &self.kind {
            Kind::Literal(_) | Kind::Name(_) => {}
            Kind::Select { of, .. } | Kind::Has { of, .. } => of.walk(seen),
            Kind::Index { of, by, .. } => {
                of.walk(seen);
                by.walk(seen);
            }
            Kind::Call { target, args, .. } => {
                target.iter().for_each(|target| target.walk(seen));
                args.iter().for_each(|arg| arg.walk(seen));
            }
            Kind::And(parts) | Kind::Or(parts) => parts.iter().for_each(|part| part.walk(seen)),
            Kind::Either(parts) => parts.iter().for_each(|part| part.walk(seen)),
            Kind::List(items) => items.iter().for_each(|item| item.value.walk(seen)),
            Kind::Map(entries) => {
                for entry in entries {
                    entry.key.walk(seen);
                    entry.value.walk(seen);
                }
            }
            Kind::Struct { fields, .. } => fields.iter().for_each(|(_, value)| value.walk(seen)),
            Kind::Each(each) => {
                each.range.walk(seen);
                each.filter.iter().for_each(|filter| filter.walk(seen));
                each.body.walk(seen);
            }
            Kind::Bind(bind) => {
                bind.value.walk(seen);
                bind.body.walk(seen);
            }
        }
    }
}
