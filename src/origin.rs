//! Which files set the values of a component, and what each of them would have been.
//!
//! Merging is not repeated here. Every value of every file is replaced by a mark and
//! the marks are merged by [`merge`] and by the chart's engine,
//! as the values were: a merge looks at which values are maps, lists and nulls only, so
//! a mark ends up where its value did. Then the marks that won are taken out of their
//! files, and the rest is merged again: who wins now was overridden before. That goes
//! on until no mark is left.
//!
//! Invariant: nothing is remembered while manifests are generated, and positions in
//! files are looked up for what is shown only by whoever asks for them.

use std::collections::BTreeSet;
use std::sync::Arc;

use goyaml::{Mapping, Value};
use helm::{Arranged, Chart, Defaults};

use crate::config::load::joined;
use crate::config::{Config, merge};
use crate::definition::fields::Fields;
use crate::definition::place;
use crate::document::{Document, Format, Step};
use crate::edit::path;
use crate::error::{Error, Place};
use crate::resolve::{ResolvedComponent, Say};

/// A value of a component, with all that has a say on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The keys that lead to it.
    pub keys: Vec<String>,
    /// The steps from there into a list, if only a part of that is meant.
    pub part: Vec<Step>,
    /// What it is in the end; none if it was taken away.
    pub value: Option<Value>,
    /// What set it, or took it away. A list that several files share has one for each of its items.
    pub set_by: Vec<Origin>,
    /// What would have set it otherwise, the strongest first.
    pub overrides: Vec<Origin>,
}

/// A place that sets a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// What kind of file that is.
    pub layer: SetIn,
    /// Where; the whole file until [`Origins::locate`] was asked.
    pub place: Place,
    /// What is written there; none for a path below `unset` or `replace`.
    pub value: Option<Value>,
    /// By which way it gets from there to a chart that sees it under other keys.
    pub through: Option<Through>,
    /// Its file among the documents, and the steps from the top of that.
    at: (usize, Vec<Step>),
}

/// What kind of file sets a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetIn {
    /// The config file of an environment or `common`, of the component itself or of one so many above it.
    Config {
        /// The name of the file.
        name: String,
        /// How many components are between.
        above: usize,
    },
    /// A file that such a config file names.
    ValuesFile {
        /// The name of the config file.
        name: String,
        /// How many components are between.
        above: usize,
    },
    /// The defaults of a chart; the keys that lead to it, if it is a subchart.
    Default(Vec<String>),
}

/// How a value gets to other keys than those that it was set under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through {
    /// Globals are copied into every subchart.
    Global,
    /// A chart takes it over by `import-values`.
    Import,
}

/// The files with a say on the values of a component.
pub struct Origins {
    documents: Vec<Document>,
    sources: Vec<Source>,
    layers: Vec<LayerSources>,
    /// Whether the values begin as an empty map, into which nulls are not merged.
    starts_empty: bool,
    chart: Option<Arranged>,
}

/// A map of values in a file.
struct Source {
    layer: SetIn,
    document: usize,
    /// The steps from the top of the file to the map.
    above: Vec<Step>,
    values: Mapping,
    /// The keys that lead to the map in the values of the component.
    names: Vec<String>,
}

/// What a config file adds.
struct LayerSources {
    /// Its own map.
    own: Option<usize>,
    /// Its files of values, in their order.
    files: Vec<usize>,
    /// The paths that it overrides, with the steps to where it says so.
    overridden: Vec<(Vec<String>, Vec<Step>)>,
    document: usize,
    layer: SetIn,
}

/// What stands for a value while marks are merged.
struct Mark {
    source: usize,
    /// The steps from the source's map to the value.
    steps: Vec<Step>,
    value: Value,
}

/// A merge of what is left of the sources.
type Tree = Mapping;

impl Origin {
    /// Returns the steps from the top of the file to the value.
    pub fn steps(&self) -> &[Step] {
        &self.at.1
    }
}

