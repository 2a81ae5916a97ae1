//! `fab promote`: what one environment has for another.

use std::path::PathBuf;
use std::process::ExitCode;

use super::changes;
use super::diff::listening;
use super::explain::{cut, flow};
use super::generate::counted;
use super::report::{self, Report};
use super::table::Table;
use super::world::{HookArgs, WorldArgs};
use super::{Result, Ui, world};
use crate::config::Environment;
use crate::diff::{Diff, Form, text};
use crate::edit::{CommitOptions, Push, write_all};
use crate::error::Failure;
use crate::promote::{KeyPattern, Left, PromoteOptions, Promoted, Promotion, Why, promote};
use crate::publish::{PlaceSettings, Target, short};
use crate::source::Network;

/// Set in an environment what another one has: the tags and digests of its images, and values that are named.
///
/// Config is changed, in the files that only TO has; the values are those in force, with all layers merged. `fab.yaml`
/// names further values under `publish.promote`. What changes in the manifests is shown.
#[derive(clap::Args)]
pub(super) struct PromoteArgs {
    /// The environment that has the values: `qa`, or `qa+east` for one of two layers.
    #[arg(value_name = "FROM")]
    from: String,
    /// The environment that gets them.
    #[arg(value_name = "TO")]
    to: String,
    /// Promote these values too: `replicas`, `**.resources`, `infra/ingress:controller.*`; `!KEY` leaves some out, and
    /// the last that fits decides.
    #[arg(long, value_name = "[COMPONENT:]KEY", value_parser = pattern)]
    key: Vec<KeyPattern>,
    /// Only this component and those below it, by path; may be given several times.
    #[arg(long, value_name = "PATH")]
    component: Vec<String>,
    /// Folder of the definition.
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Print what would change in the files, too, and write nothing.
    #[arg(long, conflicts_with_all = ["commit", "push"])]
    dry_run: bool,
    /// Take the values from the commit that FROM is published from, in place of the working tree.
    #[arg(long, conflicts_with = "offline")]
    published: bool,
    /// Do not ask the manifest repository whether TO is held after a rollback.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    hooks: HookArgs,
    #[command(flatten)]
    world: WorldArgs,
    #[command(flatten)]
    commit: CommitArgs,
}

/// The commit of the changes.
#[derive(clap::Args)]
#[command(next_help_heading = "Commit")]
struct CommitArgs {
    /// Commit the changed files on a branch of their own, `fab/promote-FROM-TO-` and a digest; what is checked out stays.
    #[arg(long)]
    commit: bool,
    /// Message of the commit [default: what is promoted].
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
    /// Commit, and push the branch, or the one given; when it has moved, the change is made again on top, unless it has it.
    #[arg(long, value_name = "BRANCH", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    push: Option<String>,
}

fn pattern(text: &str) -> std::result::Result<KeyPattern, String> {
    KeyPattern::parse(text)
}

