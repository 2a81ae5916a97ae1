//! What the hosts are asked, and what they answer.
//!
//! GitHub and GitLab have a list of comments in pages. Azure DevOps has threads, the first comment of which is the one
//! that somebody began; ours is closed, as an open one stops a merge where that is the rule.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::Url;

use super::detect::below;
use super::{Host, PullRequest};
use crate::source::credentials::{Credential, Secret};
use crate::source::http::Method;

/// How many comments there are on a page; the most that the hosts give.
pub(super) const PAGE: usize = 100;

/// Azure DevOps Server 2020 is the oldest that knows it.
const AZURE_VERSION: (&str, &str) = ("api-version", "6.0");

/// What a host is asked to do.
pub(super) struct Change {
    /// How.
    pub(super) method: Method,
    /// Where.
    pub(super) url: Url,
    /// What is sent along.
    pub(super) json: String,
}

/// A comment that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The names of it, in the addresses that change it.
    pub(super) id: Vec<String>,
    /// Who wrote it: a name or an identifier.
    pub(super) author: String,
    /// Whether a program did.
    pub(super) is_by_program: bool,
    /// Its text.
    pub(super) text: String,
}

/// Shows a token in the way of the host.
pub(super) fn credential(host: Host, token: &Secret) -> Credential {
    match host {
        Host::GitHub | Host::GitLab => Credential::Bearer(token.clone()),
        // A personal access token is a password without a user; what pipelines and Entra give is a JSON web token.
        Host::AzureDevOps if is_web_token(token.reveal()) => Credential::Bearer(token.clone()),
        Host::AzureDevOps => Credential::basic("", token.reveal()),
    }
}

fn is_web_token(token: &str) -> bool {
    let head = token.split('.').next().filter(|_| token.split('.').count() == 3);
    let head = head.and_then(|head| URL_SAFE_NO_PAD.decode(head).ok());
    head.is_some_and(|head| serde_json::from_slice::<Value>(&head).is_ok_and(|head| head.is_object()))
}

/// The media type that is asked for.
pub(super) fn accept(host: Host) -> &'static str {
    match host {
        Host::GitHub => "application/vnd.github+json",
        Host::GitLab | Host::AzureDevOps => "application/json",
    }
}

/// Where the host tells whose the token is.
pub(super) fn whose(pull_request: &PullRequest) -> Url {
    match pull_request.host {
        Host::GitHub | Host::GitLab => below(&pull_request.api, &["user"]),
        Host::AzureDevOps => below(&pull_request.api, &["_apis", "connectionData"]),
    }
}

/// Reads whose the token is, as comments name their authors.
pub(super) fn name_of(host: Host, answer: &Value) -> Option<String> {
    let name = match host {
        Host::GitHub => &answer["login"],
        Host::GitLab => &answer["id"],
        Host::AzureDevOps => &answer["authenticatedUser"]["id"],
    };
    plain(name)
}

/// Where a page of comments is, the first being 1.
pub(super) fn list(pull_request: &PullRequest, page: usize) -> Url {
    let mut url = comments(pull_request);
    let (size, page) = (PAGE.to_string(), page.to_string());
    match pull_request.host {
        Host::GitHub => url.query_pairs_mut().append_pair("per_page", &size).append_pair("page", &page),
        Host::GitLab => url
            .query_pairs_mut()
            .extend_pairs([("order_by", "created_at"), ("sort", "asc")])
            .append_pair("per_page", &size)
            .append_pair("page", &page),
        // All threads are on one page.
        Host::AzureDevOps => return url,
    };
    url
}

/// Reads a page of comments, the oldest first; none if it is something else.
pub(super) fn found(host: Host, answer: &Value) -> Option<Vec<Found>> {
    match host {
        Host::GitHub => answer.as_array()?.iter().map(of_github).collect(),
        Host::GitLab => answer.as_array()?.iter().map(of_gitlab).collect(),
        Host::AzureDevOps => Some(answer["value"].as_array()?.iter().filter_map(of_azure).collect()),
    }
}

fn of_github(comment: &Value) -> Option<Found> {
    Some(Found {
        id: vec![plain(&comment["id"])?],
        // The comments of an account that is gone have no user.
        author: plain(&comment["user"]["login"]).unwrap_or_default(),
        is_by_program: comment["user"]["type"] == "Bot",
        text: comment["body"].as_str().unwrap_or_default().to_owned(),
    })
}

