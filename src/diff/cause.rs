//! Why resources of a component differ: which value of the config, which chart,
//! which files.
//!
//! If only one thing differs between the inputs of a component on the two sides,
//! it is the cause. If several do, the earlier component is rendered with each of
//! them alone, and what appears then is due to that one.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path as FilePath, PathBuf};

use goyaml::{Mapping, Value};

use super::compare::{Change, Edit, apply, compare};
use super::path::{Path, Step, scalar};
use super::resources::{File, Identity};
use super::sides::Loaded;
use super::unchanged::{differing, is_same_tree};
use super::{Action, Diff, Pair, ResourceDiff, Rules, compare_environment};
use crate::project::RenderSettings;
use crate::resolve::ResolvedComponent;

/// Why resources differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// What differs.
    pub what: What,
    /// What it was, unless it is secret or no single value.
    pub from: Option<String>,
    /// What it is, unless it is secret or no single value.
    pub to: Option<String>,
    /// The file and line that say so.
    pub place: Option<String>,
}

/// What differs in the inputs of a component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A value of its config.
    Value(String),
    /// The version of its chart.
    Chart(String),
    /// Files of its chart, or its manifests or templates.
    Files(Vec<String>),
    /// The namespace that it is installed in.
    Namespace,
    /// How charts are rendered.
    Settings,
    /// It is there on one side only.
    Component(String),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Value(key) => write!(f, "{key}")?,
            What::Chart(name) => write!(f, "chart {name}")?,
            What::Files(files) => write!(f, "{}", files.join(", "))?,
            What::Namespace => write!(f, "namespace")?,
            What::Settings => write!(f, "render settings")?,
            What::Component(name) => write!(f, "component {name}")?,
        }
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(f, " {from} → {to}")?,
            (None, Some(to)) => write!(f, " = {to}")?,
            (Some(from), None) => write!(f, " no longer {from}")?,
            (None, None) if matches!(self.what, What::Files(_)) => write!(f, " changed")?,
            (None, None) => {}
        }
        match &self.place {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        }
    }
}

/// More things that differ in one component are not told apart.
const MAX_CANDIDATES: usize = 12;
/// So many renderings are worth it.
const MAX_RENDERINGS: usize = 300;

/// Something that differs, and may be the cause.
struct Candidate {
    cause: Cause,
    effect: Effect,
}

/// What the earlier component has to be rendered with.
enum Effect {
    Values(Vec<Edit>),
    Files,
    Rest,
}

/// Finds the causes of a diff, as far as the two sides tell them.
pub(super) fn explain(
    diff: &mut Diff,
    pairs: &[Pair],
    (base, head): (&Loaded<'_>, &Loaded<'_>),
    rules: &Rules,
) {
    let mut causes = Causes { all: Vec::new(), numbers: BTreeMap::new(), renderings: MAX_RENDERINGS };
    let folders = RefCell::default();
    for (environment, files) in diff.environments.iter_mut().zip(pairs) {
        let differing: BTreeSet<String> =
            environment.resources.iter().map(|resource| resource.component.clone()).collect();
        let components = |side: &Loaded<'_>| -> BTreeMap<String, ResolvedComponent> {
            let trees = side.prepared.trees.iter();
            let own = trees.filter(|tree| tree.environment.to_string() == environment.name);
            let own = own.flat_map(|tree| &tree.components).filter(|one| differing.contains(&one.path));
            own.map(|component| (component.path.clone(), component.clone())).collect()
        };
        let (old, new) = (components(base), components(head));
        let sides = Sides { base, head, files, rules, folders: &folders };
        let mut of_component: BTreeMap<String, Vec<&mut ResourceDiff>> = BTreeMap::new();
        for resource in &mut environment.resources {
            of_component.entry(resource.component.clone()).or_default().push(resource);
        }
        for (path, resources) in of_component {
            let (old, new) = (old.get(&path), new.get(&path));
            let found = match (old, new) {
                (Some(old), Some(new)) => sides.candidates(old, new),
                (None, Some(new)) => vec![only(new, None, Some("new"))],
                (Some(old), None) => vec![only(old, Some("there"), None)],
                (None, None) => continue,
            };
            causes.assign(&found, resources, &sides, (old, new));
        }
    }
    diff.causes = causes.all;
    hide_secrets(diff);
}

struct Causes {
    all: Vec<Cause>,
    numbers: BTreeMap<Cause, usize>,
    /// How many more renderings are worth it.
    renderings: usize,
}

impl Causes {
    fn number(&mut self, cause: &Cause) -> usize {
        if let Some(number) = self.numbers.get(cause) {
            return *number;
        }
        self.all.push(cause.clone());
        self.numbers.insert(cause.clone(), self.all.len() - 1);
        self.all.len() - 1
    }

