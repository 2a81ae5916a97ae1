//! What can be wrong with a handlebars template, where, and what may be meant.

use std::sync::Arc;

use handlebars::{RenderError, RenderErrorReason, TemplateError as ParseError, TemplateErrorReason};

use super::TemplateFile;
use crate::error::{Place, Position};

/// A template that cannot be parsed or rendered.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct TemplateError {
    /// Where in the template; if its output is what is wrong, where in that.
    pub place: Place,
    /// What is wrong.
    pub kind: TemplateErrorKind,
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateErrorKind {
    /// The text is no template.
    #[error("invalid template: {0}")]
    Syntax(String),
    /// Blocks and parentheses go too deep.
    #[error("more than {limit} blocks inside each other")]
    TooDeep {
        /// How many may be.
        limit: usize,
    },
    /// A helper is used that does not exist.
    #[error("there is no helper `{name}`")]
    UnknownHelper {
        /// Its name.
        name: String,
        /// What may be meant.
        suggestion: Option<String>,
    },
    /// A partial is included that does not exist.
    #[error("there is no template `{name}`")]
    UnknownPartial {
        /// Its name.
        name: String,
        /// What may be meant.
        suggestion: Option<String>,
    },
    /// The name of a partial is computed.
    #[error("the name of an included template must be written out")]
    ComputedPartial,
    /// A template includes itself.
    #[error("a template includes itself: {}", .chain.join(" → "))]
    Cycle {
        /// The templates on the way round.
        chain: Vec<String>,
    },
    /// A name is not set.
    #[error("`{}` is not set", .0.name)]
    NotSet(Box<NotSet>),
    /// A list or map stands where text is printed.
    #[error("`{name}` is {what}, which cannot be printed as it is")]
    NotText {
        /// The name, or the helper that returned it.
        name: String,
        /// `a list` or `a map`.
        what: &'static str,
    },
    /// A helper does not take what it was given.
    #[error("{0}")]
    Argument(String),
    /// What was rendered is not YAML.
    #[error("the template renders to text that is not YAML: {0}")]
    NotYaml(String),
}

/// A name that is not set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotSet {
    /// The name, as it is written.
    pub name: String,
    /// The name that may be meant.
    pub suggestion: Option<String>,
    /// The keys that would lead to the value in the data; none if it would be no part of them.
    pub keys: Vec<String>,
    /// How many of these are there.
    pub known: usize,
    /// Where the rest is set.
    pub note: Option<String>,
    /// Where the value that may be meant is set.
    pub near: Option<String>,
    /// Where it can be set.
    pub home: Option<String>,
}

impl NotSet {
    fn hint(&self) -> String {
        let NotSet { name, home, .. } = self;
        let near = self.near.as_ref().map_or_else(String::new, |place| format!(" ({place})"));
        let near = self.suggestion.as_ref().map(|name| format!("did you mean `{name}`{near}?"));
        match (near, home) {
            (Some(near), Some(home)) => format!("{near} Otherwise set {home}"),
            (Some(near), None) => near,
            (None, home) => {
                let home = home.as_deref().unwrap_or("it in config");
                format!("set {home}, or ask for it with `(has \"{name}\")` or `(default {name} …)`")
            }
        }
    }
}

impl TemplateErrorKind {
    /// Returns what is known beyond that.
    pub fn note(&self) -> Option<&str> {
        match self {
            Self::NotSet(not_set) => not_set.note.as_deref(),
            _ => None,
        }
    }

    /// Returns what to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownHelper { suggestion, .. } | Self::UnknownPartial { suggestion, .. } => {
                suggestion.as_ref().map(|name| format!("did you mean `{name}`?"))
            }
            Self::NotSet(not_set) => Some(not_set.hint()),
            Self::NotText { name, .. } => {
                Some(format!("write it as `{{{{yaml {name}}}}}` or `{{{{json {name}}}}}`"))
            }
            Self::Syntax(_)
            | Self::TooDeep { .. }
            | Self::ComputedPartial
            | Self::Cycle { .. }
            | Self::Argument(_)
            | Self::NotYaml(_) => None,
        }
    }
}

impl TemplateError {
    /// An error at a place of a file.
    pub(super) fn at(file: &TemplateFile, (line, column): (usize, usize), kind: TemplateErrorKind) -> Self {
        let position = Some(Position { line, column });
        Self { place: Place { file: file.shown.clone(), position, text: Arc::clone(&file.text) }, kind }
    }

    /// A file that cannot be parsed.
    pub(super) fn of_parsing(file: &TemplateFile, err: &ParseError) -> Self {
        let (line, column) = err.pos().unwrap_or((1, 1));
        let after = file.text.lines().skip(line.saturating_sub(1)).collect::<Vec<_>>().join("\n");
        let message = match err.reason() {
            TemplateErrorReason::MismatchingClosedHelper(opened, closed)
            | TemplateErrorReason::MismatchingClosedDecorator(opened, closed) => {
                format!("`{opened}` is open, but `{closed}` is closed")
            }
            // The crate lists the rules of its grammar, which tells nobody anything.
            TemplateErrorReason::InvalidSyntax(_) if after.chars().nth(column).is_none() => {
                "a tag or a block is not closed".to_owned()
            }
            TemplateErrorReason::InvalidSyntax(_) => "this cannot stand here".to_owned(),
            reason => reason.to_string(),
        };
        Self::at(file, (line, column), TemplateErrorKind::Syntax(message))
    }

    /// A file that cannot be rendered.
    pub(super) fn of_rendering(file: &TemplateFile, err: &RenderError) -> Self {
        let place = (err.line_no.unwrap_or(1), err.column_no.unwrap_or(1));
        Self::at(file, place, kind(err.reason()))
    }

    /// A file whose output is not YAML, in the document after `before` lines.
    pub(super) fn of_output(file: &TemplateFile, output: String, before: usize, err: &goyaml::Error) -> Self {
        let column = err.column().unwrap_or(1);
        let position = err.line().map(|line| Position { line: before + line, column });
        Self {
            place: Place { file: format!("{} (output)", file.shown), position, text: output.into() },
            kind: TemplateErrorKind::NotYaml(err.to_string()),
        }
    }
}

/// The crate's reason as ours; our own come back as they were thrown.
fn kind(reason: &RenderErrorReason) -> TemplateErrorKind {
    match reason {
        RenderErrorReason::NestedError(err) => match err.downcast_ref::<TemplateErrorKind>() {
            Some(kind) => kind.clone(),
            None => TemplateErrorKind::Argument(err.to_string()),
        },
        RenderErrorReason::ParamNotFoundForIndex(helper, index) => {
            TemplateErrorKind::Argument(format!("`{helper}` lacks argument {}", index + 1))
        }
        reason => TemplateErrorKind::Argument(reason.to_string()),
    }
}
