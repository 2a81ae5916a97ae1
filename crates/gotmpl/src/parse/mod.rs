//! Turns template text into trees.
//!
//! The grammar, the order in which things are found wrong, and the texts of the
//! errors are those of Go 1.26's `text/template/parse`. Names are resolved on the
//! way: an unknown function or variable is an error even where it would never run.

mod number;
mod parser;
mod pipeline;

use std::sync::Arc;

use crate::error::Error;
use crate::function::Functions;
use crate::strconv;
use crate::tree::Source;
use crate::value::Str;

/// A parsed text under its name: the template of that name, and its defines.
///
/// Cheap to clone and to share between threads. It belongs to the [`Functions`]
/// it was parsed with: run it with the same table.
#[derive(Debug, Clone)]
pub struct Parsed {
    pub(crate) name: Str,
    pub(crate) source: Arc<Source>,
}

impl Parsed {
    /// Parses a text; the name is the template's, and the one shown in errors.
    pub fn new(name: impl Into<Str>, text: impl Into<Str>, functions: &Functions) -> Result<Self, Error> {
        let (name, text) = (name.into(), text.into());
        match parser::parse(&text, functions) {
            Ok(source) => Parsed { name: Str::from(""), source: Arc::new(source) }.named(name),
            Err(wrong) => {
                let mut message = wrong.message;
                if let Some(line) = wrong.started {
                    message.push_str(&format!(" started at {}:{line}", name.to_text()));
                }
                Err(Error::parse(name, (wrong.line, Some(wrong.at)), text.as_bytes(), message))
            }
        }
    }

    /// Returns the same trees under another name, without parsing again.
    ///
    /// It fails only when the text defines a template of just that name, and is not
    /// blank itself.
    pub fn named(&self, name: impl Into<Str>) -> Result<Self, Error> {
        let name = name.into();
        let trees = &self.source.trees;
        let clash = !trees[0].empty && trees[1..].iter().any(|tree| tree.name == name && !tree.empty);
        if clash {
            let quoted = strconv::quote(name.as_bytes());
            let message = format!("template: multiple definition of template {quoted}");
            return Err(Error::parse(
                name,
                (self.source.last_line, None),
                self.source.text.as_bytes(),
                message,
            ));
        }
        Ok(Parsed { name, source: Arc::clone(&self.source) })
    }

    /// Returns the name.
    pub fn name(&self) -> &Str {
        &self.name
    }

    /// Returns the names of the templates that the text defines, itself not included.
    pub fn defines(&self) -> impl Iterator<Item = &Str> {
        self.source.trees[1..].iter().map(|tree| &tree.name)
    }

    /// Returns whether the text, apart from its defines, holds only blanks and comments.
    pub fn is_empty(&self) -> bool {
        self.source.trees[0].empty
    }
}
