//! `fab generate`: the manifests of a definition, or whether those on disk are
//! up to date.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use helm::KubeVersion;

use super::findings::Format;
use super::report::Line;
use super::validate::{findings, summarize};
use super::world::WorldArgs;
use super::{Result, Ui, world};
use crate::config::Environment;
use crate::error::WarningKind;
use crate::generate::{Event, GenerateOptions, blame, generate};
use crate::hooks::HookPolicy;
use crate::output::{Difference, OutputTree};
use crate::project::RenderSettings;
use crate::render::ChartSettings;
use crate::validate::{Rendered, ValidateOptions, Validation, minor, validate};

/// Generate the manifests of a definition.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag")]
pub(super) struct GenerateArgs {
    /// The environment: layers of config, the strongest first. `common` is always the last.
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    /// Folder of the definition.
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Folder to write to [default: `generated` in the folder of the definition].
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Take each ENV as an environment of its own, `a+b` for one of two layers; without any, all of `fab.yaml`, or else all that have a config file.
    #[arg(long)]
    each: bool,
    /// Write nothing; list the files that are not up to date and exit with 1 if there are any.
    #[arg(long)]
    check: bool,
    /// Run hooks with --check, too.
    #[arg(long, requires = "check")]
    run_hooks: bool,
    /// Allow the hooks of components from this source.
    #[arg(long, value_name = "SOURCE")]
    allow_hooks: Vec<String>,
    /// Kubernetes version that charts see.
    #[arg(long, value_name = "VERSION", value_parser = KubeVersion::parse)]
    kube_version: Option<KubeVersion>,
    /// API versions that charts see besides the usual ones.
    #[arg(short, long, value_name = "VERSION", value_delimiter = ',')]
    api_versions: Vec<String>,
    /// Write the files in `crds/` of charts as well.
    #[arg(long)]
    include_crds: bool,
    /// Check everything as `fab validate` does, and write nothing if there are errors.
    #[arg(long)]
    validate: bool,
    /// How many components are rendered at a time [default: as many as there are processors].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    #[command(flatten)]
    world: WorldArgs,
}

