//! Expressions in CEL of webhooks and policies: known names, and types that fit.

use std::collections::BTreeMap;

use goyaml::Value;
use kubecel::{CompileError, Program, Type};

use crate::cel::request_variables;
use crate::finding::Findings;
use crate::schema::shorten;
use crate::view::{field, items, text};

/// Says what is wrong with an expression, and where in it.
pub(crate) fn expression_complaint(source: &str, err: &CompileError) -> String {
    format!("{err}, at {}:{} of {}", err.line, err.column, shorten(source))
}

/// What an expression has to come to.
#[derive(Clone, Copy)]
enum Wanted {
    Bool,
    Text,
    TextOrNull,
    Object,
    Patches,
}

impl Wanted {
    fn takes(self, kind: &Type) -> bool {
        match self {
            Wanted::Bool => *kind == Type::Bool,
            Wanted::Text => *kind == Type::String,
            Wanted::TextOrNull => matches!(kind, Type::String | Type::Null),
            Wanted::Object => *kind == Type::Opaque("Object"),
            Wanted::Patches => match kind {
                Type::List(item) => matches!(**item, Type::Opaque("JSONPatch") | Type::Dyn),
                kind => *kind == Type::Dyn,
            },
        }
    }

    fn name(self) -> &'static str {
        match self {
            Wanted::Bool => "bool",
            Wanted::Text => "string",
            Wanted::TextOrNull => "string or null",
            Wanted::Object => "Object",
            Wanted::Patches => "a list of JSONPatch",
        }
    }
}

type Variables = Vec<(&'static str, Type)>;

/// Checks the conditions under which a webhook is asked.
pub(crate) fn match_conditions<'a>(holder: &'a Value, found: &mut Findings<'a>) {
    conditions(holder, &request_variables(), found);
}

fn conditions<'a>(holder: &'a Value, variables: &Variables, found: &mut Findings<'a>) {
    for condition in items(holder, "matchConditions") {
        check(condition, "expression", variables, Wanted::Bool, found);
    }
}

/// Checks the expressions of a policy.
pub(crate) fn policy<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    let mut variables = request_variables();
    variables.push(("namespaceObject", Type::Dyn));
    if field(spec, "paramKind").is_some() {
        variables.push(("params", Type::Dyn));
    }
    conditions(spec, &variables, found);
    let mut own: BTreeMap<String, Type> = BTreeMap::new();
    variables.push(("variables", Type::object("variables", own.clone())));
    let last = variables.len() - 1;
    for variable in items(spec, "variables") {
        let kind = checked(variable, "expression", &variables, None, found);
        // One that is wrong is known all the same: it is reported once.
        own.insert(text(variable, "name").unwrap_or_default().to_owned(), kind.unwrap_or(Type::Dyn));
        variables[last].1 = Type::object("variables", own.clone());
    }
    for validation in items(spec, "validations") {
        check(validation, "expression", &variables, Wanted::Bool, found);
        check(validation, "messageExpression", &variables, Wanted::Text, found);
    }
    for annotation in items(spec, "auditAnnotations") {
        check(annotation, "valueExpression", &variables, Wanted::TextOrNull, found);
    }
    variables.push(("Object", Type::Type));
    for mutation in items(spec, "mutations") {
        if let Some(patch) = field(mutation, "applyConfiguration") {
            check(patch, "expression", &variables, Wanted::Object, found);
        }
        if let Some(patch) = field(mutation, "jsonPatch") {
            check(patch, "expression", &variables, Wanted::Patches, found);
        }
    }
}

fn check<'a>(holder: &'a Value, key: &str, variables: &Variables, wanted: Wanted, found: &mut Findings<'a>) {
    checked(holder, key, variables, Some(wanted), found);
}

/// Checks an expression and returns its type. An empty one is reported elsewhere.
fn checked<'a>(
    holder: &'a Value,
    key: &str,
    variables: &Variables,
    wanted: Option<Wanted>,
    found: &mut Findings<'a>,
) -> Option<Type> {
    let source = text(holder, key).filter(|text| !text.trim().is_empty())?;
    match Program::compile(source, variables) {
        Err(err) => {
            found.key_error(holder, key, "cel", expression_complaint(source, &err));
            None
        }
        Ok(program) => {
            if let Some(wanted) = wanted.filter(|wanted| !wanted.takes(program.result())) {
                let message =
                    format!("it has to come to {}, and comes to {}", wanted.name(), program.result());
                found.key_error(holder, key, "cel", message);
            }
            Some(program.result().clone())
        }
    }
}
