//! Changes one value of a text and leaves every other byte as it is.
//!
//! People's files keep their comments, order, quotes, blank lines and line ends.
//! A change is worked out as a few splices of the text: the value alone where
//! there is one, a line of its own where there is none, in the style of what is
//! around it. New keys go where the order of the others wants them.
//!
//! Invariant: after a change the text is read again, and it has exactly the
//! data that were asked for, in the first document, and all other documents as
//! they were. Where an anchor, a merge or an odd layout would make something
//! else of it, the change fails and there is no text.
//!
//! What is written reads back as the same value in YAML 1.1 and 1.2.

use crate::error::Error;
use crate::locate::PathSegment;
use crate::value::{Mapping, Value};
use crate::{documents, from_str_with_literal_keys};

mod outline;
mod splice;
mod write;

use outline::Outline;
use splice::Splice;

/// How a file is written, as far as its text does not tell.
#[derive(Debug, Clone, Copy, Default)]
pub struct EditStyle<'a> {
    /// It is JSON.
    pub json: bool,
    /// Keys that come in this order; all others are in that of go-yaml, if those that are there are.
    pub fields: &'a [&'a str],
}

/// Why a text was not changed.
#[derive(Debug, Clone, PartialEq)]
pub enum EditError {
    /// It cannot be read.
    Read(Error),
    /// The path goes on below a value that has no parts of this kind.
    NoPart {
        /// How many segments lead to the value.
        depth: usize,
        /// What it is.
        found: &'static str,
    },
    /// The list has fewer items, and the next one is not meant either.
    NoItem {
        /// How many segments lead to the list.
        depth: usize,
        /// How many items it has.
        len: usize,
    },
    /// The path leads through an alias: a change would be one in several places.
    Alias {
        /// How many segments lead to the alias.
        depth: usize,
    },
    /// Anchors, merges, equal keys or the layout stand against it.
    Layout,
}

