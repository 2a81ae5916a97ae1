//! Chart repositories with an index: `index.yaml` beside archives.
//!
//! A version is chosen as Helm 4 does: what is written exactly wins, a range
//! takes the highest version in it, and prereleases count only where the range
//! names one. Entries that helm passes over are passed over.
//!
//! Invariant: an archive whose digest the index states is checked against it.

use std::collections::BTreeMap;

use serde::Deserialize;
use sprig::semver::{Constraint, Version};
use url::Url;

use super::SourceError;
use super::http::{Http, HttpErrorKind, Request, shown};
use kubeschema::closest;

/// The largest index that is read: the largest public ones have some 30 MB.
const MAX_INDEX: u64 = 256 << 20;

/// The charts of a repository.
#[derive(Debug, Default)]
pub struct Index {
    /// Versions by name of the chart, the highest first.
    charts: BTreeMap<String, Vec<ChartVersion>>,
    /// What charts are, as their highest versions say that are no prereleases.
    descriptions: BTreeMap<String, String>,
}

/// One version of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartVersion {
    /// The version as it is written.
    pub version: String,
    /// Where the archive is: absolute, or relative to the repository.
    pub urls: Vec<String>,
    /// SHA-256 of the archive in hex; empty where the index has none.
    pub digest: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    #[serde(default)]
    api_version: Option<String>,
    #[serde(default)]
    entries: Option<BTreeMap<String, Option<Vec<Option<Entry>>>>>,
}

/// The fields that matter; an index has a whole `Chart.yaml` for each version.
#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    urls: Option<Vec<String>>,
    #[serde(default)]
    digest: Option<String>,
    #[serde(default)]
    description: Option<String>,
}

impl Index {
    /// Reads an index: YAML, or JSON as some servers make it.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it is empty".to_owned());
        }
        let content = match serde_json::from_slice::<Content>(text) {
            Ok(content) => content,
            Err(_) => goyaml::from_slice(text).map_err(|error| error.to_string())?,
        };
        if content.api_version.is_none_or(|version| version.is_empty()) {
            return Err("it has no apiVersion, so it is no index of charts".to_owned());
        }
        let mut index = Index::default();
        for (name, entries) in content.entries.unwrap_or_default() {
            let (versions, description) = versions(entries.unwrap_or_default());
            index.charts.insert(name.clone(), versions);
            index.descriptions.insert(name, description);
        }
        Ok(index)
    }

    /// Returns the charts with their highest versions that are no prereleases, or else the highest, and what they are.
    pub(super) fn newest(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.charts.iter().filter_map(|(name, versions)| {
            let newest = self.find(name, "").ok().or(versions.first())?;
            let description = self.descriptions.get(name).map_or("", String::as_str);
            Some((name.as_str(), newest.version.as_str(), description))
        })
    }

    /// Returns the version of a chart that is meant: an exact one, a range, or none for the highest.
    pub fn find(&self, chart: &str, wanted: &str) -> Result<&ChartVersion, SourceError> {
        let Some(versions) = self.charts.get(chart) else {
            let near = closest(chart, self.charts.keys().map(String::as_str));
            let near = near.map(str::to_owned).into_iter().collect();
            return Err(SourceError::NotFound { what: format!("chart `{chart}`"), near });
        };
        let named: Vec<&str> = versions.iter().map(|version| version.version.as_str()).collect();
        let found = choose(&named, wanted)?.map(|at| &versions[at]);
        found.ok_or_else(|| not_found(chart, wanted, &named))
    }
}

