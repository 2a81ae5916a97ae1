//! What a rule is: a code that never changes, a name, a text for `--explain`, and a check.

use crate::error::Place;
use crate::finding::{self, Finding, Level};
use crate::lint::subject::Subject;

/// A rule of `fab lint`.
#[derive(Debug)]
pub struct Rule {
    /// Its code, as in `F101`: the first digit is the group.
    pub code: &'static str,
    /// Its name, as in `dead-config-key`.
    pub name: &'static str,
    /// How bad a finding is where `fab.yaml` says nothing; none if the rule is off then.
    pub level: Option<Level>,
    /// What it asks for, in a sentence.
    pub about: &'static str,
    /// What to do where it is not kept, in a sentence.
    pub help: &'static str,
    /// Why, with an example.
    pub explanation: &'static str,
}

/// Finds what is wrong, each finding at the level of the rule.
pub(crate) type Check = fn(&Subject<'_>) -> Vec<Finding>;

impl Rule {
    /// Makes a finding of the rule.
    pub(crate) fn finding(&self, message: impl Into<String>, place: Place) -> Finding {
        // What is off is not asked; whoever turns it on says at which level.
        let level = self.level.unwrap_or(Level::Warning);
        Finding::new(level, self.told(), message.into(), place)
    }

    /// Returns it as findings know it.
    fn told(&self) -> finding::Rule {
        finding::Rule {
            code: self.code,
            name: self.name.into(),
            about: self.about.into(),
            help: self.help.into(),
        }
    }

    /// Returns whether it goes by this code or name.
    pub fn is_called(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(self.code) || name == self.name
    }
}
