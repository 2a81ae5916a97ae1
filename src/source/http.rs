//! Fetches over HTTP, the way a build that runs unattended needs it.
//!
//! A credential goes to the origin that it is for, and after a redirect to no
//! other. Only what may pass by itself is tried again: connections, timeouts,
//! 429 and 5xx, with growing pauses or the one that the server asks for. A body
//! that was cut is resumed where the server can say that it is still the same,
//! and started again where it cannot. Every hop is held against the list of
//! allowed sources, and encryption is never left by a redirect.
//!
//! Invariant: what arrives is bounded, and a download is hashed while it is
//! written, into a file that is gone unless the caller keeps it.

mod error;
mod proxy;
mod tls;

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use ureq::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, LAST_MODIFIED, LOCATION, RANGE,
    RETRY_AFTER, WWW_AUTHENTICATE,
};
use ureq::http::{HeaderMap, HeaderName, Response, Uri};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body};
use url::Url;

pub use error::{HttpError, HttpErrorKind};
pub use proxy::{Proxies, ProxyError};
pub use tls::{Pem, TlsOptions};

pub(crate) use error::shown;
pub(crate) use proxy::is_this_machine;

use super::allow::Allow;
use super::credentials::Credential;
use error::{classify, classify_io};

const MAX_REDIRECTS: usize = 10;

/// What a server may ask for at most before it is given up on.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

const USER_AGENT: &str = concat!("fab/", env!("CARGO_PKG_VERSION"));

/// How requests are made.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Proxies by scheme.
    pub proxies: Proxies,
    /// Who is trusted, and who we are.
    pub tls: TlsOptions,
    /// The host that is connected to in place of that of an address, whose name the certificate has.
    pub connect_to: Option<String>,
    /// What may be fetched.
    pub allow: Allow,
    /// How long a connection, an answer or the next bytes are waited for.
    pub timeout: Duration,
    /// How often a transient failure is tried again.
    pub retries: u32,
    /// How long the first pause is; each further one is twice as long.
    pub pause: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            proxies: Proxies::default(),
            tls: TlsOptions::default(),
            connect_to: None,
            allow: Allow::default(),
            timeout: Duration::from_secs(30),
            retries: 3,
            pause: Duration::from_millis(500),
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Where it is.
    pub url: &'a Url,
    /// Who asks. It goes to the origin of `url` only.
    pub credential: Option<&'a Credential>,
    /// Whether the credential goes along to other origins (helm's `--pass-credentials`).
    pub pass_credential: bool,
    /// Media types that are wanted.
    pub accept: &'a str,
    /// How many bytes are taken.
    pub limit: u64,
}

impl<'a> Request<'a> {
    /// Asks for anything of at most so many bytes.
    pub fn new(url: &'a Url, limit: u64) -> Self {
        Self { url, credential: None, pass_credential: false, accept: "*/*", limit }
    }
}

/// What a server is asked for beyond a file: to say something, or to do it.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// What to do with what is there.
    pub method: Method,
    /// Where it is.
    pub url: &'a Url,
    /// Who asks.
    pub credential: Option<&'a Credential>,
    /// Media types that are wanted.
    pub accept: &'a str,
    /// What is sent along, as JSON; empty for nothing.
    pub json: &'a str,
}

/// The methods of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Asks.
    Get,
    /// Makes something.
    Post,
    /// Puts something in the place of what is there.
    Put,
    /// Changes a part of what is there.
    Patch,
}

impl Method {
    /// Returns its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
        }
    }
}

/// What a server says to a call: a refusal is an answer, too.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers of the answer.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

/// The largest answer to a call.
const MAX_REPLY: u64 = 32 << 20;

/// A small answer, in memory.
#[derive(Debug)]
pub struct Answer {
    /// Headers of the answer.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

/// An answer in a file.
#[derive(Debug)]
pub struct Download {
    /// The file; it is removed when this is dropped, unless it is kept.
    pub file: NamedTempFile,
    /// SHA-256 of the content: `sha256:` and hex digits.
    pub digest: String,
    /// Size in bytes.
    pub size: u64,
}

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that have arrived.
    pub received: u64,
    /// Bytes in all, if the server said.
    pub total: Option<u64>,
}

/// A client: one for each set of options, shared by threads.
#[derive(Debug)]
pub struct Http {
    options: HttpOptions,
    plain: Agent,
    /// Reading the system's certificates takes milliseconds that only https needs.
    secure: OnceLock<Agent>,
    tls: tls::Loaded,
}

