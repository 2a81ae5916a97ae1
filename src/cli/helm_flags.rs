//! How `fab template` takes the flags of helm that it has no use for.
//!
//! Those that steer an installation are taken and mean nothing, as in helm when there
//! is no cluster. Those that ask for a cluster or another program, or that show a
//! password to others, are refused with a hint, for without them the output may be
//! another one.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};

/// Lets every flag take a truth value, `--flag=false`, as helm's do.
pub(super) fn with_switches(command: Command) -> Command {
    command.mut_args(|arg| if matches!(arg.get_action(), ArgAction::SetTrue) { switch(arg) } else { arg })
}

fn switch(arg: Arg) -> Arg {
    arg.action(ArgAction::Set)
        .value_parser(truth)
        .value_name("BOOL")
        .num_args(0..=1)
        .require_equals(true)
        .default_value("false")
        .default_missing_value("true")
        .hide_default_value(true)
}

/// Reads a truth value as Go does.
fn truth(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {text:?}: invalid syntax")),
    }
}

fn wait(text: &str) -> Result<String, String> {
    match text {
        "watcher" | "hookOnly" | "legacy" | "true" | "false" => Ok(text.to_owned()),
        _ => Err(format!("invalid wait input {text:?}. Valid inputs are watcher, hookOnly, and legacy")),
    }
}

/// Flags that need another program or a cluster, or are not safe.
#[derive(clap::Args)]
pub(super) struct RefusedArgs {
    #[arg(long, hide = true)]
    enable_dns: bool,
    #[arg(long, hide = true)]
    validate: bool,
    #[arg(long, hide = true)]
    verify: bool,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "client")]
    dry_run: Option<String>,
    #[arg(long, value_name = "PROGRAM", hide = true)]
    post_renderer: Option<String>,
    #[arg(long, value_name = "NAME", hide = true)]
    username: Option<String>,
    #[arg(long, value_name = "TEXT", hide = true)]
    password: Option<String>,
}

const NEEDS_CLUSTER: &str =
    "needs a cluster, and fab asks none: leave it out, or check the output with another program";

impl RefusedArgs {
    /// Returns why the command cannot be run with these flags; nothing if it can.
    pub(super) fn text(&self) -> Option<String> {
        let refusals = [
            (
                self.post_renderer.is_some(),
                "--post-renderer is not supported: pipe the output into the program instead",
            ),
            (self.enable_dns, "--enable-dns needs the network: getHostByName gives nothing without it"),
            (
                self.username.is_some() || self.password.is_some(),
                "--username and --password are not supported, as others can see command lines: set a variable such as FAB_TOKEN_CHARTS_EXAMPLE_COM=USER:PASSWORD, named after the host",
            ),
            (
                self.verify,
                "--verify is not supported: check the signature before, with `helm verify`, or name the digest in the reference, as in oci://HOST/CHART@sha256:…",
            ),
        ];
        let refusal = refusals.iter().find(|(given, _)| *given).map(|(_, text)| (*text).to_owned());
        let validate = self.validate.then(|| format!("--validate {NEEDS_CLUSTER}"));
        refusal.or(validate).or_else(|| self.dry_run.as_deref().and_then(dry_run_refusal))
    }
}

/// Returns why there can be no such dry run; a rendering is always one.
fn dry_run_refusal(kind: &str) -> Option<String> {
    match (kind, truth(kind)) {
        ("client", _) | (_, Ok(true)) => None,
        ("server", _) => Some(format!("--dry-run=server {NEEDS_CLUSTER}")),
        ("none", _) | (_, Ok(false)) => {
            Some(format!("invalid dry-run value ({kind:?}). Must be \"server\" or \"client\""))
        }
        _ => Some(format!("invalid dry-run value ({kind:?}). Must be \"none\", \"server\", or \"client\"")),
    }
}

/// Flags that mean nothing when nothing is installed.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag of helm")]
pub(super) struct IgnoredArgs {
    #[arg(long, hide = true)]
    atomic: bool,
    #[arg(long, hide = true)]
    force: bool,
    #[arg(long, hide = true)]
    hide_notes: bool,
    #[arg(long, hide = true)]
    render_subchart_notes: bool,
    /// Leave the files in `crds/` out, as they are without `--include-crds`.
    #[arg(long)]
    skip_crds: bool,
    #[command(flatten)]
    silent: SilentArgs,
}

