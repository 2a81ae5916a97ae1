//! Kinds `dead-keys` and `lint`: what is called dead has no effect.
//!
//! No reference tool knows dead keys, so the claim itself is put to the test, with
//! recorded charts and definitions as its cases. A value that nobody is said to read is
//! taken away, and then replaced by something else, first all of them at once: the output has to
//! stay the same. And of the values that are said to be read, a sample is replaced: if none of
//! them changes the output, they were not read.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fabrikate::finding::{Finding, Fix};
use fabrikate::generate::{GenerateOptions, generate};
use fabrikate::hooks::HookPolicy;
use fabrikate::lint::{LintOptions, lint, repair};
use fabrikate::output::OutputTree;
use fabrikate::project::RenderSettings;
use fabrikate::render::{ChartSettings, World};
use goyaml::{Mapping, Value};
use helm::{Chart, RenderOptions};

use crate::case::{Case, LoadError, Verdict};
use crate::charts;

/// How many of the values that are read are probed.
const SAMPLE: usize = 12;

/// Reads the charts of a folder that are rendered with values.
pub(crate) fn load_charts(folder: &Path) -> Result<Vec<Case>, LoadError> {
    let cases = charts::read(folder)?.into_iter().filter(charts::ChartCase::has_values);
    let case = |case: charts::ChartCase| {
        let folder = folder.to_owned();
        let (id, group) = (case.id().to_owned(), case.group().to_owned());
        let run = move || match case.with_chart(&folder, check_chart) {
            Ok(verdict) => verdict,
            Err(error) => Verdict::Skipped(format!("it does not render: {}", first_line(&error))),
        };
        Case { id, group, run: Box::new(run) }
    };
    Ok(cases.map(case).collect())
}

/// Reads the definitions of a folder of recorded cases.
pub(crate) fn load_definitions(folder: &Path) -> Result<Vec<Case>, LoadError> {
    let read = |source| LoadError::Read { path: folder.to_owned(), source };
    let mut folders: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path().join("hld");
        if ["component.yaml", "component.json"].iter().any(|file| path.join(file).exists()) {
            folders.push(path);
        }
    }
    folders.sort();
    let case = |path: PathBuf| {
        let name = path.parent().and_then(Path::file_name).unwrap_or_default();
        let id = name.to_string_lossy().into_owned();
        let group = id.split('-').next().unwrap_or_default().to_owned();
        Case { id, group, run: Box::new(move || check_definition(&path)) }
    };
    Ok(folders.into_iter().map(case).collect())
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(100).collect()
}

fn failed(reason: String) -> Verdict {
    Verdict::Failed { reason, want: String::new(), got: String::new() }
}

fn check_chart(chart: &Chart, values: &Mapping, options: &RenderOptions<'_>) -> Result<Verdict, String> {
    let usage = helm::usage(chart, values, options).map_err(|err| err.to_string())?;
    let output = usage.rendered.to_bytes();
    let with = |values: &Mapping| helm::template(chart, values, options).map(|other| other.to_bytes());
    let is_same = |values: &Mapping| with(values).map(|other| other == output);
    let another = || Some(Value::from("another value"));
    let all_at_once = |probe: Option<Value>| {
        let of_all = |values: Mapping, keys: &Vec<String>| replaced(values, keys, probe.clone());
        is_same(&usage.unread.iter().fold(values.clone(), of_all)).unwrap_or(false)
    };
    if !all_at_once(None) || !all_at_once(another()) {
        for keys in &usage.unread {
            let name = keys.join(".");
            if !is_same(&replaced(values.clone(), keys, None)).unwrap_or(false) {
                return Ok(failed(format!(
                    "{name} is said to be read by nobody, and the output differs without it"
                )));
            }
            // Only a schema may refuse another value.
            if !is_same(&replaced(values.clone(), keys, another())).unwrap_or(true) {
                return Ok(failed(format!(
                    "{name} is said to be read by nobody, and another value has an effect"
                )));
            }
        }
    }
    let mut read = Vec::new();
    leaves(values, &mut Vec::new(), &mut read);
    read.retain(|keys| !usage.unread.contains(keys));
    let step = read.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<&Vec<String>> = read.iter().step_by(step).collect();
    let has_effect = |keys: &&Vec<String>| {
        let mut probes = [None, another(), Some(Value::Bool(true)), Some(Value::Int(7))].into_iter();
        probes.any(|probe| !is_same(&replaced(values.clone(), keys, probe)).unwrap_or(false))
    };
    if !sample.is_empty() && !sample.iter().any(has_effect) {
        return Ok(failed(format!("of {} values that are read, none has an effect", sample.len())));
    }
    Ok(Verdict::Passed)
}

/// Collects the keys of everything that is no map, or an empty one.
fn leaves(values: &Mapping, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    for (key, value) in values {
        path.push(key.clone());
        match value {
            Value::Mapping(inner) if !inner.is_empty() => leaves(inner, path, found),
            _ => found.push(path.clone()),
        }
        path.pop();
    }
}

