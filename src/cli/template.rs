//! `fab template`: what `helm template` does.
//!
//! It stands in for helm in scripts: same flags, same stdout, same error text
//! and exit code 1 for every error. Where helm is silent, more follows on stderr:
//! the line to blame, where a value came from, what differs in the next run.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use helm::values::Overrides;

use crate::insight::dotted;
use crate::template::{
    ExplainedValues, Hooks, Naming, Network, RemoteOptions, TemplateError, TemplateOptions, Templated,
    template,
};

use super::access::AccessArgs;
use super::helm_flags::{IgnoredArgs, RefusedArgs};
use super::report::{self, Line};
use super::world::{self, WorldArgs};
use super::{Result, Ui};

/// Render a chart as `helm template` does.
#[derive(clap::Args)]
#[command(args_override_self = true)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag of helm")]
pub(super) struct TemplateArgs {
    /// Name of the release (`release-name` if absent), and chart: a folder, an archive, REPOSITORY/CHART, or a URL.
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
    #[arg(long)]
    include_crds: bool,
    /// Leave hooks out.
    #[arg(long)]
    no_hooks: bool,
    /// Leave test hooks out.
    #[arg(long)]
    skip_tests: bool,
    /// Kubernetes version that the chart sees.
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    kube_version: String,
    /// API versions that the chart sees besides the usual ones.
    #[arg(short, long, value_name = "VERSION", value_delimiter = ',')]
    api_versions: Vec<String>,
    /// Set `.Release.IsUpgrade` instead of `.Release.IsInstall`.
    #[arg(long)]
    is_upgrade: bool,
    /// Write files into this folder instead of printing.
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Put the release's name between the folder and the files.
    #[arg(long)]
    release_name: bool,
    /// Template of the release's name.
    #[arg(long, value_name = "TEMPLATE")]
    name_template: Option<String>,
    /// Make up a name for the release.
    #[arg(short, long)]
    generate_name: bool,
    /// Do not check values against `values.schema.json`.
    #[arg(long)]
    skip_schema_validation: bool,
    /// Print what was rendered even if it is not valid YAML.
    #[arg(long)]
    debug: bool,
    /// Tell on stderr which values templates read, and which given ones nobody reads.
    #[arg(long)]
    explain_values: bool,
    #[command(flatten)]
    world: WorldArgs,
    #[command(flatten)]
    refused: RefusedArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
    #[command(flatten)]
    remote: RemoteArgs,
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

/// Where a chart comes from that is not on this machine.
#[derive(clap::Args)]
#[command(next_help_heading = "Charts that are not on this machine")]
struct RemoteArgs {
    /// Repository that the chart is in.
    #[arg(long, value_name = "URL")]
    repo: Option<String>,
    /// Version of the chart, or a range such as `^1.2`; the highest if absent.
    #[arg(long, value_name = "RANGE", default_value = "", hide_default_value = true)]
    version: String,
    /// Take prereleases, too, if no version is given.
    #[arg(long)]
    devel: bool,
    /// Fetch dependencies that the chart's charts/ folder lacks into it.
    #[arg(long)]
    dependency_update: bool,
    #[command(flatten)]
    access: AccessArgs,
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
            explain_values: self.explain_values,
            remote: self.remote.options(),
        }
    }
}

