//! The bound on what aliases may multiply.
//!
//! go-yaml v2.4.3 counts each node it decodes, and again each time an alias
//! repeats it. Small documents may consist of repetitions to 99 %, large ones
//! to 10 %; beyond, and for an alias inside its own anchor, it gives up.

use super::{Data, MAX_DEPTH, Node, NodeId, Tree, TypeError, too_deep};
use crate::{Error, Result, deeper};

const RATIO_RANGE_LOW: f64 = 400_000.0;
const RATIO_RANGE_HIGH: f64 = 4_000_000.0;

/// Walks the document as go-yaml decodes it and fails where that fails; also
/// with the type error, if it comes to that before anything else is wrong.
pub(super) fn check(tree: &Tree<'_>, names: &[(NodeId, &str)], type_error: Option<&TypeError>) -> Result<()> {
    let mut walk = Walk { tree, names, type_error, active: Vec::new(), decoded: 1, repeated: 0, depth: 0 };
    walk.node(0)
}

struct Walk<'t, 'a> {
    tree: &'t Tree<'a>,
    names: &'t [(NodeId, &'t str)],
    type_error: Option<&'t TypeError>,
    /// The aliases that are being followed.
    active: Vec<NodeId>,
    decoded: u64,
    repeated: u64,
    depth: usize,
}

impl Walk<'_, '_> {
    fn node(&mut self, id: NodeId) -> Result<()> {
        self.count()?;
        let error = self.type_error.filter(|found| found.node == id);
        if let Some(TypeError { is_late: false, error, .. }) = error {
            return Err(error.clone());
        }
        match self.tree.node(id).data {
            Data::Alias(target) => self.alias(id, target),
            Data::Mapping(_) => self.nested(id, Self::mapping),
            Data::Sequence(_) => self.nested(id, Self::sequence),
            _ => Ok(()),
        }?;
        error.map_or(Ok(()), |found| Err(found.error.clone()))
    }

    fn nested(&mut self, id: NodeId, walk: fn(&mut Self, NodeId) -> Result<()>) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let Node { data, start, .. } = self.tree.node(id);
            return Err(too_deep(matches!(data, Data::Mapping(_))).at(*start));
        }
        deeper(|| walk(self, id))?;
        self.depth -= 1;
        Ok(())
    }

    fn sequence(&mut self, id: NodeId) -> Result<()> {
        self.tree.children(id).try_for_each(|child| self.node(child))
    }

    fn count(&mut self) -> Result<()> {
        self.decoded += 1;
        if !self.active.is_empty() {
            self.repeated += 1;
        }
        let is_large = self.repeated > 100 && self.decoded > 1000;
        if is_large && self.repeated as f64 / self.decoded as f64 > allowed_ratio(self.decoded as f64) {
            return Err(Error::yaml("document contains excessive aliasing"));
        }
        Ok(())
    }

    fn alias(&mut self, id: NodeId, target: NodeId) -> Result<()> {
        if self.active.contains(&id) {
            let name = self.names.iter().find(|(alias, _)| *alias == id).map_or("", |(_, name)| name);
            let text = format!("anchor '{name}' value contains itself");
            return Err(Error::yaml(text).at(self.tree.node(id).start));
        }
        self.active.push(id);
        self.node(target)?;
        self.active.pop();
        Ok(())
    }

    fn mapping(&mut self, id: NodeId) -> Result<()> {
        for (key, value) in self.tree.pairs(id) {
            if !matches!(self.tree.node(key).data, Data::Merge) {
                self.node(key)?;
                self.node(value)?;
            } else if matches!(self.tree.node(value).data, Data::Sequence(_)) {
                // A list of maps to merge is not decoded itself, its last item first.
                let items: Vec<NodeId> = self.tree.children(value).collect();
                for &item in items.iter().rev() {
                    self.node(item)?;
                }
            } else {
                self.node(value)?;
            }
        }
        Ok(())
    }
}

fn allowed_ratio(decoded: f64) -> f64 {
    if decoded <= RATIO_RANGE_LOW {
        0.99
    } else if decoded >= RATIO_RANGE_HIGH {
        0.10
    } else {
        0.99 - 0.89 * ((decoded - RATIO_RANGE_LOW) / (RATIO_RANGE_HIGH - RATIO_RANGE_LOW))
    }
}
