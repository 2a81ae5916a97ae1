//! Which values are promoted besides those that pin images: `publish.promote` in
//! `fab.yaml`, and `--key`.
//!
//! ```yaml
//! publish:
//!   promote:
//!   - replicas                              # of every component
//!   - "**.resources"                        # wherever it is
//!   - "infra/ingress:controller.config"     # with all that is below, of one component
//!   - "!sidecars/*:**.image"                # not this, although it pins an image
//! ```
//!
//! The last pattern that fits a value decides.

use globset::{GlobBuilder, GlobMatcher};
use goyaml::Value;

use crate::diff::{self, Pattern};
use crate::document::Step;
use crate::lint::may_be_secret;

/// A pattern for keys of values.
#[derive(Debug, Clone)]
pub struct KeyPattern {
    text: String,
    /// Whether it takes values out.
    is_negative: bool,
    /// The components; none for all.
    component: Option<GlobMatcher>,
    keys: Pattern,
}

/// What patterns say of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is promoted.
    Taken,
    /// It is not.
    Passed,
    /// It may be a secret, and no pattern has its name.
    Secret,
}

impl KeyPattern {
    /// Reads `[!][COMPONENT:]KEY`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (is_negative, rest) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let component = rest.split_once(':').filter(|(component, _)| !component.contains(['[', '"']));
        let (component, keys) = component.map_or((None, rest), |(component, keys)| (Some(component), keys));
        let glob = |text: &str| {
            let glob = GlobBuilder::new(text.trim_matches('/')).literal_separator(true).build();
            glob.map(|glob| glob.compile_matcher()).map_err(|error| error.to_string())
        };
        Ok(KeyPattern {
            text: text.to_owned(),
            is_negative,
            component: component.map(glob).transpose()?,
            keys: Pattern::parse(keys).map_err(|problem| format!("this is no path: {problem}"))?,
        })
    }

    /// Returns it as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn has(&self, component: &str, steps: &[Step]) -> bool {
        let is_of = self.component.as_ref().is_none_or(|glob| glob.is_match(component));
        is_of && self.keys.has(&path(steps))
    }

    /// Whether it leads to nothing but this value.
    fn names(&self, steps: &[Step]) -> bool {
        self.keys.is_literal() && self.keys.len() == steps.len()
    }
}

/// Returns what patterns say of a value of a component; `default` counts if none fits.
pub(super) fn verdict(
    patterns: &[KeyPattern],
    (component, steps, value): (&str, &[Step], &Value),
    default: Verdict,
) -> Verdict {
    let Some(last) = patterns.iter().rev().find(|pattern| pattern.has(component, steps)) else {
        return default;
    };
    match last.is_negative {
        true => Verdict::Passed,
        false if is_secret(steps, value) && !last.names(steps) => Verdict::Secret,
        false => Verdict::Taken,
    }
}

/// Whether a value is one that nobody should read.
pub(super) fn is_secret(steps: &[Step], value: &Value) -> bool {
    let key = steps.iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    });
    may_be_secret(key.unwrap_or_default(), value)
}

fn path(steps: &[Step]) -> diff::Path {
    let step = |step: &Step| match step {
        Step::Key(key) => diff::Step::Key(key.clone()),
        Step::Index(at) => diff::Step::Index(*at),
    };
    diff::Path(steps.iter().map(step).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(patterns: &[&str], component: &str, key: &str, want: Verdict) {
        let patterns: Vec<KeyPattern> =
            patterns.iter().map(|text| KeyPattern::parse(text).unwrap()).collect();
        let steps = crate::edit::path::parse(key).unwrap();
        let value = Value::from("hunter2");
        assert_eq!(verdict(&patterns, (component, &steps, &value), Verdict::Passed), want, "{key}");
    }

    #[test]
    fn a_pattern_leads_to_a_value_or_to_what_it_is_in() {
        check(&["resources"], "shop", "resources.limits.cpu", Verdict::Taken);
        check(&["resources"], "shop", "web.resources.limits.cpu", Verdict::Passed);
        check(&["**.resources"], "shop", "web.resources.limits.cpu", Verdict::Taken);
        check(&["*.resources"], "shop", "a.web.resources", Verdict::Passed);
        check(&["a[\"b.c\"]"], "shop", "a.\"b.c\"", Verdict::Taken);
    }

    #[test]
    fn a_pattern_may_be_for_some_components() {
        check(&["infra/*:replicas"], "infra/ingress", "replicas", Verdict::Taken);
        check(&["infra/*:replicas"], "infra/a/b", "replicas", Verdict::Passed);
        check(&["infra/**:replicas"], "infra/a/b", "replicas", Verdict::Taken);
        check(&["infra:replicas"], "shop", "replicas", Verdict::Passed);
        check(&["[\"a:b\"]"], "shop", "a:b", Verdict::Taken);
    }

    #[test]
    fn the_last_pattern_that_fits_decides() {
        check(&["**", "!replicas"], "shop", "replicas", Verdict::Passed);
        check(&["!**", "replicas"], "shop", "replicas", Verdict::Taken);
    }

    #[test]
    fn a_secret_has_to_be_named() {
        check(&["**"], "shop", "db.password", Verdict::Secret);
        check(&["db"], "shop", "db.password", Verdict::Secret);
        check(&["db.password"], "shop", "db.password", Verdict::Taken);
        check(&["db.*word"], "shop", "db.password", Verdict::Secret);
    }

    #[test]
    fn err_a_pattern_is_no_path() {
        for text in ["", "!", "a..b", "x:", "[:a", "a{:b"] {
            assert!(KeyPattern::parse(text).is_err(), "{text}");
        }
    }
}
