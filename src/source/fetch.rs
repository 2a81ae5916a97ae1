//! Gets what a source asks for: from the cache if its resolution is known and
//! there, else from where it is.
//!
//! Invariant: what was resolved before comes back the same or not at all; its
//! digest is checked, whatever the method.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sprig::semver::Version;

use super::allow::Allow;
use super::archive::{Format, Limits, unpack, unpack_chart};
use super::cache::{Cache, Item};
use super::chart_dependencies::file_name as archive_name;
use super::charts::{ChartAccess, ChartSource, Charts, FoundChart};
use super::credentials::{Access, Credential, ask_git_helper};
use super::git::{GitSource, Revision, head_branch};
use super::helm_repo::Index;
use super::http::{Download, HttpOptions, Progress, hex};
use super::outdated::may_replace;
use super::{Asked, Resolved, SourceError, SourceUrl};
use crate::git::{Commit, Login, Logins, credential_helpers};

/// What of the network may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// All of it.
    Online,
    /// Nothing: what is not in the cache cannot be had.
    Offline,
}

/// What a source was resolved to, with its content.
#[derive(Debug, Clone)]
pub(crate) struct Fetched {
    /// What it was resolved to.
    pub(crate) resolved: Resolved,
    /// The content.
    pub(crate) item: Item,
    /// How many bytes came from elsewhere; none if it was in the cache.
    pub(crate) bytes: Option<u64>,
}

/// Who hears how much of a source has arrived.
pub(crate) type Told<'a> = &'a dyn Fn(Progress);

/// What becomes of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A folder of its files.
    Files,
    /// Its archive, for the `charts/` folder of another one.
    Archive,
}

/// Gets sources.
pub(crate) struct Fetcher<'a> {
    /// Where content is kept.
    cache: &'a Cache,
    /// What of the network may be used.
    network: Network,
    /// The environment variables, which say where credentials are.
    variables: &'a [(String, String)],
    /// What may be asked for.
    allow: Allow,
    /// The tokens that the definition names.
    access: Access,
    /// Access to servers, once it is needed.
    charts: Mutex<Option<Arc<Charts>>>,
}

/// How long to wait before the same is tried again that may go better then.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// Name of a file that is no archive in its item.
pub(crate) const CONTENT: &str = "content";

impl<'a> Fetcher<'a> {
    /// Gets sources for a user with these variables, if they are allowed.
    pub(crate) fn new(
        cache: &'a Cache,
        network: Network,
        variables: &'a [(String, String)],
        allow: Allow,
    ) -> Self {
        let (access, charts) = (Access::default(), Mutex::default());
        Fetcher { cache, network, variables, allow, access, charts }
    }

    /// Uses these tokens from now on.
    pub(crate) fn set_access(&mut self, access: Access) {
        if self.access != access {
            self.access = access;
            self.charts = Mutex::default();
        }
    }

    /// Returns the URL of a repository that helm knows by a name.
    pub(crate) fn repository_url(&self, name: &str) -> Result<String, SourceError> {
        self.charts()?.repository_url(name).map(str::to_owned)
    }

    /// Returns the index of a chart repository.
    pub(crate) fn index(&self, repository: &SourceUrl) -> Result<Arc<Index>, SourceError> {
        if !self.allow.permits_source(repository) {
            return Err(SourceError::NotAllowed(repository.to_string()));
        }
        let address = repository.to_url();
        let address =
            address.ok_or_else(|| SourceError::Unsupported(format!("`{repository}` is no address")))?;
        self.charts()?.index(&address)
    }

    /// Returns the branch that a repository points to, if it says so.
    pub(crate) fn branch(&self, url: &SourceUrl) -> Result<Option<String>, SourceError> {
        self.with_git(url, &|_| {}, |source| Ok(head_branch(&source.references()?)))
    }

