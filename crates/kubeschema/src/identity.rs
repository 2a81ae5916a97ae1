//! What makes an object a resource: `apiVersion`, `kind` and a name.
//!
//! Without these a client cannot even build the request.

use goyaml::Value;

use crate::finding::Findings;
use crate::schema::describe;
use crate::view::field;

/// Returns `apiVersion` and `kind`, if the resource has both.
pub(crate) fn check<'a>(resource: &'a Value, found: &mut Findings<'a>) -> Option<(&'a str, &'a str)> {
    if resource.as_mapping().is_none() {
        found.error(resource, "identity", format!("a resource is a map, and this is {}", describe(resource)));
        return None;
    }
    let api_version = required_text(resource, "apiVersion", found);
    let kind = required_text(resource, "kind", found);
    match field(resource, "metadata") {
        Some(metadata) if metadata.as_mapping().is_some() => name(metadata, found),
        Some(_) => {}
        None => found.key_error(resource, "metadata", "identity", "metadata with a name is missing"),
    }
    Some((api_version?, kind?))
}

fn required_text<'a>(object: &'a Value, key: &str, found: &mut Findings<'a>) -> Option<&'a str> {
    match field(object, key) {
        Some(Value::String(text)) if !text.is_empty() => return Some(text),
        None | Some(Value::String(_)) => {
            found.key_error(object, key, "identity", format!("{key} is missing"));
        }
        Some(other) => {
            found.error(other, "type", format!("expected a string, found {}; quote it", describe(other)));
        }
    }
    None
}

fn name<'a>(metadata: &'a Value, found: &mut Findings<'a>) {
    if field(metadata, "name").is_none() && field(metadata, "generateName").is_some() {
        let message = "server-side apply needs a name; generateName works with create only";
        return found.key_error(metadata, "name", "identity", message);
    }
    let Some(name) = required_text(metadata, "name", found) else { return };
    if name == "." || name == ".." || name.contains(['/', '%']) {
        let message = format!("{name:?} cannot be a name: no / or %, and not . or ..");
        found.key_error(metadata, "name", "name", message);
    }
}
