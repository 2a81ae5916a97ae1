//! Merges the values of a release with the defaults of a chart and its subcharts.
//!
//! There are two ways to merge. *Coalescing* gives what templates see: a null of
//! the user deletes a default, nulls of defaults vanish. *Merging* keeps nulls; it
//! is used while more values are to come (imports, tables of subcharts). Globals
//! run top-down, the parent's over the subchart's.
//!
//! The order of steps and what is shared between tables are Helm's (4.2), because
//! templates can see both.

use gotmpl::{Map, Value, fmt};

use super::table::{TooDeep, deep_copy, shallow_copy, snapshot, to_map, to_map_without_nulls, to_value};
use crate::chart::Chart;

/// What becomes of nulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// Nulls delete defaults and are dropped from defaults.
    Delete,
    /// Nulls are values like others.
    Keep,
}

/// Values that cannot be coalesced. The texts are those of Helm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoalesceError {
    /// The values of a subchart are no table.
    #[error("type mismatch on {chart}: {found}")]
    NoTable {
        /// The subchart.
        chart: String,
        /// What is there, printed with `%t` as Helm does by mistake.
        found: String,
    },
    /// A table holds itself.
    #[error(transparent)]
    TooDeep(#[from] TooDeep),
}

const GLOBAL: &str = "global";

/// Merges into a copy of the values the defaults of a chart and of all below it.
///
/// Tables that the chart knows nothing of are not copied but shared with the given
/// values: a nested chart looks at those of the whole tree.
pub(crate) fn coalesce(
    chart: &Chart,
    values: &Map,
    nulls: Nulls,
    log: &mut Vec<String>,
) -> Result<Map, CoalesceError> {
    let values = writable_copy(chart, values)?;
    Coalescing { nulls, log }.chart(chart, &values, "")?;
    Ok(values)
}

/// Returns a copy in which everything is apart that the defaults of a chart, or
/// globals, can be merged into.
fn writable_copy(chart: &Chart, values: &Map) -> Result<Map, TooDeep> {
    let copy = Map::new();
    for (key, value) in values.entries().iter() {
        let is_changed = key.as_text().is_some_and(|key| {
            key == GLOBAL
                || chart.values.contains_key(key)
                || chart.dependencies.iter().any(|subchart| subchart.name() == key)
        });
        let value = match value {
            Value::Map(table) if is_changed => Value::Map(deep_copy(table)?),
            value => value.clone(),
        };
        copy.insert(key.clone(), value);
    }
    Ok(copy)
}

/// Merges a table into another of higher precedence.
pub(crate) fn merge_tables(into: &Map, from: &Map, log: &mut Vec<String>) {
    Coalescing { nulls: Nulls::Keep, log }.tables(into, from, "", Nulls::Keep);
}

struct Coalescing<'a> {
    nulls: Nulls,
    log: &'a mut Vec<String>,
}

