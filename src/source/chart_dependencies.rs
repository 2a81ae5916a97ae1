//! What `helm dependency build` and `update` put into a chart's `charts/` folder.
//!
//! Dependencies stand in `Chart.yaml`, or in `requirements.yaml` of charts of the
//! first format. A lock that belongs to them says which versions; without one
//! they are chosen anew. Unlike helm, a repository need not have been given a
//! name first: its URL is enough.
//!
//! Invariant: `charts/` is touched only when everything that belongs into it is
//! there, and charts that a dependency without a repository names are left alone.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use helm::Dependency;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sprig::semver::Version;

use super::SourceError;
use super::charts::{ChartSource, Charts, FoundChart};
use super::helm_repo::constraint;
use super::http::{Download, hex};

/// Whether a lock counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// As `helm dependency build`: it says the versions, if there is one.
    Follow,
    /// As `helm dependency update`: versions are chosen anew.
    Renew,
}

/// What belongs into a chart's `charts/` folder.
#[derive(Debug)]
pub struct Plan {
    /// The dependencies in their order.
    pub entries: Vec<Entry>,
    /// The file of the lock, and its digest.
    lock: (&'static str, String),
    renews_lock: bool,
}

/// One dependency with its version.
#[derive(Debug)]
pub struct Entry {
    /// Name of the chart.
    pub name: String,
    /// The version.
    pub version: String,
    /// The repository as the chart names it, a name of helm's replaced by its URL.
    pub repository: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a dependency comes from.
#[derive(Debug)]
pub enum Origin {
    /// It lies in `charts/` already.
    Present,
    /// A folder on this machine.
    Folder(PathBuf),
    /// A repository or registry.
    Remote(Box<FoundChart>),
}

/// `Chart.lock`, or `requirements.lock`.
#[derive(Debug, Default, Deserialize)]
struct LockFile {
    #[serde(default)]
    dependencies: Option<Vec<Locked>>,
    #[serde(default)]
    digest: String,
}

/// A dependency as a lock has it.
#[derive(Debug, Clone, Default, Deserialize, Serialize, PartialEq, Eq)]
pub(super) struct Locked {
    /// Name of the chart.
    #[serde(default)]
    pub(super) name: String,
    /// The repository.
    #[serde(default)]
    pub(super) repository: String,
    /// The version, or a range if nothing is locked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) version: String,
}

/// What a chart asks for, in the versions of its lock if that counts.
pub(super) struct Requested {
    /// The dependencies in their order.
    pub(super) entries: Vec<Locked>,
    wanted: Vec<Dependency>,
    existing: Option<LockFile>,
    /// The file of the lock.
    file: &'static str,
}

/// Plans what belongs into the `charts/` of the chart in a folder.
pub fn plan(folder: &Path, lock: Lock, charts: &Charts) -> Result<Plan, SourceError> {
    let repository = |name: &str| charts.repository_url(name).map(str::to_owned);
    let requested = requested(folder, lock, &repository)?;
    let Requested { entries: locked, wanted, existing, file } = requested;
    let entries = locked.iter().map(|locked| find(folder, locked, charts)).collect::<Result<Vec<_>, _>>()?;
    let new: Vec<Locked> = entries.iter().map(Entry::locked).collect();
    let digest = digest(&wanted, &new)?;
    let renews_lock = existing.is_none_or(|existing| existing.digest != digest);
    Ok(Plan { entries, lock: (file, digest), renews_lock: renews_lock && lock == Lock::Renew })
}

/// Reads what a chart asks for; `repository` gives the URL of one that helm knows by a name.
pub(super) fn requested(
    folder: &Path,
    lock: Lock,
    repository: &dyn Fn(&str) -> Result<String, SourceError>,
) -> Result<Requested, SourceError> {
    let chart = helm::load(folder).map_err(|error| malformed(folder, &error))?;
    let is_first_format = chart.metadata.api_version == "v1";
    let file = if is_first_format { "requirements.lock" } else { "Chart.lock" };
    let mut wanted = chart.metadata.dependencies.unwrap_or_default();
    let unnamed = wanted.clone();
    for dependency in &mut wanted {
        name_repository(dependency, repository)?;
    }
    let existing = read_lock(folder)?;
    let entries = match (&existing, lock) {
        (Some(existing), Lock::Follow) => {
            let locked = existing.dependencies.clone().unwrap_or_default();
            let fits = existing.digest == digest(&wanted, &locked)?
                || (is_first_format && existing.digest == helm_2_digest(&unnamed)?);
            if !fits {
                return Err(SourceError::Unsupported(format!(
                    "{file} does not belong to the dependencies of the chart: run `helm dependency update` there and commit it"
                )));
            }
            locked
        }
        (Some(_) | None, Lock::Follow | Lock::Renew) => {
            let all = wanted.iter().map(|dependency| Locked {
                name: dependency.name.clone(),
                repository: dependency.repository.clone(),
                version: dependency.version.clone(),
            });
            all.collect()
        }
    };
    Ok(Requested { entries, wanted, existing, file })
}

impl Locked {
    /// Returns the version of the chart in a folder, which has to be one of those that are asked for.
    pub(super) fn version_in(&self, folder: &Path) -> Result<String, SourceError> {
        present_version(folder, &self.name, &self.version)
    }
}

impl Plan {
    /// Puts the dependencies into `charts/` and takes away those that are not among them.
    ///
    /// `fetch` returns the archive of a chart; it is called for each one that is remote. The lock is written
    /// where helm would write it, as made at the moment that is given.
    pub fn install(
        &self,
        folder: &Path,
        now: SystemTime,
        fetch: &dyn Fn(&FoundChart) -> Result<Download, SourceError>,
    ) -> Result<(), SourceError> {
        let mut archives: Vec<PathBuf> = Vec::new();
        let work = tempfile::Builder::new().prefix(".charts-").tempdir_in(folder);
        let work = work.map_err(|source| failed("make a folder in", folder, source))?;
        for entry in &self.entries {
            match &entry.origin {
                Origin::Present => {}
                Origin::Folder(path) => {
                    let file = work.path().join(format!("{}-{}.tgz", entry.name, entry.version));
                    if !archives.contains(&file) {
                        super::archive::pack_chart(path, &entry.name, &file)?;
                        archives.push(file);
                    }
                }
                Origin::Remote(found) => {
                    let file = work.path().join(file_name(found)?);
                    // One chart may be a dependency twice, under two names.
                    if archives.contains(&file) {
                        continue;
                    }
                    let download = fetch(found)?;
                    let stored = download.file.persist(&file);
                    stored.map_err(|error| failed("write", &file, error.error))?;
                    archives.push(file);
                }
            }
        }
        for archive in &archives {
            helm::load(archive).map_err(|error| malformed(archive, &error))?;
        }
        self.replace(folder, &archives)?;
        if self.renews_lock { self.write_lock(folder, now) } else { Ok(()) }
    }

