//! Finds charts and components in the folders of a git repository.
//!
//! A folder with a `Chart.yaml` is a chart, and what is inside belongs to it; one
//! with a component file is a component. What cannot be read is none: somebody
//! else's mistake is not in the way of a search.

use std::fs;
use std::path::Path;

use goyaml::Value;
use walkdir::{DirEntry, WalkDir};

use super::Offer;
use crate::definition::place;

/// Lists what is below a folder of a repository; `name` is that of the repository.
pub(super) fn offers(root: &Path, path: &str, name: &str) -> Vec<Offer> {
    let mut offers = Vec::new();
    let is_wanted = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || entry.file_type().is_dir() && !name.starts_with('.') && name != "helm_repos"
    };
    let mut entries = WalkDir::new(root.join(path)).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        let Ok(entry) = entry else { continue };
        if !is_wanted(&entry) {
            if entry.file_type().is_dir() {
                entries.skip_current_dir();
            }
            continue;
        }
        let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let path = place::clean(&below.to_string_lossy().replace('\\', "/"));
        let called = path.rsplit('/').next().filter(|last| !last.is_empty()).unwrap_or(name);
        if entry.path().join("Chart.yaml").is_file() {
            offers.extend(chart(entry.path(), &path));
            entries.skip_current_dir();
        } else if let Some(component) = component(entry.path(), &path, called) {
            offers.push(component);
        }
    }
    offers
}

fn chart(folder: &Path, path: &str) -> Option<Offer> {
    let file = read(&folder.join("Chart.yaml"))?;
    // A library renders nothing.
    if text(&file, "type") == "library" {
        return None;
    }
    let name = text(&file, "name");
    (!name.is_empty()).then(|| Offer {
        name: name.to_owned(),
        is_chart: true,
        path: path.to_owned(),
        version: text(&file, "version").to_owned(),
        description: one_line(text(&file, "description")),
    })
}

fn component(folder: &Path, path: &str, called: &str) -> Option<Offer> {
    let files = ["component.yaml", "component.json"].map(|name| folder.join(name));
    let file = read(files.iter().find(|file| file.is_file())?)?;
    let name = text(&file, "name");
    Some(Offer {
        name: if name.is_empty() { called } else { name }.to_owned(),
        is_chart: false,
        path: path.to_owned(),
        version: String::new(),
        description: readme(folder).unwrap_or_default(),
    })
}

fn read(file: &Path) -> Option<Value> {
    goyaml::from_str_with_literal_keys(&fs::read_to_string(file).ok()?).ok()
}

fn text<'a>(file: &'a Value, name: &str) -> &'a str {
    match file {
        Value::Mapping(map) => match map.get(name) {
            Some(Value::String(text)) => text,
            _ => "",
        },
        _ => "",
    }
}

/// Returns the first line of a README that is a sentence: no heading, picture, link or table.
fn readme(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join("README.md")).ok()?;
    let is_sentence = |line: &&str| line.starts_with(|c: char| c.is_alphanumeric() || c == '`' || c == '"');
    text.lines().map(str::trim).find(is_sentence).map(one_line)
}

/// Returns a text in one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(files: &[(&str, &str)], path: &str, want: &[(&str, &str, &str)]) {
        let root = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let file = root.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let offers = offers(root.path(), path, "platform");
        let got: Vec<(&str, &str, &str)> = offers
            .iter()
            .map(|offer| (offer.name.as_str(), offer.path.as_str(), offer.description.as_str()))
            .collect();
        assert_eq!(got, want);
    }

    #[test]
    fn folders_with_a_chart_or_component_file_are_found() {
        check(
            &[
                ("component.yaml", "type: component\n"),
                ("README.md", "# Platform\n\n[![badge](x)](y)\n\nAll of it.\nMore.\n"),
                ("defs/ingress/component.json", r#"{"name": "nginx"}"#),
                ("defs/redis/Chart.yaml", "name: redis\nversion: 1.0.0\ndescription: |\n  A\n  store\n"),
                ("defs/redis/charts/common/Chart.yaml", "name: common\n"),
                ("defs/lib/Chart.yaml", "name: lib\ntype: library\n"),
                (".github/component.yaml", "name: hidden\n"),
                ("broken/component.yaml", "name: [\n"),
            ],
            "",
            &[
                ("platform", "", "All of it."),
                ("nginx", "defs/ingress", ""),
                ("redis", "defs/redis", "A store"),
            ],
        );
    }

    #[test]
    fn a_folder_is_searched_alone() {
        let files = [("a/component.yaml", "name: a\n"), ("b/x/component.yaml", "type: static\n")];
        check(&files, "b", &[("x", "b/x", "")]);
    }
}
