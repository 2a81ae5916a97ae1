//! `fab validate`: what the API server would refuse.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use helm::KubeVersion;
use kubeschema::Minor;

use super::findings::{Case, Denied, Findings, Format};
use super::generate::{counted, outputs};
use super::report::Line;
use super::world::{HookArgs, WorldArgs};
use super::{Result, Ui};
use crate::config::Environment;
use crate::error::Error;
use crate::generate::{GenerateOptions, blame, generate_again};
use crate::project::RenderSettings;
use crate::render::ChartSettings;
use crate::validate::{Input, Rendered, ValidateOptions, Validation, manifests, minor, validate};

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
    /// Where schemas of custom resources are besides the folder `schemas`: a folder, a file, or a template as in
    /// `crds/{{ .Group }}/{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json`; `default` is what is known without, and
    /// comes first where it is not named. May be given several times.
    #[arg(long, value_name = "LOCATION")]
    schema_location: Vec<String>,
    /// Kubernetes version, or from one to another: `1.34` or `1.34..1.36`. Charts are rendered for each [default: what charts see, as `fab.yaml` says].
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
    #[command(flatten)]
    hooks: HookArgs,
    #[command(flatten)]
    world: WorldArgs,
}

/// Kubernetes versions to check for.
#[derive(Clone)]
struct Versions {
    /// Each as charts see it, and its minor; one at least.
    all: Vec<(KubeVersion, Minor)>,
}

/// Runs the command.
pub(super) fn run(args: &ValidateArgs, ui: &mut Ui) -> Result<ExitCode> {
    let rendered = args.rendered(ui)?;
    let mut validation = validate(&rendered, &args.options())?;
    // Generating has told them.
    let untold = validation.warnings.iter().filter(|_| args.manifests.is_some());
    untold.for_each(|warning| ui.warning(format_args!("{}", Line(warning))));
    if args.manifests.is_none() && !validation.findings.is_empty() {
        let first = args.kube_version.as_ref().map(|versions| versions.all[0].0.clone());
        let blames = blame(&args.generate_options(first)?, &validation.lines(&rendered));
        validation.explain(blames);
    }
    let inputs = rendered.first().map_or(&[][..], |rendered| &rendered.inputs);
    ui.data(findings(&validation, inputs).write(args.output_format, Ui::data_is_styled()))?;
    let fails = summarize(&validation, inputs, args.deny.is_some(), ui);
    Ok(ExitCode::from(u8::from(fails)))
}

/// Returns what was found, for a report.
pub(super) fn findings<'a>(validation: &'a Validation, inputs: &'a [Input]) -> Findings<'a> {
    let case = |input: &'a Input| Case::Manifest { component: &input.component, file: &input.file };
    Findings { check: "validate", findings: &validation.findings, cases: inputs.iter().map(case).collect() }
}

/// Says what was checked, and returns whether it fails.
pub(super) fn summarize(
    validation: &Validation,
    inputs: &[Input],
    denies_warnings: bool,
    ui: &mut Ui,
) -> bool {
    let (errors, warnings) = findings(validation, inputs).count();
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
    errors > 0 || denies_warnings && warnings > 0
}

impl ValidateArgs {
    fn options(&self) -> ValidateOptions {
        ValidateOptions {
            directory: self.directory.clone(),
            schema_locations: self.schema_location.clone(),
            without_schema: self.without_schema.clone(),
            is_whole: self.manifests.is_none(),
        }
    }

    fn environments(&self) -> Vec<Environment> {
        self.environments.iter().map(|name| Environment::new([name])).collect()
    }

    /// Returns the manifests: those that are named, or what the definition generates for each version.
    fn rendered(&self, ui: &mut Ui) -> Result<Vec<Rendered>> {
        let versions = self.kube_version.as_ref().map(|versions| versions.all.as_slice()).unwrap_or_default();
        let minors = || versions.iter().map(|(_, minor)| *minor).collect();
        let given = match &self.manifests {
            Some(path) if path == Path::new("-") => Some(vec![stdin()?]),
            Some(path) => Some(manifests(path)?),
            None => None,
        };
        if let Some(inputs) = given {
            return Ok(vec![Rendered { minors: minors(), inputs, definitions: Vec::new() }]);
        }
        let Some(((first, minor), others)) = versions.split_first() else {
            return Ok(vec![Rendered::of(&outputs(&self.generate_options(None)?, ui)?, Vec::new())]);
        };
        let mut groups = vec![(outputs(&self.generate_options(Some(first.clone()))?, ui)?, vec![*minor])];
        for (version, minor) in others {
            let made = generate_again(&self.generate_options(Some(version.clone()))?)?;
            // Most charts make the same for all versions.
            match groups.iter_mut().find(|(outputs, _)| *outputs == made) {
                Some((_, minors)) => minors.push(*minor),
                None => groups.push((made, vec![*minor])),
            }
        }
        Ok(groups.into_iter().map(|(outputs, minors)| Rendered::of(&outputs, minors)).collect())
    }

    fn generate_options(&self, kube_version: Option<KubeVersion>) -> Result<GenerateOptions> {
        // Custom resources are checked against the definitions that come with their charts.
        let settings = RenderSettings {
            kube_version,
            api_versions: (!self.api_versions.is_empty()).then(|| self.api_versions.clone()),
            include_crds: Some(true),
            seed_date: None,
        };
        Ok(GenerateOptions {
            directory: self.directory.clone(),
            output: self.directory.join("generated"),
            environments: self.environments(),
            charts: ChartSettings { settings, world: self.world.read()? },
            hooks: self.hooks.policy(),
            keeps_definitions: false,
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
    let (first, (_, to)) = (read(from)?, read(to)?);
    let from = first.1;
    let later = (from.number() + 1..=to.number()).filter_map(Minor::new);
    let later = later.map(|minor| KubeVersion::parse(&minor.to_string()).map(|version| (version, minor)));
    let later = later.collect::<std::result::Result<Vec<_>, _>>().map_err(|err| err.to_string())?;
    if to < from {
        Err(format!("{to} is before {from}"))
    } else {
        Ok(Versions { all: [vec![first], later].concat() })
    }
}
