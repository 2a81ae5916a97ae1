//! Edits of documents, and that they are complete.

use kubeschema::Schemas;

use super::*;

fn yaml(text: &str) -> Value {
    goyaml::from_str(text).unwrap()
}

/// One edit in a line: `+ path = value`.
fn shown(edit: &Edit) -> String {
    let json = |value: &Value| goyaml::to_string(value).unwrap().trim_end().replace('\n', ", ");
    let Edit { path, change, .. } = edit;
    match change {
        Change::Add { value, at: None } => format!("+ {path} = {}", json(value)),
        Change::Add { value, at: Some(at) } => format!("+ {path} at {at} = {}", json(value)),
        Change::Remove { value } => format!("- {path} = {}", json(value)),
        Change::Replace { from, to } => format!("~ {path} = {} -> {}", json(from), json(to)),
        Change::Order { order, matters: true, .. } => format!("! {path} = {order:?}"),
        Change::Order { order, matters: false, .. } => format!(". {path} = {order:?}"),
    }
}

/// Compares two documents of a kind; the edits have to make the new one of the old one, and to be these.
#[track_caller]
fn check_kind((api_version, kind): (&str, &str), old: &str, new: &str, want: &[&str]) {
    let (old, new) = (yaml(old), yaml(new));
    let schemas = Schemas::embedded();
    let edits = compare(&old, &new, schemas.part(api_version, kind));
    assert_eq!(apply(&old, &edits), Ok(new));
    let edits: Vec<String> = edits.iter().map(shown).collect();
    assert_eq!(edits, want);
}

#[track_caller]
fn check_pod(old: &str, new: &str, want: &[&str]) {
    let spec = |text: &str| format!("spec: {{{text}}}");
    check_kind(("v1", "Pod"), &spec(old), &spec(new), want);
}

#[track_caller]
fn check(old: &str, new: &str, want: &[&str]) {
    check_kind(("example.com/v1", "Thing"), old, new, want);
}

#[test]
fn an_inserted_container_is_one_addition() {
    check_pod(
        "containers: [{name: a, image: x}, {name: b, image: y}]",
        "containers: [{name: a, image: x}, {name: c, image: z}, {name: b, image: y}]",
        &["+ spec.containers[c] at 1 = image: z, name: c"],
    );
}

#[test]
fn a_port_is_known_by_number_and_protocol() {
    check_pod(
        "containers: [{name: a, ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}]}]",
        "containers: [{name: a, ports: [{containerPort: 53, protocol: UDP, name: u}, {containerPort: 53, name: t}]}]",
        &[
            "+ spec.containers[a].ports[53/TCP].name = t",
            "+ spec.containers[a].ports[53/UDP].name = u",
            ". spec.containers[a].ports = [1, 0]",
        ],
    );
}

#[test]
fn order_matters_only_where_it_does() {
    let swapped = |list: &str, edit: &str| {
        check_pod(
            &format!("{list}: [{{name: a}}, {{name: b}}]"),
            &format!("{list}: [{{name: b}}, {{name: a}}]"),
            &[edit],
        );
    };
    swapped("containers", ". spec.containers = [1, 0]");
    swapped("initContainers", "! spec.initContainers = [1, 0]");
    swapped("unknown", "! spec.unknown = [1, 0]");
}

#[test]
fn sets_are_compared_without_their_order() {
    check_kind(
        ("v1", "ConfigMap"),
        "metadata: {finalizers: [a, b, c]}",
        "metadata: {finalizers: [c, a, d]}",
        &[
            "- metadata.finalizers[1] = b",
            ". metadata.finalizers = [1, 0]",
            "+ metadata.finalizers[2] at 2 = d",
        ],
    );
}

#[test]
fn arguments_follow_each_other() {
    check_pod(
        "containers: [{name: a, args: [a, b, c, d]}]",
        "containers: [{name: a, args: [a, x, c, new, d, e]}]",
        &[
            "~ spec.containers[a].args[1] = b -> x",
            "+ spec.containers[a].args[3] at 3 = new",
            "+ spec.containers[a].args[5] at 5 = e",
        ],
    );
}

