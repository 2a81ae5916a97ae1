//! `.Chart`: in Helm 4 a map of all fields of `Chart.yaml` by their names in Go.
//!
//! Lists in it are `[]interface {}` and never nil; the annotations keep the type
//! that they have in Go.

use gotmpl::{List, Map, Type, Value};

use crate::metadata::{Dependency, Maintainer, Metadata};

/// Returns the fields as a new map, which templates may change.
pub(super) fn metadata_map(metadata: &Metadata, is_root: bool) -> Value {
    let text = |text: &String| Value::str(text.as_str());
    Value::map([
        ("Name", text(&metadata.name)),
        ("Home", text(&metadata.home)),
        ("Sources", texts(metadata.sources.as_deref())),
        ("Version", text(&metadata.version)),
        ("Description", text(&metadata.description)),
        ("Keywords", texts(metadata.keywords.as_deref())),
        ("Maintainers", list(metadata.maintainers.as_deref(), maintainer)),
        ("Icon", text(&metadata.icon)),
        ("APIVersion", text(&metadata.api_version)),
        ("Condition", text(&metadata.condition)),
        ("Tags", text(&metadata.tags)),
        ("AppVersion", text(&metadata.app_version)),
        ("Deprecated", Value::Bool(metadata.deprecated)),
        ("Annotations", annotations(metadata)),
        ("KubeVersion", text(&metadata.kube_version)),
        ("Dependencies", list(metadata.dependencies.as_deref(), dependency)),
        ("Type", text(&metadata.kind)),
        ("IsRoot", Value::Bool(is_root)),
    ])
}

fn maintainer(maintainer: &Maintainer) -> Value {
    Value::map([
        ("Name", Value::str(maintainer.name.as_str())),
        ("Email", Value::str(maintainer.email.as_str())),
        ("URL", Value::str(maintainer.url.as_str())),
    ])
}

fn dependency(dependency: &Dependency) -> Value {
    Value::map([
        ("Name", Value::str(dependency.name.as_str())),
        ("Version", Value::str(dependency.version.as_str())),
        ("Repository", Value::str(dependency.repository.as_str())),
        ("Condition", Value::str(dependency.condition.as_str())),
        ("Tags", texts(dependency.tags.as_deref())),
        ("Enabled", Value::Bool(dependency.enabled)),
        ("ImportValues", list(dependency.import_values.as_deref(), crate::engine::json_value)),
        ("Alias", Value::str(dependency.alias.as_str())),
    ])
}

fn annotations(metadata: &Metadata) -> Value {
    Value::Map(match &metadata.annotations {
        None => Map::nil(Type::STRING_MAP),
        Some(pairs) => {
            let entries = pairs.iter().map(|(key, text)| (key.as_str().into(), Value::str(text.as_str())));
            Map::with_entries(Type::STRING_MAP, entries.collect())
        }
    })
}

fn texts(texts: Option<&[String]>) -> Value {
    list(texts, |text| Value::str(text.as_str()))
}

fn list<T>(items: Option<&[T]>, convert: impl Fn(&T) -> Value) -> Value {
    Value::List(List::new(Type::LIST, items.unwrap_or_default().iter().map(convert).collect()))
}
