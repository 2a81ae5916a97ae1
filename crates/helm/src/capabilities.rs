//! What a chart may ask about the cluster and about Helm: `.Capabilities`.
//!
//! Invariant: nothing here is read from a cluster. The defaults are those of the
//! Helm release that this crate follows, 4.2.4.

use gotmpl::strconv::quote;

/// The Kubernetes version of a release's cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeVersion {
    /// As given, with a leading `v`: `v1.27.3-gke.1`.
    pub version: String,
    /// The numbers only: `v1.27.3`. Constraints are checked against it.
    pub normalized: String,
    /// `1`
    pub major: String,
    /// `27`
    pub minor: String,
}

/// A Kubernetes version that cannot be read. The texts are those of Helm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KubeVersionError {
    /// There are no numbers.
    #[error("could not parse {} as version", quote(.0.as_bytes()))]
    NoNumbers(String),
    /// There is one number only.
    #[error("illegal version string {}", quote(.0.as_bytes()))]
    TooShort(String),
    /// The major version starts with a zero.
    #[error("illegal zero-prefixed version component {component:?} in {}", quote(version.as_bytes()))]
    LeadingZero {
        /// The number.
        component: String,
        /// The version.
        version: String,
    },
    /// A number is out of range.
    #[error(
        "illegal non-numeric version component {component:?} in {}: \
         strconv.ParseUint: parsing {component:?}: value out of range",
        quote(version.as_bytes())
    )]
    OutOfRange {
        /// The number.
        component: String,
        /// The version.
        version: String,
    },
}

/// What `helm version` tells, as templates see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelmVersion {
    /// `v4.2.4`
    pub version: String,
    /// Commit that Helm was built from; empty in our goldens.
    pub git_commit: String,
    /// `clean`, `dirty` or empty.
    pub git_tree_state: String,
    /// Go that Helm was built with.
    pub go_version: String,
    /// Kubernetes version of Helm's client library.
    pub kube_client_version: String,
}

/// What the target cluster offers; charts branch on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// Version of the cluster.
    pub kube_version: KubeVersion,
    /// Group versions (`apps/v1`), and kinds (`apps/v1/Deployment`) where the caller names them.
    pub api_versions: Vec<String>,
    /// Version of Helm.
    pub helm_version: HelmVersion,
}

impl KubeVersion {
    /// Reads a version such as `1.29`, `v1.29.4` or `1.27.3-gke.1`.
    pub fn parse(text: &str) -> Result<Self, KubeVersionError> {
        let bare = text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
        let components = leading_numbers(bare.strip_prefix('v').unwrap_or(bare));
        if components.is_empty() {
            return Err(KubeVersionError::NoNumbers(text.to_owned()));
        }
        if components.len() < 2 {
            return Err(KubeVersionError::TooShort(text.to_owned()));
        }
        if components[0].len() > 1 && components[0].starts_with('0') {
            let component = components[0].to_owned();
            return Err(KubeVersionError::LeadingZero { component, version: text.to_owned() });
        }
        let mut numbers = Vec::with_capacity(components.len());
        for component in components {
            numbers.push(component.parse::<u64>().map_err(|_| KubeVersionError::OutOfRange {
                component: component.to_owned(),
                version: text.to_owned(),
            })?);
        }
        let joined: Vec<String> = numbers.iter().map(u64::to_string).collect();
        Ok(KubeVersion {
            version: if text.starts_with('v') { text.to_owned() } else { format!("v{text}") },
            normalized: format!("v{}", joined.join(".")),
            major: joined[0].clone(),
            minor: joined[1].clone(),
        })
    }
}

/// Returns the dotted numbers that the text starts with.
fn leading_numbers(text: &str) -> Vec<&str> {
    let mut components = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if end == 0 {
            return components;
        }
        components.push(&rest[..end]);
        match rest[end..].strip_prefix('.') {
            Some(next) => rest = next,
            None => return components,
        }
    }
}

impl Default for KubeVersion {
    fn default() -> Self {
        KubeVersion {
            version: "v1.36.0".to_owned(),
            normalized: "v1.36.0".to_owned(),
            major: "1".to_owned(),
            minor: "36".to_owned(),
        }
    }
}

impl Default for HelmVersion {
    fn default() -> Self {
        HelmVersion {
            version: "v4.2.4".to_owned(),
            git_commit: String::new(),
            git_tree_state: String::new(),
            go_version: "go1.26.8".to_owned(),
            kube_client_version: "v1.36".to_owned(),
        }
    }
}

impl Default for Capabilities {
    fn default() -> Self {
        Capabilities {
            kube_version: KubeVersion::default(),
            api_versions: API_VERSIONS.iter().map(|&version| version.to_owned()).collect(),
            helm_version: HelmVersion::default(),
        }
    }
}

/// The group versions of client-go 0.36, in the order in which Helm 4.2.4 lists them.
const API_VERSIONS: [&str; 55] = [
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha2",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];
