//! A picture of environments, for documents and reviews: a text that Mermaid or
//! Graphviz draws.
//!
//! Names and addresses are the user's, so nothing of them may be read as part of
//! the drawing: every label is quoted, and what would end or change it is escaped.

use std::fmt::Write as _;

use super::{Inventory, Listed, State};

/// Returns a Mermaid flowchart, with a box for each environment if there are several.
pub fn mermaid(environments: &[Inventory]) -> String {
    let mut text = "flowchart LR\n".to_owned();
    let mut disabled = Vec::new();
    draw(environments, |part| match part {
        Part::Begin { at, name } => line(&mut text, 1, format_args!("subgraph e{at}[\"{}\"]", html(name))),
        Part::End => line(&mut text, 1, format_args!("end")),
        Part::Node { at, depth, component } => {
            let labels: Vec<String> = labels(component).iter().map(|label| html(label)).collect();
            line(&mut text, depth, format_args!("c{at}[\"{}\"]", labels.join("<br/>")));
            if is_disabled(component) {
                disabled.push(format!("c{at}"));
            }
        }
        Part::Edge { from, to, depth } => line(&mut text, depth, format_args!("c{from} --> c{to}")),
    });
    if !disabled.is_empty() {
        line(&mut text, 1, format_args!("classDef disabled stroke-dasharray: 4,color:#888"));
        line(&mut text, 1, format_args!("class {} disabled", disabled.join(",")));
    }
    text
}

/// Returns a graph for Graphviz, with a box for each environment if there are several.
pub fn dot(environments: &[Inventory]) -> String {
    let mut text = "digraph components {\n  rankdir=LR\n  node [shape=box]\n".to_owned();
    draw(environments, |part| match part {
        // Graphviz draws a box around subgraphs of this name only.
        Part::Begin { at, name } => {
            line(&mut text, 1, format_args!("subgraph cluster_{at} {{"));
            line(&mut text, 2, format_args!("label=\"{}\"", quoted(name)));
        }
        Part::End => line(&mut text, 1, format_args!("}}")),
        Part::Node { at, depth, component } => {
            let labels: Vec<String> = labels(component).iter().map(|label| quoted(label)).collect();
            let style = if is_disabled(component) { ", style=dashed, fontcolor=gray" } else { "" };
            line(&mut text, depth, format_args!("c{at} [label=\"{}\"{style}]", labels.join("\\n")));
        }
        Part::Edge { from, to, depth } => line(&mut text, depth, format_args!("c{from} -> c{to}")),
    });
    text.push_str("}\n");
    text
}

/// What a picture consists of.
enum Part<'a> {
    Begin { at: usize, name: &'a str },
    Node { at: usize, depth: usize, component: &'a Listed },
    Edge { from: usize, to: usize, depth: usize },
    End,
}

/// Goes through all that is drawn; components are numbered over all environments.
fn draw(environments: &[Inventory], mut drawn: impl FnMut(Part<'_>)) {
    let boxed = environments.len() > 1;
    let depth = if boxed { 2 } else { 1 };
    let mut number = 0;
    for (at, inventory) in environments.iter().enumerate() {
        if boxed {
            drawn(Part::Begin { at, name: &inventory.environment.to_string() });
        }
        // The components from the root to the last one.
        let mut above: Vec<usize> = Vec::new();
        for component in &inventory.components {
            above.truncate(component.level);
            drawn(Part::Node { at: number, depth, component });
            if let Some(&from) = above.last() {
                drawn(Part::Edge { from, to: number, depth });
            }
            above.push(number);
            number += 1;
        }
        if boxed {
            drawn(Part::End);
        }
    }
}

/// Returns the lines of a component: its name, its type, and where it comes from.
fn labels(component: &Listed) -> Vec<String> {
    let mut labels = vec![component.name.clone(), component.generator.name().to_owned()];
    labels.extend(component.sources.iter().map(|source| {
        let version = source.version();
        let address = source.address();
        if version.is_empty() { address } else { format!("{address} {version}") }
    }));
    labels
}

fn is_disabled(component: &Listed) -> bool {
    match component.state {
        State::Disabled(_) | State::DisabledWith(_) => true,
        State::Enabled(_) | State::NotInstalled | State::Unreadable => false,
    }
}

fn line(text: &mut String, depth: usize, line: std::fmt::Arguments<'_>) {
    // A text takes all that is written to it.
    let _ = writeln!(text, "{}{line}", "  ".repeat(depth));
}

/// Escapes a text for a quoted label of Mermaid, which is HTML and knows characters by their numbers: `#35;`.
fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' => {
                let _ = write!(escaped, "#{};", u32::from(c));
            }
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Escapes a text for a quoted label of Graphviz.
fn quoted(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => escaped.extend(['\\', c]),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
