//! Reads kubeconfigs as client-go does (v0.36): of several files the first one that has an entry counts for it, paths
//! are relative to the file that has them, and data wins over files.
//!
//! Invariant: what an entry says is in no error, as it may be a secret.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goyaml::Value;
use url::Url;

use super::ClusterError;
use super::error::FieldProblem;
use super::login::{self, Identity};
use crate::source::credentials::{Credential, Env};
use crate::source::http::{Pem, TlsOptions};

/// What kubeconfigs say.
pub(super) struct Kubeconfig {
    current: String,
    entries: BTreeMap<(Kind, String), (Value, PathBuf)>,
}

/// The kinds of entries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Context,
    Cluster,
    User,
}

impl Kind {
    const ALL: [(Kind, &'static str); 3] =
        [(Kind::Context, "contexts"), (Kind::Cluster, "clusters"), (Kind::User, "users")];

    fn name(self) -> &'static str {
        match self {
            Kind::Context => "context",
            Kind::Cluster => "cluster",
            Kind::User => "user",
        }
    }
}

/// How a cluster is reached.
pub(super) struct Access {
    pub(super) server: Url,
    pub(super) tls: TlsOptions,
    pub(super) proxy: Option<String>,
    /// The name in its certificate, if it is not that of its address.
    pub(super) server_name: Option<String>,
    pub(super) credential: Option<Credential>,
}

/// An entry of a kubeconfig.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    kind: Kind,
    pub(super) name: &'a str,
    value: &'a Value,
    /// What its paths are relative to.
    pub(super) folder: &'a Path,
}

impl Kubeconfig {
    /// Reads the file that is given, or those of `KUBECONFIG`, or that of the user's home.
    pub(super) fn find(given: Option<&Path>, env: Env<'_>) -> Result<Self, ClusterError> {
        let listed = || env("KUBECONFIG").map(|list| std::env::split_paths(&list).collect::<Vec<_>>());
        let home = || env("HOME").or_else(|| env("USERPROFILE"));
        let usual = || home().map(|home| vec![Path::new(&home).join(".kube/config")]).unwrap_or_default();
        let files = match given {
            Some(file) => vec![file.to_owned()],
            None => listed().unwrap_or_else(usual),
        };
        let mut kubeconfig = Kubeconfig { current: String::new(), entries: BTreeMap::new() };
        let mut is_there = false;
        for file in files.iter().filter(|file| !file.as_os_str().is_empty()) {
            match fs::read_to_string(file) {
                Ok(text) => kubeconfig.add(file, &text)?,
                // Those that are listed need not be there.
                Err(error) if error.kind() == io::ErrorKind::NotFound && given.is_none() => continue,
                Err(source) => return Err(ClusterError::Unreadable { file: shown(file), source }),
            }
            is_there = true;
        }
        let none = || ClusterError::NoKubeconfig { files: files.iter().map(|file| shown(file)).collect() };
        if is_there { Ok(kubeconfig) } else { Err(none()) }
    }

    fn add(&mut self, file: &Path, text: &str) -> Result<(), ClusterError> {
        let malformed =
            |error: goyaml::Error| ClusterError::Malformed { file: shown(file), line: error.line() };
        let value: Value = goyaml::from_str(text).map_err(malformed)?;
        let named = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        if self.current.is_empty() {
            self.current = named(&value, "current-context").unwrap_or_default();
        }
        let folder = file.parent().unwrap_or(Path::new(""));
        for (kind, list) in Kind::ALL {
            for item in value.get(list).and_then(Value::as_sequence).unwrap_or_default() {
                let (Some(name), Some(entry)) = (named(item, "name"), item.get(kind.name())) else {
                    continue;
                };
                let entry = || (entry.clone(), folder.to_owned());
                self.entries.entry((kind, name)).or_insert_with(entry);
            }
        }
        Ok(())
    }

    /// Returns the context that is used if none is named.
    pub(super) fn current(&self) -> Result<&str, ClusterError> {
        if self.current.is_empty() { Err(ClusterError::NoContext) } else { Ok(&self.current) }
    }

