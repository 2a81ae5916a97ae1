//! What can go wrong in a run, and what is worth a warning, as data.
//!
//! Nothing here is printed: the command line does that. An error says what was
//! found ([`Display`](std::fmt::Display)), where ([`Error::place`]) and what to
//! do ([`Error::hint`]). A run reports all of its failures, each with the
//! component and the environments that it happened in.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::diff::DiffError;
use crate::insight::Cause;
use crate::publish::PublishError;
use crate::render::handlebars::TemplateError;
use crate::signing::SigningError;
use crate::source::SourceError;

/// A place in a file of the user's.
#[derive(Debug, Clone)]
pub struct Place {
    /// Path of the file as the user would type it, with `/`.
    pub file: String,
    /// Where in it, if known.
    pub position: Option<Position>,
    /// The text of the file, for an excerpt; empty if there is none.
    pub text: Arc<str>,
}

/// Line and column, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl Place {
    /// Returns a place that is a whole file, without its text.
    pub fn file(path: impl Into<String>) -> Self {
        Place { file: path.into(), position: None, text: Arc::from("") }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        match self.position {
            Some(Position { line, column }) => write!(f, ":{line}:{column}"),
            None => Ok(()),
        }
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file && self.position == other.position
    }
}

impl Eq for Place {}

/// One failure of a run.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Path of the component in the tree of components, such as `infra/ingress`; empty for the whole run.
    pub component: String,
    /// The environments that it happened in; none if it has to do with no environment.
    pub environments: Vec<String>,
    /// What happened.
    pub error: Arc<Error>,
}

impl Failure {
    /// Returns a failure of one component, whatever the environment.
    pub(crate) fn of(component: &str, error: impl Into<Arc<Error>>) -> Self {
        Failure { component: component.to_owned(), environments: Vec::new(), error: error.into() }
    }

    /// Returns a failure that has to do with no component.
    pub(crate) fn of_run(error: impl Into<Arc<Error>>) -> Self {
        Failure::of("", error)
    }

    /// Returns whether two failures tell the user the same: one file may fail for several components and environments.
    pub(crate) fn is_like(&self, other: &Failure) -> bool {
        Arc::ptr_eq(&self.error, &other.error)
            || self.component == other.component
                && self.error.place() == other.error.place()
                && self.error.to_string() == other.error.to_string()
    }
}

