//! Git's credential helpers: programs that know user names and passwords.
//!
//! They are spoken to as git does, without git: a few lines about what is
//! wanted on standard input, and the answer on standard output. Which helpers
//! there are stands in git's configuration, which is read elsewhere.

use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use url::Url;

use super::{Credential, Secret, authority};

/// A helper that cannot be asked.
#[derive(Debug, thiserror::Error)]
#[error("the credential helper `{helper}` of git cannot be run: {source}")]
pub struct ProgramError {
    helper: String,
    source: io::Error,
}

/// Where git keeps the helpers that come with it.
const WITH_GIT: [&str; 3] = ["/usr/lib/git-core", "/usr/libexec/git-core", "/usr/local/libexec/git-core"];

/// Asks a helper, as it is written in `credential.helper`, for the credential of a URL.
///
/// `path` says whether the path counts too (`credential.useHttpPath`). That the helper knows none is no error.
pub fn ask_git_helper(helper: &str, url: &Url, path: bool) -> Result<Option<Credential>, ProgramError> {
    let failed = |source| ProgramError {
        helper: helper.split_whitespace().next().unwrap_or_default().to_owned(),
        source,
    };
    let mut child = command(helper)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .env("GIT_TERMINAL_PROMPT", "0")
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that has its answer without reading closes its end.
        let _ = stdin.write_all(question(url, path).as_bytes());
    }
    let output = child.wait_with_output().map_err(failed)?;
    if !output.status.success() {
        return Ok(None);
    }
    Ok(answer(&String::from_utf8_lossy(&output.stdout)))
}

/// Returns the program to run: a shell line after `!`, a path, or the end of a name with options.
fn command(helper: &str) -> Command {
    let line = match helper.strip_prefix('!') {
        Some(line) => line.to_owned(),
        None if helper.starts_with('/') => helper.to_owned(),
        None => format!("git-credential-{helper}"),
    };
    // Git gives them to a shell, too: helpers are written with options and quotes.
    let mut command = Command::new("sh");
    let found = path_variable();
    let path = std::env::split_paths(&found).chain(WITH_GIT.map(Into::into));
    if let Ok(path) = std::env::join_paths(path) {
        command.env("PATH", path);
    }
    command.args(["-c", &format!("{line} get")]);
    command
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program that is run has the environment of this one, and more"
)]
fn path_variable() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

fn question(url: &Url, path: bool) -> String {
    let mut text = format!("protocol={}\nhost={}\n", url.scheme(), authority(url));
    if path {
        text.push_str(&format!("path={}\n", url.path().trim_start_matches('/')));
    }
    if !url.username().is_empty() {
        text.push_str(&format!("username={}\n", url.username()));
    }
    text.push('\n');
    text
}

fn answer(text: &str) -> Option<Credential> {
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.split_once('=').filter(|(name, _)| *name == key).map(|(_, value)| value))
    };
    let password = Secret::new(value("password")?);
    Some(Credential::Basic { user: value("username").unwrap_or_default().to_owned(), password })
}
