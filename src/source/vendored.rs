//! `vendor/`: everything that a definition names from elsewhere, in its own
//! repository, so that a clone alone generates.
//!
//! The folder has the places of sources below their paths, and a list of them.
//! What is in a place of the list is read from there instead of from
//! `components/` and `helm_repos/`, by `generate` and everything else that reads
//! a definition.
//!
//! Invariant: a folder that belongs to another `fab.lock` is an error, never read.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::http::hex;
use super::lockfile;
use super::placing::{self, Content, Tree};
use crate::definition::{Places, place};
use crate::error::{Error, Place};
use crate::replacement::{unreadable, unwritable};

/// Name of the folder, beside the root's component file.
pub(crate) const FOLDER: &str = "vendor";
/// Name of the list in it.
const LIST: &str = "places.yaml";
const HEADING: &str = "# Written by `fab vendor`, as everything in this folder.\n";

/// What is in the folder.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    /// SHA-256 of the `fab.lock` that it belongs to.
    lock: String,
    places: Vec<String>,
}

/// Returns where vendored places are, which messages name below `shown`; none if nothing is vendored.
///
/// # Errors
///
/// The list cannot be read, or belongs to another lockfile.
pub(crate) fn places(root: &Path, shown: &str) -> Result<Option<Places>, Error> {
    let file = root.join(FOLDER).join(LIST);
    let name = place::show(shown, &format!("{FOLDER}/{LIST}"));
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Unreadable { file: name, source }),
    };
    let list: List = serde_yaml::from_str(&text).map_err(|err| {
        let place = Place { file: name, position: None, text: text.as_str().into() };
        Error::Syntax { place, message: err.to_string() }
    })?;
    if list.lock != lock_digest(root)? {
        return Err(Error::VendoredOther { folder: place::show(shown, FOLDER) });
    }
    let folder = root.join(FOLDER);
    Ok(Some(list.places.into_iter().map(|place| (place.clone(), folder.join(place))).collect()))
}

/// Makes one folder of what goes into places, with its list; the files of that are written into `scratch`.
pub(crate) fn folder(root: &Path, trees: BTreeMap<String, Tree>, scratch: &Path) -> Result<Tree, Error> {
    let list = List { lock: lock_digest(root)?, places: trees.keys().cloned().collect() };
    let list = serde_yaml::to_string(&list).expect("texts are YAML");
    let mut all = Tree::new();
    for (place, mut tree) in trees {
        if !place::stays_inside(&place) {
            return Err(Error::VendorLeaves { folder: place });
        }
        // These would keep files out of a commit, or change their line ends.
        tree.retain(|path, _| !matches!(path.rsplit('/').next(), Some(".gitignore" | ".gitattributes")));
        placing::insert(&mut all, &place, tree);
    }
    // The definition's own may name `components/`, wherever that is.
    for (name, text) in [(LIST, format!("{HEADING}{list}")), (".gitignore", "!*\n".to_owned())] {
        let file = scratch.join(format!("vendored-{}", name.trim_start_matches('.')));
        fs::write(&file, &text).map_err(|source| unwritable(&file, source))?;
        all.insert(name.to_owned(), Content::File(file, text.len() as u64));
    }
    Ok(all)
}

/// Checks that the folder is not somebody else's.
pub(crate) fn check_folder(root: &Path, shown: &str) -> Result<(), Error> {
    let folder = root.join(FOLDER);
    if folder.exists() && !folder.join(LIST).is_file() {
        return Err(Error::VendorTaken { folder: place::show(shown, FOLDER) });
    }
    Ok(())
}

/// Removes the folder once nothing is vendored any more.
pub(crate) fn remove(root: &Path) -> Result<(), Error> {
    let folder = root.join(FOLDER);
    match fs::remove_dir_all(&folder) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(unwritable(&folder, source)),
        _ => Ok(()),
    }
}

fn lock_digest(root: &Path) -> Result<String, Error> {
    let file = root.join(lockfile::FILE);
    match fs::read(&file) {
        Ok(text) => Ok(hex(&Sha256::digest(text))),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(unreadable(&file, source)),
    }
}
