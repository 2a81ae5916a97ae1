//! Rules in CEL that a schema has for its values.
//!
//! They are compiled once, when the definition is read. One that a server would not
//! take is reported of the definition, and is not run.

use std::collections::BTreeMap;

use goyaml::Value;
use kubecel::{Bound, CompileError, Program, RunError, Type, Value as Cel};

use crate::cel::{BUDGET, type_of, value_of};
use crate::finding::Findings;
use crate::view::{entries, field, filled, is_true, items};

/// The extension that holds them.
pub(crate) const RULES: &str = "x-kubernetes-validations";

/// The rules of a schema, and of the schemas in it; of those only that have some.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    own: Vec<Rule>,
    properties: BTreeMap<String, Rules>,
    /// Of the items of a list or the values of a map.
    items: Option<Box<Rules>>,
}

#[derive(Debug)]
struct Rule {
    text: String,
    program: Program,
    message: Option<String>,
    message_program: Option<Program>,
    /// Fields below the value, where a failure is shown.
    place: Vec<String>,
}

impl Rules {
    /// Compiles the rules of a schema, if there are some.
    pub(crate) fn compile(schema: &Value, is_resource: bool) -> Option<Rules> {
        let mut rules = Rules::default();
        let own = items(schema, RULES);
        if let Some(kind) = type_of(schema, is_resource).filter(|_| !own.is_empty()) {
            rules.own = own.iter().filter_map(|rule| Rule::new(rule, &kind)).collect();
        }
        for (name, property) in entries(schema, "properties") {
            if let Some(inner) = Self::inner(property) {
                rules.properties.insert(name.to_owned(), inner);
            }
        }
        let item = ["items", "additionalProperties"].iter().find_map(|key| field(schema, key));
        rules.items = item.and_then(Self::inner).map(Box::new);
        let is_empty = rules.own.is_empty() && rules.properties.is_empty() && rules.items.is_none();
        (!is_empty).then_some(rules)
    }

    fn inner(schema: &Value) -> Option<Rules> {
        Self::compile(schema, is_true(schema, "x-kubernetes-embedded-resource"))
    }

    /// Runs the rules of a resource.
    pub(crate) fn check_root<'a>(
        &self,
        resource: &'a Value,
        schema: &Value,
        has_status: bool,
        found: &mut Findings<'a>,
    ) {
        self.run(resource, schema, true, found);
        for (name, rules) in &self.properties {
            if !(has_status && name == "status") {
                rules.property(name, resource, schema, found);
            }
        }
    }

    fn check<'a>(&self, value: &'a Value, schema: &Value, found: &mut Findings<'a>) {
        self.run(value, schema, is_true(schema, "x-kubernetes-embedded-resource"), found);
        for (name, rules) in &self.properties {
            rules.property(name, value, schema, found);
        }
        let Some(rules) = &self.items else { return };
        match value {
            Value::Sequence(list) => {
                let Some(schema) = field(schema, "items") else { return };
                list.iter().for_each(|value| rules.check(value, schema, found));
            }
            Value::Mapping(map) => {
                let Some(schema) = field(schema, "additionalProperties") else { return };
                map.values().for_each(|value| rules.check(value, schema, found));
            }
            _ => {}
        }
    }

    fn property<'a>(&self, name: &str, object: &'a Value, schema: &Value, found: &mut Findings<'a>) {
        let property = field(schema, "properties").and_then(|all| field(all, name));
        if let (Some(value), Some(property)) = (field(object, name), property) {
            self.check(value, property, found);
        }
    }

    fn run<'a>(&self, value: &'a Value, schema: &Value, is_resource: bool, found: &mut Findings<'a>) {
        if self.own.is_empty() || value.is_null() {
            return;
        }
        let Some(own) = value_of(value, schema, is_resource) else { return };
        let variables = [("self", own), ("oldSelf", Cel::Optional(None))];
        for rule in &self.own {
            rule.run(value, &variables, found);
        }
    }
}

impl Rule {
    /// Compiles a rule; none if it cannot be run without something old to compare with.
    fn new(rule: &Value, kind: &Type) -> Option<Rule> {
        let text = filled(rule, "rule")?;
        let is_optional = is_true(rule, "optionalOldSelf");
        let program = compile(text, kind, is_optional).ok()?;
        if *program.result() != Type::Bool || (program.uses("oldSelf") && !is_optional) {
            return None;
        }
        let message = filled(rule, "message").map(|message| message.trim().to_owned());
        let message_program = filled(rule, "messageExpression");
        let message_program = message_program.and_then(|text| compile(text, kind, is_optional).ok());
        // As in `.spec.host`; a key in brackets ends what is followed.
        let path = filled(rule, "fieldPath").unwrap_or_default();
        let path = path.split('[').next().unwrap_or_default();
        let place = path.split('.').filter(|key| !key.is_empty()).map(str::to_owned).collect();
        Some(Rule { text: text.to_owned(), program, message, message_program, place })
    }

    fn run<'a>(&self, value: &'a Value, variables: &[(&str, Cel)], found: &mut Findings<'a>) {
        match self.program.run(variables, BUDGET) {
            Ok(Cel::Bool(true)) => {}
            Ok(_) => {
                let written = self.message_program.as_ref();
                let written = written.and_then(|program| match program.run(variables, BUDGET) {
                    Ok(Cel::String(text)) if !text.trim().is_empty() => Some(text.trim().to_owned()),
                    _ => None,
                });
                let message = written.or_else(|| self.message.clone());
                self.report(
                    value,
                    message.unwrap_or_else(|| format!("the rule fails: {}", self.text)),
                    found,
                );
            }
            Err(RunError::Budget) => {
                let message = format!("the rule takes too long to be run: {}", self.text);
                found.warning(value, "rule", message);
            }
            Err(err) => self.report(value, format!("the rule cannot be run, {err}: {}", self.text), found),
        }
    }

    fn report<'a>(&self, value: &'a Value, message: String, found: &mut Findings<'a>) {
        let Some((last, above)) = self.place.split_last() else {
            return found.error(value, "rule", message);
        };
        match above.iter().try_fold(value, |value, key| field(value, key)) {
            Some(holder) if holder.as_mapping().is_some() => found.key_error(holder, last, "rule", message),
            _ => found.error(value, "rule", message),
        }
    }
}

/// Compiles a rule about a value of a type.
pub(crate) fn compile(text: &str, kind: &Type, optional_old: bool) -> Result<Program, CompileError> {
    Program::compile(text, &variables(kind, optional_old))
}

/// Returns what a rule that can be compiled costs at worst, for one value.
pub(crate) fn cost(text: &str, kind: &Type, optional_old: bool, bound: &Bound) -> u64 {
    kubecel::worst_cost(text, &variables(kind, optional_old), bound).unwrap_or(0)
}

fn variables(kind: &Type, optional_old: bool) -> [(&'static str, Type); 2] {
    let old = if optional_old { Type::Optional(kind.clone().into()) } else { kind.clone() };
    [("self", kind.clone()), ("oldSelf", old)]
}
