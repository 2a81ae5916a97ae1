//! What becomes of resources on their way through Flux: variables that it replaces,
//! and what it drops or converts without a word.

use goyaml::{Difference, DifferenceKind, Value};
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
        "integer" if !is_custom => Some("Flux applies what is left of the number without a word"),
        "type" if is_of_metadata(&["name", "namespace", "labels", "annotations"]) => {
            Some("Flux (kustomize) makes a text of it without a word")
        }
        _ => None,
    }
}

/// What is wrong with a YAML directive.
pub(super) const DIRECTIVE: &str = "Flux (kustomize) and kubectl cut files at `---`, which leaves a directive alone, and refuse the file; remove it";

/// Returns the line of the first directive, if there is nothing else in a document: the server would take it
/// together with what follows.
pub(super) fn directive(document: &str) -> Option<usize> {
    let mut lines =
        document.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let (first, _) = lines.next().filter(|(_, line)| line.starts_with('%'))?;
    lines.all(|(_, line)| line.starts_with('%')).then_some(first + 1)
}

/// Says what kustomize, and so Flux, makes of something that the server reads otherwise; none if that comes to the
/// same.
pub(super) fn difference(difference: &Difference, is_secret: bool) -> Option<String> {
    let Difference { kind, text, .. } = difference;
    let text = if is_secret { "this" } else { text };
    Some(match kind {
        DifferenceKind::Key => {
            format!(
                "Flux (kustomize) takes no key that is no text, as {text} is, and refuses the file; quote it"
            )
        }
        DifferenceKind::Text => format!("Flux (kustomize) reads {text} as text, and not as true or false"),
        DifferenceKind::Time if kubeschema::is_time(&difference.text) => return None,
        DifferenceKind::Time => {
            let time = Some(text).filter(|text| text.len() == 10).map(|date| format!("{date}T00:00:00Z"));
            let time = time.map_or("a time".to_owned(), |time| format!("the time {time}"));
            format!("Flux (kustomize) makes {time} of {text}; quote it")
        }
    })
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
