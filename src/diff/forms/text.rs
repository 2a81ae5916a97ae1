//! A diff for people at a terminal.

use std::fmt::Write as _;

use crate::diff::lines::{Line, Sign, of_edit};
use crate::diff::{Action, Counts, Diff, EnvironmentDiff, ResourceDiff};

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
const RESET: &str = "\u{1b}[0m";

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
    for environment in &diff.environments {
        for resource in &environment.resources {
            write_resource(&mut out, environment, resource, form);
        }
    }
    out + &summary(diff)
}

/// Writes how much differs, for each environment.
pub fn stat(diff: &Diff) -> String {
    let mut out = String::new();
    for environment in &diff.environments {
        let Counts { add, change, remove } = environment.counts();
        let _ = writeln!(out, "{}: {add} to add, {change} to change, {remove} to remove", environment.name);
    }
    out + &summary(diff)
}

/// Says in one line how much differs.
pub fn summary(diff: &Diff) -> String {
    let Counts { add, change, remove } = diff.counts();
    let names: Vec<&str> = diff
        .environments
        .iter()
        .filter(|environment| !environment.resources.is_empty())
        .map(|environment| environment.name.as_str())
        .collect();
    if names.is_empty() {
        return "no changes\n".to_owned();
    }
    format!("{add} to add, {change} to change, {remove} to remove in {}\n", names.join(", "))
}

fn write_resource(out: &mut String, environment: &EnvironmentDiff, resource: &ResourceDiff, form: Form) {
    let (sign, style) = match resource.action {
        Action::Add => ("+", GREEN),
        Action::Change => ("~", YELLOW),
        Action::Rename => ("±", YELLOW),
        Action::Remove => ("-", RED),
    };
    let mut heading = format!("{sign} {}", resource.id);
    if let Some(was) = &resource.was {
        let _ = write!(heading, ", was {was}");
    }
    let place = format!("{}/{}", environment.name, resource.file);
    let _ = writeln!(out, "{}  {place}", form.paint(BOLD, &form.paint(style, &heading)));
    for edit in &resource.edits {
        let _ = writeln!(out, "    {}", edit.path);
        for line in of_edit(edit, resource.masks(&edit.path)) {
            let _ = writeln!(out, "      {}", form.line(&line));
        }
    }
    out.push('\n');
}
