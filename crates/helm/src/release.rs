//! A release: the name and namespace under which a chart is rendered.

use gotmpl::strconv::quote;

/// What a chart sees as `.Release`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Name of the release.
    pub name: String,
    /// Namespace that it goes to.
    pub namespace: String,
    /// Revision, from 1.
    pub revision: i64,
    /// Whether this is an upgrade rather than an installation.
    pub is_upgrade: bool,
}

/// A name that Helm does not accept for a release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseNameError {
    /// There is no name.
    #[error("release name check failed: release name \"\": no name provided")]
    Missing,
    /// It is not a DNS-1123 subdomain or longer than 53 characters.
    #[error(
        "release name check failed: release name {}: invalid release name, must match regex \
         ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ \
         and the length must not be longer than 53",
        quote(.0.as_bytes())
    )]
    Invalid(String),
}

/// Kubernetes allows 63 characters for many names; Helm leaves ten to the chart.
const MAX_NAME: usize = 53;

impl Release {
    /// Returns a first installation.
    pub fn new(name: impl Into<String>, namespace: impl Into<String>) -> Self {
        Release { name: name.into(), namespace: namespace.into(), revision: 1, is_upgrade: false }
    }

    /// Checks that Helm would accept the name.
    pub fn check_name(&self) -> Result<(), ReleaseNameError> {
        if self.name.is_empty() {
            return Err(ReleaseNameError::Missing);
        }
        if self.name.len() > MAX_NAME || !self.name.split('.').all(is_label) {
            return Err(ReleaseNameError::Invalid(self.name.clone()));
        }
        Ok(())
    }
}

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    bytes.iter().all(|byte| plain(byte) || *byte == b'-')
        && bytes.first().is_some_and(plain)
        && bytes.last().is_some_and(plain)
}
