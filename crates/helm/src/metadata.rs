//! `Chart.yaml`: what a chart says about itself.
//!
//! Invariant: absent and empty are told apart where Helm does. A chart without
//! `dependencies` is left alone when dependencies are processed; one with
//! `dependencies: []` is not, and neither are the charts below it.

use std::collections::{BTreeMap, BTreeSet};

use gotmpl::strconv::{is_print, quote};
use goyaml::Value;

use crate::version::is_version;

/// Someone who maintains a chart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Maintainer {
    /// Name of the person or organization.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Web address.
    pub url: String,
}

/// A chart that this one needs in its `charts/` folder.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dependency {
    /// Name in the dependency's own `Chart.yaml`; the alias once dependencies are processed.
    pub name: String,
    /// Version range.
    pub version: String,
    /// Repository that it comes from.
    pub repository: String,
    /// Comma-separated paths into the values; the first one that holds a bool decides.
    pub condition: String,
    /// Names looked up in the `tags` table of the values.
    pub tags: Option<Vec<String>>,
    /// Whether it is used; set when dependencies are processed.
    pub enabled: bool,
    /// Names below `exports`, or pairs of `child` and `parent`.
    pub import_values: Option<Vec<Value>>,
    /// Name by which this chart knows it.
    pub alias: String,
}

/// The fields of `Chart.yaml`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metadata {
    /// Name of the chart.
    pub name: String,
    /// Web page.
    pub home: String,
    /// Where the source is.
    pub sources: Option<Vec<String>>,
    /// Version of the chart.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// Words to find it by.
    pub keywords: Option<Vec<String>>,
    /// Who maintains it.
    pub maintainers: Option<Vec<Maintainer>>,
    /// Address of a picture.
    pub icon: String,
    /// `v1` or `v2`.
    pub api_version: String,
    /// Condition under which a parent enables it (Helm 2; kept for templates that print it).
    pub condition: String,
    /// Tags under which a parent enables it (Helm 2; kept for templates that print it).
    pub tags: String,
    /// Version of what the chart installs.
    pub app_version: String,
    /// Whether nobody should use it any more.
    pub deprecated: bool,
    /// Free-form pairs.
    pub annotations: Option<BTreeMap<String, String>>,
    /// Range of Kubernetes versions that it works with.
    pub kube_version: String,
    /// Charts that it needs.
    pub dependencies: Option<Vec<Dependency>>,
    /// `application`, `library` or empty; `type` in the file.
    pub kind: String,
}

/// A `Chart.yaml` that says something Helm does not accept. The texts are Helm's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValidationError {
    /// There is no format, which takes a `requirements.yaml` without `Chart.yaml`.
    #[error("validation: chart.metadata.apiVersion is required")]
    NoApiVersion,
    /// There is no name.
    #[error("validation: chart.metadata.name is required")]
    NoName,
    /// The name is `.` or `..`.
    #[error("validation: chart.metadata.name {} is not allowed", quote(.0.as_bytes()))]
    NameNotAllowed(String),
    /// The name has slashes.
    #[error("validation: chart.metadata.name {} is invalid", quote(.0.as_bytes()))]
    NameInvalid(String),
    /// There is no version.
    #[error("validation: chart.metadata.version is required")]
    NoVersion,
    /// The version is no semantic version.
    #[error("validation: chart.metadata.version {} is invalid", quote(.0.as_bytes()))]
    VersionInvalid(String),
    /// The type is unknown.
    #[error("validation: chart.metadata.type must be application or library")]
    UnknownType,
    /// A maintainer is null.
    #[error("validation: maintainers must not contain empty or null nodes")]
    NullMaintainer,
    /// A dependency is null.
    #[error("validation: dependencies must not contain empty or null nodes")]
    NullDependency,
    /// An alias has other characters than letters, digits, `_` and `-`.
    #[error("validation: dependency {} has disallowed characters in the alias", quote(.0.as_bytes()))]
    BadAlias(String),
    /// Two dependencies would be known under one name.
    #[error("validation: more than one dependency with name or alias {}", quote(.0.as_bytes()))]
    Duplicate(String),
}

/// A `Chart.yaml` as read, before it is checked: list items may still be null.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) metadata: Metadata,
    pub(crate) maintainers: Option<Vec<Option<Maintainer>>>,
    pub(crate) dependencies: Option<Vec<Option<Dependency>>>,
}

impl Draft {
    /// Returns whether the chart keeps its dependencies in `requirements.yaml`.
    pub(crate) fn is_first_format(&self) -> bool {
        self.metadata.api_version == "v1"
    }

    /// Checks everything in Helm's order; text fields lose what cannot be printed.
    pub(crate) fn validate(self) -> Result<Metadata, ValidationError> {
        let Draft { mut metadata, maintainers, dependencies } = self;
        metadata.sanitize();
        metadata.check()?;
        if let Some(maintainers) = maintainers {
            let known: Option<Vec<_>> = maintainers.into_iter().collect();
            let mut known = known.ok_or(ValidationError::NullMaintainer)?;
            for Maintainer { name, email, url } in &mut known {
                [name, email, url].into_iter().for_each(sanitize);
            }
            metadata.maintainers = Some(known);
        }
        metadata.dependencies = dependencies.map(check_dependencies).transpose()?;
        Ok(metadata)
    }
}

impl Metadata {
    fn sanitize(&mut self) {
        let Metadata { name, description, home, icon, condition, tags, app_version, kube_version, .. } = self;
        let texts = [name, description, home, icon, condition, tags, app_version, kube_version];
        let lists = self.sources.iter_mut().chain(&mut self.keywords).flatten();
        texts.into_iter().chain(lists).for_each(sanitize);
    }

    fn check(&self) -> Result<(), ValidationError> {
        if self.api_version.is_empty() {
            return Err(ValidationError::NoApiVersion);
        }
        let name = &self.name;
        if name.is_empty() {
            return Err(ValidationError::NoName);
        }
        if name == "." || name == ".." {
            return Err(ValidationError::NameNotAllowed(name.clone()));
        }
        if name.contains('/') {
            return Err(ValidationError::NameInvalid(name.clone()));
        }
        if self.version.is_empty() {
            return Err(ValidationError::NoVersion);
        }
        if !is_version(&self.version) {
            return Err(ValidationError::VersionInvalid(self.version.clone()));
        }
        if !matches!(self.kind.as_str(), "" | "application" | "library") {
            return Err(ValidationError::UnknownType);
        }
        Ok(())
    }
}

fn check_dependencies(drafts: Vec<Option<Dependency>>) -> Result<Vec<Dependency>, ValidationError> {
    let mut names = BTreeSet::new();
    let mut dependencies = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let mut dependency = draft.ok_or(ValidationError::NullDependency)?;
        let Dependency { name, version, repository, condition, tags, alias, .. } = &mut dependency;
        [&mut *name, version, repository, condition].into_iter().for_each(sanitize);
        tags.iter_mut().flatten().for_each(sanitize);
        if !alias.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
            return Err(ValidationError::BadAlias(name.clone()));
        }
        let known_as = if alias.is_empty() { name } else { alias };
        if !names.insert(known_as.clone()) {
            return Err(ValidationError::Duplicate(known_as.clone()));
        }
        dependencies.push(dependency);
    }
    Ok(dependencies)
}

/// Makes every white space a space and drops what Go does not count as printable.
fn sanitize(text: &mut String) {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return;
    }
    let spaced = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    *text = spaced.filter(|c| is_print(*c)).collect();
}
