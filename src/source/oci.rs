//! Charts in OCI registries, as `helm push` stores them.
//!
//! A thin client of the distribution protocol: tags, manifest, blob, and the
//! challenge by which a registry says where tokens are to be had. A version is
//! a tag in which `+` is written `_`.
//!
//! Invariant: manifests and blobs are checked against their digests. A registry
//! is spoken to without encryption only on this machine, or if the user says so.

use std::cell::RefCell;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use sprig::semver::Version;
use url::Url;

use super::credentials::{Credential, Registered, Secret, authority};
use super::helm_repo::{choose, not_found};
use super::http::{
    Answer, Download, Http, HttpError, HttpErrorKind, Progress, Request, hex, is_this_machine, shown,
};
use super::{SourceError, SourceUrl};

const MAX_MANIFEST: u64 = 4 << 20;
const MAX_TAG_PAGES: usize = 1000;
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CHART_LAYERS: [&str; 2] =
    ["application/vnd.cncf.helm.chart.content.v1.tar+gzip", "application/tar+gzip"];

/// A chart in a registry: `oci://host[:port]/path/chart[:tag][@digest]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Host with its port.
    pub registry: String,
    /// The path, with the chart at its end.
    pub repository: String,
    /// The tag, if it is named.
    pub tag: Option<String>,
    /// Digest of the manifest, if it is named.
    pub digest: Option<String>,
}

impl Reference {
    /// Reads a reference.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let malformed = |message: &str| SourceError::Malformed {
            what: format!("reference `{}`", SourceUrl::new(text)),
            message: message.to_owned(),
        };
        let rest = text.strip_prefix("oci://").ok_or_else(|| malformed("it does not begin with oci://"))?;
        let (registry, path) = rest.split_once('/').ok_or_else(|| malformed("it names no chart"))?;
        if registry.contains('@') {
            return Err(malformed("credentials do not belong into it"));
        }
        let (path, digest) = match path.split_once('@') {
            Some((path, digest)) => (path, Some(digest.to_owned())),
            None => (path, None),
        };
        let (path, tag) = match path.rsplit_once(':') {
            Some((path, tag)) => (path, Some(tag.to_owned())),
            None => (path, None),
        };
        let path = path.trim_end_matches('/');
        let is_name = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
                && !part.bytes().all(|b| b == b'.')
        };
        if registry.is_empty() || !path.split('/').all(is_name) {
            return Err(malformed("its path may have small letters, digits, `.`, `_` and `-`"));
        }
        if digest.as_ref().is_some_and(|digest| !is_sha256(digest)) {
            return Err(malformed("its digest is not `sha256:` with 64 digits"));
        }
        Ok(Self { registry: registry.to_owned(), repository: path.to_owned(), tag, digest })
    }

    /// Returns the name of the chart.
    pub fn chart(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or(&self.repository)
    }
}

/// One repository of a registry, to which requests are made with the token it wants.
#[derive(Debug)]
pub struct Registry<'a> {
    http: &'a Http,
    base: Url,
    reference: Reference,
    registered: Option<Registered>,
    token: RefCell<Option<Credential>>,
}

/// A chart's archive as a registry describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// Version of the chart, which is its tag; empty where only a digest was named.
    pub version: String,
    /// `sha256:…` of the manifest.
    pub manifest: String,
    /// `sha256:…` of the archive.
    pub archive: String,
    /// Size of the archive.
    pub size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    media_type: String,
    digest: String,
    size: u64,
}

#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
}

/// Returns the URL of a registry, for which `plain` says whether it is spoken to without encryption wherever it is.
pub fn registry_url(registry: &str, plain: bool) -> Result<Url, SourceError> {
    let malformed = |error: url::ParseError| SourceError::Malformed {
        what: format!("registry `{registry}`"),
        message: error.to_string(),
    };
    // Docker's registry is not at its name.
    let host = if registry == "docker.io" { "registry-1.docker.io" } else { registry };
    let encrypted = Url::parse(&format!("https://{host}/")).map_err(malformed)?;
    if plain || is_this_machine(&encrypted) {
        return Url::parse(&format!("http://{host}/")).map_err(malformed);
    }
    Ok(encrypted)
}

