//! What there is that is newer than what is locked: tags of repositories, versions
//! of charts, and commits of branches that have moved on.
//!
//! Only versions without a prerelease count, unless the one in use is one. A
//! commit by its hash, and a file by http, have no newer ones that could be asked for.

use sprig::semver::Version;

use super::{Asked, Resolved};
use crate::git::Reference;

/// A source with something newer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outdated {
    /// Path of the component.
    pub component: String,
    /// What it asks for.
    pub asked: Asked,
    /// What it is.
    pub current: Resolved,
    /// What is newer.
    pub newest: String,
}

/// Returns the newest tag if it is newer than the one that is asked for. Tags count that begin alike: `v1.0.0`, `chart-1.0.0`.
pub(crate) fn newer_tag(references: &[Reference], current: &str) -> Option<String> {
    let (prefix, of_current) = split(current)?;
    let tags = references.iter().filter_map(|reference| {
        let tag = reference.name.strip_prefix("refs/tags/").filter(|tag| !tag.ends_with("^{}"))?;
        let (other, version) = split(tag)?;
        (other == prefix && may_replace(&version, &of_current)).then_some((version, tag))
    });
    tags.max_by(|one, two| one.0.cmp(&two.0)).map(|(_, tag)| tag.to_owned())
}

/// Whether a version is newer, and no prerelease unless the other is one.
pub(crate) fn may_replace(version: &Version, current: &Version) -> bool {
    version > current && (version.prerelease.is_empty() || !current.prerelease.is_empty())
}

/// Whether the end of a tag is a version.
pub(crate) fn is_version(tag: &str) -> bool {
    split(tag).is_some()
}

fn split(tag: &str) -> Option<(&str, Version)> {
    let at = tag.find(|c: char| c.is_ascii_digit())?;
    Some((&tag[..at], Version::parse(&tag[at..]).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(current: &str, tags: &[&str], want: Option<&str>) {
        let reference = |tag: &&str| Reference { name: format!("refs/tags/{tag}"), id: String::new() };
        let references: Vec<Reference> = tags.iter().map(reference).collect();
        assert_eq!(newer_tag(&references, current).as_deref(), want, "{current} {tags:?}");
    }

    #[test]
    fn the_highest_tag_of_the_same_kind_is_the_newest() {
        check("v1.2.0", &["v1.2.0", "v1.10.0", "v1.9.0", "v1.10.0^{}"], Some("v1.10.0"));
        check("v1.2.0", &["v1.2.0", "v1.1.0"], None);
        check("1.2.0", &["v2.0.0", "1.3.0"], Some("1.3.0"));
        check("chart-1.2.0", &["app-3.0.0", "chart-1.3.0"], Some("chart-1.3.0"));
        check("main", &["v1.0.0"], None);
    }

    #[test]
    fn a_prerelease_replaces_prereleases_only() {
        check("v1.2.0", &["v2.0.0-rc.1"], None);
        check("v2.0.0-rc.1", &["v2.0.0-rc.2"], Some("v2.0.0-rc.2"));
    }
}
