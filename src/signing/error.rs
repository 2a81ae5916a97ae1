//! Why a commit cannot be signed, and what to do about it.

use std::io;

/// Why a commit cannot be signed. `key` tells which key it is about, and has nothing of the key itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SigningError {
    /// Git signs commits here, and nothing says with which key.
    #[error("commits are signed here (`commit.gpgsign`), and nothing says with which key")]
    Unnamed,
    /// The file cannot be read.
    #[error("cannot read the signing key {key}: {source}")]
    Unreadable {
        /// The key.
        key: String,
        /// Why.
        source: io::Error,
    },
    /// It is none that OpenSSH reads and writes today.
    #[error("the signing key {key} is no OpenSSH key{}", format.as_ref().map(|format| format!(" but `{format}`")).unwrap_or_default())]
    NoKey {
        /// The key.
        key: String,
        /// The format that it has instead, if that is known.
        format: Option<String>,
    },
    /// Parts of it are missing or wrong.
    #[error("the signing key {key} is damaged: {message}")]
    Malformed {
        /// The key.
        key: String,
        /// What the library says.
        message: String,
    },
    /// The other half is nowhere.
    #[error("the signing key {key} is a public one, and no ssh agent has its private key")]
    Public {
        /// The key.
        key: String,
    },
    /// It has a passphrase.
    #[error("the signing key {key} has a passphrase, and no ssh agent has the key")]
    Encrypted {
        /// The key.
        key: String,
    },
    /// The passphrase is another one.
    #[error("the passphrase of the signing key {key} is another one")]
    WrongPassphrase {
        /// The key.
        key: String,
    },
    /// It is on a device, which only the agent asks.
    #[error("the signing key {key} is on a device, and no ssh agent has it")]
    OnHardware {
        /// The key.
        key: String,
    },
    /// Git takes no signatures of such keys, or nothing here makes them.
    #[error("the signing key {key} is of a kind that cannot sign commits: {algorithm}")]
    Unsupported {
        /// The key.
        key: String,
        /// Its kind.
        algorithm: String,
    },
    /// The key or the agent does not sign.
    #[error("the signing key {key} does not sign: {message}")]
    Failed {
        /// The key.
        key: String,
        /// What the library or the agent says.
        message: String,
    },
}

impl SigningError {
    /// Returns what to do, if that can be said.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            SigningError::Unnamed => {
                "set `user.signingkey` of git, or FAB_SIGNING_KEY, to the file of an ssh key"
            }
            SigningError::Unreadable { .. } => {
                "it has to be the file of an ssh key, or the text of one with its line `-----BEGIN …-----`"
            }
            SigningError::NoKey { format: None, .. } | SigningError::Malformed { .. } => {
                "it has to be what `ssh-keygen -t ed25519` writes into the file without `.pub`, from its first line to its last"
            }
            SigningError::NoKey { format: Some(format), .. } if format == "PuTTY" => {
                "`puttygen FILE -O private-openssh-new -o NEW` writes it as OpenSSH has it"
            }
            SigningError::NoKey { format: Some(_), .. } => {
                "`ssh-keygen -p -f FILE` writes it anew as OpenSSH has it"
            }
            SigningError::Public { .. } | SigningError::OnHardware { .. } => {
                "name the file with the private key, or add that to the agent with `ssh-add`"
            }
            SigningError::Encrypted { .. } => {
                "give the passphrase in FAB_SIGNING_KEY_PASSPHRASE, or add the key to the agent with `ssh-add`"
            }
            SigningError::WrongPassphrase { .. } => "see what FAB_SIGNING_KEY_PASSPHRASE has",
            SigningError::Unsupported { .. } => "use one of ed25519, ecdsa or rsa: `ssh-keygen -t ed25519`",
            SigningError::Failed { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
