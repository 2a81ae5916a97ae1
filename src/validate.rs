//! What the API server would refuse of manifests, told before they reach it.
//!
//! A resource is checked on its own, against what Kubernetes and the
//! CustomResourceDefinitions beside it say, and then together with all others of
//! its environment: no two may be the same object. Definitions come from the
//! manifests themselves and from a folder.
//!
//! Two rules hold for what is reported. Everything is, not the first; and what is
//! wrong alike in several environments is one finding. Where a finding lies in a
//! Secret, its text is not kept.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use goyaml::{Difference, Mapping, Value};
use helm::{Capabilities, KubeVersion};
use kubeschema::{KeyPath, Minor, Schemas, Segment};
use rayon::prelude::*;

use crate::config::{COMMON, Environment};
use crate::definition::place;
use crate::error::{Error, Place, Position, Warning};
use crate::finding::{Finding, Level, Rule};
use crate::generate::{Blame, OutputLine};
use crate::output::OutputTree;
use crate::project::{Project, RenderingSettings};
use crate::resource::{self, ResourceId};

mod files;
mod flux;
mod json_schema;
mod locations;
mod policy;
mod references;

pub use files::manifests;
use json_schema::{JsonSchema, Unusable};
use locations::{Locations, Side, Wanted};
pub(crate) use policy::POLICY;
pub use policy::Policy;
use references::{Known, Reference};

/// What `fab validate` may choose.
#[derive(Debug)]
pub struct ValidateOptions {
    /// The folder of the definition, where `fab.yaml` and `schemas/` are; `.` for the working folder.
    pub directory: PathBuf,
    /// Where more schemas are, in place of what `fab.yaml` says, see `src/validate/locations.rs`.
    pub schema_locations: Vec<String>,
    /// Kinds that need no schema, besides those of `fab.yaml`.
    pub without_schema: Vec<String>,
    /// Whether the manifests are all that there is, so that what they refer to should be among them.
    pub is_whole: bool,
}

/// Manifests to check, and for which Kubernetes versions they are.
#[derive(Debug, Default)]
pub struct Rendered {
    /// The Kubernetes versions; none for those that charts see.
    pub minors: Vec<Minor>,
    /// The manifests.
    pub inputs: Vec<Input>,
    /// Definitions of custom resources that are not among them, with the environment that they are of.
    pub definitions: Vec<(String, String)>,
}

/// A manifest to check.
#[derive(Debug)]
pub struct Input {
    /// The environment that it is of; empty for none.
    pub environment: String,
    /// Path of the component that it is of; empty for none.
    pub component: String,
    /// Path of the file as the user would type it, with `/`.
    pub file: String,
    /// Its text.
    pub text: Arc<str>,
}

/// What a validation comes to.
#[derive(Debug, Default)]
pub struct Validation {
    /// How many resources were checked.
    pub resources: usize,
    /// What was found, in the order of the manifests.
    pub findings: Vec<Finding>,
    /// The Kubernetes versions that it was for.
    pub minors: Vec<Minor>,
    /// What is odd about `fab.yaml`.
    pub warnings: Vec<Warning>,
}

/// Returns the rule of a name. They are many, and their names say what they ask for.
fn rule(name: Cow<'static, str>) -> Rule {
    let (about, help) = match name.strip_prefix("policy/") {
        Some(policy) => (
            format!("The policy `{policy}` of the definition is kept"),
            "Change the resource, or the policy in fab.yaml or the folder policies",
        ),
        None => (
            format!(
                "The Kubernetes API server takes the resource, and as it is meant: {}",
                name.replace('-', " ")
            ),
            "Change what generates the resource: the component, its chart or its config",
        ),
    };
    Rule { code: "", name, about: about.into(), help: help.into() }
}

