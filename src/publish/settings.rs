//! Where manifests are published: `publish` in `fab.yaml`, and what the command
//! line says in its place.
//!
//! ```yaml
//! publish:
//!   repository: https://git.example.com/shop/manifests
//!   branch: main
//!   environments:
//!     prod: { branch: environment/prod, path: . }
//! ```
//!
//! `{env}` in a branch or a path is the folder that the environment has below
//! `generated/`. Without a path, an environment with a branch of its own has the
//! top of that, and one of several on a branch a folder with its name.

use std::collections::BTreeMap;

use goyaml::Value;

use super::error::PublishError;
use crate::config::Environment;
use crate::definition::fields::Fields;
use crate::definition::place;
use crate::document::Step;
use crate::error::{Error, Warning};
use crate::git::Person;
use crate::project::texts;
use crate::promote::KeyPattern;
use crate::schema::{Field, Shape, Table};
use crate::source::SourceUrl;

/// The branch of all environments if nothing is said.
const BRANCH: &str = "main";
/// What stands for an environment.
const ENVIRONMENT: &str = "{env}";
/// The share of published resources that may go at once, in percent.
const MAX_DELETIONS: u8 = 50;

/// What `fab.yaml` says of publishing.
#[derive(Debug, Clone, Default)]
pub struct PublishSettings {
    /// The manifest repository.
    pub repository: Option<SourceUrl>,
    /// Where in it.
    pub place: PlaceSettings,
    /// Who publishes: `Name <address>`.
    author: Option<Person>,
    /// The share of published resources that may go at once, in percent.
    max_deletions: Option<u8>,
    /// What is different for an environment.
    environments: BTreeMap<String, PlaceSettings>,
    /// Which values are promoted besides those that pin images.
    promote: Vec<KeyPattern>,
}

/// Where environments are in a manifest repository, as far as it is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlaceSettings {
    /// The branch.
    pub branch: Option<String>,
    /// The folder.
    pub path: Option<String>,
    /// Whether a proposal is made for the branch, on a branch beside it.
    pub propose: Option<bool>,
}

/// Where an environment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destination {
    /// The branch that is applied to clusters.
    pub(super) active: String,
    /// The branch that is written to.
    pub(super) branch: String,
    /// The folder; empty for the top.
    pub(super) path: String,
}

const BRANCH_FIELD: Field = Field::new(
    "branch",
    Shape::Text,
    "The branch, `main` if nothing is said; `{env}` in it is the environment's folder.",
);
const PATH_FIELD: Field = Field::new(
    "path",
    Shape::Text,
    "The folder, `.` for the top; `{env}` in it is the environment's folder below `generated/`.",
);
const PROPOSE_FIELD: Field = Field::new(
    "propose",
    Shape::Flag,
    "Whether manifests are written to a branch that ends in `-next`, for tools that promote them.",
);

/// What `publish` may say.
pub(crate) static PUBLISH: Table = Table::new(
    "publish",
    "Where `fab publish` writes manifests.",
    &[
        Field::new("author", Shape::Text, "Who makes the commits: `Name <address>`."),
        BRANCH_FIELD,
        Field::new(
            "environments",
            Shape::Named(&ENVIRONMENTS),
            "What is different for an environment, by its name.",
        ),
        Field::new(
            "max-deletions",
            Shape::Text,
            "The share of an environment's resources that one publish may delete, in percent: `50`.",
        ),
        PATH_FIELD,
        Field::new(
            "promote",
            Shape::Texts,
            "Values that `fab promote` takes along, as `[COMPONENT:]KEY` with `*` and `**`: `**.resources`. `!` leaves some out.",
        ),
        PROPOSE_FIELD,
        Field::new("repository", Shape::Text, "The address of the manifest repository."),
    ],
);

static ENVIRONMENTS: Table = Table::new(
    "publishEnvironment",
    "Where the manifests of an environment are written.",
    &[BRANCH_FIELD, PATH_FIELD, PROPOSE_FIELD],
);

