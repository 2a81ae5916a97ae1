//! The resources of a tree of manifests, and which of two trees are the same
//! ones.
//!
//! A resource is known by group, kind, namespace and name, wherever it is
//! written. What is left over on both sides is matched by content: a resource
//! that was renamed or moved to another namespace is shown as that, though a
//! cluster removes one and adds another.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use goyaml::Value;

use super::compare::canonical;
use crate::output::Varying;
use crate::resource::{self, ResourceId};

/// What a resource is called in a diff.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind; empty for a document that is no resource.
    pub kind: String,
    /// Namespace, if it names one.
    pub namespace: Option<String>,
    /// Name; of a document that is no resource, its file.
    pub name: String,
    /// How many of the same name are before it.
    pub nth: usize,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.kind.is_empty() { "document" } else { &self.kind };
        write!(f, "{kind} ")?;
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        f.write_str(&self.name)?;
        if self.nth > 0 { write!(f, " ({})", self.nth + 1) } else { Ok(()) }
    }
}

/// A manifest of one side.
#[derive(Debug, Clone)]
pub struct File {
    /// Path of the component that it is of; empty for none.
    pub component: String,
    /// Its path below the folder of the environment.
    pub path: String,
    /// Its text.
    pub text: Arc<str>,
    /// Lines that are different in every run.
    pub varying: Vec<Varying>,
}

/// A document of a manifest; of a list, an item.
#[derive(Debug, Clone)]
pub struct Resource {
    /// What it is called.
    pub id: Identity,
    /// Group and version.
    pub api_version: String,
    /// Its data; of a text that is no YAML, that text.
    pub value: Value,
    /// The number of its file.
    pub file: usize,
    /// Its document in the text of the file.
    pub range: Range<usize>,
}

impl Resource {
    /// Returns whether its data are secret.
    pub fn is_secret(&self) -> bool {
        self.id.kind == "Secret" && self.id.group.is_empty()
    }
}

/// Reads the resources of files, in their order.
pub fn read(files: &[File]) -> Vec<Resource> {
    let mut found = Vec::new();
    for (number, file) in files.iter().enumerate() {
        for (_, document) in resource::documents(&file.text) {
            let start = document.as_ptr() as usize - file.text.as_ptr() as usize;
            read_document(document, (number, start..start + document.len()), file, &mut found);
        }
    }
    let mut seen: BTreeMap<Identity, usize> = BTreeMap::new();
    for resource in &mut found {
        let count = seen.entry(resource.id.clone()).or_default();
        resource.id.nth = *count;
        *count += 1;
    }
    found
}

fn read_document(text: &str, (number, range): (usize, Range<usize>), file: &File, found: &mut Vec<Resource>) {
    let value = match goyaml::from_str::<Value>(text) {
        Ok(Value::Null) => return,
        Ok(value) => value,
        Err(_) => Value::String(text.to_owned()),
    };
    let mut push = |value: Value| {
        let id = value.as_mapping().and_then(|map| ResourceId::of(map).ok());
        let (api_version, id) = match id {
            Some(ResourceId { api_version, kind, namespace, name }) => {
                let group = api_version.rsplit_once('/').map_or("", |(group, _)| group).to_owned();
                (api_version, Identity { group, kind, namespace, name, nth: 0 })
            }
            None => {
                let name = file.path.clone();
                let id =
                    Identity { group: String::new(), kind: String::new(), namespace: None, name, nth: 0 };
                (String::new(), id)
            }
        };
        found.push(Resource { id, api_version, value, file: number, range: range.clone() });
    };
    match value.as_mapping().and_then(resource::items) {
        Some(items) => items.iter().cloned().for_each(push),
        None => push(value),
    }
}

/// What became of resources: places in the lists of the old and the new ones.
#[derive(Debug, Default)]
pub struct Matches {
    /// The same ones under the same name.
    pub same: Vec<(usize, usize)>,
    /// The same content under another name.
    pub renamed: Vec<(usize, usize)>,
    /// What is there only in the old ones.
    pub removed: Vec<usize>,
    /// What is there only in the new ones.
    pub added: Vec<usize>,
}

/// Matches resources.
pub fn match_all(old: &[Resource], new: &[Resource]) -> Matches {
    let mut matches = Matches::default();
    let mut waiting: BTreeMap<&Identity, usize> =
        old.iter().enumerate().map(|(at, resource)| (&resource.id, at)).collect();
    for (at, resource) in new.iter().enumerate() {
        match waiting.remove(&resource.id) {
            Some(before) => matches.same.push((before, at)),
            None => matches.added.push(at),
        }
    }
    matches.removed = waiting.into_values().collect();
    matches.removed.sort_unstable();
    match_by_content(old, new, &mut matches);
    matches
}