/// What makes a run fail.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A folder that should hold a component has no component file.
    #[error("there is no component.yaml or component.json in `{folder}`")]
    NoComponent {
        /// The folder.
        folder: String,
        /// The entry that points there; none for the root.
        place: Option<Place>,
    },
    /// A component, chart or file comes from elsewhere and is not on this machine.
    #[error("`{name}` is not installed: there is no `{folder}`")]
    NotInstalled {
        /// Name of the component.
        name: String,
        /// Where it should be.
        folder: String,
        /// The entry that asks for it.
        place: Option<Place>,
    },
    /// A source cannot be had.
    #[error("cannot install `{source_name}` by {method}: {error}")]
    Source {
        /// The method.
        method: &'static str,
        /// The source, without credentials.
        source_name: String,
        /// The entry that asks for it.
        place: Option<Box<Place>>,
        /// Why.
        error: Box<SourceError>,
    },
    /// A name on the command line is that of no component with a source.
    #[error("no component that is installed is called `{name}`")]
    NothingToUpdate {
        /// The name.
        name: String,
        /// What may be meant.
        suggestion: Option<String>,
    },
    /// A name on the command line is that of no component.
    #[error("there is no component `{name}` in {environment}")]
    UnknownComponent {
        /// The name or path.
        name: String,
        /// The environment.
        environment: String,
        /// What may be meant.
        suggestion: Option<String>,
    },
    /// A name on the command line is that of no environment.
    #[error("there is no environment `{name}`: no component has a config file for it")]
    UnknownEnvironment {
        /// The name.
        name: String,
        /// What may be meant.
        suggestion: Option<String>,
    },
    /// A value that is asked for is set nowhere.
    #[error("`{key}` of component `{component}` is not set in {environment}{}", read_here(.read_at))]
    NoValue {
        /// Where a template would read it.
        read_at: Option<Box<Place>>,
        /// The keys that lead to it.
        key: String,
        /// The path of the component.
        component: String,
        /// The environment.
        environment: String,
        /// What may be meant.
        suggestion: Option<String>,
    },
    /// A line that is asked for is in no manifest that `fab` generates.
    #[error("`{file}`: {problem}")]
    NotGenerated {
        /// The file.
        file: String,
        /// Why it is none.
        problem: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A name on the command line is that of several components.
    #[error("there are {} components `{name}`", .paths.len())]
    AmbiguousComponent {
        /// The name.
        name: String,
        /// The paths of the components.
        paths: Vec<String>,
    },
    /// A component that is asked for is not part of an environment.
    #[error("the component `{name}` is disabled in {environment}")]
    ComponentDisabled {
        /// The path of the component.
        name: String,
        /// The environment.
        environment: String,
        /// What disables it.
        place: Option<Place>,
    },
    /// A name on the command line is that of no rule.
    #[error("there is no rule `{name}`{}", did_you_mean(.suggestion))]
    UnknownRule {
        /// The name.
        name: String,
        /// What may be meant.
        suggestion: Option<String>,
    },
    /// There is no repository to search.
    #[error("there is no repository to search")]
    NothingToSearch,
    /// A repository cannot be searched.
    #[error("cannot search `{source_name}` by {method}: {error}")]
    Unsearchable {
        /// The method.
        method: &'static str,
        /// The repository, without credentials.
        source_name: String,
        /// Why.
        error: Box<SourceError>,
    },
    /// A definition is to begin where there is one.
    #[error("there is a definition already: `{file}`")]
    DefinitionExists {
        /// Its component file.
        file: String,
    },
    /// A name on the command line cannot be one.
    #[error("`{name}` cannot be the name of {what}")]
    BadName {
        /// The name.
        name: String,
        /// Of what, with its article.
        what: &'static str,
    },
    /// Nothing says where manifests are published.
    #[error("nothing says which repository manifests are published to")]
    NoManifests,
    /// A git repository cannot be made.
    #[error("cannot make a git repository in `{folder}`: {message}")]
    NoRepository {
        /// The folder.
        folder: String,
        /// What git says.
        message: String,
    },
    /// There is no folder for the cache.
    #[error("there is no folder for the cache: HOME is not set")]
    NoCache,
    /// Two components are installed in one folder.
    #[error("`{folder}` is the place of two sources: `{first}` and `{second}`")]
    SamePlace {
        /// The folder.
        folder: String,
        /// The source that comes first.
        first: String,
        /// The other one.
        second: String,
        /// The other one's entry.
        place: Box<Place>,
    },
    /// A file or folder cannot be read.
    #[error("cannot read `{file}`: {source}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// Schemas are to be read from somewhere that is not a place for them.
    #[error("the schema location `{location}` cannot be used: {problem}")]
    SchemaLocation {
        /// The location as it was given.
        location: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Schemas are to be read from the network.
    #[error("the schema location `{location}` is on the network, and validating stays offline")]
    RemoteSchemas {
        /// The location as it was given.
        location: String,
    },
    /// A file is not YAML or JSON.
    #[error("{message}")]
    Syntax {
        /// Where.
        place: Place,
        /// What the reader says.
        message: String,
    },
    /// A field has a value of another type than it can have.
    #[error("{field} must be {wanted}, not {found}")]
    WrongType {
        /// Where.
        place: Place,
        /// The field, in words.
        field: String,
        /// What it can be.
        wanted: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A component has a type that does not exist.
    #[error("unknown type `{found}`")]
    UnknownType {
        /// Where.
        place: Place,
        /// The type.
        found: String,
        /// What may be meant.
        suggestion: Option<&'static str>,
    },
    /// A component contains itself.
    #[error("a component contains itself: {}", .chain.join(" → "))]
    Cycle {
        /// The entry that closes the circle.
        place: Place,
        /// The folders on the way round, the first one being the last one too.
        chain: Vec<String>,
    },
    /// The tree of components has no end in sight.
    #[error("the tree of components is too large: {limit}")]
    TooLarge {
        /// The entry that goes too far.
        place: Place,
        /// Which bound is passed.
        limit: &'static str,
    },
    /// Two entries of one list have one name.
    #[error("there are two subcomponents `{name}` here, and they are not the same")]
    DuplicateSibling {
        /// The second one.
        place: Place,
        /// The first one.
        first: Box<Place>,
        /// The name.
        name: String,
    },
    /// Two components write the same file.
    #[error("`{path}` is written by two components: `{first}` and `{second}`")]
    SameOutput {
        /// The file, below the folder of the environment.
        path: String,
        /// The component that comes first.
        first: String,
        /// The other one.
        second: String,
        /// The other one's entry.
        place: Box<Place>,
    },
    /// A name is used as a path and leads out of its folder.
    #[error("the name `{name}` leads out of its folder")]
    NameLeaves {
        /// Where it is given.
        place: Place,
        /// The name.
        name: String,
    },
    /// A component that is fetched has no name, and so no place.
    #[error("what is installed needs a `name`")]
    NoName {
        /// The entry.
        place: Place,
    },
    /// A name that becomes a file's has a slash.
    #[error("the name `{name}` cannot be the name of a file")]
    NameNoFile {
        /// Where it is given.
        place: Place,
        /// The name.
        name: String,
    },
    /// An installed component names a path outside of what was installed.
    #[error("`{path}` leads out of the component that came from `{source_name}`")]
    PathLeaves {
        /// Where it is given.
        place: Place,
        /// The path.
        path: String,
        /// Where the component came from.
        source_name: String,
    },
    /// The folder of an environment would not be below the output folder.
    #[error("the environment `{name}` leads out of the output folder")]
    EnvironmentLeaves {
        /// The environment.
        name: String,
    },
    /// Two config files cannot be merged.
    #[error("`{key}` is {higher} here, which cannot be merged with {lower} in {other}")]
    MergeConflict {
        /// The file that wins.
        place: Box<Place>,
        /// The other file.
        other: Box<Place>,
        /// The key, from the top of the component's config.
        key: String,
        /// What the winner has.
        higher: &'static str,
        /// What the other one has.
        lower: &'static str,
    },
    /// A static component names no folder.
    #[error("`{folder}` is not a folder")]
    NoFolder {
        /// The folder.
        folder: String,
        /// The field that names it.
        place: Place,
    },
    /// A chart is not where its component says.
    #[error("there is no chart at `{folder}`")]
    NoChart {
        /// The folder or archive.
        folder: String,
        /// The field that names it.
        place: Place,
        /// One beside it that may be meant.
        suggestion: Option<String>,
    },
    /// A chart fails to load or to render.
    #[error("{source}")]
    Chart {
        /// What is known of it.
        cause: Box<Cause>,
        /// What is wrong.
        source: Box<helm::Error>,
    },
    /// A handlebars template cannot be rendered.
    #[error("{0}")]
    Template(Box<TemplateError>),
    /// Something is not published.
    #[error(transparent)]
    Publish(Box<PublishError>),
    /// A namespace cannot be put into a resource where it stands.
    #[error("cannot insert the namespace into {resource}")]
    Injection {
        /// The resource.
        resource: String,
    },
    /// A command of a hook fails.
    #[error("hook {hook} failed ({status}): {command}")]
    HookFailed {
        /// The hook.
        hook: &'static str,
        /// The command.
        command: String,
        /// How it ended.
        status: String,
        /// What it printed.
        output: String,
        /// The component file.
        place: Box<Place>,
    },
    /// A hook of a component that came from elsewhere is not allowed.
    #[error("hook {hook} of a component from `{source_name}` is not allowed to run")]
    HookNotAllowed {
        /// The hook.
        hook: &'static str,
        /// Where the component came from.
        source_name: String,
        /// The hook in the component file.
        place: Place,
    },
    /// A component has hooks and the command runs none.
    #[error("the component has {hook} hooks, which were not run")]
    HooksNotRun {
        /// The first hook.
        hook: &'static str,
        /// The hook in the component file.
        place: Place,
    },
    /// There is nothing to compare with.
    #[error(transparent)]
    Diff(DiffError),
    /// What is vendored belongs to another lockfile.
    #[error("`{folder}` does not belong to fab.lock")]
    VendoredOther {
        /// The folder.
        folder: String,
    },
    /// The folder is not one of `fab vendor`.
    #[error("`{folder}` is there, and is not by `fab vendor`")]
    VendorTaken {
        /// The folder.
        folder: String,
    },
    /// A component outside of the definition has a source.
    #[error("`{folder}` is outside of the definition, so it cannot be vendored")]
    VendorLeaves {
        /// The folder of the source.
        folder: String,
    },
    /// The threads that render cannot be started.
    #[error("cannot start threads: {0}")]
    Threads(rayon::ThreadPoolBuildError),
    /// An argument does not say what is to be set.
    #[error("`{argument}`: {problem}")]
    BadAssignment {
        /// The argument.
        argument: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A key is not in a file that may not get new ones.
    #[error("`{key}` is not in `{file}`, and new keys are not allowed")]
    NewKey {
        /// The key.
        key: String,
        /// The file.
        file: String,
    },
    /// A key is below a value that is no map or list.
    #[error("{above} is {found}, so there can be no `{key}`")]
    NoPart {
        /// The value.
        place: Box<Place>,
        /// The key.
        key: String,
        /// The key of the value.
        above: String,
        /// What it is.
        found: &'static str,
    },
    /// A list is too short.
    #[error("{list} has {len} items, so there can be no `{key}`")]
    NoItem {
        /// The list.
        place: Box<Place>,
        /// The key.
        key: String,
        /// The key of the list.
        list: String,
        /// How many items it has.
        len: usize,
    },
    /// A change would change something else too, or cannot be written into the text.
    #[error("`{key}` cannot be changed in the text of the file: {why}")]
    NotInPlace {
        /// Where it is.
        place: Box<Place>,
        /// What was to change.
        key: String,
        /// Why.
        why: String,
    },
    /// A file is to be changed, and several are named.
    #[error("`{name}` is an environment of several config files")]
    SeveralLayers {
        /// The environment.
        name: String,
    },
    /// An image is set nowhere.
    #[error("no image `{name}` is set in {}", .looked.join(", "))]
    NoImage {
        /// The name.
        name: String,
        /// The files that were looked at.
        looked: Vec<String>,
        /// The images that are set there.
        known: Vec<String>,
    },
    /// A folder of a local component is not there.
    #[error("there is no `{path}`")]
    NotThere {
        /// The folder or file.
        path: String,
        /// One beside it that may be meant.
        suggestion: Option<String>,
    },
    /// What is to be committed is in no repository.
    #[error("`{folder}` is in no git repository: {message}")]
    NoCheckout {
        /// The folder.
        folder: String,
        /// What git says.
        message: String,
    },
    /// A file that is to be committed has other changes.
    #[error("`{file}` has changes that are not committed, or is not in the repository")]
    Uncommitted {
        /// The file.
        file: String,
    },
    /// Git cannot make a commit.
    #[error("cannot commit: {message}")]
    NotCommitted {
        /// What git says.
        message: String,
    },
    /// A commit cannot be signed.
    #[error("the commit cannot be signed: {0}")]
    Signing(#[from] SigningError),
    /// A commit cannot be pushed.
    #[error("cannot push to `{remote}` ({url}): {error}")]
    NotPushed {
        /// The name of the remote.
        remote: String,
        /// Its address, without credentials.
        url: String,
        /// Why.
        error: Box<SourceError>,
    },
    /// The server does not take a commit.
    #[error("the server does not take the commit for `{branch}`: {reason}")]
    PushRefused {
        /// The branch.
        branch: String,
        /// What the server says.
        reason: String,
    },
    /// Others were faster, over and over.
    #[error("`{branch}` was moved on by others {attempts} times while the commit was made")]
    PushLost {
        /// The branch.
        branch: String,
        /// How often it was tried.
        attempts: usize,
    },
    /// The branch here is not a part of the one on the server.
    #[error("`{branch}` has commits on the server that are not here, and the other way round")]
    Diverged {
        /// The branch.
        branch: String,
    },
    /// The output cannot be written.
    #[error("cannot write `{path}`: {source}")]
    Unwritable {
        /// The file or folder.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    /// Returns where in the user's files the cause is, if there is one place.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Error::NoComponent { place, .. }
            | Error::NotInstalled { place, .. }
            | Error::ComponentDisabled { place, .. } => place.as_ref(),
            Error::NoValue { read_at, .. } => read_at.as_deref(),
            Error::Chart { cause, .. } => cause.place.as_ref(),
            Error::Syntax { place, .. }
            | Error::WrongType { place, .. }
            | Error::UnknownType { place, .. }
            | Error::Cycle { place, .. }
            | Error::TooLarge { place, .. }
            | Error::DuplicateSibling { place, .. }
            | Error::NameLeaves { place, .. }
            | Error::NoName { place }
            | Error::NameNoFile { place, .. }
            | Error::PathLeaves { place, .. }
            | Error::NoFolder { place, .. }
            | Error::NoChart { place, .. }
            | Error::HookNotAllowed { place, .. }
            | Error::HooksNotRun { place, .. } => Some(place),
            Error::Source { place, .. } => place.as_deref(),
            Error::SameOutput { place, .. }
            | Error::SamePlace { place, .. }
            | Error::MergeConflict { place, .. }
            | Error::NoPart { place, .. }
            | Error::NoItem { place, .. }
            | Error::NotInPlace { place, .. }
            | Error::HookFailed { place, .. } => Some(place),
            Error::Template(err) => Some(&err.place),
            Error::Unreadable { .. }
            | Error::SchemaLocation { .. }
            | Error::RemoteSchemas { .. }
            | Error::NoCache
            | Error::SeveralLayers { .. }
            | Error::NoImage { .. }
            | Error::NotThere { .. }
            | Error::NoCheckout { .. }
            | Error::Uncommitted { .. }
            | Error::NotCommitted { .. }
            | Error::Signing(_)
            | Error::NotPushed { .. }
            | Error::PushRefused { .. }
            | Error::PushLost { .. }
            | Error::Diverged { .. }
            | Error::BadAssignment { .. }
            | Error::NewKey { .. }
            | Error::Diff(_)
            | Error::VendoredOther { .. }
            | Error::VendorTaken { .. }
            | Error::VendorLeaves { .. }
            | Error::NothingToUpdate { .. }
            | Error::UnknownComponent { .. }
            | Error::UnknownEnvironment { .. }
            | Error::NotGenerated { .. }
            | Error::AmbiguousComponent { .. }
            | Error::UnknownRule { .. }
            | Error::NothingToSearch
            | Error::Unsearchable { .. }
            | Error::DefinitionExists { .. }
            | Error::BadName { .. }
            | Error::NoManifests
            | Error::NoRepository { .. }
            | Error::EnvironmentLeaves { .. }
            | Error::Injection { .. }
            | Error::Publish(_)
            | Error::Threads(_)
            | Error::Unwritable { .. } => None,
        }
    }

    /// Returns what the user can do about it, if that can be said.
    #[expect(clippy::too_many_lines, reason = "one flat match")]
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::NoComponent { place: None, .. } => {
                Some("run `fab` in a folder with a component.yaml, or name one with -C; `fab init` begins one".into())
            }
            Error::NoComponent { place: Some(_), .. } => {
                Some("correct `source` or `path`, or add a component.yaml there".into())
            }
            Error::NotInstalled { .. } => Some("run `fab install`".into()),
            Error::NoPart { .. } => Some(
                "unset what is above it first; to have dots in a key, put it in quotes: '\"a.b\".c=1'".into(),
            ),
            Error::SeveralLayers { .. } => Some("name the one that is to change".into()),
            Error::NoImage { known, .. } if !known.is_empty() => Some(format!(
                "the images there are {}",
                quoted(&known.iter().map(String::as_str).collect::<Vec<_>>())
            )),
            Error::Uncommitted { .. } => Some("commit or stash them first".into()),
            Error::NotPushed { error, .. } => error.hint(),
            Error::Diff(error) => error.hint(),
            Error::PushLost { .. } => Some("nothing was changed; run it again".into()),
            Error::Diverged { .. } => Some("nothing was changed; pull, then run it again".into()),
            Error::NotInPlace { .. } => Some("nothing was written; change it by hand".into()),
            Error::UnknownType { suggestion: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            Error::UnknownType { suggestion: None, .. } => {
                Some(format!("the types are {}", quoted(&crate::definition::Generator::NAMES)))
            }
            Error::Cycle { .. } => {
                Some("remove one of the entries, or give it a `source`, `path` or `type` of its own".into())
            }
            Error::DuplicateSibling { first, .. } => {
                Some(format!("the other one is at {first}: rename one of them"))
            }
            Error::Source { error, .. } | Error::Unsearchable { error, .. } => error.hint(),
            Error::NothingToSearch => {
                Some("name repositories below `catalog` in fab.yaml, such as `- {source: https://charts.example.com, method: helm}`".into())
            }
            Error::NotThere { suggestion: Some(name), .. }
            | Error::NothingToUpdate { suggestion: Some(name), .. }
            | Error::UnknownEnvironment { suggestion: Some(name), .. }
            | Error::NoValue { suggestion: Some(name), .. }
            | Error::UnknownComponent { suggestion: Some(name), .. } => {
                Some(format!("did you mean `{name}`?"))
            }
            Error::UnknownComponent { suggestion: None, environment, .. } => {
                Some(format!("`fab list {environment}` names them all"))
            }
            Error::NotGenerated { hint, .. } => hint.clone(),
            Error::UnknownEnvironment { suggestion: None, .. } => Some("`fab list` names them all".into()),
            Error::NoValue { suggestion: None, environment, component, .. } => {
                Some(format!("`fab explain {environment} {component} --all` shows what can be set"))
            }
            Error::AmbiguousComponent { paths, .. } => {
                let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
                Some(format!("name one by its path: {}", quoted(&paths)))
            }
            Error::DefinitionExists { .. } => {
                Some("`--env NAME` adds an environment to it, `--force` overwrites it".into())
            }
            Error::BadName { .. } => Some(
                "use letters, digits, `-`, `_` and `.`, with a letter or digit first; `common` is taken"
                    .into(),
            ),
            Error::NoManifests => {
                Some("name it: `--manifests URL`, or `repository` below `publish` in fab.yaml".into())
            }
            Error::NoCache => Some("name one in FAB_CACHE_DIR".into()),
            Error::SameOutput { .. } | Error::SamePlace { .. } => Some("rename one of them".into()),
            Error::MergeConflict { .. } => Some("make both of one kind, or remove one".into()),
            Error::HookNotAllowed { source_name, .. } => {
                Some(format!("read it, then allow it with `--allow-hooks {source_name}`"))
            }
            Error::HooksNotRun { .. } => Some("run them with `--run-hooks`".into()),
            Error::VendoredOther { .. } => Some("run `fab vendor`, or restore the fab.lock".into()),
            Error::VendorTaken { .. } => Some("give it another name".into()),
            Error::VendorLeaves { .. } => {
                Some("run `fab vendor` in a folder that has all of the definition".into())
            }
            Error::HookFailed { output, .. } if !output.is_empty() => {
                Some(format!("it printed:\n{}", output.trim_end()))
            }
            Error::EnvironmentLeaves { .. } => Some("name an environment without `..`".into()),
            Error::NameLeaves { .. } => Some("use a name without `..`".into()),
            Error::RemoteSchemas { .. } => {
                Some("download the schemas into a folder, and name that".into())
            }
            Error::NameNoFile { .. } => Some("use a name without `/`".into()),
            Error::Template(err) => err.kind.hint(),
            Error::Publish(err) => err.hint(),
            Error::Signing(err) => err.hint(),
            Error::NoChart { suggestion, .. } => {
                suggestion.as_ref().map(|name| format!("did you mean `{name}`?"))
            }
            Error::Chart { cause, .. } => cause.hint.clone(),
            Error::Unreadable { .. }
            | Error::SchemaLocation { .. }
            | Error::UnknownRule { .. }
            | Error::ComponentDisabled { .. }
            | Error::NoRepository { .. }
            | Error::BadAssignment { .. }
            | Error::NewKey { .. }
            | Error::NoItem { .. }
            | Error::NoImage { .. }
            | Error::NotThere { suggestion: None, .. }
            | Error::NoCheckout { .. }
            | Error::NotCommitted { .. }
            | Error::PushRefused { .. }
            | Error::NothingToUpdate { suggestion: None, .. }
            | Error::Syntax { .. }
            | Error::WrongType { .. }
            | Error::NoName { .. }
            | Error::TooLarge { .. }
            | Error::PathLeaves { .. }
            | Error::NoFolder { .. }
            | Error::Injection { .. }
            | Error::HookFailed { .. }
            | Error::Threads(_)
            | Error::Unwritable { .. } => None,
        }
    }

    /// Returns what is known of the failure of a chart beyond its text and its place.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Error::Chart { cause, .. } => Some(cause),
            _ => None,
        }
    }

    /// Returns what is known of it beyond its text and its place: which value it is about, and what set that.
    pub fn note(&self) -> Option<&str> {
        match self {
            Error::Chart { cause, .. } => cause.note.as_deref(),
            Error::Template(err) => err.kind.note(),
            _ => None,
        }
    }

    /// Returns whether this is a finding, rather than a failure to do what was asked for.
    pub fn is_finding(&self) -> bool {
        match self {
            Error::Source { error, .. } => matches!(**error, SourceError::NotLocked),
            Error::Publish(error) => error.is_finding(),
            _ => false,
        }
    }
}

