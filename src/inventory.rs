//! Which components a definition has in an environment: where each comes from,
//! which version is pinned, and whether it is part of the output.
//!
//! Every component is listed that can be known, also what an environment leaves
//! out: a platform is more than what one of its environments runs. What is not
//! installed is no failure here, only something that is not known yet.
//!
//! Invariant: nothing is fetched, rendered or written.

use std::path::{Path, PathBuf};

use crate::config::Environment;
use crate::definition::{self, Body, Component, Definition, Generator, Node, Places, place};
use crate::error::{Error, Failure, Place, Warning};
use crate::project::Project;
use crate::resolve::{Visit, component_path, input_folder, walk};
use crate::source::lockfile::Lockfile;
use crate::source::plan::{path_in, sources_of};
use crate::source::{Asked, Resolved, vendored};

pub mod picture;
pub mod settings;

/// What to list.
pub struct ListOptions {
    /// The folder of the root component.
    pub directory: PathBuf,
    /// The environments; none for all that the definition has.
    pub environments: Vec<Environment>,
}

/// The components of environments.
#[derive(Debug, Default)]
pub struct Listing {
    /// The environments in their order.
    pub environments: Vec<Inventory>,
    /// What is wrong with the definition, apart from what is not installed.
    pub failures: Vec<Failure>,
    /// What is odd.
    pub warnings: Vec<Warning>,
}

/// The components of one environment.
#[derive(Debug)]
pub struct Inventory {
    /// The environment.
    pub environment: Environment,
    /// Its components; one comes before those below it.
    pub components: Vec<Listed>,
}

/// A component of an environment.
#[derive(Debug)]
pub struct Listed {
    /// Path in the tree of components: `infra/ingress`.
    pub path: String,
    /// Name: the last part of the path.
    pub name: String,
    /// How many components are above it.
    pub level: usize,
    /// How it becomes manifests.
    pub generator: Generator,
    /// The folder of its chart, manifests or component file, below that of the definition; `.` for that one.
    pub folder: String,
    /// What is fetched for it; nothing if it is part of the definition.
    pub sources: Vec<ListedSource>,
    /// The namespace that it is installed in, if one is set.
    pub namespace: Option<String>,
    /// Whether it is part of the output.
    pub state: State,
}

/// A source of a component.
#[derive(Debug)]
pub struct ListedSource {
    /// What is asked for.
    pub asked: Asked,
    /// The folder in it that is used; empty for all of it.
    pub path: String,
    /// What `fab.lock` pins it to.
    pub pinned: Option<Resolved>,
}

/// Whether a component is part of the output, and why.
#[derive(Debug, PartialEq)]
pub enum State {
    /// It is; with the place that says so, if one does.
    Enabled(Option<Place>),
    /// It is not, as this place says.
    Disabled(Option<Place>),
    /// It is not, since the component of this path is disabled.
    DisabledWith(String),
    /// It is, but has to be installed first.
    NotInstalled,
    /// It cannot be read.
    Unreadable,
}

impl ListedSource {
    /// Returns where it is: the address, and behind a blank the chart or the folder in it.
    pub fn address(&self) -> String {
        match &self.asked {
            Asked::Git { url, .. } | Asked::File { url, .. } if self.path.is_empty() => url.to_string(),
            Asked::Git { url, .. } | Asked::File { url, .. } => format!("{url} {}", self.path),
            Asked::Chart { repository, chart, .. } => format!("{repository} {chart}"),
        }
    }

    /// Returns what it is pinned to, and behind that what was asked for, if that is something else: `18.1.0 (^18)`.
    pub fn version(&self) -> String {
        let asked = match &self.asked {
            Asked::Git { branch, version, .. } => version.as_deref().or(branch.as_deref()),
            Asked::Chart { version, .. } => version.as_deref(),
            Asked::File { .. } => None,
        };
        let pinned = match &self.pinned {
            // As much as git shows of it.
            Some(Resolved::Git { commit, .. }) => commit.get(..7),
            Some(Resolved::Chart { version, .. }) => Some(version.as_str()),
            Some(Resolved::File { digest }) => digest.get(.."sha256:".len() + 7),
            None => None,
        };
        match (pinned, asked) {
            (Some(pinned), Some(asked)) if asked.starts_with(pinned) => pinned.to_owned(),
            (Some(pinned), Some(asked)) => format!("{pinned} ({asked})"),
            (Some(one), None) => one.to_owned(),
            (None, Some(asked)) => format!("{asked} (not locked)"),
            (None, None) => "not locked".to_owned(),
        }
    }
}

