//! All that went wrong in a run, as text: what, where, and what to do.
//!
//! Every failure of a run is printed, not the first. One that has a place in a
//! text is shown with an excerpt; the component and its environments follow,
//! and a hint ends it if there is one. A warning is one line.

use std::fmt;
use std::io;
use std::process::ExitCode;

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use super::Ui;
use crate::cluster::ClusterError;
use crate::error::{Error, Failure, Place, Position, Warning};
use crate::finding::{self, Finding};
use crate::host::HostError;
use crate::insight::Cause;
use crate::source::SourceError;
use crate::source::url::is_secret;

/// All failures of a run.
#[derive(Debug)]
pub(super) struct Report {
    entries: Vec<Entry>,
    code: u8,
}

/// One failure.
#[derive(Debug)]
struct Entry {
    /// What happened, to what.
    message: String,
    /// Where.
    place: Option<Place>,
    /// The lines of templates that made the text at that place.
    trail: Vec<Place>,
    /// Which value was not there, and in which component and for which environments that is.
    notes: Vec<String>,
    /// What to do.
    hint: Option<String>,
}

impl Report {
    /// Whether there is nothing to print.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of [`Report::code`].
    pub(super) fn status(&self) -> u8 {
        self.code
    }

    /// What a process with this report exits with.
    pub(super) fn code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }

    /// Renders every failure, without a line end after the last.
    pub(super) fn render(&self, styled: bool) -> String {
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        let texts: Vec<String> = self.entries.iter().map(|entry| entry.render(&renderer)).collect();
        texts.join("\n\n")
    }
}

/// What a run failed with; findings about the output are no error.
impl From<Vec<Failure>> for Report {
    fn from(failures: Vec<Failure>) -> Self {
        let findings = failures.iter().all(|failure| failure.error.is_finding());
        let entries = failures.iter().map(Entry::from).collect();
        Self { entries, code: if findings { 1 } else { 2 } }
    }
}

/// What failed before or after the components.
impl From<Error> for Report {
    fn from(error: Error) -> Self {
        Self::from(vec![Failure::of_run(error)])
    }
}

/// The cache cannot be used.
impl From<SourceError> for Report {
    fn from(error: SourceError) -> Self {
        Self { entries: vec![Entry::plain(error.to_string(), error.hint())], code: 2 }
    }
}

/// A host does not do what it is asked for.
impl From<HostError> for Report {
    fn from(error: HostError) -> Self {
        Self { entries: vec![Entry::plain(error.to_string(), error.hint())], code: 2 }
    }
}

/// Clusters do not tell what they have.
impl From<Vec<ClusterError>> for Report {
    fn from(errors: Vec<ClusterError>) -> Self {
        let entries = errors.iter().map(|error| Entry::plain(error.to_string(), error.hint()));
        Self { entries: entries.collect(), code: 2 }
    }
}

/// The answer could not be printed. A reader that has seen enough (`| head`)
/// is no failure to tell of.
impl From<io::Error> for Report {
    fn from(err: io::Error) -> Self {
        let told = err.kind() == io::ErrorKind::BrokenPipe;
        let entry = Entry::plain(format!("cannot write to stdout: {err}"), None);
        Self { entries: if told { Vec::new() } else { vec![entry] }, code: 2 }
    }
}

impl From<&Failure> for Entry {
    fn from(failure: &Failure) -> Self {
        let component =
            (!failure.component.is_empty()).then(|| format!("in component `{}`", failure.component));
        let environments = match failure.environments.as_slice() {
            [] => None,
            names => Some(format!("for {}", names.join(", "))),
        };
        let context: Vec<String> = component.into_iter().chain(environments).collect();
        let cause = failure.error.cause();
        let mut notes: Vec<String> = failure.error.note().map(str::to_owned).into_iter().collect();
        notes.extend((!context.is_empty()).then(|| context.join(", ")));
        Self {
            message: failure.error.to_string(),
            place: failure.error.place().cloned(),
            trail: cause.map_or_else(Vec::new, |cause| cause.trail.clone()),
            notes,
            hint: failure.error.hint(),
        }
    }
}

/// What there is to say of an error that is printed in the words of helm.
pub(super) struct Insight {
    /// What is known.
    note: Option<String>,
    /// Where.
    place: Option<Place>,
    /// The lines of templates that made the text at that place.
    trail: Vec<Place>,
    /// What to do.
    hint: Option<String>,
}

