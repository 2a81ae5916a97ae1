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
    while let Some(parsed) = next_document(&mut parser).map_err(|err| err.within(&source.text, shift))? {
        // What comes before the first document belongs to it.
        let (start, line) =
            if documents.is_empty() { (0, 0) } else { (parsed.start + shift, parsed.line as usize) };
        if let Some(last) = documents.last_mut() {
            last.range.end = start;
        }
        let content_start = parsed.content_start.map_or(start, |offset| offset + shift) - start;
        let content_end = (parsed.end + shift - start).max(content_start);
        documents.push(Document {
            text: "",
            range: start..text.len(),
            line,
            content: content_start..content_end,
            is_empty: parsed.is_empty,
        });
    }
    for document in &mut documents {
        document.text = &text[document.range.clone()];
    }
    Ok(documents)
}

/// Where the parser saw a document; offsets do not count the byte order mark.
struct Parsed {
    start: usize,
    line: u32,
    /// The end of its `---`, if there is one.
    content_start: Option<usize>,
    end: usize,
    is_empty: bool,
}

fn next_document(parser: &mut Parser<'_>) -> Result<Option<Parsed>> {
    let start = parser.next()?;
    if start.kind == EventKind::StreamEnd {
        return Ok(None);
    }
    let is_explicit = start.kind == EventKind::DocumentStart { explicit: true };
    let mut is_empty = true;
    loop {
        let event = parser.next()?;
        match event.kind {
            EventKind::DocumentEnd | EventKind::StreamEnd => {
                return Ok(Some(Parsed {
                    start: start.start.offset as usize,
                    line: start.start.line,
                    content_start: is_explicit.then_some(start.end.offset as usize),
                    end: event.start.offset as usize,
                    is_empty,
                }));
            }
            EventKind::Scalar(properties, _) => {
                let is_written = event.end.offset > event.start.offset;
                is_empty &= !is_written && properties.anchor.is_none() && properties.tag.is_none();
            }
            _ => is_empty = false,
        }
    }
}
