//! Looks for charts and components by name, in the repositories that a
//! definition knows: its catalog, the chart repositories of its components, and
//! those that helm knows.
//!
//! A repository is read as a whole and searched here: nobody is told what is
//! looked for. What it had is kept in the cache, so that it can be searched
//! without a network.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::cache::Cache;
use super::fetch::{Fetcher, Form, Network};
use super::http::hex;
use super::plan::sources_of;
use super::{Asked, Resolved, SourceError, SourceUrl, helm_config, tokens, vendored};
use crate::definition::{self, Definition, Node, place};
use crate::error::{Error, Failure, Warning};
use crate::project::{Catalog, Project};
use kubeschema::closest;

mod folder;

/// What to look for, and where.
pub struct FindOptions {
    /// The folder of the root component.
    pub directory: PathBuf,
    /// What the name or the description has to contain, whatever the case; nothing for all there is.
    pub words: Vec<String>,
    /// Where content is kept.
    pub cache: Cache,
    /// What of the network may be used.
    pub network: Network,
    /// The environment variables, which say where credentials are.
    pub variables: Vec<(String, String)>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Search {
    /// What fits, the best first.
    pub found: Vec<Found>,
    /// If nothing fits, a name that may be meant.
    pub near: Option<String>,
    /// How many repositories were searched.
    pub searched: usize,
    /// The repositories that cannot be searched.
    pub failures: Vec<Failure>,
    /// What is odd about the definition.
    pub warnings: Vec<Warning>,
}

/// A chart or component that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub offer: Offer,
    /// The repository.
    pub source: SourceUrl,
    /// `git` or `helm`.
    pub method: &'static str,
    /// The branch of a git repository that it is on.
    pub branch: Option<String>,
    /// What to ask for as its version: of a chart repository, that of the chart; else a commit or tag.
    pub version: Option<String>,
}

/// A chart or component of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its name.
    pub name: String,
    /// Whether it is a chart; else it is a component.
    pub is_chart: bool,
    /// The chart in a chart repository, or the folder in a git repository.
    pub path: String,
    /// The version of a chart.
    pub version: String,
    /// What it is, in a sentence; empty if it does not say.
    pub description: String,
}

/// What a repository has, as the cache keeps it.
#[derive(Default, Serialize, Deserialize)]
struct Listing {
    offers: Vec<Offer>,
    /// Of a git repository: the branch, and the commit.
    branch: Option<String>,
    commit: Option<String>,
}

/// How many repositories are asked at once.
const AT_ONCE: usize = 8;

/// Looks for charts and components.
///
/// # Errors
///
/// The definition cannot be read, or names no repository. A repository that cannot be searched is part of the result.
pub fn find(options: &FindOptions) -> Result<Search, Vec<Failure>> {
    let of_run = |error| vec![Failure::of_run(error)];
    let shown = place::typed(&options.directory);
    let project = Project::read(&options.directory, &shown).map_err(of_run)?;
    let places = vendored::places(&options.directory, &shown).map_err(of_run)?.unwrap_or_default();
    let definition = definition::load_all(&options.directory, &shown, &places);
    let env = |name: &str| {
        let found = options.variables.iter().find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.clone())
    };
    let catalogs = catalogs(&project, &definition, &env)?;
    let mut fetcher =
        Fetcher::new(&options.cache, options.network, &options.variables, project.allowed_sources);
    // What is wrong with such a file is for `install` to tell.
    fetcher.set_access(tokens::read(&definition, &options.directory, &places, &env).access);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(AT_ONCE).build();
    let pool = pool.map_err(|error| of_run(Error::Threads(error)))?;
    let listings: Vec<Result<Listing, SourceError>> =
        pool.install(|| catalogs.par_iter().map(|catalog| listing(options, &fetcher, catalog)).collect());
    let mut search = Search { searched: catalogs.len(), warnings: project.warnings, ..Search::default() };
    let mut all: Vec<Found> = Vec::new();
    for (catalog, listing) in catalogs.iter().zip(listings) {
        match listing {
            Ok(listing) => all.extend(found_in(catalog, listing)),
            Err(error) => search.failures.push(Failure::of_run(failed(catalog, error))),
        }
    }
    let words: Vec<String> = options.words.iter().map(|word| word.to_lowercase()).collect();
    search.near =
        closest(&words.join(" "), all.iter().map(|found| found.offer.name.as_str())).map(str::to_owned);
    search.found = matching(all, &words);
    Ok(search)
}

