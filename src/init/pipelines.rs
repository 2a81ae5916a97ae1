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

/// The definition that a pipeline is for.
pub(super) struct Reviewed<'a> {
    /// The branch whose merges are published.
    pub(super) branch: &'a str,
    /// The folder of the definition in its repository; empty for the top.
    pub(super) folder: &'a str,
    /// The manifest repository, if it is known.
    pub(super) manifests: Option<&'a SourceUrl>,
}

impl Pipeline {
    /// Returns where the pipeline of the definition in a folder is, below the top of the repository.
    pub(super) fn file(self, folder: &str) -> String {
        let name = suffix(folder);
        match self {
            Pipeline::AzureDevOps => format!("azure-pipelines{name}.yml"),
            Pipeline::GitHub => format!(".github/workflows/fab{name}.yaml"),
            Pipeline::GitLab if folder.is_empty() => GITLAB.to_owned(),
            Pipeline::GitLab => format!(".gitlab/fab{name}.yml"),
            Pipeline::Jenkins => format!("Jenkinsfile{name}"),
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

    /// Returns the lines by which a pipeline runs for changes of a folder and of two files only.
    fn filter(self, folder: &str, files: &str) -> String {
        match self {
            Pipeline::AzureDevOps => format!("  paths:\n    include: [{folder}, {files}]\n"),
            Pipeline::GitHub => format!("    paths: [{folder}/**, {files}]\n"),
            Pipeline::GitLab => format!("      changes: [{folder}/**/*, {files}]\n"),
            // It has none that counts all changes since the last run that went well.
            Pipeline::Jenkins => String::new(),
        }
    }
}

/// What names of a definition below the top of a repository end in.
fn suffix(folder: &str) -> String {
    if folder.is_empty() { String::new() } else { format!("-{}", folder.replace('/', "-")) }
}

/// The file that GitLab looks for.
const GITLAB: &str = ".gitlab-ci.yml";

/// What that is where definitions have files of their own.
const INCLUDES: &str = "include:\n  - local: .gitlab/fab-*.yml\n";

/// The script that brings `fab` to a machine.
const FETCH: (&str, &str) = (".fab/fetch.sh", include_str!("pipelines/fetch.sh"));

/// Returns the files of a pipeline by their paths below the top of the repository.
pub(super) fn files(pipeline: Pipeline, reviewed: &Reviewed<'_>) -> Vec<(String, String)> {
    let Reviewed { branch, folder, manifests } = *reviewed;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let branch = if branch.chars().all(is_plain) { branch } else { "main" };
    let file = pipeline.file(folder);
    let (below, directory, inside, filter) = if folder.is_empty() {
        <(String, String, String, String)>::default()
    } else {
        let filter = pipeline.filter(folder, &format!("{}, {file}", FETCH.0));
        (format!("{folder}/"), format!(" -C {folder}"), format!(" {folder}"), filter)
    };
    let mut text = pipeline
        .template()
        .replace("@BRANCH@", branch)
        .replace("@BELOW@", &below)
        .replace("@DIRECTORY@", &directory)
        .replace("@IN@", &inside)
        .replace("@NAME@", &suffix(folder))
        .replace("@PATHS@", &filter);
    if pipeline == Pipeline::AzureDevOps {
        text = for_azure(&text, manifests);
    }
    let mut files = vec![(file, text), (FETCH.0.to_owned(), FETCH.1.to_owned())];
    if pipeline == Pipeline::GitLab && !folder.is_empty() {
        files.push((GITLAB.to_owned(), INCLUDES.to_owned()));
    }
    files
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
