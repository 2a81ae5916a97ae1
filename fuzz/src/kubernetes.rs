//! Resources, and the expressions of rules about them.

use std::sync::OnceLock;

use goyaml::Value;
use kubecel::{Bound, Program, Type, worst_cost};
use kubeschema::{Minor, Schemas};

/// The steps that an expression may take.
const BUDGET: u64 = 20_000;

fn schemas() -> &'static Schemas {
    static SCHEMAS: OnceLock<Schemas> = OnceLock::new();
    SCHEMAS.get_or_init(Schemas::embedded)
}

/// No text makes CEL panic: it is refused with a place in the text, or runs to the same end each time.
pub fn cel(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let object = goyaml::from_str::<Value>(OBJECT).expect("it is YAML");
    let variables = [("self", Type::Dyn), ("name", Type::String), ("count", Type::Int)];
    let program = match Program::compile(text, &variables) {
        Ok(program) => program,
        Err(error) => {
            assert!(error.line >= 1 && error.column >= 1 && error.line <= text.split('\n').count());
            return;
        }
    };
    assert!(worst_cost(text, &variables, &Bound::default()).is_ok());
    let run = || {
        let values = [
            ("self", kubeschema::cel_value(&object)),
            ("name", kubecel::Value::text("web-1")),
            ("count", kubecel::Value::Int(3)),
        ];
        format!("{:?}", program.run(&values, BUDGET))
    };
    assert_eq!(run(), run());
}

/// What expressions look at.
const OBJECT: &str =
    "spec: {replicas: 3, ports: [80, 443], host: a.example.com, at: '2026-01-31T12:00:00Z'}\n";

/// No text makes the checks of resources panic, and they find the same each time. The documents before the last one may
/// define kinds.
pub fn kube_check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(documents) = goyaml::documents(text) else { return };
    let values = documents.iter().filter_map(|document| goyaml::from_str::<Value>(document.text).ok());
    let mut own = text.contains("CustomResourceDefinition").then(Schemas::embedded);
    if let Some(own) = &mut own {
        values.for_each(|resource| own.define(&resource));
    }
    let schemas = own.as_ref().unwrap_or_else(|| schemas());
    for document in &documents {
        for minor in [Minor::FIRST, Minor::LAST] {
            let found = schemas.check_text(document.text, minor);
            assert_eq!(found, schemas.check_text(document.text, minor));
        }
    }
}
