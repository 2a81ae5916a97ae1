//! Promotes what one environment has to another: the pins of images, and values that
//! the definition's owner names.
//!
//! Config is copied, never manifests. What counts is the value in force, with all
//! layers merged; what changes is a file that the environment does not share with
//! the one that the value comes from. What the first environment does not have is
//! not taken from the second.
//!
//! Invariant: nothing is written here, and after the changes the environment has
//! exactly the values that are told, or there are no changes.

use std::slice;

use goyaml::{Mapping, Value};
use kubeschema::closest;

use crate::config::Environment;
use crate::definition::{Drafts, load_from, place};
use crate::diff::{Diff, diff_drafts};
use crate::document::{Step, value_at};
use crate::edit::path::show;
use crate::edit::{Edited, Placed, set_placed};
use crate::error::{Error, Failure, Warning};
use crate::explain::check_environment;
use crate::generate::{Event, GenerateOptions};
use crate::hooks::HookPolicy;
use crate::inventory::{Loaded, load, load_as};
use crate::origin::leaves;
use crate::project::{Project, RenderSettings};
use crate::publish::{Hold, PublishError, StatusOptions, Target, published_source, status};
use crate::render::{ChartSettings, World};
use crate::resolve::{ResolvedComponent, ResolvedTree, resolve};
use crate::source::Network;

mod commit;
mod files;
mod images;
mod patterns;

use files::Files;
pub use patterns::KeyPattern;
use patterns::{Verdict, is_secret, verdict};

/// What `fab promote` may choose.
pub struct PromoteOptions {
    /// The environment that values come from, and how manifests are reached.
    pub from: Target,
    /// The environment that gets them.
    pub to: Environment,
    /// Whether values are those of the commit that the first environment is published from.
    pub published: bool,
    /// Whether the manifest repository may be asked.
    pub network: Network,
    /// Which hooks may run.
    pub hooks: HookPolicy,
    /// Which values are promoted, after those that `fab.yaml` names.
    pub keys: Vec<KeyPattern>,
    /// The components, with all that is below them, by path; none for all.
    pub components: Vec<String>,
}

/// What promoting comes to.
#[derive(Debug, Default)]
pub struct Promotion {
    /// The environments whose manifests are made of the files: the one that gets values, then others.
    pub environments: Vec<Environment>,
    /// What changes.
    pub promoted: Vec<Promoted>,
    /// What does not change although it differs.
    pub left: Vec<Left>,
    /// The config files.
    pub files: Vec<Edited>,
    /// What is odd about the definition.
    pub warnings: Vec<Warning>,
    /// Why it is not known whether the environment is held.
    pub hold_unknown: Option<Error>,
    /// The commit that values are from, if that is not the one that is checked out.
    source: Option<String>,
    placed: Vec<Placed>,
    drafts: Drafts,
}

/// A value that is promoted.
#[derive(Debug, Clone, PartialEq)]
pub struct Promoted {
    /// The path of the component.
    pub component: String,
    /// The keys that lead to the value.
    pub key: String,
    /// What it was.
    pub before: Option<Value>,
    /// What it is.
    pub after: Value,
    /// Whether nobody should read it.
    pub is_secret: bool,
    /// The file that sets it.
    pub file: String,
}

/// A value that differs and is not promoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The path of the component.
    pub component: String,
    /// The keys that lead to the value.
    pub key: String,
    /// Why.
    pub why: Why,
}

/// Why a value is not promoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Only the environment that would get one has it.
    OnlyThere,
    /// It may be a secret, and no pattern has its name.
    Secret,
    /// It is in an item of a list that the environment shares.
    InSharedList,
}

/// A value that an environment should have.
#[derive(Debug, Clone, PartialEq)]
struct Wish {
    steps: Vec<Step>,
    value: Value,
}

/// The config files that only one of the environments has, by name, the strongest first.
struct Own {
    from: Vec<String>,
    to: Vec<String>,
}

/// A component as both environments have it.
#[derive(Clone, Copy)]
struct Pair<'a> {
    from: &'a ResolvedComponent,
    to: &'a ResolvedComponent,
    own: &'a Own,
}

