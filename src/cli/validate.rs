//! `fab validate`: what the API server would refuse.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use helm::KubeVersion;
use kubeschema::{Level, Minor};

use super::findings::Format;
use super::generate::{counted, outputs};
use super::report::Line;
use super::world::WorldArgs;
use super::{Result, Ui};
use crate::config::Environment;
use crate::error::Error;
use crate::generate::GenerateOptions;
use crate::hooks::HookPolicy;
use crate::project::RenderSettings;
use crate::render::ChartSettings;
use crate::validate::{Input, ValidateOptions, inputs, manifests, minor, validate};

/// Check what a definition generates as the API server would.
#[derive(clap::Args)]
pub(super) struct ValidateArgs {
    /// The environments, each on its own: `prod`, or `prod+east` for one of two layers [default: all of `fab.yaml`, or else all that have a config file].
    #[arg(value_name = "ENV", conflicts_with = "manifests")]
    environments: Vec<String>,
    /// Folder of the definition.
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Check this folder or file of manifests, or `-` for those on stdin, in place of what a definition generates.
    #[arg(long, value_name = "PATH")]
    manifests: Option<PathBuf>,
    /// Folder with CustomResourceDefinitions besides those among the manifests [default: `schemas` in the folder of the definition].
    #[arg(long, value_name = "DIR")]
    schemas: Option<PathBuf>,
    /// Kubernetes version, or from one to another: `1.34` or `1.34..1.36`. Charts see the first [default: what charts see, as `fab.yaml` says].
    #[arg(long, value_name = "VERSION", value_parser = versions)]
    kube_version: Option<Versions>,
    /// API versions that charts see besides the usual ones.
    #[arg(short, long, value_name = "VERSION", value_delimiter = ',')]
    api_versions: Vec<String>,
    /// Take resources of this kind without a schema.
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    without_schema: Vec<String>,
    /// Exit with 1 for warnings, too.
    #[arg(long, value_name = "LEVEL")]
    deny: Option<Denied>,
    /// How findings are printed.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output_format: Format,
    /// Run the hooks of components; without it, a component that has some is an error.
    #[arg(long)]
    run_hooks: bool,
    /// Allow the hooks of components from this source.
    #[arg(long, value_name = "SOURCE")]
    allow_hooks: Vec<String>,
    #[command(flatten)]
    world: WorldArgs,
}

/// What counts as a finding that fails, besides errors.
#[derive(Clone, Copy, ValueEnum)]
enum Denied {
    Warnings,
}

/// Kubernetes versions to check for.
#[derive(Clone)]
struct Versions {
    /// What charts see.
    first: KubeVersion,
    minors: Vec<Minor>,
}

/// Runs the command.
pub(super) fn run(args: &ValidateArgs, ui: &mut Ui) -> Result<ExitCode> {
    let inputs = args.inputs(ui)?;
    let validation = validate(&inputs, &args.options())?;
    // Generating has told them.
    let untold = validation.warnings.iter().filter(|_| args.manifests.is_some());
    untold.for_each(|warning| ui.warning(format_args!("{}", Line(warning))));
    ui.data(args.output_format.print(&validation.findings, &inputs))?;
    let count = |level| validation.findings.iter().filter(|finding| finding.level == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    let filled = inputs.iter().filter(|input| !input.text.is_empty());
    let minors: Vec<String> = validation.minors.iter().map(ToString::to_string).collect();
    ui.status(format_args!(
        "Checked {} in {} against Kubernetes {}: {}, {}",
        counted(validation.resources, "resource"),
        counted(filled.count(), "manifest"),
        minors.join(", "),
        counted(errors, "error"),
        counted(warnings, "warning"),
    ));
    let fails = errors > 0 || args.deny.is_some() && warnings > 0;
    Ok(ExitCode::from(u8::from(fails)))
}

impl ValidateArgs {
    fn options(&self) -> ValidateOptions {
        ValidateOptions {
            directory: self.directory.clone(),
            schemas: self.schemas.clone(),
            minors: self.kube_version.as_ref().map(|versions| versions.minors.clone()).unwrap_or_default(),
            without_schema: self.without_schema.clone(),
            is_whole: self.manifests.is_none(),
        }
    }

    fn environments(&self) -> Vec<Environment> {
        self.environments.iter().map(|name| Environment::new([name])).collect()
    }

    /// Returns the manifests: those that are named, or what the definition generates.
    fn inputs(&self, ui: &mut Ui) -> Result<Vec<Input>> {
        match &self.manifests {
            Some(path) if path == Path::new("-") => Ok(vec![stdin()?]),
            Some(path) => Ok(manifests(path)?),
            None => Ok(inputs(&outputs(&self.generate_options()?, ui)?)),
        }
    }

    fn generate_options(&self) -> Result<GenerateOptions> {
        // Custom resources are checked against the definitions that come with their charts.
        let settings = RenderSettings {
            kube_version: self.kube_version.as_ref().map(|versions| versions.first.clone()),
            api_versions: (!self.api_versions.is_empty()).then(|| self.api_versions.clone()),
            include_crds: Some(true),
            seed_date: None,
        };
        Ok(GenerateOptions {
            directory: self.directory.clone(),
            output: self.directory.join("generated"),
            environments: self.environments(),
            charts: ChartSettings { settings, world: self.world.read()? },
            hooks: HookPolicy { run: self.run_hooks, allowed: self.allow_hooks.clone() },
            validate: false,
            compares: false,
            jobs: None,
        })
    }
}

fn stdin() -> Result<Input> {
    let mut bytes = Vec::new();
    let read = io::stdin().read_to_end(&mut bytes);
    read.map_err(|source| Error::Unreadable { file: "-".to_owned(), source })?;
    Ok(Input {
        environment: String::new(),
        component: String::new(),
        file: "stdin".to_owned(),
        text: String::from_utf8_lossy(&bytes).into(),
    })
}

/// Reads `1.34` or `1.34..1.36`.
fn versions(text: &str) -> std::result::Result<Versions, String> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let read = |text: &str| {
        let version = KubeVersion::parse(text).map_err(|err| err.to_string())?;
        let covered = || format!("schemas are there for {} to {}", Minor::FIRST, Minor::LAST);
        minor(&version).map(|minor| (version, minor)).ok_or_else(covered)
    };
    let ((first, from), (_, to)) = (read(from)?, read(to)?);
    let minors: Vec<Minor> = (from.number()..=to.number()).filter_map(Minor::new).collect();
    if minors.is_empty() { Err(format!("{to} is before {from}")) } else { Ok(Versions { first, minors }) }
}