/// Returns values with something in the place of one, or without it.
fn replaced(mut values: Mapping, keys: &[String], with: Option<Value>) -> Mapping {
    let Some((last, above)) = keys.split_last() else { return values };
    let parent = above.iter().try_fold(&mut values, |map, key| match map.get_mut(key) {
        Some(Value::Mapping(inner)) => Some(inner),
        _ => None,
    });
    match (parent, with) {
        (Some(parent), Some(value)) => drop(parent.insert(last.clone(), value)),
        (Some(parent), None) => drop(parent.remove(last)),
        (None, _) => {}
    }
    values
}

fn check_definition(folder: &Path) -> Verdict {
    match try_definition(folder) {
        Ok(verdict) => verdict,
        Err(error) => Verdict::Skipped(first_line(&error)),
    }
}

fn try_definition(folder: &Path) -> Result<Verdict, String> {
    let copy = tempfile::tempdir().map_err(|err| err.to_string())?;
    copy_all(folder, copy.path()).map_err(|err| err.to_string())?;
    let settings = copy.path().join("fab.yaml");
    if !settings.exists() {
        let levels = "lint: {rules: {dead-config-key: warning, idle-config-key: warning}}\n";
        fs::write(settings, levels).map_err(|err| err.to_string())?;
    }
    let options = LintOptions { directory: copy.path().to_owned(), environments: Vec::new() };
    let found = lint(&options).map_err(|failures| failures[0].error.to_string())?;
    if let Some(failure) = found.failures.first() {
        return Err(format!("{}: {}", failure.component, failure.error));
    }
    if !found.warnings.is_empty() {
        return Err("it has hooks".to_owned());
    }
    let before = output(copy.path())?;
    for finding in found.findings.iter().filter(|finding| matches!(finding.rule.code, "F101" | "F102")) {
        if let Some(verdict) = check_finding(finding, copy.path(), &before)? {
            return Ok(verdict);
        }
    }
    Ok(Verdict::Passed)
}

/// Takes away what a finding is about; returns a verdict if that has an effect.
fn check_finding(finding: &Finding, folder: &Path, before: &[OutputTree]) -> Result<Option<Verdict>, String> {
    let removal = Finding { fix: Some(Fix::Remove), ..finding.clone() };
    let repaired = repair(&[removal]).map_err(|err| err.to_string())?;
    let Some(file) = repaired.files.iter().find(|file| file.is_changed()) else {
        return Ok(Some(failed(format!("{}: it cannot be taken away: {}", finding.place, finding.message))));
    };
    fs::write(&file.path, &file.after).map_err(|err| err.to_string())?;
    let after = output(folder);
    fs::write(&file.path, file.before.as_deref().unwrap_or_default()).map_err(|err| err.to_string())?;
    let is_same = after.is_ok_and(|after| after == before);
    Ok((!is_same)
        .then(|| failed(format!("{}: the output differs without it: {}", finding.place, finding.message))))
}

/// Generates all environments of a definition, in memory, with the same randomness each time.
fn output(folder: &Path) -> Result<Vec<OutputTree>, String> {
    let world = World {
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600),
        zone: "UTC".to_owned(),
        seed: helm::Seed::from([0; 32]),
        fixed: Vec::new(),
    };
    let options = GenerateOptions {
        directory: folder.to_owned(),
        output: folder.join("generated"),
        environments: Vec::new(),
        charts: ChartSettings { settings: RenderSettings::default(), world },
        hooks: HookPolicy::default(),
        keeps_definitions: false,
        compares: false,
        jobs: Some(1),
    };
    generate(&options, &|_| {}).map_err(|failures| failures[0].error.to_string())
}

fn copy_all(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_key_of_a_definition_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("component.yaml", "name: app\ntype: helm\npath: chart\n");
        write("chart/Chart.yaml", "apiVersion: v2\nname: app\nversion: 0.1.0\n");
        write("chart/templates/a.yaml", "kind: A\na: {{ .Values.a }}\n");
        write("config/prod.yaml", "config: {a: 1, b: 2}\n");
        assert_eq!(check_definition(folder.path()), Verdict::Passed);
        let text = fs::read_to_string(folder.path().join("config/prod.yaml")).unwrap();
        assert_eq!(text, "config: {a: 1, b: 2}\n", "the case itself stays");
    }

    #[test]
    fn a_value_is_replaced_or_taken_away_where_it_is() {
        let values: Mapping = goyaml::from_str("a: {b: 1, c: 2}\n").unwrap();
        let keys = ["a".to_owned(), "b".to_owned()];
        let text = |values: &Mapping| goyaml::to_string(values).unwrap();
        assert_eq!(text(&replaced(values.clone(), &keys, None)), "a:\n  c: 2\n");
        assert_eq!(text(&replaced(values.clone(), &keys, Some(Value::Int(3)))), "a:\n  b: 3\n  c: 2\n");
    }
}
