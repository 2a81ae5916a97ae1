//! The files of a chart archive (`.tgz`).
//!
//! Names lose their first folder, whatever it is called. Those that would leave
//! the chart are errors. Links are taken as empty files, as in Helm: nothing is
//! ever followed, nothing is written to disk.
//!
//! Invariant: memory is bounded. An archive unpacks to 100 MiB at most with files
//! of 5 MiB at most (Helm's limits), and a chart with all archives inside of it to
//! 512 MiB (ours; Helm gives each of them 100 MiB of its own).

use std::fs;
use std::io::{self, Read, Seek};
use std::path::Path;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use gotmpl::strconv::quote;

use super::{LoadError, MAX_FILE, without_mark};
use crate::chart::File;

/// An archive that cannot be unpacked. The texts are those of Helm and Go.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The first bytes are not those of gzip.
    #[error("gzip: invalid header")]
    NoGzip,
    /// It ends too early.
    #[error("unexpected EOF")]
    Truncated,
    /// It cannot be read on.
    #[error("{0}")]
    Broken(io::Error),
    /// A name is absolute.
    #[error("chart illegally contains absolute paths")]
    AbsolutePath,
    /// A file lies beside the chart's folder.
    #[error("chart illegally contains content outside the base directory: {}", quote(.0.as_bytes()))]
    OutsideBase(String),
    /// A name has `..` in it that leads out.
    #[error("chart illegally references parent directory")]
    ParentFolder,
    /// A name looks like `c:/x`.
    #[error("chart contains illegally named files")]
    DrivePath,
    /// The chart is not in a folder.
    #[error("chart yaml not in base directory")]
    NoBaseFolder,
    /// There is too much in it.
    #[error("decompressed chart is larger than the maximum size {0}")]
    TooLarge(u64),
    /// A file is too large.
    #[error("decompressed chart file {} is larger than the maximum file size {limit}", quote(name.as_bytes()))]
    FileTooLarge {
        /// The file.
        name: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// There is nothing in it.
    #[error("no files in chart archive")]
    Empty,
}

/// How much an archive may hold, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// For a file.
    pub(super) file: u64,
    /// For all files of an archive.
    pub(super) archive: u64,
    /// For an archive with all that is not content, such as names.
    pub(super) stream: u64,
    /// For a chart with all archives inside of it.
    pub(super) total: u64,
}

const LIMITS: Limits = Limits { file: MAX_FILE, archive: 100 << 20, stream: 200 << 20, total: 512 << 20 };

const MAGIC: &[u8] = b"\x1f\x8b\x08";

/// Reads the archive that a user names. `unpacked` counts the bytes.
pub(super) fn read_file(path: &Path, unpacked: &mut u64) -> Result<Vec<File>, LoadError> {
    let failed = |source| LoadError::io("open", path, source);
    let mut file = fs::File::open(path).map_err(failed)?;
    let mut head = Vec::with_capacity(512);
    file.by_ref().take(512).read_to_end(&mut head).map_err(failed)?;
    if !head.starts_with(MAGIC) {
        let extension = path.extension().unwrap_or_default();
        if extension == "yaml" || extension == "yml" {
            return Err(LoadError::YamlInsteadOfArchive(path.to_owned()));
        }
        return Err(LoadError::NotAnArchive { path: path.to_owned(), found: content_type(&head) });
    }
    file.rewind().map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let file = io::BufReader::with_capacity(64 * 1024, file);
    unpack((file, size), unpacked, LIMITS).map_err(LoadError::BrokenArchive)
}

/// Reads an archive that lies in a chart.
pub(super) fn read(data: &[u8], unpacked: &mut u64) -> Result<Vec<File>, ArchiveError> {
    if data.len() < 10 {
        return Err(ArchiveError::Truncated);
    }
    if !data.starts_with(MAGIC) {
        return Err(ArchiveError::NoGzip);
    }
    unpack((data, data.len() as u64), unpacked, LIMITS)
}