impl Setting {
    /// Returns one that says that nothing is there.
    pub(crate) fn absent(steps: &[Step]) -> Self {
        let keys = steps.iter().map_while(|step| match step {
            Step::Key(key) => Some(key.clone()),
            Step::Index(_) => None,
        });
        let keys: Vec<String> = keys.collect();
        let part = steps[keys.len()..].to_vec();
        Setting { keys, part, value: None, set_by: Vec::new(), overrides: Vec::new() }
    }

    /// Returns the keys as they are typed.
    pub fn key(&self) -> String {
        let keys = self.keys.iter().cloned().map(Step::Key);
        path::show(&keys.chain(self.part.iter().cloned()).collect::<Vec<_>>())
    }
}

impl Origins {
    /// Collects the files with a say on a component; those of its chart too if one is given, with the path that
    /// messages have for it.
    ///
    /// # Errors
    ///
    /// The values do not fit the chart's dependencies, or a file cannot be read any more.
    pub fn of(component: &ResolvedComponent, chart: Option<(&Chart, &str)>) -> Result<Self, Error> {
        let mut origins = Origins {
            documents: Vec::new(),
            sources: Vec::new(),
            layers: Vec::new(),
            starts_empty: component.level == 0,
            chart: None,
        };
        for say in &component.layers {
            origins.add_layer(say)?;
        }
        if let Some((chart, folder)) = chart {
            let arranged = Arranged::new(chart, &component.values).map_err(|error| failed(folder, error))?;
            for defaults in arranged.defaults() {
                let document = origins.add_document(of_chart(defaults, folder));
                origins.sources.push(Source {
                    layer: SetIn::Default(defaults.names.clone()),
                    document,
                    above: Vec::new(),
                    values: Mapping::clone(&defaults.values),
                    names: defaults.names.clone(),
                });
            }
            origins.chart = Some(arranged);
        }
        Ok(origins)
    }

    fn add_document(&mut self, document: Document) -> usize {
        self.documents.push(document);
        self.documents.len() - 1
    }

    fn add_layer(&mut self, say: &Say) -> Result<(), Error> {
        let (layer, names) = (say.layer(), say.names());
        let value = layer.document.value()?;
        let mut fields = Fields::new(&layer.document, Vec::new(), &value)?;
        for name in names {
            let steps = [fields.steps_to("subcomponents"), vec![Step::Key(name.clone())]].concat();
            let below = fields.map("subcomponents")?.and_then(|map| map.get(name));
            fields = Fields::new(&layer.document, steps, below.unwrap_or(&Value::Null))?;
        }
        let above = names.len();
        let set_in = || SetIn::Config { name: layer.name.clone(), above };
        let mut added = LayerSources {
            own: None,
            files: Vec::new(),
            overridden: Vec::new(),
            document: self.add_document(layer.document.share()),
            layer: set_in(),
        };
        if let Some(values) = fields.map("config")? {
            added.own = Some(self.sources.len());
            let above = fields.steps_to("config");
            self.sources.push(Source::new(set_in(), added.document, above, values.clone()));
        }
        // The last of the files is the strongest of them.
        let files: Vec<_> = layer.values_files.iter().filter(|file| file.names == names).collect();
        for file in files.iter().rev() {
            added.files.insert(0, self.sources.len());
            let values = file.document.value()?.as_mapping().cloned().unwrap_or_default();
            let set_in = SetIn::ValuesFile { name: layer.name.clone(), above };
            let document = self.add_document(file.document.share());
            self.sources.push(Source::new(set_in, document, Vec::new(), values));
        }
        let overriding = ["unset", "replace"].map(|field| {
            let count = fields.list(field).ok().flatten().map_or(0, <[Value]>::len);
            (0..count).map(|at| [fields.steps_to(field), vec![Step::Index(at)]].concat()).collect::<Vec<_>>()
        });
        let paths = say.config().map_or(&[][..], |config| config.overridden.as_slice());
        added.overridden = paths.iter().cloned().zip(overriding.concat()).collect();
        self.layers.push(added);
        Ok(())
    }