impl Insight {
    /// Returns what is known of the failure of a chart; nothing if that is nothing.
    pub(super) fn of_chart(cause: &Cause) -> Option<Self> {
        let note = match (&cause.note, cause.trail.is_empty()) {
            (Some(note), _) => note.clone(),
            (None, false) => "this was rendered, from these lines of templates".to_owned(),
            (None, true) => "it happened here".to_owned(),
        };
        // A value that a schema does not take is known by a note alone.
        (cause.place.is_some() || cause.note.is_some()).then(|| Self {
            note: Some(note),
            place: cause.place.clone(),
            trail: cause.trail.clone(),
            hint: cause.hint.clone(),
        })
    }

    /// Returns a hint alone.
    pub(super) fn hint(hint: String) -> Self {
        Self { note: None, place: None, trail: Vec::new(), hint: Some(hint) }
    }

    /// Renders it, without a line end after the last.
    pub(super) fn render(&self, styled: bool) -> String {
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        let help = |hint: &'_ String| format!("help: {hint}");
        let Some(note) = &self.note else { return self.hint.iter().map(help).collect() };
        let hint = self.hint.iter().map(|text| Element::from(Level::HELP.message(text)));
        let places = self.place.iter().map(excerpt).chain(self.trail.iter().map(excerpt));
        renderer.render(&[Group::with_title(Level::NOTE.primary_title(note)).elements(places).elements(hint)])
    }
}

impl Entry {
    /// Returns a failure that has no place in a file.
    fn plain(message: String, hint: Option<String>) -> Self {
        Self { message, place: None, trail: Vec::new(), notes: Vec::new(), hint }
    }

    fn render(&self, renderer: &Renderer) -> String {
        let title = Level::ERROR.primary_title(&self.message);
        let notes = self.notes.iter().map(|text| Element::from(Level::NOTE.message(text)));
        let help = self.hint.iter().map(|text| Element::from(Level::HELP.message(text)));
        let place = self.place.clone().map(without_secrets);
        let places = place.iter().map(excerpt).chain(self.trail.iter().map(excerpt));
        let group = Group::with_title(title).elements(places).elements(notes.chain(help));
        renderer.render(&[group]).to_string()
    }
}

/// Renders a finding as a failure is, without a line end after the last.
pub(super) fn render_finding(finding: &Finding, styled: bool) -> String {
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    let level = match finding.level {
        finding::Level::Warning => Level::WARNING,
        finding::Level::Error => Level::ERROR,
    };
    let path = finding.path.to_string();
    let what = finding.resource.as_ref().map(|resource| match path.as_str() {
        "" => format!("{resource} [{}]", finding.rule.name),
        path => format!("{resource}: {path} [{}]", finding.rule.name),
    });
    let component = (!finding.component.is_empty()).then(|| format!("in component `{}`", finding.component));
    let environments =
        (!finding.environments.is_empty()).then(|| format!("for {}", finding.environments.join(", ")));
    let context: Vec<String> = component.into_iter().chain(environments).collect();
    let context = (!context.is_empty()).then(|| context.join(", "));
    let notes: Vec<String> = what.into_iter().chain(finding.notes.clone()).chain(context).collect();
    let notes = notes.iter().map(|text| Element::from(Level::NOTE.message(text)));
    let help = finding.hint.as_ref().map(|text| Element::from(Level::HELP.message(text)));
    let title = level.primary_title(&finding.message);
    // A rule with a code is looked up by it; the name says at once what it is about.
    let id = (!finding.rule.code.is_empty()).then(|| format!("{} {}", finding.rule.code, finding.rule.name));
    let title = if let Some(id) = &id { title.id(id) } else { title };
    let place = without_secrets(finding.place.clone());
    let group = Group::with_title(title)
        .element(excerpt(&place))
        .elements(finding.trail.iter().map(excerpt))
        .elements(notes.chain(help));
    renderer.render(&[group]).to_string()
}

/// A place whose text shows no user, password or token of an address: people write them into component files.
fn without_secrets(place: Place) -> Place {
    let mut text = String::new();
    let mut rest = &*place.text;
    while let Some(at) = rest.find("://") {
        let (before, behind) = rest.split_at(at + 3);
        text.push_str(before);
        let end = behind.find(|c: char| c.is_whitespace() || "/'\"?#".contains(c)).unwrap_or(behind.len());
        let secret = behind[..end].rfind('@').unwrap_or(0);
        // As many characters as before, so that what is behind them stays in its column.
        text.extend(behind[..secret].chars().map(|_| '*'));
        rest = &behind[secret..];
    }
    if text.is_empty() {
        return place;
    }
    text.push_str(rest);
    Place { text: without_secret_parameters(&text).into(), ..place }
}