impl PlaceSettings {
    fn read(fields: &Fields<'_>) -> Result<Self, Error> {
        let text = |name: &str| Ok::<_, Error>(fields.text(name)?.filter(|text| !text.is_empty()));
        let place =
            PlaceSettings { branch: text("branch")?, path: text("path")?, propose: fields.flag("propose")? };
        let wrong = |name: &str, message: String| Error::Syntax {
            place: fields.document.place(&fields.steps_to(name)),
            message,
        };
        if let Some(branch) = place.branch.as_deref().filter(|branch| !is_branch(branch)) {
            return Err(wrong("branch", format!("`{branch}` cannot be the name of a branch")));
        }
        if let Some(path) = place.path.as_deref().filter(|path| clean(path).is_none()) {
            return Err(wrong("path", format!("`{path}` is no folder of a repository")));
        }
        Ok(place)
    }

    fn or(&self, weaker: &Self) -> Self {
        PlaceSettings {
            branch: self.branch.clone().or_else(|| weaker.branch.clone()),
            path: self.path.clone().or_else(|| weaker.path.clone()),
            propose: self.propose.or(weaker.propose),
        }
    }
}

impl PublishSettings {
    /// Reads the section of a project file.
    pub(crate) fn read(fields: &Fields<'_>, warnings: &mut Vec<Warning>) -> Result<Self, Error> {
        let value = fields.get("publish").unwrap_or(&Value::Null);
        let own = Fields::new(fields.document, fields.steps_to("publish"), value)?;
        own.warn_unknown(PUBLISH.names(), warnings);
        let text = |name: &str| Ok::<_, Error>(own.text(name)?.filter(|text| !text.is_empty()));
        let wrong = |name: &str, message: String| Error::Syntax {
            place: own.document.place(&own.steps_to(name)),
            message,
        };
        let author = text("author")?;
        let max = text("max-deletions")?;
        let mut settings = PublishSettings {
            repository: text("repository")?.map(|text| SourceUrl::new(&text)),
            place: PlaceSettings::read(&own)?,
            author: author
                .as_deref()
                .map(|text| {
                    person(text).ok_or_else(|| wrong("author", format!("`{text}` is not `Name <address>`")))
                })
                .transpose()?,
            max_deletions: max
                .as_deref()
                .map(|text| {
                    percent(text)
                        .ok_or_else(|| wrong("max-deletions", format!("`{text}` is no share in percent")))
                })
                .transpose()?,
            environments: BTreeMap::new(),
            promote: Vec::new(),
        };
        for (at, text) in texts(&own, "promote")?.iter().enumerate() {
            let steps = [own.steps_to("promote"), vec![Step::Index(at)]].concat();
            let wrong = |message| Error::Syntax { place: own.document.place(&steps), message };
            settings.promote.push(KeyPattern::parse(text).map_err(wrong)?);
        }
        let environments = own.get("environments").unwrap_or(&Value::Null);
        let named = Fields::new(own.document, own.steps_to("environments"), environments)?;
        for (name, value) in own.map("environments")?.into_iter().flatten() {
            let one = Fields::new(own.document, named.steps_to(name), value)?;
            one.warn_unknown(ENVIRONMENTS.names(), warnings);
            settings.environments.insert(name.clone(), PlaceSettings::read(&one)?);
        }
        Ok(settings)
    }

    /// Returns the manifest repository; what is given is stronger than the file.
    pub(super) fn repository(&self, given: Option<&str>) -> Result<SourceUrl, PublishError> {
        let given = given.map(SourceUrl::new);
        given.or_else(|| self.repository.clone()).ok_or(PublishError::NoRepository)
    }

    /// Returns which values are promoted besides those that pin images.
    pub(crate) fn promote(&self) -> &[KeyPattern] {
        &self.promote
    }

    /// Returns who publishes, if that is said.
    pub(super) fn author(&self) -> Option<&Person> {
        self.author.as_ref()
    }

    /// Returns the share of published resources that may go at once, in percent.
    pub(super) fn max_deletions(&self) -> u8 {
        self.max_deletions.unwrap_or(MAX_DELETIONS)
    }

    /// Returns the branch and the folder, empty for the top, that clusters of an environment are reconciled from.
    pub(crate) fn active(&self, environment: &Environment) -> (String, String) {
        let destination = self.destination(&environment.to_string(), &PlaceSettings::default());
        (destination.active, destination.path)
    }

