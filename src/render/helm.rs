//! Helm components: a chart, rendered in-process.
//!
//! The output is Fabrikate's to the byte. It cuts what `helm template` prints at
//! every `\n---`, wherever that stands, leaves out what is no map or an empty
//! one, and puts its own separator before each piece.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use goyaml::{Mapping, Value};
use helm::values::YamlError;
use helm::{Chart, Engine, Env, LoadError, Mode, Release, RenderOptions, RenderedLine, Seed, Source};

use super::inspection::{Inspection, ValuesReader};
use super::namespace::Injector;
use super::{LineSource, Renderer, SEPARATOR, Text};
use crate::config::Environment;
use crate::definition::{Method, place};
use crate::document::Step;
use crate::error::{Error, Place, Position, Warning, WarningKind};
use crate::generate::{Blame, OutputLine};
use crate::insight::{Cause, Shown, near_name, steps};
use crate::output::Varying;
use crate::project::RenderSettings;
use crate::resolve::ResolvedComponent;

/// What templates can learn of the world around them.
#[derive(Debug, Clone)]
pub struct World {
    /// The moment that they see as now.
    pub now: SystemTime,
    /// The time zone; one that nobody knows is UTC, as in Go.
    pub zone: String,
    /// What all randomness grows from.
    pub seed: Seed,
    /// What of this is the user's choice and the same in every run.
    pub fixed: Vec<Source>,
}

/// What charts are told, and how they are rendered.
pub struct ChartSettings {
    /// What is stronger than `fab.yaml`.
    pub settings: RenderSettings,
    /// Clock and randomness; a clock that is fixed is stronger than `fab.yaml`, too.
    pub world: World,
}

impl World {
    /// Returns a world in which nothing happens, for what is not written anywhere.
    pub(crate) fn still() -> Self {
        let fixed = vec![Source::Randomness, Source::Clock];
        World { now: SystemTime::UNIX_EPOCH, zone: String::new(), seed: Seed::from([0; 32]), fixed }
    }

    /// Returns clock and randomness as charts take them.
    pub fn env(&self) -> Env {
        let env = || Env::new(self.now, self.seed.clone());
        let env = env().in_zone(&self.zone).unwrap_or_else(env);
        self.fixed.iter().fold(env, |env, source| env.with_fixed(*source))
    }

    /// Returns the world of an environment: what is random in one tells nothing of another's.
    fn of(&self, environment: &Environment) -> World {
        World { seed: self.seed.of_place(&[&environment.to_string()]), ..self.clone() }
    }

    /// Returns the world at a moment, unless its clock is fixed.
    fn at(mut self, moment: Option<SystemTime>) -> World {
        if let Some(moment) = moment.filter(|_| !self.fixed.contains(&Source::Clock)) {
            self.now = moment;
            self.fixed.push(Source::Clock);
        }
        self
    }
}

/// The charts of a run, each loaded once, and the templates parsed from them.
pub(super) struct Charts {
    engine: Engine,
    loaded: Mutex<BTreeMap<String, Arc<Slot>>>,
}

type Slot = OnceLock<Result<Chart, Arc<Error>>>;

/// Calls `with` with the chart of a component, its values and how it is rendered.
fn with_chart<T>(
    renderer: &Renderer<'_>,
    component: &ResolvedComponent,
    environment: &Environment,
    with: impl FnOnce(&Shown<'_>, &Mapping, &RenderOptions<'_>, bool) -> Result<T, Arc<Error>>,
) -> Result<T, Arc<Error>> {
    let chart = renderer.charts.load(renderer, component)?;
    let path = renderer.show(&component.input);
    let setter = |keys: &[String]| component.setter(keys).map(|place| place.to_string());
    let home = |keys: &[String]| component.place_to_set(keys);
    let shown = Shown { chart: &chart, path: &path, setter: &setter, home: &home };
    let namespace = component.namespace.as_deref().unwrap_or("default");
    let settings = renderer.rendering.of(environment, &component.path);
    let settings = renderer.settings.settings.clone().or(&settings);
    let writes_crds = settings.include_crds.unwrap_or(false);
    let options = RenderOptions {
        engine: &renderer.charts.engine,
        env: &renderer.settings.world.of(environment).at(settings.seed_date).env(),
        release: Release::new(component.name(), namespace),
        capabilities: settings.capabilities(),
        include_crds: writes_crds || renderer.keeps_definitions,
        skip_schema_validation: false,
        mode: Mode::Normal,
    };
    let mut values = component.values.clone();
    values.values_mut().for_each(helm::values::numbers_to_floats);
    with(&shown, &values, &options, writes_crds)
}