impl Http {
    /// Makes a client; fails if certificates that were named cannot be read.
    pub fn new(options: HttpOptions) -> Result<Self, HttpError> {
        let tls = options.tls.load()?;
        let plain = agent(&options, None);
        Ok(Self { options, plain, secure: OnceLock::new(), tls })
    }

    /// Fetches something small.
    pub fn get(&self, request: &Request<'_>) -> Result<Answer, HttpError> {
        let mut sink = Sink::new(Target::Memory(Vec::new()));
        let headers = self.fetch(request, &mut sink, &|_| {})?;
        match sink.target {
            Target::Memory(body) => Ok(Answer { headers, body }),
            Target::File(_) => unreachable!("it was made for memory"),
        }
    }

    /// Fetches something large into a file in the folder, which has to exist.
    pub fn download(
        &self,
        request: &Request<'_>,
        folder: &Path,
        progress: &dyn Fn(Progress),
    ) -> Result<Download, HttpError> {
        let failed = |error| HttpError::new(request.url, HttpErrorKind::Disk(error));
        let file = tempfile::Builder::new().prefix(".download-").tempfile_in(folder).map_err(failed)?;
        let mut sink = Sink::new(Target::File(file.as_file().try_clone().map_err(failed)?));
        self.fetch(request, &mut sink, progress)?;
        Ok(Download { file, digest: format!("sha256:{}", hex(&sink.hash.finalize())), size: sink.received })
    }

    /// Sends a form; only for asking for tokens, so neither redirected nor tried again.
    pub fn post_form(&self, url: &Url, form: &[(&str, &str)]) -> Result<Answer, HttpError> {
        self.check(url)?;
        let failed = |error| HttpError::new(url, classify(error, 0));
        let agent = self.agent(url);
        let request =
            agent.post(url.as_str()).config().proxy(self.options.proxies.for_url(url).cloned()).build();
        let response = request.send_form(form.iter().copied()).map_err(failed)?;
        if !response.status().is_success() {
            return Err(HttpError::new(url, refusal(&response, true)));
        }
        let (parts, mut body) = response.into_parts();
        let body = body.with_config().limit(1 << 20).read_to_vec().map_err(failed)?;
        Ok(Answer { headers: parts.headers, body })
    }

