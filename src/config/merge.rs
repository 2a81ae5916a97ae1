//! Merges the layers of a component into its final settings.
//!
//! Two rules decide every conflict, both inherited from Fabrikate: a parent
//! wins over its child, because it knows how the parts work together; and of
//! the environments on the command line the first wins, `common` last. The
//! caller merges in that order, the strongest layer first. What a merge does
//! with two values is Fabrikate's rule too, but for paths that a layer overrides:
//! about these the layers below it have no say. Otherwise maps are merged key by key, lists
//! are joined (the higher one first), a scalar of the higher layer wins over
//! anything, and `null` wins over nothing.
//!
//! Where two layers cannot be merged (a map or a list above something else)
//! the higher value stays and a [`Conflict`] is returned; merging goes on, so
//! that one run names all of them.
//!
//! Invariant: merging reads no files, and neither value knows where it came
//! from. Who set a value follows from the layers in the same order: see
//! [`setter`].

use std::borrow::Cow;
use std::collections::btree_map::Entry;

use goyaml::{Mapping, Value};

use super::Config;

/// Two layers say incompatible things about one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The subcomponent that the value is for; empty for the component itself.
    pub subcomponents: Vec<String>,
    /// The keys below `config` that lead to it.
    pub keys: Vec<String>,
    /// What the higher layer has.
    pub higher: &'static str,
    /// What the lower layer has.
    pub lower: &'static str,
}

/// Merges `lower` into `higher`, which wins; returns what cannot be merged.
pub fn merge(higher: &mut Config, lower: &Config) -> Vec<Conflict> {
    let mut merge = Merge::default();
    merge.config(higher, lower);
    merge.conflicts
}

/// Returns the first of `layers`, the strongest first, that has a say on a value: it has one that is not
/// `null` there, or one above it that is no map.
pub fn setter<'a, T>(
    layers: impl IntoIterator<Item = (T, &'a Config)>,
    subcomponents: &[String],
    keys: &[String],
) -> Option<T> {
    let ends = |config: &Config| sets(config, subcomponents, keys) || overrides(config, subcomponents, keys);
    let (layer, config) = layers.into_iter().find(|(_, config)| ends(config))?;
    sets(config, subcomponents, keys).then_some(layer)
}

/// Whether a layer takes the say about a value from the layers below it.
fn overrides(config: &Config, subcomponents: &[String], keys: &[String]) -> bool {
    let below = subcomponents.iter().try_fold(config, |config, name| config.subcomponents.get(name));
    below.is_some_and(|config| config.overridden.iter().any(|path| keys.starts_with(path)))
}

/// Returns values without those at some paths, and without the maps that are empty then.
fn without(values: &Mapping, paths: &[Vec<String>]) -> Mapping {
    let mut left = values.clone();
    for path in paths {
        cut(&mut left, path);
    }
    left
}

fn cut(map: &mut Mapping, path: &[String]) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        map.remove(first);
    } else if let Some(Value::Mapping(below)) = map.get_mut(first) {
        cut(below, rest);
        if below.is_empty() {
            map.remove(first);
        }
    }
}

fn sets(config: &Config, subcomponents: &[String], keys: &[String]) -> bool {
    let below = subcomponents.iter().try_fold(config, |config, name| config.subcomponents.get(name));
    let Some(mut map) = below.and_then(|config| config.values.as_ref()) else { return false };
    for (at, key) in keys.iter().enumerate() {
        match map.get(key) {
            None | Some(Value::Null) => return false,
            Some(Value::Mapping(inner)) if at + 1 < keys.len() => map = inner,
            Some(_) => return true,
        }
    }
    true
}

/// A merge on its way through two trees, with the path to where it is.
#[derive(Default)]
struct Merge {
    subcomponents: Vec<String>,
    keys: Vec<String>,
    conflicts: Vec<Conflict>,
}

impl Merge {
    fn config(&mut self, higher: &mut Config, lower: &Config) {
        if higher.namespace.as_deref().unwrap_or_default().is_empty() {
            higher.namespace.clone_from(&lower.namespace);
        }
        higher.inject_namespace = higher.inject_namespace.or(lower.inject_namespace);
        higher.disabled = higher.disabled.or(lower.disabled);
        if let Some(lower) = &lower.values {
            let heard = match higher.overridden.as_slice() {
                [] => Cow::Borrowed(lower),
                paths => Cow::Owned(without(lower, paths)),
            };
            match &mut higher.values {
                Some(higher) => self.map(higher, &heard),
                None => higher.values = Some(heard.into_owned()),
            }
        }
        // What a layer overrides, it overrides in all layers below it.
        higher.overridden.extend_from_slice(&lower.overridden);
        for (name, lower) in &lower.subcomponents {
            match higher.subcomponents.entry(name.clone()) {
                // A component that no higher layer mentions is taken whole, with its nulls.
                Entry::Vacant(free) => {
                    free.insert(lower.clone());
                }
                Entry::Occupied(mut taken) => {
                    self.subcomponents.push(name.clone());
                    self.config(taken.get_mut(), lower);
                    self.subcomponents.pop();
                }
            }
        }
    }

