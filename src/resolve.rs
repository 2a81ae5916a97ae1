//! Decides what an environment makes of a definition: which components there
//! are, and the final values, namespace and input folder of each.
//!
//! Config comes down the tree: a component starts with what its parents say
//! about it and fills in what its own files say. The namespace of a component is
//! not that of the components below it, and only a parent can disable one.
//!
//! Invariant: no I/O. Everything was read before, and a part that could not be
//! read becomes a failure here, unless it is disabled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use goyaml::Mapping;

use crate::config::merge::{self, Conflict};
use crate::config::{COMMON, Config, Environment, Layer};
use crate::definition::{Body, Component, Definition, Entry, Generator, Node, Remote, place};
use crate::document::Step;
use crate::edit::path;
use crate::error::{Error, Failure, Place, Warning, WarningKind};
use crate::hooks::Hooked;
use kubeschema::closest;

/// What an environment makes of a definition.
#[derive(Debug)]
pub struct ResolvedTree {
    /// The environment.
    pub environment: Environment,
    /// The components that are not disabled; a parent comes before its children.
    pub components: Vec<ResolvedComponent>,
}

/// A component with all that is needed to render it.
#[derive(Debug, Clone)]
pub struct ResolvedComponent {
    /// Path in the tree of components, for messages: `infra/ingress`.
    pub path: String,
    /// How many components are above it.
    pub level: usize,
    /// The component, and the file that it is in.
    pub own: Entry,
    /// The folder that its hooks run in.
    pub folder: String,
    /// The folder of its chart, manifests or templates.
    pub input: String,
    /// Its file below the folder of the environment.
    pub output: String,
    /// Where its file came from, if it was installed.
    pub remote: Option<Remote>,
    /// The values for its chart or templates.
    pub values: Mapping,
    /// The namespace that it is installed in, if one is set.
    pub namespace: Option<String>,
    /// Whether resources without a namespace get this one.
    pub inject_namespace: bool,
    /// The config files with a say on it, the strongest first.
    pub layers: Vec<Say>,
    /// Where a value would be set that nothing sets.
    pub(crate) home: Home,
}

/// The strongest config file of an environment that the user can change, and the way to a component in it.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    /// The file, which need not have a say on the component, nor be there.
    file: String,
    /// The subcomponents in it that lead to the component.
    names: Vec<String>,
    /// The names of the entries that lead to the component from the root.
    way: Vec<String>,
    /// The folder whose files are not the user's, if the component was installed.
    installed: Option<String>,
}

/// A config file that has a say on a component.
#[derive(Debug, Clone)]
pub struct Say {
    layer: Arc<Layer>,
    /// The subcomponents in it that lead to the component.
    names: Vec<String>,
}

impl Say {
    /// Returns the file.
    pub(crate) fn layer(&self) -> &Layer {
        &self.layer
    }

    /// Returns the path of the file as the user would type it.
    pub(crate) fn file(&self) -> &str {
        &self.layer.document.file
    }

    /// Returns the subcomponents in the file that lead to the component.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns what it says of the component.
    pub(crate) fn config(&self) -> Option<&Config> {
        below(&self.layer.config, self.names.iter().map(String::as_str))
    }

    /// Returns where it, or a file of values that it names, sets the value that `keys` lead to.
    pub(crate) fn place_of_value(&self, keys: &[String]) -> Place {
        let document = &self.layer.document;
        let steps = config_steps(self.names.iter().map(String::as_str), keys);
        let below: Vec<Step> = keys.iter().map(|key| key_step(key)).collect();
        let files = self.layer.values_files.iter().rev().filter(|file| file.names == self.names);
        let in_file = || files.map(|file| &file.document).find(|document| document.has_value(&below));
        match document.has_value(&steps) {
            true => document.place(&steps),
            false => in_file().map_or_else(|| document.place(&steps), |document| document.place(&below)),
        }
    }

