//! Comments in files that leave a finding out: `# fab:ignore F101`, behind the line that it is about or in a line of its own above it.

use super::rule;
use crate::error::Place;

const MARK: &str = "fab:ignore";

/// Returns whether a comment at a place leaves out what a rule finds there.
pub(super) fn is_ignored(code: &str, place: &Place) -> bool {
    let Some(at) = place.position.and_then(|position| position.line.checked_sub(1)) else { return false };
    if !place.text.contains(MARK) {
        return false;
    }
    let lines: Vec<&str> = place.text.lines().take(at + 1).collect();
    let Some((own, above)) = lines.split_last().filter(|_| lines.len() == at + 1) else { return false };
    let comments = above.iter().rev().take_while(|line| line.trim_start().starts_with('#'));
    std::iter::once(own).chain(comments).any(|line| names(line).any(|known| known == code))
}

/// Returns the codes of the rules that a comment in a line names.
fn names(line: &str) -> impl Iterator<Item = &'static str> {
    let comment = line.split_once('#').map_or("", |(_, comment)| comment);
    let named = comment.split_once(MARK).map_or("", |(_, named)| named);
    // What is behind another `#` says why.
    let named = named.split('#').next().unwrap_or_default();
    named.split([' ', ',', ':', '\t']).filter_map(|name| rule(name).map(|rule| rule.code))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::error::Position;

    #[track_caller]
    fn check(text: &str, line: usize, want: bool) {
        let position = Some(Position { line, column: 1 });
        let place = Place { file: "f".to_owned(), position, text: Arc::from(text) };
        assert_eq!(is_ignored("F101", &place), want, "{text:?}");
    }

    #[test]
    fn a_comment_is_for_its_line_or_the_one_below() {
        check("a: 1 # fab:ignore F101\nb: 2\n", 1, true);
        check("a: 1 # fab:ignore F101\nb: 2\n", 2, false);
        check("# fab:ignore F101\n# because\na: 1\n", 3, true);
        check("# fab:ignore F101\n\na: 1\n", 3, false);
    }

    #[test]
    fn a_comment_names_rules_by_code_or_name() {
        check("a: 1 # fab:ignore F105, dead-config-key # it is for people\n", 1, true);
        check("a: 1 # fab:ignore f101\n", 1, true);
        check("a: 1 # fab:ignore F105\n", 1, false);
        check("a: 1 # fab:ignore\n", 1, false);
        check("a: fab:ignore F101\n", 1, false);
    }
}