    /// Returns every value of the component, and those that a file takes away; in order of their keys.
    ///
    /// # Errors
    ///
    /// The values do not fit the chart's dependencies.
    pub fn settings(&self) -> Result<Vec<Setting>, Error> {
        let mut marks = Vec::new();
        let mark = |(at, source): (usize, &Source)| marked(&source.values, at, &mut Vec::new(), &mut marks);
        let mut left: Vec<Mapping> = self.sources.iter().enumerate().map(mark).collect();
        let mut trees = vec![self.merge(&left, true)?];
        // Each round takes at least one mark away.
        while let Some(won) = trees.last().map(marks_of).filter(|won| !won.is_empty()) {
            left.iter_mut().for_each(|values| take_out(values, &won));
            trees.push(self.merge(&left, false)?);
        }
        Ok(Found { origins: self, marks: &marks, trees: &trees }.settings())
    }

    /// Looks up where in their files these settings are set.
    pub fn locate(&self, settings: &mut [Setting]) {
        let mut origins: Vec<&mut Origin> = settings
            .iter_mut()
            .flat_map(|setting| setting.set_by.iter_mut().chain(&mut setting.overrides))
            .collect();
        for (number, document) in self.documents.iter().enumerate() {
            let mut own: Vec<&mut &mut Origin> =
                origins.iter_mut().filter(|origin| origin.at.0 == number).collect();
            let steps: Vec<Vec<Step>> = own.iter().map(|origin| origin.at.1.clone()).collect();
            let places = document.places(&steps.iter().map(Vec::as_slice).collect::<Vec<_>>());
            own.iter_mut().zip(places).for_each(|(origin, place)| origin.place = place);
        }
    }

    /// Returns the origin of a part of what an origin sets, located.
    pub(crate) fn part_of(&self, origin: &Origin, below: &[Step], value: Value) -> Origin {
        let at = (origin.at.0, [&origin.at.1, below].concat());
        Origin { place: self.documents[at.0].place(&at.1), value: Some(value), at, ..origin.clone() }
    }

    /// Merges what is left of the sources as their values were. What a file overrides counts the first time only:
    /// after that, what it overrode is what is looked for.
    fn merge(&self, left: &[Mapping], overriding: bool) -> Result<Tree, Error> {
        let mut merged = Config { values: self.starts_empty.then(Mapping::new), ..Config::default() };
        for layer in &self.layers {
            let own = layer.own.map(|at| left[at].clone());
            let files = layer.files.iter().map(|at| left[*at].clone()).collect();
            let paths = layer.overridden.iter().filter(|_| overriding).map(|(path, _)| path.clone());
            let config =
                Config { values: joined(own, files).0, overridden: paths.collect(), ..Config::default() };
            merge::merge(&mut merged, &config);
        }
        let values = merged.values.unwrap_or_default();
        let Some(chart) = &self.chart else { return Ok(values) };
        let defaults = self.sources.iter().zip(left).filter(|(source, _)| source.is_default());
        let defaults = defaults.map(|(_, left)| left.clone()).collect();
        chart.merge(&values, defaults).map_err(|error| failed("", error))
    }
}

fn failed(chart: &str, error: helm::Error) -> Error {
    let cause = crate::insight::Cause::at(Place::file(chart));
    Error::Chart { cause: Box::new(cause), source: Box::new(error) }
}

fn of_chart(defaults: &Defaults, folder: &str) -> Document {
    let text = String::from_utf8_lossy(&defaults.text).into_owned();
    let file = place::join(&[folder, &defaults.path]);
    Document { file, format: Format::Yaml, text: Arc::from(text) }
}

impl Source {
    fn new(layer: SetIn, document: usize, above: Vec<Step>, values: Mapping) -> Self {
        Source { layer, document, above, values, names: Vec::new() }
    }

