//! Which pull request is meant: from an address, or from the variables that a CI system sets.
//!
//! The systems are told by the variables that only they set. One that runs for code on another host says so
//! (`BUILD_REPOSITORY_PROVIDER`, `CHANGE_URL`). What an address looks like tells the kind of host, so a server of
//! one's own needs no setting.

use url::Url;

use super::{Host, HostError, PullRequest};
use crate::source::credentials::{Env, decoded};

/// Returns the pull request that an address or a number names, or else the one of this CI run.
///
/// # Errors
///
/// What is given is no address of one, or nothing says which one is meant.
pub fn pull_request(given: Option<&str>, env: Env<'_>) -> Result<PullRequest, HostError> {
    let given = given.map(str::trim).filter(|given| !given.is_empty());
    let number = given.and_then(|given| given.trim_start_matches(['#', '!']).parse().ok());
    match given {
        Some(address) if number.is_none() => {
            let unknown = || HostError::NotAPullRequest(address.to_owned());
            let url = Url::parse(address).map_err(|_| unknown())?;
            from_address(&url, env).ok_or_else(unknown)
        }
        _ => from_environment(number, env),
    }
}

/// Returns the branch that a pull request of this CI run would change.
pub fn base_branch(env: Env<'_>) -> Option<String> {
    let names = [
        "GITHUB_BASE_REF",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
        "SYSTEM_PULLREQUEST_TARGETBRANCH",
        "CHANGE_TARGET",
    ];
    let branch = names.iter().find_map(|name| env(name).filter(|value| !value.is_empty()))?;
    Some(branch.strip_prefix("refs/heads/").map_or(branch.clone(), str::to_owned))
}

/// Returns the page of this CI run, with its artifacts.
pub fn run_url(env: Env<'_>) -> Option<String> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    if let Some(id) = set("GITHUB_RUN_ID") {
        return Some(format!(
            "{}/{}/actions/runs/{id}",
            set("GITHUB_SERVER_URL")?,
            set("GITHUB_REPOSITORY")?
        ));
    }
    if let (Some(id), true) = (set("BUILD_BUILDID"), set("TF_BUILD").is_some()) {
        let collection = Url::parse(&set("SYSTEM_COLLECTIONURI")?).ok()?;
        let mut page = below(&collection, &[&set("SYSTEM_TEAMPROJECT")?, "_build", "results"]);
        page.query_pairs_mut().append_pair("buildId", &id);
        return Some(page.into());
    }
    set("CI_JOB_URL").or_else(|| set("BUILD_URL"))
}

fn from_environment(number: Option<u64>, env: Env<'_>) -> Result<PullRequest, HostError> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let is = |name: &str, value: &str| env(name).is_some_and(|found| found.eq_ignore_ascii_case(value));
    let (ci, found) = if is("GITHUB_ACTIONS", "true") {
        ("GitHub Actions", from_github(number, &set))
    } else if is("GITLAB_CI", "true") {
        ("GitLab CI", from_gitlab(number, &set))
    } else if is("TF_BUILD", "true") {
        ("Azure Pipelines", from_azure(number, &set))
    } else if let Some(address) = set("CHANGE_URL") {
        let url = Url::parse(&address).map_err(|_| HostError::NotAPullRequest(address.clone()))?;
        let mut found = from_address(&url, env).ok_or(HostError::NotAPullRequest(address))?;
        found.number = number.unwrap_or(found.number);
        return Ok(found);
    } else {
        let ci = set("JENKINS_URL").map(|_| "Jenkins");
        return Err(HostError::NoPullRequest { ci });
    };
    found.ok_or(HostError::NoPullRequest { ci: Some(ci) })
}

fn from_github(number: Option<u64>, set: Env<'_>) -> Option<PullRequest> {
    let of_ref = || set("GITHUB_REF")?.strip_prefix("refs/pull/")?.split('/').next()?.parse().ok();
    Some(PullRequest {
        host: Host::GitHub,
        api: Url::parse(&set("GITHUB_API_URL")?).ok()?,
        project: String::new(),
        repository: set("GITHUB_REPOSITORY")?,
        number: number.or_else(of_ref)?,
    })
}

fn from_gitlab(number: Option<u64>, set: Env<'_>) -> Option<PullRequest> {
    let of_run = || set("CI_MERGE_REQUEST_IID")?.parse().ok();
    // The request of a fork runs in the fork, and belongs to the project that it asks to change.
    let project = set("CI_MERGE_REQUEST_PROJECT_ID").or_else(|| set("CI_PROJECT_ID"))?;
    Some(PullRequest {
        host: Host::GitLab,
        api: Url::parse(&set("CI_API_V4_URL")?).ok()?,
        project: String::new(),
        repository: project,
        number: number.or_else(of_run)?,
    })
}

