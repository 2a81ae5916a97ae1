//! The one comment of a topic: begun, changed, or left as it is.

use serde_json::Value;

use super::api::{self, Change, Found};
use super::error::named;
use super::{Host, HostError, PullRequest};
use crate::source::credentials::{Credential, Secret};
use crate::source::http::{Call, Http, HttpError, Method, Reply};

/// A comment as it should be.
#[derive(Debug, Clone, Copy)]
pub struct Comment<'a> {
    /// What it is about: a pull request has one comment for each topic, such as the name of a definition.
    pub topic: &'a str,
    /// Its text, in Markdown.
    pub text: &'a str,
    /// Whether it is begun where there is none; one that says that nothing changes need not be.
    pub begins: bool,
}

/// What became of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There was none.
    Created,
    /// It had another text.
    Updated,
    /// It has this text already.
    Unchanged,
    /// There is none, and it is not to be begun.
    Absent,
}

/// More pages than this are not read.
const MAX_PAGES: usize = 200;

/// Makes the comment of a pull request be as given.
///
/// If there are several of ours, the oldest one is kept and the others point to it.
///
/// # Errors
///
/// The text is longer than the host takes, the host refuses, or it cannot be reached.
pub fn comment(
    http: &Http,
    pull_request: &PullRequest,
    token: &Secret,
    comment: &Comment<'_>,
) -> Result<Outcome, HostError> {
    let text = comment.whole();
    let characters = text.chars().count();
    if characters > pull_request.host.limit() {
        return Err(HostError::TooLong { host: pull_request.host, characters });
    }
    let session = Session { http, pull_request, credential: api::credential(pull_request.host, token) };
    // An answer that was lost may be that of a change that was made, so one looks again.
    http.retried(|| match session.settle(comment, &text) {
        Ok(outcome) => Ok(Ok(outcome)),
        Err(Failure::Write(error)) => Err(error),
        Err(Failure::Final(error)) => Ok(Err(error)),
    })
    .map_err(HostError::Http)?
}

/// Returns the requests that [`comment`] makes, without the token.
pub fn requests(pull_request: &PullRequest, comment: &Comment<'_>) -> String {
    let text = comment.whole();
    let mut all = format!("GET {}\n", api::list(pull_request, 1));
    if comment.begins {
        all.push_str(&shown("if there is no comment yet", &api::create(pull_request, &text)));
    }
    let ids: &[&str] = match pull_request.host {
        Host::GitHub | Host::GitLab => &["ID"],
        Host::AzureDevOps => &["THREAD", "ID"],
    };
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    all.push_str(&shown("if there is one with another text", &api::update(pull_request, &ids, &text)));
    all
}

fn shown(when: &str, change: &Change) -> String {
    format!("\n{when}:\n{} {}\n{}\n", change.method.name(), change.url, change.json)
}

impl Comment<'_> {
    /// The line that this topic's comments are known by, which readers do not see.
    fn mark(&self) -> String {
        let letter = |c: char| if c.is_ascii_alphanumeric() || "-._/".contains(c) { c } else { '_' };
        // Two dashes may end the mark.
        let topic = self.topic.chars().map(letter).collect::<String>().replace("--", "__");
        format!("<!-- fab:pr:{topic}:v1 -->")
    }

    fn whole(&self) -> String {
        format!("{}\n{}", self.mark(), self.text.trim_end())
    }
}

/// Why a comment is not as it should be.
enum Failure {
    /// A change was not answered, or not at this time.
    Write(HttpError),
    /// Trying again does not help.
    Final(HostError),
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        Failure::Final(error)
    }
}

/// A pull request, and who asks.
struct Session<'a> {
    http: &'a Http,
    pull_request: &'a PullRequest,
    credential: Credential,
}

