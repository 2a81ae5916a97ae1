//! Runs recorded cases of the reference tools against the engines and `fab`.
//!
//! The cases are data from outside: what Go's template engine, Helm and
//! Fabrikate did with an input. This program says how many of them come out
//! the same, so the rate can be held by CI and only goes up.
//!
//! Three rules hold for every kind. Exit codes are compared as zero or not.
//! Where a case says that the reference fails, failing is what counts; equal
//! texts are counted on a line of their own. A case that cannot be compared is
//! named with the reason and counts on neither side.

mod case;
mod charts;
mod dead_keys;
mod diff;
mod explain;
mod fabrikate;
mod fabrikate_set;
mod fabrikate_values;
mod helm_cases;
mod install_plans;
mod jsonl;
mod pipeline;
mod program;
mod reference;
mod report;
mod runner;
mod snippets;
mod validation;
mod why;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use case::{Case, LoadError};
use charts::Rendering;
use fabrikate::Part;
use report::Report;

/// Runs recorded cases and prints how many come out the same.
#[derive(Parser)]
#[command(name = "conformance")]
struct Args {
    /// The form of the cases.
    kind: Kind,
    /// Files or folders of that form.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Print a diff of the first N failing cases.
    #[arg(long, value_name = "N", default_value_t = 0)]
    show: usize,
    /// Succeed if at least R per cent of the cases pass.
    #[arg(long, value_name = "R", default_value_t = 100.0)]
    min_rate: f64,
    /// Run only the cases whose id contains this text.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

/// The forms of recorded cases.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// One template and its output a line (`snippets.jsonl`).
    Snippets,
    /// One small chart and its `helm template` command a line (`charts.jsonl`).
    HelmCases,
    /// A folder of packed charts with `cases.jsonl` and golden files.
    Charts,
    /// The outputs in such a folder, of one set of values and the next.
    Diff,
    /// The same charts, rendered while everything is recorded that explains a line.
    ChartsTracked,
    /// Random lines of ten of those charts, each traced to a line of a template.
    Why,
    /// A folder of cases: an input tree, commands, and the files that they made.
    Fabrikate,
    /// The cases of that folder that run `fab install`.
    Install,
    /// What Fabrikate asked for when it installed a definition, one a line (`real-install.jsonl`).
    InstallPlans,
    /// A definition and the values of its charts a line (`merge.jsonl`, `emit.jsonl`).
    FabrikateValues,
    /// Where each value of those definitions comes from.
    Explain,
    /// A definition, a `fab set` and the files after it a line (`set.jsonl`).
    FabrikateSet,
    /// The cases of `charts` that have values: those that nobody reads have no effect.
    DeadKeys,
    /// The definitions of `fabrikate`: what `fab lint` calls dead has no effect.
    Lint,
    /// A folder of runs of Bedrock's pipeline: a definition, a manifest repository, and both afterwards.
    Pipeline,
    /// A folder of manifests with an API server's verdict.
    Validation,
}

impl Kind {
    /// Reads the cases of this form below `path`.
    fn load(self, path: &std::path::Path) -> Result<Vec<Case>, LoadError> {
        match self {
            Self::Snippets => snippets::load(path),
            Self::HelmCases => helm_cases::load(path),
            Self::Diff => diff::load(path),
            Self::Charts => charts::load(path, Rendering::Plain),
            Self::ChartsTracked => charts::load(path, Rendering::Tracked),
            Self::Why => why::load(path),
            Self::Fabrikate => fabrikate::load(path, Part::Others),
            Self::Install => fabrikate::load(path, Part::Install),
            Self::InstallPlans => install_plans::load(path),
            Self::FabrikateValues => fabrikate_values::load(path),
            Self::Explain => explain::load(path),
            Self::FabrikateSet => fabrikate_set::load(path),
            Self::DeadKeys => dead_keys::load_charts(path),
            Self::Lint => dead_keys::load_definitions(path),
            Self::Pipeline => pipeline::load(path),
            Self::Validation => validation::load(path),
        }
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(report) if report.rate() >= args.min_rate => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(err) => {
            // A closed stderr leaves the exit code to tell.
            let _ = writeln!(io::stderr(), "error: {err}");
            ExitCode::from(2)
        }
    }
}

/// Loads, runs and prints.
fn run(args: &Args) -> Result<Report, Box<dyn std::error::Error>> {
    let mut cases = Vec::new();
    for path in &args.paths {
        cases.extend(args.kind.load(path)?);
    }
    cases.retain(|case| case.id.contains(&args.only));
    let report = Report::new(runner::run(cases)?);
    report.write(&mut io::stdout().lock(), args.show)?;
    Ok(report)
}