impl Coalescing<'_> {
    fn chart(&mut self, chart: &Chart, values: &Map, prefix: &str) -> Result<(), CoalesceError> {
        let prefix = join(prefix, chart.name());
        self.defaults(chart, values, &prefix);
        for subchart in &chart.dependencies {
            let name = subchart.name();
            let table = match values.get(name.as_bytes()) {
                None => {
                    let table = Map::new();
                    values.insert(name, Value::Map(table.clone()));
                    table
                }
                Some(Value::Map(table)) => table,
                Some(other) => return Err(no_table(name, other)),
            };
            self.globals(&table, values, &prefix);
            self.chart(subchart, &table, &prefix)?;
        }
        Ok(())
    }

    /// Merges a chart's own defaults into its values.
    fn defaults(&mut self, chart: &Chart, values: &Map, prefix: &str) {
        for (key, default) in chart.values.iter() {
            match (values.get(key.as_bytes()), default) {
                (None, goyaml::Value::Null) if self.nulls == Nulls::Delete => {}
                (None, goyaml::Value::Mapping(table)) if self.nulls == Nulls::Delete => {
                    values.insert(key.as_str(), Value::Map(to_map_without_nulls(table)));
                }
                (None, default) => values.insert(key.as_str(), to_value(default)),
                (Some(Value::Nil), _) if self.nulls == Nulls::Delete => values.remove(key.as_bytes()),
                (Some(Value::Map(table)), goyaml::Value::Mapping(defaults)) => {
                    let is_subchart = chart.dependencies.iter().any(|subchart| subchart.name() == key);
                    let nulls = if is_subchart { Nulls::Keep } else { self.nulls };
                    let defaults = match nulls {
                        Nulls::Delete => to_map_without_nulls(defaults),
                        Nulls::Keep => to_map(defaults),
                    };
                    self.tables(&table, &defaults, &join(prefix, key), nulls);
                }
                (Some(Value::Map(_)), default) if *default != goyaml::Value::Null => {
                    self.log.push(format!("warning: skipped value for {prefix}.{key}: Not a table."));
                }
                (Some(_), _) => {}
            }
        }
    }

    /// Copies the globals of a chart into those of a subchart, where they win.
    fn globals(&mut self, into: &Map, from: &Map, prefix: &str) {
        let Some(globals) = self.global_table(into, "destination") else { return };
        let Some(parent) = self.global_table(from, "source") else { return };
        for (key, value) in snapshot(&parent) {
            let own = globals.get(key.as_bytes());
            match (value, own) {
                (Value::Map(table), None) => globals.insert(key, Value::Map(shallow_copy(&table))),
                (Value::Map(table), Some(Value::Map(own))) => {
                    // The copy is shallow: what the subchart adds to tables further down
                    // shows in the parent as well (helm 4.2).
                    let table = shallow_copy(&table);
                    self.tables(&table, &own, &join(prefix, &key.to_text()), Nulls::Keep);
                    globals.insert(key, Value::Map(table));
                }
                (Value::Map(_), Some(_)) => {
                    let key = gotmpl::strconv::quote(key.as_bytes());
                    self.log.push(format!("Conflict: cannot merge map onto non-map for {key}. Skipping."));
                }
                (_, Some(Value::Map(_))) => {
                    self.log.push(format!("key {} is table. Skipping", key.to_text()));
                }
                (value, _) => globals.insert(key, value),
            }
        }
        into.insert(GLOBAL, Value::Map(globals));
    }

    fn global_table(&mut self, of: &Map, role: &str) -> Option<Map> {
        match of.get(GLOBAL.as_bytes()) {
            None => Some(Map::new()),
            Some(Value::Map(table)) => Some(table),
            Some(_) => {
                let message = format!("warning: skipping globals because {role} {GLOBAL} is not a table.");
                self.log.push(message);
                None
            }
        }
    }

    fn tables(&mut self, into: &Map, from: &Map, prefix: &str, nulls: Nulls) {
        let entries = snapshot(from);
        // Helm writes nulls back into the other table, which others may hold.
        for (key, _) in snapshot(into).into_iter().filter(|(_, value)| matches!(value, Value::Nil)) {
            from.insert(key, Value::Nil);
        }
        for (key, value) in entries {
            match (into.get(key.as_bytes()), value) {
                (None, value) => into.insert(key, value),
                (Some(Value::Nil), value) => {
                    if nulls == Nulls::Delete && !matches!(value, Value::Nil) {
                        into.remove(key.as_bytes());
                    }
                }
                (Some(Value::Map(into)), Value::Map(from)) => {
                    if !into.is_same(&from) {
                        self.tables(&into, &from, &join(prefix, &key.to_text()), nulls);
                    }
                }
                (Some(_), value @ Value::Map(_)) => {
                    let path = join(prefix, &key.to_text());
                    let value = fmt::display(&value);
                    let value = value.to_text();
                    let message =
                        format!("warning: cannot overwrite table with non table for {path} ({value})");
                    self.log.push(message);
                }
                (Some(Value::Map(_)), value) if !matches!(value, Value::Nil) => {
                    let path = join(prefix, &key.to_text());
                    let value = fmt::display(&value);
                    let value = value.to_text();
                    self.log.push(format!(
                        "warning: destination for {path} is a table. Ignoring non-table value ({value})"
                    ));
                }
                (Some(_), _) => {}
            }
        }
    }
}

fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") }
}

fn no_table(chart: &str, found: Value) -> CoalesceError {
    let found = fmt::sprintf(b"%t", &[found]);
    CoalesceError::NoTable { chart: chart.to_owned(), found: String::from_utf8_lossy(&found).into_owned() }
}
