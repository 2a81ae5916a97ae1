//! Helm 4's layout of template errors.
//!
//! Helm takes the text of Go's error and of each error that it wraps apart again
//! and prints one block for each; if any of them does not look as expected, Go's
//! own line is printed. It works on the text, quirks and all (a message that
//! holds ` template:` is cut there), so it is done on the text here as well
//! (helm 4.2, `reformatExecErrorMsg`).

/// What `required` and `fail` put around their message, so that it can be found
/// in the text of the error that comes out in the end.
const MESSAGE_START: &str = "HELM_ERR_START";
const MESSAGE_END: &str = "HELM_ERR_END";

/// Bytes of an error text that are shown; a template that nests and fails can make more of
/// it than anybody can read.
const LONGEST: usize = 1 << 20;

/// Marks a message as meant for the user: the rest of the error is left out.
pub(super) fn mark_message(message: &str) -> String {
    format!("{MESSAGE_START}{message}{MESSAGE_END}")
}

/// Returns what Helm prints for a template that cannot be parsed.
///
/// Only what follows the last `: ` is kept of the message, which can be less
/// than Go said.
pub(super) fn parse_error(file: &str, error: &str) -> String {
    let mut parts = error.split(": ");
    match (parts.nth(1), error.rsplit(": ").next()) {
        (Some(location), Some(last)) => format!("parse error at ({location}): {last}"),
        _ => format!("parse error in ({file}): {error}"),
    }
}

/// Returns what Helm prints for a failed execution.
pub(super) fn exec_error(file: &str, error: &gotmpl::Error) -> String {
    let text = error.to_string();
    let text = layout(file, &text, &links(error, &text));
    if text.len() > LONGEST { shorten(&text) } else { text }
}

/// Leaves out the middle of a text.
fn shorten(text: &str) -> String {
    let start = text.floor_char_boundary(LONGEST / 2);
    let end = text.ceil_char_boundary(text.len() - LONGEST / 2);
    format!("{} ... {} bytes left out ... {}", &text[..start], end - start, &text[end..])
}

/// Returns Go's text of the error and of each error inside it, outermost first.
/// All of them are ends of the first.
fn links<'a>(error: &gotmpl::Error, text: &'a str) -> Vec<&'a str> {
    let mut links = vec![text];
    let mut rest = text;
    let mut error = Some(error);
    while let Some(link) = error {
        let (own, inner) = rest.split_at(link.own_len());
        // What the function returned, if a function failed.
        if rest[own.len() - link.message().len()..].starts_with("error calling ") {
            let call = own.len() - link.message().len() + "error calling ".len();
            links.extend(rest[call..].split_once(": ").map(|(_, returned)| returned));
        }
        error = link.inner();
        if error.is_some() {
            rest = inner;
            links.push(rest);
        }
    }
    links
}

fn layout(file: &str, outermost: &str, chain: &[&str]) -> String {
    let mut parts = outermost.splitn(3, ": ");
    let (_, Some(location), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return format!("execution error in ({file}): {outermost}");
    };
    if let Some(message) = marked_message(rest) {
        return format!("execution error at ({location}): {message}");
    }
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for text in chain {
        let Some(block) = Block::parse(text) else {
            return outermost.to_owned();
        };
        if blocks.last() != Some(&block) {
            blocks.push(block);
        }
    }
    let mut text = String::new();
    for block in &blocks {
        block.write(&mut text);
    }
    text.trim().to_owned()
}

fn marked_message(text: &str) -> Option<&str> {
    let start = text.find(MESSAGE_START)? + MESSAGE_START.len();
    let end = text.rfind(MESSAGE_END)?;
    text.get(start..end)
}

/// One link of the chain, taken apart.
#[derive(PartialEq, Default)]
struct Block<'a> {
    location: &'a str,
    /// The template's name and the node: `executing "name" at <node>:`
    executed: Option<(&'a str, &'a str)>,
    message: &'a str,
}

