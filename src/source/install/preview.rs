//! What an installation would do, without doing any of it.

use std::collections::BTreeSet;

use super::super::fetch::{Form, key};
use super::super::plan::{Known, Want, plan};
use super::super::{Asked, Resolved};
use super::{InstallOptions, Run};
use crate::definition;
use crate::error::Failure;

/// What an installation would do, as far as that is known.
#[derive(Debug, Default)]
pub struct Preview {
    /// The sources in the order in which they are installed.
    pub sources: Vec<Planned>,
    /// The components that can be read only once what is above them is installed.
    pub unknown: Vec<String>,
    /// What is wrong already.
    pub failures: Vec<Failure>,
}

/// A source that would be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Path of the component in the tree.
    pub component: String,
    /// The folder that it goes to.
    pub place: String,
    /// What is asked for.
    pub asked: Asked,
    /// The folder in it that is used; empty for all of it.
    pub path: String,
    /// What the lockfile says it is.
    pub locked: Option<Resolved>,
    /// Whether that is in the cache.
    pub cached: bool,
}

/// Returns what an installation would do. It fetches nothing and changes nothing: what is not in the cache is taken to
/// be what is in its place, if anything is.
pub fn preview(options: &InstallOptions) -> Preview {
    let mut run = match Run::new(options, &|_| ()) {
        Ok(run) => run,
        Err(failures) => return Preview { failures, ..Preview::default() },
    };
    let mut cached: BTreeSet<String> = BTreeSet::new();
    loop {
        let definition = definition::load_all(&options.directory, &run.shown, &run.places);
        let known = Known { place: &|place| run.known.contains(place), step: &|_| false };
        let plan = plan(&definition, &known, &run.allow);
        let wants = plan.steps.iter().flat_map(|step| &step.wants);
        let (mut found, mut places) = (Vec::new(), Vec::new());
        for want in wants.clone().filter(|want| !run.known.contains(&want.place)) {
            let item = run
                .locked(want)
                .and_then(|locked| options.cache.item(&key(&want.asked, Form::Files, locked)).ok().flatten());
            match item {
                Some(item) => places.push((want.place.clone(), item.folder)),
                None if options.directory.join(&want.place).is_dir() => found.push(want.place.clone()),
                None => {}
            }
        }
        if found.is_empty() && places.is_empty() {
            let planned = |want: &Want| Planned {
                component: want.component.clone(),
                place: definition.show(&want.place),
                path: want.path(),
                locked: run.locked(want).cloned(),
                cached: cached.contains(&want.place),
                asked: want.asked.clone(),
            };
            let sources = wants.map(planned).collect();
            return Preview { sources, unknown: plan.unknown, failures: plan.failures };
        }
        cached.extend(places.iter().map(|(place, _)| place.clone()));
        run.known.extend(found);
        run.known.extend(places.iter().map(|(place, _)| place.clone()));
        run.places.extend(places);
    }
}
