//! A server on this machine that answers as a test wants, faults included.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Its method.
    pub(crate) method: String,
    /// Path with query.
    pub(crate) path: String,
    /// Headers by name in small letters.
    headers: BTreeMap<String, String>,
    /// What was sent along.
    pub(crate) body: String,
    /// Whether the client showed a certificate that the server trusts.
    pub(crate) has_certificate: bool,
}

impl Request {
    /// Returns a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// What a request is answered with.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    sent: Option<usize>,
    delay: Duration,
}

impl Reply {
    /// Answers with a body.
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::status(200) }
    }

    /// Answers with a status.
    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), sent: None, delay: Duration::ZERO }
    }

    /// Answers with a part of the body.
    pub(crate) fn part(body: &str, range: &str) -> Self {
        Self { body: body.into(), ..Self::status(206) }.header("Content-Range", range)
    }

    /// Sends the client elsewhere.
    pub(crate) fn redirect(to: &str) -> Self {
        Self::status(302).header("Location", to)
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a body.
    pub(crate) fn body(self, body: &str) -> Self {
        Self { body: body.into(), ..self }
    }

    /// Cuts the connection after so many bytes of the body.
    pub(crate) fn cut(self, sent: usize) -> Self {
        Self { sent: Some(sent), ..self }
    }

    /// Waits before it answers.
    pub(crate) fn slow(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    fn send(&self, stream: &mut impl Write) -> std::io::Result<()> {
        thread::sleep(self.delay);
        let length = self.body.len();
        let mut head =
            format!("HTTP/1.1 {} X\r\nContent-Length: {length}\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        stream.write_all(&self.body[..self.sent.unwrap_or(length)])?;
        stream.flush()
    }
}

/// The server; it ends with the test.
pub(crate) struct Server {
    scheme: &'static str,
    address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Starts a server. The function gets the request, and how many there were of this path before.
    pub(crate) fn start(answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve(None, answer)
    }

    /// As [`Server::start`], over TLS.
    pub(crate) fn start_tls(
        tls: ServerConfig,
        answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Some(Arc::new(tls)), answer)
    }

    fn serve(
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, answer, tls) = (Arc::clone(&seen), Arc::clone(&answer), tls.clone());
                thread::spawn(move || {
                    let answered = |request: Request| {
                        let before = {
                            let mut seen = seen.lock().unwrap();
                            let before = seen.iter().filter(|before| before.path == request.path).count();
                            seen.push(request.clone());
                            before
                        };
                        answer(&request, before)
                    };
                    // A client that has gone away is what some tests are about.
                    let _ = match tls {
                        None => read(&stream).map(|request| answered(request).send(&mut &stream)),
                        Some(tls) => {
                            let connection = ServerConnection::new(tls).unwrap();
                            let mut stream = StreamOwned::new(connection, stream);
                            read(&mut stream).map(|mut request| {
                                request.has_certificate = stream.conn.peer_certificates().is_some();
                                answered(request).send(&mut stream)?;
                                stream.conn.send_close_notify();
                                stream.flush()
                            })
                        }
                    };
                });
            }
        });
        Self { scheme, address, requests }
    }

    /// Returns a URL of the server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Returns host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Returns what was asked for so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns the paths that were asked for so far.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.path).collect()
    }
}

fn read(stream: impl Read) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let lines = reader.by_ref().lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let (first, headers) = head.split_first()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let headers = headers.iter().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    });
    let mut request =
        Request { method, path, headers: headers.collect(), body: String::new(), has_certificate: false };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    reader.take(length).read_to_string(&mut request.body).ok()?;
    Some(request)
}