/// Runs the command.
pub(super) fn run(args: &PromoteArgs, ui: &mut Ui) -> Result<ExitCode> {
    let options = args.options()?;
    let promotion = promote(&options)?;
    report::warnings_once(&promotion.warnings, ui);
    let (from, to) = (&args.from, &args.to);
    if let Some(error) = &promotion.hold_unknown {
        ui.warning(format_args!("warning: whether {to} is held after a rollback is not known: {error}"));
    }
    for left in &promotion.left {
        ui.status(format_args!("{}", args.left(left)));
    }
    if promotion.promoted.is_empty() {
        ui.status(format_args!("Nothing to promote from {from} to {to}"));
        return Ok(ExitCode::SUCCESS);
    }
    let Some(diff) = args.diff(&options, &promotion, ui)? else { return Ok(ExitCode::from(2)) };
    let files =
        if args.dry_run { promotion.files.iter().map(changes::diff).collect() } else { String::new() };
    let form = Form { is_styled: Ui::data_is_styled() };
    ui.data(format!(
        "{}\n{files}{}",
        table(&promotion.promoted).render(Ui::data_width()),
        text(&diff, form)
    ))?;
    if args.commit.commit || args.commit.push.is_some() {
        args.commit(&options, &promotion, ui)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !args.dry_run {
        write_all(&promotion.files)?;
    }
    changes::tell(&promotion.files, args.dry_run, ui);
    let verb = if args.dry_run { "Would promote" } else { "Promoted" };
    ui.status(format_args!("{verb} {} from {from} to {to}", counted(promotion.promoted.len(), "value")));
    Ok(ExitCode::SUCCESS)
}

impl PromoteArgs {
    fn options(&self) -> Result<PromoteOptions> {
        Ok(PromoteOptions {
            from: Target {
                directory: self.directory.clone(),
                environment: self.from.clone(),
                repository: None,
                place: PlaceSettings::default(),
                cache: world::cache()?,
                variables: world::variables(),
                now: world::wall_clock(),
                pauses: world::pauses()?,
            },
            to: Environment::new([&self.to]),
            published: self.published,
            network: if self.offline { Network::Offline } else { Network::Online },
            hooks: self.hooks.policy(),
            keys: self.key.clone(),
            components: self.component.clone(),
        })
    }

    /// Commits what is promoted, and says on which branch it is.
    fn commit(&self, options: &PromoteOptions, promotion: &Promotion, ui: &mut Ui) -> Result<()> {
        let own = promotion.branch(options);
        let branch = self.commit.push.as_deref().filter(|branch| !branch.is_empty()).unwrap_or(&own);
        let commit = CommitOptions {
            message: self.commit.message.clone().unwrap_or_else(|| self.message(&promotion.promoted)),
            trailers: Vec::new(),
            push: match self.commit.push {
                None => Push::No,
                Some(_) => Push::Branch(branch.to_owned()),
            },
            variables: world::variables(),
        };
        let Some(done) = promotion.commit(options, (branch, commit))? else {
            ui.status(format_args!("Nothing to promote from {} to {}", self.from, self.to));
            return Ok(());
        };
        let short = short(&done.commit);
        match (&done.pushed, done.is_new) {
            (None, true) => ui.status(format_args!("Committed {short} on {branch}")),
            (Some(pushed), true) => ui.status(format_args!("Pushed {short} to {pushed}")),
            (None, false) => ui.status(format_args!("{branch} has it already, as {short}")),
            (Some(pushed), false) => ui.status(format_args!("{pushed} has it already, as {short}")),
        }
        changes::tell_unsigned(done.unsigned.as_deref(), ui);
        Ok(())
    }

    /// Says what is promoted.
    fn message(&self, promoted: &[Promoted]) -> String {
        let line = |one: &Promoted| {
            let [component, key, before, after, _] = row(one);
            format!("- {component}: {key} {before} -> {after}\n")
        };
        let lines: String = promoted.iter().map(line).collect();
        format!("Promote {} to {}\n\n{lines}", self.from, self.to)
    }

    /// Compares the manifests before and after; nothing if they cannot be rendered.
    fn diff(&self, options: &PromoteOptions, promotion: &Promotion, ui: &mut Ui) -> Result<Option<Diff>> {
        let world = self.world.read()?;
        let diff = listening(ui, |heard| promotion.diff(options, world, heard))?;
        let others = &promotion.environments[1..];
        if !others.is_empty() {
            let names: Vec<String> = others.iter().map(Environment::to_string).collect();
            ui.warning(format_args!(
                "warning: {} has these files too, and changes with it",
                names.join(", ")
            ));
        }
        let (before, after): (Vec<_>, Vec<_>) = diff.failures.iter().partition(|failed| failed.of_base);
        for failed in before {
            ui.warning(format_args!("warning: this cannot be rendered as it is, so it is not compared:"));
            ui.report(&Report::from(vec![failed.failure.clone()]));
        }
        if after.is_empty() {
            return Ok(Some(diff));
        }
        let failures: Vec<Failure> = after.into_iter().map(|failed| failed.failure.clone()).collect();
        ui.report(&Report::from(failures));
        ui.status(format_args!("Nothing was changed"));
        Ok(None)
    }

    /// Says why a value stays.
    fn left(&self, Left { component, key, why }: &Left) -> String {
        let (from, to) = (&self.from, &self.to);
        match why {
            Why::OnlyThere => format!("Left `{key}` of {component}: {from} has none, and {to} keeps its own"),
            Why::Secret => {
                format!("Left `{key}` of {component}: it may be a secret; --key '{component}:{key}' takes it")
            }
            Why::InSharedList => {
                format!(
                    "Left `{key}` of {component}: it is in a list that not only {to} has; --key takes all of the list"
                )
            }
        }
    }
}

/// Lists what is promoted.
fn table(promoted: &[Promoted]) -> Table<5> {
    let mut table = Table::new(["COMPONENT", "KEY", "BEFORE", "AFTER", "FILE"], 3);
    promoted.iter().for_each(|one| table.push(row(one)));
    table
}

fn row(Promoted { component, key, before, after, is_secret, file }: &Promoted) -> [String; 5] {
    let value = |value: Option<&_>| match value {
        None => "(not set)".to_owned(),
        Some(_) if *is_secret => "(secret)".to_owned(),
        Some(value) => cut(flow(value), false),
    };
    [component.clone(), key.clone(), value(before.as_ref()), value(Some(after)), file.clone()]
}