    fn is_default(&self) -> bool {
        matches!(self.layer, SetIn::Default(_))
    }

    /// Returns what the source has under the keys of a value of the component.
    fn get<'v>(&'v self, keys: &[String]) -> Option<&'v Value> {
        let (first, rest) = keys.strip_prefix(self.names.as_slice())?.split_first()?;
        rest.iter().try_fold(self.values.get(first)?, |value, key| value.as_mapping()?.get(key))
    }
}

/// What was found out, to be put together.
struct Found<'a> {
    origins: &'a Origins,
    marks: &'a [Mark],
    /// What the sources merge to, then what is left of them without what won before.
    trees: &'a [Tree],
}

impl Found<'_> {
    fn settings(&self) -> Vec<Setting> {
        let Some((last, overridden)) = self.trees.split_first() else { return Vec::new() };
        let mut settings: Vec<Setting> =
            leaves(last).into_iter().map(|(keys, leaf)| self.setting(keys, leaf)).collect();
        for tree in overridden {
            for (keys, _) in leaves(tree) {
                if is_absent(last, &keys) && !settings.iter().any(|known| known.keys == keys) {
                    settings.extend(self.taken_away(keys));
                }
            }
        }
        settings.sort_by(|a, b| a.keys.cmp(&b.keys));
        settings
    }

    fn setting(&self, keys: Vec<String>, leaf: &Value) -> Setting {
        let set_by = self.origins_of(leaf, &keys);
        let value = Some(self.value_of(leaf));
        Setting { value, set_by, overrides: self.overrides(&keys), part: Vec::new(), keys }
    }

    fn overrides(&self, keys: &[String]) -> Vec<Origin> {
        let others = self.trees.iter().skip(1).filter_map(|tree| get(tree, keys));
        others.flat_map(|value| self.origins_of(value, keys)).collect()
    }

    /// Returns a value that is only there without what takes it away; none if nothing says that it should not be.
    fn taken_away(&self, keys: Vec<String>) -> Option<Setting> {
        let by = self.origins.taken_away_by(&keys)?;
        let (set_by, overrides) = (vec![by], self.overrides(&keys));
        Some(Setting { value: None, set_by, overrides, part: Vec::new(), keys })
    }

    /// Returns the value that a part of a tree stands for.
    fn value_of(&self, tree: &Value) -> Value {
        match tree {
            Value::Uint(mark) => self.mark(*mark).map_or(Value::Null, |mark| mark.value.clone()),
            Value::Sequence(_) => {
                let items = self.marks_in(tree).into_iter().filter(|mark| !mark.is_empty_list());
                Value::Sequence(items.map(|mark| mark.value.clone()).collect())
            }
            Value::Mapping(map) => {
                Value::Mapping(map.iter().map(|(key, value)| (key.clone(), self.value_of(value))).collect())
            }
            other => other.clone(),
        }
    }

    /// Returns the marks of a part of a tree; those of empty lists only if there is nothing else.
    fn marks_in(&self, tree: &Value) -> Vec<&Mark> {
        let marks: Vec<&Mark> = marks_in(tree).into_iter().filter_map(|mark| self.mark(mark)).collect();
        let full: Vec<&Mark> = marks.iter().copied().filter(|mark| !mark.is_empty_list()).collect();
        if full.is_empty() { marks } else { full }
    }

    fn mark(&self, number: u64) -> Option<&Mark> {
        self.marks.get(usize::try_from(number).ok()?)
    }

    /// Returns what set a part of a tree: for a list that several files share, what set each of its items.
    fn origins_of(&self, tree: &Value, keys: &[String]) -> Vec<Origin> {
        let marks = self.marks_in(tree);
        let Some(first) = marks.first() else {
            return self.origins.unmarked(tree, keys).into_iter().collect();
        };
        match tree {
            Value::Sequence(_) if first.is_empty_list() => {
                vec![self.origin(first.source, &first.steps, first.value.clone(), keys)]
            }
            Value::Sequence(_) if marks.iter().all(|mark| mark.is_beside(first)) => {
                let steps = &first.steps[..first.steps.len() - 1];
                vec![self.origin(first.source, steps, self.value_of(tree), keys)]
            }
            Value::Sequence(_) => {
                let origin = |mark: &&Mark| self.origin(mark.source, &mark.steps, mark.value.clone(), keys);
                marks.iter().map(origin).collect()
            }
            Value::Mapping(_) => {
                let steps = &first.steps[..first.steps.len().saturating_sub(self.depth(tree, first))];
                vec![self.origin(first.source, steps, self.value_of(tree), keys)]
            }
            _ => vec![self.origin(first.source, &first.steps, first.value.clone(), keys)],
        }
    }

    /// Returns how many steps lead to a mark in a part of a tree.
    fn depth(&self, tree: &Value, wanted: &Mark) -> usize {
        match tree {
            Value::Sequence(_) => usize::from(!wanted.is_empty_list()),
            Value::Mapping(map) => {
                let has =
                    |value: &&Value| self.marks_in(value).iter().any(|mark| std::ptr::eq(*mark, wanted));
                map.values().find(has).map_or(0, |value| 1 + self.depth(value, wanted))
            }
            _ => 0,
        }
    }

    fn origin(&self, source: usize, steps: &[Step], value: Value, keys: &[String]) -> Origin {
        self.origins.origin(source, steps, Some(value), keys)
    }
}

