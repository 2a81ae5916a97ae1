//! Commits that no branch has yet, signed if there is a key, and whether git's
//! configuration wants them so.
//!
//! The signature is made of the commit without it and is then one of its headers,
//! `gpgsig`, as git has it.

use git2::{Commit, Config, ObjectType, Oid, Repository, Signature, Tree};

use super::checkout::Checkout;
use crate::signing::{Signer, SigningError};

/// A commit to make.
pub(super) struct Draft<'a> {
    pub(super) who: &'a Signature<'a>,
    pub(super) message: &'a str,
    pub(super) tree: &'a Tree<'a>,
    pub(super) parents: &'a [&'a Commit<'a>],
}

/// Why there is no commit.
pub(crate) enum Unmade {
    /// Git says so.
    Git(git2::Error),
    /// It cannot be signed.
    Unsigned(SigningError),
}

impl From<git2::Error> for Unmade {
    fn from(error: git2::Error) -> Self {
        Unmade::Git(error)
    }
}

impl Draft<'_> {
    /// Makes the commit.
    pub(super) fn commit(&self, repository: &Repository, signer: Option<&Signer>) -> Result<Oid, Unmade> {
        let Draft { who, message, tree, parents } = self;
        let text = repository.commit_create_buffer(who, who, message, tree, parents)?;
        let Some(signer) = signer else {
            return Ok(repository.odb()?.write(ObjectType::Commit, &text)?);
        };
        let signature = signer.sign(&text).map_err(Unmade::Unsigned)?;
        let text = text.as_str()?;
        Ok(repository.commit_signed(text, &signature, None)?)
    }
}

/// What git's configuration says of signatures.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// There are none.
    Nothing,
    /// Commits are signed with an ssh key: its file or text.
    Key(String),
    /// They are signed with an ssh key that is not named.
    SomeKey,
    /// They are signed by a program, which is not run: the setting that says so.
    Program(String),
}

impl Checkout {
    /// Returns how git's configuration of the repository and the user wants commits signed.
    pub(crate) fn wanted_signature(&self) -> Wanted {
        // Without a readable configuration nobody wants anything.
        self.repository.config().map_or(Wanted::Nothing, |config| wanted(&config))
    }
}

fn wanted(config: &Config) -> Wanted {
    if !config.get_bool("commit.gpgsign").unwrap_or(false) {
        return Wanted::Nothing;
    }
    let format = config.get_string("gpg.format").unwrap_or_else(|_| "openpgp".to_owned());
    if format != "ssh" {
        return Wanted::Program(format!("gpg.format={format}"));
    }
    let key = config.get_string("user.signingkey").ok().filter(|key| !key.is_empty());
    let Some(key) = key else {
        let has_command = config.get_string("gpg.ssh.defaultKeyCommand").is_ok();
        let program = || Wanted::Program("gpg.ssh.defaultKeyCommand".to_owned());
        return if has_command { program() } else { Wanted::SomeKey };
    };
    // A file may be below `~/`.
    let file = config.get_path("user.signingkey").ok();
    let file = file.filter(|_| key.starts_with('~')).and_then(|file| file.to_str().map(str::to_owned));
    Wanted::Key(file.unwrap_or(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &Wanted) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(&file, text).unwrap();
        assert_eq!(&wanted(&Config::open(&file).unwrap()), want, "{text}");
    }

    #[test]
    fn commits_are_signed_if_gits_configuration_says_so() {
        check("[user]\nsigningkey = /k\n[gpg]\nformat = ssh\n", &Wanted::Nothing);
        check("[commit]\ngpgsign = no\n[gpg]\nformat = ssh\n", &Wanted::Nothing);
        let ssh = "[commit]\ngpgsign\n[gpg]\nformat = ssh\n";
        check(&format!("{ssh}[user]\nsigningkey = /k\n"), &Wanted::Key("/k".to_owned()));
        let literal = "key::ssh-ed25519 AAAA a";
        check(&format!("{ssh}[user]\nsigningkey = {literal}\n"), &Wanted::Key(literal.to_owned()));
        check(ssh, &Wanted::SomeKey);
    }

    #[test]
    fn programs_are_seen_and_not_run() {
        let program = |setting: &str| Wanted::Program(setting.to_owned());
        check("[commit]\ngpgsign = true\n", &program("gpg.format=openpgp"));
        check("[commit]\ngpgsign = 1\n[gpg]\nformat = x509\n", &program("gpg.format=x509"));
        let command = "[gpg \"ssh\"]\ndefaultKeyCommand = ssh-add -L\n";
        check(
            &format!("[commit]\ngpgsign = true\n[gpg]\nformat = ssh\n{command}"),
            &program("gpg.ssh.defaultKeyCommand"),
        );
    }
}