impl RemoteArgs {
    fn options(&self) -> RemoteOptions {
        let version = self.version.trim();
        RemoteOptions {
            repo: self.repo.clone().filter(|repo| !repo.is_empty()),
            version: if version.is_empty() && self.devel { ">0.0.0-0" } else { version }.to_owned(),
            dependency_update: self.dependency_update,
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

/// Runs the command.
pub(super) fn run(args: &TemplateArgs, ui: &mut Ui) -> Result<ExitCode> {
    for remark in args.ignored.remarks() {
        ui.warning(format_args!("{remark}"));
    }
    if let Some(refusal) = args.refused.text() {
        return Ok(ui.fail_as_helm(format_args!("{refusal}")));
    }
    let env = match args.world.env() {
        Ok(env) => env,
        Err(error) => return Ok(ui.fail_as_helm(format_args!("no randomness: {error}"))),
    };
    let charts = || args.remote.access.charts();
    let cache = world::cache().ok();
    let network = Network { charts: &charts, cache: cache.as_ref(), now: world::wall_clock() };
    match template(&args.options(), &env, network) {
        Ok(templated) => print(args, &templated, ui),
        Err(error) => {
            if args.debug && error.came_of_rendering() {
                ui.data(unfinished(args, &error))?;
            }
            let hint = "\n\nUse --debug flag to render out invalid YAML";
            let hint = if error.came_of_rendering() && !args.debug { hint } else { "" };
            let code = ui.fail_as_helm(format_args!("{error}{hint}"));
            ui.insight(&insight(&error));
            Ok(code)
        }
    }
}

/// Returns what there is to say of a failure beyond helm's words.
fn insight(error: &TemplateError) -> Option<report::Insight> {
    match error {
        TemplateError::Chart { cause, .. } => report::Insight::of_chart(cause),
        other => other.hint().map(report::Insight::hint),
    }
}

fn print(args: &TemplateArgs, templated: &Templated, ui: &mut Ui) -> Result<ExitCode> {
    for warning in &templated.rendered.warnings {
        ui.warning(format_args!("{warning}"));
    }
    // What helm says nothing of is told last, and not to those who want quiet.
    let code = print_manifests(args, templated, ui)?;
    for warning in &templated.warnings {
        ui.status(format_args!("{}", Line(warning)));
    }
    if let Some(values) = &templated.values {
        ui.warning(format_args!("{}", Explained(values)));
    }
    Ok(code)
}

fn print_manifests(args: &TemplateArgs, templated: &Templated, ui: &mut Ui) -> Result<ExitCode> {
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

/// What became of the values, as two lists.
struct Explained<'a>(&'a ExplainedValues);

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.read.is_empty() {
            "Templates read no values"
        } else {
            "Values that templates read:"
        })?;
        for read in &self.0.read {
            let rest = match (read.whole, read.is_set) {
                (true, _) if read.keys.is_empty() => "*",
                (true, _) => ".*",
                (false, true) => "",
                (false, false) => " (not set)",
            };
            write!(f, "\n  {}{rest}", dotted(&read.keys))?;
        }
        let every = self.0.unread.is_empty();
        f.write_str(if every { "\nEvery given value is read" } else { "\nGiven values that nobody reads:" })?;
        for unread in &self.0.unread {
            write!(f, "\n  {}", dotted(&unread.keys))?;
            if let Some(place) = &unread.set_by {
                write!(f, " ({place})")?;
            }
            if let Some(name) = &unread.suggestion {
                write!(f, "; did you mean `{name}`?")?;
            }
        }
        Ok(())
    }
}

