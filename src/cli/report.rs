//! All that went wrong in a run, as text: what, where, and what to do.
//!
//! Every failure of a run is printed, not the first. A hint ends it
//! if there is one.

use std::io;

use annotate_snippets::{Group, Level, Renderer};

/// All failures of a run.
#[derive(Debug)]
pub(super) struct Report {
    entries: Vec<Entry>,
}

/// One failure.
#[derive(Debug)]
pub(super) struct Entry {
    /// What happened, to what.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: Option<String>,
}

impl Report {
    /// Whether there is nothing to print.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Renders every failure, without a line end after the last.
    pub(super) fn render(&self, styled: bool) -> String {
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        let texts: Vec<String> = self.entries.iter().map(|entry| entry.render(&renderer)).collect();
        texts.join("\n")
    }
}

/// The answer could not be printed. A reader that has seen enough (`| head`)
/// is no failure to tell of.
impl From<io::Error> for Report {
    fn from(err: io::Error) -> Self {
        if err.kind() == io::ErrorKind::BrokenPipe {
            return Self { entries: Vec::new() };
        }
        Self { entries: vec![Entry { message: format!("cannot write to stdout: {err}"), hint: None }] }
    }
}

impl Entry {
    fn render(&self, renderer: &Renderer) -> String {
        let mut group = Group::with_title(Level::ERROR.primary_title(&self.message));
        if let Some(hint) = &self.hint {
            group = group.element(Level::HELP.message(hint));
        }
        renderer.render(&[group]).to_string()
    }
}
