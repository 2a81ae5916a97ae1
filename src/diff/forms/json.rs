//! A diff for other programs, complete: its edits make the new tree of the old
//! one. `docs/formats.md` describes it.

use goyaml::Value;
use serde_json::{Map, Value as Json, json as object};

use crate::diff::compare::{Change, Edit, Fold};
use crate::diff::path::{Path, Step};
use crate::diff::resources::Identity;
use crate::diff::risk::{Risk, RiskLevel};
use crate::diff::{Action, Cause, Counts, Diff, EnvironmentDiff, Only, ResourceDiff, SideFailure, What};

/// The version of the form. It grows when a reader of the one before would misread it.
const VERSION: u32 = 1;

/// Returns the diff as JSON; what is secret is masked.
pub fn json(diff: &Diff) -> Json {
    object!({
        "version": VERSION,
        "base": {"name": diff.base.name, "commit": diff.base.commit},
        "head": {"name": diff.head.name, "commit": diff.head.commit},
        "total": counts(diff.counts()),
        "environments": diff.environments.iter().map(environment).collect::<Vec<_>>(),
        "causes": diff.causes.iter().map(cause).collect::<Vec<_>>(),
        "failures": diff.failures.iter().map(failure).collect::<Vec<_>>(),
    })
}

fn cause(cause: &Cause) -> Json {
    let (kind, name) = match &cause.what {
        What::Value(key) => ("value", Json::from(key.as_str())),
        What::Chart(name) => ("chart", name.as_str().into()),
        What::Files(files) => ("files", files.clone().into()),
        What::Namespace => ("namespace", Json::Null),
        What::Settings => ("settings", Json::Null),
        What::Component(path) => ("component", path.as_str().into()),
    };
    object!({"kind": kind, "name": name, "from": cause.from, "to": cause.to, "place": cause.place})
}

fn risk(risk: &Risk) -> Json {
    let level = match risk.level {
        RiskLevel::High => "high",
        RiskLevel::Low => "low",
    };
    object!({"level": level, "rule": risk.rule, "message": risk.message})
}

fn counts(Counts { add, change, remove, folded }: Counts) -> Json {
    object!({"add": add, "change": change, "remove": remove, "folded": folded})
}

fn environment(environment: &EnvironmentDiff) -> Json {
    object!({
        "name": environment.name,
        "only": environment.only.map(|only| match only {
            Only::Base => "base",
            Only::Head => "head",
        }),
        "total": counts(environment.counts()),
        "reformatted": environment.reformatted,
        "moved": environment.moved,
        "resources": environment.resources.iter().map(resource).collect::<Vec<_>>(),
    })
}

fn failure(SideFailure { of_base, failure }: &SideFailure) -> Json {
    object!({
        "side": if *of_base { "base" } else { "head" },
        "component": failure.component,
        "environments": failure.environments,
        "message": failure.error.to_string(),
        "place": failure.error.place().map(ToString::to_string),
    })
}

fn resource(resource: &ResourceDiff) -> Json {
    let edit = |edit: &Edit| self::edit(edit, resource.masks(&edit.path));
    object!({
        "action": action(resource.action),
        "resource": identity(&resource.id),
        "was": resource.was.as_ref().map(identity),
        "component": resource.component,
        "file": resource.file,
        "oldFile": resource.old_file,
        "edits": resource.edits.iter().map(edit).collect::<Vec<_>>(),
        "risks": resource.risks.iter().map(risk).collect::<Vec<_>>(),
        "causes": resource.causes,
        "value": resource.value.as_ref().map(|value| plain(&resource.masked(value))),
    })
}

/// Returns the name of an action.
pub(super) fn action(action: Action) -> &'static str {
    match action {
        Action::Add => "add",
        Action::Change => "change",
        Action::Rename => "rename",
        Action::Remove => "remove",
    }
}

fn identity(id: &Identity) -> Json {
    object!({"group": id.group, "kind": id.kind, "namespace": id.namespace, "name": id.name, "nth": id.nth})
}

fn edit(Edit { path, change, fold }: &Edit, is_masked: bool) -> Json {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Json| drop(fields.insert(name.to_owned(), value));
    put("path", steps(path));
    put("text", path.to_string().into());
    let value = |value: &Value| if is_masked { Json::Null } else { plain(value) };
    if is_masked {
        put("secret", true.into());
    }
    if let Some(fold) = fold {
        let name = match fold {
            Fold::Noise => "noise",
            Fold::Order => "order",
            Fold::Chance => "chance",
        };
        put("folded", name.into());
    }
    match change {
        Change::Add { value: added, at } => {
            put("op", "add".into());
            put("to", value(added));
            if let Some(at) = at {
                put("index", (*at).into());
            }
        }
        Change::Remove { value: removed } => {
            put("op", "remove".into());
            put("from", value(removed));
        }
        Change::Replace { from, to } => {
            put("op", "replace".into());
            put("from", value(from));
            put("to", value(to));
        }
        Change::Order { order, matters, .. } => {
            put("op", "order".into());
            put("order", order.clone().into());
            put("matters", (*matters).into());
        }
    }
    Json::Object(fields)
}

/// A key is a text, a place a number, an item known by fields an object.
fn steps(path: &Path) -> Json {
    let step = |step: &Step| match step {
        Step::Key(key) => Json::from(key.as_str()),
        Step::Index(at) => Json::from(*at),
        Step::Item(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect::<Map<_, _>>().into()
        }
    };
    path.0.iter().map(step).collect()
}

/// JSON has no numbers that are none: these are texts.
fn plain(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => (*flag).into(),
        Value::Int(number) => (*number).into(),
        Value::Uint(number) => (*number).into(),
        Value::Float(number) => {
            serde_json::Number::from_f64(*number).map_or_else(|| number.to_string().into(), Json::Number)
        }
        Value::String(text) => text.as_str().into(),
        Value::Sequence(items) => items.iter().map(plain).collect(),
        Value::Mapping(map) => {
            map.iter().map(|(key, value)| (key.clone(), plain(value))).collect::<Map<_, _>>().into()
        }
    }
}
