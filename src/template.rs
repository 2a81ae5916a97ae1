//! One chart on its own: what `helm template` does.
//!
//! Everything is done in Helm's order, because the first failure is the one that
//! is reported, and with Helm's words, because scripts and people search for
//! them.

mod remote;

use std::io::{self, Read as _};
use std::path::Path;

use helm::values::Overrides;
use helm::{Capabilities, Engine, Env, KubeVersion, Mode, ReadValue, Release, RenderOptions, Rendered};

use crate::error::Warning;
use crate::insight::{self, Cause, Shown, Unread, near_name};
use crate::source::SourceError;

pub use remote::{Network, RemoteOptions};
use remote::{locate, update_dependencies};

/// What `fab template` may choose; the names are those of helm's flags.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each independent flag")]
pub struct TemplateOptions {
    /// The chart, after the name of the release if there is one.
    pub name_and_chart: Vec<String>,
    /// How the release is named if the command line does not.
    pub naming: Naming,
    /// Namespace of the release.
    pub namespace: String,
    /// Values, in helm's order of precedence.
    pub values: Overrides,
    /// Kubernetes version, if not the default.
    pub kube_version: Option<String>,
    /// API versions besides the default ones.
    pub api_versions: Vec<String>,
    /// Whether the release is upgraded, not installed.
    pub is_upgrade: bool,
    /// Whether the files in `crds/` are part of the output.
    pub include_crds: bool,
    /// Which hooks are part of the output.
    pub hooks: Hooks,
    /// Whether `values.schema.json` files are ignored.
    pub skip_schema_validation: bool,
    /// Whether to find out which values are read.
    pub explain_values: bool,
    /// Where the chart comes from if it is not on this machine.
    pub remote: RemoteOptions,
}

/// How a release is named that is given no name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Naming {
    /// It is called `release-name`.
    #[default]
    Fixed,
    /// `--generate-name`. It contradicts a given name; without one `helm template` pays no
    /// attention to it.
    Generated,
    /// By a template with Sprig's functions and no data.
    Template(String),
}

/// Which hooks are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hooks {
    /// All of them.
    #[default]
    All,
    /// All but those that `helm test` runs.
    WithoutTests,
    /// None.
    None,
}

/// Why a chart was not rendered; the texts are helm's.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The arguments contradict each other.
    #[error("{0}")]
    Arguments(String),
    /// `--kube-version` is no version.
    #[error("invalid kube version '{version}': {source}")]
    KubeVersion {
        /// What was given.
        version: String,
        /// What is wrong with it.
        source: helm::KubeVersionError,
    },
    /// The template of the name is wrong.
    #[error(transparent)]
    Name(helm::Error),
    /// There is no chart at that path.
    #[error("path {0:?} not found")]
    NoChart(String),
    /// The chart is not on this machine, and no reference to one elsewhere.
    #[error("non-absolute URLs should be in form of repo_name/path_to_chart, got: {0}")]
    NoReference(String),
    /// The chart, or one that it needs, cannot be fetched.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The values cannot be read.
    #[error(transparent)]
    Values(#[from] helm::values::ValuesError),
    /// The chart cannot be loaded or rendered.
    #[error("{source}")]
    Chart {
        /// What is known of it.
        cause: Box<Cause>,
        /// What is wrong.
        source: Box<helm::Error>,
    },
}

impl TemplateError {
    /// Returns whether the chart was fine up to rendering; helm has something to show then.
    pub fn came_of_rendering(&self) -> bool {
        matches!(self, TemplateError::Chart { source, .. } if source.came_of_rendering())
    }

    /// Returns what the user can do about it, if that can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            TemplateError::NoChart(path) | TemplateError::NoReference(path) => {
                let near = near_name(Path::new(path))?;
                let path = Path::new(path).with_file_name(near);
                Some(format!("did you mean `{}`?", path.display()))
            }
            TemplateError::Source(error) => error.hint(),
            TemplateError::Chart { cause, .. } => cause.hint.clone(),
            TemplateError::Arguments(_)
            | TemplateError::KubeVersion { .. }
            | TemplateError::Name(_)
            | TemplateError::Values(_) => None,
        }
    }
}

impl From<helm::Error> for TemplateError {
    fn from(source: helm::Error) -> Self {
        TemplateError::Chart { cause: Box::default(), source: Box::new(source) }
    }
}