/// Works out what changes for an environment to have what another one has.
///
/// # Errors
///
/// There are no such environments, components or values, or something is wrong with the definition.
pub fn promote(options: &PromoteOptions) -> Result<Promotion, Vec<Failure>> {
    let of_run = |error: Error| vec![Failure::of_run(error)];
    let (directory, shown) = (&options.from.directory, place::typed(&options.from.directory));
    let from = Environment::new([&options.from.environment]);
    let copy = options.published.then(|| published_source(&options.from, &options.hooks)).transpose()?;
    let there = copy.as_ref().map(|copy| load_as(&copy.directory, &shown, slice::from_ref(&from)));
    let there = there.transpose()?;
    let here = load(directory, &[options.to.clone(), from])?;
    let hold_unknown = options.check_hold(&here.project).map_err(of_run)?;
    let (first, at) = there.as_ref().map_or((&here, 1), |there| (there, 0));
    let mut warnings = here.warnings.clone();
    let from = resolved(first, &first.environments[at], &mut warnings)?;
    let to = resolved(&here, &here.environments[0], &mut warnings)?;
    let run = Run {
        options,
        own: Own::new(&from.environment, &to.environment).map_err(of_run)?,
        trees: (&from, &to),
        files: Files { from: &first.definition, to: &here.definition },
        patterns: here.project.publish.promote().iter().chain(&options.keys).cloned().collect(),
    };
    run.check_components().and_then(|()| run.check_keys()).map_err(of_run)?;
    let again = |drafts: &Drafts| {
        let definition = load_from(directory, &shown, &here.environments, &here.places);
        let changed = resolve(&definition.with_drafts(directory, drafts), &to.environment);
        if changed.failures.is_empty() { Ok(changed.tree) } else { Err(changed.failures) }
    };
    let promotion = run.set(&again)?;
    let environments = run.concerned(here.project.environments(directory, &[]), &promotion.placed);
    let source = copy.as_ref().map(|copy| copy.commit.clone());
    Ok(Promotion { environments, warnings, source, hold_unknown, ..promotion })
}

/// Returns what an environment makes of a definition.
fn resolved(
    loaded: &Loaded,
    environment: &Environment,
    warnings: &mut Vec<Warning>,
) -> Result<ResolvedTree, Vec<Failure>> {
    let resolution = resolve(&loaded.definition, environment);
    let listed = loaded.project.rendering.environments();
    let is_listed = environment.names().iter().all(|name| listed.contains(name));
    check_environment(&resolution.warnings, is_listed).map_err(|error| vec![Failure::of_run(error)])?;
    warnings.extend(resolution.warnings.into_iter().filter(|warning| !loaded.warnings.contains(warning)));
    if resolution.failures.is_empty() { Ok(resolution.tree) } else { Err(resolution.failures) }
}

impl PromoteOptions {
    /// Makes sure that the environment is not held after a rollback; returns why that is not known.
    fn check_hold(&self, project: &Project) -> Result<Option<Error>, Error> {
        let Target { directory, repository, place, cache, variables, .. } = &self.from;
        if self.network == Network::Offline || repository.is_none() && project.publish.repository.is_none() {
            return Ok(None);
        }
        let options = StatusOptions {
            directory: directory.clone(),
            environments: vec![self.to.clone()],
            repository: repository.clone(),
            place: place.clone(),
            cache: cache.clone(),
            variables: variables.clone(),
            clusters: None,
        };
        let found = match status(&options) {
            Ok(found) => found,
            Err(error) => return Ok(Some(error)),
        };
        match found.environments.into_iter().find_map(|status| status.standing?.hold) {
            None => Ok(None),
            Some(Hold { reason, by, since, .. }) => {
                let environment = self.to.to_string();
                Err(PublishError::Held { environment, reason, by, since }.into())
            }
        }
    }
}

