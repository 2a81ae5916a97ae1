//! Sources in git: what a branch or version means, and the tree that it is.
//!
//! A version is a commit, the start of one, a tag, or a branch, in the order in
//! which `git checkout` understands it; a branch may be a tag, as for `git clone
//! --branch`. Of a reference only its newest commit is fetched. A commit is
//! fetched alone where the server allows that, and else with all the rest.

use std::path::Path;

use super::fetch::Told;
use super::outdated::{is_version, newer_tag};
use super::{SourceError, SourceUrl};
use crate::git::{Commit, Extent, Logins, Reference, Remote};
use kubeschema::closest;

/// What a component asks of a repository.
#[derive(Clone, Copy)]
pub(crate) struct Revision<'a> {
    /// A branch or tag; none for what the repository points to.
    pub(crate) branch: Option<&'a str>,
    /// A commit, tag or branch, which wins over the branch.
    pub(crate) version: Option<&'a str>,
}

/// A repository that is asked for a revision.
pub(crate) struct GitSource<'a> {
    remote: Remote<'a>,
    url: &'a SourceUrl,
}

/// What a revision points to before anything is fetched.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    /// A reference, with the hash that it has on the server.
    Reference(Reference),
    /// A commit by its hash.
    Commit(String),
    /// The start of a hash.
    Abbreviated(String),
}

