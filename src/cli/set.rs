//! `fab set`: values in the config files of a component.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::changes::ChangeArgs;
use super::{Result, Ui};
use crate::edit::{Assignment, ImageOptions, SetOptions, parse_image, set, set_image};

/// Set values in config files.
///
/// Paths are split at dots; quotes keep a dot: '"a.b".c=1'. A list's item is `hosts[0]`. A value is text and is
/// written so that every reader takes it as text.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct SetArgs {
    #[command(subcommand)]
    what: Option<What>,
    /// Text for a path below `config`.
    #[arg(
        value_name = "PATH=VALUE",
        required_unless_present_any = ["file", "string", "json", "unset", "namespace", "disabled"]
    )]
    values: Vec<String>,
    /// The config file, by the name of its environment; may be given several times.
    #[arg(long, value_name = "ENV", default_value = "common")]
    environment: Vec<String>,
    /// The subcomponent that the settings are for; one below it is `a.b`.
    #[arg(long, value_name = "NAME")]
    subcomponent: Option<String>,
    /// Take values from a YAML or JSON file too, all as text; what is on the command line wins.
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Text for a path, as without the flag.
    #[arg(long, value_name = "PATH=VALUE")]
    string: Vec<String>,
    /// Any value for a path: a number, `true`, `null`, a list, a map.
    #[arg(long, value_name = "PATH=JSON")]
    json: Vec<String>,
    /// Take the value of a path away, and the maps that are empty without it.
    #[arg(long, value_name = "PATH")]
    unset: Vec<String>,
    /// Let the paths replace what lower layers say, with `replace` and `unset` in the config file.
    #[arg(long)]
    replace: bool,
    /// The namespace of the component; an empty one takes it away.
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// Leave the component out, or with `=false` do not.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    disabled: Option<bool>,
    /// Fail if a path is not there yet.
    #[arg(long)]
    no_new_config_keys: bool,
    #[command(flatten)]
    changes: ChangeArgs,
}

/// What is set in the way that it needs.
#[derive(clap::Subcommand)]
enum What {
    Image(ImageArgs),
}

/// Set an image where it is set.
///
/// It is looked for in the config file of the environment, in `common`, and in the values of the charts: `repository`
/// and `tag`, with `registry` and `digest`, or a text `image`. A name is the repository of the image that is set, the
/// end of that, or the component whose image it is.
#[derive(clap::Args)]
struct ImageArgs {
    /// The image that is set now, and the one to set: `web=registry.example.com/web:1.2`.
    #[arg(value_name = "NAME=IMAGE", required = true)]
    images: Vec<String>,
    /// The config file, by the name of its environment; may be given several times.
    #[arg(long, value_name = "ENV", default_value = "common")]
    environment: Vec<String>,
    #[command(flatten)]
    changes: ChangeArgs,
}

fn run_image(args: &ImageArgs, ui: &mut Ui) -> Result<ExitCode> {
    let images =
        args.images.iter().map(|text| parse_image(text)).collect::<std::result::Result<Vec<_>, _>>()?;
    let options = ImageOptions {
        directory: args.changes.directory.clone(),
        environments: args.environment.clone(),
        images,
    };
    let edit =
        |directory: &Path| set_image(&ImageOptions { directory: directory.to_owned(), ..options.clone() });
    let message = format!("Set image {} in {}", args.images.join(", "), args.environment.join(", "));
    args.changes.run(&edit, &message, ui)
}

/// Runs the command.
pub(super) fn run(args: &SetArgs, ui: &mut Ui) -> Result<ExitCode> {
    if let Some(What::Image(args)) = &args.what {
        return run_image(args, ui);
    }
    let options = args.options()?;
    let edit = |directory: &Path| set(&SetOptions { directory: directory.to_owned(), ..options.clone() });
    args.changes.run(&edit, &args.summary(), ui)
}

impl SetArgs {
    /// Says what is set, without values: these may be secrets.
    fn summary(&self) -> String {
        let name = |text: &String| text.split('=').next().unwrap_or_default().to_owned();
        let mut what: Vec<String> =
            self.values.iter().chain(&self.string).chain(&self.json).map(name).collect();
        what.extend(self.unset.iter().cloned());
        let what = match what.as_slice() {
            [] => "config".to_owned(),
            [one] => one.clone(),
            [one, rest @ ..] => format!("{one} and {} more", rest.len()),
        };
        let whose = self.subcomponent.as_ref().map_or_else(String::new, |name| format!(" of {name}"));
        format!("Set {what}{whose} in {}", self.environment.join(", "))
    }

    fn options(&self) -> Result<SetOptions> {
        let mut assignments = match &self.file {
            Some(file) => Assignment::of_file(file)?,
            None => Vec::new(),
        };
        for text in self.values.iter().chain(&self.string) {
            assignments.push(Assignment::text(text)?);
        }
        for text in &self.json {
            assignments.push(Assignment::json(text)?);
        }
        Ok(SetOptions {
            directory: self.changes.directory.clone(),
            environments: self.environment.clone(),
            subcomponent: self.subcomponent.clone(),
            assignments,
            unset: self.unset.clone(),
            replaces: self.replace,
            namespace: self.namespace.clone(),
            disabled: self.disabled,
            keys_must_exist: self.no_new_config_keys,
        })
    }
}
