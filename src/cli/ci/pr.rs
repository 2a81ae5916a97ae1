//! `fab ci pr`: everything that a reviewer should know of a change.
//!
//! Every step runs, whatever the one before found, so that one run tells all. What is told goes to the log, to files
//! and to a comment; the worst of it is the exit code. A comment that cannot be posted is a warning, as the
//! review is none the worse for it, unless it is asked for.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::review::{FILE_BUDGET, Problem, Review};
use super::{CommonArgs, environments};
use crate::cli::comment::{PullRequestArgs, post, topic};
use crate::cli::diff::compared;
use crate::cli::findings::Format;
use crate::cli::generate::{checked, outputs};
use crate::cli::report::{Line, Report};
use crate::cli::{Result, Ui, world};
use crate::config::Environment;
use crate::diff::{Against, DiffOptions};
use crate::error::Failure;
use crate::hooks::HookPolicy;
use crate::host::{Comment, HostError, base_branch, run_url};
use crate::lint::{Lint, LintOptions, lint};
use crate::source::Network;

/// Review a pull request: install --locked, lint, validate, and show what changes, in files and a comment.
///
/// Every step runs whatever the one before found; the exit code is the worst of them. Writes review.md, review.html, diff.json,
/// fab.sarif, codequality.json and junit.xml.
#[derive(clap::Args)]
pub(super) struct PrArgs {
    /// The environments, each on its own: `prod`, or `prod+east` for one of two layers [default: those of FAB_ENVS, or all of `fab.yaml`, or else all that have a config file].
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    #[command(flatten)]
    common: CommonArgs,
    /// Commit or branch to compare with [default: the last commit in common with the branch that the pull request is for].
    #[arg(long, value_name = "REF")]
    base: Option<String>,
    /// Folder to write reports to.
    #[arg(short, long, value_name = "DIR", default_value = FOLDER)]
    output: PathBuf,
    /// Run the hooks of components; without it, a component that has some is an error.
    #[arg(long)]
    run_hooks: bool,
    #[command(flatten)]
    pull_request: PullRequestArgs,
    /// Post no comment.
    #[arg(long, conflicts_with = "require_comment")]
    no_comment: bool,
    /// Fail if the comment cannot be posted.
    #[arg(long)]
    require_comment: bool,
}

/// Where reports are written if nothing is said.
const FOLDER: &str = "fab-review";

/// Runs the command.
pub(super) fn run(args: &PrArgs, ui: &mut Ui) -> Result<ExitCode> {
    let work = Work {
        common: &args.common,
        environments: environments(&args.environments),
        base: args.base.clone(),
        runs_hooks: args.run_hooks,
    };
    let review = work.review(&args.output, ui)?;
    let mut code = review.code();
    if !args.no_comment
        && let Err(error) = work.comment(&review, &args.pull_request, ui)
    {
        if args.require_comment {
            ui.report(&Report::from(error));
            code = 2;
        } else {
            let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
            ui.warning(format_args!("warning: no comment was posted: {error}{hint}"));
        }
    }
    Ok(ExitCode::from(code))
}

/// Reviews as Bedrock's script verified: without a comment.
pub(super) fn verify(common: &CommonArgs, ui: &mut Ui) -> Result<ExitCode> {
    let environments = common.environments_of_bedrock()?;
    let work = Work { common, environments, base: None, runs_hooks: false };
    let review = work.review(Path::new(FOLDER), ui)?;
    Ok(ExitCode::from(review.code()))
}

/// Shows the review on the page of the run, where the system has a place for that.
fn summarize(folder: &Path, review: &Review, ui: &mut Ui) -> Result<()> {
    if let Some(file) = world::variable("GITHUB_STEP_SUMMARY") {
        let appended = OpenOptions::new().append(true).create(true).open(&file);
        let appended = appended.and_then(|mut file| writeln!(file, "{}", review.markdown(FILE_BUDGET, None)));
        if let Err(error) = appended {
            ui.warning(format_args!("warning: the summary of this run cannot be written: {error}"));
        }
    } else if world::variable("TF_BUILD").is_some()
        && let Ok(file) = folder.join("review.md").canonicalize()
    {
        ui.data(format_args!("##vso[task.uploadsummary]{}\n", file.display()))?;
    }
    Ok(())
}

