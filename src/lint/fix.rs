//! Takes findings away: the changes that need no thought, in the files of the user.
//!
//! All changes are worked out before the first file is written, and every byte that is
//! not changed stays. What cannot be changed in its place is left to the user.

use std::collections::BTreeMap;
use std::path::Path;

use kubeschema::Segment;

use crate::document::Step;
use crate::edit::{Edited, Open};
use crate::error::Error;
use crate::finding::{Finding, Fix};

/// What repairing comes to.
#[derive(Debug, Default)]
pub struct Repair {
    /// The files, with their texts before and after.
    pub files: Vec<Edited>,
    /// How many findings are taken away.
    pub count: usize,
}

/// Works out the changes that take findings away.
///
/// # Errors
///
/// A file cannot be read.
pub fn repair(findings: &[Finding]) -> Result<Repair, Error> {
    let mut files: BTreeMap<&str, Vec<(Vec<Step>, &Fix)>> = BTreeMap::new();
    for finding in findings {
        if let Some(fix) = &finding.fix {
            let steps = finding.path.0.iter().map(step).collect();
            files.entry(&finding.place.file).or_default().push((steps, fix));
        }
    }
    let mut repair = Repair::default();
    for (file, changes) in files {
        let mut open = Open::read_file(Path::new(file), file.to_owned())?;
        for (steps, fix) in changes {
            let changed = match fix {
                Fix::Remove => open.unset(&steps),
                Fix::Replace(value) => open.set(&steps, value, &[]),
            };
            // What stands against a change in place, an anchor for one, is for the user to see.
            repair.count += usize::from(changed.is_ok());
        }
        repair.files.push(open.close());
    }
    Ok(repair)
}

fn step(segment: &Segment) -> Step {
    match segment {
        Segment::Key(key) => Step::Key(key.clone()),
        Segment::Index(at) => Step::Index(*at),
    }
}
