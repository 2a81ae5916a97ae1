//! Where a value is set that is promoted: in a config file that the environment does
//! not share with the one that the value comes from.
//!
//! That is the file that sets the value today; if none does, the one beside the file
//! that sets it in the other environment, and else the one of the root. Files of
//! installed components, and of local ones outside of the definition, are not the
//! user's to change here: a file further up wins over them.

use goyaml::Value;

use super::{Pair, Wish, keys_of};
use crate::config::merge;
use crate::definition::{Definition, place};
use crate::document::{Step, value_at};
use crate::edit::Placed;
use crate::resolve::{ResolvedComponent, Say};

/// The definition on both sides.
pub(super) struct Files<'a> {
    /// The definition that values come from.
    pub(super) from: &'a Definition,
    /// The one that is changed.
    pub(super) to: &'a Definition,
}

impl Files<'_> {
    /// Says where a value goes; nothing if it is in a list whose item is not the environment's own.
    pub(super) fn place(&self, pair: &Pair<'_>, Wish { steps, value }: &Wish) -> Option<Placed> {
        let Some(keys) = keys_of(steps) else { return self.in_list(pair, steps, value) };
        let (folder, layer, names) = self.file_for(pair, &keys);
        // What the environments share of a list is joined to it anyway.
        let value = match value {
            Value::Sequence(_) => own_items(pair, &keys).map_or_else(|| value.clone(), Value::Sequence),
            value => value.clone(),
        };
        Some(Placed { folder, layer, names, steps: steps.to_vec(), value, replaces: false })
    }

    /// Returns folder and name of a config file, and the subcomponents in it that lead to the component.
    fn file_for(&self, pair: &Pair<'_>, keys: &[String]) -> (String, String, Vec<String>) {
        let own = pair.to.layers.iter().filter(|say| pair.own.to.contains(&say.layer().name));
        let own = own.filter(|say| is_changeable(self.to, pair.to, say));
        if let Some(say) = merge::setter(own.filter_map(|say| Some((say, say.config()?))), &[], keys) {
            let folder = self.to.folder_of(say.layer()).unwrap_or_default();
            return (folder.to_owned(), say.layer().name.clone(), say.names().to_vec());
        }
        let beside = pair.from.say_of(keys).and_then(|say| {
            let at = pair.own.from.iter().position(|name| *name == say.layer().name)?;
            let layer = &pair.own.to[at.min(pair.own.to.len() - 1)];
            let folder = self.from.folder_of(say.layer())?;
            is_changeable(self.from, pair.from, say)
                .then(|| (folder.to_owned(), layer.clone(), say.names().to_vec()))
        });
        beside.unwrap_or_else(|| {
            let root = self.to.root.body.as_ref().map_or(&[][..], |body| body.config_folders.as_slice());
            let folder = root.first().cloned().unwrap_or_default();
            (folder, pair.own.to[0].clone(), pair.to.way().to_vec())
        })
    }

    /// Says where a value in an item of a list goes.
    fn in_list(&self, pair: &Pair<'_>, steps: &[Step], value: &Value) -> Option<Placed> {
        let at = steps.iter().position(|step| matches!(step, Step::Index(_)))?;
        let keys = keys_of(&steps[..at])?;
        let Step::Index(mut index) = steps[at] else { return None };
        for say in &pair.to.layers {
            let count = items(say, &keys).map_or(0, <[Value]>::len);
            if index >= count {
                index -= count;
                continue;
            }
            let folder = self.to.folder_of(say.layer())?;
            let is_own = pair.own.to.contains(&say.layer().name) && is_changeable(self.to, pair.to, say);
            let below = [&steps[..at], &[Step::Index(index)], &steps[at + 1..]].concat();
            // It may be in a file of values.
            let document = say.layer().document.value().ok()?;
            let is_here = value_at(&document, &[say.steps_to(&keys), vec![Step::Index(index)]].concat());
            let (layer, names) = (say.layer().name.clone(), say.names().to_vec());
            return (is_own && is_here.is_some()).then(|| Placed {
                folder: folder.to_owned(),
                layer,
                names,
                steps: below,
                value: value.clone(),
                replaces: false,
            });
        }
        None
    }
}

fn is_changeable(definition: &Definition, component: &ResolvedComponent, say: &Say) -> bool {
    let is_inside = |folder: &str| !folder.starts_with('/') && place::stays_inside(folder);
    component.is_of_user(say) && definition.folder_of(say.layer()).is_some_and(is_inside)
}

/// Returns the items of a list that only the environment has that it comes from; none if it says nothing of the list.
fn own_items(pair: &Pair<'_>, keys: &[String]) -> Option<Vec<Value>> {
    let own = pair.from.layers.iter().filter(|say| pair.own.from.contains(&say.layer().name));
    let lists: Vec<&[Value]> = own.filter_map(|say| items(say, keys)).collect();
    (!lists.is_empty()).then(|| lists.concat())
}

/// Returns the items of a list that a config file has.
fn items<'s>(say: &'s Say, keys: &[String]) -> Option<&'s [Value]> {
    let (first, rest) = keys.split_first()?;
    let value = say.config()?.values.as_ref()?.get(first)?;
    rest.iter().try_fold(value, |value, key| value.get(key))?.as_sequence()
}
