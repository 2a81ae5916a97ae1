//! `docs/commands.md` shows the help of every command as it is.

use std::process::Command;

use crate::{console, root};

#[test]
fn the_documented_help_is_what_fab_prints() {
    console::check("docs/commands.md");
}

#[test]
fn explanations_are_as_the_documentation_shows_them() {
    assert!(console::check("docs/provenance.md") > 0);
}

#[test]
fn every_command_is_documented() {
    let help = Command::new(env!("CARGO_BIN_EXE_fab")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let document = std::fs::read_to_string(root().join("docs/commands.md")).unwrap();
    let commands =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    for command in commands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        assert!(document.contains(&format!("$ fab {command} --help\n")), "no help of `{command}`");
    }
}
