//! Fetching over HTTP: what is sent where, what is tried again, and what faults become.

use std::time::Duration;

use fabrikate::source::allow::Allow;
use fabrikate::source::credentials::Credential;
use fabrikate::source::http::{Http, HttpOptions, Progress, Proxies, Request};
use url::Url;

use crate::server::{Reply, Server};

/// SHA-256 of `0123456789`.
const DIGITS: &str = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";

fn options() -> HttpOptions {
    HttpOptions { timeout: Duration::from_secs(5), pause: Duration::from_millis(1), ..HttpOptions::default() }
}

fn client() -> Http {
    Http::new(options()).unwrap()
}

fn get(http: &Http, url: &str) -> Result<String, String> {
    let url = Url::parse(url).unwrap();
    let answer = http.get(&Request::new(&url, 1000)).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(answer.body).unwrap())
}

/// Downloads, and returns the content's digest and how far it was each time.
fn download(url: &str) -> Result<(String, Vec<u64>), String> {
    let folder = tempfile::tempdir().unwrap();
    let url = Url::parse(url).unwrap();
    let seen = std::cell::RefCell::new(Vec::new());
    let progress = |progress: Progress| seen.borrow_mut().push(progress.received);
    let download = client().download(&Request::new(&url, 1000), folder.path(), &progress);
    let download = download.map_err(|error| error.to_string())?;
    assert_eq!(download.size, std::fs::metadata(download.file.path()).unwrap().len());
    drop(download.file);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
    let hex = download.digest.strip_prefix("sha256:").unwrap().to_owned();
    Ok((hex, seen.into_inner()))
}

#[test]
fn a_body_arrives_with_its_digest() {
    let server = Server::start(|_, _| Reply::ok("0123456789"));
    assert_eq!(get(&client(), &server.url("/x")), Ok("0123456789".to_owned()));
    assert_eq!(download(&server.url("/x")), Ok((DIGITS.to_owned(), vec![10])));
}

#[track_caller]
fn check_retry(reply: fn(usize) -> Reply, want: Result<&str, &str>, tries: usize) {
    let server = Server::start(move |_, before| reply(before));
    let got = get(&client(), &server.url("/x"));
    let got = got.map_err(|error| error.replace(&server.url(""), "URL"));
    assert_eq!(got.as_deref().map_err(String::as_str), want);
    assert_eq!(server.requests().len(), tries);
}

#[test]
fn what_may_pass_is_tried_again() {
    check_retry(|before| if before < 2 { Reply::status(503) } else { Reply::ok("x") }, Ok("x"), 3);
    check_retry(
        |before| if before < 1 { Reply::status(429).header("Retry-After", "0") } else { Reply::ok("x") },
        Ok("x"),
        2,
    );
    check_retry(
        |before| if before < 1 { Reply::ok("0123456789").cut(4) } else { Reply::ok("x") },
        Ok("x"),
        2,
    );
    check_retry(|_| Reply::status(500), Err("URL/x: the server answered 500"), 4);
    check_retry(|_| Reply::ok("0123456789").cut(4), Err("URL/x: the connection was cut after 4 bytes"), 4);
}

#[test]
fn what_stays_is_not_tried_again() {
    check_retry(|_| Reply::status(404), Err("URL/x: not found (404)"), 1);
    check_retry(|_| Reply::status(401), Err("URL/x: credentials are needed (401)"), 1);
    check_retry(|_| Reply::status(501), Err("URL/x: the server answered 501"), 1);
    check_retry(|_| Reply::ok(vec![b'x'; 1001]), Err("URL/x: larger than 1000 bytes"), 1);
    check_retry(
        |_| Reply::status(429).header("Retry-After", "3600"),
        Err("URL/x: the server answered 429"),
        1,
    );
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let http = Http::new(HttpOptions { retries: 0, ..options() }).unwrap();
    let error = get(&http, "http://127.0.0.1:1/x").unwrap_err();
    assert!(error.starts_with("http://127.0.0.1:1/x: cannot connect: "), "{error}");
    let error = get(&http, "http://no-such-host.invalid/x").unwrap_err();
    assert!(error.starts_with("http://no-such-host.invalid/x: "), "{error}");
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let server = Server::start(|_, _| Reply::ok("x").slow(Duration::from_secs(3)));
    let http =
        Http::new(HttpOptions { retries: 0, timeout: Duration::from_millis(200), ..options() }).unwrap();
    let error = get(&http, &server.url("/x")).unwrap_err();
    assert!(error.contains(": timed out ("), "{error}");
}

