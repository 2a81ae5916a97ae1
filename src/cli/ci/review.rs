//! What a review found, in the forms that people, hosts and programs read.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::cli::Result;
use crate::cli::findings::{Findings, Format, reports};
use crate::cli::generate::Validated;
use crate::cli::lint::linted;
use crate::cli::validate::findings;
use crate::diff::{Diff, html, json, markdown, summary};
use crate::finding::{Finding, Level};
use crate::lint::Lint;
use crate::replacement;

/// What a review found.
#[derive(Default)]
pub(super) struct Review {
    /// Whether warnings fail, too.
    pub(super) denies_warnings: bool,
    /// What could not be done.
    pub(super) problems: Vec<Problem>,
    /// What linting found.
    pub(super) lint: Option<Lint>,
    /// What validating found.
    pub(super) validated: Option<Validated>,
    /// What changes.
    pub(super) diff: Option<Diff>,
}

/// A step that came to nothing.
pub(super) struct Problem {
    /// The step.
    pub(super) step: &'static str,
    /// Why, as text.
    pub(super) text: String,
    /// What it would have exited with alone.
    pub(super) code: u8,
}

/// How many bytes the file has at most: what GitHub shows as the summary of a step.
pub(super) const FILE_BUDGET: usize = 900 << 10;

impl Review {
    /// What each check found.
    pub(super) fn checks(&self) -> Vec<Findings<'_>> {
        let lint = self.lint.iter().map(linted);
        let validated = self.validated.iter();
        lint.chain(validated.map(|done| findings(&done.validation, &done.rendered[0].inputs))).collect()
    }

    /// How many errors and warnings there are.
    fn count(&self) -> (usize, usize) {
        let counts = self.checks().iter().map(Findings::count).collect::<Vec<_>>();
        (counts.iter().map(|(errors, _)| errors).sum(), counts.iter().map(|(_, warnings)| warnings).sum())
    }

    /// Returns the worst exit code of all steps.
    pub(super) fn code(&self) -> u8 {
        let (errors, warnings) = self.count();
        let found = u8::from(errors > 0 || self.denies_warnings && warnings > 0);
        self.problems.iter().map(|problem| problem.code).chain([found]).max().unwrap_or_default()
    }

    /// Whether there is nothing to say.
    pub(super) fn is_empty(&self) -> bool {
        let nothing_changes = self.diff.as_ref().is_some_and(Diff::is_empty);
        nothing_changes && self.problems.is_empty() && self.count() == (0, 0)
    }

    /// Says in one line what changes and what was found.
    pub(super) fn summary(&self) -> String {
        let changes = match &self.diff {
            Some(diff) => summary(diff).trim_end().to_owned(),
            None => "not compared".to_owned(),
        };
        let (errors, warnings) = self.count();
        format!("{changes}; {}, {}\n", counted(errors, "error"), counted(warnings, "warning"))
    }

    /// Writes the reports; those of earlier runs go.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let unwritable = |source| replacement::unwritable(folder, source);
        fs::create_dir_all(folder).map_err(unwritable)?;
        let checks = self.checks();
        let diff = self.diff.as_ref();
        let files = [
            ("review.md", Some(self.markdown(FILE_BUDGET, None))),
            ("review.html", diff.map(html)),
            ("diff.json", diff.map(|diff| format!("{:#}\n", json(diff)))),
            ("fab.sarif", Some(reports(&checks.iter().collect::<Vec<_>>(), Format::Sarif))),
            ("codequality.json", Some(reports(&checks.iter().collect::<Vec<_>>(), Format::Gitlab))),
            ("junit.xml", Some(reports(&checks.iter().collect::<Vec<_>>(), Format::Junit))),
        ];
        for (name, text) in files {
            let file = folder.join(name);
            match text {
                Some(text) => {
                    fs::write(&file, text).map_err(|source| replacement::unwritable(&file, source))?;
                }
                // A report of an earlier run is none of this one.
                None if file.exists() => {
                    fs::remove_file(&file).map_err(|source| replacement::unwritable(&file, source))?;
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Writes all of it in Markdown of at most so many bytes; `run` is where the reports are.
    pub(super) fn markdown(&self, budget: usize, run: Option<&str>) -> String {
        let mut rest = String::new();
        for Problem { step, text, .. } in &self.problems {
            let text = cut(text, budget / 8);
            let _ = write!(rest, "\n**`fab {step}` failed**\n\n{}", fenced("text", &text));
        }
        rest.push_str(&self.findings(budget / 4));
        rest.push_str(&run.map(|run| format!("\n[All reports of this run]({run})\n")).unwrap_or_default());
        let diff = match &self.diff {
            Some(diff) => markdown(diff, budget.saturating_sub(rest.len())),
            None => "### fab: not compared\n".to_owned(),
        };
        diff + &rest
    }

    /// Writes the findings, errors first, as many as there is room for.
    fn findings(&self, budget: usize) -> String {
        let checks = self.checks();
        let mut all: Vec<&Finding> = checks.iter().flat_map(|check| check.findings).collect();
        all.sort_by_key(|finding| finding.level == Level::Warning);
        if all.is_empty() {
            return String::new();
        }
        let (errors, warnings) = self.count();
        let mut out = format!(
            "\n<details><summary>Findings: {}, {}</summary>\n\n| level | rule | where | message |\n|---|---|---|---|\n",
            counted(errors, "error"),
            counted(warnings, "warning"),
        );
        for (at, finding) in all.iter().enumerate() {
            let level = if finding.level == Level::Error { "error" } else { "warning" };
            let row = format!(
                "| {level} | {} | {} | {} |\n",
                cell(&finding.rule.name),
                cell(&finding.place.to_string()),
                cell(&finding.message)
            );
            if out.len() + row.len() > budget {
                let _ = write!(out, "\n{} more\n", all.len() - at);
                break;
            }
            out.push_str(&row);
        }
        out + "\n</details>\n"
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A text in a block that it cannot end.
fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

/// A text as code in a cell of a table.
fn cell(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    let fence = "`".repeat(longest_run(&line) + 1);
    let blank = if line.starts_with('`') || line.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{line}{blank}{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// Returns the lines of a text that fit, and how many do not.
fn cut(text: &str, budget: usize) -> String {
    let mut out = String::new();
    let count = text.lines().count();
    for (at, line) in text.lines().enumerate() {
        if out.len() + line.len() + 1 > budget {
            let _ = writeln!(out, "… {} more", counted(count - at, "line"));
            break;
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}
