//! Runs the hooks of components.
//!
//! A hook is a list of shell commands. They run one after another, each with
//! `sh -c` in the folder of the component; the first that fails ends the list.
//! They have the environment of `fab`, but for the tokens and keys with which it
//! writes elsewhere. What a component brought along from elsewhere runs only if
//! the user allows its source.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use crate::definition::{Entry, Hooks, Remote};
use crate::document::Step;
use crate::error::{Error, Place};
use crate::source::credentials::OF_WRITERS;

/// Which hooks may run.
#[derive(Debug, Clone, Default)]
pub struct HookPolicy {
    /// Whether hooks run at all; if not, a component that has some is a failure.
    pub run: bool,
    /// The sources from elsewhere whose hooks may run.
    pub allowed: Vec<String>,
}

impl HookPolicy {
    /// Returns the policy with more sources whose hooks may run.
    pub(crate) fn allowing(&self, sources: &[String]) -> Self {
        HookPolicy { run: self.run, allowed: [&self.allowed, sources].concat() }
    }
}

/// A command of a hook that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookRun {
    /// Path of the component.
    pub component: String,
    /// The hook.
    pub hook: &'static str,
    /// The command.
    pub command: String,
    /// What it printed on stdout and stderr, in the order it did.
    pub output: String,
}

/// The moments around the installation and the generation of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    BeforeInstall,
    AfterInstall,
    BeforeGenerate,
    AfterGenerate,
}

impl Moment {
    /// The moments of `fab generate`.
    pub(crate) const GENERATE: [Moment; 2] = [Moment::BeforeGenerate, Moment::AfterGenerate];
    /// The moments of `fab install`.
    pub(crate) const INSTALL: [Moment; 2] = [Moment::BeforeInstall, Moment::AfterInstall];

    pub(crate) fn hook(self) -> &'static str {
        match self {
            Moment::BeforeInstall => "before-install",
            Moment::AfterInstall => "after-install",
            Moment::BeforeGenerate => "before-generate",
            Moment::AfterGenerate => "after-generate",
        }
    }

    fn commands(self, hooks: &Hooks) -> &[String] {
        match self {
            Moment::BeforeInstall => &hooks.before_install,
            Moment::AfterInstall => &hooks.after_install,
            Moment::BeforeGenerate => &hooks.before_generate,
            Moment::AfterGenerate => &hooks.after_generate,
        }
    }
}

/// A component with hooks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hooked<'a> {
    /// Path of the component in the tree.
    pub(crate) path: &'a str,
    /// The component, and the file that it is in.
    pub(crate) own: &'a Entry,
    /// Where its file came from, if it was installed.
    pub(crate) remote: Option<&'a Remote>,
}

impl Hooked<'_> {
    /// Returns whether there are commands for one of the moments.
    pub(crate) fn has_any(&self, moments: [Moment; 2]) -> bool {
        self.first(moments).is_some()
    }

    /// Checks that the hooks of these moments may run.
    pub(crate) fn check(&self, moments: [Moment; 2], policy: &HookPolicy) -> Result<(), Error> {
        let Some(moment) = self.first(moments) else { return Ok(()) };
        let (hook, place) = (moment.hook(), self.place(moment));
        match self.remote {
            _ if !policy.run => Err(Error::HooksNotRun { hook, place }),
            Some(Remote { source, .. }) if !policy.allowed.contains(source) => {
                Err(Error::HookNotAllowed { hook, source_name: source.clone(), place })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Runs the commands of one moment in the component's folder on disk; `done` hears of each that succeeded.
    pub(crate) fn run(
        &self,
        moment: Moment,
        folder: &Path,
        done: &(dyn Fn(HookRun) + Sync),
    ) -> Result<(), Error> {
        for command in moment.commands(&self.own.component.hooks) {
            // An empty command is nothing to run, as in Fabrikate.
            if command.is_empty() {
                continue;
            }
            let failed = |status: String, output: String| Error::HookFailed {
                hook: moment.hook(),
                command: command.clone(),
                status,
                output,
                place: self.place(moment).into(),
            };
            match shell(command, folder) {
                Ok((status, output)) if status.success() => {
                    done(HookRun {
                        component: self.path.to_owned(),
                        hook: moment.hook(),
                        command: command.clone(),
                        output,
                    });
                }
                Ok((status, output)) => return Err(failed(status.to_string(), output)),
                Err(err) => return Err(failed(err.to_string(), String::new())),
            }
        }
        Ok(())
    }

    pub(crate) fn first(&self, moments: [Moment; 2]) -> Option<Moment> {
        moments.into_iter().find(|moment| !moment.commands(&self.own.component.hooks).is_empty())
    }

    fn place(&self, moment: Moment) -> Place {
        let mut steps = self.own.component.steps.clone();
        steps.extend(["hooks", moment.hook()].map(|key| Step::Key(key.to_owned())));
        self.own.file.document.place(&steps)
    }
}

/// Runs a command with one pipe for both of its outputs, so that their lines stay in order.
fn shell(command: &str, folder: &Path) -> std::io::Result<(ExitStatus, String)> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let (mut reader, writer) = std::io::pipe()?;
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    for name in OF_WRITERS {
        shell.env_remove(name);
    }
    let mut child = shell.spawn()?;
    // The command keeps copies of the pipe; reading ends only when there are no others.
    drop(shell);
    let mut output = Vec::new();
    reader.read_to_end(&mut output)?;
    Ok((child.wait()?, String::from_utf8_lossy(&output).into_owned()))
}