    fn assign(
        &mut self,
        candidates: &[Candidate],
        resources: Vec<&mut ResourceDiff>,
        sides: &Sides<'_>,
        (old, new): (Option<&ResolvedComponent>, Option<&ResolvedComponent>),
    ) {
        let numbers: Vec<usize> = candidates.iter().map(|candidate| self.number(&candidate.cause)).collect();
        let (Some(old), Some(new), 2..=MAX_CANDIDATES) = (old, new, candidates.len()) else {
            resources.into_iter().for_each(|resource| resource.causes.clone_from(&numbers));
            return;
        };
        if self.renderings < candidates.len() {
            resources.into_iter().for_each(|resource| resource.causes.clone_from(&numbers));
            return;
        }
        self.renderings -= candidates.len();
        let effects: Vec<BTreeSet<(Identity, String)>> =
            candidates.iter().map(|candidate| sides.effects(candidate, old, new)).collect();
        for resource in resources {
            let own = places(resource);
            let due = effects.iter().zip(&numbers).filter(|(effect, _)| !effect.is_disjoint(&own));
            resource.causes = due.map(|(_, number)| *number).collect();
            // What only all of them together bring about is due to all.
            if resource.causes.is_empty() {
                resource.causes.clone_from(&numbers);
            }
        }
    }
}

/// Where a resource differs, or that it is new or gone.
fn places(resource: &ResourceDiff) -> BTreeSet<(Identity, String)> {
    let id = &resource.id;
    let mut places: BTreeSet<(Identity, String)> = match resource.action {
        Action::Change => BTreeSet::new(),
        Action::Add => BTreeSet::from([(id.clone(), "+".to_owned())]),
        Action::Remove => BTreeSet::from([(id.clone(), "-".to_owned())]),
        Action::Rename => BTreeSet::from([(id.clone(), "+".to_owned())]),
    };
    let shown = resource.edits.iter().filter(|edit| edit.fold.is_none() || !resource.is_shown());
    places.extend(shown.map(|edit| (id.clone(), edit.path.to_string())));
    places
}

struct Sides<'a> {
    base: &'a Loaded<'a>,
    head: &'a Loaded<'a>,
    files: &'a Pair,
    rules: &'a Rules,
    folders: &'a Folders,
}

/// Which pairs of folders are the same: many components have one chart.
type Folders = RefCell<BTreeMap<(PathBuf, PathBuf), bool>>;

fn only(component: &ResolvedComponent, from: Option<&str>, to: Option<&str>) -> Candidate {
    let cause = Cause {
        what: What::Component(component.path.clone()),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
        place: Some(shown_place(&component.own.place())),
    };
    Candidate { cause, effect: Effect::Rest }
}

/// A place by its file and line.
fn shown_place(place: &crate::error::Place) -> String {
    match place.position {
        Some(position) => format!("{}:{}", place.file, position.line),
        None => place.file.clone(),
    }
}

impl Sides<'_> {
    fn settings(&self, side: &Loaded<'_>, component: &ResolvedComponent) -> RenderSettings {
        let trees = &side.prepared.trees;
        let environment = trees.iter().find(|tree| tree.environment.to_string() == self.files.name);
        environment
            .map(|tree| side.prepared.project.rendering.of(&tree.environment, &component.path))
            .unwrap_or_default()
    }

    /// Returns all that differs in the inputs of a component.
    fn candidates(&self, old: &ResolvedComponent, new: &ResolvedComponent) -> Vec<Candidate> {
        let mut found = value_candidates(old, new);
        let cause = |what, from: Option<String>, to: Option<String>, place| Cause { what, from, to, place };
        if old.namespace != new.namespace || old.inject_namespace != new.inject_namespace {
            let place = new.layers.first().map(|say| shown_place(&say.place_of("namespace")));
            let is_same = old.namespace == new.namespace;
            let text = |namespace: &Option<String>| namespace.clone().filter(|_| !is_same);
            let cause = cause(What::Namespace, text(&old.namespace), text(&new.namespace), place);
            found.push(Candidate { cause, effect: Effect::Rest });
        }
        if self.settings(self.base, old) != self.settings(self.head, new) {
            let cause = cause(What::Settings, None, None, Some("fab.yaml".to_owned()));
            found.push(Candidate { cause, effect: Effect::Rest });
        }
        let folders = (self.base.renderer.on_disk(&old.input), self.head.renderer.on_disk(&new.input));
        let is_same = *self
            .folders
            .borrow_mut()
            .entry(folders.clone())
            .or_insert_with(|| is_same_tree(&folders.0, &folders.1));
        if !is_same {
            let cause = match (chart(&folders.0), chart(&folders.1)) {
                (Some((_, from)), Some((name, to))) if from != to => {
                    let version = new.own.place_of("version");
                    let is_pinned = !new.own.component.version.is_empty();
                    let place = is_pinned.then(|| shown_place(&version));
                    cause(What::Chart(name), Some(from), Some(to), place)
                }
                _ => {
                    // What cannot be read differs as a whole.
                    let files = differing(&folders.0, &folders.1, 3).unwrap_or_default();
                    let files = files.iter().map(|file| {
                        crate::definition::place::join(&[&new.input, file]).trim_end_matches('/').to_owned()
                    });
                    cause(What::Files(files.collect()), None, None, None)
                }
            };
            found.push(Candidate { cause, effect: Effect::Files });
        }
        found
    }

    /// Returns where the earlier component differs from itself with only one thing changed.
    fn effects(
        &self,
        candidate: &Candidate,
        old: &ResolvedComponent,
        new: &ResolvedComponent,
    ) -> BTreeSet<(Identity, String)> {
        let (side, component) = match &candidate.effect {
            Effect::Values(edits) => {
                let Ok(Value::Mapping(values)) = apply(&Value::Mapping(old.values.clone()), edits) else {
                    return BTreeSet::new();
                };
                (self.base, ResolvedComponent { values, ..old.clone() })
            }
            Effect::Files => {
                let (values, namespace) = (old.values.clone(), old.namespace.clone());
                let inject_namespace = old.inject_namespace;
                (self.head, ResolvedComponent { values, namespace, inject_namespace, ..new.clone() })
            }
            Effect::Rest => {
                let (namespace, inject_namespace) = (new.namespace.clone(), new.inject_namespace);
                (self.base, ResolvedComponent { namespace, inject_namespace, ..old.clone() })
            }
        };
        let Some(text) = side.text(&self.files.name, component) else { return BTreeSet::new() };
        let of_component = |file: &&File| file.path == old.output;
        let before: Vec<File> = self.files.base.iter().filter(of_component).cloned().collect();
        let after = File { path: old.output.clone(), ..super::file("", &text) };
        let pair = Pair { base: before, head: vec![after], ..Pair::default() };
        let environment = compare_environment(&pair, self.rules);
        environment.resources.iter().flat_map(places).collect()
    }
}

