//! Every example generates the tree that is committed beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::{copy, files, root};

/// The environments of an example, and its folder.
const EXAMPLES: [(&str, &[&str]); 1] = [("getting-started", &["prod", "staging"])];

fn fab(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fab")).args(arguments).current_dir(folder).output().unwrap()
}

fn tree(folder: &Path) -> BTreeMap<PathBuf, String> {
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path.strip_prefix(folder).unwrap().to_owned(), text)
    };
    files(folder, "").into_iter().map(read).collect()
}

#[test]
fn the_committed_trees_are_what_fab_generates() {
    for (name, environments) in EXAMPLES {
        let example = root().join("examples").join(name);
        let place = tempfile::tempdir().unwrap();
        copy(&example, place.path());
        std::fs::remove_dir_all(place.path().join("generated")).unwrap();
        for environment in environments {
            let output = fab(place.path(), &["generate", environment]);
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let (got, want) = (tree(&place.path().join("generated")), tree(&example.join("generated")));
        let names = |tree: &BTreeMap<PathBuf, String>| tree.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&got), names(&want), "{name}");
        for (path, text) in got {
            assert_eq!(text, want[&path], "{name}: {}", path.display());
        }
    }
}

#[test]
fn check_finds_nothing_to_do() {
    for (name, environments) in EXAMPLES {
        let example = root().join("examples").join(name);
        for environment in environments {
            let output = fab(&example, &["generate", environment, "--check"]);
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn every_example_is_tested() {
    let mut folders: Vec<String> = std::fs::read_dir(root().join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(folders, EXAMPLES.map(|(name, _)| name));
}
