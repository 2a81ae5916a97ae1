//! Gets what a source asks for: from the cache if its resolution is known and
//! there, else from where it is.

use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::cache::{Cache, Item};
use super::error::token_variable;
use super::git::{GitSource, Revision};
use super::{Asked, Resolved, SourceError, SourceUrl};
use crate::git::{Commit, Login, Logins};

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
    /// Whether it was in the cache.
    pub(crate) from_cache: bool,
}

/// Gets sources.
pub(crate) struct Fetcher<'a> {
    /// Where content is kept.
    pub(crate) cache: &'a Cache,
    /// What of the network may be used.
    pub(crate) network: Network,
    /// The environment variables, which say where credentials are.
    pub(crate) variables: &'a [(String, String)],
}

/// How long to wait before the same is tried again that may go better then.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

impl Fetcher<'_> {
    /// Gets a source, as it was resolved if that is known.
    pub(crate) fn fetch(&self, asked: &Asked, locked: Option<&Resolved>) -> Result<Fetched, SourceError> {
        if let Some(fetched) = self.cached(locked)? {
            return Ok(fetched);
        }
        if self.network == Network::Offline {
            return Err(SourceError::Offline);
        }
        // Who waited for another process finds there what that one fetched.
        let _claim = self.cache.claim(&claim_name(asked))?;
        if let Some(fetched) = self.cached(locked)? {
            return Ok(fetched);
        }
        match (asked, locked) {
            (Asked::Git { url, .. }, Some(Resolved::Git { commit, tree })) => {
                self.git_commit(url, commit, Some(tree))
            }
            (Asked::Git { url, branch, version }, _) => {
                self.git(url, Revision { branch: branch.as_deref(), version: version.as_deref() })
            }
            (Asked::Chart { .. }, _) => {
                Err(SourceError::Unsupported("charts of repositories are not fetched by this fab".to_owned()))
            }
            (Asked::File { .. }, _) => {
                Err(SourceError::Unsupported("files by http are not fetched by this fab".to_owned()))
            }
        }
    }

    fn cached(&self, locked: Option<&Resolved>) -> Result<Option<Fetched>, SourceError> {
        let Some(resolved) = locked else { return Ok(None) };
        let item = self.cache.item(&key(resolved))?;
        Ok(item.map(|item| Fetched { resolved: resolved.clone(), item, from_cache: true }))
    }

    /// Resolves a revision, and fetches it if its tree is not there.
    fn git(&self, url: &SourceUrl, revision: Revision<'_>) -> Result<Fetched, SourceError> {
        self.with_git(url, |source| {
            if let Some(hash) = source.hash(revision)?
                && let Some(tree) = self.cache.fact(&fact_name(&hash))
            {
                let known = Resolved::Git { commit: hash, tree };
                if let Some(fetched) = self.cached(Some(&known))? {
                    return Ok(fetched);
                }
            }
            let commit = source.fetch(revision)?;
            self.keep_tree(source, &commit)
        })
    }

    /// Fetches a commit whose tree may be known already.
    fn git_commit(&self, url: &SourceUrl, hash: &str, tree: Option<&String>) -> Result<Fetched, SourceError> {
        self.with_git(url, |source| {
            let commit = source.fetch_commit(hash)?;
            match tree {
                Some(tree) if *tree != commit.tree => Err(SourceError::DigestMismatch {
                    wanted: format!("tree {tree}"),
                    found: format!("tree {}", commit.tree),
                }),
                _ => self.keep_tree(source, &commit),
            }
        })
    }

    fn with_git<T>(
        &self,
        url: &SourceUrl,
        work: impl Fn(&GitSource<'_>) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let https = |url: &SourceUrl| self.login(url);
        let keys = self.keys();
        let logins = Logins { https: &https, keys: &keys };
        let mut pauses = PAUSES.iter();
        loop {
            let scratch = self.cache.scratch()?;
            let result =
                GitSource::new(url, &logins, &scratch.folder().join("git")).and_then(|source| work(&source));
            match (result, pauses.next()) {
                (Err(error), Some(pause)) if error.is_transient() => std::thread::sleep(*pause),
                (result, _) => return result,
            }
        }
    }

    fn keep_tree(&self, source: &GitSource<'_>, commit: &Commit) -> Result<Fetched, SourceError> {
        let resolved = Resolved::Git { commit: commit.id.clone(), tree: commit.tree.clone() };
        let item = match self.cache.item(&key(&resolved))? {
            Some(item) => item,
            None => self.cache.store(&key(&resolved), |folder| source.write_tree(commit, folder))?,
        };
        self.cache.remember(&fact_name(&commit.id), &commit.tree)?;
        Ok(Fetched { resolved, item, from_cache: false })
    }

    /// Finds user and password: in the address, else in the variable of the host.
    fn login(&self, url: &SourceUrl) -> Option<Login> {
        if let Some(user) = url.user() {
            let from = "the address in the component file".to_owned();
            // A token alone is written as the user.
            let password = url.password().unwrap_or(user).to_owned();
            return Some(Login { user: user.to_owned(), password, from });
        }
        let host = url.host()?;
        let wanted = token_variable(&host);
        let (name, value) =
            self.variables.iter().find(|(name, value)| *name == wanted && !value.is_empty())?;
        // Servers do not look at the user of a token, with one exception.
        let user = if host == "github.com" { "x-access-token" } else { "oauth2" };
        let (user, password) = value.split_once(':').unwrap_or((user, value));
        Some(Login { user: user.to_owned(), password: password.to_owned(), from: name.clone() })
    }

    /// The keys that ssh itself would try.
    fn keys(&self) -> Vec<PathBuf> {
        let home = self.variables.iter().find(|(name, _)| name == "HOME");
        let home = home.map(|(_, folder)| PathBuf::from(folder));
        let names = ["id_ed25519", "id_ecdsa", "id_rsa"];
        let keys = home.into_iter().flat_map(|home| names.map(|name| home.join(".ssh").join(name)));
        keys.filter(|key| key.is_file()).collect()
    }
}

/// The name of content in the cache.
pub(crate) fn key(resolved: &Resolved) -> String {
    match resolved {
        Resolved::Git { tree, .. } => format!("tree-{tree}"),
        Resolved::Chart { digest, .. } => format!("chart-{}", digest.trim_start_matches("sha256:")),
        Resolved::File { digest } => format!("file-{}", digest.trim_start_matches("sha256:")),
    }
}

fn fact_name(commit: &str) -> String {
    format!("commit-{commit}")
}

fn claim_name(asked: &Asked) -> String {
    let digest = Sha256::digest(asked.to_string().as_bytes());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::SystemTime;

    use super::*;

    #[track_caller]
    fn check(url: &str, variables: &[(&str, &str)], want: Option<(&str, &str)>) {
        let cache = Cache::new(Path::new("unused"), SystemTime::UNIX_EPOCH);
        let variables: Vec<(String, String)> =
            variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let fetcher = Fetcher { cache: &cache, network: Network::Online, variables: &variables };
        let login = fetcher.login(&SourceUrl::new(url)).map(|login| (login.user, login.password));
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
