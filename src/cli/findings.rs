//! Findings as text for people and in the forms that other programs read.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::ValueEnum;
use kubeschema::Level;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Ui;
use super::report::render_finding;
use crate::validate::{Finding, Input};

/// The forms of output. Described in the help, they would make it twice as long.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Format {
    // Excerpts for people.
    Text,
    // A list of objects.
    Json,
    // Annotations of GitHub's workflows.
    Github,
    // GitLab's report of code quality.
    Gitlab,
    // A test case for each manifest.
    Junit,
    // SARIF 2.1.0, the form of static analysis.
    Sarif,
}

impl Format {
    /// Writes what was found in manifests.
    pub(super) fn print(self, findings: &[Finding], inputs: &[Input]) -> String {
        match self {
            Format::Text => {
                let styled = Ui::data_is_styled();
                let texts = findings.iter().map(|finding| render_finding(finding, styled) + "\n\n");
                texts.collect()
            }
            Format::Json => pretty(&findings.iter().map(in_json).collect()),
            Format::Github => findings.iter().map(as_annotation).collect(),
            Format::Gitlab => pretty(&findings.iter().map(for_gitlab).collect()),
            Format::Junit => as_test_cases(findings, inputs),
            Format::Sarif => pretty(&as_sarif(findings)),
        }
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn level(finding: &Finding) -> &'static str {
    match finding.level {
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

fn line(finding: &Finding) -> usize {
    finding.place.position.map_or(1, |position| position.line)
}

/// The message, with the resource that it is about.
fn sentence(finding: &Finding) -> String {
    match &finding.resource {
        Some(resource) => format!("{resource}: {}", finding.message),
        None => finding.message.clone(),
    }
}

fn in_json(finding: &Finding) -> Value {
    let resource = finding.resource.as_ref().map(|id| {
        json!({"apiVersion": id.api_version, "kind": id.kind, "namespace": id.namespace, "name": id.name})
    });
    json!({
        "level": level(finding),
        "rule": finding.rule,
        "message": finding.message,
        "file": finding.place.file,
        "line": finding.place.position.map(|position| position.line),
        "column": finding.place.position.map(|position| position.column),
        "path": finding.path.to_string(),
        "notes": finding.notes,
        "templates": finding.trail.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "resource": resource,
        "component": finding.component,
        "environments": finding.environments,
    })
}

/// Writes a workflow command of GitHub, in which some characters are escaped.
fn as_annotation(finding: &Finding) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let column = finding.place.position.map_or(1, |position| position.column);
    format!(
        "::{} file={},line={},col={column},title={}::{}\n",
        level(finding),
        property(&finding.place.file),
        line(finding),
        property(&finding.rule),
        data(&sentence(finding)),
    )
}

/// GitLab tells an old finding from a new one by its fingerprint, so the line is not part of it.
fn for_gitlab(finding: &Finding) -> Value {
    let known_by =
        [&finding.place.file, &*finding.rule, &sentence(finding), &finding.path.to_string()].join("\0");
    let fingerprint: String = Sha256::digest(known_by).iter().map(|byte| format!("{byte:02x}")).collect();
    let severity = match finding.level {
        Level::Warning => "minor",
        Level::Error => "major",
    };
    json!({
        "description": sentence(finding),
        "check_name": finding.rule,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": finding.place.file, "lines": {"begin": line(finding)}},
    })
}

fn as_sarif(findings: &[Finding]) -> Value {
    let rules: BTreeSet<&str> = findings.iter().map(|finding| &*finding.rule).collect();
    let rules: Vec<Value> = rules.into_iter().map(|rule| json!({"id": rule})).collect();
    let result = |finding: &Finding| {
        let column = finding.place.position.map_or(1, |position| position.column);
        json!({
            "ruleId": finding.rule,
            "level": level(finding),
            "message": {"text": sentence(finding)},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": finding.place.file},
                "region": {"startLine": line(finding), "startColumn": column},
            }}],
        })
    };
    let results: Vec<Value> = findings.iter().map(result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "fab", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "results": results,
        }],
    })
}

/// Writes a test case for each manifest. Warnings are no failures, so they are its output.
fn as_test_cases(findings: &[Finding], inputs: &[Input]) -> String {
    let failing: BTreeSet<&str> = findings
        .iter()
        .filter(|finding| finding.level == Level::Error)
        .map(|finding| &*finding.place.file)
        .collect();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"fab validate\" tests=\"{}\" failures=\"{}\">\n",
        inputs.len(),
        failing.len(),
    );
    for input in inputs {
        // Writing to a string cannot fail.
        let _ = writeln!(
            xml,
            "<testcase classname=\"{}\" name=\"{}\">",
            escaped(&input.component),
            escaped(&input.file)
        );
        let own = || findings.iter().filter(|finding| finding.place.file == input.file);
        let errors: Vec<String> =
            own().filter(|finding| finding.level == Level::Error).map(in_words).collect();
        if let Some(first) = errors.first() {
            let _ = writeln!(
                xml,
                "<failure message=\"{}\">{}</failure>",
                escaped(first),
                escaped(&errors.join("\n"))
            );
        }
        let warnings: Vec<String> =
            own().filter(|finding| finding.level == Level::Warning).map(in_words).collect();
        if !warnings.is_empty() {
            let _ = writeln!(xml, "<system-out>{}</system-out>", escaped(&warnings.join("\n")));
        }
        xml.push_str("</testcase>\n");
    }
    xml + "</testsuite>\n</testsuites>\n"
}

fn in_words(finding: &Finding) -> String {
    format!("{}: {}: {} [{}]", finding.place, level(finding), sentence(finding), finding.rule)
}

/// Text in XML, which has no control characters.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
