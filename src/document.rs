//! A YAML or JSON file of the user's: its text, its data, and where things are in it.
//!
//! Values carry no positions. Whoever has to complain about one asks for its
//! place by the steps that lead to it; so a run without complaints pays nothing.
//! YAML is read in one dialect everywhere, the YAML 1.1 of Go's libraries. Keys are
//! the text that is written, as Fabrikate's are: a component may be called `y`.
//! JSON numbers are all floating point, as Go reads them.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use goyaml::{Mapping, PathSegment, Span, Value};

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
    /// Reads `<name>.yaml`, else `<name>.json` in a folder, which messages call `shown`; returns nothing if neither
    /// exists.
    ///
    /// A YAML file that cannot be read is an error; the JSON file is then not tried.
    pub(crate) fn read(folder: &Path, shown: &str, name: &str) -> Result<Option<(Document, Value)>, Error> {
        for (extension, format) in [("yaml", Format::Yaml), ("json", Format::Json)] {
            let name = format!("{name}.{extension}");
            let file = place::show(shown, &name);
            match fs::read(folder.join(name)) {
                Ok(bytes) => return Document::parse(file, format, bytes).map(Some),
                Err(err) if matches!(err.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                Err(source) => return Err(Error::Unreadable { file, source }),
            }
        }
        Ok(None)
    }

    /// Reads a file, which messages call `shown`: JSON by its name, else YAML.
    pub(crate) fn read_file(path: &Path, shown: String) -> Result<(Document, Value), Error> {
        let is_json = path.extension().is_some_and(|end| end == "json");
        let format = if is_json { Format::Json } else { Format::Yaml };
        match fs::read(path) {
            Ok(bytes) => Document::parse(shown, format, bytes),
            Err(source) => Err(Error::Unreadable { file: shown, source }),
        }
    }

    pub(crate) fn parse(file: String, format: Format, bytes: Vec<u8>) -> Result<(Document, Value), Error> {
        let text = String::from_utf8(bytes).map_err(|err| {
            let before = String::from_utf8_lossy(&err.as_bytes()[..err.utf8_error().valid_up_to()]);
            let position = Some(position_at(&before, before.len()));
            let place = Place { file: file.clone(), position, text: Arc::from("") };
            Error::Syntax { place, message: "the file is not UTF-8".to_owned() }
        })?;
        let document = Document { file, format, text: text.into() };
        let value = document.value()?;
        Ok((document, value))
    }

    /// Returns the data, which nobody keeps.
    pub(crate) fn value(&self) -> Result<Value, Error> {
        match self.format {
            Format::Yaml => self.parse_yaml(),
            Format::Json => self.parse_json(),
        }
    }

    /// Returns the document once more; the text is shared.
    pub(crate) fn share(&self) -> Self {
        Document { file: self.file.clone(), format: self.format, text: Arc::clone(&self.text) }
    }

    /// Only the first document of the file counts.
    fn parse_yaml(&self) -> Result<Value, Error> {
        goyaml::from_str_with_literal_keys(&self.text).map_err(|err| {
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

    /// Returns where the steps lead to, a key rather than its value; where they lead nowhere, how far they go.
    pub fn place(&self, steps: &[Step]) -> Place {
        self.place_at((0..=steps.len()).rev().find_map(|end| locate(&self.text, &steps[..end])))
    }

    /// Returns the place of each of these; the text is read once.
    pub(crate) fn places(&self, all: &[&[Step]]) -> Vec<Place> {
        let paths: Vec<Vec<PathSegment<'_>>> =
            all.iter().map(|steps| steps.iter().map(segment).collect()).collect();
        let spans = goyaml::locate_all(&self.text, paths.iter().map(Vec::as_slice));
        let place = |(span, steps): (Option<Span>, &&[Step])| match span {
            Some(span) => self.place_at(Some(span)),
            None => self.place(steps),
        };
        spans.into_iter().zip(all).map(place).collect()
    }

    fn place_at(&self, span: Option<Span>) -> Place {
        let position = span.map(|span| {
            let start = span.key.unwrap_or(span.value);
            Position { line: start.line, column: start.column }
        });
        Place { file: self.file.clone(), position, text: Arc::clone(&self.text) }
    }

    /// Returns whether steps lead to something.
    pub(crate) fn has_value(&self, steps: &[Step]) -> bool {
        locate(&self.text, steps).is_some()
    }

    /// Returns whether the value that steps lead to has a key.
    pub(crate) fn has(&self, steps: &[Step], key: &str) -> bool {
        let mut steps = steps.to_vec();
        steps.push(Step::Key(key.to_owned()));
        locate(&self.text, &steps).is_some()
    }

    /// Returns the literal text of a scalar that is no string: `1.10` for the number 1.1.
    pub(crate) fn scalar(&self, steps: &[Step]) -> Option<&str> {
        let range = locate(&self.text, steps)?.value.range;
        self.text.get(behind_properties(&self.text, range.start)..range.end)
    }
}

/// Returns the value that steps lead to.
pub(crate) fn value_at<'v>(value: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Index(at) => value.as_sequence()?.get(*at),
    })
}

