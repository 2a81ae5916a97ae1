//! What `fab` tells of a chart where Helm is silent: which line of a template is to
//! blame, where a value came from, what differs in the next run, what nobody reads.
//!
//! Invariant: all of it comes after the fact. A chart that renders without randomness
//! and whose values nobody asks about pays for none of this.

use std::path::Path;

use helm::values::Overrides;
use helm::{Chance, Chart, Diagnosis, Found, Missing, ReadValue, Site, Source, Usage};

use crate::definition::place;
use crate::document::Step;
use crate::edit::path;
use crate::error::{Place, Position, Warning, WarningKind};
use crate::generate::Blame;
use kubeschema::closest;

/// Why a chart failed, beyond what Helm says.
#[derive(Debug, Clone, Default)]
pub struct Cause {
    /// Where it failed.
    pub place: Option<Place>,
    /// What made the text at that place: the line of a template, then those that included it.
    pub trail: Vec<Place>,
    /// Which value was not there, and where its parent is set.
    pub note: Option<String>,
    /// What may be meant.
    pub hint: Option<String>,
}

impl Cause {
    /// Returns a cause of which only the place is known.
    pub(crate) fn at(place: Place) -> Self {
        Cause { place: Some(place), ..Cause::default() }
    }
}

/// A chart as messages speak of it.
pub(crate) struct Shown<'a> {
    /// The chart.
    pub(crate) chart: &'a Chart,
    /// Its path, as the user would type it.
    pub(crate) path: &'a str,
    /// Tells where the user sets the value that keys lead to.
    pub(crate) setter: &'a dyn Fn(&[String]) -> Option<String>,
}

/// A given value that no template reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The keys that lead to it.
    pub keys: Vec<String>,
    /// What sets it.
    pub set_by: Option<String>,
    /// What may be meant: a value that is read and that the user does not set.
    pub suggestion: Option<String>,
}

impl Shown<'_> {
    /// Puts a diagnosis into the user's words.
    pub(crate) fn cause(&self, diagnosis: Diagnosis) -> Cause {
        let missing = diagnosis.missing.as_ref();
        Cause {
            place: diagnosis.site.map(|site| self.place(site)),
            trail: diagnosis.trail.into_iter().map(|site| self.place(site)).collect(),
            note: missing.map(|missing| self.note(missing)),
            hint: missing.and_then(|missing| self.hint(missing)),
        }
    }

    /// Puts the lines of templates that made a line of the output into the user's words.
    pub(crate) fn blame(&self, sites: Vec<Site>) -> Blame {
        let mut notes = Vec::new();
        for site in &sites {
            let line = site.text.lines().nth(site.line.saturating_sub(1)).unwrap_or_default();
            for mut keys in values_in(line) {
                // A subchart's values are below its name.
                let parts: Vec<&str> = site.path.split('/').collect();
                let names =
                    parts.chunks(2).take_while(|pair| pair[0] == "charts").filter_map(|pair| pair.get(1));
                let names: Vec<String> = names.map(|name| (*name).to_owned()).collect();
                keys.splice(0..0, names);
                let note = self.set_by(&keys).map(|place| format!("`{}` is set at {place}", dotted(&keys)));
                notes.extend(note.filter(|note| !notes.contains(note)));
            }
        }
        Blame { trail: sites.into_iter().map(|site| self.place(site)).collect(), notes }
    }

    fn place(&self, site: Site) -> Place {
        Place {
            file: place::join(&[self.path, &site.path]),
            position: Some(Position { line: site.line, column: site.column }),
            text: site.text.into(),
        }
    }

    fn note(&self, missing: &Missing) -> String {
        let name = dotted(&missing.keys);
        let parent = missing.keys.split_last().map_or(&[][..], |(_, parent)| parent);
        let (what, keys) = match missing.found {
            Found::Nothing => ("not set", parent),
            Found::Null => ("null", missing.keys.as_slice()),
            Found::EmptyText => ("empty", missing.keys.as_slice()),
            Found::Other(kind) => (kind, missing.keys.as_slice()),
        };
        let set_by = self.set_by(keys).filter(|_| !keys.is_empty());
        let subject = if keys == parent { format!("`{}`", dotted(parent)) } else { "it".to_owned() };
        let origin = set_by.map_or_else(String::new, |place| format!("; {subject} comes from {place}"));
        format!("`{name}` is {what}{origin}")
    }

    fn hint(&self, missing: &Missing) -> Option<String> {
        let (key, parent) = missing.keys.split_last()?;
        let found = matches!(missing.found, Found::Other(_));
        let near = closest(key, missing.siblings.iter().map(String::as_str)).filter(|_| !found)?;
        let keys = [parent, &[near.to_owned()]].concat();
        let set_by = self.set_by(&keys).map_or_else(String::new, |place| format!(" ({place})"));
        Some(format!("did you mean `{}`{set_by}?", dotted(&keys)))
    }

    /// Returns what sets a value: something of the user's, else a default of the chart.
    fn set_by(&self, keys: &[String]) -> Option<String> {
        // A chart's globals are those of its parent.
        let global = keys.iter().skip(1).position(|key| key == "global").map(|at| &keys[at + 1..]);
        let of_user = (self.setter)(keys).or_else(|| (self.setter)(global?));
        of_user.or_else(|| self.chart.default_site(keys).map(|site| self.place(site).to_string()))
    }

    /// Returns a warning for each place that makes the output differ from run to run.
    pub(crate) fn warnings(&self, chances: &[Chance]) -> Vec<Warning> {
        chances.iter().map(|chance| self.warning(chance)).collect()
    }

    /// Returns the place of a function in the files of the chart.
    pub(crate) fn chance_place(&self, chance: &Chance) -> Place {
        let position = chance.of.position.as_ref();
        let of_template = position.and_then(|position| {
            let file = position.file.to_text();
            let (_, path) = file.split_once('/')?;
            let line = usize::try_from(position.line).ok()?;
            let column = position.column.and_then(|column| usize::try_from(column).ok()).unwrap_or(0) + 1;
            Some((place::join(&[self.path, path]), Some(Position { line, column })))
        });
        // What `tpl` renders is no file; the template that called it is.
        let (file, position) = of_template.unwrap_or_else(|| {
            let path = chance.path.split_once('/').map_or(chance.path.as_str(), |(_, path)| path);
            (place::join(&[self.path, path]), None)
        });
        Place { position, ..Place::file(file) }
    }

    fn warning(&self, chance: &Chance) -> Warning {
        let remedy = match (
            chance.of.sources.contains(&Source::Randomness),
            chance.of.sources.contains(&Source::Clock),
        ) {
            (true, true) => "--seed and --seed-date",
            (false, true) => "--seed-date",
            (_, false) => "--seed",
        };
        Warning {
            place: Some(self.chance_place(chance)),
            kind: WarningKind::Chance { function: chance.of.function, remedy },
        }
    }

    /// Returns the given values that nobody reads.
    pub(crate) fn unread(&self, usage: &Usage) -> Vec<Unread> {
        let is_free = |read: &&ReadValue| !read.whole && (self.setter)(&read.keys).is_none();
        let free: Vec<&[String]> =
            usage.read.iter().filter(is_free).map(|read| read.keys.as_slice()).collect();
        let unread = |keys: &Vec<String>| Unread {
            keys: keys.clone(),
            set_by: (self.setter)(keys),
            suggestion: near_path(keys, &free),
        };
        usage.unread.iter().map(unread).collect()
    }
}

