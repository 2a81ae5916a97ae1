//! Speaks to a git server on a thread of its own.
//!
//! libgit2 waits for a server as long as the server likes: its limits are for
//! the whole process and are set by calls that are not safe. So whoever asks
//! waits here, hears every sign of life, and gives up on a session that has
//! shown none for a while. The thread of that one stays behind; it owns all
//! that it uses and ends with the process, or when the server speaks again.
//!
//! Credentials are asked for through the same channel, so that looking for them
//! needs nothing that the thread could hold on to, and takes the time it takes.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SendError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use git2::{
    AutotagOption, CertificateCheckStatus, Cred, CredentialType, Direction, ErrorClass, ErrorCode,
    FetchOptions, ProxyOptions, PushOptions, RemoteCallbacks, RemoteRedirect, Repository,
};

use super::{Extent, Login, Reference};
use crate::source::SourceUrl;

/// What a session needs to know.
pub(super) struct Session {
    /// The repository that is spoken to.
    pub(super) url: SourceUrl,
    /// The repository to fetch into.
    pub(super) folder: PathBuf,
    /// The private keys to try for ssh after those of the agent.
    pub(super) keys: Vec<PathBuf>,
}

/// What a session tells.
enum Sign<T> {
    /// So many bytes have arrived.
    Received(usize),
    /// The server does something, and says so.
    Alive,
    /// These credentials are sent, in words.
    Sent(String),
    /// The server wants user and password.
    Asked(SyncSender<Option<Login>>),
    /// This came of it.
    Done(Result<T, git2::Error>),
}

/// Who hears of a session.
pub(super) struct Listener<'a> {
    /// Gives user and password.
    pub(super) login: &'a dyn Fn() -> Option<Login>,
    /// Hears where credentials are from that are sent.
    pub(super) sent: &'a dyn Fn(String),
    /// Hears how many bytes have arrived.
    pub(super) received: &'a dyn Fn(usize),
    /// How long a session may be silent.
    pub(super) patience: Duration,
}

/// Why a session came to nothing.
pub(super) enum Failure {
    /// It was silent for too long.
    Silent,
    /// What libgit2 says.
    Git(git2::Error),
}

/// The depth that makes a shallow repository whole, as git has it.
const WHOLE: i32 = i32::MAX;

impl Session {
    /// Asks for the references.
    pub(super) fn references(self, listener: &Listener<'_>) -> Result<Vec<Reference>, Failure> {
        run(listener, move |signs| self.list(&signs))
    }

    /// Fetches a reference, or a commit by its full hash.
    pub(super) fn fetch(
        self,
        wanted: String,
        extent: Extent,
        listener: &Listener<'_>,
    ) -> Result<(), Failure> {
        run(listener, move |signs| self.fetch_now(&wanted, extent, &signs))
    }

    /// Fetches by refspecs, all commits if the repository is shallow; returns all references that the server has.
    pub(super) fn mirror(
        self,
        refspecs: Vec<String>,
        is_shallow: bool,
        listener: &Listener<'_>,
    ) -> Result<Vec<Reference>, Failure> {
        run(listener, move |signs| self.mirror_now(&refspecs, is_shallow, &signs))
    }

    /// Pushes by a refspec; returns what the server says if it does not take it.
    pub(super) fn push(self, refspec: String, listener: &Listener<'_>) -> Result<Option<String>, Failure> {
        run(listener, move |signs| self.push_now(&refspec, &signs))
    }

    fn push_now(
        &self,
        refspec: &str,
        signs: &Sender<Sign<Option<String>>>,
    ) -> Result<Option<String>, git2::Error> {
        let refused: Cell<Option<String>> = Cell::new(None);
        let mut callbacks = self.callbacks(signs);
        callbacks.push_update_reference(|_, status| {
            refused.set(status.map(str::to_owned));
            Ok(())
        });
        callbacks.push_transfer_progress(|_, _, _| {
            tell(signs, Sign::Alive);
        });
        let mut options = PushOptions::new();
        options.remote_callbacks(callbacks).proxy_options(proxy()).follow_redirects(RemoteRedirect::None);
        let repository = Repository::open_bare(&self.folder)?;
        let mut remote = repository.remote_anonymous(self.url.as_str())?;
        remote.push(&[refspec], Some(&mut options))?;
        drop(options);
        Ok(refused.take())
    }

    fn list(&self, signs: &Sender<Sign<Vec<Reference>>>) -> Result<Vec<Reference>, git2::Error> {
        let repository = Repository::open_bare(&self.folder)?;
        let mut remote = repository.remote_anonymous(self.url.as_str())?;
        let callbacks = self.callbacks(signs);
        let connection = remote.connect_auth(Direction::Fetch, Some(callbacks), Some(proxy()))?;
        let heads = connection.list()?.iter();
        Ok(heads.map(|head| Reference { name: head.name().to_owned(), id: head.oid().to_string() }).collect())
    }

    fn mirror_now(
        &self,
        refspecs: &[String],
        is_shallow: bool,
        signs: &Sender<Sign<Vec<Reference>>>,
    ) -> Result<Vec<Reference>, git2::Error> {
        let mut options = self.fetch_options(signs);
        if is_shallow {
            options.depth(WHOLE);
        }
        let repository = Repository::open_bare(&self.folder)?;
        let mut remote = repository.remote_anonymous(self.url.as_str())?;
        remote.fetch(refspecs, Some(&mut options), None)?;
        let heads = remote.list()?.iter();
        Ok(heads.map(|head| Reference { name: head.name().to_owned(), id: head.oid().to_string() }).collect())
    }

