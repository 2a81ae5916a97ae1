//! The manifests by which an agent in the cluster applies what is published.
//!
//! There is one file for each environment, as clusters of different environments need not know of each other. What is
//! applied is what was reviewed: nothing here renames, patches or adds to it.

use super::files::scalar;
use crate::source::SourceUrl;

/// A program in a cluster that applies what is in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// Flux, version 2.
    Flux,
    /// Argo CD.
    ArgoCd,
}

/// Where an environment is published.
pub(super) struct Published {
    /// What the definition is called.
    pub(super) definition: String,
    /// The folder of the environment below `generated/`, by which its files are called.
    pub(super) environment: String,
    /// The manifest repository.
    pub(super) repository: SourceUrl,
    /// The branch.
    pub(super) branch: String,
    /// The folder; empty for the top.
    pub(super) path: String,
}

/// Returns the file of an agent for an environment, by its path.
pub(super) fn file(agent: Agent, published: &Published) -> (String, String) {
    let (folder, text) = match agent {
        Agent::Flux => ("flux", flux(published)),
        Agent::ArgoCd => ("argocd", argo_cd(published)),
    };
    let file = format!("{folder}/{}.yaml", published.environment);
    let head = format!(
        "# Applies what `fab publish` writes for {}. In its cluster, once: kubectl apply -f {file}\n",
        published.environment
    );
    (file, head + &text)
}

fn flux(published: &Published) -> String {
    let Published { definition, environment, repository, branch, path } = published;
    let name = scalar(&object_name(&format!("{definition}-{environment}")));
    let secret = scalar(&object_name(&format!("{definition}-manifests")));
    // Flux takes no `git@host:path`.
    let is_short = repository.scheme().as_deref() == Some("ssh") && !repository.as_str().contains("://");
    let whole = repository.to_url().filter(|_| is_short).map(String::from);
    let repository = scalar(whole.as_deref().unwrap_or(repository.as_str()));
    let branch = scalar(branch);
    let path = scalar(&format!("./{path}"));
    format!(
        "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: {name}
  namespace: flux-system
spec:
  interval: 1m
  url: {repository}
  ref:
    branch: {branch}
  secretRef: # `username` and `password`, or `identity` and `known_hosts`, that may read; not for a public repository
    name: {secret}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: {name}
  namespace: flux-system
spec:
  interval: 30m
  retryInterval: 2m
  timeout: 5m
  prune: true
  wait: true
  path: {path}
  sourceRef:
    kind: GitRepository
    name: {name}
"
    )
}

fn argo_cd(published: &Published) -> String {
    let Published { definition, environment, repository, branch, path } = published;
    let name = scalar(&object_name(&format!("{definition}-{environment}")));
    let (repository, branch) = (scalar(repository.as_str()), scalar(branch));
    let path = scalar(if path.is_empty() { "." } else { path });
    format!(
        "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {name}
  namespace: argocd
spec:
  project: default
  source:
    repoURL: {repository}
    targetRevision: {branch}
    path: {path}
    directory:
      recurse: true
  destination:
    server: https://kubernetes.default.svc
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
    syncOptions:
    - ServerSideApply=true
    - PruneLast=true
"
    )
}

/// Returns a name as objects in clusters have it.
fn object_name(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = name.chars().map(letter).take(LONGEST_NAME).collect();
    name.trim_matches('-').to_owned()
}

/// Labels hold names of this length.
const LONGEST_NAME: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_objects() {
        for (name, want) in [("shop-prod", "shop-prod"), ("My.Shop_qa+west", "my-shop-qa-west"), ("-x-", "x")]
        {
            assert_eq!(object_name(name), want);
        }
        assert_eq!(object_name(&"a".repeat(100)).len(), 63);
    }
}