fn without_secret_parameters(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    // Each piece after the first begins with what may be a parameter of a query.
    for (at, piece) in text.split_inclusive(['?', '&']).enumerate() {
        let end = |c: char| c.is_whitespace() || "'\"#?&".contains(c);
        match piece.split_once('=') {
            Some((name, value)) if at > 0 && is_secret(name) => {
                let length = value.find(end).unwrap_or(value.len());
                let stars = value[..length].chars().map(|_| '*');
                shown.extend(name.chars().chain(['=']).chain(stars));
                shown.push_str(&value[length..]);
            }
            _ => shown.push_str(piece),
        }
    }
    shown
}

/// A place, with the line that it is in if the text is known.
fn excerpt(place: &Place) -> Element<'_> {
    let Some(position) = place.position else {
        return Origin::path(&*place.file).into();
    };
    match span(&place.text, position) {
        Some(annotation) => Snippet::source(&*place.text).path(&*place.file).annotation(annotation).into(),
        None => Origin::path(&*place.file).line(position.line).char_column(position.column).into(),
    }
}

/// Marks the word at a position; none if the text has no such line.
fn span(text: &str, position: Position) -> Option<Annotation<'static>> {
    let word = word(text, position)?;
    let start = word.as_ptr().addr() - text.as_ptr().addr();
    Some(AnnotationKind::Primary.span(start..start + word.len()))
}

/// Returns the line of a position, without its end; none if the text has no such line.
pub(super) fn line(text: &str, position: Position) -> Option<&str> {
    let line = text.split_inclusive('\n').nth(position.line.checked_sub(1)?)?;
    Some(line.trim_end_matches(['\n', '\r']))
}

/// Returns the word at a position, empty behind the end of its line; none if the text has no such line.
pub(super) fn word(text: &str, position: Position) -> Option<&str> {
    let line = line(text, position)?;
    let column = line.char_indices().nth(position.column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    let rest = &line[column..];
    let end = rest.find(|c: char| c.is_whitespace() || c == ':').filter(|end| *end > 0);
    Some(&rest[..end.unwrap_or(rest.len())])
}

/// Prints each warning once, however many environments it came up in.
pub(super) fn warnings_once(warnings: &[Warning], ui: &mut Ui) {
    for (at, warning) in warnings.iter().enumerate() {
        if !warnings[..at].contains(warning) {
            ui.warning(format_args!("{}", Line(warning)));
        }
    }
}

/// A warning in one line: where, then what.
pub(super) struct Line<'a>(pub(super) &'a Warning);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("warning: ")?;
        if let Some(place) = &self.0.place {
            write!(f, "{place}: ")?;
        }
        write!(f, "{}", self.0.kind)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn place(line: usize, column: usize) -> Place {
        let text = Arc::from("name: web\nsubcomponent:\n- name: a\n");
        Place { file: "web/component.yaml".to_owned(), position: Some(Position { line, column }), text }
    }

    fn syntax(place: Place) -> Failure {
        let error = Error::Syntax { place, message: "did not find expected key".to_owned() };
        Failure {
            component: "shop/web".to_owned(),
            environments: vec!["prod".to_owned(), "staging".to_owned()],
            error: Arc::new(error),
        }
    }

    #[track_caller]
    fn check(failures: Vec<Failure>, want: &str) {
        let report = Report::from(failures);
        assert_eq!(report.render(false), want);
    }

    #[test]
    fn a_place_is_shown_with_its_line() {
        check(
            vec![syntax(place(2, 1))],
            "error: did not find expected key\n \
             --> web/component.yaml:2:1\n  \
             |\n\
             2 | subcomponent:\n  \
             | ^^^^^^^^^^^^\n  \
             |\n  \
             = note: in component `shop/web`, for prod, staging",
        );
    }

    #[test]
    fn user_and_password_of_an_address_are_not_shown() {
        let mut place = place(2, 1);
        place.text = "name: web\nsource: https://mé:s3cr3t@h.example/x@y\n".into();
        let text = without_secrets(place).text;
        assert_eq!(&*text, "name: web\nsource: https://*********@h.example/x@y\n");
        let text = without_secret_parameters("{source: 'https://h/x?ref=v1&token=s3cr3t', path: a=b}");
        assert_eq!(text, "{source: 'https://h/x?ref=v1&token=******', path: a=b}");
    }

    #[test]
    fn a_place_behind_the_text_is_named_only() {
        check(
            vec![syntax(place(9, 1))],
            "error: did not find expected key\n\
             --> web/component.yaml:9:1\n \
             = note: in component `shop/web`, for prod, staging",
        );
    }

    #[test]
    fn every_failure_is_printed() {
        let missing = Failure::of_run(Error::NoComponent { folder: "infra".to_owned(), place: None });
        let text = Report::from(vec![missing.clone(), missing]).render(false);
        assert_eq!(text.matches("error: there is no component.yaml").count(), 2, "{text}");
    }
}
