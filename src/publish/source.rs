//! The definition as a source: whether it is what was committed and locked, and
//! how its commit stands to the one that is published.

use std::path::Path;

use crate::error::{Error, Failure};
use crate::git::{Checkout, Order};
use crate::hooks::HookPolicy;
use crate::output::OutputTree;
use crate::source::{Cache, InstallOptions, Network, Renew, preview};

use super::clone::with_logins;
use super::error::PublishError;
use super::hydrator::Recorded;
use super::{Override, PublishEvent, Run};

/// Folders that `fab` writes to, wherever in a definition; they are no part of it.
const WRITTEN: [&str; 4] = ["generated", "components", "helm_repos", "fab-review"];

/// Returns the address of the definition's repository without user and password; empty if it has none.
pub(super) fn repository(checkout: &Checkout) -> String {
    checkout.origin().map(|url| url.to_string()).unwrap_or_default()
}

/// Returns the files of a definition that are not as they were committed.
pub(crate) fn changed(checkout: &Checkout, directory: &Path, cache: &Cache) -> Result<Vec<String>, Error> {
    let cache = checkout.folder_of(cache.folder());
    let definition = checkout.folder_of(directory).unwrap_or_default();
    let counts = |path: &str| {
        let below = match definition.as_str() {
            "" => Some(path),
            folder => path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')),
        };
        let Some(below) = below else { return false };
        let is_cached = cache.as_deref().is_some_and(|cache| path.starts_with(cache));
        // What begins with a dot at the top is of other programs.
        !below.starts_with('.') && !is_cached && !below.split('/').any(|part| WRITTEN.contains(&part))
    };
    checkout.changed(&counts).map_err(|err| {
        let folder = directory.display().to_string();
        PublishError::NoSource { folder, message: err.message().to_owned() }.into()
    })
}

impl Run<'_> {
    /// Returns the path of the lockfile in the repository.
    fn lockfile(&self) -> String {
        crate::definition::place::join(&[&self.definition, crate::source::lockfile::FILE])
    }

    /// Returns what guards object to before the manifest repository is looked at.
    pub(super) fn objections_of_source(&self, outputs: &[OutputTree]) -> Result<Vec<Failure>, Vec<Failure>> {
        let mut objections = Vec::new();
        let mut object = |error: PublishError| objections.push(Failure::of_run(Error::from(error)));
        if !self.overrides(Override::Dirty) {
            let files = changed(&self.checkout, &self.options.directory, &self.options.cache)
                .map_err(|error| vec![Failure::of_run(error)])?;
            let is_unlocked = |file: &String| self.overrides(Override::Unlocked) && *file == self.lockfile();
            let files: Vec<String> = files.into_iter().filter(|file| !is_unlocked(file)).collect();
            if !files.is_empty() {
                object(PublishError::Dirty { files });
            }
        }
        if !self.overrides(Override::Unlocked) {
            let sources = self.unlocked();
            if !sources.is_empty() {
                object(PublishError::Unlocked { sources });
            }
        }
        for output in outputs {
            let objection = |component: &str, error: PublishError| Failure {
                component: component.to_owned(),
                environments: vec![output.environment.clone()],
                error: Error::from(error).into(),
            };
            if output.resources() == 0 {
                objections.push(objection("", PublishError::Empty));
            }
            if self.overrides(Override::Random) {
                continue;
            }
            for (path, manifest) in &output.files {
                for varying in &manifest.varying {
                    let random = PublishError::Random {
                        function: varying.function,
                        file: format!("`{}/{path}`", output.folder),
                        place: Box::new(varying.place.clone()),
                    };
                    objections.push(objection(&manifest.component, random));
                }
            }
        }
        Ok(objections)
    }

    /// Returns the sources that the lockfile does not have.
    fn unlocked(&self) -> Vec<String> {
        let options = InstallOptions {
            directory: self.options.directory.clone(),
            cache: self.options.cache.clone(),
            locked: true,
            network: Network::Offline,
            hooks: HookPolicy { run: false, allowed: Vec::new() },
            variables: self.options.variables.clone(),
            renew: Renew::Nothing,
        };
        // What else is wrong with it was told when it was rendered.
        let sources = preview(&options).sources.into_iter();
        sources.filter(|planned| planned.locked.is_none()).map(|planned| planned.asked.to_string()).collect()
    }

    /// Returns how this source commit stands to the published one.
    pub(super) fn order(&self, environment: &str, published: &Recorded) -> Order {
        let order = || self.checkout.order(self.commit.id, &published.commit).unwrap_or(Order::Unknown);
        match order() {
            Order::Unknown => {}
            known => return known,
        }
        // The published one may be so new that it is not in this clone, or the clone may be shallow.
        let fetched = with_logins(&self.options.variables, |logins| self.checkout.deepen(logins));
        if matches!(fetched, Ok(Ok(()))) {
            match order() {
                Order::Unknown => {}
                known => return known,
            }
        }
        (self.heard)(PublishEvent::OrderByDate {
            environment: environment.to_owned(),
            published: published.commit.clone(),
        });
        let date = |text: &str| text.parse::<jiff::Timestamp>().ok();
        match (date(&published.date), date(&self.commit.date)) {
            (Some(theirs), Some(ours)) if theirs > ours => Order::Before,
            _ => Order::After,
        }
    }
}
