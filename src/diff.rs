//! What a change of a definition changes in the cluster, told from manifests
//! alone.
//!
//! Two sides are rendered, or read where they are published, and compared as
//! data: `sides` gives the manifests, `resources` says which resources are
//! the same ones, `compare` what is different in them, and `forms` writes it.
//! Between these, what says little is folded, what is dangerous is marked, and
//! what is alike is put together.
//!
//! Three rules hold. A side that cannot be rendered is told as that, never as
//! the removal of all it would have. What is secret is compared and never shown.
//! And the edits of a diff make the new tree of the old one, whatever is shown.

use std::sync::Arc;

use goyaml::Value;
use kubeschema::Schemas;
use rayon::prelude::*;

use crate::config::Environment;
use crate::error::Failure;

mod cause;
mod chance;
mod commit;
pub mod compare;
mod error;
mod forms;
pub mod group;
mod images;
pub mod lines;
mod mask;
mod noise;
mod path;
mod published;
pub mod resources;
pub mod risk;
mod sides;
mod unchanged;

pub use cause::{Cause, What};
use chance::Chances;
pub use compare::{Change, Edit, Fold};
pub use error::DiffError;
pub use forms::{Form, html, json, markdown, stat, summary, text};
pub use images::images;
pub use noise::Noise;
pub(crate) use noise::Pattern;
pub use path::{Path, Step};
use resources::{File, Identity, Matches, Resource, match_all};
use risk::immutable::refusal;
use risk::{Risk, risks};
pub(crate) use sides::diff_drafts;
pub use sides::{Against, DiffOptions, diff};

/// What is different between two sides.
#[derive(Debug, Default)]
pub struct Diff {
    /// What is compared with.
    pub base: Side,
    /// What is compared.
    pub head: Side,
    /// The environments, in their order.
    pub environments: Vec<EnvironmentDiff>,
    /// Why resources differ, as far as that is known.
    pub causes: Vec<Cause>,
    /// What could not be rendered, and so is not compared.
    pub failures: Vec<SideFailure>,
}

/// One of the two sides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Side {
    /// What it is, in words: `main at 1a2b3c4`, `the working tree`.
    pub name: String,
    /// Its commit, if it is one.
    pub commit: Option<String>,
}

/// Something that could not be rendered.
#[derive(Debug, Clone)]
pub struct SideFailure {
    /// Whether it is of the side that is compared with.
    pub of_base: bool,
    /// What happened.
    pub failure: Failure,
}

/// What is different in one environment.
#[derive(Debug, Default)]
pub struct EnvironmentDiff {
    /// The environment.
    pub name: String,
    /// Whether only one of the sides has it.
    pub only: Option<Only>,
    /// The resources that differ, in the order of the new manifests; those that are gone stand last.
    pub resources: Vec<ResourceDiff>,
    /// How many resources have the same data, written differently.
    pub reformatted: usize,
    /// How many resources are as they were, in another file.
    pub moved: usize,
}

/// Which of the sides has something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// The one that is compared with.
    Base,
    /// The one that is compared.
    Head,
}

/// What becomes of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// It is new.
    Add,
    /// It is changed.
    Change,
    /// It is gone, and one of much the same content has another name or namespace.
    Rename,
    /// It is gone.
    Remove,
}

/// A resource that differs.
#[derive(Debug, Clone)]
pub struct ResourceDiff {
    /// What becomes of it.
    pub action: Action,
    /// What it is called; what is gone, what it was called.
    pub id: Identity,
    /// What it was called, if it is called differently now.
    pub was: Option<Identity>,
    /// Path of its component; empty for none.
    pub component: String,
    /// Its file below the folder of the environment.
    pub file: String,
    /// Its file before, if that is another one.
    pub old_file: Option<String>,
    /// What is different in it.
    pub edits: Vec<Edit>,
    /// All of it, if it is new or gone.
    pub value: Option<Value>,
    /// Whether its data are secret.
    pub is_secret: bool,
    /// What is dangerous about it.
    pub risks: Vec<Risk>,
    /// The numbers of its causes.
    pub causes: Vec<usize>,
}

