//! Where schemas are that `fab` does not bring along: `--schema-location`, and the
//! folder `schemas/` of a definition.
//!
//! Locations are asked in their order, and the first one with a file for a kind
//! decides; `default` is what `fab` knows itself, and comes first where it is not
//! named. A path with `{{` is a template as kubeconform (0.8) reads it. In a folder,
//! files are looked for under the names that the usual tools give them, and its
//! CustomResourceDefinitions count as `fab`'s own knowledge. Files are read when a
//! resource needs them.
//!
//! Invariant: no name in a manifest leads out of the folder of a location.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use gotmpl::{Exec, Functions, MissingKey, Options, Parsed, Templates, Value as Data};
use kubeschema::Minor;

use super::json_schema::{JsonSchema, Unusable};
use crate::error::Error;

/// What stands for the schemas of `fab` itself.
const DEFAULT: &str = "default";

/// What kubeconform appends to a location that names no file: the names in `kubernetes-json-schema`.
const COLLECTION: &str = "{{ .NormalizedKubernetesVersion }}-standalone{{ .StrictSuffix }}/{{ .ResourceKind }}{{ .KindSuffix }}.json";

/// The names of schemas in a folder: in the catalog of CRDs, as `openapi2jsonschema` writes them, and in
/// `kubernetes-json-schema`.
const NAMES: [&str; 4] = [
    "{{ .Group }}/{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json",
    "{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json",
    "{{ .ResourceKind }}{{ .KindSuffix }}.json",
    COLLECTION,
];

/// The name of the one template in a set.
const TEMPLATE: &str = "schema location";

/// What schemas are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Wanted {
    api_version: String,
    kind: String,
    minor: Minor,
}

/// The places of schemas, in the order in which they are asked.
#[derive(Debug)]
pub(super) struct Locations {
    before_default: Vec<Location>,
    after_default: Vec<Location>,
    functions: Functions,
    /// What was found for each kind, on either side of `default`.
    found: Mutex<HashMap<(Wanted, Side), Found>>,
}

/// What a location has for a kind: nothing, a schema, or a file that is none.
pub(super) type Found = Option<Result<Arc<JsonSchema>, Unusable>>;

/// On which side of `default` a location is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Before,
    After,
}

#[derive(Debug)]
struct Location {
    /// The folder that nothing leads out of.
    root: PathBuf,
    /// Names of files below it.
    names: Vec<Templates>,
    /// The only file that counts, whatever the names say.
    file: Option<PathBuf>,
    /// Whether the names are the user's.
    is_template: bool,
}

impl Wanted {
    /// Returns what to ask for, if a file can be named after it.
    pub(super) fn new(api_version: &str, kind: &str, minor: Minor) -> Option<Self> {
        let is_name = |text: &str| {
            let is_part = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
            text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.chars().all(is_part)
                && !text.contains("..")
        };
        let are_names = api_version.split('/').all(is_name) && api_version.matches('/').count() <= 1;
        (are_names && is_name(kind)).then(|| Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            minor,
        })
    }

    /// Returns the variables of templates, as kubeconform has them: without a group, the version is the group.
    fn variables(&self) -> Data {
        let (group, version) =
            self.api_version.split_once('/').unwrap_or((&self.api_version, &self.api_version));
        let first = group.split('.').next().unwrap_or_default().to_lowercase();
        let suffix = match self.api_version.contains('/') {
            true => format!("-{first}-{}", version.to_lowercase()),
            false => format!("-{first}"),
        };
        Data::map([
            ("NormalizedKubernetesVersion", Data::str(format!("v{}.0", self.minor))),
            ("StrictSuffix", Data::str("-strict")),
            ("ResourceKind", Data::str(self.kind.to_lowercase())),
            ("ResourceAPIVersion", Data::str(version)),
            ("Group", Data::str(group)),
            ("KindSuffix", Data::str(suffix)),
        ])
    }
}

impl Locations {
    /// Reads locations; paths start from a folder.
    ///
    /// # Errors
    ///
    /// A location is on the network, is not there, or is no template.
    pub(super) fn read(given: &[String], from: &Path) -> Result<Self, Error> {
        let functions = Functions::new(&[]);
        let (mut before_default, mut after_default) = (Vec::new(), Vec::new());
        let at = given.iter().position(|location| location == DEFAULT);
        for (number, location) in given.iter().enumerate().filter(|(_, location)| *location != DEFAULT) {
            let side =
                if at.is_some_and(|at| number < at) { &mut before_default } else { &mut after_default };
            side.push(Location::read(location, from, &functions)?);
        }
        Ok(Self { before_default, after_default, functions, found: Mutex::default() })
    }

    /// Whether nothing is to be asked but `fab` itself.
    pub(super) fn is_empty(&self) -> bool {
        self.before_default.is_empty() && self.after_default.is_empty()
    }

