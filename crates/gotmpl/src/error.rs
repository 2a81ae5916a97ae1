//! What can go wrong with a template. The texts are Go's own.
//!
//! `{}` is Go's text to the byte, the whole chain on one line, because people and
//! programs search for it. `{:#}` adds the line of the innermost failure with a caret.

use std::fmt;

use crate::strconv;
use crate::value::Str;

/// A template that could not be parsed or executed.
#[derive(Clone)]
pub struct Error(Box<Report>);

/// Where something happened in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The name of the text: the file, for templates of files.
    pub file: Str,
    /// The line, from 1.
    pub line: u32,
    /// The column in bytes from 0; none where Go gives only the line.
    pub column: Option<u32>,
}

#[derive(Clone)]
struct Report {
    position: Option<Position>,
    /// The template that ran, and the node in it.
    executing: Option<(Str, String)>,
    message: String,
    source: Option<Error>,
    source_line: String,
    /// Where the excerpt points to in that line, in bytes.
    caret: Option<usize>,
}

impl Error {
    /// Returns an error of a text that is no template, noticed in a line at an offset
    /// of the text.
    pub(crate) fn parse(file: Str, (line, at): (u32, Option<usize>), text: &[u8], message: String) -> Self {
        let index = usize::try_from(line).unwrap_or(1).saturating_sub(1);
        let mut lines = text.split(|&b| b == b'\n');
        let start: usize = lines.by_ref().take(index).map(|line| line.len() + 1).sum();
        let source_line = lines.next().unwrap_or_default();
        let caret = at.and_then(|at| at.checked_sub(start)).filter(|&caret| caret <= source_line.len());
        Error(Box::new(Report {
            position: Some(Position { file, line, column: None }),
            executing: None,
            message,
            source: None,
            source_line: String::from_utf8_lossy(source_line).into_owned(),
            caret,
        }))
    }

    /// Returns an error of a running template.
    pub(crate) fn executing(
        position: Position,
        executing: (Str, String),
        failure: crate::CallError,
        source_line: &[u8],
    ) -> Self {
        let caret = position.column.and_then(|column| usize::try_from(column).ok());
        Error(Box::new(Report {
            caret,
            position: Some(position),
            executing: Some(executing),
            message: failure.message,
            source: failure.source.map(|source| *source),
            source_line: String::from_utf8_lossy(source_line).into_owned(),
        }))
    }

    /// Returns an error that belongs to no place in a template.
    pub(crate) fn plain(message: String) -> Self {
        let source_line = String::new();
        Error(Box::new(Report {
            position: None,
            executing: None,
            message,
            source: None,
            source_line,
            caret: None,
        }))
    }

    /// Returns where it happened; none for a template that does not exist.
    pub fn position(&self) -> Option<&Position> {
        self.0.position.as_ref()
    }

    /// Returns the template that was running; none for a parse error.
    pub fn template(&self) -> Option<&Str> {
        self.0.executing.as_ref().map(|(template, _)| template)
    }

    /// Returns the part of the template that failed, as Go writes it; none for a parse error.
    pub fn node(&self) -> Option<&str> {
        self.0.executing.as_ref().map(|(_, node)| node.as_str())
    }

    /// Returns what went wrong here, up to the text of [`Error::inner`].
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the line of the text where it happened; empty if it has no place.
    pub fn source_line(&self) -> &str {
        &self.0.source_line
    }

    /// Returns the error of the template that a function such as `include` ran.
    pub fn inner(&self) -> Option<&Error> {
        self.0.source.as_ref()
    }

    /// Returns the last error of the chain, which is where it began.
    pub fn innermost(&self) -> &Error {
        let mut error = self;
        while let Some(inner) = error.inner() {
            error = inner;
        }
        error
    }

    /// Returns the length of this error's own text, without that of [`Error::inner`].
    pub fn own_len(&self) -> usize {
        struct Length(usize);
        impl fmt::Write for Length {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0 += text.len();
                Ok(())
            }
        }
        let mut length = Length(0);
        // A length takes all that is written to it.
        let _ = fmt::write(&mut length, format_args!("{}", Own(self)));
        length.0
    }

    fn write_link(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Position { file, line, column }) = &self.0.position {
            write!(f, "template: {}:{line}", file.to_text())?;
            if let Some(column) = column {
                write!(f, ":{column}")?;
            }
            f.write_str(": ")?;
        }
        if let Some((template, node)) = &self.0.executing {
            write!(f, "executing {} at <{node}>: ", strconv::quote(template.as_bytes()))?;
        }
        f.write_str(&self.0.message)
    }

    fn write_excerpt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Position { file, line, .. }) = &self.0.position else { return Ok(()) };
        let caret = self.0.caret;
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        write!(f, "\n{margin}--> {}:{line}", file.to_text())?;
        if let Some(caret) = caret {
            write!(f, ":{}", caret + 1)?;
        }
        write!(f, "\n{margin} |\n{number} | {}", self.0.source_line.trim_end())?;
        if let Some(caret) = caret {
            let before = self.0.source_line.get(..caret).unwrap_or(&self.0.source_line);
            // Tabs stay, so that the caret stands below its place at any tab width.
            let indent: String = before.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            write!(f, "\n{margin} | {indent}^")?;
        }
        Ok(())
    }
}

/// An error without the one inside it.
struct Own<'a>(&'a Error);

impl fmt::Display for Own<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_link(f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut error = self;
        error.write_link(f)?;
        while let Some(inner) = error.inner() {
            error = inner;
            error.write_link(f)?;
        }
        if f.alternate() { error.write_excerpt(f) } else { Ok(()) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner().map(|inner| inner as _)
    }
}

// Chains are as long as templates nest, so dropping one must not recurse.
impl Drop for Report {
    fn drop(&mut self) {
        let mut next = self.source.take();
        while let Some(mut error) = next {
            next = error.0.source.take();
        }
    }
}
