//! Reads the whole tree of components and their config files.
//!
//! A file is read once, however many components and environments use it. What
//! cannot be read is kept as an error in its node: an environment may disable
//! that part.
//!
//! Invariant: loading ends. A component that contains itself is an error, and so
//! is a tree past the bounds below.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{
    Body, Component, ComponentFile, Definition, Entry, Generator, LayerResult, Node, Remote, place, read,
};
use crate::config::{self, Environment, Layer};
use crate::document::Document;
use crate::error::{Error, Place};
use crate::source::SourceUrl;

/// Components below components; real definitions have four or five levels.
const MAX_DEPTH: usize = 100;
/// Components in all.
const MAX_COMPONENTS: usize = 100_000;

/// Reads the definition in `root` with the config files that the environments name.
///
/// `shown` is the same folder as messages should name it; empty for the working folder.
pub fn load(root: &Path, shown: &str, environments: &[Environment]) -> Definition {
    load_from(root, shown, environments, &Places::new())
}

/// As [`load`], where a folder of `places` is read from where it is.
pub(crate) fn load_from(
    root: &Path,
    shown: &str,
    environments: &[Environment],
    places: &Places,
) -> Definition {
    let mut names: Vec<String> = Vec::new();
    for name in environments.iter().flat_map(Environment::layers) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    Loader::new(root, shown, Some(names), places).load()
}

/// Reads the definition in `root` with all of its config files. What is to be installed in a folder of `places` is
/// read from where it is already.
pub(crate) fn load_all(root: &Path, shown: &str, places: &Places) -> Definition {
    Loader::new(root, shown, None, places).load()
}

/// Config files in a definition's own folders as they are to become, by the folder of their component and their name.
pub(crate) type Drafts = BTreeMap<(String, String), Document>;

impl Definition {
    /// Reads drafts in the place of the config files that are in the folder of the definition.
    pub(crate) fn with_drafts(mut self, root: &Path, drafts: &Drafts) -> Self {
        for ((folder, name), draft) in drafts {
            let on_disk = root.join(folder);
            let read = config::load::Folder {
                on_disk: &on_disk,
                root_shown: &self.shown,
                path: folder,
                remote: None,
            };
            let value = draft.value();
            let layer = value
                .and_then(|value| config::load::layer_of(read, name, (draft.share(), &value)))
                .map(|layer| Some(Arc::new(layer)))
                .map_err(Arc::new);
            self.layers.insert((folder.clone(), name.clone()), layer);
        }
        self
    }

    /// Returns the folder of the component that a config file is beside.
    pub(crate) fn folder_of(&self, layer: &Layer) -> Option<&str> {
        let is_this = |found: &LayerResult| {
            found.as_ref().is_ok_and(|found| found.as_ref().is_some_and(|one| std::ptr::eq(&**one, layer)))
        };
        self.layers.iter().find(|(_, found)| is_this(found)).map(|((folder, _), _)| folder.as_str())
    }
}

/// Where on disk the content of folders is that are not in their place.
pub(crate) type Places = BTreeMap<String, PathBuf>;

struct Loader<'a> {
    root: &'a Path,
    shown: &'a str,
    /// The names of the config files to read; none for all.
    names: Option<Vec<String>>,
    places: &'a Places,
    stands_for: Option<Entry>,
    files: BTreeMap<String, Result<Option<Arc<ComponentFile>>, Arc<Error>>>,
    layers: BTreeMap<(String, String), LayerResult>,
    count: usize,
}

/// The way from the root to a component.
#[derive(Clone, Default)]
struct Way {
    /// The folder that it is in.
    folder: String,
    /// Its folder in the output.
    logical: String,
    /// Where its file came from, if it was installed.
    remote: Option<Remote>,
    /// The folders of the component files so far, on disk and as text.
    above: Vec<(PathBuf, String)>,
    /// Components above it.
    depth: usize,
}

impl<'a> Loader<'a> {
    fn new(root: &'a Path, shown: &'a str, names: Option<Vec<String>>, places: &'a Places) -> Self {
        let (files, layers) = (BTreeMap::new(), BTreeMap::new());
        Loader { root, shown, names, places, stands_for: None, files, layers, count: 0 }
    }

    fn load(mut self) -> Definition {
        let node = self.root();
        Definition {
            shown: self.shown.to_owned(),
            root: node,
            stands_for: self.stands_for,
            environments: config::load::names(self.root),
            layers: self.layers,
        }
    }

