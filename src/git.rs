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
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use git2::{
    AutotagOption, CertificateCheckStatus, Cred, CredentialType, Direction, ErrorClass, ErrorCode,
    FetchOptions, ObjectType, Oid, ProxyOptions, RemoteCallbacks, RemoteRedirect, Repository,
};

use url::Url;

use crate::source::http::Progress;
use crate::source::{SourceError, SourceUrl};

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
}

/// What of a repository is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The newest commit of a reference, or one commit.
    One,
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
        Ok(Remote { url, logins, told, repository, sent: Cell::new(None), received: Cell::new(0) })
    }

    /// Asks for the references.
    pub(crate) fn references(&self) -> Result<Vec<Reference>, SourceError> {
        let list = || {
            let mut remote = self.repository.remote_anonymous(self.url.as_str())?;
            let (callbacks, proxy) = (self.callbacks(), proxy());
            let connection = remote.connect_auth(Direction::Fetch, Some(callbacks), Some(proxy))?;
            let heads = connection.list()?.iter();
            Ok(heads
                .map(|head| Reference { name: head.name().to_owned(), id: head.oid().to_string() })
                .collect())
        };
        list().map_err(|err| self.error(&err))
    }

    /// Fetches a reference, or a commit by its full hash.
    pub(crate) fn fetch(&self, wanted: &str, extent: Extent) -> Result<(), SourceError> {
        let one = format!("+{wanted}:refs/fab/wanted");
        let refspecs = match extent {
            Extent::One => vec![one.as_str()],
            Extent::All => vec!["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"],
        };
        let mut callbacks = self.callbacks();
        let before = self.received.get();
        callbacks.transfer_progress(|progress| {
            self.received.set(before + progress.received_bytes());
            (self.told)(Progress { received: self.received(), total: None });
            true
        });
        let mut options = FetchOptions::new();
        options
            .remote_callbacks(callbacks)
            .proxy_options(proxy())
            .download_tags(AutotagOption::None)
            .update_fetchhead(false)
            .follow_redirects(RemoteRedirect::None);
        let mut remote =
            self.repository.remote_anonymous(self.url.as_str()).map_err(|err| self.error(&err))?;
        // libgit2 refuses to be shallow where it reads the other repository itself. Its address may be another one
        // than the definition's (`insteadOf`).
        let elsewhere = remote.url().is_ok_and(|url| SourceUrl::new(url).host().is_some());
        if extent == Extent::One && elsewhere {
            options.depth(1);
        }
        remote.fetch(&refspecs, Some(&mut options), None).map_err(|err| self.error(&err))
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
        let id = Oid::from_str(tree).map_err(|err| self.error(&err))?;
        let mut writer = TreeWriter { repository: &self.repository, left: MAX_ENTRIES, bytes: MAX_BYTES };
        writer.folder(id, folder, "")
    }

    fn callbacks(&self) -> RemoteCallbacks<'_> {
        let mut callbacks = RemoteCallbacks::new();
        let mut tried = Tried::default();
        callbacks.credentials(move |url, user, kinds| self.credentials(url, user, kinds, &mut tried));
        // What libgit2 finds out about certificates and host keys counts.
        callbacks.certificate_check(|_, _| Ok(CertificateCheckStatus::CertificatePassthrough));
        callbacks
    }

    fn credentials(
        &self,
        url: &str,
        user: Option<&str>,
        kinds: CredentialType,
        tried: &mut Tried,
    ) -> Result<Cred, git2::Error> {
        let user = user.unwrap_or("git");
        if kinds.contains(CredentialType::USERNAME) {
            return Cred::username(user);
        }
        if kinds.contains(CredentialType::SSH_KEY) {
            if !std::mem::replace(&mut tried.agent, true) {
                self.sent.set(Some("the ssh agent".to_owned()));
                return Cred::ssh_key_from_agent(user);
            }
            if let Some(key) = self.logins.keys.get(tried.keys) {
                tried.keys += 1;
                self.sent.set(Some(format!("`{}`", key.display())));
                return Cred::ssh_key(user, None, key, None);
            }
        }
        let wanted = SourceUrl::new(url);
        let same_host = wanted.host() == self.url.host();
        if kinds.contains(CredentialType::USER_PASS_PLAINTEXT)
            && same_host
            && !std::mem::replace(&mut tried.password, true)
            && let Some(login) = (self.logins.https)(self.url)
        {
            self.sent.set(Some(login.from));
            // Servers that take a token take it with any user, but not without one.
            let user = if login.user.is_empty() { "git" } else { login.user.as_str() };
            return Cred::userpass_plaintext(user, &login.password);
        }
        Err(git2::Error::new(ErrorCode::Auth, ErrorClass::Callback, "no credentials are accepted"))
    }

    fn error(&self, err: &git2::Error) -> SourceError {
        let host = self.url.host().unwrap_or_else(|| self.url.to_string());
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

/// Files and folders of one tree; the largest repositories have some hundred thousand.
const MAX_ENTRIES: usize = 1_000_000;
/// Bytes of one tree.
const MAX_BYTES: u64 = 8 << 30;

struct TreeWriter<'a> {
    repository: &'a Repository,
    left: usize,
    bytes: u64,
}

