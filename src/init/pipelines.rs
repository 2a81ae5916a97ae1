//! The pipelines that review changes of a definition and publish what is merged.
//!
//! Each is short: it checks the definition out with its history, brings the `fab` here whose checksum is pinned, and runs
//! one command. What a run does is in that command, so it is the same everywhere, and on anybody's machine. A run
//! of a pull request gets no token that may write to a repository, and one publishes at a time.

use url::Url;

use crate::source::SourceUrl;
use crate::source::credentials::decoded;

/// A system that runs pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pipeline {
    /// Azure Pipelines, of Azure DevOps Services or Server.
    AzureDevOps,
    /// The workflows of GitHub.
    GitHub,
    /// GitLab CI.
    GitLab,
    /// A multibranch pipeline of Jenkins.
    Jenkins,
}

impl Pipeline {
    /// Returns where the system looks for a pipeline, below the top of a repository.
    pub fn file(self) -> &'static str {
        match self {
            Pipeline::AzureDevOps => "azure-pipelines.yml",
            Pipeline::GitHub => ".github/workflows/fab.yaml",
            Pipeline::GitLab => ".gitlab-ci.yml",
            Pipeline::Jenkins => "Jenkinsfile",
        }
    }

    fn template(self) -> &'static str {
        match self {
            Pipeline::AzureDevOps => include_str!("pipelines/azure.yaml"),
            Pipeline::GitHub => include_str!("pipelines/github.yaml"),
            Pipeline::GitLab => include_str!("pipelines/gitlab.yaml"),
            Pipeline::Jenkins => include_str!("pipelines/Jenkinsfile"),
        }
    }
}

/// The script that brings `fab` to a machine.
const FETCH: (&str, &str) = (".fab/fetch.sh", include_str!("pipelines/fetch.sh"));

/// Returns the files of a pipeline by their paths. What is merged to `branch` is published, to `manifests` if that is
/// known.
pub(super) fn files(
    pipeline: Pipeline,
    branch: &str,
    manifests: Option<&SourceUrl>,
) -> Vec<(String, String)> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let branch = if branch.chars().all(is_plain) { branch } else { "main" };
    let mut text = pipeline.template().replace("@BRANCH@", branch);
    if pipeline == Pipeline::AzureDevOps {
        text = for_azure(&text, manifests);
    }
    let files = [(pipeline.file(), text.as_str()), FETCH];
    files.map(|(path, text)| (path.to_owned(), text.to_owned())).into()
}

/// The token of a job reaches the repositories of Azure DevOps that the pipeline names; others need a token of their own.
fn for_azure(text: &str, manifests: Option<&SourceUrl>) -> String {
    let repository = match manifests {
        Some(address) => azure_repository(address),
        None => Some("PROJECT/REPOSITORY".to_owned()),
    };
    let (resources, uses, token) = match repository {
        Some(name) => (
            format!(
                "resources:\n  repositories:\n    - repository: manifests # which the token of the job may reach then\n      type: git\n      name: {name}\n"
            ),
            "        uses:\n          repositories: [manifests]\n",
            "System.AccessToken",
        ),
        None => (String::new(), "", "FAB_GIT_TOKEN"),
    };
    text.replace("@RESOURCES@", &resources).replace("@USES@", uses).replace("@TOKEN@", token)
}

/// Returns `PROJECT/REPOSITORY` of an address of Azure Repos.
fn azure_repository(address: &SourceUrl) -> Option<String> {
    let url = Url::parse(address.as_str()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let parts: Vec<String> = url.path_segments()?.map(decoded).collect();
    let at = parts.iter().position(|part| part == "_git")?;
    let (project, repository) = (parts[..at].last()?, parts.get(at + 1)?);
    let is_plain = |c: char| c.is_alphanumeric() || "-_. /".contains(c);
    let name = format!("{project}/{repository}");
    name.chars().all(is_plain).then_some(name)
}
