//! Talks to git repositories; the only module that names git2.
//!
//! No `git` is needed on the machine, and no command line is built, so nothing
//! that a definition says can be taken for an option. Git's own configuration
//! of the user counts (`insteadOf`, proxies). Trees are written blob by blob:
//! no filters, attributes or hooks of a repository have an effect, submodules
//! are empty folders, and nothing can be written outside of the folder.
//!
//! Invariant: credentials go to the host that they are for. Redirects to other
//! hosts are not followed, and whoever is asked for credentials is told the
//! address that wants them.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use git2::{ErrorClass, ErrorCode, Repository};
use url::Url;

use self::session::{Failure, Listener, Session};
use crate::error::Error;
use crate::source::http::Progress;
use crate::source::{SourceError, SourceUrl};

mod checkout;
mod history;
mod manifests;
mod origin;
mod session;
mod signed;
mod tree;

pub(crate) use checkout::{Checkout, NewText, Pushed, Upstream};
/// The hash of an object.
pub(crate) use git2::Oid as Id;
pub(crate) use manifests::{Manifests, NOTES, NewCommit, Past};
pub(crate) use origin::{Order, Person, SourceCommit};
pub(crate) use signed::{Unmade, Wanted};

/// How long a server may be silent: one that packs a large repository says something all the time.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a user and password are.
#[derive(Clone)]
pub(crate) struct Login {
    /// The user; empty where a token needs none.
    pub(crate) user: String,
    /// The password or token.
    pub(crate) password: String,
    /// Where they are from, in words.
    pub(crate) from: String,
}

/// Who is asked for credentials when a server wants some.
pub(crate) struct Logins<'a> {
    /// Gives those for an address.
    pub(crate) https: &'a (dyn Fn(&SourceUrl) -> Option<Login> + Sync),
    /// The private keys to try for ssh after those of the agent.
    pub(crate) keys: &'a [PathBuf],
}

/// Makes a folder a repository, unless it is in one; returns whether it did. Its branch is that of the user's
/// configuration, or `main`.
pub(crate) fn init(folder: &Path) -> Result<bool, Error> {
    if Repository::discover(folder).is_ok() {
        return Ok(false);
    }
    let configured = git2::Config::open_default().and_then(|config| config.get_string("init.defaultBranch"));
    let mut options = git2::RepositoryInitOptions::new();
    options.no_reinit(true).initial_head(configured.as_deref().unwrap_or("main"));
    let made = Repository::init_opts(folder, &options);
    made.map(|_| true).map_err(|error| Error::NoRepository {
        folder: folder.display().to_string(),
        message: error.message().to_owned(),
    })
}

/// Clones a repository with all its branches into a folder, and checks out what it points to.
pub(crate) fn clone(url: &SourceUrl, logins: &Logins<'_>, folder: &Path) -> Result<(), SourceError> {
    let failed = |err: git2::Error| io_error("clone the repository", err.message());
    let repository = Repository::init(folder).map_err(failed)?;
    repository.remote("origin", url.as_str()).map_err(failed)?;
    let remote = Remote::over(url, logins, repository.path())?;
    let references = remote.mirror(vec!["+refs/heads/*:refs/remotes/origin/*".to_owned()])?;
    let head = references.iter().find(|reference| reference.name == "HEAD");
    let head = head.and_then(|head| git2::Oid::from_str(&head.id).ok());
    let nothing = || SourceError::NotFound { what: format!("a commit in `{url}`"), near: Vec::new() };
    repository.set_head_detached(head.ok_or_else(nothing)?).map_err(failed)?;
    repository.checkout_head(Some(git2::build::CheckoutBuilder::new().force())).map_err(failed)
}

/// Returns the branch that changes of a repository are merged to: that of its origin, or `main` or `master`, or the one
/// that it is on; none if the folder is in no repository.
pub(crate) fn default_branch(folder: &Path) -> Option<String> {
    let repository = Repository::discover(folder).ok()?;
    let origin = repository.find_reference("refs/remotes/origin/HEAD").ok();
    let origin = origin.and_then(|head| Some(head.symbolic_target().ok()??.to_owned()));
    let origin = origin.and_then(|name| Some(name.strip_prefix("refs/remotes/origin/")?.to_owned()));
    let usual = || {
        let is_there = |name: &&str| repository.find_branch(name, git2::BranchType::Local).is_ok();
        ["main", "master"].into_iter().find(is_there).map(str::to_owned)
    };
    // A repository without a commit is on a branch all the same.
    let current = || {
        let head = repository.find_reference("HEAD").ok()?;
        Some(head.symbolic_target().ok()??.strip_prefix("refs/heads/")?.to_owned())
    };
    origin.or_else(usual).or_else(current)
}