/// Renders the chart of a component.
pub(super) fn render(
    renderer: &Renderer<'_>,
    component: &ResolvedComponent,
    environment: &Environment,
) -> Result<Text, Arc<Error>> {
    with_chart(renderer, component, environment, |shown, values, options, writes_crds| {
        rendered(renderer, component, (shown, values, options), writes_crds)
    })
}

fn rendered(
    renderer: &Renderer<'_>,
    component: &ResolvedComponent,
    (shown, values, options): (&Shown<'_>, &Mapping, &RenderOptions<'_>),
    writes_crds: bool,
) -> Result<Text, Arc<Error>> {
    let rendered = helm::template(shown.chart, values, options);
    let rendered = rendered.map_err(|err| failure(shown, values, options, err))?;
    text_of(renderer, component, (shown, values, options), rendered, writes_crds)
}

fn failure(shown: &Shown<'_>, values: &Mapping, options: &RenderOptions<'_>, err: helm::Error) -> Error {
    let mut cause = shown.cause(helm::diagnose(&err, shown.chart, values, options));
    cause.place.get_or_insert_with(|| Place::file(shown.path));
    Error::Chart { cause: Box::new(cause), source: Box::new(err) }
}

/// Makes the text of a component of what its chart was rendered to.
fn text_of(
    renderer: &Renderer<'_>,
    component: &ResolvedComponent,
    (shown, values, options): (&Shown<'_>, &Mapping, &RenderOptions<'_>),
    mut rendered: helm::Rendered,
    writes_crds: bool,
) -> Result<Text, Arc<Error>> {
    let chart = shown.chart;
    let definitions = if writes_crds { Vec::new() } else { std::mem::take(&mut rendered.crds) };
    let injected = component.namespace.as_deref().filter(|_| component.inject_namespace);
    let mut text = pieces(&rendered.to_text(), injected)?;
    text.definitions =
        definitions.iter().map(|file| String::from_utf8_lossy(&file.content).into_owned()).collect();
    let reached = helm::reached(chart, values, options, &rendered);
    text.warnings.extend(shown.warnings(&reached));
    if renderer.compares {
        let render = |env: &Env| {
            let rendered = helm::template(chart, values, &RenderOptions { env, ..options.clone() }).ok()?;
            pieces(&rendered.to_text(), injected).ok()
        };
        text.varying = reached
            .iter()
            .filter_map(|chance| {
                let other = render(&options.env.differing_at([&chance.of]))?;
                let lines = different_lines(&text.text, &other.text)?;
                Some(Varying { lines, function: chance.of.function, place: shown.chance_place(chance) })
            })
            .collect();
    }
    let warnings = chart.warnings.iter().chain(&rendered.warnings);
    text.warnings.extend(warnings.map(|warning| plain(WarningKind::Chart(warning.clone()))));
    Ok(text)
}

/// Renders the chart of a component, and finds out which of its values are read.
pub(super) fn inspect(
    renderer: &Renderer<'_>,
    component: &ResolvedComponent,
    environment: &Environment,
) -> Result<Inspection, Arc<Error>> {
    with_chart(renderer, component, environment, |shown, values, options, writes_crds| {
        let usage = helm::usage(shown.chart, values, options);
        let usage = usage.map_err(|err| failure(shown, values, options, err))?;
        let text = text_of(renderer, component, (shown, values, options), usage.rendered, writes_crds)?;
        let reader = ValuesReader::Chart(Box::new(shown.chart.clone()));
        Ok(Inspection { unread: usage.unread, read: usage.read, ..Inspection::of(text, reader) })
    })
}

