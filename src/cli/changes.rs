//! What commands that change a definition have in common: where, and whether
//! the changes are shown, written or committed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{Result, Ui, world};
use crate::edit::{CommitOptions, Edited, Push, commit, write_all};
use crate::error::Error;
use crate::publish::short;

/// Where, and what becomes of the changes.
#[derive(clap::Args)]
pub(super) struct ChangeArgs {
    /// Folder of the component.
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    pub(super) directory: PathBuf,
    /// Print what would change as a diff, and write nothing.
    #[arg(long, conflicts_with_all = ["commit", "push"])]
    pub(super) dry_run: bool,
    #[command(flatten)]
    commit: CommitArgs,
}

/// The commit of the changes.
#[derive(clap::Args)]
#[command(next_help_heading = "Commit")]
struct CommitArgs {
    /// Commit the changed file, and nothing else that is changed.
    #[arg(long)]
    commit: bool,
    /// Message of the commit [default: what was changed].
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
    /// Commit, and push the commit to the branch that is checked out or the one given; when that has moved, the change is made again on top.
    #[arg(long, value_name = "BRANCH", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    push: Option<String>,
    #[command(flatten)]
    from: FromArgs,
}

/// The commit of other sources that is the reason, as trailers that Argo CD reads.
#[derive(clap::Args)]
struct FromArgs {
    /// The commit that is the reason: a trailer names it, and so do those below [default: that of the pipeline].
    #[arg(long, value_name = "SHA", value_parser = hash)]
    from_commit: Option<String>,
    /// Repository of that commit.
    #[arg(long, value_name = "URL")]
    from_repo: Option<String>,
    /// Author of that commit: `Name <address>`.
    #[arg(long, value_name = "AUTHOR")]
    from_author: Option<String>,
    /// First line of that commit's message.
    #[arg(long, value_name = "TEXT")]
    from_subject: Option<String>,
    /// Date of that commit, as in `2026-01-31T12:00:00Z`.
    #[arg(long, value_name = "DATE")]
    from_date: Option<String>,
}

/// Reads a hash as Argo CD does, which passes over trailers with another one.
fn hash(text: &str) -> std::result::Result<String, String> {
    let is_hash =
        (5..=40).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if is_hash { Ok(text.to_owned()) } else { Err("it has to be 5 to 40 digits of 0-9 and a-f".to_owned()) }
}

/// Makes changes in a folder.
type Edit<'a> = &'a dyn Fn(&Path) -> std::result::Result<Vec<Edited>, Error>;

impl ChangeArgs {
    /// Makes the changes, and writes, shows or commits them.
    pub(super) fn run(&self, edit: Edit<'_>, summary: &str, ui: &mut Ui) -> Result<ExitCode> {
        if self.commit.commit || self.commit.push.is_some() {
            return self.commit(edit, summary, ui);
        }
        let files = edit(&self.directory)?;
        if self.dry_run {
            ui.data(files.iter().map(diff).collect::<String>())?;
        } else {
            write_all(&files)?;
        }
        tell(&files, self.dry_run, ui);
        Ok(ExitCode::SUCCESS)
    }