impl<'a> Registry<'a> {
    /// Speaks to the registry at `base` about one repository.
    pub fn new(http: &'a Http, base: Url, reference: Reference, registered: Option<Registered>) -> Self {
        Self { http, base, reference, registered, token: RefCell::new(None) }
    }

    /// Returns the versions that are there, the highest first; tags that are none are left out.
    pub fn versions(&self) -> Result<Vec<String>, SourceError> {
        let mut url = self.url("tags/list")?;
        let mut versions: Vec<Version> = Vec::new();
        for _ in 0..MAX_TAG_PAGES {
            let answer = self.get(&url, "application/json").map_err(|error| self.no_repository(error))?;
            let page: Tags = self.json(&answer.body, "the list of tags")?;
            let tags = page.tags.unwrap_or_default();
            // Helm takes tags for versions only that are written in full.
            let strict = |version: &Version| version.to_string() == version.original;
            let parsed = tags.iter().filter_map(|tag| Version::parse(&tag.replace('_', "+")).ok());
            versions.extend(parsed.filter(strict));
            match next_page(&url, &answer) {
                Some(next) if next.origin() == url.origin() => url = next,
                _ => break,
            }
        }
        versions.sort_by(|a, b| b.cmp(a));
        Ok(versions.into_iter().map(|version| version.original).collect())
    }

    /// Finds the chart's archive: an exact version, a range, or none for the highest.
    pub fn pin(&self, wanted: &str) -> Result<Pinned, SourceError> {
        let Reference { tag, digest, .. } = &self.reference;
        if let Some(tag) = tag.as_deref().filter(|tag| !wanted.is_empty() && *tag != wanted) {
            return Err(SourceError::Unsupported(format!(
                "chart reference and version mismatch: {wanted} is not {tag}"
            )));
        }
        let wanted = tag.as_deref().unwrap_or(wanted);
        if let Some(digest) = digest {
            return self.manifest(digest, wanted.to_owned());
        }
        let version = if Version::parse(wanted).is_ok() {
            wanted.to_owned()
        } else {
            let versions = self.versions()?;
            let named: Vec<&str> = versions.iter().map(String::as_str).collect();
            match choose(&named, wanted)? {
                Some(at) => versions[at].clone(),
                None => return Err(not_found(self.reference.chart(), wanted, &named)),
            }
        };
        self.manifest(&version.replace('+', "_"), version.clone())
    }

    /// Fetches the archive.
    pub fn download(
        &self,
        pinned: &Pinned,
        folder: &std::path::Path,
        limit: u64,
        progress: &dyn Fn(Progress),
    ) -> Result<Download, SourceError> {
        let url = self.url(&format!("blobs/{}", pinned.archive))?;
        let download = self.with_token(&url, |credential| {
            let request = Request { credential, ..Request::new(&url, limit) };
            self.http.download(&request, folder, progress)
        })?;
        if download.digest == pinned.archive {
            Ok(download)
        } else {
            Err(SourceError::NotAsStated { wanted: pinned.archive.clone(), found: download.digest })
        }
    }

    fn manifest(&self, tag_or_digest: &str, version: String) -> Result<Pinned, SourceError> {
        let url = self.url(&format!("manifests/{tag_or_digest}"))?;
        let answer = self.get(&url, MANIFEST).map_err(|error| match error {
            SourceError::Http(HttpError { kind: HttpErrorKind::NotFound(_), .. }) => {
                self.no_version(&version)
            }
            other => other,
        })?;
        let digest = format!("sha256:{}", hex(&Sha256::digest(&answer.body)));
        if is_sha256(tag_or_digest) && tag_or_digest != digest {
            return Err(SourceError::NotAsStated { wanted: tag_or_digest.to_owned(), found: digest });
        }
        let manifest: Manifest = self.json(&answer.body, "the manifest")?;
        let is_chart = |layer: &&Layer| CHART_LAYERS.contains(&layer.media_type.as_str());
        let layer = manifest.layers.iter().find(is_chart).filter(|layer| is_sha256(&layer.digest));
        let layer = layer.ok_or_else(|| {
            SourceError::Unsupported(format!(
                "{}/{} is no chart",
                self.reference.registry, self.reference.repository
            ))
        })?;
        Ok(Pinned { version, manifest: digest, archive: layer.digest.clone(), size: layer.size })
    }