#[test]
fn items_of_unknown_lists_are_known_by_a_name_or_their_place() {
    check(
        "rules: [{host: a, to: 1}, {host: b, to: 2}]",
        "rules: [{host: c, to: 3}, {host: b, to: 4}]",
        &["~ rules[b].to = 2 -> 4", "- rules[a] = host: a, to: 1", "+ rules[c] at 0 = host: c, to: 3"],
    );
    check(
        "rules: [{verbs: [get]}, {verbs: [list]}]",
        "rules: [{verbs: [get, watch]}, {verbs: [list]}]",
        &["+ rules[0].verbs[1] at 1 = watch"],
    );
}

#[test]
fn a_name_that_is_there_twice_tells_nothing_apart() {
    check(
        "env: [{name: a, value: 1}, {name: a, value: 2}]",
        "env: [{name: a, value: 1}, {name: a, value: 3}]",
        &["~ env[1].value = 2 -> 3"],
    );
}

#[test]
fn null_empty_and_missing_are_different() {
    check("{a: null, b: {}}", "{b: null, c: []}", &["- a = null", "~ b = {} -> null", "+ c = []"]);
    check("a: {b: 1}", "a: [1]", &["~ a = b: 1 -> - 1"]);
    check("a: 1", "a: \"1\"", &["~ a = 1 -> \"1\""]);
}

#[test]
fn err_edits_of_another_document_cannot_be_applied() {
    let edits = compare(&yaml("a: {b: 1}"), &yaml("a: {}"), None);
    assert_eq!(apply(&yaml("a: 1"), &edits), Err("there is nothing to change at `a.b`".to_owned()));
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % 1_000_003).unwrap() % end
    }

    fn value(&mut self, depth: usize) -> Value {
        let name = |number: usize| ["name", "key", "port", "a", "b", "args"][number % 6].to_owned();
        match self.below(if depth == 0 { 5 } else { 9 }) {
            0 => Value::Null,
            1 => Value::Bool(self.below(2) == 0),
            2 => Value::Int(i64::try_from(self.below(4)).unwrap()),
            3 => Value::String(["x", "y\nz\n", ""][self.below(3)].to_owned()),
            4 => Value::Float(0.5),
            5 | 6 => (0..self.below(5)).map(|_| self.value(depth - 1)).collect::<Vec<_>>().into_sequence(),
            _ => Value::Mapping(
                (0..self.below(5)).map(|at| (name(at + depth), self.value(depth - 1))).collect(),
            ),
        }
    }

    /// Returns a value that differs a little.
    fn other(&mut self, value: &Value, depth: usize) -> Value {
        if self.below(8) == 0 {
            return self.value(depth);
        }
        match value {
            Value::Mapping(map) => Value::Mapping(
                map.iter().map(|(key, value)| (key.clone(), self.other(value, depth))).collect(),
            ),
            Value::Sequence(items) => {
                let mut items: Vec<Value> = items.iter().map(|item| self.other(item, depth)).collect();
                if self.below(3) == 0 && !items.is_empty() {
                    let (from, to) = (self.below(items.len()), self.below(items.len()));
                    items.swap(from, to);
                }
                if self.below(3) == 0 {
                    let at = self.below(items.len() + 1);
                    items.insert(at, self.value(depth));
                }
                Value::Sequence(items)
            }
            scalar => scalar.clone(),
        }
    }
}

trait IntoSequence {
    fn into_sequence(self) -> Value;
}

impl IntoSequence for Vec<Value> {
    fn into_sequence(self) -> Value {
        Value::Sequence(self)
    }
}

#[test]
fn edits_make_the_new_document_of_the_old_one() {
    let schemas = Schemas::embedded();
    let mut numbers = Numbers(88_172_645_463_325_252);
    for _ in 0..4_000 {
        let old = numbers.value(5);
        let new = numbers.other(&old, 3);
        for part in [None, schemas.part("v1", "Pod").and_then(|pod| pod.field("spec"))] {
            let edits = compare(&old, &new, part);
            assert_eq!(apply(&old, &edits).as_ref(), Ok(&new), "{old:?}\n{edits:#?}");
        }
    }
}
