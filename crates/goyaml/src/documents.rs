//! A stream cut into documents without changing a byte.
//!
//! For those who insert or move documents and must keep comments, quotes and
//! spacing: the texts of all documents, one behind the other, are the stream.
//! What a document is, is what go-yaml's parser says, so a `---` inside a block
//! scalar does not cut.

use std::ops::Range;

use crate::Result;
use crate::parser::{EventKind, Parser};
use crate::reader::Source;

/// One document of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document<'a> {
    /// All that belongs to it: directives, its `---`, and what comes before the
    /// next document, comments too.
    pub text: &'a str,
    /// Where the text is in the stream.
    pub range: Range<usize>,
    /// The line of the stream, from zero, on which the text starts.
    pub line: usize,
    /// Where the content is in the text: behind the `---` if there is one, up
    /// to where the next token, an end marker or the text's end, comes.
    pub content: Range<usize>,
    /// Whether there is no content, or only comments.
    pub is_empty: bool,
}

/// Cuts a stream into its documents. A stream of nothing but comments has none.
///
/// ```
/// let stream = "# first\na: 1\n---\n# second\nb: |\n  ---\n";
/// let documents = goyaml::documents(stream)?;
/// let texts: Vec<_> = documents.iter().map(|document| document.text).collect();
/// assert_eq!(texts, ["# first\na: 1\n", "---\n# second\nb: |\n  ---\n"]);
/// # Ok::<(), goyaml::Error>(())
/// ```
pub fn documents(text: &str) -> Result<Vec<Document<'_>>> {
    let source = Source::from_text(text);
    let shift = source.skipped;
    let mut parser = Parser::new(&source.text, source.bad)?;
    let mut documents: Vec<Document<'_>> = Vec::new();
    let mut nodes = 0;
    loop {
        let event = parser.next().map_err(|err| err.behind(shift))?;
        let (start, end) = (event.start.offset as usize + shift, event.end.offset as usize + shift);
        match event.kind {
            EventKind::StreamEnd => break,
            EventKind::DocumentStart => {
                // What comes before the first document belongs to it.
                let (start, line) =
                    if documents.is_empty() { (0, 0) } else { (start, event.start.line as usize) };
                if let Some(last) = documents.last_mut() {
                    last.range.end = start;
                }
                let is_explicit = text[..end].ends_with("---");
                let content = if is_explicit { end } else { start } - start;
                documents.push(Document {
                    text: "",
                    range: start..text.len(),
                    line,
                    content: content..content,
                    is_empty: true,
                });
                nodes = 0;
            }
            EventKind::DocumentEnd => {
                if let Some(last) = documents.last_mut() {
                    last.content.end = (start - last.range.start).max(last.content.start);
                }
            }
            EventKind::Scalar(ref properties, ref value) => {
                nodes += 1;
                let is_nothing = value.is_empty() && start == end && properties.anchor.is_none();
                if let Some(last) = documents.last_mut() {
                    last.is_empty = nodes == 1 && is_nothing;
                }
            }
            _ => {
                nodes += 1;
                if let Some(last) = documents.last_mut() {
                    last.is_empty = false;
                }
            }
        }
    }
    for document in &mut documents {
        document.text = &text[document.range.clone()];
    }
    Ok(documents)
}