/// Returns what the user can do about a finding, if that can be said.
fn hint(rule: &str) -> Option<String> {
    let hint = match rule {
        "no-schema" => {
            "put its CustomResourceDefinition into `schemas/`, or name the kind under `validate.without-schema` in fab.yaml"
        }
        "flux-substitution" => {
            "write `$${` for a `${` that stays, or set the annotation `kustomize.toolkit.fluxcd.io/substitute: disabled`"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

impl Rendered {
    /// Returns the manifests of outputs.
    pub fn of(outputs: &[OutputTree], minors: Vec<Minor>) -> Self {
        let mut rendered = Rendered { minors, ..Rendered::default() };
        for output in outputs {
            let definitions = output.definitions.iter();
            rendered.definitions.extend(definitions.map(|text| (output.environment.clone(), text.clone())));
            rendered.inputs.extend(output.files.iter().map(|(path, manifest)| Input {
                environment: output.environment.clone(),
                component: manifest.component.clone(),
                file: format!("{}/{path}", output.folder),
                text: String::from_utf8_lossy(&manifest.text).into(),
            }));
        }
        rendered
    }
}

impl Validation {
    /// Returns the line of the output that each finding is about.
    pub fn lines(&self, rendered: &[Rendered]) -> Vec<OutputLine> {
        let line = |finding: &Finding| {
            let environment = finding.environments.first().cloned().unwrap_or_default();
            let mut inputs = rendered.iter().flat_map(|rendered| &rendered.inputs);
            let input =
                inputs.find(|input| input.environment == environment && input.file == finding.place.file);
            OutputLine {
                environment,
                component: finding.component.clone(),
                text: input.map(|input| Arc::clone(&input.text)).unwrap_or_default(),
                line: finding.place.position.map_or(0, |position| position.line),
            }
        };
        self.findings.iter().map(line).collect()
    }

    /// Adds what made the lines of the findings.
    pub fn explain(&mut self, blames: Vec<Blame>) {
        for (finding, blame) in self.findings.iter_mut().zip(blames) {
            finding.notes.extend(blame.notes);
            finding.trail = blame.trail;
            // Where the output is not shown, what it was made of is not, either.
            if finding.place.text.is_empty() {
                finding.trail.iter_mut().for_each(|place| place.text = Arc::from(""));
            }
        }
    }
}

/// Checks manifests. They may be several times the same, each time as they are for other versions.
///
/// # Errors
///
/// `fab.yaml` or the folder of schemas cannot be read.
pub fn validate(rendered: &[Rendered], options: &ValidateOptions) -> Result<Validation, Error> {
    let shown = place::typed(&options.directory);
    let project = Project::read(&options.directory, &shown)?;
    let (locations, definitions) = files::schemas(options, &project, &shown)?;
    let mut policies = project.policies;
    policies.extend(files::policies(options, &shown)?);
    let mut without_schema = project.without_schema;
    without_schema.extend_from_slice(&options.without_schema);
    let mut validation = Validation { warnings: project.warnings, ..Validation::default() };
    for Rendered { minors, inputs, definitions: more } in rendered {
        let minors = match minors.as_slice() {
            [] => minors_seen(inputs, &project.rendering),
            given => given.to_vec(),
        };
        let mut environments: Vec<(&str, Vec<&Input>)> = Vec::new();
        for input in inputs {
            match environments.iter_mut().find(|(name, _)| *name == input.environment) {
                Some((_, inputs)) => inputs.push(input),
                None => environments.push((&input.environment, vec![input])),
            }
        }
        let mut resources = 0;
        for (name, inputs) in environments {
            let mut schemas = Schemas::embedded();
            let own = more.iter().filter(|(environment, _)| environment == name);
            // What cannot be read defines nothing.
            let own = own.filter_map(|(_, text)| definitions_in(text).ok()).flatten();
            definitions.iter().cloned().chain(own).for_each(|definition| schemas.define(&definition));
            let check = Check {
                schemas,
                locations: &locations,
                minors: &minors,
                without_schema: &without_schema,
                policies: &policies,
                is_whole: options.is_whole,
                is_substituted: project.flux_substitution,
            };
            resources += check.environment(&inputs, &mut validation.findings);
        }
        validation.resources = validation.resources.max(resources);
        validation.minors.extend(minors);
    }
    validation.minors.sort();
    validation.minors.dedup();
    validation.findings = merge(validation.findings);
    for finding in &mut validation.findings {
        if finding.minors.len() < validation.minors.len() {
            let minors: Vec<String> = finding.minors.iter().map(ToString::to_string).collect();
            finding.message += &format!(" (Kubernetes {})", minors.join(", "));
        }
    }
    Ok(validation)
}

/// Returns the minor of a Kubernetes version, if there are schemas of it.
pub(crate) fn minor(version: &KubeVersion) -> Option<Minor> {
    Minor::new(version.minor.parse().ok()?).filter(|_| version.major == "1")
}

/// Returns the minors that the charts of these manifests' environments see, as far as there are schemas.
fn minors_seen(inputs: &[Input], rendering: &RenderingSettings) -> Vec<Minor> {
    let mut names: BTreeSet<&str> = inputs.iter().map(|input| input.environment.as_str()).collect();
    let listed = rendering.environments();
    // Manifests of no environment have to suit all of them.
    if names.remove("") || names.is_empty() {
        names.extend(listed.iter().map(String::as_str));
    }
    if names.is_empty() {
        names.insert(COMMON);
    }
    let version = |name: &str| rendering.of(&Environment::new([name]), "").capabilities().kube_version;
    let minors: BTreeSet<Minor> = names.into_iter().filter_map(|name| minor(&version(name))).collect();
    if minors.is_empty() {
        return vec![minor(&Capabilities::default().kube_version).unwrap_or(Minor::LAST)];
    }
    minors.into_iter().collect()
}

/// The checks of one environment.
struct Check<'a> {
    schemas: Schemas,
    locations: &'a Locations,
    minors: &'a [Minor],
    without_schema: &'a [String],
    policies: &'a [Policy],
    is_whole: bool,
    /// Whether Flux replaces variables in what it applies.
    is_substituted: bool,
}

/// A document of a manifest.
#[derive(Clone, Copy)]
struct Document<'a> {
    input: &'a Input,
    /// The lines before it.
    line: usize,
    text: &'a str,
}

/// What is known of a resource, for the checks of all together.
struct Seen {
    id: ResourceId,
    /// Where it is in its document.
    path: Vec<Segment>,
    references: Vec<Reference>,
    mentions: Vec<String>,
}

/// What is known of a document once it was checked.
#[derive(Default)]
struct Checked {
    resources: Vec<Seen>,
    findings: Vec<Finding>,
}

impl Check<'_> {
    /// Checks the manifests of an environment, and returns how many resources there are.
    fn environment(mut self, inputs: &[&Input], findings: &mut Vec<Finding>) -> usize {
        let (before, mut count) = (findings.len(), 0);
        let documents: Vec<Document<'_>> = inputs.iter().flat_map(|input| documents(input)).collect();
        for document in documents.iter().filter(|document| document.text.contains("CustomResourceDefinition"))
        {
            // What cannot be read is reported when its turn comes.
            if let Ok(resource) = goyaml::from_str::<Value>(document.text) {
                each_resource(&resource, &mut |resource, _| self.schemas.define(resource));
            }
        }
        let checked: Vec<Checked> = documents.par_iter().map(|document| self.document(*document)).collect();
        let mut known = Known::default();
        for Seen { id, mentions, .. } in checked.iter().flat_map(|checked| &checked.resources) {
            known.add(id);
            if self.is_whole {
                known.mention(mentions);
            }
        }
        let mut seen: BTreeMap<Identity, (Document<'_>, Vec<Segment>)> = BTreeMap::new();
        let mut namespaces = BTreeSet::new();
        for (document, Checked { resources, findings: own }) in documents.iter().zip(checked) {
            count += resources.len();
            findings.extend(own);
            for resource in resources {
                match seen.get(&identity(&resource.id)) {
                    Some((first, path)) => {
                        let first = first.place(first.position(path), true);
                        findings.push(document.repeated(&resource, &first));
                    }
                    None => drop(seen.insert(identity(&resource.id), (*document, resource.path.clone()))),
                }
                for reference in resource.references.iter().filter(|reference| !known.has(reference)) {
                    // Of a namespace, one warning tells it all.
                    if reference.kind != "Namespace" || namespaces.insert(reference.name.clone()) {
                        findings.push(document.dangling(&resource, reference));
                    }
                }
            }
        }
        // What has nothing to do with a version holds for all.
        for finding in findings[before..].iter_mut().filter(|finding| finding.minors.is_empty()) {
            finding.minors = self.minors.to_vec();
        }
        count
    }

    fn document(&self, document: Document<'_>) -> Checked {
        let mut checked = Checked::default();
        let (value, oddities) = match goyaml::from_str_with_oddities::<Value>(document.text) {
            Ok((Value::Null, _)) => return checked,
            Ok(read) => read,
            Err(_) if let Some(line) = flux::directive(document.text) => {
                let place = document.place(Position { line, column: 1 }, false);
                let finding = document.error("flux-yaml", flux::DIRECTIVE.to_owned(), place);
                checked.findings.push(Finding { level: Level::Warning, ..finding });
                return checked;
            }
            Err(err) => {
                let position = Position { line: err.line().unwrap_or(1), column: err.column().unwrap_or(1) };
                let place = document.place(position, false);
                checked.findings.push(document.error("yaml", err.to_string(), place));
                return checked;
            }
        };
        for key in oddities.duplicate_keys {
            let position = Position { line: key.location.line, column: key.location.column };
            let message = format!("key {:?} is set before in the same map, and the last one wins", key.key);
            checked.findings.push(document.error("duplicate-key", message, document.place(position, false)));
        }
        each_resource(&value, &mut |resource, path| self.resource(document, resource, path, &mut checked));
        if !oddities.differences.is_empty() {
            document.tell_differences(&oddities.differences, &value, &mut checked);
        }
        checked
    }

    fn resource(&self, document: Document<'_>, resource: &Value, path: &[Segment], checked: &mut Checked) {
        let id = resource.as_mapping().and_then(|map| ResourceId::of(map).ok());
        let kind = resource.get("kind").and_then(Value::as_str).unwrap_or_default();
        let version = resource.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        let is_custom = self.schemas.kind(version, kind).is_none();
        let finding = |level, rule: Cow<'static, str>, message: String, inner: &[Segment]| {
            let path: Vec<Segment> = path.iter().chain(inner).cloned().collect();
            let place = document.place(document.position(&path), kind == "Secret");
            let silence = flux::silence(&rule, inner, is_custom).map(str::to_owned);
            let notes = silence.filter(|_| level == Level::Error).into_iter().collect();
            let (path, resource) = (KeyPath(path), id.clone());
            Finding { level, path, resource, notes, ..document.error(rule, message, place) }
        };
        for (One { finding: found, note }, minors) in self.found(resource) {
            if found.rule == "no-schema" && self.without_schema.iter().any(|allowed| allowed == kind) {
                continue;
            }
            let finding = finding(found.level, found.rule.into(), found.message, &found.path.0);
            let notes = finding.notes.into_iter().chain(note).collect();
            checked.findings.push(Finding { minors, notes, ..finding });
        }
        if self.is_substituted
            && let Some((name, inner)) = flux::variable(resource)
        {
            let message = format!("Flux replaces ${{{name}}}, and with nothing if it knows no such variable");
            checked.findings.push(finding(Level::Warning, "flux-substitution".into(), message, &inner));
        }
        let Some(id) = id.clone() else { return };
        for objection in policy::objections(self.policies, &id, resource, &document.input.environment) {
            checked.findings.push(finding(objection.level, objection.rule.into(), objection.message, &[]));
        }
        let (mut references, mut mentions) = (Vec::new(), Vec::new());
        if self.is_whole {
            references = references::of(&id, resource);
            mentions = references::mentions(&id, resource, is_custom);
        }
        checked.resources.push(Seen { id, path: path.to_vec(), references, mentions });
    }

    /// Returns what is found, each with the minors that it is found for.
    fn found(&self, resource: &Value) -> Vec<(One, Vec<Minor>)> {
        let mut all: Vec<(One, Vec<Minor>)> = Vec::new();
        for minor in self.minors {
            for one in self.found_for(resource, *minor) {
                match all.iter_mut().find(|(known, _)| known.finding == one.finding) {
                    Some((_, minors)) => minors.push(*minor),
                    None => all.push((one, vec![*minor])),
                }
            }
        }
        all
    }

    /// Returns what is found for a minor, by the first schema that there is.
    fn found_for(&self, resource: &Value, minor: Minor) -> Vec<One> {
        let own =
            || self.schemas.check(resource, minor).into_iter().map(|finding| One { finding, note: None });
        if self.locations.is_empty() {
            return own().collect();
        }
        let text = |key| resource.get(key).and_then(Value::as_str).unwrap_or_default();
        let Some(wanted) = Wanted::new(text("apiVersion"), text("kind"), minor) else {
            return own().collect();
        };
        if let Some(found) = self.locations.find(&wanted, Side::Before) {
            return self.by_schema(&found, resource, minor);
        }
        let mut all: Vec<One> = own().collect();
        let is_unknown = |one: &One| matches!(one.finding.rule, "no-schema" | "unknown-kind");
        let Some(at) = all.iter().position(is_unknown) else { return all };
        match self.locations.find(&wanted, Side::After) {
            Some(found) => {
                all.retain(|one| !is_unknown(one));
                all.extend(self.by_schema(&found, resource, minor));
            }
            None => {
                let missed = self.locations.missed(&wanted);
                all[at].note = (!missed.is_empty()).then(|| format!("there is no {}", missed.join(", no ")));
            }
        }
        all
    }

    /// Returns what a schema of a location has against a resource.
    fn by_schema(
        &self,
        found: &Result<Arc<JsonSchema>, Unusable>,
        resource: &Value,
        minor: Minor,
    ) -> Vec<One> {
        let with_note = |note: &str| {
            let note = Some(note.to_owned());
            move |finding| One { finding, note: note.clone() }
        };
        match found {
            Ok(schema) => {
                let is_secret = resource.get("kind").and_then(Value::as_str) == Some("Secret");
                let metadata = self.schemas.check_metadata(resource, minor).into_iter();
                let by_schema = schema.check(resource, is_secret).into_iter();
                let mut all: Vec<One> = metadata.map(|finding| One { finding, note: None }).collect();
                let is_new = |finding: &kubeschema::Finding| {
                    let same =
                        |one: &One| (one.finding.rule, &one.finding.path) == (finding.rule, &finding.path);
                    !all.iter().any(same)
                };
                let new: Vec<kubeschema::Finding> = by_schema.filter(is_new).collect();
                all.extend(new.into_iter().map(with_note(&format!("by the schema {}", schema.file))));
                all
            }
            Err(Unusable { file, problem }) => {
                let message = format!("the schema {file} cannot be used: {problem}");
                let path = KeyPath(vec![Segment::Key("kind".to_owned())]);
                let finding = kubeschema::Finding { level: Level::Error, rule: "no-schema", path, message };
                vec![One { finding, note: None }]
            }
        }
    }
}

