//! The README's commands do what it says.

use crate::{console, root};

#[test]
fn the_commands_print_what_is_shown() {
    assert!(console::check("README.md") > 0);
}

#[test]
fn ci_runs_the_test_command_of_the_readme() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let ci = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    let command = readme.lines().find_map(|line| line.strip_prefix("$ cargo test")).unwrap();
    assert!(ci.contains(&format!("step cargo test{command}\n")), "cargo test{command}");
}

#[test]
fn it_is_short() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.lines().count() < 150);
}