impl Origins {
    fn origin(&self, source: usize, steps: &[Step], value: Option<Value>, keys: &[String]) -> Origin {
        let source = &self.sources[source];
        let written = steps.iter().map_while(|step| match step {
            Step::Key(key) => Some(key),
            Step::Index(_) => None,
        });
        let is_here = source.names.iter().chain(written).eq(keys);
        let is_global = keys.iter().skip(1).any(|key| key == "global");
        let through = if is_global { Through::Global } else { Through::Import };
        Origin {
            layer: source.layer.clone(),
            place: Place::file(&self.documents[source.document].file),
            value,
            through: (!is_here).then_some(through),
            at: (source.document, [&source.above, steps].concat()),
        }
    }

    /// Returns what set a value that has no marks in it: a null or an empty map.
    fn unmarked(&self, value: &Value, keys: &[String]) -> Option<Origin> {
        let is_like = |source: &Source| source.get(keys).is_some_and(|found| found.kind() == value.kind());
        let at = self.sources.iter().position(is_like)?;
        let below = keys[self.sources[at].names.len()..].iter().cloned().map(Step::Key);
        Some(self.origin(at, &below.collect::<Vec<_>>(), Some(value.clone()), keys))
    }

    /// Returns what takes the value away that keys would lead to: a layer that overrides it, or a null.
    fn taken_away_by(&self, keys: &[String]) -> Option<Origin> {
        let overriding = self.layers.iter().find_map(|layer| {
            let (_, steps) = layer.overridden.iter().find(|(path, _)| keys.starts_with(path))?;
            let place = Place::file(&self.documents[layer.document].file);
            let at = (layer.document, steps.clone());
            Some(Origin { layer: layer.layer.clone(), place, value: None, through: None, at })
        });
        overriding.or_else(|| {
            (1..=keys.len()).find_map(|end| {
                let is_null = |source: &Source| source.get(&keys[..end]).is_some_and(Value::is_null);
                self.sources.iter().any(is_null).then(|| self.unmarked(&Value::Null, &keys[..end]))?
            })
        })
    }
}

impl Mark {
    fn is_empty_list(&self) -> bool {
        !matches!(self.steps.last(), Some(Step::Index(_))) && matches!(self.value, Value::Sequence(_))
    }

    /// Whether two items are in one list of one file.
    fn is_beside(&self, other: &Mark) -> bool {
        let list = |mark: &Mark| mark.steps.split_last().map(|(_, list)| list.to_vec());
        self.source == other.source && list(self) == list(other)
    }
}