/// Prints why a step came to nothing. Several may for the same reason, which is told once.
fn tell(step: &'static str, report: &Report, review: &mut Review, ui: &mut Ui) {
    let text = report.render(false);
    if review.problems.iter().all(|problem| problem.text != text) {
        ui.report(report);
        review.problems.push(Problem { step, text, code: report.status() });
    }
}

/// As [`tell`], for what failed in a step that came to something.
fn tell_all(step: &'static str, failures: Vec<Failure>, review: &mut Review, ui: &mut Ui) {
    if !failures.is_empty() {
        tell(step, &Report::from(failures), review, ui);
    }
}

/// A review that is to be made.
struct Work<'a> {
    common: &'a CommonArgs,
    environments: Vec<Environment>,
    base: Option<String>,
    runs_hooks: bool,
}

impl Work<'_> {
    /// Runs all steps, prints what they find, and writes the reports.
    fn review(&self, folder: &Path, ui: &mut Ui) -> Result<Review> {
        let mut review = Review { denies_warnings: self.common.deny.is_some(), ..Review::default() };
        // Without its sources nothing can be said of a definition.
        if self.step("install", &mut review, ui, |ui| self.common.install(ui)).is_some() {
            review.lint = self.step("lint", &mut review, ui, |ui| self.lint(ui));
            review.validated = self.step("validate", &mut review, ui, |ui| {
                let options = self.common.generate_options(&self.environments, self.runs_hooks)?;
                checked(&options, &outputs(&options, ui)?)
            });
            review.diff = self.step("diff", &mut review, ui, |ui| compared(&self.diff_options()?, ui));
        }
        let unseen = review.lint.iter().flat_map(|lint| lint.failures.clone()).collect();
        tell_all("lint", unseen, &mut review, ui);
        // What the base was like is no fault of this change.
        let failed = review.diff.iter().flat_map(|diff| &diff.failures).filter(|failed| !failed.of_base);
        let failed = failed.map(|failed| failed.failure.clone()).collect();
        tell_all("diff", failed, &mut review, ui);
        let has_annotations = world::variable("GITHUB_ACTIONS").is_some();
        for check in review.checks() {
            match has_annotations {
                true => ui.data(check.write(Format::Github, false))?,
                false => ui.prose(&check.write(Format::Text, Ui::data_is_styled()))?,
            }
        }
        review.write(folder)?;
        ui.status(format_args!("Wrote {}", folder.display()));
        summarize(folder, &review, ui)?;
        ui.prose(&review.summary())?;
        Ok(review)
    }

    fn step<T>(
        &self,
        name: &'static str,
        review: &mut Review,
        ui: &mut Ui,
        work: impl FnOnce(&mut Ui) -> Result<T>,
    ) -> Option<T> {
        match work(ui) {
            Ok(done) => Some(done),
            Err(report) => {
                tell(name, &report, review, ui);
                None
            }
        }
    }

    fn lint(&self, ui: &mut Ui) -> Result<Lint> {
        let directory = self.common.directory.clone();
        let lint = lint(&LintOptions { directory, environments: self.environments.clone() })?;
        lint.warnings.iter().for_each(|warning| ui.warning(format_args!("{}", Line(warning))));
        Ok(lint)
    }

    fn diff_options(&self) -> Result<DiffOptions> {
        Ok(DiffOptions {
            directory: self.common.directory.clone(),
            environments: self.environments.clone(),
            against: match &self.base {
                Some(base) => Against::Commit(base.clone()),
                None => Against::MergeBase(base_branch(&world::variable)),
            },
            world: self.common.world.read()?,
            hooks: HookPolicy { run: self.runs_hooks, allowed: self.common.allow_hooks.clone() },
            cache: world::cache()?,
            network: Network::Online,
            variables: world::variables(),
        })
    }

    fn comment(
        &self,
        review: &Review,
        args: &PullRequestArgs,
        ui: &mut Ui,
    ) -> std::result::Result<(), HostError> {
        let pull_request = args.find()?;
        let run = run_url(&world::variable);
        let (topic, begin) = topic(&self.common.directory);
        let text = begin + &review.markdown(pull_request.host.budget(), run.as_deref());
        let wanted = Comment { topic: &topic, text: &text, begins: !review.is_empty() };
        post(&pull_request, &wanted, ui)?;
        Ok(())
    }
}