/// A release that was rendered, with its name.
#[derive(Debug)]
pub struct Templated {
    /// Name of the release.
    pub release: String,
    /// What the chart renders to, without the hooks that were not asked for.
    pub rendered: Rendered,
    /// What makes the output differ from run to run.
    pub warnings: Vec<Warning>,
    /// What became of the values, if that was asked.
    pub values: Option<ExplainedValues>,
}

/// What became of the values of a release.
#[derive(Debug)]
pub struct ExplainedValues {
    /// What templates read, in order.
    pub read: Vec<ReadValue>,
    /// What the user gives and nobody reads, in order.
    pub unread: Vec<Unread>,
}

/// Renders a chart as `helm template` does.
pub fn template(
    options: &TemplateOptions,
    env: &Env,
    network: Network<'_>,
) -> Result<Templated, TemplateError> {
    let mut capabilities = Capabilities::default();
    if let Some(version) = &options.kube_version {
        capabilities.kube_version = KubeVersion::parse(version)
            .map_err(|source| TemplateError::KubeVersion { version: version.clone(), source })?;
    }
    capabilities.api_versions.extend_from_slice(&options.api_versions);
    let engine = Engine::new();
    let (name, path) = name_and_chart(options, &engine, env)?;
    let located = locate(path, &options.remote, network)?;
    let values = options.values.merge(&read_values)?;
    let mut chart = helm::load(&located.path).map_err(helm::Error::from)?;
    if options.remote.dependency_update && update_dependencies(&chart, &located.path, network)? {
        chart = helm::load(&located.path).map_err(helm::Error::from)?;
    }
    let setter = |keys: &[String]| insight::setter(&options.values, keys, &read_again);
    let home = |keys: &[String]| insight::home(&options.values, keys, &read_again);
    let shown = Shown { chart: &chart, path, setter: &setter, home: &home };
    let render_options = RenderOptions {
        engine: &engine,
        env,
        release: Release {
            is_upgrade: options.is_upgrade,
            ..Release::new(name.as_str(), options.namespace.as_str())
        },
        capabilities,
        include_crds: options.include_crds,
        skip_schema_validation: options.skip_schema_validation,
        mode: Mode::Normal,
    };
    let failed = |source: helm::Error| TemplateError::Chart {
        cause: Box::new(shown.cause(helm::diagnose(&source, &chart, &values, &render_options))),
        source: Box::new(source),
    };
    let (mut rendered, explained) = if options.explain_values {
        let usage = helm::usage(&chart, &values, &render_options).map_err(failed)?;
        let unread = shown.unread(&usage);
        (usage.rendered, Some(ExplainedValues { read: usage.read, unread }))
    } else {
        (helm::template(&chart, &values, &render_options).map_err(failed)?, None)
    };
    match options.hooks {
        Hooks::All => {}
        Hooks::WithoutTests => rendered.hooks.retain(|hook| !hook.is_test()),
        Hooks::None => rendered.hooks.clear(),
    }
    let warnings = shown.warnings(&helm::reached(&chart, &values, &render_options, &rendered));
    Ok(Templated { release: name, rendered, warnings, values: explained })
}

fn name_and_chart<'a>(
    options: &'a TemplateOptions,
    engine: &Engine,
    env: &Env,
) -> Result<(String, &'a str), TemplateError> {
    let conflict = |text: &str| TemplateError::Arguments(text.to_owned());
    match options.name_and_chart.as_slice() {
        [] => Err(conflict(
            "\"fab template\" requires at least 1 argument\n\nUsage:  fab template [NAME] [CHART] [flags]",
        )),
        [chart] => match &options.naming {
            Naming::Template(template) => {
                Ok((engine.name_from_template(template, env).map_err(TemplateError::Name)?, chart))
            }
            Naming::Fixed | Naming::Generated => Ok(("release-name".to_owned(), chart)),
        },
        [_, _] if options.naming == Naming::Generated => {
            Err(conflict("cannot set --generate-name and also specify a name"))
        }
        [_, _] if options.naming != Naming::Fixed => {
            Err(conflict("cannot set --name-template and also specify a name"))
        }
        [name, chart] => Ok((name.clone(), chart)),
        [_, _, more @ ..] => Err(conflict(&format!(
            "expected at most two arguments, unexpected arguments: {}",
            more.join(", ")
        ))),
    }
}

