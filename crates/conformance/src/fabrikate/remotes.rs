//! The repositories that cases install from, on this machine.
//!
//! They are recorded as bundles: a list of references and a pack. Git's own
//! configuration maps the host that the definitions name to where they are.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// The host of the recorded definitions.
const HOST: &str = "https://github.com/";

/// Makes bare repositories of bundles below `folder`, and a home in which their host is that folder.
pub(super) fn serve<'a>(
    bundles: &Path,
    names: impl Iterator<Item = &'a String>,
    folder: &Path,
    home: &Path,
) -> io::Result<()> {
    for name in names {
        let last = name.rsplit('/').next().unwrap_or(name);
        let bundle = fs::read(bundles.join(format!("{last}.bundle")))?;
        for suffix in ["", ".git"] {
            unbundle(&bundle, &folder.join(format!("{name}{suffix}"))).map_err(io::Error::other)?;
        }
    }
    let base = folder.display();
    fs::write(home.join(".gitconfig"), format!("[url \"{base}/\"]\n\tinsteadOf = {HOST}\n"))
}

fn unbundle(bundle: &[u8], folder: &Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let end = bundle.windows(2).position(|pair| pair == b"\n\n").ok_or("the bundle has no pack")?;
    let repository = git2::Repository::init_bare(folder)?;
    let odb = repository.odb()?;
    let mut writer = odb.packwriter()?;
    writer.write_all(&bundle[end + 2..])?;
    writer.commit()?;
    let heading = std::str::from_utf8(&bundle[..end])?;
    for line in heading.lines().filter(|line| !line.starts_with(['#', '-'])) {
        let (hash, name) = line.split_once(' ').ok_or("the bundle has a line without a reference")?;
        if name != "HEAD" {
            repository.reference(name, git2::Oid::from_str(hash)?, true, "bundle")?;
        }
    }
    repository.set_head("refs/heads/master")?;
    Ok(())
}
