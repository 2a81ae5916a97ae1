//! What `fab.yaml` says about `fab lint`: the level of each rule, and files that are left alone.
//!
//! ```yaml
//! lint:
//!   rules:
//!     dead-config-key: error
//!     F106: off
//!   ignore:
//!   - paths: ["legacy/**"]
//!     rules: [F101]
//! ```

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{RULES, Rule};
use crate::definition::fields::Fields;
use crate::document::Step;
use crate::error::{Error, Warning};
use crate::finding::Level;
use crate::schema::{Field, Shape, Table};

/// What a level can be.
const LEVELS: [&str; 3] = ["off", "warning", "error"];

/// What `lint` may say.
pub(crate) static LINT: Table = Table::new(
    "lint",
    "What `fab lint` looks for.",
    &[
        Field::new("ignore", Shape::List(&IGNORE), "Files that are left alone."),
        Field::new(
            "rules",
            Shape::Fields(&LEVEL),
            "How bad findings are, by the code or name of their rule.",
        ),
    ],
);

static IGNORE: Table = Table::new(
    "lint-ignore",
    "Files that are left alone.",
    &[
        Field::new(
            "paths",
            Shape::Texts,
            "The files, by their paths from the root: `*` stands for what is between slashes, `**` for folders.",
        ),
        Field::new("rules", Shape::Texts, "The rules, by code or name; all if none is named."),
    ],
);

static LEVEL: Table =
    Table::new("lint-rules", "How bad findings are, by the code or name of their rule.", &LEVEL_FIELDS);

/// A field for the code and one for the name of each rule.
static LEVEL_FIELDS: [Field; 2 * RULES.len()] = {
    let mut fields = [Field::new("", Shape::OneOf(&LEVELS), ""); 2 * RULES.len()];
    let mut at = 0;
    while at < RULES.len() {
        let Rule { code, name, about, .. } = RULES[at].0;
        fields[2 * at] = Field::new(code, Shape::OneOf(&LEVELS), about);
        fields[2 * at + 1] = Field::new(name, Shape::OneOf(&LEVELS), about);
        at += 1;
    }
    fields
};

/// What the owner of a definition wants of `fab lint`.
#[derive(Debug, Clone, Default)]
pub struct LintSettings {
    /// The levels that are set, by the codes of the rules; none for a rule that is off.
    levels: BTreeMap<&'static str, Option<Level>>,
    ignored: Vec<Ignored>,
}

#[derive(Debug, Clone)]
struct Ignored {
    paths: GlobSet,
    /// The codes of the rules; none for all.
    rules: Vec<&'static str>,
}

impl LintSettings {
    /// Reads the section of `fab.yaml`.
    pub(crate) fn read(fields: &Fields<'_>, warnings: &mut Vec<Warning>) -> Result<Self, Error> {
        let rules = crate::project::section(fields, "rules", &LEVEL, warnings)?;
        let mut settings = LintSettings::default();
        for (rule, _) in RULES {
            for name in [rule.name, rule.code] {
                if let Some(level) = level(&rules, name)? {
                    settings.levels.insert(rule.code, level);
                }
            }
        }
        for (at, item) in fields.list("ignore")?.unwrap_or_default().iter().enumerate() {
            let steps = [fields.steps_to("ignore"), vec![Step::Index(at)]].concat();
            let entry = Fields::new(fields.document, steps, item)?;
            entry.warn_unknown(IGNORE.names(), warnings);
            settings.ignored.push(Ignored { paths: paths(&entry)?, rules: codes(&entry)? });
        }
        Ok(settings)
    }

    /// Returns how bad findings of a rule are; nothing if it is off.
    pub fn level(&self, rule: &Rule) -> Option<Level> {
        self.levels.get(rule.code).copied().unwrap_or(rule.level)
    }

    /// Returns whether findings of a rule are left out in a file, by its path from the root.
    pub(super) fn ignores(&self, rule: &str, file: &str) -> bool {
        self.ignored.iter().any(|ignored| {
            let is_named = ignored.rules.is_empty() || ignored.rules.contains(&rule);
            is_named && ignored.paths.is_match(file)
        })
    }
}

fn level(rules: &Fields<'_>, name: &str) -> Result<Option<Option<Level>>, Error> {
    match rules.text(name)?.as_deref() {
        None | Some("") => Ok(None),
        Some("off") => Ok(Some(None)),
        Some("warning") => Ok(Some(Some(Level::Warning))),
        Some("error") => Ok(Some(Some(Level::Error))),
        Some(other) => {
            let message = format!("a level is `off`, `warning` or `error`, and not `{other}`");
            Err(Error::Syntax { place: rules.document.place(&rules.steps_to(name)), message })
        }
    }
}

fn paths(entry: &Fields<'_>) -> Result<GlobSet, Error> {
    let wrong = |at: usize, error: &globset::Error| {
        let steps = [entry.steps_to("paths"), vec![Step::Index(at)]].concat();
        Error::Syntax { place: entry.document.place(&steps), message: error.to_string() }
    };
    let mut set = GlobSetBuilder::new();
    for (at, text) in crate::project::texts(entry, "paths")?.iter().enumerate() {
        let glob = GlobBuilder::new(text.trim_start_matches("./")).literal_separator(true).build();
        set.add(glob.map_err(|error| wrong(at, &error))?);
    }
    set.build().map_err(|error| wrong(0, &error))
}

fn codes(entry: &Fields<'_>) -> Result<Vec<&'static str>, Error> {
    let names = crate::project::texts(entry, "rules")?.into_iter().enumerate();
    let code = |(at, name): (usize, String)| {
        super::rule(&name).map(|rule| rule.code).ok_or_else(|| {
            let steps = [entry.steps_to("rules"), vec![Step::Index(at)]].concat();
            let suggestion = super::near_rule(&name);
            let message = Error::UnknownRule { name, suggestion }.to_string();
            Error::Syntax { place: entry.document.place(&steps), message }
        })
    };
    names.map(code).collect()
}
