//! A YAML or JSON file of the user's: its text, its data, and where things are in it.
//!
//! Values carry no positions. Whoever has to complain about one asks for its
//! place by the steps that lead to it; so a run without complaints pays nothing.
//! YAML is read in one dialect everywhere, the YAML 1.1 of Go's libraries; JSON
//! numbers are all floating point, as Go reads them.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use goyaml::{Mapping, Value};

use crate::definition::place;
use crate::error::{Error, Place, Position};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// YAML 1.1.
    Yaml,
    /// JSON.
    Json,
}

/// A file that was read.
#[derive(Debug)]
pub struct Document {
    /// Path as the user would type it.
    pub file: String,
    /// How it is written.
    pub format: Format,
    /// Its text.
    pub text: Arc<str>,
}

/// A step from a value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The value of a key.
    Key(String),
    /// An item of a list, from 0.
    Index(usize),
}

impl Document {
    /// Reads `<stem>.yaml`, else `<stem>.json`; returns nothing if neither exists.
    ///
    /// A YAML file that cannot be read is an error; the JSON file is then not tried.
    pub(crate) fn read(root: &Path, shown: &str, stem: &str) -> Result<Option<(Document, Value)>, Error> {
        for (extension, format) in [("yaml", Format::Yaml), ("json", Format::Json)] {
            let path = format!("{stem}.{extension}");
            let file = place::show(shown, &path);
            match fs::read(root.join(path)) {
                Ok(bytes) => return Document::parse(file, format, bytes).map(Some),
                Err(err) if matches!(err.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                Err(source) => return Err(Error::Unreadable { file, source }),
            }
        }
        Ok(None)
    }

    fn parse(file: String, format: Format, bytes: Vec<u8>) -> Result<(Document, Value), Error> {
        let text = String::from_utf8(bytes).map_err(|err| {
            let before = String::from_utf8_lossy(&err.as_bytes()[..err.utf8_error().valid_up_to()]);
            let position = Some(position_at(&before, before.len()));
            let place = Place { file: file.clone(), position, text: Arc::from("") };
            Error::Syntax { place, message: "the file is not UTF-8".to_owned() }
        })?;
        let document = Document { file, format, text: text.into() };
        let value = match format {
            Format::Yaml => document.parse_yaml()?,
            Format::Json => document.parse_json()?,
        };
        Ok((document, value))
    }

    /// Only the first document of the file counts.
    fn parse_yaml(&self) -> Result<Value, Error> {
        goyaml::from_str(&self.text).map_err(|err| {
            let position = err.line().map(|line| Position { line, column: err.column().unwrap_or(1) });
            self.syntax_error(position, err.to_string())
        })
    }

    fn parse_json(&self) -> Result<Value, Error> {
        let value: serde_json::Value = serde_json::from_str(&self.text).map_err(|err| {
            let position = Position { line: err.line().max(1), column: err.column().max(1) };
            let message = err.to_string();
            let text = message.split(" at line ").next().unwrap_or(&message);
            self.syntax_error(Some(position), format!("json: {text}"))
        })?;
        Ok(from_json(value))
    }

    fn syntax_error(&self, position: Option<Position>, message: String) -> Error {
        let place = Place { file: self.file.clone(), position, text: Arc::clone(&self.text) };
        Error::Syntax { place, message }
    }

    /// Returns where the steps lead to.
    pub fn place(&self, _steps: &[Step]) -> Place {
        Place { file: self.file.clone(), position: None, text: Arc::clone(&self.text) }
    }

    /// Returns the text of a scalar.
    pub(crate) fn scalar(&self, _steps: &[Step], value: &Value) -> String {
        goyaml::to_string(value).map_or_else(|_| String::new(), |text| text.trim_end().to_owned())
    }
}

fn from_json(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Bool(flag),
        // Without arbitrary precision every number has a nearest float.
        serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::INFINITY)),
        serde_json::Value::String(text) => Value::String(text),
        serde_json::Value::Array(items) => Value::Sequence(items.into_iter().map(from_json).collect()),
        serde_json::Value::Object(map) => {
            Value::Mapping(map.into_iter().map(|(key, value)| (key, from_json(value))).collect::<Mapping>())
        }
    }
}

/// Returns the line and column of a byte.
fn position_at(text: &str, offset: usize) -> Position {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
}
