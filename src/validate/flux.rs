//! What becomes of resources on their way through Flux: variables that it replaces,
//! and what it drops or converts without a word.

use goyaml::Value;
use kubeschema::Segment;

/// The label or annotation that keeps Flux from replacing variables.
const DISABLED: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// Returns the first variable in a resource that Flux would replace, and where it is.
pub(super) fn variable(resource: &Value) -> Option<(String, Vec<Segment>)> {
    let is_disabled = ["labels", "annotations"].iter().any(|key| {
        let set =
            resource.get("metadata").and_then(|metadata| metadata.get(key)).and_then(|map| map.get(DISABLED));
        set.and_then(Value::as_str) == Some("disabled")
    });
    if is_disabled { None } else { find(resource, &mut Vec::new()) }
}

fn find(value: &Value, path: &mut Vec<Segment>) -> Option<(String, Vec<Segment>)> {
    let mut inner = |segment: Segment, value: &Value| {
        path.push(segment);
        let found = find(value, path);
        path.pop();
        found
    };
    match value {
        Value::String(text) => variable_in(text).map(|name| (name.to_owned(), path.clone())),
        Value::Mapping(map) => map.iter().find_map(|(key, value)| inner(Segment::Key(key.clone()), value)),
        Value::Sequence(items) => {
            items.iter().enumerate().find_map(|(at, item)| inner(Segment::Index(at), item))
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_) => None,
    }
}

/// Returns the name in the first `${name`; `$${` stands for itself.
fn variable_in(text: &str) -> Option<&str> {
    let mut from = 0;
    while let Some(at) = text[from..].find("${").map(|at| from + at) {
        let name = &text[at + 2..];
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
        let is_name = end > 0 && !name.starts_with(|c: char| c.is_ascii_digit());
        if is_name && !text[..at].ends_with('$') {
            return Some(&name[..end]);
        }
        from = at + 2;
    }
    None
}

/// Says what Flux makes of something that the server refuses, if it lets it through.
pub(super) fn silence(rule: &str, path: &[Segment], is_custom: bool) -> Option<&'static str> {
    let first_two = (path.first(), path.get(1));
    let is_of_metadata = |keys: &[&str]| {
        matches!(first_two, (Some(Segment::Key(metadata)), Some(Segment::Key(key)))
            if metadata == "metadata" && keys.contains(&key.as_str()))
    };
    match rule {
        "unknown-field" if !is_custom => Some("Flux applies the rest and drops this field without a word"),
        "type" if is_of_metadata(&["name", "namespace", "labels", "annotations"]) => {
            Some("Flux (kustomize) makes a text of it without a word")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<&str>) {
        assert_eq!(variable_in(text), want, "{text:?}");
    }

    #[test]
    fn variables_are_those_that_flux_replaces() {
        check("a ${NAME} b", Some("NAME"));
        check("${name:-default}", Some("name"));
        check("$${NAME} ${other}", Some("other"));
        check("$NAME $(NAME) ${} ${1} $${NAME}", None);
    }
}