/// Returns what made each of these lines of a component's output.
pub(super) fn blame(
    renderer: &Renderer<'_>,
    component: &ResolvedComponent,
    environment: &Environment,
    wanted: &[&OutputLine],
) -> Result<Vec<Blame>, Arc<Error>> {
    with_chart(renderer, component, environment, |shown, values, options, _| {
        let lines: Vec<(&str, usize)> = wanted.iter().map(|line| (&*line.text, line.line)).collect();
        Ok(blame_lines(&lines, (shown, values, options)))
    })
}

/// Returns what the templates of a component look up in its values, and where.
pub(super) fn reads(
    renderer: &Renderer<'_>,
    component: &ResolvedComponent,
    environment: &Environment,
) -> Result<Vec<(Vec<Step>, Place)>, Arc<Error>> {
    with_chart(renderer, component, environment, |shown, values, options, _| {
        let reads = helm::reads(shown.chart, values, options).into_iter();
        Ok(reads.map(|(path, site)| (steps(path), shown.place(site))).collect())
    })
}

fn blame_lines(
    wanted: &[(&str, usize)],
    (shown, values, options): (&Shown<'_>, &Mapping, &RenderOptions<'_>),
) -> Vec<Blame> {
    let documents: Vec<_> = wanted.iter().map(|(text, line)| document_of(text, *line)).collect();
    let lines: Vec<RenderedLine<'_>> = documents.iter().map(rendered_line).collect();
    let traces = helm::blame(&lines, shown.chart, values, options).into_iter();
    traces.map(|trace| shown.blame(trace)).collect()
}

/// The template of a document, its lines, and one of them.
type DocumentLine<'t> = (String, Vec<&'t str>, usize);

fn rendered_line<'d>(document: &'d Option<DocumentLine<'_>>) -> RenderedLine<'d> {
    match document {
        Some((path, document, line)) => RenderedLine { path, document, line: *line },
        None => RenderedLine { path: "", document: &[], line: 0 },
    }
}

/// Returns where each of these lines (from 1) of a component's output comes from.
pub(super) fn sources(
    renderer: &Renderer<'_>,
    component: &ResolvedComponent,
    environment: &Environment,
    (text, wanted): (&str, &[usize]),
) -> Result<Vec<LineSource>, Arc<Error>> {
    with_chart(renderer, component, environment, |shown, values, options, _| {
        let failed = |err| Error::Chart { cause: Box::default(), source: Box::new(err) };
        let output = helm::template(shown.chart, values, options).map_err(failed)?;
        let plain = pieces(&output.to_text(), None)?.text;
        let plain = String::from_utf8_lossy(&plain);
        let counterparts = counterparts(text, &plain);
        let lines: Vec<(&str, usize)> = wanted
            .iter()
            .map(|line| (&*plain, counterparts.get(line - 1).copied().flatten().map_or(0, |at| at + 1)))
            .collect();
        let blames = blame_lines(&lines, (shown, values, options));
        let source = |((_, line), blame): (&(&str, usize), Blame)| line_source(shown, (&plain, *line), blame);
        Ok(lines.iter().zip(blames).map(source).collect())
    })
}

