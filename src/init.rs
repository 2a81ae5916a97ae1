//! Begins a definition: the files that one starts with, which generate at once.
//!
//! What is there already is somebody's work: no file is overwritten unless that is
//! asked for, and a definition that exists gets only what is asked for by name.
//!
//! Invariant: an existing file is never opened for writing without `force`.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::config::COMMON;
use crate::definition::place;
use crate::document::Document;
use crate::error::Error;
use crate::project::Project;
use crate::source::SourceUrl;
use crate::{git, replacement};

mod agents;
mod files;
mod pipelines;

pub use agents::Agent;
pub use pipelines::Pipeline;

use agents::Published;
use pipelines::Reviewed;

/// What to begin with.
pub struct InitOptions {
    /// The folder of the definition, which need not exist.
    pub directory: PathBuf,
    /// The name of the root component; none for that of the folder.
    pub name: Option<String>,
    /// The environments; none for those that are usual in a new definition.
    pub environments: Vec<String>,
    /// The system whose pipelines review and publish it.
    pub pipeline: Option<Pipeline>,
    /// Who applies what is published.
    pub agents: Vec<Agent>,
    /// The manifest repository; none for that of `fab.yaml`.
    pub manifests: Option<String>,
    /// Whether files that are there are overwritten.
    pub force: bool,
}

/// What was made.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Initialized {
    /// The files that were written, as seen from the folder.
    pub written: Vec<String>,
    /// The files that are there already and stay as they are.
    pub kept: Vec<String>,
    /// Whether the folder became a git repository.
    pub repository: bool,
    /// The environments that `fab.yaml` does not list, though it lists others.
    pub unlisted: Vec<String>,
    /// The file of the pipeline.
    pub pipeline: Option<String>,
}

/// The environments of a new definition.
pub const ENVIRONMENTS: [&str; 2] = ["dev", "prod"];

/// Writes the files of a new definition, or what is asked for into one that exists.
///
/// # Errors
///
/// There is a definition already and nothing to add to it, a name is none, or a file cannot be written.
pub fn init(options: &InitOptions) -> Result<Initialized, Error> {
    for name in &options.environments {
        check_name(name, "an environment")?;
    }
    let folder = &options.directory;
    let existing = existing_component(folder).filter(|_| !options.force);
    if let Some(file) = existing {
        return add(options, &file);
    }
    let name = match &options.name {
        Some(name) => name.clone(),
        None => default_name(folder),
    };
    check_name(&name, "a component")?;
    let usual = || ENVIRONMENTS.map(str::to_owned).to_vec();
    let environments = if options.environments.is_empty() { usual() } else { options.environments.clone() };
    fs::create_dir_all(folder).map_err(|source| replacement::unwritable(folder, source))?;
    let mut made = Initialized::default();
    let manifests = options.manifests.as_deref().map(SourceUrl::new);
    let new = files::new_definition(&name, &environments, manifests.as_ref());
    write(folder, &new, options.force, &mut made)?;
    made.repository = git::init(folder)?;
    deliver(options, &mut made)?;
    Ok(made)
}

/// Writes what brings a definition to clusters: the pipeline, and what agents are given.
fn deliver(options: &InitOptions, made: &mut Initialized) -> Result<(), Error> {
    let folder = &options.directory;
    let shown = place::typed(folder);
    let project = Project::read(folder, &shown)?;
    let manifests = options.manifests.as_deref().map(SourceUrl::new);
    let manifests = manifests.or_else(|| project.publish.repository.clone());
    if let Some(pipeline) = options.pipeline {
        let branch = git::default_branch(folder).unwrap_or_else(|| "main".to_owned());
        let below = git::folder_in_repository(folder).unwrap_or_default();
        for name in below.split('/').filter(|_| !below.is_empty()) {
            check_name(name, "a folder above a definition with a pipeline")?;
        }
        let up = "../".repeat(below.split_terminator('/').count());
        let reviewed = Reviewed { branch: &branch, folder: &below, manifests: manifests.as_ref() };
        let files = pipelines::files(pipeline, &reviewed).into_iter();
        let files: Vec<_> = files.map(|(path, text)| (format!("{up}{path}"), text)).collect();
        write(folder, &files, options.force, made)?;
        made.pipeline = Some(format!("{up}{}", pipeline.file(&below)));
    }
    if options.agents.is_empty() {
        return Ok(());
    }
    let repository = manifests.ok_or(Error::NoManifests)?;
    let definition = definition_name(folder);
    for environment in project.environments(folder, &[]) {
        check_name(&environment.folder(), "an environment")?;
        let (branch, path) = project.publish.active(&environment);
        let published = Published {
            definition: definition.clone(),
            environment: environment.folder(),
            repository: repository.clone(),
            branch,
            path,
        };
        let files: Vec<_> = options.agents.iter().map(|agent| agents::file(*agent, &published)).collect();
        write(folder, &files, options.force, made)?;
    }
    Ok(())
}