impl Session<'_> {
    fn settle(&self, comment: &Comment<'_>, text: &str) -> Result<Outcome, Failure> {
        let mark = comment.mark();
        let ours = self.ours(&mark)?;
        let Some((first, others)) = ours.split_first() else {
            if !comment.begins {
                return Ok(Outcome::Absent);
            }
            self.change(&api::create(self.pull_request, text))?;
            return Ok(Outcome::Created);
        };
        let superseded =
            format!("{mark}\nSuperseded: another comment of this pull request is kept up to date.");
        for other in others.iter().filter(|other| !is_same(&other.text, &superseded)) {
            self.change(&api::update(self.pull_request, &other.id, &superseded))?;
        }
        if is_same(&first.text, text) {
            return Ok(Outcome::Unchanged);
        }
        self.change(&api::update(self.pull_request, &first.id, text))?;
        Ok(Outcome::Updated)
    }

    /// Returns the comments with a mark that we wrote, the oldest first.
    fn ours(&self, mark: &str) -> Result<Vec<Found>, HostError> {
        let mut marked = Vec::new();
        for page in 1..=MAX_PAGES {
            let (found, is_last) = self.page(page)?;
            marked.extend(found.into_iter().filter(|found| found.text.lines().next() == Some(mark)));
            if is_last {
                break;
            }
        }
        if marked.is_empty() {
            return Ok(marked);
        }
        let me = self.me()?;
        marked.retain(|found| match &me {
            Some(name) => found.author == *name,
            // The token of a workflow may not ask whose it is. It is a program's, as no other user can be.
            None => self.pull_request.host != Host::GitHub || found.is_by_program,
        });
        Ok(marked)
    }

    /// Reads a page of comments, and whether it is the last one.
    fn page(&self, page: usize) -> Result<(Vec<Found>, bool), HostError> {
        let host = self.pull_request.host;
        let url = api::list(self.pull_request, page);
        let ask = Change { method: Method::Get, url, json: String::new() };
        let reply = self.http.retried(|| self.send(&ask)).map_err(HostError::Http)?;
        let reply = self.accepted(reply)?;
        // Its own address of the next page may be one that only the host can use.
        let links = reply.headers.get("link").and_then(|links| links.to_str().ok()).unwrap_or_default();
        let is_last = !links.contains("rel=\"next\"");
        let answer = serde_json::from_slice::<Value>(&reply.body).ok();
        let found = answer.and_then(|answer| api::found(host, &answer));
        let garbled = || HostError::Garbled { host, what: named(self.pull_request) };
        found.map(|found| (found, is_last)).ok_or_else(garbled)
    }

    /// Returns whose the token is, if the host tells that to it.
    fn me(&self) -> Result<Option<String>, HostError> {
        let ask = Change { method: Method::Get, url: api::whose(self.pull_request), json: String::new() };
        let reply = self.http.retried(|| self.send(&ask)).map_err(HostError::Http)?;
        if matches!(reply.status, 403 | 404) {
            return Ok(None);
        }
        let reply = self.accepted(reply)?;
        let answer = serde_json::from_slice::<Value>(&reply.body).ok();
        Ok(answer.and_then(|answer| api::name_of(self.pull_request.host, &answer)))
    }

    fn change(&self, change: &Change) -> Result<(), Failure> {
        let reply = self.send(change).map_err(Failure::Write)?;
        self.accepted(reply)?;
        Ok(())
    }

    fn send(&self, change: &Change) -> Result<Reply, HttpError> {
        self.http.call(&Call {
            method: change.method,
            url: &change.url,
            credential: Some(&self.credential),
            accept: api::accept(self.pull_request.host),
            json: &change.json,
        })
    }

    /// Tells a refusal, with who has to permit what.
    fn accepted(&self, reply: Reply) -> Result<Reply, HostError> {
        let (host, what) = (self.pull_request.host, named(self.pull_request));
        let message = api::message(&reply.body);
        let is_used_up =
            reply.headers.get("x-ratelimit-remaining").is_some_and(|left| left.as_bytes() == b"0");
        match reply.status {
            // A page to sign in at, for who is not let in.
            203 | 302 if host == Host::AzureDevOps => {
                Err(HostError::Denied { host, what, status: 401, message: String::new() })
            }
            200..300 => Ok(reply),
            status @ (401 | 403) if !is_used_up => Err(HostError::Denied { host, what, status, message }),
            status @ (404 | 410) => Err(HostError::Unknown { host, what, status, message }),
            status => Err(HostError::Refused { host, what, status, message }),
        }
    }
}

/// Whether a host would show the same: some change line ends, and take blanks away at the end.
fn is_same(there: &str, wanted: &str) -> bool {
    there.replace("\r\n", "\n").trim_end() == wanted.trim_end()
}
