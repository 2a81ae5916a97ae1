//! `fab diff`: what a change of a definition changes in the cluster.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;

use super::comment::{PullRequestArgs, post, topic};
use super::generate::tell;
use super::report::Report;
use super::world::{HookArgs, WorldArgs};
use super::{Result, Ui, world};
use crate::config::Environment;
use crate::diff::{Against, Diff, DiffOptions, Form, diff, html, images, json, markdown, stat, text};
use crate::error::{Failure, Warning, WarningKind};
use crate::generate::Event;
use crate::host::{Comment, Host, base_branch, requests};
use crate::source::Network;

/// Show what a change of a definition changes in its manifests.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag")]
pub(super) struct DiffArgs {
    #[command(flatten)]
    sides: SidesArgs,
    /// Exit with 1 if there are differences.
    #[arg(long)]
    exit_code: bool,
    /// Print only how much differs.
    #[arg(long, conflicts_with = "images")]
    stat: bool,
    /// Print only which images change.
    #[arg(long)]
    images: bool,
    /// How the diff is printed.
    #[arg(long, value_name = "FORMAT", default_value = "text", conflicts_with_all = ["stat", "images"])]
    output_format: Format,
    /// How long Markdown may be [default: what a comment on the host should have, or on GitHub].
    #[arg(long, value_name = "N")]
    max_bytes: Option<usize>,
    /// Post the diff as a comment on the pull request, or change the one that is there.
    #[arg(long)]
    comment: bool,
    #[command(flatten)]
    pull_request: PullRequestArgs,
    /// Print the requests that --comment would make, without the token, and make none.
    #[arg(long, requires = "comment")]
    dry_run: bool,
}

/// What is compared with what.
#[derive(clap::Args)]
pub(super) struct SidesArgs {
    /// The environments, each on its own: `prod`, or `prod+east` for one of two layers [default: all of `fab.yaml`, or else all that have a config file].
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    /// Folder of the definition.
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Commit or branch to compare with [default: the last commit in common with the branch that a pull request is for, or with the default one].
    #[arg(long, value_name = "REF")]
    base: Option<String>,
    /// Compare with manifests: a folder, or a repository as `REPO[@BRANCH]`; `{env}` in BRANCH stands for the environment.
    #[arg(long, value_name = "PATH", conflicts_with = "base")]
    against: Option<String>,
    /// Do not use the network: what is not in the cache is an error.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    hooks: HookArgs,
    #[command(flatten)]
    world: WorldArgs,
}

/// The forms of output.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    // For a terminal.
    Text,
    // For a comment of a pull request.
    Markdown,
    // For other programs.
    Json,
    // A page for a browser.
    Html,
}

/// Runs the command.
pub(super) fn run(args: &DiffArgs, ui: &mut Ui) -> Result<ExitCode> {
    let diff = args.sides.diff(ui)?;
    let (before, failures): (Vec<_>, Vec<_>) = diff.failures.iter().partition(|failed| failed.of_base);
    ui.status(format_args!("Compared {} with {}", diff.head.name, diff.base.name));
    let form = Form { is_styled: Ui::data_is_styled() };
    ui.data(match args.output_format {
        Format::Text if args.stat => stat(&diff),
        Format::Text if args.images => images(&diff),
        Format::Text => text(&diff, form),
        Format::Markdown => markdown(&diff, args.max_bytes.unwrap_or(Host::GitHub.budget())),
        Format::Html => html(&diff),
        Format::Json => format!("{:#}\n", json(&diff)),
    })?;
    if args.comment {
        comment_on(&diff, args, ui)?;
    }
    for failed in &before {
        ui.warning(format_args!("warning: the base cannot be rendered, so this is not compared:"));
        ui.report(&Report::from(vec![failed.failure.clone()]));
    }
    if !failures.is_empty() {
        let failures: Vec<Failure> = failures.into_iter().map(|failed| failed.failure.clone()).collect();
        ui.report(&Report::from(failures));
        return Ok(ExitCode::from(2));
    }
    let code = match (args.exit_code, before.is_empty(), diff.is_empty()) {
        (true, false, _) => 2,
        (true, true, false) => 1,
        _ => 0,
    };
    Ok(ExitCode::from(code))
}

