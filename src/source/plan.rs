//! What there is to install, in the order in which it is installed.
//!
//! A definition is known only as far as it is on this machine: a component that
//! comes from elsewhere says what is below it once its source is there. So a
//! plan is made of what can be read, and made again when there is more.
//!
//! Components come level by level, as Fabrikate installs them. The clone of a
//! component belongs to its parent's step, since its file has to be there first;
//! charts, manifests and what else has no file of its own belong to their own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::allow::Allow;
use super::{Asked, SourceError, SourceUrl};
use crate::config::{COMMON, Environment};
use crate::definition::{Body, Component, Definition, Entry, Generator, Method, Node, Remote, place};
use crate::error::{Error, Failure};
use crate::hooks::Hooked;
use crate::resolve::{component_path, enabled};

/// What is known to install.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The components, those above before those below.
    pub(crate) steps: Vec<Step>,
    /// What is wrong with what is known.
    pub(crate) failures: Vec<Failure>,
    /// The components that cannot be read before their source or a hook is done.
    pub(crate) unknown: Vec<String>,
}

/// Which step it is: the level and the path of its component, and whether that only names another one. Components on
/// two levels may have one path.
pub(crate) type StepId = (usize, String, bool);

/// The installation of one component.
#[derive(Debug)]
pub(crate) struct Step {
    /// Path of the component in the tree.
    pub(crate) path: String,
    /// How many components are above it.
    pub(crate) level: usize,
    /// The component.
    pub(crate) own: Entry,
    /// The folder that its hooks run in.
    pub(crate) folder: String,
    /// Where its file came from, if it was installed.
    pub(crate) remote: Option<Remote>,
    /// What is fetched for it.
    pub(crate) wants: Vec<Want>,
    /// Whether the component only names the one that takes its place, and so runs no hooks.
    pub(crate) replaced: bool,
}

impl Step {
    /// Returns which step it is.
    pub(crate) fn id(&self) -> StepId {
        (self.level, self.path.clone(), self.replaced)
    }

    /// Returns the component as one with hooks.
    pub(crate) fn hooked(&self) -> Hooked<'_> {
        Hooked { path: &self.path, own: &self.own, remote: self.remote.as_ref() }
    }
}

/// A source, and where it goes.
#[derive(Debug, Clone)]
pub(crate) struct Want {
    /// Path of the component that it is for.
    pub(crate) component: String,
    /// The entry that asks for it.
    pub(crate) entry: Entry,
    /// What it asks for.
    pub(crate) asked: Asked,
    /// The folder that it goes to.
    pub(crate) place: String,
}

impl Want {
    /// Returns the folder in the source that is used; empty for all of it.
    pub(crate) fn path(&self) -> String {
        path_in(&self.asked, &self.entry.component)
    }
}

/// Returns the folder in a source that a component uses; empty for all of it.
pub(crate) fn path_in(asked: &Asked, component: &Component) -> String {
    match asked {
        Asked::Git { .. } => place::clean(&component.path),
        Asked::File { url, .. } if url.is_archive() => place::clean(&component.path),
        Asked::Chart { .. } | Asked::File { .. } => String::new(),
    }
}

/// What of a definition can be trusted to be what will be there.
pub(crate) struct Known<'a> {
    /// Whether the content of a place is that of this run.
    pub(crate) place: &'a dyn Fn(&str) -> bool,
    /// Whether the step of a component is done.
    pub(crate) step: &'a dyn Fn(&StepId) -> bool,
}

/// Finds what there is to install in a definition.
pub(crate) fn plan(definition: &Definition, known: &Known<'_>, allow: &Allow) -> Plan {
    let environments = environments(definition);
    let enabled: BTreeSet<*const Node> = environments
        .iter()
        .flat_map(|environment| enabled(definition, environment))
        .map(std::ptr::from_ref)
        .collect();
    let (plan, places) = (Plan::default(), BTreeMap::new());
    let mut planner = Planner { definition, known, allow, enabled, plan, places };
    planner.run();
    planner.plan
}

/// Every environment that there may be: what one of them needs is installed.
fn environments(definition: &Definition) -> Vec<Environment> {
    let names: BTreeSet<&str> = definition.layers.keys().map(|(_, name)| name.as_str()).collect();
    let names = names.into_iter().filter(|name| *name != COMMON);
    names.chain([COMMON]).map(|name| Environment::new([name])).collect()
}

struct Planner<'a> {
    definition: &'a Definition,
    known: &'a Known<'a>,
    allow: &'a Allow,
    enabled: BTreeSet<*const Node>,
    plan: Plan,
    /// Who is in a place.
    places: BTreeMap<String, Asked>,
}

/// A component that waits for its turn.
struct Waiting<'a> {
    node: &'a Node,
    level: usize,
    /// Whether a hook above is not done that may still make its files.
    hooks: bool,
}

impl<'a> Planner<'a> {
    fn run(&mut self) {
        let definition = self.definition;
        if let Some(entry) = &definition.stands_for
            && !self.stand_in(entry)
        {
            return;
        }
        let mut level = vec![Waiting { node: &definition.root, level: 0, hooks: false }];
        while !level.is_empty() {
            level = level.iter().flat_map(|waiting| self.component(waiting)).collect();
        }
    }

