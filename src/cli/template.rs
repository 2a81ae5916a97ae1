//! `fab template`: what `helm template` does, for charts on this machine.
//!
//! It stands in for helm in scripts: same flags, same stdout, same error text
//! and exit code 1 for every error. Flags that steer an installation are taken
//! and mean nothing, as in helm; those that need the network or another program
//! are refused with a hint.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ArgAction;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::template::{Hooks, Naming, TemplateError, TemplateOptions, Templated, template};

use helm::values::Overrides;

use super::world::{self, WorldArgs};
use super::{Result, Ui};

/// Render a chart as `helm template` does.
#[derive(clap::Args)]
#[command(args_override_self = true)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag of helm")]
pub(super) struct TemplateArgs {
    /// Name of the release (`release-name` if absent), and chart: a folder or an archive.
    #[arg(value_name = "[NAME] CHART")]
    name_and_chart: Vec<String>,
    /// Namespace of the release.
    #[arg(short, long)]
    namespace: Option<String>,
    #[command(flatten)]
    values: ValuesArgs,
    /// Print only the documents of these templates.
    #[arg(short, long, value_name = "PATTERN")]
    show_only: Vec<String>,
    /// Print the files in `crds/` as well.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true",
          hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    include_crds: bool,
    /// Leave hooks out.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true",
          hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    no_hooks: bool,
    /// Leave test hooks out.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true",
          hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    skip_tests: bool,
    /// Kubernetes version that the chart sees.
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    kube_version: String,
    /// API versions that the chart sees besides the usual ones.
    #[arg(short, long, value_name = "VERSION", value_delimiter = ',')]
    api_versions: Vec<String>,
    /// Set `.Release.IsUpgrade` instead of `.Release.IsInstall`.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true",
          hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    is_upgrade: bool,
    /// Write files into this folder instead of printing.
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Put the release's name between the folder and the files.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true",
          hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    release_name: bool,
    /// Template of the release's name.
    #[arg(long, value_name = "TEMPLATE")]
    name_template: Option<String>,
    /// Make up a name for the release.
    #[arg(short, long)]
    generate_name: bool,
    /// Do not check values against `values.schema.json`.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true",
          hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    skip_schema_validation: bool,
    /// Print what was rendered even if it is not valid YAML.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true",
          hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    debug: bool,
    #[command(flatten)]
    world: WorldArgs,
    #[command(flatten)]
    refused: RefusedArgs,
    #[command(flatten)]
    _ignored: IgnoredArgs,
}

/// Values, as the user gives them.
#[derive(clap::Args)]
struct ValuesArgs {
    /// Values from a YAML file.
    #[arg(short = 'f', long = "values", value_name = "FILE", value_delimiter = ',')]
    files: Vec<String>,
    /// Values such as `a.b=1,c={x,y}`.
    #[arg(long, value_name = "KEY=VALUE", allow_hyphen_values = true)]
    set: Vec<String>,
    /// Values that are text whatever they look like.
    #[arg(long, value_name = "KEY=TEXT", allow_hyphen_values = true)]
    set_string: Vec<String>,
    /// Values whose text is in files.
    #[arg(long, value_name = "KEY=FILE", allow_hyphen_values = true)]
    set_file: Vec<String>,
    /// Values as JSON, `a=[1,2]` or a whole object.
    #[arg(long, value_name = "KEY=JSON", allow_hyphen_values = true)]
    set_json: Vec<String>,
    /// A text taken as it stands.
    #[arg(long, value_name = "KEY=TEXT", allow_hyphen_values = true)]
    set_literal: Vec<String>,
}

/// Flags of `helm template` that need the network, another program or a cluster.
#[derive(clap::Args)]
struct RefusedArgs {
    /// Not supported: run `fab install` first.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", hide = true)]
    dependency_update: Option<bool>,
    /// Not supported.
    #[arg(long, value_name = "PROGRAM", hide = true)]
    post_renderer: Option<String>,
    /// Not supported: charts are folders or archives on this machine.
    #[arg(long, value_name = "URL", hide = true)]
    repo: Option<String>,
}

impl RefusedArgs {
    fn text(&self) -> Option<&'static str> {
        if self.dependency_update == Some(true) {
            Some(
                "--dependency-update needs the network: put the chart's dependencies into its charts/ folder first",
            )
        } else if self.post_renderer.is_some() {
            Some("--post-renderer is not supported: pipe the output into the program instead")
        } else if self.repo.is_some() {
            Some("--repo needs the network: download the chart first")
        } else {
            None
        }
    }
}