    /// Returns the steps to the value in the file that `keys` lead to in the component's config.
    pub(crate) fn steps_to(&self, keys: &[String]) -> Vec<Step> {
        config_steps(self.names.iter().map(String::as_str), keys)
    }

    /// Returns where the file says something of the component.
    pub(crate) fn place_of(&self, field: &str) -> Place {
        let mut steps = steps_below(self.names.iter().map(String::as_str));
        steps.push(key_step(field));
        self.layer.document.place(&steps)
    }
}

impl ResolvedComponent {
    /// Returns what the component is called.
    pub fn name(&self) -> &str {
        &self.own.component.name
    }

    /// Returns the component as one with hooks.
    pub(crate) fn hooked(&self) -> Hooked<'_> {
        Hooked { path: &self.path, own: &self.own, remote: self.remote.as_ref() }
    }

    /// Returns where its config sets the value that `keys` lead to; of several places, the one that counts.
    pub fn setter(&self, keys: &[String]) -> Option<Place> {
        self.say_of(keys).map(|say| say.place_of_value(keys))
    }

    /// Returns the config file that sets the value that `keys` lead to.
    pub(crate) fn say_of(&self, keys: &[String]) -> Option<&Say> {
        let candidates = self.layers.iter().filter_map(|say| Some((say, say.config()?)));
        merge::setter(candidates, &[], keys)
    }

    /// Whether a config file was written by the user, not installed.
    pub(crate) fn is_of_user(&self, say: &Say) -> bool {
        self.home.is_own(say.file())
    }

    /// Returns the names of the entries that lead to the component from the root.
    pub(crate) fn way(&self) -> &[String] {
        &self.home.way
    }

    /// Says where the user would set a value that nothing sets: in the file that sets the map that it would be in, else
    /// in the strongest one.
    pub(crate) fn place_to_set(&self, keys: &[String]) -> String {
        let of_parent = (1..keys.len()).rev().find_map(|end| {
            let parent = &keys[..end];
            let says = self.layers.iter().filter(|say| self.home.is_own(say.file()));
            let say = merge::setter(says.filter_map(|say| Some((say, say.config()?))), &[], parent)?;
            Some((say, say.place_of_value(parent).file))
        });
        match of_parent {
            Some((say, file)) if file == say.file() => in_file(&file, say.names()),
            Some((_, values_file)) => values_file,
            None => in_file(&self.home.file, &self.home.names),
        }
    }
}

impl Home {
    /// Whether a file was written by the user, not installed.
    fn is_own(&self, file: &str) -> bool {
        self.installed.as_ref().is_none_or(|folder| !place::is_below(file, folder))
    }
}

/// Names the place for a component's values in a config file.
fn in_file(file: &str, names: &[String]) -> String {
    let below = config_steps(names.iter().map(String::as_str), &[]);
    format!("{file}, below `{}`", path::show(&below))
}

/// A tree, or what is wrong with it.
#[derive(Debug)]
pub struct Resolution {
    /// The tree; complete only if nothing failed.
    pub tree: ResolvedTree,
    /// What failed.
    pub failures: Vec<Failure>,
    /// What is odd.
    pub warnings: Vec<Warning>,
}

/// A component that was met on the way through the tree, disabled or not; what is below a disabled one is not.
pub(crate) struct Visit<'a> {
    /// The component.
    pub(crate) node: &'a Node,
    /// How many components are above it.
    pub(crate) level: usize,
    /// Whether it is left out, with all that is below it.
    pub(crate) is_disabled: bool,
    /// The config file that disables it, or says that it is not disabled.
    pub(crate) switch: Option<Say>,
    /// Which component of the resolved tree it is, if it is one.
    pub(crate) resolved: Option<usize>,
}

/// Decides what `environment` makes of a definition, which was loaded with it.
pub fn resolve(definition: &Definition, environment: &Environment) -> Resolution {
    walk(definition, environment).0
}