    /// Makes a call, once and without redirects: what it does might be done twice.
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or has no time: one may try again (`Http::retried`) after looking at what became
    /// of the first try. Any other status is an answer.
    pub fn call(&self, call: &Call<'_>) -> Result<Reply, HttpError> {
        let url = call.url;
        self.check(url)?;
        let failed = |error| HttpError::new(url, classify(error, 0));
        let mut request = ureq::http::Request::builder()
            .method(call.method.name())
            .uri(url.as_str())
            .header(ACCEPT, call.accept);
        if let Some(credential) = call.credential {
            request = request.header(AUTHORIZATION, credential.header());
        }
        if !call.json.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(call.json.as_bytes());
        let request = request.map_err(|error| HttpError::new(url, HttpErrorKind::Url(error.to_string())))?;
        let agent = self.agent(url);
        let proxy = self.options.proxies.for_url(url).cloned();
        let request = agent.configure_request(request).proxy(proxy).build();
        let response = agent.run(request).map_err(failed)?;
        if let Some(busy) = busy(&response) {
            return Err(HttpError::new(url, busy));
        }
        let (parts, mut body) = response.into_parts();
        let body = body.with_config().limit(MAX_REPLY).read_to_vec().map_err(failed)?;
        Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    fn fetch(
        &self,
        request: &Request<'_>,
        sink: &mut Sink,
        progress: &dyn Fn(Progress),
    ) -> Result<HeaderMap, HttpError> {
        self.retried(|| self.attempt(request, sink, progress))
    }

    /// Tries until it works, as long as that may help and the options allow.
    pub(crate) fn retried<T>(
        &self,
        mut attempt: impl FnMut() -> Result<T, HttpError>,
    ) -> Result<T, HttpError> {
        let mut pause = self.options.pause;
        let mut left = self.options.retries;
        loop {
            let error = match attempt() {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            if left == 0 || !error.is_transient() {
                return Err(error);
            }
            let asked = match error.kind {
                HttpErrorKind::Status { retry_after: Some(asked), .. } if asked > LONGEST_PAUSE => {
                    return Err(error);
                }
                HttpErrorKind::Status { retry_after, .. } => retry_after,
                _ => None,
            };
            std::thread::sleep(asked.unwrap_or(pause));
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            left -= 1;
        }
    }

    /// Makes one attempt, through all redirects.
    fn attempt(
        &self,
        request: &Request<'_>,
        sink: &mut Sink,
        progress: &dyn Fn(Progress),
    ) -> Result<HeaderMap, HttpError> {
        let mut url = request.url.clone();
        let mut credential = request.credential;
        for _ in 0..MAX_REDIRECTS {
            self.check(&url)?;
            let failed = |kind| HttpError::new(&url, kind);
            let response = self.send(request, &url, credential, sink).map_err(failed)?;
            let status = response.status().as_u16();
            match status {
                200 | 206 => return self.receive(request, response, sink, progress).map_err(failed),
                301 | 302 | 303 | 307 | 308 => {
                    let next = redirect(&url, response.headers()).map_err(failed)?;
                    if !request.pass_credential && next.origin() != request.url.origin() {
                        credential = None;
                    }
                    url = next;
                }
                // What we have is longer than what there is: it was changed.
                416 if sink.received > 0 => {
                    sink.restart().map_err(|error| failed(HttpErrorKind::Disk(error)))?;
                }
                _ => return Err(failed(refusal(&response, credential.is_some()))),
            }
        }
        Err(HttpError::new(request.url, HttpErrorKind::TooManyRedirects))
    }

    fn check(&self, url: &Url) -> Result<(), HttpError> {
        let failed = |kind| Err(HttpError::new(url, kind));
        if !matches!(url.scheme(), "http" | "https") {
            return failed(HttpErrorKind::Url(format!("`{}` is not a protocol of the web", url.scheme())));
        }
        if self.options.allow.permits(url) { Ok(()) } else { failed(HttpErrorKind::NotAllowed) }
    }

    fn agent(&self, url: &Url) -> &Agent {
        if url.scheme() == "https" {
            self.secure.get_or_init(|| agent(&self.options, Some(self.tls.config())))
        } else {
            &self.plain
        }
    }

    fn send(
        &self,
        request: &Request<'_>,
        url: &Url,
        credential: Option<&Credential>,
        sink: &Sink,
    ) -> Result<Response<Body>, HttpErrorKind> {
        let mut builder = self.agent(url).get(url.as_str()).header(ACCEPT, request.accept);
        if let Some(credential) = credential {
            builder = builder.header(AUTHORIZATION, credential.header());
        }
        if let (Some(validator), 1..) = (&sink.validator, sink.received) {
            builder = builder.header(RANGE, format!("bytes={}-", sink.received)).header(IF_RANGE, validator);
        }
        let builder = builder.config().proxy(self.options.proxies.for_url(url).cloned()).build();
        builder.call().map_err(|error| classify(error, 0))
    }

    fn receive(
        &self,
        request: &Request<'_>,
        response: Response<Body>,
        sink: &mut Sink,
        progress: &dyn Fn(Progress),
    ) -> Result<HeaderMap, HttpErrorKind> {
        let (parts, body) = response.into_parts();
        let is_rest = parts.status == 206
            && text(&parts.headers, &CONTENT_RANGE)
                .is_some_and(|range| range.starts_with(&format!("bytes {}-", sink.received)));
        if parts.status == 206 && !is_rest {
            return Err(HttpErrorKind::Protocol(
                "the server sent another range than was asked for".to_owned(),
            ));
        }
        if !is_rest {
            sink.restart().map_err(HttpErrorKind::Disk)?;
            sink.validator = validator(&parts.headers);
        }
        let total = body.content_length().map(|rest| sink.received.saturating_add(rest));
        if total.is_some_and(|total| total > request.limit) {
            return Err(HttpErrorKind::TooLarge { limit: request.limit });
        }
        let mut reader = body.into_reader();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = reader.read(&mut buffer).map_err(|error| classify_io(error, sink.received))?;
            if count == 0 {
                break;
            }
            if sink.received + count as u64 > request.limit {
                return Err(HttpErrorKind::TooLarge { limit: request.limit });
            }
            sink.write(&buffer[..count]).map_err(HttpErrorKind::Disk)?;
            progress(Progress { received: sink.received, total });
        }
        if total.is_some_and(|total| total != sink.received) {
            return Err(HttpErrorKind::Cut { received: sink.received });
        }
        Ok(parts.headers)
    }
}

fn agent(options: &HttpOptions, tls: Option<ureq::tls::TlsConfig>) -> Agent {
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        // Redirects are followed here, where it is known what may go along.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(USER_AGENT)
        .accept_encoding("identity")
        .timeout_connect(Some(options.timeout))
        .timeout_recv_response(Some(options.timeout))
        .timeout_per_read(Some(options.timeout));
    if let Some(tls) = tls {
        config = config.tls_config(tls);
    }
    match options.connect_to.clone() {
        Some(host) => Agent::with_parts(config.build(), DefaultConnector::default(), Elsewhere { host }),
        None => config.build().into(),
    }
}

/// Finds another host in place of any.
#[derive(Debug)]
struct Elsewhere {
    host: String,
}

impl Resolver for Elsewhere {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
        let mut parts = uri.clone().into_parts();
        let authority = format!("{}{port}", self.host);
        parts.authority = Some(authority.try_into().map_err(ureq::http::Error::from)?);
        let uri = Uri::from_parts(parts).map_err(ureq::http::Error::from)?;
        DefaultResolver::default().resolve(&uri, config, timeout)
    }
}

