//! Asks the ssh agent to sign: two of its messages, over a connection for each.
//!
//! The protocol is that of draft-miller-ssh-agent: a length, a kind, and texts
//! with a length each.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The variable that tells where the agent listens.
const SOCKET: &str = "SSH_AUTH_SOCK";
/// What is asked and answered.
const LIST: u8 = 11;
const LISTED: u8 = 12;
const SIGN: u8 = 13;
const SIGNED: u8 = 14;
/// Has RSA keys sign with SHA-512; other keys do not look at it.
const RSA_SHA2_512: u32 = 4;
/// The longest answer that OpenSSH's agent gives.
const LONGEST: u32 = 256 * 1024;

/// An agent.
pub(super) struct Agent(PathBuf);

impl Agent {
    /// Returns the agent that variables name.
    pub(super) fn of(variables: &[(String, String)]) -> Option<Self> {
        super::variable(variables, SOCKET).map(|path| Agent(PathBuf::from(path)))
    }

    /// Returns whether the agent has the private key of a public one.
    pub(super) fn has(&self, public: &[u8]) -> io::Result<bool> {
        let answer = self.ask(&[LIST], LISTED)?;
        let mut rest = answer.get(4..).unwrap_or_default();
        while let Some(key) = text(&mut rest) {
            if key == public {
                return Ok(true);
            }
            // A comment follows.
            text(&mut rest);
        }
        Ok(false)
    }

    /// Returns the agent's signature.
    pub(super) fn sign(&self, public: &[u8], data: &[u8]) -> io::Result<Vec<u8>> {
        let mut request = vec![SIGN];
        for part in [public, data] {
            let length = u32::try_from(part.len()).map_err(io::Error::other)?;
            request.extend(length.to_be_bytes());
            request.extend(part);
        }
        request.extend(RSA_SHA2_512.to_be_bytes());
        let answer = self.ask(&request, SIGNED)?;
        text(&mut answer.as_slice()).map(<[u8]>::to_vec).ok_or_else(garbled)
    }

    fn ask(&self, request: &[u8], wanted: u8) -> io::Result<Vec<u8>> {
        let mut stream = connect(&self.0)?;
        let length = u32::try_from(request.len()).map_err(io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes(), request].concat())?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        if !(1..=LONGEST).contains(&length) {
            return Err(garbled());
        }
        let mut answer = Vec::new();
        stream.take(u64::from(length)).read_to_end(&mut answer)?;
        match answer.split_first() {
            Some((kind, rest)) if *kind == wanted && answer.len() == length as usize => Ok(rest.to_vec()),
            Some((5, _)) => Err(io::Error::other("it refuses")),
            _ => Err(garbled()),
        }
    }
}

#[cfg(unix)]
fn connect(path: &Path) -> io::Result<impl Read + Write> {
    // Somebody may have to touch a device, or to confirm it.
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);
    let stream = std::os::unix::net::UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// On Windows an agent has a named pipe, which is opened as a file.
#[cfg(not(unix))]
fn connect(path: &Path) -> io::Result<impl Read + Write> {
    std::fs::File::options().read(true).write(true).open(path)
}

fn garbled() -> io::Error {
    io::Error::other("its answer is none of an agent's")
}

/// Takes a text off the beginning.
fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_at_checked(4)?;
    let length = u32::from_be_bytes(length.try_into().ok()?) as usize;
    let (text, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(text)
}
