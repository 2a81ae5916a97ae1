//! The only printer: data goes to stdout, messages to stderr.
//!
//! A message is one line for one fact, without time or ornament. `-q` leaves
//! warnings and errors, `-v` adds what hooks print and where time goes.
//! Colour and progress are for a terminal only.

use std::fmt::{self, Display};
use std::io::{self, Write as _};
use std::process::ExitCode;

use super::report::Report;
use crate::hooks::HookRun;

/// How much is printed.
#[derive(clap::Args, Default)]
pub(super) struct UiArgs {
    /// Print warnings and errors only.
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
}

impl Ui {
    /// Prints as the arguments say.
    pub(super) fn new(args: &UiArgs) -> Self {
        let verbosity = match (args.quiet, args.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        let styled = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
        Self { verbosity, styled }
    }

    /// Prints data: the answer that a pipe or a file gets.
    pub(super) fn data(&mut self, text: impl Display) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        write!(stdout, "{text}")?;
        stdout.flush()
    }

    /// Prints data that need not be text.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()
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
            // Whoever closed stderr does not want to read it.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }
}
