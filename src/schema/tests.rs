//! Schemas take what is read without a complaint, and refuse the rest.

use std::fs;
use std::path::Path;

use super::*;
use crate::config::load::{Folder, layer};
use crate::definition::{Generator, load};
use crate::error::{Error, Warning, WarningKind};
use crate::project::Project;
use crate::source::lockfile::Lockfile;

/// What a reader says of a file.
#[derive(Debug, PartialEq)]
enum Verdict {
    Fine,
    /// A text has the right type, but is not of the grammar of its field.
    Grammar,
    Complaint,
}

fn verdict(result: Result<Vec<Warning>, &Error>) -> Verdict {
    let complains = |warning: &Warning| {
        matches!(
            warning.kind,
            WarningKind::UnknownField { .. }
                | WarningKind::UnknownHook { .. }
                | WarningKind::UnknownMethod { .. }
                | WarningKind::SettingInComponent { .. }
        )
    };
    match result {
        Ok(warnings) if warnings.iter().any(complains) => Verdict::Complaint,
        Ok(_) => Verdict::Fine,
        Err(Error::Syntax { .. } | Error::Unreadable { .. }) => Verdict::Grammar,
        Err(_) => Verdict::Complaint,
    }
}

/// Reads the file of a kind in a folder; of a config file, the one of this name.
fn read(kind: FileKind, folder: &Path, name: &str) -> Verdict {
    match kind {
        FileKind::Component => match &load(folder, "", &[]).root.body {
            Ok(body) if has_unknown_type(&body.own.component) => Verdict::Complaint,
            Ok(body) => verdict(Ok(body.own.file.warnings.clone())),
            // Where the root points is not there.
            Err(error) if matches!(**error, Error::NotInstalled { .. }) => Verdict::Fine,
            Err(error) => verdict(Err(error)),
        },
        FileKind::Config => {
            match layer(Folder { on_disk: folder, root_shown: "", path: "", remote: None }, name) {
                Ok(layer) => verdict(Ok(layer.map(|layer| layer.warnings).unwrap_or_default())),
                Err(error) => verdict(Err(&error)),
            }
        }
        FileKind::Fab => match Project::read(folder, "") {
            Ok(project) => verdict(Ok(project.warnings)),
            Err(error) => verdict(Err(&error)),
        },
        FileKind::Lock => match Lockfile::read(folder, "") {
            Ok(_) => Verdict::Fine,
            Err(error) => verdict(Err(&error)),
        },
    }
}

fn has_unknown_type(component: &crate::definition::Component) -> bool {
    matches!(component.generator, Generator::Unknown(_))
        || component.subcomponents.iter().any(|below| has_unknown_type(below))
}

fn file(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Component => "component.yaml",
        FileKind::Config => "config/x.yaml",
        FileKind::Fab => "fab.yaml",
        FileKind::Lock => "fab.lock",
    }
}

/// Values of every kind that YAML has.
fn samples() -> Vec<Value> {
    vec![
        json!("text"),
        json!("helm"),
        json!("HTTP"),
        json!(""),
        json!(1),
        json!(1.5),
        json!(true),
        json!(null),
        json!([]),
        json!(["text", 1, null]),
        json!([{}]),
        json!([["text"]]),
        json!({}),
        json!({"any": "text"}),
        json!({"any": {}}),
        json!({"any": null}),
    ]
}

/// Holds the reader's verdict against the schema's, for a value of each kind in each field of a table and below.
fn check_table(
    file: &dyn Fn(&Value),
    table: &'static Table,
    wrap: &dyn Fn(Value) -> Value,
    seen: &mut Vec<&'static str>,
) {
    if seen.contains(&table.name) {
        return;
    }
    seen.push(table.name);
    let fields = table.names().chain(["unknown"]);
    for (name, value) in fields.flat_map(|name| samples().into_iter().map(move |value| (name, value))) {
        file(&wrap(json!({name: value})));
    }
    for sample in samples() {
        file(&wrap(sample));
    }
    for field in table.fields {
        let inside = |value: Value| match field.shape {
            Shape::List(_) => json!([value]),
            Shape::Named(_) => json!({"any": value}),
            _ => value,
        };
        if let Shape::Fields(inner) | Shape::List(inner) | Shape::Named(inner) = field.shape {
            check_table(file, inner, &|value| wrap(json!({field.name: inside(value)})), seen);
        }
    }
}

fn check_file(kind: FileKind, validator: &jsonschema::Validator, content: &Value) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(file(kind));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, serde_json::to_string(content).unwrap()).unwrap();
    let valid = validator.is_valid(content);
    match read(kind, folder.path(), "x") {
        Verdict::Fine => assert!(valid, "{kind:?}: read without a complaint: {content}"),
        Verdict::Grammar => {}
        Verdict::Complaint => assert!(!valid, "{kind:?}: complained of: {content}"),
    }
}

#[track_caller]
fn check(kind: FileKind) {
    let validator = jsonschema::validator_for(&kind.schema()).unwrap();
    let file = |content: &Value| check_file(kind, &validator, content);
    check_table(&file, kind.table(), &|value| value, &mut Vec::new());
}

#[test]
fn component_files_are_as_the_schema_says() {
    check(FileKind::Component);
}

#[test]
fn config_files_are_as_the_schema_says() {
    check(FileKind::Config);
}

#[test]
fn fab_yaml_is_as_the_schema_says() {
    check(FileKind::Fab);
}

#[test]
fn schemas_are_schemas() {
    for kind in [FileKind::Component, FileKind::Config, FileKind::Fab, FileKind::Lock] {
        let schema = kind.schema();
        jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
    }
}

/// Real files, where they are at hand: what is read without a complaint is valid.
#[test]
fn recorded_files_are_valid() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fabrikate/cases");
    let mut checked = 0;
    for entry in walkdir::WalkDir::new(cases).into_iter().flatten() {
        let path = entry.path();
        let (Some(folder), Some(stem)) = (path.parent(), path.file_stem().and_then(|stem| stem.to_str()))
        else {
            continue;
        };
        let kind = match () {
            () if path.extension().is_none_or(|extension| extension != "yaml") => continue,
            () if stem == "component" => FileKind::Component,
            () if folder.ends_with("config") => FileKind::Config,
            () => continue,
        };
        let root = if kind == FileKind::Config { folder.parent().unwrap() } else { folder };
        if read(kind, root, stem) == Verdict::Fine {
            let text = fs::read_to_string(path).unwrap();
            let value: goyaml::Value = goyaml::from_str_with_literal_keys(&text).unwrap();
            let value = serde_json::to_value(&value).unwrap();
            let valid = jsonschema::validate(&kind.schema(), &value);
            valid.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            checked += 1;
        }
    }
    assert!(checked == 0 || checked > 300, "only {checked} files were checked");
}
