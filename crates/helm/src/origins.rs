//! From the final values of a release back to the texts that set them.
//!
//! Nothing is remembered while values are merged. Whoever asks puts marks in the
//! place of values and has them merged again: what a merge does depends on which
//! values are tables, lists and nulls and on nothing else, so each mark ends up where
//! its value did. That holds for what subcharts export and for globals, too.
//!
//! Which subcharts take part does depend on values, so that is decided before, with
//! the real ones.

use std::sync::Arc;

use bytes::Bytes;
use goyaml::Mapping;

use crate::Error;
use crate::chart::Chart;
use crate::dependencies;
use crate::prepare::PrepareError;
use crate::values::coalesce::{CoalesceError, Nulls, coalesce};
use crate::values::table::{to_map, to_mapping};

/// A chart with those of its subcharts that take part, and none of its values merged.
#[derive(Debug)]
pub struct Arranged {
    chart: Chart,
    defaults: Vec<Defaults>,
}

/// The defaults of a chart or subchart.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// The keys that lead to its values in those of the release; none for the chart itself.
    pub names: Vec<String>,
    /// Path of the file in the chart's folder.
    pub path: String,
    /// What the file says.
    pub values: Arc<Mapping>,
    /// Its text.
    pub text: Bytes,
}

impl Arranged {
    /// Decides which subcharts take part with these values.
    ///
    /// # Errors
    ///
    /// The values do not fit the chart's dependencies.
    pub fn new(chart: &Chart, values: &Mapping) -> Result<Self, Error> {
        let mut arranged = chart.clone();
        dependencies::enable(&mut arranged, &to_map(values), "", &mut Vec::new()).map_err(failed)?;
        let mut defaults = Vec::new();
        collect(&arranged, Some(chart), (&[], ""), &mut defaults);
        Ok(Arranged { chart: arranged, defaults })
    }

    /// Returns the defaults of all charts, those of a chart before those of its subcharts.
    pub fn defaults(&self) -> &[Defaults] {
        &self.defaults
    }

    /// Returns what templates would see with these values of a user, and with other defaults in the place of
    /// [`Arranged::defaults`], in their order.
    ///
    /// # Errors
    ///
    /// The values do not fit the chart's dependencies.
    pub fn merge(&self, values: &Mapping, defaults: Vec<Mapping>) -> Result<Mapping, Error> {
        let mut chart = self.chart.clone();
        replace_defaults(&mut chart, &mut defaults.into_iter());
        let mut log = Vec::new();
        dependencies::import_below(&mut chart, &mut log).map_err(failed)?;
        let merged = coalesce(&chart, &to_map(values), Nulls::Delete, &mut log).map_err(failed)?;
        to_mapping(&merged).map_err(|error| failed(error.into()))
    }
}

fn failed(error: CoalesceError) -> Error {
    PrepareError::Values(error).into()
}

fn collect(
    chart: &Chart,
    loaded: Option<&Chart>,
    (names, folder): (&[String], &str),
    all: &mut Vec<Defaults>,
) {
    all.push(Defaults {
        names: names.to_vec(),
        path: format!("{folder}values.yaml"),
        values: Arc::clone(&chart.values),
        text: chart.values_text.clone(),
    });
    for subchart in &chart.dependencies {
        // It goes by its alias now, and lies in a folder of its own name.
        let loaded = loaded.and_then(|chart| chart.subchart(subchart.name()));
        let folder = format!("{folder}charts/{}/", loaded.map_or(subchart.name(), Chart::name));
        let names = [names, &[subchart.name().to_owned()]].concat();
        collect(subchart, loaded, (&names, &folder), all);
    }
}

fn replace_defaults(chart: &mut Chart, defaults: &mut impl Iterator<Item = Mapping>) {
    chart.values = Arc::new(defaults.next().unwrap_or_default());
    chart.dependencies.iter_mut().for_each(|subchart| replace_defaults(subchart, defaults));
}
