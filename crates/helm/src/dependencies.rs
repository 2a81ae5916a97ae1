//! Which subcharts take part, under which names, and what they lend their parent.
//!
//! Helm decides top-down what is enabled (tags first, then conditions, which win),
//! then bottom-up what is imported. Charts in `charts/` that `Chart.yaml` does not
//! declare are used as they are; so are those whose version does not fit. A chart
//! that declares no dependencies is left alone with everything below it.

use std::collections::BTreeSet;
use std::sync::Arc;

use gotmpl::{Map, Value, fmt};

use crate::chart::Chart;
use crate::metadata::Dependency;
use crate::values::coalesce::{CoalesceError, Nulls, coalesce, merge_tables};
use crate::values::table::{deep_copy, lookup, lookup_value, to_mapping, to_value};
use crate::version::is_compatible;

/// Removes disabled subcharts, renames the others to their aliases, and imports values.
pub(crate) fn process(chart: &mut Chart, values: &Map, log: &mut Vec<String>) -> Result<(), CoalesceError> {
    enable(chart, values, "", log)?;
    import_below(chart, log)
}

/// Returns the declared dependencies that are not in `charts/`, in their order.
pub(crate) fn missing(chart: &Chart) -> Vec<&str> {
    let declared = chart.metadata.dependencies.iter().flatten().map(|dependency| dependency.name.as_str());
    declared.filter(|name| chart.dependencies.iter().all(|subchart| subchart.name() != *name)).collect()
}

/// Removes disabled subcharts of a chart, whose path in the values is `path`, and renames the others.
pub(crate) fn enable(
    chart: &mut Chart,
    values: &Map,
    path: &str,
    log: &mut Vec<String>,
) -> Result<(), CoalesceError> {
    let Some(mut declared) = chart.metadata.dependencies.take() else { return Ok(()) };
    chart.dependencies = select(std::mem::take(&mut chart.dependencies), &declared);
    for dependency in &mut declared {
        if !dependency.alias.is_empty() {
            dependency.name = dependency.alias.clone();
        }
        dependency.enabled = true;
    }
    let values = coalesce(chart, values, Nulls::Delete, log)?;
    apply_tags(&mut declared, &values, log);
    apply_conditions(&mut declared, &values, path, log);

    let disabled: BTreeSet<String> = declared
        .iter()
        .filter(|dependency| !dependency.enabled)
        .map(|dependency| dependency.name.clone())
        .collect();
    chart.dependencies.retain(|subchart| !disabled.contains(subchart.name()));
    declared.retain(|dependency| !disabled.contains(&dependency.name));
    for subchart in &mut chart.dependencies {
        let path = format!("{path}{}.", subchart.name());
        enable(subchart, &values, &path, log)?;
    }
    chart.metadata.dependencies = Some(declared).filter(|declared| !declared.is_empty());
    Ok(())
}

/// Returns the charts that were not asked for, then those that were, under their aliases.
fn select(present: Vec<Chart>, declared: &[Dependency]) -> Vec<Chart> {
    let fits = |dependency: &Dependency, chart: &Chart| {
        dependency.name == chart.name() && is_compatible(&dependency.version, &chart.metadata.version)
    };
    let mut asked_for = Vec::with_capacity(declared.len());
    for dependency in declared {
        if let Some(found) = present.iter().find(|chart| fits(dependency, chart)) {
            let mut chart = found.clone();
            if !dependency.alias.is_empty() {
                chart.metadata.name = dependency.alias.clone();
            }
            asked_for.push(chart);
        }
    }
    let mut selected = present;
    selected.retain(|chart| !declared.iter().any(|dependency| fits(dependency, chart)));
    selected.append(&mut asked_for);
    selected
}