/// What is found in a resource, and what more there is to say of it.
struct One {
    finding: kubeschema::Finding,
    note: Option<String>,
}

/// What two resources of a cluster cannot share; the version is not part of it.
type Identity = (String, String, Option<String>, String);

fn identity(id: &ResourceId) -> Identity {
    let group = id.api_version.rsplit_once('/').map_or("", |(group, _)| group);
    (group.to_owned(), id.kind.clone(), id.namespace.clone(), id.name.clone())
}

/// Cuts a manifest into its documents.
fn documents(input: &Input) -> Vec<Document<'_>> {
    let documents = resource::documents(&input.text).into_iter();
    documents.map(|(first, text)| Document { input, line: first - 1, text }).collect()
}

/// Calls `seen` with a resource and where it is; with each item, if it is a list.
fn each_resource(value: &Value, seen: &mut dyn FnMut(&Value, &[Segment])) {
    let Some(items) = value.as_mapping().and_then(resource::items) else { return seen(value, &[]) };
    for (at, item) in items.iter().enumerate() {
        seen(item, &[Segment::Key("items".to_owned()), Segment::Index(at)]);
    }
}

impl Document<'_> {
    /// Returns where something is in the document: its key rather than its value.
    fn position(&self, path: &[Segment]) -> Position {
        let span = KeyPath(path.to_vec()).locate(self.text);
        let start = span.map(|span| span.key.unwrap_or(span.value));
        start.map_or(Position { line: 1, column: 1 }, |start| Position {
            line: start.line,
            column: start.column,
        })
    }

    fn place(&self, position: Position, is_secret: bool) -> Place {
        let text = if is_secret { Arc::from("") } else { Arc::clone(&self.input.text) };
        let position = Position { line: position.line + self.line, ..position };
        Place { file: self.input.file.clone(), position: Some(position), text }
    }

    fn error(&self, rule: impl Into<Cow<'static, str>>, message: String, place: Place) -> Finding {
        let (environment, rule) = (&self.input.environment, rule.into());
        Finding {
            hint: hint(&rule),
            component: self.input.component.clone(),
            environments: Some(environment.clone()).filter(|name| !name.is_empty()).into_iter().collect(),
            ..Finding::new(Level::Error, self::rule(rule), message, place)
        }
    }

    /// Says what Flux makes of what it reads otherwise than the server: of an error, how it gets past it.
    fn tell_differences(&self, differences: &[Difference], value: &Value, checked: &mut Checked) {
        let mut is_secret = false;
        each_resource(value, &mut |resource, _| {
            is_secret |= resource.get("kind").and_then(Value::as_str) == Some("Secret");
        });
        for difference in differences {
            let Some(message) = flux::difference(difference, is_secret) else { continue };
            let position = Position { line: difference.location.line, column: difference.location.column };
            let place = self.place(position, is_secret);
            let is_there = |finding: &&mut Finding| {
                let line = |place: &Place| place.position.map(|position| position.line);
                matches!(&*finding.rule.name, "type" | "time") && line(&finding.place) == line(&place)
            };
            match checked.findings.iter_mut().find(is_there) {
                Some(finding) if finding.notes.is_empty() => finding.notes.push(message),
                Some(_) => {}
                None => checked
                    .findings
                    .push(Finding { level: Level::Warning, ..self.error("flux-yaml", message, place) }),
            }
        }
    }

    /// Says that there are two resources of one name. A definition may come with
    /// each chart that needs it.
    fn repeated(&self, resource: &Seen, first: &Place) -> Finding {
        let is_definition = resource.id.kind == "CustomResourceDefinition";
        let level = if is_definition { Level::Warning } else { Level::Error };
        let message = format!("{} is there twice; the first one is at {first}", resource.id);
        Finding { level, ..self.of(resource, "duplicate-resource", message, &[]) }
    }

    fn dangling(&self, resource: &Seen, reference: &Reference) -> Finding {
        let Reference { kind, name, path, .. } = reference;
        let message = format!("nothing renders {kind} {name:?}, so it has to be in the cluster");
        Finding { level: Level::Warning, ..self.of(resource, "missing-reference", message, path) }
    }

    fn of(&self, resource: &Seen, rule: &'static str, message: String, inner: &[Segment]) -> Finding {
        let path: Vec<Segment> = resource.path.iter().chain(inner).cloned().collect();
        let place = self.place(self.position(&path), resource.id.kind == "Secret");
        let path = if inner.is_empty() { Vec::new() } else { path };
        Finding {
            path: KeyPath(path),
            resource: Some(resource.id.clone()),
            ..self.error(rule, message, place)
        }
    }
}

