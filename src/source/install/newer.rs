//! Asks what is newer than what a definition has.

use std::collections::BTreeMap;

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::super::Asked;
use super::super::outdated::Outdated;
use super::super::plan::{Plan, Want, source_error};
use super::{InstallEvent, InstallOptions, Run};
use crate::error::Failure;

/// Returns the sources that have something newer, whatever they ask for. Neither the definition nor its lockfile
/// changes.
///
/// # Errors
///
/// All that went wrong.
pub fn outdated(
    options: &InstallOptions,
    heard: &(dyn Fn(InstallEvent) + Sync),
) -> Result<Vec<Outdated>, Vec<Failure>> {
    let mut run = Run::new(options, heard)?;
    let plan = run.know()?;
    run.newer(&plan)
}

impl Run<'_> {
    fn newer(&self, plan: &Plan) -> Result<Vec<Outdated>, Vec<Failure>> {
        let ask = |asked: &Asked| {
            let fetched = self.fetched.get(asked).or_else(|| self.subcharts.get(asked))?;
            Some((fetched.resolved.clone(), self.fetcher.newer(asked, &fetched.resolved)))
        };
        // Each source is asked once, whoever names it.
        let all: Vec<&Asked> = self.all_fetched().map(|(asked, _)| asked).collect();
        let answers: BTreeMap<&Asked, _> = self
            .pool
            .install(|| all.into_par_iter().filter_map(|asked| Some((asked, ask(asked)?))).collect());
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for (asked, (current, newest)) in answers {
            let wants: Vec<Want> = self.wants_of(plan, asked);
            match newest {
                Ok(None) => {}
                Ok(Some(newest)) => found.extend(wants.iter().map(|want| Outdated {
                    component: want.component.clone(),
                    asked: asked.clone(),
                    current: current.clone(),
                    newest: newest.clone(),
                })),
                Err(error) => failures.extend(
                    wants.first().map(|want| Failure::of(&want.component, source_error(&want.entry, error))),
                ),
            }
        }
        found.sort_by(|one, two| (&one.component, &one.asked).cmp(&(&two.component, &two.asked)));
        if failures.is_empty() { Ok(found) } else { Err(failures) }
    }

    /// Returns who wants a source.
    fn wants_of(&self, plan: &Plan, asked: &Asked) -> Vec<Want> {
        let own = plan.steps.iter().flat_map(|step| &step.wants).filter(|want| want.asked == *asked).cloned();
        let needed = plan.steps.iter().filter_map(|step| Some(self.needs.get(&step.id())?.wants(step)));
        let needed = needed.flatten().filter(|want| want.asked == *asked);
        own.chain(needed).collect()
    }
}