impl Promotion {
    /// Renders the environments with the config files as they are and as they are to become, and compares.
    ///
    /// # Errors
    ///
    /// The definition cannot be loaded. What cannot be rendered is part of the diff.
    pub fn diff(
        &self,
        options: &PromoteOptions,
        world: World,
        heard: &(dyn Fn(Event) + Sync),
    ) -> Result<Diff, Vec<Failure>> {
        let directory = &options.from.directory;
        let options = GenerateOptions {
            directory: directory.clone(),
            output: directory.join("generated"),
            environments: self.environments.clone(),
            charts: ChartSettings { settings: RenderSettings::default(), world },
            hooks: options.hooks.clone(),
            keeps_definitions: false,
            compares: true,
            jobs: None,
        };
        diff_drafts(&options, &self.drafts, heard)
    }
}

impl Own {
    fn new(from: &Environment, to: &Environment) -> Result<Self, Error> {
        let without = |one: &Environment, other: &Environment| -> Vec<String> {
            let others = other.layers();
            one.named().filter(|name| !others.contains(name)).map(str::to_owned).collect()
        };
        let own = Own { from: without(from, to), to: without(to, from) };
        if own.to.is_empty() {
            let (from, to) = (from.to_string(), to.to_string());
            return Err(PublishError::NoOwnConfig { from, to }.into());
        }
        Ok(own)
    }
}

impl Pair<'_> {
    /// Whether the environment that values come from says a value for itself.
    fn is_said_by_from(&self, steps: &[Step]) -> bool {
        says(self.from, &self.own.from, steps)
    }

    /// Whether the environment that gets values says a value for itself.
    fn is_said_by_to(&self, steps: &[Step]) -> bool {
        says(self.to, &self.own.to, steps)
    }

    fn left(&self, steps: &[Step], why: Why) -> Left {
        Left { component: self.to.path.clone(), key: show(steps), why }
    }

    fn promoted(&self, Wish { steps, value }: Wish, file: String) -> Promoted {
        let (component, key) = (self.to.path.clone(), show(&steps));
        let before = get(&self.to.values, &steps).cloned();
        let is_secret = before.iter().chain([&value]).any(|value| is_secret(&steps, value));
        Promoted { component, key, before, after: value, is_secret, file }
    }
}

fn says(component: &ResolvedComponent, own: &[String], steps: &[Step]) -> bool {
    let say = keys_of(steps).and_then(|keys| component.say_of(&keys));
    say.is_some_and(|say| own.contains(&say.layer().name))
}

/// Returns the value that steps lead to in the values of a component.
fn get<'v>(values: &'v Mapping, steps: &[Step]) -> Option<&'v Value> {
    let (Step::Key(first), rest) = steps.split_first()? else { return None };
    value_at(values.get(first)?, rest)
}

/// Returns steps as keys; nothing if they lead into a list.
fn keys_of(steps: &[Step]) -> Option<Vec<String>> {
    let key = |step: &Step| match step {
        Step::Key(key) => Some(key.clone()),
        Step::Index(_) => None,
    };
    steps.iter().map(key).collect()
}

/// Whether two values are the same one, be it from YAML or from JSON, whose numbers are of other types.
fn is_same(one: &Value, two: &Value) -> bool {
    one == two || goyaml::to_string(one).is_ok_and(|one| goyaml::to_string(two).is_ok_and(|two| one == two))
}

struct Run<'a> {
    options: &'a PromoteOptions,
    own: Own,
    /// Where values come from, and what gets them.
    trees: (&'a ResolvedTree, &'a ResolvedTree),
    files: Files<'a>,
    patterns: Vec<KeyPattern>,
}