/// Unpacks an archive, of which the size is known, into files that share one buffer.
pub(super) fn unpack(
    (archive, size): (impl Read, u64),
    unpacked: &mut u64,
    limits: Limits,
) -> Result<Vec<File>, ArchiveError> {
    let (content, end) = decompress(archive, size, limits.stream);
    let mut archive = tar::Archive::new((&content[..]).chain(end));
    let mut files = Vec::new();
    let mut remaining = limits.archive;
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let kind = entry.header().entry_type();
        if kind.is_dir() || kind.is_pax_global_extensions() {
            continue;
        }
        let full_name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let is_plain = kind.is_file() || kind.is_contiguous();
        // Only the type of old archives leaves open whether this is a folder.
        if entry.header().as_old().linkflag == [0] && full_name.ends_with('/') {
            continue;
        }
        let path = inner_path(&full_name)?;
        // Links have no content, whatever their header says.
        let size = if is_plain { entry.size() } else { 0 };
        if size > remaining {
            return Err(ArchiveError::TooLarge(limits.archive));
        }
        if size > limits.file {
            return Err(ArchiveError::FileTooLarge { name: full_name, limit: limits.file });
        }
        if *unpacked + size > limits.total {
            return Err(ArchiveError::TooLarge(limits.total));
        }
        let start = entry.raw_file_position();
        let Some(data) = slice(&content, start, size) else {
            io::copy(&mut entry, &mut io::sink()).map_err(broken)?;
            return Err(ArchiveError::Truncated);
        };
        remaining -= size;
        *unpacked += size;
        if remaining == 0 {
            return Err(ArchiveError::TooLarge(limits.archive));
        }
        files.push(File { path, data: without_mark(data) });
    }
    if files.is_empty() { Err(ArchiveError::Empty) } else { Ok(files) }
}

/// Decompresses up to the limit, headers and names counted, or to where it fails. The
/// failure is for whoever reads on from there: what comes before is judged first.
fn decompress(archive: impl Read, size: u64, limit: u64) -> (Bytes, End) {
    /// What texts shrink to; more room costs nothing, less is made when needed.
    const RATIO: u64 = 8;
    let room = size.saturating_mul(RATIO).min(limit);
    let mut content = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
    let failure = match MultiGzDecoder::new(archive).take(limit + 1).read_to_end(&mut content) {
        Ok(read) if read as u64 > limit => {
            Some(io::Error::other(format!("archive is larger than {limit} bytes when decompressed")))
        }
        Ok(_) => None,
        Err(error) => Some(error),
    };
    (content.into(), End(failure))
}

/// The end of a stream, or the failure that is in its place.
struct End(Option<io::Error>);

impl Read for End {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

fn slice(content: &Bytes, start: u64, size: u64) -> Option<Bytes> {
    let start = usize::try_from(start).ok()?;
    let end = start.checked_add(usize::try_from(size).ok()?)?;
    (end <= content.len()).then(|| content.slice(start..end))
}

/// Returns the path within the chart of a name in an archive, which may have come
/// from Windows.
fn inner_path(name: &str) -> Result<String, ArchiveError> {
    let delimiter = if name.contains('\\') { '\\' } else { '/' };
    let (base, inner) = name.split_once(delimiter).unwrap_or((name, ""));
    let inner = inner.replace(delimiter, "/");
    if inner.starts_with('/') {
        return Err(ArchiveError::AbsolutePath);
    }
    let path = clean(&inner);
    if path == "." {
        return Err(ArchiveError::OutsideBase(name.to_owned()));
    }
    if path.starts_with("..") {
        return Err(ArchiveError::ParentFolder);
    }
    if let [letter, b':', b'/', ..] = path.as_bytes()
        && letter.is_ascii_alphabetic()
    {
        return Err(ArchiveError::DrivePath);
    }
    if base == "Chart.yaml" {
        return Err(ArchiveError::NoBaseFolder);
    }
    Ok(path)
}

/// Resolves `.` and `..` and doubled slashes of a relative path, as Go's `path.Clean`.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

fn broken(error: io::Error) -> ArchiveError {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        ArchiveError::Truncated
    } else {
        ArchiveError::Broken(error)
    }
}

/// Returns what Go's `http.DetectContentType` makes of the beginning of a file that
/// is no archive. Helm pads the beginning with zeros, so that a short text is binary.
fn content_type(head: &[u8]) -> &'static str {
    const KNOWN: [(&[u8], &str); 6] = [
        (b"%PDF-", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x89PNG\x0d\x0a\x1a\x0a", "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"\xff\xd8\xff", "image/jpeg"),
    ];
    if let Some((_, name)) = KNOWN.iter().find(|(start, _)| head.starts_with(start)) {
        return name;
    }
    let is_binary = |byte: &u8| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    if head.len() < 512 || head.iter().any(is_binary) {
        return "application/octet-stream";
    }
    "text/plain; charset=utf-8"
}