impl ResourceDiff {
    /// Returns whether there is something to show, and not only to count.
    pub fn is_shown(&self) -> bool {
        self.action != Action::Change || self.edits.iter().any(|edit| edit.fold.is_none())
    }

    /// Returns whether it differs in every run, and in nothing else.
    pub fn is_by_chance(&self) -> bool {
        let is_by_chance = |edit: &Edit| edit.fold == Some(Fold::Chance);
        self.action == Action::Change && self.edits.iter().all(is_by_chance)
    }
}

/// The manifests of one environment on both sides.
#[derive(Debug, Default)]
pub struct Pair {
    /// The environment.
    pub name: String,
    /// Which side has it, if only one has.
    pub only: Option<Only>,
    /// The manifests that are compared with.
    pub base: Vec<File>,
    /// The manifests that are compared.
    pub head: Vec<File>,
}

impl Pair {
    fn new(environment: &Environment, only: Option<Only>) -> Self {
        Pair { name: environment.to_string(), only, ..Pair::default() }
    }
}

/// What documents are compared by.
#[derive(Debug)]
pub struct Rules {
    schemas: Schemas,
    noise: Noise,
}

impl Rules {
    /// Returns the rules with what says little.
    pub fn new(noise: Noise) -> Self {
        Rules { schemas: Schemas::embedded(), noise }
    }
}

/// Compares the manifests of environments.
pub fn compare_all(pairs: &[Pair], rules: &Rules) -> Vec<EnvironmentDiff> {
    pairs.par_iter().map(|pair| compare_environment(pair, rules)).collect()
}

fn compare_environment(pair: &Pair, rules: &Rules) -> EnvironmentDiff {
    let (base, head) = (resources::read(&pair.base), resources::read(&pair.head));
    let Matches { same, renamed, removed, added } = match_all(&base, &head);
    let both = Both { pair, rules };
    let mut found: Vec<(usize, ResourceDiff)> = Vec::new();
    let mut environment = EnvironmentDiff { name: pair.name.clone(), only: pair.only, ..Default::default() };
    let changes: Vec<(usize, Outcome)> =
        same.into_par_iter().map(|(old, new)| (new, both.same(&base[old], &head[new]))).collect();
    for (at, outcome) in changes {
        match outcome {
            Outcome::Equal => {}
            Outcome::Reformatted => environment.reformatted += 1,
            Outcome::Moved => environment.moved += 1,
            Outcome::Changed(change) => found.push((at, *change)),
        }
    }
    found.extend(renamed.into_iter().map(|(old, new)| (new, both.renamed(&base[old], &head[new]))));
    found.extend(added.into_iter().map(|at| (at, both.alone(&head[at], Action::Add))));
    found.sort_by_key(|(at, _)| *at);
    environment.resources = found.into_iter().map(|(_, resource)| resource).collect();
    environment.resources.extend(removed.into_iter().map(|at| both.alone(&base[at], Action::Remove)));
    environment
}

/// What comparing a resource with itself comes to.
enum Outcome {
    Equal,
    Reformatted,
    Moved,
    Changed(Box<ResourceDiff>),
}

struct Both<'a> {
    pair: &'a Pair,
    rules: &'a Rules,
}

