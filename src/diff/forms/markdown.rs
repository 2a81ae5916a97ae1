//! A diff as a comment of a pull request, in the Markdown that GitHub, GitLab and
//! Azure DevOps understand.
//!
//! There is a budget of bytes. Parts are taken in the order of what a reviewer
//! has to know, each whole or not at all, so nothing is cut inside of a fence or
//! a fold; what is left out is named in a line for each environment.
//!
//! All names and values stand in code spans or fences that they cannot end.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{asides, counted, failed, headline, sign};
use crate::diff::group::{Group, groups};
use crate::diff::lines::{Line, Sign, of_edit};
use crate::diff::risk::RiskLevel;
use crate::diff::{Action, Diff, EnvironmentDiff};

/// Names of resources that change alike; more are counted.
const MAX_NAMES: usize = 20;
/// Causes; more are counted.
const MAX_CAUSES: usize = 10;
/// Dangerous things; more are counted.
const MAX_RISKS: usize = 30;
/// Environments in the table; more are one row.
const MAX_ROWS: usize = 40;

/// Writes the diff within so many bytes. Where there is no room for more, it is one line.
pub fn markdown(diff: &Diff, max_bytes: usize) -> String {
    let title = title(diff);
    let footer = footer(diff);
    let all = groups(diff);
    let mut page = Page { text: title, left: max_bytes.saturating_sub(footer.len() + 1) };
    page.left = page.left.saturating_sub(page.text.len());
    for part in [failures(diff), table(diff), risks(&all), causes(diff), notes(diff)] {
        page.push(&part);
    }
    // Room for a line for each environment, if something is left out.
    let reserve = left_out(&all.iter().collect::<Vec<_>>()).len().min(page.left / 4);
    page.left -= reserve;
    let mut rest: Vec<&Group<'_>> = Vec::new();
    page.push(if all.is_empty() { "" } else { "\n**Changes:**\n" });
    let mut is_in_list = false;
    for group in &all {
        let section = section(diff, group);
        let is_item = section.starts_with("- ");
        // A list begins behind an empty line.
        let before = if is_item && !is_in_list { "\n" } else { "" };
        if page.push(&[before, &section].concat()) {
            is_in_list = is_item;
        } else {
            rest.push(group);
        }
    }
    page.left += reserve;
    if !rest.is_empty() {
        page.push(&left_out(&rest));
        let shown = counted(all.len() - rest.len(), "group", "groups");
        page.push(&format!("\nShown: {shown} of {} of changes that are alike.\n", all.len()));
    }
    if page.text.len() + footer.len() < max_bytes {
        page.text.push('\n');
        page.text.push_str(&footer);
    }
    fitted(page.text, max_bytes)
}

