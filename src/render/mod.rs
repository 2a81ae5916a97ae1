//! Renders the components of resolved trees into manifests.
//!
//! Components do not depend on each other, so they are rendered in parallel and
//! their results are put back in order. Hooks are the exception: where there are
//! some, the levels of the tree are gone through from the top, a level's
//! components with hooks one after another, so that a hook finds what the hooks
//! above it made.
//!
//! Invariant: the same input gives the same text and the same messages in the
//! same order, with any number of threads.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::config::Environment;
use crate::definition::{Generator, Places, place, place_of};
use crate::document::Step;
use crate::error::{Error, Failure, Place, Position, Warning};
use crate::generate::{Blame, Event, OutputLine};
use crate::hooks::{HookRun, Moment};
use crate::output::{Manifest, OutputTree, Varying};
use crate::project::RenderingSettings;
use crate::resolve::{ResolvedComponent, ResolvedTree};

mod folder;
pub mod handlebars;
mod helm;
mod inspection;
mod namespace;
mod static_manifests;
mod templates;

pub use self::helm::{ChartSettings, World};
pub(crate) use self::inspection::{Inspection, ValuesReader};

/// What one component renders to.
#[derive(Debug, Default)]
struct Text {
    /// The manifest.
    text: Vec<u8>,
    /// How many resources it holds.
    resources: usize,
    /// What is odd.
    warnings: Vec<Warning>,
    /// Lines that are different in every run, if somebody wants to know.
    varying: Vec<Varying>,
    /// Definitions of custom resources that come with it and are not written, if somebody wants to know.
    definitions: Vec<String>,
}

impl Text {
    /// Adds a file as Fabrikate does: behind a separator and with a line end after it.
    fn push(&mut self, content: &[u8]) {
        self.text.extend_from_slice(b"---\n");
        self.text.extend_from_slice(content);
        self.text.push(b'\n');
        self.resources += count_documents(content);
    }
}

/// Finds a line (from 1) in texts that were joined by [`Text::push`]: which of them, and which line from 1.
fn line_in<'t>(texts: impl IntoIterator<Item = &'t [u8]>, line: usize) -> Option<(usize, usize)> {
    let mut left = line;
    for (at, text) in texts.into_iter().enumerate() {
        // A separator is before it, and a line end behind it, which makes a line if it ends in one itself.
        let lines = text.iter().filter(|byte| **byte == b'\n').count() + 1;
        if left <= lines + 1 {
            return left.checked_sub(1).filter(|left| *left > 0).map(|left| (at, left));
        }
        left -= lines + 1;
    }
    None
}

/// Returns where a line of a file is; none if it has not as many.
fn line_of(file: String, text: &str, line: usize) -> Option<Place> {
    let content = text.lines().nth(line.checked_sub(1)?)?;
    let column = content.chars().take_while(|c| c.is_whitespace()).count() + 1;
    Some(Place { file, position: Some(Position { line, column }), text: text.into() })
}

/// Counts the documents that hold more than comments, without reading them as YAML.
pub(crate) fn count_documents(text: &[u8]) -> usize {
    let mut count = 0;
    let mut counted = false;
    for line in text.split(|byte| *byte == b'\n') {
        if line.starts_with(b"---") {
            counted = false;
        } else if !counted && line.trim_ascii().first().is_some_and(|first| *first != b'#') {
            counted = true;
            count += 1;
        }
    }
    count
}

/// Where a line of a manifest comes from.
#[derive(Debug, Clone)]
pub enum LineSource {
    /// Lines of templates made it.
    Template(Blame),
    /// It is a line of a file, as it is.
    File(Place),
    /// `fab` wrote it, for this reason.
    Own(&'static str),
    /// That cannot be found out.
    Unknown,
}

/// Why there are lines that are in no file.
const SEPARATOR: &str = "it parts manifests";

/// What becomes of one component: its text, or all that went wrong.
type Outcome = Result<Text, Vec<Arc<Error>>>;

/// What becomes of the trees of a run.
pub(crate) struct Rendering {
    /// The output of each tree; complete only if nothing failed.
    pub(crate) outputs: Vec<OutputTree>,
    /// What failed.
    pub(crate) failures: Vec<Failure>,
    /// What is odd.
    pub(crate) warnings: Vec<Warning>,
}

/// All that rendering needs beside the components.
pub(crate) struct Renderer<'a> {
    root: &'a Path,
    /// What of the tree is elsewhere.
    places: &'a Places,
    shown: &'a str,
    /// The output folder without links; none if there is none yet.
    output: Option<PathBuf>,
    settings: &'a ChartSettings,
    rendering: &'a RenderingSettings,
    /// Whether lines that are different in every run are looked for.
    compares: bool,
    /// Whether the definitions that charts bring along are kept, if they are not written.
    keeps_definitions: bool,
    /// Whether hooks have run before, and do not once more.
    hooks_ran: bool,
    charts: helm::Charts,
}