    /// Moves the archives into `charts/` and removes the ones that were there before.
    fn replace(&self, folder: &Path, archives: &[PathBuf]) -> Result<(), SourceError> {
        let charts = folder.join("charts");
        fs::create_dir_all(&charts).map_err(|source| failed("make", &charts, source))?;
        let mut before = Vec::new();
        for entry in fs::read_dir(&charts).map_err(|source| failed("read", &charts, source))? {
            before.push(entry.map_err(|source| failed("read", &charts, source))?.path());
        }
        let names = || archives.iter().filter_map(|archive| archive.file_name());
        for archive in archives {
            let place = charts.join(archive.file_name().unwrap_or_default());
            fs::rename(archive, &place).map_err(|source| failed("write", &place, source))?;
        }
        for file in before.iter().filter(|file| file.is_file()) {
            let stays = names().any(|name| file.file_name() == Some(name)) || self.is_present(file);
            if !stays {
                fs::remove_file(file).map_err(|source| failed("remove", file, source))?;
            }
        }
        Ok(())
    }

    /// Returns whether a file in `charts/` stays: one that is no chart, or that a dependency takes from there.
    fn is_present(&self, file: &Path) -> bool {
        let Ok(chart) = helm::load(file) else { return true };
        let mut present = self.entries.iter().filter(|entry| matches!(entry.origin, Origin::Present));
        present.any(|entry| entry.name == chart.metadata.name)
    }