/// Flags of `helm template` that mean nothing when nothing is installed.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag of helm")]
struct IgnoredArgs {
    #[arg(long, hide = true)]
    atomic: bool,
    #[arg(long, hide = true)]
    create_namespace: bool,
    #[arg(long, hide = true)]
    devel: bool,
    #[arg(long, hide = true)]
    disable_openapi_validation: bool,
    #[arg(long, hide = true)]
    force: bool,
    #[arg(long, hide = true)]
    hide_notes: bool,
    #[arg(long, hide = true)]
    render_subchart_notes: bool,
    #[arg(long, hide = true)]
    replace: bool,
    /// Leave the files in `crds/` out, as they are without `--include-crds`.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true",
          hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    skip_crds: bool,
    #[arg(long, hide = true)]
    wait_for_jobs: bool,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true)]
    wait: Option<Option<String>>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true)]
    dry_run: Option<Option<String>>,
    #[arg(long, hide = true)]
    timeout: Option<String>,
    #[arg(long, hide = true)]
    description: Option<String>,
    #[arg(short, long, hide = true)]
    labels: Vec<String>,
    #[arg(long, hide = true)]
    version: Option<String>,
    #[arg(long, hide = true)]
    kubeconfig: Option<String>,
    #[arg(long, hide = true)]
    kube_context: Option<String>,
}

impl TemplateArgs {
    fn options(&self) -> TemplateOptions {
        TemplateOptions {
            name_and_chart: self.name_and_chart.clone(),
            naming: match self.name_template.as_deref() {
                Some(template) if !template.is_empty() => Naming::Template(template.to_owned()),
                _ if self.generate_name => Naming::Generated,
                _ => Naming::Fixed,
            },
            namespace: self.namespace.clone().unwrap_or_else(world::namespace),
            values: self.values.overrides(),
            kube_version: Some(self.kube_version.clone()).filter(|version| !version.is_empty()),
            api_versions: self.api_versions.clone(),
            is_upgrade: self.is_upgrade,
            include_crds: self.include_crds,
            hooks: match (self.no_hooks, self.skip_tests) {
                (true, _) => Hooks::None,
                (false, true) => Hooks::WithoutTests,
                (false, false) => Hooks::All,
            },
            skip_schema_validation: self.skip_schema_validation,
        }
    }
}

impl ValuesArgs {
    fn overrides(&self) -> Overrides {
        Overrides {
            files: self.files.clone(),
            set_json: self.set_json.clone(),
            set: self.set.clone(),
            set_string: self.set_string.clone(),
            set_file: self.set_file.clone(),
            set_literal: self.set_literal.clone(),
        }
    }
}

/// Words a mistake in the arguments as helm does.
pub(super) fn usage_error(error: &clap::Error) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let flag = context(ContextKind::InvalidArg).and_then(|flag| flag.split(' ').next()).unwrap_or_default();
    match (error.kind(), context(ContextKind::InvalidValue), flag.strip_prefix("--")) {
        (ErrorKind::UnknownArgument, _, Some(_)) => format!("unknown flag: {flag}"),
        (ErrorKind::UnknownArgument, _, None) => {
            format!("unknown shorthand flag: '{}' in {flag}", flag.chars().nth(1).unwrap_or('-'))
        }
        (ErrorKind::InvalidValue, Some(""), _) => format!("flag needs an argument: {flag}"),
        _ => {
            let text = error.to_string();
            text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
        }
    }
}

/// Runs the command.
pub(super) fn run(args: &TemplateArgs, ui: &mut Ui) -> Result<ExitCode> {
    if let Some(refusal) = args.refused.text() {
        return Ok(ui.fail_as_helm(format_args!("{refusal}")));
    }
    let env = match args.world.env() {
        Ok(env) => env,
        Err(error) => return Ok(ui.fail_as_helm(format_args!("no randomness: {error}"))),
    };
    match template(&args.options(), &env) {
        Ok(templated) => print(args, &templated, ui),
        Err(error) => {
            if args.debug {
                ui.data(unsorted(&error))?;
            }
            let hint = "\n\nUse --debug flag to render out invalid YAML";
            let hint = if error.came_of_rendering() && !args.debug { hint } else { "" };
            Ok(ui.fail_as_helm(format_args!("{error}{hint}")))
        }
    }
}