fn of_gitlab(note: &Value) -> Option<Found> {
    Some(Found {
        id: vec![plain(&note["id"])?],
        author: plain(&note["author"]["id"]).unwrap_or_default(),
        is_by_program: false,
        text: note["body"].as_str().unwrap_or_default().to_owned(),
    })
}

/// Reads the first comment of a thread; none if somebody took it away.
fn of_azure(thread: &Value) -> Option<Found> {
    let comment = thread["comments"].as_array()?.first()?;
    let is_gone = |value: &Value| value["isDeleted"] == true;
    if is_gone(thread) || is_gone(comment) {
        return None;
    }
    Some(Found {
        id: vec![plain(&thread["id"])?, plain(&comment["id"])?],
        author: plain(&comment["author"]["id"])?,
        is_by_program: false,
        text: comment["content"].as_str().unwrap_or_default().to_owned(),
    })
}

/// Returns what begins a comment.
pub(super) fn create(pull_request: &PullRequest, text: &str) -> Change {
    let json = match pull_request.host {
        Host::GitHub | Host::GitLab => json!({"body": text}),
        Host::AzureDevOps => json!({
            "comments": [{"parentCommentId": 0, "content": text, "commentType": "text"}],
            "status": "closed",
        }),
    };
    Change { method: Method::Post, url: comments(pull_request), json: json.to_string() }
}

/// Returns what changes a comment.
pub(super) fn update(pull_request: &PullRequest, id: &[String], text: &str) -> Change {
    let id: Vec<&str> = id.iter().map(String::as_str).collect();
    let PullRequest { api, repository, .. } = pull_request;
    let (method, url, json) = match pull_request.host {
        Host::GitHub => {
            let (owner, name) = owner_and_name(repository);
            let place = [&["repos", owner, name, "issues", "comments"], id.as_slice()].concat();
            (Method::Patch, below(api, &place), json!({"body": text}))
        }
        Host::GitLab => (Method::Put, below(&comments(pull_request), &id), json!({"body": text})),
        Host::AzureDevOps => {
            let place: Vec<&str> = match id.split_first() {
                Some((thread, comments)) => [&[*thread, "comments"], comments].concat(),
                None => Vec::new(),
            };
            (Method::Patch, versioned(below(&threads(pull_request), &place)), json!({"content": text}))
        }
    };
    Change { method, url, json: json.to_string() }
}

/// Where the comments of a pull request are.
fn comments(pull_request: &PullRequest) -> Url {
    let number = pull_request.number.to_string();
    let PullRequest { api, repository, .. } = pull_request;
    match pull_request.host {
        Host::GitHub => {
            let (owner, name) = owner_and_name(repository);
            below(api, &["repos", owner, name, "issues", &number, "comments"])
        }
        Host::GitLab => below(api, &["projects", repository, "merge_requests", &number, "notes"]),
        Host::AzureDevOps => versioned(threads(pull_request)),
    }
}

fn threads(pull_request: &PullRequest) -> Url {
    let number = pull_request.number.to_string();
    let PullRequest { api, project, repository, .. } = pull_request;
    let rest = ["_apis", "git", "repositories", repository, "pullRequests", &number, "threads"];
    let project = Some(project.as_str()).filter(|project| !project.is_empty());
    below(api, &project.into_iter().chain(rest).collect::<Vec<_>>())
}

fn versioned(mut url: Url) -> Url {
    url.query_pairs_mut().append_pair(AZURE_VERSION.0, AZURE_VERSION.1);
    url
}

fn owner_and_name(repository: &str) -> (&str, &str) {
    repository.split_once('/').unwrap_or(("", repository))
}

/// A text or a number, as a text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns what a host says of a refusal, in one line.
pub(super) fn message(body: &[u8]) -> String {
    let Ok(answer) = serde_json::from_slice::<Value>(body) else { return String::new() };
    let said = ["message", "error_description", "error"].iter().map(|name| &answer[*name]);
    let said = said.filter(|value| !value.is_null()).map(|value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let mut line: String = said.take(1).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > LONGEST_MESSAGE {
        line = line.chars().take(LONGEST_MESSAGE).chain(['…']).collect();
    }
    line
}

/// Characters of a host's message that are shown.
const LONGEST_MESSAGE: usize = 300;