/// Lists the components of a definition.
///
/// # Errors
///
/// What is wrong with the definition as a whole. Failures of components are part of the listing.
pub fn list(options: &ListOptions) -> Result<Listing, Vec<Failure>> {
    let Loaded { definition, environments, warnings, .. } = load(&options.directory, &options.environments)?;
    let lockfile = Lockfile::read(&options.directory, &place::typed(&options.directory));
    let lockfile = lockfile.map_err(|error| vec![whole_run(error)])?;
    let mut listing = Listing { warnings, ..Listing::default() };
    for environment in environments {
        let (resolution, visits) = walk(&definition, &environment);
        if visits.iter().any(|visit| visit.level == 0 && state(visit) == State::Unreadable) {
            return Err(resolution.failures);
        }
        let mut components = Vec::new();
        for visit in &visits {
            let resolved = visit.resolved.map(|at| &resolution.tree.components[at]);
            let namespace = resolved.and_then(|component| component.namespace.clone());
            let listed = listed(&lockfile, visit.node, visit.level, namespace, state(visit));
            let path = listed.path.clone();
            components.push(listed);
            if visit.is_disabled {
                list_disabled(&lockfile, visit.node, visit.level, &path, &mut components);
            }
        }
        let failures = resolution.failures.into_iter();
        listing
            .failures
            .extend(failures.filter(|failure| !matches!(*failure.error, Error::NotInstalled { .. })));
        listing.warnings.extend(resolution.warnings);
        listing.environments.push(Inventory { environment, components });
    }
    Ok(listing)
}

/// A definition, and the environments that it was loaded with.
pub(crate) struct Loaded {
    pub(crate) definition: Definition,
    pub(crate) environments: Vec<Environment>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) project: Project,
    pub(crate) places: Places,
}

/// Loads what is on this machine of a definition.
pub(crate) fn load(folder: &Path, wanted: &[Environment]) -> Result<Loaded, Vec<Failure>> {
    load_as(folder, &place::typed(folder), wanted)
}

/// As [`load`], with another folder in messages.
pub(crate) fn load_as(folder: &Path, shown: &str, wanted: &[Environment]) -> Result<Loaded, Vec<Failure>> {
    let project = Project::read(folder, shown).map_err(|error| vec![whole_run(error)])?;
    let environments = project.environments(folder, wanted);
    let places = vendored::places(folder, shown).map_err(|error| vec![whole_run(error)])?;
    let places = places.unwrap_or_default();
    let definition = definition::load_from(folder, shown, &environments, &places);
    Ok(Loaded { definition, environments, warnings: project.warnings.clone(), project, places })
}

pub(crate) fn whole_run(error: Error) -> Failure {
    Failure { component: String::new(), environments: Vec::new(), error: error.into() }
}

fn state(visit: &Visit<'_>) -> State {
    let said = || visit.switch.as_ref().map(|say| say.place_of("disabled"));
    match &visit.node.body {
        _ if visit.is_disabled => State::Disabled(said()),
        Ok(_) => State::Enabled(said()),
        Err(error) if matches!(**error, Error::NotInstalled { .. }) => State::NotInstalled,
        Err(_) => State::Unreadable,
    }
}

/// Lists what is known to be below a disabled component.
fn list_disabled(lockfile: &Lockfile, node: &Node, level: usize, above: &str, all: &mut Vec<Listed>) {
    for child in node.body.iter().flat_map(|body| &body.children) {
        let state = State::DisabledWith(above.to_owned());
        all.push(listed(lockfile, child, level + 1, None, state));
        list_disabled(lockfile, child, level + 1, above, all);
    }
}

fn listed(lockfile: &Lockfile, node: &Node, level: usize, namespace: Option<String>, state: State) -> Listed {
    let body: Option<&Body> = node.body.as_ref().ok();
    let own: Option<&Component> =
        body.map(|body| &body.own).or(node.entry.as_ref()).map(|own| &*own.component);
    let folder = own.map_or_else(|| node.folder.clone(), |own| input_folder(&node.folder, own));
    let named = node.entry.as_ref().map(|entry| &*entry.component).or(own);
    let source = |(asked, component): (Asked, &Component)| ListedSource {
        path: path_in(&asked, component),
        pinned: lockfile.get(&asked).cloned(),
        asked,
    };
    Listed {
        path: component_path(node, body),
        name: named.map_or_else(String::new, |component| component.name.clone()),
        level,
        generator: own.map_or(Generator::Component, |own| own.generator.clone()),
        folder: if folder.is_empty() { ".".to_owned() } else { folder },
        sources: sources_of(node).into_iter().map(source).collect(),
        namespace,
        state,
    }
}

#[cfg(test)]
mod tests;
