//! Compares two documents as data.
//!
//! What comes out is a list of edits that make the new document of the old one
//! when they are applied one after another ([`apply`]): that is what makes a
//! diff complete. The items of a list are matched by what tells them apart for
//! Kubernetes, so that an inserted container is one addition; in lists of which
//! nothing is known by a field such as `name`, or else by how they follow each
//! other.

use std::collections::{BTreeMap, BTreeSet};

use goyaml::{Mapping, Value};
use kubeschema::{ListKeys, Part};
use similar::{Algorithm, DiffOp};

use super::path::{Path, Step, item_name};

/// One difference of two documents.
///
/// Steps into lists count in the document as the edits before have left it, and items of a list come in this order:
/// what changes within items, what is removed (the last first), the order of what stays, what is added (the first
/// first).
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// Where.
    pub path: Path,
    /// What.
    pub change: Change,
    /// Why it is not shown, if it is not.
    pub fold: Option<Fold>,
}

/// Why an edit is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// It says little.
    Noise,
    /// Only the order is another one, where that makes no difference.
    Order,
    /// It is different in every run.
    Chance,
}

/// What is different.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// There is a value where there was none; in a list, at this place.
    Add {
        /// The value.
        value: Value,
        /// The place of a new item.
        at: Option<usize>,
    },
    /// A value is not there any more.
    Remove {
        /// The value.
        value: Value,
    },
    /// There is another value.
    Replace {
        /// What it was.
        from: Value,
        /// What it is.
        to: Value,
    },
    /// The items of a list follow each other differently.
    Order {
        /// For each item its place before.
        order: Vec<usize>,
        /// What the items are called in this order, if they are called something.
        names: Vec<String>,
        /// Whether that may make a difference.
        matters: bool,
    },
}

/// Fields that tell items apart where no schema says what does, the best first.
const NAMES: [&str; 9] = ["name", "key", "id", "host", "alias", "path", "mountPath", "containerPort", "port"];

/// Returns the edits that make `new` of `old`; `part` is what is known of them.
pub fn compare(old: &Value, new: &Value, part: Option<Part<'_>>) -> Vec<Edit> {
    let mut walk = Walk::default();
    walk.values((old, new), part);
    walk.edits
}

/// A comparison on its way through two documents.
#[derive(Default)]
struct Walk {
    path: Path,
    edits: Vec<Edit>,
}

impl Walk {
    fn push(&mut self, change: Change) {
        let fold = matches!(change, Change::Order { matters: false, .. }).then_some(Fold::Order);
        self.edits.push(Edit { path: self.path.clone(), change, fold });
    }

    fn inside(&mut self, step: Step, work: impl FnOnce(&mut Self)) {
        self.path.0.push(step);
        work(self);
        self.path.0.pop();
    }

    fn values(&mut self, pair: (&Value, &Value), part: Option<Part<'_>>) {
        match pair {
            (Value::Mapping(old), Value::Mapping(new)) => self.maps(old, new, part),
            (Value::Sequence(old), Value::Sequence(new)) => self.lists(old, new, part),
            (old, new) if old == new => {}
            (old, new) => self.push(Change::Replace { from: old.clone(), to: new.clone() }),
        }
    }

    fn maps(&mut self, old: &Mapping, new: &Mapping, part: Option<Part<'_>>) {
        let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for key in keys {
            let pair = (old.get(key), new.get(key));
            if pair.0 == pair.1 {
                continue;
            }
            self.inside(Step::Key(key.clone()), |walk| match pair {
                (Some(old), Some(new)) => walk.values((old, new), part.and_then(|part| part.field(key))),
                (Some(old), None) => walk.push(Change::Remove { value: old.clone() }),
                (None, Some(new)) => walk.push(Change::Add { value: new.clone(), at: None }),
                (None, None) => {}
            });
        }
    }

    fn lists(&mut self, old: &[Value], new: &[Value], part: Option<Part<'_>>) {
        let (keys, item) = match part.and_then(Part::items) {
            Some((keys, item)) => (keys, Some(item)),
            None => (ListKeys::Place, None),
        };
        // Init containers run in their order, whatever merges them.
        let is_ordered = self.path.last_key() == Some("initContainers");
        let by_key = match keys {
            ListKeys::Fields(fields) => Matching::by_fields(old, new, fields, is_ordered),
            ListKeys::Value => Matching::by_value(old, new),
            ListKeys::Place => {
                NAMES.iter().find_map(|name| Matching::by_fields(old, new, &[(name, None)], true))
            }
        };
        by_key.unwrap_or_else(|| Matching::by_sequence(old, new)).walk(self, (old, new), item);
    }
}