fn from_azure(number: Option<u64>, set: Env<'_>) -> Option<PullRequest> {
    let provider = set("BUILD_REPOSITORY_PROVIDER").unwrap_or_default();
    if provider.starts_with("GitHub") {
        let of_run = || set("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER")?.parse().ok();
        let uri = Url::parse(&set("BUILD_REPOSITORY_URI")?).ok()?;
        return Some(PullRequest {
            host: Host::GitHub,
            api: github_api(&uri)?,
            project: String::new(),
            repository: set("BUILD_REPOSITORY_NAME")?,
            number: number.or_else(of_run)?,
        });
    }
    let of_run = || set("SYSTEM_PULLREQUEST_PULLREQUESTID")?.parse().ok();
    Some(PullRequest {
        host: Host::AzureDevOps,
        api: Url::parse(&set("SYSTEM_COLLECTIONURI")?).ok()?,
        // An identifier is one of the collection: the repository may be of another project than the pipeline.
        project: String::new(),
        repository: set("BUILD_REPOSITORY_ID")?,
        number: number.or_else(of_run)?,
    })
}

/// Reads the address of a pull request as browsers show it.
fn from_address(url: &Url, env: Env<'_>) -> Option<PullRequest> {
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let parts: Vec<String> = url.path_segments()?.filter(|part| !part.is_empty()).map(decoded).collect();
    let at = |name: &str| parts.iter().rposition(|part| part.eq_ignore_ascii_case(name));
    let number = |at: usize| parts.get(at + 1)?.parse().ok();
    let web = below(url, &[]);
    if let Some(git) = at("_git") {
        let request = at("pullrequest").filter(|request| *request == git + 2)?;
        return azure(&web, &parts[..git], &parts[git + 1], number(request)?);
    }
    if let Some(request) = at("merge_requests") {
        let path = parts[..request].strip_suffix(&["-".to_owned()]).unwrap_or(&parts[..request]);
        return gitlab(&web, path, number(request)?, env);
    }
    let request = at("pull").filter(|request| *request == 2)?;
    Some(PullRequest {
        host: Host::GitHub,
        api: github_api(&web)?,
        project: String::new(),
        repository: parts[..2].join("/"),
        number: number(request)?,
    })
}

fn github_api(web: &Url) -> Option<Url> {
    let host = web.host_str()?;
    let of_cloud = |host: &str| Url::parse(&format!("https://api.{host}")).ok();
    if host == "github.com" || host == "www.github.com" {
        return of_cloud("github.com");
    }
    if host.ends_with(".ghe.com") {
        return of_cloud(host);
    }
    Some(below(&below(web, &[]), &["api", "v3"]))
}

/// A server may be below a folder, which only its own runs know.
fn gitlab(web: &Url, path: &[String], number: u64, env: Env<'_>) -> Option<PullRequest> {
    let server = env("CI_SERVER_URL").and_then(|server| Url::parse(&server).ok());
    let server = server.filter(|server| server.origin() == web.origin());
    let folder: Vec<String> = server
        .iter()
        .flat_map(|server| server.path_segments().into_iter().flatten())
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    let project = path.strip_prefix(folder.as_slice()).unwrap_or(path);
    if project.len() < 2 {
        return None;
    }
    let mut api: Vec<&str> = path[..path.len() - project.len()].iter().map(String::as_str).collect();
    api.extend(["api", "v4"]);
    Some(PullRequest {
        host: Host::GitLab,
        api: below(web, &api),
        project: String::new(),
        repository: project.join("/"),
        number,
    })
}

/// A project whose repository is called as itself is left out of addresses.
fn azure(web: &Url, before: &[String], repository: &str, number: u64) -> Option<PullRequest> {
    let host = web.host_str()?;
    let is_collection = match host {
        "dev.azure.com" => before.len() == 1,
        _ if host.ends_with(".visualstudio.com") => {
            before.iter().all(|part| part.eq_ignore_ascii_case("DefaultCollection"))
        }
        _ => false,
    };
    let (project, collection) = if is_collection {
        (repository, before)
    } else {
        before.split_last().map(|(project, collection)| (project.as_str(), collection))?
    };
    let collection: Vec<&str> = collection.iter().map(String::as_str).collect();
    Some(PullRequest {
        host: Host::AzureDevOps,
        api: below(web, &collection),
        project: project.to_owned(),
        repository: repository.to_owned(),
        number,
    })
}

/// Returns the address of what is below another one: the names are escaped, user, query and fragment are gone. Without
/// names it is the beginning of the server.
pub(super) fn below(url: &Url, names: &[&str]) -> Url {
    let mut inner = url.clone();
    inner.set_query(None);
    inner.set_fragment(None);
    // Both fail only for URLs that cannot have user information.
    let _ = inner.set_password(None);
    let _ = inner.set_username("");
    if names.is_empty() {
        inner.set_path("");
    } else if let Ok(mut path) = inner.path_segments_mut() {
        path.pop_if_empty().extend(names);
    }
    inner
}

#[cfg(test)]
mod tests;
