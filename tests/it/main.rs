//! What `fab` does as a program, and what has to hold for the repository.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod chance;
mod ci;
mod cluster;
mod committing;
mod console;
mod corpus;
mod diff;
mod diff_page;
mod diff_pairs;
mod editing;
mod editor;
mod end_to_end;
mod examples;
mod explain;
mod fabrikate_bugs;
mod fetching;
mod find;
mod generate;
mod git_servers;
mod help;
mod hld;
mod hosts;
mod images;
mod init;
mod install;
mod install_web;
mod inventory;
mod leftovers;
mod lint;
mod manifest_site;
mod messages;
mod odd_repositories;
mod overrides;
mod pipelines;
mod promoting;
mod publishing;
mod publishing_servers;
mod racing;
mod readme;
mod real_servers;
mod remote_charts;
mod render_settings;
mod rolling_back;
mod seeds;
mod server;
mod signing;
mod site;
mod status;
mod status_clusters;
mod subcharts;
mod template;
mod tidy;
mod validate;
mod vendor;
mod why;

use std::path::{Path, PathBuf};

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` whose name ends in `end`, sorted.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().is_some_and(|path| path.ends_with(end)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    for file in files(from, "") {
        let target = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&file, target).unwrap();
    }
}
