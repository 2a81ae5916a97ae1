//! What yaml.v3 makes of a document, where go-yaml v2 makes something else.
//!
//! Both read manifests on their way into a cluster: kubectl and the API server
//! with v2, kustomize (and so Flux) with v3. Three things differ (v3.0.4): `yes`
//! and the like are text, a date is a time and not text, and a map with a key
//! that is no text is one that JSON cannot hold.

use crate::locate::Location;
use crate::resolve::short_bool;
use crate::timestamp::is_timestamp;
use crate::tree::{Data, NodeId, Tree};

/// Something that yaml.v3 reads otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it makes of it.
    pub kind: DifferenceKind,
    /// What is written.
    pub text: String,
    /// Where it is written.
    pub location: Location,
}

/// How yaml.v3 reads something otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DifferenceKind {
    /// The key of a map stays what it is, and does not become text.
    Key,
    /// Text, and not true or false.
    Text,
    /// A point in time, and not text; this is it.
    Time,
}

/// Returns the differences in a tree; `shift` is what was skipped before its text.
pub(crate) fn of(tree: &Tree<'_>, text: &str, shift: usize) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut add = |id: NodeId, kind: Option<DifferenceKind>| {
        let Some(kind) = kind else { return };
        let (text, location) = (written(tree, text, id).to_owned(), Location::of(tree.node(id), shift));
        differences.push(Difference { kind, text, location });
    };
    for id in 0..tree.nodes.len() as NodeId {
        match tree.node(id).data {
            Data::Mapping(_) => {
                for (key, value) in tree.pairs(id) {
                    add(key, is_no_text(tree, text, tree.resolved(key)).then_some(DifferenceKind::Key));
                    add(value, scalar(tree, text, value));
                }
            }
            Data::Sequence(_) => tree.children(id).for_each(|item| add(item, scalar(tree, text, item))),
            _ => {}
        }
    }
    differences.sort_by_key(|difference| difference.location.range.start);
    differences
}

fn written<'t>(tree: &Tree<'_>, text: &'t str, id: NodeId) -> &'t str {
    let node = tree.node(id);
    text.get(node.start.offset as usize..node.end as usize).unwrap_or_default()
}

fn is_no_text(tree: &Tree<'_>, text: &str, key: NodeId) -> bool {
    match &tree.node(key).data {
        Data::Null | Data::Int(_) | Data::Uint(_) | Data::Float(_) => true,
        Data::Bool(_) => short_bool(written(tree, text, key)).is_none(),
        Data::Str(value) => is_plain_time(value, written(tree, text, key)),
        Data::Merge | Data::Sequence(_) | Data::Mapping(_) | Data::Alias(_) => false,
    }
}

fn scalar(tree: &Tree<'_>, text: &str, id: NodeId) -> Option<DifferenceKind> {
    match &tree.node(id).data {
        Data::Bool(_) => short_bool(written(tree, text, id)).map(|_| DifferenceKind::Text),
        Data::Str(value) => is_plain_time(value, written(tree, text, id)).then_some(DifferenceKind::Time),
        _ => None,
    }
}

/// Whether text is a time without quotes.
fn is_plain_time(value: &str, written: &str) -> bool {
    is_timestamp(value) && written == value
}

#[cfg(test)]
mod tests {
    use super::*;
    use DifferenceKind::{Key, Text, Time};

    #[track_caller]
    fn check(text: &str, want: &[(DifferenceKind, &str, usize)]) {
        let (_, oddities) = crate::from_str_with_oddities::<crate::Value>(text).unwrap();
        let differences = oddities.differences.iter();
        let got: Vec<_> = differences.map(|one| (one.kind, one.text.as_str(), one.location.line)).collect();
        assert_eq!(got, want, "{text}");
    }

    #[test]
    fn what_both_read_alike_is_no_difference() {
        check("a: true\nb: 1\n'1': x\nno: x\nc: 'yes'\nd: \"2024-01-01\"\ne: 2024-1\n", &[]);
        check("<<: {a: 1}\nb: |\n  2024-01-01\nc: !!str 2024-01-01\n", &[]);
    }

    #[test]
    fn keys_that_are_no_text() {
        check("1: a\n0x1F: b\n1.5: c\n", &[(Key, "1", 1), (Key, "0x1F", 2), (Key, "1.5", 3)]);
        check("a: {2024-01-01: b}\ntrue: d\n", &[(Key, "2024-01-01", 1), (Key, "true", 2)]);
    }

    #[test]
    fn short_booleans_and_dates() {
        check("a: [yes, Off]\nb: y\n", &[(Text, "yes", 1), (Text, "Off", 1), (Text, "y", 2)]);
        check(
            "- 2024-01-01\n- 2024-01-01 10:00:00\n",
            &[(Time, "2024-01-01", 1), (Time, "2024-01-01 10:00:00", 2)],
        );
    }
}