impl Run<'_> {
    /// Returns the components that both environments have and that are wanted.
    fn pairs(&self) -> Vec<Pair<'_>> {
        let wanted = &self.options.components;
        let is_wanted =
            |path: &str| wanted.is_empty() || wanted.iter().any(|folder| path_is_below(path, folder));
        let (from, to) = self.trees;
        let pairs = from.components.iter().filter(|from| is_wanted(&from.path)).filter_map(|from| {
            let to = to.components.iter().find(|to| to.path == from.path)?;
            Some(Pair { from, to, own: &self.own })
        });
        pairs.collect()
    }

    /// Makes sure that the components are there that are named.
    fn check_components(&self) -> Result<(), Error> {
        for name in &self.options.components {
            for tree in [self.trees.0, self.trees.1] {
                let paths = || tree.components.iter().map(|component| component.path.as_str());
                if !paths().any(|path| path_is_below(path, name)) {
                    let suggestion = closest(name, paths()).map(str::to_owned);
                    let environment = tree.environment.to_string();
                    return Err(Error::UnknownComponent { name: name.clone(), environment, suggestion });
                }
            }
        }
        Ok(())
    }

    /// Makes sure that every key on the command line is one of a value.
    fn check_keys(&self) -> Result<(), Error> {
        for pattern in &self.options.keys {
            let has = |component: &ResolvedComponent| {
                let mut all = leaves(&component.values).into_iter();
                all.any(|(keys, _)| pattern.has(&component.path, &steps_of(&keys)))
            };
            // Images may be in lists, into which only they are looked up.
            let is_image = |pair: &Pair<'_>| {
                let pins = images::pins(pair).into_iter().map(|wish| wish.steps);
                pins.chain(images::pinned(pair)).any(|steps| pattern.has(&pair.to.path, &steps))
            };
            if !self.pairs().iter().any(|pair| has(pair.from) || has(pair.to) || is_image(pair)) {
                let environment = self.trees.0.environment.to_string();
                return Err(PublishError::NoKey { key: pattern.text().to_owned(), environment }.into());
            }
        }
        Ok(())
    }

    /// Returns the values of a component that the environment should have and does not; what differs and stays goes to
    /// `left`.
    fn wishes(&self, pair: &Pair<'_>, left: &mut Vec<Left>) -> Vec<Wish> {
        let mut wishes: Vec<Wish> = Vec::new();
        let named = leaves(&pair.from.values).into_iter().filter(|(_, value)| !value.is_null());
        let named = named.map(|(keys, value)| (steps_of(&keys), value.clone(), Verdict::Passed));
        let pins = images::pins(pair).into_iter().map(|Wish { steps, value }| (steps, value, Verdict::Taken));
        for (steps, value, default) in named.chain(pins) {
            // An image may be in a list that is promoted as a whole.
            let is_known = wishes.iter().any(|known| steps.starts_with(&known.steps));
            let is_there = get(&pair.to.values, &steps).is_some_and(|known| is_same(known, &value));
            if is_known || is_there {
                continue;
            }
            match verdict(&self.patterns, (&pair.from.path, &steps, &value), default) {
                Verdict::Taken => wishes.push(Wish { steps, value }),
                Verdict::Secret => left.push(pair.left(&steps, Why::Secret)),
                Verdict::Passed => {}
            }
        }
        left.extend(self.only_there(pair, &wishes));
        wishes
    }

    /// Returns what the environment says for itself and the other one does not have.
    fn only_there(&self, pair: &Pair<'_>, wishes: &[Wish]) -> Vec<Left> {
        let pinned = images::pinned(pair).into_iter().map(|steps| (steps, Verdict::Taken));
        let others = leaves(&pair.to.values).into_iter();
        let others = others.map(|(keys, _)| (steps_of(&keys), Verdict::Passed));
        let mut kept: Vec<Left> = Vec::new();
        for (steps, default) in pinned.chain(others) {
            let is_there = get(&pair.from.values, &steps).is_some_and(|value| !value.is_null());
            let Some(value) = get(&pair.to.values, &steps).filter(|_| !is_there) else { continue };
            let is_wanted =
                verdict(&self.patterns, (&pair.to.path, &steps, value), default) != Verdict::Passed;
            let is_replaced = wishes.iter().any(|wish| steps.starts_with(&wish.steps));
            let one = pair.left(&steps, Why::OnlyThere);
            if is_wanted && !is_replaced && pair.is_said_by_to(&steps) && !kept.contains(&one) {
                kept.push(one);
            }
        }
        kept
    }

    /// Returns the values that the environment should have, each with where it goes, and what differs and stays.
    fn all_wishes(&self) -> (Vec<(Pair<'_>, Wish)>, Vec<Placed>, Vec<Left>) {
        let (mut left, mut wishes, mut placed) = (Vec::new(), Vec::new(), Vec::new());
        for pair in self.pairs() {
            for wish in self.wishes(&pair, &mut left) {
                match self.files.place(&pair, &wish) {
                    Some(one) => {
                        placed.push(one);
                        wishes.push((pair, wish));
                    }
                    None => left.push(pair.left(&wish.steps, Why::InSharedList)),
                }
            }
        }
        (wishes, placed, left)
    }

    /// Sets the values, and makes sure that the environment has them then, which `again` resolves.
    fn set(
        &self,
        again: &dyn Fn(&Drafts) -> Result<ResolvedTree, Vec<Failure>>,
    ) -> Result<Promotion, Vec<Failure>> {
        let (wishes, mut placed, left) = self.all_wishes();
        let set = |placed: &[Placed]| {
            let (files, drafts) = set_placed(&self.options.from.directory, placed)
                .map_err(|error| vec![Failure::of_run(error)])?;
            let tree = again(&drafts)?;
            Ok::<_, Vec<Failure>>((files, drafts, tree))
        };
        let (mut files, mut drafts, mut tree) = set(&placed)?;
        // A list that does not become the same by what is joined to it replaces what is.
        let mut is_changed = false;
        for ((pair, wish), placed) in wishes.iter().zip(&mut placed) {
            if matches!(wish.value, Value::Sequence(_)) && !has(&tree, pair, wish) {
                placed.value.clone_from(&wish.value);
                (placed.replaces, is_changed) = (true, true);
            }
        }
        if is_changed {
            (files, drafts, tree) = set(&placed)?;
        }
        let failures = wishes.iter().filter(|(pair, wish)| !has(&tree, pair, wish));
        let failures: Vec<Failure> = failures.map(|(pair, wish)| self.not_taken(&tree, pair, wish)).collect();
        if !failures.is_empty() {
            return Err(failures);
        }
        let file_of = |placed: &Placed| drafts.get(&placed.file()).map(|draft| draft.file.clone());
        let promoted = wishes.into_iter().zip(&placed);
        let promoted =
            promoted.map(|((pair, wish), placed)| pair.promoted(wish, file_of(placed).unwrap_or_default()));
        let promoted = promoted.collect();
        Ok(Promotion { promoted, left, files, placed, drafts, ..Promotion::default() })
    }

    fn not_taken(&self, tree: &ResolvedTree, pair: &Pair<'_>, wish: &Wish) -> Failure {
        let changed = tree.components.iter().find(|component| component.path == pair.to.path);
        let setter = changed.and_then(|component| component.setter(&keys_of(&wish.steps)?));
        let error = PublishError::NotPromoted { key: show(&wish.steps), place: setter.map(Box::new) };
        Failure {
            component: pair.to.path.clone(),
            environments: vec![self.trees.1.environment.to_string()],
            error: Error::from(error).into(),
        }
    }

    /// Returns the environment that gets values, and the others that have one of the files.
    fn concerned(&self, all: Vec<Environment>, placed: &[Placed]) -> Vec<Environment> {
        let to = &self.trees.1.environment;
        let has =
            |one: &Environment| placed.iter().any(|placed| one.named().any(|name| name == placed.layer));
        let others = all.into_iter().filter(|one| one.names() != to.names() && has(one));
        std::iter::once(to.clone()).chain(others).collect()
    }
}

/// Whether an environment has a value.
fn has(tree: &ResolvedTree, pair: &Pair<'_>, wish: &Wish) -> bool {
    let component = tree.components.iter().find(|component| component.path == pair.to.path);
    let value = component.and_then(|component| get(&component.values, &wish.steps));
    value.is_some_and(|value| is_same(value, &wish.value))
}

fn path_is_below(path: &str, folder: &str) -> bool {
    place::is_below(path, folder.trim_matches('/'))
}

fn steps_of(keys: &[String]) -> Vec<Step> {
    keys.iter().cloned().map(Step::Key).collect()
}
