//! Fields of a map in a user's file, with the place of each for complaints.
//!
//! Both kinds of file, components and configs, are read through this. Text
//! fields take the literal text of any YAML scalar, as Fabrikate does: `1.10` is
//! a version and not a number. JSON is stricter about types and laxer about the
//! case of names; both come from Go.

use goyaml::{Mapping, Value};

use crate::document::{Document, Format, Step};
use crate::error::{Error, Warning, WarningKind};
use kubeschema::closest;

/// A map of fields that a program knows by name.
pub(crate) struct Fields<'a> {
    /// The file.
    pub(crate) document: &'a Document,
    /// The steps to the map.
    pub(crate) steps: Vec<Step>,
    map: &'a Mapping,
}

impl<'a> Fields<'a> {
    /// Reads a value as a map of fields; `null` and a missing document count as an empty map.
    pub(crate) fn new(document: &'a Document, steps: Vec<Step>, value: &'a Value) -> Result<Self, Error> {
        static EMPTY: Mapping = Mapping::new();
        match value {
            Value::Mapping(map) => Ok(Fields { document, steps, map }),
            Value::Null => Ok(Fields { document, steps, map: &EMPTY }),
            other => Err(wrong_type(document, &steps, "a map", other)),
        }
    }

    /// Returns the steps to a field.
    pub(crate) fn steps_to(&self, name: &str) -> Vec<Step> {
        let mut steps = self.steps.clone();
        steps.push(Step::Key(self.spelling(name).to_owned()));
        steps
    }

    /// Returns the value of a field; `null` counts as none.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        let value = self.map.get(self.spelling(name))?;
        (*value != Value::Null).then_some(value)
    }

    /// Returns a field that is text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Error> {
        match self.get(name) {
            Some(value) => scalar_text(self.document, &self.steps_to(name), value).map(Some),
            None => Ok(None),
        }
    }

    /// Returns a field that is true or false.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Error> {
        match self.get(name) {
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(wrong_type(self.document, &self.steps_to(name), "true or false", other)),
            None => Ok(None),
        }
    }

    /// Returns a field that is a map.
    pub(crate) fn map(&self, name: &str) -> Result<Option<&'a Mapping>, Error> {
        match self.get(name) {
            Some(Value::Mapping(map)) => Ok(Some(map)),
            Some(other) => Err(wrong_type(self.document, &self.steps_to(name), "a map", other)),
            None => Ok(None),
        }
    }

    /// Returns a field that is a list.
    pub(crate) fn list(&self, name: &str) -> Result<Option<&'a [Value]>, Error> {
        match self.get(name) {
            Some(Value::Sequence(items)) => Ok(Some(items)),
            Some(other) => Err(wrong_type(self.document, &self.steps_to(name), "a list", other)),
            None => Ok(None),
        }
    }

    /// Warns of the fields that are not among `known`.
    pub(crate) fn warn_unknown<'k>(&self, known: impl Iterator<Item = &'k str>, warnings: &mut Vec<Warning>) {
        let known: Vec<&str> = known.collect();
        for name in self.map.keys() {
            if known.iter().any(|known| *known == name || self.folds(known, name)) {
                continue;
            }
            let suggestion = closest(name, known.iter().copied()).map(str::to_owned);
            warnings.push(self.warning(name, WarningKind::UnknownField { name: name.clone(), suggestion }));
        }
    }

    /// Makes a warning about a field.
    pub(crate) fn warning(&self, name: &str, kind: WarningKind) -> Warning {
        Warning { place: Some(self.document.place(&self.steps_to(name))), kind }
    }

    /// Returns how the file spells a field: Go matches the names in JSON without regard to case.
    fn spelling<'n>(&'n self, name: &'n str) -> &'n str {
        if self.document.format == Format::Yaml || self.map.contains_key(name) {
            return name;
        }
        self.map.keys().find(|key| self.folds(name, key)).map_or(name, String::as_str)
    }

    fn folds(&self, name: &str, key: &str) -> bool {
        self.document.format == Format::Json && name.eq_ignore_ascii_case(key)
    }
}

/// Returns the literal text of a scalar; JSON has text in strings only.
pub(crate) fn scalar_text(document: &Document, steps: &[Step], value: &Value) -> Result<String, Error> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Null => Ok(String::new()),
        Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_)
            if document.format == Format::Yaml =>
        {
            Ok(document.scalar(steps).unwrap_or_default().to_owned())
        }
        other => Err(wrong_type(document, steps, "text", other)),
    }
}

/// Makes the error for a value of another type than its field can have.
pub(crate) fn wrong_type(document: &Document, steps: &[Step], wanted: &'static str, found: &Value) -> Error {
    let field = match steps.last() {
        Some(Step::Key(name)) => format!("`{name}`"),
        Some(Step::Index(_)) => "an item of the list".to_owned(),
        None => "the file".to_owned(),
    };
    Error::WrongType { place: document.place(steps), field, wanted, found: found.kind() }
}