/// Returns a map with a mark in the place of each scalar and of each item of a list.
fn marked(map: &Mapping, source: usize, steps: &mut Vec<Step>, marks: &mut Vec<Mark>) -> Mapping {
    let mut mark = |steps: &[Step], value: &Value| {
        marks.push(Mark { source, steps: steps.to_vec(), value: value.clone() });
        Value::Uint(marks.len() as u64 - 1)
    };
    let mut all = Mapping::new();
    let mut below = Vec::new();
    for (key, value) in map {
        steps.push(Step::Key(key.clone()));
        match value {
            Value::Null => _ = all.insert(key.clone(), Value::Null),
            Value::Mapping(map) => below.push((key, map)),
            Value::Sequence(items) => {
                let item = |(at, item)| mark(&[steps.as_slice(), &[Step::Index(at)]].concat(), item);
                let mut items: Vec<Value> = items.iter().enumerate().map(item).collect();
                // An empty list has a mark for itself, which does not count once there are others.
                if items.is_empty() {
                    items.push(mark(steps, value));
                }
                all.insert(key.clone(), Value::Sequence(items));
            }
            scalar => _ = all.insert(key.clone(), mark(steps, scalar)),
        }
        steps.pop();
    }
    for (key, map) in below {
        steps.push(Step::Key(key.clone()));
        all.insert(key.clone(), Value::Mapping(marked(map, source, steps, marks)));
        steps.pop();
    }
    all
}

fn marks_of(tree: &Tree) -> BTreeSet<u64> {
    tree.values().flat_map(marks_in).collect()
}

/// Returns the marks in a part of a tree, in order.
fn marks_in(tree: &Value) -> Vec<u64> {
    match tree {
        Value::Uint(mark) => vec![*mark],
        Value::Sequence(items) => items.iter().flat_map(marks_in).collect(),
        Value::Mapping(map) => map.values().flat_map(marks_in).collect(),
        _ => Vec::new(),
    }
}

/// Takes out what has one of these marks, and what is null; a list goes as a whole, and a map that is empty then.
fn take_out(values: &mut Mapping, won: &BTreeSet<u64>) {
    values.retain(|_, value| match value {
        Value::Null => false,
        Value::Mapping(map) => {
            take_out(map, won);
            !map.is_empty()
        }
        other => !marks_in(other).iter().any(|mark| won.contains(mark)),
    });
}

/// Returns all that is no map, or an empty one, with the keys that lead to it.
pub(crate) fn leaves(tree: &Mapping) -> Vec<(Vec<String>, &Value)> {
    let mut found = Vec::new();
    collect_leaves(tree, &mut Vec::new(), &mut found);
    found
}

fn collect_leaves<'t>(tree: &'t Tree, keys: &mut Vec<String>, found: &mut Vec<(Vec<String>, &'t Value)>) {
    for (key, value) in tree {
        keys.push(key.clone());
        match value {
            Value::Mapping(map) if !map.is_empty() => collect_leaves(map, keys, found),
            other => found.push((keys.clone(), other)),
        }
        keys.pop();
    }
}

fn get<'t>(tree: &'t Tree, keys: &[String]) -> Option<&'t Value> {
    let (first, rest) = keys.split_first()?;
    rest.iter().try_fold(tree.get(first)?, |value, key| value.as_mapping()?.get(key))
}

/// Whether a tree has nothing under these keys, and no map is missing only because something else is there.
fn is_absent(tree: &Tree, keys: &[String]) -> bool {
    (1..=keys.len()).find_map(|end| match get(tree, &keys[..end]) {
        None => Some(true),
        Some(Value::Mapping(map)) if !map.is_empty() && end < keys.len() => None,
        Some(Value::Mapping(map)) if map.is_empty() && end < keys.len() => Some(true),
        Some(_) => Some(false),
    }) == Some(true)
}
