//! Charts that are not on this machine: from where, which version, and the archive.
//!
//! What is asked for is found first ([`Charts::find`]), which says all that can
//! be known without the archive, and fetched then ([`Charts::fetch`]). A lockfile
//! stands between the two, or a cache.
//!
//! Invariant: a credential goes to the repository that it is for, and to other
//! hosts that its archives are on only if the user says so.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use url::Url;

use super::SourceError;
use super::credentials::{Access, Credential, Credentials, decoded, split_credential};
use super::helm_config::{Repository, repositories};
use super::helm_repo::{self, Index};
use super::http::{Download, Http, HttpOptions, Progress, Proxies, Request, TlsOptions, shown};
use super::oci::{Pinned, Reference, Registry, registry_url};

/// The largest archive that is taken. Helm has no limit; it unpacks 100 MiB at most.
const MAX_ARCHIVE: u64 = 100 << 20;

/// The largest file that is taken.
const MAX_FILE: u64 = 512 << 20;

/// A chart, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChartSource {
    /// In a repository with an index.
    Repository {
        /// URL of the repository.
        url: String,
        /// Name of the chart.
        chart: String,
        /// A version, a range, or nothing for the highest.
        version: String,
    },
    /// In a registry: `oci://host/path/chart`.
    Registry {
        /// The reference, which may have a tag or a digest.
        reference: String,
        /// A version, a range, or nothing for the highest.
        version: String,
    },
    /// An archive by its URL.
    Archive(String),
}

/// A chart that was found, with everything that is needed to fetch it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundChart {
    /// The version; empty where only the archive says it.
    pub version: String,
    /// `sha256:…` of the archive, if it is known before it is fetched.
    pub digest: Option<String>,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Web { archive: Url, repository: Option<Url> },
    Registry { reference: Reference, pinned: Pinned },
}

impl FoundChart {
    /// Returns where the archive is, without anything secret.
    pub fn url(&self) -> String {
        match &self.place {
            Place::Web { archive, .. } => shown(archive),
            Place::Registry { reference, .. } => {
                format!("oci://{}/{}", reference.registry, reference.repository)
            }
        }
    }

    /// Returns the digest of the manifest in a registry.
    pub fn manifest_digest(&self) -> Option<&str> {
        match &self.place {
            Place::Web { .. } => None,
            Place::Registry { pinned, .. } => Some(&pinned.manifest),
        }
    }

    /// Returns the name that helm gives the archive.
    pub fn file_name(&self) -> String {
        match &self.place {
            Place::Web { archive, .. } => {
                let last = archive.path_segments().and_then(|mut parts| parts.next_back());
                last.filter(|name| !name.is_empty()).map_or_else(|| "chart.tgz".to_owned(), decoded)
            }
            Place::Registry { reference, pinned } => format!("{}-{}.tgz", reference.chart(), pinned.version),
        }
    }
}

/// Access to charts, for all threads of a run. An index is fetched once.
#[derive(Debug)]
pub struct Charts {
    options: HttpOptions,
    http: Http,
    credentials: Credentials,
    repositories: Vec<Repository>,
    access: ChartAccess,
    indexes: Mutex<BTreeMap<String, Arc<Slot>>>,
}

/// An index, once it is there.
type Slot = Mutex<Option<Arc<Index>>>;

/// What a command line says about access, for everything that it names.
#[derive(Debug, Clone, Default)]
pub struct ChartAccess {
    /// Who asks, whatever is known of the host.
    pub credential: Option<Credential>,
    /// Whether the credential goes along to other hosts.
    pub pass_credential: bool,
    /// Whether registries are spoken to without encryption.
    pub plain_http: bool,
}

/// How one repository is spoken to.
struct Terms {
    url: Url,
    credential: Option<Credential>,
    pass_credential: bool,
    tls: TlsOptions,
}

impl Charts {
    /// Gives access with these credentials, and with the repositories that helm knows.
    pub fn new(
        options: HttpOptions,
        credentials: Credentials,
        repositories: Vec<Repository>,
        access: ChartAccess,
    ) -> Result<Self, SourceError> {
        let http = Http::new(options.clone())?;
        Ok(Self { options, http, credentials, repositories, access, indexes: Mutex::default() })
    }