impl IgnoredArgs {
    /// Returns what helm says of flags that it is about to give up.
    pub(super) fn remarks(&self) -> impl Iterator<Item = String> + use<> {
        const NO_EFFECT: &str = "this flag has no effect for 'helm template' and will be removed in Helm 5";
        let old = [
            (self.atomic, "atomic", "use --rollback-on-failure instead"),
            (self.force, "force", "use --force-replace instead"),
            (self.hide_notes, "hide-notes", NO_EFFECT),
            (self.render_subchart_notes, "render-subchart-notes", NO_EFFECT),
        ];
        let given = old.into_iter().filter(|(given, ..)| *given);
        given.map(|(_, flag, instead)| format!("Flag --{flag} has been deprecated, {instead}"))
    }
}

/// Flags that helm takes without a word.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag of helm")]
struct SilentArgs {
    #[arg(long, hide = true)]
    create_namespace: bool,
    #[arg(long, hide = true)]
    disable_openapi_validation: bool,
    #[arg(long, hide = true)]
    force_conflicts: bool,
    #[arg(long, hide = true)]
    force_replace: bool,
    #[arg(long, hide = true)]
    hide_secret: bool,
    #[arg(long, hide = true)]
    kube_insecure_skip_tls_verify: bool,
    #[arg(long, hide = true)]
    replace: bool,
    #[arg(long, hide = true)]
    rollback_on_failure: bool,
    #[arg(long, hide = true)]
    server_side: bool,
    #[arg(long, hide = true)]
    take_ownership: bool,
    #[arg(long, hide = true)]
    wait_for_jobs: bool,
    #[arg(long, hide = true)]
    burst_limit: Option<String>,
    #[arg(long, hide = true)]
    color: Option<String>,
    #[arg(long, hide = true)]
    colour: Option<String>,
    #[arg(long, hide = true)]
    content_cache: Option<String>,
    #[arg(long, hide = true)]
    description: Option<String>,
    #[arg(long, hide = true)]
    keyring: Option<String>,
    #[arg(long, hide = true)]
    kube_apiserver: Option<String>,
    #[arg(long, hide = true)]
    kube_as_user: Option<String>,
    #[arg(long, hide = true)]
    kube_ca_file: Option<String>,
    #[arg(long, hide = true)]
    kube_context: Option<String>,
    #[arg(long, hide = true)]
    kube_tls_server_name: Option<String>,
    #[arg(long, hide = true)]
    kube_token: Option<String>,
    #[arg(long, hide = true)]
    kubeconfig: Option<String>,
    #[arg(long, hide = true)]
    qps: Option<String>,
    #[arg(long, hide = true)]
    timeout: Option<String>,
    #[arg(long, hide = true)]
    kube_as_group: Vec<String>,
    #[arg(short, long, hide = true)]
    labels: Vec<String>,
    #[arg(long, hide = true)]
    post_renderer_args: Vec<String>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, value_parser = wait)]
    wait: Option<Option<String>>,
}

/// Words a mistake in the arguments as helm does.
pub(super) fn usage_error(error: &clap::Error) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let flag = context(ContextKind::InvalidArg)
        .and_then(|flag| flag.split([' ', '[', '=']).next())
        .unwrap_or_default();
    match (error.kind(), context(ContextKind::InvalidValue), flag.strip_prefix("--")) {
        (ErrorKind::UnknownArgument, _, Some(_)) => format!("unknown flag: {flag}"),
        (ErrorKind::UnknownArgument, _, None) => {
            format!("unknown shorthand flag: '{}' in {flag}", flag.chars().nth(1).unwrap_or('-'))
        }
        (ErrorKind::ValueValidation, Some(value), _) => {
            let problem = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            format!("invalid argument {value:?} for {flag:?} flag: {problem}")
        }
        (ErrorKind::InvalidValue, Some(""), _) => format!("flag needs an argument: {flag}"),
        _ => {
            let text = error.to_string();
            text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
        }
    }
}
