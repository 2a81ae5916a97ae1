//! All that rules look at, gathered once: files, resolved trees, and what became of
//! each component when it was rendered.
//!
//! Two rules hold. What came from elsewhere is not the user's to change, so files of
//! installed components are not among the files. And a value is dead only if it is in
//! every environment, so all environments are rendered, whichever are asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use goyaml::{Mapping, Value};
use kubeschema::{KeyPath, Segment};

use super::Rule;
use crate::config::{Config, Layer};
use crate::definition::{Body, ComponentFile, Definition, Entry, Node, Remote, place};
use crate::document::{Document, Step};
use crate::error::{Place, Warning};
use crate::finding::Finding;
use crate::project::Project;
use crate::render::Inspection;
use crate::resolve::{ResolvedComponent, ResolvedTree, Say};
use crate::source::lockfile::Lockfile;

/// What is linted.
pub(crate) struct Subject<'a> {
    /// The folder of the definition.
    pub(crate) directory: &'a Path,
    /// What `fab.yaml` says.
    pub(crate) project: &'a Project,
    /// The definition, with the config files of all environments.
    pub(crate) definition: &'a Definition,
    /// What sources were resolved to; none if there is no such file.
    pub(crate) lockfile: Option<Lockfile>,
    /// The trees of all environments.
    pub(crate) trees: &'a [ResolvedTree],
    /// Which of them are asked for.
    pub(crate) wanted: Vec<bool>,
    /// What became of the components of each tree; none if one could not be rendered.
    pub(crate) inspections: Vec<Vec<Option<Arc<Inspection>>>>,
    /// What is odd about the files, with the environment if it is odd in that one only.
    pub(crate) warnings: Vec<(Warning, Option<String>)>,
    /// The component files and config files of the user's, each once.
    pub(crate) files: Files<'a>,
}

/// The files of the user's that are part of the environments that are asked for.
#[derive(Default)]
pub(crate) struct Files<'a> {
    /// Component files.
    pub(crate) components: Vec<&'a ComponentFile>,
    /// Config files.
    pub(crate) layers: Vec<&'a Layer>,
    /// The folders that have config files, by their paths from the root.
    pub(crate) config_folders: Vec<&'a str>,
    /// The entries of components.
    pub(crate) entries: Vec<&'a Entry>,
    /// Entries of components that came from elsewhere.
    pub(crate) remote: Vec<(&'a Entry, &'a Remote)>,
    /// The names of all of the user's files, also of those of environments that are not asked for.
    names: BTreeSet<&'a str>,
}

/// A component of an environment, and what became of it.
#[derive(Clone, Copy)]
pub(crate) struct Instance<'a> {
    /// The environment, as messages name it.
    pub(crate) tree: &'a ResolvedTree,
    /// Whether the environment is asked for.
    pub(crate) is_wanted: bool,
    /// The component.
    pub(crate) component: &'a ResolvedComponent,
    /// What became of it; none if it could not be rendered.
    pub(crate) inspection: Option<&'a Inspection>,
}

/// What a config file says of a component.
pub(crate) struct OwnConfig<'a> {
    /// Where it says so.
    pub(crate) say: &'a Say,
    /// The values.
    pub(crate) values: &'a Mapping,
    /// The component in each environment, one at least.
    pub(crate) instances: Vec<Instance<'a>>,
}

impl OwnConfig<'_> {
    /// Returns whether it is part of an environment that is asked for.
    pub(crate) fn is_wanted(&self) -> bool {
        self.instances.iter().any(|instance| instance.is_wanted)
    }

    /// Returns the environments that are asked for.
    pub(crate) fn environments(&self) -> Vec<String> {
        let wanted = self.instances.iter().filter(|instance| instance.is_wanted);
        let mut names: Vec<String> = wanted.map(Instance::environment).collect();
        names.dedup();
        names
    }

    /// Returns the default that a chart has for a value.
    pub(crate) fn default(&self, keys: &[String]) -> Option<&Value> {
        let inspections = self.instances.iter().filter_map(|instance| instance.inspection);
        inspections.filter_map(|found| found.reader.default(keys)).next()
    }

    /// Makes a finding about a value.
    pub(crate) fn finding(&self, rule: &Rule, keys: &[String], message: String) -> Finding {
        let (place, path) = place_of(self.say, keys);
        Finding {
            path,
            component: self.instances.first().map(|one| one.component.path.clone()).unwrap_or_default(),
            environments: self.environments(),
            ..rule.finding(message, place)
        }
    }
}

/// Returns where a value is set, and the way to it in that file, which may be one of `valuesFiles`.
fn place_of(say: &Say, keys: &[String]) -> (Place, KeyPath) {
    let place = say.place_of_value(keys);
    let steps = if place.file == say.file() {
        say.steps_to(keys)
    } else {
        keys.iter().cloned().map(Step::Key).collect()
    };
    (place, path(&steps))
}

/// Returns steps as the path of a finding.
pub(crate) fn path(steps: &[Step]) -> KeyPath {
    let segment = |step: &Step| match step {
        Step::Key(key) => Segment::Key(key.clone()),
        Step::Index(at) => Segment::Index(*at),
    };
    KeyPath(steps.iter().map(segment).collect())
}

impl Instance<'_> {
    /// Returns the name of the environment.
    pub(crate) fn environment(&self) -> String {
        self.tree.environment.to_string()
    }

    /// Makes a finding about a value that a config file has for the component.
    pub(crate) fn finding(&self, rule: &Rule, say: &Say, keys: &[String], message: String) -> Finding {
        let (place, path) = place_of(say, keys);
        self.told(Finding { path, ..rule.finding(message, place) })
    }

    /// Returns a finding as one about the component in its environment.
    pub(crate) fn told(&self, finding: Finding) -> Finding {
        Finding { component: self.component.path.clone(), environments: vec![self.environment()], ..finding }
    }
}