/// Where a body goes, and what has come so far.
struct Sink {
    target: Target,
    hash: Sha256,
    received: u64,
    /// What tells this content from a later one at the same place.
    validator: Option<String>,
}

enum Target {
    Memory(Vec<u8>),
    File(File),
}

impl Sink {
    fn new(target: Target) -> Self {
        Self { target, hash: Sha256::new(), received: 0, validator: None }
    }

    fn write(&mut self, data: &[u8]) -> io::Result<()> {
        match &mut self.target {
            Target::Memory(body) => body.extend_from_slice(data),
            Target::File(file) => {
                file.write_all(data)?;
                self.hash.update(data);
            }
        }
        self.received += data.len() as u64;
        Ok(())
    }

    fn restart(&mut self) -> io::Result<()> {
        if self.received == 0 {
            return Ok(());
        }
        match &mut self.target {
            Target::Memory(body) => body.clear(),
            Target::File(file) => {
                file.set_len(0)?;
                file.rewind()?;
            }
        }
        self.hash = Sha256::new();
        self.received = 0;
        Ok(())
    }
}

/// Returns a strong validator: only with one is a rest sure to belong to the beginning.
fn validator(headers: &HeaderMap) -> Option<String> {
    let etag = text(headers, &ETAG).filter(|etag| !etag.starts_with("W/"));
    etag.or_else(|| text(headers, &LAST_MODIFIED)).map(str::to_owned)
}

fn redirect(from: &Url, headers: &HeaderMap) -> Result<Url, HttpErrorKind> {
    let location = text(headers, &LOCATION).and_then(|location| from.join(location).ok());
    let next = location.ok_or_else(|| HttpErrorKind::Protocol("redirected to no URL".to_owned()))?;
    if from.scheme() == "https" && next.scheme() != "https" {
        return Err(HttpErrorKind::Downgrade(shown(&next)));
    }
    Ok(next)
}

fn refusal(response: &Response<Body>, with_credential: bool) -> HttpErrorKind {
    let headers = response.headers();
    match response.status().as_u16() {
        status @ (401 | 403 | 407) => {
            let challenges = headers.get_all(WWW_AUTHENTICATE).iter();
            let challenges = challenges.filter_map(|value| value.to_str().ok()).map(str::to_owned).collect();
            HttpErrorKind::Denied { status, with_credential, challenges }
        }
        status @ (404 | 410) => HttpErrorKind::NotFound(status),
        status => HttpErrorKind::Status { status, retry_after: retry_after(headers) },
    }
}

/// Returns the failure of a server that would answer later: also GitHub's 403 with a time, which is about how much is
/// asked and not who asks.
fn busy(response: &Response<Body>) -> Option<HttpErrorKind> {
    let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
    let limits = status == 403 && retry_after.is_some();
    let busy = HttpErrorKind::Status { status: if limits { 429 } else { status }, retry_after };
    busy.is_transient().then_some(busy)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    // A date would need a clock; servers that mean seconds say seconds.
    let seconds = text(headers, &RETRY_AFTER).and_then(|value| value.trim().parse().ok());
    seconds.map(Duration::from_secs)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Returns bytes in hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
