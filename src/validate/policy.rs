//! Rules of the owner of a definition, in CEL, over every resource of the output.
//!
//! They are in `fab.yaml` under `validate.policies`, and in files of the folder
//! `policies/`, a policy in each document. A policy that cannot be read is an error,
//! not a policy that is always fine.

use std::sync::Arc;

use goyaml::Value;
use kubecel::{Program, Type};
use kubeschema::{KeyPath, Level, Segment};

use super::files;
use crate::error::{Error, Place, Position};
use crate::resource::{self, ResourceId};
use crate::schema::{Field, Shape, Table};

/// How many steps a policy may take for one resource.
const BUDGET: u64 = 10_000_000;

/// What a policy may say.
pub(crate) static POLICY: Table = Table::new(
    "policy",
    "A rule that resources have to keep.",
    &[
        Field::new(
            "expression",
            Shape::Text,
            "What has to be true, in CEL, with the variables object and environment.",
        ),
        Field::new("kinds", Shape::Texts, "The kinds that it is for, with or without their apiVersion."),
        Field::new("level", Shape::OneOf(&["error", "warning"]), "How bad it is if it is not kept."),
        Field::new("message", Shape::Text, "What is said then."),
        Field::new("messageExpression", Shape::Text, "What is said then, in CEL."),
        Field::new("name", Shape::Text, "Its name."),
    ],
);

/// A rule that resources have to keep.
#[derive(Debug, Clone)]
pub struct Policy {
    name: String,
    /// As in `Deployment` or `apps/v1/Deployment`; none for all.
    kinds: Vec<String>,
    level: Level,
    expression: Program,
    message: Option<String>,
    message_expression: Option<Program>,
}

/// What a policy has against a resource.
pub(super) struct Objection {
    pub(super) level: Level,
    pub(super) rule: String,
    pub(super) message: String,
}

impl Policy {
    /// Reads a policy; `place` tells where in the file something of it is.
    pub(crate) fn read(value: &Value, place: &dyn Fn(&[Segment]) -> Place) -> Result<Policy, Error> {
        let wrong = |key: &str, message: String| {
            let path: &[Segment] = if key.is_empty() { &[] } else { &[Segment::Key(key.to_owned())] };
            Error::Syntax { place: place(path), message }
        };
        let Some(map) = value.as_mapping() else {
            return Err(wrong("", format!("a policy is a map, and this is {}", value.kind())));
        };
        if let Some(unknown) = map.keys().find(|key| !POLICY.names().any(|name| name == key.as_str())) {
            let near = kubeschema::closest(unknown, POLICY.names());
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(wrong(unknown, format!("a policy has no field `{unknown}`{near}")));
        }
        let text = |key: &str| match map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.clone())),
            Some(other) => Err(wrong(key, format!("`{key}` is text, and this is {}", other.kind()))),
        };
        let needed = |key: &str| text(key)?.ok_or_else(|| wrong(key, format!("a policy needs `{key}`")));
        let program = |key: &str, source: &str, wanted: &Type| {
            let variables = [("object", Type::Dyn), ("environment", Type::String)];
            let program = Program::compile(source, &variables).map_err(|err| {
                wrong(key, format!("{err}, at {}:{} of the expression", err.line, err.column))
            })?;
            let found = program.result().clone();
            let fits = found == *wanted || found == Type::Dyn;
            fits.then_some(program)
                .ok_or_else(|| wrong(key, format!("`{key}` has to come to {wanted}, and comes to {found}")))
        };
        let level = match text("level")?.as_deref() {
            None | Some("error") => Level::Error,
            Some("warning") => Level::Warning,
            Some(other) => {
                return Err(wrong("level", format!("a level is error or warning, and not `{other}`")));
            }
        };
        let kinds = match map.get("kinds") {
            None | Some(Value::Null) => Some(Vec::new()),
            Some(list) => list.as_sequence().and_then(|list| {
                list.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<String>>>()
            }),
        };
        let message_expression = text("messageExpression")?;
        let message_expression = message_expression
            .map(|source| program("messageExpression", &source, &Type::String))
            .transpose()?;
        Ok(Policy {
            name: needed("name")?,
            kinds: kinds.ok_or_else(|| wrong("kinds", "`kinds` is a list of kinds".to_owned()))?,
            level,
            expression: program("expression", &needed("expression")?, &Type::Bool)?,
            message: text("message")?,
            message_expression,
        })
    }

    fn is_for(&self, id: &ResourceId) -> bool {
        let full = format!("{}/{}", id.api_version, id.kind);
        self.kinds.is_empty() || self.kinds.iter().any(|kind| *kind == id.kind || *kind == full)
    }

    /// Returns what it has against a resource.
    fn objection(&self, variables: &[(&str, kubecel::Value)]) -> Option<Objection> {
        let result = self.expression.run(variables, BUDGET);
        let said = match result {
            Ok(kubecel::Value::Bool(true)) => return None,
            Ok(kubecel::Value::Bool(false)) => {
                let written = self.message_expression.as_ref();
                let written = written.and_then(|program| match program.run(variables, BUDGET) {
                    Ok(kubecel::Value::String(text)) => Some(text.to_string()),
                    _ => None,
                });
                written
                    .or_else(|| self.message.clone())
                    .unwrap_or_else(|| "the policy is not kept".to_owned())
            }
            Ok(other) => {
                format!("the policy has to come to true or false, and comes to {}", other.type_name())
            }
            Err(err) => format!("the policy cannot be run: {err}"),
        };
        Some(Objection { level: self.level, rule: format!("policy/{}", self.name), message: said })
    }
}

/// Returns what policies have against a resource.
pub(super) fn objections(
    policies: &[Policy],
    id: &ResourceId,
    resource: &Value,
    environment: &str,
) -> Vec<Objection> {
    let wanted: Vec<&Policy> = policies.iter().filter(|policy| policy.is_for(id)).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let variables =
        [("object", kubeschema::cel_value(resource)), ("environment", kubecel::Value::text(environment))];
    wanted.into_iter().filter_map(|policy| policy.objection(&variables)).collect()
}

/// Reads the policies of a folder, which messages call `shown`.
pub(super) fn in_folder(folder: &std::path::Path, shown: &str) -> Result<Vec<Policy>, Error> {
    let mut policies = Vec::new();
    for file in files::files(folder)? {
        let text: Arc<str> = files::read(&file)?.into();
        let name = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        let name = crate::definition::place::show(shown, &name);
        for (first, document) in resource::documents(&text) {
            let place = |line: usize, column: usize| Place {
                file: name.clone(),
                position: Some(Position { line: line + first - 1, column }),
                text: Arc::clone(&text),
            };
            let value: Value = goyaml::from_str(document).map_err(|err| Error::Syntax {
                place: place(err.line().unwrap_or(1), err.column().unwrap_or(1)),
                message: err.to_string(),
            })?;
            if value.is_null() {
                continue;
            }
            policies.push(Policy::read(&value, &|path| {
                let span = KeyPath(path.to_vec()).locate(document);
                let start = span.map(|span| span.key.unwrap_or(span.value));
                start.map_or_else(|| place(1, 1), |start| place(start.line, start.column))
            })?);
        }
    }
    Ok(policies)
}
