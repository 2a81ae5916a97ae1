//! F301: a source that may be another one tomorrow.

use super::Rule;
use crate::definition::{Component, Entry};
use crate::finding::{Finding, Level};
use crate::lint::subject::Subject;
use crate::source::Asked;
use crate::source::plan::asked_by;

pub(super) const RULE: Rule = Rule {
    code: "F301",
    name: "floating-source",
    level: Some(Level::Warning),
    about: "A source is pinned, by its entry or by fab.lock",
    help: "Run `fab install` and commit fab.lock, or name a commit, a tag, an exact version or a `sha256`",
    explanation: "What a branch, a range of versions or an address leads to changes, and with it the output, without a \
                  change in the definition:\n\n    - name: web\n      method: git\n      source: \
                  https://git.example.com/web\n      branch: main         # version: v1.2.0\n\nWhat `fab.lock` has an entry \
                  for is pinned. What components from elsewhere ask for is theirs.",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let asked = subject
        .files
        .entries
        .iter()
        .flat_map(|entry| asked_by(&entry.component).into_iter().map(move |asked| (*entry, asked)));
    let is_locked =
        |asked: &Asked| subject.lockfile.as_ref().is_some_and(|lockfile| lockfile.get(asked).is_some());
    let floating = asked.filter(|(_, asked)| !is_locked(asked));
    floating.filter_map(|(entry, asked)| finding(entry, &asked)).collect()
}

fn finding(entry: &Entry, asked: &Asked) -> Option<Finding> {
    let (what, field) = floats(asked, &entry.component)?;
    let message = format!("the source of `{}` is not pinned: {what}", entry.component.name);
    Some(RULE.finding(message, entry.place_of(field)))
}

/// Returns what is not fixed, and the field that says so.
fn floats(asked: &Asked, component: &Component) -> Option<(String, &'static str)> {
    match asked {
        Asked::Git { version: Some(version), .. } if is_branch(version) => {
            Some((format!("`{version}` is a branch"), "version"))
        }
        Asked::Git { version: Some(_), .. } => None,
        Asked::Git { branch: Some(branch), .. } => {
            Some((format!("it follows the branch `{branch}`"), "branch"))
        }
        Asked::Git { .. } => Some(("it has no version".to_owned(), "source")),
        Asked::Chart { version: None, .. } => {
            Some(("it has no version, so the newest is taken".to_owned(), "source"))
        }
        Asked::Chart { version: Some(version), .. } if !is_exact(version) => {
            Some((format!("`{version}` is a range of versions"), "version"))
        }
        Asked::Chart { .. } => None,
        Asked::File { sha256: None, .. } => Some(("it has no `sha256`".to_owned(), "source")),
        Asked::File { .. } => None,
    }
    .filter(|_| !component.source.is_empty())
}

/// Names that are branches wherever they are.
fn is_branch(version: &str) -> bool {
    matches!(version, "master" | "main" | "HEAD" | "develop" | "trunk")
}

fn is_exact(version: &str) -> bool {
    let core = version.trim_start_matches('v').split(['-', '+']).next().unwrap_or_default();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    !version.contains(' ') && core.split('.').count() == 3 && core.split('.').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::is_exact;

    #[test]
    fn a_range_is_no_version() {
        for exact in ["1.2.3", "v1.2.3", "1.2.3-rc.1", "1.2.3+build"] {
            assert!(is_exact(exact), "{exact}");
        }
        for range in ["1.2", "^1.2.3", "~1", "*", "1.x.x", ">=1.2.3", "1.2.3 - 2.0.0", "1.2.3 || 2.0.0", ""] {
            assert!(!is_exact(range), "{range}");
        }
    }
}
