//! The dependencies of charts that come from git or lie in the definition, as
//! `helm dependency build` puts them into `charts/`.
//!
//! A chart of a repository brings its dependencies along; others only name them.
//! Those that are not in `charts/` are sources like any other: the versions of
//! `Chart.lock` are asked for where there is one, `fab.lock` says what they
//! became, and their archives go into `charts/` of the chart.
//!
//! Invariant: a chart that came from elsewhere takes no folder from outside of
//! what it came with.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use sprig::semver::Version;

use super::archive::pack_chart;
use super::cache::{Cache, Item};
use super::chart_dependencies::{Lock, local_folder, requested};
use super::http::hex;
use super::placing::{self, Content, Tree};
use super::plan::{Step, Want};
use super::{Asked, SourceError, SourceUrl};
use crate::definition::{Generator, Method, Places, place, place_of};
use crate::error::Error;
use crate::replacement::{unreadable, unwritable};

/// What one chart needs in its `charts/` folder.
#[derive(Debug)]
pub(crate) struct Needs {
    /// The chart's folder in the tree.
    pub(crate) folder: String,
    /// The charts of repositories and registries.
    pub(crate) asked: Vec<Asked>,
    /// The charts in folders, with name and version.
    pub(crate) folders: Vec<(String, String, PathBuf)>,
}

impl Needs {
    /// Returns the sources that the chart of this component needs.
    pub(crate) fn wants(&self, step: &Step) -> Vec<Want> {
        let place = place::join(&[&self.folder, "charts"]);
        let want = |asked: &Asked| Want {
            component: step.path.clone(),
            entry: step.own.clone(),
            asked: asked.clone(),
            place: place.clone(),
        };
        self.asked.iter().map(want).collect()
    }
}

/// Where the charts of a definition are, and what is known of their dependencies.
pub(crate) struct Surroundings<'a> {
    /// The folder of the root component.
    pub(crate) root: &'a Path,
    /// What is fetched and not in its place.
    pub(crate) places: &'a Places,
    /// The URL of a repository that helm knows by a name.
    pub(crate) repository: &'a dyn Fn(&str) -> Result<String, SourceError>,
    /// Whether a dependency was put into its place by an installation.
    pub(crate) is_ours: &'a dyn Fn(&Asked) -> bool,
}

impl Surroundings<'_> {
    /// Returns what the chart of a component needs; nothing if it has all, or is no folder.
    pub(crate) fn needs(&self, step: &Step) -> Result<Option<Needs>, SourceError> {
        let component = &step.own.component;
        let brings_none = matches!(component.method, Method::Git | Method::Local | Method::Http);
        if step.replaced || component.generator != Generator::Helm || !brings_none {
            return Ok(None);
        }
        let folder = place::chart_folder(&step.folder, component);
        let disk = place_of(self.root, self.places, &folder);
        if !names_dependencies(&disk) {
            return Ok(None);
        }
        // What is wrong with a chart is told by who renders it.
        let Ok(chart) = helm::load(&disk) else { return Ok(None) };
        let has = |name: &str| chart.dependencies.iter().any(|dependency| dependency.name() == name);
        let mut wanted = chart.metadata.dependencies.iter().flatten();
        let has_all = wanted.all(|dependency| has(&dependency.name));
        let mut needs = Needs { folder, asked: Vec::new(), folders: Vec::new() };
        let entries = match requested(&disk, Lock::Follow, self.repository) {
            // Where nothing is missing, nobody asks what the lock says.
            Err(_) if has_all => return Ok(None),
            requested => requested?.entries,
        };
        for entry in entries {
            if let Some(path) = entry.repository.strip_prefix("file://") {
                let path = local_folder(&disk, path);
                let version = self.check_inside(&needs.folder, &path).and_then(|()| entry.version_in(&path));
                let version = match version {
                    Err(_) if has(&entry.name) => continue,
                    version => version?,
                };
                // One that was packed before may have been edited since.
                let was_packed = disk.join(format!("charts/{}-{version}.tgz", entry.name)).is_file();
                if !has(&entry.name) || was_packed {
                    needs.folders.push((entry.name, version, path));
                }
                continue;
            }
            if entry.repository.is_empty() {
                continue;
            }
            let asked = Asked::Chart {
                repository: SourceUrl::new(entry.repository.trim_end_matches('/')),
                chart: entry.name.clone(),
                version: Some(entry.version).filter(|version| !version.is_empty()),
            };
            if (!has(&entry.name) || (self.is_ours)(&asked)) && !needs.asked.contains(&asked) {
                needs.asked.push(asked);
            }
        }
        // A local chart that needs folders beside it only names nothing from elsewhere: as in Fabrikate, it is left as it is.
        let is_remote = place::installed_folder(&needs.folder).is_some();
        Ok((!needs.asked.is_empty() || is_remote && !needs.folders.is_empty()).then_some(needs))
    }

    /// A chart that was installed may only name folders of what it came with.
    fn check_inside(&self, folder: &str, path: &Path) -> Result<(), SourceError> {
        let Some(installed) = place::installed_folder(folder) else { return Ok(()) };
        let whole = place_of(self.root, self.places, &installed);
        let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if real(path).starts_with(real(&whole)) {
            return Ok(());
        }
        Err(SourceError::Unsafe {
            path: path.display().to_string(),
            problem: "is a dependency outside of what the chart came with".to_owned(),
        })
    }
}