/// Which items of two lists are the same ones.
struct Matching {
    /// Places of the same items, in the order of the old list.
    kept: Vec<(usize, usize)>,
    /// For each item of the old list, and of the new one, the step to it.
    steps: (Vec<Step>, Vec<Step>),
    /// Whether the order may make a difference.
    is_ordered: bool,
}

impl Matching {
    /// Matches maps by fields; nothing if these do not tell them apart, or match nothing where that is only a guess.
    fn by_fields(
        old: &[Value],
        new: &[Value],
        fields: &[(&str, Option<&str>)],
        is_ordered: bool,
    ) -> Option<Self> {
        let steps = |items: &[Value]| -> Option<Vec<Step>> {
            let step = |item: &Value| Some(Step::Item(identity(item, fields)?));
            items.iter().map(step).collect()
        };
        let (old, new) = (steps(old)?, steps(new)?);
        let kept = pairs(&old, &new)?;
        Some(Matching { kept, steps: (old, new), is_ordered })
    }

    /// Matches the items of a set.
    fn by_value(old: &[Value], new: &[Value]) -> Option<Self> {
        let names = |items: &[Value]| -> Vec<Step> {
            items.iter().map(|item| Step::Item(vec![(String::new(), item.clone())])).collect()
        };
        let kept = pairs(&names(old), &names(new))?;
        Some(Matching { kept, steps: (places(old.len()), places(new.len())), is_ordered: false })
    }

    /// Matches items that are equal and follow each other alike; what lies between such, one by one.
    fn by_sequence(old: &[Value], new: &[Value]) -> Self {
        let texts = |items: &[Value]| -> Vec<String> { items.iter().map(canonical).collect() };
        let operations = similar::capture_diff_slices(Algorithm::Myers, &texts(old), &texts(new));
        let mut kept = Vec::new();
        for operation in operations {
            match operation {
                DiffOp::Equal { old_index, new_index, len } => {
                    kept.extend((0..len).map(|at| (old_index + at, new_index + at)));
                }
                DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                    let count = old_len.min(new_len);
                    kept.extend((0..count).map(|at| (old_index + at, new_index + at)));
                }
                DiffOp::Delete { .. } | DiffOp::Insert { .. } => {}
            }
        }
        Matching { kept, steps: (places(old.len()), places(new.len())), is_ordered: true }
    }

    fn walk(self, walk: &mut Walk, (old, new): (&[Value], &[Value]), part: Option<Part<'_>>) {
        for &(from, to) in &self.kept {
            walk.inside(self.steps.0[from].clone(), |walk| walk.values((&old[from], &new[to]), part));
        }
        let kept: BTreeSet<usize> = self.kept.iter().map(|(from, _)| *from).collect();
        for at in (0..old.len()).rev().filter(|at| !kept.contains(at)) {
            let change = Change::Remove { value: old[at].clone() };
            walk.inside(self.steps.0[at].clone(), |walk| walk.push(change));
        }
        let mut order: Vec<(usize, usize)> =
            self.kept.iter().enumerate().map(|(at, (_, to))| (*to, at)).collect();
        order.sort_unstable();
        let order: Vec<usize> = order.into_iter().map(|(_, at)| at).collect();
        if !order.is_sorted() {
            let name = |at: &usize| match &self.steps.0[self.kept[*at].0] {
                Step::Item(fields) => Some(item_name(fields)),
                Step::Key(_) | Step::Index(_) => None,
            };
            let names = order.iter().map(name).collect::<Option<_>>().unwrap_or_default();
            walk.push(Change::Order { order, names, matters: self.is_ordered });
        }
        let kept: BTreeSet<usize> = self.kept.iter().map(|(_, to)| *to).collect();
        for at in (0..new.len()).filter(|at| !kept.contains(at)) {
            let change = Change::Add { value: new[at].clone(), at: Some(at) };
            walk.inside(self.steps.1[at].clone(), |walk| walk.push(change));
        }
    }
}

fn places(count: usize) -> Vec<Step> {
    (0..count).map(Step::Index).collect()
}