    fn root(&mut self) -> Node {
        let mut way = Way::default();
        let body = self.root_body(&mut way);
        Node { entry: None, folder: way.folder, logical: way.logical, body }
    }

    /// Reads the root; one with method `git` stands for the component that was cloned for it.
    fn root_body(&mut self, way: &mut Way) -> Result<Body, Arc<Error>> {
        let file = self.file("")?.ok_or_else(|| self.missing("", None))?;
        let component = Arc::clone(&file.component);
        if !component.is_folder_from_elsewhere() || component.generator != Generator::Component {
            return self.body(file, vec![String::new()], way);
        }
        let entry = Entry { component, file };
        self.stands_for = Some(entry.clone());
        self.check_inside(&entry, &entry.component.name)?;
        way.above.push((self.on_disk(""), String::new()));
        way.folder = place::component_folder("", &entry.component);
        way.remote = remote_of(&entry.component, &way.folder);
        let target = self.target(&entry, way)?;
        self.body(target, vec![String::new(), way.folder.clone()], way)
    }

    /// Makes the body of a component that has a file of its own.
    fn body(
        &mut self,
        file: Arc<ComponentFile>,
        config_folders: Vec<String>,
        way: &mut Way,
    ) -> Result<Body, Arc<Error>> {
        for folder in &config_folders {
            self.read_layers(folder, way.remote.as_ref().filter(|_| *folder == way.folder));
        }
        way.above.push((self.on_disk(&way.folder), way.folder.clone()));
        let own = Entry { component: Arc::clone(&file.component), file };
        let children = self.children(&own, way);
        Ok(Body { own, config_folders, remote: way.remote.clone(), children })
    }

    fn children(&mut self, parent: &Entry, way: &Way) -> Vec<Node> {
        let entries = parent.component.subcomponents.iter();
        let entries =
            entries.map(|entry| Entry { component: Arc::clone(entry), file: Arc::clone(&parent.file) });
        entries.map(|entry| self.child(entry, way)).collect()
    }

    fn child(&mut self, entry: Entry, parent: &Way) -> Node {
        let mut way = parent.clone();
        way.depth += 1;
        let body = match entry.component.generator {
            Generator::Component => self.component_entry(&entry, &mut way),
            Generator::Static | Generator::Helm | Generator::Handlebars | Generator::Unknown(_) => {
                self.inlined_entry(&entry, &way)
            }
        };
        Node { entry: Some(entry), folder: way.folder, logical: way.logical, body }
    }

    /// An inlined component is in the folder of its parent and has no files of its own.
    fn inlined_entry(&mut self, entry: &Entry, way: &Way) -> Result<Body, Arc<Error>> {
        self.check_size(entry, way)?;
        let children = self.children(entry, way);
        Ok(Body { own: entry.clone(), config_folders: Vec::new(), remote: way.remote.clone(), children })
    }

    /// The file that an entry of type component points to takes the place of the entry.
    fn component_entry(&mut self, entry: &Entry, way: &mut Way) -> Result<Body, Arc<Error>> {
        self.check_size(entry, way)?;
        self.check_inside(entry, &entry.component.name)?;
        way.logical = place::join(&[&way.logical, &entry.component.name]);
        way.folder = place::component_folder(&way.folder, &entry.component);
        self.check_remote_path(entry, way)?;
        if entry.component.is_folder_from_elsewhere() || way.remote.is_none() {
            way.remote = remote_of(&entry.component, &way.folder);
        }
        self.check_cycle(entry, way)?;
        let file = self.target(entry, way)?;
        self.body(file, vec![way.folder.clone()], way)
    }

    /// Reads the component file that an entry points to.
    fn target(&mut self, entry: &Entry, way: &Way) -> Result<Arc<ComponentFile>, Arc<Error>> {
        self.file(&way.folder)?.ok_or_else(|| {
            if !entry.component.is_folder_from_elsewhere() || self.is_installed(entry, way) {
                return self.missing(&way.folder, Some(entry.place()));
            }
            Arc::new(Error::NotInstalled {
                name: entry.component.name.clone(),
                folder: place::show(self.shown, &way.folder),
                place: Some(entry.place()),
            })
        })
    }

    /// Whether the folder of an entry is there, whatever is in it.
    fn is_installed(&self, entry: &Entry, way: &Way) -> bool {
        let above = way.above.last().map_or("", |(_, folder)| folder.as_str());
        self.place_of(&place::join(&[above, "components", &entry.component.name])).is_dir()
    }

