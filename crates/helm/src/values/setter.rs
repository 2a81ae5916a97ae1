//! Who sets a value: which of the files and options of a user.
//!
//! Nothing is remembered while values are merged. Whoever asks goes through them
//! again, the strongest first.

use goyaml::{Mapping, PathSegment, Value};

use super::Overrides;

/// What sets a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setter {
    /// An option such as `--set`.
    Option(&'static str),
    /// A values file.
    File {
        /// Its path.
        path: String,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
    },
}

/// Makes overrides of one text of an option and nothing else.
type Alone<'a> = &'a dyn Fn(&String) -> Overrides;

impl Overrides {
    /// Returns what sets the value that `keys` lead to, or a part of it; of several, the one that counts. Files are
    /// read by the caller's function.
    pub fn setter(&self, keys: &[String], read: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Option<Setter> {
        let alone = Overrides::default;
        let one = |text: &String| vec![text.clone()];
        let options: [(&'static str, &[String], Alone<'_>); 5] = [
            ("--set-literal", &self.set_literal, &|text| Overrides { set_literal: one(text), ..alone() }),
            ("--set-file", &self.set_file, &|text| Overrides { set_file: one(text), ..alone() }),
            ("--set-string", &self.set_string, &|text| Overrides { set_string: one(text), ..alone() }),
            ("--set", &self.set, &|text| Overrides { set: one(text), ..alone() }),
            ("--set-json", &self.set_json, &|text| Overrides { set_json: one(text), ..alone() }),
        ];
        for (option, texts, overrides) in options {
            let sets = |text: &&String| overrides(text).merge(read).is_ok_and(|values| has(&values, keys));
            if texts.iter().any(|text| sets(&text)) {
                return Some(Setter::Option(option));
            }
        }
        self.files.iter().rev().find_map(|path| {
            let text = read(path).ok()?;
            let text = String::from_utf8_lossy(&text);
            let segments: Vec<PathSegment<'_>> = keys.iter().map(|key| PathSegment::Key(key)).collect();
            let span = goyaml::locate(&text, &segments)?;
            let start = span.key.unwrap_or(span.value);
            Some(Setter::File { path: path.clone(), line: start.line, column: start.column })
        })
    }
}

fn has(values: &Mapping, keys: &[String]) -> bool {
    match keys {
        [] => true,
        [first, rest @ ..] => match values.get(first) {
            Some(Value::Mapping(inner)) => has(inner, rest),
            Some(_) => rest.is_empty(),
            None => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(overrides: &Overrides, keys: &str, want: Option<Setter>) {
        let read = |path: &str| match path {
            "a.yaml" => Ok(b"x: {y: 1, z: 2}\n".to_vec()),
            "b.yaml" => Ok(b"# b\nx:\n  y: 3\n".to_vec()),
            other => Err(format!("no {other}")),
        };
        let keys: Vec<String> = keys.split('.').map(str::to_owned).collect();
        assert_eq!((&keys, overrides.setter(&keys, &read)), (&keys, want));
    }

    #[test]
    fn the_strongest_one_is_named() {
        let files =
            Overrides { files: vec!["a.yaml".to_owned(), "b.yaml".to_owned()], ..Overrides::default() };
        let file = |path: &str, line, column| Some(Setter::File { path: path.to_owned(), line, column });
        check(&files, "x.y", file("b.yaml", 3, 3));
        check(&files, "x.z", file("a.yaml", 1, 11));
        check(&files, "x", file("b.yaml", 2, 1));
        check(&files, "y", None);
        let options = Overrides { set: vec!["x.y=1,q={1,2}".to_owned()], ..files };
        check(&options, "x.y", Some(Setter::Option("--set")));
        check(&options, "q", Some(Setter::Option("--set")));
        check(&options, "x.z", file("a.yaml", 1, 11));
        let literal = Overrides { set_literal: vec!["x.y=1".to_owned()], ..options };
        check(&literal, "x.y", Some(Setter::Option("--set-literal")));
    }
}