impl<'a> Block<'a> {
    fn parse(text: &'a str) -> Option<Block<'a>> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Block { message: text, ..Block::default() });
        }
        Self::parse_executing(rest).or_else(|| Self::parse_plain(rest))
    }

    /// `LOCATION: executing "NAME" at <NODE>: MESSAGE`
    fn parse_executing(rest: &'a str) -> Option<Block<'a>> {
        let (location, after) = rest.split_once(": executing ")?;
        let (name, after) = after.strip_prefix('"')?.split_once('"')?;
        let (node, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
        Some(Block { location, executed: Some((name, node)), message: before_next(message) })
    }

    /// `LOCATION: MESSAGE`; the last colon counts, as a location has some too.
    fn parse_plain(rest: &'a str) -> Option<Block<'a>> {
        let (location, message) = rest.rsplit_once(": ")?;
        Some(Block { location, executed: None, message: before_next(message) })
    }

    fn write(&self, out: &mut String) {
        if !self.location.is_empty() {
            out.push_str(self.location);
            out.push_str("\n  ");
        }
        if let Some((name, node)) = self.executed {
            out.push_str("executing \"");
            out.push_str(name);
            out.push_str("\" at <");
            out.push_str(node);
            out.push_str(">:\n    ");
        }
        if !self.message.is_empty() {
            out.push_str(self.message);
            out.push('\n');
        }
    }
}

/// Cuts the text of the error inside off.
fn before_next(message: &str) -> &str {
    message.find(" template:").map_or(message, |cut| &message[..cut])
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, layout, mark_message, parse_error, shorten};

    #[test]
    fn parse_errors_keep_what_follows_the_last_colon() {
        assert_eq!(
            parse_error("c/t.yaml", "template: c/t.yaml:1: function \"x\" not defined"),
            "parse error at (c/t.yaml:1): function \"x\" not defined"
        );
        assert_eq!(
            parse_error("c/t.yaml", "template: c/t.yaml:3: bad character U+0024 '$': x"),
            "parse error at (c/t.yaml:3): x"
        );
        assert_eq!(parse_error("c/t.yaml", "no colon"), "parse error in (c/t.yaml): no colon");
    }

    #[test]
    fn each_link_is_a_block() {
        let inner =
            r#"template: c/_h.tpl:2:3: executing "h" at <.a.b>: nil pointer evaluating interface {}.b"#;
        let outer = format!(
            r#"template: c/t.yaml:1:3: executing "c/t.yaml" at <include "h" .>: error calling include: {inner}"#
        );
        assert_eq!(
            layout("c/t.yaml", &outer, &[&outer, inner]),
            "c/t.yaml:1:3\n  executing \"c/t.yaml\" at <include \"h\" .>:\n    error calling include:\n\
             c/_h.tpl:2:3\n  executing \"h\" at <.a.b>:\n    nil pointer evaluating interface {}.b"
        );
    }

    #[test]
    fn an_error_of_a_function_prints_the_line_of_go() {
        let text =
            r#"template: c/t.yaml:1:3: executing "c/t.yaml" at <index 1 2>: error calling index: can't"#;
        assert_eq!(layout("c/t.yaml", text, &[text, "can't"]), text);
    }

    #[test]
    fn a_marked_message_is_all_that_is_shown() {
        let text = format!(
            r#"template: c/t.yaml:1:3: executing "c/t.yaml" at <fail "x">: error calling fail: {}"#,
            mark_message("a: b\nc")
        );
        assert_eq!(layout("c/t.yaml", &text, &[&text]), "execution error at (c/t.yaml:1:3): a: b\nc");
    }

    #[test]
    fn a_missing_template_has_no_location() {
        let inner = r#"template: no template "x" associated with template "gotpl""#;
        let outer = format!(
            r#"template: c/t.yaml:1:3: executing "c/t.yaml" at <include "x" .>: error calling include: {inner}"#
        );
        assert_eq!(
            layout("c/t.yaml", &outer, &[&outer, inner]),
            "c/t.yaml:1:3\n  executing \"c/t.yaml\" at <include \"x\" .>:\n    error calling include:\n\
             template: no template \"x\" associated with template \"gotpl\""
        );
    }

    #[test]
    fn a_text_of_megabytes_lacks_its_middle() {
        let text = shorten(&format!("start{}end", "é".repeat(LONGEST)));
        assert!(text.starts_with("starté") && text.ends_with("éend"), "both ends are there");
        assert!(text.contains("é ... 1048586 bytes left out ... é"), "what is missing is told");
    }
}