#[test]
fn a_download_that_was_cut_is_resumed() {
    let server = Server::start(|request, _| match request.header("range") {
        Some("bytes=4-") => Reply::part("456789", "bytes 4-9/10"),
        _ => Reply::ok("0123456789").header("ETag", "\"a\"").cut(4),
    });
    assert_eq!(download(&server.url("/x")), Ok((DIGITS.to_owned(), vec![4, 10])));
    assert_eq!(server.requests()[1].header("if-range"), Some("\"a\""));
}

#[test]
fn a_download_that_has_changed_starts_again() {
    let server = Server::start(|_, before| match before {
        0 => Reply::ok("abcdefghij").header("ETag", "\"a\"").cut(4),
        _ => Reply::ok("0123456789").header("ETag", "\"b\""),
    });
    assert_eq!(download(&server.url("/x")), Ok((DIGITS.to_owned(), vec![4, 10])));
}

#[test]
fn without_a_strong_validator_nothing_is_resumed() {
    let server = Server::start(|_, before| {
        let reply = Reply::ok("0123456789").header("ETag", "W/\"a\"");
        if before == 0 { reply.cut(4) } else { reply }
    });
    assert_eq!(download(&server.url("/x")), Ok((DIGITS.to_owned(), vec![4, 10])));
    assert_eq!(server.requests()[1].header("range"), None);
}

#[test]
fn a_credential_goes_to_its_origin_only() {
    let other = Server::start(|_, _| Reply::ok("there"));
    let there = other.url("/there");
    let server = Server::start(move |request, _| match request.path.as_str() {
        "/far" => Reply::redirect(&there),
        "/near" => Reply::redirect("/end"),
        _ => Reply::ok("here"),
    });
    let credential = Credential::basic("me", "s3cret");
    let http = client();
    let ask = |path: &str, pass_credential| {
        let url = Url::parse(&server.url(path)).unwrap();
        let request = Request { credential: Some(&credential), pass_credential, ..Request::new(&url, 1000) };
        http.get(&request).unwrap();
    };
    ask("/near", false);
    ask("/far", false);
    ask("/far", true);
    let sent = |server: &Server| -> Vec<(String, bool)> {
        let requests = server.requests().into_iter();
        requests.map(|request| (request.path.clone(), request.header("authorization").is_some())).collect()
    };
    let here = ["/near", "/end", "/far", "/far"].map(|path| (path.to_owned(), true));
    assert_eq!(sent(&server), here);
    assert_eq!(sent(&other), [("/there".to_owned(), false), ("/there".to_owned(), true)]);
    assert_eq!(server.requests()[0].header("authorization"), Some("Basic bWU6czNjcmV0"));
}

#[test]
fn a_circle_of_redirects_ends() {
    let server = Server::start(|_, _| Reply::redirect("/x"));
    assert!(get(&client(), &server.url("/x")).unwrap_err().ends_with("/x: redirected too often"));
}

#[test]
fn only_what_is_allowed_is_asked() {
    let other = Server::start(|_, _| Reply::ok("there"));
    let there = other.url("/there");
    let server = Server::start(move |_, _| Reply::redirect(&there));
    let allow = Allow::parse([server.url("").as_str()]).unwrap();
    let http = Http::new(HttpOptions { allow, ..options() }).unwrap();
    let error = get(&http, &server.url("/x?token=s3cret")).unwrap_err();
    assert_eq!(error, format!("{}: this source is not allowed", other.url("/there")));
    assert!(other.requests().is_empty());
    assert!(get(&http, "file:///etc/passwd").unwrap_err().contains("`file` is not a protocol of the web"));
}

#[test]
fn a_proxy_is_asked_to_connect() {
    let proxy = Server::start(|_, _| Reply::status(502));
    let address = proxy.url("");
    let proxies = Proxies::from_env(&|name| (name == "HTTPS_PROXY").then(|| address.clone())).unwrap();
    let http = Http::new(HttpOptions { proxies, retries: 0, ..options() }).unwrap();
    let error = get(&http, "https://charts.example/x").unwrap_err();
    assert!(error.starts_with("https://charts.example/x: proxy: "), "{error}");
    assert_eq!(proxy.paths(), ["charts.example:443"]);
}

#[test]
fn errors_do_not_show_what_is_secret() {
    let server = Server::start(|_, _| Reply::status(404));
    let url = server.url("/x?token=s3cret").replace("http://", "http://me:s3cret@");
    let error = get(&client(), &url).unwrap_err();
    assert_eq!(error, format!("{}: not found (404)", server.url("/x")));
}