impl TreeWriter<'_> {
    fn folder(&mut self, tree: Oid, folder: &Path, path: &str) -> Result<(), SourceError> {
        let tree = self.repository.find_tree(tree).map_err(|err| malformed(path, &err))?;
        for entry in &tree {
            let name = entry.name().map_err(|_| unsafe_path(path, "has a file whose name is no UTF-8"))?;
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            self.left = self.left.checked_sub(1).ok_or_else(|| too_large("1000000 files"))?;
            if !is_safe(name) {
                return Err(unsafe_path(&path, "has a name that is not safe to write"));
            }
            let target = folder.join(name);
            match (entry.kind(), entry.filemode()) {
                (Some(ObjectType::Tree), _) => {
                    make_folder(&target)?;
                    self.folder(entry.id(), &target, &path)?;
                }
                (Some(ObjectType::Blob), mode) => self.blob(entry.id(), mode, &target, &path)?,
                // A submodule, which is an empty folder in a clone, too.
                _ => make_folder(&target)?,
            }
        }
        Ok(())
    }

    fn blob(&mut self, id: Oid, mode: i32, target: &Path, path: &str) -> Result<(), SourceError> {
        let blob = self.repository.find_blob(id).map_err(|err| malformed(path, &err))?;
        let size = blob.content().len() as u64;
        self.bytes = self.bytes.checked_sub(size).ok_or_else(|| too_large("8 GiB"))?;
        if mode == LINK {
            let text = std::str::from_utf8(blob.content()).unwrap_or_default();
            // A link out of the tree is left out: it is not in a clone that is somewhere else either.
            return if stays_inside(text, path) { link(text, target) } else { Ok(()) };
        }
        write_file(target, blob.content(), mode & 0o111 != 0)
    }
}

const LINK: i32 = 0o120_000;

/// Whether a file may have this name on every system.
fn is_safe(name: &str) -> bool {
    let other_meaning = matches!(name, "" | "." | "..") || name.eq_ignore_ascii_case(".git");
    let separators: &[char] = if cfg!(windows) { &['/', '\0', '\\', ':'] } else { &['/', '\0'] };
    !other_meaning && !name.contains(separators)
}

/// Whether a link at `path` leads to something inside. The folder that it is in is a real one, so `..` at its start
/// are counted; behind another name they may follow a link, and are refused.
fn stays_inside(target: &str, path: &str) -> bool {
    let depth = path.matches('/').count();
    let segments = || target.split('/').filter(|segment| !matches!(*segment, "" | "."));
    let up = segments().take_while(|segment| *segment == "..").count();
    !target.is_empty()
        && !target.starts_with('/')
        && !target.contains(['\0', '\\'])
        && up <= depth
        && segments().skip(up).all(|segment| segment != "..")
}

fn make_folder(folder: &Path) -> Result<(), SourceError> {
    fs::create_dir(folder).map_err(|source| write_error(folder, source))
}

fn write_file(target: &Path, content: &[u8], executable: bool) -> Result<(), SourceError> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(if executable { 0o755 } else { 0o644 });
    }
    #[cfg(not(unix))]
    let _ = executable;
    let written = options.open(target).and_then(|mut file| file.write_all(content));
    written.map_err(|source| write_error(target, source))
}

#[cfg(unix)]
fn link(text: &str, target: &Path) -> Result<(), SourceError> {
    std::os::unix::fs::symlink(text, target).map_err(|source| write_error(target, source))
}

/// A checkout that cannot make links leaves a file with the target as its text, as git does.
#[cfg(not(unix))]
fn link(text: &str, target: &Path) -> Result<(), SourceError> {
    write_file(target, text.as_bytes(), false)
}

fn write_error(path: &Path, source: io::Error) -> SourceError {
    SourceError::Io { action: format!("write `{}`", path.display()), source }
}

fn io_error(action: &str, message: &str) -> SourceError {
    SourceError::Io { action: action.to_owned(), source: io::Error::other(message.to_owned()) }
}

fn malformed(path: &str, err: &git2::Error) -> SourceError {
    let what = if path.is_empty() { "the tree".to_owned() } else { format!("`{path}`") };
    SourceError::Malformed { what, message: err.message().to_owned() }
}

fn unsafe_path(path: &str, problem: &str) -> SourceError {
    SourceError::Unsafe { path: path.to_owned(), problem: problem.to_owned() }
}

fn too_large(limit: &str) -> SourceError {
    SourceError::TooLarge { what: "the tree".to_owned(), limit: limit.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_link(path: &str, target: &str, inside: bool) {
        assert_eq!(stays_inside(target, path), inside, "{path} -> {target}");
    }

    #[test]
    fn a_link_out_of_the_tree_is_seen() {
        check_link("a", "b", true);
        check_link("x/a", "../b", true);
        check_link("x/y/a", "../../b/c", true);
        check_link("a", "./b/./c", true);
        check_link("a", "../b", false);
        check_link("x/a", "../../b", false);
        check_link("a", "/etc/passwd", false);
        check_link("a", "", false);
    }

    #[test]
    fn a_link_may_not_go_up_behind_another_name() {
        // `b` may be a link to a folder that is less deep.
        check_link("x/a", "b/../../c", false);
        check_link("x/a", "b/..", false);
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

    #[test]
    fn names_that_mean_something_else_are_refused() {
        assert!(is_safe("a.yaml") && is_safe(".gitignore") && is_safe("..a") && is_safe("a b"));
        assert!(!is_safe("..") && !is_safe(".GIT") && !is_safe("") && !is_safe("a/b") && !is_safe("."));
    }
}
