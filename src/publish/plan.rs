//! What publishing changes on a branch, by what is on it now.
//!
//! Nothing is pushed here; if the branch moves, another plan is made.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::{Changes, Resources};
use super::error::PublishError;
use super::hold::{self, Hold};
use super::hydrator::{self, Note, Recorded, metadata};
use super::leftover::Leftover;
use super::owned::{self, Owned, sha256};
use super::settings::Destination;
use super::{Branch, Override, Piece, Run, Verdict};
use crate::error::{Error, Failure};
use crate::git::{Id, Manifests, Order};
use crate::render::count_documents;
use crate::source::SourceError;

/// How far back notes are looked for.
const LOOK_BACK: usize = 1000;

/// What publishing changes on a branch.
pub(super) struct Plan {
    /// The tip of the branch; none if there is no such branch.
    pub(super) tip: Option<Id>,
    /// What a commit follows: the tip, or where the branch begins.
    pub(super) base: Option<Id>,
    /// What becomes of each environment.
    pub(super) states: Vec<State>,
    /// The environments that are not part of the definition any more.
    pub(super) leftovers: Vec<Leftover>,
    /// The files of those that are removed.
    pub(super) pruned: BTreeSet<String>,
    /// What guards object to.
    pub(super) failures: Vec<Failure>,
}

/// What becomes of an environment.
pub(super) struct State {
    pub(super) verdict: Verdict,
    /// The manifests that change, by their paths in the repository; none for those that go.
    pub(super) files: BTreeMap<String, Option<Id>>,
    /// The files that `fab` keeps its books in, if they are another text.
    pub(super) books: BTreeMap<String, Option<Id>>,
    /// The source commit that it is up to date with already.
    pub(super) recorded: Option<String>,
    /// The digest lines of its files.
    pub(super) lines: String,
}

impl State {
    fn idle(verdict: Verdict, recorded: Option<String>) -> Self {
        State { verdict, files: BTreeMap::new(), books: BTreeMap::new(), recorded, lines: String::new() }
    }

    /// Whether this source commit is what it is from, or would be.
    pub(super) fn is_current(&self) -> bool {
        matches!(self.verdict, Verdict::Published { .. } | Verdict::Unchanged)
    }
}

impl Plan {
    /// Whether there is something to commit.
    pub(super) fn is_commit(&self) -> bool {
        !self.pruned.is_empty()
            || self.states.iter().any(|state| matches!(state.verdict, Verdict::Published { .. }))
    }

    /// Returns all files that change.
    pub(super) fn files(&self) -> BTreeMap<String, Option<Id>> {
        let of_states = self.states.iter().flat_map(|state| state.files.iter().chain(&state.books));
        let pruned = self.pruned.iter().map(|path| (path.clone(), None));
        of_states.map(|(path, blob)| (path.clone(), *blob)).chain(pruned).collect()
    }
}