    /// The name of an entry is a folder of the output.
    fn check_inside(&self, entry: &Entry, name: &str) -> Result<(), Arc<Error>> {
        if place::stays_inside(&place::clean(name.trim_start_matches('/'))) {
            return Ok(());
        }
        Err(Arc::new(Error::NameLeaves { place: entry.place_of("name"), name: name.to_owned() }))
    }

    /// What came from elsewhere may not reach for files outside of what was installed.
    fn check_remote_path(&self, entry: &Entry, way: &Way) -> Result<(), Arc<Error>> {
        match &way.remote {
            Some(remote) if !place::is_below(&way.folder, &remote.folder) => {
                Err(Arc::new(Error::PathLeaves {
                    place: entry.place_of(if entry.component.source.is_empty() { "path" } else { "source" }),
                    path: place::show(self.shown, &way.folder),
                    source_name: remote.source.clone(),
                }))
            }
            _ => Ok(()),
        }
    }

    fn check_size(&mut self, entry: &Entry, way: &Way) -> Result<(), Arc<Error>> {
        self.count += 1;
        let limit = match (way.depth, self.count) {
            (depth, _) if depth > MAX_DEPTH => "more than 100 levels",
            (_, count) if count > MAX_COMPONENTS => "more than 100000 components",
            _ => return Ok(()),
        };
        Err(Arc::new(Error::TooLarge { place: entry.place(), limit }))
    }

    fn check_cycle(&self, entry: &Entry, way: &Way) -> Result<(), Arc<Error>> {
        let here = self.on_disk(&way.folder);
        let Some(first) = way.above.iter().position(|(folder, _)| *folder == here) else { return Ok(()) };
        let folders = way.above[first..].iter().map(|(_, folder)| folder).chain([&way.folder]);
        let chain = folders.map(|folder| self.shown_folder(folder)).collect();
        Err(Arc::new(Error::Cycle { place: entry.place(), chain }))
    }

    fn missing(&self, folder: &str, place: Option<Place>) -> Arc<Error> {
        Arc::new(Error::NoComponent { folder: self.shown_folder(folder), place })
    }

    fn shown_folder(&self, folder: &str) -> String {
        let shown = place::show(self.shown, folder);
        if shown.is_empty() { ".".to_owned() } else { shown }
    }

    fn file(&mut self, folder: &str) -> Result<Option<Arc<ComponentFile>>, Arc<Error>> {
        if let Some(known) = self.files.get(folder) {
            return known.clone();
        }
        let read = read::component_file(&self.place_of(folder), &place::show(self.shown, folder));
        let file = read.map(|file| file.map(Arc::new)).map_err(Arc::new);
        self.files.insert(folder.to_owned(), file.clone());
        file
    }

    fn read_layers(&mut self, folder: &str, remote: Option<&Remote>) {
        let disk = self.place_of(folder);
        let names = self.names.clone().unwrap_or_else(|| {
            let mut names = config::load::names(&disk);
            names.push(config::COMMON.to_owned());
            names
        });
        let read = config::load::Folder { on_disk: &disk, root_shown: self.shown, path: folder, remote };
        for name in names {
            self.layers.entry((folder.to_owned(), name.clone())).or_insert_with(|| {
                let layer = config::load::layer(read, &name);
                layer.map(|layer| layer.map(Arc::new)).map_err(Arc::new)
            });
        }
    }

    fn place_of(&self, folder: &str) -> PathBuf {
        place_of(self.root, self.places, folder)
    }

    /// Returns the folder free of links, so that two ways to one folder are seen to be one.
    fn on_disk(&self, folder: &str) -> PathBuf {
        let path = self.place_of(folder);
        fs::canonicalize(&path).unwrap_or(path)
    }
}

/// Returns the folder on disk that has the content of a folder of the tree.
pub(crate) fn place_of(root: &Path, places: &Places, folder: &str) -> PathBuf {
    let ways = std::iter::successors(Some(folder), |way| way.rsplit_once('/').map(|(above, _)| above));
    for way in ways {
        if let Some(place) = places.get(way) {
            return place.join(folder[way.len()..].trim_start_matches('/'));
        }
    }
    root.join(folder)
}

/// Returns where an entry's component came from, if it was installed.
fn remote_of(entry: &Component, folder: &str) -> Option<Remote> {
    let installed = place::installed_folder(folder)?;
    let from_elsewhere = entry.is_folder_from_elsewhere();
    let source = if from_elsewhere { SourceUrl::new(&entry.source).to_string() } else { installed.clone() };
    Some(Remote { source, folder: installed })
}
