//! The comment on a pull request: what hosts are asked, what they refuse, and what is left alone.
//!
//! The fakes keep comments as the hosts do, refuse what the hosts' references do not have, and are made to fail.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fabrikate::host::{Comment, Host, HostError, Outcome, PullRequest, comment, requests};
use fabrikate::source::credentials::Secret;
use fabrikate::source::http::{Http, HttpOptions};
use serde_json::{Value, json};
use url::Url;

use crate::server::{Reply, Request, Server};

const MARK: &str = "<!-- fab:pr:shop:v1 -->";

/// A comment of a host.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kept {
    author: &'static str,
    text: String,
}

fn by(author: &'static str, text: impl Into<String>) -> Kept {
    Kept { author, text: text.into() }
}

/// A host with one pull request.
pub(crate) struct Fake {
    host: Host,
    pub(crate) server: Server,
    kept: Arc<Mutex<Vec<Kept>>>,
}

impl Fake {
    pub(crate) fn new(host: Host, kept: Vec<Kept>) -> Self {
        Self::failing(host, kept, |_, _| None)
    }

    /// A host without comments that knows who has this token.
    pub(crate) fn with_token(host: Host, token: &str) -> Self {
        Self::start(host, token, Vec::new(), |_, _| None)
    }

    /// A host that answers some requests as a function says; what it says of changes comes after they are made.
    pub(crate) fn failing(
        host: Host,
        kept: Vec<Kept>,
        fault: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        Self::start(host, "s3cret", kept, fault)
    }

    fn start(
        host: Host,
        token: &str,
        kept: Vec<Kept>,
        fault: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let kept = Arc::new(Mutex::new(kept));
        let inner = Arc::clone(&kept);
        let wanted = match host {
            Host::GitHub | Host::GitLab => format!("Bearer {token}"),
            Host::AzureDevOps => format!("Basic {}", STANDARD.encode(format!(":{token}"))),
        };
        let server = Server::start(move |request, before| {
            let reply = answer(host, &wanted, request, &mut inner.lock().unwrap());
            fault(request, before).unwrap_or(reply)
        });
        Self { host, server, kept }
    }

    fn pull_request(&self) -> PullRequest {
        let (api, project, repository) = match self.host {
            Host::GitHub => ("/api/v3", "", "shop/hld"),
            Host::GitLab => ("/api/v4", "", "shop/hld"),
            Host::AzureDevOps => ("/tfs/Main", "Team A", "hld"),
        };
        PullRequest {
            host: self.host,
            api: Url::parse(&self.server.url(api)).unwrap(),
            project: project.to_owned(),
            repository: repository.to_owned(),
            number: 12,
        }
    }

    fn post(&self, text: &str) -> Result<Outcome, HostError> {
        self.settle(&Comment { topic: "shop", text, begins: true })
    }

    fn settle(&self, wanted: &Comment<'_>) -> Result<Outcome, HostError> {
        let options = HttpOptions {
            timeout: Duration::from_secs(5),
            pause: Duration::from_millis(1),
            ..HttpOptions::default()
        };
        comment(&Http::new(options).unwrap(), &self.pull_request(), &Secret::new("s3cret"), wanted)
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.kept.lock().unwrap().iter().map(|kept| kept.text.clone()).collect()
    }

    /// Methods and paths of the requests, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        let requests = self.server.requests().into_iter();
        requests.map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}

fn answer(host: Host, token: &str, request: &Request, kept: &mut Vec<Kept>) -> Reply {
    if request.header("authorization") != Some(token) {
        return Reply::status(401);
    }
    let has_body = !request.body.is_empty();
    if has_body && request.header("content-type") != Some("application/json") {
        return Reply::status(415);
    }
    let wants = if host == Host::GitHub { "application/vnd.github+json" } else { "application/json" };
    if request.header("accept") != Some(wants) || request.header("user-agent").is_none() {
        return Reply::status(406);
    }
    let body = serde_json::from_str(&request.body).unwrap_or(Value::Null);
    match host {
        Host::GitHub => github(request, &body, kept),
        Host::GitLab => gitlab(request, &body, kept),
        Host::AzureDevOps => azure(request, &body, kept),
    }
}

