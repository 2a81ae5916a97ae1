//! Runs the hooks of components.
//!
//! A hook is a list of shell commands. They run one after another, each with
//! `sh -c` in the folder of the component and with the environment of `fab`; the
//! first that fails ends the list. What a component brought along from elsewhere
//! runs only if the user allows its source.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use crate::definition::{Hooks, Remote};
use crate::document::Step;
use crate::error::Error;
use crate::resolve::ResolvedComponent;

/// Which hooks may run.
#[derive(Debug, Clone, Default)]
pub struct HookPolicy {
    /// Whether hooks run at all; if not, a component that has some is a failure.
    pub run: bool,
    /// The sources from elsewhere whose hooks may run.
    pub allowed: Vec<String>,
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

/// The two moments around the generation of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    After,
}

impl Moment {
    fn hook(self) -> &'static str {
        match self {
            Moment::Before => "before-generate",
            Moment::After => "after-generate",
        }
    }

    fn commands(self, hooks: &Hooks) -> &[String] {
        match self {
            Moment::Before => &hooks.before_generate,
            Moment::After => &hooks.after_generate,
        }
    }
}

/// Returns whether a component has hooks that `generate` runs.
pub(crate) fn has_any(component: &ResolvedComponent) -> bool {
    first(component).is_some()
}

/// Checks that the hooks of a component may run.
pub(crate) fn check(component: &ResolvedComponent, policy: &HookPolicy) -> Result<(), Error> {
    let Some(moment) = first(component) else { return Ok(()) };
    let (hook, place) = (moment.hook(), place(component, moment));
    match &component.remote {
        _ if !policy.run => Err(Error::HooksNotRun { hook, place }),
        Some(Remote { source, .. }) if !policy.allowed.contains(source) => {
            Err(Error::HookNotAllowed { hook, source_name: source.clone(), place })
        }
        Some(_) | None => Ok(()),
    }
}

/// Runs the commands of one hook; `done` hears of each that succeeded.
pub(crate) fn run(
    component: &ResolvedComponent,
    moment: Moment,
    root: &Path,
    done: &(dyn Fn(HookRun) + Sync),
) -> Result<(), Error> {
    for command in moment.commands(&component.own.component.hooks) {
        // An empty command is nothing to run, as in Fabrikate.
        if command.is_empty() {
            continue;
        }
        let failed = |status: String, output: String| Error::HookFailed {
            hook: moment.hook(),
            command: command.clone(),
            status,
            output,
            place: place(component, moment).into(),
        };
        match shell(command, &root.join(&component.folder)) {
            Ok((status, output)) if status.success() => {
                done(HookRun {
                    component: component.path.clone(),
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
    let mut child = shell.spawn()?;
    // The command keeps copies of the pipe; reading ends only when there are no others.
    drop(shell);
    let mut output = Vec::new();
    reader.read_to_end(&mut output)?;
    Ok((child.wait()?, String::from_utf8_lossy(&output).into_owned()))
}

fn first(component: &ResolvedComponent) -> Option<Moment> {
    let hooks = &component.own.component.hooks;
    [Moment::Before, Moment::After].into_iter().find(|moment| !moment.commands(hooks).is_empty())
}

fn place(component: &ResolvedComponent, moment: Moment) -> crate::error::Place {
    let own = &component.own;
    let mut steps = own.component.steps.clone();
    steps.extend(["hooks", moment.hook()].map(|key| Step::Key(key.to_owned())));
    own.file.document.place(&steps)
}
