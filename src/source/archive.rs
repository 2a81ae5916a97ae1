//! Unpacks what strangers have packed: tar with gzip, and zip.
//!
//! Files, folders and links that stay inside are taken; everything else that an
//! archive can hold is an error, and so is every name that would lead out of the
//! folder, mean something else on another system, or differ from another one only
//! in its case. Of the modes only "executable" is kept.
//!
//! Invariant: nothing is written outside of the folder. Links are made last, when
//! nothing is written through them any more, and what is unpacked is bounded in
//! size and number while it is unpacked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::SourceError;

/// How much an archive may unpack to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Files, folders and links.
    pub entries: usize,
    /// Bytes of all files.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 100_000, bytes: 512 << 20 }
    }
}

/// What an archive is packed with, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `.tar.gz`, `.tgz`.
    TarGz,
    /// `.zip`.
    Zip,
}

impl Format {
    /// Recognizes an archive; a file that is none, such as YAML, is no error.
    pub fn of(file: &Path) -> io::Result<Option<Self>> {
        let mut head = Vec::with_capacity(4);
        File::open(file)?.take(4).read_to_end(&mut head)?;
        Ok(match head.as_slice() {
            [0x1f, 0x8b, 0x08, ..] => Some(Self::TarGz),
            [b'P', b'K', 3, 4] => Some(Self::Zip),
            _ => None,
        })
    }
}

/// Unpacks an archive into a folder, which has to exist and be empty.
pub fn unpack(archive: &Path, format: Format, folder: &Path, limits: Limits) -> Result<(), SourceError> {
    let file = File::open(archive).map_err(|source| failed("open", archive, source))?;
    let mut unpacking = Unpacking::new(folder, limits);
    match format {
        Format::TarGz => unpacking.tar(BufReader::with_capacity(64 * 1024, file), archive)?,
        Format::Zip => unpacking.zip(BufReader::new(file), archive)?,
    }
    unpacking.make_links()
}

/// Unpacks a chart into a folder as helm does: without its first folder, whatever that is called.
pub fn unpack_chart(archive: &Path, folder: &Path) -> Result<(), SourceError> {
    let files = helm::load::read_archive(archive).map_err(|error| malformed(archive, &error))?;
    let mut unpacking = Unpacking::new(folder, Limits::default());
    for file in &files {
        unpacking.file(&file.path, false, &mut &*file.data)?;
    }
    Ok(())
}

/// Packs the chart in a folder as helm does for `file://` dependencies: without what `.helmignore` names.
///
/// Equal charts give equal archives.
pub(super) fn pack_chart(folder: &Path, name: &str, archive: &Path) -> Result<(), SourceError> {
    let files = helm::load::read_folder(folder).map_err(|error| malformed(folder, &error))?;
    let pack = || {
        let file = BufWriter::new(File::create(archive)?);
        let mut builder = tar::Builder::new(GzEncoder::new(file, Compression::default()));
        for file in &files {
            let mut header = tar::Header::new_gnu();
            header.set_size(file.data.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, format!("{name}/{}", file.path), &*file.data)?;
        }
        builder.into_inner()?.finish()?.flush()
    };
    pack().map_err(|source| failed("write", archive, source))
}

/// The unpacking of one archive.
struct Unpacking<'a> {
    folder: &'a Path,
    limits: Limits,
    left: u64,
    /// Everything that was made, by its name in small letters; folders have no other name than one.
    known: BTreeMap<String, String>,
    files: BTreeSet<String>,
    links: Vec<(String, String)>,
}

impl<'a> Unpacking<'a> {
    fn new(folder: &'a Path, limits: Limits) -> Self {
        let (known, files, links) = Default::default();
        Self { folder, limits, left: limits.bytes, known, files, links }
    }

    fn tar(&mut self, file: impl Read, archive: &Path) -> Result<(), SourceError> {
        let broken = |source| failed("unpack", archive, source);
        // Headers and padding count too: a bomb may consist of them.
        let stream =
            MultiGzDecoder::new(file).take(self.limits.bytes.saturating_mul(2).saturating_add(1 << 20));
        let mut archive = tar::Archive::new(stream);
        for entry in archive.entries().map_err(broken)? {
            let mut entry = entry.map_err(broken)?;
            let kind = entry.header().entry_type();
            if kind.is_pax_global_extensions() {
                continue;
            }
            let name = utf8(&entry.path_bytes())?;
            if kind.is_dir() {
                self.make_folder(&name)?;
            } else if kind.is_file() || kind.is_contiguous() {
                let executable = entry.header().mode().is_ok_and(|mode| mode & 0o100 != 0);
                self.file(&name, executable, &mut entry)?;
            } else if kind.is_symlink() {
                let target = entry.link_name_bytes().unwrap_or_default();
                let target = utf8(&target)?;
                self.link(&name, target)?;
            } else {
                return Err(refused(&name, "is neither file, folder nor link"));
            }
        }
        Ok(())
    }

    fn zip(&mut self, file: BufReader<File>, archive: &Path) -> Result<(), SourceError> {
        let broken = |error: zip::result::ZipError| malformed(archive, &error);
        let mut archive = zip::ZipArchive::new(file).map_err(broken)?;
        for at in 0..archive.len() {
            let mut entry = archive.by_index(at).map_err(broken)?;
            let name = utf8(entry.name_raw())?;
            let mode = entry.unix_mode().unwrap_or(0o644);
            if entry.is_dir() {
                self.make_folder(&name)?;
            } else if entry.is_symlink() {
                let mut target = String::new();
                let read = entry.by_ref().take(4096).read_to_string(&mut target);
                read.map_err(|_| refused(&name, "is a link to no name"))?;
                self.link(&name, target)?;
            } else {
                self.file(&name, mode & 0o100 != 0, &mut entry)?;
            }
        }
        Ok(())
    }