impl<'a> Subject<'a> {
    /// Returns the components of all environments.
    pub(crate) fn all_instances(&self) -> impl Iterator<Item = Instance<'_>> {
        let trees = self.trees.iter().zip(&self.wanted).zip(&self.inspections);
        trees.flat_map(|((tree, wanted), inspections)| {
            tree.components.iter().zip(inspections).map(|(component, inspection)| Instance {
                tree,
                is_wanted: *wanted,
                component,
                inspection: inspection.as_deref(),
            })
        })
    }

    /// Returns the components of the environments that are asked for.
    pub(crate) fn instances(&self) -> impl Iterator<Item = Instance<'_>> {
        self.all_instances().filter(|instance| instance.is_wanted)
    }

    /// Returns what the user's config files say of components, each once, also of environments that are not asked for.
    pub(crate) fn configs(&self) -> Vec<OwnConfig<'_>> {
        let mut configs: BTreeMap<(&str, Vec<String>), OwnConfig<'_>> = BTreeMap::new();
        for instance in self.all_instances() {
            for say in instance.component.layers.iter().filter(|say| self.is_own(say.file())) {
                let Some(values) = say.config().and_then(|config| config.values.as_ref()) else { continue };
                let new = || OwnConfig { say, values, instances: Vec::new() };
                let known_by = (say.file(), say.names().to_vec());
                configs.entry(known_by).or_insert_with(new).instances.push(instance);
            }
        }
        configs.into_values().collect()
    }

    /// Returns the file that what has no place is put to: `fab.yaml`, or else the component file of the root.
    pub(crate) fn main_file(&self) -> String {
        let of_root = self.definition.root.body.as_ref().map(|body| body.own.file.document.file.clone());
        let project = self.definition.show("fab.yaml");
        if self.directory.join("fab.yaml").exists() { project } else { of_root.unwrap_or(project) }
    }

    /// Returns whether a file is the `fab.yaml` of the definition.
    pub(crate) fn is_project(&self, file: &str) -> bool {
        ["fab.yaml", "fab.json"].iter().any(|name| self.definition.show(name) == file)
    }

    /// Returns whether a file is the user's.
    pub(crate) fn is_own(&self, file: &str) -> bool {
        self.files.names.contains(file)
    }
}

impl<'a> Files<'a> {
    /// Collects the files of a definition, with the config files of some names.
    pub(crate) fn of(definition: &'a Definition, layers: &BTreeSet<&str>) -> Self {
        let mut files = Files::default();
        if let Some(entry) = &definition.stands_for {
            files.component(&entry.file);
            files.entries.push(entry);
        }
        let mut waiting = vec![&definition.root];
        while let Some(node) = waiting.pop() {
            files.node(node, definition, layers);
            waiting.extend(node.body.iter().flat_map(|body| body.children.iter().rev()));
        }
        files
    }

    fn node(&mut self, node: &'a Node, definition: &'a Definition, layers: &BTreeSet<&str>) {
        let body = node.body.as_ref().ok();
        if let Some(entry) = &node.entry {
            // It is in the file of the component above, which was looked at before.
            if self.names.contains(&*entry.file.document.file) {
                self.entries.push(entry);
            } else if let Some(remote) = body.and_then(|body| body.remote.as_ref()) {
                self.remote.push((entry, remote));
            }
        }
        let Some(body) = body else { return };
        let has_own_file = node.entry.as_ref().is_none_or(|entry| !Arc::ptr_eq(&entry.file, &body.own.file));
        match &body.remote {
            Some(remote) if has_own_file => self.remote.push((&body.own, remote)),
            None if has_own_file => {
                self.component(&body.own.file);
                self.entries.push(&body.own);
            }
            Some(_) | None => {}
        }
        self.config_files(body, definition, layers);
    }

    fn component(&mut self, file: &'a ComponentFile) {
        if self.names.insert(&file.document.file) {
            self.components.push(file);
        }
    }

    fn config_files(&mut self, body: &'a Body, definition: &'a Definition, layers: &BTreeSet<&str>) {
        let is_own = |folder: &&String| {
            body.remote.as_ref().is_none_or(|remote| !place::is_below(folder, &remote.folder))
        };
        for folder in body.config_folders.iter().filter(is_own) {
            if !self.config_folders.contains(&folder.as_str()) {
                self.config_folders.push(folder);
            }
            let of_folder = definition.layers.iter().filter(|((path, _), _)| path == folder);
            for ((_, name), layer) in of_folder {
                let Ok(Some(layer)) = layer else { continue };
                if self.names.insert(&layer.document.file) && layers.contains(name.as_str()) {
                    self.layers.push(layer);
                }
            }
        }
    }
}

/// Calls `seen` with the config of each component that a config file speaks of, and the steps to it.
pub(crate) fn each_config<'c>(config: &'c Config, seen: &mut dyn FnMut(&'c Config, &[Step])) {
    fn walk<'c>(config: &'c Config, steps: &mut Vec<Step>, seen: &mut dyn FnMut(&'c Config, &[Step])) {
        seen(config, steps);
        for (name, below) in &config.subcomponents {
            steps.extend(["subcomponents", name].map(|key| Step::Key(key.to_owned())));
            walk(below, steps, seen);
            steps.truncate(steps.len() - 2);
        }
    }
    walk(config, &mut Vec::new(), seen);
}

/// Returns whether a file has values that SOPS encrypted.
pub(crate) fn is_encrypted(document: &Document) -> bool {
    let has_sops = document.has(&[], "sops");
    has_sops && document.text.contains("ENC[")
}
