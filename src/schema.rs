//! What the files of a definition may say, as tables: the fields by their names,
//! and what each can hold.
//!
//! The readers know their fields from these tables, which stand beside them, and
//! the JSON Schemas for editors are made of the same. The files are not read into
//! types that a schema could be derived from: text is taken as it is written, so a
//! version may look like a number, and every complaint has a place. A test holds
//! every field of every table against its reader, with a value of each kind.

use serde_json::{Map, Value, json};

use crate::definition::Method;

/// A field of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it can hold.
    pub(crate) shape: Shape,
    /// What it is for, in a sentence.
    pub(crate) about: &'static str,
}

/// What a field can hold; null counts as not there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// A text, as which any scalar is taken.
    Text,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// The name of a method, of which `http` is known in any case.
    Method,
    /// True or false.
    Flag,
    /// A list of texts.
    Texts,
    /// A map of the user's.
    Values,
    /// Whatever it is, nobody reads it.
    Unread,
    /// Fields.
    Fields(&'static Table),
    /// A list of such.
    List(&'static Table),
    /// A map of such, by names of the user's.
    Named(&'static Table),
    /// A whole number, in a file that only `fab` writes.
    Number,
    /// A text in a file that only `fab` writes.
    Written,
}

/// Fields that stand together.
#[derive(Debug)]
pub(crate) struct Table {
    /// What schemas call it.
    pub(crate) name: &'static str,
    /// What it describes, in a sentence.
    pub(crate) about: &'static str,
    /// The fields.
    pub(crate) fields: &'static [Field],
    /// The names of those that have to be there.
    pub(crate) required: &'static [&'static str],
}

impl Field {
    /// Makes a field.
    pub(crate) const fn new(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Field { name, shape, about }
    }
}

impl Table {
    /// Makes a table of fields that need not be there.
    pub(crate) const fn new(name: &'static str, about: &'static str, fields: &'static [Field]) -> Self {
        Table { name, about, fields, required: &[] }
    }

    /// Returns the names of the fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|field| field.name)
    }
}

/// Returns the names of fields.
pub(crate) const fn names<const N: usize>(fields: &[Field; N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut at = 0;
    while at < N {
        names[at] = fields[at].name;
        at += 1;
    }
    names
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// `component.yaml`.
    Component,
    /// `config/ENVIRONMENT.yaml`.
    Config,
    /// `fab.yaml`.
    Fab,
    /// `fab.lock`.
    Lock,
}

impl FileKind {
    fn table(self) -> &'static Table {
        match self {
            FileKind::Component => &crate::definition::COMPONENT,
            FileKind::Config => &crate::config::load::CONFIG,
            FileKind::Fab => &crate::project::PROJECT,
            FileKind::Lock => &crate::source::lockfile::LOCK,
        }
    }

    /// Returns the JSON Schema of the file.
    ///
    /// It takes what is read without a complaint. The draft is number 7, which every editor knows.
    pub fn schema(self) -> Value {
        let table = self.table();
        let mut definitions = Map::new();
        define(table, &mut definitions);
        json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": table.about,
            "allOf": [reference(table)],
            "definitions": definitions,
        })
    }
}

/// Adds the schema of a table, and of those that it leads to.
fn define(table: &Table, definitions: &mut Map<String, Value>) {
    if definitions.contains_key(table.name) {
        return;
    }
    // A component has components, so the name is taken first.
    definitions.insert(table.name.to_owned(), Value::Null);
    let mut properties = Map::new();
    for field in table.fields {
        if let Shape::Fields(inner) | Shape::List(inner) | Shape::Named(inner) = field.shape {
            define(inner, definitions);
        }
        let mut schema = shape(field.shape);
        schema["description"] = field.about.into();
        properties.insert(field.name.to_owned(), schema);
    }
    let mut schema = json!({
        "type": ["object", "null"],
        "description": table.about,
        "properties": properties,
        "additionalProperties": false,
    });
    if !table.required.is_empty() {
        schema["type"] = "object".into();
        schema["required"] = table.required.into();
    }
    definitions.insert(table.name.to_owned(), schema);
}

fn shape(shape: Shape) -> Value {
    const TEXT: [&str; 4] = ["string", "number", "boolean", "null"];
    match shape {
        Shape::Text => json!({"type": TEXT}),
        Shape::OneOf(names) => json!({"anyOf": [{"enum": names}, {"enum": ["", null]}]}),
        Shape::Method => json!({"anyOf": [
            {"enum": Method::NAMES},
            {"enum": ["", null]},
            {"type": "string", "pattern": "^[Hh][Tt][Tt][Pp]$"},
        ]}),
        Shape::Flag => json!({"type": ["boolean", "null"]}),
        Shape::Texts => json!({"type": ["array", "null"], "items": {"type": TEXT}}),
        Shape::Values => json!({"type": ["object", "null"]}),
        Shape::Unread => json!({}),
        // What stands beside a reference does not count.
        Shape::Fields(table) => json!({"allOf": [reference(table)]}),
        Shape::List(table) => json!({"type": ["array", "null"], "items": reference(table)}),
        Shape::Named(table) => json!({"type": ["object", "null"], "additionalProperties": reference(table)}),
        Shape::Number => json!({"type": "integer"}),
        Shape::Written => json!({"type": "string"}),
    }
}

fn reference(table: &Table) -> Value {
    json!({"$ref": format!("#/definitions/{}", table.name)})
}

#[cfg(test)]
mod tests;