    /// Gives access as the environment variables and the files of this user say; `tokens` come before those.
    pub fn of_user(
        variables: &[(String, String)],
        options: HttpOptions,
        tokens: Access,
        access: ChartAccess,
    ) -> Result<Self, SourceError> {
        let env = |name: &str| {
            let found = variables.iter().find(|(known, value)| known == name && !value.is_empty());
            found.map(|(_, value)| value.clone())
        };
        let proxies = Proxies::from_env(&env).map_err(|error| SourceError::Unsupported(error.to_string()))?;
        let mut credentials = Credentials::of_user(variables)?;
        credentials.access = tokens;
        Charts::new(HttpOptions { proxies, ..options }, credentials, repositories(&env)?, access)
    }

    /// Returns who asks.
    pub(super) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Returns the URL of the repository that helm knows by this name.
    pub fn repository_url(&self, name: &str) -> Result<&str, SourceError> {
        self.repository(name).map(|repository| repository.url.as_str())
    }

    /// Finds a chart of a repository that helm knows by a name: in the index that helm has of it, as helm does, or else
    /// in the one that it has now.
    pub fn find_by_name(&self, name: &str, chart: &str, version: &str) -> Result<FoundChart, SourceError> {
        let repository = self.repository(name)?;
        // An index that cannot be read, or lacks the chart, is an old one.
        let index = repository.index.as_ref().and_then(|file| std::fs::read(file).ok());
        let found = index.and_then(|text| {
            let url = parse(&repository.url).ok()?;
            self.find_in_index(&Index::parse(&text).ok()?, url, chart, version).ok()
        });
        found.map_or_else(|| self.find_in_repository(&repository.url, chart, version), Ok)
    }

    fn repository(&self, name: &str) -> Result<&Repository, SourceError> {
        let found = self.repositories.iter().find(|repository| repository.name == name);
        found.ok_or_else(|| {
            let names = self.repositories.iter().map(|repository| repository.name.as_str());
            let near = kubeschema::closest(name, names).map(str::to_owned).into_iter().collect();
            SourceError::NotFound { what: format!("repository `{name}` in helm's repositories.yaml"), near }
        })
    }

    /// Finds what is asked for.
    pub fn find(&self, source: &ChartSource) -> Result<FoundChart, SourceError> {
        match source {
            ChartSource::Repository { url, chart, version } => self.find_in_repository(url, chart, version),
            ChartSource::Registry { reference, version } => {
                let reference = Reference::parse(reference)?;
                let pinned = self.registry(&reference)?.pin(version)?;
                let (version, digest) = (pinned.version.clone(), Some(pinned.archive.clone()));
                Ok(FoundChart { version, digest, place: Place::Registry { reference, pinned } })
            }
            ChartSource::Archive(url) => {
                let archive = parse(url)?;
                Ok(FoundChart {
                    version: String::new(),
                    digest: None,
                    place: Place::Web { archive, repository: None },
                })
            }
        }
    }

    /// Fetches a chart that was found; its digest is checked if it is known.
    pub fn fetch(
        &self,
        found: &FoundChart,
        folder: &Path,
        progress: &dyn Fn(Progress),
    ) -> Result<Download, SourceError> {
        let (archive, repository) = match &found.place {
            Place::Registry { reference, pinned } => {
                return self.registry(reference)?.download(pinned, folder, MAX_ARCHIVE, progress);
            }
            Place::Web { archive, repository } => (archive, repository.as_ref()),
        };
        let terms = self.terms(repository.unwrap_or(archive));
        let is_with_repository = terms.pass_credential || archive.origin() == terms.url.origin();
        let credential =
            if is_with_repository { terms.credential } else { self.credentials.for_url(archive) };
        let (url, _) = split_credential(archive);
        let request = Request {
            credential: credential.as_ref(),
            pass_credential: terms.pass_credential,
            accept: "application/gzip,application/octet-stream",
            ..Request::new(&url, MAX_ARCHIVE)
        };
        let download = self.with_tls(&terms.tls, |http| Ok(http.download(&request, folder, progress)?))?;
        match &found.digest {
            Some(wanted) if *wanted != download.digest => {
                Err(SourceError::NotAsStated { wanted: wanted.clone(), found: download.digest })
            }
            _ => Ok(download),
        }
    }

    /// Fetches a file that is neither chart nor index.
    pub fn fetch_file(
        &self,
        url: &Url,
        folder: &Path,
        progress: &dyn Fn(Progress),
    ) -> Result<Download, SourceError> {
        let (plain, _) = split_credential(url);
        let credential = self.credentials.for_source(plain.as_str(), url);
        let request = Request { credential: credential.as_ref(), ..Request::new(&plain, MAX_FILE) };
        Ok(self.http.download(&request, folder, progress)?)
    }