/// Changes the value at a path, which is made if it is not there; one past the end of a list is its next item.
///
/// ```
/// use goyaml::{EditStyle, PathSegment::Key, Value, set_in_text};
///
/// let text = "image:\n  # by the pipeline\n  tag: \"1.0\" # old\n";
/// let set = |path: &[_], value: &str| set_in_text(text, path, &Value::from(value), EditStyle::default());
/// let changed = set(&[Key("image"), Key("tag")], "1.1").unwrap();
/// assert_eq!(changed, "image:\n  # by the pipeline\n  tag: \"1.1\" # old\n");
/// let longer = set(&[Key("replicas")], "3").unwrap();
/// assert_eq!(longer, "image:\n  # by the pipeline\n  tag: \"1.0\" # old\nreplicas: \"3\"\n");
/// ```
pub fn set_in_text(
    text: &str,
    path: &[PathSegment<'_>],
    value: &Value,
    style: EditStyle<'_>,
) -> Result<String, EditError> {
    let before = read(text)?;
    let mut wanted = before.clone();
    set_in_data(&mut wanted, path, 0, value)?;
    if wanted == before {
        return Ok(text.to_owned());
    }
    change(text, &wanted, style, |outline| outline.set(path, value))
}

/// Takes the value at a path away, and the maps that are empty without it; what is not there is no error.
pub fn unset_in_text(
    text: &str,
    path: &[PathSegment<'_>],
    style: EditStyle<'_>,
) -> Result<String, EditError> {
    let mut wanted = read(text)?;
    if !unset_in_data(&mut wanted, path) {
        return Ok(text.to_owned());
    }
    change(text, &wanted, style, |outline| outline.unset(path))
}

/// Puts an item into the list at a path, before the item that has its index.
pub fn insert_in_text(
    text: &str,
    list: &[PathSegment<'_>],
    at: usize,
    item: &Value,
    style: EditStyle<'_>,
) -> Result<String, EditError> {
    let mut wanted = read(text)?;
    let depth = list.len();
    match part_mut(&mut wanted, list) {
        Some(Value::Sequence(items)) if at <= items.len() => items.insert(at, item.clone()),
        Some(Value::Sequence(items)) => return Err(EditError::NoItem { depth, len: items.len() }),
        other => {
            return Err(EditError::NoPart { depth, found: other.map_or("nothing", |value| value.kind()) });
        }
    }
    change(text, &wanted, style, |outline| outline.insert(list, at, item))
}

fn read(text: &str) -> Result<Value, EditError> {
    from_str_with_literal_keys(text).map_err(EditError::Read)
}

/// Tries the ways to make a change, the best first, until one gives the data that are wanted.
fn change(
    text: &str,
    wanted: &Value,
    style: EditStyle<'_>,
    ways: impl FnOnce(&Outline<'_>) -> Result<Vec<Vec<Splice>>, EditError>,
) -> Result<String, EditError> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark = &text[..text.len() - body.len()];
    let outline = Outline::new(body, style).map_err(EditError::Read)?;
    for splices in ways(&outline)? {
        let changed = splice::apply(body, splices);
        if is_wanted(body, &changed, wanted) {
            return Ok([mark, &changed].concat());
        }
    }
    Err(EditError::Layout)
}

/// Whether a text has the data that are wanted, and the further documents of the old one.
fn is_wanted(old: &str, new: &str, wanted: &Value) -> bool {
    let same_data = from_str_with_literal_keys(new).is_ok_and(|found: Value| same(&found, wanted));
    let further = |text| -> Option<Vec<String>> {
        let documents = documents(text).ok()?;
        Some(documents.into_iter().skip(1).map(|document| document.text.to_owned()).collect())
    };
    // Documents behind the first that cannot be read are not touched either.
    same_data && further(old) == further(new)
}

/// A document without entries is an empty map.
fn same(found: &Value, wanted: &Value) -> bool {
    found == wanted || found.is_null() && wanted.as_mapping().is_some_and(Mapping::is_empty)
}

fn set_in_data(
    value: &mut Value,
    path: &[PathSegment<'_>],
    depth: usize,
    new: &Value,
) -> Result<(), EditError> {
    let Some((first, rest)) = path.split_first() else {
        *value = new.clone();
        return Ok(());
    };
    match (first, &mut *value) {
        (_, Value::Null) => {
            check_new(path, depth)?;
            *value = nested(path, new);
            Ok(())
        }
        (PathSegment::Key(key), Value::Mapping(map)) => match map.get_mut(*key) {
            Some(below) => set_in_data(below, rest, depth + 1, new),
            None => {
                check_new(rest, depth + 1)?;
                map.insert((*key).to_owned(), nested(rest, new));
                Ok(())
            }
        },
        (&PathSegment::Index(at), Value::Sequence(items)) => {
            let len = items.len();
            match items.get_mut(at) {
                Some(below) => set_in_data(below, rest, depth + 1, new),
                None if at == len => {
                    check_new(rest, depth + 1)?;
                    items.push(nested(rest, new));
                    Ok(())
                }
                None => Err(EditError::NoItem { depth, len }),
            }
        }
        (_, other) => Err(EditError::NoPart { depth, found: other.kind() }),
    }
}

/// Lists that are made begin with their first item.
fn check_new(path: &[PathSegment<'_>], depth: usize) -> Result<(), EditError> {
    let later = path.iter().position(|segment| matches!(segment, PathSegment::Index(at) if *at > 0));
    later.map_or(Ok(()), |at| Err(EditError::NoItem { depth: depth + at, len: 0 }))
}

/// Returns the value with the maps and lists around it that a path goes through.
fn nested(path: &[PathSegment<'_>], value: &Value) -> Value {
    path.iter().rev().fold(value.clone(), |inner, segment| match segment {
        PathSegment::Key(key) => Value::Mapping(Mapping::from([((*key).to_owned(), inner)])),
        PathSegment::Index(_) => Value::Sequence(vec![inner]),
    })
}

/// Returns whether there was something to take away.
fn unset_in_data(value: &mut Value, path: &[PathSegment<'_>]) -> bool {
    let Some((first, rest)) = path.split_first() else { return false };
    match (first, value) {
        (PathSegment::Key(key), Value::Mapping(map)) => {
            let Some(below) = map.get_mut(*key) else { return false };
            if !rest.is_empty() && !unset_in_data(below, rest) {
                return false;
            }
            if rest.is_empty() || below.as_mapping().is_some_and(Mapping::is_empty) {
                map.remove(*key);
            }
            true
        }
        (&PathSegment::Index(at), Value::Sequence(items)) if at < items.len() => {
            if rest.is_empty() {
                items.remove(at);
                return true;
            }
            unset_in_data(&mut items[at], rest)
        }
        _ => false,
    }
}

fn part_mut<'v>(value: &'v mut Value, path: &[PathSegment<'_>]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |value, segment| match (segment, value) {
        (PathSegment::Key(key), Value::Mapping(map)) => map.get_mut(*key),
        (&PathSegment::Index(at), Value::Sequence(items)) => items.get_mut(at),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