/// Makes one finding of what is the same in several environments.
fn merge(findings: Vec<Finding>) -> Vec<Finding> {
    let mut merged: Vec<Finding> = Vec::new();
    let mut known = BTreeMap::new();
    for finding in findings {
        let file = finding.environments.is_empty().then(|| finding.place.clone());
        let file = file.map(|place| (place.file, place.position));
        let what = (finding.level, finding.rule.name.clone(), finding.message.clone());
        let whose = (finding.component.clone(), finding.resource.clone(), finding.path.0.clone());
        match known.get(&(what.clone(), whose.clone(), file.clone())) {
            Some(&at) => {
                let first: &mut Finding = &mut merged[at];
                for environment in finding.environments {
                    if !first.environments.contains(&environment) {
                        first.environments.push(environment);
                    }
                }
                first.minors.extend(finding.minors);
                first.minors.sort();
                first.minors.dedup();
            }
            None => {
                known.insert((what, whose, file), merged.len());
                merged.push(finding);
            }
        }
    }
    merged
}

/// Returns the definitions among the resources of a text.
fn definitions_in(text: &str) -> Result<Vec<Value>, goyaml::Error> {
    let mut definitions = Vec::new();
    for (_, document) in resource::documents(text) {
        let value: Value = goyaml::from_str(document)?;
        each_resource(&value, &mut |resource, _| {
            let kind =
                resource.as_mapping().and_then(|map: &Mapping| map.get("kind")).and_then(Value::as_str);
            if kind == Some("CustomResourceDefinition") {
                definitions.push(resource.clone());
            }
        });
    }
    Ok(definitions)
}
