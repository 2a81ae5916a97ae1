//! What holds for every file of the repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::{files, root};

/// Files over 1000 lines, with the reason.
const LONG: [(&str, &str); 0] = [];

/// Nouns for a role in a pattern, where a type should be named for a thing.
const ROLES: [&str; 7] = ["Manager", "Service", "Factory", "Handler", "Helper", "Util", "Processor"];

/// Phrases that talk to a reviewer or put something off.
const PHRASES: [&str; 9] = [
    "for now",
    "in a real ",
    "as requested",
    "now correctly",
    "now properly",
    "todo!",
    "unimplemented!",
    "fixme",
    "for backward",
];

/// The crates that may read no file, clock, environment or network.
const ENGINES: [&str; 5] = ["goyaml", "gotmpl", "sprig", "helm", "kubeschema"];

fn sources() -> Vec<(String, String)> {
    let folders = ["src", "crates", "tests", "benches"].map(|folder| root().join(folder));
    let all = folders.iter().filter(|folder| folder.exists()).flat_map(|folder| files(folder, ".rs"));
    all.map(|path| (relative(&path), fs::read_to_string(path).unwrap())).collect()
}

fn documents() -> Vec<(String, String)> {
    let mut all = files(&root().join("docs"), ".md");
    all.extend([root().join("README.md"), root().join("CHANGELOG.md")]);
    all.into_iter().map(|path| (relative(&path), fs::read_to_string(path).unwrap())).collect()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/")
}

/// Everything that breaks a rule, or nothing.
#[track_caller]
fn none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn every_source_opens_with_why_it_exists() {
    let bare = sources().into_iter().filter(|(_, text)| !text.starts_with("//! "));
    none(&bare.map(|(path, _)| path).collect::<Vec<_>>());
}

#[test]
fn no_file_is_too_long() {
    let long = sources().into_iter().map(|(path, text)| (path, text.lines().count()));
    let long = long.filter(|(path, lines)| *lines > 1000 && LONG.iter().all(|(known, _)| known != path));
    none(&long.map(|(path, lines)| format!("{path}: {lines} lines")).collect::<Vec<_>>());
}

#[test]
fn types_are_named_for_things() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        for line in text.lines() {
            let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            let defined = words.windows(2).find(|pair| ["struct", "enum", "trait"].contains(&pair[0]));
            if defined.is_some_and(|pair| ROLES.iter().any(|role| pair[1].contains(role))) {
                broken.push(format!("{path}: {line}"));
            }
        }
    }
    none(&broken);
}

#[test]
fn nothing_is_put_off_or_said_to_a_reviewer() {
    let texts = sources().into_iter().chain(documents()).filter(|(path, _)| path != "tests/it/tidy.rs");
    let mut broken = Vec::new();
    for (path, text) in texts {
        for line in
            text.lines().filter(|line| PHRASES.iter().any(|phrase| line.to_lowercase().contains(phrase)))
        {
            broken.push(format!("{path}: {line}"));
        }
    }
    none(&broken);
}

#[test]
fn every_path_in_the_documentation_exists() {
    let tops = [".ci/", "benches/", "crates/", "docs/", "examples/", "src/", "testdata/", "tests/"];
    let mut broken = Vec::new();
    for (document, text) in documents() {
        for path in
            text.split('`').skip(1).step_by(2).filter(|path| tops.iter().any(|top| path.starts_with(top)))
        {
            let plain = !path.contains(|c: char| c.is_whitespace() || "*<{[".contains(c));
            if plain && !root().join(path).exists() {
                broken.push(format!("{document}: {path}"));
            }
        }
    }
    none(&broken);
}

#[test]
fn every_folder_of_fixtures_is_used_by_a_test() {
    let all: String = sources().into_iter().map(|(_, text)| text).collect();
    let mut broken = Vec::new();
    for package in
        ["", "crates/goyaml/", "crates/gotmpl/", "crates/sprig/", "crates/helm/", "crates/kubeschema/"]
    {
        let Ok(entries) = fs::read_dir(root().join(package).join("testdata")) else { continue };
        let folders = entries.map(Result::unwrap).filter(|entry| entry.path().is_dir());
        let names = folders.map(|entry| entry.file_name().into_string().unwrap());
        broken.extend(
            names.filter(|name| !all.contains(name.as_str())).map(|name| format!("{package}testdata/{name}")),
        );
    }
    none(&broken);
}

#[test]
fn the_library_does_not_know_the_command_line() {
    let library =
        sources().into_iter().filter(|(path, _)| path.starts_with("src/") && !path.starts_with("src/cli/"));
    none(&library.filter(|(_, text)| text.contains("crate::cli")).map(|(path, _)| path).collect::<Vec<_>>());
}

#[test]
fn engines_are_pure() {
    let impure = [
        "std::fs",
        "std::env",
        "std::net::Tcp",
        "std::net::Udp",
        "ToSocketAddrs",
        "std::process",
        "SystemTime::now",
        "Instant::now",
        "println!",
        "print!",
    ];
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let engine = ENGINES.iter().any(|name| path.starts_with(&format!("crates/{name}/src/")));
        let loads = path == "crates/helm/src/load.rs" || path.starts_with("crates/helm/src/load/");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        if engine && !loads && !path.ends_with("tests.rs") {
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            let found = lines.filter(|line| impure.iter().any(|word| line.contains(word)));
            broken.extend(found.map(|line| format!("{path}: {line}")));
        }
    }
    none(&broken);
}

/// The names under `[dependencies]`.
fn dependencies(manifest: &Path) -> Vec<String> {
    let text = fs::read_to_string(manifest).unwrap();
    let section = text.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let lines = section.take_while(|line| !line.starts_with('[')).filter(|line| line.contains('='));
    let mut names: Vec<String> =
        lines.filter_map(|line| line.split(['.', ' ', '=']).next()).map(|name| format!("`{name}`")).collect();
    names.sort();
    names
}

#[test]
fn the_documented_dependencies_are_those_of_the_manifests() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let table = text.lines().skip_while(|line| *line != "| package | depends on |").skip(2);
    let documented: BTreeMap<String, String> = table
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
            (cells.next().unwrap(), cells.next().unwrap())
        })
        .collect();
    let mut manifests = vec![("`fabrikate`".to_owned(), root().join("Cargo.toml"))];
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        manifests.push((format!("`{name}`"), folder.join("Cargo.toml")));
    }
    let real = manifests.into_iter().map(|(name, path)| (name, dependencies(&path).join(", ")));
    assert_eq!(documented, real.collect());
}