/// Whether a chart says anything about dependencies: most do not, and need not be loaded.
fn names_dependencies(chart: &Path) -> bool {
    let has =
        |name: &str| fs::read_to_string(chart.join(name)).is_ok_and(|text| text.contains("dependencies"));
    has("Chart.yaml") || has("requirements.yaml")
}

/// Packs the chart of a folder into an item of the cache.
pub(crate) fn pack(cache: &Cache, name: &str, version: &str, folder: &Path) -> Result<Item, SourceError> {
    let file = format!("{name}-{version}.tgz");
    if file.contains(['/', '\\', ':']) {
        let problem = "is no name for an archive".to_owned();
        return Err(SourceError::Unsafe { path: file, problem });
    }
    let scratch = cache.scratch()?;
    let archive = scratch.folder().join("packed");
    pack_chart(folder, name, &archive)?;
    let failed = |source| SourceError::Io { action: format!("read `{}`", archive.display()), source };
    let content = fs::read(&archive).map_err(failed)?;
    let key = format!("packed-{}", hex(&Sha256::digest(&content)));
    if let Some(item) = cache.item(&key)? {
        return Ok(item);
    }
    cache.store(&key, |folder| fs::write(folder.join(&file), &content).map_err(failed))
}

/// Returns the archives in items, by their names.
pub(crate) fn archives<'a>(items: impl Iterator<Item = &'a Item>) -> Tree {
    items.flat_map(placing::tree_of).collect()
}

/// Puts archives into the `charts/` folder of a chart in a tree, in place of other versions of them.
pub(crate) fn insert(tree: &mut Tree, chart: &str, archives: &Tree) {
    let charts = place::join(&[chart, "charts"]);
    let above =
        std::iter::successors(Some(charts.as_str()), |way| way.rsplit_once('/').map(|(above, _)| above));
    for way in above {
        tree.entry(way.to_owned()).or_insert(Content::Folder);
    }
    let below = format!("{charts}/");
    tree.retain(|path, _| path.strip_prefix(&below).is_none_or(|file| !is_other_version(file, archives)));
    tree.extend(archives.iter().map(|(name, content)| (below.clone() + name, content.clone())));
}

/// Puts archives into the `charts/` folder of a chart of the definition; returns whether one was not there.
pub(crate) fn write(chart: &Path, archives: &Tree) -> Result<bool, Error> {
    let charts = chart.join("charts");
    fs::create_dir_all(&charts).map_err(|source| unwritable(&charts, source))?;
    let mut changed = false;
    for (name, content) in archives {
        let Content::File(from, _) = content else { continue };
        let content = fs::read(from).map_err(|source| unreadable(from, source))?;
        let target = charts.join(name);
        if fs::read(&target).is_ok_and(|there| there == content) {
            continue;
        }
        let new = charts.join(format!(".{name}.fab-new-{}", std::process::id()));
        fs::write(&new, content)
            .and_then(|()| fs::rename(&new, &target))
            .map_err(|source| unwritable(&target, source))?;
        changed = true;
    }
    for entry in fs::read_dir(&charts).map_err(|source| unreadable(&charts, source))? {
        let entry = entry.map_err(|source| unreadable(&charts, source))?;
        if is_other_version(&entry.file_name().to_string_lossy(), archives) {
            fs::remove_file(entry.path()).map_err(|source| unwritable(&entry.path(), source))?;
            changed = true;
        }
    }
    Ok(changed)
}

/// Whether a file is the archive of a chart that is put in, and not the one that is.
fn is_other_version(file: &str, archives: &Tree) -> bool {
    let Some(name) = chart_of(file) else { return false };
    !archives.contains_key(file) && archives.keys().any(|archive| chart_of(archive) == Some(name))
}

/// Returns the name of the chart in an archive, `NAME-VERSION.tgz`.
fn chart_of(file: &str) -> Option<&str> {
    let whole = file.strip_suffix(".tgz")?;
    let dashes = whole.match_indices('-').map(|(at, _)| at);
    dashes.into_iter().find(|&at| Version::parse(&whole[at + 1..]).is_ok()).map(|at| &whole[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_named_by_chart_and_version() {
        let check = |file: &str, want: Option<&str>| assert_eq!(chart_of(file), want, "{file}");
        check("web-1.2.3.tgz", Some("web"));
        check("web-app-1.2.3-rc.1.tgz", Some("web-app"));
        check("web.tgz", None);
        check("web-1.2.3.zip", None);
    }

    #[test]
    fn another_version_makes_room_and_the_rest_stays() {
        let file = || Content::File(PathBuf::from("x"), 0);
        let paths = [
            "c",
            "c/charts",
            "c/charts/other-1.0.0.tgz",
            "c/charts/web-1.0.0.tgz",
            "c/charts/web-1.0.0.tgz.prov",
        ];
        let mut tree: Tree = paths.iter().map(|path| ((*path).to_owned(), file())).collect();
        insert(&mut tree, "c", &Tree::from([("web-1.1.0.tgz".to_owned(), file())]));
        let want = [
            "c",
            "c/charts",
            "c/charts/other-1.0.0.tgz",
            "c/charts/web-1.0.0.tgz.prov",
            "c/charts/web-1.1.0.tgz",
        ];
        assert_eq!(tree.keys().collect::<Vec<_>>(), want);
    }
}