impl<'a> GitSource<'a> {
    /// Prepares to ask a repository; `scratch` is an empty folder to fetch into.
    pub(crate) fn new(
        url: &'a SourceUrl,
        (logins, told): (&'a Logins<'a>, Told<'a>),
        scratch: &Path,
    ) -> Result<Self, SourceError> {
        let known =
            matches!(url.scheme().as_deref(), None | Some("https" | "http" | "ssh" | "file" | "git+ssh"));
        if !known {
            let scheme = url.scheme().unwrap_or_default();
            return Err(SourceError::Unsupported(format!(
                "`{scheme}://` is no way to a git repository: write https:// or ssh://"
            )));
        }
        Ok(GitSource { remote: Remote::new(url, (logins, told), scratch)?, url })
    }

    /// Fetches a revision; returns its commit.
    pub(crate) fn fetch(&self, revision: Revision<'_>) -> Result<Commit, SourceError> {
        match self.target(revision)? {
            Target::Reference(reference) => {
                self.remote.fetch(&reference.name, Extent::One)?;
                self.found("refs/fab/wanted", &reference.name)
            }
            Target::Commit(hash) => self.fetch_commit(&hash),
            Target::Abbreviated(start) => {
                self.remote.fetch("HEAD", Extent::All)?;
                self.found(&start, &start)
            }
        }
    }

    /// Fetches a commit by its hash.
    pub(crate) fn fetch_commit(&self, hash: &str) -> Result<Commit, SourceError> {
        // A server need not give out a commit that no reference points to, and its refusals are of many kinds.
        if self.url.host().is_some()
            && self.remote.fetch(hash, Extent::One).is_ok()
            && let Some(commit) = self.remote.commit(hash)
        {
            return Ok(commit);
        }
        self.remote.fetch("HEAD", Extent::All)?;
        self.found(hash, hash)
    }

    /// Returns how many bytes were received by fetches.
    pub(crate) fn received(&self) -> u64 {
        self.remote.received()
    }

    /// Writes the tree of a commit that was fetched.
    pub(crate) fn write_tree(&self, commit: &Commit, folder: &Path) -> Result<(), SourceError> {
        self.remote.write_tree(&commit.tree, folder)
    }

    /// Returns the commit that a revision points to if the server tells without a fetch.
    pub(crate) fn hash(&self, revision: Revision<'_>) -> Result<Option<String>, SourceError> {
        Ok(match self.target(revision)? {
            Target::Reference(reference) => Some(reference.id),
            Target::Commit(hash) => Some(hash),
            Target::Abbreviated(_) => None,
        })
    }

    /// Returns what is newer than a commit: a tag like the one that is asked for, or what a branch points to now.
    pub(crate) fn newer(&self, revision: Revision<'_>, commit: &str) -> Result<Option<String>, SourceError> {
        let references = self.remote.references()?;
        let name = revision.version.or(revision.branch).unwrap_or_default();
        let is_tag =
            references.iter().any(|reference| reference.name.strip_prefix("refs/tags/") == Some(name));
        if is_tag && is_version(name) {
            return Ok(newer_tag(&references, name));
        }
        if revision.version.is_some_and(|version| is_commit(version) || is_start(version)) {
            return Ok(None);
        }
        match target(&references, revision, self.url)? {
            Target::Reference(reference) if reference.id != commit => Ok(Some(reference.id)),
            Target::Reference(_) | Target::Commit(_) | Target::Abbreviated(_) => Ok(None),
        }
    }

    /// Returns the branches and tags of the repository, and what it points to.
    pub(crate) fn references(&self) -> Result<Vec<Reference>, SourceError> {
        self.remote.references()
    }

    fn target(&self, revision: Revision<'_>) -> Result<Target, SourceError> {
        if let Some(hash) = revision.version.filter(|version| is_commit(version)) {
            return Ok(Target::Commit(hash.to_ascii_lowercase()));
        }
        target(&self.remote.references()?, revision, self.url)
    }

    fn found(&self, revision: &str, shown: &str) -> Result<Commit, SourceError> {
        self.remote.commit(revision).ok_or_else(|| SourceError::NotFound {
            what: format!("commit `{shown}` in `{}`", self.url),
            near: Vec::new(),
        })
    }
}

/// Returns the branch that a repository points to: of those with its commit, the one that is usually called so.
pub(crate) fn head_branch(references: &[Reference]) -> Option<String> {
    let head = references.iter().find(|reference| reference.name == "HEAD")?;
    let branches = references.iter().filter(|reference| reference.id == head.id);
    let names = branches.filter_map(|reference| reference.name.strip_prefix("refs/heads/"));
    names.min_by_key(|name| (*name != "main", *name != "master")).map(str::to_owned)
}

/// Finds what a revision is called on the server.
fn target(references: &[Reference], revision: Revision<'_>, url: &SourceUrl) -> Result<Target, SourceError> {
    let find = |folder: &str, name: &str| {
        let full = format!("{folder}{name}");
        references.iter().find(|reference| reference.name == full).map(|found| {
            // What an annotated tag points to is listed as a reference of its own.
            let peeled = format!("{full}^{{}}");
            let id = references.iter().find(|reference| reference.name == peeled).unwrap_or(found).id.clone();
            Target::Reference(Reference { name: full, id })
        })
    };
    let (what, name, order) = match (revision.version, revision.branch) {
        (Some(version), _) => ("version", version, ["refs/tags/", "refs/heads/"]),
        (None, Some(branch)) => ("branch", branch, ["refs/heads/", "refs/tags/"]),
        (None, None) => {
            return find("", "HEAD").ok_or_else(|| SourceError::NotFound {
                what: format!("commit in `{url}`"),
                near: Vec::new(),
            });
        }
    };
    let found = order.iter().find_map(|folder| find(folder, name));
    let start = (revision.version.is_some() && is_start(name)).then(|| Target::Abbreviated(name.to_owned()));
    found.or(start).ok_or_else(|| {
        let names = references.iter().filter_map(|reference| {
            let name = order.iter().find_map(|folder| reference.name.strip_prefix(folder))?;
            (!name.ends_with("^{}")).then_some(name)
        });
        SourceError::NotFound {
            what: format!("{what} `{name}`"),
            near: near(name, &names.collect::<Vec<_>>()),
        }
    })
}

/// Returns the name that may be meant, or all if they are few: `main` is not like `master`.
fn near(name: &str, names: &[&str]) -> Vec<String> {
    match closest(name, names.iter().copied()) {
        Some(name) => vec![name.to_owned()],
        None if names.len() <= FEW => names.iter().map(|&name| name.to_owned()).collect(),
        None => Vec::new(),
    }
}

/// So many names are read at a glance.
const FEW: usize = 6;

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Git takes four characters and more.
fn is_start(text: &str) -> bool {
    (4..40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_branch_of_a_repository_is_the_usual_one_of_its_commit() {
        let named = |names: &[&str]| {
            let reference = |name: &&str| Reference { name: name.to_string(), id: "1".to_owned() };
            head_branch(&names.iter().map(reference).collect::<Vec<_>>())
        };
        assert_eq!(named(&["HEAD", "refs/heads/a", "refs/heads/main"]).as_deref(), Some("main"));
        assert_eq!(named(&["HEAD", "refs/tags/v1", "refs/heads/trunk"]).as_deref(), Some("trunk"));
        assert_eq!(named(&["refs/heads/main"]), None);
        assert_eq!(head_branch(&references()).as_deref(), Some("main"));
    }

    fn references() -> Vec<Reference> {
        let names = [
            ("HEAD", "1"),
            ("refs/heads/main", "1"),
            ("refs/heads/dev", "2"),
            ("refs/heads/v1.0.0", "3"),
            ("refs/tags/v1.0.0", "4"),
            ("refs/tags/v1.0.0^{}", "5"),
            ("refs/pull/1/head", "6"),
        ];
        names.iter().map(|&(name, id)| Reference { name: name.to_owned(), id: id.to_owned() }).collect()
    }

    #[track_caller]
    fn check(branch: Option<&str>, version: Option<&str>, want: Result<(&str, &str), &str>) {
        let url = SourceUrl::new("https://h.example/x");
        let got = target(&references(), Revision { branch, version }, &url);
        let got = got.map_err(|err| format!("{err}: {}", err.hint().unwrap_or_default()));
        let want = want.map_err(str::to_owned).map(|(name, id)| match name {
            "" => Target::Abbreviated(id.to_owned()),
            name => Target::Reference(Reference { name: name.to_owned(), id: id.to_owned() }),
        });
        assert_eq!(got, want);
    }

    #[test]
    fn a_revision_is_found_as_git_finds_it() {
        check(None, None, Ok(("HEAD", "1")));
        check(Some("dev"), None, Ok(("refs/heads/dev", "2")));
        check(Some("v1.0.0"), None, Ok(("refs/heads/v1.0.0", "3")));
        check(Some("dev"), Some("v1.0.0"), Ok(("refs/tags/v1.0.0", "5")));
        check(None, Some("dev"), Ok(("refs/heads/dev", "2")));
        check(None, Some("22cd3bc"), Ok(("", "22cd3bc")));
    }

    #[test]
    fn err_a_branch_that_is_not_there_has_near_names() {
        check(Some("mian"), None, Err("there is no branch `mian`: there is `main`"));
        check(None, Some("v1.0.1"), Err("there is no version `v1.0.1`: there is `v1.0.0`"));
        let all = "there is `main`, `dev`, `v1.0.0`, `v1.0.0`";
        check(Some("--upload-pack=x"), None, Err(&format!("there is no branch `--upload-pack=x`: {all}")));
    }
}
