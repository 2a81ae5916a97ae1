//! The repositories that a definition takes components and charts from, for
//! whoever looks for one: `catalog` in `fab.yaml`.
//!
//! ```yaml
//! catalog:
//! - source: https://charts.example.com/stable
//!   method: helm
//! - source: https://git.example.com/platform/components
//!   branch: main
//! ```

use goyaml::Value;

use crate::definition::fields::Fields;
use crate::definition::place;
use crate::document::Step;
use crate::error::{Error, Warning};
use crate::schema::{Field, Shape, Table};
use crate::source::SourceUrl;

/// A repository that can be searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Catalog {
    /// A git repository with components and charts.
    Git {
        /// The repository.
        url: SourceUrl,
        /// The branch, or a tag; none for what the repository points to.
        branch: Option<String>,
        /// A commit or tag, which wins over the branch.
        version: Option<String>,
        /// The folder in it that is searched; empty for all of it.
        path: String,
    },
    /// A repository of charts with an index.
    Charts(SourceUrl),
}

const METHODS: [&str; 2] = ["git", "helm"];

/// What an entry of `catalog` may say.
pub(super) static CATALOG: Table = Table {
    name: "catalog",
    about: "A repository that `fab find` searches.",
    fields: &[
        Field::new(
            "source",
            Shape::Text,
            "The address of a git repository, or of a chart repository with an index.",
        ),
        Field::new(
            "method",
            Shape::OneOf(&METHODS),
            "What it is: `git`, also if nothing is said, or `helm`.",
        ),
        Field::new("branch", Shape::Text, "The branch of a git repository, or a tag."),
        Field::new("version", Shape::Text, "The commit or tag of a git repository."),
        Field::new("path", Shape::Text, "The folder of a git repository that is searched."),
    ],
    required: &["source"],
};

/// Reads the list.
pub(super) fn read(fields: &Fields<'_>, warnings: &mut Vec<Warning>) -> Result<Vec<Catalog>, Error> {
    let entry = |(at, item): (usize, &Value)| {
        let steps = [fields.steps_to("catalog"), vec![Step::Index(at)]].concat();
        let entry = Fields::new(fields.document, steps, item)?;
        entry.warn_unknown(CATALOG.names(), warnings);
        catalog(&entry)
    };
    fields.list("catalog")?.unwrap_or_default().iter().enumerate().map(entry).collect()
}

fn catalog(entry: &Fields<'_>) -> Result<Catalog, Error> {
    let text = |name: &str| Ok::<_, Error>(entry.text(name)?.filter(|text| !text.is_empty()));
    let wrong =
        |steps: &[Step], message: String| Error::Syntax { place: entry.document.place(steps), message };
    let source =
        text("source")?.ok_or_else(|| wrong(&entry.steps, "a catalog needs a `source`".to_owned()))?;
    let url = SourceUrl::new(&source);
    let (branch, version, path) = (text("branch")?, text("version")?, text("path")?);
    match text("method")?.as_deref() {
        None | Some("git") => {
            let path = place::clean(path.unwrap_or_default().trim_start_matches('/'));
            if !place::stays_inside(&path) {
                return Err(wrong(&entry.steps_to("path"), format!("`{path}` leads out of the repository")));
            }
            Ok(Catalog::Git { url, branch, version, path })
        }
        Some("helm") if url.scheme().as_deref() == Some("oci") => {
            let message = "a registry has no index that could be searched".to_owned();
            Err(wrong(&entry.steps_to("source"), message))
        }
        Some("helm") => Ok(Catalog::Charts(url)),
        Some(other) => {
            let message = format!("`method: {other}`: a catalog is searched by `git` or `helm`");
            Err(wrong(&entry.steps_to("method"), message))
        }
    }
}