/// Returns the name and version of the chart in a folder.
fn chart(folder: &FilePath) -> Option<(String, String)> {
    let text = std::fs::read_to_string(folder.join("Chart.yaml")).ok()?;
    let chart: Value = goyaml::from_str(&text).ok()?;
    Some((chart.get("name")?.as_str()?.to_owned(), scalar(chart.get("version")?)))
}

/// Returns a candidate for each value that differs; what differs in one list is one.
fn value_candidates(old: &ResolvedComponent, new: &ResolvedComponent) -> Vec<Candidate> {
    let values = |values: &Mapping| Value::Mapping(values.clone());
    let edits = compare(&values(&old.values), &values(&new.values), None);
    let mut found: Vec<(Vec<String>, Vec<Edit>)> = Vec::new();
    for edit in edits {
        let keys: Vec<String> = edit.path.0.iter().map_while(key).map(str::to_owned).collect();
        match found.iter_mut().find(|(known, _)| *known == keys) {
            Some((_, edits)) => edits.push(edit),
            None => found.push((keys, vec![edit])),
        }
    }
    let candidate = |(keys, edits): (Vec<String>, Vec<Edit>)| {
        let place = new.setter(&keys).or_else(|| old.setter(&keys));
        let path = Path(keys.iter().cloned().map(Step::Key).collect());
        let (from, to) = match edits.as_slice() {
            [Edit { path, change: Change::Replace { from, to }, .. }] if path.0.len() == keys.len() => {
                (shown(from), shown(to))
            }
            [Edit { path, change: Change::Add { value, .. }, .. }] if path.0.len() == keys.len() => {
                (None, shown(value))
            }
            [Edit { path, change: Change::Remove { value }, .. }] if path.0.len() == keys.len() => {
                (shown(value), None)
            }
            _ => (None, None),
        };
        let place = place.as_ref().map(shown_place);
        let cause = Cause { what: What::Value(path.to_string()), from, to, place };
        Candidate { cause, effect: Effect::Values(edits) }
    };
    found.into_iter().map(candidate).collect()
}

fn key(step: &Step) -> Option<&str> {
    match step {
        Step::Key(key) => Some(key),
        Step::Index(_) | Step::Item(_) => None,
    }
}

/// A value in a cause: short, or not at all.
fn shown(value: &Value) -> Option<String> {
    const LONGEST: usize = 60;
    match value {
        Value::Sequence(_) | Value::Mapping(_) => None,
        _ => Some(scalar(value)).filter(|text| text.len() <= LONGEST && !text.contains('\n')),
    }
}

/// Words in keys whose values nobody should read.
const SECRET_WORDS: [&str; 8] =
    ["password", "passwd", "secret", "token", "credential", "apikey", "privatekey", "passphrase"];

/// Takes the values out of causes that may be secret: by their names, or because something secret is due to them.
fn hide_secrets(diff: &mut Diff) {
    let mut secret: BTreeSet<usize> = BTreeSet::new();
    for resource in diff.environments.iter().flat_map(|environment| &environment.resources) {
        let has_secret =
            resource.value.is_some() || resource.edits.iter().any(|edit| resource.masks(&edit.path));
        if resource.is_secret && has_secret {
            secret.extend(&resource.causes);
        }
    }
    for (number, cause) in diff.causes.iter_mut().enumerate() {
        let What::Value(key) = &cause.what else { continue };
        let key = key.to_lowercase().replace(['-', '_'], "");
        if secret.contains(&number) || SECRET_WORDS.iter().any(|word| key.contains(word)) {
            (cause.from, cause.to) = (None, None);
        }
    }
}