/// A comment cannot be longer, whatever is in the way; the first line has no mark-up that could be cut.
fn fitted(mut text: String, max_bytes: usize) -> String {
    if text.len() > max_bytes {
        let mut end = max_bytes;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

struct Page {
    text: String,
    left: usize,
}

impl Page {
    /// Adds a part if there is room for all of it.
    fn push(&mut self, part: &str) -> bool {
        if part.is_empty() {
            return true;
        }
        let fits = part.len() <= self.left;
        if fits {
            self.text.push_str(part);
            self.left -= part.len();
        }
        fits
    }
}

fn title(diff: &Diff) -> String {
    if diff.is_empty() && diff.failures.is_empty() {
        return "### fab: no changes\n".to_owned();
    }
    let changed = diff.environments.iter().filter(|environment| !environment.resources.is_empty());
    let environments = counted(changed.count(), "environment", "environments");
    let broken = match diff.failures.len() {
        0 => String::new(),
        count => format!(" · {}", counted(count, "failure", "failures")),
    };
    format!("### fab: {} · {environments}{broken}\n", headline(diff.counts()))
}

fn footer(diff: &Diff) -> String {
    let side = |side: &crate::diff::Side| code(&side.name);
    format!(
        "<sub>{} compared with {} · fab {}</sub>\n",
        side(&diff.head),
        side(&diff.base),
        env!("CARGO_PKG_VERSION")
    )
}

fn failures(diff: &Diff) -> String {
    let lines =
        diff.failures.iter().take(MAX_RISKS).map(|failure| format!("- {}\n", plain(&failed(failure))));
    let lines: String = lines.collect();
    if lines.is_empty() { lines } else { format!("\n**Cannot be rendered:**\n\n{lines}") }
}

fn table(diff: &Diff) -> String {
    let changed: Vec<&EnvironmentDiff> =
        diff.environments.iter().filter(|environment| !environment.resources.is_empty()).collect();
    if changed.is_empty() {
        return String::new();
    }
    let mut out = "\n| environment | add | change | remove | |\n|---|--:|--:|--:|---|\n".to_owned();
    for environment in changed.iter().take(MAX_ROWS) {
        let counts = environment.counts();
        let removed: Vec<String> = environment
            .resources
            .iter()
            .filter(|resource| matches!(resource.action, Action::Remove | Action::Rename))
            .map(|resource| code(&resource.was.as_ref().unwrap_or(&resource.id).to_string()))
            .collect();
        let note = match removed.as_slice() {
            [] => String::new(),
            [one] => format!("removes {one}"),
            [one, others @ ..] => format!("removes {one} and {} more", others.len()),
        };
        let remove = if counts.remove == 0 { "0".to_owned() } else { format!("**{}**", counts.remove) };
        let name = cell(&code(&environment.name));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| {name} | {} | {} | {remove} | {} |", counts.add, counts.change, cell(&note));
    }
    if changed.len() > MAX_ROWS {
        let _ = writeln!(out, "| {} more | | | | |", changed.len() - MAX_ROWS);
    }
    out
}

fn risks(groups: &[Group<'_>]) -> String {
    let mut lines = Vec::new();
    for group in groups {
        for risk in group.risks().into_iter().filter(|risk| risk.level == RiskLevel::High) {
            let environments: Vec<String> = group.environments().into_iter().map(code).collect();
            lines.push(format!(
                "- {} in {}: {}\n",
                code(&group.title()),
                environments.join(", "),
                plain(&risk.message)
            ));
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    let more = lines.len().saturating_sub(MAX_RISKS);
    lines.truncate(MAX_RISKS);
    if more > 0 {
        lines.push(format!("- {more} more\n"));
    }
    format!("\n**Look at:**\n\n{}", lines.concat())
}

fn causes(diff: &Diff) -> String {
    let due = diff.due();
    let mut order: Vec<usize> = (0..due.len()).filter(|at| due[*at] > 0).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(due[*at]), *at));
    let line = |at: &usize| {
        format!("- {}: {}\n", code(&diff.causes[*at].to_string()), counted(due[*at], "resource", "resources"))
    };
    let mut lines: Vec<String> = order.iter().take(MAX_CAUSES).map(line).collect();
    if order.len() > MAX_CAUSES {
        lines.push(format!("- {} more\n", order.len() - MAX_CAUSES));
    }
    if lines.is_empty() { String::new() } else { format!("\n**Why:**\n\n{}", lines.concat()) }
}

fn notes(diff: &Diff) -> String {
    let lines: String = asides(diff).iter().map(|line| format!("- {}\n", plain(line))).collect();
    if lines.is_empty() { lines } else { format!("\n**Also:**\n\n{lines}") }
}

/// A group as a fold with the changes of its first resource; of what is new or gone, its name.
fn section(diff: &Diff, group: &Group<'_>) -> String {
    let sample = group.sample();
    let environments: Vec<String> = group.environments().into_iter().map(html_code).collect();
    let heading =
        format!("{} {} in {}", sign(group.action), html_code(&group.title()), environments.join(", "));
    let body = body(group);
    let reasons: Vec<String> = group.causes().iter().map(|at| code(&diff.causes[*at].to_string())).collect();
    let reason =
        if reasons.is_empty() { String::new() } else { format!("\nBecause of {}\n", reasons.join(", ")) };
    if body.is_empty() {
        let file = if sample.component.is_empty() {
            String::new()
        } else {
            format!(" · component {}", code(&sample.component))
        };
        let environments: Vec<String> = group.environments().into_iter().map(code).collect();
        return format!(
            "- {} {} in {}{file}\n",
            code(sign(group.action)),
            code(&group.title()),
            environments.join(", ")
        );
    }
    let fence = fence(&body);
    format!(
        "\n<details><summary>{heading}</summary>\n{reason}\n{fence}diff\n{body}{fence}\n{}\n</details>\n",
        alike(group)
    )
}

fn body(group: &Group<'_>) -> String {
    let sample = group.sample();
    let mut out = String::new();
    for edit in sample.edits.iter().filter(|edit| edit.fold.is_none()) {
        let _ = writeln!(out, "@@ {}  {} @@", sample.id, one_line(&edit.path.to_string()));
        for Line { sign, text } in of_edit(edit, sample.masks(&edit.path)) {
            let sign = match sign {
                Sign::Add => '+',
                Sign::Remove => '-',
                Sign::Same => ' ',
                Sign::Note => '!',
            };
            let _ = writeln!(out, "{sign} {}", one_line(&text));
        }
    }
    out
}

fn alike(group: &Group<'_>) -> String {
    let names = group.names();
    let [_, others @ ..] = names.as_slice() else { return String::new() };
    if others.is_empty() {
        return String::new();
    }
    let listed: Vec<String> = others.iter().take(MAX_NAMES).map(|name| code(name)).collect();
    let more = others.len().saturating_sub(MAX_NAMES);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("\nAlike: {}{more}\n", listed.join(", "))
}

/// How many resources there are of each sign and kind.
type Kinds<'a> = BTreeMap<(&'a str, &'a str), usize>;

/// Says what is not shown, in a line for each environment.
fn left_out(groups: &[&Group<'_>]) -> String {
    let mut counts: Vec<(&str, Kinds<'_>)> = Vec::new();
    for (environment, resource) in groups.iter().flat_map(|group| &group.members) {
        let at = counts.iter().position(|(known, _)| known == environment).unwrap_or_else(|| {
            counts.push((environment, BTreeMap::new()));
            counts.len() - 1
        });
        *counts[at].1.entry((sign(resource.action), resource.id.kind.as_str())).or_default() += 1;
    }
    let mut out = String::new();
    for (environment, kinds) in counts {
        let total: usize = kinds.values().sum();
        let mut kinds: Vec<((&str, &str), usize)> = kinds.into_iter().collect();
        kinds.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), *kind));
        let listed: Vec<String> = kinds
            .iter()
            .take(8)
            .map(|((sign, kind), count)| format!("{count} {}", code(&format!("{sign} {kind}"))))
            .collect();
        let more = if kinds.len() > 8 { ", …" } else { "" };
        let _ = writeln!(out, "\n{total} more in {}: {}{more}", code(environment), listed.join(", "));
    }
    out
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// Text in a code span, which is longer than any run of backticks in it.
fn code(text: &str) -> String {
    let ticks = "`".repeat(longest_run(text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    // A mention is one for some hosts, even in code.
    let text = one_line(text).replace('@', "@\u{200b}");
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

fn fence(text: &str) -> String {
    "`".repeat(longest_run(text).max(2) + 1)
}

fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// Code in HTML, where a summary is.
fn html_code(text: &str) -> String {
    let text = one_line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<code>{}</code>", text.replace('@', "@\u{200b}"))
}

/// Text in which only code spans mean something.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in one_line(text).split('`').enumerate() {
        if at % 2 == 1 {
            out.push_str(&code(part));
        } else {
            for c in part.chars() {
                if matches!(
                    c,
                    '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '~' | '|' | '!' | '$' | '%' | '@'
                ) {
                    out.push('\\');
                }
                out.push(c);
            }
        }
    }
    out
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_cannot_be_ended_from_within() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`a`"), "`` `a` ``");
        assert_eq!(code("a\nb @x"), "`a b @\u{200b}x`");
        assert_eq!(fence("x\n```\n"), "````");
        assert_eq!(html_code("<b>&"), "<code>&lt;b&gt;&amp;</code>");
        assert_eq!(plain("a_b `c_d` #1"), "a\\_b `c_d` \\#1");
    }

    #[test]
    fn what_does_not_fit_is_cut_between_characters() {
        assert_eq!(fitted("aä".to_owned(), 2), "a");
    }
}
