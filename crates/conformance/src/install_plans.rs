//! Kind `install-plans`: the log of `fab install` of Fabrikate for a definition a
//! line; the definition is in the folder of cases beside the file.
//!
//! Everything that Fabrikate asked for has to be in the plan that `fab install
//! --dry-run` prints, which needs no network: each repository with its branch
//! and version, each chart of a repository, and each place. A run that failed
//! counts up to where its log stops.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde::Deserialize;

use crate::case::{Case, LoadError, Verdict};
use crate::{jsonl, program};

/// A line of the file.
#[derive(Deserialize)]
struct Recorded {
    name: String,
    stdout: String,
}

/// Reads the logs of a file.
pub(crate) fn load(path: &Path) -> Result<Vec<Case>, LoadError> {
    let fab = Arc::new(program::fab()?);
    let cases = path.parent().unwrap_or(path).join("cases");
    let lines = jsonl::read::<Recorded>(path)?;
    Ok(lines.into_iter().map(|recorded| case(recorded, &cases, &fab)).collect())
}

fn case(recorded: Recorded, cases: &Path, fab: &Arc<PathBuf>) -> Case {
    let hld = cases.join(&recorded.name).join("hld");
    let fab = Arc::clone(fab);
    let id = recorded.name.clone();
    Case { id, group: "plan".to_owned(), run: Box::new(move || verdict(&recorded, &hld, &fab)) }
}

fn verdict(recorded: &Recorded, hld: &Path, fab: &Path) -> Verdict {
    let home = match tempfile::tempdir() {
        Ok(home) => home,
        Err(err) => return Verdict::Skipped(format!("there is no folder to run in: {err}")),
    };
    let mut command = Command::new(fab);
    command.args(["install", "--dry-run"]).current_dir(hld).env("FAB_CACHE_DIR", home.path());
    let output = match command.output() {
        Ok(output) => output,
        Err(err) => return Verdict::Skipped(format!("the case cannot be run: {err}")),
    };
    let plan = String::from_utf8_lossy(&output.stdout).into_owned();
    let missing: Vec<String> = asked(&recorded.stdout)
        .into_iter()
        .filter(|request| !plan.lines().any(|line| request.is_in(line)))
        .map(|request| format!("{request:?}"))
        .collect();
    if missing.is_empty() {
        return Verdict::Passed;
    }
    let got = plan + &String::from_utf8_lossy(&output.stderr);
    Verdict::Failed { reason: "requests are not in the plan".to_owned(), want: missing.join("\n"), got }
}

/// What Fabrikate asked for.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Request {
    Clone { url: String, branch: String, version: String },
    Chart { repository: String, chart: String },
    Place(String),
}

impl Request {
    fn is_in(&self, line: &str) -> bool {
        let has = |name: &str, value: &str| format!("{line} ").contains(&format!(" {name} {value} "));
        match self {
            // Fabrikate's log names a branch and a version even where none was given.
            Self::Clone { url, branch, version } => {
                has("git", url)
                    && (has("branch", branch) || branch == "master" && !line.contains(" branch "))
                    && (has("version", version) || version == "head" && !line.contains(" version "))
            }
            Self::Chart { repository, chart } => has("helm", repository) && has("path", chart),
            Self::Place(folder) => has("=>", folder),
        }
    }
}

/// Reads what was asked for off a log.
fn asked(log: &str) -> BTreeSet<Request> {
    log.lines().filter_map(request).collect()
}

fn request(line: &str) -> Option<Request> {
    let between = |start: &str, end: &str| {
        let (_, behind) = line.split_once(start)?;
        behind.split_once(end).map(|(text, _)| text.to_owned())
    };
    let clone = between("Cloning ", " => ").or_else(|| between("Previously cloned '", "'"));
    if let Some(clone) = clone {
        let (rest, version) = clone.rsplit_once(':')?;
        let (url, branch) = rest.rsplit_once('@')?;
        let [url, branch, version] = [url, branch, version].map(str::to_owned);
        return Some(Request::Clone { url, branch, version });
    }
    if let Some(chart) = between("requesting helm chart '", "'") {
        return Some(Request::Chart { repository: between("from helm repository '", "'")?, chart });
    }
    let place = between("=> <HLD>/", "\"")?;
    line.contains("Copying ").then_some(Request::Place(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_off_a_log() {
        let log = r#"
level=info msg="🚁  Cloning https://h.example/x@dev:v1 => <TMPUUID>"
level=info msg="🏧  Previously cloned 'https://h.example/x@master:head' this install; reusing cached result"
level=info msg="🚚  Copying <TMPUUID> => <HLD>/components/x"
level=info msg="🚁  Component 'a' requesting helm chart 'redis' from helm repository 'https://c.example'"
level=info msg="🙌  Finished install"
"#;
        let clone = |branch: &str, version: &str| Request::Clone {
            url: "https://h.example/x".to_owned(),
            branch: branch.to_owned(),
            version: version.to_owned(),
        };
        let chart = Request::Chart { repository: "https://c.example".to_owned(), chart: "redis".to_owned() };
        let place = Request::Place("components/x".to_owned());
        assert_eq!(asked(log), [clone("dev", "v1"), clone("master", "head"), chart, place].into());
    }

    #[test]
    fn a_branch_that_was_not_given_is_masters() {
        let clone = request("Cloning https://h.example/x@master:head => t").unwrap();
        assert!(clone.is_in("c: git https://h.example/x => components/c (not locked)"));
        assert!(clone.is_in("c: git https://h.example/x branch master => components/c (not locked)"));
        assert!(!clone.is_in("c: git https://h.example/x branch dev => components/c (not locked)"));
        assert!(!clone.is_in("c: git https://h.example/xy => components/c (not locked)"));
    }
}
