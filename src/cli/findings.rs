//! Findings as text for people and in the forms that other programs read.
//!
//! Whatever looks for findings, its report is a [`Findings`], written by one function.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::ValueEnum;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::report::{line, render_finding, word};
use crate::finding::{Finding, Level, Rule};
use crate::source::http::hex;

/// The forms of output. Described in the help, they would make it twice as long.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    // Excerpts for people.
    Text,
    // A list of objects.
    Json,
    // Annotations of GitHub's workflows.
    Github,
    // GitLab's report of code quality.
    Gitlab,
    // A test case for each manifest or component.
    Junit,
    // SARIF 2.1.0, the form of static analysis.
    Sarif,
}

/// What counts as a finding that fails, besides errors.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Denied {
    Warnings,
}

/// What a check found.
pub(super) struct Findings<'a> {
    /// Name of the check, as in `validate`.
    pub(super) check: &'static str,
    /// What it found.
    pub(super) findings: &'a [Finding],
    /// What it looked at.
    pub(super) cases: Vec<Case<'a>>,
}

/// Something that was looked at, and so a test that passes without errors.
pub(super) enum Case<'a> {
    /// A manifest.
    Manifest {
        /// Path of its component.
        component: &'a str,
        /// Path of the file.
        file: &'a str,
    },
    /// A component, by its path; the empty one is the definition.
    Component(&'a str),
}

impl Findings<'_> {
    /// Returns how many errors and how many warnings there are.
    pub(super) fn count(&self) -> (usize, usize) {
        let count = |level| self.findings.iter().filter(|finding| finding.level == level).count();
        (count(Level::Error), count(Level::Warning))
    }

    /// Writes them in a form; `styled` is for the eyes of somebody at a terminal.
    pub(super) fn write(&self, format: Format, styled: bool) -> String {
        match format {
            Format::Text => {
                let texts = self.findings.iter().map(|finding| render_finding(finding, styled) + "\n\n");
                texts.collect()
            }
            Format::Github => self.findings.iter().map(as_annotation).collect(),
            Format::Json | Format::Gitlab | Format::Junit | Format::Sarif => reports(&[self], format),
        }
    }

    /// Returns a run of SARIF.
    fn as_run(&self) -> Value {
        let mut rules: BTreeMap<&str, (&Rule, Level)> = BTreeMap::new();
        for Finding { rule, level, .. } in self.findings {
            rules.entry(rule.id()).or_insert((rule, *level));
        }
        let rules: Vec<Value> = rules.into_values().map(sarif_rule).collect();
        let hash = |finding: &Finding| {
            // What stands in the line tells an old finding from a new one, not where the line is.
            let place = &finding.place;
            let line = place.position.and_then(|position| line(&place.text, position));
            let line = line.map_or_else(|| sentence(finding), |line| line.trim().to_owned());
            digest(&[finding.rule.id(), &place.file, &line])[..16].to_owned()
        };
        let hashes = numbered(self.findings.iter().map(hash).collect());
        let results: Vec<Value> =
            self.findings.iter().zip(hashes).map(|(finding, hash)| sarif_result(finding, &hash)).collect();
        json!({
            "automationDetails": {"id": format!("fab/{}/", self.check)},
            "tool": {"driver": {
                "name": "fab",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": results,
        })
    }

    /// Returns a suite with a test case for each thing that was looked at. Warnings are no failures, so they are its output.
    fn as_test_cases(&self) -> String {
        let mut cases: Vec<(&str, &str, Vec<&Finding>)> =
            self.cases.iter().map(|case| (case.class(), case.name(), Vec::new())).collect();
        for finding in self.findings {
            let at = self.cases.iter().position(|case| case.owns(finding));
            let name = finding.place.file.as_str();
            // What belongs to nothing that was looked at is a case of its file.
            let at = at.or_else(|| cases.iter().position(|case| (case.0, case.1) == (self.check, name)));
            match at {
                Some(at) => cases[at].2.push(finding),
                None => cases.push((self.check, name, vec![finding])),
            }
        }
        let is_error = |finding: &&&Finding| finding.level == Level::Error;
        let failing = cases.iter().filter(|(_, _, own)| own.iter().any(|finding| is_error(&finding)));
        let mut xml = format!(
            "<testsuite name=\"fab {}\" tests=\"{}\" failures=\"{}\">\n",
            self.check,
            cases.len(),
            failing.count(),
        );
        cases.iter().for_each(|(class, name, own)| test_case(&mut xml, (class, name), own));
        xml + "</testsuite>\n"
    }
}

/// Writes what several checks found as one report.
pub(super) fn reports(checks: &[&Findings<'_>], format: Format) -> String {
    let all = || checks.iter().flat_map(|check| check.findings);
    match format {
        Format::Text | Format::Github => checks.iter().map(|check| check.write(format, false)).collect(),
        Format::Json => pretty(&all().map(in_json).collect()),
        Format::Gitlab => pretty(&for_gitlab(&all().collect::<Vec<_>>())),
        Format::Junit => {
            let suites: String = checks.iter().map(|check| check.as_test_cases()).collect();
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n{suites}</testsuites>\n")
        }
        Format::Sarif => pretty(&json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": checks.iter().map(|check| check.as_run()).collect::<Vec<_>>(),
        })),
    }
}