    fn find_in_repository(&self, url: &str, chart: &str, version: &str) -> Result<FoundChart, SourceError> {
        let repository = parse(url)?;
        let index = self.index(&repository)?;
        self.find_in_index(&index, repository, chart, version)
    }

    fn find_in_index(
        &self,
        index: &Index,
        repository: Url,
        chart: &str,
        version: &str,
    ) -> Result<FoundChart, SourceError> {
        let found = index.find(chart, version)?;
        let reference = found.urls.first().ok_or_else(|| SourceError::NotFound {
            what: format!("archive of {chart} {} in the index of {}", found.version, shown(&repository)),
            near: Vec::new(),
        })?;
        let version = found.version.clone();
        if reference.starts_with("oci://") {
            let reference = Reference::parse(reference)?;
            let pinned = self.registry(&reference)?.pin(&version)?;
            let digest = Some(pinned.archive.clone());
            return Ok(FoundChart { version, digest, place: Place::Registry { reference, pinned } });
        }
        let archive = helm_repo::resolve(&repository, reference)?;
        let digest = archive_digest(&found.digest, chart, &repository)?;
        Ok(FoundChart { version, digest, place: Place::Web { archive, repository: Some(repository) } })
    }

    /// Returns the index of a repository; threads that want the same one wait for it.
    pub(super) fn index(&self, repository: &Url) -> Result<Arc<Index>, SourceError> {
        let slot = {
            let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(indexes.entry(repository.to_string()).or_default())
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = &*slot {
            return Ok(Arc::clone(index));
        }
        let terms = self.terms(repository);
        let request = Request {
            credential: terms.credential.as_ref(),
            pass_credential: terms.pass_credential,
            ..Request::new(&terms.url, 0)
        };
        let index = Arc::new(self.with_tls(&terms.tls, |http| helm_repo::fetch_index(http, &request))?);
        *slot = Some(Arc::clone(&index));
        Ok(index)
    }

    fn registry(&self, reference: &Reference) -> Result<Registry<'_>, SourceError> {
        let base = registry_url(&reference.registry, self.access.plain_http)?;
        let registered = match &self.access.credential {
            Some(credential) => Some(super::credentials::Registered::Credential(credential.clone())),
            None => self.credentials.for_registry(&base, &reference.repository)?,
        };
        Ok(Registry::new(&self.http, base, reference.clone(), registered))
    }

    fn terms(&self, repository: &Url) -> Terms {
        let (url, _) = split_credential(repository);
        let known = self.repositories.iter().find(|known| is_same(&known.url, &url));
        let credential = self.access.credential.clone();
        let credential = credential.or_else(|| known.and_then(|known| known.credential.clone()));
        let credential = credential.or_else(|| self.credentials.for_source(url.as_str(), repository));
        Terms {
            credential,
            pass_credential: self.access.pass_credential || known.is_some_and(|known| known.pass_credential),
            tls: known.map_or_else(|| self.options.tls.clone(), |known| known.tls.clone()),
            url,
        }
    }

    fn with_tls<T>(
        &self,
        tls: &TlsOptions,
        request: impl FnOnce(&Http) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        if *tls == TlsOptions::default() || *tls == self.options.tls {
            return request(&self.http);
        }
        request(&Http::new(HttpOptions { tls: tls.clone(), ..self.options.clone() })?)
    }
}

/// Returns the digest that an index states; one that is none would never be checked.
fn archive_digest(stated: &str, chart: &str, repository: &Url) -> Result<Option<String>, SourceError> {
    if stated.is_empty() {
        return Ok(None);
    }
    if stated.len() == 64 && stated.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Some(format!("sha256:{stated}")));
    }
    Err(SourceError::Malformed {
        what: format!("the digest of chart `{chart}` in the index of {}", shown(repository)),
        message: format!("`{stated}` is no SHA-256"),
    })
}

fn parse(url: &str) -> Result<Url, SourceError> {
    Url::parse(url).map_err(|error| SourceError::Malformed {
        what: format!("URL `{}`", super::SourceUrl::new(url)),
        message: error.to_string(),
    })
}

/// Returns whether two URLs are the same repository, whatever slash they end in.
pub(super) fn is_same(known: &str, url: &Url) -> bool {
    let plain = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
    Url::parse(known).is_ok_and(|known| plain(&known) == plain(url))
}