    /// Gets a source, as it was resolved if that is known; `told` hears how much of it has arrived.
    pub(crate) fn fetch(
        &self,
        asked: &Asked,
        form: Form,
        locked: Option<&Resolved>,
        told: Told<'_>,
    ) -> Result<Fetched, SourceError> {
        if !self.allow.permits_source(asked.source()) {
            return Err(SourceError::NotAllowed(asked.source().to_string()));
        }
        let stated = stated(asked);
        let known = locked.or(stated.as_ref());
        if let Some(fetched) = self.cached(asked, form, known)? {
            return Ok(fetched);
        }
        if self.network == Network::Offline {
            return Err(SourceError::Offline);
        }
        // Who waited for another process finds there what that one fetched.
        let _claim = self.cache.claim(&claim_name(asked))?;
        if let Some(fetched) = self.cached(asked, form, known)? {
            return Ok(fetched);
        }
        told(Progress { received: 0, total: None });
        match (asked, locked) {
            (Asked::Git { url, .. }, Some(Resolved::Git { commit, tree })) => {
                self.git_commit(asked, url, (commit, tree), told)
            }
            (Asked::Git { url, branch, version }, _) => {
                let revision = Revision { branch: branch.as_deref(), version: version.as_deref() };
                self.git(asked, url, revision, told)
            }
            (Asked::Chart { .. }, locked) => self.chart(asked, form, locked, told),
            (Asked::File { url, .. }, locked) => self.file(asked, url, locked, told),
        }
    }

    /// Returns what is newer than what a source was resolved to.
    pub(crate) fn newer(&self, asked: &Asked, current: &Resolved) -> Result<Option<String>, SourceError> {
        if self.network == Network::Offline {
            return Err(SourceError::Offline);
        }
        match (asked, current) {
            (Asked::Git { url, branch, version }, Resolved::Git { commit, .. }) => {
                let revision = Revision { branch: branch.as_deref(), version: version.as_deref() };
                self.with_git(url, &|_| {}, |source| source.newer(revision, commit))
            }
            (Asked::Chart { repository, chart, .. }, Resolved::Chart { version, .. }) => {
                let (repository, chart) = (repository.clone(), chart.clone());
                let any = Asked::Chart { repository, chart, version: None };
                let newest = match self.charts()?.find(&chart_source(&any, None)?) {
                    // There are prereleases only.
                    Err(SourceError::NotFound { .. }) => return Ok(None),
                    found => found?.version,
                };
                let (Ok(newest), Ok(current)) = (Version::parse(&newest), Version::parse(version)) else {
                    return Ok(None);
                };
                Ok(may_replace(&newest, &current).then_some(newest.original))
            }
            _ => Ok(None),
        }
    }

    fn cached(
        &self,
        asked: &Asked,
        form: Form,
        known: Option<&Resolved>,
    ) -> Result<Option<Fetched>, SourceError> {
        let Some(resolved) = known else { return Ok(None) };
        let item = self.cache.item(&key(asked, form, resolved))?;
        Ok(item.map(|item| Fetched { resolved: resolved.clone(), item, bytes: None }))
    }

    /// Returns access to servers, which takes reading the files of the user.
    fn charts(&self) -> Result<Arc<Charts>, SourceError> {
        let mut charts = self.charts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(charts) = &*charts {
            return Ok(Arc::clone(charts));
        }
        let options = HttpOptions { allow: self.allow.clone(), ..HttpOptions::default() };
        let made = Charts::of_user(self.variables, options, self.access.clone(), ChartAccess::default())?;
        Ok(Arc::clone(charts.insert(Arc::new(made))))
    }

    /// Fetches a chart, the one that is locked if one is.
    fn chart(
        &self,
        asked: &Asked,
        form: Form,
        locked: Option<&Resolved>,
        told: Told<'_>,
    ) -> Result<Fetched, SourceError> {
        let charts = self.charts()?;
        let found = charts.find(&chart_source(asked, locked)?)?;
        fetch_chart(self.cache, &charts, &found, (form, locked), told)
    }

    /// Fetches a file, which has to be what it was or is said to be.
    fn file(
        &self,
        asked: &Asked,
        url: &SourceUrl,
        locked: Option<&Resolved>,
        told: Told<'_>,
    ) -> Result<Fetched, SourceError> {
        let address = url.to_url().filter(|address| matches!(address.scheme(), "http" | "https"));
        let address = address
            .ok_or_else(|| SourceError::Unsupported(format!("`{url}` is no address of a file by http")))?;
        let scratch = self.cache.scratch()?;
        let download = self.charts()?.fetch_file(&address, scratch.folder(), told)?;
        let found = download.digest.clone();
        if let Some(Resolved::File { digest: wanted }) = stated(asked)
            && wanted != found
        {
            return Err(SourceError::OtherContent { wanted, found });
        }
        let resolved = Resolved::File { digest: found };
        check_digest(locked, &resolved)?;
        let item = self
            .cache
            .store(&key(asked, Form::Files, &resolved), |folder| keep_file(&download, url, folder))?;
        Ok(Fetched { resolved, item, bytes: Some(download.size) })
    }

