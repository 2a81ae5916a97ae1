//! `.helmignore`: which files of a chart folder are no part of the chart.
//!
//! The rules look like git's but are Helm's own: the first match decides, a
//! negated rule ignores *everything that it does not match*, a rule without `/`
//! looks at the base name only, `**` is an error. Archives are not filtered.

use crate::pattern::{BadPattern, Pattern};

/// The rules of a chart folder, in order.
#[derive(Debug, Default)]
pub(crate) struct IgnoreRules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    negated: bool,
    folders_only: bool,
    base_name_only: bool,
}

/// A rule that cannot be read. The texts are those of Helm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IgnoreError {
    /// A rule has `**`.
    #[error("double-star (**) syntax is not supported")]
    DoubleStar,
    /// A rule is no valid glob.
    #[error(transparent)]
    BadPattern(#[from] BadPattern),
}

impl IgnoreRules {
    /// Reads a `.helmignore` file; nothing is the file of a chart that has none.
    pub(crate) fn parse(text: &str) -> Result<Self, IgnoreError> {
        let mut rules = IgnoreRules::default();
        for line in text.strip_prefix('\u{feff}').unwrap_or(text).lines().chain(["templates/.?*"]) {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                rules.0.push(Rule::parse(line)?);
            }
        }
        Ok(rules)
    }

    /// Returns whether a file or folder, relative to the chart and with `/`, is left out.
    pub(crate) fn ignores(&self, path: &str, is_folder: bool) -> bool {
        for rule in &self.0 {
            let applies = is_folder || !rule.folders_only;
            if rule.negated {
                if !applies || !rule.matches(path) {
                    return true;
                }
            } else if applies && rule.matches(path) {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn parse(text: &str) -> Result<Self, IgnoreError> {
        if text.contains("**") {
            return Err(IgnoreError::DoubleStar);
        }
        Pattern::parse(text)?;
        let positive = text.strip_prefix('!');
        let glob = positive.unwrap_or(text);
        let folder = glob.strip_suffix('/');
        let glob = folder.unwrap_or(glob);
        let rooted = glob.strip_prefix('/');
        Ok(Rule {
            pattern: Pattern::parse(rooted.unwrap_or(glob))?,
            negated: positive.is_some(),
            folders_only: folder.is_some(),
            base_name_only: !glob.contains('/'),
        })
    }

    fn matches(&self, path: &str) -> bool {
        let name = if self.base_name_only { path.rsplit('/').next().unwrap_or(path) } else { path };
        self.pattern.matches(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks which of some paths a file leaves out; a path that ends in `/` is a folder.
    #[track_caller]
    fn check(rules: &str, paths: &[&str], want: &[&str]) {
        let rules = IgnoreRules::parse(rules).unwrap();
        let got: Vec<_> = paths
            .iter()
            .copied()
            .filter(|path| rules.ignores(path.trim_end_matches('/'), path.ends_with('/')))
            .collect();
        assert_eq!(got, want);
    }

    #[test]
    fn a_rule_without_slash_looks_at_the_base_name() {
        check("*.txt", &["a.txt", "d/a.txt", "a.txt.gz"], &["a.txt", "d/a.txt"]);
    }

    #[test]
    fn a_rule_with_slash_looks_at_the_whole_path() {
        check("d/*.txt", &["d/a.txt", "e/d/a.txt"], &["d/a.txt"]);
        check("/a.txt", &["a.txt", "d/a.txt"], &["a.txt"]);
    }

    #[test]
    fn a_rule_that_ends_in_slash_is_for_folders() {
        check("docs/", &["docs", "docs/", "a/docs/"], &["docs/", "a/docs/"]);
    }

    #[test]
    fn a_negated_rule_ignores_what_it_does_not_match() {
        check("!keep.txt", &["keep.txt", "other.txt"], &["other.txt"]);
        check("!keep/", &["keep/", "keep", "x"], &["keep", "x"]);
    }

    #[test]
    fn hidden_templates_are_always_ignored() {
        check("", &["templates/.a", "templates/a", ".a"], &["templates/.a"]);
    }

    #[test]
    fn byte_order_marks_comments_blank_ends_and_carriage_returns_are_dropped() {
        check("\u{feff}a  \r\n# b\r\n\r\n", &["a", "b"], &["a"]);
    }

    #[test]
    fn broken_rules_are_errors() {
        assert_eq!(IgnoreRules::parse("a/**/b").unwrap_err(), IgnoreError::DoubleStar);
        assert_eq!(IgnoreRules::parse("[a").unwrap_err().to_string(), "syntax error in pattern");
    }
}