/// Returns the path of a folder in its repository; none if it is in none.
pub(crate) fn folder_in_repository(folder: &Path) -> Option<String> {
    let repository = Repository::discover(folder).ok()?;
    let (top, folder) = (repository.workdir()?.canonicalize().ok()?, folder.canonicalize().ok()?);
    Some(folder.strip_prefix(top).ok()?.to_str()?.replace('\\', "/"))
}

/// A branch, a tag or `HEAD` of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Its full name: `refs/heads/main`.
    pub(crate) name: String,
    /// The hash that it points to; of an annotated tag, that of the tag itself.
    pub(crate) id: String,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    /// Its hash.
    pub(crate) id: String,
    /// The hash of its tree.
    pub(crate) tree: String,
}

/// A connection to a repository, with a repository of its own to fetch into.
pub(crate) struct Remote<'a> {
    url: &'a SourceUrl,
    logins: &'a Logins<'a>,
    /// Hears how much has arrived.
    told: &'a dyn Fn(Progress),
    repository: Repository,
    /// Where the credentials are from that were sent last.
    sent: Cell<Option<String>>,
    /// How much was received by fetches.
    received: Cell<usize>,
    /// How long the server may be silent.
    patience: Duration,
}

/// What of a repository is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The newest commit of a reference, or one commit.
    One,
    /// A reference with all that is before it.
    Branch,
    /// All of it.
    All,
}

