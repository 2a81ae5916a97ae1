//! What differs and says little: it is counted, and not shown.
//!
//! Checksums in annotations follow from other changes, and labels with the version
//! of a chart change in all of its resources. A definition may name more paths in
//! `fab.yaml`, and take back those that are known.

use super::path::{Path, Step};

/// Paths of what says little, as texts with `*` for a part of a key and `**` for any keys.
#[derive(Debug, Clone)]
pub struct Noise(Vec<Pattern>);

/// A path with wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Any number of steps.
    Any,
    /// A key, or an item of a list if it is `*`.
    Key(String),
}

const KNOWN: [&str; 4] = [
    "**.annotations[\"checksum/*\"]",
    "**.labels[\"helm.sh/chart\"]",
    "**.labels[\"app.kubernetes.io/version\"]",
    "**.labels.chart",
];

impl Default for Noise {
    fn default() -> Self {
        Noise(KNOWN.iter().filter_map(|text| Pattern::parse(text).ok()).collect())
    }
}

impl Noise {
    /// Returns what is known, and these patterns; one that begins with `!` takes a known one back.
    ///
    /// # Errors
    ///
    /// The number of the pattern that is no path.
    pub fn with(patterns: &[String]) -> Result<Self, (usize, &'static str)> {
        let Noise(mut all) = Noise::default();
        for (at, text) in patterns.iter().enumerate() {
            let parse = |text: &str| Pattern::parse(text).map_err(|problem| (at, problem));
            match text.strip_prefix('!') {
                Some(text) => {
                    let pattern = parse(text)?;
                    all.retain(|known| *known != pattern);
                }
                None => all.push(parse(text)?),
            }
        }
        Ok(Noise(all))
    }

    /// Returns whether what is at a path says little.
    pub fn has(&self, path: &Path) -> bool {
        self.0.iter().any(|pattern| pattern.has(path))
    }
}

impl Pattern {
    /// Returns whether it leads to what is at a path, or to something that this is in.
    pub(crate) fn has(&self, path: &Path) -> bool {
        is_match(&self.0, &path.0)
    }

    /// Returns whether it is a path without wildcards.
    pub(crate) fn is_literal(&self) -> bool {
        self.0.iter().all(|part| matches!(part, Part::Key(key) if !key.contains('*')))
    }

    /// Returns how many steps it has.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Reads it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            rest = rest.strip_prefix('.').filter(|_| !parts.is_empty()).unwrap_or(rest);
            let (key, after) = if let Some(inner) = rest.strip_prefix("[\"") {
                inner.split_once("\"]").ok_or("`[\"` has no `\"]`")?
            } else if let Some(inner) = rest.strip_prefix('[') {
                inner.split_once(']').ok_or("`[` has no `]`")?
            } else {
                rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()))
            };
            if key.is_empty() {
                return Err("a key is empty");
            }
            parts.push(if key == "**" { Part::Any } else { Part::Key(key.to_owned()) });
            rest = after;
        }
        if parts.is_empty() { Err("it is empty") } else { Ok(Pattern(parts)) }
    }
}

fn is_match(parts: &[Part], steps: &[Step]) -> bool {
    match (parts, steps) {
        // What is below a path is part of it.
        ([], _) => true,
        ([Part::Any, rest @ ..], _) => (0..=steps.len()).any(|skip| is_match(rest, &steps[skip..])),
        ([Part::Key(pattern), rest @ ..], [step, below @ ..]) => {
            let is_this = match step {
                Step::Key(key) => is_glob_match(pattern, key),
                Step::Index(_) | Step::Item(_) => pattern == "*",
            };
            is_this && is_match(rest, below)
        }
        ([Part::Key(_), ..], []) => false,
    }
}

fn is_glob_match(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(below) = text.strip_prefix(start) else { return false };
    let ends = (0..=below.len()).filter(|at| below.is_char_boundary(*at));
    ends.into_iter().any(|at| is_glob_match(rest, &below[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(patterns: &[&str], path: &[&str], want: bool) {
        let patterns: Vec<String> = patterns.iter().map(|text| (*text).to_owned()).collect();
        let steps = path.iter().map(|key| match *key {
            "[]" => Step::Index(0),
            key => Step::Key(key.to_owned()),
        });
        assert_eq!(Noise::with(&patterns).unwrap().has(&Path(steps.collect())), want, "{path:?}");
    }

    #[test]
    fn checksums_and_labels_of_charts_say_little() {
        let template = ["spec", "template", "metadata"];
        check(&[], &[&template[..], &["annotations", "checksum/config"]].concat(), true);
        check(&[], &[&template[..], &["annotations", "other"]].concat(), false);
        check(&[], &["metadata", "labels", "helm.sh/chart"], true);
        check(&[], &["metadata", "labels", "helm.sh/charts"], false);
        check(&[], &["metadata", "labels"], false);
    }

    #[test]
    fn a_definition_names_more_and_takes_back() {
        check(&["metadata.annotations.build-*"], &["metadata", "annotations", "build-id"], true);
        check(&["spec.rules[*].id"], &["spec", "rules", "[]", "id"], true);
        check(&["spec.rules"], &["spec", "rules", "[]", "id"], true);
        check(&["!**.labels[\"helm.sh/chart\"]"], &["metadata", "labels", "helm.sh/chart"], false);
    }

    #[test]
    fn err_a_pattern_is_no_path() {
        for text in ["", "a..b", "a[\"b", "a[b", "!"] {
            assert!(Noise::with(&[text.to_owned()]).is_err(), "{text}");
        }
    }
}
