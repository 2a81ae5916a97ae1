//! What pins the images of a component: their tags, versions and digests.
//!
//! Images are found as `fab set image` finds them. An image's repository goes along
//! only if it is another image, or if it is another address that one environment says
//! for itself and the other does not: whoever has a registry for each environment
//! keeps it.

use goyaml::Value;

use super::{Pair, Wish, get};
use crate::document::Step;
use crate::edit::{Form, Image, Spot, image_spots};

/// The keys beside a repository that pin an image.
const PINS: [&str; 3] = ["tag", "version", "digest"];

/// Returns what pins the images, by where the environment has them that gets it.
pub(super) fn pins(pair: &Pair<'_>) -> Vec<Wish> {
    let theirs = image_spots(&pair.to.values);
    let spots = image_spots(&pair.from.values);
    spots.iter().flat_map(|spot| of_spot(pair, spot, counterpart(spot, &spots, &theirs))).collect()
}

/// Returns the ways to what may pin images in the environment that gets it.
pub(super) fn pinned(pair: &Pair<'_>) -> Vec<Vec<Step>> {
    let ways = |spot: Spot| -> Vec<Vec<Step>> {
        match &spot.form {
            Form::Parts { .. } => PINS.iter().map(|key| below(&spot, key)).collect(),
            Form::Text(key) => vec![below(&spot, key)],
            Form::TextAndTag(_, tag) => vec![below(&spot, tag)],
        }
    };
    image_spots(&pair.to.values).into_iter().flat_map(ways).collect()
}

/// Finds an image in the environment that gets it: at the same place, and in a list by its name.
fn counterpart<'s>(spot: &Spot, own: &[Spot], others: &'s [Spot]) -> Option<&'s Spot> {
    let is_alike = |other: &&Spot| key(&other.form) == key(&spot.form) && is_same_way(&other.map, &spot.map);
    if !is_in_list(spot) {
        return others.iter().find(|other| is_alike(other) && other.map == spot.map);
    }
    let is_same = |other: &&Spot| is_alike(other) && name(other) == name(spot);
    let mut found = others.iter().filter(is_same);
    let is_only = own.iter().filter(is_same).count() == 1;
    found.next().filter(|_| is_only && found.next().is_none())
}

fn of_spot(pair: &Pair<'_>, spot: &Spot, theirs: Option<&Spot>) -> Vec<Wish> {
    // Nobody knows which item of a list it should be in.
    if is_in_list(spot) && theirs.is_none() {
        return Vec::new();
    }
    let at = |key: &str| below(theirs.unwrap_or(spot), key);
    let (from, to) =
        (|key: &str| get(&pair.from.values, &below(spot, key)), |key: &str| get(&pair.to.values, &at(key)));
    let takes_repository = takes_repository(pair, spot, theirs);
    let mut wishes = Vec::new();
    let mut wish = |key: &str, value: Value| wishes.push(Wish { steps: at(key), value });
    match &spot.form {
        Form::Text(key) => {
            let image = Image::parse(from(key).and_then(Value::as_str).unwrap_or_default());
            let known = to(key).and_then(Value::as_str).map(Image::parse).filter(|_| !takes_repository);
            let repository = known.map_or_else(|| image.repository.clone(), |known| known.repository);
            if image.tag.is_some() || image.digest.is_some() {
                wish(key, Value::String(Image { repository, ..image }.text()));
            }
        }
        Form::TextAndTag(key, tag) => {
            for key in [*tag].into_iter().chain(takes_repository.then_some(key.as_str())) {
                from(key).into_iter().for_each(|value| wish(key, value.clone()));
            }
        }
        Form::Parts { repository, registry, .. } => {
            let is_said = |value: &&Value| !matches!(value, Value::Null) && value.as_str() != Some("");
            let mut is_new = false;
            for key in PINS {
                match (from(key).filter(is_said), to(key)) {
                    (Some(value), known) => {
                        is_new |= key != "digest" && known != Some(value);
                        wish(key, value.clone());
                    }
                    // The old digest would win over the new tag.
                    (None, Some(known)) if key == "digest" && is_new && is_said(&known) => {
                        wish(key, Value::from(""));
                    }
                    (None, _) => {}
                }
            }
            if takes_repository {
                from(repository).into_iter().for_each(|value| wish(repository, value.clone()));
                if registry.is_some() || to("registry").is_some() {
                    wish("registry", Value::from(registry.as_deref().unwrap_or_default()));
                }
            }
        }
    }
    wishes
}

/// Whether the repository goes along.
fn takes_repository(pair: &Pair<'_>, spot: &Spot, theirs: Option<&Spot>) -> bool {
    let Some(new) = spot.full() else { return false };
    let (Some(theirs), false) = (theirs, is_in_list(spot)) else { return !is_in_list(spot) };
    let Some(old) = theirs.full() else { return true };
    let key = key(&spot.form);
    old != new
        && (last(&old) != last(&new)
            || pair.is_said_by_from(&below(spot, key)) && !pair.is_said_by_to(&below(theirs, key)))
}

fn below(spot: &Spot, key: &str) -> Vec<Step> {
    [spot.map.as_slice(), &[Step::Key(key.to_owned())]].concat()
}

/// Returns the key of an image's repository.
fn key(form: &Form) -> &str {
    match form {
        Form::Parts { repository, .. } => repository,
        Form::Text(key) | Form::TextAndTag(key, _) => key,
    }
}

fn is_in_list(spot: &Spot) -> bool {
    spot.map.iter().any(|step| matches!(step, Step::Index(_)))
}

/// Whether two ways lead through the same keys, and through any items of lists.
fn is_same_way(one: &[Step], two: &[Step]) -> bool {
    let is_alike = |(one, two): (&Step, &Step)| match (one, two) {
        (Step::Index(_), Step::Index(_)) => true,
        (one, two) => one == two,
    };
    one.len() == two.len() && one.iter().zip(two).all(is_alike)
}

/// Returns what an image is called, wherever it is.
fn name(spot: &Spot) -> String {
    spot.full().as_deref().map(last).unwrap_or_default().to_owned()
}

fn last(repository: &str) -> &str {
    repository.rsplit('/').next().unwrap_or_default()
}
