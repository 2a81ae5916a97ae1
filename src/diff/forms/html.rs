//! A diff as one page for a browser, an artifact of a pipeline: search, folds and
//! a filter by environment, with nothing from elsewhere.
//!
//! All of it is in the page without its script, which only hides and shows.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{asides, failed, headline, sign};
use crate::diff::group::{Group, groups};
use crate::diff::lines::{Line, Sign, of_edit, of_value};
use crate::diff::risk::RiskLevel;
use crate::diff::{Action, Diff};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Writes the diff as a page.
pub fn html(diff: &Diff) -> String {
    let mut out = String::new();
    let title = if diff.is_empty() && diff.failures.is_empty() {
        "no changes".to_owned()
    } else {
        headline(diff.counts())
    };
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <title>fab diff: {title}</title>\n<style>\n{STYLE}</style>\n\
         <header>\n<h1>{title}</h1>\n<p>{} compared with {}</p>\n",
        escaped(&diff.head.name),
        escaped(&diff.base.name),
    );
    environments(&mut out, diff);
    out.push_str(
        "<p class=\"tools\"><input id=\"search\" type=\"search\" placeholder=\"Search names, paths, values\" aria-label=\"Search\"> \
         <button id=\"open\">Unfold all</button> <button id=\"close\">Fold all</button> <span id=\"count\"></span></p>\n</header>\n<main>\n",
    );
    notes(&mut out, diff);
    for group in groups(diff) {
        section(&mut out, diff, &group);
    }
    let _ = write!(
        out,
        "</main>\n<footer>fab {}</footer>\n<script>\n{SCRIPT}</script>\n",
        env!("CARGO_PKG_VERSION")
    );
    out
}

fn environments(out: &mut String, diff: &Diff) {
    out.push_str("<table>\n<tr><th>environment<th>add<th>change<th>remove</tr>\n");
    for environment in &diff.environments {
        let counts = environment.counts();
        let name = escaped(&environment.name);
        let _ = writeln!(
            out,
            "<tr><td><label><input type=\"checkbox\" class=\"environment\" value=\"{name}\" checked> {name}</label>\
             <td>{}<td>{}<td class=\"{}\">{}</tr>",
            counts.add,
            counts.change,
            if counts.remove > 0 { "high" } else { "" },
            counts.remove,
        );
    }
    out.push_str("</table>\n");
}

fn notes(out: &mut String, diff: &Diff) {
    for failure in &diff.failures {
        let _ = writeln!(out, "<p class=\"high\">{}</p>", escaped(&failed(failure)));
    }
    let due = diff.due();
    let mut order: Vec<usize> = (0..due.len()).filter(|at| due[*at] > 0).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(due[*at]), *at));
    if !order.is_empty() {
        out.push_str("<h2>Why</h2>\n<ul>\n");
        for at in order {
            let _ = writeln!(
                out,
                "<li><code>{}</code> <b>{}</b></li>",
                escaped(&diff.causes[at].to_string()),
                due[at]
            );
        }
        out.push_str("</ul>\n");
    }
    let asides = asides(diff);
    if !asides.is_empty() {
        let _ = writeln!(out, "<p class=\"aside\">{}</p>", escaped(&asides.join(" · ")));
    }
    if !diff.is_empty() {
        out.push_str("<h2>What</h2>\n");
    }
}

fn section(out: &mut String, diff: &Diff, group: &Group<'_>) {
    let class = match group.action {
        Action::Add => "add",
        Action::Change => "change",
        Action::Rename => "rename",
        Action::Remove => "remove",
    };
    let environments = group.environments();
    // A name of an environment has no line end.
    let _ = write!(
        out,
        "<details class=\"group {class}\" data-environments=\"{}\">\n<summary><b>{}</b> <code>{}</code> ",
        escaped(&environments.join("\n")),
        sign(group.action),
        escaped(&group.title()),
    );
    for environment in &environments {
        let _ = write!(out, "<span class=\"tag\">{}</span> ", escaped(environment));
    }
    let rules: BTreeSet<&str> = group
        .risks()
        .into_iter()
        .filter(|risk| risk.level == RiskLevel::High)
        .map(|risk| risk.rule)
        .collect();
    for rule in rules {
        let _ = write!(out, "<span class=\"tag high\">{rule}</span> ");
    }
    out.push_str("</summary>\n");
    for risk in group.risks() {
        let class = if risk.level == RiskLevel::High { "high" } else { "low" };
        let _ = writeln!(out, "<p class=\"{class}\">{}</p>", escaped(&risk.message));
    }
    for cause in group.causes() {
        let _ = writeln!(
            out,
            "<p class=\"cause\">because of <code>{}</code></p>",
            escaped(&diff.causes[cause].to_string())
        );
    }
    body(out, group);
    members(out, group);
    out.push_str("</details>\n");
}

fn body(out: &mut String, group: &Group<'_>) {
    let sample = group.sample();
    for edit in sample.edits.iter().filter(|edit| edit.fold.is_none()) {
        let _ = writeln!(out, "<h3>{}</h3>", escaped(&edit.path.to_string()));
        lines(out, &of_edit(edit, sample.masks(&edit.path)));
    }
    let folded = sample.edits.iter().filter(|edit| edit.fold.is_some()).count();
    if folded > 0 {
        let _ = writeln!(out, "<p class=\"aside\">and {folded} in labels, checksums or order</p>");
    }
    if let Some(value) = &sample.value {
        let sign = if group.action == Action::Add { Sign::Add } else { Sign::Remove };
        lines(out, &of_value(&sample.masked(value), sign));
    }
}

fn lines(out: &mut String, lines: &[Line]) {
    out.push_str("<pre>");
    for Line { sign, text } in lines {
        let (class, mark) = match sign {
            Sign::Add => ("add", '+'),
            Sign::Remove => ("remove", '-'),
            Sign::Same => ("same", ' '),
            Sign::Note => ("note", '~'),
        };
        // The line end is for who copies it; at the end of a block it takes no room.
        let _ = write!(out, "<span class=\"{class}\">{mark} {}\n</span>", escaped(text));
    }
    out.push_str("</pre>\n");
}

fn members(out: &mut String, group: &Group<'_>) {
    out.push_str("<ul class=\"members\">\n");
    for (environment, resource) in &group.members {
        let _ = writeln!(
            out,
            "<li data-environment=\"{0}\"><code>{1}</code> {0}/{2}</li>",
            escaped(environment),
            escaped(&resource.id.to_string()),
            escaped(&resource.file),
        );
    }
    out.push_str("</ul>\n");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
