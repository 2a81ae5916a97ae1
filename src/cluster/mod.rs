//! Asks clusters what Flux and Argo CD have applied there, as a kubeconfig says how to reach them.
//!
//! Nothing is asked but lists of a few kinds, and nothing is ever changed. A cluster that does not know a kind has none
//! of them. What objects say is taken as it comes: a field that is missing or of another type says nothing, so a newer
//! version of a kind is read as far as it is known.
//!
//! Invariant: credentials go to the server of their cluster alone, over an encrypted connection, and into no text.

mod argo_cd;
mod error;
mod flux;
mod kubeconfig;
mod login;

use std::path::PathBuf;
use std::time::Duration;

use rayon::prelude::*;
use serde_json::Value;
use url::Url;

pub use error::ClusterError;

use crate::source::SourceUrl;
use crate::source::credentials::Credential;
use crate::source::http::{Call, Http, HttpOptions, Method, Proxies};
use kubeconfig::Kubeconfig;

/// How many objects are asked for at once.
const PAGE: &str = "200";
/// More pages than this are not read.
const MAX_PAGES: usize = 200;
/// Whoever waits for an answer has somebody waiting.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Which clusters are asked.
#[derive(Debug)]
pub struct Clusters {
    /// The kubeconfig; none for that of the environment.
    pub kubeconfig: Option<PathBuf>,
    /// The contexts; none for the current one.
    pub contexts: Vec<String>,
}

/// What a cluster has.
#[derive(Debug)]
pub struct Surveyed {
    /// The context by which it was asked; empty if no kubeconfig names any.
    pub context: String,
    /// Which of Flux and Argo CD it has, by their names.
    pub agents: Vec<&'static str>,
    /// What applies folders of repositories there.
    pub appliers: Vec<Applier>,
    /// What could not be found out.
    pub errors: Vec<ClusterError>,
}

impl Surveyed {
    /// What is known of a cluster before it is asked.
    fn of(context: &str) -> Self {
        Surveyed { context: context.to_owned(), agents: Vec::new(), appliers: Vec::new(), errors: Vec::new() }
    }
}

/// Something in a cluster that applies a folder of a repository: a Kustomization of Flux, or an Application of Argo CD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applier {
    /// Its kind.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The repository.
    pub repository: SourceUrl,
    /// What of it is followed.
    pub follows: Follows,
    /// The folder, clean; empty for the top.
    pub path: String,
    /// The commit that was applied last; empty if none was.
    pub revision: String,
    /// How it stands.
    pub state: ApplierState,
    /// What it says of that; empty if nothing.
    pub message: String,
}

/// What of a repository is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Follows {
    /// A branch.
    Branch(String),
    /// Whatever the repository points to.
    Head,
    /// Nothing: it stays at a commit.
    Commit(String),
    /// Tags, or something else.
    Other,
}

/// How something that applies manifests stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplierState {
    /// What it has seen is applied, and works.
    Ready,
    /// It is at it.
    Progressing,
    /// Somebody told it to wait.
    Suspended,
    /// What is in the cluster is something else, and nobody is at it.
    OutOfSync,
    /// It does not work.
    Failed,
    /// It does not say.
    Unknown,
}

impl ApplierState {
    /// Returns it in words.
    pub fn name(self) -> &'static str {
        match self {
            ApplierState::Ready => "ready",
            ApplierState::Progressing => "progressing",
            ApplierState::Suspended => "suspended",
            ApplierState::OutOfSync => "out of sync",
            ApplierState::Failed => "failed",
            ApplierState::Unknown => "unknown",
        }
    }
}

/// Asks clusters, all at once, what applies folders of repositories there.
pub fn survey(clusters: &Clusters, variables: &[(String, String)]) -> Vec<Surveyed> {
    let env = |name: &str| {
        let found = variables.iter().find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.clone())
    };
    let ready = || -> Result<_, ClusterError> {
        let kubeconfig = Kubeconfig::find(clusters.kubeconfig.as_deref(), &env)?;
        let contexts = match clusters.contexts.as_slice() {
            [] => vec![kubeconfig.current()?.to_owned()],
            named => named.to_vec(),
        };
        Ok((kubeconfig, contexts, Proxies::from_env(&env)?))
    };
    let failed = |context: &str, error| Surveyed { errors: vec![error], ..Surveyed::of(context) };
    let (kubeconfig, contexts, proxies) = match ready() {
        Ok(ready) => ready,
        Err(error) => return vec![failed("", error)],
    };
    let ask = |context: &String| match Cluster::connect(&kubeconfig, context, &proxies) {
        Ok(cluster) => cluster.survey(),
        Err(error) => failed(context, error),
    };
    contexts.par_iter().map(ask).collect()
}

/// Reads what applies folders in a cluster; none if the cluster does not know the kind.
type Read = fn(&Cluster) -> Result<Option<Vec<Applier>>, ClusterError>;

const AGENTS: [(&str, Read); 2] = [("Flux", flux::appliers), ("Argo CD", argo_cd::appliers)];

/// A cluster that can be asked.
struct Cluster {
    context: String,
    http: Http,
    server: Url,
    credential: Option<Credential>,
}

/// A kind of objects, as addresses name it.
struct Kind {
    group: &'static str,
    version: &'static str,
    plural: &'static str,
}

