//! Puts everything that a definition installs into its repository, and takes it from there.

use std::collections::BTreeMap;
use std::fs::File;

use super::super::cache::Item;
use super::super::placing::{self, Transfer, Tree};
use super::super::plan::{Known, plan, source_error};
use super::super::{SourceError, vendored};
use super::{InstallEvent, InstallOptions, Installed, Run, changes};
use crate::definition::{self, Places, place};
use crate::error::{Error, Failure};
use crate::hooks::Moment;
use crate::replacement::{unreadable, unwritable};

/// Fetches what a definition names, by its lockfile, and writes it below the folder `vendor`.
///
/// # Errors
///
/// All that went wrong.
pub fn vendor(
    options: &InstallOptions,
    heard: &(dyn Fn(InstallEvent) + Sync),
) -> Result<Installed, Vec<Failure>> {
    let turn = File::open(&options.directory).and_then(|folder| folder.lock().map(|()| folder));
    let mut run = Run::new(options, heard)?;
    vendored::check_folder(&options.directory, &run.shown).map_err(|error| vec![Failure::of_run(error)])?;
    let plan = run.know()?;
    let hooked = plan.steps.iter().any(|step| !step.replaced && step.hooked().has_any(Moment::INSTALL));
    let (trees, beside) = if hooked {
        (run.with_hooks()?, Vec::new())
    } else {
        run.trees(&plan.steps.iter().collect::<Vec<_>>())?
    };
    let lockfile = run.lockfile();
    let changes = changes(&run.old, &lockfile);
    lockfile.write(&options.directory).map_err(|error| vec![Failure::of_run(error)])?;
    if trees.is_empty() {
        vendored::remove(&options.directory).map_err(|error| vec![Failure::of_run(error)])?;
    } else {
        let temporary = std::env::temp_dir();
        let scratch = tempfile::tempdir_in(&temporary)
            .map_err(|source| vec![Failure::of_run(unwritable(&temporary, source))])?;
        let tree = vendored::folder(&options.directory, trees, scratch.path())
            .map_err(|error| vec![Failure::of_run(error)])?;
        let places = [(vendored::FOLDER.to_owned(), tree)].into();
        run.placed += placing::place(&options.directory, &places, Transfer::Copy).map_err(|failures| {
            failures.into_iter().map(|(_, error)| Failure::of_run(error)).collect::<Vec<_>>()
        })?;
    }
    run.place_beside(beside)?;
    drop(turn);
    Ok(run.installed(changes))
}

/// Installs a definition whose sources are vendored, which is to see that they are all there.
pub(super) fn install_vendored(
    options: &InstallOptions,
    heard: &(dyn Fn(InstallEvent) + Sync),
    places: &Places,
) -> Result<Installed, Vec<Failure>> {
    let run = Run::new(options, heard)?;
    let is_vendored = |folder: &str| places.keys().any(|place| place::is_below(folder, place));
    let definition = definition::load_all(&options.directory, &run.shown, places);
    let plan = plan(&definition, &Known { place: &is_vendored, step: &|_| true }, &run.allow);
    let wants = plan.steps.iter().flat_map(|step| &step.wants);
    let missing =
        wants.clone().filter(|want| !is_vendored(&want.place) || run.old.get(&want.asked).is_none());
    let mut failures: Vec<Failure> = missing
        .map(|want| Failure::of(&want.component, source_error(&want.entry, SourceError::NotVendored)))
        .collect();
    failures.extend(plan.failures);
    let (components, sources) = (wants.count(), run.old.iter().count());
    if failures.is_empty() {
        Ok(Installed { components, sources, vendored: true, ..Installed::default() })
    } else {
        Err(failures)
    }
}

impl Run<'_> {
    /// Installs into the definition, as hooks may change what is in place; returns what is there afterwards.
    fn with_hooks(&mut self) -> Result<BTreeMap<String, Tree>, Vec<Failure>> {
        self.all()?;
        let read = |place: &String| {
            let folder = self.options.directory.join(place);
            let item = Item::of_folder(&folder).map_err(|source| unreadable(&folder, source))?;
            Ok((place.clone(), placing::tree_of(&item)))
        };
        let trees = self.known.iter().map(read).collect::<Result<_, _>>();
        trees.map(placing::outermost).map_err(|error: Error| vec![Failure::of_run(error)])
    }
}