impl<'a> Renderer<'a> {
    /// Renders what is in `root`, which messages name `shown`, and in `places`; `output` is no input. The first
    /// settings are stronger than the second.
    pub(crate) fn new(
        (root, shown, places): (&'a Path, &'a str, &'a Places),
        output: &Path,
        (settings, rendering): (&'a ChartSettings, &'a RenderingSettings),
        (compares, keeps_definitions): (bool, bool),
    ) -> Self {
        let output = output.canonicalize().ok();
        let charts = helm::Charts::new();
        let hooks_ran = false;
        Renderer {
            root,
            shown,
            places,
            output,
            settings,
            rendering,
            compares,
            keeps_definitions,
            hooks_ran,
            charts,
        }
    }

    /// Returns what renders a definition once more, whose hooks have run.
    pub(crate) fn again(self) -> Self {
        Renderer { hooks_ran: true, ..self }
    }

    /// Renders every component of every tree.
    pub(crate) fn trees(&self, trees: &[ResolvedTree], heard: &(dyn Fn(Event) + Sync)) -> Rendering {
        let hooked = trees.iter().flat_map(|tree| &tree.components).any(|one| self.has_hooks(one));
        let outcomes: Vec<Vec<Option<Outcome>>> = if hooked {
            trees.iter().map(|tree| self.by_level(tree, heard)).collect()
        } else {
            let of_tree = |tree: &ResolvedTree| {
                let components = tree.components.par_iter();
                components.map(|component| Some(self.one(component, &tree.environment, heard))).collect()
            };
            trees.par_iter().map(of_tree).collect()
        };
        let mut rendering = Rendering { outputs: Vec::new(), failures: Vec::new(), warnings: Vec::new() };
        for (tree, outcomes) in trees.iter().zip(outcomes) {
            rendering.add(tree, outcomes);
        }
        rendering
    }

    /// Renders level after level; after a failure the levels below are left out, as their hooks may need it.
    fn by_level(&self, tree: &ResolvedTree, heard: &(dyn Fn(Event) + Sync)) -> Vec<Option<Outcome>> {
        let mut outcomes: Vec<Option<Outcome>> = tree.components.iter().map(|_| None).collect();
        let levels = tree.components.iter().map(|component| component.level + 1).max().unwrap_or(0);
        for level in 0..levels {
            let at_level = |hooked: bool| {
                let numbered = tree.components.iter().enumerate();
                let wanted =
                    numbered.filter(move |(_, one)| one.level == level && self.has_hooks(one) == hooked);
                wanted.collect::<Vec<_>>()
            };
            for (at, component) in at_level(true) {
                outcomes[at] = Some(self.with_hooks(component, &tree.environment, heard));
            }
            let rest = at_level(false).into_par_iter();
            let rest: Vec<(usize, Outcome)> =
                rest.map(|(at, component)| (at, self.one(component, &tree.environment, heard))).collect();
            for (at, outcome) in rest {
                outcomes[at] = Some(outcome);
            }
            if outcomes.iter().flatten().any(Result::is_err) {
                break;
            }
        }
        outcomes
    }

    fn has_hooks(&self, component: &ResolvedComponent) -> bool {
        !self.hooks_ran && component.hooked().has_any(Moment::GENERATE)
    }

    fn with_hooks(
        &self,
        component: &ResolvedComponent,
        environment: &Environment,
        heard: &(dyn Fn(Event) + Sync),
    ) -> Outcome {
        let ran = |run: HookRun| heard(Event::Hook(run));
        let run = |moment| {
            component
                .hooked()
                .run(moment, &self.on_disk(&component.folder), &ran)
                .map_err(|err| vec![Arc::new(err)])
        };
        run(Moment::BeforeGenerate)?;
        let text = self.one(component, environment, heard)?;
        run(Moment::AfterGenerate)?;
        Ok(text)
    }

    fn one(
        &self,
        component: &ResolvedComponent,
        environment: &Environment,
        heard: &(dyn Fn(Event) + Sync),
    ) -> Outcome {
        let outcome = self.text(component, environment);
        heard(Event::Rendered);
        outcome
    }

    fn text(&self, component: &ResolvedComponent, environment: &Environment) -> Outcome {
        match component.own.component.generator {
            Generator::Static => static_manifests::render(self, component).map_err(|err| vec![Arc::new(err)]),
            Generator::Helm => helm::render(self, component, environment).map_err(|err| vec![err]),
            Generator::Handlebars => templates::render(self, component, environment)
                .map_err(|errors| errors.into_iter().map(Arc::new).collect()),
            // Resolving refuses unknown types.
            Generator::Component | Generator::Unknown(_) => Ok(Text::default()),
        }
    }

    /// Renders a component, without its hooks.
    pub(crate) fn manifest(
        &self,
        component: &ResolvedComponent,
        environment: &Environment,
    ) -> Result<Vec<u8>, Vec<Arc<Error>>> {
        self.text(component, environment).map(|text| text.text)
    }

    /// Returns where each of these lines (from 1) of what a component renders to comes from.
    pub(crate) fn sources(
        &self,
        component: &ResolvedComponent,
        environment: &Environment,
        (text, wanted): (&str, &[usize]),
    ) -> Result<Vec<LineSource>, Vec<Arc<Error>>> {
        match component.own.component.generator {
            Generator::Static => Ok(static_manifests::sources(self, component, wanted)),
            Generator::Helm => {
                helm::sources(self, component, environment, (text, wanted)).map_err(|err| vec![err])
            }
            Generator::Handlebars => templates::sources(self, component, environment, wanted)
                .map_err(|errors| errors.into_iter().map(Arc::new).collect()),
            Generator::Component | Generator::Unknown(_) => Ok(vec![LineSource::Unknown; wanted.len()]),
        }
    }

    /// Returns what the templates of a chart look up in the values of its component, and where; none of what is no chart
    /// or cannot be rendered.
    pub(crate) fn reads(
        &self,
        component: &ResolvedComponent,
        environment: &Environment,
    ) -> Option<Vec<(Vec<Step>, Place)>> {
        let is_chart = component.own.component.generator == Generator::Helm;
        is_chart.then(|| helm::reads(self, component, environment).ok())?
    }

    /// Returns the chart of a component; none if it has none.
    pub(crate) fn chart(&self, component: &ResolvedComponent) -> Option<Result<::helm::Chart, Arc<Error>>> {
        let is_chart = component.own.component.generator == Generator::Helm;
        is_chart.then(|| self.charts.load(self, component))
    }

    /// Returns what made lines of a component's output; nothing of what is no chart.
    pub(crate) fn blame(
        &self,
        component: &ResolvedComponent,
        environment: &Environment,
        wanted: &[&OutputLine],
    ) -> Vec<Blame> {
        let is_chart = component.own.component.generator == Generator::Helm;
        let found = is_chart.then(|| helm::blame(self, component, environment, wanted));
        // It was rendered before, so that is not where an error is told.
        found.and_then(Result::ok).unwrap_or_default()
    }

    /// Renders a component, and finds out which of its values are read.
    pub(crate) fn inspect(
        &self,
        component: &ResolvedComponent,
        environment: &Environment,
    ) -> Result<Inspection, Vec<Arc<Error>>> {
        match component.own.component.generator {
            Generator::Helm => helm::inspect(self, component, environment).map_err(|err| vec![err]),
            Generator::Handlebars => templates::inspect(self, component, environment),
            Generator::Static | Generator::Component | Generator::Unknown(_) => {
                let text = self.text(component, environment)?;
                let files = static_manifests::files(self, component);
                Ok(Inspection { files, ..Inspection::without_reader(text, &component.values) })
            }
        }
    }

    /// Returns the output folder as seen from a folder that it is in.
    fn output_below(&self, folder: &Path) -> Option<PathBuf> {
        let real = folder.canonicalize().ok()?;
        self.output.as_ref()?.strip_prefix(real).ok().map(|relative| folder.join(relative))
    }

    /// Returns where a path of the tree is.
    pub(crate) fn on_disk(&self, path: &str) -> PathBuf {
        let path = place_of(self.root, self.places, path);
        if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
    }

    /// Returns a path of the tree as the user would type it.
    pub(crate) fn show(&self, path: &str) -> String {
        place::show(self.shown, path)
    }
}

impl Rendering {
    fn add(&mut self, tree: &ResolvedTree, outcomes: Vec<Option<Outcome>>) {
        let environment = tree.environment.to_string();
        let mut output = OutputTree {
            environment: environment.clone(),
            folder: tree.environment.folder(),
            files: Default::default(),
            definitions: Vec::new(),
        };
        for (component, outcome) in tree.components.iter().zip(outcomes) {
            match outcome {
                Some(Ok(Text { text, resources, warnings, varying, definitions })) => {
                    output.definitions.extend(definitions);
                    let manifest = Manifest { component: component.path.clone(), text, resources, varying };
                    output.files.insert(component.output.clone(), manifest);
                    self.warnings.extend(warnings);
                }
                Some(Err(errors)) => self.failures.extend(errors.into_iter().map(|error| Failure {
                    component: component.path.clone(),
                    environments: vec![environment.clone()],
                    error,
                })),
                None => {}
            }
        }
        self.outputs.push(output);
    }
}

#[cfg(test)]
mod tests {
    use super::count_documents;

    #[track_caller]
    fn check(text: &str, want: usize) {
        assert_eq!(count_documents(text.as_bytes()), want, "{text:?}");
    }

    #[test]
    fn a_document_with_content_is_a_resource() {
        check("a: 1\n---\n---\nb: 1\n", 2);
        check("# nothing\n\n---\n\n", 0);
        check("", 0);
        check("---\r\n{\"a\": 1}\r\n", 1);
    }
}
