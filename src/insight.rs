//! What `fab` tells of a chart where Helm is silent: which line of a template is to
//! blame, where a value came from, what differs in the next run, what nobody reads.
//!
//! Invariant: all of it comes after the fact. A chart that renders without randomness
//! and whose values nobody asks about pays for none of this.

use std::path::Path;

use helm::values::Overrides;
use helm::{Chance, Chart, Diagnosis, Found, Missing, ReadValue, Site, Source, Trace, Usage, ValuePath};

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
    /// Says where the user would set a value that nothing sets.
    pub(crate) home: &'a dyn Fn(&[String]) -> String,
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
            note: missing.map(|missing| self.note(missing)).or_else(|| self.refused(&diagnosis.refused)),
            hint: missing.and_then(|missing| self.hint(missing)),
        }
    }

    /// Puts what is known of a line of the output into the user's words.
    pub(crate) fn blame(&self, trace: Trace) -> Blame {
        let mut notes = Vec::new();
        for read in &trace.reads {
            let keys = leading_keys(read);
            let note = self.set_by(&keys).map(|place| format!("`{}` is set at {place}", dotted(&keys)));
            notes.extend(note.filter(|note| !notes.contains(note)));
        }
        let because = trace.because.into_iter();
        Blame {
            trail: trace.sites.into_iter().map(|site| self.place(site)).collect(),
            notes,
            reads: trace.reads.into_iter().map(steps).collect(),
            because: because
                .map(|(site, reads)| (self.place(site), reads.into_iter().map(steps).collect()))
                .collect(),
        }
    }

    pub(crate) fn place(&self, site: Site) -> Place {
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

    /// Says where the values are set that a schema does not take.
    fn refused(&self, all: &[Vec<String>]) -> Option<String> {
        let mut notes: Vec<String> = Vec::new();
        for keys in all.iter().filter(|keys| !keys.is_empty()) {
            let note = self.set_by(keys).map(|place| format!("`{}` is set at {place}", dotted(keys)));
            notes.extend(note.filter(|note| !notes.contains(note)));
        }
        (!notes.is_empty()).then(|| notes.join("\n"))
    }

    /// Says what may be meant, and where the value can be set.
    fn hint(&self, missing: &Missing) -> Option<String> {
        let (key, parent) = missing.keys.split_last()?;
        if matches!(missing.found, Found::Other(_)) {
            return None;
        }
        let near = closest(key, missing.siblings.iter().map(String::as_str)).map(|near| {
            let keys = [parent, &[near.to_owned()]].concat();
            let set_by = self.set_by(&keys).map_or_else(String::new, |place| format!(" ({place})"));
            format!("did you mean `{}`{set_by}?", dotted(&keys))
        });
        // A chart's globals are those of its parent.
        let keys = global(&missing.keys).unwrap_or(&missing.keys);
        let home =
            (self.setter)(keys).is_none().then(|| format!("`{}` in {}", dotted(keys), (self.home)(keys)));
        match (near, home) {
            (Some(near), Some(home)) => Some(format!("{near} Otherwise set {home}")),
            (near, home) => near.or_else(|| Some(format!("set {}", home?))),
        }
    }

    /// Returns what sets a value: something of the user's, else a default of the chart.
    fn set_by(&self, keys: &[String]) -> Option<String> {
        // A chart's globals are those of its parent.
        let of_user = (self.setter)(keys).or_else(|| (self.setter)(global(keys)?));
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

/// Says where a value would be set among the options of a command line: in the file that sets what it would be in, else
/// in the last one.
pub(crate) fn home(
    overrides: &Overrides,
    keys: &[String],
    read: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> String {
    let of_parent = (1..keys.len()).rev().find_map(|end| match overrides.setter(&keys[..end], read)? {
        helm::values::Setter::File { path, .. } => Some(path),
        helm::values::Setter::Option(_) => None,
    });
    let last = || overrides.files.iter().rfind(|file| file.trim() != "-").cloned();
    of_parent.or_else(last).unwrap_or_else(|| "a file of values (-f), or by --set".to_owned())
}

/// Returns the keys of a subchart's global in the chart that gives it.
fn global(keys: &[String]) -> Option<&[String]> {
    keys.iter().skip(1).position(|key| key == "global").map(|at| &keys[at + 1..])
}

/// Returns the keys of a path up to the first list.
fn leading_keys(path: &[helm::Step]) -> Vec<String> {
    let key = |step: &helm::Step| match step {
        helm::Step::Key(key) => Some(key.clone()),
        helm::Step::Index(_) => None,
    };
    path.iter().map_while(key).collect()
}

/// Returns a path in the values of a chart as one in a document.
pub(crate) fn steps(path: ValuePath) -> Vec<Step> {
    let step = |step| match step {
        helm::Step::Key(key) => Step::Key(key),
        helm::Step::Index(at) => Step::Index(at),
    };
    path.into_iter().map(step).collect()
}

/// Joins keys as `--set` takes them.
pub(crate) fn dotted(keys: &[String]) -> String {
    keys.join(".")
}
