//! Puts together what changes alike, so that it is shown once.
//!
//! Changes are alike if the same paths change from the same values to the same,
//! but for what stays around them: in `shop/api:1.4.1` and `shop/cart:1.4.1` the
//! tag changes alike. What is new or gone is alike if it is the same resource in
//! several environments.

use std::collections::{BTreeMap, BTreeSet};

use goyaml::Value;

use super::compare::{Change, Edit, canonical};
use super::risk::{Risk, RiskLevel};
use super::{Action, Diff, ResourceDiff};

/// Resources that change alike, the first of which stands for all.
#[derive(Debug)]
pub struct Group<'a> {
    /// What becomes of them.
    pub action: Action,
    /// The resources, each with its environment, in the order of the environments.
    pub members: Vec<(&'a str, &'a ResourceDiff)>,
}

/// Returns the groups of all that is shown, the gravest first: what is gone, what is renamed, what is changed (the
/// largest groups first), what is new.
pub fn groups(diff: &Diff) -> Vec<Group<'_>> {
    let mut found: Vec<Group<'_>> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for environment in &diff.environments {
        for resource in environment.resources.iter().filter(|resource| resource.is_shown()) {
            let member = (environment.name.as_str(), resource);
            match known.get(&key(resource)) {
                Some(&at) => found[at].members.push(member),
                None => {
                    known.insert(key(resource), found.len());
                    found.push(Group { action: resource.action, members: vec![member] });
                }
            }
        }
    }
    // Sorting keeps the order of equals.
    found.sort_by_key(|group| {
        let rank = match group.action {
            Action::Remove => 0,
            Action::Rename => 1,
            Action::Change => 2,
            Action::Add => 3,
        };
        (rank, !group.is_dangerous(), std::cmp::Reverse(group.members.len()))
    });
    found
}

impl<'a> Group<'a> {
    /// Returns the resource that stands for all.
    pub fn sample(&self) -> &'a ResourceDiff {
        self.members[0].1
    }

    /// Returns the names of the environments, each once.
    pub fn environments(&self) -> Vec<&'a str> {
        distinct(self.members.iter().map(|(environment, _)| *environment))
    }

    /// Returns the names of the resources, each once, whatever the environment.
    pub fn names(&self) -> Vec<String> {
        distinct(self.members.iter().map(|(_, resource)| resource.id.to_string()))
    }

    /// Says which resources these are: the only one, or how many of what.
    pub fn title(&self) -> String {
        let names = self.names();
        if let [name] = names.as_slice() {
            return match &self.sample().was {
                Some(was) => format!("{name}, was {was}"),
                None => name.clone(),
            };
        }
        let kinds = distinct(self.members.iter().map(|(_, resource)| resource.id.kind.as_str()));
        match kinds.as_slice() {
            [kind] => format!("{} × {kind}", names.len()),
            kinds => format!("{} × {}", names.len(), kinds.join(", ")),
        }
    }

    /// Returns what is dangerous about any of them, each once.
    pub fn risks(&self) -> Vec<&'a Risk> {
        distinct(self.members.iter().flat_map(|(_, resource)| &resource.risks))
    }

    /// Returns whether something about them is very dangerous.
    pub fn is_dangerous(&self) -> bool {
        self.members
            .iter()
            .flat_map(|(_, resource)| &resource.risks)
            .any(|risk| risk.level == RiskLevel::High)
    }

    /// Returns the numbers of the causes of any of them, each once.
    pub fn causes(&self) -> Vec<usize> {
        distinct(self.members.iter().flat_map(|(_, resource)| resource.causes.iter().copied()))
    }
}

/// Returns each item once, in the order of the first ones.
fn distinct<T: Ord + Clone>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items.filter(|item| seen.insert(item.clone())).collect()
}

/// What is the same for resources that change alike.
fn key(resource: &ResourceDiff) -> String {
    let edits = resource.edits.iter().filter(|edit| edit.fold.is_none());
    let edits: Vec<String> = edits.map(|edit| edit_key(edit, resource.masks(&edit.path))).collect();
    let own = match (resource.action, &resource.was) {
        (Action::Change, _) => String::new(),
        // What only moves to another namespace does so alike.
        (Action::Rename, Some(was)) if was.name == resource.id.name => String::new(),
        (Action::Add | Action::Remove | Action::Rename, _) => format!("{:?} {:?}", resource.id, resource.was),
    };
    // What is dangerous is not hidden among what is not.
    let risks: Vec<&str> =
        resource.risks.iter().filter(|risk| risk.level == RiskLevel::High).map(|risk| risk.rule).collect();
    format!("{:?} {own} {risks:?} {}", resource.action, edits.join("\0"))
}

fn edit_key(Edit { path, change, .. }: &Edit, is_masked: bool) -> String {
    let change = match change {
        _ if is_masked => "secret".to_owned(),
        Change::Replace { from: Value::String(from), to: Value::String(to) } => {
            let (from, to) = core(from, to);
            format!("~{from}\0{to}")
        }
        Change::Replace { from, to } => format!("~{}\0{}", canonical(from), canonical(to)),
        Change::Add { value, .. } => format!("+{}", canonical(value)),
        Change::Remove { value } => format!("-{}", canonical(value)),
        Change::Order { order, names, .. } => format!("{order:?}{names:?}"),
    };
    format!("{}={change}", path.pattern())
}

/// Returns what differs in two texts, in whole words.
fn core<'a>(from: &'a str, to: &'a str) -> (&'a str, &'a str) {
    let (old, new) = (words(from), words(to));
    let start = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = (&old[start..], &new[start..]);
    let end = rest.0.iter().rev().zip(rest.1.iter().rev()).take_while(|(old, new)| old == new).count();
    let part = |text: &'a str, words: &[&str]| {
        let length = |words: &[&str]| words.iter().map(|word| word.len()).sum::<usize>();
        &text[length(&words[..start])..text.len() - length(&words[words.len() - end..])]
    };
    (part(from, &old), part(to, &new))
}

fn words(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|c| !is_word(c)).filter(|end| *end > 0).unwrap_or(match is_word(first) {
            true => rest.len(),
            false => first.len_utf8(),
        });
        let (word, after) = rest.split_at(length);
        words.push(word);
        rest = after;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::core;

    #[track_caller]
    fn check(from: &str, to: &str, want: (&str, &str)) {
        assert_eq!(core(from, to), want);
    }

    #[test]
    fn the_core_of_a_change_is_whole_words() {
        check("shop/api:1.4.1", "shop/api:1.4.2", ("1.4.1", "1.4.2"));
        check("a:1@x", "a:2@x", ("1", "2"));
        check("a", "a:1", ("", ":1"));
        check("a a", "a a a", ("", " a"));
        check("ä", "ö", ("ä", "ö"));
        check("", "x", ("", "x"));
    }
}
