//! Manifests that are published: a folder, or a branch of a repository.

use std::path::{Path, PathBuf};

use super::error::DiffError;
use super::resources::File;
use super::{Against, DiffOptions, Side};
use crate::config::Environment;
use crate::error::Error;
use crate::source::{Asked, SourceUrl, fetch_tree};
use crate::validate::manifests;

/// What a branch says in place of an environment.
const ENVIRONMENT: &str = "{env}";

/// Manifests that are published.
pub(super) struct Published {
    /// What messages call it.
    pub(super) side: Side,
    /// For each environment the folder that has its manifests, or a folder for them.
    folders: Vec<(String, PathBuf)>,
}

impl Published {
    /// Finds the folders, of a repository by fetching it.
    pub(super) fn new(options: &DiffOptions, environments: &[Environment]) -> Result<Self, Error> {
        let Against::Repository { url, branch } = &options.against else {
            let Against::Folder(folder) = &options.against else { return Ok(Published::nowhere()) };
            let name = folder.display().to_string();
            if !folder.is_dir() {
                return Err(Error::Diff(DiffError::NoFolder { folder: name }));
            }
            let folders = environments.iter().map(|one| (one.to_string(), folder.clone())).collect();
            return Ok(Published { side: Side { name, commit: None }, folders });
        };
        let mut published = Published::nowhere();
        published.side.name = match branch {
            Some(branch) => format!("{} at {branch}", SourceUrl::new(url)),
            None => SourceUrl::new(url).to_string(),
        };
        for environment in environments {
            let branch = branch.as_ref().map(|branch| branch.replace(ENVIRONMENT, &environment.folder()));
            let asked = Asked::Git { url: SourceUrl::new(url), branch, version: None };
            let fetched = fetch_tree(&asked, &options.cache, options.network, &options.variables);
            let (folder, commit) = fetched.map_err(|error| {
                let repository = asked.to_string().trim_start_matches("git ").to_owned();
                Error::Diff(DiffError::Repository { repository, error })
            })?;
            published.side.commit = Some(commit);
            published.folders.push((environment.to_string(), folder));
        }
        Ok(published)
    }

    fn nowhere() -> Self {
        Published { side: Side::default(), folders: Vec::new() }
    }

    /// Reads the manifests of an environment; nothing if there are none.
    ///
    /// They are in a folder of its name. If there is none and no other environment is compared, all that there is
    /// belongs to this one, as on a branch of its own.
    pub(super) fn files(&self, environment: &Environment) -> Result<Option<Vec<File>>, Error> {
        let name = environment.to_string();
        let Some((_, root)) = self.folders.iter().find(|(known, _)| *known == name) else { return Ok(None) };
        let below = root.join(environment.folder());
        let is_shared = self.folders.iter().filter(|(_, other)| other == root).count() > 1;
        let folder = match (below.is_dir(), is_shared) {
            (true, _) => below,
            (false, true) => return Ok(None),
            (false, false) => root.clone(),
        };
        let files: Vec<File> = manifests(&folder)?
            .into_iter()
            .map(|input| File {
                component: String::new(),
                path: below_folder(&folder, &input.file),
                text: input.text,
                varying: Vec::new(),
            })
            .collect();
        Ok((!files.is_empty()).then_some(files))
    }
}

fn below_folder(folder: &Path, file: &str) -> String {
    let folder = crate::definition::place::typed(folder);
    let below = file.strip_prefix(&folder).map(|rest| rest.trim_start_matches('/'));
    below.unwrap_or(file).to_owned()
}