    fn write_lock(&self, folder: &Path, now: SystemTime) -> Result<(), SourceError> {
        #[derive(Serialize)]
        struct Content<'a> {
            dependencies: Vec<Locked>,
            digest: &'a str,
            generated: String,
        }
        let (name, digest) = &self.lock;
        let dependencies = self.entries.iter().map(Entry::locked).collect();
        let file = folder.join(name);
        let generated = Timestamp::try_from(now).map(|now| now.to_string());
        let generated = generated.map_err(|error| malformed(&file, &error))?;
        let text = goyaml::to_string(&Content { dependencies, digest, generated });
        let text = text.map_err(|error| malformed(&file, &error))?;
        if fs::symlink_metadata(&file).is_ok_and(|found| found.is_symlink()) {
            return Err(failed("write", &file, io::Error::other("it is a link")));
        }
        fs::write(&file, text).map_err(|source| failed("write", &file, source))
    }
}

impl Entry {
    fn locked(&self) -> Locked {
        Locked { name: self.name.clone(), repository: self.repository.clone(), version: self.version.clone() }
    }
}

/// Puts the URL in place of a name that helm knows: `@name` or `alias:name`.
fn name_repository(
    dependency: &mut Dependency,
    url_of: &dyn Fn(&str) -> Result<String, SourceError>,
) -> Result<(), SourceError> {
    let repository = &dependency.repository;
    let Some(name) = repository.strip_prefix('@').or_else(|| repository.strip_prefix("alias:")) else {
        return Ok(());
    };
    dependency.repository = url_of(name)?;
    Ok(())
}

fn find(folder: &Path, locked: &Locked, charts: &Charts) -> Result<Entry, SourceError> {
    let Locked { name, repository, version } = locked;
    let entry = |version: String, origin| Entry {
        name: name.clone(),
        version,
        repository: repository.clone(),
        origin,
    };
    if repository.is_empty() {
        present_version(&folder.join("charts").join(name), name, version)?;
        return Ok(entry(version.clone(), Origin::Present));
    }
    if let Some(path) = repository.strip_prefix("file://") {
        let path = local_folder(folder, path);
        let found = present_version(&path, name, version)?;
        return Ok(entry(found, Origin::Folder(path)));
    }
    let source = if repository.starts_with("oci://") {
        let reference = format!("{}/{name}", repository.trim_end_matches('/'));
        ChartSource::Registry { reference, version: version.clone() }
    } else {
        ChartSource::Repository { url: repository.clone(), chart: name.clone(), version: version.clone() }
    };
    let found = charts.find(&source)?;
    Ok(entry(found.version.clone(), Origin::Remote(Box::new(found))))
}

/// Returns the version of the chart in a folder, which has to be one of those that are wanted.
fn present_version(folder: &Path, name: &str, wanted: &str) -> Result<String, SourceError> {
    if !folder.is_dir() {
        return Err(SourceError::NotFound {
            what: format!("folder {} of dependency `{name}`", folder.display()),
            near: Vec::new(),
        });
    }
    let chart = helm::load(folder).map_err(|error| malformed(folder, &error))?;
    let found = chart.metadata.version;
    let fits = Version::parse(&found)
        .is_ok_and(|version| constraint(wanted).is_ok_and(|range| range.check(&version)));
    constraint(wanted)?;
    if fits {
        Ok(found)
    } else {
        Err(SourceError::NotFound {
            what: format!("version `{wanted}` of dependency `{name}` in {}", folder.display()),
            near: vec![found],
        })
    }
}

/// Returns the folder that a `file://` path means: absolute, or relative to the chart.
pub(super) fn local_folder(folder: &Path, path: &str) -> PathBuf {
    let mut resolved = if path.starts_with('/') { PathBuf::new() } else { folder.to_owned() };
    for part in Path::new(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(resolved.pop()),
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => resolved.push(part),
        }
    }
    resolved
}

/// Returns the name of a chart's archive, which has to be one.
pub(super) fn file_name(found: &FoundChart) -> Result<String, SourceError> {
    let name = found.file_name();
    let is_plain = !name.starts_with('.') && !name.contains(['/', '\\', ':']);
    is_plain
        .then_some(name.clone())
        .ok_or_else(|| SourceError::Unsafe { path: name, problem: "is no name for an archive".to_owned() })
}

