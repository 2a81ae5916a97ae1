//! What an edit changes, as lines to show.
//!
//! Long values are cut to their head and tail, with their length between them.
//! The data of secrets are never part of a line.

use goyaml::Value;
use similar::{ChangeTag, TextDiff};

use super::compare::{Change, Edit};
use super::path::scalar;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It is new.
    Add,
    /// It is gone.
    Remove,
    /// It stays.
    Same,
    /// It tells something about the others.
    Note,
}

/// A line to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub sign: Sign,
    /// Its text, without a line end.
    pub text: String,
}

impl Line {
    fn new(sign: Sign, text: impl Into<String>) -> Self {
        Line { sign, text: text.into() }
    }
}

/// Lines of context around a changed line of a text.
const CONTEXT: usize = 2;
/// A longer line is cut.
const MAX_CHARACTERS: usize = 300;
/// A value of more lines is cut.
const MAX_LINES: usize = 20;

/// Returns the lines of an edit; of a secret one, that there is one.
pub fn of_edit(edit: &Edit, is_masked: bool) -> Vec<Line> {
    if is_masked {
        return vec![masked(&edit.change)];
    }
    match &edit.change {
        Change::Add { value, .. } => of_value(value, Sign::Add),
        Change::Remove { value } => of_value(value, Sign::Remove),
        Change::Replace { from: Value::String(from), to: Value::String(to) }
            if from.contains('\n') || to.contains('\n') =>
        {
            of_texts(from, to)
        }
        Change::Replace { from, to } => [of_value(from, Sign::Remove), of_value(to, Sign::Add)].concat(),
        Change::Order { order, names, .. } => {
            let places = || order.iter().map(|at| (at + 1).to_string()).collect();
            let items: Vec<String> = if names.is_empty() { places() } else { names.clone() };
            vec![Line::new(Sign::Note, shortened(&format!("another order: {}", items.join(", "))))]
        }
    }
}

fn masked(change: &Change) -> Line {
    match change {
        Change::Add { .. } => Line::new(Sign::Add, "(secret)"),
        Change::Remove { .. } => Line::new(Sign::Remove, "(secret)"),
        Change::Replace { .. } | Change::Order { .. } => Line::new(Sign::Note, "(secret, changed)"),
    }
}

/// Returns the lines of a value, all with one sign.
pub fn of_value(value: &Value, sign: Sign) -> Vec<Line> {
    let text = match value {
        Value::Sequence(_) | Value::Mapping(_) => yaml(value),
        // What another type would look like too is quoted.
        Value::String(text) if is_ambiguous(text) => format!("{text:?}"),
        _ => scalar(value),
    };
    let lines: Vec<&str> = text.lines().collect();
    cut(lines.iter().map(|line| Line::new(sign, shortened(line))).collect(), sign)
}

fn is_ambiguous(text: &str) -> bool {
    text.is_empty()
        || text.trim() != text && !text.contains('\n')
        || !matches!(goyaml::from_str::<Value>(text), Ok(Value::String(_)) | Err(_))
            && !text.contains(['\n', '{', '[', ':', '#'])
}

pub(super) fn yaml(value: &Value) -> String {
    // A value always has a text.
    goyaml::to_string(value).unwrap_or_else(|_| format!("{value:?}"))
}

/// Returns the lines of two texts that differ, with some around them.
fn of_texts(from: &str, to: &str) -> Vec<Line> {
    let diff = TextDiff::from_lines(from, to);
    let mut lines = Vec::new();
    for (at, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if at > 0 {
            lines.push(Line::new(Sign::Note, "…"));
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Insert => Sign::Add,
                ChangeTag::Delete => Sign::Remove,
                ChangeTag::Equal => Sign::Same,
            };
            let text = change.value();
            let has_end = text.ends_with('\n');
            lines.push(Line::new(sign, shortened(text.trim_end_matches(['\n', '\r']))));
            if !has_end && sign != Sign::Same {
                lines.push(Line::new(Sign::Note, "(no line end)"));
            }
        }
    }
    cut_many(lines)
}

fn shortened(line: &str) -> String {
    let count = line.chars().count();
    if count <= MAX_CHARACTERS {
        return line.to_owned();
    }
    let head: String = line.chars().take(MAX_CHARACTERS / 2).collect();
    let tail: String = line.chars().skip(count - MAX_CHARACTERS / 4).collect();
    format!("{head} … {tail} ({count} characters)")
}

fn cut(lines: Vec<Line>, sign: Sign) -> Vec<Line> {
    if lines.len() <= MAX_LINES {
        return lines;
    }
    let (head, tail) = (MAX_LINES / 2, MAX_LINES / 4);
    let left_out = lines.len() - head - tail;
    let mut kept = lines[..head].to_vec();
    kept.push(Line::new(sign, format!("… {left_out} more lines …")));
    kept.extend_from_slice(&lines[lines.len() - tail..]);
    kept
}

/// A text may have many lines that changed; more than this are counted.
const MAX_CHANGED_LINES: usize = 200;

fn cut_many(mut lines: Vec<Line>) -> Vec<Line> {
    if lines.len() > MAX_CHANGED_LINES {
        let left_out = lines.len() - MAX_CHANGED_LINES;
        lines.truncate(MAX_CHANGED_LINES);
        lines.push(Line::new(Sign::Note, format!("… {left_out} more lines")));
    }
    lines
}
