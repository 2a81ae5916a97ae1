//! What is set and unset, or added and removed, is gone without a trace: over every definition that is at hand.

use std::fs;
use std::path::{Path, PathBuf};

use fabrikate::edit::{AddOptions, Assignment, RemoveOptions, SetOptions, add, remove, set, write_all};
use goyaml::Value;

use crate::hld::Hld;
use crate::{files, root};

/// The files of a name, or below a folder of a name, of all recorded definitions and the examples.
fn all(wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let folders = ["../shared/fabrikate/cases", "examples"].map(|folder| root().join(folder));
    let found = folders.iter().filter(|folder| folder.exists()).flat_map(|folder| files(folder, ".yaml"));
    found
        .filter(|path| !path.components().any(|part| part.as_os_str() == "expected") && wanted(path))
        .collect()
}

fn read(text: &str) -> Option<Value> {
    goyaml::from_str_with_literal_keys(text).ok()
}

/// What a config file says, without what is the same as nothing.
fn trimmed(value: Value) -> Value {
    let Value::Mapping(map) = value else { return Value::Mapping(goyaml::Mapping::new()) };
    let says_something =
        |value: &Value| !value.is_null() && value.as_mapping().is_none_or(|map| !map.is_empty());
    Value::Mapping(map.into_iter().filter(|(_, value)| says_something(value)).collect())
}

#[test]
fn set_and_unset_give_back_a_config_file() {
    let (mut same, mut as_data) = (0, 0);
    for path in all(|path| path.parent().is_some_and(|folder| folder.ends_with("config"))) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let config = match read(&text) {
            Some(Value::Mapping(map)) => map.get("config").cloned().unwrap_or_default(),
            Some(Value::Null) => Value::Null,
            _ => continue,
        };
        let is_empty = config.is_null() || config.as_mapping().is_some_and(goyaml::Mapping::is_empty);
        if !is_empty && config.as_mapping().is_none() {
            continue;
        }
        let hld = Hld::new(&[("config/common.yaml", &text)]);
        let shown = path.display();
        let change = |options: SetOptions| {
            let options = SetOptions { directory: hld.path(""), ..options };
            let files = set(&options).unwrap_or_else(|err| panic!("{shown}: {err}"));
            write_all(&files).unwrap();
        };
        change(SetOptions {
            assignments: vec![Assignment::text("fab test.new=a: b").unwrap()],
            ..SetOptions::default()
        });
        assert_ne!(hld.read("config/common.yaml"), text, "{shown}");
        change(SetOptions { unset: vec!["fab test".to_owned()], ..SetOptions::default() });
        let after = hld.read("config/common.yaml");
        if is_empty {
            let [before, after] = [&text, &after].map(|text| trimmed(read(text).unwrap_or_default()));
            assert_eq!(before, after, "{shown}");
            as_data += 1;
        } else {
            assert_eq!(after, text, "{shown}");
            same += 1;
        }
    }
    assert!(same >= 2, "there are at least the examples: {same}, {as_data}");
}

#[test]
fn add_and_remove_give_back_a_component_file() {
    let mut same = 0;
    for path in all(|path| path.ends_with("component.yaml")) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let Some(Value::Mapping(component)) = read(&text) else { continue };
        let list = component.get("subcomponents");
        if !matches!(list, None | Some(Value::Null | Value::Sequence(_))) {
            continue;
        }
        let hld = Hld::new(&[("component.yaml", &text)]);
        let shown = path.display();
        let (directory, name) = (hld.path(""), "fab-test".to_owned());
        let fields = vec![("source", "https://example.com/x".to_owned())];
        let options =
            AddOptions { directory: directory.clone(), name: name.clone(), fields, ..AddOptions::default() };
        write_all(&[add(&options).unwrap_or_else(|err| panic!("{shown}: {err}"))]).unwrap();
        assert_ne!(hld.read("component.yaml"), text, "{shown}");
        let removed = remove(&RemoveOptions { directory, names: vec![name], purge: false });
        write_all(&removed.unwrap_or_else(|err| panic!("{shown}: {err}")).files).unwrap();
        // A list without entries goes with the last of them.
        if list.is_none_or(|list| list.as_sequence().is_some_and(|items| !items.is_empty())) {
            assert_eq!(hld.read("component.yaml"), text, "{shown}");
            same += 1;
        }
    }
    assert!(same >= 3, "there are at least the examples: {same}");
}