    fn make_folder(&mut self, name: &str) -> Result<(), SourceError> {
        let parts = parts(name)?;
        if parts.is_empty() {
            return Ok(());
        }
        self.claim(&parts, name)?;
        let path = self.folder.join(parts.join("/"));
        fs::create_dir_all(&path).map_err(|source| failed("make", &path, source))
    }

    fn file(&mut self, name: &str, executable: bool, content: &mut impl Read) -> Result<(), SourceError> {
        let parts = parts(name)?;
        let Some((_, parents)) = parts.split_last() else { return Err(refused(name, "is no name")) };
        self.claim(&parts, name)?;
        let whole = parts.join("/");
        if !self.files.insert(whole.clone()) {
            return Err(refused(name, "is there twice"));
        }
        let parent = self.folder.join(parents.join("/"));
        fs::create_dir_all(&parent).map_err(|source| failed("make", &parent, source))?;
        let path = self.folder.join(&whole);
        let mut file = File::create_new(&path).map_err(|source| failed("write", &path, source))?;
        let limit = self.left;
        let copied = io::copy(&mut content.take(limit + 1), &mut file);
        let copied = copied.map_err(|source| failed("write", &path, source))?;
        if copied > limit {
            let limit = format!("{} bytes", self.limits.bytes);
            return Err(SourceError::TooLarge { what: "the content of the archive".to_owned(), limit });
        }
        self.left -= copied;
        if executable {
            make_executable(&file).map_err(|source| failed("write", &path, source))
        } else {
            Ok(())
        }
    }

    fn link(&mut self, name: &str, target: String) -> Result<(), SourceError> {
        let parts = parts(name)?;
        self.claim(&parts, name)?;
        let mut depth = parts.len().saturating_sub(1);
        let leads_out = || refused(name, "is a link that leads out of the folder");
        if target.starts_with('/') || target.contains(['\\', ':', '\0']) || target.is_empty() {
            return Err(leads_out());
        }
        for part in target.split('/') {
            match part {
                "" | "." => {}
                ".." => depth = depth.checked_sub(1).ok_or_else(leads_out)?,
                _ => depth += 1,
            }
        }
        let whole = parts.join("/");
        if !self.files.insert(whole.clone()) {
            return Err(refused(name, "is there twice"));
        }
        self.links.push((whole, target));
        Ok(())
    }

    /// Takes a name for its own; another one that differs in case only would be the same file elsewhere.
    fn claim(&mut self, parts: &[&str], name: &str) -> Result<(), SourceError> {
        for end in 1..=parts.len() {
            let whole = parts[..end].join("/");
            if end < parts.len() && self.files.contains(&whole) {
                return Err(refused(name, "lies below a file"));
            }
            match self.known.insert(whole.to_lowercase(), whole.clone()) {
                Some(before) if before != whole => {
                    return Err(refused(name, &format!("differs from `{before}` in its case only")));
                }
                Some(_) => {}
                None if self.known.len() > self.limits.entries => {
                    let limit = format!("{} files", self.limits.entries);
                    return Err(SourceError::TooLarge {
                        what: "the number of files in the archive".to_owned(),
                        limit,
                    });
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Makes the links; one whose target goes through another link could still lead out.
    fn make_links(&self) -> Result<(), SourceError> {
        let links: BTreeSet<&str> = self.links.iter().map(|(link, _)| link.as_str()).collect();
        for (name, target) in &self.links {
            let mut at: Vec<&str> = name.split('/').collect();
            at.pop();
            for part in target.split('/') {
                match part {
                    "" | "." => {}
                    ".." => drop(at.pop()),
                    _ => at.push(part),
                }
                if links.contains(at.join("/").as_str()) {
                    return Err(refused(name, "is a link to a link"));
                }
            }
            let path = self.folder.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(|source| failed("make", parent, source))?;
            }
            make_link(target, &path).map_err(|source| failed("link", &path, source))?;
        }
        Ok(())
    }
}

/// Splits a name into its parts, of which each has to be an ordinary name on every system.
fn parts(name: &str) -> Result<Vec<&str>, SourceError> {
    if name.starts_with('/') {
        return Err(refused(name, "is absolute"));
    }
    let mut parts = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err(refused(name, "leads out of the folder")),
            _ if part.contains(['\\', ':', '\0']) => {
                return Err(refused(name, "means something else on other systems"));
            }
            _ => parts.push(part),
        }
    }
    Ok(parts)
}

fn utf8(name: &[u8]) -> Result<String, SourceError> {
    let text = || String::from_utf8_lossy(name).into_owned();
    String::from_utf8(name.to_vec()).map_err(|_| refused(&text(), "is no UTF-8"))
}

#[cfg(unix)]
fn make_executable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn make_link(target: &str, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn make_link(_: &str, _: &Path) -> io::Result<()> {
    Err(io::Error::other("links cannot be made on this system"))
}

fn refused(path: &str, problem: &str) -> SourceError {
    SourceError::Unsafe { path: path.to_owned(), problem: problem.to_owned() }
}

fn malformed(path: &Path, error: &dyn std::error::Error) -> SourceError {
    SourceError::Malformed { what: path.display().to_string(), message: error.to_string() }
}

fn failed(action: &str, path: &Path, source: io::Error) -> SourceError {
    SourceError::Io { action: format!("{action} {}", path.display()), source }
}

#[cfg(test)]
mod tests;