impl Case<'_> {
    fn class(&self) -> &str {
        match self {
            Case::Manifest { component, .. } => component,
            Case::Component(_) => "component",
        }
    }

    fn name(&self) -> &str {
        match self {
            Case::Manifest { file, .. } => file,
            Case::Component("") => "definition",
            Case::Component(path) => path,
        }
    }

    fn owns(&self, finding: &Finding) -> bool {
        match self {
            Case::Manifest { file, .. } => finding.place.file == *file,
            Case::Component(path) => finding.component == *path,
        }
    }
}

fn test_case(xml: &mut String, (class, name): (&str, &str), findings: &[&Finding]) {
    let of = |level| {
        let own = findings.iter().filter(|finding| finding.level == level);
        own.map(|finding| in_words(finding)).collect::<Vec<String>>()
    };
    // Writing to a string cannot fail.
    let _ = writeln!(xml, "<testcase classname=\"{}\" name=\"{}\">", escaped(class), escaped(name));
    let errors = of(Level::Error);
    if let Some(first) = errors.first() {
        let all = escaped(&errors.join("\n"));
        let _ = writeln!(xml, "<failure message=\"{}\">{all}</failure>", escaped(first));
    }
    let warnings = of(Level::Warning);
    if !warnings.is_empty() {
        let _ = writeln!(xml, "<system-out>{}</system-out>", escaped(&warnings.join("\n")));
    }
    xml.push_str("</testcase>\n");
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

fn begin(finding: &Finding) -> (usize, usize) {
    finding.place.position.map_or((1, 1), |position| (position.line, position.column))
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
        "level": level(finding.level),
        "rule": finding.rule.name,
        "code": Some(finding.rule.code).filter(|code| !code.is_empty()),
        "message": finding.message,
        "file": finding.place.file,
        "line": finding.place.position.map(|position| position.line),
        "column": finding.place.position.map(|position| position.column),
        "path": finding.path.to_string(),
        "notes": finding.notes,
        "hint": finding.hint,
        "fixable": finding.fix.is_some(),
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
    let (line, column) = begin(finding);
    format!(
        "::{} file={},line={line},col={column},title={}::{}\n",
        level(finding.level),
        property(&finding.place.file),
        property(&label(&finding.rule)),
        data(&sentence(finding)),
    )
}

/// GitLab tells an old finding from a new one by its fingerprint, so the line is not part of it, and shows one of each.
fn for_gitlab(findings: &[&Finding]) -> Value {
    let fingerprint = |finding: &Finding| {
        let path = finding.path.to_string();
        [&finding.place.file, finding.rule.id(), &sentence(finding), &path].join("\0")
    };
    let fingerprints = numbered(findings.iter().copied().map(fingerprint).collect());
    let entry = |(finding, known_by): (&Finding, String)| {
        let severity = match finding.level {
            Level::Warning => "minor",
            Level::Error => "major",
        };
        json!({
            "description": sentence(finding),
            "check_name": finding.rule.id(),
            "fingerprint": digest(&[&known_by]),
            "severity": severity,
            "location": {"path": finding.place.file, "lines": {"begin": begin(finding).0}},
        })
    };
    findings.iter().copied().zip(fingerprints).map(entry).collect()
}

/// Adds to each text its number among those that are the same.
fn numbered(texts: Vec<String>) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let number = |text: String| {
        let count = counts.entry(text.clone()).or_default();
        *count += 1;
        format!("{text}:{count}")
    };
    texts.into_iter().map(number).collect()
}

fn digest(texts: &[&str]) -> String {
    hex(&Sha256::digest(texts.join("\0")))
}

fn sarif_rule((rule, default): (&Rule, Level)) -> Value {
    json!({
        "id": rule.id(),
        "name": rule.name,
        "shortDescription": {"text": rule.name.replace(['-', '/'], " ")},
        "fullDescription": {"text": rule.about},
        "help": {"text": rule.help},
        "defaultConfiguration": {"level": level(default)},
    })
}

