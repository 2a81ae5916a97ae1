//! Signs commits with ssh keys, as `ssh-keygen -Y sign -n git` does and git wants
//! it (`gpg.format=ssh`). No program is run.
//!
//! A key is a file, a text in its place, or the public half of one that the ssh
//! agent has, where keys on hardware are. What is asked to sign fails if it
//! cannot: a commit that should be signed is never made without a signature.
//!
//! Invariant: no part of a private key or a passphrase is in an error, nor does
//! anything here print itself.

mod agent;
mod error;

use std::path::Path;

use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, Signature, SshSig};

use agent::Agent;
pub use error::SigningError;

/// The variable with the key: its file, or its text.
const KEY: &str = "FAB_SIGNING_KEY";
/// The variable with the passphrase of an encrypted key.
const PASSPHRASE: &str = "FAB_SIGNING_KEY_PASSPHRASE";
/// What git has signatures of ssh keys made for.
const NAMESPACE: &str = "git";
/// How an OpenSSH key begins and ends.
const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END: &str = "-----END OPENSSH PRIVATE KEY-----";

/// A key that commits are signed with.
pub(crate) struct Signer {
    /// What the key is called in messages.
    name: String,
    public: KeyData,
    with: With,
}

/// What has the private key.
enum With {
    Key(Box<PrivateKey>),
    Agent(Agent),
}

/// A key as it is configured.
struct Named<'a> {
    name: String,
    /// The file; none if the text itself was given.
    file: Option<&'a Path>,
    variables: &'a [(String, String)],
}

impl Signer {
    /// Returns the key that variables name, if they name one.
    pub(crate) fn of_variables(variables: &[(String, String)]) -> Result<Option<Self>, SigningError> {
        variable(variables, KEY).map(|key| Self::of(key, KEY, variables)).transpose()
    }

    /// Returns the key that a setting names: a file or its text. A literal may begin with `key::`, as in git.
    pub(crate) fn of(key: &str, from: &str, variables: &[(String, String)]) -> Result<Self, SigningError> {
        let text = key.trim();
        let literal = text.strip_prefix("key::");
        if literal.is_some() || is_key(text) {
            let named = Named { name: format!("in {from}"), file: None, variables };
            return named.signer(literal.unwrap_or(text));
        }
        let file = Path::new(text);
        let name = name_of(file, from);
        let read = std::fs::read(file);
        let read = read.map_err(|source| SigningError::Unreadable { key: name.clone(), source })?;
        Named { name, file: Some(file), variables }.signer(&String::from_utf8_lossy(&read))
    }

    /// Returns the signature of a commit, without a line break at its end.
    pub(crate) fn sign(&self, commit: &[u8]) -> Result<String, SigningError> {
        let failed = |message: String| SigningError::Failed { key: self.name.clone(), message };
        let of_key = |err: ssh_key::Error| failed(err.to_string());
        let signed = match &self.with {
            With::Key(key) => key.sign(NAMESPACE, HashAlg::Sha512, commit).map_err(of_key)?,
            With::Agent(agent) => {
                let data = SshSig::signed_data(NAMESPACE, HashAlg::Sha512, commit).map_err(of_key)?;
                let signature = agent.sign(&encoded(&self.public), &data);
                let signature = signature.map_err(|err| failed(format!("the ssh agent says: {err}")))?;
                let signature = Signature::try_from(signature.as_slice()).map_err(of_key)?;
                if signature.algorithm() == (Algorithm::Rsa { hash: None }) {
                    return Err(failed("the ssh agent signs with SHA-1, which git refuses".to_owned()));
                }
                SshSig::new(self.public.clone(), NAMESPACE, HashAlg::Sha512, signature).map_err(of_key)?
            }
        };
        let armoured = signed.to_pem(LineEnding::LF).map_err(of_key)?;
        Ok(armoured.trim_end().to_owned())
    }
}