impl<'a> Remote<'a> {
    /// Prepares to ask a repository; `scratch` is an empty folder to fetch into.
    pub(crate) fn new(
        url: &'a SourceUrl,
        (logins, told): (&'a Logins<'a>, &'a dyn Fn(Progress)),
        scratch: &Path,
    ) -> Result<Self, SourceError> {
        let made = Repository::init_bare(scratch).and_then(|repository| {
            // This keeps to the host; redirects within it are still followed.
            repository.config()?.set_bool("http.followRedirects", false)?;
            Ok(repository)
        });
        let repository = made.map_err(|err| io_error("make a repository in the cache", err.message()))?;
        let (sent, received) = (Cell::new(None), Cell::new(0));
        Ok(Remote { url, logins, told, repository, sent, received, patience: PATIENCE })
    }

    /// Prepares to fetch into a repository that is there and to push from it.
    fn over(url: &'a SourceUrl, logins: &'a Logins<'a>, folder: &Path) -> Result<Self, SourceError> {
        let repository = Repository::open_bare(folder)
            .map_err(|err| io_error("open the repository of the definition", err.message()))?;
        let (sent, received) = (Cell::new(None), Cell::new(0));
        Ok(Remote { url, logins, told: &|_| {}, repository, sent, received, patience: PATIENCE })
    }

    /// Fetches by refspecs; returns all references that the server has.
    fn mirror(&self, refspecs: Vec<String>) -> Result<Vec<Reference>, SourceError> {
        self.listening(&|_| {}, |session, listener| session.mirror(refspecs, false, listener))
    }

    /// Fetches by a refspec; the commits that a shallow repository does not have, too.
    fn deepen(&self, is_shallow: bool, refspec: &str) -> Result<(), SourceError> {
        let refspecs = vec![refspec.to_owned()];
        self.listening(&|_| {}, |session, listener| session.mirror(refspecs, is_shallow, listener)).map(drop)
    }

    /// Pushes by a refspec.
    fn push(&self, refspec: &str) -> Result<Pushed, SourceError> {
        let pushed = self.asking(&|_| {}, |session, listener| session.push(refspec.to_owned(), listener));
        match pushed {
            Ok(None) => Ok(Pushed::Done),
            Ok(Some(reason)) if checkout::is_lost_race(&reason) => Ok(Pushed::Moved),
            Ok(Some(reason)) => Ok(Pushed::Refused(reason)),
            Err(Failure::Git(err)) if err.code() == ErrorCode::NotFastForward => Ok(Pushed::Moved),
            Err(failure) => Err(self.failure(failure)),
        }
    }

    /// Asks for the references.
    pub(crate) fn references(&self) -> Result<Vec<Reference>, SourceError> {
        self.listening(&|_| {}, Session::references)
    }

    /// Fetches a reference, or a commit by its full hash.
    pub(crate) fn fetch(&self, wanted: &str, extent: Extent) -> Result<(), SourceError> {
        let before = self.received.get();
        let received = |bytes| {
            self.received.set(before + bytes);
            (self.told)(Progress { received: self.received(), total: None });
        };
        self.listening(&received, |session, listener| session.fetch(wanted.to_owned(), extent, listener))
    }

    fn listening<T>(
        &self,
        received: &dyn Fn(usize),
        ask: impl FnOnce(Session, &Listener<'_>) -> Result<T, Failure>,
    ) -> Result<T, SourceError> {
        self.asking(received, ask).map_err(|failure| self.failure(failure))
    }

    fn asking<T>(
        &self,
        received: &dyn Fn(usize),
        ask: impl FnOnce(Session, &Listener<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let session = Session {
            url: self.url.clone(),
            folder: self.repository.path().to_owned(),
            keys: self.logins.keys.to_vec(),
        };
        let listener = Listener {
            login: &|| (self.logins.https)(self.url),
            sent: &|from| self.sent.set(Some(from)),
            received,
            patience: self.patience,
        };
        ask(session, &listener)
    }

    fn failure(&self, failure: Failure) -> SourceError {
        match failure {
            Failure::Silent => SourceError::Unreachable {
                host: self.host(),
                message: format!("nothing has come from it for {} seconds", self.patience.as_secs()),
            },
            Failure::Git(err) => self.error(&err),
        }
    }

    /// Returns how many bytes were received by fetches.
    pub(crate) fn received(&self) -> u64 {
        self.received.get() as u64
    }

    /// Finds a commit among what was fetched by what git calls a revision: a hash, the start of one, a reference.
    pub(crate) fn commit(&self, revision: &str) -> Option<Commit> {
        let object = self.repository.revparse_single(revision).ok()?;
        let commit = object.peel_to_commit().ok()?;
        Some(Commit { id: commit.id().to_string(), tree: commit.tree_id().to_string() })
    }

    /// Writes a tree into an empty folder.
    pub(crate) fn write_tree(&self, tree: &str, folder: &Path) -> Result<(), SourceError> {
        tree::write(&self.repository, tree, folder)
    }

    fn host(&self) -> String {
        self.url.host().unwrap_or_else(|| self.url.to_string())
    }

    fn error(&self, err: &git2::Error) -> SourceError {
        let host = self.host();
        let message = err.message().to_owned();
        let status = message
            .split_once("status code: ")
            .and_then(|(_, code)| code.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u16>().ok());
        match (err.code(), err.class(), status) {
            (ErrorCode::Auth, _, _) | (_, _, Some(401 | 403)) => {
                SourceError::Unauthorized { host, credentials: self.sent.take() }
            }
            (ErrorCode::Certificate, _, _) | (_, ErrorClass::Ssl, _) => {
                SourceError::Untrusted { host, message }
            }
            (_, _, Some(404)) => {
                SourceError::NotFound { what: format!("repository `{}`", self.url), near: Vec::new() }
            }
            (_, _, Some(status)) => SourceError::Status { host, status },
            _ if self.url.host().is_none() => {
                SourceError::NotFound { what: format!("repository `{}`", self.url), near: Vec::new() }
            }
            _ => SourceError::Unreachable { host, message },
        }
    }
}

/// A program of git's configuration that knows credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CredentialProgram {
    /// As it is configured.
    pub(crate) command: String,
    /// Whether the path of an address counts.
    pub(crate) with_path: bool,
}

impl CredentialProgram {
    /// Returns its name without options.
    pub(crate) fn name(&self) -> &str {
        self.command.split_whitespace().next().unwrap_or_default()
    }
}

/// Returns the credential helpers of the user's git for an address.
pub(crate) fn credential_helpers(address: &Url) -> Vec<CredentialProgram> {
    // Without a readable configuration there are none, as on a machine without git.
    let Ok(config) = git2::Config::open_default() else { return Vec::new() };
    let Ok(entries) = config.entries(Some("^credential\\.")) else { return Vec::new() };
    let mut settings: Vec<(String, String)> = Vec::new();
    // A value that is no text names no program.
    let _ = entries.for_each(|entry| {
        if let (Ok(name), Ok(value)) = (entry.name(), entry.value()) {
            settings.push((name.to_owned(), value.to_owned()));
        }
    });
    helpers_of(&settings, address)
}

/// Picks the helpers from settings in the order in which git reads them: an empty one takes back those before it.
fn helpers_of(settings: &[(String, String)], address: &Url) -> Vec<CredentialProgram> {
    let (mut commands, mut with_path) = (Vec::new(), false);
    for (name, value) in settings {
        let Some((section, key)) = name.strip_prefix("credential").and_then(|rest| rest.rsplit_once('.'))
        else {
            continue;
        };
        let is_for_all = section.is_empty();
        let is_for_address =
            || Url::parse(section.trim_start_matches('.')).is_ok_and(|url| is_within(&url, address));
        match key.to_ascii_lowercase().as_str() {
            "helper" if is_for_all || is_for_address() => match value.as_str() {
                "" => commands.clear(),
                command => commands.push(command.to_owned()),
            },
            "usehttppath" if is_for_all || is_for_address() => {
                with_path = matches!(value.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "1" | "");
            }
            _ => {}
        }
    }
    commands.into_iter().map(|command| CredentialProgram { command, with_path }).collect()
}

fn is_within(section: &Url, address: &Url) -> bool {
    let path = section.path().trim_end_matches('/');
    let below = address.path().strip_prefix(path);
    section.origin() == address.origin() && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn io_error(action: &str, message: &str) -> SourceError {
    SourceError::Io { action: action.to_owned(), source: io::Error::other(message.to_owned()) }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use super::*;

    const COMMIT: &str = "22cd3bc0b85295c65ca8f67ccb928afaf7d2e07f";

    /// A line as git frames it.
    fn framed(text: &str) -> String {
        format!("{:04x}{text}", text.len() + 4)
    }

    /// Starts a server that answers requests whose first line has the text, and holds all connections.
    fn server(answered: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let references = [
            framed("# service=git-upload-pack\n"),
            "0000".to_owned(),
            framed(&format!("{COMMIT} refs/heads/main\0side-band-64k shallow ofs-delta multi_ack agent=x\n")),
            "0000".to_owned(),
        ]
        .concat();
        thread::spawn(move || {
            let mut held: Vec<TcpStream> = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = [0; 4096];
                let count = stream.read(&mut request).unwrap();
                let request = String::from_utf8_lossy(&request[..count]).into_owned();
                if request.starts_with("GET") && answered.contains("GET") {
                    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\nConnection: close\r\n";
                    write!(stream, "{head}Content-Length: {}\r\n\r\n{references}", references.len()).unwrap();
                    continue;
                }
                if request.starts_with("POST") && answered.contains("POST") {
                    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-result\r\nContent-Length: 100000\r\n\r\n";
                    let begun = [framed(&format!("shallow {COMMIT}")), "0000".to_owned(), framed("NAK\n")];
                    write!(stream, "{head}{}", begun.concat()).unwrap();
                }
                held.push(stream);
            }
        });
        format!("http://{address}/x")
    }

    #[track_caller]
    fn check_silent(url: &str, ask: impl Fn(&Remote<'_>) -> Result<(), SourceError>) {
        let url = SourceUrl::new(url);
        let logins = Logins { https: &|_| None, keys: &[] };
        let scratch = tempfile::tempdir().unwrap();
        let mut remote = Remote::new(&url, (&logins, &|_| {}), scratch.path()).unwrap();
        remote.patience = Duration::from_secs(1);
        let error = ask(&remote).unwrap_err();
        let host = url.host().unwrap();
        assert_eq!(
            error.to_string(),
            format!("{host} cannot be reached: nothing has come from it for 1 seconds")
        );
        assert!(error.is_transient());
    }

    #[test]
    fn err_a_server_that_falls_silent_is_given_up() {
        // It accepts and says nothing, tells its references only, and stops within the content.
        check_silent(&server(""), |remote| remote.references().map(drop));
        let fetch = |remote: &Remote<'_>| {
            assert_eq!(remote.references()?[0].id, COMMIT);
            remote.fetch("refs/heads/main", Extent::One)
        };
        check_silent(&server("GET"), fetch);
        check_silent(&server("GET POST"), fetch);
    }

    #[track_caller]
    fn check_helpers(settings: &[(&str, &str)], address: &str, want: &[(&str, bool)]) {
        let settings: Vec<(String, String)> =
            settings.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let found = helpers_of(&settings, &Url::parse(address).unwrap());
        let found: Vec<(&str, bool)> =
            found.iter().map(|found| (found.command.as_str(), found.with_path)).collect();
        assert_eq!(found, want, "{settings:?} {address}");
    }

    #[test]
    fn helpers_are_those_of_the_address() {
        let settings = [
            ("credential.helper", "store"),
            ("credential.https://git.example.com/team.helper", "!pass"),
            ("credential.https://git.example.com.usehttppath", "true"),
            ("credential.username", "me"),
        ];
        let both = [("store", true), ("!pass", true)];
        check_helpers(&settings, "https://git.example.com/team/x", &both);
        check_helpers(&settings, "https://git.example.com/teams/x", &[("store", true)]);
        check_helpers(&settings, "https://other.example.com/team/x", &[("store", false)]);
        check_helpers(
            &[settings[0], ("credential.helper", ""), ("credential.helper", "b -x")],
            "https://h/x",
            &[("b -x", false)],
        );
    }
}