    /// Plans the source of a root that only names it; returns whether the component itself is known.
    fn stand_in(&mut self, entry: &Entry) -> bool {
        let path = entry.component.name.clone();
        let want = self.folder_of(&path, "", entry);
        let place = want.as_ref().map(|want| want.place.clone());
        self.plan.steps.push(Step {
            path,
            level: 0,
            own: entry.clone(),
            folder: String::new(),
            remote: None,
            wants: want.into_iter().collect(),
            replaced: true,
        });
        place.is_some_and(|place| (self.known.place)(&place))
    }

    /// Plans a component; returns the components below it.
    fn component(&mut self, waiting: &Waiting<'a>) -> Vec<Waiting<'a>> {
        let node = waiting.node;
        let body = match &node.body {
            Ok(body) => body,
            Err(_) if waiting.hooks => {
                self.plan.unknown.push(component_path(node, None));
                return Vec::new();
            }
            Err(error) => {
                self.fail(&component_path(node, None), Arc::clone(error));
                return Vec::new();
            }
        };
        let path = component_path(node, Some(body));
        self.fail_for_layers(body, &path);
        let children: Vec<&Node> =
            body.children.iter().filter(|child| self.enabled.contains(&std::ptr::from_ref(*child))).collect();
        let mut step = Step {
            path: path.clone(),
            level: waiting.level,
            own: body.own.clone(),
            folder: node.folder.clone(),
            remote: body.remote.clone(),
            wants: Vec::new(),
            replaced: false,
        };
        let hooks = waiting.hooks
            || step.hooked().has_any(crate::hooks::Moment::INSTALL) && !(self.known.step)(&step.id());
        let mut below = Vec::new();
        for child in children {
            let (wanted, known) = self.child(child, node);
            step.wants.extend(wanted);
            if known {
                below.push(Waiting { node: child, level: waiting.level + 1, hooks });
            } else {
                self.plan.unknown.push(component_path(child, None));
            }
        }
        step.wants.extend(self.own(&path, node, body));
        self.plan.steps.push(step);
        below
    }

    /// Plans the clone or archive of a subcomponent; returns whether the component itself is known.
    fn child(&mut self, child: &Node, parent: &Node) -> (Option<Want>, bool) {
        let Some(entry) = &child.entry else { return (None, true) };
        if !is_brought(&entry.component) {
            return (None, true);
        }
        let want = self.folder_of(&component_path(child, None), &parent.folder, entry);
        let known = want.as_ref().is_some_and(|want| (self.known.place)(&want.place));
        (want, known)
    }

    fn folder_of(&mut self, path: &str, folder: &str, entry: &Entry) -> Option<Want> {
        let component = &entry.component;
        self.want(path, entry, &[folder, "components", &component.name], folder_asked(component))
    }

    /// Plans what a component needs that has no file of its own there: its chart or manifests.
    fn own(&mut self, path: &str, node: &Node, body: &Body) -> Option<Want> {
        let (folder, asked) = content_of(&body.own.component)?;
        self.want(path, &body.own, &[&node.folder, folder, &body.own.component.name], asked)
    }

    fn want(
        &mut self,
        path: &str,
        entry: &Entry,
        folders: &[&str],
        asked: Result<Asked, SourceError>,
    ) -> Option<Want> {
        let name = &entry.component.name;
        let place = place::join(folders);
        let asked = asked.and_then(|asked| {
            let source = asked.source();
            let allowed = self.allow.permits_source(source);
            if allowed { Ok(asked) } else { Err(SourceError::NotAllowed(source.to_string())) }
        });
        let checked = check_name(entry).and_then(|()| asked.map_err(|error| source_error(entry, error)));
        let asked = match checked {
            Ok(asked) => asked,
            Err(error) => {
                self.fail(path, Arc::new(error));
                return None;
            }
        };
        match self.places.get(&place) {
            // The same entry twice.
            Some(first) if *first == asked => None,
            Some(first) => {
                let error = Error::SamePlace {
                    folder: place,
                    first: first.to_string(),
                    second: format!("{asked} for `{name}`"),
                    place: Box::new(entry.place()),
                };
                self.fail(path, Arc::new(error));
                None
            }
            None => {
                self.places.insert(place.clone(), asked.clone());
                Some(Want { component: path.to_owned(), entry: entry.clone(), asked, place })
            }
        }
    }

    fn fail_for_layers(&mut self, body: &Body, path: &str) {
        let layers = self.definition.layers.iter();
        let failed = layers.filter_map(|((folder, _), layer)| match layer {
            Err(error) if body.config_folders.contains(folder) => Some(Arc::clone(error)),
            _ => None,
        });
        for error in failed.collect::<Vec<_>>() {
            self.fail(path, error);
        }
    }

    fn fail(&mut self, component: &str, error: Arc<Error>) {
        self.plan.failures.push(Failure::of(component, error));
    }
}

/// Returns what is fetched for a component: its clone, and its chart or manifests, each with the entry that asks for it.
/// What cannot be fetched is left out.
pub(crate) fn sources_of(node: &Node) -> Vec<(Asked, &Component)> {
    let entry = node.entry.as_ref().map(|entry| &*entry.component);
    let clone = entry.filter(|entry| is_brought(entry)).map(|entry| (folder_asked(entry), entry));
    // Of a component that cannot be read, the entry is known.
    let own = node.body.as_ref().ok().map(|body| &*body.own.component).or(entry);
    let content = own.and_then(|own| Some((content_of(own)?.1, own)));
    clone.into_iter().chain(content).filter_map(|(asked, component)| Some((asked.ok()?, component))).collect()
}

/// Returns what an entry asks for, as far as it says so itself. What cannot be fetched is left out.
pub(crate) fn asked_by(component: &Component) -> Option<Asked> {
    if is_brought(component) {
        return folder_asked(component).ok();
    }
    content_of(component)?.1.ok()
}

/// Returns what an entry asks for whose folder comes from elsewhere whole.
fn folder_asked(component: &Component) -> Result<Asked, SourceError> {
    if component.method == Method::Git { git(component) } else { file(component) }
}

/// Whether an entry stands for a component that is a repository or an archive from elsewhere.
fn is_brought(component: &Component) -> bool {
    component.generator == Generator::Component && component.is_folder_from_elsewhere()
}

/// Returns what a component asks for that has no file of its own there, its chart or manifests, and in which folder
/// such things are.
fn content_of(component: &Component) -> Option<(&'static str, Result<Asked, SourceError>)> {
    match (&component.generator, component.method) {
        (Generator::Helm | Generator::Static, _) if component.source.is_empty() => None,
        (Generator::Helm, Method::Git) => Some(("helm_repos", git(component))),
        (Generator::Helm, Method::Helm) if component.path.is_empty() && !is_registry(component) => None,
        (Generator::Helm, Method::Helm) => Some(("helm_repos", chart(component))),
        (Generator::Helm, Method::Http) if component.is_folder_from_elsewhere() => {
            Some(("helm_repos", file(component)))
        }
        (Generator::Static, Method::Git) => Some(("components", git(component))),
        (Generator::Static, Method::Http) => Some(("components", file(component))),
        _ => None,
    }
}

/// The name is a folder that is replaced whole.
fn check_name(entry: &Entry) -> Result<(), Error> {
    let name = &entry.component.name;
    let clean = place::clean(name.trim_start_matches('/'));
    if !place::stays_inside(&clean) {
        return Err(Error::NameLeaves { place: entry.place_of("name"), name: name.clone() });
    }
    if clean.is_empty() { Err(Error::NoName { place: entry.place() }) } else { Ok(()) }
}

/// Says which dependency of a chart cannot be installed.
pub(crate) fn dependency_error(entry: &Entry, source: &str, error: SourceError) -> Error {
    let (method, source_name) = ("helm", source.to_owned());
    Error::Source { method, source_name, place: Some(Box::new(entry.place())), error: Box::new(error) }
}

/// Says what cannot be installed for which entry.
pub(crate) fn source_error(entry: &Entry, error: SourceError) -> Error {
    let component = &entry.component;
    Error::Source {
        method: match component.method {
            Method::Git => "git",
            Method::Helm => "helm",
            Method::Http => "http",
            Method::Local => "local",
        },
        source_name: SourceUrl::new(&component.source).to_string(),
        place: Some(Box::new(entry.place())),
        error: Box::new(error),
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn git(component: &Component) -> Result<Asked, SourceError> {
    if component.source.is_empty() {
        return Err(SourceError::Unsupported("method `git` needs a `source`".to_owned()));
    }
    Ok(Asked::Git {
        url: SourceUrl::new(&component.source),
        branch: given(&component.branch),
        version: given(&component.version),
    })
}

fn is_registry(component: &Component) -> bool {
    component.source.starts_with("oci://")
}

/// The chart of a registry may be the end of its source.
fn chart(component: &Component) -> Result<Asked, SourceError> {
    let source = component.source.as_str();
    let (repository, chart) = match source.trim_end_matches('/').rsplit_once('/') {
        Some(parts) if component.path.is_empty() => parts,
        _ => (source, component.path.as_str()),
    };
    Ok(Asked::Chart {
        repository: SourceUrl::new(repository),
        chart: chart.to_owned(),
        version: given(&component.version),
    })
}

fn file(component: &Component) -> Result<Asked, SourceError> {
    let url = SourceUrl::new(&component.source);
    if !url.is_manifest() && !url.is_archive() {
        let ends = "a file by http has to end in .yaml, .yml, .tar.gz, .tgz or .zip";
        return Err(SourceError::Unsupported(ends.to_owned()));
    }
    let sha256 = given(&component.sha256).map(|text| text.trim_start_matches("sha256:").to_ascii_lowercase());
    if let Some(text) = sha256.as_ref().filter(|text| !is_sha256(text)) {
        return Err(SourceError::Malformed {
            what: "`sha256`".to_owned(),
            message: format!("`{text}` is not 64 hexadecimal digits"),
        });
    }
    Ok(Asked::File { url, sha256 })
}