/// Returns what tells a map from others of its list.
fn identity(item: &Value, fields: &[(&str, Option<&str>)]) -> Option<Vec<(String, Value)>> {
    let Value::Mapping(map) = item else { return None };
    let field = |(name, default): &(&str, Option<&str>)| {
        let value = match map.get(*name) {
            Some(Value::Mapping(_) | Value::Sequence(_)) => return None,
            Some(Value::Null) | None => default.map_or(Value::Null, |text| Value::String(text.to_owned())),
            Some(value) => value.clone(),
        };
        Some(((*name).to_owned(), value))
    };
    // Some may be left out, but not all.
    let found: Vec<(String, Value)> = fields.iter().map(field).collect::<Option<_>>()?;
    let is_told = fields.iter().any(|(name, _)| map.get(*name).is_some_and(|value| !value.is_null()));
    is_told.then_some(found)
}

/// Returns which steps are the same, in the order of the old ones; nothing if one is there twice.
fn pairs(old: &[Step], new: &[Step]) -> Option<Vec<(usize, usize)>> {
    let name = |step: &Step| match step {
        Step::Item(fields) => {
            fields.iter().map(|(field, value)| format!("{field}={}", canonical(value))).collect::<String>()
        }
        Step::Key(key) => key.clone(),
        Step::Index(at) => at.to_string(),
    };
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (at, step) in new.iter().enumerate() {
        if places.insert(name(step), at).is_some() {
            return None;
        }
    }
    let old: Vec<String> = old.iter().map(name).collect();
    let distinct: BTreeSet<&String> = old.iter().collect();
    if distinct.len() < old.len() {
        return None;
    }
    Some(old.iter().enumerate().filter_map(|(at, name)| Some((at, *places.get(name)?))).collect())
}

/// A value as text that no other value has.
pub(crate) fn canonical(value: &Value) -> String {
    format!("{value:?}")
}

/// Makes the new document of the old one.
///
/// # Errors
///
/// The edits are not for this document.
pub fn apply(document: &Value, edits: &[Edit]) -> Result<Value, String> {
    let mut document = document.clone();
    for Edit { path, change, .. } in edits {
        apply_one(&mut document, &path.0, change)
            .ok_or_else(|| format!("there is nothing to change at `{path}`"))?;
    }
    Ok(document)
}

fn apply_one(value: &mut Value, steps: &[Step], change: &Change) -> Option<()> {
    match (steps, change) {
        ([], Change::Replace { to, .. }) => *value = to.clone(),
        ([], Change::Order { order, .. }) => {
            let Value::Sequence(items) = value else { return None };
            *items = order.iter().map(|at| items.get(*at).cloned()).collect::<Option<Vec<Value>>>()?;
        }
        ([step], Change::Remove { .. }) => match value {
            Value::Mapping(map) => drop(map.remove(key(step)?)?),
            Value::Sequence(items) => drop(items.remove(place(items, step)?)),
            _ => return None,
        },
        ([step], Change::Add { value: new, at }) => match value {
            Value::Mapping(map) => drop(map.insert(key(step)?.to_owned(), new.clone())),
            Value::Sequence(items) => {
                let at = at.filter(|at| *at <= items.len())?;
                items.insert(at, new.clone());
            }
            _ => return None,
        },
        ([step, rest @ ..], _) => {
            let inner = match value {
                Value::Mapping(map) => map.get_mut(key(step)?)?,
                Value::Sequence(items) => {
                    let at = place(items, step)?;
                    items.get_mut(at)?
                }
                _ => return None,
            };
            apply_one(inner, rest, change)?;
        }
        ([], Change::Add { .. } | Change::Remove { .. }) => return None,
    }
    Some(())
}

fn key(step: &Step) -> Option<&str> {
    match step {
        Step::Key(key) => Some(key),
        Step::Index(_) | Step::Item(_) => None,
    }
}

/// Returns the place of the item that a step leads to.
fn place(items: &[Value], step: &Step) -> Option<usize> {
    match step {
        Step::Index(at) => Some(*at).filter(|at| *at < items.len()),
        Step::Item(wanted) => {
            let is = |item: &Value, takes_default: bool| {
                wanted.iter().all(|(field, value)| match item.get(field).unwrap_or(&Value::Null) {
                    Value::Null => value.is_null() || takes_default,
                    own => own == value,
                })
            };
            let exact = items.iter().position(|item| is(item, false));
            // What is left out of an item may have its default in the step.
            exact.or_else(|| items.iter().position(|item| is(item, true)))
        }
        Step::Key(_) => None,
    }
}

#[cfg(test)]
mod tests;
