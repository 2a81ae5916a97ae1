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

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction};

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
    /// Leave the files in `crds/` out, as they are without `--include-crds`.
    #[arg(long = "skip-crds", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true",
          hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    _skip_crds: bool,
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
    /// Not supported.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", hide = true)]
    validate: Option<bool>,
}

impl RefusedArgs {
    fn text(&self) -> Option<&'static str> {
        if self.dependency_update == Some(true) {
            Some(
                "--dependency-update needs the network: put the chart's dependencies into its charts/ folder first",
            )
        } else if self.post_renderer.is_some() {
            Some("--post-renderer is not supported: pipe the output into the program instead")
        } else if self.validate == Some(true) {
            Some("--validate needs a cluster: validate the output instead")
        } else if self.repo.is_some() {
            Some("--repo needs the network: download the chart first")
        } else {
            None
        }
    }
}

/// Flags of helm that mean nothing when nothing is installed.
struct IgnoredArgs;

impl IgnoredArgs {
    const SWITCHES: [&str; 20] = [
        "atomic",
        "create-namespace",
        "devel",
        "disable-openapi-validation",
        "enable-dns",
        "force",
        "force-conflicts",
        "force-replace",
        "hide-notes",
        "insecure-skip-tls-verify",
        "kube-insecure-skip-tls-verify",
        "pass-credentials",
        "plain-http",
        "render-subchart-notes",
        "replace",
        "rollback-on-failure",
        "server-side",
        "take-ownership",
        "verify",
        "wait-for-jobs",
    ];
    /// Those that may come without a value.
    const OPTIONAL: [&str; 2] = ["dry-run", "wait"];
    const TEXTS: [&str; 26] = [
        "burst-limit",
        "ca-file",
        "cert-file",
        "color",
        "colour",
        "content-cache",
        "description",
        "key-file",
        "keyring",
        "kube-apiserver",
        "kube-as-group",
        "kube-as-user",
        "kube-ca-file",
        "kube-context",
        "kube-tls-server-name",
        "kube-token",
        "kubeconfig",
        "labels",
        "password",
        "qps",
        "registry-config",
        "repository-cache",
        "repository-config",
        "timeout",
        "username",
        "version",
    ];
}

impl clap::Args for IgnoredArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        let flag = |name| Arg::new(name).long(name).hide(true).action(ArgAction::Append);
        let switch = |name| flag(name).num_args(0..=1).require_equals(true);
        command
            .args(Self::SWITCHES.map(|name| switch(name).value_parser(clap::value_parser!(bool))))
            .args(Self::OPTIONAL.map(switch))
            .args(Self::TEXTS.map(|name| if name == "labels" { flag(name).short('l') } else { flag(name) }))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for IgnoredArgs {
    fn from_arg_matches(_: &clap::ArgMatches) -> std::result::Result<Self, clap::Error> {
        Ok(IgnoredArgs)
    }

    fn update_from_arg_matches(&mut self, _: &clap::ArgMatches) -> std::result::Result<(), clap::Error> {
        Ok(())
    }
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
            api_versions: named(&self.api_versions),
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
            files: named(&self.files),
            set_json: self.set_json.clone(),
            set: self.set.clone(),
            set_string: self.set_string.clone(),
            set_file: self.set_file.clone(),
            set_literal: self.set_literal.clone(),
        }
    }
}

/// Returns a list of the command line; an argument without text adds nothing to it.
fn named(items: &[String]) -> Vec<String> {
    items.iter().filter(|item| !item.is_empty()).cloned().collect()
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
            if args.debug && error.came_of_rendering() {
                ui.data(unfinished(args, &error))?;
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
    if let Some(folder) = &args.output_dir {
        return write_files(args, folder, templated, ui);
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
    ui.bytes(&templated.rendered.to_bytes())?;
    Ok(ExitCode::SUCCESS)
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
    // Nothing is left to print, so Helm finds no file of `--show-only`.
    if let Err(error) = helm::show_only("", &args.show_only) {
        return Ok(ui.fail_as_helm(format_args!("{error}")));
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

/// Returns what `--debug` shows of a chart that failed while it was rendered: all
/// files, and the hooks that were found until then.
fn unfinished(args: &TemplateArgs, error: &TemplateError) -> String {
    let TemplateError::Chart(helm::Error::Manifest { files, hooks, .. }) = error else {
        return "\n".to_owned();
    };
    let mut text = String::new();
    for (path, content) in files {
        let content = String::from_utf8_lossy(content);
        if !content.trim().is_empty() {
            text.push_str(&format!("---\n# Source: {path}\n{content}\n"));
        }
    }
    let mut text = format!("{}\n", text.trim());
    let is_shown = |hook: &&helm::Hook| !(args.no_hooks || args.skip_tests && hook.is_test());
    for hook in hooks.iter().filter(is_shown) {
        text.push_str(&format!("---\n# Source: {}\n{}\n", hook.manifest.path, hook.manifest.content));
    }
    if args.show_only.is_empty() {
        return text;
    }
    // Without a match, Helm shows nothing but the error.
    helm::show_only(&text, &args.show_only).unwrap_or_default()
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
        let more = ["--server-side=false", "--qps", "5", "-l", "a=b", "--wait=legacy", "--force-replace"];
        assert_eq!(options_after(&more).name_and_chart, ["./c"]);
    }

    fn options_after(flags: &[&str]) -> TemplateOptions {
        options(&[&["template", "./c"], flags].concat())
    }

    #[test]
    fn empty_arguments_add_nothing_to_lists() {
        let options = options_after(&["-f", "", "-a", "", "-a", "x/v1"]);
        assert_eq!(options.values.files, Vec::<String>::new());
        assert_eq!(options.api_versions, ["x/v1"]);
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
        assert!(refusal("--validate").starts_with("--validate needs a cluster"));
        assert!(refusal("--repo=x").starts_with("--repo needs the network"));
        assert_eq!(refusal("--dependency-update=false"), "");
    }
}