    /// Resolves a revision, and fetches it if its tree is not there.
    fn git(
        &self,
        asked: &Asked,
        url: &SourceUrl,
        revision: Revision<'_>,
        told: Told<'_>,
    ) -> Result<Fetched, SourceError> {
        self.with_git(url, told, |source| {
            if let Some(hash) = source.hash(revision)?
                && let Some(tree) = self.cache.fact(&fact_name(&hash))
            {
                let known = Resolved::Git { commit: hash, tree };
                if let Some(fetched) = self.cached(asked, Form::Files, Some(&known))? {
                    return Ok(fetched);
                }
            }
            let commit = source.fetch(revision)?;
            self.keep_tree(asked, source, &commit)
        })
    }

    /// Fetches a commit with its tree.
    fn git_commit(
        &self,
        asked: &Asked,
        url: &SourceUrl,
        (hash, tree): (&str, &str),
        told: Told<'_>,
    ) -> Result<Fetched, SourceError> {
        self.with_git(url, told, |source| {
            let commit = source.fetch_commit(hash)?;
            if tree != commit.tree {
                return Err(SourceError::DigestMismatch {
                    wanted: format!("tree {tree}"),
                    found: format!("tree {}", commit.tree),
                });
            }
            self.keep_tree(asked, source, &commit)
        })
    }

