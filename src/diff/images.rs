//! Which images change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use goyaml::Value;

use super::compare::Change;
use super::risk;
use super::{Action, Diff, ResourceDiff};

/// What becomes of an image: its repository, what it was and what it is.
type ImageChange = (String, Option<String>, Option<String>);

/// Writes a line for each image that changes: where from, where to, in which environments.
pub fn images(diff: &Diff) -> String {
    let mut found: BTreeMap<ImageChange, (BTreeSet<&str>, usize)> = BTreeMap::new();
    for environment in &diff.environments {
        for resource in &environment.resources {
            for change in of_resource(resource) {
                let (environments, count) = found.entry(change).or_default();
                environments.insert(&environment.name);
                *count += 1;
            }
        }
    }
    let mut out = String::new();
    for ((repository, from, to), (environments, count)) in found {
        let environments: Vec<&str> = environments.into_iter().collect();
        let change = match (from, to) {
            (Some(from), Some(to)) => format!("~ {repository} {from} -> {to}"),
            (None, Some(to)) => format!("+ {repository} {to}"),
            (Some(from), None) => format!("- {repository} {from}"),
            (None, None) => continue,
        };
        let times = if count == 1 { String::new() } else { format!(", {count} times") };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{change}  ({}{times})", environments.join(", "));
    }
    if out.is_empty() { "no changes of images\n".to_owned() } else { out }
}

fn of_resource(resource: &ResourceDiff) -> Vec<ImageChange> {
    let whole = |value: &Value| -> Vec<String> { risk::images(value) };
    let mut found = Vec::new();
    match (resource.action, &resource.value) {
        (Action::Add, Some(value)) => {
            found.extend(whole(value).iter().map(|image| change(None, Some(image))));
        }
        (Action::Remove, Some(value)) => {
            found.extend(whole(value).iter().map(|image| change(Some(image), None)));
        }
        _ => {}
    }
    for edit in &resource.edits {
        let is_image = edit.path.last_key() == Some("image");
        match &edit.change {
            Change::Replace { from: Value::String(from), to: Value::String(to) } if is_image => {
                found.push(change(Some(from), Some(to)));
            }
            Change::Add { value: Value::String(to), .. } if is_image => found.push(change(None, Some(to))),
            Change::Remove { value: Value::String(from) } if is_image => found.push(change(Some(from), None)),
            Change::Add { value, .. } => {
                found.extend(of_container(value).iter().map(|image| change(None, Some(image))));
            }
            Change::Remove { value } => {
                found.extend(of_container(value).iter().map(|image| change(Some(image), None)));
            }
            Change::Replace { .. } | Change::Order { .. } => {}
        }
    }
    found
}

/// Returns the image of a container, or those of what holds containers.
fn of_container(value: &Value) -> Vec<String> {
    let own = value.get("image").filter(|_| value.get("name").is_some()).and_then(Value::as_str);
    match own {
        Some(image) => vec![image.to_owned()],
        None => risk::images(value),
    }
}

/// Of another repository, the whole name is what changes.
fn change(from: Option<&String>, to: Option<&String>) -> ImageChange {
    match (from.map(|image| split(image)), to.map(|image| split(image))) {
        (Some((old, from)), Some((new, to))) if old == new => (old.to_owned(), Some(from), Some(to)),
        (Some((old, from)), Some((new, to))) => {
            (old.to_owned(), Some(from), Some(format!("{new}{}{to}", if to.is_empty() { "" } else { ":" })))
        }
        (Some((old, from)), None) => (old.to_owned(), Some(from), None),
        (None, Some((new, to))) => (new.to_owned(), None, Some(to)),
        (None, None) => (String::new(), None, None),
    }
}

/// Splits an image into its repository and what follows: tag, digest or both.
fn split(image: &str) -> (&str, String) {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let at = name.rfind('/').map_or(0, |slash| slash + 1);
    let (repository, tag) = match name[at..].find(':') {
        Some(colon) => (&name[..at + colon], &name[at + colon + 1..]),
        None => (name, ""),
    };
    let version = match digest {
        Some(digest) => format!("{tag}@{digest}"),
        None => tag.to_owned(),
    };
    (repository, version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_no_tag() {
        assert_eq!(split("localhost:5000/a/b"), ("localhost:5000/a/b", String::new()));
        assert_eq!(split("localhost:5000/a/b:1"), ("localhost:5000/a/b", "1".to_owned()));
        assert_eq!(split("a:1@sha256:00"), ("a", "1@sha256:00".to_owned()));
    }
}
