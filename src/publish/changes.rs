//! What a publish changes in an environment: files, and the resources in them.
//!
//! Only files that differ are read. A resource that moves from one file to another
//! stays; one under another version of its API does, too.

use std::collections::BTreeMap;

use goyaml::{Mapping, Value};

use crate::resource::{self, ResourceId};

/// How many things a publish adds, changes and removes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// New ones.
    pub added: usize,
    /// Those that are another text.
    pub changed: usize,
    /// Those that are gone.
    pub removed: usize,
}

/// What a publish changes in an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files.
    pub files: Counts,
    /// Resources.
    pub resources: Counts,
    /// The components whose files changed.
    pub components: Vec<String>,
    /// The files of others that went or were replaced.
    pub taken: Vec<String>,
    /// The files of `fab` that somebody else had changed or removed.
    pub restored: Vec<String>,
}

/// A resource without the version of its API.
type Identity = (String, String, Option<String>, String);

/// The resources of texts, with their own texts.
#[derive(Default)]
pub(super) struct Resources(BTreeMap<Identity, (String, String)>);

impl Resources {
    /// Adds what is in a manifest. A document that is no resource is none.
    pub(super) fn add(&mut self, manifest: &[u8]) {
        let text = String::from_utf8_lossy(manifest);
        for (_, document) in resource::documents(&text) {
            let Ok(Value::Mapping(map)) = goyaml::from_str::<Value>(document) else { continue };
            match resource::items(&map) {
                Some(items) => {
                    for item in items.iter().filter_map(Value::as_mapping) {
                        self.insert(item, &format!("{item:?}"));
                    }
                }
                None => self.insert(&map, document.trim()),
            }
        }
    }

    fn insert(&mut self, map: &Mapping, text: &str) {
        let Ok(id) = ResourceId::of(map) else { return };
        let shown = id.to_string();
        let group = id.api_version.rsplit_once('/').map_or("", |(group, _)| group).to_owned();
        self.0.insert((group, id.kind, id.namespace, id.name), (text.to_owned(), shown));
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the names of those that are not among others.
    pub(super) fn missing_in(&self, others: &Resources) -> Vec<String> {
        let gone = self.0.iter().filter(|(id, _)| !others.0.contains_key(*id));
        gone.map(|(_, (_, shown))| shown.clone()).collect()
    }

    /// Counts what becomes of them if they turn into others.
    pub(super) fn counts(&self, others: &Resources) -> Counts {
        let text = |resources: &Resources, id| resources.0.get(id).map(|(text, _)| text.clone());
        let changed =
            self.0.keys().filter(|id| text(others, id).is_some_and(|new| Some(new) != text(self, id)));
        Counts {
            added: others.missing_in(self).len(),
            changed: changed.count(),
            removed: self.missing_in(others).len(),
        }
    }
}