impl Named<'_> {
    /// Finds what has the private key.
    fn signer(self, text: &str) -> Result<Signer, SigningError> {
        let text = text.trim();
        if !text.starts_with(BEGIN) {
            return match PublicKey::from_openssh(text.lines().next().unwrap_or_default()) {
                Ok(public) => self.of_public(&public),
                Err(_) => Err(SigningError::NoKey { key: self.name, format: format_of(text) }),
            };
        }
        let malformed = |err: &ssh_key::Error| SigningError::Malformed {
            key: self.name.clone(),
            message: err.to_string(),
        };
        let mut key = PrivateKey::from_openssh(rewrapped(text)).map_err(|err| malformed(&err))?;
        let public = key.public_key().clone();
        let is_on_hardware = match public.algorithm() {
            Algorithm::Ed25519 | Algorithm::Ecdsa { .. } | Algorithm::Rsa { .. } => false,
            Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256 => true,
            other => {
                let algorithm = other.to_string();
                return Err(SigningError::Unsupported { key: self.name, algorithm });
            }
        };
        if is_on_hardware {
            return self.of_agent(&public).ok_or(SigningError::OnHardware { key: self.name });
        }
        if key.is_encrypted() {
            let Some(passphrase) = variable(self.variables, PASSPHRASE) else {
                return self.of_agent(&public).ok_or(SigningError::Encrypted { key: self.name });
            };
            key = key.decrypt(passphrase).map_err(|err| match err {
                ssh_key::Error::Crypto => SigningError::WrongPassphrase { key: self.name.clone() },
                err => malformed(&err),
            })?;
        }
        Ok(Signer { name: self.name, public: public.into(), with: With::Key(Box::new(key)) })
    }

    /// Finds the other half of a public key: in the agent, or in the file beside it.
    fn of_public(self, public: &PublicKey) -> Result<Signer, SigningError> {
        if let Some(signer) = self.of_agent(public) {
            return Ok(signer);
        }
        let beside = self.file.and_then(|file| file.to_str()?.strip_suffix(".pub")).map(Path::new);
        let text = beside.and_then(|file| std::fs::read_to_string(file).ok());
        match (beside, text) {
            (Some(file), Some(text)) if text.starts_with(BEGIN) => {
                let name = format!("`{}`", file.display());
                Named { name, file: None, variables: self.variables }.signer(&text)
            }
            _ => Err(SigningError::Public { key: self.name }),
        }
    }

    /// Returns the agent's key, if there is an agent and it has that.
    fn of_agent(&self, public: &PublicKey) -> Option<Signer> {
        let agent = Agent::of(self.variables)?;
        let public = KeyData::from(public.clone());
        // An agent that does not answer has no key.
        let has_it = agent.has(&encoded(&public)).unwrap_or(false);
        has_it.then(|| Signer { name: self.name.clone(), public, with: With::Agent(agent) })
    }
}

fn variable<'a>(variables: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = variables.iter().find(|(known, value)| known == name && !value.is_empty());
    found.map(|(_, value)| value.as_str())
}

/// Returns what a file is called in messages. What names no place on this machine is not shown: it may be a secret.
fn name_of(file: &Path, from: &str) -> String {
    match file.parent() {
        Some(folder) if folder.is_dir() => format!("`{}`", file.display()),
        _ => format!("that {from} names"),
    }
}

/// Whether a text is a key itself, and no file.
fn is_key(text: &str) -> bool {
    let is_public = || ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"].iter().any(|kind| text.starts_with(kind));
    text.starts_with("-----BEGIN ") || text.starts_with(PUTTY) || is_public() && text.contains(' ')
}

/// How PuTTY's keys begin.
const PUTTY: &str = "PuTTY-User-Key-File";

/// Returns the format of a key that is not OpenSSH's, if it is one.
fn format_of(text: &str) -> Option<String> {
    if text.starts_with(PUTTY) {
        return Some("PuTTY".to_owned());
    }
    let (label, _) = text.strip_prefix("-----BEGIN ")?.split_once("-----")?;
    let is_label = label.chars().all(|c| c.is_ascii_uppercase() || c == ' ');
    is_label.then(|| label.to_owned())
}

/// Returns a key with the line breaks that it should have: stores for secrets and variables make others of them.
fn rewrapped(text: &str) -> String {
    let body = text.strip_prefix(BEGIN).unwrap_or(text);
    let body: Vec<char> =
        body.split(END).next().unwrap_or_default().split_whitespace().flat_map(str::chars).collect();
    let lines = body.chunks(70).map(|line| line.iter().chain(&['\n']).collect::<String>());
    format!("{BEGIN}\n{}{END}\n", lines.collect::<String>())
}

/// Returns a public key as it goes over a wire.
fn encoded(public: &KeyData) -> Vec<u8> {
    PublicKey::from(public.clone()).to_bytes().expect("it was read from such bytes")
}