    /// Returns the branches and folders that an environment may be in: those of its proposals, and those that are
    /// applied.
    pub(super) fn places(&self, environment: &str, given: &PlaceSettings) -> [Destination; 2] {
        [true, false].map(|propose| {
            self.destination(environment, &PlaceSettings { propose: Some(propose), ..given.clone() })
        })
    }

    /// Whether a branch may have an environment whose name is not known.
    pub(super) fn may_have(&self, branch: &str, given: &PlaceSettings) -> bool {
        // What stands for an environment stays in the names, so that they are patterns.
        let names = self.environments.keys().map(String::as_str).chain([ENVIRONMENT]);
        names.flat_map(|name| self.places(name, given)).any(|place| {
            let pattern = place.branch.as_str();
            match (pattern.split_once(ENVIRONMENT), pattern.rsplit_once(ENVIRONMENT)) {
                (Some((before, _)), Some((_, after))) => {
                    branch.len() > before.len() + after.len()
                        && branch.starts_with(before)
                        && branch.ends_with(after)
                }
                _ => branch == pattern,
            }
        })
    }

    /// Returns where an environment is; what is `given` is stronger than the file.
    pub(super) fn destination(&self, environment: &str, given: &PlaceSettings) -> Destination {
        let own = self.environments.get(environment).cloned().unwrap_or_default();
        let place = given.or(&own).or(&self.place);
        let folder = Environment::new([environment]).folder();
        let branch = place.branch.unwrap_or_else(|| BRANCH.to_owned());
        let has_own_branch = branch.contains(ENVIRONMENT);
        let active = branch.replace(ENVIRONMENT, &folder);
        let default = if has_own_branch { "." } else { ENVIRONMENT };
        let path = place.path.as_deref().unwrap_or(default).replace(ENVIRONMENT, &folder);
        let path = clean(&path).unwrap_or_default();
        let branch = match (place.propose.unwrap_or(false), path.as_str()) {
            (false, _) => active.clone(),
            (true, "") => format!("{active}-next"),
            // One for each folder, as GitOps Promoter wants them.
            (true, path) => format!("{active}-next/{path}"),
        };
        Destination { active, branch, path }
    }
}

impl Destination {
    /// Whether the branch has nothing but this environment.
    pub(super) fn is_alone(&self) -> bool {
        self.path.is_empty() || self.branch != self.active
    }

    /// Returns the folder and those that it is in.
    pub(super) fn above(&self) -> impl Iterator<Item = &str> {
        let ends = self.path.match_indices('/').map(|(end, _)| end).chain([self.path.len()]);
        ends.map(|end| &self.path[..end])
    }

    /// Returns the path of a file of the environment in the repository.
    pub(super) fn file(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}/{name}", self.path) }
    }
}

/// Returns a folder of a repository without what means nothing; none if it leads out.
fn clean(path: &str) -> Option<String> {
    let path = place::clean(path.trim_matches('/'));
    let path = if path == "." { String::new() } else { path };
    let is_git = |part: &str| part.eq_ignore_ascii_case(".git");
    (place::stays_inside(&path) && !path.split('/').any(is_git)).then_some(path)
}

/// Whether a text can be the name of a branch, as git sees it.
pub(super) fn is_branch(name: &str) -> bool {
    let bad = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    !name.contains(bad)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.starts_with('-')
        && !name.ends_with('.')
        && name.split('/').all(part)
}

/// Reads `Name <address>`.
pub(super) fn person(text: &str) -> Option<Person> {
    let (name, rest) = text.trim().split_once('<')?;
    let (name, email) = (name.trim(), rest.strip_suffix('>')?.trim());
    let is_plain = |text: &str| !text.is_empty() && !text.contains(['<', '>', '\n']);
    (is_plain(name) && is_plain(email)).then(|| Person { name: name.to_owned(), email: email.to_owned() })
}

/// Reads a share in percent, with or without its sign.
pub fn percent(text: &str) -> Option<u8> {
    text.trim().trim_end_matches('%').parse().ok().filter(|share| *share <= 100)
}
