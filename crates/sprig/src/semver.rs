//! Semantic versions and constraints, as Masterminds/semver 3.5.0 reads them:
//! leniently, with a `v` before and parts left out.

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use gotmpl::Type::{Bool, String as Text};
use gotmpl::{Function, Value, strconv};

use crate::args::{bytes, function};

mod constraint;
mod object;

pub use constraint::Constraint;

pub(crate) use object::zero_like;

use object::{POINTER, Pointed};

/// Steps of an execution that take as long as reading a constraint and a version.
const COMPARISON_STEPS: u64 = 200;

pub(crate) const FUNCTIONS: &[Function] = &[
    function("semver", &[Text], POINTER, |_, args| {
        let version = Version::parse_bytes(bytes(args, 0))?;
        Ok(Value::Object(Rc::new(Pointed::Pointer(version))))
    }),
    function("semverCompare", &[Text, Text], Bool, |exec, args| {
        exec.work(COMPARISON_STEPS)?;
        let constraint = Constraint::parse_bytes(bytes(args, 0))?;
        let version = Version::parse_bytes(bytes(args, 1))?;
        Ok(Value::Bool(constraint.check(&version)))
    }),
];

const MAX_VERSION_LEN: usize = 256;

/// A semantic version.
///
/// Versions are ordered and equal by precedence, whatever their metadata and spelling.
#[derive(Debug, Clone)]
pub struct Version {
    /// The first number.
    pub major: u64,
    /// The second number.
    pub minor: u64,
    /// The third number.
    pub patch: u64,
    /// What follows `-`, without it.
    pub prerelease: String,
    /// What follows `+`, without it.
    pub metadata: String,
    /// The version as it was written.
    pub original: String,
}

/// Why a text is no version or no constraint, in Masterminds' words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SemverError(String);

impl fmt::Display for SemverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SemverError {}

impl From<SemverError> for gotmpl::CallError {
    fn from(err: SemverError) -> Self {
        gotmpl::CallError::new(err.0)
    }
}

impl Version {
    /// Reads a version such as `v1.2` or `1.2.3-beta.1+build`.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        Self::parse_bytes(text.as_bytes())
    }

    fn parse_bytes(text: &[u8]) -> Result<Self, SemverError> {
        if text.len() > MAX_VERSION_LEN {
            return Err(fail(format!("version string is too long (max {MAX_VERSION_LEN} bytes)")));
        }
        let spelled = Spelled::read(text, u8::is_ascii_digit);
        let spelled = spelled.filter(|spelled| spelled.len == text.len()).ok_or_else(invalid)?;
        let version = Version {
            major: segment(spelled.major)?,
            minor: spelled.minor.map_or(Ok(0), segment)?,
            patch: spelled.patch.map_or(Ok(0), segment)?,
            prerelease: to_string(spelled.prerelease),
            metadata: to_string(spelled.metadata),
            original: to_string(text),
        };
        check_prerelease(&version.prerelease)?;
        Ok(version)
    }
}

/// Prints the version in full, without the `v` it may have been written with.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let numbers = |version: &Version| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| {
            match (self.prerelease.as_str(), other.prerelease.as_str()) {
                ("", "") => Ordering::Equal,
                ("", _) => Ordering::Greater,
                (_, "") => Ordering::Less,
                (a, b) => compare_prerelease(a, b),
            }
        })
    }
}

fn compare_prerelease(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => compare_part(a, b),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Orders numbers before words; numbers too large for 64 bits count as words.
fn compare_part(a: &str, b: &str) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(a), Ok(b)) if a > b => Ordering::Greater,
        (Ok(_), _) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

/// A version as it is spelled, in a text that it may be the beginning of.
#[derive(Debug, Clone, Copy)]
struct Spelled<'a> {
    major: &'a [u8],
    minor: Option<&'a [u8]>,
    patch: Option<&'a [u8]>,
    prerelease: &'a [u8],
    metadata: &'a [u8],
    len: usize,
}

impl<'a> Spelled<'a> {
    /// Reads the longest version that a text begins with; `numeral` says what its
    /// first three parts are made of.
    fn read(text: &'a [u8], numeral: fn(&u8) -> bool) -> Option<Self> {
        let mut rest = text.strip_prefix(b"v").unwrap_or(text);
        let major = take(&mut rest, numeral);
        if major.is_empty() {
            return None;
        }
        let minor = take_part(&mut rest, numeral);
        let patch = minor.and_then(|_| take_part(&mut rest, numeral));
        let prerelease = take_identifiers(&mut rest, b'-');
        let metadata = take_identifiers(&mut rest, b'+');
        Some(Spelled { major, minor, patch, prerelease, metadata, len: text.len() - rest.len() })
    }
}

fn take<'a>(rest: &mut &'a [u8], belongs: impl Fn(&u8) -> bool) -> &'a [u8] {
    let end = rest.iter().position(|byte| !belongs(byte)).unwrap_or(rest.len());
    let (taken, after) = rest.split_at(end);
    *rest = after;
    taken
}

fn take_part<'a>(rest: &mut &'a [u8], numeral: fn(&u8) -> bool) -> Option<&'a [u8]> {
    let mut after = rest.strip_prefix(b".")?;
    let part = take(&mut after, numeral);
    if part.is_empty() {
        return None;
    }
    *rest = after;
    Some(part)
}

/// Takes identifiers joined by dots after a mark; nothing if there are none.
fn take_identifiers<'a>(rest: &mut &'a [u8], mark: u8) -> &'a [u8] {
    let Some((_, text)) = rest.split_first().filter(|(first, _)| **first == mark) else { return b"" };
    let is_identifier = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let mut end = 0;
    loop {
        let start = if end == 0 { 0 } else { end + 1 };
        let len = text[start..].iter().position(|byte| !is_identifier(byte)).unwrap_or(text.len() - start);
        if len == 0 {
            break;
        }
        end = start + len;
        if text.get(end) != Some(&b'.') {
            break;
        }
    }
    if end > 0 {
        *rest = &text[end..];
    }
    &text[..end]
}

fn segment(digits: &[u8]) -> Result<u64, SemverError> {
    strconv::parse_uint(digits, 10).map_err(|err| {
        let quoted = strconv::quote(digits);
        fail(format!("error parsing version segment: strconv.ParseUint: parsing {quoted}: {err}"))
    })
}

/// Reports a number with a leading zero; all else the spelling excludes.
fn check_prerelease(prerelease: &str) -> Result<(), SemverError> {
    let zeros = |part: &str| {
        part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if prerelease.split('.').any(zeros) {
        return Err(fail("version segment starts with 0"));
    }
    Ok(())
}

fn to_string(ascii: &[u8]) -> String {
    String::from_utf8_lossy(ascii).into_owned()
}

fn invalid() -> SemverError {
    fail("invalid semantic version")
}

fn fail(message: impl Into<String>) -> SemverError {
    SemverError(message.into())
}