/// Returns the valid entries, sorted from the highest version to the lowest, and the description of the highest that
/// is no prerelease.
fn versions(entries: Vec<Option<Entry>>) -> (Vec<ChartVersion>, String) {
    let mut all: Vec<(Version, ChartVersion, Option<String>)> = Vec::with_capacity(entries.len());
    for entry in entries.into_iter().flatten() {
        let (Some(version), Some(_)) = (entry.version, entry.name.filter(|name| !name.is_empty())) else {
            continue;
        };
        // Helm keeps none that it cannot compare.
        let Ok(parsed) = Version::parse(&version) else { continue };
        let digest = entry.digest.unwrap_or_default();
        let digest = digest.strip_prefix("sha256:").unwrap_or(&digest).to_ascii_lowercase();
        let version = ChartVersion { version, urls: entry.urls.unwrap_or_default(), digest };
        all.push((parsed, version, entry.description));
    }
    all.sort_by(|(a, ..), (b, ..)| b.cmp(a));
    let newest = all.iter().position(|(version, ..)| version.prerelease.is_empty()).unwrap_or(0);
    let description = all.get_mut(newest).and_then(|(.., description)| description.take());
    (all.into_iter().map(|(_, version, _)| version).collect(), description.unwrap_or_default())
}

/// Returns which of the versions, the highest first, is meant.
pub(super) fn choose(versions: &[&str], wanted: &str) -> Result<Option<usize>, SourceError> {
    if !wanted.is_empty()
        && let Some(exact) = versions.iter().position(|version| *version == wanted)
    {
        return Ok(Some(exact));
    }
    let range = constraint(wanted)?;
    let fits = |version: &str| Version::parse(version).is_ok_and(|version| range.check(&version));
    Ok(versions.iter().position(|version| fits(version)))
}

/// Reads a range; none means any version that is no prerelease.
pub(super) fn constraint(wanted: &str) -> Result<Constraint, SourceError> {
    let range = if wanted.is_empty() { "*" } else { wanted };
    Constraint::parse(range).map_err(|error| SourceError::Malformed {
        what: format!("version `{wanted}`"),
        message: error.to_string(),
    })
}

/// Says that a version is not there, and which ones are.
pub(super) fn not_found(chart: &str, wanted: &str, versions: &[&str]) -> SourceError {
    let what = if wanted.is_empty() {
        format!("version of chart `{chart}` that is no prerelease")
    } else {
        format!("version `{wanted}` of chart `{chart}`")
    };
    let closest = closest(wanted, versions.iter().copied());
    let highest = versions.iter().copied().take(3).filter(|version| Some(*version) != closest);
    let near = closest.into_iter().chain(highest).map(str::to_owned).collect();
    SourceError::NotFound { what, near }
}

/// Fetches the index of a repository. `request` says who asks; its URL is the repository.
pub fn fetch_index(http: &Http, request: &Request<'_>) -> Result<Index, SourceError> {
    let url = resolve(request.url, "index.yaml")?;
    let answer = http.get(&Request { url: &url, limit: MAX_INDEX, ..*request });
    let answer = answer.map_err(|error| match error.kind {
        HttpErrorKind::NotFound(_) => SourceError::NotFound {
            what: format!("index.yaml at {}, so it is no repository of charts", shown(request.url)),
            near: Vec::new(),
        },
        _ => error.into(),
    })?;
    Index::parse(&answer.body).map_err(|message| SourceError::Malformed {
        what: format!("the index of {}", shown(request.url)),
        message,
    })
}

