//! What an installation would do, without doing any of it.

use super::super::cache::Item;
use super::super::fetch::{Form, key};
use super::super::plan::{Known, Step, Want, plan};
use super::super::{Asked, Resolved};
use super::{InstallOptions, Run};
use crate::definition::{self, Definition, Generator, Method};
use crate::error::Failure;

/// What an installation would do, as far as that is known.
#[derive(Debug, Default)]
pub struct Preview {
    /// The sources in the order in which they are installed.
    pub sources: Vec<Planned>,
    /// The components that can be read only once what is above them is installed.
    pub unknown: Vec<String>,
    /// The components whose charts tell their dependencies only once they are installed.
    pub unknown_dependencies: Vec<String>,
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
    loop {
        let definition = definition::load_all(&options.directory, &run.shown, &run.places);
        let known = Known { place: &|place| run.known.contains(place), step: &|_| false };
        let plan = plan(&definition, &known, &run.allow);
        let wants = plan.steps.iter().flat_map(|step| &step.wants);
        let (mut found, mut places) = (Vec::new(), Vec::new());
        for want in wants.clone().filter(|want| !run.known.contains(&want.place)) {
            match run.cached(want, Form::Files) {
                Some(item) => places.push((want.place.clone(), item.folder)),
                None if options.directory.join(&want.place).is_dir() => found.push(want.place.clone()),
                None => {}
            }
        }
        if found.is_empty() && places.is_empty() {
            let planned = |want: &Want| run.planned(want, definition.show(&want.place), Form::Files);
            let mut preview = Preview { sources: wants.map(planned).collect(), ..Preview::default() };
            preview.unknown = plan.unknown;
            preview.failures = plan.failures;
            for step in &plan.steps {
                run.preview_subcharts(step, &definition, &mut preview);
            }
            return preview;
        }
        run.known.extend(found);
        run.known.extend(places.iter().map(|(place, _)| place.clone()));
        run.places.extend(places);
    }
}

impl Run<'_> {
    /// Returns what a source is locked to, if that is in the cache.
    fn cached(&self, want: &Want, form: Form) -> Option<Item> {
        let key = key(&want.asked, form, self.locked(want)?);
        // A cache that cannot be read has nothing to tell.
        self.options.cache.item(&key).ok().flatten()
    }

    fn planned(&self, want: &Want, place: String, form: Form) -> Planned {
        Planned {
            component: want.component.clone(),
            place,
            path: want.path(),
            locked: self.locked(want).cloned(),
            cached: self.cached(want, form).is_some(),
            asked: want.asked.clone(),
        }
    }

    /// Adds what the chart of a component needs, or that this is not known.
    fn preview_subcharts(&self, step: &Step, definition: &Definition, preview: &mut Preview) {
        let component = &step.own.component;
        // A chart of a repository brings its dependencies along.
        let may_need = component.generator == Generator::Helm && component.method != Method::Helm;
        let of_chart =
            |want: &&Want| want.component == step.path && want.entry.component.generator == Generator::Helm;
        let own = step.wants.iter().find(of_chart).filter(|_| may_need);
        if own.is_some_and(|want| !self.known.contains(&want.place)) {
            preview.unknown_dependencies.push(step.path.clone());
            return;
        }
        match self.needs_of(step) {
            Ok(needs) => {
                let wants = needs.iter().flat_map(|needs| needs.wants(step));
                let planned = |want: Want| self.planned(&want, definition.show(&want.place), Form::Archive);
                preview.sources.extend(wants.map(planned));
            }
            Err(failure) => preview.failures.push(failure),
        }
    }
}