/// Comparing every removed resource of a kind with every added one is worth so many comparisons.
const MAX_COMPARISONS: usize = 100_000;

/// Resources with so few values beside their names are alike by chance.
const MIN_VALUES: usize = 4;

fn match_by_content(old: &[Resource], new: &[Resource], matches: &mut Matches) {
    // Of each group and kind, what is gone and what is new.
    let mut kinds: BTreeMap<(&str, &str), [Vec<usize>; 2]> = BTreeMap::new();
    for &at in &matches.removed {
        kinds.entry((&old[at].id.group, &old[at].id.kind)).or_default()[0].push(at);
    }
    for &at in &matches.added {
        kinds.entry((&new[at].id.group, &new[at].id.kind)).or_default()[1].push(at);
    }
    let mut taken: (BTreeSet<usize>, BTreeSet<usize>) = Default::default();
    for ((_, kind), [removed, added]) in kinds {
        if kind.is_empty() || removed.len().saturating_mul(added.len()) > MAX_COMPARISONS {
            continue;
        }
        let contents = |resources: &[Resource], places: &[usize]| -> Vec<Content> {
            places.iter().map(|at| Content::of(&resources[*at])).collect()
        };
        let (before, after) = (contents(old, &removed), contents(new, &added));
        let mut pairs: Vec<(u32, usize, usize)> = Vec::new();
        for (i, one) in before.iter().enumerate() {
            for (j, other) in after.iter().enumerate() {
                let same_name = old[removed[i]].id.name == new[added[j]].id.name;
                pairs.extend(one.likeness(other, same_name).map(|likeness| (likeness, i, j)));
            }
        }
        // The most alike first; of equals, the first.
        pairs.sort_by_key(|(likeness, i, j)| (std::cmp::Reverse(*likeness), *i, *j));
        for (_, i, j) in pairs {
            if !taken.0.contains(&removed[i]) && !taken.1.contains(&added[j]) {
                taken.0.insert(removed[i]);
                taken.1.insert(added[j]);
                matches.renamed.push((removed[i], added[j]));
            }
        }
    }
    matches.removed.retain(|at| !taken.0.contains(at));
    matches.added.retain(|at| !taken.1.contains(at));
    matches.renamed.sort_by_key(|(_, new)| *new);
}

/// The values of a resource but its name and namespace, each with the way to it.
struct Content(BTreeSet<String>);

impl Content {
    fn of(resource: &Resource) -> Self {
        let mut values = BTreeSet::new();
        // Its own name is everywhere in a resource.
        let is_named = |text: &str| text.replace(&resource.id.name, "\u{1}");
        collect(&resource.value, &mut String::new(), &is_named, &mut values);
        let own = ["metadata.name=", "metadata.namespace=", "apiVersion=", "kind="];
        values.retain(|value| !own.iter().any(|start| value.trim_start_matches('.').starts_with(start)));
        Content(values)
    }

    /// Returns how much of both is the same, in thousandths, if it is enough.
    fn likeness(&self, other: &Content, same_name: bool) -> Option<u32> {
        let (one, two) = (self.0.len(), other.0.len());
        let both = self.0.intersection(&other.0).count();
        let likeness = (2000 * both).checked_div(one + two).unwrap_or(1000);
        // A name says as much as many values.
        let is_enough = if same_name { likeness >= 500 } else { likeness >= 600 && both >= MIN_VALUES };
        is_enough.then(|| u32::try_from(likeness).unwrap_or(u32::MAX) + u32::from(same_name))
    }
}

fn collect(value: &Value, path: &mut String, named: &dyn Fn(&str) -> String, values: &mut BTreeSet<String>) {
    let length = path.len();
    match value {
        Value::Mapping(map) if !map.is_empty() => {
            for (key, inner) in map {
                path.push('.');
                path.push_str(key);
                collect(inner, path, named, values);
                path.truncate(length);
            }
        }
        // Where in a list something is says little.
        Value::Sequence(items) if !items.is_empty() => {
            path.push_str("[]");
            items.iter().for_each(|item| collect(item, path, named, values));
            path.truncate(length);
        }
        Value::String(text) if text.contains('\n') => {
            values.extend(text.lines().map(|line| format!("{path}={}", named(line))));
        }
        Value::String(text) => drop(values.insert(format!("{path}={}", named(text)))),
        scalar => drop(values.insert(format!("{path}={}", canonical(scalar)))),
    }
}