    fn commit(&self, edit: Edit<'_>, summary: &str, ui: &mut Ui) -> Result<ExitCode> {
        let options = CommitOptions {
            message: self.commit.message.clone().unwrap_or_else(|| summary.to_owned()),
            trailers: self.commit.from.trailers(),
            push: match self.commit.push.as_deref() {
                None => Push::No,
                Some("") => Push::Upstream,
                Some(branch) => Push::Branch(branch.to_owned()),
            },
            variables: world::variables(),
        };
        let done = commit(&self.directory, &options, edit)?;
        tell(&done.files, false, ui);
        if let Some(commit) = &done.commit {
            let short = short(commit);
            match &done.pushed {
                Some(branch) => ui.status(format_args!("Pushed {short} to {branch}")),
                None => ui.status(format_args!("Committed {short}")),
            }
        }
        tell_unsigned(done.unsigned.as_deref(), ui);
        if let Some(why) = &done.left_behind {
            ui.warning(format_args!("the commit is on the server, but could not be checked out here: {why}"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl FromArgs {
    /// Returns the trailers, from the arguments or what the pipeline's variables say.
    fn trailers(&self) -> Vec<(String, String)> {
        let pipeline = Pipeline::of_environment();
        let given =
            [&self.from_commit, &self.from_repo, &self.from_author, &self.from_subject, &self.from_date];
        let given = given.map(Clone::clone);
        let facts = if given.iter().any(Option::is_some) { given } else { pipeline.unwrap_or_default() };
        let names = ["sha", "repourl", "author", "subject", "date"];
        let trailer = |(name, fact): (&str, Option<String>)| {
            let fact = if name == "repourl" {
                fact.map(|url| crate::source::SourceUrl::new(&url).to_string())
            } else {
                fact
            };
            Some((format!("Argocd-reference-commit-{name}"), fact?))
        };
        names.into_iter().zip(facts).filter_map(trailer).collect()
    }
}

/// What a pipeline says of the commit that it runs for: hash, repository, author, subject, date.
type Facts = [Option<String>; 5];

struct Pipeline;

impl Pipeline {
    /// Returns the facts of GitLab, GitHub or Azure; none elsewhere.
    fn of_environment() -> Option<Facts> {
        let variable = world::variable;
        if let Some(sha) = variable("CI_COMMIT_SHA") {
            let [repo, author, subject, date] =
                ["CI_PROJECT_URL", "CI_COMMIT_AUTHOR", "CI_COMMIT_TITLE", "CI_COMMIT_TIMESTAMP"]
                    .map(variable);
            return Some([Some(sha), repo, author, subject, date]);
        }
        if let Some(sha) = variable("GITHUB_SHA") {
            let repo = Some(format!("{}/{}", variable("GITHUB_SERVER_URL")?, variable("GITHUB_REPOSITORY")?));
            return Some([Some(sha), repo, None, None, None]);
        }
        let sha = variable("BUILD_SOURCEVERSION")?;
        let [repo, subject] = ["BUILD_REPOSITORY_URI", "BUILD_SOURCEVERSIONMESSAGE"].map(variable);
        let subject = subject.and_then(|text| text.lines().next().map(str::to_owned));
        Some([Some(sha), repo, None, subject, None])
    }
}

/// Warns that a commit is not signed although the user's setting wants a program to sign it.
pub(super) fn tell_unsigned(setting: Option<&str>, ui: &mut Ui) {
    if let Some(setting) = setting {
        ui.warning(format_args!(
            "the commit is not signed: `commit.gpgsign` wants it, and by `{setting}` a program would sign it, which fab does not run; set `gpg.format=ssh` and `user.signingkey`, or FAB_SIGNING_KEY"
        ));
    }
}

/// Says what became of each file.
pub(super) fn tell(files: &[Edited], dry_run: bool, ui: &mut Ui) {
    for file in files {
        let what = match (&file.before, file.is_changed(), dry_run) {
            (_, false, _) => "Nothing to change in",
            (_, true, true) => "Would change",
            (None, true, false) => "Made",
            (Some(_), true, false) => "Changed",
        };
        ui.status(format_args!("{what} {}", file.file));
    }
}

/// Returns a change as a unified diff.
pub(super) fn diff(file: &Edited) -> String {
    let before = file.before.as_deref().unwrap_or_default();
    if !file.is_changed() {
        return String::new();
    }
    let old = if file.before.is_some() { format!("a/{}", file.file) } else { "/dev/null".to_owned() };
    let diff = similar::TextDiff::from_lines(before, &file.after);
    diff.unified_diff().context_radius(3).header(&old, &format!("b/{}", file.file)).to_string()
}