    /// Says which versions there are, as far as the registry tells.
    fn no_version(&self, version: &str) -> SourceError {
        let versions = self.versions().unwrap_or_default();
        let named: Vec<&str> = versions.iter().map(String::as_str).collect();
        not_found(self.reference.chart(), version, &named)
    }

    fn no_repository(&self, error: SourceError) -> SourceError {
        match error {
            SourceError::Http(HttpError { kind: HttpErrorKind::NotFound(_), .. }) => SourceError::NotFound {
                what: format!("chart `{}` in {}", self.reference.repository, self.reference.registry),
                near: Vec::new(),
            },
            other => other,
        }
    }

    fn url(&self, end: &str) -> Result<Url, SourceError> {
        let path = format!("v2/{}/{end}", self.reference.repository);
        self.base
            .join(&path)
            .map_err(|error| SourceError::Malformed { what: path, message: error.to_string() })
    }

    fn get(&self, url: &Url, accept: &str) -> Result<Answer, SourceError> {
        self.with_token(url, |credential| {
            self.http.get(&Request { credential, accept, ..Request::new(url, MAX_MANIFEST) })
        })
    }

    /// Makes a request with the token that there is, and again with the one that the registry asks for.
    fn with_token<T>(
        &self,
        url: &Url,
        request: impl Fn(Option<&Credential>) -> Result<T, HttpError>,
    ) -> Result<T, SourceError> {
        let known = self.token.borrow().clone();
        let error = match request(known.as_ref()) {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let HttpErrorKind::Denied { status: 401, challenges, .. } = &error.kind else {
            return Err(error.into());
        };
        // A redirect may have led elsewhere: only the registry itself may ask for a token.
        if error.url != shown(url) {
            return Err(error.into());
        }
        let Some(credential) = self.answer(challenges)? else { return Err(error.into()) };
        self.token.replace(Some(credential.clone()));
        Ok(request(Some(&credential))?)
    }

    /// Returns what a registry wants to see, if we can have it.
    fn answer(&self, challenges: &[String]) -> Result<Option<Credential>, SourceError> {
        for challenge in challenges {
            let (kind, parameters) = challenge.split_once(' ').unwrap_or((challenge, ""));
            if kind.eq_ignore_ascii_case("bearer") {
                return self.token(&|name| parameter(parameters, name)).map(Some);
            }
            if kind.eq_ignore_ascii_case("basic")
                && let Some(Registered::Credential(credential)) = &self.registered
            {
                return Ok(Some(credential.clone()));
            }
        }
        Ok(None)
    }

    /// Asks the server that the registry names for a token.
    fn token(&self, parameter: &dyn Fn(&str) -> Option<String>) -> Result<Credential, SourceError> {
        let realm = parameter("realm").unwrap_or_default();
        let mut url = Url::parse(&realm).map_err(|error| SourceError::Malformed {
            what: format!("the realm `{realm}`, which {} names", self.reference.registry),
            message: error.to_string(),
        })?;
        if url.scheme() != "https" && self.base.scheme() == "https" {
            return Err(HttpError::new(&self.base, HttpErrorKind::Downgrade(shown(&url))).into());
        }
        let service = parameter("service").unwrap_or_default();
        let scope = format!("repository:{}:pull", self.reference.repository);
        let scope = parameter("scope").unwrap_or(scope);
        let answer = if let Some(Registered::Identity(identity)) = &self.registered {
            let form = [
                ("grant_type", "refresh_token"),
                ("service", service.as_str()),
                ("client_id", "fab"),
                ("scope", scope.as_str()),
                ("refresh_token", identity.reveal()),
            ];
            self.http.post_form(&url, &form)?
        } else {
            url.query_pairs_mut().append_pair("service", &service).append_pair("scope", &scope);
            let credential = match &self.registered {
                Some(Registered::Credential(credential)) => Some(credential),
                Some(Registered::Identity(_)) | None => None,
            };
            self.http.get(&Request { credential, ..Request::new(&url, MAX_MANIFEST) })?
        };
        let token: Token = self.json(&answer.body, "the token")?;
        let token = token.token.or(token.access_token).filter(|token| !token.is_empty());
        token.map(|token| Credential::Bearer(Secret::new(token))).ok_or_else(|| SourceError::Malformed {
            what: format!("the answer of {}", shown(&url)),
            message: "there is no token in it".to_owned(),
        })
    }

    fn json<T: serde::de::DeserializeOwned>(&self, text: &[u8], what: &str) -> Result<T, SourceError> {
        serde_json::from_slice(text).map_err(|error| SourceError::Malformed {
            what: format!("{what} of {}/{}", authority(&self.base), self.reference.repository),
            // The text of the error may quote a token.
            message: format!("no JSON of the expected form at line {}", error.line()),
        })
    }
}

fn is_sha256(digest: &str) -> bool {
    digest.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Returns a parameter of a challenge: `realm="https://…",service="…"`.
fn parameter(parameters: &str, name: &str) -> Option<String> {
    let mut rest = parameters.trim_start();
    while let Some((key, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        rest = after.trim_start().trim_start_matches(',').trim_start();
    }
    None
}

/// Returns the page after this one: `Link: </v2/…?last=…>; rel="next"`.
fn next_page(url: &Url, answer: &Answer) -> Option<Url> {
    let link = answer.headers.get("link")?.to_str().ok()?;
    let (target, parameters) = link.strip_prefix('<')?.split_once('>')?;
    parameters.contains("next").then(|| url.join(target).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_parts() {
        let reference = Reference::parse("oci://r.example:5000/team/web:1.2.0+a").expect("it is one");
        assert_eq!(
            (
                reference.registry.as_str(),
                reference.repository.as_str(),
                reference.chart(),
                reference.tag.as_deref()
            ),
            ("r.example:5000", "team/web", "web", Some("1.2.0+a"))
        );
        let digest = format!("sha256:{}", "0".repeat(64));
        let reference = Reference::parse(&format!("oci://r/web@{digest}")).expect("it is one");
        assert_eq!((reference.tag, reference.digest), (None, Some(digest)));
    }

    #[test]
    fn what_is_no_reference_is_an_error() {
        for text in [
            "http://r/web",
            "oci://r",
            "oci://r/",
            "oci://r/We b",
            "oci://r/../x",
            "oci://me:pw@r/x",
            "oci://r/x@md5:1",
        ] {
            let error = Reference::parse(text).expect_err(text).to_string();
            assert!(!error.contains("pw"), "{error}");
        }
    }

    #[test]
    fn only_this_machine_is_spoken_to_in_plain() {
        let url = |registry, plain| registry_url(registry, plain).expect("a URL").to_string();
        assert_eq!(url("r.example", false), "https://r.example/");
        assert_eq!(url("localhost:5000", false), "http://localhost:5000/");
        assert_eq!(url("127.0.0.1:5000", false), "http://127.0.0.1:5000/");
        assert_eq!(url("r.example", true), "http://r.example/");
        assert_eq!(url("docker.io", false), "https://registry-1.docker.io/");
    }

    #[test]
    fn a_challenge_has_parameters() {
        let text = r#"realm="https://auth.example/token",service="r, example",scope="repository:a/b:pull""#;
        assert_eq!(parameter(text, "realm").as_deref(), Some("https://auth.example/token"));
        assert_eq!(parameter(text, "Service").as_deref(), Some("r, example"));
        assert_eq!(parameter(text, "scope").as_deref(), Some("repository:a/b:pull"));
        assert_eq!(parameter("realm=x, a=b", "a").as_deref(), Some("b"));
        assert_eq!(parameter("realm=\"x", "service"), None);
    }
}
