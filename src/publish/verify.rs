//! Whether what is published is what its source commit renders to.
//!
//! The commit is written into a folder of its own, installed from the lockfile that
//! it has, rendered and compared byte for byte. What is on disk in the definition,
//! committed or not, has no part in it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tempfile::TempDir;

use super::clone::{unusable, with_logins};
use super::error::PublishError;
use super::history::{Known, Target};
use super::hydrator::{self, Recorded};
use super::message::trailer;
use super::owned::{self, Owned, sha256};
use crate::config::Environment;
use crate::error::{Error, Failure, Warning};
use crate::generate::{Event, GenerateOptions, generate};
use crate::git::{Checkout, Id, Manifests};
use crate::hooks::HookPolicy;
use crate::project::RenderSettings;
use crate::render::{ChartSettings, World};
use crate::source::lockfile;
use crate::source::{InstallOptions, Network, Renew, install};

/// What a verification comes to.
#[derive(Debug)]
pub struct Verified {
    /// The commit in the manifest repository.
    pub manifests: String,
    /// The source commit.
    pub source: String,
    /// The version of `fab` that published it; empty if that is not known.
    pub version: String,
    /// How many files are as they should be.
    pub same: usize,
    /// The files that are not: `changed`, `missing` or `extra`, with the path.
    pub different: Vec<(&'static str, String)>,
}

/// What is in a manifest repository of an environment.
struct Found {
    tip: Id,
    recorded: Recorded,
    list: Owned,
    version: String,
    /// The digests of the files, as they are.
    digests: Vec<(String, Option<String>)>,
}

/// Renders an environment again from the source commit that it is published from, and compares.
///
/// # Errors
///
/// It is not published, or its source commit cannot be had or rendered.
pub fn verify(
    target: &Target,
    (world, hooks): (World, &HookPolicy),
    heard: &(dyn Fn(Warning) + Sync),
) -> Result<Verified, Vec<Failure>> {
    let of_run = |error: Error| vec![Failure::of_run(error)];
    let found = found(target).map_err(of_run)?;
    let commit = found.recorded.commit.clone();
    let copy = copy(target, (&commit, &found.list.definition), hooks)?;
    let directory = copy.directory.clone();
    let environment = Environment::new([&target.environment]);
    let options = GenerateOptions {
        output: directory.join("generated"),
        directory,
        environments: vec![environment],
        charts: ChartSettings { settings: RenderSettings::default(), world },
        hooks: hooks.clone(),
        keeps_definitions: false,
        compares: false,
        jobs: None,
    };
    let outputs = generate(&options, &|event| match event {
        Event::Warning(warning) => heard(warning),
        Event::Hook(_) | Event::Rendering(_) | Event::Rendered => {}
    })?;
    let files = outputs.into_iter().next().map(|output| output.files).unwrap_or_default();
    let (mut same, mut different) = (0, Vec::new());
    let published: BTreeSet<&str> = found.digests.iter().map(|(path, _)| path.as_str()).collect();
    for (path, digest) in &found.digests {
        match (files.get(path), digest) {
            (Some(manifest), Some(digest)) if sha256(&manifest.text) == *digest => same += 1,
            (Some(_), Some(_)) => different.push(("changed", path.clone())),
            (Some(_), None) => different.push(("missing", path.clone())),
            (None, _) => different.push(("extra", path.clone())),
        }
    }
    let unpublished = files.keys().filter(|path| !published.contains(path.as_str()));
    different.extend(unpublished.map(|path| ("missing", path.clone())));
    Ok(Verified { manifests: found.tip.to_string(), source: commit, version: found.version, same, different })
}

/// The definition at a commit, in a folder of its own.
pub(crate) struct SourceCopy {
    /// The commit.
    pub(crate) commit: String,
    /// The folder of the definition.
    pub(crate) directory: PathBuf,
    /// The folder goes away with this.
    _folder: TempDir,
}

/// Writes the definition that an environment is published from into a folder of its own, and installs what it names.
pub(crate) fn published_source(target: &Target, hooks: &HookPolicy) -> Result<SourceCopy, Vec<Failure>> {
    let of_run = |error: Error| vec![Failure::of_run(error)];
    let known = target.known().map_err(of_run)?;
    let books = target.with_clone(&known, |manifests| {
        let tip = target.fetch(&known, manifests)?;
        books(target, &known, (manifests, tip))
    });
    let (recorded, list) = books.map_err(of_run)?;
    copy(target, (&recorded.commit, &list.definition), hooks)
}

fn copy(
    target: &Target,
    (commit, definition): (&str, &str),
    hooks: &HookPolicy,
) -> Result<SourceCopy, Vec<Failure>> {
    let of_run = |error: Error| vec![Failure::of_run(error)];
    let folder = tempfile::tempdir()
        .map_err(|source| of_run(Error::Unwritable { path: "the temporary folder".to_owned(), source }))?;
    // The name of a folder may be that of a component.
    let top = folder.path().join("definition");
    let checkout = source_of(target, commit).map_err(of_run)?;
    let written = checkout.export_folder(commit, "", &top);
    written.map_err(|error| of_run(no_source(commit, &error.to_string())))?;
    let directory = top.join(definition);
    let installing = InstallOptions {
        locked: directory.join(lockfile::FILE).exists(),
        directory: directory.clone(),
        cache: target.cache.clone(),
        network: Network::Online,
        hooks: hooks.clone(),
        variables: target.variables.clone(),
        renew: Renew::Nothing,
    };
    install(&installing, &|_| {})?;
    Ok(SourceCopy { commit: commit.to_owned(), directory, _folder: folder })
}

/// Reads from which commit an environment is published, and which files.
fn books(
    target: &Target,
    known: &Known,
    (manifests, tip): (&Manifests<'_>, Id),
) -> Result<(Recorded, Owned), Error> {
    let destination = &known.destination;
    let read = |file: &str| {
        let text = manifests.read(tip, &destination.file(file));
        text.map_err(|error| unusable(&known.url, error))
    };
    let list = Owned::parse(&String::from_utf8_lossy(&read(owned::FILE)?.unwrap_or_default()));
    let recorded = read(hydrator::FILE)?.and_then(|text| Recorded::parse(&text));
    let recorded = recorded.ok_or_else(|| PublishError::NotPublished {
        environment: target.environment.clone(),
        branch: destination.active.clone(),
        file: destination.file(hydrator::FILE),
    })?;
    Ok((recorded, list))
}

/// Reads what is published.
fn found(target: &Target) -> Result<Found, Error> {
    let known = target.known()?;
    let destination = &known.destination;
    target.with_clone(&known, |manifests| {
        let failed = |error| unusable(&known.url, error);
        let tip = target.fetch(&known, manifests)?;
        let read = |file: &str| manifests.read(tip, &destination.file(file)).map_err(failed);
        let (recorded, list) = books(target, &known, (manifests, tip))?;
        let mut digests = Vec::new();
        for path in list.files.keys() {
            digests.push((path.clone(), read(path)?.map(|text| sha256(&text))));
        }
        let message = manifests.past(tip).map_err(failed)?.message;
        let version = trailer(&message, "Fab-Version").unwrap_or_default().to_owned();
        Ok(Found { tip, recorded, list, version, digests })
    })
}

/// Returns the repository of the definition, which has a commit; it is fetched if it does not.
fn source_of(target: &Target, commit: &str) -> Result<Checkout, Error> {
    let checkout = Checkout::of(&target.directory).map_err(|err| no_source(commit, err.message()))?;
    if checkout.source_commit(commit).is_ok() {
        return Ok(checkout);
    }
    let fetched = with_logins(&target.variables, |logins| checkout.deepen(logins)).and_then(|done| done);
    if let Err(error) = fetched {
        return Err(no_source(commit, &error.to_string()));
    }
    match checkout.source_commit(commit) {
        Ok(_) => Ok(checkout),
        Err(err) => Err(no_source(commit, err.message())),
    }
}

fn no_source(commit: &str, message: &str) -> Error {
    PublishError::NoSuchSource { commit: commit.to_owned(), message: message.to_owned() }.into()
}
