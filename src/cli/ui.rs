//! The only printer: data goes to stdout, messages to stderr.
//!
//! A message is one line for one fact, without time or ornament. `-q` leaves
//! warnings and errors, `-v` adds what hooks print and where time goes.
//! Colour and progress are for a terminal only.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::report::{Insight, Report};
use crate::hooks::HookRun;

/// How much is printed.
#[derive(clap::Args, Default)]
pub(super) struct UiArgs {
    /// Print errors and warnings only, and none of values that differ in every run.
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Messages")]
    quiet: bool,
    /// Print what hooks print, too.
    #[arg(short, long, global = true, help_heading = "Messages")]
    verbose: bool,
}

/// What of the messages is printed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

/// Where a command prints.
pub(super) struct Ui {
    verbosity: Verbosity,
    styled: bool,
    /// Whether what is printed may be a command to the pipeline that this runs in.
    is_obeyed: bool,
    /// What is drawn on a terminal while a run takes long.
    progress: Option<Progress>,
    /// A line for each download that is on its way, on a terminal.
    downloads: Option<Downloads>,
}

/// Lines of downloads by their names, drawn once they have taken a while.
struct Downloads {
    all: MultiProgress,
    lines: BTreeMap<String, ProgressBar>,
    since: Instant,
}

/// A bar that is drawn once a run has taken a while.
struct Progress {
    bar: ProgressBar,
    since: Instant,
    is_drawn: bool,
}

/// A run that is shorter shows no bar.
const PATIENCE: Duration = Duration::from_millis(300);

impl Ui {
    /// Prints as the arguments say.
    pub(super) fn new(args: &UiArgs) -> Self {
        let verbosity = match (args.quiet, args.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        let styled = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
        Self { verbosity, styled, is_obeyed: is_obeyed(), progress: None, downloads: None }
    }

    /// Begins to count up to a number of steps, on a terminal that somebody looks at.
    pub(super) fn begin_steps(&mut self, count: usize) {
        self.progress = self.is_watched().then(|| Progress {
            bar: ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::hidden()),
            since: now(),
            is_drawn: false,
        });
    }

    fn is_watched(&self) -> bool {
        io::stderr().is_terminal() && !in_pipeline() && self.verbosity >= Verbosity::Normal
    }

    /// Begins to show downloads, on a terminal that somebody looks at.
    pub(super) fn begin_downloads(&mut self) {
        let none = || Downloads { all: MultiProgress::new(), lines: BTreeMap::new(), since: now() };
        self.downloads = self.is_watched().then(none);
    }

    /// Shows how far a download is.
    pub(super) fn download(&mut self, name: &str, text: fmt::Arguments<'_>) {
        let Some(downloads) = &mut self.downloads else { return };
        if downloads.since.elapsed() < PATIENCE {
            return;
        }
        let line = downloads.lines.entry(name.to_owned()).or_insert_with(|| {
            let style = ProgressStyle::with_template("{msg}").expect("the template is fine");
            downloads.all.add(ProgressBar::no_length().with_style(style))
        });
        line.set_message(text.to_string());
    }

    /// Takes the line of a download away.
    pub(super) fn end_download(&mut self, name: &str) {
        if let Some(downloads) = &mut self.downloads
            && let Some(line) = downloads.lines.remove(name)
        {
            line.finish_and_clear();
        }
    }

    /// Takes all lines of downloads away.
    pub(super) fn end_downloads(&mut self) {
        let lines = self.downloads.take().into_iter().flat_map(|downloads| downloads.lines);
        lines.for_each(|(_, line)| line.finish_and_clear());
    }

    /// Counts a step.
    pub(super) fn step(&mut self) {
        let Some(progress) = &mut self.progress else { return };
        if !progress.is_drawn && progress.since.elapsed() > PATIENCE {
            progress.bar.set_draw_target(ProgressDrawTarget::stderr());
            progress.is_drawn = true;
        }
        progress.bar.inc(1);
    }

    /// Takes the bar away.
    pub(super) fn end_steps(&mut self) {
        if let Some(progress) = self.progress.take() {
            progress.bar.finish_and_clear();
        }
    }

    /// Prints what there is to say of an error that was printed as helm does, after an empty line.
    pub(super) fn insight(&mut self, insight: &Option<Insight>) {
        if let Some(insight) = insight {
            self.message(Verbosity::Quiet, format_args!("\n{}", insight.render(self.styled)));
        }
    }