fn print(args: &TemplateArgs, templated: &Templated, ui: &mut Ui) -> Result<ExitCode> {
    for warning in &templated.rendered.warnings {
        ui.warning(format_args!("{warning}"));
    }
    if !args.show_only.is_empty() {
        return match templated.rendered.show_only(&args.show_only) {
            Ok(text) => {
                ui.data(text)?;
                Ok(ExitCode::SUCCESS)
            }
            Err(error) => Ok(ui.fail_as_helm(format_args!("{error}"))),
        };
    }
    match &args.output_dir {
        None => {
            ui.bytes(&templated.rendered.to_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        Some(folder) => write_files(args, folder, templated, ui),
    }
}

fn write_files(args: &TemplateArgs, folder: &Path, templated: &Templated, ui: &mut Ui) -> Result<ExitCode> {
    let below = if args.release_name { folder.join(&templated.release) } else { folder.to_owned() };
    let rendered = &templated.rendered;
    // CRDs lie directly in the folder, as in helm.
    let crds = rendered.crds.iter().map(|crd| (folder, crd.path.as_str(), &*crd.content));
    let manifests = rendered.manifests.iter().chain(rendered.hooks.iter().map(|hook| &hook.manifest));
    let manifests = manifests.map(|manifest| (&*below, manifest.path.as_str(), manifest.content.as_bytes()));
    let mut written = BTreeSet::new();
    for (folder, path, content) in crds.chain(manifests) {
        // Several documents of one file are appended to it.
        let file = folder.join(path);
        if let Err(error) = write_document(&file, path, content, written.insert(file.clone())) {
            return Ok(ui.fail_as_helm(format_args!("open {}: {error}", file.display())));
        }
        ui.data(format_args!("wrote {}\n", file.display()))?;
    }
    ui.data("\n")?;
    Ok(ExitCode::SUCCESS)
}

fn write_document(file: &Path, path: &str, content: &[u8], is_new: bool) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = if is_new { File::create(file)? } else { OpenOptions::new().append(true).open(file)? };
    write!(file, "---\n# Source: {path}\n")?;
    file.write_all(content)?;
    file.write_all(b"\n")
}

/// Returns what was rendered before sorting failed.
fn unsorted(error: &TemplateError) -> String {
    let TemplateError::Chart(helm::Error::Manifest { files, .. }) = error else {
        return String::new();
    };
    let mut text = String::new();
    for (path, content) in files {
        let content = String::from_utf8_lossy(content);
        if !content.trim().is_empty() {
            text.push_str(&format!("---\n# Source: {path}\n{content}\n"));
        }
    }
    format!("{}\n", text.trim())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        template: TemplateArgs,
    }

    fn options(line: &[&str]) -> TemplateOptions {
        Line::try_parse_from(line).map(|line| line.template.options()).expect("the line is fine")
    }

    #[test]
    fn flags_take_values_as_in_helm() {
        let options = options(&[
            "template",
            "rel",
            "./c",
            "-n",
            "x",
            "-n",
            "y",
            "-f",
            "a.yaml,b.yaml",
            "-f",
            "c.yaml",
            "--set",
            "a=-1",
            "--include-crds=true",
            "--skip-tests",
            "--is-upgrade=false",
            "-a",
            "a/v1,b/v1",
        ]);
        assert_eq!(options.name_and_chart, ["rel", "./c"]);
        assert_eq!(options.namespace, "y");
        assert_eq!(options.values.files, ["a.yaml", "b.yaml", "c.yaml"]);
        assert_eq!(options.values.set, ["a=-1"]);
        assert_eq!(options.api_versions, ["a/v1", "b/v1"]);
        assert_eq!((options.include_crds, options.is_upgrade), (true, false));
        assert_eq!(options.hooks, Hooks::WithoutTests);
    }

    #[test]
    fn flags_of_an_installation_mean_nothing() {
        let options =
            options(&["template", "./c", "--wait", "--timeout", "5m", "--dry-run=client", "--skip-crds"]);
        assert_eq!(options.name_and_chart, ["./c"]);
        assert!(!options.include_crds);
    }

    #[track_caller]
    fn check_mistake(line: &[&str], want: &str) {
        let error = Line::try_parse_from(line).err().expect("the line is wrong");
        assert_eq!(usage_error(&error), want);
    }

    #[test]
    fn mistakes_are_worded_as_in_helm() {
        check_mistake(&["template", "--bogus"], "unknown flag: --bogus");
        check_mistake(&["template", "-x"], "unknown shorthand flag: 'x' in -x");
        check_mistake(&["template", "--set"], "flag needs an argument: --set");
    }

    #[test]
    fn what_needs_the_network_is_refused() {
        let refusal = |flag: &str| {
            let line = Line::try_parse_from(["template", "./c", flag]).expect("the line is fine");
            line.template.refused.text().unwrap_or_default()
        };
        assert!(refusal("--dependency-update").starts_with("--dependency-update needs the network"));
        assert!(refusal("--post-renderer=x").starts_with("--post-renderer is not supported"));
        assert!(refusal("--repo=x").starts_with("--repo needs the network"));
        assert_eq!(refusal("--dependency-update=false"), "");
    }
}