/// Returns the repositories to search, each once.
fn catalogs(
    project: &Project,
    definition: &Definition,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Catalog>, Vec<Failure>> {
    let mut all = project.catalog.clone();
    let mut add = |url: SourceUrl| {
        let catalog = Catalog::Charts(url);
        let is_web = matches!(catalog.url().scheme().as_deref(), Some("http" | "https"));
        if is_web && !all.contains(&catalog) {
            all.push(catalog);
        }
    };
    chart_repositories(&definition.root).into_iter().for_each(&mut add);
    let known = helm_config::repositories(env);
    let known = known.map_err(|error| {
        let (method, source_name) = ("helm", "repositories.yaml".to_owned());
        vec![Failure::of_run(Error::Source { method, source_name, place: None, error: error.into() })]
    })?;
    known.iter().for_each(|repository| add(SourceUrl::new(&repository.url)));
    if all.is_empty() { Err(vec![Failure::of_run(Error::NothingToSearch)]) } else { Ok(all) }
}

/// Returns the chart repositories that a component and those below it use.
fn chart_repositories(node: &Node) -> BTreeSet<SourceUrl> {
    let own = sources_of(node).into_iter().filter_map(|(asked, _)| match asked {
        Asked::Chart { repository, .. } => Some(repository),
        Asked::Git { .. } | Asked::File { .. } => None,
    });
    let children = node.body.iter().flat_map(|body| &body.children);
    own.chain(children.flat_map(chart_repositories)).collect()
}

/// Returns what a repository has, and keeps it; without a network, what is kept.
fn listing(options: &FindOptions, fetcher: &Fetcher<'_>, catalog: &Catalog) -> Result<Listing, SourceError> {
    let name = fact_name(catalog);
    if options.network == Network::Offline {
        let kept = options.cache.fact(&name).and_then(|text| serde_json::from_str(&text).ok());
        return kept.ok_or(SourceError::Offline);
    }
    let listing = match catalog {
        Catalog::Charts(url) => charts(fetcher, url)?,
        Catalog::Git { url, branch, version, path } => {
            let asked = Asked::Git { url: url.clone(), branch: branch.clone(), version: version.clone() };
            let fetched = fetcher.fetch(&asked, Form::Files, None, &|_| {})?;
            let branch = match (branch, version) {
                (None, None) => fetcher.branch(url)?,
                _ => branch.clone(),
            };
            let commit = match fetched.resolved {
                Resolved::Git { commit, .. } => Some(commit),
                Resolved::Chart { .. } | Resolved::File { .. } => None,
            };
            Listing { offers: offers_in(&fetched.item.folder, path, url)?, branch, commit }
        }
    };
    let text = serde_json::to_string(&listing).expect("texts are JSON");
    options.cache.remember(&name, &text)?;
    Ok(listing)
}

/// Lists the charts of a repository, each in its highest version.
fn charts(fetcher: &Fetcher<'_>, url: &SourceUrl) -> Result<Listing, SourceError> {
    let index = fetcher.index(url)?;
    let offer = |(name, version, description): (&str, &str, &str)| Offer {
        name: name.to_owned(),
        is_chart: true,
        path: name.to_owned(),
        version: version.to_owned(),
        description: folder::one_line(description),
    };
    Ok(Listing { offers: index.newest().map(offer).collect(), ..Listing::default() })
}

/// Lists what is in a folder of a repository, which has to be there.
fn offers_in(root: &Path, path: &str, url: &SourceUrl) -> Result<Vec<Offer>, SourceError> {
    if !root.join(path).is_dir() {
        return Err(SourceError::NotFound { what: format!("folder `{path}` in `{url}`"), near: Vec::new() });
    }
    let end = url.as_str().trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
    Ok(folder::offers(root, path, end.trim_end_matches(".git")))
}

/// What the cache calls what a repository had last.
fn fact_name(catalog: &Catalog) -> String {
    let none = |text: &Option<String>| text.clone().unwrap_or_default();
    let text = match catalog {
        Catalog::Charts(url) => format!("helm\n{url}"),
        Catalog::Git { url, branch, version, path } => {
            format!("git\n{url}\n{}\n{}\n{path}", none(branch), none(version))
        }
    };
    format!("listing-{}", hex(&Sha256::digest(text)))
}

fn found_in(catalog: &Catalog, listing: Listing) -> Vec<Found> {
    let Listing { offers, branch, commit } = listing;
    let found = |offer: Offer| match catalog {
        Catalog::Charts(url) => Found {
            version: Some(offer.version.clone()),
            offer,
            source: url.clone(),
            method: "helm",
            branch: None,
        },
        Catalog::Git { url, version, .. } => Found {
            offer,
            source: url.clone(),
            method: "git",
            // The one that somebody asked for, or that the repository points to; else there is only the commit.
            version: version.clone().or_else(|| commit.clone().filter(|_| branch.is_none())),
            branch: branch.clone(),
        },
    };
    offers.into_iter().map(found).collect()
}

/// Returns what fits, the best first; all if there are no words.
fn matching(all: Vec<Found>, words: &[String]) -> Vec<Found> {
    let rank = |found: &Found| {
        let (name, rest) = (found.offer.name.to_lowercase(), found.offer.description.to_lowercase());
        let path = found.offer.path.to_lowercase();
        let first = words.first().map_or("", String::as_str);
        match () {
            () if !words.iter().all(|word| [&name, &rest, &path].iter().any(|text| text.contains(word))) => {
                None
            }
            () if name == first => Some(0),
            () if name.starts_with(first) => Some(1),
            () if name.contains(first) => Some(2),
            () => Some(3),
        }
    };
    let mut ranked: Vec<(u8, Found)> =
        all.into_iter().filter_map(|found| Some((rank(&found)?, found))).collect();
    ranked.sort_by(|(one, a), (two, b)| one.cmp(two).then_with(|| a.offer.name.cmp(&b.offer.name)));
    ranked.into_iter().map(|(_, found)| found).collect()
}

fn failed(catalog: &Catalog, error: SourceError) -> Error {
    let method = match catalog {
        Catalog::Git { .. } => "git",
        Catalog::Charts(_) => "helm",
    };
    Error::Unsearchable { method, source_name: catalog.url().to_string(), error: Box::new(error) }
}

impl Catalog {
    /// Returns the address.
    fn url(&self) -> &SourceUrl {
        match self {
            Catalog::Git { url, .. } | Catalog::Charts(url) => url,
        }
    }
}

impl Found {
    /// Returns the arguments of `fab add` that add it.
    pub fn add(&self) -> Vec<&str> {
        let options = [
            ("--type", if self.offer.is_chart { "helm" } else { "" }),
            ("--method", if self.method == "helm" { "helm" } else { "" }),
            ("--source", self.source.as_str()),
            ("--path", self.offer.path.as_str()),
            ("--branch", self.branch.as_deref().unwrap_or_default()),
            ("--version", self.version.as_deref().unwrap_or_default()),
        ];
        let given = options.into_iter().filter(|(_, value)| !value.is_empty());
        let mut arguments = vec!["add", self.offer.name.as_str()];
        arguments.extend(given.flat_map(|(name, value)| [name, value]));
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, description: &str) -> Found {
        Found {
            offer: Offer {
                name: name.to_owned(),
                is_chart: true,
                path: name.to_owned(),
                version: "1.0.0".to_owned(),
                description: description.to_owned(),
            },
            source: SourceUrl::new("https://c.example"),
            method: "helm",
            branch: None,
            version: Some("1.0.0".to_owned()),
        }
    }

    #[track_caller]
    fn check(words: &[&str], want: &[&str]) {
        let all = vec![
            found("my-redis", "Mine"),
            found("valkey", "A fork of Redis"),
            found("redis-cluster", "Redis, sharded"),
            found("redis", "Redis"),
            found("kafka", "A log"),
        ];
        let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let names: Vec<String> = matching(all, &words).into_iter().map(|found| found.offer.name).collect();
        assert_eq!(names, want, "{words:?}");
    }

    #[test]
    fn what_is_called_so_comes_first() {
        check(&["Redis"], &["redis", "redis-cluster", "my-redis", "valkey"]);
    }

    #[test]
    fn every_word_has_to_fit() {
        check(&["redis", "sharded"], &["redis-cluster"]);
        check(&["postgres"], &[]);
        check(&[], &["kafka", "my-redis", "redis", "redis-cluster", "valkey"]);
    }

    #[test]
    fn a_line_adds_it() {
        let chart = found("redis", "");
        assert_eq!(
            chart.add().join(" "),
            "add redis --type helm --method helm --source https://c.example --path redis --version 1.0.0"
        );
        let mut component = Found { method: "git", branch: Some("main".to_owned()), version: None, ..chart };
        component.offer.is_chart = false;
        component.offer.path = String::new();
        assert_eq!(component.add().join(" "), "add redis --source https://c.example --branch main");
    }
}
