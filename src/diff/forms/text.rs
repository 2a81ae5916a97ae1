//! A diff for people at a terminal.

use std::fmt::Write as _;

use super::{asides, failed, headline, sign, summary};
use crate::diff::group::{Group, groups};
use crate::diff::lines::{Line, Sign, of_edit};
use crate::diff::risk::RiskLevel;
use crate::diff::{Action, Diff};

/// How lines are coloured.
#[derive(Clone, Copy)]
pub struct Form {
    /// Whether there are colours.
    pub is_styled: bool,
}

const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";
const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const RESET: &str = "\u{1b}[0m";

/// More names are counted.
const MAX_NAMES: usize = 6;

impl Form {
    fn paint(self, style: &str, text: &str) -> String {
        if self.is_styled { format!("{style}{text}{RESET}") } else { text.to_owned() }
    }

    fn line(self, Line { sign, text }: &Line) -> String {
        match sign {
            Sign::Add => self.paint(GREEN, &format!("+ {text}")),
            Sign::Remove => self.paint(RED, &format!("- {text}")),
            Sign::Same => format!("  {text}"),
            Sign::Note => self.paint(YELLOW, &format!("~ {text}")),
        }
    }
}

/// Writes the diff for a terminal.
pub fn text(diff: &Diff, form: Form) -> String {
    let mut out = String::new();
    for group in groups(diff) {
        write_group(&mut out, diff, &group, form);
    }
    // Writing to a string cannot fail.
    for line in diff.failures.iter().map(failed).chain(asides(diff)) {
        let _ = writeln!(out, "{line}");
    }
    let _ = writeln!(out, "{}", form.paint(BOLD, &summary(diff)));
    out
}

/// Writes how much differs, for each environment.
pub fn stat(diff: &Diff) -> String {
    let mut out = String::new();
    for environment in &diff.environments {
        let _ = writeln!(out, "{}: {}", environment.name, headline(environment.counts()));
    }
    for line in diff.failures.iter().map(failed).chain(asides(diff)) {
        let _ = writeln!(out, "{line}");
    }
    let _ = writeln!(out, "{}", summary(diff));
    out
}

fn write_group(out: &mut String, diff: &Diff, group: &Group<'_>, form: Form) {
    let style = match group.action {
        Action::Add => GREEN,
        Action::Change | Action::Rename => YELLOW,
        Action::Remove => RED,
    };
    let heading = format!("{} {}", sign(group.action), group.title());
    let heading = form.paint(BOLD, &form.paint(style, &heading));
    let sample = group.sample();
    let _ = writeln!(out, "{heading} in {}", group.environments().join(", "));
    for risk in group.risks() {
        // What is gone is said by its heading.
        if risk.level == RiskLevel::High {
            let _ = writeln!(out, "    {}", form.paint(RED, &format!("! {}", risk.message)));
        }
    }
    for cause in group.causes() {
        let _ = writeln!(out, "    {}", form.paint(DIM, &format!("because of {}", diff.causes[cause])));
    }
    for edit in sample.edits.iter().filter(|edit| edit.fold.is_none()) {
        let _ = writeln!(out, "    {}", edit.path);
        for line in of_edit(edit, sample.masks(&edit.path)) {
            let _ = writeln!(out, "      {}", form.line(&line));
        }
    }
    let names = group.names();
    if let [_, others @ ..] = names.as_slice()
        && !others.is_empty()
    {
        let more = others.len().saturating_sub(MAX_NAMES);
        let others = &others[..others.len() - more];
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let _ = writeln!(out, "    shown is {}; alike {}{more}", names[0], others.join(", "));
    }
    out.push('\n');
}
