//! Rules, and what a Kubernetes API server says of them.

use std::collections::BTreeMap;

use kubecel::{Key, Program, Type, Value, parse_duration, parse_timestamp};

const BUDGET: u64 = 100_000;

/// The type of `self`, as the server makes it from a schema.
fn self_type() -> Type {
    let fields = |fields: &[(&str, Type)]| -> BTreeMap<String, Type> {
        fields.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone())).collect()
    };
    let inner = [
        ("x", Type::Int),
        ("y__dash__z", Type::String),
        ("__namespace__", Type::String),
        ("namespace", Type::String),
    ];
    Type::object(
        "self",
        fields(&[
            ("a", Type::Int),
            ("b", Type::Int),
            ("f", Type::Double),
            ("s", Type::String),
            ("t", Type::Bool),
            ("l", Type::list(Type::Int)),
            ("ls", Type::list(Type::String)),
            ("m", Type::map(Type::String, Type::String)),
            ("o", Type::object("o", fields(&inner))),
            ("q", Type::Dyn),
            ("when", Type::Timestamp),
            ("dur", Type::Duration),
            ("open", Type::object("open", fields(&[]))),
        ]),
    )
}

fn self_value() -> Value {
    let map = |entries: Vec<(&str, Value)>| {
        Value::map(entries.into_iter().map(|(key, value)| (Key::String(key.into()), value)).collect())
    };
    let texts = |texts: [&str; 3]| Value::list(texts.map(Value::text).to_vec());
    map(vec![
        ("a", Value::Int(1)),
        ("b", Value::Int(7)),
        ("f", Value::Double(1.5)),
        ("s", Value::text("héllo")),
        ("t", Value::Bool(true)),
        ("l", Value::list([3, 1, 2].map(Value::Int).to_vec())),
        ("ls", texts(["b", "a", "b"])),
        ("m", map(vec![("k", Value::text("v")), ("k2", Value::text("w"))])),
        (
            "o",
            map(vec![
                ("x", Value::Int(5)),
                ("y__dash__z", Value::text("q")),
                ("__namespace__", Value::text("n")),
                ("namespace", Value::text("n")),
            ]),
        ),
        ("q", Value::text("50%")),
        ("when", Value::Timestamp(parse_timestamp("2024-02-01T03:04:05Z").expect("a time"))),
        ("dur", Value::Duration(parse_duration("1h30m").expect("a duration"))),
    ])
}

fn verdict(rule: &str) -> (&'static str, String) {
    let variables = [("self", self_type()), ("oldSelf", self_type())];
    let program = match Program::compile(rule, &variables) {
        Ok(program) if *program.result() == Type::Bool => program,
        Ok(program) => return ("refused", program.result().to_string()),
        Err(err) => return ("refused", format!("{}:{}: {err}", err.line, err.column)),
    };
    // There is nothing old to compare with.
    if program.uses("oldSelf") {
        return ("true", String::new());
    }
    match program.run(&[("self", self_value())], BUDGET) {
        Ok(Value::Bool(true)) => ("true", String::new()),
        Ok(other) => ("false", format!("{other:?}")),
        Err(err) => ("fails", err.to_string()),
    }
}

#[test]
fn rules_are_judged_as_the_server_judges_them() {
    let mut wrong = Vec::new();
    for line in include_str!("../testdata/rules.txt").lines().filter(|line| !line.starts_with('#')) {
        let (wanted, rule) = line.split_at(9);
        let (found, why) = verdict(rule);
        if found != wanted.trim() {
            wrong.push(format!("{rule}\n  wanted {wanted} found {found}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}
