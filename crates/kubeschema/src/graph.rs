//! The schemas of all minors as one graph, read from `data/schemas.txt`.
//!
//! A definition that is the same in every minor is there once; where minors
//! differ, they differ in single fields, so a field carries the minors it holds
//! for. The file has two parts, an empty line between them.
//!
//! First the definitions: a line with the name, then its fields, each line a
//! tab and `NAME MARK? TAB TYPE [TAB MINORS]`. The mark is `!` for a field that
//! must be there and not be empty, `+` for one that may be empty. Minors are a
//! hexadecimal set, from 1.28 up; none means wherever the definition is.
//!
//! | type | |
//! |---|---|
//! | `s` `y` `t` `u` | text, base64, time, time with microseconds |
//! | `s(A\|B)` | one of these texts |
//! | `i` `l` `d` `b` | int32, int64, number, truth value |
//! | `q` `p` | quantity, integer or text |
//! | `*` `o` | anything, any object |
//! | `#7` | the seventh definition from zero |
//! | `{}T` | map of T |
//! | `[]T` `[=]T` `[a,b=X]T` | list, set, list that is a map by `a` and `b`, which is `X` if left out |
//!
//! Then the kinds, a line each, sorted by their first three cells: group,
//! version, kind, scope (`N`, `C` or `?`), plural, definition, minors, and the
//! minor that introduced, deprecated and removed it, and what replaces it.

use crate::kind::{Kind, Scope};
use crate::minor::{Minor, Minors};

/// All definitions and kinds.
#[derive(Debug)]
pub(crate) struct Graph {
    definitions: Vec<Definition>,
    kinds: Vec<Kind>,
    object_meta: usize,
}

/// An object type.
#[derive(Debug)]
pub(crate) struct Definition {
    /// Its name in the OpenAPI specification.
    pub(crate) name: &'static str,
    /// Sorted by name; one name can be there more than once, for other minors.
    fields: Vec<Field>,
}

/// A field of an object type.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) need: Need,
    pub(crate) shape: Shape,
    pub(crate) minors: Minors,
}

/// Whether a field has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Optional,
    Present,
    NotEmpty,
}

/// What a value has to be.
#[derive(Debug)]
pub(crate) enum Shape {
    Any,
    AnyObject,
    Text,
    OneOf(Vec<&'static str>),
    Base64,
    Time,
    MicroTime,
    Int32,
    Int64,
    Number,
    Bool,
    Quantity,
    IntOrString,
    Definition(usize),
    Map(Box<Shape>),
    List(Identity, Box<Shape>),
}

/// What tells the items of a list apart.
#[derive(Debug)]
pub(crate) enum Identity {
    /// Nothing: equal items are fine.
    Place,
    /// The item itself.
    Value,
    /// These fields, each with what it is if it is left out.
    Keys(Vec<(&'static str, Option<&'static str>)>),
}

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const INVALID: &str = "data/schemas.txt has the form that the generator writes";

impl Graph {
    /// Reads the schemas that are part of the program.
    pub(crate) fn embedded() -> Self {
        let text: &'static str = include_str!("../data/schemas.txt");
        let (definitions, kinds) = text.split_once("\n\n").expect(INVALID);
        let definitions = read_definitions(definitions);
        let object_meta =
            definitions.iter().position(|definition| definition.name == OBJECT_META).expect(INVALID);
        Self { definitions, kinds: kinds.lines().map(read_kind).collect(), object_meta }
    }

    pub(crate) fn definition(&self, number: usize) -> &Definition {
        &self.definitions[number]
    }

    pub(crate) fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// Returns the number of the definition of metadata.
    pub(crate) fn object_meta(&self) -> usize {
        self.object_meta
    }

    /// Returns the kind of this name, in whichever minors it is.
    pub(crate) fn kind(&self, group: &str, version: &str, kind: &str) -> Option<&Kind> {
        let place = self
            .kinds
            .binary_search_by(|known| (known.group, known.version, known.name).cmp(&(group, version, kind)));
        place.ok().map(|at| &self.kinds[at])
    }
}

impl Definition {
    /// Returns the field of this name in a minor.
    pub(crate) fn field(&self, name: &str, minor: Minor) -> Option<&Field> {
        let first = self.fields.partition_point(|field| field.name < name);
        let named = self.fields[first..].iter().take_while(|field| field.name == name);
        named.into_iter().find(|field| field.minors.contains(minor))
    }

    /// Returns the field of this name as the latest minor has it that has it.
    pub(crate) fn latest_field(&self, name: &str) -> Option<&Field> {
        let first = self.fields.partition_point(|field| field.name < name);
        let named = self.fields[first..].iter().take_while(|field| field.name == name);
        named.max_by_key(|field| field.minors.bounds().map(|(_, last)| last))
    }

    /// Returns all fields in a minor.
    pub(crate) fn fields(&self, minor: Minor) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| field.minors.contains(minor))
    }

    /// Returns the minors that have a field of this name.
    pub(crate) fn minors_with(&self, name: &str) -> Minors {
        let named = self.fields.iter().filter(|field| field.name == name);
        named.fold(Minors::NONE, |all, field| all.or(field.minors))
    }
}