impl From<PublishError> for Error {
    fn from(error: PublishError) -> Self {
        Error::Publish(Box::new(error))
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What a run says without failing.
#[derive(Debug, Clone, PartialEq)]
pub struct Warning {
    /// Where, if there is one place.
    pub place: Option<Place>,
    /// What.
    pub kind: WarningKind,
}

/// What a warning is about.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WarningKind {
    /// A field that no file of this kind has.
    #[error("unknown field `{name}`{}", did_you_mean(.suggestion))]
    UnknownField {
        /// The field.
        name: String,
        /// What may be meant.
        suggestion: Option<String>,
    },
    /// A hook that `fab` never runs.
    #[error("unknown hook `{name}`{}", did_you_mean(.suggestion))]
    UnknownHook {
        /// The hook.
        name: String,
        /// What may be meant.
        suggestion: Option<String>,
    },
    /// A method that means nothing; it counts as `local`.
    #[error("unknown method `{name}`, taken as `local`{}", did_you_mean(.suggestion))]
    UnknownMethod {
        /// The method.
        name: String,
        /// What may be meant.
        suggestion: Option<String>,
    },
    /// Settings for a subcomponent that the component does not have.
    #[error("there is no subcomponent `{name}`{}", did_you_mean(.suggestion))]
    UnknownSubcomponent {
        /// The name.
        name: String,
        /// What may be meant.
        suggestion: Option<String>,
    },
    /// No component has a config file of this name.
    #[error("no component has a config file for `{name}`{}", did_you_mean(.suggestion))]
    NoConfigFile {
        /// Name of the environment.
        name: String,
        /// What may be meant.
        suggestion: Option<String>,
    },
    /// A component in place of an environment.
    #[error("`{name}` is a component, and what is generated are environments: none has this name")]
    ComponentAsEnvironment {
        /// Path of the component.
        name: String,
    },
    /// Settings for a component that is nowhere in the definition.
    #[error("there is no component `{path}`{}", did_you_mean(.suggestion))]
    UnknownComponent {
        /// The path.
        path: String,
        /// What may be meant.
        suggestion: Option<String>,
    },
    /// An old field that still works.
    #[error("`{field}` is deprecated: {instead}")]
    Deprecated {
        /// The field.
        field: &'static str,
        /// What to write instead.
        instead: &'static str,
    },
    /// Settings in a component file, where nothing reads them.
    #[error("`{field}` has no effect here: it belongs into config/common.yaml")]
    SettingInComponent {
        /// The field.
        field: String,
    },
    /// A file that names tokens, in a component that came from elsewhere.
    #[error(
        "access.yaml of a component from `{source_name}` is ignored: only local components may name tokens"
    )]
    AccessIgnored {
        /// Where the component came from.
        source_name: String,
    },
    /// The same entry twice in one list.
    #[error("there are two subcomponents `{name}` here; as they are the same, one is left out")]
    RepeatedEntry {
        /// The name.
        name: String,
    },
    /// A file in the folder of a static component that is no manifest by its name.
    #[error("skipped `{file}`: it does not end in .yaml, .yml or .json")]
    SkippedFile {
        /// The file.
        file: String,
    },
    /// A document of a chart's output that is no map, and is left out.
    #[error("left out a document of the chart's output that is no map: {excerpt:?}")]
    DroppedDocument {
        /// Its first line.
        excerpt: String,
    },
    /// A function whose result is another one in every run, and part of the output.
    #[error("`{function}` makes the output differ in every run; {remedy} would keep it")]
    Chance {
        /// The function.
        function: &'static str,
        /// The options that make it repeatable.
        remedy: &'static str,
    },
    /// A component that is not looked at, as its hooks would have to run before.
    #[error(
        "`{component}` has hooks, which were not run, so its output is not looked at; `fab validate --run-hooks` does"
    )]
    NotLinted {
        /// Path of the component.
        component: String,
    },
    /// What the chart engine warns about.
    #[error("{0}")]
    Chart(String),
}

fn read_here(place: &Option<Box<Place>>) -> &'static str {
    if place.is_some() { ", and is read here" } else { "" }
}

fn did_you_mean(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}
