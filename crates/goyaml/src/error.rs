//! What can be wrong with a document, in the words of Go's libraries.
//!
//! People search for these texts and tools compare them, so `Display` prints
//! go-yaml's own line, with go-yaml's own (sometimes off by one) line number.
//! `{:#}` adds the line of the text with a caret at the true position, which the
//! accessors tell, too.

use std::borrow::Cow;
use std::fmt;

/// A place in the text; everything counts from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Mark {
    /// Bytes from the start of the text.
    pub(crate) offset: u32,
    pub(crate) line: u32,
    /// Characters from the start of the line.
    pub(crate) column: u32,
}

/// Why a document could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    stage: Stage,
    text: Cow<'static, str>,
    mark: Option<Mark>,
    /// The line number that go-yaml prints, if it prints one.
    shown_line: Option<u32>,
    /// The line of the text at the mark.
    source_line: Option<Box<str>>,
}

/// The step of `sigs.k8s.io/yaml` that failed; it decides the prefixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// go-yaml: its text starts with `yaml: `.
    Yaml,
    /// The way from YAML's data model to JSON's.
    Convert,
    /// Filling the caller's type.
    Decode,
}

impl Error {
    fn new(stage: Stage, text: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { stage, text: text.into(), mark: None, shown_line: None, source_line: None }))
    }

    /// The characters do not form tokens. go-yaml omits the line if it is the first.
    pub(crate) fn scanner(problem: impl Into<Cow<'static, str>>, mark: Mark) -> Self {
        let mut error = Self::new(Stage::Yaml, problem).at(mark);
        error.0.shown_line = (mark.line != 0).then_some(mark.line + 1);
        error
    }

    /// The tokens do not form nodes. go-yaml prints these one line too low.
    pub(crate) fn parser(problem: impl Into<Cow<'static, str>>, mark: Mark) -> Self {
        let mut error = Self::new(Stage::Yaml, problem).at(mark);
        error.0.shown_line = (mark.line != 0).then_some(mark.line);
        error
    }

    /// Any other complaint of go-yaml; these come without a line.
    pub(crate) fn yaml(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Stage::Yaml, text)
    }

    /// YAML has it, JSON has not.
    pub(crate) fn convert(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Stage::Convert, text)
    }

    /// The document is fine, but not what the caller's type needs.
    pub(crate) fn decode(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Stage::Decode, text)
    }

    /// Adds the place, unless a closer one is known.
    pub(crate) fn at(mut self, mark: Mark) -> Self {
        self.0.mark.get_or_insert(mark);
        self
    }

    /// Keeps the line where it was noticed, and counts the offset from some bytes
    /// before the text that was read.
    pub(crate) fn within(mut self, text: &str, skipped: usize) -> Self {
        if let Some(mark) = &mut self.0.mark {
            let (before, behind) = text.split_at(text.floor_char_boundary(mark.offset as usize));
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            let end = before.len() + behind.find('\n').unwrap_or(behind.len());
            self.0.source_line = Some(text[start..end].trim_end().into());
            mark.offset += skipped as u32;
        }
        self
    }

    fn write_excerpt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(Mark { line, column, .. }), Some(text)) = (self.0.mark, &self.0.source_line) else {
            return Ok(());
        };
        let (line, column) = (line + 1, column as usize);
        let margin = " ".repeat(line.to_string().len());
        // Tabs stay, so that the caret stands below its place at any tab width.
        let indent: String = text.chars().take(column).map(|c| if c == '\t' { c } else { ' ' }).collect();
        write!(f, "\n{margin}--> {line}:{}\n{margin} |\n{line} | {text}\n{margin} | {indent}^", column + 1)
    }

    /// Returns the line, from one, where the error was noticed.
    pub fn line(&self) -> Option<usize> {
        self.0.mark.map(|mark| mark.line as usize + 1)
    }

    /// Returns the column, from one and in characters, where the error was noticed.
    pub fn column(&self) -> Option<usize> {
        self.0.mark.map(|mark| mark.column as usize + 1)
    }

    /// Returns the byte offset in the text where the error was noticed.
    pub fn offset(&self) -> Option<usize> {
        self.0.mark.map(|mark| mark.offset as usize)
    }

    /// Returns the error as `sigs.k8s.io/yaml`'s `Unmarshal` words it, with its prefixes.
    pub fn unmarshal_text(&self) -> String {
        match self.0.stage {
            Stage::Yaml | Stage::Convert => format!("error converting YAML to JSON: {self}"),
            Stage::Decode => format!("error unmarshaling JSON: while decoding JSON: {self}"),
        }
    }

    /// Returns the error as `sigs.k8s.io/yaml`'s `Marshal` words it, with its prefixes.
    pub fn marshal_text(&self) -> String {
        match self.0.stage {
            Stage::Yaml => self.to_string(),
            Stage::Convert | Stage::Decode => format!("error marshaling into JSON: {self}"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { stage, text, shown_line, .. } = &*self.0;
        match (stage, shown_line) {
            (Stage::Yaml, Some(line)) => write!(f, "yaml: line {line}: {text}")?,
            (Stage::Yaml, None) => write!(f, "yaml: {text}")?,
            (Stage::Convert | Stage::Decode, _) => f.write_str(text)?,
        }
        if f.alternate() { self.write_excerpt(f) } else { Ok(()) }
    }
}

impl std::error::Error for Error {}

impl serde::ser::Error for Error {
    fn custom<T: fmt::Display>(msg: T) -> Self {
        Self::convert(msg.to_string())
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(msg: T) -> Self {
        Self::decode(msg.to_string())
    }

    fn invalid_type(unexpected: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        use serde::de::Unexpected as U;
        let found = match unexpected {
            U::Bool(_) => "bool",
            U::Unsigned(_) | U::Signed(_) | U::Float(_) => "number",
            U::Char(_) | U::Str(_) | U::Bytes(_) => "string",
            U::Unit | U::Option => "null",
            U::Seq => "array",
            _ => "object",
        };
        Self::decode(format!("json: cannot unmarshal {found} into Go value of type {expected}"))
    }

    fn invalid_value(unexpected: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        use serde::de::Unexpected as U;
        let number = match unexpected {
            U::Unsigned(number) => number.to_string(),
            U::Signed(number) => number.to_string(),
            U::Float(number) => number.to_string(),
            other => return Self::decode(format!("invalid value: {other}, expected {expected}")),
        };
        Self::decode(format!("json: cannot unmarshal number {number} into Go value of type {expected}"))
    }
}
