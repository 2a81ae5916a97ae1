//! Finds the `access.yaml` files of a definition.
//!
//! Only those of local components count. One that came along with a component
//! could name any variable of the build and have it sent to a server of its
//! choice, so it is passed over with a warning.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io;
use std::path::Path;

use super::credentials::Access;
use crate::definition::{Definition, Node, Places, place, place_of};
use crate::error::{Error, Failure, Place, Warning, WarningKind};

/// Name of the file, beside a component file.
const FILE: &str = "access.yaml";

/// What the files of a definition say.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// The tokens by source.
    pub(crate) access: Access,
    /// The files that are ignored, by their path.
    pub(crate) ignored: BTreeMap<String, Warning>,
    /// What is wrong with the others.
    pub(crate) failures: Vec<Failure>,
}

/// Reads the files beside the components of a definition; who is nearer to the root says what a source gets.
pub(crate) fn read(
    definition: &Definition,
    root: &Path,
    places: &Places,
    env: &dyn Fn(&str) -> Option<String>,
) -> Tokens {
    let mut tokens = Tokens::default();
    let mut waiting: VecDeque<&Node> = VecDeque::from([&definition.root]);
    while let Some(node) = waiting.pop_front() {
        let Ok(body) = &node.body else { continue };
        waiting.extend(&body.children);
        for folder in &body.config_folders {
            let shown = definition.show(&place::join(&[folder, FILE]));
            let remote = body.remote.as_ref().filter(|remote| place::is_below(folder, &remote.folder));
            let text = match fs::read_to_string(place_of(root, places, folder).join(FILE)) {
                Ok(text) => text,
                Err(err) if err.kind() == io::ErrorKind::NotFound => continue,
                Err(source) => {
                    tokens.fail(Error::Unreadable { file: shown, source });
                    continue;
                }
            };
            let place = Place { file: shown.clone(), position: None, text: text.as_str().into() };
            if let Some(remote) = remote {
                let kind = WarningKind::AccessIgnored { source_name: remote.source.clone() };
                tokens.ignored.insert(shown, Warning { place: Some(place), kind });
            } else if let Err(error) = tokens.access.add(&text, env) {
                tokens.fail(Error::Syntax { place, message: error.to_string() });
            }
        }
    }
    tokens
}

impl Tokens {
    fn fail(&mut self, error: Error) {
        self.failures.push(Failure::of_run(error));
    }
}