fn apply_tags(declared: &mut [Dependency], values: &Map, log: &mut Vec<String>) {
    let Ok(tags) = lookup(values, "tags") else { return };
    for dependency in declared {
        let (mut any_on, mut any_off) = (false, false);
        for tag in dependency.tags.iter().flatten() {
            match tags.get(tag.as_bytes()) {
                None => {}
                Some(Value::Bool(true)) => any_on = true,
                Some(Value::Bool(false)) => any_off = true,
                Some(_) => {
                    log.push(format!("tag {tag} of chart {} is ignored: it is no bool", dependency.name));
                }
            }
        }
        dependency.enabled = any_on || !any_off;
    }
}

fn apply_conditions(declared: &mut [Dependency], values: &Map, path: &str, log: &mut Vec<String>) {
    for dependency in declared {
        for condition in dependency.condition.trim().split(',').filter(|condition| !condition.is_empty()) {
            match lookup_value(values, &format!("{path}{condition}")) {
                None => {}
                Some(Value::Bool(truth)) => {
                    dependency.enabled = truth;
                    break;
                }
                Some(_) => {
                    let chart = &dependency.name;
                    log.push(format!("condition {condition} of chart {chart} is ignored: it is no bool"));
                }
            }
        }
    }
}

/// Merges what subcharts lend into the defaults of a chart and of those below it.
pub(crate) fn import_below(chart: &mut Chart, log: &mut Vec<String>) -> Result<(), CoalesceError> {
    for subchart in &mut chart.dependencies {
        import_below(subchart, log)?;
    }
    import(chart, log)
}

/// Merges what `import-values` names into the chart's defaults, which win over it.
///
/// From here on the defaults hold those of all subcharts as well (helm 4.2), which
/// shows when the user deletes one with a null.
fn import(chart: &mut Chart, log: &mut Vec<String>) -> Result<(), CoalesceError> {
    let Some(mut declared) = chart.metadata.dependencies.take() else { return Ok(()) };
    let values = coalesce(chart, &Map::new(), Nulls::Keep, log)?;
    let imported = Map::new();
    for dependency in &mut declared {
        let Some(wanted) = dependency.import_values.take() else { continue };
        let mut normalized = Vec::with_capacity(wanted.len());
        for item in &wanted {
            let Some((child, parent)) = child_and_parent(item) else { continue };
            let path = format!("{}.{child}", dependency.name);
            match lookup(&values, &path) {
                Ok(table) => merge_tables(&imported, &at_path(&parent, table), log),
                Err(part) => log.push(format!(
                    "import-values of chart {} are ignored: {path}: {part:?} is not a table",
                    dependency.name
                )),
            }
            let pair = [("child", child), ("parent", parent)];
            let pair = pair.map(|(key, path)| (key.to_owned(), goyaml::Value::String(path)));
            normalized.push(goyaml::Value::Mapping(pair.into()));
        }
        dependency.import_values = Some(normalized).filter(|pairs| !pairs.is_empty());
    }
    chart.metadata.dependencies = Some(declared);
    let defaults = if imported.is_empty() { values } else { deep_copy(&values)? };
    merge_tables(&defaults, &imported, log);
    chart.values = Arc::new(to_mapping(&defaults)?);
    Ok(())
}

/// Returns what an item of `import-values` names: a table of the subchart, and where
/// it goes in the parent.
fn child_and_parent(item: &goyaml::Value) -> Option<(String, String)> {
    match item {
        goyaml::Value::String(name) => Some((format!("exports.{name}"), ".".to_owned())),
        goyaml::Value::Mapping(pair) => {
            let path = |key: &str| {
                let value = pair.get(key).map_or(Value::Nil, to_value);
                let printed = fmt::sprintf(b"%v", &[value]);
                String::from_utf8_lossy(&printed).into_owned()
            };
            Some((path("child"), path("parent")))
        }
        _ => None,
    }
}

/// Returns a table that holds the given one at a dotted path.
fn at_path(path: &str, table: Map) -> Map {
    if path == "." {
        return table;
    }
    path.rsplit('.').fold(table, |inner, key| {
        let outer = Map::new();
        outer.insert(key, Value::Map(inner));
        outer
    })
}