    fn map(&mut self, higher: &mut Mapping, lower: &Mapping) {
        for (key, lower) in lower {
            if matches!(lower, Value::Null) {
                continue;
            }
            match higher.get_mut(key) {
                None | Some(Value::Null) => {
                    higher.insert(key.clone(), lower.clone());
                }
                Some(higher) => {
                    self.keys.push(key.clone());
                    self.value(higher, lower);
                    self.keys.pop();
                }
            }
        }
    }

    fn value(&mut self, higher: &mut Value, lower: &Value) {
        match (higher, lower) {
            (Value::Mapping(higher), Value::Mapping(lower)) => self.map(higher, lower),
            (Value::Sequence(higher), Value::Sequence(lower)) => higher.extend_from_slice(lower),
            (higher @ (Value::Mapping(_) | Value::Sequence(_)), lower) => self.conflicts.push(Conflict {
                subcomponents: self.subcomponents.clone(),
                keys: self.keys.clone(),
                higher: higher.kind(),
                lower: lower.kind(),
            }),
            // A scalar wins, also over a map or a list.
            (
                Value::Null
                | Value::Bool(_)
                | Value::Int(_)
                | Value::Uint(_)
                | Value::Float(_)
                | Value::String(_),
                _,
            ) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds a value: a number, text, `null`, a list or a map.
    macro_rules! yaml {
        (null) => { Value::Null };
        ([$($item:tt),*]) => { Value::Sequence(vec![$(yaml!($item)),*]) };
        ({$($key:ident : $value:tt),*}) => { Value::Mapping(Mapping::from([$((stringify!($key).to_owned(), yaml!($value))),*])) };
        ($scalar:literal) => { Value::from_literal($scalar) };
    }

    trait FromLiteral<T> {
        fn from_literal(literal: T) -> Value;
    }
    impl FromLiteral<i64> for Value {
        fn from_literal(literal: i64) -> Value {
            Value::Int(literal)
        }
    }
    impl FromLiteral<&str> for Value {
        fn from_literal(literal: &str) -> Value {
            Value::String(literal.to_owned())
        }
    }
    impl FromLiteral<bool> for Value {
        fn from_literal(literal: bool) -> Value {
            Value::Bool(literal)
        }
    }

    fn values(value: Value) -> Config {
        let Value::Mapping(map) = value else { panic!("values are a map") };
        Config { values: Some(map), ..Config::default() }
    }

    #[track_caller]
    fn check(higher: Value, lower: Value, want: Value) {
        let mut merged = values(higher);
        assert_eq!(merge(&mut merged, &values(lower)), [], "conflicts");
        assert_eq!(merged, values(want));
    }

    #[track_caller]
    fn check_conflict(higher: Value, lower: Value, keys: &[&str]) {
        let mut merged = values(higher.clone());
        let conflicts = merge(&mut merged, &values(lower));
        assert_eq!(conflicts.iter().map(|conflict| conflict.keys.join(".")).collect::<Vec<_>>(), keys);
        assert_eq!(merged, values(higher), "the higher value stays");
    }

    #[test]
    fn maps_are_merged_key_by_key() {
        check(yaml!({a: {x: 1}}), yaml!({a: {x: 2, y: 3}, b: 4}), yaml!({a: {x: 1, y: 3}, b: 4}));
    }

    #[test]
    fn lists_are_joined_higher_first() {
        check(yaml!({l: [1, 2]}), yaml!({l: [2, 3]}), yaml!({l: [1, 2, 2, 3]}));
        check(yaml!({l: []}), yaml!({l: [1]}), yaml!({l: [1]}));
    }

    #[test]
    fn a_higher_scalar_wins_over_anything() {
        check(
            yaml!({a: 0, b: "", c: false}),
            yaml!({a: 1, b: {x: 1}, c: [1]}),
            yaml!({a: 0, b: "", c: false}),
        );
    }

    #[test]
    fn null_wins_over_nothing() {
        check(yaml!({a: null}), yaml!({a: 1}), yaml!({a: 1}));
        check(yaml!({a: 1}), yaml!({a: null}), yaml!({a: 1}));
        check(yaml!({a: null}), yaml!({a: null}), yaml!({a: null}));
    }

    #[test]
    fn a_lower_null_is_dropped_but_stays_in_a_map_taken_whole() {
        check(yaml!({}), yaml!({a: null, m: {b: null}}), yaml!({m: {b: null}}));
    }

    #[test]
    fn a_map_or_a_list_above_something_else_is_a_conflict() {
        check_conflict(yaml!({a: {x: 1}}), yaml!({a: "text"}), &["a"]);
        check_conflict(yaml!({a: {x: [1]}}), yaml!({a: {x: {y: 1}}}), &["a.x"]);
        check_conflict(yaml!({a: [1], b: {}}), yaml!({a: 1, b: []}), &["a", "b"]);
    }

    /// Merges three layers, of which the second overrides a path.
    #[track_caller]
    fn check_override(layers: [Value; 3], path: &[&str], want: Value) {
        let [high, middle, low] = layers.map(values);
        let middle = Config { overridden: vec![path.iter().map(|&key| key.to_owned()).collect()], ..middle };
        let mut merged = high;
        assert_eq!(merge(&mut merged, &middle), [], "conflicts");
        assert_eq!(merge(&mut merged, &low), [], "conflicts");
        assert_eq!(merged.values, values(want).values);
    }

    #[test]
    fn a_layer_overrides_those_below_it_and_no_other() {
        check_override(
            [yaml!({l: [1]}), yaml!({l: [2]}), yaml!({l: [3], a: 1})],
            &["l"],
            yaml!({l: [1, 2], a: 1}),
        );
        check_override([yaml!({}), yaml!({}), yaml!({m: {a: 1, b: 2}})], &["m", "a"], yaml!({m: {b: 2}}));
        check_override([yaml!({}), yaml!({}), yaml!({m: {a: 1}})], &["m", "a"], yaml!({}));
        check_override([yaml!({}), yaml!({m: [1]}), yaml!({m: {a: 1}})], &["m"], yaml!({m: [1]}));
        check_override([yaml!({}), yaml!({}), yaml!({m: 1})], &["m", "a"], yaml!({m: 1}));
    }

    #[test]
    fn an_overridden_value_was_set_by_no_lower_layer() {
        let mut layers = [yaml!({}), yaml!({a: {x: 1}})].map(values);
        let keys = ["a".to_owned(), "x".to_owned()];
        assert_eq!(setter(layers.iter().enumerate(), &[], &keys), Some(1));
        layers[0].overridden = vec![vec!["a".to_owned()]];
        assert_eq!(setter(layers.iter().enumerate(), &[], &keys), None);
    }

    #[test]
    fn an_absent_flag_is_not_false() {
        let mut merged = Config::default();
        let lower = Config { disabled: Some(true), inject_namespace: Some(true), ..Config::default() };
        assert_eq!(merge(&mut merged, &lower), []);
        assert_eq!((merged.disabled, merged.inject_namespace), (Some(true), Some(true)));

        let mut merged = Config { disabled: Some(false), inject_namespace: Some(false), ..Config::default() };
        assert_eq!(merge(&mut merged, &lower), []);
        assert_eq!((merged.disabled, merged.inject_namespace), (Some(false), Some(false)));
    }

    #[test]
    fn namespace_and_injection_are_merged_on_their_own() {
        let mut merged = Config { namespace: Some("high".into()), ..Config::default() };
        let lower =
            Config { namespace: Some("low".into()), inject_namespace: Some(true), ..Config::default() };
        assert_eq!(merge(&mut merged, &lower), []);
        assert_eq!((merged.namespace.as_deref(), merged.inject_namespace), (Some("high"), Some(true)));
    }

    #[test]
    fn an_empty_namespace_gives_way() {
        let mut merged = Config { namespace: Some(String::new()), ..Config::default() };
        assert_eq!(merge(&mut merged, &Config { namespace: Some("low".into()), ..Config::default() }), []);
        assert_eq!(merged.namespace.as_deref(), Some("low"));
    }

    #[test]
    fn a_subcomponent_that_only_the_lower_layer_mentions_keeps_its_nulls() {
        let app = values(yaml!({a: null}));
        let lower = Config { subcomponents: [("app".to_owned(), app.clone())].into(), ..Config::default() };
        let mut merged = Config::default();
        assert_eq!(merge(&mut merged, &lower), []);
        assert_eq!(merged.subcomponents["app"], app);
    }

    #[test]
    fn a_conflict_names_the_subcomponent() {
        let with_app =
            |app: Config| Config { subcomponents: [("app".to_owned(), app)].into(), ..Config::default() };
        let mut merged = with_app(values(yaml!({who: {a: 1}})));
        let conflicts = merge(&mut merged, &with_app(values(yaml!({who: 1}))));
        let want = Conflict {
            subcomponents: vec!["app".to_owned()],
            keys: vec!["who".to_owned()],
            higher: "a map",
            lower: "a number",
        };
        assert_eq!(conflicts, [want]);
    }

    #[track_caller]
    fn check_setter(layers: &[Value], keys: &[&str], want: Option<usize>) {
        let layers: Vec<Config> = layers.iter().cloned().map(values).collect();
        let keys: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
        assert_eq!(setter(layers.iter().enumerate(), &[], &keys), want);
    }

    #[test]
    fn the_setter_is_the_strongest_layer_with_a_say() {
        let layers = [yaml!({a: null}), yaml!({a: {x: 1}}), yaml!({a: {x: 2, y: 3}, b: 4})];
        check_setter(&layers, &["a"], Some(1));
        check_setter(&layers, &["a", "x"], Some(1));
        check_setter(&layers, &["a", "y"], Some(2));
        check_setter(&layers, &["b"], Some(2));
        check_setter(&layers, &["c"], None);
    }

    #[test]
    fn a_scalar_above_a_value_settles_it() {
        check_setter(&[yaml!({a: 1}), yaml!({a: {x: 1}})], &["a", "x"], Some(0));
    }
}