    fn fetch_now(&self, wanted: &str, extent: Extent, signs: &Sender<Sign<()>>) -> Result<(), git2::Error> {
        let one = format!("+{wanted}:refs/fab/wanted");
        let refspecs = match extent {
            Extent::One | Extent::Branch => vec![one.as_str()],
            Extent::All => vec!["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"],
        };
        let mut options = self.fetch_options(signs);
        let repository = Repository::open_bare(&self.folder)?;
        let mut remote = repository.remote_anonymous(self.url.as_str())?;
        // libgit2 refuses to be shallow where it reads the other repository itself. Its address may be another one
        // than the definition's (`insteadOf`).
        let elsewhere = remote.url().is_ok_and(|url| SourceUrl::new(url).host().is_some());
        if extent == Extent::One && elsewhere {
            options.depth(1);
        }
        remote.fetch(&refspecs, Some(&mut options), None)
    }

    fn fetch_options<'s, T>(&'s self, signs: &'s Sender<Sign<T>>) -> FetchOptions<'s> {
        let mut callbacks = self.callbacks(signs);
        callbacks.transfer_progress(|progress| tell(signs, Sign::Received(progress.received_bytes())));
        let mut options = FetchOptions::new();
        options
            .remote_callbacks(callbacks)
            .proxy_options(proxy())
            .download_tags(AutotagOption::None)
            .update_fetchhead(false)
            .follow_redirects(RemoteRedirect::None);
        options
    }

    fn callbacks<'s, T>(&'s self, signs: &'s Sender<Sign<T>>) -> RemoteCallbacks<'s> {
        let mut callbacks = RemoteCallbacks::new();
        let mut tried = Tried::default();
        callbacks
            .credentials(move |url, user, kinds| self.credentials(signs, (url, user, kinds), &mut tried));
        // What libgit2 finds out about certificates and host keys counts.
        callbacks.certificate_check(|_, _| Ok(CertificateCheckStatus::CertificatePassthrough));
        callbacks.sideband_progress(|_| tell(signs, Sign::Alive));
        callbacks
    }

    fn credentials<T>(
        &self,
        signs: &Sender<Sign<T>>,
        (url, user, kinds): (&str, Option<&str>, CredentialType),
        tried: &mut Tried,
    ) -> Result<Cred, git2::Error> {
        let user = user.unwrap_or("git");
        if kinds.contains(CredentialType::USERNAME) {
            return Cred::username(user);
        }
        if kinds.contains(CredentialType::SSH_KEY) {
            if !std::mem::replace(&mut tried.agent, true) {
                tell(signs, Sign::Sent("the ssh agent".to_owned()));
                return Cred::ssh_key_from_agent(user);
            }
            if let Some(key) = self.keys.get(tried.keys) {
                tried.keys += 1;
                tell(signs, Sign::Sent(format!("`{}`", key.display())));
                return Cred::ssh_key(user, None, key, None);
            }
        }
        let same_host = SourceUrl::new(url).host() == self.url.host();
        if kinds.contains(CredentialType::USER_PASS_PLAINTEXT)
            && same_host
            && !std::mem::replace(&mut tried.password, true)
            && let Some(login) = ask(signs)
        {
            tell(signs, Sign::Sent(login.from));
            // Servers that take a token take it with any user, but not without one.
            let user = if login.user.is_empty() { "git" } else { login.user.as_str() };
            return Cred::userpass_plaintext(user, &login.password);
        }
        Err(git2::Error::new(ErrorCode::Auth, ErrorClass::Callback, "no credentials are accepted"))
    }
}

/// Runs a session on a thread of its own, and listens to it.
fn run<T: Send + 'static>(
    listener: &Listener<'_>,
    work: impl FnOnce(Sender<Sign<T>>) -> Result<T, git2::Error> + Send + 'static,
) -> Result<T, Failure> {
    let (signs, heard) = channel();
    let session = move || {
        let done = work(signs.clone());
        // Nobody listens any more to a session that was given up.
        let _ = signs.send(Sign::Done(done));
    };
    let failed = |message: &str| Failure::Git(git2::Error::from_str(message));
    thread::Builder::new().name("git".to_owned()).spawn(session).map_err(|err| failed(&err.to_string()))?;
    listen(&heard, listener).unwrap_or_else(|| Err(failed("it ended without a result")))
}

/// Listens until the session is done or silent for too long; none if it ended without saying so.
fn listen<T>(heard: &Receiver<Sign<T>>, listener: &Listener<'_>) -> Option<Result<T, Failure>> {
    loop {
        match heard.recv_timeout(listener.patience) {
            Ok(Sign::Received(bytes)) => (listener.received)(bytes),
            Ok(Sign::Alive) => {}
            Ok(Sign::Sent(from)) => (listener.sent)(from),
            // One that was given up meanwhile needs no answer.
            Ok(Sign::Asked(answer)) => drop(answer.send((listener.login)())),
            Ok(Sign::Done(result)) => return Some(result.map_err(Failure::Git)),
            Err(RecvTimeoutError::Timeout) => return Some(Err(Failure::Silent)),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

/// Tells the listener; returns whether there is one.
fn tell<T>(signs: &Sender<Sign<T>>, sign: Sign<T>) -> bool {
    signs.send(sign).is_ok()
}

fn ask<T>(signs: &Sender<Sign<T>>) -> Option<Login> {
    let (answer, answered) = sync_channel(1);
    let asked: Result<(), SendError<Sign<T>>> = signs.send(Sign::Asked(answer));
    asked.ok()?;
    answered.recv().ok()?
}

/// Which credentials a server was given already; it asks again when it refuses them.
#[derive(Default)]
struct Tried {
    agent: bool,
    keys: usize,
    password: bool,
}

fn proxy() -> ProxyOptions<'static> {
    let mut proxy = ProxyOptions::new();
    proxy.auto();
    proxy
}
