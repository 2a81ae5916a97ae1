//! `fab lint`: what is odd or wrong in a definition.

use std::path::PathBuf;
use std::process::ExitCode;

use super::findings::{Case, Denied, Findings, Format};
use super::generate::counted;
use super::report::{Line, Report};
use super::table::Table;
use super::{Result, Ui};
use crate::config::Environment;
use crate::edit::write_all;
use crate::error::Error;
use crate::finding::Level;
use crate::lint::{Lint, LintOptions, Rule, lint, near_rule, repair, rule, rules};

/// Look for what is odd or wrong in a definition.
#[derive(clap::Args)]
pub(super) struct LintArgs {
    /// The environments, each on its own: `prod`, or `prod+east` for one of two layers [default: all of `fab.yaml`, or else all that have a config file].
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    /// Folder of the definition.
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Take away what needs no thought to be taken away, and print the rest.
    #[arg(long)]
    fix: bool,
    /// Exit with 1 for warnings, too.
    #[arg(long, value_name = "LEVEL")]
    deny: Option<Denied>,
    /// How findings are printed.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output_format: Format,
    /// Explain a rule, by its code or name.
    #[arg(long, value_name = "RULE", conflicts_with_all = ["environments", "fix", "deny", "rules"])]
    explain: Option<String>,
    /// List the rules.
    #[arg(long, conflicts_with_all = ["environments", "fix", "deny"])]
    rules: bool,
}

/// Runs the command.
pub(super) fn run(args: &LintArgs, ui: &mut Ui) -> Result<ExitCode> {
    if args.rules {
        ui.data(list(Ui::data_width()))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(name) = &args.explain {
        ui.data(explanation(name)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let options = LintOptions {
        directory: args.directory.clone(),
        environments: args.environments.iter().map(|name| Environment::new([name])).collect(),
    };
    let mut found = lint(&options)?;
    if args.fix {
        let repair = repair(&found.findings)?;
        write_all(&repair.files)?;
        let files = repair.files.iter().filter(|file| file.is_changed()).count();
        ui.status(format_args!(
            "Repaired {} in {}",
            counted(repair.count, "finding"),
            counted(files, "file")
        ));
        found = lint(&options)?;
    }
    found.warnings.iter().for_each(|warning| ui.warning(format_args!("{}", Line(warning))));
    let findings = linted(&found);
    ui.data(findings.write(args.output_format, Ui::data_is_styled()))?;
    if !found.failures.is_empty() {
        return Err(Report::from(found.failures));
    }
    let (errors, warnings) = findings.count();
    ui.status(format_args!(
        "Checked {} in {}: {}, {}",
        counted(found.components.len(), "component"),
        counted(found.environments.len(), "environment"),
        counted(errors, "error"),
        counted(warnings, "warning"),
    ));
    Ok(ExitCode::from(u8::from(errors > 0 || args.deny.is_some() && warnings > 0)))
}

/// Returns what was found, for a report.
pub(super) fn linted(found: &Lint) -> Findings<'_> {
    let components = found.components.iter().map(String::as_str);
    let cases = std::iter::once("").chain(components).map(Case::Component).collect();
    Findings { check: "lint", findings: &found.findings, cases }
}

/// Returns the rules as a table.
fn list(width: Option<usize>) -> String {
    let mut table = Table::new(["CODE", "NAME", "LEVEL", "ASKS FOR"], 3);
    for rule in rules() {
        table.push([
            rule.code.to_owned(),
            rule.name.to_owned(),
            level(rule).to_owned(),
            rule.about.to_owned(),
        ]);
    }
    table.render(width)
}

fn level(rule: &Rule) -> &'static str {
    match rule.level {
        None => "off",
        Some(Level::Warning) => "warning",
        Some(Level::Error) => "error",
    }
}

fn explanation(name: &str) -> std::result::Result<String, Error> {
    let unknown = || Error::UnknownRule { name: name.to_owned(), suggestion: near_rule(name) };
    let rule = rule(name).ok_or_else(unknown)?;
    let Rule { code, name, about, help, explanation, .. } = rule;
    Ok(format!(
        "{code} {name} ({})\n\n{about}.\n\n{}\n\nWhat to do: {help}.\nTo leave it be: `# fab:ignore {code}` at the place, or `lint.rules: {{{name}: off}}` in fab.yaml.\n",
        level(rule),
        wrapped(explanation),
    ))
}

/// Breaks the lines of a text, but for those that are set apart.
fn wrapped(text: &str) -> String {
    const WIDTH: usize = 100;
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with(' ') || line.is_empty() {
            lines.push(line.to_owned());
            continue;
        }
        let mut current = String::new();
        for word in line.split(' ').filter(|word| !word.is_empty()) {
            if !current.is_empty() && current.chars().count() + 1 + word.chars().count() > WIDTH {
                lines.push(std::mem::take(&mut current));
            }
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        lines.push(current);
    }
    lines.join("\n")
}