impl Both<'_> {
    fn same(&self, old: &Resource, new: &Resource) -> Outcome {
        let (old_file, new_file) = (&self.pair.base[old.file], &self.pair.head[new.file]);
        let is_moved = old_file.path != new_file.path;
        if old.value == new.value {
            return match (is_moved, old_file.text[old.range.clone()] == new_file.text[new.range.clone()]) {
                (true, _) => Outcome::Moved,
                (false, true) => Outcome::Equal,
                (false, false) => Outcome::Reformatted,
            };
        }
        let edits = self.edits(old, new);
        if edits.is_empty() {
            return Outcome::Equal;
        }
        let old_file = is_moved.then(|| old_file.path.clone());
        let risks = risks(Action::Change, Some(old), Some(new), &edits);
        let change = self.of(new, new_file, Action::Change);
        Outcome::Changed(Box::new(ResourceDiff { edits, old_file, risks, ..change }))
    }

    fn renamed(&self, old: &Resource, new: &Resource) -> ResourceDiff {
        let (old_file, new_file) = (&self.pair.base[old.file], &self.pair.head[new.file]);
        let edits = self.edits(old, new);
        ResourceDiff {
            risks: risks(Action::Rename, Some(old), Some(new), &edits),
            edits,
            was: Some(old.id.clone()),
            old_file: (old_file.path != new_file.path).then(|| old_file.path.clone()),
            ..self.of(new, new_file, Action::Rename)
        }
    }

    fn alone(&self, resource: &Resource, action: Action) -> ResourceDiff {
        let is_new = action == Action::Add;
        let files = if is_new { &self.pair.head } else { &self.pair.base };
        let sides = if is_new { (None, Some(resource)) } else { (Some(resource), None) };
        let risks = risks(action, sides.0, sides.1, &[]);
        let value = Some(resource.value.clone());
        ResourceDiff { value, risks, ..self.of(resource, &files[resource.file], action) }
    }

    fn of(&self, resource: &Resource, file: &File, action: Action) -> ResourceDiff {
        ResourceDiff {
            action,
            id: resource.id.clone(),
            was: None,
            component: file.component.clone(),
            file: file.path.clone(),
            old_file: None,
            edits: Vec::new(),
            value: None,
            is_secret: resource.is_secret(),
            risks: Vec::new(),
            causes: Vec::new(),
        }
    }

    fn edits(&self, old: &Resource, new: &Resource) -> Vec<Edit> {
        let part = self.rules.schemas.part(&new.api_version, &new.id.kind);
        let mut edits = compare::compare(&old.value, &new.value, part);
        let chances = Chances::of(&self.pair.head[new.file], new);
        for edit in edits.iter_mut().filter(|edit| edit.fold.is_none()) {
            if chances.has(edit) {
                edit.fold = Some(Fold::Chance);
            } else if self.rules.noise.has(&edit.path) && refusal(old, new, edit).is_none() {
                edit.fold = Some(Fold::Noise);
            }
        }
        edits
    }
}

/// How many resources there are of what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that are new.
    pub add: usize,
    /// Those that are changed.
    pub change: usize,
    /// Those that are gone.
    pub remove: usize,
    /// Those that are changed only in what says little.
    pub folded: usize,
}

impl Counts {
    fn and(self, other: Counts) -> Counts {
        Counts {
            add: self.add + other.add,
            change: self.change + other.change,
            remove: self.remove + other.remove,
            folded: self.folded + other.folded,
        }
    }
}

impl EnvironmentDiff {
    /// Counts its resources; what is renamed is gone and new.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for resource in &self.resources {
            match resource.action {
                Action::Add => counts.add += 1,
                Action::Change if resource.is_by_chance() => {}
                Action::Change if !resource.is_shown() => counts.folded += 1,
                Action::Change => counts.change += 1,
                Action::Remove => counts.remove += 1,
                Action::Rename => {
                    counts.add += 1;
                    counts.remove += 1;
                }
            }
        }
        counts
    }
}

impl Diff {
    /// Returns whether nothing differs, as far as both sides could be rendered.
    pub fn is_empty(&self) -> bool {
        let mut all = self.environments.iter().flat_map(|environment| &environment.resources);
        all.all(ResourceDiff::is_by_chance)
    }

    /// Counts the resources of all environments.
    pub fn counts(&self) -> Counts {
        self.environments.iter().map(EnvironmentDiff::counts).fold(Counts::default(), Counts::and)
    }

    /// Counts the resources that are due to each of the causes.
    pub fn due(&self) -> Vec<usize> {
        let mut due = vec![0; self.causes.len()];
        for resource in self.environments.iter().flat_map(|environment| &environment.resources) {
            resource.causes.iter().for_each(|number| due[*number] += 1);
        }
        due
    }
}

/// Makes one file of manifests, for comparing texts that are in no tree.
pub fn file(path: &str, text: &str) -> File {
    File { component: String::new(), path: path.to_owned(), text: Arc::from(text), varying: Vec::new() }
}