    fn with_git<T>(
        &self,
        url: &SourceUrl,
        told: Told<'_>,
        work: impl Fn(&GitSource<'_>) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let charts = self.charts()?;
        let https = |url: &SourceUrl| login(charts.credentials(), url);
        let keys = ssh_keys(self.variables);
        let logins = Logins { https: &https, keys: &keys };
        let mut pauses = PAUSES.iter();
        loop {
            let scratch = self.cache.scratch()?;
            let result = GitSource::new(url, (&logins, told), &scratch.folder().join("git"))
                .and_then(|source| work(&source));
            match (result, pauses.next()) {
                (Err(error), Some(pause)) if error.is_transient() => std::thread::sleep(*pause),
                (result, _) => return result,
            }
        }
    }

    fn keep_tree(
        &self,
        asked: &Asked,
        source: &GitSource<'_>,
        commit: &Commit,
    ) -> Result<Fetched, SourceError> {
        let name = |resolved| key(asked, Form::Files, resolved);
        let resolved = Resolved::Git { commit: commit.id.clone(), tree: commit.tree.clone() };
        let item = match self.cache.item(&name(&resolved))? {
            Some(item) => item,
            None => self.cache.store(&name(&resolved), |folder| source.write_tree(commit, folder))?,
        };
        self.cache.remember(&fact_name(&commit.id), &commit.tree)?;
        Ok(Fetched { resolved, item, bytes: Some(source.received()) })
    }
}

/// Fetches the newest tree of a repository, unless it is in the cache; returns its folder there and the commit.
pub(crate) fn fetch_tree(
    asked: &Asked,
    cache: &Cache,
    network: Network,
    variables: &[(String, String)],
) -> Result<(PathBuf, String), SourceError> {
    let fetcher = Fetcher::new(cache, network, variables, Allow::default());
    let Fetched { resolved, item, .. } = fetcher.fetch(asked, Form::Files, None, &|_| {})?;
    Ok((item.folder, resolved.to_string()))
}

/// Finds user and password: what is known of the source, else what a credential helper of git knows.
pub(crate) fn login(credentials: &super::credentials::Credentials, url: &SourceUrl) -> Option<Login> {
    let address = url.to_url()?;
    let known = credentials.found_for_source(url.as_str(), &address);
    let (credential, from) = known.or_else(|| ask_helpers(&address))?;
    Some(match credential {
        // A token alone is written as the user.
        Credential::Basic { user, password } if password.reveal().is_empty() => {
            Login { password: user.clone(), user, from }
        }
        Credential::Basic { user, password } => Login { user, password: password.reveal().to_owned(), from },
        Credential::Bearer(token) => {
            Login { user: "oauth2".to_owned(), password: token.reveal().to_owned(), from }
        }
    })
}

/// Clones a definition with all its branches into a folder.
pub(crate) fn clone_definition(
    address: &str,
    folder: &Path,
    variables: &[(String, String)],
) -> Result<(), SourceError> {
    let credentials = super::credentials::Credentials::of_user(variables)?;
    let https = |url: &SourceUrl| login(&credentials, url);
    let keys = ssh_keys(variables);
    crate::git::clone(&SourceUrl::new(address), &Logins { https: &https, keys: &keys }, folder)
}

/// Returns the keys that ssh itself would try.
pub(crate) fn ssh_keys(variables: &[(String, String)]) -> Vec<PathBuf> {
    let home = variables.iter().find(|(name, _)| name == "HOME");
    let home = home.map(|(_, folder)| PathBuf::from(folder));
    let names = ["id_ed25519", "id_ecdsa", "id_rsa"];
    let keys = home.into_iter().flat_map(|home| names.map(|name| home.join(".ssh").join(name)));
    keys.filter(|key| key.is_file()).collect()
}

/// Gets a chart that was found, which has to be the one that is locked if one is: from the cache if its digest is
/// known and there.
fn fetch_chart(
    cache: &Cache,
    charts: &Charts,
    found: &FoundChart,
    (form, locked): (Form, Option<&Resolved>),
    told: Told<'_>,
) -> Result<Fetched, SourceError> {
    let resolved = |digest: &str| {
        let resolved = Resolved::Chart { version: found.version.clone(), digest: digest.to_owned() };
        check_digest(locked, &resolved).map(|()| resolved)
    };
    if let Some(digest) = stated_digest(found) {
        let resolved = resolved(digest)?;
        if let Some(item) = cache.item(&chart_key(form, digest))? {
            return Ok(Fetched { resolved, item, bytes: None });
        }
    }
    let scratch = cache.scratch()?;
    let download = charts.fetch(found, scratch.folder(), told)?;
    let digest = found.manifest_digest().unwrap_or(&download.digest);
    let resolved = resolved(digest)?;
    let archive = download.file.path();
    let fill = |folder: &Path| match form {
        Form::Files => unpack_chart(archive, folder),
        Form::Archive => keep_archive(archive, &folder.join(archive_name(found)?)),
    };
    let item = cache.store(&chart_key(form, digest), fill)?;
    Ok(Fetched { resolved, item, bytes: Some(download.size) })
}

/// Gets the archive of a chart that was found, which stays in the cache; returns where it is.
pub(crate) fn fetch_archive(
    cache: &Cache,
    charts: &Charts,
    found: &FoundChart,
) -> Result<PathBuf, SourceError> {
    Ok(only_file(&fetch_chart(cache, charts, found, (Form::Archive, None), &|_| {})?.item))
}

/// Returns where the archive of a chart is, by its digest or that of its manifest, if it is in the cache.
pub(crate) fn cached_archive(cache: &Cache, digest: &str) -> Option<PathBuf> {
    // What a cache that cannot be read has is fetched.
    cache.item(&chart_key(Form::Archive, digest)).ok().flatten().map(|item| only_file(&item))
}

fn only_file(item: &Item) -> PathBuf {
    let name = item.entries.first().map_or("", |file| &file.path);
    item.folder.join(name)
}

fn chart_key(form: Form, digest: &str) -> String {
    let kind = match form {
        Form::Files => "chart",
        Form::Archive => "packed",
    };
    format!("{kind}-{}", plain(digest))
}

fn plain(digest: &str) -> &str {
    digest.trim_start_matches("sha256:")
}

/// The name of content in the cache.
pub(crate) fn key(asked: &Asked, form: Form, resolved: &Resolved) -> String {
    match resolved {
        Resolved::Git { tree, .. } => format!("tree-{tree}"),
        Resolved::Chart { digest, .. } => chart_key(form, digest),
        Resolved::File { digest } if asked.source().is_archive() => format!("archive-{}", plain(digest)),
        Resolved::File { digest } => format!("file-{}", plain(digest)),
    }
}

/// What a source is resolved to by what is asked for alone.
fn stated(asked: &Asked) -> Option<Resolved> {
    match asked {
        Asked::File { sha256: Some(sha256), .. } => {
            Some(Resolved::File { digest: format!("sha256:{sha256}") })
        }
        Asked::Git { .. } | Asked::Chart { .. } | Asked::File { .. } => None,
    }
}

/// Returns where a chart is to be looked for; one that is locked by its digest where that can be asked for.
fn chart_source(asked: &Asked, locked: Option<&Resolved>) -> Result<ChartSource, SourceError> {
    let Asked::Chart { repository, chart, version } = asked else {
        return Err(SourceError::Unsupported(format!("{asked} is no chart")));
    };
    let (version, digest) = match locked {
        Some(Resolved::Chart { version, digest }) => (version.clone(), Some(digest)),
        _ => (version.clone().unwrap_or_default(), None),
    };
    if repository.scheme().as_deref() == Some("oci") {
        let mut reference = format!("{}/{chart}", repository.as_str().trim_end_matches('/'));
        if let Some(digest) = digest {
            reference.push_str(&format!("@{digest}"));
        }
        return Ok(ChartSource::Registry { reference, version });
    }
    // User and password go along to where they are for.
    let url = repository.to_url().map_or_else(|| repository.to_string(), Into::into);
    Ok(ChartSource::Repository { url, chart: chart.clone(), version })
}

/// Returns the digest that a server states before it sends the archive.
fn stated_digest(found: &FoundChart) -> Option<&str> {
    found.manifest_digest().or(found.digest.as_deref())
}

/// Checks that what is locked is what there is.
fn check_digest(locked: Option<&Resolved>, found: &Resolved) -> Result<(), SourceError> {
    let digest = |resolved: &Resolved| match resolved {
        Resolved::Git { tree, .. } => tree.clone(),
        Resolved::Chart { digest, .. } | Resolved::File { digest } => digest.clone(),
    };
    match locked.map(digest) {
        Some(wanted) if wanted != digest(found) => {
            Err(SourceError::DigestMismatch { wanted, found: digest(found) })
        }
        _ => Ok(()),
    }
}

/// Keeps a chart's archive as it is, if it is one.
fn keep_archive(archive: &Path, target: &Path) -> Result<(), SourceError> {
    helm::load(archive).map_err(|error| SourceError::Malformed {
        what: "the archive of the chart".to_owned(),
        message: error.to_string(),
    })?;
    let failed = |source| SourceError::Io { action: format!("write `{}`", target.display()), source };
    fs::copy(archive, target).map(|_| ()).map_err(failed)
}

/// Puts what was downloaded into an item: the files of an archive, or the file itself.
fn keep_file(download: &Download, url: &SourceUrl, folder: &Path) -> Result<(), SourceError> {
    let file = download.file.path();
    let failed = |source| SourceError::Io { action: format!("read `{}`", file.display()), source };
    let other = |message: &str| SourceError::Malformed { what: url.to_string(), message: message.to_owned() };
    if url.is_archive() {
        let format = Format::of(file).map_err(failed)?;
        let format = format.ok_or_else(|| other("it is neither a tar with gzip nor a zip"))?;
        return unpack(file, format, folder, Limits::default());
    }
    let text = fs::read(file).map_err(failed)?;
    // A login page comes with status 200, too.
    if text.trim_ascii_start().starts_with(b"<") {
        return Err(other("it is a page and no manifest"));
    }
    fs::write(folder.join(CONTENT), text).map_err(failed)
}

/// Asks the credential helpers of git's configuration in their order.
fn ask_helpers(address: &url::Url) -> Option<(Credential, String)> {
    credential_helpers(address).into_iter().find_map(|helper| {
        // One that cannot be run knows nothing, as for git.
        let credential = ask_git_helper(&helper.command, address, helper.with_path).ok()??;
        Some((credential, format!("git's credential helper `{}`", helper.name())))
    })
}

fn fact_name(commit: &str) -> String {
    format!("commit-{commit}")
}

fn claim_name(asked: &Asked) -> String {
    hex(&Sha256::digest(asked.to_string().as_bytes())[..16])
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[track_caller]
    fn check(url: &str, variables: &[(&str, &str)], want: Option<(&str, &str)>) {
        let cache = Cache::new(Path::new("unused"), SystemTime::UNIX_EPOCH);
        let variables: Vec<(String, String)> =
            variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let fetcher = Fetcher::new(&cache, Network::Online, &variables, Allow::default());
        let charts = fetcher.charts().unwrap();
        let login =
            login(charts.credentials(), &SourceUrl::new(url)).map(|login| (login.user, login.password));
        assert_eq!(login, want.map(|(user, password)| (user.to_owned(), password.to_owned())), "{url}");
    }

    #[test]
    fn a_token_is_found_by_its_host() {
        let token = [("FAB_TOKEN_GIT_EXAMPLE_COM", "t"), ("FAB_TOKEN_H_8443", "me:pw")];
        check("https://git.example.com/x", &token, Some(("oauth2", "t")));
        check("https://h:8443/x", &token, Some(("me", "pw")));
        check("https://example.com/x", &token, None);
        check("https://a:b@git.example.com/x", &token, Some(("a", "b")));
        check("https://alone@git.example.com/x", &token, Some(("alone", "alone")));
        check("https://git.example.com/x", &[("FAB_TOKEN_GIT_EXAMPLE_COM", "")], None);
    }
}