fn line_source(shown: &Shown<'_>, (text, line): (&str, usize), blame: Blame) -> LineSource {
    let Some(content) = line.checked_sub(1).and_then(|at| text.lines().nth(at)) else {
        return LineSource::Own("`injectNamespace` puts the namespace of the component there");
    };
    if !blame.trail.is_empty() {
        return LineSource::Template(blame);
    }
    if content.starts_with("# Source: ") {
        return LineSource::Own("it names the template of what follows, as helm does");
    }
    let document = document_of(text, line);
    let file = document.as_ref().and_then(|(path, ..)| {
        let (_, path) = path.split_once('/')?;
        let text = shown.chart.text_of(path)?;
        let line = rendered_line(&document).find_in(&text.lines().collect::<Vec<_>>())? + 1;
        Some(shown.place(helm::Site { path: path.to_owned(), line, column: 1, text }))
    });
    match file {
        Some(place) => LineSource::File(place),
        None if content.starts_with("---") || content.trim().is_empty() => LineSource::Own(SEPARATOR),
        None => LineSource::Unknown,
    }
}

/// Finds for each line of a text into which namespaces were put the line that it was; none for what is new.
fn counterparts(text: &str, plain: &str) -> Vec<Option<usize>> {
    let plain: Vec<&str> = plain.lines().collect();
    let lines: Vec<&str> = text.lines().collect();
    let mut at = 0;
    let counterpart = |(number, line): (usize, &&str)| {
        let is_same = plain.get(at) == Some(line);
        let is_new = !is_same && lines.get(number + 1).is_some_and(|next| plain.get(at) == Some(next));
        // A line that was changed has a namespace in it that was not there.
        let counterpart = is_same.then_some(at);
        at += usize::from(!is_new);
        counterpart
    };
    lines.iter().enumerate().map(counterpart).collect()
}

/// Returns the template of a line, the lines of its document and which of them it is.
fn document_of(text: &str, line: usize) -> Option<DocumentLine<'_>> {
    let lines: Vec<&str> = text.lines().collect();
    let at = line.checked_sub(1)?;
    let source = lines.get(..at)?.iter().rposition(|line| line.starts_with("# Source: "))?;
    let below = &lines[source + 1..];
    let end = below.iter().position(|line| line.starts_with("---")).unwrap_or(below.len());
    let path = lines[source].trim_start_matches("# Source: ").trim_end().to_owned();
    Some((path, below[..end].to_vec(), at - source - 1))
}

/// Returns the lines in which two texts differ that have as many lines.
fn different_lines(one: &[u8], other: &[u8]) -> Option<BTreeSet<usize>> {
    let lines = |text: &'_ [u8]| text.split(|byte| *byte == b'\n').count();
    let pairs = one.split(|byte| *byte == b'\n').zip(other.split(|byte| *byte == b'\n'));
    let different = pairs.enumerate().filter(|(_, (one, other))| one != other).map(|(at, _)| at + 1);
    (lines(one) == lines(other)).then(|| different.collect())
}

impl Charts {
    pub(super) fn new() -> Self {
        Charts { engine: Engine::new(), loaded: Mutex::default() }
    }

    /// Loads a chart, or waits for whoever is loading it.
    pub(super) fn load(
        &self,
        renderer: &Renderer<'_>,
        component: &ResolvedComponent,
    ) -> Result<Chart, Arc<Error>> {
        let slot = {
            let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(loaded.entry(component.input.clone()).or_default())
        };
        slot.get_or_init(|| read(renderer, component).map_err(Arc::new)).clone()
    }
}

fn read(renderer: &Renderer<'_>, component: &ResolvedComponent) -> Result<Chart, Error> {
    let path = renderer.on_disk(&component.input);
    if path.exists() {
        let shown = renderer.show(&component.input);
        return helm::load(&path).map_err(|err| load_error(&path, &shown, err));
    }
    let (own, folder) = (&component.own, renderer.show(&component.input));
    if own.component.method == Method::Helm || own.component.is_folder_from_elsewhere() {
        let name = component.name().to_owned();
        return Err(Error::NotInstalled { name, folder, place: Some(own.place()) });
    }
    let suggestion = near_name(&path).map(|name| place::join(&[&folder, "..", &name]));
    Err(Error::NoChart { folder, place: own.place_of("path"), suggestion })
}

