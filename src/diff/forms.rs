//! The forms of a diff: for a terminal, for a comment, for a browser, for other
//! programs.
//!
//! Invariant: the same diff gives the same bytes, and none of them has secret data.

use super::{Action, Counts, Diff, EnvironmentDiff, Only, SideFailure};

mod html;
mod json;
mod markdown;
mod text;

pub use html::html;
pub use json::json;
pub use markdown::markdown;
pub use text::{Form, stat, text};

/// What a heading of a resource begins with.
fn sign(action: Action) -> &'static str {
    match action {
        Action::Add => "+",
        Action::Change => "~",
        Action::Rename => "±",
        Action::Remove => "-",
    }
}

/// Returns so many things in words.
fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// Says how much differs: `3 to add, 41 to change, 1 to remove`.
fn headline(counts: Counts) -> String {
    format!("{} to add, {} to change, {} to remove", counts.add, counts.change, counts.remove)
}

/// Says in one line how much differs, and in which environments.
pub fn summary(diff: &Diff) -> String {
    let differs = |environment: &&EnvironmentDiff| {
        environment.resources.iter().any(|resource| !resource.is_by_chance())
    };
    let names: Vec<&str> =
        diff.environments.iter().filter(differs).map(|environment| environment.name.as_str()).collect();
    if names.is_empty() {
        return "no changes".to_owned();
    }
    format!("{} in {}", headline(diff.counts()), names.join(", "))
}

/// Says of each environment what is counted and not shown.
fn asides(diff: &Diff) -> Vec<String> {
    let sum = |count: &dyn Fn(&EnvironmentDiff) -> usize| diff.environments.iter().map(count).sum::<usize>();
    let mut lines = Vec::new();
    for environment in &diff.environments {
        match environment.only {
            Some(Only::Head) => lines.push(format!("{} is new", environment.name)),
            Some(Only::Base) => lines.push(format!("{} is gone", environment.name)),
            None => {}
        }
    }
    let mut add = |count: usize, what: &str| {
        if count > 0 {
            lines.push(format!("{} {what}", counted(count, "resource", "resources")));
        }
    };
    add(diff.counts().folded, "changed only in labels, checksums or order");
    add(sum(&|environment| environment.reformatted), "only written differently");
    add(sum(&|environment| environment.moved), "only in another file");
    let by_chance = sum(&|environment| environment.resources.iter().filter(|one| one.is_by_chance()).count());
    add(by_chance, "with values that differ in every run");
    lines
}

/// Says what could not be rendered, in one line.
fn failed(SideFailure { of_base, failure }: &SideFailure) -> String {
    let side = if *of_base { "the base" } else { "this side" };
    let component = match failure.component.as_str() {
        "" => String::new(),
        component => format!(" `{component}`"),
    };
    let environments = match failure.environments.as_slice() {
        [] => String::new(),
        names => format!(" for {}", names.join(", ")),
    };
    format!("{side} cannot be rendered{component}{environments}, so it is not compared: {}", failure.error)
}