    /// Returns the files that were looked for in vain, as far as users named them.
    pub(super) fn missed(&self, wanted: &Wanted) -> Vec<String> {
        let locations = self.before_default.iter().chain(&self.after_default);
        let paths = locations.filter(|location| location.is_template).flat_map(|location| {
            let names = location.names.iter();
            names.filter_map(|name| Some(location.root.join(render(name, wanted, &self.functions).ok()?)))
        });
        paths.map(|path| super::files::shown(&path)).collect()
    }

    /// Adds a folder that is asked last.
    pub(super) fn add_folder(&mut self, folder: PathBuf) {
        self.after_default.push(Location::folder(folder, &self.functions));
    }

    /// Returns what the locations before or after `default` have for a kind.
    pub(super) fn find(&self, wanted: &Wanted, side: Side) -> Found {
        let locations = match side {
            Side::Before => &self.before_default,
            Side::After => &self.after_default,
        };
        if locations.is_empty() {
            return None;
        }
        let key = (wanted.clone(), side);
        let known = self.found.lock().expect("nothing panics while it is held").get(&key).cloned();
        known.unwrap_or_else(|| {
            let found = locations.iter().find_map(|location| location.find(wanted, &self.functions));
            let mut all = self.found.lock().expect("nothing panics while it is held");
            // Another thread may have read it meanwhile.
            all.entry(key).or_insert(found).clone()
        })
    }
}

/// Returns the folders and files in which definitions of custom resources are looked for.
pub(super) fn with_definitions(given: &[String], from: &Path) -> Vec<PathBuf> {
    let plain = given.iter().filter(|location| *location != DEFAULT && !location.contains("{{"));
    plain.map(|location| from.join(location)).collect()
}

impl Location {
    fn read(location: &str, from: &Path, functions: &Functions) -> Result<Self, Error> {
        let wrong = |problem: String| Error::SchemaLocation { location: location.to_owned(), problem };
        if location.is_empty() {
            return Err(wrong("it is empty".to_owned()));
        }
        if location.contains("://") {
            return Err(Error::RemoteSchemas { location: location.to_owned() });
        }
        let Some(open) = location.find("{{") else {
            let path = from.join(location);
            return if path.is_dir() {
                Ok(Self::folder(path, functions))
            } else if path.is_file() {
                let root = path.parent().map(Path::to_owned).unwrap_or_default();
                Ok(Self { root, names: Vec::new(), file: Some(path), is_template: false })
            } else {
                Err(wrong("there is no such file or folder".to_owned()))
            };
        };
        let (folder, rest) = match location[..open].rfind('/') {
            Some(slash) => location.split_at(slash + 1),
            None => ("", location),
        };
        let rest = match rest.ends_with("json") {
            true => Cow::from(rest),
            false => Cow::from(format!("{rest}/{COLLECTION}")),
        };
        let mut location = Self { root: from.join(folder), names: Vec::new(), file: None, is_template: true };
        let template = template(&rest, functions).map_err(|err| wrong(err.to_string()))?;
        let example = Wanted::new("apps/v1", "Deployment", Minor::LAST).expect("these are names");
        render(&template, &example, functions).map_err(|err| wrong(err.to_string()))?;
        location.names.push(template);
        Ok(location)
    }

    fn folder(root: PathBuf, functions: &Functions) -> Self {
        let names = NAMES.iter().map(|name| template(name, functions).expect("these are templates"));
        Self { root, names: names.collect(), file: None, is_template: false }
    }

    fn find(&self, wanted: &Wanted, functions: &Functions) -> Found {
        if let Some(file) = &self.file {
            let found = JsonSchema::read(&self.root, file)?;
            let is_for = |schema: &Arc<JsonSchema>| {
                is_named(file, wanted) || schema.is_for(&wanted.api_version, &wanted.kind)
            };
            return Some(found)
                .filter(|found| found.as_ref().map_or_else(|_| is_named(file, wanted), is_for));
        }
        self.names.iter().find_map(|name| {
            let path = render(name, wanted, functions).ok()?;
            JsonSchema::read(&self.root, &self.root.join(path))
        })
    }
}

/// Whether a file has one of the names for a kind.
fn is_named(file: &Path, wanted: &Wanted) -> bool {
    let functions = Functions::new(&[]);
    NAMES.iter().any(|name| {
        let path = template(name, &functions).and_then(|name| render(&name, wanted, &functions));
        path.is_ok_and(|path| Path::new(&path).file_name() == file.file_name())
    })
}

fn template(text: &str, functions: &Functions) -> Result<Templates, gotmpl::Error> {
    let mut templates = Templates::new(TEMPLATE);
    templates.add(&Parsed::new(TEMPLATE, text.as_bytes(), functions)?);
    Ok(templates)
}

fn render(template: &Templates, wanted: &Wanted, functions: &Functions) -> Result<String, gotmpl::Error> {
    let options = Options { missing_key: MissingKey::Error, ..Options::default() };
    let text = Exec::new(template, functions, options).run(TEMPLATE, wanted.variables())?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