fn sarif_result(finding: &Finding, hash: &str) -> Value {
    let (line, column) = begin(finding);
    let word = finding.place.position.and_then(|position| word(&finding.place.text, position));
    // A region that is empty is not shown.
    let end = column + word.map_or(1, |word| word.chars().count().max(1));
    json!({
        "ruleId": finding.rule.id(),
        "level": level(finding.level),
        "message": {"text": sentence(finding)},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": as_uri(&finding.place.file)},
            "region": {"startLine": line, "startColumn": column, "endLine": line, "endColumn": end},
        }}],
        "partialFingerprints": {"primaryLocationLineHash": hash},
    })
}

/// A path as a relative reference of a URI, or as a file's URI.
fn as_uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' | b'+' | b'@' => {
                uri.push(byte.into());
            }
            // Writing to a string cannot fail.
            other => _ = write!(uri, "%{other:02X}"),
        }
    }
    uri
}

/// A rule as people know it.
fn label(rule: &Rule) -> String {
    if rule.code.is_empty() { rule.name.to_string() } else { format!("{} {}", rule.code, rule.name) }
}

fn in_words(finding: &Finding) -> String {
    format!("{}: {}: {} [{}]", finding.place, level(finding.level), sentence(finding), label(&finding.rule))
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::error::{Place, Position};

    const TEXT: &str = "config:\n  imgae: a\n  imgae: b\n";

    fn finding(level: Level, line: usize, component: &str) -> Finding {
        let place = Place {
            file: "config/a b.yaml".to_owned(),
            position: Some(Position { line, column: 3 }),
            text: Arc::from(TEXT),
        };
        let (about, help) = ("Config is read".into(), "Remove it".into());
        let rule = Rule { code: "F101", name: "dead-config-key".into(), about, help };
        let message = "`imgae` is never read".to_owned();
        Finding {
            component: component.to_owned(),
            environments: vec!["prod".to_owned()],
            hint: Some("did you mean `image`?".to_owned()),
            ..Finding::new(level, rule, message, place)
        }
    }

    fn write(findings: &[Finding], format: Format) -> String {
        let cases = ["", "web", "db"].into_iter().map(Case::Component).collect();
        Findings { check: "lint", findings, cases }.write(format, false)
    }

    fn json(findings: &[Finding], format: Format) -> Value {
        serde_json::from_str(&write(findings, format)).unwrap()
    }

    #[test]
    fn a_rule_with_a_code_is_named_by_it() {
        let want = "warning[F101 dead-config-key]: `imgae` is never read
 --> config/a b.yaml:2:3
  |
2 |   imgae: a
  |   ^^^^^
  |
  = note: in component `web`, for prod
  = help: did you mean `image`?

";
        assert_eq!(write(&[finding(Level::Warning, 2, "web")], Format::Text), want);
    }

    #[test]
    fn equal_findings_are_told_apart_wherever_they_stand() {
        let two = [finding(Level::Error, 2, "web"), finding(Level::Error, 3, "web")];
        let prints = |two: &[Finding]| {
            let list = json(two, Format::Gitlab);
            [list[0]["fingerprint"].clone(), list[1]["fingerprint"].clone()]
        };
        let [one, other] = prints(&two);
        assert_ne!(one, other);
        let [mut moved, same] = two.clone();
        moved.place.position = Some(Position { line: 1, column: 1 });
        assert_eq!(prints(&[moved, same]), [one, other]);
    }

    #[test]
    fn a_line_is_known_by_its_text() {
        let result = |line: usize, text: &str| {
            let mut finding = finding(Level::Error, line, "web");
            finding.place.text = Arc::from(text);
            json(&[finding], Format::Sarif)["runs"][0]["results"][0].clone()
        };
        let (one, moved) = (result(2, TEXT), result(4, "# more\n\nconfig:\n  imgae: a\n"));
        assert_eq!(one["partialFingerprints"], moved["partialFingerprints"]);
        assert_ne!(one["partialFingerprints"], result(3, TEXT)["partialFingerprints"]);
        let place = &one["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "config/a%20b.yaml");
        assert_eq!(place["region"], json!({"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 8}));
    }

    #[test]
    fn a_component_is_a_test_case() {
        let xml =
            write(&[finding(Level::Error, 2, "web"), finding(Level::Warning, 3, "gone")], Format::Junit);
        for part in [
            "<testsuite name=\"fab lint\" tests=\"4\" failures=\"1\">",
            "<testcase classname=\"component\" name=\"definition\">\n</testcase>",
            "<testcase classname=\"component\" name=\"web\">\n<failure message=\"config/a b.yaml:2:3: error: ",
            "<testcase classname=\"lint\" name=\"config/a b.yaml\">\n<system-out>config/a b.yaml:3:3: warning: ",
        ] {
            assert!(xml.contains(part), "{part}\n{xml}");
        }
    }
}