/// Returns what `--debug` shows of a chart that failed while it was rendered: all
/// files, and the hooks that were found until then.
fn unfinished(args: &TemplateArgs, error: &TemplateError) -> String {
    let TemplateError::Chart { source, .. } = error else { return "\n".to_owned() };
    let helm::Error::Manifest { files, hooks, .. } = &**source else { return "\n".to_owned() };
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
    use clap::{CommandFactory as _, FromArgMatches as _, Parser};

    use super::*;
    use crate::cli::helm_flags::{usage_error, with_switches};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        template: TemplateArgs,
    }

    fn parse(line: &[&str]) -> std::result::Result<TemplateArgs, clap::Error> {
        let matches = with_switches(Line::command()).try_get_matches_from(line)?;
        Line::from_arg_matches(&matches).map(|line| line.template)
    }

    fn options(line: &[&str]) -> TemplateOptions {
        parse(line).map(|args| args.options()).expect("the line is fine")
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
        let error = parse(line).err().expect("the line is wrong");
        assert_eq!(usage_error(&error), want);
    }

    #[test]
    fn mistakes_are_worded_as_in_helm() {
        check_mistake(&["template", "--bogus"], "unknown flag: --bogus");
        check_mistake(&["template", "-x"], "unknown shorthand flag: 'x' in -x");
        check_mistake(&["template", "--set"], "flag needs an argument: --set");
        check_mistake(
            &["template", "--include-crds=maybe"],
            r#"invalid argument "maybe" for "--include-crds" flag: strconv.ParseBool: parsing "maybe": invalid syntax"#,
        );
        check_mistake(
            &["template", "--wait=x"],
            r#"invalid argument "x" for "--wait" flag: invalid wait input "x". Valid inputs are watcher, hookOnly, and legacy"#,
        );
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        let refusal = |flag: &str| {
            let args = parse(&["template", "./c", flag]).expect("the line is fine");
            args.refused.text().unwrap_or_default()
        };
        assert!(refusal("--password=x").starts_with("--username and --password are not supported"));
        assert!(refusal("--username=x").starts_with("--username and --password are not supported"));
        assert_eq!(refusal("--verify=false"), "");
        assert!(refusal("--post-renderer=x").starts_with("--post-renderer is not supported"));
        assert!(refusal("--validate").starts_with("--validate needs a cluster"));
        assert!(refusal("--dry-run=server").starts_with("--dry-run=server needs a cluster"));
        assert!(refusal("--verify").starts_with("--verify is not supported"));
        assert!(refusal("--enable-dns").starts_with("--enable-dns needs the network"));
        assert_eq!(refusal("--dry-run=client"), "");
        assert_eq!(refusal("--dry-run"), "");
        assert_eq!(
            refusal("--dry-run=x"),
            r#"invalid dry-run value ("x"). Must be "none", "server", or "client""#
        );
        assert_eq!(
            refusal("--dry-run=none"),
            r#"invalid dry-run value ("none"). Must be "server" or "client""#
        );
    }

    /// The flags that helm 4.2.4 lists for `helm template`, and those that it hides.
    const HELMS_FLAGS: [&str; 81] = [
        "api-versions=x",
        "ca-file=x",
        "cert-file=x",
        "create-namespace",
        "dependency-update",
        "description=x",
        "devel",
        "disable-openapi-validation",
        "dry-run",
        "enable-dns",
        "force-conflicts",
        "force-replace",
        "generate-name",
        "include-crds",
        "insecure-skip-tls-verify",
        "is-upgrade",
        "key-file=x",
        "keyring=x",
        "kube-version=1.30",
        "labels=a=b",
        "name-template=x",
        "no-hooks",
        "output-dir=x",
        "pass-credentials",
        "password=x",
        "plain-http",
        "post-renderer=x",
        "post-renderer-args=x",
        "release-name",
        "replace",
        "repo=x",
        "rollback-on-failure",
        "server-side",
        "set=a=b",
        "set-file=a=b",
        "set-json=a=1",
        "set-literal=a=b",
        "set-string=a=b",
        "show-only=x",
        "skip-crds",
        "skip-schema-validation",
        "skip-tests",
        "take-ownership",
        "timeout=5m",
        "username=x",
        "values=x",
        "verify",
        "version=1",
        "wait",
        "wait-for-jobs",
        "burst-limit=1",
        "color=never",
        "colour=never",
        "content-cache=x",
        "debug",
        "kube-apiserver=x",
        "kube-as-group=x",
        "kube-as-user=x",
        "kube-ca-file=x",
        "kube-context=x",
        "kube-insecure-skip-tls-verify",
        "kube-tls-server-name=x",
        "kube-token=x",
        "kubeconfig=x",
        "namespace=x",
        "qps=1",
        "registry-config=x",
        "repository-cache=x",
        "repository-config=x",
        "validate",
        "hide-notes",
        "render-subchart-notes",
        "atomic",
        "force",
        "hide-secret",
        "wait=watcher",
        "dry-run=client",
        "wait=legacy",
        "include-crds=T",
        "server-side=false",
        "atomic=0",
    ];

    #[test]
    fn every_flag_of_helm_is_known() {
        for flag in HELMS_FLAGS {
            let flag = format!("--{flag}");
            assert!(parse(&["template", "./c", &flag]).is_ok(), "{flag}");
        }
    }

    #[test]
    fn old_flags_are_remarked_as_in_helm() {
        let remarks = |flag: &str| {
            let args = parse(&["template", "./c", flag]).expect("the line is fine");
            args.ignored.remarks().collect::<Vec<_>>().join("\n")
        };
        assert_eq!(
            remarks("--atomic"),
            "Flag --atomic has been deprecated, use --rollback-on-failure instead"
        );
        assert_eq!(remarks("--wait"), "");
    }
}
