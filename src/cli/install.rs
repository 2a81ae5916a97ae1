//! `fab install`: brings here what a definition names from elsewhere.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::report::{self, Report};
use super::{Result, Ui, world};
use crate::hooks::HookPolicy;
use crate::source::http::Progress;
use crate::source::{
    InstallEvent, InstallOptions, Installed, Network, Planned, Preview, Renew, install, preview,
};

/// Install what a definition names from elsewhere, and record it in fab.lock.
#[derive(clap::Args)]
pub(super) struct InstallArgs {
    #[command(flatten)]
    sources: SourcesArgs,
    /// Print what would be installed, as far as that is known, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Whose sources are brought here, and how far that may go.
#[derive(clap::Args)]
pub(super) struct SourcesArgs {
    /// Folder of the definition.
    #[arg(value_name = "PATH", default_value = ".")]
    directory: PathBuf,
    /// Fail if fab.lock does not have everything already.
    #[arg(long)]
    locked: bool,
    /// Do not use the network: what is not in the cache is an error.
    #[arg(long)]
    offline: bool,
    /// Allow the hooks of components from this source.
    #[arg(long, value_name = "SOURCE")]
    allow_hooks: Vec<String>,
}

impl SourcesArgs {
    /// Returns how the sources are installed, as [`options`] does.
    pub(super) fn options(&self) -> Result<InstallOptions> {
        Ok(InstallOptions {
            locked: self.locked,
            hooks: HookPolicy { run: true, allowed: self.allow_hooks.clone() },
            network: if self.offline { Network::Offline } else { Network::Online },
            ..options(&self.directory)?
        })
    }
}

/// Returns how the sources of a definition are installed if nobody says more.
pub(super) fn options(directory: &Path) -> Result<InstallOptions> {
    Ok(InstallOptions {
        directory: directory.to_owned(),
        cache: world::cache()?,
        locked: false,
        network: Network::Online,
        hooks: HookPolicy { run: true, allowed: Vec::new() },
        variables: world::variables(),
        renew: Renew::Nothing,
    })
}

/// Runs the command.
pub(super) fn run(args: &InstallArgs, ui: &mut Ui) -> Result<ExitCode> {
    let options = args.sources.options()?;
    if args.dry_run {
        return print(&preview(&options), ui);
    }
    let start = world::now();
    let installed = with_events(ui, |heard| install(&options, heard))?;
    ui.status(format_args!(
        "{}",
        Summary { verb: "Installed", installed: &installed, took: start.elapsed() }
    ));
    Ok(ExitCode::SUCCESS)
}

/// Runs something that tells what happens, and prints that.
pub(super) fn with_events<T>(ui: &mut Ui, work: impl FnOnce(&(dyn Fn(InstallEvent) + Sync)) -> T) -> T {
    ui.begin_downloads();
    let shared = Mutex::new(&mut *ui);
    let done = work(&|event| tell(&mut shared.lock().unwrap_or_else(PoisonError::into_inner), event));
    ui.end_downloads();
    done
}

fn tell(ui: &mut Ui, event: InstallEvent) {
    match event {
        InstallEvent::Warning(warning) => ui.warning(format_args!("{}", report::Line(&warning))),
        InstallEvent::Fetching { asked, progress } => {
            let name = asked.to_string();
            ui.download(&name, format_args!("{name}: {}", Arrived(progress)));
        }
        InstallEvent::Fetched { asked, resolved } => {
            ui.end_download(&asked.to_string());
            ui.status(format_args!("Fetched {asked}: {resolved}"));
        }
        InstallEvent::Hook(run) => ui.hook(&run),
    }
}

/// Prints what would be installed; what is wrong already comes last.
fn print(preview: &Preview, ui: &mut Ui) -> Result<ExitCode> {
    let mut text = String::new();
    for planned in &preview.sources {
        text.push_str(&format!("{}\n", Line(planned)));
    }
    for component in &preview.unknown {
        text.push_str(&format!("{component}: known after install\n"));
    }
    for component in &preview.unknown_dependencies {
        text.push_str(&format!("{component}: dependencies of the chart are known after install\n"));
    }
    ui.data(text)?;
    if preview.sources.is_empty() && preview.failures.is_empty() {
        ui.status(format_args!("Nothing to install"));
    }
    if preview.failures.is_empty() {
        Ok(ExitCode::SUCCESS)
    } else {
        Err(Report::from(preview.failures.clone()))
    }
}

/// A source that would be installed, in one line.
struct Line<'a>(&'a Planned);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Planned { component, place, asked, path, locked, cached } = self.0;
        write!(f, "{component}: {asked}")?;
        if !path.is_empty() {
            write!(f, " path {path}")?;
        }
        write!(f, " => {place}")?;
        match (locked, cached) {
            (None, _) => write!(f, " (not locked)"),
            (Some(resolved), true) => write!(f, " ({resolved}, cached)"),
            (Some(resolved), false) => write!(f, " ({resolved})"),
        }
    }
}

/// What was installed, in one line.
pub(super) struct Summary<'a> {
    /// What was done, in one word.
    pub(super) verb: &'static str,
    /// What came of it.
    pub(super) installed: &'a Installed,
    /// How long it took.
    pub(super) took: Duration,
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Installed { components, sources, fetched, bytes, placed, vendored, .. } = self.installed;
        if *components == 0 {
            return write!(f, "Nothing to install");
        }
        let plural = if *components == 1 { "" } else { "s" };
        if *vendored {
            return write!(f, "{components} component{plural} in the folder `vendor`: nothing to install");
        }
        let cached = sources - fetched;
        write!(f, "{} {components} component{plural}: {cached} from cache, {fetched} fetched", self.verb)?;
        if *placed == 0 {
            write!(f, "; all were in place")?;
        }
        match fetched {
            0 => write!(f, " ({})", Took(self.took)),
            _ => write!(f, " ({}, {})", Size(*bytes), Took(self.took)),
        }
    }
}

/// How much of a source has arrived.
struct Arrived(Progress);

impl fmt::Display for Arrived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Progress { received: 0, .. } => write!(f, "asking"),
            Progress { received, total: Some(total) } => write!(f, "{} of {}", Size(received), Size(total)),
            Progress { received, total: None } => write!(f, "{}", Size(received)),
        }
    }
}

/// Bytes as people read them.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..1_000 => write!(f, "{} B", self.0),
            1_000..1_000_000 => write!(f, "{}.{} kB", self.0 / 1_000, self.0 % 1_000 / 100),
            _ => write!(f, "{}.{} MB", self.0 / 1_000_000, self.0 % 1_000_000 / 100_000),
        }
    }
}

/// A time as people read it.
struct Took(Duration);

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_millis() {
            millis @ 0..1_000 => write!(f, "{millis} ms"),
            _ => write!(f, "{:.1} s", self.0.as_secs_f64()),
        }
    }
}