fn read_definitions(text: &'static str) -> Vec<Definition> {
    let mut definitions: Vec<Definition> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix('\t') {
            None => definitions.push(Definition { name: line, fields: Vec::new() }),
            Some(field) => definitions.last_mut().expect(INVALID).fields.push(read_field(field)),
        }
    }
    for definition in &mut definitions {
        definition.fields.sort_by_key(|field| field.name);
    }
    definitions
}

fn read_field(line: &'static str) -> Field {
    let mut cells = line.split('\t');
    let name = cells.next().expect(INVALID);
    let (name, need) = match name.as_bytes().last() {
        Some(b'!') => (&name[..name.len() - 1], Need::NotEmpty),
        Some(b'+') => (&name[..name.len() - 1], Need::Present),
        _ => (name, Need::Optional),
    };
    let shape = read_shape(cells.next().expect(INVALID));
    let minors = cells.next().map_or(Minors::ALL, |text| Minors::from_hex(text).expect(INVALID));
    Field { name, need, shape, minors }
}

fn read_shape(text: &'static str) -> Shape {
    if let Some(number) = text.strip_prefix('#') {
        return Shape::Definition(number.parse().expect(INVALID));
    }
    if let Some(inner) = text.strip_prefix("{}") {
        return Shape::Map(Box::new(read_shape(inner)));
    }
    if let Some((identity, item)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return Shape::List(read_identity(identity), Box::new(read_shape(item)));
    }
    if let Some(values) = text.strip_prefix("s(") {
        return Shape::OneOf(values.trim_end_matches(')').split('|').collect());
    }
    match text {
        "s" => Shape::Text,
        "y" => Shape::Base64,
        "t" => Shape::Time,
        "u" => Shape::MicroTime,
        "i" => Shape::Int32,
        "l" => Shape::Int64,
        "d" => Shape::Number,
        "b" => Shape::Bool,
        "q" => Shape::Quantity,
        "p" => Shape::IntOrString,
        "o" => Shape::AnyObject,
        _ => Shape::Any,
    }
}

fn read_identity(text: &'static str) -> Identity {
    match text {
        "" => Identity::Place,
        "=" => Identity::Value,
        keys => Identity::Keys(
            keys.split(',')
                .map(|key| key.split_once('=').map_or((key, None), |(key, default)| (key, Some(default))))
                .collect(),
        ),
    }
}

fn read_kind(line: &'static str) -> Kind {
    let cells: [&str; 11] = line.split('\t').collect::<Vec<_>>().try_into().expect(INVALID);
    let [group, version, name, scope, plural, definition, minors, _, deprecated, removed, replacement] =
        cells;
    let minor = |text: &str| text.strip_prefix("1.").and_then(|minor| minor.parse().ok());
    Kind {
        group,
        version,
        name,
        scope: match scope {
            "N" => Some(Scope::Namespace),
            "C" => Some(Scope::Cluster),
            _ => None,
        },
        plural,
        definition: definition.parse().ok(),
        minors: Minors::from_hex(minors).expect(INVALID),
        deprecated: minor(deprecated),
        removed: minor(removed),
        replacement,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minor(number: u32) -> Minor {
        Minor::new(number).unwrap()
    }

    #[test]
    fn every_reference_leads_to_a_definition() {
        fn check(shape: &Shape, count: usize) {
            match shape {
                Shape::Definition(number) => assert!(*number < count),
                Shape::Map(inner) | Shape::List(_, inner) => check(inner, count),
                _ => {}
            }
        }
        let graph = Graph::embedded();
        for definition in &graph.definitions {
            definition.fields.iter().for_each(|field| check(&field.shape, graph.definitions.len()));
        }
        assert!(graph.kinds.iter().all(|kind| kind.definition < Some(graph.definitions.len())));
    }

    #[test]
    fn kinds_are_found_by_group_version_and_name() {
        let graph = Graph::embedded();
        let kind = graph.kind("apps", "v1", "Deployment").unwrap();
        assert_eq!((kind.plural, kind.scope), ("deployments", Some(Scope::Namespace)));
        let definition = graph.definition(kind.definition.unwrap());
        assert_eq!(definition.name, "io.k8s.api.apps.v1.Deployment");
        assert!(matches!(definition.field("spec", minor(36)).unwrap().shape, Shape::Definition(_)));
        assert!(graph.kind("apps", "v1", "deployment").is_none());
    }

    #[test]
    fn a_field_is_there_only_in_its_minors() {
        let graph = Graph::embedded();
        let pod = graph.kind("", "v1", "Pod").unwrap();
        let Shape::Definition(spec) =
            graph.definition(pod.definition.unwrap()).field("spec", minor(28)).unwrap().shape
        else {
            panic!("spec is an object")
        };
        // KEP-2837: pod-level resources came as alpha in 1.32.
        assert!(graph.definition(spec).field("resources", minor(31)).is_none());
        assert!(graph.definition(spec).field("resources", minor(32)).is_some());
    }
}