/// Finds the value that steps lead to in the first document of a YAML or JSON text.
pub(crate) fn locate(text: &str, steps: &[Step]) -> Option<Span> {
    let path: Vec<PathSegment<'_>> = steps.iter().map(segment).collect();
    goyaml::locate(text, &path)
}

fn segment(step: &Step) -> PathSegment<'_> {
    match step {
        &Step::Index(at) => PathSegment::Index(at),
        Step::Key(key) => PathSegment::Key(key),
    }
}

/// Returns where a value itself starts whose anchor and tag, if it has any, start at `at`.
pub(crate) fn behind_properties(text: &str, mut at: usize) -> usize {
    while text[at..].starts_with(['&', '!']) {
        at += text[at..].find([' ', '\t', '\r', '\n']).unwrap_or(text.len() - at);
        loop {
            at += text[at..].len() - text[at..].trim_start().len();
            if !text[at..].starts_with('#') {
                break;
            }
            at += text[at..].find('\n').unwrap_or(text.len() - at);
        }
    }
    at
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

#[cfg(test)]
mod tests {
    use super::*;

    fn document(format: Format, text: &str) -> (Document, Value) {
        Document::parse("f".to_owned(), format, text.into()).unwrap()
    }

    fn steps(path: &str) -> Vec<Step> {
        let step =
            |segment: &str| segment.parse().map_or_else(|_| Step::Key(segment.to_owned()), Step::Index);
        path.split('.').filter(|segment| !segment.is_empty()).map(step).collect()
    }

    #[track_caller]
    fn check_place(text: &str, path: &str, want: &str) {
        let (document, _) = document(Format::Yaml, text);
        assert_eq!(document.place(&steps(path)).to_string(), want);
    }

    #[test]
    fn a_place_is_that_of_the_key() {
        check_place("a: 1\nb:\n- c: 2\n", "b.0.c", "f:3:3");
        check_place("a: 1\nb:\n- c: 2\n", "b.0", "f:3:3");
    }

    #[test]
    fn steps_that_lead_nowhere_end_where_they_stop() {
        check_place("a: 1\nb:\n  c: 2\n", "b.x.y", "f:2:1");
        check_place("", "a", "f:1:1");
    }

    #[track_caller]
    fn check_scalar(text: &str, want: &str) {
        let (document, _) = document(Format::Yaml, text);
        assert_eq!(document.scalar(&steps("a")), Some(want), "{text:?}");
    }

    #[test]
    fn a_scalar_has_its_literal_text() {
        check_scalar("a: 1.10 # x\n", "1.10");
        check_scalar("a: yes", "yes");
        check_scalar("a: &x 0755\n", "0755");
        check_scalar("b: &x 12e5\na: *x\n", "12e5");
        check_scalar("{a: 1_000}", "1_000");
    }

    #[test]
    fn json_numbers_are_floats() {
        let (_, value) = document(Format::Json, r#"{"a": 9007199254740993, "b": [1]}"#);
        let want = Mapping::from([
            ("a".to_owned(), Value::Float(9_007_199_254_740_992.0)),
            ("b".to_owned(), Value::Sequence(vec![Value::Float(1.0)])),
        ]);
        assert_eq!(value, Value::Mapping(want));
    }

    #[track_caller]
    fn check_error(format: Format, bytes: &[u8], want: &str) {
        let error = Document::parse("f".to_owned(), format, bytes.to_vec()).unwrap_err();
        let place = error.place().map(ToString::to_string).unwrap_or_default();
        assert_eq!(format!("{place}: {error}"), want);
    }

    #[test]
    fn err_the_text_is_not_of_the_format() {
        check_error(
            Format::Yaml,
            b"a: b\nc: d: e\n",
            "f:2:5: yaml: line 2: mapping values are not allowed in this context",
        );
        check_error(Format::Json, b"{\n  \"a\": 1,\n}", "f:3:1: json: trailing comma");
        check_error(Format::Yaml, b"a: 1\nb: \xff\n", "f:2:4: the file is not UTF-8");
    }
}