    /// Prints data: the answer that a pipe or a file gets.
    pub(super) fn data(&mut self, text: impl Display) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        write!(stdout, "{text}")?;
        stdout.flush()
    }

    /// Returns whether data may have colours: whether somebody looks at them on a terminal.
    pub(super) fn data_is_styled() -> bool {
        anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
    }

    /// Returns how wide data may be: as the terminal, if they go to one.
    pub(super) fn data_width() -> Option<usize> {
        console::Term::stdout().size_checked().map(|(_, columns)| columns.into())
    }

    /// Prints data that people read: nothing in it is a command to the pipeline that this runs in.
    pub(super) fn prose(&mut self, text: &str) -> io::Result<()> {
        if self.is_obeyed { self.data(harmless(text)) } else { self.data(text) }
    }

    /// Prints data that need not be text.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()
    }

    /// Asks for a value, of somebody who sits at a terminal; an empty answer is `default`. Nobody else is asked: `None`.
    pub(super) fn ask(&mut self, what: &str, default: &str) -> io::Result<Option<String>> {
        if !self.is_watched() || !io::stdin().is_terminal() {
            return Ok(None);
        }
        write!(io::stderr(), "{what} [{default}]: ")?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        let answer = line.trim();
        Ok(Some(if answer.is_empty() { default } else { answer }.to_owned()))
    }

    /// Warns of something that does not stop the run.
    pub(super) fn warning(&mut self, text: fmt::Arguments<'_>) {
        self.message(Verbosity::Quiet, text);
    }

    /// Prints an error as helm does, for commands that stand in for it, and
    /// returns helm's exit code.
    pub(super) fn fail_as_helm(&mut self, text: fmt::Arguments<'_>) -> ExitCode {
        self.message(Verbosity::Quiet, format_args!("Error: {text}"));
        ExitCode::from(1)
    }

    /// Says what was done.
    pub(super) fn status(&mut self, text: fmt::Arguments<'_>) {
        self.message(Verbosity::Normal, text);
    }

    /// Says what is worth knowing only to who looks for it.
    pub(super) fn detail(&mut self, text: fmt::Arguments<'_>) {
        self.message(Verbosity::Verbose, text);
    }

    /// Says which command of a hook ran, and what it printed.
    pub(super) fn hook(&mut self, run: &HookRun) {
        let output = run.output.trim_end();
        let break_line = if output.is_empty() { "" } else { "\n" };
        self.detail(format_args!("{}: {}: {}{break_line}{output}", run.component, run.hook, run.command));
    }

    /// Prints everything that went wrong.
    pub(super) fn report(&mut self, report: &Report) {
        if !report.is_empty() {
            self.message(Verbosity::Quiet, format_args!("{}", report.render(self.styled)));
        }
    }

    fn message(&self, from: Verbosity, text: fmt::Arguments<'_>) {
        if self.verbosity >= from {
            let print = || {
                // Whoever closed stderr does not want to read it.
                let _ = match self.is_obeyed {
                    true => writeln!(io::stderr(), "{}", harmless(&text.to_string())),
                    false => writeln!(io::stderr(), "{text}"),
                };
            };
            match (&self.progress, &self.downloads) {
                (Some(progress), _) => progress.bar.suspend(print),
                (None, Some(downloads)) => downloads.all.suspend(print),
                (None, None) => print(),
            }
        }
    }
}

/// Returns whether this runs in Azure Pipelines or GitHub Actions, which take commands from what programs print.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
fn is_obeyed() -> bool {
    ["TF_BUILD", "GITHUB_ACTIONS"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|set| !set.is_empty()))
}

/// Takes the meaning from what such pipelines would obey: a manifest or a template may say anything.
fn harmless(text: &str) -> String {
    // A blank of no width is not seen.
    let text = text.replace("##vso[", "##vso\u{200b}[").replace("##[", "##\u{200b}[");
    let line = |line: &str| match line.trim_start().strip_prefix("::") {
        Some(rest) => format!("{}:\u{200b}:{rest}", &line[..line.len() - rest.len() - 2]),
        None => line.to_owned(),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Returns whether this runs where nobody looks, though there may be a terminal.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
fn in_pipeline() -> bool {
    std::env::var_os("CI").is_some()
}

#[expect(clippy::disallowed_methods, reason = "the command line is where the clock is read")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[track_caller]
    fn check(text: &str, want: &str) {
        assert_eq!(harmless(text).replace('\u{200b}', "_"), want);
    }

    #[test]
    fn what_a_pipeline_would_obey_means_nothing() {
        check("error: x\n  ::set-output name=a::b\nend", "error: x\n  :_:set-output name=a::b\nend");
        check("::error::x", ":_:error::x");
        check("a ##vso[task.setvariable]b ##[group]", "a ##vso_[task.setvariable]b ##_[group]");
        check("a::b\n", "a::b\n");
    }
}