/// Returns the first chart in a folder that is none itself.
fn chart_in(folder: &Path) -> Option<String> {
    // A folder that cannot be read has no charts to tell of.
    let folders =
        fs::read_dir(folder).ok()?.flatten().filter(|entry| entry.path().join("Chart.yaml").is_file());
    folders.filter_map(|entry| entry.file_name().into_string().ok()).min()
}

/// Makes the error of a chart that cannot be loaded, with its place if that is its values file.
fn load_error(path: &Path, shown: &str, error: LoadError) -> Error {
    let mut place = Place::file(shown);
    if let LoadError::Values(YamlError::Document(yaml)) = &error {
        place.file = place::join(&[shown, "values.yaml"]);
        let position = |line| Position { line, column: yaml.column().unwrap_or(1) };
        place.position = yaml.line().map(position);
        // An archive has no file to show.
        place.text = fs::read_to_string(path.join("values.yaml")).unwrap_or_default().into();
    }
    let mut cause = Cause::at(place);
    if let LoadError::NoChartYaml { .. } = &error {
        cause.hint =
            chart_in(path).map(|name| format!("there is a chart in its folder `{name}`: add that to `path`"));
    }
    Error::Chart { cause: Box::new(cause), source: Box::new(error.into()) }
}

/// Cuts what `helm template` prints as Fabrikate does, and puts a namespace into each piece if one is given.
fn pieces(output: &str, namespace: Option<&str>) -> Result<Text, Error> {
    let mut text = Text::default();
    let mut documents = Vec::new();
    for piece in output.split("\n---") {
        match goyaml::from_str::<Value>(piece) {
            Ok(Value::Mapping(map)) if !map.is_empty() => documents.push((piece, map)),
            Ok(Value::Mapping(_) | Value::Null) => {}
            Ok(_) | Err(_) => {
                text.warnings.push(plain(WarningKind::DroppedDocument { excerpt: first_line(piece) }));
            }
        }
    }
    let injector =
        namespace.map(|namespace| Injector::new(namespace, documents.iter().map(|(_, data)| data)));
    text.text.reserve(output.len() + 5 * documents.len());
    text.resources = documents.len();
    for (piece, data) in documents {
        text.text.extend_from_slice(b"---\n");
        match &injector {
            Some(injector) => text.text.extend_from_slice(injector.inject(piece, &data)?.as_bytes()),
            None => text.text.extend_from_slice(piece.as_bytes()),
        }
        text.text.push(b'\n');
    }
    Ok(text)
}

/// Returns the first line that is neither blank nor a comment.
fn first_line(piece: &str) -> String {
    let mut lines = piece.lines().map(str::trim);
    let line = lines.find(|line| !line.is_empty() && !line.starts_with('#') && *line != "---");
    line.unwrap_or_default().to_owned()
}

fn plain(kind: WarningKind) -> Warning {
    Warning { place: None, kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(output: &str, want: &str, dropped: usize) {
        let text = pieces(output, None).unwrap();
        assert_eq!(String::from_utf8(text.text).unwrap(), want);
        assert_eq!(text.warnings.len(), dropped, "documents with a warning");
    }

    #[test]
    fn every_document_gets_a_separator_of_its_own() {
        check("---\na: 1\n---\nb: 2\n", "---\n---\na: 1\n---\n\nb: 2\n\n", 0);
    }

    #[test]
    fn empty_documents_are_left_out() {
        check("---\n# Source: x\n---\n{}\n---\na: 1\n", "---\n\na: 1\n\n", 0);
        check("", "", 0);
    }

    #[test]
    fn documents_that_are_no_maps_are_left_out_with_a_warning() {
        check("---\n- a\n---\ntext\n---\na: 1\n---\na: {\n", "---\n\na: 1\n", 3);
    }

    #[test]
    fn the_rest_of_a_separator_line_stays() {
        check("a: 1\n--- # c\nb: 2\n", "---\na: 1\n---\n # c\nb: 2\n\n", 0);
    }
}
