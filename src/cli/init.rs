//! `fab init`: begins a definition.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use super::{Result, Ui};
use crate::init::{
    Agent, ENVIRONMENTS, InitOptions, Initialized, Pipeline, default_name, existing_component, init,
};

/// Begin a definition that generates at once, or add environments and pipelines to one.
///
/// Files that are there already are kept. On a terminal, asks for what is not given.
#[derive(clap::Args)]
pub(super) struct InitArgs {
    /// Folder of the definition.
    #[arg(value_name = "PATH", default_value = ".")]
    directory: PathBuf,
    /// Name of the root component [default: that of the folder].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// An environment; may be given several times [default: dev,prod].
    #[arg(long = "env", value_name = "ENV", value_delimiter = ',')]
    environments: Vec<String>,
    /// Write the pipeline of this system: reviews of pull requests, and publishing of what is merged.
    #[arg(long, value_name = "SYSTEM")]
    ci: Option<Ci>,
    /// Write what Flux needs to apply the published manifests, for each environment.
    #[arg(long)]
    flux: bool,
    /// Write what Argo CD needs to apply the published manifests, for each environment.
    #[arg(long)]
    argocd: bool,
    /// Repository that manifests are published to [default: that of `fab.yaml`].
    #[arg(long, value_name = "URL")]
    manifests: Option<String>,
    /// Overwrite files that are there.
    #[arg(long)]
    force: bool,
}

/// The systems that run pipelines.
#[derive(Clone, Copy, ValueEnum)]
enum Ci {
    // Azure Pipelines.
    #[value(name = "azure-devops")]
    AzureDevOps,
    // Workflows of GitHub.
    #[value(name = "github")]
    GitHub,
    // GitLab CI.
    #[value(name = "gitlab")]
    GitLab,
    // Jenkins.
    Jenkins,
}

impl From<Ci> for Pipeline {
    fn from(ci: Ci) -> Self {
        match ci {
            Ci::AzureDevOps => Pipeline::AzureDevOps,
            Ci::GitHub => Pipeline::GitHub,
            Ci::GitLab => Pipeline::GitLab,
            Ci::Jenkins => Pipeline::Jenkins,
        }
    }
}

/// Runs the command.
pub(super) fn run(args: &InitArgs, ui: &mut Ui) -> Result<ExitCode> {
    let options = args.options(ui)?;
    let made = init(&options)?;
    tell(&made, &options, ui);
    Ok(ExitCode::SUCCESS)
}

impl InitArgs {
    /// Returns what is given, and asks for the rest of a new definition.
    fn options(&self, ui: &mut Ui) -> Result<InitOptions> {
        let (mut name, mut environments) = (self.name.clone(), self.environments.clone());
        let is_new = self.force || existing_component(&self.directory).is_none();
        if is_new && name.is_none() {
            name = ui.ask("Name", &default_name(&self.directory))?;
        }
        if is_new && environments.is_empty() {
            let answer = ui.ask("Environments", &ENVIRONMENTS.join(" "))?.unwrap_or_default();
            let names = answer.split([' ', ',']).filter(|name| !name.is_empty());
            environments = names.map(str::to_owned).collect();
        }
        let agents = [(self.flux, Agent::Flux), (self.argocd, Agent::ArgoCd)];
        Ok(InitOptions {
            directory: self.directory.clone(),
            name,
            environments,
            pipeline: self.ci.map(Pipeline::from),
            agents: agents.into_iter().filter(|(wanted, _)| *wanted).map(|(_, agent)| agent).collect(),
            manifests: self.manifests.clone(),
            force: self.force,
        })
    }
}

fn tell(made: &Initialized, options: &InitOptions, ui: &mut Ui) {
    for file in &made.written {
        ui.status(format_args!("Wrote {file}"));
    }
    for file in &made.kept {
        ui.status(format_args!("Kept {file}, which was there"));
    }
    for name in &made.unlisted {
        ui.warning(format_args!("warning: `{name}` is not among the `environments` of fab.yaml"));
    }
    if made.repository {
        ui.status(format_args!("Made a git repository"));
    }
    if let Some(file) = &made.pipeline {
        ui.status(format_args!(
            "Next: say in {file} where the binary of fab is (FAB_URL), and its SHA-256 (FAB_SHA256)"
        ));
    }
    if options.pipeline == Some(Pipeline::GitLab)
        && made.kept.iter().any(|file| file.ends_with("../.gitlab-ci.yml"))
    {
        ui.status(format_args!("Next: see that .gitlab-ci.yml includes `.gitlab/fab-*.yml`"));
    }
    let folder = options.directory.display().to_string();
    let folder = if folder == "." { String::new() } else { format!(" -C {folder}") };
    ui.status(format_args!("Next: `fab generate --each{folder}`"));
}