/// A page of a list, with the header that tells of the next one.
fn page(query: &str, kept: &[Kept], form: impl Fn(usize, &Kept) -> Value) -> Reply {
    let number = |name: &str| -> usize {
        let value = query.split('&').find_map(|pair| pair.strip_prefix(name));
        value.unwrap().parse().unwrap()
    };
    let (size, page) = (number("per_page="), number("page="));
    let all: Vec<Value> = kept.iter().enumerate().map(|(at, kept)| form(at + 1, kept)).collect();
    let from = (size * (page - 1)).min(all.len());
    let to = (from + size).min(all.len());
    let reply = Reply::ok(Value::from(all[from..to].to_vec()).to_string());
    if to < all.len() {
        reply.header("Link", "<http://elsewhere.invalid/?page=2>; rel=\"next\"")
    } else {
        reply
    }
}

fn changed(kept: &mut [Kept], id: &str, text: &Value) -> Reply {
    let at: usize = id.parse().unwrap();
    match (kept.get_mut(at - 1), text.as_str()) {
        (Some(kept), _) if kept.author != "me" => Reply::status(403),
        (Some(kept), Some(text)) => {
            kept.text = text.to_owned();
            Reply::ok("{}")
        }
        (None, _) => Reply::status(404),
        (_, None) => Reply::status(422),
    }
}

fn begun(kept: &mut Vec<Kept>, text: &Value, status: u16) -> Reply {
    match text.as_str() {
        Some(text) => {
            kept.push(by("me", text));
            Reply::status(status)
        }
        None => Reply::status(422),
    }
}

