//! Keys that a map has twice.
//!
//! Reading lets the last of equal keys win, as `sigs.k8s.io/yaml` does unless it
//! is told to be strict. Whoever must not lose a value asks here.

use std::collections::HashSet;

use crate::Result;
use crate::locate::Location;
use crate::parser::Parser;
use crate::reader::Source;
use crate::tree::{Data, NodeId, Tree};

/// A key that its map has before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateKey {
    /// The key as JSON has it.
    pub key: String,
    /// Where it is written once more.
    pub location: Location,
}

/// Returns the keys of the first document that their map has before, in the order of the text.
///
/// A key that `<<` merges in and the map overrides is none.
///
/// ```
/// let again = goyaml::duplicate_keys("a: 1\nb:\n  c: 2\n  c: 3\n")?;
/// assert_eq!((again[0].key.as_str(), again[0].location.line), ("c", 4));
/// # Ok::<(), goyaml::Error>(())
/// ```
pub fn duplicate_keys(text: &str) -> Result<Vec<DuplicateKey>> {
    let source = Source::from_text(text);
    let shift = source.skipped;
    let tree = Parser::new(&source.text, source.bad).and_then(|mut parser| Tree::first(&mut parser));
    tree.map(|tree| of(&tree, shift)).map_err(|err| err.within(&source.text, shift))
}

/// Returns the keys of a tree; `shift` is what was skipped before its text.
pub(crate) fn of(tree: &Tree<'_>, shift: usize) -> Vec<DuplicateKey> {
    let mut again = Vec::new();
    for id in 0..tree.nodes.len() as NodeId {
        if matches!(tree.node(id).data, Data::Mapping(_)) {
            let keys = repeated(tree, id).into_iter();
            again.extend(keys.map(|key| DuplicateKey {
                key: tree.key_text(key).into_owned(),
                location: Location::of(tree.node(key), shift),
            }));
        }
    }
    again.sort_by_key(|duplicate| duplicate.location.range.start);
    again
}

fn repeated(tree: &Tree<'_>, mapping: NodeId) -> Vec<NodeId> {
    let mut seen = HashSet::new();
    let keys = tree.pairs(mapping).map(|(key, _)| key);
    let keys = keys.filter(|key| !matches!(tree.node(*key).data, Data::Merge));
    keys.filter(|key| {
        // `1` and `"1"` are two keys for go-yaml, though one for JSON.
        let data = &tree.node(tree.resolved(*key)).data;
        !seen.insert((std::mem::discriminant(data), tree.key_text(*key)))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[(&str, usize)]) {
        let again = duplicate_keys(text).unwrap();
        let got: Vec<_> = again.iter().map(|key| (key.key.as_str(), key.location.line)).collect();
        assert_eq!(got, want, "{text}");
    }

    #[test]
    fn each_repetition_is_found() {
        check("a: 1\nb: 2\n", &[]);
        check("a: 1\nb: 2\na: 3\na: 4\n", &[("a", 3), ("a", 4)]);
        check("x:\n- {a: 1, 'a': 2}\ny:\n  on: 1\n  true: 2\n", &[("a", 2), ("true", 5)]);
    }

    #[test]
    fn keys_of_other_maps_types_and_merges_are_not() {
        check("a: {b: 1}\nc: {b: 1}\n", &[]);
        check("1: a\n'1': b\n", &[]);
        check("x: &x {a: 1}\ny:\n  <<: *x\n  a: 2\n", &[]);
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        assert!(duplicate_keys("a: b: c\n").is_err());
    }
}