/// As [`resolve`], with the way through the tree: a parent comes before its children.
pub(crate) fn walk<'a>(
    definition: &'a Definition,
    environment: &'a Environment,
) -> (Resolution, Vec<Visit<'a>>) {
    let mut resolver = Resolver::new(definition, environment);
    resolver.root();
    resolver.warn_of_absent_environments(environment);
    (resolver.resolution, resolver.visits)
}

/// Returns the components that `environment` does not disable, whether they could be read or not; a parent comes before
/// its children.
pub(crate) fn enabled<'a>(definition: &'a Definition, environment: &'a Environment) -> Vec<&'a Node> {
    let mut resolver = Resolver::new(definition, environment);
    resolver.root();
    resolver.visits.iter().filter(|visit| !visit.is_disabled).map(|visit| visit.node).collect()
}

struct Resolver<'a> {
    definition: &'a Definition,
    layers: Vec<&'a str>,
    resolution: Resolution,
    /// The components so far.
    visits: Vec<Visit<'a>>,
    /// The output files so far, with the component that writes each.
    outputs: BTreeMap<String, String>,
    /// The files whose warnings were passed on.
    warned: BTreeSet<&'a str>,
    /// The names of the entries from the root to here.
    names: Vec<&'a str>,
    /// The config files with a say here, the strongest first, each with the number of names above it.
    chain: Vec<(&'a Arc<Layer>, usize)>,
}

impl<'a> Resolver<'a> {
    fn new(definition: &'a Definition, environment: &'a Environment) -> Self {
        let tree = ResolvedTree { environment: environment.clone(), components: Vec::new() };
        Resolver {
            definition,
            layers: environment.layers(),
            resolution: Resolution { tree, failures: Vec::new(), warnings: Vec::new() },
            visits: Vec::new(),
            outputs: BTreeMap::new(),
            warned: BTreeSet::new(),
            names: Vec::new(),
            chain: Vec::new(),
        }
    }

    fn root(&mut self) {
        // Fabrikate starts the root with an empty map, and what is merged into a map loses its nulls.
        let config = Config { values: Some(Mapping::new()), ..Config::default() };
        self.node(&self.definition.root, config);
    }

    fn node(&mut self, node: &'a Node, mut config: Config) {
        let visit = self.visits.len();
        self.visits.push(self.visit(node, config.disabled));
        let body = match &node.body {
            Ok(body) => body,
            Err(error) => return self.fail(component_path(node, None), Arc::clone(error)),
        };
        let path = component_path(node, Some(body));
        let above = self.chain.len();
        if !body.config_folders.is_empty() {
            self.warn_once(&body.own.file.document.file, &body.own.file.warnings);
            self.merge_own_layers(body, &mut config, &path);
        }
        let below = std::mem::take(&mut config.subcomponents);
        if let Some(resolved) = self.component(node, body, config, &path) {
            self.visits[visit].resolved = Some(self.resolution.tree.components.len());
            self.resolution.tree.components.push(resolved);
        }
        self.children(body, below, &path);
        self.chain.truncate(above);
    }