fn read_lock(folder: &Path) -> Result<Option<LockFile>, SourceError> {
    for name in ["requirements.lock", "Chart.lock"] {
        let file = folder.join(name);
        match fs::read(&file) {
            Ok(text) => return goyaml::from_slice(&text).map(Some).map_err(|error| malformed(&file, &error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(failed("read", &file, source)),
        }
    }
    Ok(None)
}

/// A dependency as helm hashes it: Go's JSON of its struct.
#[derive(Serialize)]
struct Hashed<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
    repository: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    condition: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    #[serde(rename = "import-values", skip_serializing_if = "<[goyaml::Value]>::is_empty")]
    import_values: &'a [goyaml::Value],
    #[serde(skip_serializing_if = "str::is_empty")]
    alias: &'a str,
}

impl<'a> From<&'a Dependency> for Hashed<'a> {
    fn from(dependency: &'a Dependency) -> Self {
        Self {
            name: &dependency.name,
            version: &dependency.version,
            repository: &dependency.repository,
            condition: &dependency.condition,
            tags: dependency.tags.as_deref().unwrap_or_default(),
            import_values: dependency.import_values.as_deref().unwrap_or_default(),
            alias: &dependency.alias,
        }
    }
}

impl<'a> From<&'a Locked> for Hashed<'a> {
    fn from(locked: &'a Locked) -> Self {
        let Locked { name, repository, version } = locked;
        Self { name, version, repository, condition: "", tags: &[], import_values: &[], alias: "" }
    }
}

/// Returns the digest that helm writes into a lock.
fn digest(wanted: &[Dependency], locked: &[Locked]) -> Result<String, SourceError> {
    let wanted: Vec<Hashed<'_>> = wanted.iter().map(Hashed::from).collect();
    let locked: Vec<Hashed<'_>> = locked.iter().map(Hashed::from).collect();
    go_digest(&[wanted, locked])
}

/// Returns the digest that helm 2 wrote.
fn helm_2_digest(wanted: &[Dependency]) -> Result<String, SourceError> {
    let wanted: Vec<Hashed<'_>> = wanted.iter().map(Hashed::from).collect();
    go_digest(&std::collections::BTreeMap::from([("dependencies", wanted)]))
}

fn go_digest(value: &impl Serialize) -> Result<String, SourceError> {
    let json = serde_json::to_string(value).map_err(|error| SourceError::Malformed {
        what: "the dependencies".to_owned(),
        message: error.to_string(),
    })?;
    // Go escapes what could end a script in HTML.
    let json = json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    Ok(format!("sha256:{}", hex(&Sha256::digest(json))))
}

fn malformed(path: &Path, error: &dyn std::error::Error) -> SourceError {
    SourceError::Malformed { what: path.display().to_string(), message: error.to_string() }
}

fn failed(action: &str, path: &Path, source: io::Error) -> SourceError {
    SourceError::Io { action: format!("{action} {}", path.display()), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    // What helm 4.2.4 wrote into Chart.lock for the same dependencies.
    #[test]
    fn the_digest_of_a_lock_is_helms() {
        let chart = helm::load_files(vec![(
            "Chart.yaml".to_owned(),
            "apiVersion: v2
name: parent
version: 0.1.0
dependencies:
- name: web
  version: ^1.0
  repository: http://127.0.0.1:18181
  condition: web.enabled
  tags: [a, \"b<c&d>\"]
  alias: front
  import-values: [x, {child: a, parent: b}]
- name: loc
  version: \">=0.1\"
  repository: file://../loc-0.3.0
"
            .into(),
        )]);
        let wanted = chart.expect("it is fine").metadata.dependencies.expect("there are two");
        let locked = |name: &str, repository: &str, version: &str| Locked {
            name: name.to_owned(),
            repository: repository.to_owned(),
            version: version.to_owned(),
        };
        let locked = [
            locked("web", "http://127.0.0.1:18181", "1.10.0"),
            locked("loc", "file://../loc-0.3.0", "0.3.0"),
        ];
        assert_eq!(
            digest(&wanted, &locked).expect("it has one"),
            "sha256:91a2708dd670d5b75f40ef70fd69ea3d7c38ee0e536fbc618a04ecc89dcee2f4"
        );
    }

    #[test]
    fn a_folder_is_relative_to_the_chart() {
        let check =
            |path: &str, want: &str| assert_eq!(local_folder(Path::new("/c/p"), path), Path::new(want));
        check("../loc", "/c/loc");
        check("./sub", "/c/p/sub");
        check("/abs", "/abs");
    }
}