fn github(request: &Request, body: &Value, kept: &mut Vec<Kept>) -> Reply {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let form = |id: usize, kept: &Kept| {
        let kind = if kept.author == "me" { "Bot" } else { "User" };
        json!({"id": id, "body": kept.text, "user": {"login": kept.author, "type": kind}})
    };
    match (request.method.as_str(), path) {
        ("GET", "/api/v3/repos/shop/hld/issues/12/comments") => page(query, kept, form),
        ("POST", "/api/v3/repos/shop/hld/issues/12/comments") => begun(kept, &body["body"], 201),
        ("GET", "/api/v3/user") => {
            Reply::status(403).body(r#"{"message":"Resource not accessible by integration"}"#)
        }
        ("PATCH", path) => match path.strip_prefix("/api/v3/repos/shop/hld/issues/comments/") {
            Some(id) => changed(kept, id, &body["body"]),
            None => Reply::status(404),
        },
        _ => Reply::status(404),
    }
}

fn gitlab(request: &Request, body: &Value, kept: &mut Vec<Kept>) -> Reply {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    // A run knows its project by the number.
    let path = &path.replace("/projects/7/", "/projects/shop%2Fhld/");
    let notes = "/api/v4/projects/shop%2Fhld/merge_requests/12/notes";
    let form = |id: usize, kept: &Kept| {
        let author = if kept.author == "me" { 7 } else { 8 };
        json!({"id": id, "body": kept.text, "author": {"id": author, "username": kept.author}})
    };
    match (request.method.as_str(), path.as_str()) {
        ("GET", path) if path == notes && query.contains("sort=asc") => page(query, kept, form),
        ("POST", path) if path == notes => begun(kept, &body["body"], 201),
        ("GET", "/api/v4/user") => Reply::ok(r#"{"id":7}"#),
        ("PUT", path) => match path.strip_prefix(&format!("{notes}/")) {
            Some(id) => changed(kept, id, &body["body"]),
            None => Reply::status(404),
        },
        _ => Reply::status(404),
    }
}

fn azure(request: &Request, body: &Value, kept: &mut Vec<Kept>) -> Reply {
    let path = request.path.strip_suffix("?api-version=6.0").unwrap_or_default();
    // A run knows its repository by the identifier, which is one of the collection.
    let path = &path.replace("Main/_apis/git/repositories/0f1e", "Main/Team%20A/_apis/git/repositories/hld");
    let threads = "/tfs/Main/Team%20A/_apis/git/repositories/hld/pullRequests/12/threads";
    let form = |(at, kept): (usize, &Kept)| {
        let comment =
            json!({"id": 1, "author": {"id": format!("guid-{}", kept.author)}, "content": kept.text});
        json!({"id": at + 1, "comments": [comment, {"id": 2, "author": {"id": "x"}, "content": MARK}], "isDeleted": false})
    };
    match (request.method.as_str(), path.as_str()) {
        ("GET", path) if path == threads => {
            let gone = json!({"id": 99, "isDeleted": true, "comments": [{"id": 1, "author": {"id": "guid-me"}, "content": MARK}]});
            let all: Vec<Value> = std::iter::once(gone).chain(kept.iter().enumerate().map(form)).collect();
            Reply::ok(json!({"count": all.len(), "value": all}).to_string())
        }
        ("POST", path) if path == threads && body["status"] == "closed" => {
            begun(kept, &body["comments"][0]["content"], 200)
        }
        ("GET", "") if request.path == "/tfs/Main/_apis/connectionData" => {
            Reply::ok(r#"{"authenticatedUser":{"id":"guid-me"}}"#)
        }
        ("PATCH", path) => {
            let id =
                path.strip_prefix(&format!("{threads}/")).and_then(|rest| rest.strip_suffix("/comments/1"));
            id.map_or(Reply::status(404), |id| changed(kept, id, &body["content"]))
        }
        _ => Reply::status(404),
    }
}

const HOSTS: [Host; 3] = [Host::GitHub, Host::GitLab, Host::AzureDevOps];

#[test]
fn a_pull_request_has_one_comment_that_is_kept_up_to_date() {
    for host in HOSTS {
        let fake = Fake::new(host, vec![by("ada", "looks good")]);
        assert_eq!(fake.post("3 to add").unwrap(), Outcome::Created, "{host:?}");
        assert_eq!(fake.post("4 to add\n").unwrap(), Outcome::Updated, "{host:?}");
        assert_eq!(fake.post("4 to add").unwrap(), Outcome::Unchanged, "{host:?}");
        assert_eq!(fake.texts(), ["looks good".to_owned(), format!("{MARK}\n4 to add")], "{host:?}");
    }
}

#[test]
fn requests_are_those_of_the_hosts_references() {
    let asked = |host: Host| {
        let fake = Fake::new(host, Vec::new());
        fake.post("one").unwrap();
        fake.post("two").unwrap();
        fake.asked()
    };
    assert_eq!(
        asked(Host::GitHub),
        [
            "GET /api/v3/repos/shop/hld/issues/12/comments?per_page=100&page=1",
            "POST /api/v3/repos/shop/hld/issues/12/comments",
            "GET /api/v3/repos/shop/hld/issues/12/comments?per_page=100&page=1",
            "GET /api/v3/user",
            "PATCH /api/v3/repos/shop/hld/issues/comments/1",
        ]
    );
    let notes = "/api/v4/projects/shop%2Fhld/merge_requests/12/notes";
    assert_eq!(
        asked(Host::GitLab),
        [
            format!("GET {notes}?order_by=created_at&sort=asc&per_page=100&page=1"),
            format!("POST {notes}"),
            format!("GET {notes}?order_by=created_at&sort=asc&per_page=100&page=1"),
            "GET /api/v4/user".to_owned(),
            format!("PUT {notes}/1"),
        ]
    );
    let threads = "/tfs/Main/Team%20A/_apis/git/repositories/hld/pullRequests/12/threads";
    assert_eq!(
        asked(Host::AzureDevOps),
        [
            format!("GET {threads}?api-version=6.0"),
            format!("POST {threads}?api-version=6.0"),
            format!("GET {threads}?api-version=6.0"),
            "GET /tfs/Main/_apis/connectionData".to_owned(),
            format!("PATCH {threads}/1/comments/1?api-version=6.0"),
        ]
    );
}

#[test]
fn what_changes_nothing_begins_no_comment_but_changes_one_that_is_there() {
    for host in HOSTS {
        let fake = Fake::new(host, Vec::new());
        let nothing = Comment { topic: "shop", text: "No changes.", begins: false };
        assert_eq!(fake.settle(&nothing).unwrap(), Outcome::Absent, "{host:?}");
        assert_eq!(fake.texts(), [""; 0], "{host:?}");
        fake.post("3 to add").unwrap();
        assert_eq!(fake.settle(&nothing).unwrap(), Outcome::Updated, "{host:?}");
        assert_eq!(fake.texts(), [format!("{MARK}\nNo changes.")], "{host:?}");
    }
}

#[test]
fn our_comment_is_found_on_a_later_page() {
    for host in HOSTS {
        let mut kept: Vec<Kept> = (0..250).map(|at| by("ada", format!("remark {at}"))).collect();
        kept.insert(230, by("me", format!("{MARK}\nold")));
        let fake = Fake::new(host, kept);
        assert_eq!(fake.post("new").unwrap(), Outcome::Updated, "{host:?}");
        assert_eq!(fake.texts()[230], format!("{MARK}\nnew"), "{host:?}");
        let pages =
            fake.asked().iter().filter(|line| line.starts_with("GET") && line.contains("/12/")).count();
        assert_eq!(pages, if host == Host::AzureDevOps { 1 } else { 3 }, "{host:?}");
    }
}

#[test]
fn comments_of_others_are_left_alone_though_they_have_our_mark() {
    for host in HOSTS {
        let fake = Fake::new(host, vec![by("eve", format!("{MARK}\nall is fine"))]);
        assert_eq!(fake.post("3 to add").unwrap(), Outcome::Created, "{host:?}");
        assert_eq!(fake.texts(), [format!("{MARK}\nall is fine"), format!("{MARK}\n3 to add")], "{host:?}");
    }
}

#[test]
fn a_mark_counts_in_the_first_line_only_and_for_its_topic() {
    for host in HOSTS {
        let others = [format!("> {MARK}\nquoted"), format!("see\n{MARK}"), MARK.replace("shop", "billing")];
        let fake = Fake::new(host, others.iter().map(|text| by("me", text.clone())).collect());
        assert_eq!(fake.post("3 to add").unwrap(), Outcome::Created, "{host:?}");
        assert_eq!(fake.texts()[..3], others, "{host:?}");
    }
}

#[test]
fn of_several_comments_the_oldest_stays_and_the_others_say_so() {
    for host in HOSTS {
        let kept = vec![by("me", format!("{MARK}\na")), by("me", format!("{MARK}\nb"))];
        let fake = Fake::new(host, kept);
        assert_eq!(fake.post("new").unwrap(), Outcome::Updated, "{host:?}");
        let superseded =
            format!("{MARK}\nSuperseded: another comment of this pull request is kept up to date.");
        assert_eq!(fake.texts(), [format!("{MARK}\nnew"), superseded], "{host:?}");
        let before = fake.asked().len();
        assert_eq!(fake.post("new").unwrap(), Outcome::Unchanged, "{host:?}");
        assert!(fake.asked()[before..].iter().all(|line| line.starts_with("GET")), "{host:?}");
    }
}

#[test]
fn hosts_that_change_line_ends_do_not_make_it_new() {
    let kept = vec![by("me", format!("{MARK}\r\na\r\nb\r\n"))];
    assert_eq!(Fake::new(Host::GitHub, kept).post("a\nb\n").unwrap(), Outcome::Unchanged);
}

#[test]
fn a_topic_cannot_leave_its_mark() {
    let fake = Fake::new(Host::GitHub, Vec::new());
    fake.settle(&Comment { topic: "a-b --> <b> ü", text: "x", begins: true }).unwrap();
    assert_eq!(fake.texts(), ["<!-- fab:pr:a-b______b___:v1 -->\nx"]);
}

#[test]
fn a_busy_host_is_asked_again_and_gets_one_comment() {
    for host in HOSTS {
        for status in [429, 500, 502, 503, 504] {
            // The first list is refused, and so is the answer to the first change.
            let fault = move |request: &Request, before: usize| {
                let first = before == 0 || request.method == "POST" && before == 1;
                first.then(|| Reply::status(status).header("Retry-After", "0"))
            };
            let fake = Fake::failing(host, Vec::new(), fault);
            let outcome = fake.post("3 to add").unwrap();
            assert!(
                matches!(outcome, Outcome::Unchanged | Outcome::Created),
                "{host:?} {status}: {outcome:?}"
            );
            assert_eq!(fake.texts(), [format!("{MARK}\n3 to add")], "{host:?} {status}");
        }
    }
}

#[test]
fn an_answer_that_is_cut_makes_no_second_comment() {
    for host in HOSTS {
        let fault = |request: &Request, _: usize| {
            let is_change = request.method == "POST";
            is_change.then(|| Reply::ok("0123456789").cut(3))
        };
        let fake = Fake::failing(host, Vec::new(), fault);
        assert_eq!(fake.post("3 to add").unwrap(), Outcome::Unchanged, "{host:?}");
        assert_eq!(fake.texts().len(), 1, "{host:?}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test is about time that passes")]
fn a_pause_that_the_host_asks_for_is_kept() {
    let fault = |request: &Request, before: usize| {
        // GitHub's limit on many requests at once.
        let limited = request.method == "GET" && before == 0;
        limited.then(|| Reply::status(403).header("Retry-After", "1"))
    };
    let fake = Fake::failing(Host::GitHub, Vec::new(), fault);
    let start = std::time::Instant::now();
    assert_eq!(fake.post("3 to add").unwrap(), Outcome::Created);
    assert!(start.elapsed() >= Duration::from_secs(1));
}

/// Fails with an error and its hint, after so many requests.
#[track_caller]
fn check_refusal(
    host: Host,
    reply: impl Fn() -> Reply + Send + Sync + 'static,
    tries: usize,
    want: [&str; 2],
) {
    let fake = Fake::failing(host, Vec::new(), move |_, _| Some(reply()));
    let error = fake.post("3 to add").unwrap_err();
    let hint = error.hint().unwrap_or_default();
    assert!(error.to_string().contains(want[0]), "{error}");
    assert!(hint.contains(want[1]), "{error}\n{hint}");
    assert!(!format!("{error}{error:?}{hint}").contains("s3cret"), "{error:?}");
    assert_eq!(fake.asked().len(), tries);
}

#[test]
fn err_refusals_name_the_permission_that_is_needed() {
    let message = || Reply::status(403).body(r#"{"message": "Resource not\naccessible by integration"}"#);
    check_refusal(
        Host::GitHub,
        message,
        1,
        [
            "GitHub refused the token for pull request 12 of shop/hld (403): Resource not accessible by integration",
            "`pull-requests: write`",
        ],
    );
    check_refusal(Host::GitHub, || Reply::status(401), 1, ["(401)", "not valid"]);
    check_refusal(
        Host::GitHub,
        || Reply::status(404),
        1,
        [
            "GitHub knows no pull request 12 of shop/hld, or not for this token (404)",
            "`pull-requests: write`",
        ],
    );
    check_refusal(
        Host::GitLab,
        || Reply::status(401).body(r#"{"message":"401 Unauthorized"}"#),
        1,
        ["GitLab refused the token for merge request 12 of shop/hld (401): 401 Unauthorized", "job token"],
    );
    check_refusal(Host::GitLab, || Reply::status(403), 1, ["(403)", "the scope `api` and the role Reporter"]);
    check_refusal(Host::GitLab, || Reply::status(404), 1, ["(404)", "the scope `api`"]);
    check_refusal(
        Host::AzureDevOps,
        || Reply::status(403),
        1,
        [
            "Azure DevOps refused the token for pull request 12 of Team A/hld (403)",
            "`Contribute to pull requests`",
        ],
    );
    check_refusal(Host::AzureDevOps, || Reply::status(401), 1, ["(401)", "$(System.AccessToken)"]);
    check_refusal(Host::AzureDevOps, || Reply::status(404), 1, ["(404)", "`Contribute to pull requests`"]);
}

#[test]
fn err_azure_shows_a_page_to_sign_in_at() {
    check_refusal(Host::AzureDevOps, || Reply::status(203), 1, ["(401)", "$(System.AccessToken)"]);
    check_refusal(Host::AzureDevOps, || Reply::redirect("/signin"), 1, ["(401)", "$(System.AccessToken)"]);
}

#[test]
fn err_a_limit_that_is_used_up_is_no_missing_permission() {
    let reply = || {
        let body = r#"{"message": "API rate limit exceeded"}"#;
        Reply::status(403).body(body).header("X-RateLimit-Remaining", "0")
    };
    check_refusal(
        Host::GitHub,
        reply,
        1,
        ["GitHub answered 403 for pull request 12 of shop/hld: API rate limit exceeded", ""],
    );
}

#[test]
fn err_a_host_that_stays_busy_is_given_up_on() {
    check_refusal(Host::GitHub, || Reply::status(503), 4, ["the server answered 503", ""]);
    check_refusal(Host::GitHub, || Reply::status(429).header("Retry-After", "3600"), 1, ["answered 429", ""]);
    let stuck = |request: &Request, _: usize| (request.method == "POST").then(|| Reply::status(500));
    let fake = Fake::failing(Host::GitLab, Vec::new(), move |request, _| {
        // Nothing is kept of what it fails at.
        (request.method == "GET").then(|| Reply::ok("[]")).or_else(|| stuck(request, 0))
    });
    let error = fake.post("x").unwrap_err();
    assert!(error.to_string().contains("the server answered 500"), "{error}");
    assert_eq!(fake.asked().len(), 8, "four times a list and a change");
}

#[test]
fn err_something_else_answers() {
    check_refusal(Host::GitHub, || Reply::ok("<html>"), 1, ["with something else than comments", ""]);
    check_refusal(Host::AzureDevOps, || Reply::ok("[]"), 1, ["with something else than comments", ""]);
    check_refusal(Host::GitLab, || Reply::status(418), 1, ["GitLab answered 418", ""]);
}

#[test]
fn err_a_comment_that_is_too_long_is_not_sent() {
    for (host, limit) in [(Host::GitHub, 65_536), (Host::GitLab, 1_000_000), (Host::AzureDevOps, 150_000)] {
        let fake = Fake::new(host, Vec::new());
        let room = limit - MARK.len() - 1;
        assert_eq!(fake.post(&"é".repeat(room)).unwrap(), Outcome::Created, "{host:?}");
        let error = fake.post(&"é".repeat(room + 1)).unwrap_err();
        assert!(matches!(error, HostError::TooLong { .. }), "{error}");
        assert_eq!(fake.asked().len(), 2, "{host:?}");
    }
}

#[test]
fn requests_are_printed_without_the_token() {
    let fake = Fake::new(Host::AzureDevOps, Vec::new());
    let text = requests(&fake.pull_request(), &Comment { topic: "shop", text: "3 to add", begins: true });
    let threads = fake.server.url("/tfs/Main/Team%20A/_apis/git/repositories/hld/pullRequests/12/threads");
    let want = format!(
        "GET {threads}?api-version=6.0\n\
         \n\
         if there is no comment yet:\n\
         POST {threads}?api-version=6.0\n\
         {{\"comments\":[{{\"commentType\":\"text\",\"content\":\"{MARK}\\n3 to add\",\"parentCommentId\":0}}],\"status\":\"closed\"}}\n\
         \n\
         if there is one with another text:\n\
         PATCH {threads}/THREAD/comments/ID?api-version=6.0\n\
         {{\"content\":\"{MARK}\\n3 to add\"}}\n"
    );
    assert_eq!(text, want);
    assert_eq!(fake.asked().len(), 0);
}

#[test]
fn a_token_is_taken_from_its_own_variable_first() {
    let token = |host: Host, set: &[(&str, &str)]| {
        let env =
            |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        host.token(&env).map(|token| token.reveal().to_owned()).map_err(|error| error.hint().unwrap())
    };
    let all = [("FAB_HOST_TOKEN", " mine\n"), ("GITHUB_TOKEN", "theirs"), ("SYSTEM_ACCESSTOKEN", "azure's")];
    assert_eq!(token(Host::GitHub, &all).unwrap(), "mine");
    assert_eq!(token(Host::GitHub, &all[1..]).unwrap(), "theirs");
    assert_eq!(token(Host::AzureDevOps, &all[1..]).unwrap(), "azure's");
    assert!(token(Host::GitLab, &all[1..]).unwrap_err().contains("scope `api`"));
    assert!(token(Host::GitHub, &[("GITHUB_TOKEN", "")]).unwrap_err().contains("github.token"));
    assert!(token(Host::AzureDevOps, &[]).unwrap_err().contains("$(System.AccessToken)"));
}