    fn visit(&self, node: &'a Node, disabled: Option<bool>) -> Visit<'a> {
        let says = || {
            self.chain.iter().find_map(|&(layer, start)| {
                let names = &self.names[start..];
                below(&layer.config, names.iter().copied())?.disabled?;
                let names = names.iter().map(|&name| name.to_owned()).collect();
                Some(Say { layer: Arc::clone(layer), names })
            })
        };
        Visit {
            node,
            level: self.names.len(),
            is_disabled: disabled == Some(true),
            switch: disabled.and_then(|_| says()),
            resolved: None,
        }
    }

    fn merge_own_layers(&mut self, body: &Body, config: &mut Config, path: &str) {
        let definition = self.definition;
        for folder in &body.config_folders {
            for name in self.layers.clone() {
                match definition.layers.get(&(folder.clone(), name.to_owned())) {
                    Some(Ok(Some(layer))) => {
                        self.warn_once(&layer.document.file, &layer.warnings);
                        for conflict in merge::merge(config, &layer.config) {
                            let error = self.conflict(&conflict, layer);
                            self.fail(path.to_owned(), Arc::new(error));
                        }
                        self.chain.push((layer, self.names.len()));
                    }
                    Some(Err(error)) => self.fail(path.to_owned(), Arc::clone(error)),
                    Some(Ok(None)) | None => {}
                }
            }
        }
    }

    fn conflict(&self, conflict: &Conflict, lower: &Layer) -> Error {
        let Conflict { subcomponents, keys, .. } = conflict;
        let candidates = self.chain.iter().filter_map(|&(layer, start)| {
            let names = self.names[start..].iter().copied();
            Some(((layer, start), below(&layer.config, names)?))
        });
        let place_in = |layer: &Layer, start: usize| {
            let above = self.names[start..].iter().copied();
            let names = above.chain(subcomponents.iter().map(String::as_str));
            layer.document.place(&config_steps(names, keys))
        };
        let other = place_in(lower, self.names.len());
        let place = merge::setter(candidates, subcomponents, keys)
            .map_or_else(|| other.clone(), |(layer, start)| place_in(layer, start));
        Error::MergeConflict {
            place: place.into(),
            other: other.into(),
            key: keys.join("."),
            higher: conflict.higher,
            lower: conflict.lower,
        }
    }

    fn component(
        &mut self,
        node: &Node,
        body: &Body,
        config: Config,
        path: &str,
    ) -> Option<ResolvedComponent> {
        let component = &body.own.component;
        let resolved = ResolvedComponent {
            path: path.to_owned(),
            level: self.names.len(),
            own: body.own.clone(),
            folder: node.folder.clone(),
            input: input_folder(&node.folder, component),
            output: place::join(&[&node.logical, &format!("{}.yaml", component.name)]),
            remote: body.remote.clone(),
            values: config.values.unwrap_or_default(),
            namespace: config.namespace.filter(|namespace| !namespace.is_empty()),
            inject_namespace: config.inject_namespace.unwrap_or(false),
            layers: self.layers_with_a_say(),
            home: self.home(body),
        };
        match self.check(&resolved) {
            Ok(()) => Some(resolved),
            Err(error) => {
                self.fail(path.to_owned(), Arc::new(error));
                None
            }
        }
    }

    fn home(&self, body: &Body) -> Home {
        let definition = self.definition;
        let folders = definition.root.body.as_ref().map_or(&[][..], |body| body.config_folders.as_slice());
        let folder = folders.first().map_or("", String::as_str);
        let name = self.layers.first().copied().unwrap_or(COMMON);
        // The file of a root without any is yet to be made.
        let way: Vec<String> = self.names.iter().map(|&name| name.to_owned()).collect();
        let first = Home {
            file: definition.show(&place::join(&[folder, "config", &format!("{name}.yaml")])),
            names: way.clone(),
            way,
            installed: body.remote.as_ref().map(|remote| definition.show(&remote.folder)),
        };
        match self.chain.iter().find(|(layer, _)| first.is_own(&layer.document.file)) {
            Some((layer, start)) => {
                Home { file: layer.document.file.clone(), names: first.names[*start..].to_vec(), ..first }
            }
            None => first,
        }
    }

    fn layers_with_a_say(&self) -> Vec<Say> {
        let says = self.chain.iter().filter_map(|&(layer, start)| {
            let names = &self.names[start..];
            below(&layer.config, names.iter().copied())?;
            Some(Say { layer: Arc::clone(layer), names: names.iter().map(|&name| name.to_owned()).collect() })
        });
        says.collect()
    }

    fn check(&mut self, resolved: &ResolvedComponent) -> Result<(), Error> {
        let (own, component) = (&resolved.own, &resolved.own.component);
        if let Generator::Unknown(found) = &component.generator {
            let suggestion = closest(found, Generator::NAMES);
            // The old name of the field wins, as when it was read.
            let field =
                if own.file.document.has(&component.steps, "generator") { "generator" } else { "type" };
            return Err(Error::UnknownType { place: own.place_of(field), found: found.clone(), suggestion });
        }
        if component.name.contains(['/', '\0']) {
            return Err(Error::NameNoFile { place: own.place_of("name"), name: component.name.clone() });
        }
        if let Some(remote) =
            resolved.remote.as_ref().filter(|remote| !place::is_below(&resolved.input, &remote.folder))
        {
            let path = self.definition.show(&resolved.input);
            return Err(Error::PathLeaves {
                place: own.place_of("path"),
                path,
                source_name: remote.source.clone(),
            });
        }
        match self.outputs.insert(resolved.output.clone(), resolved.path.clone()) {
            None => Ok(()),
            Some(first) => Err(Error::SameOutput {
                path: resolved.output.clone(),
                first,
                second: resolved.path.clone(),
                place: Box::new(own.place()),
            }),
        }
    }

    fn children(&mut self, body: &'a Body, mut configs: BTreeMap<String, Config>, path: &str) {
        self.warn_of_unknown_subcomponents(body);
        let mut seen: BTreeMap<&str, &Entry> = BTreeMap::new();
        for child in &body.children {
            let Some(entry) = &child.entry else { continue };
            let name = entry.component.name.as_str();
            let config = configs.remove(name).unwrap_or_default();
            if config.disabled == Some(true) {
                self.names.push(name);
                self.visits.push(self.visit(child, config.disabled));
                self.names.pop();
                configs.insert(name.to_owned(), config);
                continue;
            }
            if let Some(first) = seen.insert(name, entry) {
                self.sibling(first, entry, path);
                continue;
            }
            self.names.push(name);
            self.node(child, config);
            self.names.pop();
        }
    }

    /// A second entry of one name is left out if it says the same, and else it is an error.
    fn sibling(&mut self, first: &Entry, second: &Entry, path: &str) {
        let name = second.component.name.clone();
        if first.component.same_as(&second.component) {
            self.warn(Warning { place: Some(second.place()), kind: WarningKind::RepeatedEntry { name } });
        } else {
            let error =
                Error::DuplicateSibling { place: second.place(), first: Box::new(first.place()), name };
            self.fail(path.to_owned(), Arc::new(error));
        }
    }

    fn warn_of_unknown_subcomponents(&mut self, body: &Body) {
        let known: Vec<&str> =
            body.own.component.subcomponents.iter().map(|entry| entry.name.as_str()).collect();
        for (layer, start) in self.chain.clone() {
            let names = &self.names[start..];
            let Some(config) = below(&layer.config, names.iter().copied()) else { continue };
            let unknown = config.subcomponents.keys().filter(|name| !known.contains(&name.as_str()));
            let warnings: Vec<Warning> = unknown
                .map(|name| Warning {
                    place: Some(
                        layer.document.place(&steps_below(names.iter().copied().chain([name.as_str()]))),
                    ),
                    kind: WarningKind::UnknownSubcomponent {
                        name: name.clone(),
                        suggestion: closest(name, known.iter().copied()).map(str::to_owned),
                    },
                })
                .collect();
            warnings.into_iter().for_each(|warning| self.warn(warning));
        }
    }

    fn warn_of_absent_environments(&mut self, environment: &Environment) {
        for name in environment.named() {
            let mut layers = self.definition.layers.iter().filter(|((_, layer), _)| layer == name);
            // A file that cannot be read is there.
            if layers.any(|(_, layer)| !matches!(layer, Ok(None))) {
                continue;
            }
            let names = self.definition.environments.iter().map(String::as_str);
            let suggestion = closest(name, names).map(str::to_owned);
            let name = name.to_owned();
            let is_component = ComponentPaths::of(self.definition).knows(&place::clean(&name));
            let kind = if is_component {
                WarningKind::ComponentAsEnvironment { name }
            } else {
                WarningKind::NoConfigFile { name, suggestion }
            };
            self.warn(Warning { place: None, kind });
        }
    }

    fn warn_once(&mut self, file: &'a str, warnings: &[Warning]) {
        if self.warned.insert(file) {
            self.resolution.warnings.extend_from_slice(warnings);
        }
    }

    fn warn(&mut self, warning: Warning) {
        if !self.resolution.warnings.contains(&warning) {
            self.resolution.warnings.push(warning);
        }
    }

    fn fail(&mut self, component: String, error: Arc<Error>) {
        let environments = vec![self.resolution.tree.environment.to_string()];
        self.resolution.failures.push(Failure { component, environments, error });
    }
}

/// The paths of all components of a definition, whatever environment has them.
pub(crate) struct ComponentPaths {
    known: BTreeSet<String>,
    /// Those that could not be read, so that nobody knows what is below them.
    unread: Vec<String>,
}

impl ComponentPaths {
    /// Collects the paths.
    pub(crate) fn of(definition: &Definition) -> Self {
        let mut paths = ComponentPaths { known: BTreeSet::new(), unread: Vec::new() };
        let mut waiting = vec![&definition.root];
        while let Some(node) = waiting.pop() {
            match &node.body {
                Ok(body) => waiting.extend(&body.children),
                Err(_) => paths.unread.push(component_path(node, None)),
            }
            paths.known.insert(component_path(node, node.body.as_ref().ok()));
        }
        paths
    }