    /// Returns how the cluster of a context is reached; runs the program that logs in, if one is named.
    pub(super) fn access(&self, context: &str) -> Result<Access, ClusterError> {
        let context = self.entry(Kind::Context, context)?;
        let cluster = self.entry(Kind::Cluster, context.required("cluster")?)?;
        let user = self.entry(Kind::User, context.required("user")?)?;
        let ca = cluster.pem("certificate-authority", "certificate-authority-data")?;
        let insecure = cluster.flag("insecure-skip-tls-verify")?;
        let text = cluster.required("server")?;
        // As client-go takes it.
        let scheme = if ca.is_some() || insecure { "https" } else { "http" };
        let text = if text.contains("://") { text.to_owned() } else { format!("{scheme}://{text}") };
        let server = Url::parse(&text).ok().filter(Url::has_host);
        let server = server.filter(|url| matches!(url.scheme(), "http" | "https"));
        let server = server.ok_or_else(|| cluster.problem("server", FieldProblem::Address))?;
        // Nobody is told a secret that everybody on the way could read.
        let is_secure = server.scheme() == "https";
        let Identity { credential, client } =
            if is_secure { login::identity(&user, &cluster)? } else { Identity::default() };
        Ok(Access {
            server,
            tls: TlsOptions { ca, client, insecure },
            proxy: cluster.text("proxy-url")?.map(str::to_owned),
            server_name: cluster.text("tls-server-name")?.map(str::to_owned),
            credential,
        })
    }

    fn entry<'a>(&'a self, kind: Kind, name: &'a str) -> Result<Entry<'a>, ClusterError> {
        if let Some((value, folder)) = self.entries.get(&(kind, name.to_owned())) {
            return Ok(Entry { kind, name, value, folder });
        }
        let known = self.entries.keys().filter(|(known, _)| *known == kind);
        Err(ClusterError::Missing {
            kind: kind.name(),
            name: name.to_owned(),
            known: known.map(|(_, name)| name.clone()).collect(),
        })
    }
}

impl<'a> Entry<'a> {
    /// Makes the error of a field.
    pub(super) fn problem(&self, field: &'static str, problem: FieldProblem) -> ClusterError {
        ClusterError::Field { kind: self.kind.name(), name: self.name.to_owned(), field, problem }
    }

    /// Returns what a field says as an entry of the same name.
    pub(super) fn inside(self, value: &'a Value) -> Self {
        Entry { value, ..self }
    }

    /// Returns a field; none if it says nothing.
    pub(super) fn get(&self, field: &str) -> Option<&'a Value> {
        self.value.get(field).filter(|value| !value.is_null())
    }

    /// Returns a text; none if it is empty.
    pub(super) fn text(&self, field: &'static str) -> Result<Option<&'a str>, ClusterError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| self.problem(field, FieldProblem::Type))?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    fn required(&self, field: &'static str) -> Result<&'a str, ClusterError> {
        self.text(field)?.ok_or_else(|| self.problem(field, FieldProblem::Missing))
    }

    /// Returns a flag.
    pub(super) fn flag(&self, field: &'static str) -> Result<bool, ClusterError> {
        let Some(value) = self.get(field) else { return Ok(false) };
        value.as_bool().ok_or_else(|| self.problem(field, FieldProblem::Type))
    }

    /// Returns a path.
    pub(super) fn file(&self, field: &'static str) -> Result<Option<PathBuf>, ClusterError> {
        Ok(self.text(field)?.map(|path| self.folder.join(path)))
    }

    /// Returns certificates or a key: the data in one field, or the file that another one names.
    pub(super) fn pem(&self, file: &'static str, data: &'static str) -> Result<Option<Pem>, ClusterError> {
        let Some(encoded) = self.text(data)? else { return Ok(self.file(file)?.map(Pem::File)) };
        let text: String = encoded.split_whitespace().collect();
        let text = STANDARD.decode(text).map_err(|_| self.problem(data, FieldProblem::Base64))?;
        let name = format!("`{data}` of the kubeconfig's {} `{}`", self.kind.name(), self.name);
        Ok(Some(Pem::Text { name, text }))
    }
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}