/// Returns where something is that a repository names: an absolute URL, or a path below the repository.
///
/// A query of the repository's URL goes along with a path, as in helm.
pub fn resolve(repository: &Url, reference: &str) -> Result<Url, SourceError> {
    let malformed = |error: url::ParseError| SourceError::Malformed {
        what: format!("`{reference}`, named in {}", shown(repository)),
        message: error.to_string(),
    };
    match Url::parse(reference) {
        Ok(absolute) => return Ok(absolute),
        Err(url::ParseError::RelativeUrlWithoutBase) => {}
        Err(error) => return Err(malformed(error)),
    }
    let mut base = repository.clone();
    base.set_path(&format!("{}/", repository.path().trim_end_matches('/')));
    let mut resolved = base.join(reference).map_err(malformed)?;
    resolved.set_query(repository.query());
    Ok(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "
apiVersion: v1
generated: 2026-01-01T00:00:00Z
entries:
  web:
  - {name: web, version: 1.2.0, apiVersion: v2, urls: [web-1.2.0.tgz], digest: SHA, home: x}
  - {name: web, version: 1.10.0, urls: [web-1.10.0.tgz]}
  - {name: web, version: 2.0.0-rc.1, urls: [web-2.0.0-rc.1.tgz]}
  - {name: web, version: v1.3, urls: [web-1.3.tgz]}
  - {name: web, version: broken, urls: [x]}
  - {name: web, urls: [x]}
  - null
  only-rc:
  - {name: only-rc, version: 1.0.0-1, urls: [x]}
  empty:
";

    #[track_caller]
    fn check(chart: &str, wanted: &str, want: Result<&str, &str>) {
        let index = Index::parse(INDEX.as_bytes()).expect("it is fine");
        let found = index.find(chart, wanted).map(|version| version.version.as_str());
        let found = found.map_err(|error| format!("{error}: {}", error.hint().unwrap_or_default()));
        assert_eq!(
            found.as_deref().map_err(String::as_str),
            want.as_ref().map(|&v| v).map_err(|&e| e),
            "{chart} {wanted}"
        );
    }

    // Expected values: `helm pull` of helm 4.2.4 from a server with this index.
    #[test]
    fn a_version_is_chosen_as_helm_does() {
        check("web", "", Ok("1.10.0"));
        check("web", "1.2.0", Ok("1.2.0"));
        check("web", "^1.2", Ok("1.10.0"));
        check("web", "~1.2", Ok("1.2.0"));
        check("web", "1.3.0", Ok("v1.3"));
        check("web", ">0.0.0-0", Ok("2.0.0-rc.1"));
        check("web", "2.0.0-rc.1", Ok("2.0.0-rc.1"));
    }

    #[test]
    fn what_is_not_there_is_named_with_what_is() {
        check("wep", "", Err("there is no chart `wep`: there is `web`"));
        check(
            "web",
            "1.2.1",
            Err(
                "there is no version `1.2.1` of chart `web`: there is `1.2.0`, `2.0.0-rc.1`, `1.10.0`, `v1.3`",
            ),
        );
        check(
            "only-rc",
            "",
            Err("there is no version of chart `only-rc` that is no prerelease: there is `1.0.0-1`"),
        );
        check("empty", "", Err("there is no version of chart `empty` that is no prerelease: "));
        check("web", "x y", Err("version `x y` cannot be read: improper constraint: \"x y\": "));
    }

    #[test]
    fn an_index_may_be_json() {
        let text = r#"{"apiVersion": "v1", "entries": {"a": [{"name": "a", "version": "1.0.0", "urls": ["a.tgz"]}]}}"#;
        let index = Index::parse(text.as_bytes()).expect("it is fine");
        assert_eq!(index.find("a", "").expect("it is there").urls, ["a.tgz"]);
    }

    #[test]
    fn what_is_no_index_is_an_error() {
        let error = |text: &str| Index::parse(text.as_bytes()).expect_err("it is none");
        assert_eq!(error(""), "it is empty");
        assert_eq!(error("entries: {}"), "it has no apiVersion, so it is no index of charts");
        assert!(error("<html>\n<a>: b: c").starts_with("yaml: "));
    }

    #[track_caller]
    fn check_resolve(repository: &str, reference: &str, want: &str) {
        let repository = Url::parse(repository).expect("a URL");
        assert_eq!(resolve(&repository, reference).expect("it resolves").as_str(), want);
    }

    // Expected values: helm 4.2.4, `repo.ResolveReferenceURL`.
    #[test]
    fn archives_lie_below_the_repository_or_elsewhere() {
        check_resolve("http://h/charts", "a-1.tgz", "http://h/charts/a-1.tgz");
        check_resolve("http://h/charts/", "sub/a-1.tgz", "http://h/charts/sub/a-1.tgz");
        check_resolve("http://h/charts/", "../a-1.tgz", "http://h/a-1.tgz");
        check_resolve("http://h/charts", "/a-1.tgz", "http://h/a-1.tgz");
        check_resolve("http://h/charts?token=1", "a-1.tgz", "http://h/charts/a-1.tgz?token=1");
        check_resolve("http://h/charts?token=1", "https://g/a-1.tgz", "https://g/a-1.tgz");
    }
}
