//! What `validate` and `lint` find: one type, so that both are told alike in every form.
//!
//! Invariant: a finding is whole. Whoever prints it, writes it into a report or repairs
//! it asks nobody else.

use std::borrow::Cow;

use goyaml::Value;
pub use kubeschema::Level;
use kubeschema::{KeyPath, Minor};

use crate::error::Place;
use crate::resource::ResourceId;

/// Something that is wrong, or odd.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// The rule that is not kept.
    pub rule: Rule,
    /// What is wrong.
    pub message: String,
    /// Where it is written; in several environments, in the first.
    pub place: Place,
    /// Where it is in the resource, or in the document of a file of the definition.
    pub path: KeyPath,
    /// The resource, if it is one.
    pub resource: Option<ResourceId>,
    /// What more there is to say.
    pub notes: Vec<String>,
    /// The lines of templates that made it.
    pub trail: Vec<Place>,
    /// What the user can do about it, if that can be said.
    pub hint: Option<String>,
    /// Path of the component; empty for none.
    pub component: String,
    /// The environments; none if it has to do with none.
    pub environments: Vec<String>,
    /// The Kubernetes versions that it holds for; none if it has to do with none.
    pub minors: Vec<Minor>,
    /// What takes it away, if that needs no thought.
    pub fix: Option<Fix>,
}

/// What a finding is known by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// A code that never changes, as in `F101`; empty if there is none.
    pub code: &'static str,
    /// Its name, as in `unknown-field`.
    pub name: Cow<'static, str>,
    /// What it asks for, in a sentence.
    pub about: Cow<'static, str>,
    /// What to do where it is not kept, in a sentence.
    pub help: Cow<'static, str>,
}

/// A change of what the path of a finding leads to, in the file of its place.
#[derive(Debug, Clone, PartialEq)]
pub enum Fix {
    /// It is removed.
    Remove,
    /// It gets this value.
    Replace(Value),
}

impl Finding {
    /// Makes a finding of which nothing else is known.
    pub fn new(level: Level, rule: Rule, message: String, place: Place) -> Self {
        Finding {
            level,
            rule,
            message,
            place,
            path: KeyPath::default(),
            resource: None,
            notes: Vec::new(),
            trail: Vec::new(),
            hint: None,
            component: String::new(),
            environments: Vec::new(),
            minors: Vec::new(),
            fix: None,
        }
    }
}

impl Rule {
    /// Returns what reports know the rule by: its code, or else its name.
    pub fn id(&self) -> &str {
        if self.code.is_empty() { &self.name } else { self.code }
    }
}