/// Adds environments to a definition that exists.
fn add(options: &InitOptions, file: &str) -> Result<Initialized, Error> {
    let folder = &options.directory;
    let adds = !options.environments.is_empty() || options.pipeline.is_some() || !options.agents.is_empty();
    if !adds || options.name.is_some() {
        return Err(Error::DefinitionExists { file: place::show(&place::typed(folder), file) });
    }
    let mut made = Initialized::default();
    let has_schemas = replacement::exists(&folder.join(files::CONFIG_SCHEMA));
    write(folder, &files::environments(&options.environments, has_schemas), false, &mut made)?;
    deliver(options, &mut made)?;
    let listed = Project::read(folder, &place::typed(folder))?.rendering.environments();
    let unlisted = options.environments.iter().filter(|name| !listed.is_empty() && !listed.contains(name));
    made.unlisted = unlisted.cloned().collect();
    Ok(made)
}

/// Returns the name of the component file in a folder, if there is one.
pub fn existing_component(folder: &Path) -> Option<String> {
    let names = ["component.yaml", "component.json"];
    names.into_iter().find(|name| replacement::exists(&folder.join(name))).map(str::to_owned)
}

/// Returns what the definition in a folder is called: what its component file says, or else as the folder.
pub fn definition_name(folder: &Path) -> String {
    let document = Document::read(folder, &place::typed(folder), "component").ok().flatten();
    let name = document.and_then(|(_, value)| Some(value.get("name")?.as_str()?.to_owned()));
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| default_name(folder))
}

/// Returns what the definition in a folder is called if nobody says more: as the folder, as far as that can be a name.
pub fn default_name(folder: &Path) -> String {
    // One that does not exist is where it is said to be.
    let path = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if name.is_empty() { "platform".to_owned() } else { name.to_owned() }
}

/// Names become those of files, and are typed on command lines.
fn check_name(name: &str, what: &'static str) -> Result<(), Error> {
    let fits = name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(is_plain);
    if fits && name != COMMON { Ok(()) } else { Err(Error::BadName { name: name.to_owned(), what }) }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// Writes files by their paths and texts.
fn write(
    folder: &Path,
    files: &[(String, String)],
    force: bool,
    made: &mut Initialized,
) -> Result<(), Error> {
    for (path, text) in files {
        let file = folder.join(path);
        let parent = file.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|source| replacement::unwritable(parent, source))?;
        let opened = if force { File::create(&file) } else { File::create_new(&file) };
        match opened.and_then(|mut file| file.write_all(text.as_bytes())) {
            Ok(()) => made.written.push(path.clone()),
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => made.kept.push(path.clone()),
            Err(source) => return Err(replacement::unwritable(&file, source)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(folder: &Path) -> InitOptions {
        InitOptions {
            directory: folder.to_owned(),
            name: None,
            environments: Vec::new(),
            pipeline: None,
            agents: Vec::new(),
            manifests: None,
            force: false,
        }
    }

    #[track_caller]
    fn check_default(folder: &str, want: &str) {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        assert_eq!(default_name(&folder), want);
    }

    #[test]
    fn a_definition_is_called_as_its_folder() {
        check_default("shop", "shop");
        check_default("shop/../other", "other");
        check_default("my shop (new)", "my-shop--new");
        check_default("日本", "platform");
    }

    #[test]
    fn what_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("README.md"), "mine").unwrap();
        let made = init(&options(folder.path())).unwrap();
        assert_eq!(made.kept, ["README.md"]);
        assert_eq!(fs::read_to_string(folder.path().join("README.md")).unwrap(), "mine");
        let forced = init(&InitOptions { force: true, ..options(folder.path()) }).unwrap();
        assert_eq!(forced.kept, [] as [&str; 0]);
        assert_ne!(fs::read_to_string(folder.path().join("README.md")).unwrap(), "mine");
    }

    #[test]
    fn a_definition_that_exists_gets_only_what_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("component.json"), "{}").unwrap();
        let error = init(&options(folder.path())).unwrap_err();
        assert!(matches!(error, Error::DefinitionExists { .. }), "{error}");
        let asked = InitOptions { environments: vec!["qa".to_owned()], ..options(folder.path()) };
        let made = init(&asked).unwrap();
        assert_eq!(
            made,
            Initialized { written: vec!["config/qa.yaml".to_owned()], ..Initialized::default() }
        );
        fs::write(folder.path().join("fab.yaml"), "environments: {prod: {}}\n").unwrap();
        let made = init(&asked).unwrap();
        assert_eq!((made.kept, made.unlisted), (vec!["config/qa.yaml".to_owned()], vec!["qa".to_owned()]));
    }

    #[test]
    fn a_folder_in_a_repository_is_part_of_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(init(&options(folder.path())).unwrap().repository);
        assert!(!init(&options(&folder.path().join("inner"))).unwrap().repository);
        assert!(!folder.path().join("inner/.git").exists());
    }

    #[test]
    fn err_a_name_is_no_path() {
        for name in ["", "a/b", "../a", ".a", "a b", "a+b", "common"] {
            let folder = tempfile::tempdir().unwrap();
            let environments = vec![name.to_owned()];
            let error = init(&InitOptions { environments, ..options(folder.path()) }).unwrap_err();
            assert!(matches!(error, Error::BadName { .. }), "{name}: {error}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{name}");
        }
    }
}
