//! Renders the components of type `handlebars`: a folder of `*.yaml.hbs` files.
//!
//! A manifest with a hole in it is worse than an error, so nothing is let pass:
//! a name that is not set is an error wherever it stands, also where handlebars
//! itself would take it for false or for nothing. `has` and `default` are the
//! ways to ask for what may be absent. Nothing is escaped, and what comes out
//! has to be YAML.
//!
//! Invariant: a set of templates is a function from data to text. It reads no
//! files, and it ends: templates cannot include each other in a circle.

mod error;
mod helpers;
mod lines;
mod strict;

use std::collections::BTreeMap;
use std::sync::Arc;

use goyaml::{Mapping, Value};
use handlebars::{Context, Handlebars, Template};
use serde_json::{Map, Value as Json};

pub use error::{NotSet, TemplateError, TemplateErrorKind};
pub(crate) use lines::unmark;

/// The end of a template file's name.
pub const EXTENSION: &str = ".yaml.hbs";

/// One file of the folder.
#[derive(Debug, Clone)]
pub struct TemplateFile {
    /// Path below the folder, with `/`; ends in [`EXTENSION`].
    pub path: String,
    /// Path as the user would type it.
    pub shown: String,
    /// Its text.
    pub text: Arc<str>,
}

/// What templates know of the component beside its config, as `fab.…`.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Name of the component.
    pub component: &'a str,
    /// The environments, joined as in the output folder's name.
    pub environment: &'a str,
    /// Each of the environments, the strongest first.
    pub environments: &'a [String],
    /// Namespace of the component; empty if none is set.
    pub namespace: &'a str,
}

/// The templates of a component, parsed and checked.
#[derive(Debug)]
pub struct TemplateSet {
    files: Vec<TemplateFile>,
    registry: Handlebars<'static>,
    /// Whether templates print marks; what comes out is no YAML then.
    is_marked: bool,
}

impl TemplateSet {
    /// Parses the files of a folder; all errors are reported.
    pub fn new(files: Vec<TemplateFile>) -> Result<Self, Vec<TemplateError>> {
        Self::parse(files, |_, _| {})
    }

    /// Parses the files of a folder so that they print marks that tell their lines.
    pub(crate) fn marked(files: Vec<TemplateFile>) -> Result<Self, Vec<TemplateError>> {
        let order: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
        let number = |file: &TemplateFile| order.iter().position(|path| *path == file.path).unwrap_or(0);
        let set = Self::parse(files, |file, template| lines::mark(template, number(file), &file.text))?;
        Ok(TemplateSet { is_marked: true, ..set })
    }

    fn parse(
        mut files: Vec<TemplateFile>,
        change: impl Fn(&TemplateFile, &mut Template),
    ) -> Result<Self, Vec<TemplateError>> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut registry = helpers::registry();
        let mut templates = BTreeMap::new();
        let mut errors = Vec::new();
        for file in &files {
            match compile(file) {
                Ok(template) => drop(templates.insert(file.name(), (file, template))),
                Err(err) => errors.push(err),
            }
        }
        errors.extend(strict::check(&mut templates));
        if !errors.is_empty() {
            return Err(errors);
        }
        for (name, (file, mut template)) in templates {
            change(file, &mut template);
            registry.register_template(name, template);
        }
        Ok(Self { files, registry, is_marked: false })
    }

    /// Renders every file that is no partial, in the order of their paths; one
    /// that comes out blank is left out. All errors are reported.
    pub fn render(
        &self,
        config: &Mapping,
        facts: &Facts<'_>,
    ) -> Result<Vec<(&str, String)>, Vec<TemplateError>> {
        let context = Context::from(data(config, facts));
        let mut rendered = Vec::new();
        let mut errors = Vec::new();
        for file in self.files.iter().filter(|file| !file.is_partial()) {
            match self.render_file(file, &context) {
                Ok(text) if text.trim().is_empty() => {}
                Ok(text) => rendered.push((file.path.as_str(), text)),
                Err(err) => errors.push(err),
            }
        }
        if errors.is_empty() { Ok(rendered) } else { Err(errors) }
    }

    fn render_file(&self, file: &TemplateFile, context: &Context) -> Result<String, TemplateError> {
        let text = self.registry.render_with_context(file.name(), context).map_err(|err| {
            // An error inside a partial is the partial's.
            let named = self.files.iter().find(|file| Some(file.name()) == err.template_name.as_deref());
            TemplateError::of_rendering(named.unwrap_or(file), &err)
        })?;
        if self.is_marked {
            return Ok(text);
        }
        match check_yaml(&text) {
            Ok(()) => Ok(text),
            Err((line, err)) => Err(TemplateError::of_output(file, text, line, &err)),
        }
    }
}

impl TemplateFile {
    /// The name by which templates include this file.
    fn name(&self) -> &str {
        self.path.strip_suffix(EXTENSION).unwrap_or(&self.path)
    }

    /// Whether the file is there to be included only.
    fn is_partial(&self) -> bool {
        self.path.rsplit('/').next().is_some_and(|name| name.starts_with('_'))
    }
}

/// Parses one file.
fn compile(file: &TemplateFile) -> Result<Template, TemplateError> {
    strict::check_depth(file)?;
    Template::compile_with_name(&file.text, file.name().to_owned())
        .map_err(|err| TemplateError::of_parsing(file, &err))
}

/// Checks every document of a text; fails with the lines before the bad one.
fn check_yaml(text: &str) -> Result<(), (usize, goyaml::Error)> {
    for document in goyaml::documents(text).map_err(|err| (0, err))? {
        goyaml::check(document.text).map_err(|err| (document.line, err))?;
    }
    Ok(())
}

/// The data of templates: the component's config and `fab`, which hides a
/// config key of that name.
fn data(config: &Mapping, facts: &Facts<'_>) -> Json {
    let mut data: Map<String, Json> = config.iter().map(|(key, value)| (key.clone(), json(value))).collect();
    let facts = serde_json::json!({
        "component": facts.component,
        "environment": facts.environment,
        "environments": facts.environments,
        "namespace": facts.namespace,
    });
    data.insert("fab".to_owned(), facts);
    Json::Object(data)
}

/// A config value as JSON. A whole number stays one, also if the file that it
/// comes from is JSON, where every number is a float.
fn json(value: &Value) -> Json {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::from(*value),
        Value::Int(value) => Json::from(*value),
        Value::Uint(value) => Json::from(*value),
        Value::Float(value) if value.fract() == 0.0 && value.abs() < EXACT => Json::from(*value as i64),
        // JSON has no infinity; YAML's own word for it is as good as a number.
        Value::Float(value) if value.is_nan() => Json::from(".nan"),
        Value::Float(value) if value.is_infinite() => Json::from(if *value > 0.0 { ".inf" } else { "-.inf" }),
        Value::Float(value) => Json::from(*value),
        Value::String(value) => Json::from(value.as_str()),
        Value::Sequence(items) => Json::Array(items.iter().map(json).collect()),
        Value::Mapping(map) => {
            Json::Object(map.iter().map(|(key, value)| (key.clone(), json(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests;