/// Reads a values file, or standard input for `-`; fails with the words of Go.
fn read_values(path: &str) -> Result<Vec<u8>, String> {
    if path.trim() == "-" {
        let mut text = Vec::new();
        io::stdin().read_to_end(&mut text).map_err(|error| error.to_string())?;
        return Ok(text);
    }
    helm::load::read_file(path)
}

/// Reads a values file for a second time; standard input can be read once only.
fn read_again(path: &str) -> Result<Vec<u8>, String> {
    if path.trim() == "-" { Err("it was read".to_owned()) } else { helm::load::read_file(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_NETWORK: Network<'_> = Network {
        charts: &|| panic!("the chart is on this machine"),
        cache: None,
        now: std::time::UNIX_EPOCH,
    };

    fn env() -> Env {
        Env::new(std::time::UNIX_EPOCH, [7; 32])
    }

    fn options(name_and_chart: &[&str]) -> TemplateOptions {
        TemplateOptions {
            name_and_chart: name_and_chart.iter().map(|&text| text.to_owned()).collect(),
            namespace: "ns".to_owned(),
            ..TemplateOptions::default()
        }
    }

    #[track_caller]
    fn check_error(options: &TemplateOptions, want: &str) {
        let error = template(options, &env(), NO_NETWORK).expect_err("it fails").to_string();
        assert_eq!(error, want);
    }

    #[test]
    fn the_name_comes_from_one_place() {
        let named = options(&["rel", "./none"]);
        check_error(
            &TemplateOptions { naming: Naming::Generated, ..named.clone() },
            "cannot set --generate-name and also specify a name",
        );
        check_error(
            &TemplateOptions { naming: Naming::Template("x".to_owned()), ..named },
            "cannot set --name-template and also specify a name",
        );
        check_error(
            &options(&["a", "b", "c", "d"]),
            "expected at most two arguments, unexpected arguments: c, d",
        );
        check_error(
            &TemplateOptions { naming: Naming::Template("{{ nope }}".to_owned()), ..options(&["./none"]) },
            "template: name-template:1: function \"nope\" not defined",
        );
    }

    #[test]
    fn a_chart_that_is_not_there_is_named() {
        check_error(&options(&["./none"]), "path \"./none\" not found");
        check_error(
            &options(&["rel", "none"]),
            "non-absolute URLs should be in form of repo_name/path_to_chart, got: none",
        );
    }

    #[test]
    fn a_version_that_is_none_is_refused_first() {
        let options = TemplateOptions { kube_version: Some("abc".to_owned()), ..options(&["./none"]) };
        check_error(&options, "invalid kube version 'abc': could not parse \"abc\" as version");
    }

    #[test]
    fn a_chart_is_rendered_without_the_hooks_that_nobody_wants() {
        let folder = tempfile::tempdir().expect("there is room");
        let chart = folder.path().join("c");
        std::fs::create_dir_all(chart.join("templates")).expect("there is room");
        let write = |path: &str, text: &str| std::fs::write(chart.join(path), text).expect("there is room");
        write("Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n");
        write("templates/a.yaml", "kind: A\nname: {{ .Release.Name }}.{{ .Release.Namespace }}\n");
        write("templates/t.yaml", "kind: T\nmetadata: {annotations: {helm.sh/hook: test}}\n");
        let path = chart.to_string_lossy().into_owned();
        let with_hooks = |hooks| TemplateOptions {
            hooks,
            naming: Naming::Template("x{{ 1 }}".to_owned()),
            ..options(&[&path])
        };
        let text =
            |hooks| template(&with_hooks(hooks), &env(), NO_NETWORK).expect("it renders").rendered.to_text();
        let plain = "---\n# Source: c/templates/a.yaml\nkind: A\nname: x1.ns\n";
        let hook =
            "---\n# Source: c/templates/t.yaml\nkind: T\nmetadata: {annotations: {helm.sh/hook: test}}\n\n";
        assert_eq!(text(Hooks::All), format!("{plain}{hook}"));
        assert_eq!(text(Hooks::WithoutTests), plain);
        assert_eq!(text(Hooks::None), plain);
    }
}
