//! From a line of what handlebars templates render to back to the line of a template.
//!
//! The handlebars crate does not tell, so marks are put into the templates, before every
//! expression and every line of text, and taken out of what was rendered. A template
//! that does not render to the same text with them, as it looks at its own output, keeps
//! its lines to itself.

use handlebars::Template;
use handlebars::template::TemplateElement;

/// The characters around a mark; nobody has them in text.
const START: char = '\u{f8f0}';
const END: char = '\u{f8f1}';

/// Puts marks into a template, whose file has this number.
pub(super) fn mark(template: &mut Template, file: usize, source: &str) {
    let lines: Vec<&str> = source.lines().collect();
    mark_body(template, (file, 1), &lines);
}

/// Marks what begins in this line, and returns the one that it ends in. Where text begins is known by what is before it
/// alone: the blanks around tags vanish.
fn mark_body(template: &mut Template, (file, mut line): (usize, usize), lines: &[&str]) -> usize {
    let elements = std::mem::take(&mut template.elements);
    for (at, mut element) in elements.into_iter().enumerate() {
        let tag = template.mapping.get(at).map_or(line, |mapping| mapping.0.max(line));
        match &mut element {
            TemplateElement::RawString(text) => {
                let (marked, end) = marked_text(text, (file, line), lines);
                (*text, line) = (marked, end);
            }
            TemplateElement::HelperBlock(block) => {
                line = tag;
                for body in block.template.iter_mut().chain(&mut block.inverse) {
                    line = mark_body(body, (file, line), lines);
                }
            }
            TemplateElement::Expression(_) | TemplateElement::HtmlExpression(_) => {
                line = tag;
                template.elements.push(TemplateElement::RawString(one(file, line)));
            }
            _ => line = tag,
        }
        template.elements.push(element);
    }
    line
}

fn one(file: usize, line: usize) -> String {
    format!("{START}{file}:{line}{END}")
}

/// Returns a text with a mark before each of its lines, and the line that it ends in. It begins in this line or behind.
fn marked_text(text: &str, (file, mut line): (usize, usize), lines: &[&str]) -> (String, usize) {
    let mut marked = String::new();
    for piece in text.split_inclusive('\n') {
        let content = piece.trim();
        let found = (line..=lines.len()).find(|number| lines[number - 1].contains(content));
        line = found.filter(|_| !content.is_empty()).unwrap_or(line);
        marked.push_str(&one(file, line));
        marked.push_str(piece);
        line += usize::from(piece.ends_with('\n'));
    }
    (marked, line)
}

/// Returns the file and the line that made each line of a text, from the text with marks; nothing if the marks changed
/// more than they should.
pub(crate) fn unmark(marked: &str, plain: &str) -> Option<Vec<Option<(usize, usize)>>> {
    let mut stripped = String::new();
    let mut origins = Vec::new();
    for line in marked.split_inclusive('\n') {
        let mut own: Vec<(usize, usize, String)> = Vec::new();
        for piece in line.split(START).enumerate() {
            let (mark, text) = match piece {
                (0, text) => (None, text),
                (_, piece) => {
                    let (mark, text) = piece.split_once(END)?;
                    let (file, line) = mark.split_once(':')?;
                    (Some((file.parse().ok()?, line.parse().ok()?)), text)
                }
            };
            stripped.push_str(text);
            if let Some((file, line)) = mark {
                own.push((file, line, text.trim().to_owned()));
            }
        }
        // What wrote something other than blanks made the line.
        let written = own.iter().find(|(.., text)| !text.is_empty()).or(own.first());
        origins.push(written.map(|(file, line, _)| (*file, *line)));
    }
    (stripped == plain).then_some(origins)
}
