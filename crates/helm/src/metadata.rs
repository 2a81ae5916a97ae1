//! `Chart.yaml`: what a chart says about itself.
//!
//! Invariant: absent and empty are told apart where Helm does. A chart without
//! `dependencies` is left alone when dependencies are processed; one with
//! `dependencies: []` is not, and neither are the charts below it.

use std::collections::BTreeMap;

use goyaml::Value;

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