    /// Returns whether there is a component of this path.
    fn knows(&self, path: &str) -> bool {
        self.known.contains(path)
    }

    /// Returns whether there is a component of this path, or may be one.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.knows(path) || self.unread.iter().any(|unread| place::is_below(path, unread))
    }

    /// Returns the path that may be meant: one that ends alike, or that is written alike.
    pub(crate) fn near(&self, path: &str) -> Option<String> {
        let name = path.rsplit('/').next();
        let same_end = self.known.iter().find(|known| known.rsplit('/').next() == name);
        let near = same_end.map(String::as_str);
        near.or_else(|| closest(path, self.known.iter().map(String::as_str))).map(str::to_owned)
    }
}

/// Names a component by its way down the tree.
pub(crate) fn component_path(node: &Node, body: Option<&Body>) -> String {
    let name = match (&node.entry, body) {
        (Some(entry), _) => entry.component.name.as_str(),
        (None, Some(body)) => body.own.component.name.as_str(),
        (None, None) => "",
    };
    let inlined = node.entry.as_ref().is_none_or(|entry| entry.component.generator != Generator::Component);
    if inlined || node.logical.is_empty() {
        place::join(&[&node.logical, name])
    } else {
        node.logical.clone()
    }
}

pub(crate) fn input_folder(folder: &str, component: &Component) -> String {
    match component.generator {
        Generator::Helm => place::chart_folder(folder, component),
        Generator::Static => place::manifest_folder(folder, component),
        Generator::Handlebars => place::join(&[folder, &component.path]),
        Generator::Component | Generator::Unknown(_) => folder.to_owned(),
    }
}

fn below<'c, 'n>(config: &'c Config, mut names: impl Iterator<Item = &'n str>) -> Option<&'c Config> {
    names.try_fold(config, |config, name| config.subcomponents.get(name))
}

fn steps_below<'n>(names: impl Iterator<Item = &'n str>) -> Vec<Step> {
    names.flat_map(|name| [key_step("subcomponents"), key_step(name)]).collect()
}

/// Returns the steps to a value of a component's config in a config file.
fn config_steps<'n>(names: impl Iterator<Item = &'n str>, keys: &[String]) -> Vec<Step> {
    let mut steps = steps_below(names);
    steps.extend(["config"].into_iter().chain(keys.iter().map(String::as_str)).map(key_step));
    steps
}

fn key_step(key: &str) -> Step {
    Step::Key(key.to_owned())
}
