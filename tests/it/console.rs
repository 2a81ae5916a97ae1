//! Runs the commands that the documentation shows and compares what it says
//! they print.
//!
//! A fenced block marked `console` holds commands (`$ …`), each followed by
//! its output, stdout first. A line `…` stands for any number of lines; times
//! in milliseconds and empty lines at the end are not compared.

use std::path::Path;
use std::process::Command;

use crate::{copy, root};

/// A command of a document and what it is said to print.
struct Shown {
    command: String,
    output: Vec<String>,
}

/// Runs every `fab` command that a document shows; returns how many.
#[track_caller]
pub(crate) fn check(document: &str) -> usize {
    let text = std::fs::read_to_string(root().join(document)).unwrap();
    let place = tempfile::tempdir().unwrap();
    copy(&root().join("examples"), &place.path().join("examples"));
    let mut run = 0;
    for shown in shown(&text) {
        let Some(arguments) = arguments(&shown.command) else { continue };
        let printed = print(&arguments, place.path());
        let want: Vec<String> = shown.output.iter().map(|line| without_time(line)).collect();
        let got: Vec<String> = printed.trim_end().lines().map(without_time).collect();
        assert!(matches(&want, &got), "{document}: $ {}\nprints\n{printed}", shown.command);
        run += 1;
    }
    run
}

/// The commands of the console blocks of a Markdown text.
fn shown(text: &str) -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if inside && let Some(command) = line.strip_prefix("$ ") {
            all.push(Shown { command: command.to_owned(), output: Vec::new() });
        } else if inside && let Some(last) = all.last_mut() {
            last.output.push(line.to_owned());
        }
    }
    all
}

/// The arguments of `fab` in a command; none if the command is another one.
fn arguments(command: &str) -> Option<Vec<&str>> {
    let starts = ["fab ", "cargo run --release -- "];
    let line = starts.iter().find_map(|start| command.strip_prefix(start))?;
    Some(line.split_whitespace().collect())
}

fn print(arguments: &[&str], folder: &Path) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_fab")).args(arguments).current_dir(folder).output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

/// A line with its milliseconds masked.
fn without_time(line: &str) -> String {
    match line.rsplit_once(" ms)") {
        Some((before, after)) => {
            format!("{} ms){after}", before.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'))
        }
        None => line.to_owned(),
    }
}

/// Whether the lines are those wanted, where `…` stands for any.
fn matches(want: &[String], got: &[String]) -> bool {
    match want.split_first() {
        None => got.is_empty(),
        Some((line, rest)) if line == "…" => (0..=got.len()).any(|skip| matches(rest, &got[skip..])),
        Some((line, rest)) => got.first() == Some(line) && matches(rest, &got[1..]),
    }
}