/// Posts the diff, or prints how that would be done.
fn comment_on(diff: &Diff, args: &DiffArgs, ui: &mut Ui) -> Result<()> {
    let pull_request = args.pull_request.find()?;
    let (topic, begin) = topic(&args.sides.directory);
    let budget = args.max_bytes.unwrap_or(pull_request.host.budget());
    let text = format!("{begin}{}", markdown(diff, budget.saturating_sub(begin.len())));
    let begins = !diff.is_empty() || !diff.failures.is_empty();
    let wanted = Comment { topic: &topic, text: &text, begins };
    if args.dry_run {
        ui.data(requests(&pull_request, &wanted))?;
    } else {
        post(&pull_request, &wanted, ui)?;
    }
    Ok(())
}

/// Compares two sides, and prints what happens meanwhile.
pub(super) fn compared(options: &DiffOptions, ui: &mut Ui) -> Result<Diff> {
    Ok(listening(ui, |heard| diff(options, heard))?)
}

/// Prints what happens while two sides are compared.
pub(super) fn listening<T>(ui: &mut Ui, work: impl FnOnce(&(dyn Fn(Event) + Sync)) -> T) -> T {
    let shared = Mutex::new(&mut *ui);
    let done = work(&|event| match event {
        // The same on both sides is no difference, however random.
        Event::Warning(Warning { kind: WarningKind::Chance { .. }, .. }) => {}
        event => tell(&mut shared.lock().unwrap_or_else(PoisonError::into_inner), event),
    });
    ui.end_steps();
    done
}

impl SidesArgs {
    /// Compares the two sides, and prints what happens.
    pub(super) fn diff(&self, ui: &mut Ui) -> Result<Diff> {
        compared(&self.options()?, ui)
    }

    fn options(&self) -> Result<DiffOptions> {
        Ok(DiffOptions {
            directory: self.directory.clone(),
            environments: self.environments.iter().map(|name| Environment::new([name])).collect(),
            against: self.against(),
            world: self.world.read()?,
            hooks: self.hooks.policy(),
            cache: world::cache()?,
            network: if self.offline { Network::Offline } else { Network::Online },
            variables: world::variables(),
        })
    }

    fn against(&self) -> Against {
        match (&self.against, &self.base) {
            (Some(text), _) if Path::new(text).is_dir() && !is_bare(Path::new(text)) => {
                Against::Folder(PathBuf::from(text))
            }
            (Some(text), _) => match repository(text) {
                (url, None) if !url.contains([':', '/']) => Against::Folder(PathBuf::from(url)),
                (url, branch) => {
                    Against::Repository { url: url.to_owned(), branch: branch.map(str::to_owned) }
                }
            },
            (None, Some(base)) => Against::Commit(base.clone()),
            (None, None) => Against::MergeBase(base_branch(&world::variable)),
        }
    }
}

/// Whether a folder is a git repository without a working tree.
fn is_bare(folder: &Path) -> bool {
    folder.join("HEAD").is_file() && folder.join("objects").is_dir()
}

/// Splits `REPO@BRANCH`; the user before a host is no repository.
fn repository(text: &str) -> (&str, Option<&str>) {
    let after_scheme = text.find("://").map_or(0, |at| at + 3);
    let host_ends = text[after_scheme..].find(['/', ':']).map_or(after_scheme, |at| after_scheme + at);
    match text.rfind('@').filter(|at| *at > host_ends) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, repo: &str, branch: Option<&str>) {
        assert_eq!(repository(text), (repo, branch));
    }

    #[test]
    fn a_branch_stands_behind_the_repository() {
        check("https://example.com/shop/manifests@main", "https://example.com/shop/manifests", Some("main"));
        check(
            "https://bot@example.com/shop@environment/{env}",
            "https://bot@example.com/shop",
            Some("environment/{env}"),
        );
        check("https://bot@example.com/shop", "https://bot@example.com/shop", None);
        check("git@example.com:shop/manifests", "git@example.com:shop/manifests", None);
        check("git@example.com:shop/manifests@v1", "git@example.com:shop/manifests", Some("v1"));
        check("../manifests@prod", "../manifests", Some("prod"));
    }
}