/// Runs the command.
pub(super) fn run(args: &GenerateArgs, ui: &mut Ui) -> Result<ExitCode> {
    let start = world::now();
    let options = args.options()?;
    let outputs = outputs(&options, ui)?;
    if args.validate && !validated(&options, &outputs, ui)? {
        return Ok(ExitCode::from(1));
    }
    if args.check {
        return check(&outputs, &options.output, ui);
    }
    for output in &outputs {
        output.write(&options.output)?;
    }
    for output in &outputs {
        ui.status(format_args!(
            "{}",
            Generated { output, folder: &options.output, elapsed: start.elapsed() }
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// What was generated, and what validating found in it.
pub(super) struct Validated {
    pub(super) rendered: [Rendered; 1],
    pub(super) validation: Validation,
}

/// Checks the output as `fab validate` does.
pub(super) fn checked(options: &GenerateOptions, outputs: &[OutputTree]) -> Result<Validated> {
    let minors = options.charts.settings.kube_version.as_ref().and_then(minor).into_iter().collect();
    let rendered = [Rendered::of(outputs, minors)];
    let choices = ValidateOptions {
        directory: options.directory.clone(),
        schema_locations: Vec::new(),
        without_schema: Vec::new(),
        is_whole: true,
    };
    let mut validation = validate(&rendered, &choices)?;
    if !validation.findings.is_empty() {
        validation.explain(blame(options, &validation.lines(&rendered)));
    }
    Ok(Validated { rendered, validation })
}

/// Checks the output, prints what is found, and returns whether it is fine.
pub(super) fn validated(options: &GenerateOptions, outputs: &[OutputTree], ui: &mut Ui) -> Result<bool> {
    let Validated { rendered, validation } = checked(options, outputs)?;
    let [Rendered { inputs, .. }] = &rendered;
    ui.data(findings(&validation, inputs).write(Format::Text, Ui::data_is_styled()))?;
    Ok(!summarize(&validation, inputs, false, ui))
}

impl GenerateArgs {
    fn options(&self) -> Result<GenerateOptions> {
        let settings = RenderSettings {
            kube_version: self.kube_version.clone(),
            api_versions: (!self.api_versions.is_empty()).then(|| self.api_versions.clone()),
            include_crds: self.include_crds.then_some(true),
            seed_date: None,
        };
        Ok(GenerateOptions {
            directory: self.directory.clone(),
            output: self.output.clone().unwrap_or_else(|| self.directory.join("generated")),
            environments: self.environments(),
            charts: ChartSettings { settings, world: self.world.read()? },
            hooks: HookPolicy { run: !self.check || self.run_hooks, allowed: self.allow_hooks.clone() },
            keeps_definitions: self.validate,
            compares: self.check,
            jobs: self.jobs.map(usize::from),
        })
    }

    fn environments(&self) -> Vec<Environment> {
        match (self.each, self.environments.as_slice()) {
            (false, names) => vec![Environment::new(names)],
            (true, names) => names.iter().map(|name| Environment::new([name])).collect(),
        }
    }
}

/// Generates the manifests, and prints what happens.
pub(super) fn outputs(options: &GenerateOptions, ui: &mut Ui) -> Result<Vec<OutputTree>> {
    let shared = Mutex::new(&mut *ui);
    let outputs =
        generate(options, &|event| tell(&mut shared.lock().unwrap_or_else(PoisonError::into_inner), event));
    ui.end_steps();
    Ok(outputs?)
}

/// Prints what happens while generating.
pub(super) fn tell(ui: &mut Ui, event: Event) {
    match event {
        Event::Warning(warning) if matches!(warning.kind, WarningKind::Chance { .. }) => {
            ui.status(format_args!("{}", Line(&warning)));
        }
        Event::Warning(warning) => ui.warning(format_args!("{}", Line(&warning))),
        Event::Rendering(count) => ui.begin_steps(count),
        Event::Rendered => ui.step(),
        Event::Hook(run) => ui.hook(&run),
    }
}

/// Prints the files that are not up to date.
fn check(outputs: &[OutputTree], folder: &Path, ui: &mut Ui) -> Result<ExitCode> {
    let mut list = String::new();
    for output in outputs {
        let below = folder.join(&output.folder);
        let comparison = output.compare(folder)?;
        for line in comparison.not_compared {
            let (path, number) = (shown(&below.join(&line.path)), line.line);
            let (function, place) = (line.function, line.place);
            ui.status(format_args!(
                "{path}:{number}: not compared: `{function}` at {place} differs in every run"
            ));
        }
        for difference in comparison.differences {
            let what = match difference {
                Difference::Changed(_) => "changed",
                Difference::Missing(_) => "missing",
                Difference::Extra(_) => "extra",
            };
            let path = shown(&below.join(difference.path()));
            list.push_str(&format!("{what} {path}\n"));
        }
    }
    let count = list.lines().count();
    ui.data(list)?;
    if count > 0 {
        let files = if count == 1 { "file is" } else { "files are" };
        ui.status(format_args!("{count} {files} not up to date; run `fab generate`"));
        return Ok(ExitCode::from(1));
    }
    for output in outputs {
        ui.status(format_args!("{} is up to date", shown(&folder.join(&output.folder))));
    }
    Ok(ExitCode::SUCCESS)
}

/// What was made for one environment, in one line.
struct Generated<'a> {
    output: &'a OutputTree,
    folder: &'a Path,
    elapsed: Duration,
}

impl fmt::Display for Generated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Generated {} ({}) for {} in {} ({} ms)",
            counted(self.output.files.len(), "manifest"),
            counted(self.output.resources(), "resource"),
            self.output.environment,
            shown(&self.folder.join(&self.output.folder)),
            self.elapsed.as_millis(),
        )
    }
}

/// Returns so many things of a kind, in words.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Returns a path as the user would type it.
fn shown(path: &Path) -> String {
    let shown = path.to_string_lossy().replace('\\', "/");
    shown.strip_prefix("./").map_or(shown.clone(), str::to_owned)
}
