//! Kind `explain`: the definitions of kind `fabrikate-values`, each value of which is
//! traced to the place that sets it.
//!
//! That the place is right is seen by changing it: a probe that is written there has
//! to come out as the value. What the values were is known from the other kind.

use std::path::Path;

use fabrikate::document::Step;
use fabrikate::origin::{Origin, Origins, Setting};
use fabrikate::resolve::ResolvedComponent;
use goyaml::{EditStyle, Mapping, PathSegment, Value};

use crate::case::{Case, LoadError, Verdict};
use crate::fabrikate_values::{ValuesCase, resolved};
use crate::jsonl;

/// Reads the cases of a file, such as `merge.jsonl`.
pub(crate) fn load(path: &Path) -> Result<Vec<Case>, LoadError> {
    let group = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let cases = jsonl::read::<ValuesCase>(path)?.into_iter().enumerate();
    let case = |(index, case): (usize, ValuesCase)| Case {
        id: format!("{group}/{}", index + 1),
        group: group.clone(),
        run: Box::new(move || verdict(&case)),
    };
    Ok(cases.map(case).collect())
}

fn verdict(case: &ValuesCase) -> Verdict {
    let tree = match resolved(case) {
        Ok(tree) => tree,
        Err(text) => return Verdict::Skipped(format!("nothing is merged: {text}")),
    };
    match tree.components.iter().try_for_each(|component| check(case, component)) {
        Ok(()) => Verdict::Passed,
        Err(reason) => Verdict::Failed { reason, want: String::new(), got: String::new() },
    }
}

fn check(case: &ValuesCase, component: &ResolvedComponent) -> Result<(), String> {
    let origins = Origins::of(component, None).map_err(|err| err.to_string())?;
    let mut settings = origins.settings().map_err(|err| err.to_string())?;
    origins.locate(&mut settings);
    let whole = settings.iter().filter_map(|setting| Some((&setting.keys, setting.value.as_ref()?)));
    let mut values = Mapping::new();
    whole.for_each(|(keys, value)| put(&mut values, keys, value));
    if values != component.values {
        return Err(format!("{}: the values found are not those merged", component.path));
    }
    for setting in settings.iter().filter(|setting| setting.value.is_some()) {
        check_setting(case, component, setting)
            .map_err(|reason| format!("{}: {}: {reason}", component.path, setting.key()))?;
    }
    Ok(())
}

fn check_setting(case: &ValuesCase, component: &ResolvedComponent, setting: &Setting) -> Result<(), String> {
    let shared = setting.set_by.len() > 1;
    for (at, origin) in setting.set_by.iter().enumerate() {
        let value = setting.value.as_ref();
        let value = if shared { value.and_then(|list| list.as_sequence()?.get(at)) } else { value };
        if origin.value.as_ref() != value {
            return Err(format!("{} is said to have another value", origin.place));
        }
        let is_scalar = value.is_some_and(|value| !matches!(value, Value::Mapping(_) | Value::Sequence(_)));
        if is_scalar && value != Some(&Value::Null) {
            let item = shared.then_some(at);
            probe(case, component, (&setting.keys, item), origin)?;
        }
    }
    if setting.set_by.is_empty() { Err("nobody is said to set it".to_owned()) } else { Ok(()) }
}

/// Writes a probe where a value is set, which has to be the value then.
fn probe(
    case: &ValuesCase,
    component: &ResolvedComponent,
    (keys, item): (&[String], Option<usize>),
    origin: &Origin,
) -> Result<(), String> {
    let mut changed = case.clone();
    let text = changed.files.get_mut(&origin.place.file).ok_or("the file does not exist")?;
    *text = write(&origin.place.file, text, origin.steps())?;
    let tree = resolved(&changed)?;
    let same = tree.components.iter().find(|other| other.path == component.path);
    let values = same.map(|same| Value::Mapping(same.values.clone()));
    let value = values.as_ref().and_then(|values| keys.iter().try_fold(values, |value, key| value.get(key)));
    let value = match item {
        Some(at) => value.and_then(|list| list.as_sequence()?.get(at)),
        None => value,
    };
    if value == Some(&Value::from(PROBE)) { Ok(()) } else { Err(format!("{} does not set it", origin.place)) }
}

const PROBE: &str = "a probe";

/// Returns the text of a file with the probe at a place in it.
fn write(file: &str, text: &str, steps: &[Step]) -> Result<String, String> {
    if !file.ends_with(".json") {
        let steps: Vec<PathSegment<'_>> = steps.iter().map(segment).collect();
        let written = goyaml::set_in_text(text, &steps, &Value::from(PROBE), EditStyle::default());
        return written.map_err(|err| format!("{file} cannot be changed: {err:?}"));
    }
    let mut json: serde_json::Value = serde_json::from_str(text).map_err(|err| err.to_string())?;
    let place = steps.iter().try_fold(&mut json, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(at) => value.get_mut(at),
    });
    *place.ok_or("nothing is there")? = PROBE.into();
    Ok(json.to_string())
}

fn segment(step: &Step) -> PathSegment<'_> {
    match step {
        Step::Key(key) => PathSegment::Key(key),
        Step::Index(at) => PathSegment::Index(*at),
    }
}

fn put(into: &mut Mapping, keys: &[String], value: &Value) {
    match keys {
        [] => {}
        [last] => _ = into.insert(last.clone(), value.clone()),
        [first, rest @ ..] => {
            let below = into.entry(first.clone()).or_insert_with(|| Value::Mapping(Mapping::new()));
            if let Some(below) = below.as_mapping_mut() {
                put(below, rest, value);
            }
        }
    }
}