impl Run<'_> {
    /// Fetches all branches, and plans what changes on each.
    pub(super) fn plan_all(
        &self,
        manifests: &mut Manifests<'_>,
        branches: &[Branch<'_>],
    ) -> Result<Vec<Plan>, SourceError> {
        let names: BTreeSet<&String> =
            branches.iter().flat_map(|branch| [&branch.name, &branch.active]).collect();
        manifests.fetch(&names.into_iter().cloned().collect::<Vec<_>>())?;
        branches.iter().map(|branch| self.plan(manifests, branch)).collect()
    }

    /// Plans what changes on a branch, which was fetched.
    pub(super) fn plan(
        &self,
        manifests: &mut Manifests<'_>,
        branch: &Branch<'_>,
    ) -> Result<Plan, SourceError> {
        let tip = manifests.tip(&branch.name);
        let base = match (tip, manifests.tip(&branch.active)) {
            (Some(tip), _) => Some(tip),
            (None, Some(active)) => Some(active),
            // A branch that has one environment alone begins with nothing.
            (None, None) if branch.is_alone() => None,
            (None, None) => manifests.fetch_head()?,
        };
        let all = base.map(|base| manifests.files(base, "")).transpose()?.unwrap_or_default();
        let mut plan = Plan {
            tip,
            base,
            states: Vec::new(),
            leftovers: Vec::new(),
            pruned: BTreeSet::new(),
            failures: Vec::new(),
        };
        let mut names = vec![&branch.name, &branch.active];
        names.dedup();
        for name in names.into_iter().filter(|name| manifests.tip(name).is_none()) {
            if let Some(other) = manifests.branches().into_iter().find(|other| excludes(name, other)) {
                let error = PublishError::BranchInTheWay { branch: name.clone(), other };
                plan.failures.push(Failure::of_run(Error::from(error)));
            }
        }
        for piece in &branch.pieces {
            let state = self.state((manifests, base), piece, &all, &mut plan.failures)?;
            plan.states.push(state);
        }
        // A branch of one environment alone has no other.
        if (branch.pieces.is_empty() || !branch.is_alone())
            && let Some(base) = base
        {
            self.leave(manifests, (branch, base), &all, &mut plan)?;
        }
        Ok(plan)
    }

    /// Finds out what becomes of an environment.
    fn state(
        &self,
        (manifests, base): (&Manifests<'_>, Option<Id>),
        piece: &Piece<'_>,
        all: &BTreeMap<String, Id>,
        failures: &mut Vec<Failure>,
    ) -> Result<State, SourceError> {
        let Piece { output, destination } = piece;
        let environment = output.environment.as_str();
        if let Some(blob) = all.get(&destination.file(hold::FILE)) {
            let hold = Hold::parse(&String::from_utf8_lossy(&manifests.content(*blob)?));
            return Ok(State::idle(Verdict::Held { reason: hold.reason }, None));
        }
        let recorded = base.map(|base| recorded(manifests, base, destination)).transpose()?.flatten();
        let mut object = |error: PublishError| {
            failures.push(Failure {
                component: String::new(),
                environments: vec![environment.to_owned()],
                error: Error::from(error).into(),
            });
        };
        if let Some(recorded) = recorded.as_ref().filter(|_| !self.overrides(Override::Older)) {
            match self.order(environment, recorded) {
                Order::Before => {
                    let by = recorded.commit.clone();
                    return Ok(State::idle(Verdict::Superseded { by }, Some(recorded.commit.clone())));
                }
                Order::Apart => object(PublishError::Apart {
                    published: recorded.commit.clone(),
                    commit: self.commit.id.to_string(),
                }),
                Order::Same | Order::After | Order::Unknown => {}
            }
        }
        let recorded = recorded.map(|recorded| recorded.commit);
        if !self.overrides(Override::Adopt)
            && let Some(taken) = destination.above().find(|above| all.contains_key(*above))
        {
            let files = vec![taken.to_owned()];
            object(PublishError::NotOurs { folder: destination.branch.clone(), files });
        }
        let folder = Folder::of(manifests, destination, all)?;
        self.compare((manifests, folder), piece, recorded, &mut object)
    }

    /// Compares the manifests of an environment with what is in its folder.
    fn compare(
        &self,
        (manifests, folder): (&Manifests<'_>, Folder),
        piece: &Piece<'_>,
        recorded: Option<String>,
        object: &mut dyn FnMut(PublishError),
    ) -> Result<State, SourceError> {
        let Piece { output, destination } = piece;
        let adopts = self.overrides(Override::Adopt);
        let shown = if destination.path.is_empty() { &destination.branch } else { &destination.path };
        if let Some(list) =
            folder.list.as_ref().filter(|list| !list.is_of(&self.repository, &self.definition))
            && !adopts
        {
            let other = match list.definition.as_str() {
                "" => list.source.clone(),
                definition => format!("`{definition}` of {}", list.source),
            };
            object(PublishError::OtherDefinition { folder: shown.clone(), other });
        }
        let mut difference = Difference::default();
        let mut list = Owned {
            environment: output.environment.clone(),
            source: self.repository.clone(),
            definition: self.definition.clone(),
            files: BTreeMap::new(),
        };
        for (path, manifest) in &output.files {
            let digest = sha256(&manifest.text);
            difference.add(&folder, path, (&manifest.text, &digest));
            list.files.insert(path.clone(), digest);
        }
        difference.remove(&folder, &list, destination);
        let taken: Vec<String> = difference.taken.iter().cloned().collect();
        if !taken.is_empty() && !adopts {
            object(PublishError::NotOurs { folder: shown.clone(), files: taken.clone() });
        }
        let changes = Changes { taken, ..self.changes((manifests, &folder), piece, &difference, object)? };
        let store = |text: &[u8]| manifests.store(text);
        let mut files = BTreeMap::new();
        for path in difference.written() {
            files.insert(destination.file(path), Some(store(&output.files[path].text)?));
        }
        files.extend(difference.gone().map(|path| (destination.file(path), None)));
        let mut books = BTreeMap::new();
        let texts = [
            (owned::FILE, list.to_text()),
            (hydrator::FILE, metadata(&self.repository, &self.commit, &self.text)),
        ];
        for (name, text) in texts {
            let blob = store(text.as_bytes())?;
            if folder.files.get(name) != Some(&blob) {
                books.insert(destination.file(name), Some(blob));
            }
        }
        let above =
            if destination.path.is_empty() { String::new() } else { format!("{}/", destination.path) };
        let is_unchanged = files.is_empty() && folder.list.is_some();
        let verdict =
            if is_unchanged { Verdict::Unchanged } else { Verdict::Published { commit: None, changes } };
        Ok(State { verdict, files, books, recorded, lines: list.lines(&above) })
    }

    /// Counts what changes, and objects to too many deletions.
    fn changes(
        &self,
        (manifests, folder): (&Manifests<'_>, &Folder),
        piece: &Piece<'_>,
        difference: &Difference,
        object: &mut dyn FnMut(PublishError),
    ) -> Result<Changes, SourceError> {
        let mut changes = Changes::default();
        let (mut before, mut after) = (Resources::default(), Resources::default());
        let mut components = BTreeSet::new();
        let owned = |path: &str| folder.list.as_ref().is_some_and(|list| list.files.contains_key(path));
        let old = |path: &str| folder.files.get(path).filter(|_| owned(path));
        for path in difference.written() {
            let manifest = &piece.output.files[path];
            after.add(&manifest.text);
            components.insert(manifest.component.clone());
            match old(path) {
                Some(blob) => {
                    before.add(&manifests.content(*blob)?);
                    changes.files.changed += 1;
                }
                None => changes.files.added += 1,
            }
        }
        for path in difference.gone().filter(|path| owned(path)) {
            if let Some(blob) = old(path) {
                before.add(&manifests.content(*blob)?);
            }
            components.insert(path.rsplit_once('.').map_or(path, |(stem, _)| stem).to_owned());
            changes.files.removed += 1;
        }
        changes.restored = difference.restored.clone();
        changes.resources = before.counts(&after);
        changes.components = components.into_iter().collect();
        let gone = before.missing_in(&after);
        if gone.is_empty() {
            return Ok(changes);
        }
        let mut all = before.len();
        for (path, blob) in folder.files.iter().filter(|(path, _)| owned(path) && !difference.has(path)) {
            let is_rendered = piece.output.files.get(path);
            all += match is_rendered {
                Some(manifest) => manifest.resources,
                None => count_documents(&manifests.content(*blob)?),
            };
        }
        let limit = self.options.max_deletions.unwrap_or_else(|| self.settings.max_deletions());
        if gone.len() * 100 > all * usize::from(limit) {
            object(PublishError::Deletions { gone: gone.len(), all, limit, names: gone });
        }
        Ok(changes)
    }
}

/// Whether git cannot have two branches, as it keeps them like files and folders.
fn excludes(one: &str, other: &str) -> bool {
    let is_below = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
    is_below(one, other) || is_below(other, one)
}

/// The folder of an environment as it is.
struct Folder {
    /// Its files, by their paths in it.
    files: BTreeMap<String, Id>,
    /// What `fab` wrote of it, if it did.
    list: Option<Owned>,
}

impl Folder {
    fn of(
        manifests: &Manifests<'_>,
        destination: &Destination,
        all: &BTreeMap<String, Id>,
    ) -> Result<Self, SourceError> {
        let above = destination.file("");
        let below = all.range(above.clone()..).take_while(|(path, _)| path.starts_with(&above));
        let files: BTreeMap<String, Id> =
            below.map(|(path, id)| (path[above.len()..].to_owned(), *id)).collect();
        let list = files.get(owned::FILE).map(|blob| manifests.content(*blob)).transpose()?;
        let list = list.map(|text| Owned::parse(&String::from_utf8_lossy(&text)));
        Ok(Folder { files, list })
    }

    fn owns(&self, path: &str) -> bool {
        self.list.as_ref().is_some_and(|list| list.files.contains_key(path))
    }
}

/// How the manifests of an environment differ from what is in its folder.
#[derive(Default)]
struct Difference {
    /// The files, and whether they are written rather than removed.
    files: BTreeMap<String, bool>,
    /// The files of others that go or are replaced.
    taken: BTreeSet<String>,
    /// The files of `fab` that somebody else had changed or removed.
    restored: Vec<String>,
}

impl Difference {
    /// Looks at a manifest, with its digest.
    fn add(&mut self, folder: &Folder, path: &str, (text, digest): (&[u8], &str)) {
        let old = folder.files.get(path).copied();
        // A text that cannot be hashed is written.
        if old.is_some() && old == Manifests::hash(text) {
            return;
        }
        self.files.insert(path.to_owned(), true);
        if folder.owns(path) {
            // It is as it should be already, according to the list.
            let listed = folder.list.as_ref().and_then(|list| list.files.get(path));
            if listed.is_some_and(|listed| listed == digest) {
                self.restored.push(path.to_owned());
            }
        } else if old.is_some() {
            self.taken.insert(path.to_owned());
        }
        // A file in the place of one of its folders, or a folder in its place.
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        let in_the_way = above.filter(|above| folder.files.contains_key(*above)).map(str::to_owned);
        let below = format!("{path}/");
        let inside = folder.files.range(below.clone()..).map(|(file, _)| file.clone());
        let inside = inside.take_while(|file| file.starts_with(&below));
        for file in in_the_way.chain(inside) {
            if !folder.owns(&file) {
                self.taken.insert(file.clone());
            }
            self.files.insert(file, false);
        }
    }

    /// Looks at what is in the folder and not among the manifests.
    fn remove(&mut self, folder: &Folder, list: &Owned, destination: &Destination) {
        let is_new = folder.list.is_none();
        for path in folder.files.keys().filter(|path| !list.files.contains_key(*path)) {
            let goes_whole = is_new && !owned::BOOKS.contains(&path.as_str()) && is_taken(path, destination);
            if goes_whole {
                self.taken.insert(path.clone());
            }
            if goes_whole || folder.owns(path) {
                self.files.insert(path.clone(), false);
            }
        }
    }

    fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    fn written(&self) -> impl Iterator<Item = &str> {
        self.files.iter().filter(|(_, written)| **written).map(|(path, _)| path.as_str())
    }

    fn gone(&self) -> impl Iterator<Item = &str> {
        self.files.iter().filter(|(_, written)| !**written).map(|(path, _)| path.as_str())
    }
}

/// Whether a file that was there before `fab` goes when the folder is taken over: in a folder all do. At the top of a
/// branch, hidden ones and files that are no manifests are of the repository itself.
fn is_taken(path: &str, destination: &Destination) -> bool {
    let is_manifest = [".yaml", ".yml", ".json"].iter().any(|end| path.ends_with(end));
    !destination.path.is_empty() || !path.starts_with('.') && (path.contains('/') || is_manifest)
}

/// Returns the source commit that an environment is up to date with: the one that its manifests are from, or a newer
/// one of a note, which changed nothing.
pub(super) fn recorded(
    manifests: &Manifests<'_>,
    tip: Id,
    destination: &Destination,
) -> Result<Option<Recorded>, SourceError> {
    let file = destination.file(hydrator::FILE);
    let written = manifests.read(tip, &file)?.and_then(|text| Recorded::parse(&text));
    let Some(written) = written else { return Ok(None) };
    if manifests.notes().is_none() {
        return Ok(Some(written));
    }
    let now = manifests.object(tip, &file)?;
    let mut at = Some(tip);
    for _ in 0..LOOK_BACK {
        let Some(commit) = at else { break };
        let note = manifests.note(commit).map(|text| Note::parse(&text)).unwrap_or_default();
        let noted =
            if destination.is_alone() { note.dry_sha } else { note.paths.get(&destination.path).cloned() };
        if let Some(commit) = noted {
            // Its date is not known; that of the manifests is older.
            return Ok(Some(Recorded { commit, ..written }));
        }
        // Notes on what was there before say nothing of this.
        at = manifests.past(commit)?.parent;
        let before = at.map(|before| manifests.object(before, &file)).transpose()?.flatten();
        if before != now {
            break;
        }
    }
    Ok(Some(written))
}
