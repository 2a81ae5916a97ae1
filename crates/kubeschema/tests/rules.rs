//! Resources with faults, and what is found in them.
//!
//! Each file of `testdata/rules` is a stream; the comments of a document say
//! what is found in it, `# LEVEL PATH: RULE`, and nothing else may be. Most errors
//! there are verdicts of a kube-apiserver 1.36; the others follow from its source.

use std::fs;
use std::path::Path;

use goyaml::Value;
use kubeschema::{Level, Minor, Schemas};

fn wanted(document: &str) -> Vec<String> {
    let comments = document.lines().filter_map(|line| line.strip_prefix("# "));
    let mut wanted: Vec<String> = comments
        .filter(|comment| comment.starts_with("error ") || comment.starts_with("warning "))
        .map(str::to_owned)
        .collect();
    wanted.sort();
    wanted
}

fn found(schemas: &Schemas, document: &str) -> Vec<String> {
    let findings = schemas.check_text(document, Minor::new(36).expect("1.36 is covered"));
    let mut found: Vec<String> = findings
        .iter()
        .map(|finding| {
            let level = if finding.level == Level::Error { "error" } else { "warning" };
            format!("{level} {}: {}", finding.path, finding.rule)
        })
        .collect();
    found.sort();
    found
}

#[test]
fn each_fault_is_found_where_it_is_and_nothing_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/rules");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut wrong = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let documents = goyaml::documents(&text).unwrap();
        let mut schemas = Schemas::embedded();
        for document in &documents {
            schemas.define(&goyaml::from_str::<Value>(document.text).unwrap());
        }
        for document in &documents {
            let (wanted, found) = (wanted(document.text), found(&schemas, document.text));
            if wanted != found {
                let place = format!("{}:{}", file.display(), document.line + 1);
                wrong.push(format!("{place}\n  wanted {wanted:#?}\n  found {found:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
