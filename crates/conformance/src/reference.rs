//! What Helm cases share: the world in which they render, and where Helm's
//! error stands in what it printed.

use std::time::{Duration, SystemTime};

use helm::{Capabilities, Env, KubeVersion, KubeVersionError};

/// A fixed moment and seed, so that two runs give the same verdicts.
pub(crate) fn env() -> Env {
    Env::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_750_000_000), [7; 32])
}

/// Helm's default capabilities with a Kubernetes version and more API versions.
pub(crate) fn capabilities(
    kube_version: Option<&str>,
    api_versions: &[String],
) -> Result<Capabilities, KubeVersionError> {
    let mut capabilities = Capabilities::default();
    if let Some(version) = kube_version {
        capabilities.kube_version = KubeVersion::parse(version)?;
    }
    capabilities.api_versions.extend_from_slice(api_versions);
    Ok(capabilities)
}

/// The error in what Helm prints on stderr, without the log lines before it
/// and the advice after it, nor what `fab` has to say beyond Helm's words.
pub(crate) fn error_text(stderr: &str) -> String {
    let start = match stderr.find("\nError: ") {
        Some(at) => at + "\nError: ".len(),
        None if stderr.starts_with("Error: ") => "Error: ".len(),
        None => 0,
    };
    let text = &stderr[start..];
    const ENDS: [&str; 3] = ["\n\nUse --debug flag to render out invalid YAML", "\n\nnote: ", "\n\nhelp: "];
    let end = ENDS.iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
    text[..end].trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stderr: &str, want: &str) {
        assert_eq!(error_text(stderr), want);
    }

    #[test]
    fn the_error_is_what_follows_error() {
        check("Error: no\n\nUse --debug flag to render out invalid YAML\n", "no");
        check("level=INFO msg=\"x\"\nError: no\nmore\n", "no\nmore");
        check("boom\n", "boom");
        check("Error: no\n\nnote: it happened here\n --> x:1:1\n", "no");
    }
}
