//! What the component files say, as one tree.
//!
//! A [`Definition`] is everything that `fab` reads before it acts: the component
//! files from the root down and the config files beside them. The tree is
//! complete: components that some environment disables are in it too, so a part
//! that could not be read keeps its error until an environment turns out to
//! need it.
//!
//! Invariant: nothing here depends on an environment, and nothing has been run
//! or rendered.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::Layer;
use crate::document::{Document, Step};
use crate::error::{Error, Place, Warning};
use crate::source::SourceUrl;

pub(crate) mod fields;
mod load;
pub(crate) mod place;
mod read;

pub use load::load;
pub(crate) use load::{Drafts, Places, load_all, load_from, place_of};
pub(crate) use read::{COMPONENT, FIELDS};

/// How a component becomes manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Generator {
    /// It only holds other components.
    Component,
    /// The files of a folder are taken as they are.
    Static,
    /// A chart is rendered.
    Helm,
    /// A folder of handlebars templates is rendered.
    Handlebars,
    /// A name that means nothing.
    Unknown(String),
}

impl Generator {
    /// The names that a component file may use.
    pub const NAMES: [&'static str; 4] = ["component", "static", "helm", "handlebars"];

    /// Returns the name that component files use.
    pub fn name(&self) -> &str {
        match self {
            Generator::Component => "component",
            Generator::Static => "static",
            Generator::Helm => "helm",
            Generator::Handlebars => "handlebars",
            Generator::Unknown(name) => name,
        }
    }

    fn new(name: &str) -> Self {
        match name {
            "" | "component" => Generator::Component,
            "static" => Generator::Static,
            "helm" => Generator::Helm,
            "handlebars" => Generator::Handlebars,
            other => Generator::Unknown(other.to_owned()),
        }
    }
}

/// How a component gets onto this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// It is cloned.
    Git,
    /// A chart is pulled from a repository.
    Helm,
    /// A file is downloaded.
    Http,
    /// It is there.
    Local,
}

impl Method {
    /// The names that a component file may use.
    pub const NAMES: [&'static str; 4] = ["git", "helm", "http", "local"];
}

/// The commands that a component runs around its generation and installation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hooks {
    /// Run before the component is rendered.
    pub before_generate: Vec<String>,
    /// Run after the component is rendered, and before anything is written.
    pub after_generate: Vec<String>,
    /// Run before the component is installed.
    pub before_install: Vec<String>,
    /// Run after the component is installed.
    pub after_install: Vec<String>,
}

/// What a component file, or an entry below `subcomponents`, says.
#[derive(Debug)]
pub struct Component {
    /// Name: of the output file, of the release, and the key into the configs of the parent.
    pub name: String,
    /// How it becomes manifests.
    pub generator: Generator,
    /// How it gets here.
    pub method: Method,
    /// Where it comes from.
    pub source: String,
    /// Where it is, below the place that method and source give.
    pub path: String,
    /// Commit, tag or chart version.
    pub version: String,
    /// Branch.
    pub branch: String,
    /// SHA-256 that a file by http has to have, in hex.
    pub sha256: String,
    /// Its hooks.
    pub hooks: Hooks,
    /// The components below it.
    pub subcomponents: Vec<Arc<Component>>,
    /// The steps from the top of the file to here.
    pub steps: Vec<Step>,
}

impl Component {
    /// Returns whether a folder comes from elsewhere whole: a clone, or an archive by http, which Fabrikate does not know.
    pub(crate) fn is_folder_from_elsewhere(&self) -> bool {
        match self.method {
            Method::Git => true,
            Method::Http => {
                let url = SourceUrl::new(&self.source);
                url.is_archive() && matches!(url.scheme().as_deref(), Some("http" | "https"))
            }
            Method::Helm | Method::Local => false,
        }
    }

    /// Returns whether two entries say the same, wherever they stand.
    pub(crate) fn same_as(&self, other: &Component) -> bool {
        let Component {
            name,
            generator,
            method,
            source,
            path,
            version,
            branch,
            sha256,
            hooks,
            subcomponents,
            steps: _,
        } = self;
        *name == other.name
            && *generator == other.generator
            && *method == other.method
            && *source == other.source
            && *path == other.path
            && *version == other.version
            && *branch == other.branch
            && *sha256 == other.sha256
            && *hooks == other.hooks
            && subcomponents.len() == other.subcomponents.len()
            && subcomponents.iter().zip(&other.subcomponents).all(|(one, two)| one.same_as(two))
    }
}

/// A component file.
#[derive(Debug)]
pub struct ComponentFile {
    /// The file as read, to find places in it.
    pub document: Document,
    /// What it says.
    pub component: Arc<Component>,
    /// What is odd about it.
    pub warnings: Vec<Warning>,
}

/// Where an installed component came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Its source, as given; the folder if there is no entry that names one.
    pub source: String,
    /// The folder that it must not leave.
    pub folder: String,
}

/// An entry of a list of subcomponents.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it says.
    pub component: Arc<Component>,
    /// The file that it is in.
    pub file: Arc<ComponentFile>,
}

impl Entry {
    /// Returns where the entry is.
    pub fn place(&self) -> Place {
        self.file.document.place(&self.component.steps)
    }

    /// Returns where a field of it is.
    pub fn place_of(&self, field: &str) -> Place {
        let mut steps = self.component.steps.clone();
        steps.push(Step::Key(field.to_owned()));
        self.file.document.place(&steps)
    }
}

/// A component in its place in the tree.
#[derive(Debug)]
pub struct Node {
    /// Its entry in the parent, whose name is its key in the configs of the parent; none for the root.
    pub entry: Option<Entry>,
    /// The folder that its paths and hooks are relative to.
    pub folder: String,
    /// The folder of its output, below that of the environment; empty for the top.
    pub logical: String,
    /// What it is, or why that is not known.
    pub body: Result<Body, Arc<Error>>,
}

/// What is known of a component once its file is read.
#[derive(Debug)]
pub struct Body {
    /// The component, and the file that it is in.
    pub own: Entry,
    /// The folders that hold config files of its own, the strongest first; none if it has no file of its own.
    pub config_folders: Vec<String>,
    /// Where its file came from, if it was installed.
    pub remote: Option<Remote>,
    /// The components below it.
    pub children: Vec<Node>,
}

/// A config file, none if it does not exist, or why it cannot be read.
pub type LayerResult = Result<Option<Arc<Layer>>, Arc<Error>>;

/// The tree of components with its config files.
#[derive(Debug)]
pub struct Definition {
    /// The folder of the root as the user names it; empty for the working folder.
    pub shown: String,
    /// The root component.
    pub root: Node,
    /// The entry of a root that only names the component to take its place.
    pub stands_for: Option<Entry>,
    /// The environments that have a config file beside the root, in order.
    pub environments: Vec<String>,
    /// The config files by folder and name, for the names of all environments of the run.
    pub layers: BTreeMap<(String, String), LayerResult>,
}

impl Definition {
    /// Returns the path of a folder or file of the tree as the user would type it.
    pub fn show(&self, path: &str) -> String {
        place::show(&self.shown, path)
    }
}
