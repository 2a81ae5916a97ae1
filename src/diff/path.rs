//! Where something is in a document.

use std::fmt;

use goyaml::Value;

/// One step into a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Into the value of a key.
    Key(String),
    /// Into the item of a list at a place, from 0.
    Index(usize),
    /// Into the item of a list that has these fields, which tell it from the others.
    Item(Vec<(String, Value)>),
}

/// The steps from the top of a document to a value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// Returns the path one step further.
    #[must_use]
    pub fn with(&self, step: Step) -> Path {
        let mut steps = Vec::with_capacity(self.0.len() + 1);
        steps.extend_from_slice(&self.0);
        steps.push(step);
        Path(steps)
    }

    /// Returns whether it leads through these keys, and perhaps further; `*` stands for any step.
    pub fn starts_with(&self, keys: &[&str]) -> bool {
        self.0.len() >= keys.len() && self.0.iter().zip(keys).all(|(step, key)| step.is(key))
    }

    /// Returns whether it leads through these keys and no further; `*` stands for any step.
    pub fn is(&self, keys: &[&str]) -> bool {
        self.0.len() == keys.len() && self.starts_with(keys)
    }

    /// Returns the last key of it.
    pub fn last_key(&self) -> Option<&str> {
        match self.0.last()? {
            Step::Key(key) => Some(key),
            Step::Index(_) | Step::Item(_) => None,
        }
    }

    /// Writes it with `*` for what tells items of lists apart: `containers[*].image`.
    pub fn pattern(&self) -> String {
        let mut text = String::new();
        for step in &self.0 {
            match step {
                Step::Key(key) => push_key(&mut text, key),
                Step::Index(_) | Step::Item(_) => text.push_str("[*]"),
            }
        }
        text
    }
}

impl Step {
    fn is(&self, key: &str) -> bool {
        key == "*" || matches!(self, Step::Key(own) if own == key)
    }
}

/// As people write it: `spec.containers[app].image`, `metadata.labels["helm.sh/chart"]`, `rules[0]`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("(all of it)");
        }
        let mut text = String::new();
        for step in &self.0 {
            match step {
                Step::Key(key) => push_key(&mut text, key),
                Step::Index(at) => text.push_str(&format!("[{at}]")),
                Step::Item(fields) => text.push_str(&format!("[{}]", item_name(fields))),
            }
        }
        f.write_str(&text)
    }
}

/// What people call the item of a list that has these fields: `app`, `53/UDP`.
pub(crate) fn item_name(fields: &[(String, Value)]) -> String {
    let values: Vec<String> = fields.iter().map(|(_, value)| scalar(value)).collect();
    values.join("/")
}

fn push_key(text: &mut String, key: &str) {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    if key.is_empty() || !key.chars().all(is_plain) {
        text.push_str(&format!("[{key:?}]"));
    } else {
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(key);
    }
}

/// A scalar in words; of others, what they are.
pub(crate) fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Sequence(_) | Value::Mapping(_) => value.kind().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_people_write_it() {
        let key = |key: &str| Step::Key(key.to_owned());
        let item = Step::Item(vec![
            ("port".to_owned(), Value::Int(80)),
            ("protocol".to_owned(), Value::String("TCP".to_owned())),
        ]);
        let path = Path(vec![key("spec"), key("ports"), item, key("a.b/c"), Step::Index(2)]);
        assert_eq!(path.to_string(), "spec.ports[80/TCP][\"a.b/c\"][2]");
        assert_eq!(path.pattern(), "spec.ports[*][\"a.b/c\"][*]");
        assert!(path.starts_with(&["spec", "ports", "*"]) && !path.starts_with(&["spec", "*", "x"]));
        assert!(!path.is(&["spec", "ports", "*"]) && path.last_key().is_none());
    }
}