/// Returns the path that differs from `keys` in one key only, and not by much.
pub(crate) fn near_path(keys: &[String], candidates: &[&[String]]) -> Option<String> {
    let like_but_for = |at: usize| {
        let alike = candidates.iter().filter(move |path| {
            path.len() == keys.len() && path.iter().zip(keys).enumerate().all(|(i, (a, b))| i == at || a == b)
        });
        alike.map(move |path| path[at].as_str())
    };
    (0..keys.len()).rev().find_map(|at| {
        let near = closest(&keys[at], like_but_for(at))?;
        let mut keys = keys.to_vec();
        near.clone_into(&mut keys[at]);
        Some(path::show(&keys.into_iter().map(Step::Key).collect::<Vec<_>>()))
    })
}

/// Returns the name in a folder that may be meant by a path that leads to nothing there.
pub(crate) fn near_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A folder that cannot be read has no names to suggest.
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    closest(name, names.iter().map(String::as_str)).map(str::to_owned)
}

/// Returns what sets a value among the options of a command line.
pub(crate) fn setter(
    overrides: &Overrides,
    keys: &[String],
    read: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Option<String> {
    match overrides.setter(keys, read)? {
        helm::values::Setter::Option(option) => Some(option.to_owned()),
        helm::values::Setter::File { path, line, column } => Some(format!("{path}:{line}:{column}")),
    }
}

/// Returns the paths of the values that a line of a template names, as in `.Values.image.tag`.
fn values_in(line: &str) -> Vec<Vec<String>> {
    let rests = line.split(".Values.").skip(1);
    let paths = rests.map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').unwrap_or(rest.len());
        rest[..end].split('.').filter(|key| !key.is_empty()).map(str::to_owned).collect::<Vec<String>>()
    });
    paths.filter(|path| !path.is_empty()).collect()
}

/// Joins keys as `--set` takes them.
pub(crate) fn dotted(keys: &[String]) -> String {
    keys.join(".")
}
