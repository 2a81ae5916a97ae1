//! Renders the templates of a chart: Helm's `engine` package.
//!
//! All files of the chart and its subcharts form one set. They are parsed, and
//! then rendered, in one order: the deepest paths first, each depth from the last
//! name to the first. So the definition of a parent replaces that of a subchart,
//! and what a template sets is seen by those that come later in that order.
//!
//! Invariant: a rendering changes nothing but its own values; what is parsed
//! depends on the text alone, so the cache may be shared by everyone.

mod error_text;
mod formats;
mod functions;
mod pretty;
mod toml;

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use gotmpl::{Exec, Functions, Lines, MissingKey, Parsed, Reads, Str, Templates, Value};

pub(crate) use formats::{json_value, to_yaml};
use functions::State;

use crate::chance::Chance;
use crate::manifest::base_name;
use crate::objects::{self, Renderable, Values};
use crate::render::{Mode, RenderOptions};
use crate::{Error, Prepared};

/// The name of the template that all others belong to; texts of `tpl` are parsed under it.
const ROOT_NAME: &str = "gotpl";

/// What charts are rendered with: the functions, and every text parsed so far.
///
/// Cloning is cheap and shares the parsed texts, also between threads.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    functions: Functions,
    parsed: Mutex<ParsedTexts>,
    patterns: sprig::Patterns,
}

/// Texts with what they were parsed to.
#[derive(Default)]
struct ParsedTexts {
    by_text: BTreeMap<Str, Parsed>,
    /// The length of all the texts.
    bytes: usize,
}

impl ParsedTexts {
    /// Texts kept, in bytes; templates that make up new ones forever start over.
    const KEPT: usize = 16 << 20;

    fn insert(&mut self, text: Str, parsed: Parsed) {
        if self.bytes > Self::KEPT {
            *self = ParsedTexts::default();
        }
        self.bytes += text.len();
        self.by_text.insert(text, parsed);
    }
}

impl Engine {
    /// Returns an engine that has parsed nothing yet.
    pub fn new() -> Self {
        let functions = Functions::new(&[sprig::FUNCTIONS, formats::FUNCTIONS, functions::FUNCTIONS]);
        Engine(Arc::new(Inner { functions, parsed: Mutex::default(), patterns: sprig::Patterns::default() }))
    }

    /// Parses a text under a name, or returns what it was parsed to before.
    fn parse(&self, name: &str, text: &[u8]) -> Result<Parsed, gotmpl::Error> {
        let lock = || self.0.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().by_text.get(text).cloned();
        if let Some(parsed) = known {
            return parsed.named(name);
        }
        // Parsed without the lock: that two threads may do it twice costs less than waiting.
        let text = Str::from(text);
        let parsed = Parsed::new(name, text.clone(), &self.0.functions)?;
        lock().insert(text, parsed.clone());
        Ok(parsed)
    }

    /// Returns the name of a release by a template with Sprig's functions and no data.
    ///
    /// # Errors
    ///
    /// What Go says of the template.
    pub fn name_from_template(&self, template: &str, env: &sprig::Env) -> Result<String, Error> {
        const NAME: &str = "name-template";
        let failed = |source: gotmpl::Error| Error::Template {
            message: source.to_string(),
            path: NAME.to_owned(),
            source,
        };
        env.enter(&[NAME]);
        let mut set = Templates::new(NAME);
        set.add(&self.parse(NAME, template.as_bytes()).map_err(failed)?);
        let options = gotmpl::Options { extensions: &[env], ..gotmpl::Options::default() };
        let text = Exec::new(&set, &self.0.functions, options).run(NAME, Value::Nil).map_err(failed)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// What templates render to.
pub(crate) struct Output {
    /// The texts by path.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Where they asked for the moment or for randomness.
    pub(crate) chances: Vec<Chance>,
}

/// Who listens to a rendering; nobody does unless somebody asks why it went as it did.
#[derive(Clone, Copy, Default)]
pub(crate) struct Recorders<'a> {
    pub(crate) lines: Option<&'a Lines>,
    pub(crate) reads: Option<&'a Reads>,
}

/// Renders every template of the chart.
pub(crate) fn render(
    prepared: &Prepared,
    options: &RenderOptions<'_>,
    recorders: Recorders<'_>,
) -> Result<Output, Error> {
    let mut files = objects::renderables(prepared, &options.release, &options.capabilities);
    files.sort_by(|a, b| order(&b.path).cmp(&order(&a.path)));
    let set = parse_all(&files, options.engine)?;
    let state = State { mode: options.mode, engine: options.engine.clone(), included: RefCell::default() };
    let extensions: [&dyn Any; 3] = [&state, options.env, &options.engine.0.patterns];
    let missing_key = if options.mode == Mode::Strict { MissingKey::Error } else { MissingKey::Zero };
    let exec_options = gotmpl::Options {
        missing_key,
        extensions: &extensions,
        lines: recorders.lines,
        reads: recorders.reads,
        ..gotmpl::Options::default()
    };
    let mut exec = Exec::new(&set, &options.engine.0.functions, exec_options);
    let mut output = Output { files: BTreeMap::new(), chances: Vec::new() };
    // What the release's name was made of is no part of a template.
    options.env.take_uses();
    for file in files.iter().filter(|file| !base_name(&file.path).starts_with('_')) {
        options.env.enter(&[&options.release.name, &options.release.namespace, &file.path]);
        let text = render_file(file, &mut exec)?;
        let chance = |of| Chance { path: file.path.clone(), of };
        output.chances.extend(options.env.take_uses().into_iter().map(chance));
        output.files.insert(file.path.clone(), text);
    }
    Ok(output)
}

fn parse_all(files: &[Renderable<'_>], engine: &Engine) -> Result<Templates, Error> {
    let mut set = Templates::new(ROOT_NAME);
    for file in files {
        let parsed = engine.parse(&file.path, file.text).map_err(|source| Error::Template {
            message: error_text::parse_error(&file.path, &source.to_string()),
            path: file.path.clone(),
            source,
        })?;
        set.add(&parsed);
    }
    Ok(set)
}

fn render_file(file: &Renderable<'_>, exec: &mut Exec<'_>) -> Result<Vec<u8>, Error> {
    file.scope.insert("Template", objects::template_object(&file.path, &file.base_path));
    match exec.run(&file.path, Values::value(file.scope.clone())) {
        Ok(text) => Ok(without_no_value(&text).unwrap_or(text)),
        Err(source) => Err(Error::Template {
            message: error_text::exec_error(&file.path, &source),
            path: file.path.clone(),
            source,
        }),
    }
}

/// Returns what parsed and rendered files are ordered by; the greatest comes first.
fn order(path: &str) -> (usize, &str) {
    (path.bytes().filter(|byte| *byte == b'/').count(), path)
}

/// Helm removes what Go prints for nil from the finished text, so a chart that
/// prints `<no value>` on purpose loses it too (helm 4.2). Returns nothing if nothing changes.
fn without_no_value(text: &[u8]) -> Option<Vec<u8>> {
    const NO_VALUE: &[u8] = b"<no value>";
    let mut matches = memchr::memmem::find_iter(text, NO_VALUE).peekable();
    matches.peek()?;
    let mut out = Vec::with_capacity(text.len());
    let mut end = 0;
    for start in matches {
        out.extend_from_slice(&text[end..start]);
        end = start + NO_VALUE.len();
    }
    out.extend_from_slice(&text[end..]);
    Some(out)
}

#[cfg(test)]
mod tests;
