//! Where components are: the table that turns an entry into a folder.
//!
//! Folders are text with `/`, relative to the root component and clean in the
//! sense of Go's `path.Clean`, which Fabrikate uses: no `.`, no empty and no
//! avoidable `..` segments. So equal folders are equal text, and messages and
//! output are the same on every system.

use std::path::Path;

use super::{Component, Method};

/// Joins path segments with `/` and cleans the result. Only the first can make it absolute, and an empty first
/// one is the folder that all is relative to.
pub(crate) fn join(segments: &[&str]) -> String {
    match segments {
        ["", rest @ ..] => clean(rest.join("/").trim_start_matches('/')),
        segments => clean(&segments.join("/")),
    }
}

/// Returns a path of the tree as the user would type it, who is in the folder that `shown` is relative to.
pub(crate) fn show(shown: &str, path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { join(&[shown, path]) }
}

/// Returns the folder of a definition as the user types it, clean.
pub(crate) fn typed(folder: &Path) -> String {
    clean(&folder.to_string_lossy().replace('\\', "/"))
}

/// Removes what a path does not need; `.` becomes the empty path.
pub(crate) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => match kept.last() {
                Some(&last) if last != ".." => {
                    kept.pop();
                }
                _ if rooted => {}
                _ => kept.push(".."),
            },
            segment => kept.push(segment),
        }
    }
    let joined = kept.join("/");
    if rooted { format!("/{joined}") } else { joined }
}

/// Returns whether a clean path stays below the folder that it is relative to.
pub(crate) fn stays_inside(path: &str) -> bool {
    !path.starts_with('/') && path != ".." && !path.starts_with("../")
}

/// Returns whether one clean folder is the other or below it.
pub(crate) fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty() && stays_inside(path)
        || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns the folder that a component entry with a file of its own points to.
pub(super) fn component_folder(parent: &str, entry: &Component) -> String {
    if entry.is_folder_from_elsewhere() {
        return join(&[parent, "components", &entry.name, &entry.path]);
    }
    match entry.source.as_str() {
        "" => join(&[parent, &entry.path]),
        source if source.starts_with('/') => join(&[source, &entry.path]),
        source => join(&[parent, source, &entry.path]),
    }
}

/// Returns the folder of a chart.
pub(crate) fn chart_folder(component_folder: &str, component: &Component) -> String {
    match component.method {
        Method::Helm => join(&[component_folder, "helm_repos", &component.name]),
        _ if component.is_folder_from_elsewhere() => {
            join(&[component_folder, "helm_repos", &component.name, &component.path])
        }
        Method::Git | Method::Http | Method::Local => join(&[component_folder, &component.path]),
    }
}

/// Returns the folder of static manifests. Method `git` without a source, which `fab add` used to write, is no clone.
pub(crate) fn manifest_folder(component_folder: &str, component: &Component) -> String {
    match component.method {
        _ if component.is_folder_from_elsewhere() && !component.source.is_empty() => {
            join(&[component_folder, "components", &component.name, &component.path])
        }
        // Fabrikate pays no attention to the path of a file.
        Method::Http => join(&[component_folder, "components", &component.name]),
        Method::Git | Method::Helm | Method::Local => join(&[component_folder, &component.path]),
    }
}

/// Returns the innermost folder on the way that holds something installed: `components/x` or `helm_repos/x`.
pub(crate) fn installed_folder(path: &str) -> Option<String> {
    let segments: Vec<&str> = path.split('/').collect();
    let at = segments.windows(2).rposition(|pair| matches!(pair[0], "components" | "helm_repos"))?;
    Some(segments[..at + 2].join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, want: &str) {
        assert_eq!(clean(path), want, "{path:?}");
    }

    #[test]
    fn a_clean_path_has_no_needless_segments() {
        check("./a//b/./c/", "a/b/c");
        check("a/../b", "b");
        check("../a", "../a");
        check("a/../../b", "../b");
        check("./", "");
        check(".", "");
        check("/../a", "/a");
    }

    #[test]
    fn only_the_first_segment_can_be_absolute() {
        assert_eq!(join(&["", "/chart"]), "chart");
        assert_eq!(join(&["a", "/chart"]), "a/chart");
        assert_eq!(join(&["/a", "", "b"]), "/a/b");
        assert_eq!(join(&["", ""]), "");
    }

    #[test]
    fn leaving_a_folder_is_seen() {
        assert!(stays_inside("a/b") && stays_inside("") && stays_inside("..a"));
        assert!(!stays_inside("..") && !stays_inside("../a") && !stays_inside("/a"));
        assert!(is_below("a/b", "a") && is_below("a", "a") && is_below("a", ""));
        assert!(!is_below("ab", "a") && !is_below("../a", ""));
    }

    #[test]
    fn the_innermost_installed_folder_counts() {
        assert_eq!(installed_folder("components/a/x").as_deref(), Some("components/a"));
        assert_eq!(
            installed_folder("components/a/x/components/b/y").as_deref(),
            Some("components/a/x/components/b")
        );
        assert_eq!(installed_folder("services/a"), None);
        assert_eq!(installed_folder("components"), None);
    }
}