impl Cluster {
    fn connect(kubeconfig: &Kubeconfig, context: &str, proxies: &Proxies) -> Result<Self, ClusterError> {
        let access = kubeconfig.access(context)?;
        let proxies = match &access.proxy {
            Some(url) => Proxies::only("`proxy-url`", url)?,
            None => proxies.clone(),
        };
        let (mut server, mut connect_to) = (access.server, None);
        if let Some(name) = &access.server_name {
            if proxies.for_url(&server).is_some() {
                return Err(ClusterError::ServerNameWithProxy { context: context.to_owned() });
            }
            connect_to = server.host_str().map(str::to_owned);
            let taken = server.set_host(Some(name));
            taken.map_err(|_| ClusterError::NoAddress { context: context.to_owned() })?;
        }
        let options = HttpOptions {
            proxies,
            tls: access.tls,
            connect_to,
            timeout: TIMEOUT,
            retries: 1,
            ..HttpOptions::default()
        };
        let credential = access.credential;
        Ok(Cluster { context: context.to_owned(), http: Http::new(options)?, server, credential })
    }

    fn survey(self) -> Surveyed {
        let mut surveyed = Surveyed::of(&self.context);
        for (agent, read) in AGENTS {
            match read(&self) {
                Ok(None) => {}
                Ok(Some(found)) => {
                    surveyed.agents.push(agent);
                    surveyed.appliers.extend(found);
                }
                Err(error) => {
                    let is_of_kind =
                        matches!(error, ClusterError::Denied { .. } | ClusterError::TooMany { .. });
                    surveyed.errors.push(error);
                    // A cluster that does not answer need not be asked again.
                    if !is_of_kind {
                        return surveyed;
                    }
                }
            }
        }
        if surveyed.agents.is_empty() && surveyed.errors.is_empty() {
            surveyed.errors.extend(self.check().err());
        }
        let name = |applier: &Applier| (applier.kind, applier.namespace.clone(), applier.name.clone());
        surveyed.appliers.sort_by_key(name);
        surveyed
    }

    /// Makes sure that it is a cluster that knows neither: any other server knows neither, too.
    fn check(&self) -> Result<(), ClusterError> {
        let version = self.get(&self.address("version"), "the version")?;
        let is_one = version.is_some_and(|version| !text(&version, "/gitVersion").is_empty());
        if is_one { Ok(()) } else { Err(ClusterError::Garbled { context: self.context.clone() }) }
    }

    fn address(&self, path: &str) -> Url {
        let mut url = self.server.clone();
        url.set_path(&format!("{}/{path}", self.server.path().trim_end_matches('/')));
        url
    }

    /// Reads all objects of a kind in all namespaces, page by page; returns whether the cluster knows the kind.
    fn list(&self, kind: &Kind, read: &mut dyn FnMut(&Value)) -> Result<bool, ClusterError> {
        let Kind { group, version, plural } = kind;
        let what = format!("{plural}.{group}");
        let mut url = self.address(&format!("apis/{group}/{version}/{plural}"));
        let mut next = String::new();
        for _ in 0..MAX_PAGES {
            url.query_pairs_mut().clear().append_pair("limit", PAGE);
            if !next.is_empty() {
                url.query_pairs_mut().append_pair("continue", &next);
            }
            let Some(page) = self.get(&url, &what)? else { return Ok(false) };
            let items = page["items"].as_array();
            let items = items.ok_or_else(|| ClusterError::Garbled { context: self.context.clone() })?;
            items.iter().for_each(&mut *read);
            next = text(&page, "/metadata/continue").to_owned();
            if next.is_empty() {
                return Ok(true);
            }
        }
        Err(ClusterError::TooMany { context: self.context.clone(), what })
    }

    /// Gets an answer; none if the cluster has no such thing.
    fn get(&self, url: &Url, what: &str) -> Result<Option<Value>, ClusterError> {
        let credential = self.credential.as_ref();
        let call = Call { method: Method::Get, url, credential, accept: "application/json", json: "" };
        let context = || self.context.clone();
        let reply = self.http.retried(|| self.http.call(&call));
        let reply = reply.map_err(|error| ClusterError::Http { context: context(), error })?;
        let body = serde_json::from_slice::<Value>(&reply.body);
        let status = reply.status;
        let message = || body.as_ref().map(|body| line(text(body, "/message"))).unwrap_or_default();
        match status {
            200 => body.map(Some).map_err(|_| ClusterError::Garbled { context: context() }),
            404 => Ok(None),
            401 => Err(ClusterError::Unknown { context: context() }),
            403 => {
                Err(ClusterError::Denied { context: context(), what: what.to_owned(), message: message() })
            }
            _ => Err(ClusterError::Refused { context: context(), status, message: message() }),
        }
    }
}

/// Returns the text at a place in an object; an empty one if there is none.
fn text<'a>(object: &'a Value, place: &str) -> &'a str {
    object.pointer(place).and_then(Value::as_str).unwrap_or_default()
}

/// Returns the items of a list in an object.
fn items<'a>(object: &'a Value, place: &str) -> impl DoubleEndedIterator<Item = &'a Value> + use<'a> {
    object.pointer(place).and_then(Value::as_array).into_iter().flatten()
}

/// Returns a text from elsewhere in one line of a length that people read, without what a terminal would obey.
fn line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > LONGEST_LINE {
        line = line.chars().take(LONGEST_LINE).chain(['…']).collect();
    }
    line
}

/// Characters of a message that are shown.
const LONGEST_LINE: usize = 300;
